"""A document's gates become a template file, every number as it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from cytomon.errors import TemplateError
from cytomon.gating.axes import NOT_ALWAYS_COMPENSATED
from cytomon.gating.exchange.document import Document
from cytomon.gating.exchange.names import numbered, readable
from cytomon.gating.lint import SCATTER
from cytomon.model.gating import (
    TUBE_MATRIX,
    Axis,
    Boolean,
    Box,
    Ellipse,
    Operand,
    PlacedGate,
    Polygon,
    Scale,
)
from cytomon.model.tube import Panel, Role, Spillover, Tube
from cytomon.yaml_file import write_yaml

Entry = dict[str, Any]


def as_template(document: Document, tube: Tube, panel: Panel, *, name: str, specimen: str) -> bytes:
    """Write a template of fixed gates.

    Parameters
    ----------
    document : Document
        From `cytomon.gating.exchange`.
    tube, panel : Tube, Panel
        What the document's gates stand in; detectors that carry a marker are called by it, so that
        the template fits other tubes of the panel.
    name : str
        Of the template.
    specimen : str
        ``marrow``, ``blood`` or ``csf``.

    Returns
    -------
    bytes
        Of the YAML file.

    Raises
    ------
    TemplateError
        If a gate has no form in a template.
    """
    glossary = _Glossary(tube, panel)
    gates = [
        _without_empty(_gate(gate, document.paths[gate.name], glossary))
        for gate in document.placement.gates
    ]
    matrices = {
        key: _matrix(matrix)
        for key, matrix in document.placement.matrices.items()
        if key != TUBE_MATRIX
    }
    return write_yaml(
        {
            "schema_version": 1,
            "name": name,
            "version": "1.0.0",
            "title": f"Gates of a {document.format}",
            "specimen": specimen,
            "markers": {"required": glossary.markers},
            "compensation": "tube" if glossary.compensates() else "none",
            "roles": {},
            "quantities": [],
            **({"matrices": matrices} if matrices else {}),
            **({"dimensions": glossary.dimensions} if glossary.dimensions else {}),
            "gates": gates,
            "literature": [
                f"Imported from a {document.format}; sha256 of its content: {document.sha256}",
                "Gates stand where the document puts them. Nobody has validated them here.",
            ],
        }
    )


@dataclass
class _Glossary:
    """Names for the axes of one document."""

    tube: Tube
    panel: Panel
    markers: list[str] = field(default_factory=list)
    dimensions: dict[str, Entry] = field(default_factory=dict)
    _known: dict[tuple[object, ...], str] = field(default_factory=dict)

    def name(self, axis: Axis) -> str:
        """What gates call an axis; the same axis always has the same name."""
        key = (axis.channel, axis.matrix, axis.scale, axis.ratio)
        if key not in self._known:
            self._known[key] = self._plain(axis) or self._new(axis)
        return self._known[key]

    def compensates(self) -> bool:
        """Whether all markers can be compensated by the tube's own matrix."""
        if self.tube.spillover is None:
            return False
        detectors = [
            self.tube.channels[self.panel.columns[marker]].pnn
            for marker in self.markers
            if marker not in NOT_ALWAYS_COMPENSATED
        ]
        return set(detectors) <= set(self.tube.spillover.detectors)

    def _plain(self, axis: Axis) -> str:
        """Scatter and time as they are in the file need no name of their own."""
        above = self._channel(axis.channel)
        if axis.scale or axis.matrix or above not in SCATTER:
            return ""
        if axis.ratio is None:
            return above
        below = self._channel(axis.ratio.over)
        plain = (axis.ratio.a, axis.ratio.b, axis.ratio.c) == (1.0, 0.0, 0.0)
        return f"{above}/{below}" if plain and below in SCATTER else ""

    def _new(self, axis: Axis) -> str:
        channel = self._channel(axis.channel)
        entry: Entry = {"channel": channel}
        words = [channel]
        if axis.ratio is not None:
            over = self._channel(axis.ratio.over)
            entry |= {"over": over, "a": axis.ratio.a, "b": axis.ratio.b, "c": axis.ratio.c}
            words += ["over", over]
        if axis.matrix:
            entry["matrix"] = axis.matrix
        elif self._stained(axis.channel) and axis.ratio is None:
            words.append("raw")
        if axis.scale is not None:
            entry["scale"] = _scale(axis.scale)
            words.append(axis.scale.kind)
        elif axis.matrix:
            words.append("comp")
        taken = {*self.dimensions, *SCATTER, *self.panel.columns}
        name = numbered(readable(" ".join(words), stands_for="detector"), taken)
        self.dimensions[name] = entry
        return name

    def _channel(self, pnn: str) -> str:
        """The marker or place of a detector where the panel knows it, else the detector."""
        for name, index in self.panel.columns.items():
            if self.tube.channels[index].pnn == pnn:
                if name not in SCATTER and name not in self.markers:
                    self.markers.append(name)
                return name
        if pnn in self.panel.columns:
            raise TemplateError(
                f"the detector {pnn!r} bears the name of a marker that another detector carries",
                where=self.tube.name,
                fix="correct the labels in the acquisition software",
            )
        return pnn

    def _stained(self, pnn: str) -> bool:
        return any(c.pnn == pnn and c.role is Role.FLUORESCENCE for c in self.tube.channels)


