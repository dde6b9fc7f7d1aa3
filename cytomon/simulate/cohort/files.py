"""A simulated cohort as the lists that a laboratory hands over, its truth, and what it is."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cytomon.simulate.cohort.law import JUDGED_ON, LABEL, TUNED_ON, Law
from cytomon.simulate.cohort.patient import CohortPatient
from cytomon.simulate.course.files import FILES as OF_COURSES
from cytomon.simulate.course.files import write_patients

FILES = (*OF_COURSES, "README.txt")


def write_cohort(folder: Path, patients: Sequence[CohortPatient], *, seed: int, law: Law) -> None:
    """Write patients.csv, events.csv, measurements.csv, truth.json and README.txt.

    Parameters
    ----------
    folder : Path
        Created if it is not there; files of the same names are replaced.
    patients : sequence of CohortPatient
        Of `cytomon.simulate.cohort.patient.simulate_cohort`. The same ones give the same bytes.
    seed : int
        Of the cohort.
    law : Law
        By which they were drawn.
    """
    write_patients(folder, patients)
    truth = {
        "label": LABEL,
        "tuned_on": TUNED_ON,
        "judged_on": JUDGED_ON,
        "seed": seed,
        "law": asdict(law),
        "patients": {one.patient_id: _truth(one) for one in patients},
    }
    # days that never come are infinite, which is no JSON
    text = json.dumps(_finite(truth), indent=1, allow_nan=False) + "\n"
    (folder / "truth.json").write_text(text, encoding="utf-8", newline="\n")
    readme = f"{LABEL}\n\nThe law and what was true of each patient: truth.json.\n"
    (folder / "README.txt").write_text(readme, encoding="utf-8", newline="\n")


def _truth(patient: CohortPatient) -> dict[str, Any]:
    return {
        "seed": patient.seed,
        "person": asdict(patient.person),
        "fate": asdict(patient.fate),
        "found_day": patient.found_day,
        "last_day": patient.last_day,
        **asdict(patient.truth),
    }


def _finite(value: Any) -> Any:  # noqa: ANN401
    """The same with null for what is infinite."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and math.isinf(value) else value
