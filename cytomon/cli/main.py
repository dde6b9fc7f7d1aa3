"""The command `cytomon`: its groups, and the funnel that every error goes through."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import click
import typer

import cytomon
from cytomon.cli import batch, demo, simulate, template
from cytomon.errors import CytomonError, InputError, TemplateError

DONE, USAGE, NOTHING, DEFECT, INTERRUPTED = 0, 2, 3, 70, 130

app = typer.Typer(
    name="cytomon",
    help="MRD, antigen escape and B-cell recovery by flow cytometry after CAR-T therapy. "
    "Research use; it proposes, a person signs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("batch")(batch.batch)
app.command("demo")(demo.demo)
app.add_typer(template.app, name="template")
app.add_typer(simulate.app, name="simulate")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cytomon {cytomon.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Take what comes before the command."""


def run() -> None:
    """Run the command line; the console script."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code (design: section 6)."""
    try:
        code = app(arguments, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return USAGE
    except click.ClickException as error:
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        typer.echo("interrupted; run the same command again to go on", err=True)
        return INTERRUPTED
    except CytomonError as error:
        typer.echo(f"error: {error}", err=True)
        return USAGE if isinstance(error, InputError | TemplateError) else NOTHING
    except Exception:  # noqa: BLE001  (the funnel: a defect of ours, said as such)
        typer.echo(traceback.format_exc(), err=True)
        typer.echo("this is a defect of cytomon; please report it with the lines above", err=True)
        return DEFECT
    return code if isinstance(code, int) else DONE
