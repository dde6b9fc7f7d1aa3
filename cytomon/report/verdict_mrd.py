"""Is leukaemia left in the marrow: the newest answer, and whatever keeps it from reassuring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from cytomon.model.course import KeptResult, KeptSpecimen
from cytomon.model.findings import Severity
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import Measurement, MrdStatus
from cytomon.report.case import Case, Standing
from cytomon.report.disease import dispute_of, doubts_about, elsewhere, open_flags
from cytomon.report.document import Tone, Verdict
from cytomon.report.reviews import rejection_lines, rejections, released, review_lines
from cytomon.report.words import (
    MRD_TONES,
    RANKED,
    exactly,
    mrd_says,
    numbers,
    qualified,
)
from cytomon.track.known import SILENT
from cytomon.track.words import percent

Found = tuple[KeptSpecimen, Standing]
_QUESTION = "Is leukaemia left in the marrow?"
_SAID_ALREADY = (
    Qualifier.TRIAL_MRD_NEGATIVE,
    Qualifier.NOT_MARROW,
    Qualifier.LINEAGE_SWITCH_SUSPECTED,
    Qualifier.WITH_SUSPICIOUS_EVENTS,
)
_DISEASE = (
    "A1",
    "A2",
    "A3",
    "A6",
    "A7",
    "A8",
    "A9",
    "A10",
    "A12",
    "A13",
    "A15",
    "A18",
    "A19",
    "A20",
)
"""Rules that speak of leukaemia, or of whether its absence can be believed."""


def marrows_with_mrd(case: Case) -> list[Found]:
    """Marrows that have an MRD, oldest first."""
    return [
        (one, one.standing["mrd"])
        for one in case.specimens
        if one.specimen_type == "marrow" and "mrd" in one.standing
    ]


def newest_mrd(case: Case) -> Found | None:
    """The newest marrow with an MRD; of several of a day the highest that answers."""
    return _highest(marrows_with_mrd(case))


def _highest(found: Sequence[Found]) -> Found | None:
    if not found:
        return None
    last = found[-1][0].collected_on
    of_day = [one for one in found if one[0].collected_on == last]
    return max(of_day, key=lambda one: _height(one[1][1]))


def _height(mrd: Measurement) -> tuple[int, float]:
    tone = MRD_TONES.get(mrd.status, Tone.UNKNOWN)
    known = 0 if mrd.status in SILENT else 1 + RANKED.index(tone)
    return known, mrd.estimate.value if mrd.estimate else -1.0


def mrd_verdict(case: Case) -> Verdict:
    """The answer on residual leukaemia.

    Parameters
    ----------
    case : Case
        The patient.
    """
    found = newest_mrd(case)
    if found is None:
        beyond = tuple(elsewhere(case, None))
        return Verdict(
            key="mrd",
            question=_QUESTION,
            answer="; ".join(("Cannot say: no marrow with an MRD", *beyond)),
            tone=Tone.ALARM if beyond else Tone.UNKNOWN,
            lines=(*rejection_lines(case, None, ("mrd",)), *open_flags(case, _DISEASE)),
            source="",
        )
    specimen, (result, mrd) = found
    answer, tone, doubts = _answer(case, found)
    return Verdict(
        key="mrd",
        question=_QUESTION,
        answer=answer,
        tone=tone,
        lines=(
            *rejection_lines(case, specimen.collected_on, ("mrd",)),
            *numbers(mrd, "nucleated cells"),
            *review_lines(case, [(result, mrd)]),
            *_limits(case, result, mrd),
            *qualified(mrd, without=_SAID_ALREADY),
            *_reasons(case, result, mrd),
            *_others(case, found),
            *doubts,
            *_before(case, found),
        ),
        source=f"{case.named(specimen)}, {case.ago(specimen.collected_on)}; "
        f"{released(case, result)}",
    )


def _answer(case: Case, found: Found) -> tuple[str, Tone, tuple[str, ...]]:
    """The sentence, how it looks, and what keeps it from reassuring."""
    specimen, (result, mrd) = found
    said, tone = mrd_says(mrd, case.threshold(result)), MRD_TONES.get(mrd.status, Tone.UNKNOWN)
    dispute = dispute_of(case, specimen, "mrd")
    if dispute:
        said, tone = f"{said}; contradicted: {dispute}", Tone.ALARM
    if Qualifier.LINEAGE_SWITCH_SUSPECTED in mrd.qualifiers:
        # the blasts that are left may be none that an MRD of the B lineage counts
        said, tone = f"{said}; lineage switch suspected", Tone.ALARM
    if Qualifier.HEMODILUTE_LIKELY in mrd.qualifiers and tone is Tone.CALM:
        said = f"{said}; hemodilute specimen, sensitivity overstated"
    newer = _newer_without(case, specimen)
    if newer:
        said, tone = f"{newer}; before it: {said}", max(tone, Tone.UNKNOWN, key=RANKED.index)
    beyond = tuple(elsewhere(case, specimen.collected_on))
    if beyond and tone is not Tone.ALARM:
        said, tone = "; ".join((said, *beyond)), Tone.ALARM
    doubts = (*doubts_about(case, found), *open_flags(case, _DISEASE))
    if doubts and tone is Tone.CALM:
        tone = Tone.CAUTION
    return said, tone, doubts


def _newer_without(case: Case, specimen: KeptSpecimen) -> str:
    """A marrow that came later and has no MRD: not measured, withdrawn, or moved away."""
    later = [
        one
        for one in case.specimens
        if one.specimen_type == "marrow" and _earlier(specimen, one.collected_on)
    ]
    if not later:
        return ""
    rejected = ", rejected in review" if rejections(case, later[-1]) else ""
    return f"No MRD of the newest marrow ({case.dated(later[-1].collected_on)}{rejected})"


def _earlier(specimen: KeptSpecimen, than: date | None) -> bool:
    on = specimen.collected_on
    return on is not None and than is not None and on < than


def _limits(case: Case, result: KeptResult, mrd: Measurement) -> Iterator[str]:
    threshold = f"threshold {exactly(case.threshold(result))}"
    if mrd.lod is None:
        yield threshold
    else:
        loq = "" if mrd.loq is None else f", of quantification {percent(mrd.loq)}"
        yield f"limit of detection {percent(mrd.lod)}{loq}; {threshold}"


def _reasons(case: Case, result: KeptResult, mrd: Measurement) -> Iterator[str]:
    """Why there is no number."""
    if mrd.status != MrdStatus.NOT_EVALUABLE:
        return
    backing = case.backing.get(result.number)
    found = dict.fromkeys(
        one.what
        for one in (backing.findings if backing else ())
        if one.severity is Severity.ERROR or (one.code == mrd.status and one.where == "mrd")
    )
    yield from found or ("reason not recorded",)


def _others(case: Case, found: Found) -> Iterator[str]:
    """Further marrows of the day."""
    for other in marrows_with_mrd(case):
        if other[0].collected_on == found[0].collected_on and other[0] is not found[0]:
            yield f"another marrow of the day ({other[0].specimen_id}): {_said(case, other)}"


def _before(case: Case, now: Found) -> Iterator[str]:
    """The result before; and the last one that answered, where neither of the two does."""
    specimen, (result, mrd) = now
    found = [one for one in marrows_with_mrd(case) if _earlier(one[0], specimen.collected_on)]
    before = _highest(found)
    if before is None:
        yield "no earlier marrow"
        return
    yield f"before: {_short(case, before, result.template)}"
    if mrd.status in SILENT and before[1][1].status in SILENT:
        last = _highest([one for one in found if one[1][1].status not in SILENT])
        if last:
            yield f"last answer: {_short(case, last, result.template)}"


def _short(case: Case, found: Found, template: str) -> str:
    specimen, (result, _) = found
    other = result.template and template and result.template != template
    method = " (another method: compare with care)" if other else ""
    return f"{case.dated(specimen.collected_on)}: {_said(case, found)}{method}"


def _said(case: Case, found: Found) -> str:
    result, mrd = found[1]
    return mrd_says(mrd, case.threshold(result))
