"""`cytomon batch`: a folder of tubes becomes measurements."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from cytomon.cli.stored import EventsOption, PatientsOption, UserOption, acting


class Engine(StrEnum):
    """Who decides membership."""

    STREAM = "stream"
    FLOWKIT = "flowkit"


class Figures(StrEnum):
    """For which tubes a picture of the gating strategy is drawn."""

    ALL = "all"
    DOUBTFUL = "doubtful"
    NONE = "none"


OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the results.")]
WorklistOption = Annotated[
    Path | None,
    typer.Option("--worklist", metavar="CSV", help="Which tube belongs to which specimen."),
]
TemplateOption = Annotated[
    str,
    typer.Option("--template", metavar="NAME", help="Template, where the worklist names none."),
]
MappingOption = Annotated[
    Path | None,
    typer.Option("--mapping", metavar="CSV", help="detector,marker: overrides the files."),
]
KeptOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="Where results are kept; by default $CYTOMON_STORE, else in DIR.",
    ),
]
JobsOption = Annotated[
    int,
    typer.Option(
        "--jobs",
        min=0,
        metavar="N",
        help="Processes of this computer; 0 for one on each processor.",
    ),
]
PatienceOption = Annotated[
    float,
    typer.Option(
        "--patience",
        min=1,
        metavar="SECONDS",
        help="A tube on which nothing moves for so long is given up.",
    ),
]
FiguresOption = Annotated[
    Figures, typer.Option("--figures", help="Pictures of the gating strategy, in DIR/figures.")
]


def batch(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT...", help="FCS or LMD files, or folders of them.")
    ],
    out: OutOption,
    worklist: WorklistOption = None,
    patients: PatientsOption = None,
    events: EventsOption = None,
    template: TemplateOption = "",
    mapping: MappingOption = None,
    store: KeptOption = None,
    user: UserOption = None,
    jobs: JobsOption = 0,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Measure on a cluster (dask.distributed) instead."),
    ] = None,
    patience: PatienceOption = 300,
    engine: Annotated[Engine, typer.Option(help="Who decides membership.")] = Engine.STREAM,
    verify: Annotated[
        bool, typer.Option("--verify", help="Ask both engines, and compare event by event.")
    ] = False,
    figures: FiguresOption = Figures.ALL,
    force: Annotated[
        bool, typer.Option("--force", help="Measure again what is measured already.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be measured, and stop.")
    ] = False,
) -> int:
    """Measure every tube: MRD, CD19 and CD22 of the blasts, B-cell fraction.

    One bad tube never stops the others. A batch that was interrupted goes on where it stopped.
    Exit code 0: all done. 1: some tubes or rows were refused. 2: wrong usage. 3: nothing done.
    """
    from cytomon.batch import Keep, plan, run
    from cytomon.cli.talk import Talk
    from cytomon.errors import InputError
    from cytomon.fcs.panel import read_mapping
    from cytomon.inputs import Lists
    from cytomon.soundness import load_template
    from cytomon.store.address import choose
    from cytomon.task import Settings

    if scheduler is not None and not scheduler.strip():
        raise InputError(
            "no scheduler is named",
            where="--scheduler",
            fix="give its address, for example tcp://head:8786, or leave the option out",
        )
    if scheduler and jobs:
        raise InputError(
            "--jobs is for processes of this computer; on a cluster its workers measure",
            where="--jobs, --scheduler",
            fix="leave one of the two out",
        )
    if template:
        load_template(template)
    settings = Settings(
        template=template,
        mapping=read_mapping(mapping) if mapping else None,
        engine=engine.value,
        verify=verify,
        figures=figures.value,
        force=force,
        patience=patience,
    )
    lists = Lists(worklist=worklist, patients=patients, events=events)
    found = plan(inputs, lists, settings)
    talk = Talk()
    if dry_run:
        return talk.preview(found, settings)
    keep = Keep(address=choose(store, folder=out), who=acting(user), lists=lists)
    with terminable(), talk.progress(len(found.jobs)) as report:
        outcome = run(
            found,
            out,
            settings,
            workers=scheduler or processes(jobs),
            keep=keep,
            report=report,
        )
    talk.summary(found, outcome, out)
    return outcome.exit_code


@contextmanager
def terminable(kind: type[KeyboardInterrupt] = KeyboardInterrupt) -> Iterator[None]:
    """SIGTERM, with which a queue or a shutdown ends a job, ends it as Ctrl-C does."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the end is not to be interrupted, too
        raise kind

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears of it
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


MOST = 8
"""Processes on one processor, beyond which a number of them is a slip of the keyboard."""


def processes(wanted: int = 0) -> int:
    """As many as wanted, or one on each processor that this process may use.

    Raises
    ------
    InputError
        If far more are wanted than there are processors.
    """
    import os

    from cytomon.errors import InputError

    allowed = getattr(os, "sched_getaffinity", None)
    processors = (len(allowed(0)) if allowed else os.cpu_count()) or 1
    if wanted > MOST * processors:
        raise InputError(
            f"{wanted} processes on {processors} processors take memory, and no tube is done "
            "sooner",
            where="--jobs",
            fix="leave the option out for one process on each processor",
        )
    return wanted or processors
