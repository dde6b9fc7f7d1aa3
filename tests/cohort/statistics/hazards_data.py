"""Published and made-up data sets for the models of the hazard."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cytomon.cohort.statistics.answers import FloatArray
from cytomon.cohort.statistics.hazards import Fit

DATA = Path(__file__).parent / "data"


class Table(NamedTuple):
    """What `cox` and `firth` are given."""

    stop: FloatArray
    event: FloatArray
    covariates: FloatArray
    names: tuple[str, ...]
    entry: FloatArray | None = None
    persons: tuple[object, ...] | None = None

    def fitted(self, model: Callable[..., Fit]) -> Fit:
        """What a model makes of it."""
        given = self.stop, self.event, self.covariates, self.names
        return model(*given, entry=self.entry, persons=self.persons)

    def taken(self, rows: Sequence[int] | slice) -> Table:
        """Some rows, or all in another order."""
        return Table(
            self.stop[rows],
            self.event[rows],
            self.covariates[rows],
            self.names,
            None if self.entry is None else self.entry[rows],
            None if self.persons is None else tuple(np.asarray(self.persons)[rows]),
        )


def read(name: str, names: tuple[str, ...]) -> Table:
    """A file of the folder `data`."""
    with (DATA / f"{name}.csv").open() as file:
        rows = list(csv.DictReader(file))
    columns = {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}
    persons = columns.get("person")
    return Table(
        columns["stop"],
        columns["event"],
        np.column_stack([columns[name] for name in names]),
        names,
        columns.get("entry"),
        None if persons is None else tuple(persons),
    )


def heart() -> Table:
    """Stanford heart transplants (Crowley & Hu 1977): rows before and after the transplant."""
    found = read("hazards_heart", ("age_days", "year_days", "surgery", "transplant"))
    years = found.covariates / [365.25, 365.25, 1, 1] - [48, 0, 0, 0]
    return found._replace(covariates=years, names=("age", "year", "surgery", "transplant"))


def leukemia() -> Table:
    """6-mercaptopurine against placebo (Freireich et al. 1963): many tied remissions."""
    treated = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
    placebo = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"
    weeks = f"{treated} {placebo}".split()
    return Table(
        np.array([float(week.rstrip("+")) for week in weeks]),
        np.array([not week.endswith("+") for week in weeks], float),
        np.repeat([[1.0], [0.0]], 21, axis=0),
        ("mp",),
    )


def ovarian() -> Table:
    """Ovarian cancer (Edmonson et al. 1979): day, death, age, residual disease, arm, ECOG."""
    rows = """
    59 1 72.3315 2 1 1, 115 1 74.4932 2 1 1, 156 1 66.4658 2 1 2, 421 0 53.3644 2 2 1,
    431 1 50.3397 2 1 1, 448 0 56.4301 1 1 2, 464 1 56.937 2 2 2, 475 1 59.8548 2 2 2,
    477 0 64.1753 2 1 1, 563 1 55.1781 1 2 2, 638 1 56.7562 1 1 2, 744 0 50.1096 1 2 1,
    769 0 59.6301 2 2 2, 770 0 57.0521 2 2 1, 803 0 39.2712 1 1 1, 855 0 43.1233 1 1 2,
    1040 0 38.8932 2 1 2, 1106 0 44.6 1 1 1, 1129 0 53.9068 1 2 1, 1206 0 44.2055 2 2 1,
    1227 0 59.589 1 2 2, 268 1 74.5041 2 1 2, 329 1 43.137 2 1 1, 353 1 63.2192 1 2 2,
    365 1 64.4247 2 2 1, 377 0 58.3096 1 2 1"""
    table = np.array([row.split() for row in rows.split(",")], float)
    return Table(table[:, 0], table[:, 1], table[:, 2:], ("age", "resid.ds", "rx", "ecog.ps"))


def tied() -> Table:
    """Sixty made-up persons, some of whom enter late or are transplanted, on 23 days."""
    rows = []
    for i in range(1, 61):
        end, moved, entry = 1 + 37 * i % 23, 13 * i % 17, 5 * i % 4
        entry = entry if entry < end else 0
        event, age = 11 * i % 7 < 4, 29 * i % 31
        if entry < moved < end:
            rows.append((i, entry, moved, 0, age, 0))
            rows.append((i, moved, end, event, age, 1))
        else:
            rows.append((i, entry, end, event, age, moved <= entry))
    person, entries, stop, events, ages, transplant = np.array(rows, float).T
    table = np.column_stack([ages, transplant])
    return Table(stop, events, table, ("age", "transplant"), entries, tuple(person))


def persistent() -> Table:
    """Twenty-five made-up persons with persistent aplasia and no event, and 79 others."""
    i = np.arange(1, 105)
    aplasia = i <= 25
    stop = np.where(aplasia, 183 + 53 * i % 520, 10 + 71 * i % 600)
    event = ~aplasia & (7 * i % 9 < 4)
    table = np.column_stack([aplasia, 5 * i % 11 < 4]).astype(float)
    return Table(stop.astype(float), event.astype(float), table, ("aplasia", "mrd"))
