"""Outlines that a person has drawn: those that can hold nothing are refused."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite, isnan

import numpy as np

from cytomon.errors import InputError
from cytomon.model.adjustment import Outline
from cytomon.model.gating import Box, Ellipse, Polygon, Ranges


def sound(outline: Outline, where: str) -> Outline:
    """The outline, if events can lie in it.

    Parameters
    ----------
    outline : Outline
        As it was drawn.
    where : str
        Name of its gate.

    Raises
    ------
    InputError
        If it encloses nothing, or one of its numbers is none.
    """
    if not all(_are_numbers(outline)):
        raise InputError("the outline has a place that is no number", where=where, fix="draw again")
    if _is_empty(outline):
        raise InputError(
            "the outline encloses nothing", where=where, fix="draw it with some extent"
        )
    return outline


def _are_numbers(outline: Outline) -> Iterable[bool]:
    match outline:
        case Box(bounds=bounds):
            yield from (isfinite(end) for side in bounds for end in side if end is not None)
        case Polygon(vertices=vertices):
            yield from (isfinite(place) for vertex in vertices for place in vertex)
        case Ellipse(mean=mean, covariance=rows, distance_square=far):
            yield from (isfinite(one) for row in (mean, *rows, (far,)) for one in row)
        case Ranges(kept=kept):
            yield from (not isnan(end) for one in kept for end in one)


def _is_empty(outline: Outline) -> bool:
    match outline:
        case Box(bounds=bounds):
            return any(None not in (low, high) and low >= high for low, high in bounds)  # type: ignore[operator]
        case Polygon(vertices=vertices):
            return _are_in_line(vertices)
        case Ellipse(mean=mean, covariance=rows, distance_square=far):
            is_square = {len(rows), *map(len, rows)} == {len(mean)}
            return far <= 0 or not is_square or bool(np.linalg.eigvalsh(rows).min() <= 0)
        case Ranges(kept=kept):
            return not kept or any(low >= high for low, high in kept)
    return False


def _are_in_line(vertices: tuple[tuple[float, float], ...]) -> bool:
    """Whether corners span no plane: fewer than three, or all on one line."""
    if len(set(vertices)) < 3:
        return True
    x, y = np.array(vertices).T
    # every corner as a step from the first; two of them that are not parallel span an area
    steps = np.array([x - x[0], y - y[0]])
    longest = steps[:, np.argmax((steps**2).sum(axis=0))]
    return bool(np.all(longest[0] * steps[1] == longest[1] * steps[0]))
