"""Rules about B cells and the CAR T cells that keep them away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from cytomon.model.flags import Evidence, Urgency
from cytomon.model.timeline import Answer, Sample
from cytomon.track.car import ANTIGENS
from cytomon.track.episodes import Observation, Told
from cytomon.track.known import BCells, Car, Known
from cytomon.track.states import Course
from cytomon.track.words import fact, percent, plain, provisional, told


def recovery(known: Known, course: Course) -> Iterator[Observation]:
    """A4: B cells are back after aplasia."""
    profile = known.profile
    gone: BCells | None = None
    for one in course.aplasia.since:
        if not one.back:
            gone = one
            yield Observation(one.sample.on, one.day)
            continue
        urgency = Urgency.MEDIUM
        if one.day < profile.recovery_high_before_day:
            urgency = Urgency.HIGH
        if one.day < profile.recovery_critical_before_day:
            urgency = Urgency.CRITICAL
        tell = partial(_says_recovery, known, one, gone)
        yield Observation(one.sample.on, one.day, urgency, tell)


def _says_recovery(known: Known, one: BCells, gone: BCells | None) -> Told:
    says = f"B cells are back in {one.sample.specimen_type}: {percent(one.answer.value)} on day "
    facts = [fact(one.day, one.sample, one.answer)]
    if gone is not None:
        facts.append(fact(gone.day, gone.sample, gone.answer))
    hematogones = one.sample.answers.get("hematogones")
    if hematogones is not None:
        facts.append(fact(one.day, one.sample, hematogones))
    facts += newest_mrd(known, one.day)
    facts += [told(car.day, car.event) for car in _newest_car(known, one.day)]
    return Told(f"{says}{one.day}{provisional(one.answer)}", tuple(facts))


def newest_mrd(known: Known, day: int) -> list[Evidence]:
    """The MRD beside: B cells never speak alone of how a patient is."""
    newest = [of_day for of_day in known.mrd if of_day.day <= day][-1:]
    facts = [
        fact(of_day.day, one.sample, one.answer) for of_day in newest for one in of_day.marrows
    ]
    return facts or [plain(known.on(day), day, "no evaluable MRD of a marrow so far")]


def _newest_car(known: Known, day: int) -> Iterator[Car]:
    for antigen in ANTIGENS:
        yield from [one for one in known.car(antigen) if one.day <= day][-1:]


def early_marrow_recovery(known: Known, course: Course) -> Iterator[Observation]:
    """A5: hematogones in the marrow while blood has no B cells."""
    apart = known.profile.pair_days
    bloods = [one for one in course.aplasia.since if one.sample.specimen_type == "blood"]
    for day, sample in known.marrows:
        found = sample.answers.get("hematogones")
        near = [one for one in bloods if abs(one.day - day) <= apart]
        if found is None or found.value is None or not near:
            continue
        gone = [one for one in near if not one.back]
        holds = bool(gone) and found.value >= known.profile.hematogones_fraction
        tell = partial(_says_hematogones, known, day, (sample, found), gone)
        yield Observation(sample.on, day, Urgency.HIGH if holds else None, tell)


def _says_hematogones(
    known: Known, day: int, marrow: tuple[Sample, Answer], gone: list[BCells]
) -> Told:
    sample, found = marrow
    facts = [fact(day, sample, found)]
    facts += [fact(one.day, one.sample, one.answer) for one in gone]
    says = f"hematogones {percent(found.value)} in marrow while blood has no B cells"
    return Told(says, (*facts, *newest_mrd(known, day)))


def discordance(known: Known, course: Course) -> Iterator[Observation]:
    """A14: blood and marrow do not agree on B cells."""
    onset = course.aplasia.onset
    if onset is None:
        return
    said = [one for one in known.b_cells if one.day >= onset]
    marrows = [one for one in said if one.sample.specimen_type == "marrow"]
    bloods = [one for one in said if one.sample.specimen_type == "blood"]
    for marrow in marrows:
        for blood in bloods:
            if abs(blood.day - marrow.day) > known.profile.pair_days:
                continue
            later = blood if blood.day >= marrow.day else marrow
            urgency = Urgency.MEDIUM if blood.back != marrow.back else None
            tell = partial(_says_discordance, known, blood, marrow)
            yield Observation(later.sample.on, later.day, urgency, tell)


def _says_discordance(known: Known, blood: BCells, marrow: BCells) -> Told:
    first = "marrow before blood, the usual order" if marrow.back else "blood before marrow"
    says = f"B cells of blood and marrow do not agree: {first}"
    says += provisional(blood.answer, marrow.answer)
    facts = [fact(one.day, one.sample, one.answer) for one in (marrow, blood)]
    return Told(says, (*facts, *newest_mrd(known, max(blood.day, marrow.day))))


def car_lost(known: Known, course: Course) -> Iterator[Observation]:
    """A11: a CAR transgene is lost."""
    recovered = course.aplasia.trial
    for antigen in ANTIGENS:
        samples = course.car[antigen]
        lost = course.car_lost[antigen]
        for one in samples:
            urgency = None
            if one.below and lost is not None and one.day >= lost:
                late = recovered is not None and one.day >= recovered
                urgency = Urgency.HIGH if late else Urgency.MEDIUM
            tell = partial(_says_car, antigen, samples, one.day)
            yield Observation(one.event.on, one.day, urgency, tell, antigen)
        before = [one for one in samples if recovered is not None and one.day <= recovered]
        if lost is not None and recovered is not None and lost < recovered and before[-1].below:
            tell = partial(_says_car, antigen, samples, recovered)
            on = known.on(recovered)
            yield Observation(on, recovered, Urgency.HIGH, tell, antigen)


def _says_car(antigen: str, samples: Sequence[Car], day: int) -> Told:
    until = [one for one in samples if one.day <= day]
    facts = tuple(told(one.day, one.event) for one in reversed(until[-3:]))
    return Told(f"{antigen} CAR transgene below the limit in blood", facts)


def unwatched_aplasia(known: Known, course: Course) -> Iterator[Observation]:
    """A17: aplasia goes on, and no marrow has been looked at for long."""
    days = [0, *(one.day for one in known.mrd)]
    for day in days[1:]:
        yield Observation(known.on(day), day)
    gone = [one.day for one in known.b_cells if not one.back]
    for day, after in zip(days, [*days[1:], None], strict=True):
        due = day + known.profile.unwatched_days + 1
        until = known.today if after is None else after - 1
        for on in sorted({due, *(one for one in gone if one > due)}):
            if on > until:
                break
            over = course.ended is not None and course.ended <= on
            holds = _is_aplastic(known, on) and not over
            tell = partial(_says_unwatched, known, course, on)
            yield Observation(known.on(on), on, Urgency.MEDIUM if holds else None, tell)


def _is_aplastic(known: Known, day: int) -> bool:
    """Whether the newest day up to one that says something of B cells says only aplasia."""
    said = [one for one in known.b_cells if one.day <= day]
    return bool(said) and not any(one.back for one in said if one.day == said[-1].day)


def _says_unwatched(known: Known, course: Course, due: int) -> Told:
    newest = [one for one in course.aplasia.since if one.day <= due][-1]
    marrow = newest_mrd(known, due)
    last = marrow[0].answer
    said = "no marrow since the infusion"
    if last is not None:
        said = f"last MRD {last.status} ({percent(last.value)}) on day {marrow[0].day}"
    facts = [plain(known.on(due), due, said), *marrow]
    facts.append(fact(newest.day, newest.sample, newest.answer))
    days = known.profile.unwatched_days
    says = f"B-cell aplasia persists and no marrow for more than {days} days; {said}"
    return Told(says, tuple(facts))


def no_aplasia(known: Known, _course: Course) -> Iterator[Observation]:
    """A21: B cells were never gone by the time when they should be."""
    profile = known.profile
    early = [one for one in known.b_cells if one.day <= profile.aplasia_by_day]
    if known.today < profile.aplasia_asked_from_day or not early:
        return
    if any(not one.back for one in early):
        return
    last = early[-1]
    facts = [fact(one.day, one.sample, one.answer) for one in reversed(early)]
    facts += [told(car.day, car.event) for car in _newest_car(known, last.day)]
    says = f"no B-cell aplasia by day {profile.aplasia_by_day}: {percent(last.answer.value)}"
    tell = partial(Told, f"{says} on day {last.day}{provisional(last.answer)}", tuple(facts))
    yield Observation(last.sample.on, last.day, Urgency.HIGH, tell)
    for one in known.b_cells:
        if one.day > profile.aplasia_by_day and not one.back:
            yield Observation(one.sample.on, one.day)
