"""The interpretation: integrated sentences, regeneration, and what would settle what is open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cytomon.model.flags import Urgency
from cytomon.model.qualifiers import Qualifier
from cytomon.report.case import Case
from cytomon.report.document import Verdict
from cytomon.report.reviews import made_by
from cytomon.report.verdict_mrd import newest_mrd
from cytomon.track.reviews import beside, verdict_of
from cytomon.track.words import percent

_REGENERATING = 0.01
"""Hematogones of nucleated cells from which a marrow is said to regenerate."""
_NEAR = "BLASTS_AMONG_HEMATOGONES"
"""The finding that blasts may be the edge of normal maturation."""
_LIMITS = {
    Qualifier.HEMODILUTE_LIKELY: "The marrow is likely diluted with blood: a negative result "
    "overstates the sensitivity.",
    Qualifier.CHECK_BY_EYE: "Events that neither a normal population nor leukaemia explains wait "
    "for the eye of a reviewer.",
    Qualifier.STATUS_UNSTABLE: "The MRD status hangs on where the gates lie.",
    Qualifier.LIMITED_FOR_DUAL_ESCAPE: "With this panel, blasts that lost both antigens may be "
    "missed.",
    Qualifier.LIMITED_FOR_KMT2A_ESCAPE: "With this panel, a KMT2A-rearranged clone that changes "
    "its lineage may be missed.",
    Qualifier.QUALITY_FAILED: "A quality check of the tube failed: see the quality of the "
    "specimen.",
}


def summary_of(case: Case, verdicts: Sequence[Verdict]) -> Iterator[str]:
    """What the report says, in whole sentences (domain: 6.1.12).

    Parameters
    ----------
    case : Case
        The patient.
    verdicts : sequence of Verdict
        The three answers.
    """
    day = case.day(case.as_of)
    when = f"As of {case.as_of}" + ("" if day is None else f", day {day} after infusion")
    mrd, escape, b_cells = (one.answer for one in verdicts)
    yield f"{when}. Marrow: {mrd}. Blasts: {escape}. B cells: {b_cells}."
    yield from _reviewed(case)
    yield from _regeneration(case)
    yield from _limits(case)
    yield from _next(case)
    yield from _due(case)


def _reviewed(case: Case) -> Iterator[str]:
    """That a person's gates stand behind the MRD, with what the program's own had said."""
    found = newest_mrd(case)
    review = made_by(case, found[1][0]) if found else None
    if found and review:
        automatic = beside(review.automatic.measurements.get("mrd"), found[1][1])
        yield f"The MRD was {verdict_of(review)} by {review.by}; {automatic}."


def _regeneration(case: Case) -> Iterator[str]:
    found = newest_mrd(case)
    standing = found[0].standing.get("hematogones") if found else None
    if standing is None or standing[1].estimate is None:
        return
    result, hematogones = standing
    said = f"Hematogones are {percent(standing[1].estimate.value)} of nucleated cells"
    backing = case.backing.get(result.number)
    near = [one.what for one in (backing.findings if backing else ()) if one.code == _NEAR]
    if near:
        yield f"{said}. {near[0]}."
    elif hematogones.estimate and hematogones.estimate.value >= _REGENERATING:
        yield f"{said}: the marrow regenerates."
    else:
        yield f"{said}; while B cells are gone few are expected, and say nothing of dilution."


def _limits(case: Case) -> Iterator[str]:
    found = newest_mrd(case)
    if found:
        qualifiers = found[1][1].qualifiers
        yield from (said for code, said in _LIMITS.items() if code in qualifiers)


def _next(case: Case) -> Iterator[str]:
    """What would confirm or refute the most urgent open flags; never a treatment."""
    urgent = [flag for flag in case.followed.flags if flag.open and flag.urgency >= Urgency.HIGH]
    wanted = dict.fromkeys(
        f"{flag.rule}: {flag.confirms}"
        for flag in sorted(urgent, key=lambda one: -one.urgency)
        if flag.confirms
    )
    if wanted:
        yield f"Would confirm or refute: {'; '.join(wanted)}."


def _due(case: Case) -> Iterator[str]:
    waiting = [one for one in case.followed.visits if one.status in {"open", "overdue"}]
    said = [
        f"{one.visit.name} (day {one.visit.first} to {one.visit.last}) {one.status}, "
        f"lacks {' and '.join(one.missing) or 'nothing'}"
        for one in waiting
    ]
    if said:
        yield f"Visits: {'; '.join(said)}."
