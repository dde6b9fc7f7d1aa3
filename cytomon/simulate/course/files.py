"""Simulated patients as the lists that a laboratory hands over, and their truth beside them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from cytomon.model.results import Measurement
from cytomon.permissions import make_folder
from cytomon.simulate.course.patient import SimulatedPatient, SimulatedSpecimen
from cytomon.simulate.samples import EVENT_COLUMNS, PATIENT_COLUMNS

MEASUREMENT_COLUMNS = (
    "file", "sha256", "patient_id", "specimen_id", "collected_on", "specimen_type", "template",
    "quantity", "numerator", "denominator", "value", "ci_low", "ci_high", "lod", "loq", "status",
    "qualifiers",
)  # fmt: skip
FILES = ("patients.csv", "events.csv", "measurements.csv", "truth.json")


def write_patients(folder: Path, patients: Sequence[SimulatedPatient]) -> None:
    """Write patients.csv, events.csv, measurements.csv and truth.json.

    Parameters
    ----------
    folder : Path
        Created if it is not there; files of the same names are replaced.
    patients : sequence of SimulatedPatient
        Each with a pseudonym of its own. The same patients give the same bytes.

    Raises
    ------
    ValueError
        If two patients have the same pseudonym.

    Notes
    -----
    Measurements name no file and no template, as results of another program do.
    """
    names = [patient.patient_id for patient in patients]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        msg = f"patients with one pseudonym: {', '.join(twice[:5])}; each needs its own"
        raise ValueError(msg)
    make_folder(folder)
    _write_csv(folder / "patients.csv", PATIENT_COLUMNS, map(_patient_row, patients))
    _write_csv(folder / "events.csv", EVENT_COLUMNS, _event_rows(patients))
    _write_csv(folder / "measurements.csv", MEASUREMENT_COLUMNS, _measurement_rows(patients))
    truth = {patient.patient_id: _truth(patient) for patient in patients}
    text = json.dumps(truth, indent=1) + "\n"
    (folder / "truth.json").write_text(text, encoding="utf-8", newline="\n")


def _patient_row(patient: SimulatedPatient) -> list[str]:
    infused, born = patient.day0.isoformat(), str(patient.birth_year)
    return [patient.patient_id, infused, patient.product, born, patient.sex, patient.genotype]


def _event_rows(patients: Iterable[SimulatedPatient]) -> Iterator[list[str]]:
    for patient in patients:
        for one in patient.events:
            when = patient.on(one.day).isoformat()
            yield [patient.patient_id, when, one.event, one.value, one.unit, ""]


def _measurement_rows(patients: Iterable[SimulatedPatient]) -> Iterator[list[str]]:
    for patient in patients:
        for specimen in patient.specimens:
            for measurement in specimen.measurements.values():
                yield [*_source(patient, specimen), *_cells(measurement)]


def _source(patient: SimulatedPatient, specimen: SimulatedSpecimen) -> list[str]:
    when = patient.on(specimen.day).isoformat()
    return ["", "", patient.patient_id, specimen.specimen_id, when, specimen.specimen_type, ""]


def _cells(found: Measurement) -> list[str]:
    estimate = found.estimate
    ends = (estimate.value, estimate.low, estimate.high) if estimate else (None, None, None)
    numbers = (found.numerator, found.denominator, *ends, found.lod, found.loq)
    cells = ["" if number is None else str(number) for number in numbers]
    return [found.quantity, *cells, str(found.status), ";".join(found.qualifiers)]


def _truth(patient: SimulatedPatient) -> dict[str, object]:
    told = asdict(patient.truth)
    return {"story": patient.story, "seed": patient.seed, **told}


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """RFC 4180, as `cytomon.tables` writes its tables."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(columns)
        writer.writerows(rows)
