"""Pictures without the name of their tube."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from cytomon.deidentify.pictures import copy_picture
from cytomon.errors import InputError
from cytomon.gating.figures import draw_strategy
from cytomon.gating.named_pixels import KEYWORD, chunks_of, said, say
from cytomon.gating.stories import Seen, see
from cytomon.pipeline import measure_placed, open_for_gating, place_on


@pytest.fixture(scope="module")
def seen(tubes: Path) -> Seen:
    """A measured tube."""
    opened = open_for_gating(tubes / "blood_a.fcs")
    result = measure_placed(opened, place_on(opened), specimen=None, file="")
    return see(opened.tube, result, opened.events)


def drawn(seen: Seen, png: Path, name: str) -> np.ndarray:
    """The gating strategy of a tube that is called so."""
    draw_strategy(png, replace(seen, result=replace(seen.result, file=name)))
    return pixels(png)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).copy()


@pytest.mark.parametrize("name", ["Quendel_Mary_day28.fcs", "two\nlines/of a name.fcs"])
def test_only_the_name_goes(name: str, seen: Seen, tmp_path: Path):
    """Its pixels become paper, and no other pixel changes."""
    before = drawn(seen, tmp_path / "a.png", name)
    copy_picture(tmp_path / "a.png", tmp_path / "copy.png")

    after = pixels(tmp_path / "copy.png")

    left, upper, right, lower = said((tmp_path / "a.png").read_bytes())
    assert (before[upper:lower, left:right] < 128).any()
    assert (after[upper:lower, left:right] == 255).all()
    changed = (before != after).any(axis=2)
    changed[upper:lower, left:right] = False
    assert not changed.any()
    # what else is dark in the rows of the title are the answers, far from the name
    assert (after[upper:lower, right:] < 128).any() or "\n" in name
    assert (before[:upper] == 255).all()
    assert (before[upper:lower, :left] == 255).all()
    assert (before[upper:lower, right - 3 : right + 8] == 255).all() or "\n" in name
    kinds = {kind for kind, _ in chunks_of((tmp_path / "copy.png").read_bytes())}
    assert kinds == {b"IHDR", b"IDAT", b"IEND"}  # no words, no resolution, no time


def simple(path: Path, colour: str = "white") -> Path:
    Image.new("RGB", (60, 40), colour).save(path)
    return path


def test_a_picture_that_says_nothing_is_refused(tmp_path: Path):
    """As one of another program, or of an earlier version."""
    for path in (simple(tmp_path / "a.png"), tmp_path / "none.png"):
        with pytest.raises(InputError) as refused:
            copy_picture(path, tmp_path / "copy.png")
        assert path.name not in str(refused.value)
    assert not (tmp_path / "copy.png").exists()


def test_a_picture_that_was_changed_is_refused(tmp_path: Path):
    """The sentence of the old picture is not true of the new one."""
    say(simple(tmp_path / "a.png"), (1, 2, 30, 20))
    assert said((tmp_path / "a.png").read_bytes()) == (1, 2, 30, 20)
    with Image.open(tmp_path / "a.png") as picture:
        text = picture.text[KEYWORD]
        words = PngImagePlugin.PngInfo()
        words.add_text(KEYWORD, text)
        picture.putpixel((50, 30), (0, 0, 0))
        picture.save(tmp_path / "b.png", pnginfo=words)

    with pytest.raises(InputError, match="cannot say"):
        copy_picture(tmp_path / "b.png", tmp_path / "copy.png")


@pytest.mark.parametrize("rectangle", [(0, 0, 61, 10), (5, 5, 5, 10), (0, 30, 10, 41)])
def test_pixels_that_are_not_there(rectangle: tuple[int, int, int, int], tmp_path: Path):
    """A rectangle that is none, or reaches out of the picture."""
    say(simple(tmp_path / "a.png"), rectangle)

    with pytest.raises(InputError, match="does not have"):
        copy_picture(tmp_path / "a.png", tmp_path / "copy.png")


def test_damaged_pictures(tmp_path: Path):
    """Cut anywhere, or no picture at all."""
    say(simple(tmp_path / "a.png"), (1, 2, 30, 20))
    content = (tmp_path / "a.png").read_bytes()
    for damaged in (*(content[:n] for n in range(0, len(content) - 12, 7)), b"%PDF-1.7", b"<svg/>"):
        (tmp_path / "b.png").write_bytes(damaged)
        with pytest.raises(InputError):
            copy_picture(tmp_path / "b.png", tmp_path / "copy.png")
