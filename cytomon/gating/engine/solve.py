"""FlowKit's compensation of some events, in the company that decides the last bits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flowutils.compensate import compensate

from cytomon.model.tube import FloatArray

_COMPANY = 16
"""The solve takes events in groups; the odd ones at the end may differ in the last bit."""


def in_the_midst(events: FloatArray, spill: FloatArray, indices: Sequence[int]) -> FloatArray:
    """Compensate each event as one in the midst of a file: no group is left incomplete."""
    if not len(events):
        return events.copy()
    more = np.repeat(events[-1:], -len(events) % _COMPANY, axis=0)
    solved = compensate(np.concatenate([events, more]), spill, list(indices))
    return np.asarray(solved[: len(events)])


def each_alone(events: FloatArray, spill: FloatArray, indices: Sequence[int]) -> FloatArray:
    """Compensate each event as the only one of a file."""
    found = events.copy()
    found[:, indices] = np.linalg.solve(spill.T, events[:, indices][:, :, np.newaxis])[:, :, 0]
    return found
