"""Two tubes of one specimen give a row each, and one row for the specimen (domain: 0.1, 1.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from cytomon.document import Document
from cytomon.inputs import Job
from cytomon.measure.afterwards import MRD_QUANTITIES, fail_mrd
from cytomon.measure.pooling import pool_mrd
from cytomon.model.findings import Finding
from cytomon.model.patient import SpecimenType
from cytomon.model.results import Limits
from cytomon.tables import Row, measured_cells, measurement_of

Specimens = Mapping[tuple[object, ...], Sequence[int]]


def pooled_rows(
    jobs: Sequence[Job], documents: Sequence[Document], failures: Mapping[int, Finding]
) -> dict[int, tuple[Row, ...]]:
    """Rows of ``measurements.csv`` for specimens that were measured in two tubes.

    Parameters
    ----------
    jobs, documents : sequence
        The tubes of a batch and what was kept of each, in the same order.
    failures : mapping of int to Finding
        Position of a tube to what its neighbours say against it. Its blasts may be real or not, so
        a specimen that leaves them out cannot be reassuring: it is not evaluable either.

    Returns
    -------
    dict of int to tuple of dict
        Position of a specimen's second tube to the rows that follow it; ``file`` and ``sha256`` are
        empty, ``template`` names both.

    Notes
    -----
    Only two different tubes of one day with the same limits are pooled: the same bytes twice are
    one tube.
    """
    found: dict[int, tuple[Row, ...]] = {}
    for positions in _specimens(jobs, documents).values():
        tubes = [documents[position] for position in positions]
        if len(tubes) != 2 or tubes[0].sha256 == tubes[1].sha256:
            continue
        if tubes[0].limits == tubes[1].limits:
            failed = [failures[position] for position in positions if position in failures]
            found[positions[1]] = tuple(_pool(tubes[0], tubes[1], failed))
    return found


def _specimens(jobs: Sequence[Job], documents: Sequence[Document]) -> Specimens:
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for position, (job, document) in enumerate(zip(jobs, documents, strict=True)):
        source = job.specimen
        counted = any(row["quantity"] == "mrd" for row in document.measurements)
        if source is not None and source.specimen_id and counted and not document.refused:
            whose = (
                source.patient_id,
                source.specimen_id,
                source.specimen_type,
                source.collected_on,
            )
            groups[whose].append(position)
    return groups


def _pool(first: Document, second: Document, failures: Sequence[Finding]) -> Iterator[Row]:
    limits = Limits(**first.limits)
    rows = [{row["quantity"]: row for row in tube.measurements} for tube in (first, second)]
    for quantity in MRD_QUANTITIES:
        if quantity not in rows[0] or quantity not in rows[1]:
            continue
        one, other = rows[0][quantity], rows[1][quantity]
        kind = SpecimenType(one["specimen_type"])
        pooled = pool_mrd(
            measurement_of(one),
            measurement_of(other),
            limits=limits,
            specimen_type=kind,
            unclear=sum(_unclear(tube) for tube in rows if tube[quantity]["value"]),
        )
        if failures:
            pooled = fail_mrd(pooled, failures, limits=limits, specimen_type=kind)
        both = "+".join((one["template"], other["template"]))
        yield {**one, "file": "", "sha256": "", "template": both, **measured_cells(pooled)}


def _unclear(rows: Mapping[str, Row]) -> int:
    """Events of a tube that are left to the eye; none where it does not count them."""
    return int(rows["by_eye"]["numerator"] or 0) if "by_eye" in rows else 0
