"""Patients of a cohort in a line or two, and what the code says of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cytomon.cohort.endpoints import Person, person_of
from cytomon.cohort.files import endpoint_rows
from cytomon.track.follow import follow
from cytomon.track.profile import Profile, read_profile
from tests.track.builders import Item, blood, course, event, on

TRIAL = read_profile("trial")
GONE, BACK = blood(28, 0), blood(90, 80)
"""Aplasia, and recovery: none and 80 of 4000 lymphocytes."""
LAST = event(300, "last_contact")


def variant(cohort: dict[str, Any] | None = None, **fields: Any) -> Profile:  # noqa: ANN401
    """The definitions of the trial, but for some of the cohort's and some of the course's."""
    fields["cohort"] = TRIAL.cohort.model_copy(update=cohort or {})
    return TRIAL.model_copy(update=fields)


def cohort(**definitions: str) -> Profile:
    """The trial with other definitions of the cohort."""
    return variant(dict(definitions))


CONFIRMED = variant(recovery="confirmed")
BY_MRD = variant(relapse_includes_mrd=True)


def row_of(found: Person) -> dict[str, str]:
    """The row of one patient."""
    (row,) = endpoint_rows([found])
    return dict(row)


def patient(*items: Item, upto: int = 400, profile: Profile = TRIAL, **fields: Any) -> Person:  # noqa: ANN401
    """A patient of the cohort; fields of the list of patients by name."""
    found = person_of(follow(replace(course(*items), **fields), profile, on(upto)))
    assert found is not None
    return found


def ends(*items: Item, upto: int = 400, profile: Profile = TRIAL) -> dict[str, tuple[int, int]]:
    """Day and code of each endpoint."""
    row = row_of(patient(*items, upto=upto, profile=profile))
    names = ("efs", "efs_hct", "os", "relapse", "bcr")
    return {name: (int(row[f"{name}_days"]), int(row[f"{name}_event"])) for name in names}
