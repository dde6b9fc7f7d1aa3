"""What the values of clinical events mean (domain: 1.6, 5.5, 5.9)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from math import inf

M1, M2, M3 = "M1", "M2", "M3"
_OF_CATEGORY: Mapping[str, float] = {M1: 0.0, M2: 0.05, M3: math.nextafter(0.25, 1.0)}
"""The least share of blasts that a category stands for."""


def m_category(percent: float) -> str:
    """M-status of a marrow by its blasts on morphology (domain: 0).

    Parameters
    ----------
    percent : float
        Blasts in percent, 0 to 100.

    Returns
    -------
    str
        ``M1`` below 5, ``M2`` from 5 to 25, ``M3`` above 25.

    Examples
    --------
    >>> [m_category(blasts) for blasts in (4.99, 5.0, 25.0, 25.01)]
    ['M1', 'M2', 'M2', 'M3']
    """
    if percent < 5:
        return M1
    return M2 if percent <= 25 else M3


def burden_band(fraction: float) -> str:
    """Band of the burden before the infusion, as the trial forms them (domain: 0).

    Parameters
    ----------
    fraction : float
        MRD as a fraction of nucleated cells.

    Returns
    -------
    str
        ``<1``, ``1-<15`` or ``>=15`` percent, each closed below and open above.

    Examples
    --------
    >>> [burden_band(share / 100) for share in (0.9999, 1.0, 14.9999, 15.0)]
    ['<1', '1-<15', '1-<15', '>=15']
    """
    if fraction < 0.01:
        return "<1"
    return "1-<15" if fraction < 0.15 else ">=15"


def morphology_fraction(value: str) -> float:
    """Blasts on morphology as a fraction: the number, or the least that a category stands for."""
    if value in _OF_CATEGORY:
        return _OF_CATEGORY[value]
    return float(value.removesuffix("%")) / 100


def morphology_category(value: str) -> str:
    """M-status of a value that names it, or the percentage."""
    return value if value in _OF_CATEGORY else m_category(float(value.removesuffix("%")))


def share(value: str) -> float | None:
    """Share of a FISH or molecular result; None where it names none, as ``positive`` or ``<1 %``.

    Examples
    --------
    >>> share("0.02"), share("2 %"), share("<0.01"), share("positive"), share("negative")
    (0.02, 0.02, None, None, 0.0)
    """
    if value == "negative":
        return 0.0
    if value.startswith("<") or value == "positive":
        return None
    return float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)


def is_found(value: str) -> bool:
    """Whether a FISH or molecular result says that leukaemia was found."""
    return value == "positive" or bool(share(value))


def copies(value: str, unit: str) -> float | None:
    """CAR transgene in copies/ng DNA; None where it is written as below the limit of the assay.

    What was found in another unit is above any limit.

    Examples
    --------
    >>> copies("251.6", "copies/ng"), copies("120", "copies/ug"), copies("<0.1", "")
    (251.6, 0.12, None)
    >>> copies("250", "copies/uL")
    inf
    """
    if value.startswith("<"):
        return None
    amount = float(value)
    per = unit.strip().casefold().replace("µ", "u").replace("μ", "u").rpartition("/")[2]
    if per == "ug":
        return amount / 1000
    # in another unit, as per microlitre of blood, there is no telling how much that is
    return amount if per in {"", "ng"} or not amount else inf
