"""The tubes of a specimen that somebody names, whether they wait or not."""

from __future__ import annotations

from cytomon.errors import InputError
from cytomon.model.course import VERDICTS
from cytomon.review.case import read_cases
from cytomon.review.worklist import Item
from cytomon.store.find import Which, find_specimen
from cytomon.store.session import Store


def items_of_specimen(store: Store, specimen_id: str, which: Which) -> tuple[Item, ...]:
    """Every tube of a specimen that a batch has measured.

    Raises
    ------
    InputError
        If there is no such specimen, several are called so, or no tube of it was measured.
    """
    with store.reading() as connection:
        row = find_specimen(connection, specimen_id, which)
        cases = read_cases(connection, row.patient_id, row.thing)
    if not cases:
        raise InputError(
            "no tube of this specimen was measured by a batch: there are no gates to look at",
            where="SPECIMEN",
            fix="measure its tubes first: cytomon batch",
        )
    return tuple(
        Item(
            patient_id=case.patient_id,
            specimen_id=case.kept.specimen_id,
            specimen_type=case.kept.specimen_type,
            collected_on=case.kept.collected_on,
            specimen=case.kept.number,
            result=case.result.number,
            file=case.automatic.file,
            statuses={
                q: one.status for q, one in case.result.measurements.items() if q in VERDICTS
            },
            reasons=(f"{case.result.state.value} before",),
        )
        for case in cases
    )
