"""Patients of a cohort, made up for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from cytomon.cohort.baseline import Copies
from cytomon.cohort.endpoints import LANDMARKS, Outcome, Person
from cytomon.model.states import Landmark

PHENOTYPES = ("CD19+/CD22+", "CD19-/CD22+", "CD19-/CD22-", "unknown")


def person(patient_id: str = "P1", **given: object) -> Person:
    """A patient who was seen for a year and had nothing, but for what is given."""
    usual: dict[str, Any] = {
        "efs": Outcome(365, 0),
        "os": Outcome(365, 0),
        "relapse": Outcome(365, 0),
        "recovery": Outcome(365, 0),
        "transplant": None,
        "seen": 365,
        "remission": "yes",
        "phenotype": "",
        "aplasia": 14,
        "recovery_left": 360,
        "recovery_right": None,
        "landmarks": dict.fromkeys(LANDMARKS, Landmark.PERSISTENT),
        "factors": {"sex": "F", "age": "<10"},
        "car": (),
        "car_at_relapse": {},
        "looked": (14, 28, 61, 91, 183, 360),
        "simulated": False,
    }
    return Person(patient_id=patient_id, **(usual | given))


def crowd(n: int, seed: int) -> list[Person]:
    """Patients to whom anything may have happened, each consistent in itself."""
    rng = np.random.default_rng(seed)
    return [_anybody(f"P{number:05d}", rng) for number in range(n)]


def _anybody(patient_id: str, rng: np.random.Generator) -> Person:
    seen = int(rng.integers(0, 700))
    relapsed, died = (int(day) for day in rng.exponential((500, 1200)))
    moved = int(rng.integers(0, 300)) if rng.random() < 0.4 else None
    efs_day = min(relapsed, died, seen)
    code = 1 if min(relapsed, died) <= seen else 0
    os = Outcome(died, 1) if died <= seen else Outcome(seen, 0)
    relapse = Outcome(efs_day, 0 if not code else 1 if relapsed <= died else 2)
    back = int(rng.weibull(2) * 150)
    ended = min(efs_day, moved if moved is not None else efs_day)
    why = code and (2 if relapse.code == 1 else 3)
    if moved is not None and moved < efs_day:
        why = 4
    recovery = Outcome(back, 1) if 14 < back <= ended else Outcome(ended, why)
    states = list(Landmark)
    return person(
        patient_id,
        efs=Outcome(efs_day, code),
        os=os,
        relapse=relapse,
        recovery=recovery,
        transplant=moved if moved is not None and moved <= os.days else None,
        seen=seen,
        remission=str(rng.choice(["yes", "no", "died", "unknown"])),
        phenotype=str(rng.choice(PHENOTYPES)) if relapse.code == 1 else "",
        recovery_left=max(0, recovery.days - 20),
        recovery_right=recovery.days if recovery.code == 1 else None,
        landmarks={name: states[rng.integers(len(states))] for name in LANDMARKS},
        factors={
            name: str(rng.choice(levels))
            for name, levels in (
                ("sex", ["F", "M"]), ("age", ["<10", ">=10"]), ("mrd", ["<1", "1-<15", ">=15"]),
                ("genotype", ["A", "B", "C", "D"]),
            )
            if rng.random() < 0.9
        },
        car=tuple(
            Copies(antigen, int(day), float(rng.lognormal(2, 2)) if rng.random() < 0.8 else None)
            for antigen in ("CD19", "CD22")
            for day in sorted(rng.integers(1, 400, 5))
        ),
    )  # fmt: skip
