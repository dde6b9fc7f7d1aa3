"""What a plot of a tube shows: events, the gate that is looked at, its neighbours, and words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cytomon.glance import Look
from cytomon.model.gating import Axis, Boolean, Box, Envelope, PlacedGate, Placement, Score
from cytomon.review.frame import SIDE, Frame, Span
from cytomon.review.grips import Grip, Path, Point, grips, paths, within
from cytomon.review.moved import axes_of
from cytomon.review.raster import (
    PIXELS,
    Colour,
    Events,
    Marked,
    Picture,
    density,
    histogram,
    mark,
)

BLASTS: Colour = (255, 122, 26)
BY_EYE: Colour = (255, 225, 77)
CHOSEN: Colour = (34, 211, 238)
REFERENCES: tuple[Colour, ...] = ((94, 214, 150), (186, 146, 245))
_CALLED = dict(zip(REFERENCES, ("green", "violet"), strict=True))
PATH: Colour = (200, 140, 255)

_USUAL = ("CD45", "SSC-A"), ("CD19", "CD10"), ("CD19", "CD22"), ("CD34", "CD38"), ("CD45", "CD19")
"""Pairs on which a population without an outline of its own is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a person wants to see.

    Attributes
    ----------
    gate : str
        The gate that is looked at.
    pair : (str, str) or None
        Labels of both dimensions; None for the gate's own. An empty second one asks for a
        histogram.
    back : str
        A population that is shown in every plot (back-gating); empty for none.
    path : bool
        Whether the normal path of maturation is shown.
    """

    gate: str
    pair: tuple[str, str] | None = None
    back: str = ""
    path: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A text in a plot, at a place of the square.

    Attributes
    ----------
    text : str
        What it says.
    at : (float, float)
        Middle of the upper edge of what it names.
    colour : Colour
        Its colour.
    """

    text: str
    at: tuple[float, float]
    colour: Colour = (226, 232, 240)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A closed or open line that cannot be moved."""

    path: Path
    colour: Colour
    closed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plot:
    """Everything that is drawn.

    Attributes
    ----------
    frame : Frame
        The two dimensions.
    picture : Picture
        The events.
    outline : tuple of Path
        Of the gate that is looked at; empty where it has none in this plot.
    grips : tuple of Grip
        Where it can be taken hold of.
    lines : tuple of Line
        Neighbours, regions, the path of maturation.
    words : tuple of Word
        Names and percentages of gates.
    title, note : str
        What is shown, and what is not.
    """

    frame: Frame
    picture: Picture
    outline: tuple[Path, ...] = ()
    grips: tuple[Grip, ...] = ()
    lines: tuple[Line, ...] = ()
    words: tuple[Word, ...] = ()
    title: str = ""
    note: str = ""


@dataclass(slots=True, kw_only=True, eq=False)
class Drawing:
    """A tube that is being drawn; keeps the picture of what has not changed.

    Attributes
    ----------
    events : Events
        Of the tube.
    few : Events
        Fewer of them, for small plots.
    """

    events: Events
    few: Events
    _behind: dict[tuple[object, ...], tuple[object, Picture]] = field(default_factory=dict)

    def plot(self, look: Look, chosen: Chosen) -> Plot:
        """A plot of a gate, in a look."""
        gate = gate_of(look.placement, chosen.gate)
        frame = self.frame(look, gate, chosen.pair)
        marked = tuple(_marked(look, gate, chosen))
        picture = self._picture(look, gate, frame).copy()
        mark(picture, self.events, frame, marked)
        own = paths(gate, frame)
        return Plot(
            frame=frame,
            picture=picture,
            outline=own,
            grips=grips(gate, frame),
            lines=tuple(_lines(look.placement, gate, frame, show_path=chosen.path)),
            words=tuple(_words(look, gate, own)),
            title=_title(look, gate),
            note=_note(self.events, marked, look, frame, gate, chosen.back),
        )

    def outlined(self, plot: Plot, look: Look, chosen: Chosen) -> Plot:
        """The same plot with its gate where a look has it; events stay as they were drawn."""
        gate = gate_of(look.placement, chosen.gate)
        own = paths(gate, plot.frame)
        return replace(
            plot,
            outline=own,
            grips=grips(gate, plot.frame),
            words=tuple(_words(look, gate, own)),
        )

    def thumbnail(self, look: Look, gate: PlacedGate, pixels: int, back: str = "") -> Plot:
        """A small plot of a gate."""
        frame = self.frame(look, gate, None)
        shown = look.members.get(gate.parent, look.members[""])
        if frame.is_histogram:
            picture = histogram(self.few, frame, shown, ())
        else:
            picture = density(self.few, frame, shown, pixels)
        if back and back in look.members:
            picture = _grown(picture)
            mark(picture, self.events, frame, [_mark_of(look, back, CHOSEN)], small=True)
        return Plot(frame=frame, picture=picture, outline=paths(gate, frame), title=gate.name)

    def frame(self, look: Look, gate: PlacedGate, pair: tuple[str, str] | None) -> Frame:
        """The dimensions of a plot of a gate."""
        known = axes_of(look.placement)
        x, y = pair or pairs_of(gate, look.placement)[0]
        return Frame(x=self.events.span(known[x]), y=self._upwards(known.get(y)))

    def _upwards(self, axis: Axis | None) -> Span:
        return Span(axis=None, view=(0.0, 1.0)) if axis is None else self.events.span(axis)

    def _picture(self, look: Look, gate: PlacedGate, frame: Frame) -> Picture:
        """Events behind; drawn anew only where the population is another one."""
        parent = look.members.get(gate.parent, look.members[""])
        references = _references(look, gate) if frame.is_histogram else ()
        key = (frame, gate.parent, tuple(one.name for one in references))
        seen: tuple[object, ...] = (parent, *(one.members for one in references))
        before = self._behind.get(key)
        if before is not None and _same(before[0], seen):
            return before[1]
        if frame.is_histogram:
            picture = histogram(self.events, frame, parent, references)
        else:
            picture = density(self.events, frame, parent)
        self._behind.clear()
        self._behind[key] = (seen, picture)
        return picture


def gate_of(placement: Placement, name: str) -> PlacedGate:
    """A gate by its name.

    Raises
    ------
    KeyError
        If there is none.
    """
    for gate in placement.gates:
        if gate.name == name:
            return gate
    raise KeyError(name)


def pairs_of(gate: PlacedGate, placement: Placement) -> tuple[tuple[str, str], ...]:
    """Pairs of dimensions on which a gate is best looked at, the first one first.

    One dimension is shown as a histogram: its second label is empty.
    """
    labels = [axis.label for axis in gate.axes]
    known = axes_of(placement)
    found: list[tuple[str, str]] = []
    if isinstance(gate.shape, Boolean | Score | Envelope):
        found = [pair for pair in _USUAL if pair[0] in known and pair[1] in known]
        rests = _operands(gate)
        for one in placement.gates:
            if one.name in rests and len(one.axes) == 2:
                found.append((one.axes[0].label, one.axes[1].label))
    elif len(labels) == 1:
        found = [(labels[0], "")]
        if "SSC-A" in known and labels[0] != "SSC-A":
            found.append((labels[0], "SSC-A"))
    else:
        closed = list(zip(labels[::2], labels[1::2], strict=False))
        odd = [(labels[-1], labels[0])] if len(labels) % 2 else []
        found = [*closed, *odd]
    if not found:
        names = list(known)
        found = [(names[0], names[1] if len(names) > 1 else "")]
    return tuple(dict.fromkeys(found))


def _operands(gate: PlacedGate) -> set[str]:
    match gate.shape:
        case Boolean(every=every, some=some):
            return {one.gate for one in (*every, *some)}
        case Score(terms=terms):
            return {name for name, _ in terms}
        case Envelope(lineage=lineage, immature=immature):
            return {*lineage, *immature}
    return set()


def _marked(look: Look, gate: PlacedGate, chosen: Chosen) -> Iterator[Marked]:
    """Populations that are drawn event by event: those to be checked by eye, blasts, the chosen."""
    roles = look.placement.roles
    for role, colour in (("by_eye", BY_EYE), ("blasts", BLASTS)):
        if role in roles and roles[role] in look.members:
            yield _mark_of(look, roles[role], colour)
    shown = chosen.back
    if not shown and not isinstance(gate.shape, Box) and not paths_possible(gate):
        shown = gate.name
    blasts = {roles.get("by_eye"), roles.get("blasts")}
    if shown and shown in look.members and shown not in blasts:
        yield _mark_of(look, shown, CHOSEN)


def paths_possible(gate: PlacedGate) -> bool:
    """Whether a gate has an outline in some plot."""
    return not isinstance(gate.shape, Boolean | Score | Envelope)


def _mark_of(look: Look, name: str, colour: Colour) -> Marked:
    return Marked(name=name, colour=colour, members=look.members[name])


def _references(look: Look, gate: PlacedGate) -> tuple[Marked, ...]:
    """The populations that the numbers of a gate were read off."""
    names = dict.fromkeys(bound.reference for bound in gate.bounds if bound.reference)
    known = [name for name in names if name in look.members and name != gate.parent]
    return tuple(
        _mark_of(look, name, colour) for name, colour in zip(known, REFERENCES, strict=False)
    )


def _lines(
    placement: Placement, gate: PlacedGate, frame: Frame, *, show_path: bool
) -> Iterator[Line]:
    """Sisters of a gate on the same dimensions, regions drawn for it, the path of maturation."""
    labels = {axis.label for axis in gate.axes}
    for other in placement.gates:
        is_sister = other.parent == gate.parent and {a.label for a in other.axes} == labels
        is_region = other.name.startswith(f"{gate.name} (") and len(other.axes) == 2
        if other.name != gate.name and labels and is_sister:
            yield from (Line(path=path, colour=(120, 134, 152)) for path in paths(other, frame))
        elif is_region:
            yield from (Line(path=path, colour=BLASTS) for path in paths(other, frame))
    if show_path:
        yield from _maturation(placement, frame)


def _maturation(placement: Placement, frame: Frame) -> Iterator[Line]:
    """The way on which B cells mature in normal marrow, stage by stage."""
    shape = next((g.shape for g in placement.gates if isinstance(g.shape, Envelope)), None)
    if shape is None or frame.is_histogram:
        return
    reference = shape.reference
    centres = {cloud.name: cloud.centre for cloud in reference.normal}
    x, y = frame.x.label, frame.y.label
    points = tuple(
        (_inside(frame.x, centres[name][x]), _inside(frame.y, centres[name][y]))
        for name in reference.path
        if x in centres[name] and y in centres[name]
    )
    if len(points) > 1:
        yield Line(path=Path(points=points), colour=PATH, closed=False)
    for cloud in reference.normal:
        if cloud.name in reference.path and {x, y} <= set(cloud.centre):
            for path in within(_ellipse(cloud.centre, cloud.spread, frame)):
                yield Line(path=path, colour=PATH)


def _inside(span: Span, value: float) -> float:
    """Place of a value, on the frame where it lies outside."""
    return float(np.clip(span.to_plot(value), 0, SIDE))


def _ellipse(centre: Mapping[str, float], spread: Mapping[str, float], frame: Frame) -> list[Point]:
    """Two standard deviations around a normal population; of scatter a share of its place."""
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    found = []
    for span, way in ((frame.x, np.cos(turn)), (frame.y, np.sin(turn))):
        middle, width = centre[span.label], spread[span.label]
        away = 2 * width * (middle if span.label[:3] in {"FSC", "SSC"} else 1.0)
        found.append([span.to_plot(float(middle + away * one)) for one in way])
    return list(zip(*found, strict=True))


def _words(look: Look, gate: PlacedGate, own: Sequence[Path]) -> Iterator[Word]:
    if not own:
        return
    inside, parent = look.counts.get(gate.name), look.counts.get(gate.parent)
    share = f"{100 * inside / parent:.3g} %" if inside is not None and parent else "-"
    points = [point for path in own for point in path.points]
    middle = (min(x for x, _ in points) + max(x for x, _ in points)) / 2
    yield Word(text=f"{gate.name}  {share}", at=(middle, max(y for _, y in points)))


def _title(look: Look, gate: PlacedGate) -> str:
    parent = gate.parent or "all events"
    events = look.counts.get(gate.parent)
    return parent if events is None else f"{parent}: {events:,} event{'s' * (events != 1)}"


def _note(
    events: Events, marked: Sequence[Marked], look: Look, frame: Frame, gate: PlacedGate, back: str
) -> str:
    counted = [
        f"{'back-gated ' if one.name == back else ''}{one.name} {look.counts[one.name]:,}"
        for one in marked
        if look.counts[one.name]
    ]
    said = []
    if frame.is_histogram:
        references = [f"{one.name} ({_CALLED[one.colour]})" for one in _references(look, gate)]
        said += [f"behind: {', '.join(references)}"] if references else []
        said += [f"lines: {', '.join(counted)}"] if counted else []
    elif counted:
        said.append(f"drawn one by one: {', '.join(counted)}")
    if events.is_sample:
        said.append(f"density of {len(events.rows):,} events at even steps")
    return "  ·  ".join(said)


def _grown(picture: Picture) -> Picture:
    """A small picture at the size in which events are marked."""
    size = PIXELS // len(picture)
    return np.repeat(np.repeat(picture, size, axis=0), size, axis=1) if size > 1 else picture


def _same(before: object, now: tuple[object, ...]) -> bool:
    return (
        isinstance(before, tuple)
        and len(before) == len(now)
        and all(one is other for one, other in zip(before, now, strict=True))
    )
