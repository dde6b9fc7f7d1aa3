"""Signs of leukaemia beside the newest marrow, and what makes a negative one doubtful."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from cytomon.model.course import KeptSpecimen
from cytomon.model.flags import Flag, Urgency
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import Estimate, Measurement, MrdStatus
from cytomon.model.timeline import Answer
from cytomon.report.case import Case, Standing
from cytomon.report.document import Tone
from cytomon.report.overruled import overruled
from cytomon.report.words import MRD_TONES, kind_of, mrd_says
from cytomon.track.clinical import M1, is_found, morphology_category
from cytomon.track.known import SILENT

_MOLECULAR = {"ngs": "NGS", "fusion_pcr": "fusion PCR", "fish": "FISH"}
_SHAKY = (
    Qualifier.HEMODILUTE_LIKELY,
    Qualifier.STATUS_UNSTABLE,
    Qualifier.CHECK_BY_EYE,
    Qualifier.QUALITY_FAILED,
    Qualifier.TUBE_DISCORDANCE,
)


def open_flags(case: Case, rules: Sequence[str]) -> Iterator[str]:
    """Open flags of some rules that ask for a person within days, in one line.

    Parameters
    ----------
    case : Case
        The patient.
    rules : sequence of str
        Codes of the rules.
    """
    waiting = [one for one in case.followed.flags if one.open and one.rule in rules]
    named = [
        f"{one.word} {', '.join(found)}"
        for one in (Urgency.CRITICAL, Urgency.HIGH)
        if (found := _rules(waiting, one))
    ]
    if named:
        yield f"open flags: {'; '.join(named)}"


def _rules(flags: Sequence[Flag], urgency: Urgency) -> list[str]:
    found = {one.rule for one in flags if one.urgency is urgency}
    return sorted(found, key=lambda rule: int(rule[1:]))


def elsewhere(case: Case, since: date | None) -> Iterator[str]:
    """Leukaemia that was found outside the marrow, or by another method, from a day on.

    Parameters
    ----------
    case : Case
        The patient.
    since : date or None
        Day of the newest marrow; None for whenever.
    """
    for specimen in case.specimens:
        on = specimen.collected_on
        if on is None or specimen.specimen_type == "marrow" or (since and on < since):
            continue
        standing = specimen.standing.get("mrd")
        if standing and MRD_TONES.get(standing[1].status) is Tone.ALARM:
            yield f"{kind_of(specimen.specimen_type)} of {case.dated(on)}: {mrd_says(standing[1])}"
    for event in case.course.events:
        if event.on > case.as_of or (since and event.on < since):
            continue
        if event.event in _MOLECULAR and is_found(event.value):
            yield f"{_MOLECULAR[event.event]} of {case.dated(event.on)}: {event.value}"
        elif event.event == "morphology" and morphology_category(event.value) != M1:
            yield f"morphology of {case.dated(event.on)}: {event.value}"


def doubts_about(case: Case, found: tuple[KeptSpecimen, Standing]) -> Iterator[str]:
    """Why what would reassure does not, beside flags; and what holds for any answer.

    Parameters
    ----------
    case : Case
        The patient.
    found : (KeptSpecimen, (KeptResult, Measurement))
        The newest marrow.
    """
    specimen, (result, mrd) = found
    if MRD_TONES.get(mrd.status) in {Tone.CALM, Tone.CAUTION}:
        yield from (f"does not reassure: {one}" for one in _shakes(case, found))
    if case.followed.timeline.day0 is None:
        yield "the day of infusion is not recorded: states and flags cannot be computed"
    if result.measured_elsewhere:
        yield "measured for another specimen before its tube was moved here: measure it again"
    if case.is_old(specimen.collected_on):
        yield f"the marrow was drawn {case.ago(specimen.collected_on)}"


def _shakes(case: Case, found: tuple[KeptSpecimen, Standing]) -> Iterator[str]:
    specimen, (result, mrd) = found
    if any(one in mrd.qualifiers for one in _SHAKY):
        yield "see what stands beside the number"
    reaches = mrd.estimate is not None and mrd.estimate.high >= case.threshold(result)
    if mrd.status == MrdStatus.BELOW_LOD and reaches:
        yield "the interval reaches the threshold"
    if any(_is_silent_beside(one, specimen) for one in case.specimens):
        yield "another marrow of the day gives no answer"
    yield from overruled(case, (result, mrd), specimen.collected_on)


def _is_silent_beside(other: KeptSpecimen, specimen: KeptSpecimen) -> bool:
    same_day = other.collected_on == specimen.collected_on and other is not specimen
    standing = other.standing.get("mrd") if other.specimen_type == "marrow" else None
    return same_day and standing is not None and standing[1].status in SILENT


def dispute_of(case: Case, specimen: KeptSpecimen, quantity: str) -> str:
    """What a newer result says against a signed one; empty where none does."""
    for sample in case.followed.timeline.samples:
        if (sample.specimen_id, sample.specimen_type, sample.on) != (
            specimen.specimen_id,
            specimen.specimen_type,
            specimen.collected_on,
        ):
            continue
        for dispute in sample.disputes:
            if dispute.found.quantity == quantity:
                return f"{_said(dispute.found)} (newer, not signed)"
    return ""


def _said(answer: Answer) -> str:
    return mrd_says(measured(answer)) if answer.quantity == "mrd" else answer.status


def measured(answer: Answer) -> Measurement:
    """A measurement of a timeline in the form in which specimens have theirs."""
    estimate = None
    if answer.value is not None and answer.low is not None and answer.high is not None:
        estimate = Estimate(value=answer.value, low=answer.low, high=answer.high)
    return Measurement(
        quantity=answer.quantity,
        numerator=answer.numerator,
        denominator=answer.denominator,
        estimate=estimate,
        lod=answer.lod,
        status=answer.status,
        qualifiers=tuple(one for one in answer.qualifiers.split(";") if one),
    )
