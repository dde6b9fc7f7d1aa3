"""A wrong day of infusion, a wrong event: new versions, with a reason."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row

from cytomon.errors import InputError
from cytomon.model.record import ClinicalEvent
from cytomon.store.change import Change
from cytomon.store.corrections import MEASURE_AGAIN, Corrected
from cytomon.store.current import current
from cytomon.store.find import find_patient
from cytomon.store.tables import events, infusions


def correct_infusion(
    change: Change, patient_id: str, infused_on: date, *, product: str = "", why: str
) -> Corrected:
    """Give a patient another day 0.

    Parameters
    ----------
    change : Change
        To write into.
    patient_id : str
        The patient.
    infused_on : date
        Day of the index infusion.
    product : str, optional
        What was infused; empty to leave it.
    why : str
        The reason.

    Raises
    ------
    InputError
        If the patient is not known, or nothing changes.
    """
    patient = find_patient(change.connection, patient_id)
    there = change.connection.execute(
        current(infusions).where(infusions.c.patient == patient.thing)
    ).one_or_none()
    before = {"infused_on": there.infused_on, "product": there.product} if there else {}
    after = {
        "infused_on": infused_on.isoformat(),
        "product": product or before.get("product", ""),
    }
    if after == before:
        raise InputError("that is the day of infusion already", where="--on", fix="nothing to do")
    row = (patient.thing, after["infused_on"], after["product"])
    if there is None:
        change.add_things(infusions, [row])
    else:
        change.add_version(infusions, thing=there.thing, replaces=there.id, row=row)
    change.say(subject=f"infusion of {patient_id}", before=before, after=after, why=why)
    return Corrected(before=before, after=after, notes=(MEASURE_AGAIN,))


def withdraw_event(
    change: Change, which: ClinicalEvent, *, any_value: bool = True, back: bool = False, why: str
) -> Corrected:
    """Take an event out of a patient's course, or back into it; it stays in the store.

    Parameters
    ----------
    change : Change
        To write into.
    which : ClinicalEvent
        Patient, day and kind; and the value, where a day has several of one kind.
    any_value : bool, optional
        Whether the value says nothing.
    back : bool, optional
        Bring back one that was withdrawn.
    why : str
        The reason.

    Raises
    ------
    InputError
        If there is none, or several.
    """
    patient = find_patient(change.connection, which.patient_id)
    query = current(events).where(
        events.c.patient == patient.thing,
        events.c.date == which.on.isoformat(),
        events.c.event == which.event,
        events.c.withdrawn == int(back),
    )
    found = [
        row
        for row in change.connection.execute(query.order_by(events.c.id))
        if any_value or row.value == which.value
    ]
    if len(found) != 1:
        raise InputError(
            f"the patient has {len(found) or 'no'} such event{'s' * (len(found) > 1)} on this day",
            where="EVENT",
            fix="tell them apart with --value" if found else "check day, kind and value",
        )
    (row,) = found
    cells = tuple(row[4:10])
    row_now = (*cells, int(not back))
    change.add_version(events, thing=row.thing, replaces=row.id, row=row_now)
    said, gone = _said(row), {"withdrawn": "yes"}
    before, after = (gone, said) if back else (said, gone)
    change.say(subject=f"event of {which.patient_id}", before=before, after=after, why=why)
    return Corrected(before=before, after=after)


def _said(row: Row[Any]) -> dict[str, str]:
    return {name: getattr(row, name) for name in ("date", "event", "value", "unit", "comment")}
