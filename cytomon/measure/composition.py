"""What the make-up of a tube says: diluted marrow, doubtful borders between populations."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

from cytomon.model.findings import Finding, Severity
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.results import Limits

Counts = Mapping[str, int]
Check = Callable[[Counts, Specimen, Limits], Iterator[Finding]]

USUAL_SHARES: Mapping[str, float] = {"erythroblasts": 0.15, "cd34_myeloid": 0.009}
"""Of the nucleated cells of a marrow that are no blasts."""
_DILUTE = 0.25
_EACH_BELOW = 0.5
_LEAST_CELLS = 5000
_EDGE_OF_HEMATOGONES = 0.2
_LYMPHOSUM = 0.95


def share(counts: Counts, part: str, whole: str) -> float | None:
    """Part of a whole, or None where one of them is absent or the whole is empty."""
    if part not in counts or not counts.get(whole):
        return None
    return counts[part] / counts[whole]


def marrow_index(counts: Counts) -> float | None:
    """How much of a first pull's marrow is left in a specimen.

    Parameters
    ----------
    counts : mapping of str to int
        Needs ``nucleated``, ``erythroblasts`` and ``cd34_myeloid``; ``blasts`` are taken away.

    Returns
    -------
    float or None
        Geometric mean of both populations' shares, each relative to its usual one: 1 in the usual
        marrow, 0 in blood. None where a population cannot be counted or cells are few.

    Notes
    -----
    Hematogones are no part of it: they are missing after CAR-T therapy whatever the needle drew.
    """
    relative = _relative(counts)
    return None if relative is None else math.prod(relative) ** (1 / len(relative))


def is_hemodilute(counts: Counts, specimen: Specimen) -> bool:
    """Whether a marrow is mostly blood: a quarter of the usual index, and both populations low.

    One population alone may be low for a reason of its own: red cells by the lysis, CD34+ cells
    by the therapy.
    """
    index, relative = marrow_index(counts), _relative(counts)
    if specimen.specimen_type is not SpecimenType.MARROW or index is None or relative is None:
        return False
    return index < _DILUTE and max(relative) < _EACH_BELOW


def _relative(counts: Counts) -> list[float] | None:
    total = counts.get("nucleated", 0) - counts.get("blasts", 0)
    if total < _LEAST_CELLS or not set(USUAL_SHARES) <= set(counts):
        return None
    return [counts[role] / total / usual for role, usual in USUAL_SHARES.items()]


def check_hemodilution(counts: Counts, specimen: Specimen, _limits: Limits) -> Iterator[Finding]:
    """A marrow diluted with blood shows less leukaemia than there is (domain: 1.5)."""
    index = marrow_index(counts)
    if index is None or not is_hemodilute(counts, specimen):
        return
    yield Finding(
        code="HEMODILUTE_LIKELY",
        severity=Severity.WARNING,
        what=f"{counts['erythroblasts']} erythroblasts and {counts['cd34_myeloid']} CD34+ myeloid "
        f"cells among {counts['nucleated']} nucleated cells: {index:.0%} of what a marrow usually "
        "holds; the specimen is mostly blood, and the sensitivity is overstated",
        where="gates of erythroblasts and of CD34+ myeloid cells",
        fix="compare with the smear; ask whether this was the first pull, and for another one if "
        "the answer matters; the MRD value is not corrected",
    )


def check_lymphosum(counts: Counts, _specimen: Specimen, limits: Limits) -> Iterator[Finding]:
    """T, B and NK cells make up the lymphocytes; what else is in the gate is none (domain: 2.6)."""
    found = share(counts, "lymphosum", "lymphocytes")
    few = counts.get("lymphocytes", 0) < limits.lymphocytes_least
    if found is None or few or found >= _LYMPHOSUM:
        return
    yield Finding(
        code="LYMPH_GATE_IMPURE",
        severity=Severity.WARNING,
        what=f"T, B and NK cells are {found:.1%} of the lymphocyte gate; at least "
        f"{_LYMPHOSUM:.0%} are expected, and every share of lymphocytes is too small",
        where="gate lymphocytes",
        fix="look at the lymphocyte gate on CD45 and side scatter; monocytes, basophils or "
        "erythroid cells may lie in it, or an antibody may be weak",
    )


def check_regeneration(counts: Counts, _specimen: Specimen, _limits: Limits) -> Iterator[Finding]:
    """Blasts are not just the edge of many hematogones."""
    blasts, hematogones = counts.get("blasts", 0), counts.get("hematogones", 0)
    if not blasts or blasts > _EDGE_OF_HEMATOGONES * hematogones:
        return
    yield Finding(
        code="BLASTS_AMONG_HEMATOGONES",
        severity=Severity.WARNING,
        what=f"{blasts} blasts beside {hematogones} hematogones: some or all may be the edge of "
        "normal maturation",
        where="gate blasts",
        fix="look at the blasts in the figure, drawn one by one: one compact cloud, or the border "
        "of the hematogones?",
    )
