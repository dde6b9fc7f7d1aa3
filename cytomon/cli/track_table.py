"""All patients in the terminal: one line each, whoever needs a person first on top."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from shutil import get_terminal_size

import typer

from cytomon.cli.spark import b_curve, legend, mrd_curve
from cytomon.model.flags import Urgency
from cytomon.model.states import Landmark
from cytomon.track.digest import VOID, Digest, Mark, Point
from cytomon.track.visits import next_visit
from cytomon.track.words import percent

COLOURS = {Urgency.CRITICAL: "red", Urgency.HIGH: "yellow", Urgency.MEDIUM: "cyan"}
_SHOWN = 50
"""Patients on a terminal, unless all are asked for."""
_HEAD = ("patient", "day", "open flags", "MRD (marrow)", "", "B cells", "", "visits")


def worklist(digests: Sequence[Digest], as_of: date, *, everybody: bool) -> Iterator[str]:
    """Lines of the worklist.

    Parameters
    ----------
    digests : sequence of Digest
        In any order.
    as_of : date
        The day.
    everybody : bool
        Show all of them, also on a terminal.
    """
    ordered = sorted(digests, key=lambda one: one.place)
    shown = ordered if everybody or not sys.stdout.isatty() else ordered[:_SHOWN]
    rows = [_cells(one, as_of) for one in shown]
    colours = [COLOURS.get(one.urgency or Urgency.INFO) for one in shown]
    yield from fitted(_HEAD, rows, colours)
    rest = len(ordered) - len(shown)
    if rest:
        yield f"and {rest} more: --all"
    yield ""
    yield _counted(ordered)
    yield legend()
    yield "one patient: cytomon track PATIENT"
    yield "answer a flag: cytomon acknowledge PATIENT RULE --reason TEXT; one in brackets was seen"


def fitted(
    head: Sequence[str], rows: Sequence[Sequence[str]], colours: Sequence[str | None]
) -> Iterator[str]:
    """Cells in columns, where the terminal is wide enough; else two lines a patient."""
    if not sys.stdout.isatty() or _longest(head, rows) <= get_terminal_size().columns:
        yield from aligned(head, rows, colours)
        return
    first = aligned(head[:3], [row[:3] for row in rows], colours)
    second = aligned(head[3:], [row[3:] for row in rows], [None] * len(rows))
    for one, other in zip(first, second, strict=True):
        yield one
        yield f"    {other}"


def _longest(head: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    columns = list(zip(head, *rows, strict=True))
    return sum(max(map(len, column)) for column in columns) + 2 * (len(columns) - 1)


def aligned(
    head: Sequence[str], rows: Sequence[Sequence[str]], colours: Sequence[str | None]
) -> Iterator[str]:
    """Cells in columns; the third one, the flags, in the colour of its row."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    yield "  ".join(f"{name:<{width}}" for name, width in zip(head, widths, strict=True)).rstrip()
    for row, colour in zip(rows, colours, strict=True):
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)]
        if colour is not None:
            cells[2] = typer.style(cells[2], fg=colour, bold=colour == "red")
        yield "  ".join(cells).rstrip()


def _cells(one: Digest, as_of: date) -> tuple[str, ...]:
    today = (as_of - one.day0).days if one.day0 else None
    return (
        one.patient_id,
        "-" if today is None else str(today),
        open_flags(one.waiting),
        newest(one.mrd),
        mrd_curve(one.mrd),
        b_cells(one),
        b_curve(one.b_cells),
        _visits(one, today),
    )


def open_flags(marks: Sequence[Mark]) -> str:
    """Open flags by urgency: ``critical A1 (A2); medium A16 x3``; in brackets those seen."""
    said = []
    for urgency in sorted(Urgency, reverse=True):
        rules = Counter((mark.rule, mark.seen) for mark in marks if mark.urgency is urgency)
        if rules:
            ordered = sorted(rules, key=lambda one: (one[1], int(one[0][1:])))
            listed = [_shown(*one, rules[one]) for one in ordered]
            said.append(f"{urgency.word} {' '.join(listed)}")
    return "; ".join(said) or "-"


