"""Wrong instruments, disturbed runs, and the worst tubes by name."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from cytomon.neighbours import MOST_CARRIED
from cytomon.validate.answers import dilutions
from cytomon.validate.answers.choose import (
    CONDITIONS,
    UNALTERED,
    blanks,
    conditions,
    false_rate,
    is_detected,
    is_trap,
    of,
)
from cytomon.validate.answers.table import Table, number, part
from cytomon.validate.rows import TubeRow

GAIN, MATRIX, CARRIED = "GAIN_SHIFT", "MATRIX_DOUBTFUL", "CARRY_OVER_POSSIBLE"
ORDINARY = ("gain -0.1", "gain +0.1")
MOST_WORST = 12


def tables(rows: Sequence[TubeRow]) -> tuple[Table, ...]:
    """Tables that have rows."""
    found = (_instrument(rows), _run(rows), dilutions.table(rows), _worst(rows), _refused(rows))
    return tuple(table for table in found if table.rows)


def alarm(row: TubeRow, code: str) -> bool:
    """Whether the tube carries this finding."""
    return row.has_finding(code)


def twins(rows: Sequence[TubeRow], altered: str) -> list[tuple[TubeRow, TubeRow]]:
    """Tubes altered in a way whose name begins so, each with its unaltered twin."""
    by_name = {row.tube: row for row in rows if not row.error}
    return [
        (row, by_name[row.pair])
        for row in rows
        if not row.error and row.altered.startswith(altered) and row.pair in by_name
    ]


def same_answer(row: TubeRow, twin: TubeRow) -> bool:
    """Whether status, both antigen calls and the B-cell status are the same."""
    answers = [(one.status, one.cd19, one.cd22, one.b_status) for one in (row, twin)]
    return answers[0] == answers[1]


def _instrument(rows: Sequence[TubeRow]) -> Table:
    cells = []
    for condition in conditions(rows):
        suite = of(rows, condition, "instrument")
        for altered in dict.fromkeys(_kind(row) for row in suite):
            group = [row for row in suite if _kind(row) == altered]
            pairs = twins(suite, altered) if altered else []
            moved = [
                abs(log10(row.fraction / twin.fraction))
                for row, twin in pairs
                if row.fraction and twin.fraction
            ]
            cells.append((
                CONDITIONS[condition], altered or "nothing", str(len(group)),
                part(sum(alarm(row, GAIN) for row in group), len(group)),
                part(sum(alarm(row, MATRIX) for row in group), len(group)),
                part(sum(not same_answer(*pair) for pair in pairs), len(pairs)),
                number(max(moved, default=None)),
            ))  # fmt: skip
    return Table(
        title="An instrument that is not as it should be",
        note="The same tubes with gains shifted on L, or with a stored matrix whose every spill "
        "is off by this much, up or down at random. Ordinary batches differ by 0.1 L (one "
        "standard deviation), detector by detector; here all are shifted together. Each is "
        "compared with the same tube to which nothing was done.",
        columns=(
            "condition", "what is wrong", "tubes", GAIN, MATRIX,
            "status, call or B-cell status differs from the unaltered tube's",
            "largest change of log10 MRD",
        ),
        rows=tuple(cells),
    )  # fmt: skip


def _kind(row: TubeRow) -> str:
    """Shifts of different detectors are one kind."""
    return "gain +0.3" if row.altered.startswith("gain +0.3") else row.altered


def right_ones(rows: Sequence[TubeRow], condition: str) -> list[TubeRow]:
    """Tubes with an instrument as it should be."""
    return [
        row
        for row in of(rows, condition)
        if row.suite != "run" and row.altered in UNALTERED and not is_trap(row)
    ]


def ordinary_shifts(rows: Sequence[TubeRow]) -> list[TubeRow]:
    """Tubes whose gains are all off by no more than batches usually are."""
    return [row for row in rows if row.altered in ORDINARY and not is_trap(row)]


def any_alarm(row: TubeRow) -> bool:
    """Whether gains or matrix are called wrong."""
    return alarm(row, GAIN) or alarm(row, MATRIX)


def _run(rows: Sequence[TubeRow]) -> Table:
    usual = {row.state: set(row.findings.split(";")) for row in rows if row.suite == "blank"}
    return Table(
        title="Disturbed runs and carry-over",
        note="Events that were carried over are another patient's blasts: in this tube they are "
        "false. Findings are those that an undisturbed blank of the same specimen does not carry. "
        f"{_carried(rows)}",
        columns=("tube", "true blasts", "found", "false", "of these", "status", "findings"),
        rows=tuple(
            (
                row.tube, _count(row.true_blasts), _count(row.found), _count(row.false_events),
                row.false_labels, row.status,
                " ".join(sorted(set(row.findings.split(";")) - usual.get(row.state, set()))),
            )
            for row in rows if row.suite == "run" and not row.error
        ),
    )  # fmt: skip


def _carried(rows: Sequence[TubeRow]) -> str:
    """What carry-over did to tubes without leukaemia."""
    blank = [
        row
        for row in rows
        if row.suite == "run" and row.altered == "carry-over" and row.true_blasts == 0
        if not row.error
    ]
    silent = [
        row
        for row in blank
        if is_detected(row) and (row.blasts or 0) > MOST_CARRIED and not row.has_finding(CARRIED)
    ]
    words = (
        f"{CARRIED} is said of 1 to {MOST_CARRIED} events, and only beside the tube before: from "
        f"{MOST_CARRIED + 1} on, a tube into which blasts were carried over reads positive without "
        "a finding."
    )
    if not blank:
        return f"{words} No tube without leukaemia was tried."
    seen = ", ".join(f"{row.blasts} events called blasts, {row.status}" for row in blank)
    return f"{words} So did {part(len(silent), len(blank))} tubes without leukaemia here ({seen})."


def _count(value: int | None) -> str:
    return "–" if value is None else str(value)


def _worst(rows: Sequence[TubeRow]) -> Table:
    cells = [
        *_listed(_missing(rows), "recall {:.3f}", reverse=False),
        *_listed(_false(rows), "{:.1f} false events per million", reverse=True),
    ]
    return Table(
        title="The worst tubes",
        note="By name, so that they can be looked at: lowest recall among tubes from 0.01 % on, "
        "where a blast was missed, and most false events among tubes without leukaemia.",
        columns=(
            "tube",
            "what",
            "true blasts",
            "called blasts",
            "by eye",
            "false events are",
            "status",
        ),
        rows=tuple(cells),
    )


def _missing(rows: Sequence[TubeRow]) -> list[tuple[float, TubeRow]]:
    suites = ("dilution", "hard", "own", "diluted")
    return [
        (row.recall, row)
        for row in rows
        if row.suite in suites
        and row.recall is not None
        and row.recall < 1
        and (row.true_fraction or 0) >= 1e-4
    ]


def _false(rows: Sequence[TubeRow]) -> list[tuple[float, TubeRow]]:
    return [
        (1e6 * false_rate(row), row)
        for name in conditions(rows)
        for row in blanks(rows, name)
        if row.blasts
    ]


def _listed(
    found: list[tuple[float, TubeRow]], words: str, *, reverse: bool
) -> list[tuple[str, ...]]:
    ranked = sorted(found, key=lambda pair: (pair[0], pair[1].tube), reverse=reverse)
    return [
        (
            row.tube, words.format(value), _count(row.true_blasts), _count(row.blasts),
            _count(row.by_eye), row.false_labels, row.status,
        )
        for value, row in ranked[:MOST_WORST]
    ]  # fmt: skip


def _refused(rows: Sequence[TubeRow]) -> Table:
    return Table(
        title="Tubes without a result",
        note="They are in none of the figures above.",
        columns=("tube", "why"),
        rows=tuple((row.tube, row.error) for row in rows if row.error),
    )
