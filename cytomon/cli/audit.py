"""`cytomon audit`: is the store what was written, and who wrote it."""

from __future__ import annotations

import csv
import dataclasses
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytomon.cli.stored import StoreOption, UserOption, acting, opened_store

if TYPE_CHECKING:
    from cytomon.store.history import Entry

app = typer.Typer(
    help="Is the store what was written into it, and who wrote what.", no_args_is_help=True
)


class Format(StrEnum):
    """How a table is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@app.command("verify")
def verify(
    anchor: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Taken before with `audit anchor`; may be given several times."
        ),
    ] = None,
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Check every entry of the log and every row of the store.

    Exit code 0: nothing was changed. 1: something was. Without an anchor, a log whose end was cut
    off and a history that was written anew cannot be noticed.
    """
    from cytomon.store.anchor import read_anchor
    from cytomon.store.session import DamagedError
    from cytomon.store.verify import verify as verify_store

    anchors = [read_anchor(path) for path in anchor or ()]
    try:
        with opened_store(store, acting(user)) as there:
            verdict = verify_store(there, anchors)
    except DamagedError as error:
        typer.echo(f"DAMAGED: database: {error.what}")
        return 1
    for problem in verdict.problems:
        typer.echo(f"{problem.code}: {problem.where}: {problem.what}")
    looked = f"{verdict.entries} entries of the log, {verdict.rows} rows"
    against = f"against {len(anchors)} anchor{'s' * (len(anchors) > 1)}" if anchors else ""
    if verdict.problems:
        number = len(verdict.problems)
        typer.echo(f"{number} problem{'s' * (number > 1)}: {looked}", err=True)
        return 1
    typer.echo(f"clean: {looked} {against}".strip())
    if not anchors:
        typer.echo("without an anchor nobody can tell whether the end was cut off", err=True)
    return 0


@app.command("anchor")
def anchor(
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write it; else it is printed.")
    ] = None,
    store: StoreOption = None,
    user: UserOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an anchor of this name.")] = False,
) -> int:
    """Write down the end of the log, to be kept where nobody who edits the store can reach it."""
    from cytomon.store.anchor import read_anchor, take_anchor
    from cytomon.tables import write_new

    if out is not None and force and out.exists():
        read_anchor(out)  # another anchor may be replaced, and nothing else
    with opened_store(store, acting(user)) as there, there.reading() as connection:
        taken = take_anchor(connection)
    if out is None:
        typer.echo(str(taken), nl=False)
    else:
        write_new(out, str(taken).encode(), force=force)
        typer.echo(f"anchor at entry {taken.seq} in {out}", err=True)
    return 0


@app.command("log")
def log(
    patient: Annotated[
        str, typer.Option(metavar="ID", help="Only what concerns this patient.")
    ] = "",
    output: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Print who did what, when and why."""
    from cytomon.store.history import Entry, read_log
    from cytomon.tables import harmless

    names = [field.name for field in dataclasses.fields(Entry)]
    with opened_store(store, acting(user)) as there, there.reading() as connection:
        entries = read_log(connection, patient_id=patient)
        if output is Format.CSV:
            writer = csv.writer(sys.stdout, lineterminator="\r\n")
            writer.writerow(names)
            for entry in entries:
                writer.writerow([harmless(str(getattr(entry, name))) for name in names])
        elif output is Format.JSON:
            found = [dataclasses.asdict(entry) for entry in entries]
            typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
        else:
            for entry in entries:
                typer.echo(_line(entry))
    return 0


def _line(entry: Entry) -> str:
    role = f" ({entry.role})" if entry.role else ""
    said = f"{entry.seq}  {entry.at[:19]}Z  {entry.who}{role}: {entry.action} {entry.subject}"
    change = "".join(f"\n     {name}: {_one_line(text)}" for name, text in _said(entry) if text)
    return _one_line(said) + change


def _one_line(text: str) -> str:
    """A text that cannot look like an entry of its own."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def _said(entry: Entry) -> list[tuple[str, str]]:
    return [(name, str(getattr(entry, name))) for name in ("before", "after", "why")]
