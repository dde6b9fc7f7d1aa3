"""Whether the stored spillover matrix fits the dyes: what is left of one dye on another's detector.

With the right matrix a cell's second colour does not depend on how bright its first one is, as long
as all the cells are of one kind. A slope that is left over is an error of the matrix.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cytomon.model.findings import Finding, Severity
from cytomon.model.tube import FloatArray

LEAST_EVENTS = 120
_GROUPS = 6
_BRIGHT = 1500.0
_MEDIAN_TO_MEAN = math.sqrt(math.pi / 2)
_MAD_TO_SD = 1.4826
_SURE = 3.5
_LEAST_ERROR = 0.08
_LEAST_SLOPE = 0.01
_LEAST_SPREAD = 1e-3
_BELOW_ZERO = -0.15
_ABOVE_ZERO = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """What is left of one dye on another's detector, after compensation.

    Attributes
    ----------
    population : str
        Name of the gate.
    of, on : str
        Bright marker and second marker.
    slope, error : float
        Linear units of the second per linear unit of the first, and the standard error.
    stored : float
        The matrix entry for the two detectors.
    """

    population: str
    of: str
    on: str
    slope: float
    error: float
    stored: float

    @property
    def wrong(self) -> bool:
        """Whether the near end of the slope's interval is more than the matrix may be off."""
        near = abs(self.slope) - _SURE * self.error
        return near > max(_LEAST_ERROR * self.stored, 0.0 if self.stored else _LEAST_SLOPE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dark:
    """A population on a marker that it does not carry.

    Attributes
    ----------
    population, marker : str
        Name of its gate, and the marker.
    found : float
        Its median, on the template's scale.
    n_events : int
        Behind the median.
    """

    population: str
    marker: str
    found: float
    n_events: int


def leak(bright: FloatArray, second: FloatArray) -> tuple[float, float] | None:
    """Slope of a second colour on a bright one in a pure population.

    Parameters
    ----------
    bright, second : ndarray of float64, shape (n_events,)
        Compensated linear values.

    Returns
    -------
    tuple of float or None
        Slope and standard error; None with fewer than 120 events, or where the first colour is not
        bright: the noise of a dim colour is subtracted with it and fakes a slope below zero.

    Notes
    -----
    A weighted straight line through the medians of six groups of equal size, from the dimmest cells
    to the brightest: a few strange cells do not move it, and neither does noise that grows with
    the signal.
    """
    if len(bright) < LEAST_EVENTS or float(np.median(bright)) < _BRIGHT:
        return None
    groups = np.array_split(np.argsort(bright, kind="stable"), _GROUPS)
    x = np.array([np.median(bright[group]) for group in groups])
    y = np.array([np.median(second[group]) for group in groups])
    weights = np.array([_median_error(second[group]) for group in groups]) ** -2.0
    away = x - np.average(x, weights=weights)
    run = float(np.sum(weights * away**2))
    if not run > 0:
        return None
    return float(np.sum(weights * away * y)) / run, run**-0.5


def _median_error(values: FloatArray) -> float:
    spread = _MAD_TO_SD * float(np.median(np.abs(values - np.median(values))))
    return max(_MEDIAN_TO_MEAN * spread / math.sqrt(len(values)), _LEAST_SPREAD)


def check_matrix(leaks: Sequence[Leak], dark: Sequence[Dark], *, where: str) -> Iterator[Finding]:
    """Notice a matrix that compensates too much or too little.

    Parameters
    ----------
    leaks : sequence of Leak
        One for each pair of detectors that could be looked at.
    dark : sequence of Dark
        Populations on markers that they do not carry.
    where : str
        The tube, for the finding.

    Notes
    -----
    A pair is named when its spill is certainly more than 8 % of the stored one off; where nothing
    is stored, from 1 % of the bright signal on. Of several populations the surest speaks for the
    pair. A dark population is named below -0.15 L, which no
    biology explains, and above 1.0 L; between zero and there lie autofluorescence and weak
    antigen.
    """
    pairs: dict[tuple[str, str], Leak] = {}
    for one in sorted(leaks, key=lambda one: one.error):
        if one.wrong:
            pairs.setdefault((one.of, one.on), one)
    said = [_say_leak(one) for one in pairs.values()]
    said += [
        f"{one.population} lie at {one.found:+.2f} L on {one.marker}, which they do not carry"
        for one in dark
        if not _BELOW_ZERO <= one.found <= _ABOVE_ZERO
    ]
    if said:
        yield Finding(
            code="MATRIX_DOUBTFUL",
            severity=Severity.WARNING,
            what=f"the spillover matrix does not fit: {'; '.join(said)}",
            where=where,
            fix="look at the two colours of each pair; ask whether the compensation belongs to "
            "this day and these antibodies, and export the tube with the right one",
        )


def _say_leak(one: Leak) -> str:
    amount = "too little" if one.slope > 0 else "too much"
    share = f"{abs(one.slope / one.stored):.0%} of what is stored" if one.stored else "none stored"
    return (
        f"of {one.of} into {one.on}, {amount} is taken away "
        f"({abs(one.slope):.4f} of the signal, {share}; seen on {one.population})"
    )
