"""Rules about relapse, the lineage of the leukaemia, and morphology."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from cytomon.model.flags import Urgency
from cytomon.model.genotype import may_switch_lineage
from cytomon.model.qualifiers import Qualifier
from cytomon.model.record import ClinicalEvent
from cytomon.model.states import RelapseLevel
from cytomon.model.timeline import Answer, Sample
from cytomon.track.clinical import M1, M3, morphology_category
from cytomon.track.episodes import Observation, Told
from cytomon.track.known import CLEAR, Known
from cytomon.track.relapse import Reached, phenotype
from cytomon.track.states import Course
from cytomon.track.words import fact, percent, plain, told

_RELAPSE = {
    RelapseLevel.MARROW_RELAPSE: "marrow relapse",
    RelapseLevel.EXTRAMEDULLARY_RELAPSE: "extramedullary relapse",
    RelapseLevel.LINEAGE_SWITCH: "lineage switch",
}
_TESTS = (
    "morphology", "fish", "fusion_pcr", "ngs", "relapse", "relapse_extramedullary",
    "lineage_switch",
)  # fmt: skip
_SUSPECTED = Qualifier.LINEAGE_SWITCH_SUSPECTED.value
_FEW, _MANY = 0.05, 0.10
"""Flow below which M3, and from which M1, do not fit."""


def relapse(known: Known, course: Course) -> Iterator[Observation]:
    """A1: relapse in the marrow, outside it, or in another lineage."""
    for one in course.reached:
        if one.level in _RELAPSE:
            tell = partial(_says_relapse, known, one)
            yield Observation(known.on(one.day), one.day, Urgency.CRITICAL, tell)
    for day in known.mrd:
        yield Observation(known.on(day.day), day.day)


def _says_relapse(known: Known, one: Reached) -> Told:
    typed = phenotype(known, [one])
    days = {one.day, one.marrow}
    facts = [
        fact(day, sample, sample.answers[name])
        for day, sample in known.samples
        if day in days
        for name in ("mrd", "cd19_blasts", "cd22_blasts")
        if name in sample.answers
    ]
    facts += [told(day, event) for day, event in known.of_kind(*_TESTS) if day in days]
    how = plain(known.on(one.day), one.day, f"{_RELAPSE[one.level]}: {one.how}")
    return Told(f"{_RELAPSE[one.level]}, phenotype {typed}", (how, *facts))


def lineage_switch(known: Known, _course: Course) -> Iterator[Observation]:
    """A10: signs that the leukaemia turns myeloid."""
    names = known.profile.switch_fractions.keys()
    for day, sample in known.samples:
        if day < 1:
            continue
        answers = sample.answers
        signs = [answers[name] for name in names & answers.keys()]
        said = [one for one in answers.values() if one.qualifiers and one.says(_SUSPECTED)]
        if not said and not any(one.value is not None for one in signs):
            continue
        holding = [answer for answer in signs if _is_a_sign(known, answer)] + said
        tell = partial(_says_switch, day, sample, tuple(holding))
        yield Observation(sample.on, day, Urgency.CRITICAL if holding else None, tell)
    for day, event in known.of_kind("lineage_switch"):
        if day < 1:
            continue
        tell = partial(Told, "lineage switch is recorded", (told(day, event),))
        yield Observation(event.on, day, Urgency.CRITICAL, tell)
    if may_switch_lineage(known.timeline.genotype):
        yield from _unexplained_blasts(known)


def _is_a_sign(known: Known, answer: Answer) -> bool:
    """At least ten events and the profile's share of the denominator."""
    if answer.numerator is None or not answer.denominator:
        return False
    least = known.profile.switch_fractions[answer.quantity] * answer.denominator
    return answer.numerator >= max(known.profile.switch_events, least)


def _says_switch(day: int, sample: Sample, holding: tuple[Answer, ...]) -> Told:
    beside = [sample.answers["mrd"]] if "mrd" in sample.answers else []
    ordered = sorted(holding, key=lambda answer: answer.quantity)
    facts = {answer.quantity: fact(day, sample, answer) for answer in (*ordered, *beside)}
    return Told("cells that look like leukaemia on its way to another lineage", (*facts.values(),))


def _unexplained_blasts(known: Known) -> Iterator[Observation]:
    """Blasts on morphology that flow does not find, in a leukaemia that may change its lineage."""
    cleared = {one.day: one for one in known.mrd if one.level == CLEAR}
    for day, event in known.of_kind("morphology"):
        if day < 1:
            continue
        of_day = cleared.get(day)
        urgency = None
        facts = [told(day, event)]
        if of_day is not None:
            facts += [fact(day, mrd.sample, mrd.answer) for mrd in of_day.marrows]
            if morphology_category(event.value) != M1:
                urgency = Urgency.CRITICAL
        genotype = known.timeline.genotype
        says = f"blasts on morphology that flow does not find; genotype {genotype}"
        yield Observation(event.on, day, urgency, partial(Told, says, tuple(facts)))


def morphology_and_flow(known: Known, _course: Course) -> Iterator[Observation]:
    """A20: morphology and flow of one marrow do not fit."""
    marrows: dict[int, list[Sample]] = {}
    for day, sample in known.marrows:
        marrows.setdefault(day, []).append(sample)
    for day, event in known.of_kind("morphology"):
        category = morphology_category(event.value)
        for sample in marrows.get(day, ()):
            mrd = sample.answers.get("mrd")
            if mrd is None or mrd.value is None:
                continue
            apart = (category == M1 and mrd.value >= _MANY) or (category == M3 and mrd.value < _FEW)
            tell = partial(_says_apart, day, event, (sample, mrd))
            yield Observation(sample.on, day, Urgency.MEDIUM if apart else None, tell)


def _says_apart(day: int, event: ClinicalEvent, marrow: tuple[Sample, Answer]) -> Told:
    sample, mrd = marrow
    says = f"morphology {event.value}, but {percent(mrd.value)} by flow"
    return Told(says, (told(day, event), fact(day, sample, mrd)))
