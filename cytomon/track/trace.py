"""What a correction or a newer result has done to the flags of a patient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cytomon.model.flags import Flag
from cytomon.track.follow import Followed


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One flag before and after an entry of the log.

    Attributes
    ----------
    before, after : Flag or None
        None where it was not there, or is not there any more.
    """

    before: Flag | None
    after: Flag | None

    @property
    def how(self) -> str:
        """``withdrawn``, ``raised`` or ``changed``."""
        if self.after is None:
            return "withdrawn"
        return "raised" if self.before is None else "changed"

    @property
    def flag(self) -> Flag:
        """As it is, or was."""
        flag = self.after or self.before
        if flag is None:
            msg = "a change of nothing"
            raise ValueError(msg)
        return flag


def changes(before: Followed, after: Followed) -> Iterator[Changed]:
    """Flags of one patient that differ, followed to the same day.

    Parameters
    ----------
    before, after : Followed
        As the store was before and after an entry of its log.

    Yields
    ------
    Changed
        By day and rule.
    """
    then, now = _by_place(before.flags), _by_place(after.flags)
    for place in sorted(then.keys() | now.keys()):
        old, new = then.get(place), now.get(place)
        if old is None or new is None or _said(old) != _said(new):
            yield Changed(before=old, after=new)


def _by_place(flags: Sequence[Flag]) -> dict[tuple[str, ...], Flag]:
    return {(flag.on.isoformat(), flag.rule, flag.subject): flag for flag in flags}


def _said(flag: Flag) -> tuple[object, ...]:
    """What makes a flag another one: not what stands beside it, nor who has seen or signed it."""
    return flag.urgency, flag.open, flag.says
