"""Measured against true MRD: bias, limits of agreement, both sides of 0.01 %."""

from __future__ import annotations

from collections.abc import Sequence

from cytomon.validate.agreement import Fourfold, Interval, bland_altman, fourfold, r_squared
from cytomon.validate.answers.choose import (
    CONDITIONS,
    THRESHOLD,
    clear_of_threshold,
    conditions,
    from_threshold,
    log_pairs,
    of,
    series,
    side,
)
from cytomon.validate.answers.table import (
    NOTHING,
    Table,
    determination,
    number,
    part,
    with_interval,
)
from cytomon.validate.rows import TubeRow


def tables(rows: Sequence[TubeRow]) -> tuple[Table, ...]:
    """Quantity, and calls at the threshold."""
    there = [name for name in conditions(rows) if series(rows, name)]
    heads = tuple(CONDITIONS[name] for name in there)
    quantity = [_quantity(from_threshold(series(rows, name))) for name in there]
    calls = [_calls(with_truth(rows, name)) for name in conditions(rows) if name in there]
    return (
        Table(
            title="Quantity: log10 of measured minus log10 of true MRD, from 0.01 %",
            note="Bland and Altman, Lancet 1986; intervals of 95 %. As factor: 10 to that power. "
            "A tube in which nothing was found has no logarithm and is counted by itself.",
            columns=("quantity", *heads),
            rows=_side_by_side(quantity),
        ),
        Table(
            title="Calls at 0.01 %",
            note="Positive: measured or true MRD of 0.01 % or more, whatever the status. The last "
            "lines compare the status with the one that the true counts would have had, and there "
            "only the tubes whose true counts leave no doubt: their own 95 % interval leaves out "
            "0.01 %.",
            columns=("quantity", *heads),
            rows=_side_by_side(calls),
        ),
    )


def _side_by_side(columns: Sequence[Sequence[tuple[str, str]]]) -> tuple[tuple[str, ...], ...]:
    if not columns:
        return ()
    labels = [label for label, _ in columns[0]]
    return tuple(
        (label, *(column[row][1] for column in columns)) for row, label in enumerate(labels)
    )


def _quantity(rows: Sequence[TubeRow]) -> list[tuple[str, str]]:
    measured, true = log_pairs(rows)
    found = bland_altman(measured, true)
    worst = max((abs(m - t) for m, t in zip(measured, true, strict=True)), default=None)
    return [
        ("tubes", str(len(measured))),
        ("tubes in which nothing was found", str(len(rows) - len(measured))),
        ("bias", with_interval(found.bias if found else None)),
        ("bias as factor", _factor(found.bias if found else None)),
        ("lower limit of agreement", with_interval(found.lower if found else None)),
        ("upper limit of agreement", with_interval(found.upper if found else None)),
        ("largest error", number(worst)),
        ("R²", determination(r_squared(measured, true))),
    ]


def _factor(value: Interval | None) -> str:
    if value is None:
        return NOTHING
    return f"{10**value.value:.3f} ({10**value.low:.3f} to {10**value.high:.3f})"


def with_truth(rows: Sequence[TubeRow], condition: str) -> list[TubeRow]:
    """Tubes to which nothing was done, with a measured and a true MRD."""
    return [
        row
        for row in of(rows, condition, "blank", "dilution", "hard", "own", "diluted")
        if row.true_fraction is not None and row.fraction is not None
    ]


def at_threshold(rows: Sequence[TubeRow]) -> Fourfold:
    """Both sides of 0.01 %, by the numbers alone."""
    return fourfold(
        [(row.fraction or 0) >= THRESHOLD for row in rows],
        [(row.true_fraction or 0) >= THRESHOLD for row in rows],
    )


def status_right(rows: Sequence[TubeRow]) -> tuple[int, int]:
    """Tubes whose status says what the true counts say, of those where these leave no doubt."""
    clear = [row for row in rows if clear_of_threshold(row)]
    return sum(side(row.status) == side(row.true_status) for row in clear), len(clear)


def _calls(rows: Sequence[TubeRow]) -> list[tuple[str, str]]:
    found = at_threshold(rows)
    right, clear = status_right(rows)
    return [
        ("tubes", str(found.n)),
        ("positive by both", str(found.both)),
        ("positive by measurement alone", str(found.only_measured)),
        ("positive by truth alone", str(found.only_true)),
        ("negative by both", str(found.neither)),
        ("positive agreement", with_interval(found.positive_agreement)),
        ("negative agreement", with_interval(found.negative_agreement)),
        ("Cohen's kappa", _kappa(found)),
        ("status right where the truth leaves no doubt", part(right, clear)),
    ]


def _kappa(found: Fourfold) -> str:
    if found.n and found.constant:
        return f"{NOTHING} ({found.constant})"
    return with_interval(found.kappa)
