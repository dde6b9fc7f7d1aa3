"""Key plots on the disk: the same bytes for the same plots, and nothing from a stranger's file."""

from __future__ import annotations

import io
import json
import os
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cytomon.plots
from cytomon.errors import InputError
from cytomon.gating.key_plots import (
    BINS,
    DOUBT,
    EVENT,
    SIDE,
    AntigenHistogram,
    DensityPlot,
    Histogram,
    KeyPlots,
)
from cytomon.gating.stories import Outline, Threshold
from cytomon.gating.views import L_VIEW, SCATTER_VIEW
from cytomon.model.results import AntigenCall
from cytomon.plots import LAYOUT, MOST_BYTES, keep_plots, plots_path, read_plots

ANALYSIS = "0123456789abcdef"


def png(width: int = 60, height: int = 40) -> bytes:
    """A picture of some colours."""
    pixels = np.random.default_rng(3).integers(0, 48, (height, width)).astype(np.uint8)
    picture = Image.fromarray(pixels, mode="P")
    picture.putpalette(list(range(48 * 3)))
    stream = io.BytesIO()
    picture.save(stream, format="PNG")
    return stream.getvalue()


STRATEGY = png()
OUTLINE = Outline(name="cd45_dim_small", points=((-1.5, 3000.0), (2.8, 3000.0), (2.8, 35000.0)))


def made_up() -> KeyPlots:
    """Two densities and two histograms, one of them without references."""
    rng = np.random.default_rng(5)
    rasters = [rng.integers(0, 13, (SIDE, SIDE)).astype(np.uint8) for _ in range(2)]
    rasters[0][10, 10:20], rasters[0][11, 11] = EVENT, DOUBT

    def histogram(role: str) -> Histogram:
        counts = rng.integers(0, 100, BINS).astype(np.uint32)
        return Histogram(role=role, n=int(counts.sum()), counts=counts)

    densities = tuple(
        DensityPlot(
            x="CD45", y=y, x_view=L_VIEW, y_view=view, says="10 blasts on nucleated cells",
            n_events=10, n_doubt=1, raster=raster, outlines=(OUTLINE,),
            thresholds=(Threshold(name="cd10_above", axis="y", at=1.2),),
        )
        for y, view, raster in zip(("SSC-A", "CD10"), (SCATTER_VIEW, L_VIEW), rasters, strict=True)
    )  # fmt: skip
    blasts = histogram("blasts")
    full = AntigenHistogram(
        marker="CD19", view=L_VIEW, blasts=blasts, negative=histogram("t_cells"),
        positive=histogram("mature_b"), threshold=0.7123456789, call="NEGATIVE", fraction=0.01,
    )  # fmt: skip
    bare = AntigenHistogram(
        marker="CD22", view=L_VIEW, blasts=blasts, negative=None, positive=None,
        threshold=None, call="NOT_ASSESSABLE", fraction=None,
    )  # fmt: skip
    return KeyPlots(role="blasts", densities=densities, histograms=(full, bare), strategy=STRATEGY)


def said(plots: KeyPlots | None) -> object:
    """Everything in them, to compare."""
    assert plots is not None

    def content(value: object) -> object:
        if isinstance(value, np.ndarray):
            return value.dtype.str, value.tolist()
        if isinstance(value, tuple):
            return tuple(map(content, value))
        if hasattr(value, "__slots__"):
            return {name: content(getattr(value, name)) for name in value.__slots__}
        return value

    return content(plots)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A good file."""
    path = plots_path(tmp_path, ANALYSIS)
    keep_plots(path, made_up())
    return path


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewrite(path: Path, parts: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", compression=how) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def test_what_was_kept_is_read(path: Path):
    """Every pixel, count, number and word."""
    assert said(read_plots(path)) == said(made_up())


@pytest.mark.parametrize("plots", [KeyPlots(densities=(), histograms=(), strategy=STRATEGY)])
def test_a_tube_that_tells_nothing_has_a_file_all_the_same(tmp_path: Path, plots: KeyPlots):
    """It is known to be done."""
    keep_plots(plots_path(tmp_path, ANALYSIS), plots)
    assert said(read_plots(plots_path(tmp_path, ANALYSIS))) == said(plots)


def test_the_place_of_a_file():
    """Beside the tables, by the analysis alone."""
    assert plots_path(Path("out"), ANALYSIS) == Path("out/plots") / f"{ANALYSIS}.npz"


def test_equal_plots_give_equal_bytes(path: Path, tmp_path: Path):
    """Whenever they are written; other plots give others."""
    other = plots_path(tmp_path / "other", ANALYSIS)
    os.utime(path, (0, 0))
    keep_plots(other, made_up())
    assert other.read_bytes() == path.read_bytes()
    assert all(info.date_time[0] == 1980 for info in zipfile.ZipFile(path).infolist())


def test_numpy_reads_it(path: Path):
    """It is a plain file of arrays, without a pickle."""
    with np.load(path, allow_pickle=False) as arrays:
        assert arrays["density_0"].shape == (SIDE, SIDE)
        assert arrays["strategy"].tobytes() == STRATEGY


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The file appears whole or not at all."""

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        keep_plots(plots_path(tmp_path, ANALYSIS), made_up())
    assert not list((tmp_path / "plots").iterdir())


