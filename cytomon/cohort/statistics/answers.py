"""What a test of statistics says."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# eigenvalues of a covariance below this share of its greatest are rounding
_ROUNDING = 1e-10


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a comparison.

    Attributes
    ----------
    name : str
        As it was given.
    n : int
        Persons.
    observed : float
        Events seen in the group.
    expected : float
        Events it would have had if the groups did not differ.
    """

    name: str
    n: int
    observed: float
    expected: float


@dataclass(frozen=True, slots=True)
class Test:
    """A statistic with its p-value.

    Attributes
    ----------
    statistic : float
        Of a chi-square, unless the function that made it says otherwise; NaN where the data
        cannot tell the groups apart (no event, one group, or never two at risk together).
    degrees : int
        Degrees of freedom; 0 where nothing can be told, and for an exact test.
    p : float
        Two-sided, in [0, 1], or NaN together with `statistic`.
    groups : tuple of Group
        What was compared, in the order of their names; empty where nothing is grouped.
    """

    __test__ = False  # the word is pytest's too

    statistic: float
    degrees: int
    p: float
    groups: tuple[Group, ...] = ()


def score_test(covariance: FloatArray, groups: tuple[Group, ...]) -> Test:
    """Chi-square of observed minus expected, over all groups at once.

    Parameters
    ----------
    covariance : ndarray, shape (n_groups, n_groups)
        Of observed minus expected. Its rows sum to zero, so no group has to be left out by
        hand: the generalised inverse gives the same statistic whichever one is dropped.
    groups : tuple of Group
        With the observed and expected events.

    Returns
    -------
    Test
        With as many degrees as the covariance has directions.

    Examples
    --------
    >>> pair = (Group("a", 9, 6.0, 4.0), Group("b", 9, 4.0, 6.0))
    >>> found = score_test(np.array([[2.0, -2.0], [-2.0, 2.0]]), pair)
    >>> round(found.statistic, 4), found.degrees, round(found.p, 4)
    (2.0, 1, 0.1573)
    """
    from scipy.stats import chi2

    scores = np.array([group.observed - group.expected for group in groups])
    sizes, directions = np.linalg.eigh(covariance)
    told = sizes > max(sizes[-1], 0.0) * _ROUNDING
    degrees = int(told.sum())
    if not degrees:
        return Test(math.nan, 0, math.nan, groups)
    statistic = float(np.sum((scores @ directions[:, told]) ** 2 / sizes[told]))
    return Test(statistic, degrees, float(chi2.sf(statistic, degrees)), groups)
