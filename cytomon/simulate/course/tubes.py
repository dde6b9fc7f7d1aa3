"""Plans of FCS tubes for the specimens of a simulated patient."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from cytomon.model.patient import SpecimenType
from cytomon.permissions import make_folder
from cytomon.simulate.course.body import BodyState
from cytomon.simulate.course.curves import RECOVERY_FRACTION
from cytomon.simulate.course.patient import SimulatedPatient, SimulatedSpecimen
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.samples import WORKLIST_COLUMNS
from cytomon.simulate.tube import simulate_tube, write_tube

BLASTS_IN_BLOOD = 0.05
"""Of the marrow's fraction: in blood there is mostly a decade less (domain: 1.5)."""
_FULL_IN_MARROW, _FULL_IN_BLOOD = 0.08, 0.12
"""B cells of lymphocytes, about midway between the tables' recovering and recovered states."""
_OVERT = 0.25
_EARLY_UNTIL = 45
"""Half way from day 28 to month 2."""
_SEEDS_PER_PATIENT = 100


def tube_plan(patient: SimulatedPatient, specimen: SimulatedSpecimen, n_events: int) -> TubePlan:
    """Plan the tube of a specimen.

    Parameters
    ----------
    patient : SimulatedPatient
        Its tubes share one leukaemia and one set of positions, by the patient's seed.
    specimen : SimulatedSpecimen
        Marrow: the 15-marker tube; blood: lymphocyte subsets.
    n_events : int
        Viable nucleated singlets; 1 or more. The counts of `specimen` are of another tube.

    Returns
    -------
    TubePlan
        Change `realism`, `artefacts` and `batch` with `dataclasses.replace`.

    Raises
    ------
    ValueError
        If the specimen is another patient's.

    Notes
    -----
    The tables know few states: B cells and hematogones are those of the nearest one and not the
    fractions of `PatientTruth.states`; the fraction and the kinds of blasts are.
    """
    names = [one.specimen_id for one in patient.specimens]
    if specimen.specimen_id not in names:
        msg = f"specimen {specimen.specimen_id!r} is none of patient {patient.patient_id!r}"
        raise ValueError(msg)
    state = patient.truth.states[specimen.specimen_id]
    marrow = specimen.specimen_type is SpecimenType.MARROW
    return TubePlan(
        state=_marrow_state(state) if marrow else _blood_state(state),
        n_events=n_events,
        seed=_SEEDS_PER_PATIENT * patient.seed + names.index(specimen.specimen_id),
        blasts=_blasts(patient, state, share=1.0 if marrow else BLASTS_IN_BLOOD),
        panel="b_all_mrd" if marrow else "lymphocyte_subsets",
        patient=patient.seed,
        age_years=float(patient.day0.year - patient.birth_year),
    )


def _marrow_state(state: BodyState) -> str:
    if state.b_marrow >= RECOVERY_FRACTION:
        if state.day <= 0:
            return "BM_norm_child"
        return "BM_m6_recovered" if state.b_marrow >= _FULL_IN_MARROW else "BM_m3_recovering"
    if state.blasts >= _OVERT:
        return "BM_overt_relapse"
    return "BM_d28_BCA" if state.day <= _EARLY_UNTIL else "BM_m3_BCA"


def _blood_state(state: BodyState) -> str:
    if state.b_blood >= RECOVERY_FRACTION:
        return "PB_m6_recovered" if state.b_blood >= _FULL_IN_BLOOD else "PB_m3_recovering"
    return "PB_d28_BCA" if state.day <= _EARLY_UNTIL else "PB_m3_BCA"


def _blasts(patient: SimulatedPatient, state: BodyState, *, share: float) -> dict[str, float]:
    clone = patient.before if state.day <= 0 else patient.after
    found = {kind: share * state.mrd * part for kind, part in clone.parts.items()}
    found["lineage_switch_mono"] = share * state.switched
    return {kind: fraction for kind, fraction in found.items() if fraction}


def write_tubes(
    folder: Path, chosen: Sequence[tuple[SimulatedPatient, SimulatedSpecimen]], n_events: int
) -> None:
    """Write the tubes of some specimens with their truth, and a worklist of them.

    Parameters
    ----------
    folder : Path
        Created if it is not there; files of the same names are replaced.
    chosen : sequence of (SimulatedPatient, SimulatedSpecimen)
        In the order of the worklist.
    n_events : int
        Of each, as in `tube_plan`.
    """
    make_folder(folder)
    for patient, specimen in chosen:
        tube = simulate_tube(tube_plan(patient, specimen, n_events))
        write_tube(tube, folder, specimen.specimen_id)
    with (folder / "worklist.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, WORKLIST_COLUMNS, restval="", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(_worklist_row(patient, specimen) for patient, specimen in chosen)


def _worklist_row(patient: SimulatedPatient, specimen: SimulatedSpecimen) -> Mapping[str, str]:
    collected = patient.on(specimen.day).isoformat()
    return {
        "file": f"{specimen.specimen_id}.fcs",
        "patient_id": patient.patient_id,
        "specimen_id": specimen.specimen_id,
        "collected_on": collected,
        "specimen_type": specimen.specimen_type.value,
        "received_on": collected,
        "instrument_qc": "pass",
    }
