"""When a report may be signed: what it rests on is signed, undisputed, and new."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from cytomon.errors import InputError
from cytomon.model.course import State
from cytomon.report.case import Case
from cytomon.report.document import Document
from cytomon.report.versions import content
from cytomon.store.reports import Released

CONTRADICTED = "A19"
"""The flag that a newer result says otherwise than what was signed."""


def refuse_contradicted(case: Case) -> None:
    """Refuse to sign while a newer result says otherwise than one that is signed.

    Raises
    ------
    InputError
        If such a flag is open.
    """
    days = [f"{one.on}" for one in case.followed.flags if one.rule == CONTRADICTED and one.open]
    if days:
        raise InputError(
            "a newer result contradicts one that is signed",
            where=f"patient {case.course.patient.patient_id}, flag {CONTRADICTED} of "
            + ", ".join(days),
            fix="sign or reject the newer result first, then the report",
        )


def refuse_unsigned(case: Case) -> None:
    """Refuse to sign before all results are signed that the report is about.

    Raises
    ------
    InputError
        If one is not, or there is none.
    """
    open_ = [
        one.specimen_id
        for one in case.reported
        if any(result.state is not State.SIGNED for result, _ in one.standing.values())
    ]
    if open_ or not any(one.results for one in case.reported):
        raise InputError(
            "results that the report is about are not signed"
            if open_
            else "there is no result to report",
            where=", ".join(f"specimen {name}" for name in open_)
            or f"patient {case.course.patient.patient_id}",
            fix="sign them first: cytomon sign SPECIMEN" if open_ else "measure a specimen first",
        )


def refuse_future(as_of: date, today: date) -> None:
    """Refuse to sign what a day that has not come would say.

    Raises
    ------
    InputError
        If the day lies ahead.
    """
    if as_of > today:
        raise InputError(
            f"{as_of} has not come yet",
            where="--as-of",
            fix="sign as of today, or of an earlier day",
        )


def refuse_again(last: Released, plain: Document, why: str, formats: Sequence[str]) -> None:
    """Refuse to sign what is signed already, what goes back in time, or a change without a reason.

    Parameters
    ----------
    last : Released
        The newest version that is signed.
    plain : Document
        What the next one would say.
    why : str
        The reason; empty where none was given.
    formats : sequence of str
        In which it would be signed: a format more is a change, too.

    Raises
    ------
    InputError
        If it may not be signed.
    """
    as_of = plain.identity.as_of
    if as_of < last.as_of:
        raise InputError(
            f"version {last.version} is signed as of {last.as_of}: the next cannot go back",
            where="--as-of",
            fix="name that day, or a later one",
        )
    if content(plain) == last.content and set(formats) <= set(last.files):
        raise InputError(
            f"nothing has changed since version {last.version}, which {last.by} has signed",
            where="--sign",
            fix="leave --sign out to write the signed version again",
        )
    if not why:
        raise InputError(
            "another version of this report is signed; what stands in its place needs a reason",
            where="--reason",
            fix="say why the report changes",
        )
