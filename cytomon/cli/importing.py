"""`cytomon import`: patients, events and measurements from lists."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cytomon.cli.stored import (
    EventsOption,
    PatientsOption,
    StoreOption,
    UserOption,
    acting,
    opened_store,
)


def import_(
    patients: PatientsOption = None,
    events: EventsOption = None,
    measurements: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Results in the columns of measurements.csv."),
    ] = None,
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Bring lists into the store: patients first, then measurements, then events.

    A row that cannot be used is named by its line, with the reason; the others are kept. The same
    list again changes nothing. Exit code 0: all done. 1: some rows were refused. 2: wrong usage.
    3: nothing done.
    """
    from cytomon.cli.talk import Talk
    from cytomon.filing.imports import ImportLists, import_lists, refuse_nothing

    lists = ImportLists(patients=patients, events=events, measurements=measurements)
    refuse_nothing(lists)
    who = acting(user)
    talk = Talk()
    with opened_store(store, who, create=True) as there, talk.rows() as report:
        if there.is_new:
            talk.say(f"a new store was made: {there.address.named}; {who} is its admin")
        imported = import_lists(there, who, lists, report=report)
    return talk.imported(imported)
