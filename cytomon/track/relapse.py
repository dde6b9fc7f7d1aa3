"""How far leukaemia has come back (domain: 1.6, 5.4, 5.9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from cytomon.model.phenotype import UNKNOWN, pair
from cytomon.model.results import AntigenCall
from cytomon.model.states import RelapseLevel
from cytomon.model.timeline import Answer
from cytomon.track.clinical import morphology_fraction, share
from cytomon.track.known import CLEAR, LOW, POSITIVE, Known, Mrd, at_least, mrd_days

_ANTIGENS = ("cd19_blasts", "cd22_blasts")
_TESTED = ("morphology", "fish", "fusion_pcr", "ngs")
_MOST, _MUCH, _SOME = 0.25, 0.05, 0.01
"""Shares of blasts from which the consensus table asks for no, one or two other tests."""


RANK = {level: rank for rank, level in enumerate(RelapseLevel)}
"""Levels by their height."""


class Reached(NamedTuple):
    """A level that was reached.

    Attributes
    ----------
    day : int
        On which it was.
    level : RelapseLevel
        Which.
    how : str
        By what, in words.
    marrow : int or None
        Day of marrow 1, where another one has confirmed it.
    """

    day: int
    level: RelapseLevel
    how: str
    marrow: int | None = None


@dataclass(slots=True, kw_only=True)
class _Tests:
    """What was found in the marrow of one day, as fractions."""

    cleared: bool = False
    evaluable: bool = False
    flow: float = 0.0
    others: dict[str, float] = field(default_factory=dict)

    @property
    def morphology(self) -> float:
        """Does not count where flow has cleared it: regenerating marrows show many blasts."""
        return 0.0 if self.cleared else self.others.get("morphology", 0.0)

    @property
    def level(self) -> float:
        return max(self.flow, self.morphology)

    @property
    def reaching(self) -> int:
        """Tests of at least 1 %."""
        molecular, fish = self.others.get("molecular", 0.0), self.others.get("fish", 0.0)
        return sum(found >= _SOME for found in (self.flow, self.morphology, molecular, fish))


def levels_reached(known: Known) -> tuple[Reached, ...]:
    """Every time that a level was reached, by day and then from low to high."""
    found = [*_mrd_levels(known), *_marrow_relapses(known), *_by_events(known), *_in_csf(known)]
    return tuple(sorted(found, key=lambda one: (one.day, RANK[one.level], one.how)))


def highest(reached: Sequence[Reached]) -> Reached | None:
    """The highest level, when it was reached first."""
    return min(reached, key=lambda one: (-RANK[one.level], one.day), default=None)


def relapses(known: Known, reached: Sequence[Reached]) -> list[Reached]:
    """Those that count as relapse: outside the blood or in the marrow, and by the profile MRD."""
    least = RANK[RelapseLevel.EXTRAMEDULLARY_RELAPSE]
    if known.profile.relapse_includes_mrd:
        least = RANK[RelapseLevel.MRD_RELAPSE_CONFIRMED]
    return [one for one in reached if RANK[one.level] >= least]


def first_relapse(known: Known, reached: Sequence[Reached]) -> int | None:
    """Day of the first relapse."""
    return min((one.day for one in relapses(known, reached)), default=None)


def _mrd_levels(known: Known) -> Iterator[Reached]:
    cleared: int | None = None  # day of the first negative marrow
    detected: Mrd | None = None
    came_back = False  # whether the marrow before is positive, after a negative one
    for day in known.mrd:
        if any(one.level == LOW for one in day.marrows):
            yield Reached(day.day, RelapseLevel.MRD_DETECTED_LOW, "MRD detected below 0.01 %")
        comes_back = day.level == POSITIVE and cleared is not None
        if comes_back and day.detected is not None:
            yield Reached(day.day, RelapseLevel.MRD_REAPPEARANCE, "MRD at or above 0.01 % again")
            if came_back or _confirms(known, day.detected, detected):
                level = RelapseLevel.MRD_RELAPSE_CONFIRMED
                yield Reached(day.day, level, "MRD that came back is confirmed")
        came_back, detected = comes_back, day.detected or detected
        if cleared is None and any(one.level != POSITIVE for one in day.marrows):
            cleared = day.day


def _confirms(known: Known, one: Mrd, before: Mrd | None) -> bool:
    """Whether one value is enough: high, or risen by a log over the last detected one."""
    if (one.answer.value or 0.0) >= known.profile.mrd_confirmed_fraction:
        return True
    return before is not None and at_least(known.profile.mrd_log_rise, one.answer, before.answer)


def _marrow_relapses(known: Known) -> Iterator[Reached]:
    """Marrows that fulfil the consensus table, once a negative one came before."""
    negative = (day for day in known.mrd if any(one.level != POSITIVE for one in day.marrows))
    cleared = min((day.day for day in negative), default=None)
    if cleared is None:
        return
    marrows = _tests(known)
    days = sorted(marrows)
    for position, day in enumerate(days):
        tests = marrows[day]
        if day <= cleared or tests.level < _SOME:
            continue
        others = tests.reaching - 1
        needed = 0 if tests.level >= _MOST else 1 if tests.level >= _MUCH else 2
        if others >= needed:
            how = f"{_amount(tests)}, {others} other test(s) of 1 % and more"
            yield Reached(day, RelapseLevel.MARROW_RELAPSE, how)
            continue
        second = next((d for d in days[position + 1 :] if marrows[d].evaluable), None)
        if second is None or second - day > known.profile.second_marrow_days:
            continue
        if marrows[second].reaching >= 2:
            yield Reached(second, RelapseLevel.MARROW_RELAPSE, "confirmed by marrow 2", day)


def _amount(tests: _Tests) -> str:
    if tests.flow >= tests.morphology:
        return f"{100 * tests.flow:.3g} % by flow"
    return "by morphology"


def _tests(known: Known) -> dict[int, _Tests]:
    marrows: dict[int, _Tests] = {}
    for day, _ in known.marrows:
        marrows.setdefault(day, _Tests())
    for of_day in known.mrd:
        found = of_day.detected.answer.value if of_day.detected else None
        marrows[of_day.day] = _Tests(
            evaluable=True, cleared=of_day.level == CLEAR, flow=found or 0.0
        )
    for day, event in known.of_kind(*_TESTED):
        if day < 1:
            continue
        tests = marrows.setdefault(day, _Tests())
        tests.evaluable = True
        name = "molecular" if event.event in {"fusion_pcr", "ngs"} else event.event
        said = morphology_fraction(event.value) if name == "morphology" else share(event.value)
        tests.others[name] = max(tests.others.get(name, 0.0), said or 0.0)
    return marrows


def _by_events(known: Known) -> Iterator[Reached]:
    kinds = {
        "relapse": RelapseLevel.MARROW_RELAPSE,
        "relapse_extramedullary": RelapseLevel.EXTRAMEDULLARY_RELAPSE,
        "lineage_switch": RelapseLevel.LINEAGE_SWITCH,
    }
    for day, event in known.of_kind(*kinds):
        yield Reached(day, kinds[event.event], f"recorded as {event.event}")


def _in_csf(known: Known) -> Iterator[Reached]:
    """Cerebrospinal fluid that is positive twice in a row."""
    fluids = [one for one in known.samples if one[0] > 0 and one[1].specimen_type == "csf"]
    for before, day in pairwise(mrd_days(fluids)):
        if before.level == day.level == POSITIVE:
            yield Reached(day.day, RelapseLevel.EXTRAMEDULLARY_RELAPSE, "CSF positive twice")


def phenotype(known: Known, ways: Sequence[Reached]) -> str:
    """CD19 and CD22 on the blasts of a relapse (domain: 4.2, 5.9.3).

    Parameters
    ----------
    known : Known
        A patient.
    ways : sequence of Reached
        All ways in which it was reached on its day.

    Returns
    -------
    str
        Such as ``CD19-/CD22+``, or ``unknown``.
    """
    for day in (*(one.day for one in ways), *(one.marrow for one in ways)):
        of_day = [sample for on, sample in known.samples if on == day]
        for sample in sorted(of_day, key=lambda one: one.specimen_type != "marrow"):
            cd19, cd22 = (_share(sample.answers.get(name)) for name in _ANTIGENS)
            if cd19 is not None or cd22 is not None:
                return pair(cd19, cd22)
    return UNKNOWN


def _share(answer: Answer | None) -> float | None:
    if answer is None or answer.status == AntigenCall.NOT_ASSESSABLE:
        return None
    return answer.value
