"""Many tubes become one reference: medians over tubes, and how far tubes differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cytomon.errors import InputError
from cytomon.gating.envelope.design import SCATTER
from cytomon.gating.envelope.reference import CloudSpec, LeashSpec, ReferenceSpec
from cytomon.gating.methods import MAD_TO_SD
from cytomon.reference.donors import Seen
from cytomon.reference.sights import Sight

FEWEST_EVENTS, FEWEST_TUBES = 50, 3
"""A cloud is learned from tubes that show it with so many events, and from so many tubes: their
medians are nobody's own."""
USUAL_LEAST, USUAL_MOST = 0.15, 0.35
"""A few tubes of one cytometer are more alike than those of the years to come; and a centre that
may go further than the upper end walks to where blasts near hematogones lie."""
_SHOWN = 1.0
"""A marker that is absent cannot vary: it says nothing about how far tubes differ."""
_NARROWEST = 0.5
_CUT_OFF, _CUT_NARROW = 0.6, 0.7
"""In standard deviations of the start: the upper half of a normal distribution lies 0.67 off and is
0.6 wide."""
_CENTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A reference that was learned, and what was not.

    Attributes
    ----------
    spec : ReferenceSpec
        The file.
    donors : tuple of Seen
        Tubes that it was learned from, by name.
    refused : tuple of Seen
        Tubes that were not taken, with their reasons.
    kept : mapping of str to str
        Normal cloud whose numbers are the start's to the reason.
    axes_kept : mapping of str to tuple of str
        Learned cloud to the axes on which it has the start's numbers: too few tubes have them.
    """

    spec: ReferenceSpec
    donors: tuple[Seen, ...]
    refused: tuple[Seen, ...]
    kept: Mapping[str, str]
    axes_kept: Mapping[str, tuple[str, ...]]


def learn(seen: Sequence[Seen], start: ReferenceSpec, *, name: str, version: str) -> Built:
    """Build a reference.

    Parameters
    ----------
    seen : sequence of Seen
        Tubes in any order: the result does not depend on it.
    start : ReferenceSpec
        With which they were measured; what the tubes do not show is taken over from it.
    name, version : str
        Of the new reference.

    Raises
    ------
    InputError
        If fewer than three tubes can be learned from, or they have markers on different scales.
    """
    donors, refused = _divide(seen)
    if len(donors) < FEWEST_TUBES:
        reasons = "; ".join(f"{one.tube}: {one.refused}" for one in refused[:5])
        raise InputError(
            f"{len(donors)} tubes can be learned from" + (f" ({reasons})" if reasons else ""),
            where="INPUT",
            fix=f"give normal or regenerating marrows of {FEWEST_TUBES} children or more",
        )
    _refuse_scales(donors)
    normal, kept, axes_kept = {}, {}, {}
    for cloud, before in start.normal.items():
        sights = [
            one.clouds[cloud]
            for one in donors
            if cloud in one.clouds and one.clouds[cloud].events >= FEWEST_EVENTS
        ]
        after = _learned(before, sights, on_path=cloud in start.path)
        reason = _why_kept(before, after, sights, start.leash.most)
        normal[cloud] = before if reason else after
        if reason:
            kept[cloud] = reason
        elif missing := tuple(axis for axis in start.axes if not _enough(sights, axis)):
            axes_kept[cloud] = missing
    # what is not learned is taken over, whatever fields a reference may have
    spec = start.model_copy(
        update={
            "name": name,
            "version": version,
            "made_of": _made_of(donors, start),
            "leash": _leash(start.leash, donors, set(normal) - set(kept)),
            "normal": normal,
        }
    )
    return Built(spec=spec, donors=donors, refused=refused, kept=kept, axes_kept=axes_kept)


def moves(before: CloudSpec, after: CloudSpec) -> dict[str, float]:
    """How far each marker's centre differs between two references, on L; the farthest first."""
    far = {
        axis: round(after.centre[axis] - before.centre[axis], 3)
        for axis in before.centre
        if axis in after.centre and axis not in SCATTER
    }
    return dict(sorted(far.items(), key=lambda pair: -abs(pair[1])))


def moved(before: CloudSpec, after: CloudSpec) -> tuple[str, float]:
    """The marker whose centre differs most between two references, and by how much."""
    return next(iter(moves(before, after).items()))


def precursors(seen: Seen, spec: ReferenceSpec) -> int:
    """Events of a tube on the path of maturation, before its mature end.

    Marrow that makes B cells shows them; blood does not, nor does a marrow in B-cell aplasia.
    """
    stages = set(spec.path) - set(spec.mature)
    return sum(sight.events for name, sight in seen.clouds.items() if name in stages)


