"""What a template's fields cannot say alone: names that must exist, gates that must come first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from cytomon.gating.numbers_spec import Bound
from cytomon.gating.schema import (
    BooleanGate,
    BoxGate,
    EllipseGate,
    EllipsoidGate,
    EnvelopeGate,
    GateSpec,
    PolygonGate,
    QuadrantGate,
    ScoreGate,
    TemplateSpec,
    TimeGate,
)
from cytomon.model.gating import TUBE_MATRIX

SCATTER = ("FSC-A", "FSC-H", "FSC-W", "SSC-A", "SSC-H", "SSC-W", "Time")

MOST_LISTED = 12
LIMITS_IN_ORDER = (("lod_events", "loq_events"), ("lymphocytes_least", "lymphocytes_firm"))


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake of a template file: its line, what is wrong, what to do."""

    line: int
    what: str
    fix: str


def dimensions(gate: GateSpec) -> tuple[str, ...]:
    """Names on the axes of a gate, in order; a ratio is written ``FSC-H/FSC-A``."""
    match gate:
        case BoxGate(bounds=bounds):
            return tuple(bounds)
        case PolygonGate(on=on) | EllipseGate(on=on) | EllipsoidGate(on=on):
            return tuple(on)
        case QuadrantGate(dividers=dividers):
            return tuple(dividers)
        case TimeGate(steady=steady):
            return ("Time", *steady)
        case EnvelopeGate(needs=needs):
            return needs
        case _:
            return ()


def split_ratio(dimension: str) -> tuple[str, ...]:
    """Channels of a dimension: one, or two for a ratio of scatter channels."""
    above, slash, below = dimension.partition("/")
    return (above, below) if slash and above in SCATTER and below in SCATTER else (dimension,)


def channels(dimension: str, spec: TemplateSpec) -> tuple[str, ...]:
    """Markers and scatter channels of a dimension; a bare detector is asked for when placing."""
    named = spec.dimensions.get(dimension)
    if named is None:
        return split_ratio(dimension)
    return tuple(name for name in named.channels if name in {*spec.markers.names, *SCATTER})


def produced(gate: GateSpec) -> tuple[str, ...]:
    """Names of the populations a gate makes."""
    match gate:
        case QuadrantGate(names=names):
            return names
        case EnvelopeGate(populations=populations):
            return tuple(populations)
        case _:
            return (gate.name,)


def references(gate: GateSpec) -> Iterator[str]:
    """Names of the gates that a gate builds on, its parent left out."""
    match gate:
        case BooleanGate(all=every, any=some, none=none):
            yield from (*every, *some, *none)
        case ScoreGate(terms=terms):
            yield from terms
        case EnvelopeGate(of=of, lineage=lineage, immature=immature):
            yield from (of, *lineage, *immature)
        case EllipseGate(of=of) if of:
            yield of
        case _:
            yield from (bound.of for bound in bounds_of(gate) if bound.of)


def bounds_of(gate: GateSpec) -> Iterator[Bound]:
    """Every number of a gate that can move."""
    numbers: list[object] = []
    match gate:
        case BoxGate(bounds=bounds):
            numbers = [n for side in bounds.values() for n in (side.low, side.high)]
        case QuadrantGate(dividers=dividers):
            numbers = list(dividers.values())
        case PolygonGate(anchor=anchor) if anchor is not None:
            numbers = [anchor.bound]
    yield from (number for number in numbers if isinstance(number, Bound))


def candidates(names: str | tuple[str, ...]) -> tuple[str, ...]:
    """Gates that may fill a role, the preferred one first."""
    return (names,) if isinstance(names, str) else names


def find_mistakes(spec: TemplateSpec, lines: Mapping[tuple[Any, ...], int]) -> Iterator[Mistake]:
    """Every mistake between the parts of a template."""
    known: set[str] = set()
    late: set[str] = set()
    for position, gate in enumerate(spec.gates):
        line = lines.get(("gates", position, "name"), lines.get(("gates", position), 1))
        yield from _reference_mistakes(gate, spec, known, line)
        yield from _dimension_mistakes(gate, spec, line)
        yield from _late_mistakes(gate, late, line)
        known.update(produced(gate))
        if isinstance(gate, EnvelopeGate) or late & {gate.parent, *_members_of(gate)}:
            late.update(produced(gate))
    for role, names in spec.roles.items():
        yield from _role_mistakes(role, candidates(names), known, lines.get(("roles", role), 1))
    yield from _named_mistakes(spec, lines)
    if spec.roles and not spec.quantities:
        yield Mistake(
            lines.get(("quantities",), 1),
            "quantities: none is named, but roles are",
            "name what the roles are for, or write roles: {} to count populations only",
        )
    for name in set(spec.scales) - set(spec.markers.names):
        yield Mistake(
            lines.get(("scales", name), 1), f"scale of {name!r}: no such marker", "list it"
        )
    yield from _limit_mistakes(spec, lines)
    yield from _anchor_mistakes(spec, known, lines)
    for position, name in enumerate(spec.gated_on):
        if name not in spec.markers.names:
            line = lines.get(("gated_on", position), 1)
            what = f"gated_on: {name!r} is not a marker of the template"
            yield Mistake(line, what, _near(name, set(spec.markers.names)))


