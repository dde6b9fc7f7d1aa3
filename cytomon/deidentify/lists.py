"""Worklist, patients and events of the copies: pseudonyms, moved days, and known words only."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from cytomon.deidentify.secret import Secret
from cytomon.deidentify.vocabulary import is_harmless
from cytomon.inputs import Job
from cytomon.model.drugs import depleting_drugs
from cytomon.tables import Row
from cytomon.worklist import EventRow, PatientRow, WorklistRow

WORKLIST_COLUMNS = tuple(WorklistRow.model_fields)
PATIENT_COLUMNS = tuple(PatientRow.model_fields)
EVENT_COLUMNS = tuple(EventRow.model_fields)

_WITH_A_FORM = {
    "morphology", "fish", "fusion_pcr", "ngs", "car19_copies", "car22_copies", "alc",
}  # fmt: skip
"""Events whose value was held against its form when the list was read (`cytomon.worklist`)."""
_AMOUNT = re.compile(r"<?([0-9]*)(?:\.([0-9]*))?(?:e[+-]?[0-9]{1,2})?(?: ?%)?", re.IGNORECASE)
_GRADE = re.compile(r"[A-Za-z]+[123]?")
"""M1, or positive."""
_MOST_DIGITS = 6
"""That say something of an amount: a longer number may be somebody's."""


@dataclass(slots=True)
class Moved:
    """Rows of a list for the copies.

    Attributes
    ----------
    rows : list of dict
        In an order that says nothing.
    emptied : Counter of str
        Column to the cells that held other words than known ones.
    left_out : int
        Rows that say nothing without such a cell, or that belong to nobody's copies.
    """

    rows: list[Row] = field(default_factory=list)
    emptied: Counter[str] = field(default_factory=Counter)
    left_out: int = 0

    def kept(self, column: str, cell: str, words: str) -> str:
        """The cell, or nothing where it holds other words than known ones."""
        if cell and not is_harmless(cell, words):
            self.emptied[column] += 1
            return ""
        return cell


def move(day: date | None, days: int) -> str:
    """A day moved, in ISO form; empty for none."""
    return (day + timedelta(days=days)).isoformat() if day else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A tube that has a copy.

    Attributes
    ----------
    name : str
        Of the copy.
    job : Job
        What the worklist says of the original.
    days : int
        By how many its days are moved.
    """

    name: str
    job: Job
    days: int


def worklist(tubes: Iterable[Named], secret: Secret, templates: Collection[str]) -> Moved:
    """Rows for tubes that have a specimen.

    Parameters
    ----------
    tubes : iterable of Named
        In any order.
    secret : Secret
        Of the pseudonyms.
    templates : collection of str
        Names that may stand in the column of templates.
    """
    moved = Moved()
    for tube in sorted(tubes, key=lambda tube: tube.name):
        job, days = tube.job, tube.days
        if (specimen := job.specimen) is None:
            continue
        template = job.template if job.template in templates else ""
        moved.emptied["template"] += bool(job.template) and not template
        viability = specimen.viability
        moved.rows.append({
            "file": tube.name,
            "patient_id": patient_of(specimen.patient_id, secret),
            "specimen_id": specimen_of(job, secret),
            "collected_on": move(specimen.collected_on, days),
            "specimen_type": specimen.specimen_type.value,
            "template": template,
            "received_on": move(specimen.received_on, days),
            "pull": "" if specimen.pull is None else str(specimen.pull),
            "cd19_clone": moved.kept("cd19_clone", specimen.cd19_clone, "clone"),
            "cd22_clone": moved.kept("cd22_clone", specimen.cd22_clone, "clone"),
            "instrument_qc": specimen.instrument_qc,
            "viability": "" if viability is None else repr(viability),
            "washed": "yes" if job.washed else "",
        })  # fmt: skip
    return moved


def patients(rows: Sequence[PatientRow], of: Collection[str], secret: Secret) -> Moved:
    """Rows for patients who have a copy.

    Notes
    -----
    Years of birth are moved by as many calendar years as the day of infusion: the age in calendar
    years, which is all that cytomon knows, stays what it was.
    """
    moved = Moved()
    for row in rows:
        if row.patient_id not in of:
            moved.left_out += 1
            continue
        infused = row.infusion_date + timedelta(days=secret.days(row.patient_id))
        years = infused.year - row.infusion_date.year
        moved.rows.append({
            "patient_id": patient_of(row.patient_id, secret),
            "infusion_date": infused.isoformat(),
            "product": moved.kept("product", row.product, "product"),
            "birth_year": "" if row.birth_year is None else str(row.birth_year + years),
            "sex": moved.kept("sex", row.sex, "sex"),
            "genotype": moved.kept("genotype", row.genotype, "genotype"),
        })  # fmt: skip
    moved.rows.sort(key=lambda row: row["patient_id"])
    return moved


def events(rows: Sequence[EventRow], of: Collection[str], secret: Secret) -> Moved:
    """Rows of events of patients who have a copy; comments are always emptied."""
    moved = Moved()
    for row in rows:
        value = _value(row, moved)
        # without its value a drug says nothing, and no list may have such an amount
        lost = not value and (row.event == "drug" or row.event in _WITH_A_FORM)
        if row.patient_id not in of or lost:
            moved.left_out += 1
            continue
        moved.emptied["comment"] += bool(row.comment)
        moved.rows.append({
            "patient_id": patient_of(row.patient_id, secret),
            "date": move(row.date, secret.days(row.patient_id)),
            "event": row.event,
            "value": value,
            "unit": moved.kept("unit", row.unit, "unit"),
            "comment": "",
        })  # fmt: skip
    moved.rows.sort(key=lambda row: tuple(row[column] for column in EVENT_COLUMNS))
    return moved


def whose(job: Job, sha256: str) -> str:
    """Whose days are moved together: the patient's, else the specimen's, else the tube's own.

    Notes
    -----
    A specimen and a tube begin with a mark that no id of a patient may hold.
    """
    if job.specimen and job.specimen.patient_id:
        return job.specimen.patient_id
    if job.specimen and job.specimen.specimen_id:
        return f"\0specimen\0{job.specimen.specimen_id}"
    return f"\0tube\0{sha256}"


def patient_of(patient_id: str, secret: Secret) -> str:
    """The pseudonym of a patient; none for nobody."""
    return secret.pseudonym("patient", patient_id) if patient_id else ""


def specimen_of(job: Job, secret: Secret) -> str:
    """The pseudonym of a specimen; none where it has no id."""
    if job.specimen is None or not job.specimen.specimen_id:
        return ""
    return secret.pseudonym("specimen", job.specimen.patient_id, job.specimen.specimen_id)


def _value(row: EventRow, moved: Moved) -> str:
    if row.event in _WITH_A_FORM:
        return row.value if _is_short(row.value) else ""
    if row.event != "drug":
        return moved.kept("value", row.value, "value")
    named = depleting_drugs(row.value)
    if named:
        # generic names alone: what else stood in the cell may be anything
        return " + ".join(named)
    return row.value if is_harmless(row.value, "drug") else ""


def _is_short(value: str) -> bool:
    """Whether a value is a word of its form, or a number of few digits."""
    number = _AMOUNT.fullmatch(value)
    if number is None:
        return bool(_GRADE.fullmatch(value))
    digits = number[1] + (number[2] or "")
    return len(digits.strip("0")) <= _MOST_DIGITS and len(digits) <= 2 * _MOST_DIGITS
