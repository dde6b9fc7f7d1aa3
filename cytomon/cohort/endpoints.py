"""From one patient's course to the endpoints of a cohort (domain: 5.7, 5.9.15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cytomon.cohort.baseline import Copies, copies_of, factors_of, transgenes_at_relapse
from cytomon.cohort.doubts import doubts_of
from cytomon.model.drugs import depleting_drugs
from cytomon.model.phenotype import UNKNOWN
from cytomon.model.states import Landmark
from cytomon.track.follow import Followed
from cytomon.track.known import Known
from cytomon.track.profile import CohortDefinitions
from cytomon.track.states import Course

CENSORED, EVENT = 0, 1
DEATH, OTHER_FAILURE = 2, 3
"""Of a relapse's competing events: death; no remission or a second malignancy."""
RELAPSED, DIED, TRANSPLANTED, TREATED = 2, 3, 4, 5
"""Of a recovery's: relapse or no remission; death or a second malignancy; a transplant; a drug that
removes B cells or a second infusion."""

LANDMARKS = {"bca_2m": 61, "bca_3m": 91, "bca_4m": 122, "bca_6m": 183}
"""States at the landmarks, and their days."""


class Outcome(NamedTuple):
    """When something ended, and how.

    Attributes
    ----------
    days : int
        After the infusion.
    code : int
        0 censored, 1 the event, others as above.
    """

    days: int
    code: int

    def ends_after(self, transplant: int | None) -> bool:
        """Whether a transplant came before the end; what happens on its day comes first."""
        return transplant is not None and transplant < self.days


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What a cohort knows of one patient; days are counted from the index infusion.

    Attributes
    ----------
    patient_id : str
        Pseudonym.
    efs, os, relapse, recovery : Outcome
        The endpoints.
    transplant : int or None
        Day of the first transplant.
    seen : int
        Last day on which anything is known.
    remission : str
        ``yes``, ``no``, ``died`` before the assessment, or ``unknown``.
    phenotype : str
        At relapse; empty without one.
    aplasia : int or None
        Day of the first specimen without B cells.
    recovery_left, recovery_right : int or None
        B cells came back after the one and not later than the other; the second is None where
        they did not, or not before something else ended the observation.
    landmarks : mapping of str to Landmark
        B-cell aplasia at each landmark.
    factors : mapping of str to str
        Baseline factor to its level; what is not recorded is absent.
    car : tuple of Copies
        By day.
    car_at_relapse : mapping of str to bool
        Antigen to whether its transgene was there around the relapse; absent where nobody looked.
    looked : tuple of int
        Days of specimens that could tell whether B cells are there.
    simulated : bool
        Whether the product says that nobody was treated with it.
    failure : str
        What ended event-free survival; empty where nothing did.
    doubts : tuple of str
        Records that contradict each other, or leave out what others show.
    """

    patient_id: str
    efs: Outcome
    os: Outcome
    relapse: Outcome
    recovery: Outcome
    transplant: int | None
    seen: int
    remission: str
    phenotype: str
    aplasia: int | None
    recovery_left: int | None
    recovery_right: int | None
    landmarks: Mapping[str, Landmark]
    factors: Mapping[str, str]
    car: tuple[Copies, ...]
    car_at_relapse: Mapping[str, bool]
    looked: tuple[int, ...]
    simulated: bool
    failure: str = ""
    doubts: tuple[str, ...] = ()

    def looked_by(self, day: int) -> bool:
        """Whether a specimen up to a day could tell of B cells."""
        return any(one <= day for one in self.looked)

    @property
    def efs_hct(self) -> Outcome:
        """Event-free survival, censored at the transplant; what happens on its day counts."""
        if self.transplant is not None and self.efs.ends_after(self.transplant):
            return Outcome(self.transplant, CENSORED)
        return self.efs


def person_of(followed: Followed) -> Person | None:
    """The endpoints of a patient.

    Parameters
    ----------
    followed : Followed
        The patient, up to the day of the data cut.

    Returns
    -------
    Person or None
        None where nobody knows of an infusion up to that day.
    """
    at, course, states = followed.known, followed.course, followed.states
    if at is None or course is None or at.today < 0:
        return None
    definitions = at.profile.cohort
    died, seen = at.first("death"), _seen(at)
    failed = _failed(at, definitions)
    again = at.first("second_infusion")
    recovered = _recovered(at, course)
    recovery = _recovery(at, course, recovered)
    efs, failure = _efs(at, course, definitions)
    return Person(
        patient_id=at.timeline.patient_id,
        efs=efs,
        os=Outcome(seen, CENSORED) if died is None else Outcome(died, EVENT),
        relapse=_censored(_relapse(at, course, failed), again, definitions),
        recovery=recovery,
        transplant=at.first("transplant"),
        seen=seen,
        remission=_remission(at, definitions),
        phenotype=states.relapse_phenotype or UNKNOWN if _did_relapse(course, died) else "",
        aplasia=course.aplasia.onset,
        recovery_left=_aplasia_before(course, recovered),
        recovery_right=recovered if recovery.code == EVENT else None,
        landmarks={name: getattr(states, name) for name in LANDMARKS},
        factors=dict(factors_of(followed, at, definitions)),
        car=tuple(copies_of(at)),
        car_at_relapse=dict(transgenes_at_relapse(at, course)),
        looked=tuple(one.day for one in at.b_cells),
        simulated="simulated" in at.timeline.product.casefold(),
        failure=failure,
        doubts=tuple(doubts_of(at, definitions)),
    )


def _seen(at: Known) -> int:
    """Last day on which a specimen, an event or a contact says anything of a patient.

    Nobody is taken to live on because nothing is known: without any of them it is day 0.
    """
    days = [day for day, _ in at.samples]
    days += [day for events in at.events.values() for day, _ in events]
    died = at.first("death")
    return max([0, *days]) if died is None else died


def _failed(at: Known, definitions: CohortDefinitions) -> int | None:
    """Day of no remission or of a second malignancy, where they count."""
    kinds = _counted(definitions)
    return at.first(*kinds) if kinds else None


def _first(*ways: tuple[int | None, int]) -> Outcome | None:
    """What came first; of one day, what is named first."""
    dated = [Outcome(day, code) for day, code in ways if day is not None]
    return min(dated, key=lambda one: one.days, default=None)


def _efs(at: Known, course: Course, definitions: CohortDefinitions) -> tuple[Outcome, str]:
    """Event-free survival, and what ended it."""
    ways = [("relapse", course.relapsed)]
    ways += [(kind, at.first(kind)) for kind in _counted(definitions)]
    ways += [("death", at.first("death"))]
    found = _first(*((day, number) for number, (_, day) in enumerate(ways)))
    ended = Outcome(found.days, EVENT) if found else Outcome(_seen(at), CENSORED)
    whole = _censored(ended, at.first("second_infusion"), definitions)
    return whole, ways[found.code][0] if found and whole.code else ""


def _counted(definitions: CohortDefinitions) -> list[str]:
    """Kinds of failure beside relapse and death that count by the definitions."""
    kinds = ("no_remission", "second_malignancy")
    return [kind for kind in kinds if getattr(definitions, kind) == "event"]


def _aplasia_before(course: Course, recovered: int | None) -> int | None:
    """The last day without B cells: before they came back, or of all."""
    gone = [one.day for one in course.aplasia.since if not one.back]
    return max((day for day in gone if recovered is None or day < recovered), default=None)


def _relapse(at: Known, course: Course, failed: int | None) -> Outcome:
    kind = at.profile.cohort.relapse_transplant
    transplant = at.first("transplant") if kind != "follow" else None
    ways = (
        (course.relapsed, EVENT),
        (failed, OTHER_FAILURE),
        (at.first("death"), DEATH),
        (transplant, CENSORED if kind == "censor" else TRANSPLANTED),
    )
    return _first(*ways) or Outcome(_seen(at), CENSORED)


def _censored(outcome: Outcome, again: int | None, definitions: CohortDefinitions) -> Outcome:
    """The outcome, or the second infusion where that ends the observation."""
    ends = definitions.second_infusion == "censor" and again is not None
    return Outcome(again or 0, CENSORED) if ends and (again or 0) < outcome.days else outcome


def _did_relapse(course: Course, died: int | None) -> bool:
    """Whether leukaemia came back at all, also after another event but not after death."""
    return course.relapsed is not None and (died is None or course.relapsed <= died)


def _recovered(at: Known, course: Course) -> int | None:
    aplasia = course.aplasia
    return aplasia.confirmed if at.profile.recovery == "confirmed" else aplasia.trial


def _recovery(at: Known, course: Course, recovered: int | None) -> Outcome:
    """Return of B cells; a specimen of a day counts as taken before what happened on that day."""
    ways = (
        (recovered, EVENT),
        (course.relapsed, RELAPSED),
        (at.first("no_remission"), RELAPSED),
        (at.first("death"), DIED),
        (at.first("second_malignancy"), DIED),
        (at.first("transplant"), TRANSPLANTED),
        (min(_treated(at), default=None), TREATED),
    )
    looked = max((one.day for one in at.b_cells), default=0)
    return _first(*ways) or Outcome(looked, CENSORED)


def _treated(at: Known) -> Iterator[int]:
    """Days of drugs that remove B cells, and of second infusions."""
    for day, event in at.of_kind("drug"):
        if any(at.profile.drug_days.get(drug) for drug in depleting_drugs(event.value)):
            yield day
    yield from (day for day, _ in at.of_kind("second_infusion"))


def _remission(at: Known, definitions: CohortDefinitions) -> str:
    """What the assessment after four weeks said; a later one is none of it."""
    by = definitions.remission_by_day
    said = {
        kind: [day for day, _ in at.of_kind(kind) if day <= by]
        for kind in ("remission", "no_remission", "death")
    }
    if said["no_remission"]:
        return "no"
    if said["remission"]:
        return "yes"
    return "died" if said["death"] else UNKNOWN
