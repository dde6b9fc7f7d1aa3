"""The picture of what explains the events of a tube, drawn from a simulated one.

Run ``python docs/explained.py`` after the reference or the method changed; it writes
``docs/_static/explained.png``.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes as Plot
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from cytomon.fcs.read import read_events
from cytomon.gating.columns import Columns
from cytomon.gating.count import count
from cytomon.model.gating import Envelope
from cytomon.model.normal import Examination
from cytomon.model.tube import FloatArray
from cytomon.pipeline import open_for_gating, place_on
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube

PICTURE = Path(__file__).parent / "_static" / "explained.png"
PLAN = TubePlan(
    state="BM_m3_recovering", n_events=250_000, seed=417, blasts={"blast_typical": 0.001}
)
VIEWS = (
    ("CD10", "CD20", "The path of maturation: blasts sit where it begins"),
    ("CD38", "CD58", "The same events: blasts lie off the path"),
)

# name in the legend, colour, what it holds; drawn in this order, the rare ones on top
GROUPS = (
    ("other normal cells", "#c9ced6", ()),
    ("hematogone I", "#9ecae1", ("hematogone_I",)),
    ("hematogone II", "#4292c6", ("hematogone_II",)),
    ("hematogone III", "#08519c", ("hematogone_III",)),
    ("B cells", "#41ab5d", ("B_transitional", "B_naive", "B_memory")),
    ("plasma cells", "#8856a7", ("plasma_cell",)),
    ("stage-0 progenitors", "#8c6d46", ("stage0_progenitor",)),
    ("leukaemic", "#d7191c", ("leukaemic",)),
    ("to check by eye", "#e08e0b", ("unclear",)),
)
MOST_DOTS = 2500


def draw(path: Path) -> None:
    """Simulate, examine and draw."""
    values, examination = examined()
    mpl.rcParams.update({"font.family": "DejaVu Sans", "font.size": 9})
    figure = Figure(figsize=(10, 4.9), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08))
    for plot, (across, up, title) in zip(figure.subplots(1, 2), VIEWS, strict=True):
        scatter(plot, values[across], values[up], examination)
        plot.set_title(title, loc="left", fontsize=10)
        plot.set_xlabel(f"{across}  (L)")
        plot.set_ylabel(f"{up}  (L)")
    handles = [
        Line2D([], [], ls="", marker="o", ms=6, color=colour, label=f"{name}  {events:,}")
        for name, colour, events in legend(examination)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, frameon=False)
    figure.savefig(path, dpi=150)


def examined() -> tuple[dict[str, FloatArray], Examination]:
    """Values on the template's scale by marker, and what each event was taken for."""
    with TemporaryDirectory() as folder:
        write_tube(simulate_tube(PLAN), Path(folder), "tube")
        opened = open_for_gating(Path(folder) / "tube.fcs")
        events = read_events(opened.tube)
    placement = place_on(opened, events)
    counted = count(events, opened.tube.channels, placement)
    (examination,) = counted.examinations.values()
    gate = next(gate for gate in placement.gates if isinstance(gate.shape, Envelope))
    columns = Columns(events, opened.tube.channels, placement.matrices)
    values = {axis.label: columns.column(axis)[examination.rows] for axis in gate.axes}
    return values, examination


def members(examination: Examination, names: tuple[str, ...]) -> np.ndarray:
    """Positions of the events that were called one of `names`; of no group, where empty."""
    known = {name for _, _, held in GROUPS for name in held}
    wanted = names or tuple(name for name in examination.names if name not in known)
    return np.flatnonzero(
        np.isin(examination.called, [examination.names.index(name) for name in wanted])
    )


def legend(examination: Examination) -> list[tuple[str, str, int]]:
    """Name, colour and number of events of each group."""
    counted = [(name, colour, len(members(examination, held))) for name, colour, held in GROUPS]
    return [row for row in counted if row[2]]


def scatter(plot: Plot, x: FloatArray, y: FloatArray, examination: Examination) -> None:
    """One dot for each event, evenly thinned where a group is large."""
    for _, colour, names in GROUPS:
        rows = members(examination, names)
        if len(rows) > MOST_DOTS:
            rows = rows[np.linspace(0, len(rows) - 1, MOST_DOTS).astype(np.int64)]
        rare = names in {("leukaemic",), ("unclear",)}
        plot.scatter(
            x[rows], y[rows], s=9 if rare else 5, c=colour, alpha=0.9 if rare else 0.6, linewidths=0
        )
    plot.set(xlim=(-1, 6), ylim=(-1, 5.6))
    plot.spines[["top", "right"]].set_visible(False)
    plot.grid(color="#eef0f3", linewidth=0.8)
    plot.set_axisbelow(True)


if __name__ == "__main__":
    draw(PICTURE)
