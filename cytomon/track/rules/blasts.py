"""Rules about what is left of the leukaemia, and what its blasts carry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from math import erfc, sqrt

from cytomon.model.flags import Urgency
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import AntigenCall
from cytomon.model.timeline import Answer, Sample
from cytomon.track.clinical import is_found
from cytomon.track.episodes import Observation, Told
from cytomon.track.known import LOW, POSITIVE, Known, Mrd, MrdDay, at_least, mrd_days
from cytomon.track.states import Course
from cytomon.track.words import fact, percent, provisional, told

_LOST = {AntigenCall.NEGATIVE, AntigenCall.PARTIAL}
_WEAK = {AntigenCall.NEGATIVE, AntigenCall.DIM}


def mrd_at_threshold(known: Known, _course: Course) -> Iterator[Observation]:
    """A2: MRD of 0.01 % and more; in marrow, in blood and CSF, or by a molecular method."""
    yield from _in_marrow(known)
    for kind in ("blood", "csf"):
        of_kind = [one for one in known.samples if one[0] > 0 and one[1].specimen_type == kind]
        for one in _each(mrd_days(of_kind)):
            urgency = Urgency.HIGH if one.level == POSITIVE else None
            tell = partial(_says_mrd, one, None, f"MRD at or above 0.01 % in {kind}")
            yield Observation(one.sample.on, one.day, urgency, tell, kind)
    in_marrow = {one.day for one in known.mrd if one.level == POSITIVE}
    for day, event in known.of_kind("ngs", "fusion_pcr"):
        if day < 1 or day in in_marrow:
            continue
        says = f"leukaemia found by {event.event} without MRD of 0.01 % by flow on that day"
        yield Observation(
            event.on,
            day,
            Urgency.HIGH if is_found(event.value) else None,
            partial(Told, says, (told(day, event),)),
            "molecular",
        )


def _each(days: Iterable[MrdDay]) -> Iterator[Mrd]:
    return (one for day in days for one in day.marrows)


def _in_marrow(known: Known) -> Iterator[Observation]:
    before: MrdDay | None = None
    detected: Mrd | None = None
    for day in known.mrd:
        is_first = before is None or before.level != POSITIVE
        for one in day.marrows:
            if one.level != POSITIVE:
                yield Observation(one.sample.on, one.day)
                continue
            rises = _rose(known.profile.mrd_log_rise, one, detected)
            urgency = Urgency.CRITICAL if is_first or rises else Urgency.HIGH
            tell = partial(_says_mrd, one, before, "MRD at or above 0.01 %")
            yield Observation(one.sample.on, one.day, urgency, tell)
        before, detected = day, day.detected or detected


def _rose(times: float, one: Mrd, before: Mrd | None) -> bool:
    return before is not None and at_least(times, one.answer, before.answer)


def _says_mrd(one: Mrd, day: MrdDay | None, what: str) -> Told:
    facts = [fact(one.day, one.sample, one.answer)]
    said = ""
    if day is not None:
        before = day.detected or day.marrows[0]
        said = f"; day {before.day}: {percent(before.answer.value)}"
        facts.append(fact(before.day, before.sample, before.answer))
    says = f"{what}: {percent(one.answer.value)}{said}{provisional(one.answer)}"
    return Told(says, tuple(facts))


def mrd_below_threshold(known: Known, _course: Course) -> Iterator[Observation]:
    """A3: MRD that is detected below 0.01 %."""
    before: MrdDay | None = None
    for day in known.mrd:
        for one in day.marrows:
            urgency = Urgency.HIGH if one.level == LOW else None
            tell = partial(_says_mrd, one, before, "MRD detected below 0.01 %")
            yield Observation(one.sample.on, one.day, urgency, tell)
        before = day


def _assessable(sample: Sample, quantity: str) -> Answer | None:
    answer = sample.answers.get(quantity)
    if answer is None or answer.status == AntigenCall.NOT_ASSESSABLE:
        return None
    return answer


def cd19_lost(known: Known, _course: Course) -> Iterator[Observation]:
    """A6: CD19 lost on the blasts, or on a part of them."""
    positive = {id(one.sample) for one in _each(known.mrd) if one.level == POSITIVE}
    for day, sample in known.marrows:
        call = _assessable(sample, "cd19_blasts")
        if call is None:
            continue
        urgency = None
        if call.status in _LOST:
            urgency = Urgency.CRITICAL if id(sample) in positive else Urgency.HIGH
        yield _about(day, sample, urgency, _says_cd19, call)


def _says_cd19(call: Answer) -> str:
    how = "lost" if call.status == AntigenCall.NEGATIVE else "mixed"
    return f"CD19 {how} on blasts: {call.status}, {percent(call.value)} with CD19"


def cd22_low(known: Known, _course: Course) -> Iterator[Observation]:
    """A7: CD22 negative, dim, or less than on the patient's own blasts before the infusion."""
    before = _baseline_call(known)
    for day, sample in known.marrows:
        call = _assessable(sample, "cd22_blasts")
        if call is None:
            continue
        decreased = call.says(Qualifier.DECREASED)
        urgency = None
        if call.status in _WEAK or decreased:
            same = before is not None and before.status == call.status and not decreased
            urgency = Urgency.MEDIUM if same else Urgency.HIGH
        yield _about(day, sample, urgency, partial(_says_cd22, before), call)


