"""The page of a validation: one file that needs no other, drawn from the rows alone."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from cytomon.tables import write_whole
from cytomon.validate.answers import agreement, calls, faults, limits, recall
from cytomon.validate.answers.bar import Bar
from cytomon.validate.answers.bars import bars
from cytomon.validate.answers.choose import CONDITIONS, QUICK, SIMULATED, conditions
from cytomon.validate.answers.table import Table
from cytomon.validate.figures import Plot, draw
from cytomon.validate.rows import TubeRow, unfinished

PAGE = "validation.html"
TEMPLATE = "page.html.j2"
JUDGING_FROM = 20_000
"""Gates and code were never tuned on tubes of seeds from here on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """How the rows came about.

    Attributes
    ----------
    tubes : str
        How many of each condition.
    codes, commands : tuple of str
        Versions with the hash of code and templates, and command lines; one each unless rows of
        several runs stand together.
    seeds, events : str
        From the least to the greatest; empty where nothing was simulated.
    remarks : tuple of str
        What a reader has to know before any figure.
    simulated : bool
        Whether any tube was.
    """

    tubes: str
    codes: tuple[str, ...]
    commands: tuple[str, ...]
    seeds: str
    events: str
    remarks: tuple[str, ...]
    simulated: bool


def write_page(folder: Path, rows: Sequence[TubeRow]) -> Path:
    """Draw the page.

    Parameters
    ----------
    folder : Path
        Where it goes.
    rows : sequence of TubeRow
        All of a validation, at least one.

    Returns
    -------
    Path
        Of ``validation.html``.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    path = folder / PAGE
    write_whole(path, page(rows).encode())
    return path


def page(rows: Sequence[TubeRow]) -> str:
    """The text of the page; equal rows give equal text."""
    source = resources.files("cytomon.validate").joinpath(TEMPLATE).read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source).render(
        made=_made(rows), bars=bars(rows), tables=all_tables(rows), plots=_plots(rows)
    )


def all_tables(rows: Sequence[TubeRow]) -> tuple[Table, ...]:
    """Every table that has rows, in the order of the page."""
    rooms = (limits, recall, agreement, calls, faults)
    return tuple(table for room in rooms for table in room.tables(rows) if table.rows)


def summary(rows: Sequence[TubeRow]) -> tuple[Bar, ...]:
    """What was asked, and whether it was reached."""
    return bars(rows)


def remarks(rows: Sequence[TubeRow]) -> tuple[str, ...]:
    """What a reader has to know before any figure; empty where there is nothing."""
    said = [
        f"{series}: {there} of {planned} planned tubes are here; the run was interrupted, and "
        "goes on when the same command is given again"
        for series, (there, planned) in unfinished(rows).items()
    ]
    made = [row for row in rows if row.condition in SIMULATED]
    seeds = [row.seed for row in made if row.seed is not None]
    if any(row.size == QUICK for row in made):
        said.append(
            "simulated tubes of --size quick are too few and too small for any verdict: their "
            "figures are shown, and none is judged"
        )
    if seeds and min(seeds) < JUDGING_FROM:
        said.append(
            f"seeds below {JUDGING_FROM:,} are among those of the simulated tubes: on such tubes "
            "this project was tuned, and the figures may be better than those of the next tube"
        )
    return tuple(said)


def _plots(rows: Sequence[TubeRow]) -> tuple[Plot, ...]:
    return draw([row for row in rows if not row.error])


def _made(rows: Sequence[TubeRow]) -> Made:
    counts = {name: sum(row.condition == name for row in rows) for name in conditions(rows)}
    made = [row for row in rows if row.condition in SIMULATED]
    seeds = [row.seed for row in made if row.seed is not None]
    events = [row.events for row in made if row.events is not None]
    return Made(
        tubes=", ".join(f"{count} {CONDITIONS[name]}" for name, count in counts.items()),
        codes=tuple(dict.fromkeys(row.made_by for row in rows if row.made_by)),
        commands=tuple(dict.fromkeys(row.command for row in rows if row.command)),
        seeds=_span(seeds),
        events=_span(events),
        remarks=remarks(rows),
        simulated=bool(made),
    )


def _span(values: Sequence[int]) -> str:
    if not values:
        return ""
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def command_line(words: Sequence[str]) -> str:
    """The command as one would type it; of a path only the name, since folders name people."""
    return shlex.join(["cytomon", *map(_without_folders, words)])


def _without_folders(word: str) -> str:
    option, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    return option + equals + (Path(value).name if "/" in value else value)
