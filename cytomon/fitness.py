"""What a tube's own events say of its instrument, its matrix and its antibodies.

A sample of the events is looked at, at even steps through the run: medians need no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cytomon.gating.anchors_spec import AnchorsSpec, place_of
from cytomon.gating.axes import NOT_ALWAYS_COMPENSATED, Axes
from cytomon.gating.count import Counted
from cytomon.gating.schema import TemplateSpec
from cytomon.gating.source import Source, sample
from cytomon.measure.anchors import check_anchored, check_gains
from cytomon.measure.composition import Counts
from cytomon.measure.controls import Stained, check_controls, check_margins
from cytomon.measure.lineage_switch import signs_of_switch
from cytomon.measure.matrix import Dark, Leak, check_matrix, leak
from cytomon.model.anchor import Anchor
from cytomon.model.findings import Finding
from cytomon.model.gating import Axis
from cytomon.model.results import Kept
from cytomon.model.tube import FloatArray, Role, Tube

MOST_EVENTS = 200_000
_AT_THE_END = 0.999
_MAY_BE_LEUKAEMIA = {"monocytes", "cd34_myeloid"}
"""Populations in which a leukaemia that switched its lineage would be taken for normal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitness:
    """How a tube compares with a sound one.

    Attributes
    ----------
    findings : tuple of Finding
        Of severity `ERROR` where an antibody did not stain.
    anchors : tuple of Anchor
        Where populations of known place were found.
    """

    findings: tuple[Finding, ...]
    anchors: tuple[Anchor, ...] = ()


def looked_at_for_fitness(spec: TemplateSpec, axes: Axes) -> dict[str, tuple[Axis, ...]]:
    """Gates of which a sample is looked at, and the axes on which it is."""
    looked_at = spec.anchors.looked_at() if spec.anchors else {}
    return {
        gate: tuple(axes[marker] for marker in markers if marker in axes)
        for gate, markers in looked_at.items()
    }


def check_fitness(
    spec: TemplateSpec, tube: Tube, axes: Axes, source: Source, seen: Counted, counts: Counts
) -> Fitness:
    """Compare a tube with what its template says of a sound one.

    Parameters
    ----------
    spec : TemplateSpec
        Its block ``anchors``; without one only the ends of the detectors are looked at.
    tube : Tube
        Its channels and its matrix.
    axes : Axes
        Its markers.
    source : Source
        Its events.
    seen : Counted
        Its gates, with the samples that `looked_at_for_fitness` asks for.
    counts : mapping of str to int
        Role to events. Where they show a sign of lineage switch, the matrix is not judged on
        populations that may be the leukaemia: two kinds of cells fake a slope between two dyes.

    Returns
    -------
    Fitness
    """
    events = sample(source, MOST_EVENTS)
    margins = check_margins(_at_the_end(tube, events), where=tube.name)
    if spec.anchors is None:
        return Fitness(findings=tuple(margins))
    anchors = tuple(_anchors(spec.anchors, axes, seen.sampled))
    suspected = _MAY_BE_LEUKAEMIA if signs_of_switch(counts) else set()
    pure = {gate: kept for gate, kept in seen.sampled.items() if gate not in suspected}
    markers = [name for name in axes.markers() if name not in NOT_ALWAYS_COMPENSATED]
    findings = (
        *margins,
        *check_controls(tuple(_stained(spec.anchors, seen)), where=tube.name),
        *check_gains(anchors, drift=spec.anchors.drift, where=tube.name),
        *check_anchored(anchors, markers, where=tube.name),
        *check_matrix(
            tuple(_leaks(spec.anchors, pure, axes, tube)),
            tuple(_dark(spec.anchors, pure)),
            where=tube.name,
        ),
    )
    return Fitness(findings=findings, anchors=anchors)


def _anchors(anchors: AnchorsSpec, axes: Axes, kept: Mapping[str, Kept]) -> Iterator[Anchor]:
    for gate, markers in anchors.places.items():
        for marker, written in markers.items():
            values = _values(kept, gate, marker)
            if len(values):
                place = place_of(written)
                yield Anchor(
                    population=gate,
                    marker=marker,
                    detector=axes[marker].channel,
                    expected=place.at,
                    found=float(np.median(values)),
                    within=place.within,
                    n_events=len(values),
                )


def _dark(anchors: AnchorsSpec, kept: Mapping[str, Kept]) -> Iterator[Dark]:
    for gate, markers in anchors.dark.items():
        for marker in markers:
            values = _values(kept, gate, marker)
            if len(values):
                yield Dark(
                    population=gate,
                    marker=marker,
                    found=float(np.median(values)),
                    n_events=len(values),
                )


def _values(kept: Mapping[str, Kept], gate: str, marker: str) -> FloatArray:
    return kept[gate].scaled.get(marker, np.empty(0)) if gate in kept else np.empty(0)


def _leaks(
    anchors: AnchorsSpec, kept: Mapping[str, Kept], axes: Axes, tube: Tube
) -> Iterator[Leak]:
    for slope in anchors.slopes:
        population = kept.get(slope.within)
        if population is None or not {slope.of, slope.on} <= set(population.linear):
            continue
        found = leak(population.linear[slope.of], population.linear[slope.on])
        stored = _spill(tube, axes[slope.of].channel, axes[slope.on].channel)
        if found is not None and stored is not None:
            yield Leak(
                population=slope.within,
                of=slope.of,
                on=slope.on,
                slope=found[0],
                error=found[1],
                stored=stored,
            )


def _spill(tube: Tube, of: str, on: str) -> float | None:
    matrix = tube.spillover
    if matrix is None or not {of, on} <= set(matrix.detectors):
        return None
    return float(matrix.matrix[matrix.detectors.index(of), matrix.detectors.index(on)])


def _stained(anchors: AnchorsSpec, seen: Counted) -> Iterator[Stained]:
    counts = {population.path[-1]: population.count for population in seen.populations}
    for control in anchors.controls:
        if {control.positive, control.of} <= set(counts):
            yield Stained(
                marker=control.marker,
                population=control.of,
                positive=counts[control.positive],
                total=counts[control.of],
                at_least=control.at_least,
            )


def _at_the_end(tube: Tube, events: FloatArray) -> dict[str, float]:
    """Detector to the share of events at or beyond the end of its range."""
    looked_at: Sequence[int] = [c.index for c in tube.channels if c.role is not Role.TIME]
    if not len(events):
        return {}
    return {
        tube.channels[i].pnn: float((events[:, i] >= _AT_THE_END * tube.channels[i].range).mean())
        for i in looked_at
        if tube.channels[i].range > 0
    }