def _gate(gate: PlacedGate, path: tuple[str, ...], glossary: _Glossary) -> Entry:
    head: Entry = {"name": gate.name, "parent": gate.parent}
    tail: Entry = {
        "complement": gate.complement,
        "comment": "" if path == (gate.name,) else "/".join(path),
    }
    names = [glossary.name(axis) for axis in gate.axes]
    if len(set(names)) < len(names):
        raise _refused(path, "looks at the same channel twice")
    match gate.shape:
        case Box(bounds=bounds):
            body = _box(dict(zip(names, bounds, strict=True)), path)
        case Polygon(vertices=vertices):
            body = {
                "kind": "polygon",
                "on": names,
                "vertices": [[float(x), float(y)] for x, y in vertices],
            }
        case Ellipse(mean=mean, covariance=covariance, distance_square=square):
            body = {
                "kind": "ellipsoid",
                "on": names,
                "mean": [float(value) for value in mean],
                "covariance": [[float(value) for value in row] for row in covariance],
                "distance_square": float(square),
            }
        case Boolean() as shape:
            body = _logic(shape, path)
            tail["complement"] ^= body.pop("complement")
        case _:
            raise _refused(path, "is of a kind that templates do not have")
    return head | body | tail


def _box(bounds: Mapping[str, tuple[float | None, float | None]], path: tuple[str, ...]) -> Entry:
    """A side that is open at both ends decides nothing and is left out."""
    sides: dict[str, Entry] = {}
    for name, (low, high) in bounds.items():
        ends = {"low": low, "high": high}
        said = {end: float(value) for end, value in ends.items() if value is not None}
        if said:
            sides[name] = said
        if low is not None and high is not None and low >= high:
            raise _refused(path, "has a lower end above its upper end, and can hold no event")
    if not sides:
        raise _refused(path, "has no bound")
    return {"kind": "interval" if len(sides) == 1 else "rectangle", "bounds": sides}


def _logic(shape: Boolean, path: tuple[str, ...]) -> Entry:
    """All, any or none; where the outside of an operand is one of several ways in, De Morgan."""
    if shape.every and shape.some:
        raise _refused(path, "combines gates in a way that templates do not have")
    if shape.every:
        return {"kind": "boolean", **dict(_parts(shape.every, flip=False)), "complement": False}
    if not any(one.complement for one in shape.some):
        any_of = [one.gate for one in shape.some]
        return {"kind": "boolean", "any": any_of, "complement": False}
    return {"kind": "boolean", **dict(_parts(shape.some, flip=True)), "complement": True}


def _parts(operands: tuple[Operand, ...], *, flip: bool) -> Iterator[tuple[str, list[str]]]:
    for key, outside in (("all", False), ("none", True)):
        names = [one.gate for one in operands if one.complement ^ flip is outside]
        if names:
            yield key, names


def _scale(scale: Scale) -> Entry:
    return {key: float(v) if key != "kind" else v for key, v in asdict(scale).items()}


def _matrix(matrix: Spillover) -> Entry:
    return {"detectors": list(matrix.detectors), "values": matrix.matrix.tolist()}


def _without_empty(entry: Entry) -> Entry:
    return {key: value for key, value in entry.items() if value is not False and value != ""}


def _refused(path: tuple[str, ...], what: str) -> TemplateError:
    return TemplateError(
        f"the gate {what}",
        where="/".join(path),
        fix="draw the gate again where it comes from, as a rectangle or polygon, or leave it out",
    )
