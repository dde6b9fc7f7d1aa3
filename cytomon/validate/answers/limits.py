"""Blanks, and the limits of blank, detection and quantification."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from cytomon.measure.limits import lod_events
from cytomon.model.results import Limits
from cytomon.validate.answers.choose import (
    CONDITIONS,
    THRESHOLD,
    blanks,
    by_eye_rate,
    conditions,
    false_rate,
    is_detected,
    series,
)
from cytomon.validate.answers.table import (
    NOTHING,
    Table,
    known,
    level,
    median,
    part,
    per_million,
)
from cytomon.validate.detection import (
    blank_limit,
    blank_limit_normal,
    blank_rate,
    bracket,
    counting_limit,
    detection_limit,
    fit_probit,
    quantification_limit,
)
from cytomon.validate.rows import TubeRow


def tables(rows: Sequence[TubeRow]) -> tuple[Table, ...]:
    """Limits by condition, and blanks by what they are."""
    there = [name for name in conditions(rows) if blanks(rows, name) or series(rows, name)]
    columns = [dict(_limits(rows, name)) for name in there]
    labels = list(dict.fromkeys(label for column in columns for label in column))
    limits = Table(
        title="Limits",
        note="LOB, LOD and LLOQ as CLSI EP17-A2 defines them, in events per million nucleated "
        "cells unless a percentage stands there. The parametric LOB assumes a normal law, which "
        "counts near zero do not follow: the non-parametric one is used for the LOD. The probit "
        "LOD is the level at which 95 % of the tubes are called detected; the counting LOD is what "
        "the template's smallest cluster alone allows at the tubes' median size.",
        columns=("quantity", *(CONDITIONS[name] for name in there)),
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
    without, with_blasts = blanks(rows, condition), series(rows, condition)
    return [*_of_blanks(without), *_of_positives(with_blasts, without)]


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
        ("LOB, non-parametric", per_million(blank_limit(rates))),
        ("LOB, parametric", per_million(normal)),
        (
            "lob_rate for the template, events per cell",
            f"{blank_rate(counts, _cells(without)):.2g}",
        ),
        ("blanks called detected", part(sum(map(is_detected, without)), len(without))),
    ]


def _cells(rows: Sequence[TubeRow]) -> list[int]:
    return [row.nucleated or 1 for row in rows]


def _of_positives(
    with_blasts: Sequence[TubeRow], without: Sequence[TubeRow]
) -> list[tuple[str, str]]:
    if not with_blasts:
        return []
    levels = by_level(with_blasts)
    low = [found for nominal, found in levels.items() if nominal <= THRESHOLD and len(found) > 1]
    blank = blank_limit([false_rate(row) for row in without]) if without else None
    classical = detection_limit(blank, low) if blank is not None and low else None
    size = median(_cells(with_blasts)) or 1
    return [
        ("LOD, LOB + 1.645 SD of low positives", per_million(classical)),
        ("LOD, probit, 95 % of tubes detected", probit_words(with_blasts)),
        ("LOD, counting alone", level(counting_limit(lod_events(Limits(), int(size)), int(size)))),
        ("LLOQ, CV ≤ 30 %", level(quantification_limit(levels))),
        ("LLOQ, CV ≤ 20 %", level(quantification_limit(levels, most=0.20))),
    ]


def by_level(rows: Sequence[TubeRow]) -> dict[float, list[float]]:
    """Nominal level to the fractions measured there."""
    levels: dict[float, list[float]] = defaultdict(list)
    for row in rows:
        if row.level and row.fraction is not None:
            levels[row.level].append(row.fraction)
    return dict(levels)


def probit_words(rows: Sequence[TubeRow]) -> str:
    """The probit limit of detection, or the two levels it lies between."""
    true, hits = [row.true_fraction or 0 for row in rows], [is_detected(row) for row in rows]
    fitted = fit_probit(true, hits)
    if fitted is not None:
        return level(fitted.level_at(0.95))
    missed, found = bracket(true, hits)
    if missed is None:
        return f"below {level(min(true))}: every tube was detected"
    if found is None:
        return f"above {level(missed)}: no tube was detected"
    return f"between {level(missed)} and {level(found)}"


def _by_specimen(rows: Sequence[TubeRow], there: Sequence[str]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for condition in there:
        groups: dict[str, list[TubeRow]] = defaultdict(list)
        for row in blanks(rows, condition):
            groups[" ".join(word for word in (row.state, row.altered) if word)].append(row)
        for specimen, group in groups.items():
            rates, eyes = [false_rate(row) for row in group], known(map(by_eye_rate, group))
            found.append((
                CONDITIONS[condition], specimen, str(len(group)), per_million(median(rates)),
                per_million(max(rates)), part(sum(map(is_detected, group)), len(group)),
                per_million(median(eyes)), per_million(max(eyes, default=None)),
            ))  # fmt: skip
    return found
