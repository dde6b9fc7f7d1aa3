"""Has the leukaemia changed its lineage? Tree D looks where no MRD gate does (domain: 2.8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cytomon.model.findings import Finding, Severity
from cytomon.model.patient import Specimen
from cytomon.model.results import Limits

Counts = Mapping[str, int]

SIGNS: Mapping[str, tuple[str, float]] = {
    "immature_monocytes": ("monocytic cells with dim CD34", 5e-4),
    "bridge": ("monocytic cells with a B-lineage residue", 2e-4),
    "cd34_cd33": ("CD34+CD33+ cells", 0.05),
}
"""Role to what it holds, and the share of nucleated cells from which it is a sign."""
MANY_PROGENITORS = 0.03
_LEAST_EVENTS = 10


def signs_of_switch(counts: Counts) -> tuple[str, ...]:
    """Roles whose share of the nucleated cells is a sign of lineage switch, at least 10 events.

    Parameters
    ----------
    counts : mapping of str to int
        Role to events; an absent role is no sign, and no reassurance.

    Examples
    --------
    >>> signs_of_switch({"nucleated": 100_000, "immature_monocytes": 60, "bridge": 9})
    ('immature_monocytes',)
    """
    return tuple(role for role, (_, least) in SIGNS.items() if _reaches(counts, role, least))


def check_lineage_switch(counts: Counts, _specimen: Specimen, _limits: Limits) -> Iterator[Finding]:
    """No population looks like leukaemia on its way from the B to the myeloid lineage."""
    signs = signs_of_switch(counts)
    if signs:
        yield Finding(
            code="LINEAGE_SWITCH_SUSPECTED",
            severity=Severity.WARNING,
            what=f"{'; '.join(_said(counts, role) for role in signs)}. They are not in the MRD",
            where=f"gates {', '.join(signs)}",
            fix="compare with morphology and with earlier marrows; a myeloid panel and the "
            "leukaemia's own fusion or IG/TR sequence, on sorted cells, tell more",
        )
    elif _reaches(counts, "cd34_cd33", MANY_PROGENITORS):
        yield Finding(
            code="CD34_MYELOID_HIGH",
            severity=Severity.WARNING,
            what=f"{_said(counts, 'cd34_cd33')}: many for a marrow, few for a relapse",
            where="gate cd34_cd33",
            fix="regeneration does this too: compare with earlier marrows and with morphology",
        )


def _reaches(counts: Counts, role: str, least: float) -> bool:
    events, total = counts.get(role, 0), counts.get("nucleated", 0)
    return events >= max(_LEAST_EVENTS, least * total)


def _said(counts: Counts, role: str) -> str:
    share = counts[role] / counts["nucleated"]
    return f"{counts[role]} {SIGNS[role][0]} ({100 * share:.3g} % of the nucleated cells)"
