"""Whether a template can be placed in a tube at all, and with which matrices."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cytomon.errors import GatingError
from cytomon.gating.axes import Axes
from cytomon.gating.schema import TemplateSpec
from cytomon.gating.template import Template
from cytomon.model.gating import TUBE_MATRIX
from cytomon.model.tube import Panel, Spillover, Tube


def refuse_unfit(template: Template, tube: Tube, panel: Panel) -> None:
    """Refuse a tube that a template cannot be placed in, before any event is read.

    Raises
    ------
    GatingError
        If the template compensates and the tube's matrix is missing, or lacks a marker that the
        template stands on; if a named dimension or matrix asks for a detector that is not there.
    """
    spec = template.spec
    if _compensates(spec) and tube.spillover is None:
        raise GatingError(
            f"{template.name} compensates, and the tube carries no usable spillover matrix",
            where=tube.name,
            fix="export the tube with its compensation ($SPILLOVER)",
        )
    axes = Axes(spec, tube, panel)
    absent = axes.uncompensated()
    missing = [name for name in absent if name in spec.markers.required]
    if missing:
        raise GatingError(
            f"the spillover matrix lacks the detectors of {', '.join(missing)}",
            where=tube.name,
            fix="export the tube with its whole compensation ($SPILLOVER)",
        )
    unknown = tuple(dict.fromkeys((*axes.unknown(), *_unknown_detectors(spec, tube))))
    if unknown:
        raise GatingError(
            f"{template.name} asks for {', '.join(unknown)}, which the tube does not have",
            where=tube.name,
            fix="use the template with the panel it was made for, or name the detectors' markers "
            "in a mapping file",
        )


def matrices_of(spec: TemplateSpec, tube: Tube) -> dict[str, Spillover]:
    """Every matrix that gates of a template may name in a tube."""
    found = {
        name: Spillover(detectors=one.detectors, matrix=np.array(one.values), keyword=name)
        for name, one in spec.matrices.items()
    }
    if _compensates(spec) and tube.spillover is not None:
        found[TUBE_MATRIX] = tube.spillover
    return found


def _compensates(spec: TemplateSpec) -> bool:
    named = any(one.matrix == TUBE_MATRIX for one in spec.dimensions.values())
    return spec.compensation == "tube" or named


def _unknown_detectors(spec: TemplateSpec, tube: Tube) -> Iterator[str]:
    names = {channel.pnn for channel in tube.channels}
    for one in spec.matrices.values():
        yield from (detector for detector in one.detectors if detector not in names)
