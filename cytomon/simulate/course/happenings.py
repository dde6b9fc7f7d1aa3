"""What is written down of a simulated course beside the flow cytometry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from cytomon.simulate.course.body import Body
from cytomon.simulate.course.curves import CAR_LIMIT
from cytomon.simulate.course.stories import Disease, Story
from cytomon.simulate.course.visits import RELAPSE_FROM, Visit

_M3_ABOVE = 0.25
_CAR_NOISE = 0.15
"""Log-normal spread of a PCR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedEvent:
    """One row of a list of events.

    Attributes
    ----------
    day : int
        After the infusion.
    event, value, unit : str
        As in the list.
    """

    day: int
    event: str
    value: str = ""
    unit: str = ""


def draw_events(
    story: Story, visits: Sequence[Visit], body: Body, last: int, rng: np.random.Generator
) -> tuple[SimulatedEvent, ...]:
    """All events of a course, by day.

    Parameters
    ----------
    story : Story
        Whether somebody records a relapse.
    visits : sequence of Visit
        Those that took place.
    body : Body
        What is true.
    last : int
        Day of the last contact.
    rng : Generator
        Of the measurements of CAR transgenes.
    """
    events = chain(
        _marrows(visits, body),
        _copies(visits, body, rng),
        _turns(story, visits, body),
        [SimulatedEvent(day=last, event="last_contact")],
    )
    return tuple(sorted(events, key=lambda one: one.day))


def morphology(blasts: float) -> str:
    """M-status of a marrow with a true fraction of blasts.

    Examples
    --------
    >>> [morphology(fraction) for fraction in (0.049, 0.05, 0.25, 0.26)]
    ['M1', 'M2', 'M2', 'M3']
    """
    if blasts < RELAPSE_FROM:
        return "M1"
    return "M3" if blasts > _M3_ABOVE else "M2"


def _marrows(visits: Sequence[Visit], body: Body) -> Iterator[SimulatedEvent]:
    for visit in visits:
        if visit.marrow:
            status = morphology(body.on(visit.day).blasts)
            yield SimulatedEvent(day=visit.day, event="morphology", value=status)
        if visit.name == "d28":
            yield SimulatedEvent(day=visit.day, event="remission")


def _copies(
    visits: Sequence[Visit], body: Body, rng: np.random.Generator
) -> Iterator[SimulatedEvent]:
    for visit in visits:
        if visit.day <= 0:
            continue
        for name, gene in (("car19_copies", "CD19"), ("car22_copies", "CD22")):
            copies = body.cars[gene].at(visit.day) * float(rng.lognormal(0.0, _CAR_NOISE))
            value = f"<{CAR_LIMIT}" if copies < CAR_LIMIT else f"{copies:.1f}"
            yield SimulatedEvent(day=visit.day, event=name, value=value, unit="copies/ng")


def _turns(story: Story, visits: Sequence[Visit], body: Body) -> Iterator[SimulatedEvent]:
    if body.transplanted_on is not None:
        yield SimulatedEvent(day=body.transplanted_on, event="transplant")
    switches = story.disease is Disease.SWITCH
    if not (switches or story.relapse_event):
        return
    event = "lineage_switch" if switches else "relapse"
    for visit in visits:
        shown = visit.marrow and visit.day > 0 and body.on(visit.day).blasts >= RELAPSE_FROM
        if shown:
            yield SimulatedEvent(day=visit.day, event=event)
            return
