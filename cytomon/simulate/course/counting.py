"""What a laboratory counts in a specimen of a simulated patient, and calls it by its own rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cytomon.measure.bimodality import Modes
from cytomon.measure.catalogue import measure_all
from cytomon.measure.intervals import binomial_interval
from cytomon.measure.phenotype import Staining, antigen_call
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.qualifiers import Qualifier, in_order
from cytomon.model.results import AntigenCall, Evidence, Limits, Measurement
from cytomon.simulate.course.body import BodyState
from cytomon.simulate.course.clones import STAINS, Clone

MARROW_QUANTITIES = (
    "mrd", "mrd_wbc", "mrd_mnc", "cd19_blasts", "cd22_blasts", "b_fraction", "mrd_b_only",
    "hematogones", "stage0_progenitors", "immature_monocytes", "cd34_cd33", "bridge",
)  # fmt: skip
BLOOD_QUANTITIES = ("b_fraction",)

NUCLEATED = (300_000, 1_500_000)
FEW_NUCLEATED = (40_000, 190_000)
LYMPHOCYTES = (500, 20_000)
FEW_LYMPHOCYTES = (50, 499)
"""Counts of a tube, and of one that held too few cells: a bad pull, a leukopenic patient."""
_FEW_MARROW = 0.04
_FEW_LYMPHOCYTES = 0.03

_BACKGROUND = 2e-6
"""Events among a million nucleated ones that the gates of blasts take without leukaemia."""
_WBC_SHARE, _MNC_SHARE = 0.85, 0.42
_USUAL: Mapping[str, float] = {
    "stage0": 5e-4, "immature_monocytes": 5e-5, "cd34_cd33": 0.01, "bridge": 1e-5,
}  # fmt: skip
"""Normal cells in these gates, as a fraction of the nucleated ones; they vary log-normally."""
_USUAL_SD = 0.25
_SWITCHED: Mapping[str, float] = {"immature_monocytes": 0.3, "cd34_cd33": 0.3, "bridge": 0.1}
"""Share of the leukaemia that has left the B lineage which each of these gates sees."""
_MISSED_BY_TREE_A = 0.002
_LOST_BELOW = 0.1

_LEAST_BLASTS, _FIRM_BLASTS, _FIRM_DAY = 20, 50, 28
_LEAST_REFERENCE = 50
_DISTINCT = 0.1
_NEGATIVE_EDGE = 0.75
"""Upper edge of the negative cells on L, for CD19 and CD22 (domain: 3.5)."""
_OPEN_END = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Blasts:
    """The leukaemic events of one tube, by kind.

    Attributes
    ----------
    by_kind : mapping of str to int
        Population to its events.
    clone : Clone
        What they are drawn from.
    """

    by_kind: Mapping[str, int]
    clone: Clone

    @property
    def n(self) -> int:
        """All of them."""
        return sum(self.by_kind.values())


def measure_marrow(
    specimen: Specimen, state: BodyState, clone: Clone, rng: np.random.Generator
) -> dict[str, Measurement]:
    """Every quantity of a marrow, from counts drawn around what is true on its day.

    Parameters
    ----------
    specimen : Specimen
        With its day and the genotype.
    state : BodyState
        What is true.
    clone : Clone
        The blasts of the day.
    rng : Generator
        Of this specimen.

    Returns
    -------
    dict of str to Measurement
        Quantities `MARROW_QUANTITIES`, with the default `Limits`.
    """
    nucleated = _size(rng, NUCLEATED, FEW_NUCLEATED, few=_FEW_MARROW)
    blasts = _draw_blasts(nucleated, state.mrd, clone, rng)
    counts = _lymphocytes(state.b_marrow, rng) | _marrow_counts(nucleated, blasts, state, rng)
    evidence = _evidence(specimen, counts)
    others = [name for name in MARROW_QUANTITIES if name not in ("cd19_blasts", "cd22_blasts")]
    found = {one.quantity: one for one in measure_all(evidence, others)}
    mature = counts["b_cells"]
    for antigen in ("CD19", "CD22"):
        call = call_antigen(antigen, blasts, specimen, rng, mature_b=mature)
        found[call.quantity] = call
    return {name: found[name] for name in MARROW_QUANTITIES}


def measure_blood(
    specimen: Specimen, state: BodyState, rng: np.random.Generator
) -> dict[str, Measurement]:
    """The B-cell fraction of a blood, as `measure_marrow`."""
    evidence = _evidence(specimen, _lymphocytes(state.b_blood, rng))
    return {one.quantity: one for one in measure_all(evidence, BLOOD_QUANTITIES)}


def call_antigen(
    antigen: str, blasts: Blasts, specimen: Specimen, rng: np.random.Generator, *, mature_b: int
) -> Measurement:
    """Whether blasts carry an antigen, decided as on a tube (domain: 4.2).

    Parameters
    ----------
    antigen : str
        ``CD19`` or ``CD22``.
    blasts : Blasts
        Of the tube; fewer than 20 cannot be judged.
    specimen : Specimen
        Before day 28 a call is provisional.
    rng : Generator
        Of this specimen.
    mature_b : int
        B cells of the tube: below 50 they are no positive reference.
    """
    quantity = f"{antigen.lower()}_blasts"
    if blasts.n < _LEAST_BLASTS:
        return Measurement(
            quantity=quantity,
            numerator=None,
            denominator=blasts.n,
            estimate=None,
            status=AntigenCall.NOT_ASSESSABLE,
            qualifiers=(Qualifier.TOO_FEW_BLASTS,),
        )
    staining, above = _stain(antigen, blasts, rng)
    call = antigen_call(antigen, staining)
    return Measurement(
        quantity=quantity,
        numerator=above,
        denominator=blasts.n,
        estimate=staining.estimate,
        status=call,
        qualifiers=_qualifiers(call, staining, specimen, n=blasts.n, mature_b=mature_b),
    )


def _stain(antigen: str, blasts: Blasts, rng: np.random.Generator) -> tuple[Staining, int]:
    drawn = {
        kind: int(rng.binomial(n, STAINS[kind][antigen].above))
        for kind, n in blasts.by_kind.items()
    }
    above = sum(drawn.values())
    largest = max(blasts.clone.parts, key=lambda kind: blasts.clone.parts[kind])
    staining = Staining(
        estimate=binomial_interval(above, blasts.n),
        threshold=_NEGATIVE_EDGE,
        median=STAINS[largest][antigen].median,
        delta=blasts.clone.cd22_delta if antigen == "CD22" else None,
        modes=_modes(antigen, blasts),
    )
    return staining, above


def _modes(antigen: str, blasts: Blasts) -> Modes | None:
    """Both parts of mixed blasts, where each is large enough to be seen as one."""
    parts = sorted((STAINS[kind][antigen].median, n) for kind, n in blasts.by_kind.items())
    if len(parts) < 2 or parts[-1][0] - parts[0][0] < 1:
        return None
    (low, n_low), (high, n_high) = parts[0], parts[-1]
    if min(n_low, n_high) < max(_LEAST_BLASTS, _DISTINCT * blasts.n):
        return None
    return Modes(
        low_fraction=n_low / blasts.n,
        high_fraction=n_high / blasts.n,
        low_median=low,
        high_median=high,
        delta_bic=float(blasts.n),
        separation=(high - low) / 0.4,
    )


def _qualifiers(
    call: AntigenCall, staining: Staining, specimen: Specimen, *, n: int, mature_b: int
) -> tuple[str, ...]:
    open_end = call is AntigenCall.NEGATIVE and staining.estimate.high >= _OPEN_END
    early = specimen.day is not None and specimen.day < _FIRM_DAY
    equivocal = staining.modes is None and staining.estimate.value < _OPEN_END
    rules = (
        (Qualifier.EQUIVOCAL, call is AntigenCall.PARTIAL and equivocal),
        (Qualifier.PROVISIONAL, n < _FIRM_BLASTS or early or open_end),
        (Qualifier.DECREASED, staining.delta is not None and staining.delta < -0.5),
        (Qualifier.NO_POSITIVE_REFERENCE, mature_b < _LEAST_REFERENCE),
    )
    return in_order(qualifier for qualifier, holds in rules if holds)


def _draw_blasts(nucleated: int, fraction: float, clone: Clone, rng: np.random.Generator) -> Blasts:
    events = int(rng.binomial(nucleated, fraction) + rng.poisson(_BACKGROUND * nucleated))
    kinds = list(clone.parts)
    drawn = rng.multinomial(min(events, nucleated), list(clone.parts.values()))
    return Blasts(by_kind=dict(zip(kinds, drawn.tolist(), strict=True)), clone=clone)


def _marrow_counts(
    nucleated: int, blasts: Blasts, state: BodyState, rng: np.random.Generator
) -> dict[str, int]:
    normal = nucleated - blasts.n
    fractions = {
        role: usual * float(rng.lognormal(0.0, _USUAL_SD)) + _SWITCHED.get(role, 0) * state.switched
        for role, usual in _USUAL.items()
    }
    drawn = {
        role: int(rng.binomial(normal, fraction))
        for role, fraction in {**fractions, "hematogones": state.hematogones}.items()
    }
    return {
        **drawn,
        "nucleated": nucleated,
        "wbc": blasts.n + int(rng.binomial(normal, _WBC_SHARE)),
        "mnc": blasts.n + int(rng.binomial(normal, _MNC_SHARE)),
        "blasts": blasts.n,
        "blasts_b_only": _seen_by_tree_b_alone(blasts, rng),
    }


def _seen_by_tree_b_alone(blasts: Blasts, rng: np.random.Generator) -> int:
    """Blasts below the edge of CD19 where the kind has lost it; of other kinds next to none."""
    return sum(
        int(rng.binomial(n, 1 - above if above < _LOST_BELOW else _MISSED_BY_TREE_A))
        for n, above in ((n, STAINS[kind]["CD19"].above) for kind, n in blasts.by_kind.items())
    )


def _lymphocytes(b_fraction: float, rng: np.random.Generator) -> dict[str, int]:
    total = _size(rng, LYMPHOCYTES, FEW_LYMPHOCYTES, few=_FEW_LYMPHOCYTES)
    return {"lymphocytes": total, "b_cells": int(rng.binomial(total, b_fraction))}


def _size(
    rng: np.random.Generator, usual: tuple[int, int], poor: tuple[int, int], *, few: float
) -> int:
    """Events of a denominator, log-uniform."""
    low, high = poor if rng.random() < few else usual
    return int(np.exp(rng.uniform(np.log(low), np.log(high + 1))))


def _evidence(specimen: Specimen, counts: Mapping[str, int]) -> Evidence:
    marrow = specimen.specimen_type is SpecimenType.MARROW
    return Evidence(
        counts=counts,
        kept={},
        markers=frozenset(),
        limits=Limits(),
        specimen=specimen,
        # the 15-marker tube: escape to dual loss would be seen
        used=frozenset({"cyCD79a"}) if marrow else frozenset(),
    )
