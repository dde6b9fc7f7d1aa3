"""`cytomon template import` and `export`: templates from elsewhere, and back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cytomon.template_import import Imported


class Kind(StrEnum):
    """What a tube without a worklist row counts as."""

    MARROW = "marrow"
    BLOOD = "blood"
    CSF = "csf"


def import_(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="GatingML 2.0 document or FlowJo 10 workspace.")
    ],
    tube: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE_OR_FOLDER",
            help="A tube of the document's panel; counts of a workspace's tubes are compared.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="YAML", help="The template to write.")] = None,
    name: Annotated[str, typer.Option(help="Of the template; else that of its file.")] = "",
    sample: Annotated[str, typer.Option(help="Of a workspace: whose gates are meant.")] = "",
    specimen: Annotated[Kind, typer.Option(help="What the tubes usually are.")] = Kind.MARROW,
    concordance: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Our counts beside FlowJo's, as a table.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(metavar="CSV", help="detector,marker: overrides the tube.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> int:
    """Make a template of the gates of a GatingML 2.0 document or a FlowJo 10 workspace.

    Exit code 0: done. 1: done, but a count differs from FlowJo's by more than its binning explains,
    or a tube could not be compared. 2 or 3: nothing was written.
    """
    from cytomon.cli.talk import Talk
    from cytomon.errors import InputError
    from cytomon.fcs.panel import read_mapping
    from cytomon.template_import import Wanted, import_template

    if not tube:
        raise InputError(
            "the channels of a document mean nothing without a tube of its panel",
            where="--tube",
            fix="name one of the laboratory's tubes: --tube FILE",
        )
    if out is None:
        raise InputError(
            "it is not said where the template is to be written",
            where="--out",
            fix="name a file that ends in .yaml: --out my_gates.yaml",
        )
    wanted = Wanted(
        source=source,
        tubes=tuple(tube),
        out=out,
        name=name,
        sample=sample,
        specimen=specimen.value,
        concordance=concordance,
        mapping=read_mapping(mapping) if mapping else None,
        force=force,
    )
    imported = import_template(wanted)
    talk = Talk()
    talk.say(f"gates: {imported.n_gates}, with the channels of {imported.tube}; see {out}")
    return _said(imported, talk.say, compare=concordance is not None)


def _said(imported: Imported, say: Callable[[str], None], *, compare: bool) -> int:
    """The concordance as a table, and what to look at."""
    from rich.console import Console
    from rich.table import Table

    for note in imported.notes:
        say(note)
    if imported.compared:
        table = Table(box=None, pad_edge=False)
        for column in ("tube", "population", "ours", "FlowJo", "difference", "%", ""):
            table.add_column(column, justify="right" if column[:1] in "oFd%" else "left")
        for row in imported.compared:
            cells = row.row()
            mark = "<" if row.is_marked else ""
            table.add_row(
                row.file,
                row.path,
                cells["count"],
                cells["flowjo_count"],
                cells["difference"],
                cells["difference_percent"],
                mark,
            )
        width = None if sys.stdout.isatty() else 10_000
        Console(width=width, highlight=False, markup=False, emoji=False).print(table)
    nothing = all(row.stored is None for row in imported.compared)
    if compare and nothing:
        say("no counts were compared: none of the tubes is a sample with counts in the document")
    for reason in imported.refused:
        say(f"not compared: {reason}")
    marked = sum(row.is_marked for row in imported.compared)
    if marked:
        say(
            f"{marked} counts differ from FlowJo's by more than its way of counting explains: look "
            "at these gates before you use the template"
        )
    return 1 if marked or imported.refused or (compare and nothing) else 0


def export(
    name: Annotated[str, typer.Argument(help="Name of a template, or path of its file.")],
    out: Annotated[
        Path | None, typer.Option(metavar="XML", help="The GatingML 2.0 document to write.")
    ] = None,
    tube: Annotated[
        str, typer.Option(metavar="FILE", help="Export the gates as they stand in this tube.")
    ] = "",
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Leave out, and list, what GatingML cannot say.")
    ] = False,
    mapping: Annotated[
        Path | None, typer.Option(metavar="CSV", help="detector,marker: overrides the tube.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> int:
    """Write a template's gates as GatingML 2.0; the document is read again before it is kept.

    Exit code 0: done. 1: done, with gates left out. 2 or 3: nothing was written.
    """
    from cytomon.cli.talk import Talk
    from cytomon.errors import InputError
    from cytomon.fcs.panel import read_mapping
    from cytomon.template_export import Wanted, export_template

    if out is None:
        raise InputError(
            "it is not said where the document is to be written",
            where="--out",
            fix="name a file: --out gates.xml",
        )
    exported = export_template(
        Wanted(
            template=name,
            out=out,
            tube=tube,
            leave_out=leave_out,
            mapping=read_mapping(mapping) if mapping else None,
            force=force,
        )
    )
    talk = Talk()
    for finding in exported.findings:
        talk.say(f"{finding.code}: {finding.what}")
    for gate, reason in exported.missing.items():
        talk.say(f"left out: {gate}: {reason}")
    if exported.beyond_flowkit:
        gates = ", ".join(exported.beyond_flowkit)
        talk.say(f"FlowKit cannot decide as the standard says, and was not asked about: {gates}")
    talk.say(
        f"{exported.n_gates} gates, read again and the same on {exported.n_events} events: {out}"
    )
    return 1 if exported.missing else 0
