"""A matplotlib figure as SVG text: the same figure gives the same text, and text stays text."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


INK = "#010203"
"""Stands for the colour of the text of the page that a drawing is put into, and nothing else."""
_INKED = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")


def inked(number: int) -> dict[Any, Any]:
    """Settings for the drawing of a number on a page, in the page's own colour."""
    return settings(f"cytomon {number}") | dict.fromkeys(_INKED, INK)


def of_the_page(drawing: str, number: int) -> str:
    """A drawing in the page's colour and width, its names apart from other drawings'."""
    for side in ("width", "height"):
        drawing = re.sub(rf'(<svg [^>]*?) {side}="[^"]*"', r"\1", drawing, count=1)
    drawing = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>p{number}-", drawing)
    return drawing.replace(INK, "currentColor")


def settings(salt: str) -> dict[Any, Any]:
    """Settings of matplotlib to make and write a figure under.

    Parameters
    ----------
    salt : str
        Decides the names inside of the drawing: drawings on one page need salts of their own.
    """
    return {
        "svg.fonttype": "none",
        "svg.hashsalt": salt,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
        "axes.unicode_minus": False,
    }


def written(figure: Figure) -> str:
    """A figure as SVG on no background, without date, metadata and preamble."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    text = stream.getvalue()
    return re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
