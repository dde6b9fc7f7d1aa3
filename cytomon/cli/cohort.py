"""`cytomon cohort`: what the trial asked, of the laboratory's own store."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytomon.cli.stored import DAY, StoreOption, UserOption, acting

if TYPE_CHECKING:
    from cytomon.cohort.cut import Cut


def cohort(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the files go.")],
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=DAY, metavar="DAY", help="The day; by default today."),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="trial (the default), euroflow, local, or a YAML file."),
    ] = None,
    cut: Annotated[
        Path | None,
        typer.Option(
            "--cut", metavar="FILE", help="A cut.json: the same files from the same store again."
        ),
    ] = None,
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Analyse all patients of a store: endpoints, estimates, figures and a page of them.

    DIR/cut.json says what went in. Given again with --cut, it makes the same bytes at any later
    time, whatever the store has learnt meanwhile.
    """
    from cytomon.cli.batch import processes
    from cytomon.cohort.cut import read_cut, refuse_other, take_cut
    from cytomon.cohort.files import write_cohort
    from cytomon.courses import Day
    from cytomon.errors import InputError
    from cytomon.store.address import choose
    from cytomon.track.profile import DEFAULT, read_profile

    if cut is not None and (as_of is not None or profile is not None):
        raise InputError(
            "a cut has its own day and definitions",
            where="--cut",
            fix="leave --as-of and --profile out, or take a new cut without --cut",
        )
    old = read_cut(cut) if cut is not None else None
    day = (
        Day(as_of=old.as_of, profile=old.profile)
        if old
        else Day(
            as_of=as_of.date() if as_of else date.today(), profile=read_profile(profile or DEFAULT)
        )
    )
    taken = take_cut(
        choose(store), acting(user), day, workers=processes(), entry=old.entry if old else None
    )
    if old is not None:
        refuse_other(old, taken.cut)
    if not taken.people:
        raise InputError(
            f"no patient of this store has an infusion up to {day.as_of}",
            where="--as-of",
            fix="import a list of patients with their infusions, or name a later day",
        )
    found = write_cohort(out, taken)
    _say(taken.cut)
    typer.echo(
        f"{len(found.people)} patients, {len(found.estimates)} estimates: {out / 'cohort.html'}"
    )
    return 0


def _say(cut: Cut) -> None:
    typer.echo(
        f"as of {cut.as_of}, entry {cut.entry} of the log; profile {cut.profile.title}, rules "
        f"{cut.rules}; inputs {cut.inputs[:12]}",
        err=True,
    )
    for why, count in cut.left_out.items():
        typer.echo(f"left out: {count} patients, {why}", err=True)
