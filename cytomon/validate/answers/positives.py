"""Limits of detection and quantification, with the reason where there is none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from cytomon.validate.answers.choose import (
    blanks,
    cells,
    false_rate,
    is_detected,
    series,
)
from cytomon.validate.answers.table import NOTHING, known, median, per_million, rate
from cytomon.validate.detection import (
    blank_limit,
    counting_limit,
    detection_limit,
    quantification_bracket,
)
from cytomon.validate.hits import Probit, bracket, fit_probit, profile_interval
from cytomon.validate.rows import TubeRow

LOW = 5.5
"""Times the decision limit up to which a positive is low: EP17's five, and a little, since no
tube's denominator is quite its nominal one."""
FARTHEST = 3.5
"""Times that two neighbouring levels may lie apart for a curve between them."""


def detection(rows: Sequence[TubeRow], condition: str) -> list[tuple[str, str]]:
    """Lines on the tubes of a condition with blasts; empty without any."""
    found = series(rows, condition)
    if not found:
        return []
    needed = decision_limit(found)
    levels = by_level(found)
    return [
        ("decision limit: what the status needs", _needed(found, needed)),
        (
            "LOD, decision limit + 1.645 SD of low positives",
            classical_words(blanks(rows, condition), levels, needed),
        ),
        ("LOD, probit, 95 % of tubes detected", probit_words(found, needed)),
        ("LOD, counting alone", _counting(found)),
        ("LLOQ, CV ≤ 30 %", quantified_words(levels, 0.30, needed)),
        ("LLOQ, CV ≤ 20 %", quantified_words(levels, 0.20, needed)),
    ]


def decision_limit(rows: Sequence[TubeRow]) -> float | None:
    """Least fraction that the status calls detected, at the tubes' median; None if not told."""
    return median(known(_own_limit(row) for row in rows))


def _own_limit(row: TubeRow) -> float | None:
    return row.lod_events / row.nucleated if row.lod_events and row.nucleated else None


def _needed(rows: Sequence[TubeRow], limit: float | None) -> str:
    events = median(known(row.lod_events for row in rows))
    return f"{per_million(limit)} ({events:g} events)" if events else NOTHING


def _counting(rows: Sequence[TubeRow]) -> str:
    events = median(known(row.lod_events for row in rows))
    return rate(counting_limit(int(events), int(median(cells(rows)) or 1))) if events else NOTHING


def classical_words(
    without: Sequence[TubeRow], levels: dict[float, list[float]], needed: float | None
) -> str:
    """EP17's LOD from the limit that decides, and which one that is."""
    if not without:
        return f"{NOTHING} (no blanks)"
    if needed is None:
        return f"{NOTHING} (the table does not say how many events the status needs)"
    blank = blank_limit([false_rate(row) for row in without])
    decides = max(blank, needed)
    low = [
        found
        for nominal, found in levels.items()
        if decides <= nominal <= LOW * decides and len(found) > 1
    ]
    if not low:
        return f"{NOTHING} (no two tubes of one level just above {rate(decides)})"
    start = "what the status needs, more than the LOB" if decides > blank else "the LOB"
    return f"{per_million(detection_limit(decides, low))} (from {start})"


def by_level(rows: Sequence[TubeRow]) -> dict[float, list[float]]:
    """Nominal level to the fractions measured there."""
    levels: dict[float, list[float]] = defaultdict(list)
    for row in rows:
        if row.level and row.fraction is not None:
            levels[row.level].append(row.fraction)
    return dict(levels)


def probit_words(rows: Sequence[TubeRow], needed: float | None) -> str:
    """The probit limit of detection with its interval, or why there is none."""
    fitted, reason = curve(rows)
    if fitted is None:
        return f"{NOTHING} ({reason})"
    interval = profile_interval(fitted, *_tubes(rows))
    if interval is None:
        return f"{NOTHING} (so few tubes leave it open)"
    at, (low, high) = fitted.level_at(0.95), map(rate, interval)
    if needed is not None and at < needed:
        return (
            f"{rate(needed)}: what the status needs; the curve alone would say {rate(at)} "
            f"({low} to {high})"
        )
    return f"{rate(at)} ({low} to {high})"


def _tubes(rows: Sequence[TubeRow]) -> tuple[list[float], list[bool]]:
    return [row.true_fraction or 0 for row in rows], [is_detected(row) for row in rows]


def curve(rows: Sequence[TubeRow]) -> tuple[Probit | None, str]:
    """The curve of detected tubes; None and the reason where levels do not hold it on both sides.

    Notes
    -----
    It is held where its 95 % point lies between two neighbouring levels, and these are at most
    3.5-fold apart or one of them was hit in some of its tubes and missed in others.
    """
    true, hits = _tubes(rows)
    fitted = fit_probit(true, hits)
    if fitted is None:
        return None, _no_curve(true, hits)
    at, rates = fitted.level_at(0.95), _rates(rows)
    below, above = (
        max((x for x in rates if x <= at), default=None),
        min((x for x in rates if x > at), default=None),
    )
    if below is None or above is None:
        return None, f"it would lie outside the levels, {rate(min(rates))} to {rate(max(rates))}"
    if above / below > FARTHEST and not any(0 < rates[x] < 1 for x in (below, above)):
        return None, f"no level between {rate(below)} and {rate(above)}"
    return fitted, ""


def _rates(rows: Sequence[TubeRow]) -> dict[float, float]:
    """Nominal level, or truth where there is none, to the share of its tubes that were hit."""
    hits: dict[float, list[bool]] = defaultdict(list)
    for row in rows:
        hits[row.level or row.true_fraction or 0.0].append(is_detected(row))
    return {nominal: sum(found) / len(found) for nominal, found in hits.items()}


def _no_curve(true: Sequence[float], hits: Sequence[bool]) -> str:
    missed, found = bracket(true, hits)
    if missed is None:
        return f"every tube was detected, the lowest at {rate(min(true))}"
    if found is None:
        return f"no tube was detected, the highest at {rate(missed)}"
    if found < missed:
        return "the rate does not rise with the level"
    return f"between {rate(missed)}, missed as all below, and {rate(found)}, hit as all above"


def quantified_words(levels: dict[float, list[float]], most: float, needed: float | None) -> str:
    """The two levels between which the LLOQ lies: more than that tubes at levels cannot tell."""
    usable = {nominal: found for nominal, found in levels.items() if nominal >= (needed or 0)}
    failed, reached = quantification_bracket(usable, most=most)
    if reached is None:
        return f"above {rate(failed)}" if failed else f"{NOTHING} (no two tubes of one level)"
    least = max(failed or 0, needed or 0)
    return f"between {rate(least)} and {rate(reached)}" if least else f"at most {rate(reached)}"
