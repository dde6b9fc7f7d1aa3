"""`cytomon sign` and `cytomon acknowledge`: a person puts a name to it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cytomon.cli.correct import which
from cytomon.cli.stored import DAY, StoreOption, UserOption, acting, opened_store, reason
from cytomon.model.people import NEEDED, Meaning

if TYPE_CHECKING:
    from cytomon.store.signing import Signing

ANSWERS = ("mrd", "mrd_wbc", "mrd_mnc", "cd19_blasts", "cd22_blasts", "b_fraction")
"""What is shown of a result that is signed; all of it is."""


def sign(
    specimen: Annotated[str, typer.Argument(metavar="SPECIMEN", help="Its specimen_id.")],
    meaning: Annotated[
        Meaning, typer.Option(help="reviewed: looked at. approved: released.")
    ] = Meaning.APPROVED,
    why: Annotated[
        str,
        typer.Option("--reason", metavar="TEXT", help="Needed in place of what is signed already."),
    ] = "",
    patient: Annotated[str, typer.Option(metavar="ID", help="Whose specimen.")] = "",
    collected_on: Annotated[
        datetime | None, typer.Option(formats=DAY, metavar="DAY", help="Its day.")
    ] = None,
    specimen_type: Annotated[str, typer.Option(metavar="TYPE", help="marrow, blood or csf.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be signed, and stop.")
    ] = False,
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Sign the newest results of a specimen.

    A signature says who, when and what it means, and is bound to the numbers and to whose they
    are. Where a signed answer changes sides (MRD, antigen, B cells), it takes two persons.
    """
    from cytomon.store.change import changing
    from cytomon.store.find import find_specimen
    from cytomon.store.signing import preview
    from cytomon.store.signing import sign as sign_specimen

    who, text = acting(user), reason(why, needed=False)
    meant = which(patient, collected_on, specimen_type)
    with opened_store(store, who) as there:
        if dry_run:
            with there.reading() as connection:
                row = find_specimen(connection, specimen, meant)
                signing = preview(connection, row, meaning, who)
        else:
            with changing(there, who, "sign", act=NEEDED[meaning]) as change:
                row = find_specimen(change.connection, specimen, meant)
                signing = sign_specimen(change, row, meaning, why=text)
    typer.echo(f"{row.patient_id}, {row.specimen_type} of {row.collected_on}, {specimen}")
    for line in _lines(signing):
        typer.echo(line)
    said = "nothing was signed" if dry_run else _outcome(signing, who, meaning.value)
    typer.echo(said, err=True)
    return 0


def _lines(signing: Signing) -> list[str]:
    lines = []
    for result in signing.results:
        lines.append(f"{result.file or result.template or result.kind.value}")
        answers = [name for name in ANSWERS if name in result.measurements]
        for quantity in answers:
            one = result.measurements[quantity]
            value = "-" if one.estimate is None else f"{one.estimate.value:.4%}"
            counts = "" if one.numerator is None else f"  {one.numerator} of {one.denominator}"
            beside = "".join(f" {qualifier}" for qualifier in one.qualifiers)
            percent = value.replace("%", " %")
            lines.append(f"  {quantity:<13}{percent:>12}  {one.status}{beside}{counts}")
        more = len(result.measurements) - len(answers)
        if more:
            lines.append(f"  and {more} more number{'s' * (more > 1)}")
    return lines


def _outcome(signing: Signing, who: str, says: str) -> str:
    amended = ", in place of what was signed before" if signing.amends else ""
    if not signing.waits:
        return f"{says} by {who}{amended}"
    sides = ", ".join(signing.flips) or "the answer"
    return f"{says} by {who}; {sides} changes sides: a second person has to sign, too"


def acknowledge(
    patient: Annotated[str, typer.Argument(metavar="PATIENT", help="Whose flag.")],
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A1 to A21.")],
    why: Annotated[
        str,
        typer.Option("--reason", metavar="TEXT", help="Needed: what is done, or why nothing."),
    ] = "",
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=DAY, metavar="DAY", help="Day of the flag that is meant."),
    ] = None,
    profile: Annotated[
        str, typer.Option(metavar="NAME", help="The definitions, as of cytomon track.")
    ] = "trial",
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Say that a flag was seen, and what is done about it.

    It answers the flags of the rule that are open now, or the one of a day, and never one that a
    later result raises.
    """
    from cytomon.courses import Day, flags_to_answer
    from cytomon.model.people import Act
    from cytomon.store.change import changing
    from cytomon.store.said import acknowledge as acknowledge_flag
    from cytomon.store.said import refuse_unknown_rule
    from cytomon.track.profile import read_profile

    who, text = acting(user), reason(why)
    code, flagged = rule.upper(), on.date() if on else None
    with (
        opened_store(store, who) as there,
        changing(there, who, "acknowledge", act=Act.ACKNOWLEDGE) as change,
    ):
        refuse_unknown_rule(code)
        day = Day(as_of=date.today(), profile=read_profile(profile))
        days = flags_to_answer(change.connection, patient, code, day, on=flagged)
        for one in days:
            acknowledge_flag(change, patient, code, flagged_on=one, why=text)
    said = ", ".join(map(str, days))
    typer.echo(f"{code} of {patient} ({said}) acknowledged by {who}")
    return 0
