"""What is known about a simulated tube because it was made so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cytomon.simulate.populations import (
    B_CELLS,
    GRANULOCYTES,
    LYMPHOCYTES,
    is_blast,
    population_names,
)

DIM_ANTIGENS: Mapping[str, tuple[str, ...]] = {
    "CD19": ("blast_CD19dim",),
    "CD22": ("blast_CD22dim", "blast_proB_KMT2A"),
}
LOST_ANTIGENS: Mapping[str, tuple[str, ...]] = {
    "CD19": ("blast_CD19neg", "blast_dualneg", "lineage_switch_mono"),
    "CD22": ("blast_CD22neg", "blast_dualneg", "lineage_switch_mono"),
}
MOST = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Counts by label and what follows from them; nothing of it was measured.

    Attributes
    ----------
    counts : mapping of str to int
        Events by label, all labels that occur.
    n_events : int
        Events in the file.
    n_nucleated : int
        Viable nucleated singlets: all populations of the patient, blasts included.
    n_wbc, n_mnc : int
        The same without erythroblasts, and without granulocytes.
    n_blasts : int
        Leukaemic events among the viable nucleated singlets.
    mrd_fraction : float
        `n_blasts` over `n_nucleated`.
    n_lymphocytes, n_b_cells : int
        T, NK and mature or transitional B cells, and the B cells among them, by label.
    b_fraction : float or None
        `n_b_cells` over `n_lymphocytes`; None where there are no lymphocytes.
    b_fraction_by_value : float or None
        The same ratio by the drawn, noise-free values: lymphocytes have CD45 above L 3.6 and SSC
        below 30,000, no CD33+CD14 where stained; B cells among them have CD19 above L 1.5, no
        CD3 where stained, and are not precursors (CD34 above L 1, or CD10 above L 1 with CD45
        below L 4.05); blasts excluded. This is how a gate sees a marrow full of hematogones.
    antigens : mapping of str to str
        CD19 and CD22 of the blasts as intended: ``POSITIVE``, ``DIM``, ``PARTIAL``,
        ``NEGATIVE``; empty without blasts.
    n_in_clog : int
        Events within the disturbed part of the run.
    gain_sd : float
        Spread of the batch's gains on L; 0.3 marks a trap.
    """

    counts: Mapping[str, int]
    n_events: int
    n_nucleated: int
    n_wbc: int
    n_mnc: int
    n_blasts: int
    mrd_fraction: float
    n_lymphocytes: int
    n_b_cells: int
    b_fraction: float | None
    b_fraction_by_value: float | None
    antigens: Mapping[str, str]
    n_in_clog: int
    gain_sd: float


def derive_truth(
    counts: Mapping[str, int],
    *,
    b_fraction_by_value: float | None,
    n_in_clog: int,
    gain_sd: float,
) -> Truth:
    """Derive the clinical quantities from the counts by label."""
    rubbish = ("debris", "dead")
    patient = {
        name: count
        for name, count in counts.items()
        if name in (*population_names(), "T_CAR_CD19dim") and name not in rubbish
    }
    n_nucleated = sum(patient.values())
    blasts = {name: count for name, count in patient.items() if is_blast(name)}
    n_lymphocytes = sum(patient.get(name, 0) for name in LYMPHOCYTES)
    n_b_cells = sum(patient.get(name, 0) for name in B_CELLS)
    return Truth(
        counts=counts,
        n_events=sum(counts.values()),
        n_nucleated=n_nucleated,
        n_wbc=n_nucleated - patient.get("erythroblast", 0),
        n_mnc=n_nucleated - sum(patient.get(name, 0) for name in GRANULOCYTES),
        n_blasts=sum(blasts.values()),
        mrd_fraction=sum(blasts.values()) / n_nucleated,
        n_lymphocytes=n_lymphocytes,
        n_b_cells=n_b_cells,
        b_fraction=n_b_cells / n_lymphocytes if n_lymphocytes else None,
        b_fraction_by_value=b_fraction_by_value,
        antigens={
            antigen: _intended(antigen, blasts) for antigen in DIM_ANTIGENS if any(blasts.values())
        },
        n_in_clog=n_in_clog,
        gain_sd=gain_sd,
    )


def _intended(antigen: str, blasts: Mapping[str, int]) -> str:
    total = sum(blasts.values())
    lost = sum(blasts.get(name, 0) for name in LOST_ANTIGENS[antigen]) / total
    dim = sum(blasts.get(name, 0) for name in DIM_ANTIGENS[antigen]) / total
    if lost > MOST:
        return "NEGATIVE"
    if lost > 1 - MOST:
        return "PARTIAL"
    return "DIM" if dim > 0.5 * (1 - lost) else "POSITIVE"


def b_fraction_by_value(
    scaled: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    ssc: np.ndarray[tuple[int], np.dtype[np.float32]],
    leukaemic: np.ndarray[tuple[int], np.dtype[np.bool_]],
    markers: tuple[str, ...],
) -> float | None:
    """Apply the definition in `Truth.b_fraction_by_value` to noise-free values."""

    def value(marker: str, absent: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        if marker in markers:
            return scaled[:, markers.index(marker)]
        return np.full(len(scaled), absent, dtype=np.float32)

    lymphocytes = (value("CD45", 0) > 3.6) & (ssc < 30_000) & ~leukaemic
    lymphocytes &= value("CD33+CD14", 0) < 3.2
    immature = (value("CD10", 0) > 1) & (value("CD45", 0) < 4.05)
    b_cells = lymphocytes & (value("CD19", 0) > 1.5) & (value("CD3", 0) < 2)
    b_cells &= ~immature & (value("CD34", 0) <= 1)
    n_lymphocytes = int(lymphocytes.sum())
    return int(b_cells.sum()) / n_lymphocytes if n_lymphocytes else None
