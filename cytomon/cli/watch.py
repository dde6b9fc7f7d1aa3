"""`cytomon watch`: what arrives in a folder is measured, by a service that is left alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytomon.cli.batch import (
    Figures,
    FiguresOption,
    JobsOption,
    KeptOption,
    MappingOption,
    OutOption,
    PatienceOption,
    TemplateOption,
    WorklistOption,
    processes,
    terminable,
)
from cytomon.cli.stored import EventsOption, PatientsOption, UserOption, acting

if TYPE_CHECKING:
    from cytomon.cli.talk import Talk


def watch(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder in which tubes arrive.")],
    out: OutOption,
    worklist: WorklistOption = None,
    patients: PatientsOption = None,
    events: EventsOption = None,
    template: TemplateOption = "",
    mapping: MappingOption = None,
    store: KeptOption = None,
    user: UserOption = None,
    jobs: JobsOption = 0,
    patience: PatienceOption = 300,
    figures: FiguresOption = Figures.ALL,
    every: Annotated[
        float, typer.Option(min=0.05, metavar="SECONDS", help="Time between two looks at DIR.")
    ] = 10,
    settle: Annotated[
        float,
        typer.Option(min=0, metavar="SECONDS", help="A file is ready once it lies still so long."),
    ] = 30,
    give_up: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="One that lies still so long and is not whole is refused.",
        ),
    ] = 600,
    once: Annotated[bool, typer.Option("--once", help="Work off what is there, and end.")] = False,
) -> int:
    """Measure what arrives in a folder, as a batch would, and put by what is refused.

    With a worklist a tube waits for its row. The lists are read again when they change.
    Runs until it is stopped (exit code 0 on SIGTERM, 130 on Ctrl-C), and goes on when started
    again. With --once, exit code 0: all done. 1: something was refused, or waits for somebody.
    2: wrong usage, or something cannot be reached. 3: nothing done.
    """
    from cytomon.batch import Keep
    from cytomon.cli.talk import Talk
    from cytomon.fcs.panel import read_mapping
    from cytomon.inputs import Lists
    from cytomon.soundness import load_template
    from cytomon.store.address import choose
    from cytomon.task import Settings
    from cytomon.watch.service import Watch
    from cytomon.watch.service import watch as work

    if template:
        load_template(template)
    lists = Lists(worklist=worklist, patients=patients, events=events)
    wanted = Watch(
        folder=folder,
        out=out,
        lists=lists,
        settings=Settings(
            template=template,
            mapping=read_mapping(mapping) if mapping else None,
            figures=figures.value,
            patience=patience,
        ),
        keep=Keep(address=choose(store, folder=out), who=acting(user), lists=lists),
        processes=processes(jobs),
        every=every,
        settle=settle,
        give_up=give_up,
        once=once,
    )
    talk = Talk()
    try:
        with terminable(_Stopped):
            return work(wanted, _lines(talk))
    except _Stopped:
        talk.say("stopped; what was in work is measured when it is started again")
        return 0


class _Stopped(KeyboardInterrupt):
    """SIGTERM: the system wants the service to end; it ends as with Ctrl-C."""


def _lines(talk: Talk) -> Callable[[str], None]:
    """A line for each event, with the local time where no journal adds its own."""
    if "JOURNAL_STREAM" in os.environ:
        return talk.say
    return lambda text: talk.say(f"{datetime.now():%Y-%m-%d %H:%M:%S} {text}")
