"""`cytomon template`: what templates there are, what one does, what is wrong with one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cytomon.cli import exchange

app = typer.Typer(
    help="List, show, check, import and export gating templates.", no_args_is_help=True
)
app.command("import")(exchange.import_)
app.command("export")(exchange.export)


@app.command("list")
def list_() -> int:
    """List the templates that come with cytomon."""
    from rich.console import Console
    from rich.table import Table

    from cytomon.gating.template import list_templates

    table = Table("name", "version", "specimen", "required markers", box=None, pad_edge=False)
    for template in list_templates():
        spec = template.spec
        required = " ".join(spec.markers.required)
        table.add_row(spec.name, spec.version, spec.specimen.value, required)
    Console(highlight=False, markup=False).print(table)
    return 0


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Name of a template, or path of its file.")],
    tube: Annotated[
        str, typer.Option(metavar="FILE", help="Show the gates as they stand in this tube.")
    ] = "",
    png: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the strategy on the tube of --tube.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(metavar="CSV", help="detector,marker: overrides the tube.")
    ] = None,
) -> int:
    """Show a template's gate tree; with --tube, where each gate stands and what it holds."""
    from cytomon.errors import InputError
    from cytomon.fcs.panel import read_mapping
    from cytomon.gating.describe import describe_placed, describe_template
    from cytomon.pipeline import draw_tube
    from cytomon.soundness import load_template

    template = load_template(name)
    if not tube:
        if png is not None:
            raise InputError(
                "a picture needs events to show",
                where="--png",
                fix="name a tube with --tube FILE",
            )
        typer.echo(describe_template(template))
        return 0
    own = read_mapping(mapping) if mapping else None
    result = draw_tube(tube, template=name, mapping=own, png=png)
    typer.echo(describe_placed(result))
    if png is not None:
        typer.echo(f"drawn: {png}", err=True)
    return 0


@app.command("check")
def check(
    files: Annotated[list[Path], typer.Argument(help="Template files.")],
) -> int:
    """Say every mistake of template files, with line and fix. Exit code 1 if there are any."""
    from cytomon.errors import InputError
    from cytomon.soundness import check_template

    wrong = 0
    for path in files:
        try:
            mistakes = check_template(path.read_bytes(), path.parent)
        except OSError as error:
            raise InputError(
                f"the template cannot be opened: {error.strerror}",
                where=path.name,
                fix="check the path",
            ) from error
        wrong += bool(mistakes)
        for mistake in mistakes:
            typer.echo(f"{path.name}:{mistake.line}: {mistake.what}\n  fix: {mistake.fix}")
        if not mistakes:
            typer.echo(f"{path.name}: sound")
    return 1 if wrong else 0
