"""`cytomon correct`: a tube, a specimen, a day 0 or an event in the wrong place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cytomon.cli.stored import (
    DAY,
    ReasonOption,
    StoreOption,
    UserOption,
    acting,
    name_of,
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
    of: Annotated[
        str,
        typer.Option("--of", metavar="ID", help="Whose it is now, if that is not clear."),
    ] = "",
    at: Annotated[
        str, typer.Option("--from", metavar="ID", help="In which specimen it is now.")
    ] = "",
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take it out of every course instead.")
    ] = False,
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Move a tube to another specimen, of the same or another patient.

    The specimen is made where the patient has none of that name. A tube that was withdrawn comes
    back in the same way. A signed one is moved by two persons who may sign: both name the same
    place.
    """
    from cytomon.store.corrections import move_tube, withdraw_tube
    from cytomon.store.find import find_tube

    specimen = name_of(specimen, "--specimen")
    if withdraw == bool(specimen):
        raise InputError(
            "it takes either --specimen or --withdraw",
            where="--specimen, --withdraw",
            fix="name the right specimen, or take the tube out of every course",
        )
    to, text = which(patient, collected_on, specimen_type), reason(why)

    def act(change: Change) -> Corrected:
        row = find_tube(change.connection, name, patient_id=of, specimen_id=at)
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
    of_day: Annotated[
        datetime | None, typer.Option(formats=DAY, metavar="DAY", help="Its day now.")
    ] = None,
    of_type: Annotated[str, typer.Option(metavar="TYPE", help="Its type now.")] = "",
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
    from cytomon.store.find import find_specimen

    becomes = name_of(becomes, "--specimen")
    now = which(of, of_day, of_type)
    to, text = which(patient, collected_on, specimen_type), reason(why)

    def act(change: Change) -> Corrected:
        row = find_specimen(change.connection, name, now)
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
    restore: Annotated[
        bool, typer.Option("--restore", help="Bring back one that was withdrawn.")
    ] = False,
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Withdraw an event; the right one is imported."""
    from cytomon.model.record import ClinicalEvent
    from cytomon.store.patient_corrections import withdraw_event

    text = reason(why)
    which = ClinicalEvent(patient_id=patient, on=on.date(), event=kind, value=value or "")

    def act(change: Change) -> Corrected:
        return withdraw_event(change, which, any_value=value is None, back=restore, why=text)

    return _correct(store, user, act)


def which(patient: str, collected_on: datetime | None, specimen_type: str) -> Which:
    """Patient, day and type as options name them.

    Raises
    ------
    InputError
        If there is no such type, or a name cannot be one.
    """
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
    named = name_of(patient, "--patient")
    return Which(patient_id=named, collected_on=day, specimen_type=kind)


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
    if "withdrawn" in place:
        return "withdrawn"
    return (
        ", ".join(f"{name} {text}" for name, text in place.items() if text)
        or "nothing was recorded"
    )
