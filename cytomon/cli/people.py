"""`cytomon user`: who may do what in a store."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cytomon.cli.stored import StoreOption, UserOption, acting, name_of, opened_store
from cytomon.errors import InputError

app = typer.Typer(help="Who may do what in a store.", no_args_is_help=True)


class Given(StrEnum):
    """Roles that can be given."""

    TECHNOLOGIST = "technologist"
    ANALYST = "analyst"
    PATHOLOGIST = "pathologist"
    CLINICIAN = "clinician"
    ADMIN = "admin"


@app.command("list")
def list_(store: StoreOption = None, user: UserOption = None) -> int:
    """Print names and roles."""
    from cytomon.store.people import roles

    with opened_store(store, acting(user)) as there, there.reading() as connection:
        for name, role in roles(connection).items():
            typer.echo(f"{role.value:<14}{name}")
    return 0


@app.command("grant")
def grant(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As it is given with --user.")],
    role: Annotated[Given, typer.Argument(metavar="ROLE", help="What the person is.")],
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Give a person a role, in place of the one before; it takes an admin.

    technologist: adds tubes and lists, corrects. analyst: also reviews and acknowledges.
    pathologist: also signs. clinician: reads. admin: gives roles, adds and corrects, never signs.
    """
    return _appoint(name, role.value, store, user)


@app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As it is given with --user.")],
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Take a person's role away; it takes an admin."""
    return _appoint(name, "", store, user)


def _appoint(name: str, role: str, store: str | None, user: str | None) -> int:
    from cytomon.model.people import Act, Role
    from cytomon.store.change import changing
    from cytomon.store.people import appoint

    who, given = acting(user), name_of(name, "NAME")
    if not given:
        raise InputError("no name is given", where="NAME", fix="give the name as with --user")
    with (
        opened_store(store, who) as there,
        changing(there, who, "appoint", act=Act.APPOINT) as change,
    ):
        appoint(change, given, Role(role))
    typer.echo(f"{given}: {role or 'no role'}")
    return 0
