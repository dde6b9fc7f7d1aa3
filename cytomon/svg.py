"""A matplotlib figure as SVG text: the same figure gives the same text, and text stays text."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
