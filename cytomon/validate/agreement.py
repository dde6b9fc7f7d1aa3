"""Agreement of measured and true values: pure functions of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from cytomon.measure.intervals import binomial_interval
from cytomon.model.results import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A number and its 95 % confidence interval, in the number's own unit."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BlandAltman:
    """Differences of pairs.

    Attributes
    ----------
    n : int
        Pairs.
    bias, lower, upper : Interval
        Mean difference and the limits that hold 95 % of the differences.
    sd : float
        Of the differences.
    """

    n: int
    bias: Interval
    sd: float
    lower: Interval
    upper: Interval


def bland_altman(measured: Sequence[float], true: Sequence[float]) -> BlandAltman | None:
    """Bias and limits of agreement of ``measured - true``; None below three pairs.

    Parameters
    ----------
    measured, true : sequence of float
        The pairs, on the scale on which their difference is judged.

    References
    ----------
    .. [1] J. M. Bland, D. G. Altman, "Statistical methods for assessing agreement between two
       methods of clinical measurement", Lancet 327, 307-310, 1986.
    """
    differences = np.asarray(measured, dtype=np.float64) - np.asarray(true, dtype=np.float64)
    n = len(differences)
    if n < 3:
        return None
    bias, sd = float(differences.mean()), float(differences.std(ddof=1))
    t = float(stats.t.ppf(0.975, n - 1))
    of_bias, of_limit = t * sd / np.sqrt(n), t * sd * np.sqrt(3 / n)
    return BlandAltman(
        n=n,
        bias=_around(bias, of_bias),
        sd=sd,
        lower=_around(bias - 1.96 * sd, of_limit),
        upper=_around(bias + 1.96 * sd, of_limit),
    )


def _around(value: float, half: float) -> Interval:
    return Interval(value=value, low=float(value - half), high=float(value + half))


def r_squared(measured: Sequence[float], true: Sequence[float]) -> float | None:
    """Squared correlation; None below three pairs or where either side does not vary."""
    x, y = np.asarray(true, dtype=np.float64), np.asarray(measured, dtype=np.float64)
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return float(np.corrcoef(x, y)[0, 1] ** 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fourfold:
    """Two calls on the same tubes.

    Attributes
    ----------
    both, only_measured, only_true, neither : int
        Tubes that are positive by both, by the measurement alone, by truth alone, by neither.
    """

    both: int
    only_measured: int
    only_true: int
    neither: int

    @property
    def n(self) -> int:
        """Tubes."""
        return self.both + self.only_measured + self.only_true + self.neither

    @property
    def positive_agreement(self) -> Estimate | None:
        """Share of the truly positive tubes that are called so, with its exact interval."""
        return share(self.both, self.both + self.only_true)

    @property
    def negative_agreement(self) -> Estimate | None:
        """Share of the truly negative tubes that are called so, with its exact interval."""
        return share(self.neither, self.neither + self.only_measured)

    @property
    def constant(self) -> str:
        """What makes all tubes alike, in words; empty where both sides vary."""
        margins = {
            "no tube is positive by the measurement": self.both + self.only_measured,
            "no tube is negative by the measurement": self.only_true + self.neither,
            "no tube is positive by truth": self.both + self.only_true,
            "no tube is negative by truth": self.only_measured + self.neither,
        }
        return ", ".join(words for words, tubes in margins.items() if tubes == 0)

    @property
    def kappa(self) -> Interval | None:
        """Cohen's kappa; None where one side has no variation (`constant`): it says nothing there.

        The interval is that of Fleiss, Cohen and Everitt (Psychological Bulletin 72, 1969), no
        further than kappa itself can go.
        """
        if self.n == 0 or self.constant:
            return None
        p = np.array([[self.both, self.only_measured], [self.only_true, self.neither]]) / self.n
        rows, columns = p.sum(axis=1), p.sum(axis=0)
        chance = float(rows @ columns)
        kappa = (float(np.trace(p)) - chance) / (1 - chance)
        weights = columns[:, None] + rows[None, :]  # of cell (i, j): column i and row j
        on = sum(p[i, i] * (1 - (rows[i] + columns[i]) * (1 - kappa)) ** 2 for i in range(2))
        off = (1 - kappa) ** 2 * sum(p[i, j] * weights[i, j] ** 2 for i, j in ((0, 1), (1, 0)))
        spread = on + off - (kappa - chance * (1 - kappa)) ** 2
        half = 1.96 * float(np.sqrt(max(spread, 0.0) / self.n)) / (1 - chance)
        return Interval(value=kappa, low=max(-1.0, kappa - half), high=min(1.0, kappa + half))


def fourfold(measured: Sequence[bool], true: Sequence[bool]) -> Fourfold:
    """Count two calls on the same tubes."""
    pairs = list(zip(measured, true, strict=True))
    return Fourfold(
        both=pairs.count((True, True)),
        only_measured=pairs.count((True, False)),
        only_true=pairs.count((False, True)),
        neither=pairs.count((False, False)),
    )


def share(part: int, whole: int) -> Estimate | None:
    """A share with its exact interval; None of nothing: 0 of 0 is not 0 %."""
    return binomial_interval(part, whole) if whole else None


def median_interval(values: Sequence[float]) -> Interval | None:
    """Median with a distribution-free 95 % interval from ranks; None below six values.

    Notes
    -----
    Ranks by the binomial law with probability one half; of fewer values even the least and the
    greatest do not reach 95 %.
    """
    if len(values) < 6:
        return None
    ranked = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ranked)
    below = int(stats.binom.ppf(0.025, n, 0.5))
    low = below - 1 if stats.binom.cdf(below, n, 0.5) > 0.025 else below
    return Interval(
        value=float(np.median(ranked)), low=float(ranked[low]), high=float(ranked[n - 1 - low])
    )
