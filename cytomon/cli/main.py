"""The command `cytomon`: its groups, and the funnel that every error goes through."""

from __future__ import annotations

import io
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

import cytomon
from cytomon import permissions
from cytomon.cli import (
    INTERRUPTED,
    audit,
    backup,
    batch,
    cohort,
    correct,
    deidentify,
    demo,
    importing,
    people,
    reference,
    report,
    review,
    say_interrupted,
    sign,
    simulate,
    template,
    track,
    validate,
    watch,
)
from cytomon.errors import CytomonError, InputError, TemplateError

DONE, USAGE, NOTHING, DEFECT = 0, 2, 3, 70

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
app.command("watch")(watch.watch)
app.command("demo")(demo.demo)
app.command("deidentify")(deidentify.deidentify)
app.command("import")(importing.import_)
app.command("track")(track.track)
app.command("report")(report.report)
app.command("cohort")(cohort.cohort)
app.command("review")(review.review)
app.command("sign")(sign.sign)
app.command("acknowledge")(sign.acknowledge)
app.add_typer(correct.app, name="correct")
app.add_typer(audit.app, name="audit")
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(people.app, name="user")
app.command("validate")(validate.validate)
app.add_typer(template.app, name="template")
app.add_typer(reference.app, name="reference")
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
    """Run the command line with the words that the process was started with."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that the terminal cannot show is no error
            stream.reconfigure(errors="backslashreplace")
    code = main(sys.argv[1:])
    if _outlived():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _outlived() -> bool:
    """Whether a process that was killed has not died: it waits for a drive, and we would for it."""
    used = sys.modules.get("multiprocessing")
    return bool(used and used.active_children())


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code (design: section 6)."""
    try:
        with permissions.held_to():
            code = app(arguments, standalone_mode=False)
        sys.stdout.flush()
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except SystemExit:
        code = _say(
            BrokenPipeError()
        )  # typer leaves in this way when the reader of stdout has gone
    except Exception as error:  # noqa: BLE001  (the funnel: whatever it is, said in words)
        return _say(error)
    if code == INTERRUPTED:
        say_interrupted()
    return code if isinstance(code, int) else DONE


def _say(error: Exception) -> int:
    show = getattr(error, "show", None)
    if show is not None:  # typer's own errors, whichever copy of click it brings along
        show()
        return USAGE
    if isinstance(error, BrokenPipeError):
        # the reader of stdout has gone (`| head`); what is left must not complain at the very end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    if isinstance(error, OSError):
        error = _unusable(error)
    if isinstance(error, CytomonError):
        typer.echo(f"error: {error}", err=True)
        return USAGE if isinstance(error, InputError | TemplateError) else NOTHING
    # where it happened, never the message: that may hold what a keyword said
    typer.echo("".join(traceback.format_tb(error.__traceback__)), err=True)
    missing = f" ({error})" if isinstance(error, ImportError) else ""
    typer.echo(f"{type(error).__name__}{missing}: this is a defect of cytomon", err=True)
    typer.echo("please report it with the lines above and `cytomon --version`", err=True)
    return DEFECT


def _unusable(error: OSError) -> InputError:
    return InputError(
        f"a file cannot be read or written: {error.strerror or type(error).__name__}",
        where=Path(str(error.filename)).name if error.filename else "the file system",
        fix="check the path, the free space and your rights",
    )
