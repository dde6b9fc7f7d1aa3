"""What GatingML's schema lets through and no tube can be gated with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from cytomon.errors import TemplateError
from cytomon.gating.dimensions_spec import ScaleSpec
from cytomon.model.gating import (
    TUBE_MATRIX,
    Box,
    Ellipse,
    PlacedGate,
    Polygon,
    Scale,
    Shape,
)
from cytomon.model.tube import Spillover, Tube


def unusable(what: str, path: Path) -> TemplateError:
    """An error that says what is wrong with a document."""
    return TemplateError(
        what,
        where=path.name,
        fix="correct the document, and use it with the panel it was made for",
    )


def usable_matrices(strategy: Any, tube: Tube, path: Path) -> dict[str, Spillover]:  # noqa: ANN401
    """Matrices of a document, by name.

    Raises
    ------
    TemplateError
        If one is not square, cannot be inverted, is for other detectors, or bears the name of the
        tube's own.
    """
    names = {channel.pnn for channel in tube.channels}
    found = {}
    for name, matrix in strategy.comp_matrices.items():
        values = np.asarray(matrix.matrix, dtype=np.float64)
        if name == TUBE_MATRIX:
            raise unusable(f"a matrix cannot be called {name!r}, as the tube's own is", path)
        n, dyes = len(matrix.detectors), [dye for dye in matrix.fluorochromes if dye]
        twice = len({*matrix.detectors}) < n or len({*dyes}) < len(dyes)
        # a gate may ask for the dye, so it must be clear which detector carries it
        if values.shape != (n, n) or twice or len(dyes) not in {0, n}:
            what = f"the matrix {name!r} of the document is not of one dye for each detector"
            raise unusable(what, path)
        if not (np.isfinite(values).all() and np.linalg.matrix_rank(values) == len(values)):
            raise unusable(f"the matrix {name!r} of the document cannot be inverted", path)
        missing = [detector for detector in matrix.detectors if detector not in names]
        if missing:
            what = f"the matrix {name!r} asks for {missing[0]!r}, which the tube does not have"
            raise unusable(what, path)
        found[name] = Spillover(detectors=tuple(matrix.detectors), matrix=values, keyword=name)
    return found


def check_gates(gates: Sequence[PlacedGate], matrices: Set[str], path: Path) -> None:
    """Refuse gates whose matrix is missing or whose numbers make no sense.

    Raises
    ------
    TemplateError
        With the gate's name.
    """
    for gate in gates:
        for axis in gate.axes:
            if axis.matrix not in {"", TUBE_MATRIX, *matrices}:
                what = f"gate {gate.name} asks for the matrix {axis.matrix!r}"
                raise unusable(f"{what}, which the document does not hold", path)
        if any(np.isnan(number) for number in _numbers(gate.shape)):
            raise unusable(f"gate {gate.name} has a bound that is not a number", path)
        if isinstance(gate.shape, Ellipse) and not _has_volume(gate.shape):
            what = f"gate {gate.name} has a covariance that cannot be inverted"
            raise unusable(what, path)


def check_scale(scale: Scale, name: str, path: Path) -> None:
    """Refuse parameters that FlowKit would turn into numbers without a word.

    Raises
    ------
    TemplateError
        With the transformation's name and the rule it breaks.
    """
    try:
        ScaleSpec.model_validate(
            {"kind": scale.kind, "t": scale.t, "m": scale.m, "w": scale.w, "a": scale.a}
        )
    except ValidationError as error:
        rule = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise unusable(f"the transformation {name!r} is not usable: {rule}", path) from error


def _numbers(shape: Shape) -> Iterator[float]:
    match shape:
        case Box(bounds=bounds):
            yield from (end for side in bounds for end in side if end is not None)
        case Polygon(vertices=vertices):
            yield from (value for vertex in vertices for value in vertex)
        case Ellipse(mean=mean, covariance=covariance, distance_square=square):
            yield from (*mean, square, *(value for row in covariance for value in row))


def _has_volume(shape: Ellipse) -> bool:
    # the standard's own examples are neither symmetric nor positive definite
    covariance = np.array(shape.covariance)
    return bool(np.linalg.matrix_rank(covariance) == len(covariance))
