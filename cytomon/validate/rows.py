"""``validation.csv``: a row for each tube, with its truth beside what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from cytomon.errors import InputError
from cytomon.lists import read_rows
from cytomon.tables import write_table

TABLE = "validation.csv"


def _absent(cell: object) -> object:
    return None if cell == "" else cell


Count = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_absent)]
Fraction = Annotated[Annotated[float, Field(ge=0, le=1)] | None, BeforeValidator(_absent)]
Number = Annotated[float | None, BeforeValidator(_absent)]


class TubeRow(BaseModel):
    """One tube of a validation; its fields are the columns of ``validation.csv``.

    Attributes
    ----------
    tube, suite, condition : str
        Name; what it is there for; ``plain``, ``realism``, ``own`` or ``diluted``.
    series : str
        Tubes that one command replaces as a whole: the condition where empty; else one list or
        folder of own tubes, or one population of one diluted tube.
    planned : str
        Tubes that the command meant to judge, ``series:count`` joined by ``;``.
    size : str
        Of the simulated study.
    kind, level : str, float or None
        Kinds of blasts joined by ``+``, and their nominal fraction.
    state, panel, altered : str
        Specimen; panel; what was done wrong to the tube on purpose.
    pair : str
        Name of the same tube without the alteration.
    seed, events : int or None
        Of the simulation.
    gain_sd : float or None
        Spread of the batch's gains on L; from 0.2 on the batch is a trap, and an alarm is right.
    made_by, inputs, command : str
        Version and hash of the code; hash of what the tube is made from; the command line.
    true_blasts, true_nucleated, true_fraction, true_status, true_cd19, true_cd22
        Truth; the calls are those of the rules applied to the true blasts.
    true_b, true_b_lymphocytes
        B cells of lymphocytes, and lymphocytes.
    blasts, nucleated, found, by_eye, by_eye_blasts, b_only
        Events called blasts (k), their denominator, true blasts among them, events left to the
        eye, true blasts among those, events that the tree without CD19 found alone.
    lod_events : int or None
        Least events that the status would have called detected in this tube.
    false_labels : str
        What the false events are, ``label:count`` joined by ``;``.
    status, qualifiers, cd19, cd22 : str
        As in ``measurements.csv``.
    b_fraction, b_low, b_high, b_status
        As in ``measurements.csv``.
    findings : str
        Codes, joined by ``;``.
    seconds : float or None
        Simulating and measuring.
    error : str
        Why there is no result; empty otherwise.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tube: str
    suite: str
    condition: str
    series: str = ""
    planned: str = ""
    size: str = ""
    kind: str = ""
    level: Fraction = None
    state: str = ""
    panel: str = ""
    altered: str = ""
    pair: str = ""
    seed: Count = None
    events: Count = None
    gain_sd: Number = None
    made_by: str = ""
    inputs: str = ""
    command: str = ""
    true_blasts: Count = None
    true_nucleated: Count = None
    true_fraction: Fraction = None
    true_status: str = ""
    true_cd19: str = ""
    true_cd22: str = ""
    true_b: Fraction = None
    true_b_lymphocytes: Count = None
    blasts: Count = None
    nucleated: Count = None
    found: Count = None
    by_eye: Count = None
    by_eye_blasts: Count = None
    b_only: Count = None
    lod_events: Count = None
    false_labels: str = ""
    status: str = ""
    qualifiers: str = ""
    cd19: str = ""
    cd22: str = ""
    b_fraction: Fraction = None
    b_low: Fraction = None
    b_high: Fraction = None
    b_status: str = ""
    findings: str = ""
    seconds: Number = None
    error: str = ""

    @property
    def group(self) -> str:
        """Its series, or its condition where that is the series."""
        return self.series or self.condition

    @property
    def key(self) -> tuple[str, str]:
        """What no two rows of a table share."""
        return self.group, self.tube

    @property
    def fraction(self) -> float | None:
        """Measured MRD; None where the tube has no result."""
        if self.blasts is None or not self.nucleated:
            return None
        return self.blasts / self.nucleated

    @property
    def false_events(self) -> int | None:
        """Events called blasts that are none; None without a truth for each event."""
        if self.blasts is None or self.found is None:
            return None
        return self.blasts - self.found

    @property
    def recall(self) -> float | None:
        """Share of the true blasts that were found; None of none."""
        if self.found is None or not self.true_blasts:
            return None
        return self.found / self.true_blasts

    @property
    def precision(self) -> float | None:
        """Share of what was found that is true; None of nothing found."""
        if self.found is None or not self.blasts:
            return None
        return self.found / self.blasts

    def has_finding(self, code: str) -> bool:
        """Whether the tube carries a finding."""
        return code in self.findings.split(";")


def planned(counts: Mapping[str, int]) -> str:
    """How many tubes of each series were planned, as one cell."""
    return ";".join(f"{series}:{count}" for series, count in counts.items())


def unfinished(rows: Sequence[TubeRow]) -> dict[str, tuple[int, int]]:
    """Series with fewer rows than were planned: how many are there, of how many."""
    there = Counter(row.group for row in rows)
    said: dict[str, int] = {}
    for row in rows:
        for part in filter(None, row.planned.split(";")):
            series, _, count = part.rpartition(":")
            # rows that stayed from an earlier command know only what was planned then
            if series == row.group or series not in there:
                said[series] = int(count) if count.isdecimal() else 0
    return {
        series: (there[series], count) for series, count in said.items() if there[series] < count
    }


def write_validation(folder: Path, rows: Iterable[TubeRow]) -> None:
    """Write the table; it appears whole or not at all."""
    cells = ({name: _cell(value) for name, value in row.model_dump().items()} for row in rows)
    write_table(folder / TABLE, cells, tuple(TubeRow.model_fields))


def read_validation(folder: Path) -> tuple[TubeRow, ...]:
    """Read the table.

    Raises
    ------
    InputError
        If it is not there, or a row of it cannot be read: a figure drawn from what is left would
        be another figure.
    """
    table = read_rows(folder / TABLE, TubeRow)
    for refusal in table.refused:
        raise InputError(
            refusal.finding.what,
            where=refusal.finding.where,
            fix="the table is written by `cytomon validate`; remove it and run again",
        )
    return tuple(row for _, row in table.rows)


def _cell(value: Any) -> str:  # noqa: ANN401  (what pydantic hands over)
    return "" if value is None else str(value)
