"""A drawing as SVG that takes the colour and the font of the page it stands in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cytomon.svg import settings, written
from cytomon.validate.rows import TubeRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "#010203"
"""Stands for the colour of the page's text, and for nothing else."""


def drawing(
    painter: Callable[[Figure, Sequence[TubeRow]], None], rows: Sequence[TubeRow], number: int
) -> str:
    """A figure as SVG; equal rows give equal text, and drawings of other numbers other names."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    inked = dict.fromkeys(
        ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK
    )
    with mpl.rc_context(settings(f"cytomon {number}") | inked):
        figure = Figure(figsize=(9.0, 4.0), layout="constrained")
        painter(figure, rows)
        text = written(figure)
    return _of_the_page(text, number)


def _of_the_page(drawing: str, number: int) -> str:
    """In the page's colour and font, its names apart from other drawings'."""
    for side in ("width", "height"):
        drawing = re.sub(rf'(<svg [^>]*?) {side}="[^"]*"', r"\1", drawing, count=1)
    drawing = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>p{number}-", drawing)
    return drawing.replace(INK, "currentColor")
