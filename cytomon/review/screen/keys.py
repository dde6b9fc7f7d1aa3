"""What the keys do, and the page that says so."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Attributes
    ----------
    keys : str
        As Qt writes it; several after commas.
    action : str
        Name of the widget's method.
    says : str
        What it does.
    """

    keys: str
    action: str
    says: str


KEYS = (
    Key("N", "next_tube", "next tube"),
    Key("P", "previous_tube", "previous tube"),
    Key("A", "approve", "approve what the tube says now"),
    Key("R", "reject", "reject the result; a reason is needed"),
    Key("Ctrl+Z, U", "undo", "take the last change back"),
    Key("Ctrl+Shift+Z, Ctrl+Y", "redo", "do it again"),
    Key("J", "next_gate", "next gate"),
    Key("K", "previous_gate", "previous gate"),
    Key("G", "toggle_back_gate", "show the gate's events in every plot (back-gating)"),
    Key("D", "draw_in", "draw a region whose events belong to the population"),
    Key("X", "draw_out", "draw a region whose events do not"),
    Key("Return", "end_region", "close the region"),
    Key("Escape", "drop_region", "draw no region after all"),
    Key("I", "pin", "keep the gate where the template had placed it"),
    Key("L", "open_lock", "ask for a locked gate to be opened, or agree"),
    Key("S", "toggle_earlier", "the patient's specimen before, side by side"),
    Key("M", "toggle_path", "the normal path of maturation"),
    Key("B", "toggle_blind", "blind: hide earlier results"),
    Key("0", "fit", "the whole plot"),
    Key("F1, H", "help", "this page"),
)

_MOUSE = (
    ("drag an edge, a corner or a vertex", "moves it; the verdict follows while you drag"),
    ("drag the inside", "moves the whole gate"),
    ("double-click on the line of a polygon", "one vertex more"),
    ("right-click on a vertex", "one vertex less"),
    ("wheel", "zoom; 0 shows the whole plot again"),
)


def help_page() -> str:
    """Keys and mouse, as HTML."""
    rows = [(key.keys.replace(", ", " or "), key.says) for key in KEYS]
    told = "".join(
        f"<tr><td><b>{escape(what)}</b>&nbsp;&nbsp;&nbsp;</td><td>{escape(says)}</td></tr>"
        for what, says in (*rows, *_MOUSE)
    )
    return (
        "<h3>Reviewing gates</h3><p>Every change is kept as it is made, and nothing counts before "
        f"you approve.</p><table>{told}</table>"
    )
