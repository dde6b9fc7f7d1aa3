"""How many of the blasts are found, and how much of what is found is blasts."""

from __future__ import annotations

from collections.abc import Sequence

from cytomon.validate.agreement import median_interval
from cytomon.validate.answers.choose import (
    CONDITIONS,
    STRATA,
    conditions,
    from_threshold,
    of,
    series,
)
from cytomon.validate.answers.table import Table, known, median, part, plain, with_interval
from cytomon.validate.rows import TubeRow

_FOUND = (
    "tubes", "recall, median (95 % interval)", "recall, worst",
    "precision, median (95 % interval)", "precision, worst",
)  # fmt: skip
HALF = 0.5
_RANKS = (
    "By event: a blast counts as found when this very event was called a blast. Medians over "
    "tubes, from six tubes on with distribution-free intervals from ranks; precision is that of "
    "tubes in which anything was found."
)


def tables(rows: Sequence[TubeRow]) -> tuple[Table, ...]:
    """By stratum, by kind of blasts, and hard cases; empty without a truth for each event."""
    judged = [row for row in rows if row.recall is not None]
    there = conditions(judged)
    strata = [
        (
            CONDITIONS[name],
            stratum,
            *_found([r for r in series(judged, name) if low <= _true(r) < high]),
        )
        for name in there
        for stratum, low, high in STRATA
    ]
    kinds = [
        (
            CONDITIONS[name],
            kind,
            *_found([r for r in from_threshold(of(judged, name, "dilution")) if r.kind == kind]),
        )
        for name in there
        for kind in dict.fromkeys(row.kind for row in of(judged, name, "dilution"))
    ]
    hard = [
        (CONDITIONS[name], f"{state}, {kind}", *_found(group), *_lost(group))
        for name in there
        for state, kind in dict.fromkeys((r.state, r.kind) for r in of(judged, name, "hard"))
        for group in [[r for r in of(judged, name, "hard") if (r.state, r.kind) == (state, kind)]]
    ]
    found = (
        Table(
            title="Recall and precision by stratum of the true fraction",
            note=f"{_RANKS} Dilution series of the usual kinds of blasts.",
            columns=("condition", "true MRD", *_FOUND),
            rows=tuple(row for row in strata if row[2] != "0"),
        ),
        Table(
            title="Recall and precision by kind of blasts, from 0.01 %",
            note=f"{_RANKS} The kind proB_KMT2A is shown and not judged.",
            columns=("condition", "kind", *_FOUND),
            rows=tuple(kinds),
        ),
        Table(
            title="Hard cases: blasts with CD58, CD38 and CD66c+CD123 near hematogones",
            note="A missed blast is left to the eye, where somebody is asked to look at it, or "
            "taken for normal. A tube is lost when less than half of its blasts were found and "
            "less than half of the missed ones were left to the eye.",
            columns=(
                "condition",
                "specimen and kind",
                *_FOUND,
                "missed blasts left to the eye",
                "missed blasts taken for normal",
                "tubes lost",
            ),
            rows=tuple(hard),
        ),
    )
    return tuple(table for table in found if table.rows)


def _true(row: TubeRow) -> float:
    return row.true_fraction or 0.0


def _found(rows: Sequence[TubeRow]) -> tuple[str, ...]:
    recalls = known(row.recall for row in rows)
    precisions = known(row.precision for row in rows)
    return (
        str(len(recalls)),
        _middle(recalls),
        plain(min(recalls, default=None)),
        _middle(precisions),
        plain(min(precisions, default=None)),
    )


def _middle(values: Sequence[float]) -> str:
    """Median; from six tubes on with its interval."""
    interval = median_interval(values)
    return with_interval(interval) if interval else plain(median(values))


def missed(row: TubeRow) -> tuple[int, int]:
    """Blasts that were not called: left to the eye, and taken for normal."""
    lost = (row.true_blasts or 0) - (row.found or 0)
    seen = row.by_eye_blasts or 0
    return seen, lost - seen


def is_lost(row: TubeRow) -> bool:
    """Whether leukaemia went unseen: less than half of it found, less than half of the rest shown.

    One blast among hundreds that somebody is asked to look at is no tube that is seen.
    """
    seen, normal = missed(row)
    return (row.recall or 0.0) < HALF and seen < HALF * (seen + normal)


def missed_words(rows: Sequence[TubeRow]) -> str:
    """Where the missed blasts of some tubes went."""
    seen, normal = _missed_of(rows)
    return f"of {seen + normal} missed blasts {seen} left to the eye, {normal} taken for normal"


def _missed_of(rows: Sequence[TubeRow]) -> tuple[int, int]:
    counts = [missed(row) for row in rows]
    return sum(seen for seen, _ in counts), sum(normal for _, normal in counts)


def _lost(rows: Sequence[TubeRow]) -> tuple[str, str, str]:
    seen, normal = _missed_of(rows)
    return str(seen), str(normal), part(sum(map(is_lost, rows)), len(rows))
