"""The tubes of a study: a frozen list, so that a study can be repeated, and gone on with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cytomon.simulate.plan import Realism, TubePlan, draw_batches
from cytomon.validate.suites import KINDS, SUBSETS, SUBSETS_MOST, Size, Wish, large_wishes, wishes

CONDITIONS: Mapping[str, Realism] = {"plain": Realism.plain(), "realism": Realism.full()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One simulated tube of a study.

    Attributes
    ----------
    tube, condition : str
        Its name, and ``plain`` or ``realism``.
    wish : Wish
        What it is there for.
    pair : str
        Name of the same tube without its alteration; empty where there is none.
    plan : TubePlan
        How it is made.
    """

    tube: str
    condition: str
    wish: Wish
    pair: str
    plan: TubePlan


def design_study(
    size: Size, *, start: int, panel: str = "b_all_mrd", conditions: Iterable[str] = CONDITIONS
) -> tuple[Case, ...]:
    """List the tubes of a study.

    Parameters
    ----------
    size : Size
        One of `cytomon.validate.suites.SIZES`, or one's own.
    start : int
        Seed of the first tube. Each further tube has the next seed, but tubes that are one tube,
        altered in different ways, share theirs.
    panel : str, optional
        Panel of the tubes that look for blasts.
    conditions : iterable of str, optional
        Names in `CONDITIONS`.

    Returns
    -------
    tuple of Case
        Equal arguments give equal tubes.

    Examples
    --------
    >>> from cytomon.validate.suites import SIZES
    >>> [case.tube for case in design_study(SIZES["quick"], start=200)][:2]
    ['plain-blank-BM_m3_BCA-blank-s200', 'plain-blank-third-BM_d28_BCA-blank-s201']
    """
    cases: list[Case] = []
    seed = start
    for condition in conditions:
        listed = list(_with_seeds(size, panel, seed))
        numbers = draw_batches(len(listed), np.random.default_rng([start, seed]))
        batches: dict[int, int] = {}
        for (_, key), number in zip(listed, numbers, strict=True):
            batches.setdefault(key, number)  # what is one tube has one batch
        for wish, key in listed:
            cases.append(_case(wish, key, condition, size, panel, start * 10_000 + batches[key]))
        seed = max(key for _, key in listed) + 1
    return tuple(cases)


def _with_seeds(size: Size, panel: str, seed: int) -> Iterator[tuple[Wish, int]]:
    """Each tube with its seed; what is one tube, altered in different ways, has one seed."""
    for _ in range(size.replicates):
        shared: dict[str, int] = {}
        for wish in wishes(size, panel):
            one = wish.of if wish.suite == "instrument" else ""
            if one not in shared or not one:
                shared[one] = seed
                seed += 1
            yield wish, shared[one]
    for wish in large_wishes(size, panel):
        yield wish, seed
        seed += 1


def _case(wish: Wish, seed: int, condition: str, size: Size, panel: str, batch: int) -> Case:
    own = wish.panel or panel
    events = size.events * wish.times
    blasts = {name: part * wish.level for name, part in KINDS.get(wish.kind, {}).items()}
    realism = CONDITIONS[condition]
    plan = TubePlan(
        state=wish.state,
        n_events=min(events, SUBSETS_MOST) if own == SUBSETS else events,
        seed=seed,
        blasts=blasts,
        panel=own,
        realism=realism,
        artefacts=wish.artefacts,
        hard_blasts=wish.hard,
        batch=batch if realism != Realism.plain() else None,
        hemodilution=wish.hemodilution,
    )
    return Case(
        tube=f"{condition}-{wish.name}-s{seed}",
        condition=condition,
        wish=wish,
        pair=_pair(wish, condition, seed),
        plan=plan,
    )


def _pair(wish: Wish, condition: str, seed: int) -> str:
    if wish.suite != "instrument" or not wish.altered:
        return ""
    untouched = Wish(
        suite=wish.suite, of=wish.of, state=wish.state, kind=wish.kind, level=wish.level
    )
    return f"{condition}-{untouched.name}-s{seed}"
