"""The few numbers that a course needs of each specimen, counted around what is true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from cytomon.measure.b_cells import measure_b_fraction
from cytomon.measure.intervals import binomial_interval
from cytomon.measure.mrd import measure_mrd
from cytomon.measure.phenotype import Staining, antigen_call
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.qualifiers import Qualifier, in_order
from cytomon.model.results import AntigenCall, Evidence, Limits, Measurement
from cytomon.simulate.course.body import BodyState
from cytomon.simulate.course.clones import ANTIGENS, STAINS, Clone, Stain
from cytomon.simulate.course.counting import FEW_LYMPHOCYTES, FEW_NUCLEATED, LYMPHOCYTES, NUCLEATED

_FEW = 0.03
"""Share of specimens with too few cells."""
_BACKGROUND = 2e-6
_LEAST_BLASTS, _FIRM_BLASTS = 20, 50
_EDGE = 0.75
"""Upper edge of the negative cells on L (domain: 3.5)."""
_LIMITS = Limits()
_DUAL = {"CD19": STAINS["blast_CD19neg"]["CD19"], "CD22": STAINS["blast_CD19neg"]["CD19"]}
_STAINS: Mapping[str, Mapping[str, Stain]] = {**STAINS, "blast_dualneg": _DUAL}


def measure(
    specimen: Specimen, state: BodyState, clone: Clone | None, rng: np.random.Generator
) -> dict[str, Measurement]:
    """MRD, antigens and B cells of a marrow, or B cells of a blood.

    Parameters
    ----------
    specimen : Specimen
        What was taken.
    state : BodyState
        What is true of its day.
    clone : Clone or None
        Blasts of the day; None where nobody stains them.
    rng : Generator
        Of this patient.

    Returns
    -------
    dict of str to Measurement
        ``mrd`` (marrow), ``cd19_blasts`` and ``cd22_blasts`` (marrow with 20 blasts and more) and
        ``b_fraction``, with the statuses that `cytomon.measure` gives these counts.
    """
    marrow = specimen.specimen_type is SpecimenType.MARROW
    total = _size(rng, LYMPHOCYTES, FEW_LYMPHOCYTES)
    back = int(rng.binomial(total, state.b_marrow if marrow else state.b_blood))
    counts = {"lymphocytes": total, "b_cells": back}
    found: dict[str, Measurement] = {}
    if marrow:
        nucleated = _size(rng, NUCLEATED, FEW_NUCLEATED)
        seen = int(rng.binomial(nucleated, state.mrd) + rng.poisson(_BACKGROUND * nucleated))
        counts |= {"nucleated": nucleated, "blasts": min(seen, nucleated)}
        found["mrd"] = measure_mrd(_evidence(specimen, counts))
        if clone is not None and seen >= _LEAST_BLASTS:
            found |= {one.quantity: one for one in _antigens(counts["blasts"], clone, rng)}
    found["b_fraction"] = measure_b_fraction(_evidence(specimen, counts))
    return found


def _antigens(blasts: int, clone: Clone, rng: np.random.Generator) -> Iterator[Measurement]:
    (kind,) = clone.parts
    for antigen in ANTIGENS:
        stain = _STAINS[kind][antigen]
        above = int(rng.binomial(blasts, stain.above))
        estimate = binomial_interval(above, blasts)
        call = antigen_call(
            antigen,
            Staining(
                estimate=estimate, threshold=_EDGE, median=stain.median, delta=None, modes=None
            ),
        )
        few = blasts < _FIRM_BLASTS
        said = (Qualifier.EQUIVOCAL,) if call is AntigenCall.PARTIAL else ()
        yield Measurement(
            quantity=f"{antigen.lower()}_blasts",
            numerator=above,
            denominator=blasts,
            estimate=estimate,
            status=call,
            qualifiers=in_order((*said, *((Qualifier.PROVISIONAL,) if few else ()))),
        )


def _size(rng: np.random.Generator, usual: tuple[int, int], poor: tuple[int, int]) -> int:
    """Events of a denominator, log-uniform."""
    few, within = rng.random(2)
    low, high = poor if few < _FEW else usual
    return int(low * ((high + 1) / low) ** within)


def _evidence(specimen: Specimen, counts: Mapping[str, int]) -> Evidence:
    return Evidence(counts=counts, kept={}, markers=frozenset(), limits=_LIMITS, specimen=specimen)
