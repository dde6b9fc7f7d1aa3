"""The label of every event, beside the file it belongs to."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cytomon.model.tube import BoolArray
from cytomon.simulate.populations import LabelArray

SUFFIX = ".truth.npz"
# The zip format's first day: a sidecar must not know when it was written.
NO_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labels:
    """What each event of a tube is.

    Attributes
    ----------
    labels : ndarray of uint8, shape (n_events,)
        Position in `names`.
    names : tuple of str
        Of populations and artefacts.
    in_clog : ndarray of bool, shape (n_events,)
        Whether the event lies in the disturbed part of the run.
    """

    labels: LabelArray
    names: tuple[str, ...]
    in_clog: BoolArray

    def of(self, *names: str) -> BoolArray:
        """Events that carry one of these labels; an unknown name is a `ValueError`."""
        return np.isin(self.labels, [self.names.index(name) for name in names])


def write_labels(path: Path, labels: Labels) -> None:
    """Write an npz archive whose bytes depend on its arrays alone: no clock, no compression."""
    arrays = {
        "labels": labels.labels,
        "in_clog": labels.in_clog,
        "label_names": np.array(labels.names),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", date_time=NO_DATE), buffer.getvalue())


def read_labels(fcs: Path) -> Labels:
    """Read the labels that lie beside a simulated file.

    Parameters
    ----------
    fcs : Path
        The FCS file, ``stem.fcs``; its labels are in ``stem.truth.npz``.
    """
    with np.load(fcs.with_suffix(SUFFIX), allow_pickle=False) as arrays:
        return Labels(
            labels=arrays["labels"],
            names=tuple(str(name) for name in arrays["label_names"]),
            in_clog=arrays["in_clog"],
        )
