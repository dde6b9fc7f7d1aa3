"""Who may do what with kept results (domain: 6.4)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a person is in the laboratory; one for each name."""

    TECHNOLOGIST = "technologist"
    ANALYST = "analyst"
    PATHOLOGIST = "pathologist"
    CLINICIAN = "clinician"
    ADMIN = "admin"
    NONE = ""


class Act(StrEnum):
    """What a person may be allowed to do; reading is not among them, since nobody is kept from it.

    `ENTER` adds tubes and lists, `CORRECT` gives a tube, specimen or event its right place,
    `REVIEW` says that a result was looked at, `SIGN` releases it, `ACKNOWLEDGE` answers a flag, and
    `APPOINT` gives roles.
    """

    ENTER = "enter"
    CORRECT = "correct"
    REVIEW = "review"
    SIGN = "sign"
    ACKNOWLEDGE = "acknowledge"
    APPOINT = "appoint"


MAY: Mapping[Role, frozenset[Act]] = {
    Role.TECHNOLOGIST: frozenset({Act.ENTER, Act.CORRECT}),
    Role.ANALYST: frozenset({Act.ENTER, Act.CORRECT, Act.REVIEW, Act.ACKNOWLEDGE}),
    Role.PATHOLOGIST: frozenset({Act.ENTER, Act.CORRECT, Act.REVIEW, Act.ACKNOWLEDGE, Act.SIGN}),
    Role.CLINICIAN: frozenset(),
    Role.ADMIN: frozenset({Act.ENTER, Act.CORRECT, Act.APPOINT}),
    # what is added without a role is a proposal like any other, under the name of who added it
    Role.NONE: frozenset({Act.ENTER}),
}


class Meaning(StrEnum):
    """What a signature says (21 CFR 11.50): looked at, or released."""

    REVIEWED = "reviewed"
    APPROVED = "approved"


class Review(StrEnum):
    """What a reviewer says of a result; `EDITED` is one step on the way, and no verdict."""

    APPROVED = "approved"
    CHANGED = "changed"
    REJECTED = "rejected"
    EDITED = "edited"


NEEDED: Mapping[Meaning, Act] = {Meaning.REVIEWED: Act.REVIEW, Meaning.APPROVED: Act.SIGN}
