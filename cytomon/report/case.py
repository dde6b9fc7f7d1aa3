"""All that a report of one patient is composed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from cytomon.model.course import (
    RANK,
    VERDICTS,
    Backing,
    Course,
    KeptResult,
    KeptSpecimen,
)
from cytomon.model.results import Measurement
from cytomon.report.document import Picture
from cytomon.report.laboratory import Laboratory
from cytomon.report.words import kind_of
from cytomon.track.follow import Followed
from cytomon.track.reviews import rejected

SIMULATOR = "cytomon simulation"
"""What the files of simulated tubes name as their cytometer."""
UNWATCHED = 100
"""Days after which an answer says little of today, where no profile says otherwise."""
SIMULATED_PRODUCT = "(simulated)"
"""How the product of simulated patients ends."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One patient on one day.

    Attributes
    ----------
    followed : Followed
        States and flags.
    course : Course
        What the store holds.
    backing : mapping of int to Backing
        Number of a result to what stands behind it.
    laboratory : Laboratory
        Who reports.
    plotted : mapping of int to tuple of Picture
        Number of a result to the figures of its tube.
    """

    followed: Followed
    course: Course
    backing: Mapping[int, Backing]
    laboratory: Laboratory
    plotted: Mapping[int, tuple[Picture, ...]] = field(default_factory=dict)

    @property
    def as_of(self) -> date:
        """The day."""
        return self.followed.as_of

    @property
    def specimens(self) -> tuple[KeptSpecimen, ...]:
        """Specimens collected up to the day, oldest first."""
        return tuple(
            one
            for one in self.course.specimens
            if one.collected_on is not None and one.collected_on <= self.as_of
        )

    @property
    def reported(self) -> tuple[KeptSpecimen, ...]:
        """What the report is about: of each type the newest specimen, and the newest answers.

        A specimen whose results were all rejected is not passed over in silence.
        """
        out = {one.specimen for one in rejected(self.course.reviews)}
        measured = [one for one in self.specimens if one.results or one.number in out]
        newest: dict[tuple[str, str], date] = {}
        for one in measured:
            for quantity in ("", *(code for code in VERDICTS if code in one.standing)):
                if one.collected_on is not None:
                    newest[one.specimen_type, quantity] = one.collected_on
        days = {(kind, on) for (kind, _), on in newest.items()}
        return tuple(
            one for one in reversed(measured) if (one.specimen_type, one.collected_on) in days
        )

    def results_of(self, specimen: KeptSpecimen) -> tuple[KeptResult, ...]:
        """What a report says of a specimen's tubes: what counts, and the newest of every tube.

        A tube that adds nothing to what counts is shown likewise: it may hold what another lacks.
        """
        counting = {result.number: result for result, _ in specimen.standing.values()}
        of_tube: dict[int, KeptResult] = {}
        for one in sorted(specimen.results, key=lambda one: one.number):
            before = of_tube.get(one.tube)
            if before is None or RANK[one.state] >= RANK[before.state]:
                of_tube[one.tube] = one
        shown = counting | {one.number: one for one in of_tube.values()}
        return tuple(shown[number] for number in sorted(shown))

    @property
    def is_simulated(self) -> bool:
        """Whether any of it comes from a simulation."""
        product = self.course.infusion.product if self.course.infusion else ""
        cytometers = {str(one.details.get("instrument", "")) for one in self.backing.values()}
        return product.endswith(SIMULATED_PRODUCT) or any(
            name.startswith(SIMULATOR) for name in cytometers
        )

    def day(self, on: date | None) -> int | None:
        """Days from the infusion to a date."""
        day0 = self.followed.timeline.day0
        return None if day0 is None or on is None else (on - day0).days

    def dated(self, on: date | None) -> str:
        """A date with its day after the infusion."""
        day = self.day(on)
        if on is None:
            return "day not recorded"
        return f"{on}" if day is None else f"{on}, day {day}"

    def ago(self, on: date | None) -> str:
        """How long before the day of the report something was."""
        if on is None:
            return "day not recorded"
        days = (self.as_of - on).days
        return "today" if not days else f"{days} day{'s' * (days != 1)} ago"

    def is_old(self, on: date | None) -> bool:
        """Whether something is too long ago to speak of today (domain: 5.8, A17)."""
        known = self.followed.known
        most = known.profile.unwatched_days if known else UNWATCHED
        return on is not None and (self.as_of - on).days > most

    def void_on(self, on: date | None) -> str:
        """After what event B cells of a day say nothing of the CAR T cells; empty where they do."""
        known, day = self.followed.known, self.day(on)
        for void in known.voids if known and day is not None else ():
            if day is not None and void.holds(day):
                return f"{void.event.replace('_', ' ')} of day {void.after}"
        return ""

    def named(self, specimen: KeptSpecimen) -> str:
        """A specimen as a report calls it."""
        kind = kind_of(specimen.specimen_type)
        kind = kind[:1].upper() + kind[1:]
        return f"{kind} of {self.dated(specimen.collected_on)} ({specimen.specimen_id})"

    def details(self, result: KeptResult, quantity: str) -> Mapping[str, float | str]:
        """The numbers behind a status, where they were kept."""
        backing = self.backing.get(result.number)
        kept = backing.details.get("details", {}) if backing else {}
        found = kept.get(quantity, {}) if isinstance(kept, dict) else {}
        return found if isinstance(found, dict) else {}

    def threshold(self, result: KeptResult) -> float:
        """The MRD threshold that a result was judged by."""
        backing = self.backing.get(result.number)
        limits = backing.details.get("limits", {}) if backing else {}
        return float(limits.get("threshold", 1e-4))


Standing = tuple[KeptResult, Measurement]
