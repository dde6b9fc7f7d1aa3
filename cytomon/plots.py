"""Key plots on the disk: a small sealed file for each analysis, which is trusted as far as it fits.

The name of a file is the hash of all that the analysis depends on. Its seal shows damage, and not
who wrote it: whether plots are of a result, `cytomon.drawings` compares. What is read has to be,
part by part, what could have been written: nothing in a stranger's file is run, nothing is unpacked
that is larger than expected, and no word, number or picture is such that it could not be drawn.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

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
    most_pixels,
)
from cytomon.gating.stories import (
    Outline,
    Threshold,
)
from cytomon.plots_about import (
    About,
    AntigenAbout,
    DensityAbout,
    PopulationAbout,
)
from cytomon.tables import whole

FOLDER = "plots"
LAYOUT = 2
MOST_BYTES = 4_000_000
"""Of a file, and of each part unpacked: far more than a tube needs."""
_ABOUT, _STRATEGY = "about", "strategy"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG = _SIGNATURE + b"\x00\x00\x00\rIHDR"
_LAST_FILTER = 4
_MOST_PIXELS = 40_000_000
"""Of the picture of a gating strategy: ten times what the longest template needs."""
_ROLES = ("blasts", "negative", "positive")
_CODES = (*range(LEVELS + 1), DOUBT, EVENT)
_ANY_SYSTEM = 3
"""Of which the file says it was made: the same on all of them."""
_PIXELS, _COUNTS = np.dtype("|u1"), np.dtype("<u4")

Array = NDArray[Any]


def plots_path(out: Path, analysis: str) -> Path:
    """Where the key plots of an analysis lie in a folder of results."""
    return out / FOLDER / f"{analysis}.npz"


def keep_plots(path: Path, plots: KeyPlots) -> None:
    """Write key plots in full or not at all; equal plots give equal bytes.

    Parameters
    ----------
    path : Path
        Of `plots_path`; the name is sealed with the content.
    plots : KeyPlots
        What to write.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    about, arrays = _about(path.stem, plots), dict(_arrays(plots))
    sealed = about.model_copy(update={"seal": _seal(about, arrays)})
    text = _pixels(sealed.model_dump_json().encode())
    with whole(path) as part, ZipFile(part, "w") as archive:
        for name, array in {_ABOUT: text, **arrays}.items():
            entry = ZipInfo(f"{name}.npy")  # of a fixed date
            entry.compress_type, entry.create_system = ZIP_DEFLATED, _ANY_SYSTEM
            archive.writestr(entry, _packed(array))


def read_plots(path: Path) -> KeyPlots | None:
    """Read key plots; None for a file that is missing, damaged, of another name or another layout.

    Notes
    -----
    Whatever lies there, at most `MOST_BYTES` are read of it, and as many unpacked of each part.
    """
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            return None
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES)
        with ZipFile(io.BytesIO(content)) as archive:
            return _read(archive, path.stem)
    except (
        OSError, ValueError, KeyError, RuntimeError, EOFError, BadZipFile, zlib.error, struct.error,
    ):  # fmt: skip
        # RuntimeError: what is encrypted, or packed in a way that Python does not know
        return None


def _about(analysis: str, plots: KeyPlots) -> About:
    return About(
        layout=LAYOUT,
        analysis=analysis,
        role=plots.role,
        densities=tuple(DensityAbout.model_validate(one) for one in plots.densities),
        histograms=tuple(AntigenAbout.model_validate(one) for one in plots.histograms),
    )


def _arrays(plots: KeyPlots) -> Iterator[tuple[str, Array]]:
    """Pixels and counts by their names, in the order in which they are sealed."""
    for number, density in enumerate(plots.densities):
        yield f"density_{number}", density.raster.astype(_PIXELS)
    for number, antigen in enumerate(plots.histograms):
        for role in _ROLES:
            shown: Histogram | None = getattr(antigen, role)
            if shown is not None:
                yield f"{role}_{number}", shown.counts.astype(_COUNTS)
    yield _STRATEGY, _pixels(plots.strategy)


def _seal(about: About, arrays: Mapping[str, Array]) -> str:
    said = about.model_copy(update={"seal": ""}).model_dump_json().encode()
    return sha256(b"".join([said, *(array.tobytes() for array in arrays.values())])).hexdigest()


def _pixels(content: bytes) -> Array:
    return np.frombuffer(content, dtype=_PIXELS)


def _packed(array: Array) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def _read(archive: ZipFile, analysis: str) -> KeyPlots:
    about = About.model_validate_json(_row(archive, _ABOUT).tobytes())
    arrays: dict[str, Array] = {}
    for number, _ in enumerate(about.densities):
        name = f"density_{number}"
        arrays[name] = _array(_member(archive, name), _PIXELS, (SIDE, SIDE))
    for number, antigen in enumerate(about.histograms):
        for role in _ROLES:
            if getattr(antigen, role) is not None:
                name = f"{role}_{number}"
                arrays[name] = _array(_member(archive, name), _COUNTS, (BINS,))
    arrays[_STRATEGY] = _row(archive, _STRATEGY)
    _refuse_unsound(about, arrays, analysis)
    if len(archive.namelist()) != len(arrays) + 1:
        raise ValueError("there is more in the file")
    return _plots(about, arrays)


