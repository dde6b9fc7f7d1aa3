"""Rules about what is recorded: whether it belongs to this patient, and was signed like this."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

from cytomon.model.course import VERDICTS
from cytomon.model.flags import Evidence, Urgency
from cytomon.model.timeline import Dispute, Sample, Timeline
from cytomon.track.episodes import Observation, Told
from cytomon.track.known import Known
from cytomon.track.profile import Profile
from cytomon.track.states import Course
from cytomon.track.words import fact, plain, told


def integrity(known: Known, _course: Course) -> Iterator[Observation]:
    """A18: something recorded cannot be right, or was measured otherwise than before."""
    yield from recorded(known.timeline, known.profile, known.as_of)


def recorded(timeline: Timeline, profile: Profile, as_of: date) -> Iterator[Observation]:
    """A18, also where nobody has said when the infusion was: then nothing else can be said.

    Parameters
    ----------
    timeline : Timeline
        Of a patient.
    profile : Profile
        The definitions.
    as_of : date
        What is dated later cannot be right.

    Yields
    ------
    Observation
        Their subject is what is wrong.
    """
    of_events = list(_events(timeline, profile, as_of))
    asked = {one.subject for one in of_events}
    died = min((one.on for one in timeline.events if one.event == "death"), default=None)
    for subject, wrong in (
        ("future", partial(_future, as_of)),
        ("early", partial(_early, timeline.day0, profile.early_days)),
        ("after death", partial(_after, died)),
        ("duplicate", _shared),
        ("moved", _moved),
    ):
        yield from _of_each(timeline, subject, wrong, asked=subject in asked)
    yield from of_events
    yield from _clones(timeline)
    yield from _panels(timeline)
    if timeline.day0 is None:
        yield from _without_day0(timeline)


def _day(timeline: Timeline, on: date) -> int | None:
    return None if timeline.day0 is None else (on - timeline.day0).days


def _of_each(
    timeline: Timeline, subject: str, wrong: Callable[[Sample], str], *, asked: bool
) -> Iterator[Observation]:
    """An observation for each specimen, where there is anything wrong with one or with an event."""
    said = [wrong(sample) for sample in timeline.samples]
    if asked or any(said):
        for sample, what in zip(timeline.samples, said, strict=True):
            yield _of_specimen(_day(timeline, sample.on), sample, subject, what)


def _shared(sample: Sample) -> str:
    return "a tube with the same bytes belongs to another specimen" if sample.duplicate else ""


def _moved(sample: Sample) -> str:
    return "a tube was measured before it was moved here; measure it again" if sample.moved else ""


def _early(day0: date | None, most: int, sample: Sample) -> str:
    before = 0 if day0 is None else (day0 - sample.on).days
    return f"collected {before} days before the infusion (more than {most})" * (before > most)


def _after(died: date | None, sample: Sample) -> str:
    return f"collected after the day of death, {died}" if died and sample.on > died else ""


def _future(as_of: date, sample: Sample) -> str:
    return f"dated after {as_of}" if sample.on > as_of else ""


def _events(timeline: Timeline, profile: Profile, as_of: date) -> Iterator[Observation]:
    for event in timeline.events:
        day = _day(timeline, event.on)
        early = day is not None and day < -profile.early_days and event.event not in _MAY_BE_EARLY
        for subject, wrong, says in (
            ("future", event.on > as_of, f"an event is dated after {as_of}"),
            ("early", early, f"an event is dated {abs(day or 0)} days before the infusion"),
        ):
            if wrong:
                tell = partial(Told, says, (told(day, event),))
                yield Observation(event.on, day, Urgency.HIGH, tell, subject)


_MAY_BE_EARLY = {"transplant", "drug"}


def _clones(timeline: Timeline) -> Iterator[Observation]:
    before: dict[str, str] = {}
    for sample in timeline.samples:
        said = []
        for antigen, clone in (("CD19", sample.cd19_clone), ("CD22", sample.cd22_clone)):
            if clone and before.get(antigen, clone) != clone:
                said.append(f"{antigen} clone {clone}, before {before[antigen]}")
            if clone:
                before[antigen] = clone
        if sample.cd19_clone or sample.cd22_clone:
            yield _of_specimen(_day(timeline, sample.on), sample, "clone", "; ".join(said))


def _panels(timeline: Timeline) -> Iterator[Observation]:
    before: dict[str, frozenset[str]] = {}
    for sample in timeline.samples:
        if not sample.templates:
            continue
        earlier = before.get(sample.specimen_type)
        what = ""
        if earlier and not earlier & sample.templates:
            now, then = ("+".join(sorted(names)) for names in (sample.templates, earlier))
            what = f"measured with {now}, before with {then}"
        before[sample.specimen_type] = sample.templates
        yield _of_specimen(_day(timeline, sample.on), sample, "panel", what)


def _of_specimen(day: int | None, sample: Sample, subject: str, what: str) -> Observation:
    if not what:
        return Observation(sample.on, day, subject=subject)
    name = f"{sample.specimen_type} {sample.specimen_id}"
    tell = partial(Told, f"{name}: {what}", (plain(sample.on, day, f"{name}: {what}"),))
    return Observation(sample.on, day, Urgency.HIGH, tell, subject)


def _without_day0(timeline: Timeline) -> Iterator[Observation]:
    dated = [(one.on, one.specimen_id) for one in timeline.samples]
    dated += [(one.on, one.event) for one in timeline.events]
    if dated:
        on, what = min(dated)
        evidence = (plain(on, None, f"first record: {what}"),)
        says = "the day of infusion is not recorded: states and flags cannot be computed"
        tell: Callable[[], Told] = partial(Told, says, evidence)
        yield Observation(on, None, Urgency.HIGH, tell, "no day 0")


def signed_and_contradicted(known: Known, _course: Course) -> Iterator[Observation]:
    """A19: a newer result is on the other side of what was signed."""
    for day, sample in known.samples:
        signed = any(
            sample.answers[name].state == "signed" for name in VERDICTS if name in sample.answers
        )
        if sample.disputes:
            tell = partial(_says_dispute, day, sample, sample.disputes)
            yield Observation(sample.on, day, Urgency.CRITICAL, tell)
        elif signed:
            yield Observation(sample.on, day)


def _says_dispute(day: int, sample: Sample, disputes: tuple[Dispute, ...]) -> Told:
    facts: list[Evidence] = []
    said = []
    for one in disputes:
        facts += [fact(day, sample, one.signed), fact(day, sample, one.found)]
        said.append(f"{one.signed.quantity} signed {one.signed.status}, now {one.found.status}")
    return Told(f"a signed result is contradicted: {'; '.join(said)}", tuple(facts))
