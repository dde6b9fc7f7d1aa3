"""One demand, and whether the tubes reach it and prove it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cytomon.validate.agreement import share
from cytomon.validate.answers.choose import CONDITIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One demand.

    Attributes
    ----------
    condition, what, wanted, found : str
        Of which tubes; what was asked; how much; what came out.
    tubes : int
        That it rests on.
    reached : bool or None
        None where no tube can say, or nothing is asked.
    proven : bool
        Whether the 95 % interval of a share leaves out every rate that would not reach it.
    """

    condition: str
    what: str
    wanted: str
    found: str
    tubes: int
    reached: bool | None
    proven: bool = True

    @property
    def verdict(self) -> str:
        """In words."""
        if self.reached is None:
            return "not judged"
        if not self.reached:
            return "NO"
        return "yes" if self.proven else "met, not proven"


def bar(condition: str, what: str, wanted: str, found: str, verdict: tuple[int, bool]) -> Bar:
    """A demand on numbers: how many tubes, and whether they reach it."""
    tubes, reached = verdict
    return Bar(
        condition=CONDITIONS[condition],
        what=what,
        wanted=wanted,
        found=found if tubes else "not measured",
        tubes=tubes,
        reached=reached if tubes else None,
    )


def at_least(condition: str, what: str, least: float, counts: tuple[int, int]) -> Bar:
    """A demand on a share that has to be large; 1 stands for all tubes."""
    estimate = share(*counts)
    return Bar(
        condition=CONDITIONS[condition],
        what=what,
        wanted="all" if least == 1 else f"≥ {100 * least:g} %",
        found=share_words(counts),
        tubes=counts[1],
        reached=estimate.value >= least if estimate else None,
        proven=estimate is not None and estimate.low >= least,
    )


def at_most(
    condition: str, what: str, most: float, counts: tuple[int, int], *, strict: bool = False
) -> Bar:
    """A demand on a share that has to be small; where `strict`, smaller than its limit."""
    estimate = share(*counts)
    rates = (estimate.value, estimate.high) if estimate else ()
    below = [rate < most or (rate == most and not strict) for rate in rates]
    return Bar(
        condition=CONDITIONS[condition],
        what=what,
        wanted=f"{'<' if strict else '≤'} {100 * most:g} %",
        found=share_words(counts),
        tubes=counts[1],
        reached=below[0] if below else None,
        proven=all(below),
    )


def beside(condition: str, what: str, counts: tuple[int, int], left_out: str = "") -> Bar:
    """A share of which nothing is asked; what it does not rest on stands behind it."""
    return shown(condition, what, share_words(counts), counts[1], left_out, also=True)


def shown(
    condition: str, what: str, found: str, tubes: int, why: str, *, also: bool = False
) -> Bar:
    """A figure of which nothing is asked; where there is none, or `also` beside it, why."""
    reason = f" ({why})" if why and (also or not tubes) else ""
    return Bar(
        condition=CONDITIONS[condition],
        what=what,
        wanted="nothing asked",
        found=(found if tubes else "not measured") + reason,
        tubes=tubes,
        reached=None,
    )


def share_words(counts: tuple[int, int]) -> str:
    """``3 of 40 (7.5 %; 95 % interval 1.6 to 20.4 %)``, exact (Clopper and Pearson)."""
    estimate = share(*counts)
    if estimate is None:
        return "not measured"
    value, low, high = (f"{100 * x:.1f}" for x in (estimate.value, estimate.low, estimate.high))
    return f"{counts[0]} of {counts[1]} ({value} %; 95 % interval {low} to {high} %)"


def count(answers: Iterable[bool]) -> tuple[int, int]:
    """How many are true, of how many."""
    listed = list(answers)
    return sum(listed), len(listed)
