"""Why a tube is on the worklist, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from cytomon.model.findings import Severity
from cytomon.model.timeline import Answer
from cytomon.review.doubts import CARRIED, Doubt, gates_said
from cytomon.store.waiting import Waiting
from cytomon.track.words import percent

_SHOWN = 3
_TITLES = {"mrd": "MRD", "b_fraction": "B cells", "cd19_blasts": "CD19", "cd22_blasts": "CD22"}
_PLAIN: Mapping[str, str] = {
    "elsewhere": "measured for another specimen, with its days and drugs",
    "switch": "signs of another lineage, which no MRD counts",
    "cluster": "a cluster was refused and is left to the eye",
    "BLASTS_AMONG_HEMATOGONES": "the blasts may be the edge of the hematogones",
    "PRECURSORS_ARRESTED": "called leukaemic because nothing matures, no marker differs",
}
_GATES: Mapping[str, tuple[str, str]] = {
    "fallback": ("1 gate stands at its start", "gates stand at their start"),
    "leash": ("1 gate was stopped by its leash", "gates were stopped by their leash"),
}


def reasons_of(
    waiting: Waiting, doubts: Sequence[Doubt], threshold: float | None
) -> tuple[str, ...]:
    """Each doubt in words, with its numbers.

    Parameters
    ----------
    waiting : Waiting
        The tube.
    doubts : sequence of Doubt
        From `cytomon.review.doubts.weigh`.
    threshold : float or None
        From which fraction on its MRD is positive; None where that is not known.
    """
    return tuple(_SAYS[one.key](_Seen(waiting, one, threshold)) for one in doubts)


class _Seen(NamedTuple):
    waiting: Waiting
    doubt: Doubt
    threshold: float | None

    @property
    def answer(self) -> Answer:
        """The answer that the doubt is about."""
        return self.waiting.answers[self.doubt.about or "mrd"]


def _changed(seen: _Seen) -> str:
    earlier = seen.waiting.before[seen.doubt.about]
    return f"{_told(seen.answer)}; {_words(earlier.answer)} on {earlier.on}"


def _contradicts(seen: _Seen) -> str:
    stood = seen.waiting.judged[seen.doubt.about]
    return f"{_told(seen.answer)}; {stood.state} as {_words(stood)}"


def _carried(seen: _Seen) -> str:
    return f"{_events(seen, 'mrd', 'blasts')} may be those of the tube before"


def _failed(seen: _Seen) -> str:
    hard = [one for one in seen.waiting.findings if one.severity == Severity.ERROR]
    said = [one.what for one in hard if one.code != CARRIED]
    return f"hard failure: {_listed(said, '; ')}" if said else "a hard failure of quality"


def _discordant(seen: _Seen) -> str:
    pooled = seen.waiting.pooled
    both = f": together {_told(pooled)}" if pooled else ""
    return f"the tubes of the specimen disagree{both}"


def _not_evaluable(seen: _Seen) -> str:
    is_mrd = seen.doubt.about == "mrd"
    return f"{_TITLES[seen.doubt.about]} {'is' if is_mrd else 'are'} not evaluable"


def _unstable(seen: _Seen) -> str:
    stable = seen.waiting.stable
    if stable is None:
        return "the verdict turns in some draws of jittered gates"
    # never rounded up: from 95 % on a verdict counts as stable
    return f"verdict the same in {int(100 * stable + 1e-9)} % of jittered gates"


def _borderline(seen: _Seen) -> str:
    limit = "its threshold" if seen.threshold is None else f"{100 * seen.threshold:g} %"
    return f"{_fraction(seen, 'mrd')} holds {limit}"


def _b_borderline(seen: _Seen) -> str:
    return f"{_fraction(seen, 'b_fraction')} hold the limit of recovery"


def _by_eye(seen: _Seen) -> str:
    return f"{_events(seen, 'by_eye', 'events')} left to the eye may turn the verdict"


def _escape(seen: _Seen) -> str:
    return f"{_events(seen, 'mrd_b_only', 'events')} found by tree B alone: CD19 may be lost"


def _suspicious(seen: _Seen) -> str:
    return f"too few cells to conclude on suspicious events{_counted(seen.answer)}"


def _call(seen: _Seen) -> str:
    return f"{_told(seen.answer)} on the blasts{_counted(seen.answer)}"


def _b_border(seen: _Seen) -> str:
    said = next(one.what for one in seen.waiting.findings if one.code == seen.doubt.about)
    return said.rpartition("; ")[2]


def _gates(seen: _Seen) -> str:
    names = gates_said(seen.waiting, seen.doubt.about)
    one_does, they_do = _GATES[seen.doubt.key]
    does = one_does if len(names) == 1 else f"{len(names)} {they_do}"
    return f"{does}: {_listed(names, ', ')}"


def _plain(seen: _Seen) -> str:
    return _PLAIN.get(seen.doubt.about) or _PLAIN[seen.doubt.key]


_SAYS: Mapping[str, Callable[[_Seen], str]] = {
    "contradicts": _contradicts,
    "carried": _carried,
    "switch": _plain,
    "unstable": _unstable,
    "borderline": _borderline,
    "borderline, no event": _borderline,
    "by eye": _by_eye,
    "escape": _escape,
    "failed": _failed,
    "discordant": _discordant,
    "elsewhere": _plain,
    "lost": _call,
    "in part": _call,
    "suspicious": _suspicious,
    "not evaluable": _not_evaluable,
    "among": _plain,
    "cluster": _plain,
    "borderline, B cells": _b_borderline,
    "B border": _b_border,
    "fallback": _gates,
    "leash": _gates,
    "reappears": _changed,
    "clears": _changed,
    "detected": _changed,
    "escapes": _changed,
    "escapes in part": _changed,
    "B cells": _changed,
}


def _listed(names: Sequence[str], between: str) -> str:
    more = len(names) - _SHOWN
    return between.join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _told(one: Answer) -> str:
    """An answer with its number, in a few words."""
    is_share = one.value is not None and one.quantity in {"mrd", "b_fraction"}
    share = f" {percent(one.value)}" if is_share else ""
    return f"{_TITLES[one.quantity]}{share} {_words(one)}"


def _counted(one: Answer) -> str:
    """Counts behind an answer, where a store has them."""
    if one.numerator is None or one.denominator is None:
        return ""
    return f" ({one.numerator:,} of {one.denominator:,})"


def _fraction(seen: _Seen, quantity: str) -> str:
    one = seen.waiting.answers[quantity]
    low, high = (percent(end).removesuffix(" %") for end in (one.low, one.high))
    return f"{_TITLES[quantity]} {percent(one.value)} ({low} to {high})"


def _events(seen: _Seen, quantity: str, what: str) -> str:
    one = seen.waiting.answers.get(quantity)
    return what if one is None or one.numerator is None else f"{one.numerator:,} {what}"


def _words(one: Answer) -> str:
    return one.status.replace("_", " ").lower()
