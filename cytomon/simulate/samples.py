"""The tubes in ``sample_fcs/``: eight invented patients, small enough to keep, with their truth."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from cytomon.permissions import make_folder
from cytomon.simulate.plan import Artefacts, TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube

WORKLIST_COLUMNS = (
    "file",
    "patient_id",
    "specimen_id",
    "collected_on",
    "specimen_type",
    "template",
    "received_on",
    "pull",
    "cd19_clone",
    "cd22_clone",
    "instrument_qc",
    "viability",
)
PATIENT_COLUMNS = ("patient_id", "infusion_date", "product", "birth_year", "sex", "genotype")
EVENT_COLUMNS = ("patient_id", "date", "event", "value", "unit", "comment")
TEMPLATES: Mapping[str, str] = {
    "b_all_mrd": "b_all_mrd",
    "aieop_bfm": "b_all_mrd_aieop_bfm",
    "lymphocyte_subsets": "lymphocyte_subsets",
}
SPECIMENS: Mapping[str, str] = {"BM": "marrow", "PB": "blood"}
LEAN = Artefacts(doublets=0.03, dead=0.02, debris=0.10)
CLOGGED = replace(LEAN, clog=0.08)
# Enough cells for the threshold make a large file: as little as possible on top of them.
LEANEST = Artefacts(doublets=0.02, dead=0.01, debris=0.05)

# Pseudonym, infusion, product, year of birth, sex, genotype.
PATIENTS = """
P001,2026-01-12,CD19/CD22 (simulated),2017,F,ETV6::RUNX1
P002,2026-01-19,CD19/CD22 (simulated),2014,M,hyperdiploid
P003,2026-02-02,CD19/CD22 (simulated),2019,F,B-other
P004,2026-02-09,CD19/CD22 (simulated),2012,M,B-other
P005,2026-02-16,CD19/CD22 (simulated),2016,M,BCR::ABL1
P006,2026-03-02,CD19/CD22 (simulated),2010,F,TCF3::PBX1
P007,2026-03-09,CD19/CD22 (simulated),2018,M,ETV6::RUNX1
P008,2026-03-16,CD19/CD22 (simulated),2015,F,B-other
"""

# Pseudonym, days after infusion, event, value, unit, comment.
EVENTS = """
P001,28,remission,,,
P001,28,morphology,M1,,
P001,28,car19_copies,251.6,copies/ng,
P002,28,remission,,,
P002,28,morphology,M1,,
P003,28,remission,,,
P003,91,car22_copies,<0.1,copies/ng,
P004,28,remission,,,
P005,28,remission,,,
P005,121,morphology,M2,,
P006,28,remission,,,
P006,180,morphology,M3,,
P006,180,relapse,,,
P006,180,car19_copies,<0.1,copies/ng,
P006,180,car22_copies,<0.1,copies/ng,
P007,28,remission,,,
P007,92,morphology,M1,,
P008,28,remission,,,
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One tube of the collection.

    Attributes
    ----------
    patient_id : str
        Pseudonym of an invented patient.
    day : int
        Days after infusion.
    what : str
        For the table in the README.
    plan : TubePlan
        How it is made; seeds 1000 to 1999 belong to this collection.
    """

    patient_id: str
    day: int
    what: str
    plan: TubePlan

    @property
    def stem(self) -> str:
        """File name without suffix."""
        return f"{self.specimen_id}_{self.plan.panel}"

    @property
    def specimen_id(self) -> str:
        """Pseudonym of the specimen."""
        return f"{self.patient_id}_d{self.day:03d}_{self.specimen_type}"

    @property
    def specimen_type(self) -> str:
        """Marrow or blood."""
        return SPECIMENS[self.plan.state[:2]]


def samples() -> tuple[Sample, ...]:
    """All tubes of the collection, in the order of the worklist.

    Examples
    --------
    >>> len(samples()), samples()[0].stem
    (12, 'P001_d028_marrow_b_all_mrd')
    """
    subsets, aieop = "lymphocyte_subsets", "aieop_bfm"
    return (
        _sample(1, 28, "no blasts, few cells", _tube(1001, "BM_d28_BCA")),
        _sample(1, 28, "B-cell aplasia", _tube(1002, "PB_d28_BCA", panel=subsets)),
        _sample(
            1,
            91,
            "no blasts, enough cells to say so",
            replace(_tube(1003, "BM_m3_BCA", 206_000, panel=aieop), artefacts=LEANEST),
        ),
        _sample(2, 28, "typical blasts, 0.05 %", _tube(1004, "BM_d28_BCA", 45_000, typical=5e-4)),
        _sample(2, 60, "typical blasts, 0.5 %", _tube(1005, "BM_m3_BCA", typical=5e-3)),
        _sample(3, 91, "CD19-negative escape, 1 %", _tube(1006, "BM_m3_BCA", CD19neg=0.01)),
        _sample(4, 91, "CD22-negative escape, 0.8 %", _tube(1007, "BM_m3_BCA", CD22neg=8e-3)),
        _sample(
            5,
            121,
            "10 % blasts, of which 40 % without CD19",
            _tube(1008, "BM_m3_BCA", typical=0.06, CD19neg=0.04),
        ),
        _sample(6, 180, "overt relapse, 65 %", _tube(1009, "BM_overt_relapse", typical=0.65)),
        _sample(7, 92, "B cells back in blood", _tube(1010, "PB_m3_recovering", panel=subsets)),
        _sample(7, 92, "hematogones, no blasts", _tube(1011, "BM_m3_recovering")),
        _sample(
            8,
            28,
            "typical blasts, 0.5 %; the run clogs",
            replace(_tube(1012, "BM_d28_BCA", typical=5e-3), artefacts=CLOGGED),
        ),
    )


def _sample(number: int, day: int, what: str, plan: TubePlan) -> Sample:
    """Tubes of one patient share the patient's positions: one leukaemia over time."""
    plan = replace(plan, patient=1000 + number)
    return Sample(patient_id=f"P{number:03d}", day=day, what=what, plan=plan)


