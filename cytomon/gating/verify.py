"""Both engines on the same tube, decision by decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from cytomon.gating.bits import rows_of
from cytomon.gating.part import only
from cytomon.gating.passing import engine_named, pass_through
from cytomon.gating.source import Source
from cytomon.model.findings import Finding, Severity
from cytomon.model.gating import Placement
from cytomon.model.normal import Examination


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Both engines on the same gates.

    Attributes
    ----------
    decisions : int
        Gates times events.
    differences : tuple of (str, int)
        Gate and event, counted from 0, that they decide differently.
    listed : tuple of (str, int)
        Those of `differences` where FlowKit's own answer depends on the file's length.
    """

    decisions: int
    differences: tuple[tuple[str, int], ...]
    listed: tuple[tuple[str, int], ...]


def compare_engines(
    source: Source, placement: Placement, examinations: Mapping[str, Examination]
) -> Comparison:
    """Let both engines decide every gate, event by event.

    Parameters
    ----------
    source, placement
        As for `count`.
    examinations : mapping of str to Examination
        What `count` found: envelopes are the same code in both engines.
    """
    names = {gate.name for gate in placement.gates}
    stream, flowkit = (
        engine_named(name)(source, placement.matrices) for name in ("stream", "flowkit")
    )
    ours, theirs = (
        pass_through(one, placement, source.n_events, names, dict(examinations)).bits
        for one in (stream, flowkit)
    )
    differences = tuple(
        (gate.name, int(row))
        for gate in placement.gates
        for row in rows_of(ours[gate.name] ^ theirs[gate.name], source.n_events)
    )
    return Comparison(
        decisions=len(names) * source.n_events,
        differences=differences,
        listed=tuple(_excused(differences, placement, set(stream.open_events))),
    )


def _excused(
    differences: Iterable[tuple[str, int]], placement: Placement, left_open: Set[tuple[str, int]]
) -> Iterator[tuple[str, int]]:
    """Differences in gates that are open for the event, or that rest on such a gate."""
    basis: dict[str, list[str]] = {}
    for gate, row in differences:
        if gate not in basis:
            basis[gate] = [one.name for one in only(placement, [gate]).gates]
        if any((name, row) in left_open for name in basis[gate]):
            yield gate, row


def say_differences(compared: Comparison, *, where: str) -> Iterator[Finding]:
    """Name the gates on which the engines differ without an excuse.

    Parameters
    ----------
    compared : Comparison
        Of one tube.
    where : str
        The tube, for the finding.
    """
    listed = set(compared.listed)
    differing = [one for one in compared.differences if one not in listed]
    if differing:
        gates = ", ".join(dict.fromkeys(gate for gate, _ in differing))
        yield Finding(
            code="ENGINES_DISAGREE",
            severity=Severity.WARNING,
            what=f"the streaming engine and FlowKit put events on different sides "
            f"{len(differing)} times, in {gates}",
            where=where,
            fix="this is our fault: please report it, and measure with --engine flowkit until then",
        )
