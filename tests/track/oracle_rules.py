"""Rules about blasts: A1 to A3, A6 to A10, A12, A13, A15, A19 and A20 (page: Flags)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from cytomon.model.timeline import Sample
from tests.track.oracle_base import (
    APLASIA,
    EVALUABLE,
    LOW,
    RECOVERED,
    View,
    evaluable_marrows,
    last_day_before,
    m_class,
    marrows,
    on_day,
    share,
    status,
    value,
)
from tests.track.oracle_episodes import CRITICAL, HIGH, MEDIUM, Look
from tests.track.oracle_relapse import (
    flow_clears,
    is_positive,
    relapse_days,
    ten_times_the_last,
)

SIGNS_OF_SWITCH = {
    "immature_monocytes": Fraction(5, 10_000),
    "bridge": Fraction(2, 10_000),
    "cd34_cd33": Fraction(5, 100),
}
DECISIONS = {"d28": (25, 35), "m3": (77, 105), "m6": (162, 204)}
VERDICTS = ("mrd", "b_fraction", "cd19_blasts", "cd22_blasts")


def a1(seen: View) -> Iterator[Look]:
    """Relapse."""
    reached = relapse_days(seen)
    yield from (Look(seen.dated(day), True, CRITICAL) for day in reached)
    for one in evaluable_marrows(seen):
        if seen.day(one.on) not in reached:
            yield Look(one.on, False, CRITICAL)


def a2(seen: View) -> Iterator[Look]:
    """MRD from 0.01 % on: marrow, blood, CSF, molecular."""
    for one in evaluable_marrows(seen):
        before = last_day_before(seen, evaluable_marrows(seen), seen.day(one.on))
        first = not any(is_positive(other) for other in before)
        severity = CRITICAL if first or ten_times_the_last(seen, one) else HIGH
        yield Look(one.on, is_positive(one), severity)
    for one in seen.samples:
        elsewhere = one.specimen_type in {"blood", "csf"} and seen.day(one.on) >= 1
        if elsewhere and status(one, "mrd") in EVALUABLE:
            yield Look(one.on, is_positive(one), HIGH, one.specimen_type)
    yield from a2_molecular(seen)


def a2_molecular(seen: View) -> Iterator[Look]:
    """Molecular tests on days without a positive marrow."""
    positive = {one.on for one in marrows(seen) if is_positive(one)}
    for event in seen.events:
        if event.event not in {"ngs", "fusion_pcr"} or seen.day(event.on) < 1:
            continue
        if event.on not in positive:
            number = share(event.value)
            holds = event.value == "positive" or (number is not None and number > 0)
            yield Look(event.on, holds, HIGH, "molecular")


def a3(seen: View) -> Iterator[Look]:
    """MRD detected below 0.01 %."""
    for one in evaluable_marrows(seen):
        yield Look(one.on, status(one, "mrd") == LOW, HIGH)


def assessable(sample: Sample, quantity: str) -> bool:
    """Whether an antigen was called."""
    return status(sample, quantity) not in {"", "NOT_ASSESSABLE"}


def a6(seen: View) -> Iterator[Look]:
    """CD19 lost or mixed."""
    for one in marrows(seen):
        if assessable(one, "cd19_blasts"):
            holds = status(one, "cd19_blasts") in {"NEGATIVE", "PARTIAL"}
            yield Look(one.on, holds, CRITICAL if is_positive(one) else HIGH)


def a7(seen: View) -> Iterator[Look]:
    """CD22 low, or decreased."""
    called = [one for one in marrows(seen, first=-1_000_000) if assessable(one, "cd22_blasts")]
    own = [one for one in called if seen.day(one.on) <= 0]
    last = [one for one in own if one.on == own[-1].on]
    last.sort(key=lambda one: -(value(one, "cd22_blasts") or 0))
    baseline = [status(one, "cd22_blasts") for one in last[:1]]
    for one in called:
        if seen.day(one.on) < 1:
            continue
        call = status(one, "cd22_blasts")
        decreased = "DECREASED" in one.answers["cd22_blasts"].qualifiers.split(";")
        as_before = baseline == [call] and not decreased
        holds = call in {"NEGATIVE", "DIM"} or decreased
        yield Look(one.on, holds, MEDIUM if as_before else HIGH)


def a8(seen: View) -> Iterator[Look]:
    """Both antigens lost."""
    for one in marrows(seen):
        if assessable(one, "cd19_blasts") and assessable(one, "cd22_blasts"):
            calls = {status(one, "cd19_blasts"), status(one, "cd22_blasts")}
            yield Look(one.on, calls == {"NEGATIVE"}, CRITICAL)


def a9(seen: View) -> Iterator[Look]:
    """Blasts that tree B alone has seen."""
    for one in seen.samples:
        answer = one.answers.get("mrd_b_only")
        if answer is None or answer.numerator is None or seen.day(one.on) < 1:
            continue
        mrd, limit = one.answers.get("mrd"), 20
        if mrd is not None and mrd.lod is not None and mrd.denominator:
            limit = round(mrd.lod * mrd.denominator)
        yield Look(one.on, answer.numerator >= limit, HIGH)


def a10(seen: View) -> Iterator[Look]:
    """Lineage switch suspected: specimens, events, and morphology that flow does not see."""
    for one in seen.samples:
        if seen.day(one.on) >= 1:
            yield from a10_specimen(one)
    for event in seen.events:
        if event.event == "lineage_switch" and seen.day(event.on) >= 1:
            yield Look(event.on, True, CRITICAL)
    genotype = seen.timeline.genotype.upper()
    if "KMT2A" in genotype or "ZNF384" in genotype:
        for event in seen.events:
            day = seen.day(event.on)
            if event.event == "morphology" and day >= 1:
                unseen = m_class(event.value) != "M1" and flow_clears(seen, day)
                yield Look(event.on, unseen, CRITICAL)


def a10_specimen(sample: Sample) -> Iterator[Look]:
    """What the screen for a lineage switch says of a specimen."""
    suspected = any(
        "LINEAGE_SWITCH_SUSPECTED" in one.qualifiers.split(";") for one in sample.answers.values()
    )
    looked, found = False, False
    for quantity, least in SIGNS_OF_SWITCH.items():
        part, answer = value(sample, quantity), sample.answers.get(quantity)
        if part is None or answer is None:
            continue
        looked = True
        found = found or ((answer.numerator or 0) >= 10 and part >= least)
    if looked or suspected:
        yield Look(sample.on, found or suspected, CRITICAL)


def negative_run(seen: View, day: int) -> list[Sample]:
    """Evaluable marrows up to a day since the last day with a positive one."""
    upto = [one for one in evaluable_marrows(seen) if seen.day(one.on) <= day]
    last_positive = max((seen.day(one.on) for one in upto if is_positive(one)), default=0)
    return [one for one in upto if seen.day(one.on) > last_positive]


def rises(seen: View, run: list[Sample]) -> bool:
    """Two-sided score test of a Poisson trend in days, with the denominators as exposure."""
    rows = []
    for one in run:
        answer = one.answers["mrd"]
        if answer.numerator is not None and answer.denominator:
            rows.append((seen.day(one.on), answer.numerator, answer.denominator))
    events, exposure = sum(row[1] for row in rows), sum(row[2] for row in rows)
    if not events or not exposure:
        return False
    rate = events / exposure
    centre = sum(day * n for day, _, n in rows) / exposure
    score = sum((day - centre) * (k - rate * n) for day, k, n in rows)
    variance = rate * sum((day - centre) ** 2 * n for day, _, n in rows)
    if variance <= 0 or score <= 0:
        return False
    return math.erfc(score / math.sqrt(variance) / math.sqrt(2)) < 0.05


def a12(seen: View) -> Iterator[Look]:
    """MRD that rises below 0.01 %."""
    for one in evaluable_marrows(seen):
        run = negative_run(seen, seen.day(one.on))
        low = [other for other in run if status(other, "mrd") == LOW]
        before = last_day_before(seen, low, seen.day(one.on))
        holds = False
        if status(one, "mrd") == LOW and one in run and before:
            now = value(one, "mrd") or Fraction(0)
            then = max(value(other, "mrd") or Fraction(0) for other in before)
            holds = now**2 >= 10 * then**2 or rises(seen, run)
        yield Look(one.on, holds, HIGH)


def a13(seen: View) -> Iterator[Look]:
    """Stage-0 progenitors."""
    found = [
        (seen.day(one.on), one.on, value(one, "stage0_progenitors"))
        for one in marrows(seen, first=-1_000_000)
    ]
    own = [(day, part) for day, _, part in found if day <= 0 and part is not None]
    before = [max(part for day, part in own if day == own[-1][0])] if own else []
    for day, on, part in found:
        if day >= 1 and part is not None:
            tripled = bool(before) and before[0] > 0 and part >= 3 * before[0]
            yield Look(on, part > Fraction(2, 1000) or tripled, MEDIUM)


def a15(seen: View) -> Iterator[Look]:
    """No answer at a decision visit."""
    compartments = {"MRD": {"marrow"}, "B cells": {"marrow", "blood"}}
    for visit, window in DECISIONS.items():
        for question, where in compartments.items():
            asked = [one for one in seen.samples if one.specimen_type in where]
            yield from a15_question(seen, asked, window, f"{visit} {question}")


def a15_question(
    seen: View, asked: list[Sample], window: tuple[int, int], subject: str
) -> Iterator[Look]:
    """One question of one decision visit."""
    quantity = "mrd" if subject.endswith("MRD") else "b_fraction"
    answers = EVALUABLE if quantity == "mrd" else APLASIA | RECOVERED
    for one in asked:
        said, day = status(one, quantity), seen.day(one.on)
        if window[0] <= day <= window[1] and said:
            same_day = [status(other, quantity) for other in on_day(seen, asked, day)]
            yield Look(one.on, not any(other in answers for other in same_day), HIGH, subject)
        elif day > window[1] and said in answers:
            yield Look(one.on, False, HIGH, subject)


def a19(seen: View) -> Iterator[Look]:
    """A signed answer is contradicted."""
    for one in seen.samples:
        signed = any(
            one.answers[name].state == "signed" for name in VERDICTS if name in one.answers
        )
        if signed or one.disputes:
            yield Look(one.on, bool(one.disputes), CRITICAL)


def a20(seen: View) -> Iterator[Look]:
    """Morphology and flow disagree."""
    for one in marrows(seen):
        part = value(one, "mrd")
        if part is None:
            continue
        for event in seen.events:
            if event.event == "morphology" and event.on == one.on:
                seen_as = m_class(event.value)
                much = seen_as == "M1" and part >= Fraction(10, 100)
                little = seen_as == "M3" and part < Fraction(5, 100)
                yield Look(one.on, much or little, MEDIUM)
