"""What a person changed about the gates of a tube, put in where the template places them.

A number that a person has moved stands where they left it; the others of the same gate still find
their place, so that a gate of which one edge was moved by hand follows its reference with the other
one. A population without an outline of its own gets regions, of which the events are put into it or
out of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cytomon.errors import GatingError
from cytomon.gating.axes import Axes
from cytomon.model.adjustment import DRAWN, Adjustment, Change, Outline
from cytomon.model.findings import Finding, Severity
from cytomon.model.gating import (
    Axis,
    Boolean,
    Box,
    Ellipse,
    Envelope,
    Operand,
    PlacedBound,
    PlacedGate,
    Polygon,
    Score,
)

BY_HAND = "by_hand"
"""Method of a number that a person has moved."""
CALLED = "(called)"
"""Suffix of what a population was before regions were drawn."""
_AGAIN = "review the tube again with the template that it is measured with"

Number = tuple[str, str]
"""One number of a box: label of its axis, and ``low`` or ``high``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """What stands of all changes to one gate.

    Attributes
    ----------
    outline : Outline
        Where the gate was left.
    on : tuple of str
        Labels of its dimensions.
    numbers : frozenset of Number
        Of a box those that were moved or pinned; of any other outline all of it is meant.
    """

    outline: Outline
    on: tuple[str, ...]
    numbers: frozenset[Number] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What stands of all changes to a tube.

    Attributes
    ----------
    held : mapping of str to Hand
        Gate to where it was left.
    regions : mapping of str to sequence of Adjustment
        Gate to the regions that were drawn for it, in order.
    """

    held: Mapping[str, Hand]
    regions: Mapping[str, Sequence[Adjustment]]

    def gates(self) -> tuple[str, ...]:
        """Gates that were changed."""
        return tuple(dict.fromkeys((*self.held, *self.regions)))

    def labels(self) -> Iterator[str]:
        """Dimensions that regions are drawn on."""
        yield from (label for some in self.regions.values() for one in some for label in one.on)


def hands_of(adjustments: Iterable[Adjustment]) -> Hands:
    """What stands of adjustments, in the order in which they were made."""
    held: dict[str, Hand] = {}
    regions: dict[str, list[Adjustment]] = defaultdict(list)
    for one in adjustments:
        if one.change in DRAWN:
            regions[one.gate].append(one)
        else:
            before = held.get(one.gate)
            numbers = (before.numbers if before else frozenset()) | _moved(one)
            held[one.gate] = Hand(outline=one.after, on=one.on, numbers=numbers)
    return Hands(held=held, regions=dict(regions))


def _moved(one: Adjustment) -> frozenset[Number]:
    """Numbers of a box that an adjustment fixes."""
    if not isinstance(one.after, Box):
        return frozenset()
    sides = Box(bounds=((None, None),) * len(one.on)).bounds
    if one.change is Change.MOVED and isinstance(one.before, Box):
        sides = one.before.bounds
    return frozenset(
        (label, end)
        for label, before, after in zip(one.on, sides, one.after.bounds, strict=True)
        for end, was, now in zip(("low", "high"), before, after, strict=True)
        if was != now
    )


def adjusted(gate: PlacedGate, hands: Hands, axes: Mapping[str, Axis]) -> Iterator[PlacedGate]:
    """A placed gate as a person left it, with the gates that its regions need before it.

    Parameters
    ----------
    gate : PlacedGate
        As the template placed it.
    hands : Hands
        What was changed.
    axes : mapping of str to Axis
        Label to axis, for regions.

    Raises
    ------
    GatingError
        If an outline does not fit the gate, or a region is drawn on an axis that is not there.
    """
    gate = _left(gate, hands)
    regions = hands.regions.get(gate.name, ())
    if not regions:
        yield gate
        return
    called = _left(replace(gate, name=f"{gate.name} {CALLED}"), hands)
    drawn = {Change.ADDED: [], Change.TAKEN_OUT: []}  # type: dict[Change, list[PlacedGate]]
    for one in regions:
        number = len(drawn[one.change]) + 1
        region = PlacedGate(
            name=f"{gate.name} ({one.change.value} {number})",
            parent=gate.parent,
            shape=one.after,
            axes=tuple(_axis(label, axes) for label in one.on),
        )
        _refuse_misfit(region, one.after, one.on)
        drawn[one.change].append(_left(region, hands))
    yield called
    yield from (*drawn[Change.ADDED], *drawn[Change.TAKEN_OUT])
    yield PlacedGate(
        name=gate.name,
        parent=gate.parent,
        shape=Boolean(
            every=tuple(Operand(gate=r.name, complement=True) for r in drawn[Change.TAKEN_OUT]),
            some=tuple(Operand(gate=r.name) for r in (called, *drawn[Change.ADDED])),
        ),
    )


def drawn_on(hands: Hands, axes: Axes) -> Iterator[Axis]:
    """Axes that regions are drawn on.

    Raises
    ------
    GatingError
        If the tube does not have one of them.
    """
    yield from (_axis(label, axes) for label in hands.labels())


def _axis(label: str, axes: Mapping[str, Axis] | Axes) -> Axis:
    try:
        return axes[label]
    except KeyError:
        raise GatingError(
            f"a region was drawn on {label}, which this tube does not have",
            where=label,
            fix=_AGAIN,
        ) from None


def _left(gate: PlacedGate, hands: Hands) -> PlacedGate:
    """A gate where a person left it."""
    hand = hands.held.get(gate.name)
    if hand is None:
        return gate
    _refuse_misfit(gate, hand.outline, hand.on)
    if not isinstance(gate.shape, Box) or not isinstance(hand.outline, Box):
        return replace(gate, shape=hand.outline, bounds=())
    by_hand = dict(zip(hand.on, hand.outline.bounds, strict=True))
    sides, stories = [], {story.where: story for story in gate.bounds}
    for axis, placed in zip(gate.axes, gate.shape.bounds, strict=True):
        ends = list(placed)
        for at, end in enumerate(("low", "high")):
            if (axis.label, end) not in hand.numbers:
                continue
            where = f"{axis.label} {end}"
            # of a quadrant the divider is the end on one side
            as_divider = "" if ends[at] is None else f"{axis.label} divider"
            before = stories.pop(where, None) or stories.pop(as_divider, None)
            value = ends[at] = by_hand[axis.label][at]
            if value is not None:
                start = value if before is None else before.start
                stories[where] = PlacedBound(where=where, value=value, start=start, method=BY_HAND)
        sides.append((ends[0], ends[1]))
    return replace(gate, shape=Box(bounds=tuple(sides)), bounds=tuple(stories.values()))


def _refuse_misfit(gate: PlacedGate, outline: Outline, on: tuple[str, ...]) -> None:
    """An outline lies on the very dimensions of its gate, and has a place for each of them."""
    labels = tuple(axis.label for axis in gate.axes)
    if isinstance(gate.shape, Boolean | Score | Envelope):
        what = "it has no outline of its own"
    elif on != labels:
        what = f"it lies on {' × '.join(labels)}, and was changed on {' × '.join(on)}"
    elif _dimensions(outline) != len(on):
        what = f"it lies on {' × '.join(labels)}, and the outline has {_dimensions(outline)} axes"
    else:
        return
    raise GatingError(
        f"gate {gate.name} cannot stand where it was left: {what}",
        where=f"gate {gate.name}",
        fix=_AGAIN,
    )


def _dimensions(outline: Outline) -> int:
    match outline:
        case Box(bounds=bounds):
            return len(bounds)
        case Ellipse(mean=mean):
            return len(mean)
        case Polygon():
            return 2
    return 1


def refuse_unknown(hands: Hands, names: Iterable[str], where: str) -> None:
    """Refuse adjustments of gates that a tube does not have.

    Parameters
    ----------
    hands : Hands
        What was changed.
    names : iterable of str
        All gates of the tube after that.
    where : str
        The tube.

    Raises
    ------
    GatingError
        If there are any.
    """
    known = set(names)
    drawn_for = {name for name in hands.regions if f"{name} {CALLED}" in known}
    unknown = sorted((set(hands.held) - known) | (set(hands.regions) - drawn_for))
    if unknown:
        raise GatingError(
            f"gates were changed that this tube does not have: {', '.join(unknown)}",
            where=where,
            fix=_AGAIN,
        )


def say_adjusted(hands: Hands, where: str) -> Iterator[Finding]:
    """Which gates a person has changed: whoever reads the numbers has to know."""
    names = hands.gates()
    if names:
        yield Finding(
            code="GATES_ADJUSTED",
            severity=Severity.INFO,
            what=f"{len(names)} gates were changed by hand: {', '.join(names)}; how surely a "
            "person places a boundary is not known, so the stability of a status is that of the "
            "other boundaries",
            where=where,
            fix="see the review for where each stood, who changed it and why",
        )
