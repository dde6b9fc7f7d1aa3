"""What the commands that use the store have in common: lists, who acts, and on which store."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytomon.errors import InputError

if TYPE_CHECKING:
    from cytomon.store.session import Store

VARIABLE = "CYTOMON_USER"
DAY = ["%Y-%m-%d"]
_LONGEST = 200
_LONGEST_REASON = 1000

StoreOption = Annotated[
    str | None,
    typer.Option("--store", metavar="URL", help="The store; by default $CYTOMON_STORE."),
]
UserOption = Annotated[
    str | None,
    typer.Option(
        "--user", metavar="NAME", help="Who acts; by default $CYTOMON_USER, else the login name."
    ),
]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; for the log.")]
PatientsOption = Annotated[
    Path | None,
    typer.Option("--patients", metavar="CSV", help="Day of infusion of each patient."),
]
EventsOption = Annotated[
    Path | None,
    typer.Option("--events", metavar="CSV", help="Drugs and other dated events."),
]


def acting(given: str | None) -> str:
    """The name of the person who acts.

    Raises
    ------
    InputError
        If nobody is named, or the name cannot be one.
    """
    name = (given if given is not None else os.environ.get(VARIABLE) or _login()).strip()
    if not name or len(name) > _LONGEST or not name.isprintable():
        raise InputError(
            "it is not known who acts",
            where=f"--user, ${VARIABLE}",
            fix="give your name in the laboratory with --user",
        )
    return name


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        return ""


def reason(given: str, *, needed: bool = True) -> str:
    """The reason of a change.

    Raises
    ------
    InputError
        If it is empty though it is needed, too long, or would look like more than one line.
    """
    text = given.strip()
    if not text and needed:
        raise InputError("a reason is needed", where="--reason", fix="say in a few words why")
    if len(text) > _LONGEST_REASON or not (text.isprintable() or not text):
        raise InputError(
            f"a reason is one line of at most {_LONGEST_REASON} characters",
            where="--reason",
            fix="say in a few words why",
        )
    return text


def name_of(given: str, option: str) -> str:
    """The name of a patient, specimen or tube that a command gives; empty where it gives none.

    Raises
    ------
    InputError
        If it cannot be one.
    """
    text = given.strip()
    if len(text) > _LONGEST or not (text.isprintable() or not text) or (given and not text):
        raise InputError(
            f"a name is one line of 1 to {_LONGEST} characters",
            where=option,
            fix="give it as it stands in the lists",
        )
    return text


@contextmanager
def opened_store(given: str | None, who: str, *, create: bool = False) -> Iterator[Store]:
    """Open the store that a user means; see `cytomon.store.open.opened`."""
    from cytomon.store.address import choose
    from cytomon.store.open import opened

    with opened(choose(given), who=who, create=create) as store:
        yield store
