"""From observations to flags: what was raised already is not raised again (domain: 5.8, 5.9.14)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from cytomon.model.course import Acknowledgement
from cytomon.model.flags import Evidence, Flag, Urgency


class Told(NamedTuple):
    """What a flag says, and on what it rests."""

    says: str
    evidence: tuple[Evidence, ...]


class Observation(NamedTuple):
    """A rule was asked, and holds or does not.

    Attributes
    ----------
    on : date
        Day of the sample or visit.
    day : int or None
        The same after the infusion.
    urgency : Urgency or None
        How urgent it is; None where the rule does not hold.
    tell : callable or None
        Gives the words of the flag; asked only where one is raised.
    subject : str
        What the rule speaks of.
    """

    on: date
    day: int | None
    urgency: Urgency | None = None
    tell: Callable[[], Told] | None = None
    subject: str = ""


def _again(one: Observation) -> Evidence:
    """A day on which a rule held and was not raised again."""
    what = one.tell().says if one.tell else ""
    return Evidence(on=one.on, day=one.day, what=what)


class Raised(NamedTuple):
    """A flag before it is put into words: a worklist needs the words of few.

    Attributes
    ----------
    rule : str
        Its code.
    seen : Observation
        What raised it.
    is_open : bool
        Whether a person still has to answer it.
    answers : tuple of Acknowledgement
        Who has seen it.
    suppressed : tuple of Observation
        Later ones at which it held likewise.
    """

    rule: str
    seen: Observation
    is_open: bool
    answers: tuple[Acknowledgement, ...]
    suppressed: tuple[Observation, ...]

    @property
    def urgency(self) -> Urgency:
        """How soon a person should look at it."""
        return self.seen.urgency or Urgency.INFO

    def flag(self, confirms: str) -> Flag:
        """In words; `confirms` says what would confirm or refute it."""
        told = self.seen.tell() if self.seen.tell else Told("", ())
        return Flag(
            rule=self.rule,
            urgency=self.urgency,
            on=self.seen.on,
            day=self.seen.day,
            says=told.says,
            evidence=told.evidence,
            confirms=confirms,
            subject=self.seen.subject,
            open=self.is_open,
            acknowledged=self.answers,
            suppressed=tuple(_again(one) for one in self.suppressed),
        )


@dataclass(slots=True, kw_only=True)
class _Episode:
    """Days on which a rule has held, until it is answered."""

    raised: list[Observation]
    urgency: Urgency
    suppressed: list[Observation] = field(default_factory=list)
    answers: tuple[Acknowledgement, ...] = ()
    is_open: bool = True

    @property
    def start(self) -> date:
        return self.raised[0].on

    def add(self, one: Observation, urgency: Urgency) -> None:
        """Raise again what is more urgent than before, and suppress all else."""
        if urgency > self.urgency:
            self.raised.append(one)
            self.urgency = urgency
        else:
            self.suppressed.append(one)

    def flags(self, rule: str) -> Iterator[Raised]:
        """Its flags: the first, and each that is more urgent."""
        ends = [one.on for one in self.raised[1:]] + [date.max]
        for one, until in zip(self.raised, ends, strict=True):
            later = tuple(other for other in self.suppressed if one.on < other.on < until)
            yield Raised(rule, one, self.is_open, self.answers, later)


def raise_flags(
    rule: str, observations: Iterable[Observation], acknowledgements: Sequence[Acknowledgement]
) -> Iterator[Raised]:
    """Gather what a rule has observed into episodes.

    Parameters
    ----------
    rule : str
        Its code.
    observations : iterable of Observation
        In any order.
    acknowledgements : sequence of Acknowledgement
        Of the patient.

    Yields
    ------
    Raised
        By subject, then by day.
    """
    seen = list(observations)
    holding = [one for one in seen if one.urgency is not None]
    if not holding:
        return
    given = [one for one in acknowledgements if one.rule == rule]
    if not given:  # then only what holds can matter
        seen = holding
    for subject in sorted({one.subject for one in holding}):
        for episode in _episodes(_by_day(seen, subject), given):
            yield from episode.flags(rule)


def _by_day(seen: Sequence[Observation], subject: str) -> list[Observation]:
    """One for each day: what holds outweighs what does not, and the more urgent the less."""
    days: dict[date, Observation] = {}
    for one in seen:
        if one.subject != subject:
            continue
        other = days.get(one.on)
        if other is None or _weight(one) > _weight(other):
            days[one.on] = one
    return [days[on] for on in sorted(days)]


def _weight(one: Observation) -> int:
    return -1 if one.urgency is None else int(one.urgency)


def _episodes(seen: Sequence[Observation], given: Sequence[Acknowledgement]) -> Iterator[_Episode]:
    episode: _Episode | None = None
    for one in seen:
        if episode is not None and given:
            closed = _closed_on(episode, seen, given)
            if closed is not None and closed < one.on:
                yield _answered(episode, given, closed)
                episode = None
        if one.urgency is None:
            continue
        if episode is None:
            episode = _Episode(raised=[one], urgency=one.urgency)
        else:
            episode.add(one, one.urgency)
    if episode is not None:
        yield _answered(episode, given, _closed_on(episode, seen, given) if given else None)


def _answered(episode: _Episode, given: Sequence[Acknowledgement], closed: date | None) -> _Episode:
    episode.answers = tuple(
        one for at, one in _answers(episode, given) if closed is None or at <= closed
    )
    episode.is_open = closed is None
    return episode


def _closed_on(
    episode: _Episode, seen: Sequence[Observation], given: Sequence[Acknowledgement]
) -> date | None:
    """Day from which an episode is answered and the rule holds no longer."""
    last = episode.raised[-1].on
    days = []
    for at, _ in _answers(episode, given):
        if at < last:  # who answered did not know yet how urgent it would become
            continue
        until = [one for one in seen if episode.start <= one.on <= at]
        if until[-1].urgency is None:
            days.append(at)
            continue
        later = (one.on for one in seen if one.on > at and one.urgency is None)
        days += [on for on in (next(later, None),) if on is not None]
    return min(days, default=None)


def _answers(
    episode: _Episode, given: Sequence[Acknowledgement]
) -> Iterator[tuple[date, Acknowledgement]]:
    """Acknowledgements of an episode, each with the day from which it counts.

    They name the day of one of its flags, or none and were given once it had begun.
    """
    flagged = {one.on.isoformat(): one.on for one in episode.raised}
    for one in given:
        at = date.fromisoformat(one.at[:10])
        if one.flagged_on in flagged:
            yield max(at, flagged[one.flagged_on]), one
        elif not one.flagged_on and at >= episode.start:
            yield at, one
