"""What people say of results and flags: reviews and acknowledgements."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from cytomon.errors import InputError
from cytomon.model.course import RULES
from cytomon.model.people import Act, Review
from cytomon.store.change import Change
from cytomon.store.find import find_patient
from cytomon.store.people import require
from cytomon.store.second_person import was_approved
from cytomon.store.tables import acknowledgements, results, reviews


def save_review(
    change: Change,
    result: int,
    verdict: Review,
    *,
    outcome: int | None = None,
    adjustments: str = "",
    comment: str = "",
) -> None:
    """Keep what a reviewer says of a result.

    Parameters
    ----------
    change : Change
        To write into.
    result : int
        Number of the result that was looked at.
    verdict : Review
        `Review.REJECTED` takes it out of what counts.
    outcome : int or None, optional
        Number of the result with the reviewer's gates; with `Review.CHANGED` and no other.
    adjustments : str, optional
        Which gates were moved from where to where, as JSON.
    comment : str, optional
        The reason.

    Raises
    ------
    InputError
        If the role does not allow it, or there is no such result.
    ValueError
        If an outcome is missing, or there is one where nothing was changed.
    """
    require(change.role, Act.REVIEW, change.who)
    if (outcome is not None) != (verdict is Review.CHANGED):
        msg = f"verdict {verdict.value} with outcome {outcome}"
        raise ValueError(msg)
    for number in (result, outcome):
        known = select(results.c.id).where(results.c.id == number)
        if number is not None and change.connection.scalar(known) is None:
            raise InputError(
                "the store knows no such result",
                where=f"result {number}",
                fix="open the tube again",
            )
    approved = was_approved(change.connection, results.c.id == result)
    if verdict is Review.REJECTED and approved:
        raise InputError(
            "the result is signed: a review does not take it out",
            where=f"result {result}",
            fix="keep the better result, and have it signed in place of this one",
        )
    change.add(reviews, [(result, outcome, verdict.value, adjustments, comment)])
    change.say(subject=f"result {result}", after=verdict.value, why=comment)


def acknowledge(
    change: Change, patient_id: str, rule: str, *, flagged_on: date | None = None, why: str
) -> None:
    """Keep that somebody has seen a flag.

    Parameters
    ----------
    change : Change
        To write into.
    patient_id : str
        The patient.
    rule : str
        One of `cytomon.model.course.RULES`.
    flagged_on : date or None, optional
        Day of the flag that is meant; None for whatever the rule says now.
    why : str
        What is done about it, or why nothing is.

    Raises
    ------
    InputError
        If the role does not allow it, or patient or rule is not known.
    """
    require(change.role, Act.ACKNOWLEDGE, change.who)
    refuse_unknown_rule(rule)
    patient = find_patient(change.connection, patient_id)
    on = flagged_on.isoformat() if flagged_on else ""
    change.add(acknowledgements, [(patient.thing, rule, on)])
    change.say(subject=f"flag {rule} of {patient_id}", after=on, why=why)


def refuse_unknown_rule(rule: str) -> None:
    """Refuse what is no rule.

    Raises
    ------
    InputError
        With those that there are.
    """
    if rule not in RULES:
        raise InputError(
            "there is no such rule", where="RULE", fix=f"rules are {RULES[0]} to {RULES[-1]}"
        )
