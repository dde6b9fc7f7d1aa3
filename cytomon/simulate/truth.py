"""What is known about a simulated tube because it was made so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cytomon.simulate.populations import (
    B_CELLS,
    GRANULOCYTES,
    LYMPHOCYTES,
    is_blast,
    population_names,
)

ANTIGENS = ("CD19", "CD22")
DIM: Mapping[str, tuple[str, ...]] = {
    "CD19": ("blast_CD19dim",),
    "CD22": ("blast_CD22dim", "blast_proB_KMT2A"),
}
LOST: Mapping[str, tuple[str, ...]] = {
    "CD19": ("blast_CD19neg", "blast_dualneg", "lineage_switch_mono"),
    "CD22": ("blast_CD22neg", "blast_dualneg", "lineage_switch_mono"),
}
DISTINCT_PART = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseFree:
    """Quantities of the drawn values, before any noise, mixing or gain.

    Attributes
    ----------
    b_fraction : float or None
        Mature and transitional B cells of lymphocytes, as a perfect gate would see them.
        Lymphocytes have CD45 above L 3.6 and SSC below 30,000 and are no monocytes; B cells
        among them have CD19 above L 1.5, are no T cells, and are no precursors (CD34 above L 1,
        or CD10 above L 1 with CD45 below L 4.05). Blasts count in neither. None where there are
        no lymphocytes.
    n_bright_precursors : int
        Hematogones, by label, among these lymphocytes.
    blast_medians : mapping of str to float
        Median of CD19 and of CD22 over all blasts, on L; empty without blasts.
    """

    b_fraction: float | None
    n_bright_precursors: int
    blast_medians: Mapping[str, float]


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
        Viable nucleated singlets: all populations of the patient, blasts included; without
        pairs, dead cells, debris and what was carried over.
    n_wbc, n_mnc : int
        The same without erythroblasts, and without granulocytes.
    n_blasts : int
        Leukaemic events among the viable nucleated singlets.
    mrd_fraction : float
        `n_blasts` over `n_nucleated`.
    n_lymphocytes, n_b_cells : int
        T, NK, mature and transitional B cells by label, and precursors whose CD45 is that of
        lymphocytes (`NoiseFree.n_bright_precursors`); the B cells among them, by label.
    b_fraction : float or None
        `n_b_cells` over `n_lymphocytes`; None where there are no lymphocytes.
    antigens : mapping of str to str
        CD19 and CD22 as the blasts' labels intend: ``POSITIVE``, ``DIM``, ``NEGATIVE``, or
        ``PARTIAL`` where two kinds make up a tenth or more each; empty without blasts.
    noise_free : NoiseFree
        The same questions put to the drawn values.
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
    antigens: Mapping[str, str]
    noise_free: NoiseFree
    n_in_clog: int
    gain_sd: float


def derive_truth(
    counts: Mapping[str, int], *, noise_free: NoiseFree, n_in_clog: int, gain_sd: float
) -> Truth:
    """Derive the clinical quantities from the counts by label."""
    cells = (set(population_names()) | {"T_CAR_CD19dim"}) - {"debris", "dead"}
    patient = {name: count for name, count in counts.items() if name in cells}
    blasts = {name: count for name, count in patient.items() if is_blast(name)}
    n_nucleated, n_blasts = sum(patient.values()), sum(blasts.values())
    n_lymphocytes = _sum(patient, LYMPHOCYTES) + noise_free.n_bright_precursors
    n_b_cells = _sum(patient, B_CELLS)
    return Truth(
        counts=counts,
        n_events=sum(counts.values()),
        n_nucleated=n_nucleated,
        n_wbc=n_nucleated - _sum(patient, ("erythroblast",)),
        n_mnc=n_nucleated - _sum(patient, GRANULOCYTES),
        n_blasts=n_blasts,
        mrd_fraction=n_blasts / n_nucleated,
        n_lymphocytes=n_lymphocytes,
        n_b_cells=n_b_cells,
        b_fraction=n_b_cells / n_lymphocytes if n_lymphocytes else None,
        antigens={antigen: _intended(antigen, blasts) for antigen in ANTIGENS if n_blasts},
        noise_free=noise_free,
        n_in_clog=n_in_clog,
        gain_sd=gain_sd,
    )


def _sum(counts: Mapping[str, int], names: tuple[str, ...]) -> int:
    return sum(counts.get(name, 0) for name in names)


def _intended(antigen: str, blasts: Mapping[str, int]) -> str:
    total = sum(blasts.values())
    lost = _sum(blasts, LOST[antigen]) / total
    dim = _sum(blasts, DIM[antigen]) / total
    shares = {"NEGATIVE": lost, "DIM": dim, "POSITIVE": 1 - lost - dim}
    distinct = [call for call, share in shares.items() if share >= DISTINCT_PART]
    return distinct[0] if len(distinct) == 1 else "PARTIAL"