def _refuse_unsound(about: About, arrays: Mapping[str, Array], analysis: str) -> None:
    sound = (
        about.layout == LAYOUT
        and about.analysis == analysis
        and about.seal == _seal(about, arrays)
        and all(_fits(one, arrays[f"density_{n}"]) for n, one in enumerate(about.densities))
        and all(said.n >= total for said, total in _totals(about, arrays))
        and _is_picture(arrays[_STRATEGY].tobytes())
    )
    if not sound:
        raise ValueError("not what was written for this analysis by this layout")


def _fits(about: DensityAbout, raster: Array) -> bool:
    """Whether each code has a colour, and no more pixels are marked than its events can mark."""
    marked, doubted = (int(np.count_nonzero(raster == code)) for code in (EVENT, DOUBT))
    return (
        bool(np.isin(raster, _CODES).all())
        and marked <= most_pixels(about.n_events)
        and doubted <= most_pixels(about.n_doubt)
    )


def _totals(about: About, arrays: Mapping[str, Array]) -> Iterator[tuple[PopulationAbout, int]]:
    """Each population of a histogram with the sum of its bins, which leave out what has no L."""
    for number, antigen in enumerate(about.histograms):
        for role in _ROLES:
            said: PopulationAbout | None = getattr(antigen, role)
            if said is not None:
                yield said, int(arrays[f"{role}_{number}"].sum(dtype=np.uint64))


def _is_picture(content: bytes) -> bool:
    """Whether it is a whole picture with a palette, as the batch writes it: nothing more or less.

    Notes
    -----
    Programs that draw it stumble over less than what they forgive each other: a wrong sum, a row
    too few. It is unpacked no further than its size says.
    """
    if not content.startswith(_PNG):
        return False
    names, parts = zip(*_chunks(content), strict=True)
    width, height, depth, *kind = struct.unpack(">IIBBBBB", parts[0])
    row = 1 + (width * depth + 7) // 8
    if (
        names != ("IHDR", "PLTE", *["IDAT"] * (len(names) - 3), "IEND")
        or kind != [3, 0, 0, 0]
        or depth not in {1, 2, 4, 8}
        or len(parts[1]) not in range(3, 769, 3)
        or not 0 < height * width <= _MOST_PIXELS
    ):
        return False
    unpacking = zlib.decompressobj()
    pixels = unpacking.decompress(b"".join(parts[2:]), row * height + 1)
    filters = np.frombuffer(pixels, dtype=_PIXELS)[::row]
    return unpacking.eof and len(pixels) == row * height and bool((filters <= _LAST_FILTER).all())


def _chunks(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Parts of a PNG (specification, 5.3), each with the right sum; nothing behind the last."""
    at = len(_SIGNATURE)
    while at < len(content):
        length, name = struct.unpack_from(">I4s", content, at)
        inside = content[at + 8 : at + 8 + length]
        (total,) = struct.unpack_from(">I", content, at + 8 + length)
        if total != zlib.crc32(inside, zlib.crc32(name)):
            raise ValueError(f"damaged at {at}")
        yield name.decode("ascii"), inside
        at += 12 + length


def _member(archive: ZipFile, name: str) -> bytes:
    """A part of the file, no longer than it says it is, and never longer than a part may be."""
    entry = archive.getinfo(f"{name}.npy")
    # other ways of packing are unpacked in one go, whatever the length
    if entry.compress_type != ZIP_DEFLATED or entry.file_size > MOST_BYTES:
        raise ValueError("not packed as it should be")
    with archive.open(entry) as stream:
        content = stream.read(MOST_BYTES)
    if len(content) != entry.file_size:
        raise ValueError("not as long as it says")
    return content


def _row(archive: ZipFile, name: str) -> Array:
    """A part of any length."""
    content = _member(archive, name)
    return _array(content, _PIXELS, (len(content) - len(_start(_PIXELS, (MOST_BYTES,))),))


def _array(content: bytes, kind: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """An array of the shape that is expected; the file's own word on it is compared, never run."""
    start = _start(kind, shape)
    if not content.startswith(start):
        raise ValueError("an array of another kind")
    return np.frombuffer(content, dtype=kind, offset=len(start)).reshape(shape)


def _start(kind: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    stream = io.BytesIO()
    said = {"descr": kind.str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, said)
    return stream.getvalue()


def _plots(about: About, arrays: Mapping[str, Array]) -> KeyPlots:
    return KeyPlots(
        role=about.role,
        densities=tuple(
            _density(one, arrays[f"density_{number}"]) for number, one in enumerate(about.densities)
        ),
        histograms=tuple(
            AntigenHistogram(
                **{
                    **dict(one),
                    **{role: _histogram(one, role, number, arrays) for role in _ROLES},
                }
            )
            for number, one in enumerate(about.histograms)
        ),
        strategy=arrays[_STRATEGY].tobytes(),
    )


def _density(about: DensityAbout, raster: Array) -> DensityPlot:
    said = {
        **dict(about),
        "outlines": tuple(Outline(**dict(one)) for one in about.outlines),
        "thresholds": tuple(Threshold(**dict(one)) for one in about.thresholds),
    }
    return DensityPlot(**said, raster=raster)


def _histogram(
    about: AntigenAbout, role: str, number: int, arrays: Mapping[str, Array]
) -> Histogram | None:
    said: PopulationAbout | None = getattr(about, role)
    if said is None:
        return None
    return Histogram(role=said.role, n=said.n, counts=arrays[f"{role}_{number}"])
