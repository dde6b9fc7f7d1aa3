"""What was asked of cytomon before it was measured, and whether it was reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cytomon.measure.escape import LOST
from cytomon.validate.agreement import r_squared
from cytomon.validate.answers import own
from cytomon.validate.answers.agreement import status_right, with_truth
from cytomon.validate.answers.bar import Bar, at_least, at_most, bar, beside, count
from cytomon.validate.answers.calls import (
    aplasia_is_clear,
    aplasia_is_right,
    b_rows,
    false_recovery,
    has_hematogones,
    is_covered,
    is_near,
    right_share,
)
from cytomon.validate.answers.choose import (
    QUICK,
    blanks,
    by_eye_rate,
    false_rate,
    from_threshold,
    is_detected,
    log_pairs,
    of,
    series,
)
from cytomon.validate.answers.dilutions import relative_error
from cytomon.validate.answers.faults import (
    GAIN,
    MATRIX,
    alarm,
    any_alarm,
    ordinary_shifts,
    right_ones,
    same_answer,
    twins,
)
from cytomon.validate.answers.recall import is_lost, missed_words
from cytomon.validate.answers.table import determination, known, median
from cytomon.validate.rows import TubeRow

ESCAPE = "ANTIGEN_ESCAPE_SUSPECTED"
ESCAPE_FROM = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Demands:
    """The numbers that differ between plain tubes and such with all realism switches on."""

    false: tuple[float, float]
    detected: float
    recall: tuple[float, float]
    precision: tuple[float, float]
    hard: float
    hard_worst: float | None
    log: tuple[float, float]
    by_eye: float


_DEMANDS = {
    "plain": _Demands(
        false=(2, 10), detected=0.02, recall=(0.98, 0.93), precision=(0.98, 0.90), hard=0.90,
        hard_worst=0.80, log=(0.99, 0.08), by_eye=50,
    ),
    "realism": _Demands(
        false=(10, 30), detected=0.05, recall=(0.95, 0.85), precision=(0.90, 0.70), hard=0.80,
        hard_worst=None, log=(0.98, 0.15), by_eye=300,
    ),
}  # fmt: skip


def bars(rows: Sequence[TubeRow]) -> tuple[Bar, ...]:
    """Every demand, for plain tubes first."""
    found: list[Bar] = []
    for condition, demands in _DEMANDS.items():
        if of(rows, condition):
            found += _of_blanks(blanks(rows, condition), demands, condition)
            found += _of_recall(rows, demands, condition)
            found += _of_hard(of(rows, condition, "hard"), demands, condition)
            found += _of_quantity(from_threshold(series(rows, condition)), demands, condition)
            found += _of_calls(rows, condition)
            found += _of_b_cells(b_rows(rows, condition), condition)
            found += _of_instrument(rows, condition)
    if any(row.size == QUICK for row in rows):
        found = [replace(one, reached=None) for one in found]
    real, mine = of(rows, "diluted"), of(rows, "own")
    return (*found, *(_of_real(real) if real or found else ()), *(own.bars(mine) if mine else ()))


def _of_blanks(rows: Sequence[TubeRow], asked: _Demands, name: str) -> Iterator[Bar]:
    rates = [1e6 * false_rate(row) for row in rows]
    middle, worst = median(rates) or 0.0, max(rates, default=0.0)
    usual, most = asked.false
    yield bar(
        name,
        "false events per million, tubes without leukaemia",
        f"median ≤ {usual:g}, worst ≤ {most:g}",
        f"median {middle:.1f}, worst {worst:.1f}",
        (len(rows), middle <= usual and worst <= most),
    )
    yield at_most(
        name,
        "tubes without leukaemia called detected",
        asked.detected,
        count(map(is_detected, rows)),
        # "less than five percent" is strict, "at most two percent" is not
        strict=asked.detected == 0.05,
    )
    eyes = [1e6 * rate for rate in known(map(by_eye_rate, rows))]
    yield bar(
        name,
        "events left to the eye per million, tubes without leukaemia",
        f"worst ≤ {asked.by_eye:g}",
        f"median {median(eyes) or 0:.0f}, worst {max(eyes, default=0):.0f}",
        (len(eyes), max(eyes, default=0) <= asked.by_eye),
    )


def _of_recall(rows: Sequence[TubeRow], asked: _Demands, name: str) -> Iterator[Bar]:
    judged = from_threshold(series(rows, name))
    for what, values, (usual, least) in (
        ("recall", known(row.recall for row in judged), asked.recall),
        (
            "precision",
            [row.precision or 0.0 for row in judged if row.found is not None],
            asked.precision,
        ),
    ):
        middle, worst = median(values) or 0.0, min(values, default=0.0)
        yield bar(
            name,
            f"{what}, blasts from 0.01 %, all kinds and mixtures",
            f"median ≥ {usual:g}, worst ≥ {least:g}",
            f"median {middle:.3f}, worst {worst:.3f}",
            (len(values), middle >= usual and worst >= least),
        )


def _of_hard(rows: Sequence[TubeRow], asked: _Demands, name: str) -> Iterator[Bar]:
    judged = [row for row in rows if row.recall is not None]
    recalls = known(row.recall for row in judged)
    middle, worst = median(recalls) or 0.0, min(recalls, default=0.0)
    lost = sum(map(is_lost, judged))
    if asked.hard_worst is not None:
        wanted = f"median ≥ {asked.hard:g}, worst ≥ {asked.hard_worst:g}"
        reached = worst >= asked.hard_worst
    else:
        wanted, reached = f"median ≥ {asked.hard:g}, none lost", lost == 0
    found = f"median {middle:.3f}, worst {worst:.3f}, {lost} lost; {missed_words(judged)}"
    verdict = (len(recalls), middle >= asked.hard and reached)
    yield bar(name, "recall of hard cases", wanted, found, verdict)


def _of_quantity(rows: Sequence[TubeRow], asked: _Demands, name: str) -> Iterator[Bar]:
    measured, true = log_pairs(rows)
    least, most = asked.log
    explained = r_squared(measured, true)
    worst = max((abs(m - t) for m, t in zip(measured, true, strict=True)), default=0.0)
    lost = len(rows) - len(measured)
    yield bar(
        name,
        "R² of log10 MRD, and its largest error, from 0.01 %",
        f"≥ {least:g}; ≤ {most:g}",
        f"{determination(explained)}; {worst:.3f}"
        + (f"; {lost} with nothing found" if lost else ""),
        (
            len(rows) if explained is not None else 0,
            (explained or 0) >= least and worst <= most and not lost,
        ),
    )


def _of_calls(rows: Sequence[TubeRow], name: str) -> Iterator[Bar]:
    mine = of(rows, name)
    yield at_least(name, "status right where the truth leaves no doubt", 0.98,
                 status_right(with_truth(rows, name)))  # fmt: skip
    alone = [row for row in mine if (row.b_only or 0) >= ESCAPE_FROM]
    lost = [row for row in alone if row.true_cd19 in LOST]
    tails = [row for row in alone if row.true_cd19 not in LOST]
    words = f"{ESCAPE_FROM} events found only by the gates that do without CD19"
    yield at_least(
        name, f"blasts that lost CD19, {words}: escape is suspected", 1.0, _suspected(lost)
    )
    yield beside(name, f"blasts with CD19, {words}: escape is suspected", _suspected(tails),
                 "of many blasts some lie at the dim end; clusters are asked for")  # fmt: skip
    yield at_least(name, "CD19 and CD22 calls as the rules on the true blasts", 0.95,
                 right_share(mine))  # fmt: skip


def _suspected(rows: Sequence[TubeRow]) -> tuple[int, int]:
    return count(ESCAPE in row.qualifiers.split(";") for row in rows)


def _of_b_cells(rows: Sequence[TubeRow], name: str) -> Iterator[Bar]:
    poor = [row for row in rows if not has_hematogones(row)]
    rich = [row for row in rows if has_hematogones(row)]
    clear = [row for row in rows if aplasia_is_clear(row)]
    yield at_least(name, "B cells: truth within the interval, blood and aplastic marrow", 0.93,
                 count(map(is_covered, poor)))  # fmt: skip
    yield at_least(name, "B cells: within 10 % or 0.1 point, marrow with hematogones", 1.0,
                 count(map(is_near, rich)))  # fmt: skip
    yield at_least(name, "aplasia or recovery right where the truth leaves no doubt", 1.0,
                 count(map(aplasia_is_right, clear)))  # fmt: skip
    yield at_least(name, "no relapse and no hematogones read as recovery", 1.0,
                 count(not false_recovery(row) for row in rows))  # fmt: skip


def _of_instrument(rows: Sequence[TubeRow], name: str) -> Iterator[Bar]:
    suite = of(rows, name, "instrument")
    shifted = [alarm(row, GAIN) for row in suite if row.altered.startswith("gain +0.3")]
    wrong = [alarm(row, MATRIX) for row in suite if row.altered == "matrix 20 %"]
    yield at_least(name, "three gains shifted by 0.3 L are named", 0.90, count(shifted))
    yield at_least(name, "a matrix wrong by 20 % is named", 0.90, count(wrong))
    yield at_most(
        name, "alarms on a right instrument", 0.02, count(map(any_alarm, right_ones(rows, name)))
    )
    yield beside(
        name,
        "alarms with all detectors shifted together by 0.1 L, one SD of ordinary batches",
        count(map(any_alarm, ordinary_shifts(suite))),
    )
    pairs = twins(suite, "matrix 3 %")
    yield at_least(name, "a matrix wrong by 3 % changes no status and no call, of B cells too", 1.0,
                 count(same_answer(*pair) for pair in pairs))  # fmt: skip


def _of_real(rows: Sequence[TubeRow]) -> Iterator[Bar]:
    for words, most, low, high in (
        ("events called blasts (k) in real dilutions, from 0.3 %", 0.10, 0.003, 1.0),
        ("events called blasts (k) in real dilutions at 0.1 %", 0.20, 0.001, 0.003),
    ):
        errors = known(relative_error(row) for row in rows if low <= (row.level or 0) < high)
        worst = max(map(abs, errors), default=0.0)
        yield bar(
            "diluted",
            words,
            f"each within {100 * most:g} %",
            f"largest error {100 * worst:.1f} %",
            (len(errors), worst <= most),
        )
