"""Which tubes of a batch were acquired on one day on one cytometer, and what they say together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cytomon.document import Document
from cytomon.inputs import Job
from cytomon.measure.day import DayTube, check_day
from cytomon.model.anchor import Anchor
from cytomon.tables import finding_row

LEAST_PATIENTS = 3
"""Of two patients who differ, nobody can say whose tube is the odd one."""


def judge_days(jobs: Sequence[Job], documents: Sequence[Document]) -> tuple[Document, ...]:
    """The documents of a batch, their gains judged day by day.

    Parameters
    ----------
    jobs, documents : sequence
        The tubes of a batch and what was kept of each, in the same order.

    Returns
    -------
    tuple of Document
        In the same order. A tube whose file does not tell when or on what it was acquired, or whose
        day has fewer than three patients, keeps its own word. What is kept on disk does so too:
        another batch may hold other tubes of the day.
    """
    judged = list(documents)
    for day in _days(documents):
        tubes = [_day_tube(jobs[position], documents[position]) for position in day]
        if len({tube.patient for tube in tubes}) < LEAST_PATIENTS:
            continue
        for position, findings in zip(day, check_day(tubes), strict=True):
            document = documents[position]
            others = [row for row in document.findings if row["code"] != "GAIN_SHIFT"]
            said = [finding_row(document.file, finding) for finding in findings]
            judged[position] = replace(document, findings=(*others, *said))
    return tuple(judged)


def _days(documents: Sequence[Document]) -> Iterator[Sequence[int]]:
    """Positions of the tubes of each day on each cytometer."""
    days: dict[tuple[str, str], list[int]] = defaultdict(list)
    for position, document in enumerate(documents):
        if document.anchors and document.acquired and document.instrument:
            date, _, _ = document.acquired.partition("T")
            days[document.instrument, date].append(position)
    yield from days.values()


def _day_tube(job: Job, document: Document) -> DayTube:
    patient = job.specimen.patient_id if job.specimen else ""
    return DayTube(
        name=document.file,
        patient=patient or document.sha256,
        anchors=tuple(Anchor(**place) for place in document.anchors["places"]),
        drift=document.anchors["drift"],
    )
