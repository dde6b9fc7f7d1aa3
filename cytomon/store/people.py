"""Names and roles: who may write what into a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from cytomon.errors import InputError
from cytomon.model.people import MAY, Act, Role
from cytomon.store.tables import people

if TYPE_CHECKING:
    from cytomon.store.change import Change


def role_of(connection: Connection, name: str) -> Role:
    """The role of a person; `Role.NONE` for a name without one."""
    newest = select(people.c.role).where(people.c.name == name).order_by(people.c.id.desc())
    return Role(connection.scalar(newest.limit(1)) or "")


def roles(connection: Connection) -> dict[str, Role]:
    """Every name that has a role, in alphabetical order."""
    rows = connection.execute(select(people.c.name, people.c.role).order_by(people.c.id))
    newest = {row.name: Role(row.role) for row in rows}
    return {name: role for name, role in sorted(newest.items()) if role is not Role.NONE}


def require(role: Role, act: Act, name: str) -> None:
    """Refuse what a role does not allow.

    Raises
    ------
    InputError
        With the roles that would.
    """
    if act in MAY[role]:
        return
    able = " or ".join(other.value for other in Role if other.value and act in MAY[other])
    what = f"the role {role.value} does not allow it" if role.value else "this name has no role"
    raise InputError(
        f"{what}: to {act.value} takes the role {able}",
        where=f"user {name}",
        fix="have somebody act who has it, or have an admin give it: cytomon user grant NAME ROLE",
    )


def appoint(change: Change, name: str, role: Role) -> None:
    """Give a person a role, or take it away with `Role.NONE`.

    Raises
    ------
    InputError
        If people would change their own role, or nobody could give roles any more.
    """
    before = role_of(change.connection, name)
    if role is Role.NONE and before is Role.NONE:
        raise InputError(
            "nobody of this name has a role",
            where="NAME",
            fix="see the names with `cytomon user list`",
        )
    if name == change.who:
        raise InputError(
            "nobody changes the own role",
            where=f"user {name}",
            fix="have another admin do it",
        )
    if before is role:
        return
    change.add(people, [(name, role.value)])
    change.say(subject=f"user {name}", before=before.value, after=role.value)
