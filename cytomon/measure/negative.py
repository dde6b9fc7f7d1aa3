"""Where cells that lack an antigen end."""

from __future__ import annotations

import numpy as np

from cytomon.model.tube import FloatArray

_MAD_TO_SD = 1.4826


def upper_edge(values: FloatArray) -> float:
    """Median and three robust standard deviations of negative cells, on their scale.

    Not a percentile: T cells that took CD19 from blasts raise the 99.5th percentile to dim blasts.
    """
    median = float(np.median(values))
    return median + 3 * _MAD_TO_SD * float(np.median(np.abs(values - median)))
