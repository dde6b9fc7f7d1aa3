"""`cytomon correct`: a tube, a specimen, a day 0 or an event in the wrong place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cytomon.cli.sign import DAY
from cytomon.cli.stored import (
    ReasonOption,
    StoreOption,
    UserOption,
    acting,
    opened_store,
    reason,
)
from cytomon.errors import InputError

if TYPE_CHECKING:
    from cytomon.store.change import Change
    from cytomon.store.corrections import Corrected
    from cytomon.store.find import Which

app = typer.Typer(
    help="Give a tube, a specimen, a day of infusion or an event its right place. Nothing "
    "vanishes: the old stays in the store, with who changed it and why.",
    no_args_is_help=True,
)

PatientOption = Annotated[str, typer.Option("--patient", metavar="ID", help="The right patient.")]
DayOption = Annotated[
    datetime | None,
    typer.Option("--collected-on", formats=DAY, metavar="DAY", help="The right day."),
]
TypeOption = Annotated[
    str, typer.Option("--specimen-type", metavar="TYPE", help="marrow, blood or csf.")
]


@app.command("tube")
def tube(
    name: Annotated[
        str,
        typer.Argument(
            metavar="TUBE", help="Its name as in measurements.csv, or digits of its sha256."
        ),
    ],
    why: ReasonOption,
    specimen: Annotated[
        str, typer.Option("--specimen", metavar="ID", help="The right specimen.")
    ] = "",
    patient: PatientOption = "",
    collected_on: DayOption = None,
    specimen_type: TypeOption = "",
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take it out of every course instead.")
    ] = False,
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Move a tube to another specimen, of the same or another patient.

    The specimen is made where the patient has none of that name. A signed tube is moved by two
    persons who may sign: both give the same command.
    """
    from cytomon.store.corrections import move_tube, withdraw_tube
    from cytomon.store.find import find_tube

    if withdraw == bool(specimen):
        raise InputError(
            "it has to be said where the tube belongs",
            where="--specimen, --withdraw",
            fix="name the right specimen, or take the tube out of every course",
        )
    to, text = _which(patient, collected_on, specimen_type), reason(why)

    def act(change: Change) -> Corrected:
        row = find_tube(change.connection, name)
        if withdraw:
            return withdraw_tube(change, row, why=text)
        return move_tube(change, row, specimen, to, why=text)

    return _correct(store, user, act)


@app.command("specimen")
def specimen(
    name: Annotated[str, typer.Argument(metavar="SPECIMEN", help="Its specimen_id.")],
    why: ReasonOption,
    of: Annotated[
        str, typer.Option("--of", metavar="ID", help="Whose it is now, where several share a name.")
    ] = "",
    becomes: Annotated[
        str, typer.Option("--specimen", metavar="ID", help="The right specimen_id.")
    ] = "",
    patient: PatientOption = "",
    collected_on: DayOption = None,
    specimen_type: TypeOption = "",
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Give a specimen its right patient, name, day or type, with all its tubes."""
    from cytomon.store.corrections import move_specimen
    from cytomon.store.find import Which, find_specimen

    to, text = _which(patient, collected_on, specimen_type), reason(why)

    def act(change: Change) -> Corrected:
        row = find_specimen(change.connection, name, Which(patient_id=of))
        return move_specimen(change, row, becomes, to, why=text)

    return _correct(store, user, act)


@app.command("infusion")
def infusion(
    patient: Annotated[str, typer.Argument(metavar="PATIENT", help="The patient.")],
    on: Annotated[
        datetime,
        typer.Option("--on", formats=DAY, metavar="DAY", help="The right day of infusion."),
    ],
    why: ReasonOption,
    product: Annotated[str, typer.Option(metavar="NAME", help="The right product.")] = "",
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Correct a patient's day 0. A second infusion is an event, and no correction."""
    from cytomon.store.patient_corrections import correct_infusion

    text = reason(why)
    return _correct(
        store,
        user,
        lambda change: correct_infusion(change, patient, on.date(), product=product, why=text),
    )


@app.command("event")
def event(
    patient: Annotated[str, typer.Argument(metavar="PATIENT", help="The patient.")],
    on: Annotated[datetime, typer.Argument(formats=DAY, metavar="DAY", help="Day of the event.")],
    kind: Annotated[str, typer.Argument(metavar="EVENT", help="Its kind, as in the list.")],
    why: ReasonOption,
    value: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Its value, where a day has several.")
    ] = None,
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Withdraw an event; the right one is imported."""
    from cytomon.store.patient_corrections import withdraw_event

    text = reason(why)
    return _correct(
        store,
        user,
        lambda change: withdraw_event(change, patient, on.date(), kind, value=value, why=text),
    )


def _which(patient: str, collected_on: datetime | None, specimen_type: str) -> Which:
    from cytomon.model.patient import SpecimenType
    from cytomon.store.find import Which

    kind = specimen_type.strip().lower()
    if kind and kind not in set(SpecimenType):
        raise InputError(
            "there is no such type of specimen",
            where="--specimen-type",
            fix=f"one of {', '.join(SpecimenType)}",
        )
    day = collected_on.date().isoformat() if collected_on else ""
    return Which(patient_id=patient, collected_on=day, specimen_type=kind)


def _correct(store: str | None, user: str | None, act: Callable[[Change], Corrected]) -> int:
    from cytomon.model.people import Act
    from cytomon.store.change import changing

    who = acting(user)
    with (
        opened_store(store, who) as there,
        changing(there, who, "correct", act=Act.CORRECT) as change,
    ):
        corrected = act(change)
    if corrected.waits:
        typer.echo(
            "proposed; what it concerns is signed: a second person has to give the same command"
        )
        return 0
    typer.echo(f"before: {_said(corrected.before)}")
    typer.echo(f"now:    {_said(corrected.after)}")
    for note in corrected.notes:
        typer.echo(note, err=True)
    return 0


def _said(place: dict[str, str]) -> str:
    if not place:
        return "withdrawn"
    return ", ".join(f"{name} {text}" for name, text in place.items() if text) or "nobody's"