# What is not what was written


def test_a_file_that_is_not_there(tmp_path: Path):
    """Nor is a folder a file, nor a pipe."""
    (tmp_path / "folder.npz").mkdir()
    os.mkfifo(tmp_path / "pipe.npz")
    for name in ("missing", "folder", "pipe", "x\0y", "n" * 300):
        assert read_plots(tmp_path / f"{name}.npz") is None


def test_another_analysis(path: Path):
    """A file that was renamed is of another tube."""
    path.rename(path.with_name("fedcba.npz"))
    assert read_plots(path.with_name("fedcba.npz")) is None


def test_a_newer_layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What another version has written is drawn again, not guessed at."""
    with monkeypatch.context() as later:
        later.setattr(cytomon.plots, "LAYOUT", LAYOUT + 1)
        keep_plots(plots_path(tmp_path, ANALYSIS), made_up())
    assert read_plots(plots_path(tmp_path, ANALYSIS)) is None


def test_damage_is_noticed_wherever_it_is(path: Path):
    """Cut off anywhere, or with any byte changed: not read, or read as it was."""
    whole, rng = path.read_bytes(), np.random.default_rng(11)
    expected = said(made_up())
    for share in range(16):
        path.write_bytes(whole[: len(whole) * share // 16])
        assert read_plots(path) is None
    noticed = 0
    for _ in range(400):
        place = int(rng.integers(len(whole)))
        changed = bytes([whole[place] ^ int(rng.integers(1, 256))])
        path.write_bytes(whole[:place] + changed + whole[place + 1 :])
        found = read_plots(path)
        noticed += found is None
        assert found is None or said(found) == expected
    assert noticed > 350


@pytest.mark.parametrize("name", ["about.npy", "density_1.npy", "blasts_0.npy", "strategy.npy"])
def test_a_part_that_was_exchanged(path: Path, name: str):
    """The file is sound, and the seal says that it is not what was written."""
    parts = parts_of(path)
    content = parts[name]
    for changed in (content[:-9] + bytes([content[-9] ^ 1]) + content[-8:], content[:-1], b""):
        rewrite(path, {**parts, name: changed})
        assert read_plots(path) is None
    rewrite(path, parts)
    assert read_plots(path) is not None


def test_parts_that_are_missing_or_too_many(path: Path):
    """Also where all others are right."""
    parts = parts_of(path)
    for name in parts:
        rewrite(path, {other: content for other, content in parts.items() if other != name})
        assert read_plots(path) is None
    rewrite(path, {**parts, "more.npy": parts["strategy.npy"]})
    assert read_plots(path) is None


class Trap:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("name", ["about", "density_0", "strategy"])
def test_nothing_in_a_file_is_run(path: Path, tmp_path: Path, name: str):
    """A pickled array in the place of any part is refused unread."""
    with np.load(path) as arrays:
        parts = dict(arrays)
    parts[name] = np.array([Trap(tmp_path / "run")], dtype=object)
    np.savez_compressed(path, **parts)

    assert read_plots(path) is None
    assert not (tmp_path / "run").exists()
    np.load(path, allow_pickle=True)[name]
    assert (tmp_path / "run").exists()


def peak(path: Path) -> int:
    """Most memory that reading a refused file took."""
    tracemalloc.start()
    try:
        assert read_plots(path) is None
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", ["(1000000000000,)", "(200, 2000000)", "(-1,)", "()", "(200,)"])
@pytest.mark.parametrize("name", ["about.npy", "density_0.npy", "strategy.npy"])
def test_a_header_that_promises_too_much(path: Path, name: str, shape: str):
    """It is compared, and nothing is made by its word."""
    parts = parts_of(path)
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
    rewrite(path, {**parts, name: start + parts[name][128:]})
    assert peak(path) < 20_000_000


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("name", ["about.npy", "density_0.npy", "strategy.npy"])
def test_a_small_file_that_unpacks_into_a_large_one(path: Path, name: str, how: int):
    """Forty million zeros are not unpacked, however they were packed."""
    parts = parts_of(path)
    rewrite(path, {**parts, name: parts[name] + bytes(40_000_000)}, how)

    assert path.stat().st_size < MOST_BYTES
    assert peak(path) < 20_000_000


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_part_that_lies_about_its_length(path: Path, how: int):
    """The list of parts says little, and the part unpacks into much."""
    parts = parts_of(path)
    long = parts["strategy.npy"] + bytes(40_000_000)
    rewrite(path, {**parts, "strategy.npy": long}, how)
    true = len(long).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(true, (1_000_000).to_bytes(4, "little")))

    assert peak(path) < 20_000_000


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_STORED])
def test_the_right_parts_packed_otherwise(path: Path, how: int):
    """Refused: who knows how far they would unpack."""
    rewrite(path, parts_of(path), how)
    assert read_plots(path) is None


def test_a_large_file_is_not_read(path: Path):
    """Whatever follows the right content."""
    with path.open("ab") as stream:
        stream.truncate(MOST_BYTES + 1)
    assert peak(path) < 1_000_000


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x05\x06" + bytes(18), b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"a,b\r\n", bytes(5000)],
)
def test_something_else_of_that_name(path: Path, content: bytes):
    """An empty archive, a table, a single array."""
    path.write_bytes(content)
    assert read_plots(path) is None


def forge(path: Path, change: Callable[[dict[str, Any]], object], **arrays: np.ndarray) -> None:
    """Change a good file as a forger would who knows how it is sealed."""
    with np.load(path) as found:
        parts = {**found, **arrays}
    about = json.loads(parts.pop("about").tobytes())
    about["seal"] = ""
    change(about)
    content = b"".join(array.tobytes() for array in parts.values())
    about["seal"] = sha256(written(about) + content).hexdigest()
    text = np.frombuffer(written(about), dtype=np.uint8)
    np.savez_compressed(path, allow_pickle=False, about=text, **parts)


def written(about: dict[str, Any]) -> bytes:
    return json.dumps(about, separators=(",", ":"), ensure_ascii=False).encode()


def put(place: str, value: object) -> Callable[[dict[str, Any]], None]:
    """Set one of the words of a file, such as ``densities.0.x``."""
    *steps, last = (int(step) if step.isdigit() else step for step in place.split("."))

    def change(about: dict[str, Any]) -> None:
        within: Any = about
        for step in steps:
            within = within[step]
        within[last] = value

    return change


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("densities.0.x", "CD45-A (V500)"),
        ("densities.0.y", "β"),
        ("densities.0.says", "10 blasts"),
        ("densities.0.outlines", []),
        ("densities.0.thresholds.0.name", "n" * 40),
        ("histograms.0.negative.role", "cd34_myeloid"),
        ("histograms.0.threshold", -1e7),
        *(("histograms.1.call", str(call)) for call in AntigenCall),
    ],
)
def test_a_seal_is_no_secret(path: Path, place: str, value: object):
    """Anyone can make a file that is read: what it says has to be sound all the same."""
    forge(path, put(place, value))
    assert read_plots(path) is not None


NO_WORDS = (
    "", "CD19 ", "CD\x0b19", "a\x00b", "CD\uffff", "\u202eabc", "a\u2028b", "a\u2029", "\ue000",
    "x\ny", "\x7f", "\u200b", "W" * 200_000,
)  # fmt: skip


WORDS = (
    "densities.0.x", "densities.1.y", "densities.0.says", "densities.0.outlines.0.name",
    "densities.0.thresholds.0.name", "histograms.0.call", "histograms.0.marker",
    "histograms.0.negative.role", "role",
)  # fmt: skip


@pytest.mark.parametrize(
    ("place", "word"),
    [("densities.0.x", word) for word in NO_WORDS] + [(place, "\x0b") for place in WORDS],
)
def test_words_that_cannot_be_drawn(path: Path, place: str, word: str):
    """Control characters, turned or invisible ones, what no XML may hold, words without end."""
    start = {"densities.0.says": "10 blasts", "role": "blasts"}.get(place, "")
    forge(path, put(place, start + word))
    assert read_plots(path) is None


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("role", ""),
        ("role", "t_cells"),
        ("densities", []),
        ("densities.0.x_view", [1.0, 1.0]),
        ("densities.0.y_view", [2.0, 1.0]),
        ("densities.0.x_view", [-1e308, 1e308]),
        ("densities.0.x_view", [1.0, 1.0000000000000002]),
        ("densities.0.x", "n" * 41),
        ("densities.0.says", "9 blasts on nucleated cells"),
        ("densities.0.says", "10 " + "n" * 78),
        ("densities.0.n_events", 11),
        ("densities.1.n_doubt", 2),
        ("densities.0.n_doubt", 10**50),
        ("densities.0.n_doubt", True),
        ("densities.0.outlines.0.points", [[0.0, 0.0], [1.0, 1.0]]),
        ("densities.0.outlines.0.points", [[0.0, 0.0]] * 201),
        ("densities.0.outlines.0.points", [[0.0, 0.0], [1.0, 1.0], [1e8, 0.0]]),
        ("densities.0.outlines", [{"name": "a", "points": [[0.0, 0.0]] * 3}] * 13),
        ("densities.0.thresholds", [{"name": "a", "axis": "x", "at": 0.0}] * 13),
        ("densities.0.thresholds.0.axis", "z"),
        ("densities.0.thresholds.0.at", 1e308),
        ("densities.0.thresholds.0.at", float("nan")),
        ("histograms.0.view", [-1e308, 1e308]),
        ("histograms.0.threshold", 1e308),
        ("histograms.0.threshold", float("inf")),
        ("histograms.0.fraction", 1.1),
        ("histograms.0.marker", "strategy"),
        ("histograms.0.marker", "1"),
        ("histograms.0.marker", "CD22"),
        ("histograms.0.call", "FINE"),
        ("histograms.0.blasts.role", "t_cells"),
        ("histograms.0.blasts.n", 5000),
        ("histograms.0.negative.role", "../x"),
        ("histograms.0.negative.n", 3),
        ("histograms.0.positive.n", 10**40),
    ],
)
def test_numbers_and_names_that_do_not_fit(path: Path, place: str, value: object):
    """Views, counts that contradict each other, one name for two figures, gates without end."""
    forge(path, put(place, value))
    assert read_plots(path) is None


def nothing(_about: dict[str, Any]) -> None:
    """Leave all words as they are."""


def crowded() -> np.ndarray:
    raster = np.zeros((SIDE, SIDE), dtype=np.uint8)
    raster[:, :2] = EVENT
    return raster


@pytest.mark.parametrize(
    "raster",
    [
        np.full((SIDE, SIDE), 77, dtype=np.uint8),
        np.zeros((SIDE, SIDE + 1), dtype=np.uint8),
        np.zeros((2, 2), dtype=np.uint8),
        np.full((SIDE, SIDE), EVENT, dtype=np.uint8),
        np.full((SIDE, SIDE), DOUBT, dtype=np.uint8),
        crowded(),
    ],
)
def test_pixels_that_do_not_fit(path: Path, raster: np.ndarray):
    """Codes without colour, other shapes, and more marks than so few events can make."""
    forge(path, nothing, density_0=raster)
    assert read_plots(path) is None


def damaged(content: bytes, start: bytes) -> bytes:
    """A picture with one bit of a part changed, of which the sum says so."""
    at = content.index(start) + 4
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def with_size(width: int, height: int) -> bytes:
    """A picture that says it were larger, with the right sum."""
    said = b"IHDR" + struct.pack(">II", width, height) + STRATEGY[24:29]
    return STRATEGY[:12] + said + struct.pack(">I", zlib.crc32(said)) + STRATEGY[33:]


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        b"<svg onload='alert(1)'/>" * 9,
        STRATEGY[:20],
        STRATEGY[:-20],
        STRATEGY[:33] + b"\xff" * 60,
        damaged(STRATEGY, b"IHDR"),
        damaged(STRATEGY, b"IDAT"),
        with_size(0, 40),
        with_size(60, 41),
        with_size(60, 39),
        with_size(61, 40),
        STRATEGY + b"more",
        STRATEGY[:-12],
        with_size(2**31 - 1, 2**31 - 1),
        with_size(2**31 - 1, 1),
        with_size(39_000, 39_000),
    ],
)
def test_a_strategy_that_is_no_picture(path: Path, picture: bytes):
    """Nothing that a page or a typesetter would stumble over."""
    forge(path, nothing, strategy=np.frombuffer(picture, dtype=np.uint8))
    assert peak(path) < 20_000_000


def test_words_that_are_no_words(path: Path):
    """Numbers that are none, unknown names, depths without end."""
    parts = parts_of(path)
    for text in (b"[" * 100_000, b'{"layout": NaN}', b"null", b"{}", b"\xff\xfe", b'{"layout": 1}'):
        stream = io.BytesIO()
        np.lib.format.write_array(stream, np.frombuffer(text, dtype=np.uint8), version=(1, 0))
        rewrite(path, {**parts, "about.npy": stream.getvalue()})
        assert read_plots(path) is None
