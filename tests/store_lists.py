"""Lists of any number of simulated patients, for tests and benchmarks of the store."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

from cytomon.measure.catalogue import CATALOGUE
from cytomon.measure.intervals import binomial_interval
from cytomon.model.results import AntigenCall, BCellStatus, MrdStatus
from cytomon.tables import MEASUREMENT_COLUMNS
from cytomon.worklist import PatientRow

VARIETY = 200
DAYS = (-7, 14, 28, 61, 91, 122, 152, 183, 228, 274, 320, 365)
QUANTITIES = tuple(row.code for row in CATALOGUE if row.code not in {"b_by_cd20", "lymphosum"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """Where the lists lie, and what is in them."""

    patients: Path
    measurements: Path
    n_rows: int


def write_lists(folder: Path, n_patients: int, *, seed: int, specimens: int = 12) -> Lists:
    """Write patients, and two tubes with all quantities for each of their specimens."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    lists = (folder / "patients.csv", folder / "measurements.csv")
    with lists[0].open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(PatientRow.model_fields)
        for number in range(n_patients):
            row = (_day0(number), "CD19/CD22", 2010 + number % 12, "FM"[number % 2], "B-other")
            writer.writerow((_name(number), *row))
    pools = {code: _pool(code, rng) for code in QUANTITIES}
    n_rows = 0
    with lists[1].open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(MEASUREMENT_COLUMNS)
        for number in range(n_patients):
            for source in _tubes(number, specimens):
                rows = [(*source, *rng.choice(pools[code])) for code in QUANTITIES]
                writer.writerows(rows)
                n_rows += len(rows)
    return Lists(patients=lists[0], measurements=lists[1], n_rows=n_rows)


def _name(number: int) -> str:
    return f"S{number:05d}"


def _day0(number: int) -> date:
    return date(2024, 1, 1) + timedelta(days=number % 700)


def _tubes(number: int, specimens: int) -> Iterator[tuple[str, ...]]:
    for day in DAYS[:specimens]:
        specimen = f"{_name(number)}_d{day:03d}"
        collected = (_day0(number) + timedelta(days=day)).isoformat()
        for tube in ("a", "b"):
            file = f"{specimen}_{tube}.fcs"
            digest = sha256(file.encode()).hexdigest()
            yield (file, digest, _name(number), specimen, collected, "marrow", "b_all_mrd")


def _pool(code: str, rng: random.Random) -> Sequence[tuple[object, ...]]:
    statuses = next(row.statuses for row in CATALOGUE if row.code == code)
    return [_row(code, statuses, rng) for _ in range(VARIETY)]


def _row(code: str, statuses: type, rng: random.Random) -> tuple[object, ...]:
    total = rng.randrange(3_000, 600_000)
    events = rng.choice((0, rng.randrange(20), rng.randrange(total // 20)))
    found = binomial_interval(events, total)
    lod, loq = (20 / total, 50 / total) if statuses is MrdStatus else ("", "")
    status = "MEASURED"
    if statuses is MrdStatus:
        status = _mrd_status(events, total)
    elif statuses is BCellStatus:
        status = "RECOVERED" if found.value >= 0.01 else "APLASIA"
    elif statuses is AntigenCall:
        status = "POSITIVE" if found.value >= 0.2 else "NEGATIVE"
    numbers = (events, total, found.value, found.low, found.high, lod, loq)
    return (code, *numbers, status, "BORDERLINE_AT_THRESHOLD" if events == 17 else "")


def _mrd_status(events: int, total: int) -> str:
    if events < 20:
        if 20 / total > 1e-4:
            return "INSUFFICIENT_SENSITIVITY"
        return "BELOW_LOD" if events else "NOT_DETECTED"
    if events / total < 1e-4:
        return "DETECTED_BELOW_THRESHOLD"
    return "POSITIVE" if events >= 50 else "POSITIVE_BELOW_LOQ"
