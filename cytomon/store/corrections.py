"""A tube or specimen in the wrong place gets its right one: a new version, with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row

from cytomon.errors import InputError
from cytomon.model.record import Kind
from cytomon.store.change import Change
from cytomon.store.current import current
from cytomon.store.find import Which, find_patient, named_specimens, specimens_named
from cytomon.store.second_person import is_signed, waits, was_approved
from cytomon.store.tables import results, specimens, tubes

Place = dict[str, str]
"""``patient``, ``specimen``, ``collected_on`` and ``type``; empty where a thing is nobody's."""

WITHDRAWN = {"withdrawn": "yes"}
MEASURE_AGAIN = (
    "what depends on the patient's days and drugs was computed for the old place: correct the "
    "worklist and run the batch again"
)
POOL_AGAIN = "the row of both tubes together was withdrawn; the batch makes it again where it can"


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What a correction did.

    Attributes
    ----------
    before, after : dict of str to str
        Where the thing stood, and where it stands.
    waits : bool
        Whether a second person has to say the same, since it concerns what is signed.
    notes : tuple of str
        What else has to be done.
    """

    before: Place
    after: Place
    waits: bool = False
    notes: tuple[str, ...] = ()


def move_tube(
    change: Change, tube: Row[Any], specimen_id: str, to: Which, *, why: str
) -> Corrected:
    """Give a tube to another specimen.

    Parameters
    ----------
    change : Change
        To write into.
    tube : Row
        From `cytomon.store.find.find_tube`.
    specimen_id : str
        Name of the specimen; it is made where the patient has none of that name.
    to : Which
        Its patient, day and type; what is empty is as it was.
    why : str
        The reason.

    Raises
    ------
    InputError
        If it is there already, the patient is not known, or the specimen cannot be told.
    """
    source = _specimen_of(change.connection, tube)
    before = WITHDRAWN | _place(source) if tube.withdrawn else _place(source)
    target = _target(change.connection, before, specimen_id, to)
    if isinstance(target, Row):
        _refuse_there(change.connection, tube, target)
    after = target if isinstance(target, dict) else _place(target)
    change.say(subject=f"tube {tube.file}", before=before, after=after, why=why)
    if _concerns_signed(change, source, tube) and waits(change, "tube", tube, after):
        return Corrected(before=before, after=after, waits=True)
    thing = _make(change, target) if isinstance(target, dict) else target.thing
    notes = _rewrite(change, tube, thing, withdrawn=False)
    return Corrected(before=before, after=after, notes=(MEASURE_AGAIN, *notes))


def withdraw_tube(change: Change, tube: Row[Any], *, why: str) -> Corrected:
    """Take a tube out of every course; it stays in the store, and in the log."""
    source = _specimen_of(change.connection, tube)
    if tube.withdrawn:
        raise InputError("the tube is withdrawn already", where="TUBE", fix="nothing to do")
    before = _place(source)
    change.say(subject=f"tube {tube.file}", before=before, after=WITHDRAWN, why=why)
    if _concerns_signed(change, source, tube) and waits(change, "tube", tube, {}):
        return Corrected(before=before, after=WITHDRAWN, waits=True)
    notes = _rewrite(change, tube, tube.specimen, withdrawn=True)
    return Corrected(before=before, after=WITHDRAWN, notes=notes)


def move_specimen(
    change: Change, specimen: Row[Any], specimen_id: str, to: Which, *, why: str
) -> Corrected:
    """Give a specimen another patient, name, day or type, with all its tubes.

    Parameters
    ----------
    change : Change
        To write into.
    specimen : Row
        From `cytomon.store.find.find_specimen`.
    specimen_id : str
        Its new name; empty to leave it.
    to : Which
        Its patient, day and type; what is empty is as it was.
    why : str
        The reason.

    Raises
    ------
    InputError
        If nothing changes, the patient is not known, or such a specimen is there already.
    """
    before = _place(specimen)
    after = _overridden(before, specimen_id or before["specimen"], to)
    patient = find_patient(change.connection, after["patient"])
    if after == before:
        raise _there_already()
    if specimens_named(change.connection, after["specimen"], _which(after)):
        raise InputError(
            "there is such a specimen already",
            where="SPECIMEN",
            fix="move the tubes to it one by one: cytomon correct tube",
        )
    change.say(subject=f"specimen {before['specimen']}", before=before, after=after, why=why)
    if is_signed(change, specimen) and waits(change, "specimen", specimen, after):
        return Corrected(before=before, after=after, waits=True)
    key = (patient.thing, after["specimen"], after["collected_on"], after["type"])
    row = (*key, *specimen[8 : len(specimens.columns)])
    change.add_version(specimens, thing=specimen.thing, replaces=specimen.id, row=row)
    return Corrected(before=before, after=after, notes=(MEASURE_AGAIN,))


def _specimen_of(connection: Connection, tube: Row[Any]) -> Row[Any] | None:
    query = named_specimens().where(specimens.c.thing == tube.specimen)
    return connection.execute(query).one_or_none()


def _place(specimen: Row[Any] | None) -> Place:
    if specimen is None:
        return {"patient": "", "specimen": "", "collected_on": "", "type": ""}
    return {
        "patient": specimen.patient_id,
        "specimen": specimen.specimen_id,
        "collected_on": specimen.collected_on,
        "type": specimen.specimen_type,
    }


def _overridden(place: Mapping[str, str], specimen_id: str, to: Which) -> Place:
    return {
        "patient": to.patient_id or place["patient"],
        "specimen": specimen_id,
        "collected_on": to.collected_on or place["collected_on"],
        "type": to.specimen_type or place["type"],
    }


def _which(place: Mapping[str, str]) -> Which:
    return Which(
        patient_id=place["patient"],
        collected_on=place["collected_on"],
        specimen_type=place["type"],
    )


def _target(connection: Connection, before: Place, specimen_id: str, to: Which) -> Row[Any] | Place:
    """The specimen that is meant, or the place of one that has to be made."""
    patient_id = to.patient_id or before["patient"]
    if not patient_id:
        raise InputError(
            "the tube is nobody's so far: whose it is has to be said",
            where="--patient",
            fix="name the patient",
        )
    find_patient(connection, patient_id)
    named = specimens_named(
        connection,
        specimen_id,
        replace(to, patient_id=patient_id),
    )
    kind = to.specimen_type or before["type"]
    alike = [row for row in named if not kind or row.specimen_type == kind]
    if named and not alike:
        raise InputError(
            f"the patient's specimen of this name is {named[0].specimen_type}, not {kind}",
            where="SPECIMEN",
            fix="check the name, or say with --specimen-type that the other type is meant",
        )
    if len(alike) > 1:
        raise InputError(
            "the patient has several specimens of this name",
            where="SPECIMEN",
            fix="tell them apart with --collected-on or --specimen-type",
        )
    if alike:
        return alike[0]
    made = _overridden(before, specimen_id, to)
    if not (made["collected_on"] and made["type"]):
        raise InputError(
            "the patient has no specimen of this name, and to make it day and type are needed",
            where="SPECIMEN",
            fix="give --collected-on and --specimen-type, or check the spelling",
        )
    return made


def _make(change: Change, place: Place) -> int:
    patient = find_patient(change.connection, place["patient"])
    key = (patient.thing, place["specimen"], place["collected_on"], place["type"])
    (thing,) = change.add_things(specimens, [(*key, "", None, "", "", "", None)])
    return thing


def _rewrite(
    change: Change, tube: Row[Any], specimen: int | None, *, withdrawn: bool
) -> tuple[str, ...]:
    row = (specimen, tube.kind, tube.file, tube.sha256, int(withdrawn))
    change.add_version(tubes, thing=tube.thing, replaces=tube.id, row=row)
    # a sum that holds a tube of somebody else stands for nobody
    found = _pooled(change.connection, tube)
    for one in found:
        gone = (one.specimen, one.kind, one.file, one.sha256, 1)
        change.add_version(tubes, thing=one.thing, replaces=one.id, row=gone)
    return (POOL_AGAIN,) if found else ()


def _pooled(connection: Connection, tube: Row[Any]) -> Sequence[Row[Any]]:
    """Rows of all tubes together in the specimen of a tube."""
    return connection.execute(
        current(tubes).where(
            tubes.c.specimen == tube.specimen,
            tubes.c.kind == Kind.POOLED.value,
            tubes.c.withdrawn == 0,
            tubes.c.thing != tube.thing,
        )
    ).all()


def _concerns_signed(change: Change, source: Row[Any] | None, tube: Row[Any]) -> bool:
    """Whether a signed result goes with a tube: its own, or that of all tubes together."""
    if tube.withdrawn:  # its signature would stand again
        return was_approved(change.connection, results.c.tube == tube.thing)
    pooled = [one.thing for one in _pooled(change.connection, tube)]
    return is_signed(change, source, [tube.thing, *pooled])


def _refuse_there(connection: Connection, tube: Row[Any], target: Row[Any]) -> None:
    """Refuse to move a tube to where it is, or where its bytes are already."""
    if target.thing == tube.specimen and not tube.withdrawn:
        raise _there_already()
    same = current(tubes).where(
        tubes.c.specimen == target.thing,
        tubes.c.sha256 == tube.sha256,
        tubes.c.sha256 != "",
        tubes.c.file == tube.file,
        tubes.c.thing != tube.thing,
        tubes.c.withdrawn == 0,
    )
    if connection.execute(same).first() is not None:
        raise InputError(
            "the specimen has this very tube already",
            where="SPECIMEN",
            fix="withdraw the one in the wrong place: cytomon correct tube ... --withdraw",
        )


def _there_already() -> InputError:
    return InputError("it stands there already", where="SPECIMEN", fix="nothing has to be done")
