"""cytomon as a plugin of napari: FCS files open as a picture, which the gate review takes up."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cytomon.errors import CytomonError

Layers = list[tuple[Any, dict[str, Any], str]]
_SIDE = 256


def get_reader(path: str | Sequence[str]) -> Callable[[str | Sequence[str]], Layers] | None:
    """A reader for one FCS file; None for a stack of files."""
    return read if isinstance(path, str) else None


def read(path: str | Sequence[str]) -> Layers:
    """Open an FCS file as a density of its first two dimensions.

    Parameters
    ----------
    path : str or sequence of str
        The file.

    Returns
    -------
    list
        One layer, whose ``metadata["cytomon"]["path"]`` the gate review takes up. Its name is
        neither the file's nor anybody's: names of files may hold names of people.

    Raises
    ------
    ValueError
        If the file cannot be read without guessing.
    """
    from cytomon.fcs.events import FileEvents
    from cytomon.fcs.intake import open_tube
    from cytomon.gating.source import sample

    one = Path(path if isinstance(path, str) else path[0])
    try:
        events = sample(FileEvents(open_tube(one)), 200_000)
    except CytomonError as error:
        msg = f"{error.what} ({error.where}); {error.fix}"
        raise ValueError(msg) from error
    about = {
        "name": "FCS events",
        "colormap": "gray",
        "blending": "translucent_no_depth",
        "metadata": {"cytomon": {"path": str(one.absolute())}},
    }
    return [(_picture(events), about, "image")]


def _picture(events: np.ndarray) -> np.ndarray:
    """How often events lie where on the first two channels, on a logarithmic scale."""
    if events.shape[1] < 2 or not len(events):
        return np.zeros((_SIDE, _SIDE))
    some = events[np.isfinite(events[:, :2]).all(axis=1), :2]
    ends = [np.quantile(some[:, at], (0.001, 0.999)) if len(some) else (0, 1) for at in (1, 0)]
    limits = [(float(low), float(max(high, low + 1e-9))) for low, high in ends]
    counts, _, _ = np.histogram2d(some[:, 1], some[:, 0], bins=_SIDE, range=limits)
    return np.asarray(np.log1p(counts[::-1]))


def marrow() -> Layers:
    """A simulated marrow with a little leukaemia, in a folder for passing files."""
    from cytomon.simulate.plan import TubePlan
    from cytomon.simulate.tube import simulate_tube, write_tube

    plan = TubePlan(state="BM_m3_BCA", n_events=200_000, seed=8, blasts={"blast_typical": 0.0005})
    folder = Path(tempfile.mkdtemp(prefix="cytomon-"))
    return read(str(write_tube(simulate_tube(plan), folder, "simulated_marrow")))
