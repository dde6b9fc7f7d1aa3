"""The three answers: is leukaemia left, are antigens lost, are B cells back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from cytomon.model.course import KeptResult, KeptSpecimen
from cytomon.model.findings import Severity
from cytomon.model.flags import Flag, Urgency
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import AntigenCall, Measurement, MrdStatus
from cytomon.report.case import Case, Standing, released
from cytomon.report.document import Tone, Verdict
from cytomon.report.words import (
    B_CELLS,
    CALL_TONES,
    CALLS,
    MRD_TONES,
    counted,
    exactly,
    interval,
    mrd_says,
    qualified,
)
from cytomon.track.digest import digest_of
from cytomon.track.known import SILENT
from cytomon.track.words import percent

ANTIGENS = {"cd19_blasts": "CD19", "cd22_blasts": "CD22"}
_SAID_ALREADY = (
    Qualifier.TRIAL_MRD_NEGATIVE,
    Qualifier.NOT_MARROW,
    Qualifier.LINEAGE_SWITCH_SUSPECTED,
)
_RANKED = (Tone.CALM, Tone.UNKNOWN, Tone.CAUTION, Tone.ALARM)


def verdicts_of(case: Case) -> tuple[Verdict, ...]:
    """The three answers, in the order of the questions.

    Parameters
    ----------
    case : Case
        The patient.
    """
    mrd = _mrd(case)
    return mrd, _escape(case), _b_cells(case, mrd)


def newest_mrd(case: Case) -> tuple[KeptSpecimen, Standing] | None:
    """The newest marrow with an MRD; of several of a day the highest that answers."""
    return _highest(_with(case, "mrd"))


def _with(case: Case, quantity: str) -> list[tuple[KeptSpecimen, Standing]]:
    """Marrows that have a quantity, oldest first."""
    return [
        (one, one.standing[quantity])
        for one in case.specimens
        if one.specimen_type == "marrow" and quantity in one.standing
    ]


def _highest(
    found: Sequence[tuple[KeptSpecimen, Standing]],
) -> tuple[KeptSpecimen, Standing] | None:
    """Of the last day the highest MRD."""
    if not found:
        return None
    last = found[-1][0].collected_on
    of_day = [one for one in found if one[0].collected_on == last]
    return max(of_day, key=lambda one: _height(one[1][1]))


def _height(mrd: Measurement) -> tuple[int, float]:
    tone = MRD_TONES.get(mrd.status, Tone.UNKNOWN)
    known = 0 if mrd.status in SILENT else 1 + _RANKED.index(tone)
    return known, mrd.estimate.value if mrd.estimate else -1.0


def _mrd(case: Case) -> Verdict:
    question = "Is leukaemia left in the marrow?"
    found = newest_mrd(case)
    if found is None:
        return _unknown("mrd", question, "Cannot say: no marrow with an MRD")
    specimen, (result, mrd) = found
    tone = MRD_TONES.get(mrd.status, Tone.UNKNOWN)
    doubts = tuple(_doubts(case, tone))
    answer = mrd_says(mrd, case.threshold(result))
    if Qualifier.LINEAGE_SWITCH_SUSPECTED in mrd.qualifiers:
        # the blasts that are left may be none that an MRD of the B lineage counts
        answer, tone = f"{answer}; lineage switch suspected", Tone.ALARM
    return Verdict(
        key="mrd",
        question=question,
        answer=answer,
        tone=Tone.CAUTION if doubts and tone is Tone.CALM else tone,
        lines=(
            *_numbers(mrd, "nucleated cells"),
            f"limit of detection {percent(mrd.lod)}, of quantification {percent(mrd.loq)}; "
            f"threshold {exactly(case.threshold(result))}",
            *qualified(mrd, without=_SAID_ALREADY),
            *_reasons(case, result, mrd),
            *_before(case, found),
            *doubts,
        ),
        source=f"{case.named(specimen)}; {released(result)}",
    )


def _reasons(case: Case, result: KeptResult, mrd: Measurement) -> Iterator[str]:
    """Why there is no number."""
    backing = case.backing.get(result.number)
    if mrd.status == MrdStatus.NOT_EVALUABLE and backing:
        yield from dict.fromkeys(
            one.what
            for one in backing.findings
            if one.severity is Severity.ERROR or (one.code == mrd.status and one.where == "mrd")
        )


def _doubts(case: Case, tone: Tone) -> Iterator[str]:
    """Why a result that would reassure does not."""
    urgent = {flag.rule for flag in case.followed.flags if flag.open and _is_critical(flag)}
    if urgent and tone is not Tone.ALARM:
        named = ", ".join(sorted(urgent, key=lambda rule: int(rule[1:])))
        yield f"Does not reassure: open critical flag{'s' * (len(urgent) > 1)} {named}"


def _is_critical(flag: Flag) -> bool:
    return flag.urgency is Urgency.CRITICAL


def _before(case: Case, now: tuple[KeptSpecimen, Standing]) -> Iterator[str]:
    """The result before; and the last one that answered, where neither of the two does."""
    specimen, (result, mrd) = now
    found = [one for one in _with(case, "mrd") if _earlier(one[0], specimen.collected_on)]
    before = _highest(found)
    if before is None:
        yield "no earlier marrow"
        return
    yield f"before: {_short(case, before, result.template)}"
    if mrd.status in SILENT and before[1][1].status in SILENT:
        answered = [one for one in found if one[1][1].status not in SILENT]
        last = _highest(answered)
        if last:
            yield f"last answer: {_short(case, last, result.template)}"


def _earlier(specimen: KeptSpecimen, than: date | None) -> bool:
    on = specimen.collected_on
    return on is not None and than is not None and on < than


def _short(case: Case, found: tuple[KeptSpecimen, Standing], template: str) -> str:
    specimen, (result, mrd) = found
    other = result.template and template and result.template != template
    method = " (another method: compare with care)" if other else ""
    return f"{case.dated(specimen.collected_on)}: {mrd_says(mrd, case.threshold(result))}{method}"


def _numbers(found: Measurement, of: str) -> Iterator[str]:
    between, counts = interval(found), counted(found, of)
    if between:
        yield between
    if counts:
        yield counts


def _unknown(key: str, question: str, answer: str) -> Verdict:
    return Verdict(
        key=key, question=question, answer=answer, tone=Tone.UNKNOWN, lines=(), source=""
    )


def _escape(case: Case) -> Verdict:
    question = "Have the blasts lost CD19 or CD22?"
    found = newest_mrd(case)
    if found is None:
        return _unknown("escape", question, "Cannot say: no marrow")
    specimen = found[0]
    calls = _calls(specimen)
    earlier = tuple(_last_judged(case, specimen))
    if not any(call.status != AntigenCall.NOT_ASSESSABLE for _, (_, call) in calls):
        why = _why_unjudged([call for _, (_, call) in calls])
        return Verdict(
            key="escape",
            question=question,
            answer=f"Cannot say: {why}",
            tone=Tone.UNKNOWN,
            lines=earlier,
            source=case.named(specimen),
        )
    tones = [_call_tone(call) for _, (_, call) in calls]
    return Verdict(
        key="escape",
        question=question,
        answer="; ".join(_called(name, call) for name, (_, call) in calls),
        tone=max(tones, key=_RANKED.index),
        lines=(*(_call_line(name, call) for name, (_, call) in calls), *earlier),
        source=f"{case.named(specimen)}; {released(calls[0][1][0])}",
    )


def _calls(specimen: KeptSpecimen) -> list[tuple[str, Standing]]:
    return [
        (name, specimen.standing[quantity])
        for quantity, name in ANTIGENS.items()
        if quantity in specimen.standing
    ]


def _why_unjudged(calls: Sequence[Measurement]) -> str:
    if not calls:
        return "CD19 and CD22 were not judged"
    reasons = dict.fromkeys(word for call in calls for word in qualified(call))
    return "; ".join(reasons) or "no blasts to judge"


def _call_tone(call: Measurement) -> Tone:
    if Qualifier.ANTIGEN_ESCAPE_SUSPECTED in call.qualifiers:
        return Tone.ALARM
    tone = CALL_TONES.get(call.status, Tone.UNKNOWN)
    lowered = Qualifier.DECREASED in call.qualifiers and tone is Tone.CALM
    return Tone.CAUTION if lowered else tone


def _called(name: str, call: Measurement) -> str:
    marks = " and decreased" if Qualifier.DECREASED in call.qualifiers else ""
    provisional = " (provisional)" if Qualifier.PROVISIONAL in call.qualifiers else ""
    return f"{name} {CALLS[call.status]}{marks}{provisional}"


def _call_line(name: str, call: Measurement) -> str:
    if call.estimate is None:
        return "; ".join((f"{name}: not judged", *qualified(call)))
    shown = (Qualifier.PROVISIONAL, Qualifier.DECREASED)
    said = (
        f"{name} {call.status}: {percent(call.estimate.value)} of {call.denominator:,} blasts "
        f"above negative cells",
        interval(call),
        *qualified(call, without=shown),
    )
    return "; ".join(said)


def _last_judged(case: Case, now: KeptSpecimen) -> Iterator[str]:
    """What was said of the blasts before."""
    for one in reversed(case.specimens):
        judged = [
            _called(name, call)
            for name, (_, call) in _calls(one)
            if call.status != AntigenCall.NOT_ASSESSABLE
        ]
        if judged and one.specimen_type == "marrow" and _earlier(one, now.collected_on):
            yield f"before: {case.dated(one.collected_on)}: {'; '.join(judged)}"
            return


def _b_cells(case: Case, mrd: Verdict) -> Verdict:
    question = "Are B cells back?"
    found = [
        (one, one.standing["b_fraction"])
        for one in case.specimens
        if one.specimen_type in {"marrow", "blood"} and "b_fraction" in one.standing
    ]
    if not found:
        return _unknown("b_cells", question, "Cannot say: B cells were not measured")
    last = found[-1][0].collected_on
    newest = [one for one in found if one[0].collected_on == last]
    answer, tone = _state(case, newest)
    if tone is Tone.CALM and mrd.tone is not Tone.CALM:
        tone = Tone.CAUTION  # aplasia reassures nobody while leukaemia is not ruled out
    return Verdict(
        key="b_cells",
        question=question,
        answer=answer,
        tone=tone,
        lines=(*(_b_line(*one) for one in newest), f"beside it: {mrd.answer}"),
        source="; ".join(case.named(one) for one, _ in newest),
    )


def _b_line(specimen: KeptSpecimen, standing: Standing) -> str:
    _, found = standing
    numbers = "; ".join(_numbers(found, "lymphocytes"))
    value = percent(found.estimate.value) if found.estimate else ""
    said = [specimen.specimen_type, value, B_CELLS.get(found.status, found.status)]
    return "; ".join((" ".join(word for word in said if word), numbers, *qualified(found)))


def _state(case: Case, newest: Sequence[tuple[KeptSpecimen, Standing]]) -> tuple[str, Tone]:
    digest = digest_of(case.followed)
    if digest.void is not None:
        day, event = digest.void
        since = f"the {event.replace('_', ' ')} of day {day}"
        return f"Cannot say: after {since} B cells say nothing of the CAR T cells", Tone.UNKNOWN
    silent = all(one.status in SILENT for _, (_, one) in newest)
    beside = "; the newest specimen gives no answer" if silent else ""
    if digest.onset is None:
        if silent:
            return "Cannot say: the newest specimen gives no answer", Tone.UNKNOWN
        here = any(one.status.endswith("RECOVERED") for _, (_, one) in newest)
        return (
            ("B cells are there; no aplasia was seen", Tone.CAUTION)
            if here
            else ("Few or none; aplasia is judged from day 1 on", Tone.UNKNOWN)
        )
    if digest.recovered is not None:
        confirmed = " and confirmed" if case.followed.states.recovery_confirmed else ""
        again = " again" if digest.again else ""
        return f"Yes{again}, from day {digest.recovered} on{confirmed}{beside}", Tone.CAUTION
    again = " again" if digest.again else ""
    return f"No: aplasia{again} since day {digest.onset}{beside}", (
        Tone.UNKNOWN if silent else Tone.CALM
    )
