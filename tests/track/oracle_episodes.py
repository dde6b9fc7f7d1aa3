"""From observations to flags: episodes, severities and acknowledgements (page: Flags)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from cytomon.model.course import Acknowledgement

MEDIUM, HIGH, CRITICAL = 1, 2, 3
SEVERITY = {MEDIUM: "medium", HIGH: "high", CRITICAL: "critical"}


class Look(NamedTuple):
    """One observation of a rule: the day, whether it holds there, and how urgent that would be."""

    on: date
    holds: bool
    severity: int
    subject: str = ""


class Raised(NamedTuple):
    """A flag of an episode."""

    severity: int
    on: date


def one_a_day(looks: Iterable[Look]) -> list[Look]:
    """Of two observations of one day the one that holds, then the more urgent one, counts."""
    best: dict[date, Look] = {}
    for look in looks:
        other = best.get(look.on)
        if other is None or (look.holds, look.severity) > (other.holds, other.severity):
            best[look.on] = look
    return [best[on] for on in sorted(best)]


def given_on(said: Acknowledgement, episode: list[Raised]) -> date | None:
    """The day from which an acknowledgement counts for an episode; None where it is of another.

    One for no flag in particular is of an episode that had begun. One for the day of a flag counts
    from that day on, whatever its clock said. One from before the newest flag of the episode did
    not know how urgent it would become, and answers it no longer.
    """
    at = date.fromisoformat(said.at[:10])
    if not said.flagged_on:
        return at if at >= episode[-1].on else None
    for flag in episode:
        if flag.on.isoformat() == said.flagged_on:
            given = max(at, flag.on)
            return given if given >= episode[-1].on else None
    return None


def closes(looks: list[Look], number: int, episode: list[Raised], said: Acknowledgement) -> bool:
    """Whether an episode is closed while this observation, which does not hold, is the newest.

    It is if the acknowledgement was given by then: before it, on its day, or later but before the
    day of the next observation (of one day, the observation comes first).
    """
    given = given_on(said, episode)
    if given is None:
        return False
    return number + 1 == len(looks) or given < looks[number + 1].on


def flags_of(looks: list[Look], acknowledged: list[Acknowledgement]) -> list[tuple[Raised, bool]]:
    """Flags of one rule and subject, each with whether its episode is still open."""
    looks = one_a_day(looks)
    done: list[tuple[Raised, bool]] = []
    episode: list[Raised] = []
    for number, look in enumerate(looks):
        if look.holds and (not episode or look.severity > episode[-1].severity):
            episode.append(Raised(look.severity, look.on))
        answered = episode and not look.holds
        if answered and any(closes(looks, number, episode, said) for said in acknowledged):
            done += [(flag, False) for flag in episode]
            episode = []
    return done + [(flag, True) for flag in episode]
