"""Curves of one line: MRD on a log axis, B cells around the 1 % line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from math import log10

from cytomon.track.digest import Point

_BARS = "▁▂▃▄▅▆▇█"
_PLAIN = "12345678"
_SILENT = "?"
_NONE = "·"
_MRD_FROM, _MRD_TO = -6.0, 0.0
_B_STEPS = (1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.2)
"""Upper ends of the first seven heights: four below the 1 % line, four from it on."""
MOST = 16
"""Points shown; of a longer course the last ones."""


def legend() -> str:
    """What the curves mean, in marks that the terminal knows."""
    none = _shown(_NONE, ".")
    return (
        f"curves: MRD in marrow from 0.0001 % (lowest) to 100 %, {none} not detected; B cells from "
        f"half of the height on at 1 % and more; {_SILENT} no answer"
    )


def mrd_curve(points: Sequence[Point]) -> str:
    """MRD of marrows, oldest first."""
    return "".join(_mrd(one) for one in points[-MOST:])


def b_curve(points: Sequence[Point]) -> str:
    """B cells of blood and marrow, oldest first."""
    return "".join(_b(one) for one in points[-MOST:])


def _mrd(one: Point) -> str:
    if one.value is None:
        return _SILENT
    if not one.value:
        return _shown(_NONE, ".")
    share = (log10(one.value) - _MRD_FROM) / (_MRD_TO - _MRD_FROM)
    return _bar(min(7, max(0, int(8 * share))))


def _b(one: Point) -> str:
    if one.value is None:
        return _SILENT
    return _bar(sum(one.value >= step for step in _B_STEPS))


def _bar(height: int) -> str:
    return _shown(_BARS[height], _PLAIN[height])


def _shown(mark: str, plain: str) -> str:
    """A mark, or what stands for it where the terminal does not know it."""
    try:
        mark.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return plain
    return mark