def _named_mistakes(spec: TemplateSpec, lines: Mapping[tuple[Any, ...], int]) -> Iterator[Mistake]:
    """Dimensions and matrices with names of their own."""
    if spec.quantities and not (spec.markers.required or spec.dimensions):
        line = lines.get(("markers",), 1)
        yield Mistake(line, "markers: none is required", "name what the gates stand on")
    if TUBE_MATRIX in spec.matrices:
        line = lines.get(("matrices", TUBE_MATRIX), 1)
        yield Mistake(line, "matrices: `tube` is the tube's own", "choose another name")
    known = {TUBE_MATRIX, *spec.matrices}
    for name, one in spec.dimensions.items():
        line = lines.get(("dimensions", name), 1)
        if name in {*spec.markers.names, *SCATTER}:
            yield Mistake(
                line, f"dimension {name}: a channel has this name", f"write {name}_scaled, say"
            )
        if one.matrix and one.matrix not in known:
            what = f"dimension {name}: there is no matrix {one.matrix!r}"
            yield Mistake(line, what, _near(one.matrix, known))


def _role_mistakes(
    role: str, names: tuple[str, ...], known: set[str], line: int
) -> Iterator[Mistake]:
    if not names:
        yield Mistake(line, f"role {role}: names no gate", "name one, or leave the role out")
    for name in names:
        if name not in known:
            yield Mistake(line, f"role {role}: no gate {name!r}", _near(name, known))


def _limit_mistakes(spec: TemplateSpec, lines: Mapping[tuple[Any, ...], int]) -> Iterator[Mistake]:
    limits = spec.limits.model_dump()
    for smaller, larger in LIMITS_IN_ORDER:
        if limits[smaller] > limits[larger]:
            written = [lines[place] for n in (smaller, larger) if (place := ("limits", n)) in lines]
            yield Mistake(
                max(written, default=1),
                f"limits: {smaller} ({limits[smaller]}) is above {larger} ({limits[larger]})",
                f"write {smaller} of at most {limits[larger]}, or raise {larger}",
            )


def _anchor_mistakes(
    spec: TemplateSpec, known: set[str], lines: Mapping[tuple[Any, ...], int]
) -> Iterator[Mistake]:
    if spec.anchors is None:
        return
    line = lines.get(("anchors",), 1)
    markers = set(spec.markers.names)
    for named, there, kind in (
        (spec.anchors.gates(), known, "gate"),
        (spec.anchors.markers(), markers, "marker of the template"),
    ):
        for name in named:
            if name not in there:
                yield Mistake(line, f"anchors: {name!r} is not a {kind}", _near(name, there))


def _reference_mistakes(
    gate: GateSpec, spec: TemplateSpec, known: set[str], line: int
) -> Iterator[Mistake]:
    for name in (gate.parent, gate.unless, *references(gate)):
        if name and name not in known:
            later = any(name in produced(other) for other in spec.gates)
            yield Mistake(
                line,
                f"gate {gate.name}: {name!r} is not a gate above it",
                "move that gate up" if later else _near(name, known),
            )
    names = produced(gate)
    for name in dict.fromkeys(names):
        if name in known or names.count(name) > 1:
            yield Mistake(line, f"gate {gate.name}: the name {name!r} is taken", "choose another")


def _members_of(gate: GateSpec) -> Iterator[str]:
    """Gates whose members decide who is inside."""
    if isinstance(gate, BooleanGate | ScoreGate):
        yield from references(gate)


def _late_mistakes(gate: GateSpec, late: set[str], line: int) -> Iterator[Mistake]:
    """Boundaries read from gates that an envelope decides, which comes after all boundaries."""
    read = {bound.of or gate.parent for bound in bounds_of(gate) if bound.by != "fixed"}
    if isinstance(gate, EllipseGate) and gate.of:
        read.add(gate.of)
    if isinstance(gate, TimeGate):
        read.add(gate.parent)
    for name in sorted(read & late):
        yield Mistake(
            line,
            f"gate {gate.name}: {name!r} depends on an envelope, and no boundary can be read from "
            "it",
            "name a gate with `of` that no envelope decides",
        )


def _dimension_mistakes(gate: GateSpec, spec: TemplateSpec, line: int) -> Iterator[Mistake]:
    markers = set(spec.markers.names)
    for dimension in dimensions(gate):
        for name in channels(dimension, spec):
            if name not in markers and name not in SCATTER:
                yield Mistake(
                    line,
                    f"gate {gate.name}: {name!r} is neither a marker of the template nor scatter",
                    _near(name, {*markers, *SCATTER, *spec.dimensions}),
                )
            elif name in spec.markers.optional and gate.optional is None:
                yield Mistake(
                    line,
                    f"gate {gate.name}: {name} is an optional marker",
                    "say `optional: pass` or `optional: drop`",
                )


def _near(name: str, known: set[str]) -> str:
    folded = {other.casefold(): other for other in sorted(known)}
    exact = 1 if name.casefold() in folded else 3
    close = [folded[other] for other in get_close_matches(name.casefold(), folded, n=exact)]
    if close:
        return f"did you mean {', '.join(close)}?"
    listed = 0 < len(known) <= MOST_LISTED
    return f"write one of {', '.join(sorted(known))}" if listed else "check the name"
