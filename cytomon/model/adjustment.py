"""What a person changes about the gates of one tube; the template is never touched."""

from __future__ import annotations

import json
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


def spell_adjustments(adjustments: Iterable[Adjustment]) -> str:
    """Adjustments as JSON: the same adjustments give the same text."""
    return json.dumps([_spelled(one) for one in adjustments], sort_keys=True)


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
        return tuple(_read(item) for item in json.loads(text))
    except (KeyError, TypeError, AttributeError) as error:
        msg = "the text holds no adjustments"
        raise ValueError(msg) from error


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
    numbers = {field.name: getattr(outline, field.name) for field in fields(outline)}
    return {"kind": kind, **numbers}


def _read(item: dict[str, Any]) -> Adjustment:
    return Adjustment(
        gate=str(item["gate"]),
        change=Change(item["change"]),
        before=None if item["before"] is None else _outline(item["before"]),
        after=_outline(item["after"]),
        on=tuple(str(label) for label in item["on"]),
        who=str(item["who"]),
        why=str(item["why"]),
        at=str(item["at"]),
    )


def _outline(item: dict[str, Any]) -> Outline:
    numbers = {name: _frozen(value) for name, value in item.items() if name != "kind"}
    return _OUTLINES[item["kind"]](**numbers)


def _frozen(value: object) -> Any:  # noqa: ANN401  (numbers, or tuples of tuples of numbers)
    """Lists as the tuples they were."""
    if isinstance(value, list):
        return tuple(_frozen(one) for one in value)
    if value is not None and not isinstance(value, int | float):
        msg = "an outline holds numbers"
        raise TypeError(msg)
    return value
