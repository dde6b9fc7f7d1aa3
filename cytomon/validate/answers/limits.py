"""Blanks, and the limits of blank, detection and quantification."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from cytomon.validate.answers.choose import (
    CONDITIONS,
    blanks,
    by_eye_rate,
    cells,
    conditions,
    false_rate,
    is_detected,
    series,
    specimen,
)
from cytomon.validate.answers.positives import FARTHEST, detection
from cytomon.validate.answers.table import NOTHING, Table, known, median, part, per_million
from cytomon.validate.detection import blank_limit, blank_limit_normal, blank_rate
from cytomon.validate.rows import TubeRow

LOB = "LOB, non-parametric"
BLANKS_ASKED = 60
"""Results of tubes without leukaemia that EP17-A2 asks for at least."""


def tables(rows: Sequence[TubeRow]) -> tuple[Table, ...]:
    """Limits by condition, and blanks by what they are."""
    there = [name for name in conditions(rows) if blanks(rows, name) or series(rows, name)]
    columns = [dict(_limits(rows, name)) for name in there]
    labels = list(dict.fromkeys(label for column in columns for label in column))
    limits = Table(
        title="Limits",
        note="LOB, LOD and LLOQ (limits of blank, detection and quantification) as CLSI EP17-A2 "
        "defines them; all rates and levels in events per million nucleated cells (100 are "
        "0.01 %). The parametric LOB assumes a normal law, which "
        "counts near zero do not follow. The LOB alone decides nothing here: a status needs the "
        "template's least events besides, at the tubes' median size; the LOD begins at the higher "
        "of both and is never below it. The probit LOD is the level at which 95 % of the tubes "
        "are called detected, with its profile interval of 95 %, and stands only where levels "
        f"hold it: its two neighbours at most {FARTHEST:g}-fold apart, or one hit in some tubes "
        "and missed in others. The counting LOD is what the least events alone allow. The LLOQ "
        "lies somewhere between two levels; where, no tube has measured.",
        columns=("quantity, per million", *(CONDITIONS[name] for name in there)),
        rows=tuple(
            (label, *(column.get(label, NOTHING) for column in columns)) for label in labels
        ),
    )
    kinds = Table(
        title="Tubes without leukaemia",
        note="Events called blasts, and events left to the eye, per million nucleated cells.",
        columns=(
            "condition", "specimen", "tubes", "false, median", "false, worst", "called detected",
            "by eye, median", "by eye, worst",
        ),
        rows=tuple(_by_specimen(rows, there)),
    )  # fmt: skip
    return limits, kinds


def _limits(rows: Sequence[TubeRow], condition: str) -> Sequence[tuple[str, str]]:
    return [*_of_blanks(blanks(rows, condition)), *detection(rows, condition)]


def _of_blanks(without: Sequence[TubeRow]) -> list[tuple[str, str]]:
    if not without:
        return []
    rates = [false_rate(row) for row in without]
    normal = blank_limit_normal(rates) if len(rates) > 1 else None
    counts = [row.blasts or 0 for row in without]
    return [
        ("blank tubes", str(len(without))),
        ("false events, median", per_million(median(rates))),
        ("false events, worst", per_million(max(rates))),
        (LOB, per_million(blank_limit(rates)) + _few(len(rates))),
        ("LOB, parametric", per_million(normal)),
        (
            "lob_rate for the template, events per cell",
            f"{blank_rate(counts, cells(without)):.2g}",
        ),
        ("blanks called detected", part(sum(map(is_detected, without)), len(without))),
    ]


def _few(count: int) -> str:
    if count >= BLANKS_ASKED:
        return ""
    return f" (of {count} blank{'s' * (count > 1)}; EP17 asks for at least {BLANKS_ASKED})"


def blank_limits(rows: Sequence[TubeRow]) -> tuple[str, ...]:
    """A line for each condition with blanks: its limit of blank, and whether they are enough."""
    return tuple(
        f"limit of blank per million, {CONDITIONS[name]}: {limit}"
        for name in conditions(rows)
        for label, limit in _of_blanks(blanks(rows, name))
        if label == LOB
    )


def _by_specimen(rows: Sequence[TubeRow], there: Sequence[str]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for condition in there:
        groups: dict[str, list[TubeRow]] = defaultdict(list)
        for row in blanks(rows, condition):
            groups[specimen(row)].append(row)
        for words, group in groups.items():
            rates, eyes = [false_rate(row) for row in group], known(map(by_eye_rate, group))
            found.append((
                CONDITIONS[condition], words, str(len(group)), per_million(median(rates)),
                per_million(max(rates)), part(sum(map(is_detected, group)), len(group)),
                per_million(median(eyes)), per_million(max(eyes, default=None)),
            ))  # fmt: skip
    return found
