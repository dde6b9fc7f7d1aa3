"""Two tubes of one specimen give a row each, and one row for the specimen (domain: 0.1, 1.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cytomon.card import Card
from cytomon.document import Document
from cytomon.inputs import Job
from cytomon.measure.afterwards import fail_mrd
from cytomon.measure.pooling import pool_mrd
from cytomon.model.findings import Finding
from cytomon.model.patient import SpecimenType
from cytomon.model.results import MRD_QUANTITIES, Limits
from cytomon.tables import Row, measured_cells, measurement_of


def find_pairs(jobs: Sequence[Job], cards: Sequence[Card]) -> dict[int, int]:
    """Specimens that were measured in two tubes.

    Parameters
    ----------
    jobs, cards : sequence
        The tubes of a batch and the card of each, in the same order.

    Returns
    -------
    dict of int to int
        Position of a specimen's second tube to that of its first, in the order of the first. Only
        two different tubes of one day are a pair: the same bytes twice are one tube.
    """
    pairs = {}
    for positions in _specimens(jobs, cards):
        if len(positions) == 2:
            first, second = positions
            if cards[first].sha256 != cards[second].sha256:
                pairs[second] = first
    return pairs


def pooled_rows(first: Document, second: Document, failures: Sequence[Finding]) -> tuple[Row, ...]:
    """Rows of ``measurements.csv`` for a specimen that was measured in two tubes.

    Parameters
    ----------
    first, second : Document
        The two, as their neighbours leave them.
    failures : sequence of Finding
        What the neighbours say against either. Its blasts may be real or not, so a specimen that
        leaves them out cannot be reassuring: it is not evaluable either.

    Returns
    -------
    tuple of dict
        They follow those of the second tube; ``file`` and ``sha256`` are empty, ``template`` names
        both. None where the limits of the two differ.
    """
    if first.limits != second.limits:
        return ()
    return tuple(_pool(first, second, failures))


def _specimens(jobs: Sequence[Job], cards: Sequence[Card]) -> Iterable[Sequence[int]]:
    """Positions of the tubes of each specimen that look for blasts."""
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for position, (job, card) in enumerate(zip(jobs, cards, strict=True)):
        source = job.specimen
        if source is not None and source.specimen_id and "mrd" in card.answers and not card.refused:
            whose = (
                source.patient_id,
                source.specimen_id,
                source.specimen_type,
                source.collected_on,
            )
            groups[whose].append(position)
    return groups.values()


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
