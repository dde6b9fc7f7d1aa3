"""The compensation that a FlowJo workspace keeps for a sample."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cytomon.errors import TemplateError
from cytomon.gating.exchange.names import numbered, readable
from cytomon.gating.exchange.workspace_file import DATA_TYPE, TRANSFORMS, Sample
from cytomon.model.gating import TUBE_MATRIX
from cytomon.model.tube import Spillover, Tube

ROUNDING = 1e-9
"""FlowJo writes ten decimals: matrices that differ by less are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compensation:
    """How a sample's parameters are compensated.

    Attributes
    ----------
    matrix : str
        Name that axes use: ``tube``, or the name of `own`; empty where nothing is compensated.
    own : Spillover or None
        A matrix that only the workspace has.
    detectors : frozenset of str
        Those that the workspace's matrix compensates.
    prefix, suffix : str
        What FlowJo puts around the name of a compensated detector.
    note : str
        Which matrix was taken, for people.
    """

    matrix: str = ""
    own: Spillover | None = None
    detectors: frozenset[str] = frozenset()
    prefix: str = ""
    suffix: str = ""
    note: str = "the sample is not compensated in the workspace: its gates are put on raw values"

    def detector(self, label: str) -> str:
        """The detector of a parameter, whether compensated or not."""
        inner = label.removeprefix(self.prefix)
        inner = inner.removesuffix(self.suffix) if self.suffix else inner
        return inner if self.is_compensated(label) else label

    def is_compensated(self, label: str) -> bool:
        """Whether a parameter is the compensated form of a detector."""
        return any(label == f"{self.prefix}{one}{self.suffix}" for one in self.detectors)


def compensation_of(sample: Sample, tube: Tube, path: Path) -> Compensation:
    """Read the matrix of a sample, and see whether it is the tube's own.

    Raises
    ------
    TemplateError
        If there are several, or it is not one number for each pair of detectors of the tube.
    """
    found = sample.element.findall(f"{TRANSFORMS}spilloverMatrix")
    if not found:
        return Compensation()
    if len(found) > 1 or found[0].get("spectral") == "1":
        raise _unusable(path, "holds several matrices, or a spectral one, for the sample")
    (element,) = found
    detectors = [
        parameter.get(f"{DATA_TYPE}name", "")
        for parameter in element.iterfind(f"{DATA_TYPE}parameters/{DATA_TYPE}parameter")
    ]
    matrix = Spillover(
        detectors=tuple(_pnn(name, tube, path) for name in detectors),
        matrix=_values(element, detectors, path),
        keyword="FlowJo",
    )
    called = readable(element.get("name", ""), stands_for="matrix")
    same = _is_same(matrix, tube.spillover)
    name = TUBE_MATRIX if same else numbered(called, {TUBE_MATRIX})
    note = (
        "the workspace's matrix is the tube's own: the template compensates by the matrix of each "
        "tube"
        if same
        else f"the workspace's matrix is not the tube's own: the template brings it as {name}"
    )
    return Compensation(
        matrix=name,
        own=None if same else matrix,
        detectors=frozenset(detectors),
        prefix=element.get("prefix", ""),
        suffix=element.get("suffix", ""),
        note=note,
    )


def _values(element: Any, detectors: list[str], path: Path) -> np.ndarray[Any, Any]:  # noqa: ANN401
    index = {name: number for number, name in enumerate(detectors)}
    if len(index) < len(detectors):
        raise _unusable(path, "holds a matrix that names a detector twice")
    values = np.full((len(index), len(index)), np.nan)
    try:
        for row in element.iterfind(f"{TRANSFORMS}spillover"):
            for one in row.iterfind(f"{TRANSFORMS}coefficient"):
                place = (
                    index[row.get(f"{DATA_TYPE}parameter")],
                    index[one.get(f"{DATA_TYPE}parameter")],
                )
                values[place] = float(one.get(f"{TRANSFORMS}value", "nan"))
    except (KeyError, ValueError) as error:
        raise _unusable(path, "holds a matrix with detectors or values of its own") from error
    if not np.isfinite(values).all():
        raise _unusable(path, "holds a matrix that is not whole")
    if not index or np.linalg.matrix_rank(values) < len(index):
        raise _unusable(path, "holds a matrix that cannot be inverted")
    return values


def tube_detector(name: str, tube: Tube) -> str | None:
    """``$PnN`` of a tube for a detector as FlowJo writes it, with ``_`` for ``/``."""
    known = [channel.pnn for channel in tube.channels]
    if name in known:
        return name
    alike = [pnn for pnn in known if pnn.replace("/", "_") == name]
    return alike[0] if len(alike) == 1 else None


def _pnn(name: str, tube: Tube, path: Path) -> str:
    found = tube_detector(name, tube)
    if found is None:
        raise _unusable(path, f"compensates {name!r}, which the tube does not have,")
    return found


def _is_same(matrix: Spillover, own: Spillover | None) -> bool:
    if own is None or set(own.detectors) != set(matrix.detectors):
        return False
    order = [own.detectors.index(name) for name in matrix.detectors]
    return bool(np.abs(own.matrix[np.ix_(order, order)] - matrix.matrix).max() <= ROUNDING)


def _unusable(path: Path, what: str) -> TemplateError:
    return TemplateError(
        f"the workspace {what}",
        where=path.name,
        fix="use a tube of the workspace's panel; save the workspace with one plain matrix",
    )
