"""A real tube diluted with itself: k, and k less what it shows with nothing mixed in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

from cytomon.validate.answers.choose import of
from cytomon.validate.answers.table import NOTHING, Table, known, level, median, number, plain
from cytomon.validate.rows import TubeRow


def relative_error(row: TubeRow, *, blank: int = 0) -> float | None:
    """Events found against events mixed in: 0 where they are as many, -1 where none was found.

    Parameters
    ----------
    row : TubeRow
        A mixture.
    blank : int, optional
        Events that the same tube shows with nothing mixed in, to be taken off.
    """
    if row.blasts is None or not row.true_blasts:
        return None
    return (row.blasts - blank) / row.true_blasts - 1


def table(rows: Sequence[TubeRow]) -> Table:
    """Level by level, each tube by itself."""
    suite = of(rows, "diluted")
    sources: dict[tuple[str, str], list[TubeRow]] = defaultdict(list)
    for row in suite:
        sources[row.series, source(row)].append(row)
    return Table(
        title="Dilutions of a real tube",
        note="Known numbers of the events of one population, drawn at random, mixed with the "
        "other events of the same tube. Their truth is the gate that chose them; it is no "
        "diagnosis. Events of the same kind that were not chosen (pairs, dead cells) are left out "
        "of the mixture. k is the number of events called blasts. Errors are of k against "
        "the events mixed in, and these are judged. The "
        "tube with nothing mixed in is its own blank: its k stands at 0 %, and is taken off in "
        "the columns of k minus blank. Where these are further off than k, false events and "
        "missed ones cancel in k.",
        columns=(
            "tube", "mixed", "draws", "events mixed in, median", "k, median",
            "error of k, median", "error of k, largest", "k minus blank, median",
            "error of k minus blank, median", "error of k minus blank, largest", "recall, worst",
        ),
        rows=tuple(
            line for (_, name), group in sources.items() for line in _of_source(name, group)
        ),
    )  # fmt: skip


def source(row: TubeRow) -> str:
    """The tube that was diluted, and what of it: the row's name without level and draw."""
    stem = row.tube.removeprefix("diluted-").rsplit("-", 2)[0].removesuffix(f"-{row.kind}")
    return f"{stem}, {row.kind}"


def _of_source(name: str, rows: Sequence[TubeRow]) -> list[tuple[str, ...]]:
    blank = next((row.blasts for row in rows if not row.true_blasts), None)
    levels = sorted({row.level for row in rows if row.level is not None}, reverse=True)
    return [
        (name, level(nominal), *_cells([r for r in rows if r.level == nominal], blank))
        for nominal in levels
    ]


def _cells(rows: Sequence[TubeRow], blank: int | None) -> tuple[str, ...]:
    without = known(None if blank is None or r.blasts is None else r.blasts - blank for r in rows)
    taken_off = partial(relative_error, blank=blank or 0)
    return (
        str(len(rows)),
        number(median([row.true_blasts or 0 for row in rows])),
        number(median([row.blasts or 0 for row in rows])),
        *_errors(rows, relative_error),
        number(median(without)),
        *((NOTHING, NOTHING) if blank is None else _errors(rows, taken_off)),
        plain(min(known(row.recall for row in rows), default=None)),
    )


def _errors(rows: Sequence[TubeRow], error: Callable[[TubeRow], float | None]) -> tuple[str, str]:
    errors = known(map(error, rows))
    return _percent(median(errors)), _percent(max(errors, key=abs, default=None))


def _percent(value: float | None) -> str:
    return NOTHING if value is None else f"{100 * value:+.1f} %"
