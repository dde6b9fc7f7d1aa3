"""Where the populations of one patient lie: the table, and how far this patient is off it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cytomon.model.tube import FloatArray
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.populations import (
    Position,
    all_markers,
    is_blast,
    population_names,
    position,
)

CENTRE_SD = 0.2
LEAST_CENTRE = -0.1
NEAR_HEMATOGONES = ("CD58", "CD38", "CD45", "CD66c+CD123", "CD81", "CD73+CD304")
HARD_BLASTS: Mapping[str, float] = {
    "CD58": 2.4,
    "CD66c+CD123": 0.4,
    "CD38": 3.8,
    "CD81": 3.5,
    "CD73+CD304": 0.4,
}
# Marker to the share of patients whose blasts lie elsewhere, and where they lie.
BLAST_CASES: Mapping[str, tuple[float, float]] = {
    "CD34": (0.25, 0.1),
    "CD20": (0.35, 2.5),
    "CD66c+CD123": (0.35, 0.3),
    "CD10": (0.08, 0.1),
    "CD45": (0.30, 0.7),
}
ADDED_CASES: Mapping[str, tuple[float, float]] = {
    "CD81": (0.13, 3.8),
    "CD73+CD304": (0.50, 0.3),
}
# Drawn after all other markers, so that a plan made before they were known gives the same bytes.
ADDED_MARKERS = ("CD81", "CD73+CD304")
PRO_B = ("CD34", "CD38", "CD58", "CD66c+CD123", "CD24", "CD33+CD14", "cyCD79a")


def draw_centres(plan: TubePlan, rng: np.random.Generator) -> dict[str, Position]:
    """Place every population of one patient, for all markers of all panels.

    Parameters
    ----------
    plan : TubePlan
        Says how far patients differ.
    rng : numpy.random.Generator
        Of the patient: neither panel nor tube changes what is drawn from it.

    Notes
    -----
    All blast populations of a patient share one shift: they are one leukaemia. A marker that is
    not there cannot vary, so negative positions stay, unless the centres are moved on purpose.
    """
    first = tuple(marker for marker in all_markers() if marker not in ADDED_MARKERS)
    places = _draw_round(first, _blast_case(plan, rng), plan, rng)
    added = _draw_round(ADDED_MARKERS, _added_case(plan, rng), plan, rng)
    order = [(*first, *ADDED_MARKERS).index(marker) for marker in all_markers()]
    return {
        name: replace(place, medians=np.append(place.medians, added[name].medians)[order])
        for name, place in places.items()
    }


def _draw_round(
    markers: tuple[str, ...],
    case: Mapping[str, float],
    plan: TubePlan,
    rng: np.random.Generator,
) -> dict[str, Position]:
    """Place every population in some of the markers."""
    leukaemia = rng.standard_normal(len(markers))
    centres = {}
    for name in population_names():
        own, moved = rng.standard_normal((2, len(markers)))
        centre = position(name, markers)
        if is_blast(name):
            centre, own = _as_case(centre, case, markers), leukaemia
        sd = _patient_sd(name, plan, markers)
        medians = centre.medians + _presence(centre.medians) * sd * own
        if plan.realism.blasts_near_hematogones and is_blast(name):
            medians = _half_way(medians, markers)
        if plan.realism.moved_centres:
            medians = np.maximum(medians + CENTRE_SD * moved, LEAST_CENTRE)
        centres[name] = replace(centre, medians=medians)
    return centres


def _blast_case(plan: TubePlan, rng: np.random.Generator) -> dict[str, float]:
    """Draw which antigens this patient's blasts show otherwise than the table says."""
    case = _drawn_case(BLAST_CASES, plan, rng)
    if "CD10" in case:
        medians = position("blast_proB_KMT2A", PRO_B).medians
        case |= {marker: float(value) for marker, value in zip(PRO_B, medians, strict=True)}
    return {**case, **HARD_BLASTS} if plan.hard_blasts else case


def _added_case(plan: TubePlan, rng: np.random.Generator) -> dict[str, float]:
    case = _drawn_case(ADDED_CASES, plan, rng)
    return {**case, **HARD_BLASTS} if plan.hard_blasts else case


def _drawn_case(
    cases: Mapping[str, tuple[float, float]], plan: TubePlan, rng: np.random.Generator
) -> dict[str, float]:
    drawn = rng.random(len(cases))
    return {
        marker: value
        for (marker, (chance, value)), number in zip(cases.items(), drawn, strict=True)
        if plan.variation.blast_cases and number < chance
    }


def _as_case(centre: Position, case: Mapping[str, float], markers: tuple[str, ...]) -> Position:
    if centre.name == "lineage_switch_mono":
        return centre
    medians = centre.medians.copy()
    for marker in case.keys() & set(markers):
        medians[markers.index(marker)] = case[marker]
    return replace(centre, medians=medians)


def _presence(medians: FloatArray) -> FloatArray:
    """Weight of a patient's shift: 0 for a marker that is absent, 1 from L 1 on."""
    return np.clip((medians - 0.3) / 0.7, 0.0, 1.0)


def _patient_sd(name: str, plan: TubePlan, markers: tuple[str, ...]) -> FloatArray:
    """Blasts vary widely, but dim blasts must stay dim in the antigen they are named for."""
    usual, wide = plan.variation.patient, plan.variation.blasts
    named = [f"blast_{marker}dim" == name for marker in markers]
    return np.where(named, usual, wide if is_blast(name) else usual)


def _half_way(medians: FloatArray, markers: tuple[str, ...]) -> FloatArray:
    goal = position("hematogone_I", markers).medians
    near = np.array([marker in NEAR_HEMATOGONES for marker in markers])
    halved: FloatArray = np.where(near, (medians + goal) / 2, medians)
    return halved
