"""A drawing as SVG that takes the colour and the font of the page it stands in."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

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
    style: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": f"cytomon {number}",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
        "axes.unicode_minus": False,
        **inked,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(9.0, 4.0), layout="constrained")
        painter(figure, rows)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    return _of_the_page(stream.getvalue(), number)


def _of_the_page(text: str, number: int) -> str:
    """Only the drawing, in the page's colour and font, its names apart from other drawings'."""
    drawing = text[text.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    for side in ("width", "height"):
        drawing = re.sub(rf'(<svg [^>]*?) {side}="[^"]*"', r"\1", drawing, count=1)
    drawing = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>p{number}-", drawing)
    return drawing.replace(INK, "currentColor")
