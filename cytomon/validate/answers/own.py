"""What own tubes show: nothing was asked of them, and where nothing can be said stands why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cytomon.validate.answers.agreement import at_threshold, status_right, with_truth
from cytomon.validate.answers.bar import Bar, beside, count, shown
from cytomon.validate.answers.calls import (
    LEAST_BLASTS,
    aplasia_is_clear,
    aplasia_is_right,
    b_rows,
    is_covered,
    right_share,
)
from cytomon.validate.answers.choose import (
    THRESHOLD,
    blanks,
    clear_of_threshold,
    false_rate,
    from_threshold,
    is_detected,
    series,
)
from cytomon.validate.answers.table import known, median
from cytomon.validate.rows import TubeRow

OWN = "own"


def bars(rows: Sequence[TubeRow]) -> Iterator[Bar]:
    """Lines of the first table for the own tubes that have a result."""
    yield from _of_blanks(rows)
    yield from _by_event(rows)
    yield from _of_status(rows)
    yield from _of_calls(rows)


def _of_blanks(rows: Sequence[TubeRow]) -> Iterator[Bar]:
    found = blanks(rows, OWN)
    rates = [1e6 * false_rate(row) for row in found]
    words = f"median {median(rates):.1f}, worst {max(rates):.1f}" if rates else ""
    why = "no tube is said to be without leukaemia (0 blasts)"
    yield shown(OWN, "false events per million, tubes without leukaemia", words, len(found), why)
    why = "" if found else why
    yield _share("tubes without leukaemia called detected", found, is_detected, why)


def _by_event(rows: Sequence[TubeRow]) -> Iterator[Bar]:
    ill = from_threshold(series(rows, OWN))
    silent = sum(row.found is None for row in ill)
    why = _why(silent, "a label for each event") or "no tube with blasts from 0.01 % on"
    for what in ("recall", "precision"):
        values = known(getattr(row, what) for row in ill)
        words = f"median {median(values):.3f}, worst {min(values):.3f}" if values else ""
        yield shown(OWN, f"{what}, blasts from 0.01 %", words, len(values), why, also=bool(silent))


def _of_status(rows: Sequence[TubeRow]) -> Iterator[Bar]:
    there = with_truth(rows, OWN)
    agreed = at_threshold(there)
    yield beside(
        OWN, f"same side of {100 * THRESHOLD:g} %", (agreed.both + agreed.neither, agreed.n)
    )
    silent = sum(row.true_blasts is None or not row.true_nucleated for row in there)
    near = sum(not clear_of_threshold(row) for row in there) - silent
    doubt = f"{near} so close to 0.01 % that their own counts leave it open" if near else ""
    why = "; ".join(filter(None, (_why(silent, "counts (blasts and nucleated)"), doubt)))
    right, clear = status_right(there)
    yield beside(OWN, "status right where the truth leaves no doubt", (right, clear), why)


def _of_calls(rows: Sequence[TubeRow]) -> Iterator[Bar]:
    right, judged = right_share(rows)
    if judged:
        yield beside(
            OWN,
            f"CD19 and CD22 calls as the list or the true blasts say, from {LEAST_BLASTS} blasts",
            (right, judged),
        )
    found = b_rows(rows, OWN)
    if found:
        yield _share("B cells: truth within the interval", found, is_covered, "")
        clear = [row for row in found if aplasia_is_clear(row)]
        silent = sum(not row.true_b_lymphocytes for row in found)
        why = _why(silent, "lymphocytes")
        what = "aplasia or recovery right where the truth leaves no doubt"
        yield _share(what, clear, aplasia_is_right, why)


def _share(what: str, rows: Sequence[TubeRow], is_so: Callable[[TubeRow], bool], why: str) -> Bar:
    return beside(OWN, what, count(map(is_so, rows)), why)


def _why(silent: int, lack: str) -> str:
    if not silent:
        return ""
    return f"{silent} without {lack}" if silent > 1 else f"one without {lack}"
