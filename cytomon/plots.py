"""Key plots on the disk: a small sealed file for each analysis, which is trusted as far as it fits.

The name of a file is the hash of all that the analysis depends on: the file is never of other gates
than the result it belongs to. What is read has to be, part by part, what would have been written:
nothing in a stranger's file is run, and nothing is unpacked that is larger than expected.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from cytomon.gating.key_plots import (
    ANTIGENS,
    BINS,
    DOUBT,
    EVENT,
    LEVELS,
    MOST_DENSITIES,
    SIDE,
    AntigenHistogram,
    DensityPlot,
    Histogram,
    KeyPlots,
)
from cytomon.tables import whole

FOLDER = "plots"
LAYOUT = 1
MOST_BYTES = 4_000_000
"""Of a file, and of each part unpacked: far more than a tube needs."""
_ABOUT, _STRATEGY = "about", "strategy"
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_LEAST_PNG = 57
"""Bytes of a picture that has its size, pixels and end."""
_ROLES = ("blasts", "negative", "positive")
_CODES = (*range(LEVELS + 1), DOUBT, EVENT)
_ANY_SYSTEM = 3
"""Of which the file says it was made: the same on all of them."""
_PIXELS, _COUNTS = np.dtype("|u1"), np.dtype("<u4")

Array = NDArray[Any]
_Count = Annotated[int, Field(ge=0)]
_Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class _Density(_Strict):
    x: str
    y: str
    x_view: tuple[float, float]
    y_view: tuple[float, float]
    says: str
    n_events: _Count
    n_doubt: _Count


class _Population(_Strict):
    role: str
    n: _Count


class _Antigen(_Strict):
    marker: str
    view: tuple[float, float]
    blasts: _Population
    negative: _Population | None
    positive: _Population | None
    threshold: float | None
    call: str
    fraction: _Share | None


class _About(_Strict):
    """What stands beside the pixels and counts."""

    layout: int
    analysis: str
    densities: Annotated[tuple[_Density, ...], Field(max_length=MOST_DENSITIES)]
    histograms: Annotated[tuple[_Antigen, ...], Field(max_length=len(ANTIGENS))]
    seal: str = ""


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
    except (OSError, ValueError, KeyError, RuntimeError, EOFError, BadZipFile, zlib.error):
        # RuntimeError: what is encrypted, or packed in a way that Python does not know
        return None


def _about(analysis: str, plots: KeyPlots) -> _About:
    return _About(
        layout=LAYOUT,
        analysis=analysis,
        densities=tuple(
            _Density(**{name: getattr(one, name) for name in _Density.model_fields})
            for one in plots.densities
        ),
        histograms=tuple(
            _Antigen(
                marker=one.marker,
                view=one.view,
                blasts=_Population(role=one.blasts.role, n=one.blasts.n),
                negative=_population(one.negative),
                positive=_population(one.positive),
                threshold=one.threshold,
                call=one.call,
                fraction=one.fraction,
            )
            for one in plots.histograms
        ),
    )


def _population(shown: Histogram | None) -> _Population | None:
    return None if shown is None else _Population(role=shown.role, n=shown.n)


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


def _seal(about: _About, arrays: Mapping[str, Array]) -> str:
    said = about.model_copy(update={"seal": ""}).model_dump_json().encode()
    return sha256(b"".join([said, *(array.tobytes() for array in arrays.values())])).hexdigest()


def _pixels(content: bytes) -> Array:
    return np.frombuffer(content, dtype=_PIXELS)


def _packed(array: Array) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def _read(archive: ZipFile, analysis: str) -> KeyPlots:
    about = _About.model_validate_json(_row(archive, _ABOUT).tobytes())
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


def _refuse_unsound(about: _About, arrays: Mapping[str, Array], analysis: str) -> None:
    views = [view for one in about.densities for view in (one.x_view, one.y_view)]
    views += [one.view for one in about.histograms]
    rasters = [arrays[f"density_{number}"] for number, _ in enumerate(about.densities)]
    sound = (
        about.layout == LAYOUT
        and about.analysis == analysis
        and about.seal == _seal(about, arrays)
        and all(low < high for low, high in views)
        and all(np.isin(raster, _CODES).all() for raster in rasters)
        and arrays[_STRATEGY].tobytes().startswith(_PNG)
        and len(arrays[_STRATEGY]) >= _LEAST_PNG
    )
    if not sound:
        raise ValueError("not what was written for this analysis by this layout")


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


def _plots(about: _About, arrays: Mapping[str, Array]) -> KeyPlots:
    return KeyPlots(
        densities=tuple(
            DensityPlot(**dict(one), raster=arrays[f"density_{number}"])
            for number, one in enumerate(about.densities)
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


def _histogram(
    about: _Antigen, role: str, number: int, arrays: Mapping[str, Array]
) -> Histogram | None:
    said: _Population | None = getattr(about, role)
    if said is None:
        return None
    return Histogram(role=said.role, n=said.n, counts=arrays[f"{role}_{number}"])
