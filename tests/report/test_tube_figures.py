"""Figures of a tube: small, alone, the same each time, and true to what was kept."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.textpath import TextPath
from PIL import Image

from cytomon.gating.key_plots import (
    BINS,
    DOUBT,
    EVENT,
    LEVELS,
    SIDE,
    AntigenHistogram,
    DensityPlot,
    Histogram,
    KeyPlots,
)
from cytomon.gating.stories import Outline, Threshold
from cytomon.gating.views import L_VIEW, SCATTER_VIEW
from cytomon.report.drawn import Drawn
from cytomon.report.tube_figures import DOUBT_COLOUR, EVENT_COLOUR, draw_tube

MOST_BYTES = 25_000
SVG = "{http://www.w3.org/2000/svg}"


def density(**changes: object) -> DensityPlot:
    """A crowd of cells, three blasts and one event in doubt, on scatter."""
    rng = np.random.default_rng(7)
    raster = np.zeros((SIDE, SIDE), dtype=np.uint8)
    at = np.clip(rng.normal(100, 25, (2, 90_000)), 0, SIDE - 1).astype(int)
    np.add.at(raster, tuple(at), 1)
    raster = np.minimum(raster, LEVELS).astype(np.uint8)
    raster[5, [10, 20, 30]], raster[150, 30] = EVENT, DOUBT
    plot = DensityPlot(
        x="CD45", y="SSC-A", x_view=L_VIEW, y_view=SCATTER_VIEW,
        says="3 blasts on nucleated cells", n_events=3, n_doubt=1, raster=raster,
    )  # fmt: skip
    return replace(plot, **changes)  # type: ignore[arg-type]


def histogram(role: str, n: int, centre: float) -> Histogram:
    """So many events around a place on L."""
    values = np.random.default_rng(n).normal(centre, 0.3, n)
    counts, _ = np.histogram(values, bins=BINS, range=L_VIEW)
    return Histogram(role=role, n=n, counts=counts.astype(np.uint32))


def antigen(**changes: object) -> AntigenHistogram:
    """Blasts without CD19 between both references."""
    one = AntigenHistogram(
        marker="CD19", view=L_VIEW, blasts=histogram("blasts", 366, 0.1),
        negative=histogram("t_cells", 37214, 0.0), positive=histogram("mature_b", 5462, 3.3),
        threshold=0.65, call="NEGATIVE", fraction=0.0123,
    )  # fmt: skip
    return replace(one, **changes)  # type: ignore[arg-type]


PLOTS = KeyPlots(
    densities=(density(), density(n_doubt=0, x="CD19", y="CD10", y_view=L_VIEW)),
    histograms=(antigen(), antigen(marker="CD22", call="POSITIVE", fraction=1.0)),
    strategy=b"",
)


def texts(drawn: Drawn) -> list[str]:
    root = ElementTree.fromstring(drawn.data)  # noqa: S314  (our own drawing)
    return ["".join(one.itertext()).strip() for one in root.iter(f"{SVG}text")]


def embedded(drawn: Drawn) -> Image.Image:
    (found,) = re.findall(rb"data:image/png;base64,\s*([A-Za-z0-9+/=\s]+)", drawn.data)
    return Image.open(io.BytesIO(b64decode(found)))


@pytest.fixture(scope="module")
def drawn() -> dict[str, Drawn]:
    return draw_tube(PLOTS, "t3")


def test_each_figure_has_its_name(drawn: dict[str, Drawn]):
    """By the tube, and the number of the plot or the antigen."""
    assert list(drawn) == ["t3-1", "t3-2", "t3-cd19", "t3-cd22"]
    assert {(one.media, one.width, one.height) for one in drawn.values()} == {
        ("image/svg+xml", 72 * 1.9, 72 * 1.8)
    }


def test_a_figure_is_small_and_alone(drawn: dict[str, Drawn]):
    """No date, no style sheet, no script, nothing to load; it is read as XML."""
    for one in drawn.values():
        text = one.data.decode()
        assert len(one.data) < MOST_BYTES
        assert text.startswith("<svg ")
        for word in (
            "<style",
            "<script",
            "<metadata",
            "<!DOCTYPE",
            "http://matplotlib",
            "20:",
            "var(",
        ):
            assert word not in text
        loaded = re.findall(r'href="([^#"][^"]{0,20})', text)
        assert all(address.startswith("data:image/png;base64,"[:20]) for address in loaded)
        assert set(re.findall(r"font-family: ([^;]*);", text)) == {"'DejaVu Sans', sans-serif"}


def test_the_same_plots_give_the_same_bytes(drawn: dict[str, Drawn]):
    """And figures of two tubes on one page share no name inside."""
    again, other = draw_tube(PLOTS, "t3"), draw_tube(PLOTS, "t4")
    assert {key: one.data for key, one in again.items()} == {
        key: one.data for key, one in drawn.items()
    }
    clips = [re.findall(r'<clipPath id="([^"]*)"', one.data.decode()) for one in (
        *drawn.values(), *other.values(),
    )]  # fmt: skip
    names = [name for found in clips for name in found]
    assert len(names) == len(set(names)) >= 8


def test_every_code_has_its_pixel(drawn: dict[str, Drawn]):
    """The picture inside is the raster itself in few bits, turned so that low values are below."""
    inside = embedded(drawn["t3-1"])
    colours = np.asarray(inside.convert("RGB")) / 255
    raster = density().raster

    assert inside.mode == "P"
    assert colours.shape == (SIDE, SIDE, 3)
    assert re.search(rb'<image [^>]*transform="matrix\([0-9.]+ 0 0 -[0-9.]+ ', drawn["t3-1"].data)
    for code, colour in ((EVENT, EVENT_COLOUR), (DOUBT, DOUBT_COLOUR), (0, "#ffffff")):
        same = np.isclose(colours, to_rgb(colour), atol=0.01).all(axis=-1)
        assert (same == (raster == code)).all()


def grey(colour: np.ndarray) -> np.ndarray:
    """How light a colour is to a camera without colours (ITU-R BT.601)."""
    return colour @ (0.299, 0.587, 0.114)


def test_what_is_red_is_seen_in_grey(drawn: dict[str, Drawn]):
    """Blasts are far darker than what is to be checked, and that is darker than any density."""
    colours = np.asarray(embedded(drawn["t3-1"]).convert("RGB")).reshape(-1, 3) / 255
    blue = colours[colours[:, 2] > colours[:, 0]]
    event, doubt = (grey(np.array(to_rgb(one))) for one in (EVENT_COLOUR, DOUBT_COLOUR))
    assert event + 0.2 < doubt < grey(blue).min() - 0.1
    assert grey(blue).max() < 0.95


def test_axes_say_what_they_count(drawn: dict[str, Drawn]):
    """Markers on L, scatter in thousands."""
    assert {"CD45 (L)", "SSC-A (thousands)", "100", "200"} <= set(texts(drawn["t3-1"]))
    assert {"CD19 (L)", "CD10 (L)", "0", "2", "4", "6"} <= set(texts(drawn["t3-2"]))


def test_the_title_counts(drawn: dict[str, Drawn]):
    """And a legend where something is to be checked by eye."""
    assert "3 blasts on nucleated cells" in texts(drawn["t3-1"])
    assert {"blasts (3)", "to be checked by eye (1)"} <= set(texts(drawn["t3-1"]))
    assert not [text for text in texts(drawn["t3-2"]) if "by eye" in text]


def test_a_histogram_says_its_call(drawn: dict[str, Drawn]):
    """With the share above the threshold, and how many cells each curve is made of."""
    assert {
        "CD19 NEGATIVE, 1.23 % above",
        "blasts (366)", "T cells (37,214)", "mature B cells (5,462)", "CD19 (L)",
    } <= set(texts(drawn["t3-cd19"]))  # fmt: skip
    assert "CD22 POSITIVE, 100.0 % above" in texts(drawn["t3-cd22"])


def dashed(one: Drawn) -> int:
    return one.data.decode().count("stroke-dasharray")


def test_blasts_that_cannot_be_judged_have_no_threshold(drawn: dict[str, Drawn]):
    """No dashed line, no share; curves of what there is."""
    bare = antigen(negative=None, positive=None, threshold=None, fraction=None)
    bare = replace(bare, call="NOT_ASSESSABLE", blasts=histogram("blasts", 7, 1.0))

    found = draw_tube(replace(PLOTS, histograms=(bare,)), "t")["t-cd19"]

    assert "CD19 NOT ASSESSABLE" in texts(found)
    assert {text for text in texts(found) if "(" in text} == {
        "blasts (7)", "CD19 (L)", "events (peak = 1)",
    }  # fmt: skip
    assert (dashed(found), dashed(drawn["t3-cd19"])) == (0, 1)


def test_the_threshold_is_where_it_was(drawn: dict[str, Drawn]):
    """The dashed line stands on the axis between its ticks."""
    text = drawn["t3-cd19"].data.decode()
    (line,) = re.findall(r'<path d="M ([0-9.]+) [^"]*"[^>]*stroke-dasharray', text)
    ticks = {
        t: float(x) for x, t in re.findall(r'<text [^>]*x="([0-9.]+)"[^>]*>([0-9])</text>', text)
    }
    unit = (ticks["6"] - ticks["2"]) / 4
    assert float(line) == pytest.approx(ticks["2"] + (0.65 - 2) * unit, abs=0.05)


@pytest.mark.parametrize(
    "changes",
    [
        {"raster": np.zeros((SIDE, SIDE), dtype=np.uint8), "n_events": 0, "says": "0 blasts"},
        {"raster": np.full((SIDE, SIDE), EVENT, dtype=np.uint8), "n_events": 10**9},
        {"x": "<b>&$x_1$", "y": "$\\frac$", "x_view": (-3e14, 2e15), "y_view": (0.2, 1.3)},
    ],
)
def test_whatever_was_kept_is_drawn(changes: dict[str, object]):
    """Nothing, everything, and names that look like something else."""
    plots = KeyPlots(densities=(density(**changes),), histograms=(), strategy=b"")
    (found,) = draw_tube(plots, "t").values()
    assert len(found.data) < MOST_BYTES
    if "x" in changes:
        assert {"<b>&$x_1$", "$\\frac$"} <= set(texts(found))


def test_a_histogram_of_nothing():
    """Also counts without any event are drawn."""
    empty = Histogram(role="blasts", n=1, counts=np.zeros(BINS, dtype=np.uint32))
    plots = replace(PLOTS, histograms=(antigen(blasts=empty, negative=empty),), densities=())
    assert "t-cd19" in draw_tube(plots, "t")


# Gates

SMALL = Outline(name="lymphoid_scatter", points=((3.5, 0.0), (6.5, 0.0), (6.5, 3e4), (3.5, 3e4)))
WIDE = Outline(name="wide_scatter", points=((1.6, 0.0), (6.5, 0.0), (6.5, 3e4), (1.6, 3e4)))
CD19 = Threshold(name="cd19_above", axis="x", at=1.15)
CD10 = Threshold(name="cd10_above", axis="y", at=1.24)
FRAME = (72 * 1.9 * 0.19, 72 * 1.9 * 0.96, 72 * 1.8 * 0.24, 72 * 1.8 * 0.81)
"""Left, right, upper and lower end on the page."""


def width(name: str) -> float:
    """Points that a name of a gate takes."""
    return float(TextPath((0, 0), name, size=5.0).get_extents().width)


def gates_drawn(**changes: object) -> tuple[Drawn, dict[str, tuple[float, float]]]:
    """A figure with gates, and where their names begin."""
    plots = KeyPlots(densities=(density(**changes),), histograms=(), strategy=b"")
    (found,) = draw_tube(plots, "t").values()
    names = re.findall(r"<text ([^>]*paint-order: stroke[^>]*)>([^<]*)</text>", found.data.decode())
    places = {}
    for look, name in names:
        (x,), (y,) = (re.findall(rf' {side}="([0-9.]+)"', look) for side in "xy")
        places[name] = (float(x), float(y))
    return found, places


@pytest.mark.parametrize(
    "changes",
    [
        {"outlines": (WIDE, SMALL)},
        {"outlines": (SMALL,), "thresholds": (replace(CD10, at=5e4),)},
        {"thresholds": (CD19, CD10), "x": "CD19", "y": "CD10", "y_view": L_VIEW},
        {"thresholds": (CD19, replace(CD10, at=6.59)), "y": "CD10", "y_view": L_VIEW},
        {"thresholds": (replace(CD19, at=-1.59), replace(CD10, at=-1.59)), "y_view": L_VIEW},
    ],
)
def test_names_of_gates_lie_in_the_frame_and_never_meet(changes: dict[str, object]):
    """On white, in five points; each gate by its name."""
    found, places = gates_drawn(**changes)
    assert len(found.data) < MOST_BYTES
    assert len(places) == 2
    left, right, top, bottom = FRAME
    for name, (x, y) in places.items():
        assert left <= x
        assert x + width(name) <= right
        assert top + 3 <= y <= bottom
    (one, (x0, y0)), (other, (x1, y1)) = places.items()
    assert x0 + width(one) < x1 or x1 + width(other) < x0 or abs(y0 - y1) >= 5


def test_gates_change_no_pixel(drawn: dict[str, Drawn]):
    """They are drawn over the picture, which stays as it was."""
    found, _ = gates_drawn(outlines=(WIDE, SMALL))
    assert embedded(found).tobytes() == embedded(drawn["t3-1"]).tobytes()


def test_a_threshold_is_dashed_and_an_outline_is_not():
    """And both lie on white."""
    (lines, _), (areas, _) = (
        gates_drawn(thresholds=(CD19,)),
        gates_drawn(outlines=(SMALL,)),
    )
    assert (dashed(lines), dashed(areas)) == (2, 0)
    for one in (lines, areas):
        text = one.data.decode()
        assert text.count("stroke: #ffffff; stroke-width: 2") == 1
        assert len(re.findall(r"stroke: #2b2b2b", text)) == 1


def test_a_name_lies_on_no_blast():
    """It moves to the other side of its line."""
    raster = np.zeros((SIDE, SIDE), dtype=np.uint8)
    look: dict[str, object] = {"thresholds": (CD19,), "y_view": L_VIEW}
    _, free = gates_drawn(raster=raster, **look)
    raster = raster.copy()
    raster[180:, 70:] = EVENT
    _, moved = gates_drawn(raster=raster, **look)
    assert moved["cd19_above"][0] < free["cd19_above"][0] - 20


@pytest.mark.parametrize("name", ["W" * 40, "<b>&$x_1$</b>", "ß" * 40, "\u2800"])
def test_any_name_of_a_gate(name: str):
    """Cut where it is wider than the frame, and never read as something else."""
    found, _ = gates_drawn(thresholds=(replace(CD19, name=name),))
    ElementTree.fromstring(found.data)  # noqa: S314  (our own drawing)
    if len(name) < 40:
        assert name.strip() in texts(found)
    else:
        assert [one for one in texts(found) if one.startswith(name[:9]) and one.endswith("…")]


def test_as_many_gates_as_a_file_may_hold():
    """Crowded, and still drawn at once."""
    turn = np.linspace(0, 6.28, 200)
    around = tuple(
        zip((2 + np.cos(turn)).tolist(), (1e5 + 5e4 * np.sin(turn)).tolist(), strict=True)
    )
    outlines = tuple(Outline(name=f"area {n}", points=around) for n in range(12))
    thresholds = tuple(Threshold(name=f"line {n}", axis="xy"[n % 2], at=2.0) for n in range(12))
    found, places = gates_drawn(outlines=outlines, thresholds=thresholds)
    assert len(places) == 24
    assert found.data.startswith(b"<svg ")
