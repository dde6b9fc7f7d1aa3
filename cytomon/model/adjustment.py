"""What a person changes about the gates of one tube; the template is never touched."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from cytomon.model.gating import Box, Ellipse, Polygon, Ranges

Outline = Box | Polygon | Ellipse | Ranges
"""Shapes that a person can move."""

_OUTLINES: Mapping[str, type[Outline]] = {
    "box": Box,
    "polygon": Polygon,
    "ellipse": Ellipse,
    "ranges": Ranges,
}


class Change(StrEnum):
    """What was done to a gate.

    `MOVED` gives it another outline. `PINNED` keeps it where it stood although the reference that
    it takes its place from has moved. `ADDED` and `TAKEN_OUT` draw a region, of which the events
    are put into a population or out of it: for gates that have no outline of their own.
    """

    MOVED = "moved"
    PINNED = "pinned"
    ADDED = "added"
    TAKEN_OUT = "taken out"


DRAWN = (Change.ADDED, Change.TAKEN_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """One gate of one tube, changed by a person.

    Attributes
    ----------
    gate : str
        Name of the gate.
    change : Change
        What was done to it.
    before : Outline or None
        Where it stood; None for a region that was drawn.
    after : Outline
        Where it stands.
    on : tuple of str
        Labels of the dimensions of the outline, in the order of its numbers.
    who : str
        Name of the person.
    why : str
        The reason that was given; empty where none was asked for.
    at : str
        When, in UTC (ISO 8601).
    """

    gate: str
    change: Change
    before: Outline | None
    after: Outline
    on: tuple[str, ...]
    who: str = ""
    why: str = ""
    at: str = ""

    @property
    def geometry(self) -> tuple[object, ...]:
        """What a result depends on: everything but who, why and when."""
        return (self.gate, self.change, self.before, self.after, self.on)


_NONE = "the text holds no adjustments"


def spell_adjustments(adjustments: Iterable[Adjustment]) -> str:
    """Adjustments as JSON: the same adjustments give the same text.

    Raises
    ------
    ValueError
        If they could not be read again: an outline that does not fit its dimensions, or a number
        that is none.
    """
    items = [_spelled(one) for one in adjustments]
    _read_all(items)
    return json.dumps(items, sort_keys=True)


def read_adjustments(text: str) -> tuple[Adjustment, ...]:
    """Adjustments from JSON.

    Parameters
    ----------
    text : str
        By `spell_adjustments`; empty for none.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if not text:
        return ()
    try:
        return _read_all(json.loads(text))
    except RecursionError as error:
        raise ValueError(_NONE) from error


def _spelled(one: Adjustment) -> dict[str, Any]:
    return {
        "gate": one.gate,
        "change": one.change.value,
        "before": None if one.before is None else _outline_spelled(one.before),
        "after": _outline_spelled(one.after),
        "on": list(one.on),
        "who": one.who,
        "why": one.why,
        "at": one.at,
    }


def _outline_spelled(outline: Outline) -> dict[str, Any]:
    kind = next(name for name, known in _OUTLINES.items() if isinstance(outline, known))
    numbers = {field.name: _written(getattr(outline, field.name)) for field in fields(outline)}
    return {"kind": kind, **numbers}


def _written(value: Any) -> Any:  # noqa: ANN401  (numbers, or tuples of tuples of numbers)
    """Tuples as lists, and equal numbers alike: 1 as 1.0, and -0.0 as 0.0."""
    if isinstance(value, tuple | list):
        return [_written(one) for one in value]
    return None if value is None else float(value) + 0.0


def _read_all(items: object) -> tuple[Adjustment, ...]:
    try:
        return tuple(_read(item) for item in _listed(items))
    except (KeyError, TypeError, OverflowError, ValueError) as error:
        raise ValueError(_NONE) from error


def _read(item: object) -> Adjustment:
    if not isinstance(item, dict) or set(item) != {field.name for field in fields(Adjustment)}:
        raise TypeError(_NONE)
    on = tuple(_word(label) for label in _listed(item["on"]))
    return Adjustment(
        gate=_word(item["gate"]),
        change=Change(item["change"]),
        before=None if item["before"] is None else _outline(item["before"], len(on)),
        after=_outline(item["after"], len(on)),
        on=on,
        who=_word(item["who"]),
        why=_word(item["why"]),
        at=_word(item["at"]),
    )


def _outline(item: object, n_axes: int) -> Outline:
    match item:
        case {"kind": "box", "bounds": [_, *_] as sides, **rest} if not rest:
            _agree(len(sides) == n_axes)
            return Box(bounds=tuple(_side(side) for side in sides))
        case {"kind": "polygon", "vertices": [_, _, _, *_] as corners, **rest} if not rest:
            _agree(n_axes == 2)
            return Polygon(vertices=tuple(_pair(corner) for corner in corners))
        case {"kind": "ellipse", "mean": mean, "covariance": rows, "distance_square": far, **rest}:
            centre = tuple(_number(value) for value in _listed(mean))
            spread = tuple(tuple(map(_number, _listed(row))) for row in _listed(rows))
            _agree(not rest and {len(centre), len(spread), *map(len, spread)} == {n_axes})
            return Ellipse(mean=centre, covariance=spread, distance_square=_number(far))
        case {"kind": "ranges", "kept": kept, **rest} if not rest:
            _agree(n_axes == 1)
            return Ranges(kept=tuple(_range(one) for one in _listed(kept)))
    raise ValueError(_NONE)


def _agree(agrees: bool) -> None:  # noqa: FBT001  (a condition)
    if not agrees:
        raise ValueError(_NONE)


def _listed(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(_NONE)
    return value


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(_NONE)
    value.encode()  # half a character can be written in JSON, and nowhere else
    return value


def _side(value: object) -> tuple[float | None, float | None]:
    low, high = (None if end is None else _number(end) for end in _listed(value))
    return low, high


def _pair(value: object) -> tuple[float, float]:
    first, second = (_number(one) for one in _listed(value))
    return first, second


def _range(value: object) -> tuple[float, float]:
    """A range may have no end."""
    low, high = (one if one in _ENDLESS else _number(one) for one in _listed(value))
    return low, high


_ENDLESS = (-math.inf, math.inf)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(_NONE)
    return float(value)
