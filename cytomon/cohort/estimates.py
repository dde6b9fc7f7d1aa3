"""What an analysis of a cohort says: rows of estimates.csv, and the curves behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from math import isnan

from cytomon.cohort.statistics.answers import Test
from cytomon.cohort.statistics.curve import Curve, Point
from cytomon.measure.intervals import binomial_interval
from cytomon.tables import Row

ALL = "all_itt"
CENSOR_AT_HCT = "censor_at_hct"
NEVER_HCT = "never_hct_subset (biased)"
TD_HCT = "td_hct_display"
TIMES = (183, 365, 730)
"""Days at which curves are read off, beside the horizon of the definitions."""


def landmark(day: int) -> str:
    """Estimand of those who came event-free to a day."""
    return f"landmark({day})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One row of estimates.csv.

    Attributes
    ----------
    analysis, group : str
        What was asked, and of whom.
    estimand : str
        What the number is an estimate of.
    time_days : int or None
        Day after the infusion.
    n, n_events : int or None
        Patients, and those of them with the event up to the day.
    estimate, ci_low, ci_high : float or None
        A fraction, a hazard ratio or days, with its 95 % interval; None where it cannot be said.
    p_value : float or None
        Two-sided.
    method : str
        How, and where there is no estimate why.
    """

    analysis: str
    group: str
    estimand: str
    time_days: int | None = None
    n: int | None = None
    n_events: int | None = None
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    method: str

    def row(self) -> Row:
        """Cells by column."""
        return {one.name: _cell(getattr(self, one.name)) for one in fields(self)}


def _cell(value: object) -> str:
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


ESTIMATE_COLUMNS = tuple(one.name for one in fields(Estimate))


_NO_EVENT = "; no event so far: exact binomial limit of the {} still at risk"
_NO_LIMITS = "; nobody is left: no limits"
_NOBODY = "; nobody was under observation then: cannot say"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """A curve with what it is a curve of.

    Attributes
    ----------
    analysis, group, estimand : str
        As in `Estimate`.
    curve : Curve
        The steps.
    begins : int
        Day before which it says nothing.
    """

    analysis: str
    group: str
    estimand: str
    curve: Curve
    begins: int = 0

    def read_off(self, days: Sequence[int], *, always: int) -> Iterator[Estimate]:
        """The curve at some days; where nobody is left to say, only at the one of `always`."""
        for day in days:
            point, why = self.curve.at(day), ""
            if point.estimate is None or day < self.begins:
                point, why = replace(point, estimate=None, low=None, high=None), _NOBODY
            if why and day != always:
                continue
            if not why and not point.events:
                why = _NO_EVENT.format(point.at_risk)
                point = _without_events(point, self.curve.start)
            elif not why and point.low is None:
                why = _NO_LIMITS
            yield Estimate(
                analysis=self.analysis,
                group=self.group,
                estimand=self.estimand,
                time_days=day,
                n=self.curve.n,
                n_events=point.events,
                estimate=point.estimate,
                ci_low=point.low,
                ci_high=point.high,
                method=f"{self.curve.method}{self._since()}{why}",
            )

    def _since(self) -> str:
        return f", from day {self.begins} on" if self.begins else ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """What one analysis gives.

    Attributes
    ----------
    estimates : tuple of Estimate
        Rows, in order.
    lines : tuple of Line
        Curves to draw.
    """

    estimates: tuple[Estimate, ...]
    lines: tuple[Line, ...] = ()


def _without_events(point: Point, start: float) -> Point:
    """A point with limits where no event gives it a variance: certainty there is none.

    As many as are still at risk have come so far without the event; others told less.
    """
    if not point.at_risk:
        return replace(point, low=None, high=None)
    least = binomial_interval(point.at_risk, point.at_risk).low
    ends = (least, 1.0) if start else (0.0, 1 - least)
    return replace(point, low=ends[0], high=ends[1])


def of_fraction(row: Estimate) -> Estimate:
    """A row with the share of its events and an exact binomial interval; as it is of nobody."""
    if not row.n:
        return row
    found = binomial_interval(row.n_events or 0, row.n)
    return replace(row, estimate=found.value, ci_low=found.low, ci_high=found.high)


def of_test(row: Estimate, test: Test) -> Estimate:
    """A row with what a test says; empty where it can say nothing."""
    return replace(row, p_value=None if isnan(test.p) else test.p)


def times(horizon: int) -> tuple[int, ...]:
    """Days at which curves are read off."""
    return tuple(sorted({*TIMES, horizon}))
