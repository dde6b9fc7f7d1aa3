"""A picture of a gating strategy without the pixels that name its tube."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cytomon.errors import InputError
from cytomon.gating.named_pixels import Rectangle, said

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_BYTES: Final = 100_000_000
_PAPER: Final = (255, 255, 255)


def copy_picture(source: Path, target: Path) -> None:
    """Draw a picture again, with paper where the name of its tube stood.

    Parameters
    ----------
    source : Path
        A PNG that ``cytomon batch`` has drawn and nobody has changed.
    target : Path
        The copy: pixels, and no words beside them.

    Raises
    ------
    InputError
        If the picture does not say which of its pixels name the tube, or cannot be read.
    """
    try:
        with source.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _refused(f"the picture cannot be read: {error.strerror}") from error
    rectangle = said(content) if len(content) <= _MOST_BYTES else None
    if rectangle is None:
        raise _refused("the picture cannot say which of its pixels name a tube or a person")
    _painted(content, rectangle).save(target, format="PNG")


def _painted(content: bytes, rectangle: Rectangle) -> Image:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            # a new picture takes over pixels only, not what the old one has beside them
            copy = Image.new("RGB", picture.size, _PAPER)
            copy.paste(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _refused("the picture cannot be decoded") from error
    left, upper, right, lower = rectangle
    if not (left < right <= copy.width and upper < lower <= copy.height):
        raise _refused("the picture names pixels that it does not have")
    copy.paste(_PAPER, rectangle)
    return copy


def _refused(what: str) -> InputError:
    return InputError(
        what,
        where="a picture",
        fix="let cytomon batch draw it again: remove the picture, and run with --figures all",
    )
