"""What is said of each tube of a specimen: reviews, quality, and why it is not drawn."""

from __future__ import annotations

from collections.abc import Iterator

from cytomon.model.course import KeptResult, KeptSpecimen
from cytomon.model.findings import Severity
from cytomon.model.qualifiers import Qualifier
from cytomon.model.record import Source
from cytomon.report.case import Case
from cytomon.report.reviews import automatic_of, named, released, review_text

_WORTH_SAYING = ("NOT_RECORDED", "NUCLEATED_BY_SCATTER", "STATUS_STABILITY")
"""Findings for the record that a reader of the MRD has to know."""


def tube_text(case: Case, specimen: KeptSpecimen) -> Iterator[str]:
    """What reviewers said, the quality of each tube, and what keeps it from being drawn."""
    yield from review_text(case, specimen)
    for result in case.results_of(specimen):
        yield f"Quality of {named(result)} ({released(case, result)}): {_quality(case, result)}."
        if result.file and result.number not in case.plotted:
            yield f"Plots of {result.file} {_undrawn(case, result)}."
    said = _dilution(specimen)
    if said:
        yield said


def _undrawn(case: Case, result: KeptResult) -> str:
    """Why there are no plots of a tube, or which ones stand in for them."""
    if result.source is not Source.REVIEW:
        return "are not drawn: no folder of results has them"
    automatic = automatic_of(case, result)
    if automatic is None or automatic.number not in case.plotted:
        return (
            "are not drawn: none are kept of gates that a reviewer has changed, and no folder of "
            "results has those of the automatic gates"
        )
    return "show the automatic gates, before the review, and the events that those counted"


def _quality(case: Case, result: KeptResult) -> str:
    """What was remarked; where nothing is known of it, that nothing is."""
    backing = case.backing.get(result.number)
    findings = backing.findings if backing else ()
    failed = any(Qualifier.QUALITY_FAILED in one.qualifiers for one in result.measurements.values())
    known = bool(findings) or (bool(backing and backing.details) and not result.external)
    if not known:
        return (
            "a check failed where it was measured; which one is not recorded"
            if failed
            else ("not recorded")
        )
    told = [
        f"{one.code}: {one.what}"
        for one in findings
        if one.severity is not Severity.INFO or one.code in _WORTH_SAYING
    ]
    return "; ".join(told) or "nothing to remark"


def _dilution(specimen: KeptSpecimen) -> str:
    """What is said of blood in a marrow (domain: 1.5, 6.1.3)."""
    if specimen.specimen_type != "marrow" or "mrd" not in specimen.standing:
        return ""
    if Qualifier.HEMODILUTE_LIKELY in specimen.standing["mrd"][1].qualifiers:
        return "The marrow is likely diluted with blood: its sensitivity is overstated."
    judged = {"erythroblasts", "cd34_myeloid"} <= set(specimen.standing)
    sign = "No sign of dilution with blood" if judged else "Dilution with blood was not judged"
    return f"{sign}."
