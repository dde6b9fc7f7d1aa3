"""Plots of tubes for a report: those of the very result, or none."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cytomon.drawings import Drawings
from cytomon.gating.key_plots import (
    BINS,
    SIDE,
    AntigenHistogram,
    DensityPlot,
    Histogram,
    KeyPlots,
)
from cytomon.gating.views import L_VIEW
from cytomon.model.course import KeptResult, State
from cytomon.model.record import Kind, Source
from cytomon.model.results import Estimate, Measurement
from cytomon.plots import keep_plots, plots_path

ANALYSIS = "0123456789abcdef"


def picture() -> bytes:
    stream = io.BytesIO()
    Image.new("P", (30, 20)).save(stream, format="PNG")
    return stream.getvalue()


def plots(role: str, n: int, *, antigens: int | None = None) -> KeyPlots:
    """Plots of so many events, and of CD19 on so many blasts."""
    words = {"blasts": "blasts on nucleated cells", "b_cells": "B cells on lymphocytes"}
    density = DensityPlot(
        x="CD45", y="CD19", x_view=L_VIEW, y_view=L_VIEW, says=f"{n} {words.get(role)}",
        n_events=n, n_doubt=0, raster=np.zeros((SIDE, SIDE), dtype=np.uint8),
    )  # fmt: skip
    counts = np.zeros(BINS, dtype=np.uint32)
    antigen = AntigenHistogram(
        marker="CD19", view=L_VIEW, blasts=Histogram(role="blasts", n=antigens or 0, counts=counts),
        negative=None, positive=None, threshold=0.5, call="DIM", fraction=0.8,
    )  # fmt: skip
    return KeyPlots(
        role=role,
        densities=(density,) if role else (),
        histograms=() if antigens is None else (antigen,),
        strategy=picture(),
    )


def measured(quantity: str, numerator: int | None, status: str = "MEASURED") -> Measurement:
    """A quantity of a result, eight of ten."""
    estimate = Estimate(value=0.8, low=0.7, high=0.9)
    return Measurement(
        quantity=quantity, numerator=numerator, denominator=100, estimate=estimate, status=status
    )


MEASURED = (
    measured("mrd", 82), measured("b_fraction", 23), measured("cd19_blasts", 66, "DIM"),
)  # fmt: skip


def result(**changes: object) -> KeptResult:
    """A tube with 82 blasts, which are dim, and 23 B cells, as a batch has measured it."""
    kept = KeptResult(
        number=7, tube=3, kind=Kind.FILE, file="a.fcs", sha256="", source=Source.BATCH,
        external=False, template="t", template_version="1", cytomon="0", engine="e",
        analysis=ANALYSIS, content="", saved_at="", saved_by="", state=State.AUTOMATIC,
        amended=False, signatures=(), measured_elsewhere=False,
        measurements={one.quantity: one for one in MEASURED},
    )  # fmt: skip
    return replace(kept, **changes)  # type: ignore[arg-type]


def keys(tmp_path: Path, shown: KeyPlots, kept: KeptResult) -> list[str]:
    """What would be drawn of a result whose name the plots bear."""
    keep_plots(plots_path(tmp_path, ANALYSIS), shown)
    figures = Drawings(folders=(tmp_path / "none", tmp_path)).of_results([kept])
    assert (list(figures.tubes) == ["tube1"]) == (list(figures.pictures) == [7])
    return [one.key for one in figures.pictures.get(7, ())]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (plots("blasts", 82, antigens=82), ["tube1-1", "tube1-cd19", "tube1-strategy"]),
        (plots("blasts", 82), ["tube1-1", "tube1-strategy"]),
        (plots("b_cells", 23), ["tube1-1", "tube1-strategy"]),
    ],
)
def test_plots_of_the_result(tmp_path: Path, shown: KeyPlots, expected: list[str]):
    """As many events as it has counted."""
    assert keys(tmp_path, shown, result()) == expected


@pytest.mark.parametrize(
    "shown",
    [
        plots("blasts", 81),
        plots("blasts", 23),
        plots("b_cells", 82),
        plots("blasts", 82, antigens=81),
        plots("b_cells", 23, antigens=81),
        plots("", 0),
    ],
)
def test_plots_of_another_tube_under_this_name(tmp_path: Path, shown: KeyPlots):
    """Other counts, or none that could be compared: nothing is drawn."""
    assert keys(tmp_path, shown, result()) == []


@pytest.mark.parametrize(
    "measurements",
    [
        (),
        (measured("b_fraction", 82), measured("cd19_blasts", 66, "DIM")),
        (measured("mrd", None), measured("cd19_blasts", 66, "DIM")),
        (measured("mrd", 82),),
        (measured("mrd", 82), measured("cd19_blasts", 66, "POSITIVE")),
        (measured("mrd", 82), replace(measured("cd19_blasts", 66, "DIM"), estimate=None)),
        (measured("mrd", 82), replace(
            measured("cd19_blasts", 66, "DIM"), estimate=Estimate(value=0.81, low=0.7, high=0.9)
        )),
    ],
)  # fmt: skip
def test_a_result_that_says_something_else(tmp_path: Path, measurements: tuple[Measurement, ...]):
    """Another call or share, or nothing to compare with."""
    kept = result(measurements={one.quantity: one for one in measurements})
    assert keys(tmp_path, plots("blasts", 82, antigens=82), kept) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": Kind.POOLED},
        {"kind": Kind.UNNAMED},
        {"source": Source.REVIEW},
        {"source": Source.IMPORT},
        {"external": True},
        {"analysis": ""},
        {"analysis": "another"},
    ],
)
def test_a_result_that_no_batch_measured_in_one_tube(tmp_path: Path, changes: dict[str, object]):
    """Tubes together, gates that a reviewer moved, another program: no plots are of them."""
    assert keys(tmp_path, plots("blasts", 82), result(**changes)) == []


def test_the_right_plots_behind_wrong_ones(tmp_path: Path):
    """The next folder of results is looked into."""
    for folder, n in (("a", 81), ("b", 82)):
        keep_plots(plots_path(tmp_path / folder, ANALYSIS), plots("blasts", n))
    drawings = Drawings(folders=(tmp_path / "a", tmp_path / "b"))
    (found,) = drawings.of_results([result()]).tubes.values()
    assert found.densities[0].n_events == 82


def test_shares_that_a_table_has_rounded(tmp_path: Path):
    """The same number, but for the last of its digits."""
    call = replace(
        measured("cd19_blasts", 66, "DIM"),
        estimate=Estimate(value=0.8000000000001, low=0.7, high=0.9),
    )
    kept = result(measurements={**result().measurements, "cd19_blasts": call})
    assert keys(tmp_path, plots("blasts", 82, antigens=82), kept)