def _tube(
    seed: int, state: str, n_events: int = 15_000, *, panel: str = "b_all_mrd", **blasts: float
) -> TubePlan:
    return TubePlan(
        state=state,
        n_events=n_events,
        seed=seed,
        blasts={f"blast_{kind}": fraction for kind, fraction in blasts.items()},
        panel=panel,
        artefacts=LEAN,
        batch=seed // 4,
    )


def write_samples(folder: Path) -> tuple[Path, ...]:
    """Write the collection: tubes, truth, worklist, patients, events and a README.

    Parameters
    ----------
    folder : Path
        Created if it is not there; files of the same names are replaced.

    Returns
    -------
    tuple of Path
        The FCS files.
    """
    make_folder(folder)
    paths, rows = [], []
    for sample in samples():
        tube = simulate_tube(sample.plan)
        path = write_tube(tube, folder, sample.stem)
        paths.append(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        template = TEMPLATES[sample.plan.panel]
        rows.append((path.name, sample.what, f"{len(tube.events)}", template, f"`{digest}`"))
    _write_csv(folder / "worklist.csv", WORKLIST_COLUMNS, map(_worklist_row, samples()))
    _write_csv(folder / "patients.csv", PATIENT_COLUMNS, _lines(PATIENTS))
    _write_csv(folder / "events.csv", EVENT_COLUMNS, map(_event_row, _lines(EVENTS)))
    (folder / "README.md").write_text(_readme(rows), encoding="utf-8")
    return tuple(paths)


def _lines(table: str) -> list[list[str]]:
    return [line.split(",") for line in table.strip().splitlines()]


def _infused() -> dict[str, date]:
    return {row[0]: date.fromisoformat(row[1]) for row in _lines(PATIENTS)}


def _on_day(patient_id: str, day: int) -> str:
    return (_infused()[patient_id] + timedelta(days=day)).isoformat()


def _worklist_row(sample: Sample) -> list[str]:
    collected = _on_day(sample.patient_id, sample.day)
    pull = "1" if sample.specimen_type == "marrow" else ""
    return [
        f"{sample.stem}.fcs",
        sample.patient_id,
        sample.specimen_id,
        collected,
        sample.specimen_type,
        "",
        collected,
        pull,
        "SJ25C1",
        "S-HCL-1" if sample.plan.panel == "b_all_mrd" else "",
        "pass",
        "",
    ]


def _event_row(row: Sequence[str]) -> list[str]:
    patient_id, day, *rest = row
    return [patient_id, _on_day(patient_id, int(day)), *rest]


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _readme(rows: Sequence[Sequence[str]]) -> str:
    head = """# Sample tubes

Simulated tubes of invented patients; nobody's measurements. Each has a truth beside it:
`*.truth.npz` (a label per event) and `*.truth.json` (plan and summary), explained in
`docs/reference/simulation.md`. `worklist.csv`, `patients.csv` and `events.csv` go with them.
Written by `cytomon.simulate.samples.write_samples`; a test holds this table to the files.

| file | what | events | template | sha256 |
|---|---|---:|---|---|
"""
    return head + "".join(f"| {' | '.join(row)} |\n" for row in rows)
