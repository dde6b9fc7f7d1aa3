"""What is written down of a patient of a cohort beside the flow cytometry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from cytomon.simulate.cohort.body import Bodies
from cytomon.simulate.cohort.fate import Fate, Relapse
from cytomon.simulate.cohort.person import Person
from cytomon.simulate.course.curves import CAR_LIMIT
from cytomon.simulate.course.happenings import SimulatedEvent, morphology
from cytomon.simulate.course.visits import Visit

_CAR_NOISE = 0.15
_BRIDGED_ON = -21
_RELAPSES: Mapping[Relapse, str] = {
    Relapse.OUTSIDE: "relapse_extramedullary",
    Relapse.SWITCH: "lineage_switch",
}


def before(person: Person) -> tuple[SimulatedEvent, ...]:
    """What is written down of the weeks before the infusion."""
    if not person.bridged:
        return ()
    return (SimulatedEvent(day=_BRIDGED_ON, event="drug", value=person.bridged),)


def events_of(
    visits: Sequence[Visit],
    bodies: Bodies,
    fate: Fate,
    *,
    found: int | None,
    last: int,
    rng: np.random.Generator,
) -> tuple[SimulatedEvent, ...]:
    """All events of a patient from the first visit on, by day.

    Parameters
    ----------
    visits : sequence of Visit
        Those that took place.
    bodies : Bodies
        What is true.
    fate : Fate
        What happens.
    found : int or None
        Day on which a relapse was found.
    last : int
        Of death, or of the last contact.
    rng : Generator
        Of the measurements of CAR transgenes.
    """
    events = [*_at_visits(visits, bodies, fate, found), *_copies(visits, bodies, rng)]
    if fate.transplant_day <= last:
        events.append(SimulatedEvent(day=int(fate.transplant_day), event="transplant"))
    if found is not None:
        events.append(SimulatedEvent(day=found, event=_RELAPSES.get(fate.relapse, "relapse")))
    died = fate.death_day <= last
    events.append(SimulatedEvent(day=last, event="death" if died else "last_contact"))
    return tuple(sorted(events, key=lambda one: one.day))


def _at_visits(
    visits: Sequence[Visit], bodies: Bodies, fate: Fate, found: int | None
) -> Iterator[SimulatedEvent]:
    """The smears that count, before the infusion and at relapse, and what day 28 says."""
    for visit in visits:
        if visit.day <= 0 or visit.day == found:
            status = morphology(bodies.on(visit.day).blasts)
            yield SimulatedEvent(day=visit.day, event="morphology", value=status)
        if visit.name == "d28":
            answer = "remission" if fate.remission else "no_remission"
            yield SimulatedEvent(day=visit.day, event=answer)


def _copies(
    visits: Sequence[Visit], bodies: Bodies, rng: np.random.Generator
) -> Iterator[SimulatedEvent]:
    cars = bodies.own.cars
    for visit in visits:
        if visit.day <= 0:
            continue
        noise = rng.lognormal(0.0, _CAR_NOISE, size=2).tolist()
        for name, gene, factor in zip(
            ("car19_copies", "car22_copies"), ("CD19", "CD22"), noise, strict=True
        ):
            copies = factor * cars[gene].at(visit.day)
            value = f"<{CAR_LIMIT}" if copies < CAR_LIMIT else f"{copies:.1f}"
            yield SimulatedEvent(day=visit.day, event=name, value=value, unit="copies/ng")
