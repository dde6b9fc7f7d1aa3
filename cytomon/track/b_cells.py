"""B-cell aplasia and recovery of a patient (domain: 5.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cytomon.model.states import Landmark
from cytomon.track.known import BCells, Known
from cytomon.track.profile import Profile

LANDMARKS = {"bca_2m": 61, "bca_3m": 91, "bca_4m": 122, "bca_6m": 183}
"""Field of `cytomon.model.states.States` to its day."""
HALF_YEAR = 183


@dataclass(frozen=True, slots=True, kw_only=True)
class Aplasia:
    """Days of a patient's aplasia and recovery; None where they did not come.

    Attributes
    ----------
    onset, trial, confirmed, left : int or None
        First aplasia; recovery by a single specimen and by the confirmed definition; the last
        aplasia before the former.
    since : tuple of BCells
        What was said from onset on; recovery on the day of onset is not among it.
    """

    onset: int | None = None
    trial: int | None = None
    confirmed: int | None = None
    left: int | None = None
    since: tuple[BCells, ...] = ()

    @property
    def episodes(self) -> tuple[tuple[int, int | None], ...]:
        """First day of each aplasia, and the day on which B cells were back; None for the last."""
        found: list[tuple[int, int | None]] = []
        for one in self.since:
            if not one.back and (not found or found[-1][1] is not None):
                found.append((one.day, None))
            elif one.back and found and found[-1][1] is None and one.day > found[-1][0]:
                found[-1] = (found[-1][0], one.day)
        return tuple(found)


def aplasia_of(known: Known) -> Aplasia:
    """Find onset and recovery.

    Parameters
    ----------
    known : Known
        A patient.

    Returns
    -------
    Aplasia
    """
    onset = min((one.day for one in known.b_cells if not one.back), default=None)
    if onset is None:
        return Aplasia()
    since = tuple(
        one for one in known.b_cells if one.day > onset or (one.day == onset and not one.back)
    )
    trial = min((one.day for one in since if one.back), default=None)
    left = max(one.day for one in since if not one.back and (trial is None or one.day < trial))
    confirmed = _confirmed(since, known.profile)
    return Aplasia(onset=onset, trial=trial, confirmed=confirmed, left=left, since=since)


def _confirmed(since: Sequence[BCells], profile: Profile) -> int | None:
    """First day of the earliest set of specimens that confirms recovery."""
    back = [one for one in since if one.back]
    gone = [one.day for one in since if not one.back]
    for one in back:
        if (one.answer.value or 0.0) >= profile.confirmed_alone_fraction:
            return one.day
        for other in back:
            if other.day < one.day or any(one.day < day < other.day for day in gone):
                continue
            apart = other.day - one.day
            kinds = {one.sample.specimen_type, other.sample.specimen_type}
            if apart >= profile.confirmed_apart_days or (
                len(kinds) == 2 and apart <= profile.confirmed_pair_days
            ):
                return one.day
    return None


def landmarks(known: Known, aplasia: Aplasia, *, relapsed: int | None) -> dict[str, Landmark]:
    """Aplasia at the landmarks (domain: 5.3.5, 5.9.7).

    Parameters
    ----------
    known : Known
        A patient.
    aplasia : Aplasia
        Of the same.
    relapsed : int or None
        Day of the first relapse.

    Returns
    -------
    dict of str to Landmark
        By field of the states.
    """
    over = (relapsed, known.first("transplant", "second_infusion"))
    ended = min((day for day in over if day is not None), default=None)
    seen = _seen_until(known)
    return {
        name: Landmark.NOT_APPLICABLE
        if ended is not None and ended <= at
        else Landmark.UNKNOWN
        if seen < at
        else _landmark(known, aplasia, at)
        for name, at in LANDMARKS.items()
    }


def _landmark(known: Known, aplasia: Aplasia, at: int) -> Landmark:
    if aplasia.trial is not None and aplasia.trial <= at:
        return Landmark.RECOVERED
    first, last = at - known.profile.landmark_before_days, at + known.profile.landmark_after_days
    if any(first <= one.day <= last for one in aplasia.since if not one.back):
        return Landmark.PERSISTENT
    return Landmark.UNKNOWN


def _seen_until(known: Known) -> int:
    """Day up to which a patient was followed: today, or death, or the last of the contacts."""
    contacts = [day for day, _ in known.of_kind("last_contact")]
    died = known.first("death")
    days = [known.today, *([max(contacts)] if contacts else []), *([] if died is None else [died])]
    return min(days)


def aplasia_at_half_year(known: Known, aplasia: Aplasia, *, relapsed: int | None) -> bool:
    """Whether aplasia is documented at day 183 or later, with no recovery before."""
    transplant = known.first("transplant")
    if any(day is not None and day < HALF_YEAR for day in (relapsed, transplant)):
        return False
    return any(
        one.day >= HALF_YEAR and (aplasia.trial is None or aplasia.trial >= one.day)
        for one in aplasia.since
        if not one.back
    )