def _says_cd22(before: Answer | None, call: Answer) -> str:
    than = "no baseline" if before is None else f"before the infusion {before.status}"
    less = " and decreased" if call.says(Qualifier.DECREASED) else ""
    return f"CD22 on blasts is {call.status}{less}; {than}"


def _baseline_call(known: Known) -> Answer | None:
    """Of the last assessable marrow up to day 0; of several of one day the most CD22."""
    calls = [
        (day, answer)
        for day, answer in known.baseline("cd22_blasts")
        if answer.status != AntigenCall.NOT_ASSESSABLE
    ]
    return max(calls, key=lambda one: (one[0], one[1].value or 0.0), default=(0, None))[1]


def both_lost(known: Known, _course: Course) -> Iterator[Observation]:
    """A8: CD19 and CD22 lost on the same blasts."""
    for day, sample in known.marrows:
        cd19, cd22 = _assessable(sample, "cd19_blasts"), _assessable(sample, "cd22_blasts")
        if cd19 is None or cd22 is None:
            continue
        lost = cd19.status == cd22.status == AntigenCall.NEGATIVE
        urgency = Urgency.CRITICAL if lost else None
        yield _about(day, sample, urgency, _says_both, cd19, cd22)


def _says_both(_cd19: Answer, _cd22: Answer) -> str:
    return "CD19 and CD22 both lost on blasts"


def seen_by_tree_b_alone(known: Known, _course: Course) -> Iterator[Observation]:
    """A9: a cluster that only the tree without CD19 finds."""
    for day, sample in known.samples:
        found = sample.answers.get("mrd_b_only")
        if day < 1 or found is None or found.numerator is None:
            continue
        least = _lod_events(sample.answers.get("mrd"), known.profile.lod_events)
        urgency = Urgency.HIGH if found.numerator >= least else None
        yield _about(day, sample, urgency, partial(_says_b_only, least), found)


def _says_b_only(least: int, found: Answer) -> str:
    return f"{found.numerator:,} blasts found by tree B alone (limit of detection {least})"


def _lod_events(mrd: Answer | None, otherwise: int) -> int:
    if mrd is None or not mrd.lod or not mrd.denominator:
        return otherwise
    return round(mrd.lod * mrd.denominator)