def _shown(rule: str, seen: bool, times: int) -> str:
    name = f"{rule} x{times}" if times > 1 else rule
    return f"({name})" if seen else name


def newest(points: Sequence[Point]) -> str:
    """The newest value with its day and status; where that gives no answer, the last that did."""
    if not points:
        return "none yet"
    last = points[-1]
    if last.value is not None:
        return f"{percent(last.value)} {last.status} d{last.day}"
    before = next((one for one in reversed(points) if one.value is not None), None)
    said = f"{last.status} d{last.day}"
    if before is None:
        return said
    return f"{said}; before {percent(before.value)} {before.status} d{before.day}"


def b_cells(one: Digest) -> str:
    """Aplasia or recovery, and since when; the MRD stands in the column before."""
    if one.void is not None:
        day, event = one.void
        return f"not judged since {event.replace('_', ' ')} d{day}"
    again = " again" * one.again
    if one.recovered is not None:
        said = f"back{again} d{one.recovered}"
    elif one.onset is not None:
        said = f"aplasia{again} from d{one.onset}"
    elif one.b_cells and all(point.status == VOID for point in one.b_cells):
        said = "not judged so far"
    else:
        said = "no aplasia yet" if one.b_cells else "none yet"
    last = one.b_cells[-1] if one.b_cells else None
    if last is None or last.value is None:
        return said
    return f"{said}, {percent(last.value)} {last.kind} d{last.day}"


def _visits(one: Digest, today: int | None) -> str:
    """What is overdue and not answered yet, then what is due, comes next, or why nothing does."""
    if today is None:
        return "no day 0"
    late = [mark.subject for mark in one.waiting if mark.rule == "A16" and not mark.seen]
    said = [f"overdue {' '.join(late)}"] if late else []
    if one.ended is not None:
        said.append(f"ended d{one.ended} ({one.why_ended})")
    elif one.due:
        said.append(f"due {' '.join(one.due)}")
    else:
        coming = next_visit(max(today, 0))
        said.append(f"next {coming.name} (d{coming.first}-{coming.last})")
    return "; ".join(said)


def _counted(digests: Sequence[Digest]) -> str:
    counts = Counter(one.urgency for one in digests)
    said = [f"{counts[urgency]} {urgency.word}" for urgency in COLOURS if counts[urgency]]
    waiting = sum(counts[urgency] for urgency in COLOURS)
    patients = "1 patient" if len(digests) == 1 else f"{len(digests)} patients"
    return (
        f"{patients}, {waiting} with open flags that nobody has seen ({', '.join(said) or 'none'})"
    )


_STATE_HEAD = (
    "patient", "onset", "flags", "recovery", "confirmed", "2m", "3m", "4m", "6m", ">=6m",
    "MRD (marrow)", "relapse", "on", "phenotype", "CAR19 lost", "CAR22 lost",
)  # fmt: skip


def state_table(digests: Sequence[Digest]) -> Iterator[str]:
    """Lines of the states of all patients, the MRD beside the aplasia."""
    rows = []
    for one in sorted(digests, key=lambda digest: digest.patient_id):
        row = one.states.row()
        rows.append(
            (
                one.patient_id, row["bca_onset"], open_flags(one.waiting), row["recovery_trial"],
                row["recovery_confirmed"], row["bca_2m"], row["bca_3m"], row["bca_4m"],
                row["bca_6m"], row["bca_ge_6m"], newest(one.mrd), row["relapse_level"],
                row["relapse_date"], row["relapse_phenotype"], row["car19_lost"],
                row["car22_lost"],
            )
        )  # fmt: skip
    yield from aligned(_STATE_HEAD, rows, [None] * len(rows))
    if any(Landmark.PERSISTENT in row for row in rows):
        yield ""
        yield "persistent aplasia is no reassurance by itself: see the MRD beside it"
