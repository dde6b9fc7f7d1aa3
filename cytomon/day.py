"""Which tubes of a batch were acquired on one day on one cytometer, and what they say together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from cytomon.card import Card
from cytomon.document import Document
from cytomon.inputs import Job
from cytomon.measure.day import DayTube, check_day
from cytomon.model.anchor import Anchor
from cytomon.model.findings import Finding
from cytomon.tables import finding_row

LEAST_PATIENTS = 3
"""Of two patients who differ, nobody can say whose tube is the odd one."""


def judge_days(
    jobs: Sequence[Job], cards: Sequence[Card], read: Callable[[int], Document]
) -> dict[int, Sequence[Finding]]:
    """What the tubes of each day say of their gains, taken together.

    Parameters
    ----------
    jobs, cards : sequence
        The tubes of a batch and the card of each, in the same order.
    read : callable
        From a position to the document of its tube; of a day, only the anchors are held.

    Returns
    -------
    dict of int to sequence of Finding
        Position of a tube to what stands instead of its own word. A tube whose file does not tell
        when or on what it was acquired, or whose day has fewer than three patients, is not in it.
    """
    said: dict[int, Sequence[Finding]] = {}
    for day in _days(cards):
        if len({_patient(jobs[position], cards[position]) for position in day}) < LEAST_PATIENTS:
            continue
        tubes = [_day_tube(jobs[position], cards[position], read(position)) for position in day]
        said.update(zip(day, check_day(tubes), strict=True))
    return said


def with_day(document: Document, findings: Sequence[Finding] | None) -> Document:
    """The document of a tube, its gains as its day judges them; None where no day does.

    What is kept on disk keeps the tube's own word: another batch may hold other tubes of the day.
    """
    if findings is None:
        return document
    others = [row for row in document.findings if row["code"] != "GAIN_SHIFT"]
    said = [finding_row(document.file, finding) for finding in findings]
    return replace(document, findings=(*others, *said))


def _days(cards: Sequence[Card]) -> Iterable[Sequence[int]]:
    """Positions of the tubes of each day on each cytometer."""
    days: dict[tuple[str, str], list[int]] = defaultdict(list)
    for position, card in enumerate(cards):
        if card.anchored and card.acquired and card.instrument:
            date, _, _ = card.acquired.partition("T")
            days[card.instrument, date].append(position)
    return days.values()


def _patient(job: Job, card: Card) -> str:
    patient = job.specimen.patient_id if job.specimen else ""
    return patient or card.sha256


def _day_tube(job: Job, card: Card, document: Document) -> DayTube:
    return DayTube(
        name=card.file,
        patient=_patient(job, card),
        anchors=tuple(Anchor(**place) for place in document.anchors["places"]),
        drift=document.anchors["drift"],
    )
