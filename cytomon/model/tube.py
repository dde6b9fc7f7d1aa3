"""One measured tube: what its file says, and where its events lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cytomon.model.findings import Finding

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


class Role(StrEnum):
    """What a detector measures."""

    SCATTER = "scatter"
    FLUORESCENCE = "fluorescence"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One parameter of an FCS file.

    Attributes
    ----------
    index : int
        Column of the event table, from 0.
    pnn : str
        ``$PnN``, the detector; unique within a tube.
    pns : str
        ``$PnS``, the stain; empty when the file gives none.
    range : float
        ``$PnR``, the upper end of the scale, in channel numbers.
    role : Role
        Scatter, fluorescence or time, by the detector's name.
    decades, offset : float
        ``$PnE``: `decades` > 0 for a logarithmic amplifier (FCS 3.1, 3.2.20), else 0.
    gain : float
        ``$PnG``, the linear amplifier's gain, > 0.
    bits : int
        ``$PnB``, the width of a stored value.
    """

    index: int
    pnn: str
    pns: str
    range: float
    role: Role
    decades: float = 0.0
    offset: float = 0.0
    gain: float = 1.0
    bits: int = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLayout:
    """Where the DATA segment lies in the file and how its bytes are to be read.

    Attributes
    ----------
    begin : int
        Offset of the first byte of the DATA segment in the file.
    datatype : str
        ``F`` (32-bit float), ``D`` (64-bit float) or ``I`` (unsigned integer), ``$DATATYPE``.
    little_endian : bool
        Whether ``$BYTEORD`` names the least significant byte first.
    row_bytes : int
        Bytes of one event.
    file_bytes : int
        Size of the file when it was opened, so that a later change is noticed; 0 when unknown.
    changed_ns : int
        When the file was last changed, in nanoseconds, likewise; nothing is said of a time before
        or after.
    """

    begin: int
    datatype: str
    little_endian: bool
    row_bytes: int
    file_bytes: int = 0
    changed_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spillover:
    """The spillover matrix of a tube.

    Attributes
    ----------
    detectors : tuple of str
        ``$PnN`` of the compensated channels, in the order of the matrix.
    matrix : ndarray, shape (n_detectors, n_detectors)
        Row *i* is the spectrum of the fluorochrome of detector *i*; read-only.
    keyword : str
        The keyword it came from, or the name of a stored matrix.
    """

    detectors: tuple[str, ...]
    matrix: FloatArray
    keyword: str

    def __post_init__(self) -> None:
        n = len(self.detectors)
        if self.matrix.shape != (n, n):
            msg = f"a spillover matrix of {n} detectors has shape {self.matrix.shape}"
            raise ValueError(msg)
        matrix = np.array(self.matrix, dtype=np.float64)
        matrix.flags.writeable = False
        object.__setattr__(self, "matrix", matrix)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tube:
    """One data set of an FCS file, checked, with its events still on disk.

    Attributes
    ----------
    path : Path
        The file.
    dataset : int
        Number of the data set in the file, from 1.
    n_datasets : int
        How many data sets the file holds.
    sha256 : str
        Of the whole file: the tube's identity, with `dataset`.
    version : str
        ``FCS2.0``, ``FCS3.0``, ``FCS3.1`` or ``FCS3.2``.
    n_events : int
        Events in the DATA segment.
    channels : tuple of Channel
        In file order.
    spillover : Spillover or None
        None when the file carries no matrix.
    keywords : mapping of str to str
        The whole TEXT segment, keys in upper case. May identify a person: never print it.
    layout : DataLayout
        How to read the events (`cytomon.fcs.read`).
    findings : tuple of Finding
        What was forgiven while reading.
    """

    path: Path
    dataset: int
    n_datasets: int
    sha256: str
    version: str
    n_events: int
    channels: tuple[Channel, ...]
    spillover: Spillover | None
    keywords: Mapping[str, str] = field(repr=False)
    layout: DataLayout
    findings: tuple[Finding, ...] = ()

    @property
    def name(self) -> str:
        """The file's name, with ``#n`` where the file holds several data sets."""
        return self.path.name if self.n_datasets == 1 else f"{self.path.name}#{self.dataset}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Which column of a tube holds which marker.

    Attributes
    ----------
    columns : mapping of str to int
        Canonical name to column: markers (``CD19``, ``CD66c+CD123``, ``Viability``), scatter
        (``FSC-A``, ``FSC-H``, ``FSC-W``, ``SSC-A``, ``SSC-H``, ``SSC-W``) and ``Time``.
    fluorochromes : mapping of str to str
        Marker to fluorochrome, where ``$PnS`` or the mapping names one.
    findings : tuple of Finding
        Unknown stains and what else was noticed.
    """

    columns: Mapping[str, int]
    fluorochromes: Mapping[str, str]
    findings: tuple[Finding, ...] = ()