def _divide(seen: Sequence[Seen]) -> tuple[tuple[Seen, ...], tuple[Seen, ...]]:
    """Tubes to learn from and those refused; a tube that is given twice counts once."""
    donors: dict[str, Seen] = {}
    refused = []
    for one in sorted(seen, key=lambda one: one.tube):
        if one.refused:
            refused.append(one)
        elif one.sha256 in donors:
            same = donors[one.sha256].tube
            refused.append(Seen(tube=one.tube, refused=f"it is the same tube as {same}"))
        else:
            donors[one.sha256] = one
    return tuple(donors.values()), tuple(refused)


def _refuse_scales(donors: Sequence[Seen]) -> None:
    for axis in sorted({axis for one in donors for axis in one.scales}):
        scales = {one.scales[axis]: one.template for one in donors if axis in one.scales}
        if len(scales) > 1:
            raise InputError(
                f"{axis} has different scales in {', '.join(sorted(set(scales.values())))}",
                where="INPUT",
                fix="give tubes of one template, or of templates with the same scales",
            )


def _enough(sights: Sequence[Sight], axis: str) -> bool:
    return sum(axis in sight.centre for sight in sights) >= FEWEST_TUBES


def _learned(before: CloudSpec, sights: Sequence[Sight], *, on_path: bool) -> CloudSpec:
    centre, spread = dict(before.centre), dict(before.spread)
    for axis in before.centre:
        if not _enough(sights, axis):
            continue
        inside = [sight for sight in sights if axis in sight.centre]
        at = float(np.median([sight.centre[axis] for sight in inside]))
        width = float(np.median([sight.spread[axis] for sight in inside]))
        centre[axis] = round(at, -2 if axis in SCATTER else _CENTS)
        # an axis at a detector's end has no width of its own; cells on their way are no width
        width = max(width, _NARROWEST * before.spread[axis])
        spread[axis] = round(min(width, before.spread[axis]) if on_path else width, _CENTS)
    return CloudSpec(
        population=before.population,
        tubes=len(sights),
        events=sum(sight.events for sight in sights),
        centre=centre,
        spread=spread,
    )


def _why_kept(before: CloudSpec, after: CloudSpec, sights: Sequence[Sight], most: float) -> str:
    """Why a cloud keeps the start's numbers; empty where it is learned.

    What the gates left over of a population is not the population. A tube can move a centre of
    the start by `most` and no further; and what is beyond an edge lies off and is narrow at once.
    """
    if len(sights) < FEWEST_TUBES:
        return f"tubes that show {FEWEST_EVENTS} events of it: {len(sights)}, not {FEWEST_TUBES}"
    marker, far = moved(before, after)
    if abs(far) > most:
        return f"what is seen of it lies {far:+.2f} off in {marker}, further than {most:g}"
    cut = [axis for axis in before.centre if _is_cut(before, after, axis)]
    if cut:
        return f"gates leave only a part of it, by {', '.join(cut)}"
    return ""


def _is_cut(before: CloudSpec, after: CloudSpec, axis: str) -> bool:
    here, there, width = before.centre[axis], after.centre[axis], before.spread[axis]
    far = abs(np.log(there / here)) if axis in SCATTER else abs(there - here)
    return bool(far >= _CUT_OFF * width and after.spread[axis] <= _CUT_NARROW * width)


def _leash(before: LeashSpec, donors: Sequence[Seen], learned: set[str]) -> LeashSpec:
    """Between-tube spread of the centres, pooled over clouds and the markers that they show."""
    variances = list(_between(donors, learned))
    if not variances:
        return before
    usual = float(np.clip(np.sqrt(np.mean(variances)), USUAL_LEAST, USUAL_MOST))
    return before.model_copy(update={"usual": round(usual, _CENTS)})


def _between(donors: Sequence[Seen], learned: set[str]) -> Iterator[float]:
    for cloud in sorted(learned):
        sights = [one.clouds[cloud] for one in donors if cloud in one.clouds]
        sights = [sight for sight in sights if sight.events >= FEWEST_EVENTS]
        for axis in sorted({axis for sight in sights for axis in sight.centre} - set(SCATTER)):
            places = np.array([sight.centre[axis] for sight in sights if axis in sight.centre])
            if len(places) >= FEWEST_TUBES and np.median(places) >= _SHOWN:
                off = np.abs(places - np.median(places))
                # of n tubes one is the median or near it: its own distance says nothing
                yield (MAD_TO_SD * float(np.median(off))) ** 2 * len(off) / (len(off) - 1)


def _made_of(donors: Sequence[Seen], start: ReferenceSpec) -> str:
    templates = sorted({one.template for one in donors})
    n_simulated = sum(one.simulated for one in donors)
    simulated = f" ({n_simulated} of them simulated)" if n_simulated else ""
    return (
        f"{len(donors)} tubes{simulated} measured with {', '.join(templates)}, "
        f"beginning with {start.name} {start.version}"
    )
