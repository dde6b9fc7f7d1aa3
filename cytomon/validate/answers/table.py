"""A table as it is read, and how numbers are written in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cytomon.model.results import Estimate
from cytomon.validate.agreement import Interval

NOTHING = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Words and numbers for the page.

    Attributes
    ----------
    title, note : str
        What it shows, and how to read it.
    columns : tuple of str
        Heads, with units.
    rows : tuple of tuple of str
        As many cells as heads.
    """

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            msg = f"{self.title}: a row does not have {len(self.columns)} cells"
            raise ValueError(msg)


def number(value: float | None, digits: int = 3) -> str:
    """A number with significant digits; a dash for none."""
    if value is None:
        return NOTHING
    text = f"{value:.{digits}g}"
    return f"{value:.0f}" if "e" in text and 1 <= abs(value) < 1e7 else text


def per_million(value: float | None) -> str:
    """A fraction as events per million."""
    return NOTHING if value is None else f"{1e6 * value:.1f}"


def rate(value: float | None) -> str:
    """A fraction as events per million, as many digits as it needs: a level, or between levels."""
    return NOTHING if value is None else number(1e6 * value)


def determination(value: float | None) -> str:
    """R², with so many digits that nothing below 1 reads 1."""
    if value is None:
        return NOTHING
    digits = next((n for n in range(4, 12) if round(value, n) < 1), 4)
    return f"{value:.{digits}f}"


def percent(value: float | None, digits: int = 1) -> str:
    """A fraction in percent."""
    return NOTHING if value is None else f"{100 * value:.{digits}f} %"


def level(value: float | None) -> str:
    """A fraction of blasts in percent, as many digits as it needs."""
    return NOTHING if value is None else f"{100 * value:.3g} %"


def part(count: int, whole: int) -> str:
    """``3 of 40``; a dash of nothing."""
    return f"{count} of {whole}" if whole else NOTHING


def plain(value: float | None) -> str:
    """A share with three decimals; a dash for none."""
    return NOTHING if value is None else f"{value:.3f}"


def with_interval(value: Estimate | Interval | None, digits: int = 3) -> str:
    """A number and its interval."""
    if value is None:
        return NOTHING
    return f"{value.value:.{digits}f} ({value.low:.{digits}f} to {value.high:.{digits}f})"


def median(values: Sequence[float]) -> float | None:
    """Middle of the values; None of nothing."""
    ranked = sorted(values)
    if not ranked:
        return None
    middle = len(ranked) // 2
    return ranked[middle] if len(ranked) % 2 else (ranked[middle - 1] + ranked[middle]) / 2


def known(values: Iterable[float | None]) -> list[float]:
    """The values that are there."""
    return [value for value in values if value is not None]
