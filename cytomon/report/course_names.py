"""Names of what happened, above the figure of a course: none meets another or leaves the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from cytomon.report.words import spelled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.ft2font import FT2Font

INK, SOFT = "#1b2733", "#6b7785"
POINTS = 415.0
"""Length of the axis of time on the page."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name above the plots: it begins at a day, or ends there."""

    day: float
    text: str
    leftward: bool
    level: int


def write_names(plot: Axes, labels: Sequence[Name], more: int) -> None:
    """Names of what happened, above the first plot and its legend; how many are left out."""
    for one in labels:
        plot.annotate(
            one.text,
            (one.day, 1.0),
            xycoords=plot.get_xaxis_transform(),
            xytext=(0, 13 + LINE_POINTS * one.level),
            textcoords="offset points",
            fontsize=_NAME_POINTS,
            ha="right" if one.leftward else "left",
            color=INK,
        )
    if more:
        plot.annotate(f"+{more} more", (1.006, 1.0), xycoords="axes fraction", xytext=(0, 13),
                      textcoords="offset points", fontsize=_NAME_POINTS, color=SOFT)  # fmt: skip


LINE_POINTS, _NAME_POINTS = 8, 6.2
_LEVELS = 4
_LONGEST_NAME = 0.4
"""Of the axis."""
_RARE = ("infusion", "transplant", "second", "relapse", "lineage", "death")
"""What has its name before the drugs, of which there may be many."""


def names_of(
    happened: Sequence[tuple[int, str]], left: float, right: float
) -> tuple[list[Name], int]:
    """Names of what happened, each on the lowest line where it meets no other.

    Where no line is free a name is left out, and counted: the table of the course has them all.

    Parameters
    ----------
    happened : sequence of (int, str)
        Day and name.
    left, right : float
        Where the axis begins and ends, in days.
    """
    gathered = [one for one in sorted(happened) if one[0] < left]
    near = [one for one in sorted(happened) if one[0] >= left]
    names: list[tuple[float, str]] = [(left, _gathered(gathered))] if gathered else []
    names += sorted(near, key=lambda one: not one[1].startswith(_RARE))
    taken: defaultdict[int, list[tuple[float, float]]] = defaultdict(list)
    labels = []
    for day, name in names:
        text, width = _cut(name, (right - left) / POINTS)
        start = day - width if day + width > right else day
        end = start + width
        for level in range(_LEVELS):
            if all(end <= first or last <= start for first, last in taken[level]):
                taken[level].append((start, end))
                labels.append(Name(day, text, start < day, level))
                break
    return labels, len(names) - len(labels)


def _gathered(early: Sequence[tuple[int, str]]) -> str:
    """What happened long before, the last of it first; how many more."""
    day, name = early[-1]
    more = f", {len(early) - 1} earlier" if len(early) > 1 else ""
    return f"◀ {name if len(name) <= 30 else f'{name[:29]}…'} d{day}{more}"


def _cut(name: str, day_points: float) -> tuple[str, float]:
    """A name as it is written, and its width with a gap, in days."""
    advances = [_advance(one) for one in name]
    if sum(advances) <= _LONGEST_NAME * POINTS:
        return name, (sum(advances) + 4) * day_points
    kept = 0
    while sum(advances[: kept + 1]) + 4 <= _LONGEST_NAME * POINTS:
        kept += 1
    return f"{name[:kept]}…", (sum(advances[:kept]) + 10) * day_points


@cache
def _advance(one: str) -> float:
    """Width of a character in points, of one that the font does not know as paper spells it."""
    font, known = _font()
    written = one if ord(one) in known else spelled(one)
    return float(sum(font.load_char(ord(part)).linearHoriAdvance / 65536 for part in written))


@cache
def _font() -> tuple[FT2Font, frozenset[int]]:
    from matplotlib import font_manager, ft2font

    font = ft2font.FT2Font(font_manager.findfont("DejaVu Sans"))
    font.set_size(_NAME_POINTS, 72)
    return font, frozenset(font.get_charmap())
