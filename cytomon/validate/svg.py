"""A drawing as SVG that takes the colour and the font of the page it stands in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cytomon.svg import INK, inked, of_the_page, written
from cytomon.validate.rows import TubeRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["INK", "drawing"]


def drawing(
    painter: Callable[[Figure, Sequence[TubeRow]], None], rows: Sequence[TubeRow], number: int
) -> str:
    """A figure as SVG; equal rows give equal text, and drawings of other numbers other names."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(inked(number)):
        figure = Figure(figsize=(9.0, 4.0), layout="constrained")
        painter(figure, rows)
        text = written(figure)
    return of_the_page(text, number)
