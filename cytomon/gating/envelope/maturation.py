"""Normal precursors mature, leukaemia stands still: stages judged by what lies beside them.

Normal marrow always shows the whole spectrum of B-cell precursors (McKenna 2001), so a stage
without its neighbours is suspect although no marker of it differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_FEWEST, _FIRST_OVER_LATER = 20, 3
_OVERT = ((0.01, 10), (0.0001, 30))
"""Share of the nucleated events, and multiple of later stages, from which no wave looks so."""
_MIDDLE_OVER_BEFORE, _OVER_NEXT = 300, 4
_OVER_LATER, _LAST_OVER_BEFORE, _OVER_MATURE = 30, 30, 10
_EARLIER_IN_BLOOD, _LAST_PER_EARLIER = 0.1, 3.0
"""Marrow has about one cell of the last stage for four of the earlier ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standstill:
    """Stages whose neighbours are missing.

    Attributes
    ----------
    stages : tuple of int
        Positions on the path.
    refused : str
        Why a person has to look; empty where so many cells stand still that it is leukaemia,
        whatever their markers.
    """

    stages: tuple[int, ...]
    refused: str


def standstills(path: Sequence[int], mature: int | None, n_whole: int) -> Iterator[Standstill]:
    """Find stages of maturation that stand alone.

    Parameters
    ----------
    path : sequence of int
        Events of each stage, in order; the last one is the first of the mature stages.
    mature : int or None
        Events of mature populations beyond the path; None where the reference has none.
    n_whole : int
        Nucleated events.

    Notes
    -----
    The first stage may outnumber all that follow three to one, since a wave of regeneration begins
    with it. A stage in the middle makes up 55 to 70 % of normal precursors, and more at the end of
    a wave; it stands still where the stage before is below one in 300 of it, and the next one
    below a quarter: some of its own cells are always taken for the next stage. Early stages
    together stand still where all later ones are below a thirtieth of them. The last precursors and
    the first mature cells are too alike to be told apart where one of them is missing: together
    they stand still without the stage before and without mature cells beyond. Only of the first
    stage is it known how a wave looks; the others are left to the eye, whatever their number, as
    the first B cells after therapy may look so. Fewer than 20 events are never judged.
    """
    if len(path) < 2:
        return
    *precursors, grown = path
    first, later = precursors[0], sum(path[1:])
    if first >= _FEWEST and first > _FIRST_OVER_LATER * later:
        overt = any(first >= part * n_whole and first > over * later for part, over in _OVERT)
        words = f"{first} events like the earliest precursors, {later} of later stages"
        yield Standstill(stages=(0,), refused="" if overt else f"stands still: {words}")
    for stage in range(1, len(precursors) - 1):
        before, here, following = path[stage - 1 : stage + 2]
        so_far, still_to_come = sum(path[: stage + 1]), sum(path[stage + 1 :])
        if (
            here >= _FEWEST
            and here > _MIDDLE_OVER_BEFORE * before
            and here > _OVER_NEXT * following
        ):
            words = (
                f"{here} events of one stage, {before} of the one before, {following} of the next"
            )
            yield Standstill(stages=(stage,), refused=f"stands still: {words}")
        elif so_far >= _FEWEST and so_far > _OVER_LATER * still_to_come:
            words = f"{so_far} events of early stages, {still_to_come} of later ones"
            yield Standstill(stages=tuple(range(stage + 1)), refused=f"stands still: {words}")
    if len(precursors) > 1 and mature is not None:
        last = precursors[-1] + grown
        alone = last > _LAST_OVER_BEFORE * precursors[-2] and last > _OVER_MATURE * mature
        if precursors[-1] >= _FEWEST and alone:
            words = f"{last} events like the last precursors, {precursors[-2]} of the stage before"
            stages = (len(precursors) - 1, len(precursors))
            yield Standstill(stages=stages, refused=f"{words}, {mature} mature ones")


def have_matured(path: Sequence[int]) -> bool:
    """Whether the last precursors are no wave of them, but what they become.

    In blood a few transitional B cells lie where marrow has its last stage of precursors.
    """
    if len(path) < 3:
        return False
    *earlier, last, grown = path
    few = sum(earlier) < _EARLIER_IN_BLOOD * grown
    return few and last > _LAST_PER_EARLIER * sum(earlier)
