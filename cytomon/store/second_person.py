"""What is signed is moved by two persons: one proposes, another says the same (domain: 6.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from cytomon.errors import InputError
from cytomon.model.course import State
from cytomon.model.people import MAY, Act, Meaning
from cytomon.store.chain import spell
from cytomon.store.change import Change
from cytomon.store.kept import read_specimens
from cytomon.store.people import role_of
from cytomon.store.tables import log, proposals, results, signatures


def is_signed(change: Change, specimen: Row[Any] | None, tubes: Sequence[int] = ()) -> bool:
    """Whether a specimen has a signed result, of one of some tubes where they are given."""
    if specimen is None:
        return False
    (kept,) = read_specimens(change.connection, [specimen])
    return any(
        result.state is State.SIGNED and (not tubes or result.tube in tubes)
        for result in kept.results
    )


def was_approved(connection: Connection, which: ColumnElement[bool]) -> bool:
    """Whether somebody has approved one of some results, wherever they belonged then."""
    approved = (
        select(signatures.c.id)
        .join(results, results.c.id == signatures.c.result)
        .where(which, signatures.c.meaning == Meaning.APPROVED.value)
    )
    return connection.scalar(approved.limit(1)) is not None


def waits(change: Change, what: str, row: Row[Any], becomes: Mapping[str, str]) -> bool:
    """Whether a second person has to say the same; the first one's word is kept.

    Parameters
    ----------
    change : Change
        To write into.
    what : str
        ``tube`` or ``specimen``.
    row : Row
        Its current version; what was proposed before it counts no longer.
    becomes : mapping of str to str
        What it is to be.

    Raises
    ------
    InputError
        If the role does not allow to sign, or the same person proposed it.
    """
    if Act.SIGN not in MAY[change.role]:
        raise InputError(
            "what it concerns is signed: that takes two persons who may sign",
            where=f"user {change.who}",
            fix="have two pathologists give this command, one after the other",
        )
    text = spell(dict(sorted(becomes.items())))
    query = (
        select(log.c.who)
        .join(proposals, proposals.c.entry == log.c.seq)
        .where(
            proposals.c.thing == row.thing,
            proposals.c.what == what,
            proposals.c.becomes == text,
            proposals.c.entry > row.entry,
        )
    )
    said = set(change.connection.scalars(query))
    # whoever may not sign any more has no word in it any more
    persons = {who for who in said if Act.SIGN in MAY[role_of(change.connection, who)]}
    if persons - {change.who}:
        return False
    if persons:
        raise InputError(
            "you have proposed it already, and what it concerns is signed: that takes two persons",
            where="--user",
            fix="have somebody else give the same command who may sign",
        )
    change.add(proposals, [(what, row.thing, text)])
    change.action = "propose"
    return True