def rising_below_threshold(known: Known, _course: Course) -> Iterator[Observation]:
    """A12: MRD that rises, though still below 0.01 %."""
    run: list[MrdDay] = []
    for day in known.mrd:
        before = next((other.detected for other in reversed(run) if other.detected), None)
        run = [*run, day] if day.level != POSITIVE else []
        for one in day.marrows:
            if not run or one.level != LOW or before is None:
                yield Observation(one.sample.on, one.day)
                continue
            urgency = Urgency.HIGH if _rises(known, one, before, run) else None
            tell = partial(_says_rise, before, one, run)
            yield Observation(one.sample.on, one.day, urgency, tell)


def _rises(known: Known, one: Mrd, before: Mrd, run: Sequence[MrdDay]) -> bool:
    profile = known.profile
    return _rose(profile.trend_rise, one, before) or trend_p(run) < profile.trend_p


def trend_p(run: Sequence[MrdDay]) -> float:
    """Two-sided p of a Poisson trend of counts in days; 1 where they fall.

    Parameters
    ----------
    run : sequence of MrdDay
        Marrows with their counts and cells.

    Returns
    -------
    float
        In (0, 1].

    Notes
    -----
    Score test, conditional on the sum of the counts: each event falls on a specimen with the
    probability of its share of the cells [1]_.

    References
    ----------
    .. [1] P. Armitage, "Tests for linear trends in proportions and frequencies", Biometrics 11(3),
       375-386, 1955. doi:10.2307/3001775
    """
    counted = [
        (one.day, one.answer.numerator or 0, one.answer.denominator or 0) for one in _each(run)
    ]
    events = sum(count for _, count, _ in counted)
    cells = sum(of for _, _, of in counted)
    if not cells or not events:
        return 1.0
    mean = sum(of * day for day, _, of in counted) / cells
    spread = sum(of * (day - mean) ** 2 for day, _, of in counted) / cells
    score = sum(count * (day - mean) for day, count, _ in counted)
    if spread <= 0 or score <= 0:
        return 1.0
    return erfc(score / sqrt(2 * events * spread))


def _says_rise(before: Mrd, one: Mrd, run: Sequence[MrdDay]) -> Told:
    values = f"{percent(before.answer.value)} on day {before.day}, {percent(one.answer.value)}"
    says = f"MRD rises below 0.01 %: {values} on day {one.day}"
    return Told(says, tuple(fact(m.day, m.sample, m.answer) for m in _each(reversed(run))))


def stage0_progenitors(known: Known, _course: Course) -> Iterator[Observation]:
    """A13: many CD34+CD22+CD19- progenitors, in themselves or for this patient."""
    own = known.before("stage0_progenitors")
    for day, sample in known.marrows:
        found = sample.answers.get("stage0_progenitors")
        if found is None or found.value is None:
            continue
        many = found.value > known.profile.stage0_fraction
        more = own is not None and at_least(known.profile.stage0_ratio, found, own)
        urgency = Urgency.MEDIUM if many or more else None
        yield _about(day, sample, urgency, partial(_says_stage0, own), found)


def _says_stage0(own: Answer | None, found: Answer) -> str:
    than = f"; before the infusion {percent(own.value)}" if own is not None else ""
    return f"stage-0 progenitors {percent(found.value)} of nucleated cells{than}"


def _about(
    day: int,
    sample: Sample,
    urgency: Urgency | None,
    say: Callable[..., str],
    *answers: Answer,
) -> Observation:
    """An observation on one specimen, its MRD beside what it is about."""
    if urgency is None:
        return Observation(sample.on, day)
    return Observation(sample.on, day, urgency, partial(_says, day, sample, say, answers))


def _says(day: int, sample: Sample, say: Callable[..., str], answers: tuple[Answer, ...]) -> Told:
    beside = [sample.answers["mrd"]] if "mrd" in sample.answers else []
    facts = tuple(fact(day, sample, answer) for answer in (*answers, *beside))
    return Told(say(*answers) + provisional(*answers), facts)
