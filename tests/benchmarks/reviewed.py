"""Reviewing in the real window: opening a tube, from an edit to its verdict, memory over tubes.

The window is napari's own, under Xvfb; the mouse is let go by the same calls that the canvas makes.
Seconds are by the clock; *at once* is until the verdict bar shows every event counted, *final*
until the pipeline has measured the tube anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from cytomon.simulate.plan import Realism, TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube

SIZES = {"1M": 1_000_000, "10M": 10_000_000}
FINAL = 3
"""Gates after whose edit the tube is measured anew."""
OPENINGS = 3
MANY, MANY_EVENTS = 50, 100_000
ROOTS = ("singlets", "cells", "viable", "nucleated")
"""Gates that all others stand under; every other gate is called a leaf here."""
_DEADLINE = 600

Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def section(folder: Path, table: Table) -> str:
    """Open tubes of one and ten million events, move every gate, and walk through fifty tubes."""
    rows = []
    for name, size in SIZES.items():
        told = _alone("edit", _tube(folder, name, size))
        roots = [ms for gate, ms in told["edits"] if gate in ROOTS]
        leaves = [ms for gate, ms in told["edits"] if gate not in ROOTS]
        rows.append((
            name, _spread(told["opened"], 2), _spread(leaves, 0), _spread(roots, 0),
            _spread(told["final"], 1), _spread(told["stream"], 1),
        ))  # fmt: skip
    tubes = [_tube(folder, f"t{n}", MANY_EVENTS, seed=60_000 + n) for n in range(5)]
    walked = _alone("walk", *tubes)
    head = (
        "events", "opening, s", "edit to verdict, leaf, ms", "root, ms", "final, s",
        "engine alone, s",
    )  # fmt: skip
    return f"""## Reviewing

The review window on a simulated recovering marrow with all realism and `b_all_mrd`. *Opening* is
from asking for a tube to its plot and verdict, after the window is up. An edit moves one edge of a
gate by a little; *to verdict* is until the bar shows the answers with every event counted (gates
under which all others stand are *roots*, all others *leaves*; each gate once). *Final* is
until gates were placed again, events examined again and everything measured as a batch would;
*engine alone* is the batch's own measuring of the same tube in the same process.

{table(head, rows)}

Walking through {MANY} tubes of {MANY_EVENTS:,} events in one window, memory was
{walked["first"]:.0f} MiB after the tenth tube and {walked["last"]:.0f} MiB after the last."""


def _tube(folder: Path, name: str, size: int, seed: int = 59_000) -> Path:
    plan = TubePlan(
        state="BM_m3_BCA",
        n_events=size,
        seed=seed,
        blasts={"blast_typical": 0.0005},
        realism=Realism.full(),
    )
    folder.mkdir(parents=True, exist_ok=True)
    return write_tube(simulate_tube(plan), folder, name)


def _alone(what: str, *paths: Path) -> dict[str, Any]:
    words = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", sys.executable, "-m",
             "tests.benchmarks.reviewed", what, *map(str, paths)]  # fmt: skip
    done = subprocess.run(words, check=True, capture_output=True, text=True)  # noqa: S603
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _spread(values: Sequence[float], digits: int) -> str:
    low, middle, high = min(values), median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


class _Window:
    """napari with the review in it."""

    def __init__(self) -> None:
        import napari

        from cytomon.review.screen.widget import ReviewWidget

        self.viewer = napari.Viewer()
        self.viewer.window.resize(1560, 960)
        self.widget = ReviewWidget(self.viewer)
        self.viewer.window.add_dock_widget(self.widget, name="gate review", area="right")
        self._spin(lambda: "open an FCS file" in self.widget.side.says.text())

    def _spin(self, until: Callable[[], bool]) -> float:
        from qtpy.QtWidgets import QApplication

        started = time.perf_counter()
        while not until():
            QApplication.processEvents()
            time.sleep(0.002)  # as a window that waits: else the thread beside it gets no turn
            if time.perf_counter() - started > _DEADLINE:
                msg = self.widget.side.says.text()
                raise TimeoutError(msg)
        return time.perf_counter() - started

    def open(self, path: Path) -> float:
        """Seconds until plot and verdict are there."""
        sitting, bar = self.widget.sitting, self.widget.showing.bar
        sitting.on_desk = None
        bar.show_lines((), "")
        sitting.open_file(path)
        return self._spin(
            lambda: sitting.on_desk is not None and any(one.after for one in bar.lines)
        )

    def settle(self) -> float:
        """Seconds until nothing is being measured."""
        sitting = self.widget.sitting
        return self._spin(lambda: not sitting.is_busy and sitting.is_final)

    def edit(self, gate: str, by: float) -> float:
        """Milliseconds from letting a gate go to its verdict in the bar."""
        from qtpy.QtWidgets import QApplication

        from cytomon.model.gating import Box

        widget = self.widget
        widget.choose_gate(gate)
        QApplication.processEvents()
        shape = widget.held_gate().shape
        assert isinstance(shape, Box)
        sides = [
            tuple(None if end is None else end + by * max(1.0, abs(end)) for end in side)
            for side in shape.bounds
        ]
        painted: list[float] = []
        bar = widget.showing.bar
        show = bar.show_lines

        def shown(lines: Sequence[Any], state: str, *, blind: bool = False) -> None:
            show(lines, state, blind=blind)
            painted.append(time.perf_counter())

        bar.show_lines = shown
        started = time.perf_counter()
        widget.dropped(replace(shape, bounds=tuple(sides)))
        bar.show_lines = show
        QApplication.processEvents()
        return 1000 * (painted[0] - started)


def _edits(path: Path) -> dict[str, Any]:
    from cytomon.model.gating import Box
    from cytomon.pipeline import measure_placed, open_for_gating, place_on

    window = _Window()
    small = path.with_name("warm.fcs")
    if not small.exists():
        _tube(path.parent, "warm", 20_000)
    window.open(small)
    window.settle()
    opened = []
    for _ in range(OPENINGS):
        opened.append(window.open(path))
        window.settle()
    session = window.widget.session
    assert session is not None
    session.open_gates |= set(session.locks)
    names = [gate.name for gate in session.placement.gates if isinstance(gate.shape, Box)]
    edits, final = [], []
    for gate in names:
        edits.append((gate, window.edit(gate, 0.004)))
        if gate in names[1 :: len(names) // FINAL]:
            window.widget.sitting._soon.stop()
            window.widget.sitting._measure()
            final.append(window.settle())
        window.widget.undo()
        window.widget.sitting._soon.stop()
    window.widget.close_down()
    window.viewer.close()
    alone = open_for_gating(path)
    stream = []
    for _ in range(3):
        started = time.perf_counter()
        measure_placed(alone, place_on(alone), specimen=None, file="tube")
        stream.append(time.perf_counter() - started)
    return {"opened": opened, "edits": edits, "final": final, "stream": stream}


def _walk(paths: Sequence[Path]) -> dict[str, Any]:
    window, memory = _Window(), []
    for number in range(MANY):
        window.open(paths[number % len(paths)])
        window.settle()
        window.edit("lymphoid_scatter", 0.01)
        window.settle()
        memory.append(_resident())
    window.widget.close_down()
    window.viewer.close()
    return {"first": memory[9], "last": memory[-1], "all": memory}


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    os.environ["CYTOMON_CACHE"] = "none"
    what, *given = sys.argv[1:]
    told = _edits(Path(given[0])) if what == "edit" else _walk([Path(one) for one in given])
    sys.stdout.write("\n" + json.dumps(told) + "\n")
    sys.stdout.flush()
