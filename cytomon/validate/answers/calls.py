"""Calls on CD19 and CD22, and on B cells, against the truth."""

from __future__ import annotations

from collections.abc import Sequence

from cytomon.measure.intervals import binomial_interval
from cytomon.model.results import AntigenCall, BCellStatus
from cytomon.validate.agreement import share
from cytomon.validate.answers.choose import CONDITIONS, conditions, of
from cytomon.validate.answers.table import NOTHING, Table, number, part, with_interval
from cytomon.validate.rows import TubeRow

LEAST_BLASTS = 50
RECOVERY = 0.01
RELATIVE, ABSOLUTE = 0.10, 0.001
"""How far b_fraction may be off in marrow with hematogones, whichever is more."""
SUITES = ("dilution", "hard", "b_cells", "own", "diluted")
_RECOVERED = (BCellStatus.RECOVERED, BCellStatus.PROVISIONAL_RECOVERED)
_APLASIA = (BCellStatus.APLASIA, BCellStatus.PROVISIONAL_APLASIA)


def tables(rows: Sequence[TubeRow]) -> tuple[Table, ...]:
    """One confusion table for each antigen, one table on B cells."""
    made = [_confusion(rows, antigen) for antigen in ("CD19", "CD22")]
    b_cells = Table(
        title="B cells of lymphocytes",
        note="Truth of a simulated tube: B cells by label, mature and transitional, of the T, B "
        "and NK cells and of precursors with the CD45 and side scatter of lymphocytes; of a "
        "laboratory's own: what it says. In marrow with hematogones the border between them and "
        "transitional B cells is a convention: there the counting interval is too narrow, and the "
        "second error, that of the border, is the difference shown here.",
        columns=(
            "condition", "specimens", "tubes", "truth within the 95 % interval",
            "within 10 % or 0.1 point", "median difference, points", "largest difference, points",
            "aplasia or recovery right", "recovered by mistake",
        ),
        rows=tuple(
            (CONDITIONS[name], words, *_b_cells(group))
            for name in conditions(rows)
            for words, group in by_hematogones(b_rows(rows, name))
            if group
        ),
    )  # fmt: skip
    return tuple(table for table in (*made, b_cells) if table.rows)


def phenotyped(rows: Sequence[TubeRow], antigen: str) -> list[tuple[str, str]]:
    """True and measured call of every tube with at least fifty blasts and a true call."""
    low = antigen.lower()
    return [
        (getattr(row, f"true_{low}"), getattr(row, low) or AntigenCall.NOT_ASSESSABLE)
        for row in rows
        if row.suite in SUITES and not row.error and getattr(row, f"true_{low}")
        if row.true_blasts is None or row.true_blasts >= LEAST_BLASTS
    ]


def _confusion(rows: Sequence[TubeRow], antigen: str) -> Table:
    calls = [str(call) for call in AntigenCall]
    cells = []
    for condition in conditions(rows):
        pairs = phenotyped([row for row in rows if row.condition == condition], antigen)
        right = sum(true == measured for true, measured in pairs)
        for true in calls:
            line = [pairs.count((true, measured)) for measured in calls]
            if sum(line):
                cells.append((CONDITIONS[condition], true, *map(str, line), ""))
        if pairs:
            agreed = with_interval(share(right, len(pairs)))
            cells.append((CONDITIONS[condition], "all", *[NOTHING] * len(calls), agreed))
    return Table(
        title=f"{antigen} of the blasts, tubes with at least {LEAST_BLASTS} blasts",
        note="Rows: the rules applied to the true blast events, with the tube's own references "
        "(in a laboratory's own tubes: what its list says). Columns: what was reported.",
        columns=("condition", "true call", *calls, "agreement"),
        rows=tuple(cells),
    )


def b_rows(rows: Sequence[TubeRow], condition: str) -> list[TubeRow]:
    """Tubes with a true and a measured B-cell fraction, nothing done to them."""
    return [
        row
        for row in of(rows, condition, "blank", *SUITES)
        if row.true_b is not None and row.b_fraction is not None
    ]


def by_hematogones(rows: Sequence[TubeRow]) -> list[tuple[str, list[TubeRow]]]:
    """Simulated marrows that have hematogones and all others; a laboratory's own by themselves."""
    own = [row for row in rows if row.suite == "own"]
    rows = [row for row in rows if row.suite != "own"]
    rich = [row for row in rows if has_hematogones(row)]
    rest = [row for row in rows if not has_hematogones(row)]
    return [
        ("blood and aplastic marrow", rest),
        ("marrow with hematogones", rich),
        ("own tubes, as they come", own),
    ]


def has_hematogones(row: TubeRow) -> bool:
    """Whether a simulated marrow regenerates; a laboratory's own are taken as they come."""
    return row.state in {"BM_norm_child", "BM_m3_recovering", "BM_m6_recovered"}


def is_covered(row: TubeRow) -> bool:
    """Whether the truth lies within the reported interval."""
    return (row.b_low or 0.0) <= (row.true_b or 0.0) <= (1.0 if row.b_high is None else row.b_high)


def difference(row: TubeRow) -> float:
    """How far the B-cell fraction is off, as a fraction."""
    return abs((row.b_fraction or 0.0) - (row.true_b or 0.0))


def is_near(row: TubeRow) -> bool:
    """Whether it is within 10 % of the truth, or within 0.1 point."""
    return difference(row) <= max(RELATIVE * (row.true_b or 0.0), ABSOLUTE)


def aplasia_is_clear(row: TubeRow) -> bool:
    """Whether the truth's own 95 % interval leaves out 1 %."""
    total = row.true_b_lymphocytes
    if not total or row.true_b is None:
        return False
    truth = binomial_interval(min(total, round(row.true_b * total)), total)
    return not truth.low <= RECOVERY <= truth.high


def aplasia_is_right(row: TubeRow) -> bool:
    """Whether the status lies on the true side of 1 %; no answer is not right."""
    return row.b_status in (_RECOVERED if (row.true_b or 0.0) >= RECOVERY else _APLASIA)


def false_recovery(row: TubeRow) -> bool:
    """Whether a tube in true aplasia was called recovered."""
    return (row.true_b or 0.0) < RECOVERY and row.b_status in _RECOVERED


def _b_cells(rows: Sequence[TubeRow]) -> tuple[str, ...]:
    clear = [row for row in rows if aplasia_is_clear(row)]
    off = sorted(difference(row) for row in rows)
    return (
        str(len(rows)),
        part(sum(map(is_covered, rows)), len(rows)),
        part(sum(map(is_near, rows)), len(rows)),
        number(100 * off[len(off) // 2], 2),
        number(100 * off[-1], 2),
        part(sum(map(aplasia_is_right, clear)), len(clear)),
        part(sum(map(false_recovery, rows)), len(rows)),
    )


def right_share(rows: Sequence[TubeRow]) -> tuple[int, int]:
    """Calls on both antigens that are as the rules say, of all."""
    pairs = [pair for antigen in ("CD19", "CD22") for pair in phenotyped(rows, antigen)]
    return sum(true == measured for true, measured in pairs), len(pairs)
