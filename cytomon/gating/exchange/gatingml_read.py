"""GatingML 2.0 documents become placements of fixed gates.

FlowKit parses and validates the XML; this module translates its gates into ours, so that they are
counted like those of any template.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cytomon.errors import TemplateError
from cytomon.gating.exchange.check import check_gates, check_scale, unusable, usable_matrices
from cytomon.gating.exchange.document import Document, in_reading_order, with_readable_names
from cytomon.gating.exchange.intake import (
    content_hash,
    gate_ids,
    parse_document,
    read_document,
)
from cytomon.gating.exchange.names import numbered, readable
from cytomon.model.findings import Finding, Severity
from cytomon.model.gating import (
    TUBE_MATRIX,
    Axis,
    Boolean,
    Box,
    Ellipse,
    Operand,
    PlacedGate,
    Placement,
    Polygon,
    Ratio,
    Scale,
    Shape,
)
from cytomon.model.tube import Panel, Tube

MATRIX_PREFIX = "matrix-"
"""Ids of matrices in our own documents: no gate can be called so."""


def read_gatingml(path: Path, tube: Tube, panel: Panel | None = None) -> Placement:
    """Read a GatingML 2.0 document for use on one tube.

    Parameters
    ----------
    path : Path
        The document.
    tube : Tube
        Its detectors resolve the dimensions; its own matrix answers ``compensation-ref="FCS"``.
    panel : Panel, optional
        Its markers resolve dimensions that neither ``$PnN`` nor ``$PnS`` does.

    Returns
    -------
    Placement
        Every gate fixed where the document puts it; quadrants become boxes.

    Raises
    ------
    TemplateError
        If the document is not valid GatingML 2.0, is too large, or carries a DOCTYPE.

    Notes
    -----
    Where the document asks for the tube's matrix and the tube has none, GatingML 2.0 (section 3.3)
    says uncompensated; a finding says that it happened.
    """
    content = read_document(path)
    strategy = parse_document(content, path)
    matrices = usable_matrices(strategy, tube, path)
    place = {name: number for number, name in enumerate(gate_ids(content))}
    found = sorted(
        _Translator(strategy, tube, panel, path).gates(), key=lambda gate: place[gate.name]
    )
    translated = in_reading_order(found)
    check_gates(translated, matrices.keys(), path)
    findings: tuple[Finding, ...] = ()
    if tube.spillover is not None:
        matrices[TUBE_MATRIX] = tube.spillover
    elif any(axis.matrix == TUBE_MATRIX for gate in translated for axis in gate.axes):
        translated = tuple(_uncompensated(gate) for gate in translated)
        findings = (_no_matrix(path),)
    return Placement(
        template=path.stem,
        version="",
        sha256=hashlib.sha256(content).hexdigest(),
        gates=translated,
        matrices=matrices,
        findings=findings,
    )


def gatingml_document(path: Path, tube: Tube, panel: Panel | None = None) -> Document:
    """A GatingML 2.0 document with names that a template can use; see `read_gatingml`."""
    placement = read_gatingml(path, tube, panel)
    # every gate of a GatingML document has a name of its own: the way to it adds nothing
    paths = {gate.name: (gate.name,) for gate in placement.gates}
    renamed, by_name = with_readable_names(_with_plain_matrices(placement), paths)
    return Document(
        format="GatingML 2.0 document",
        sha256=content_hash(read_document(path)),
        placement=renamed,
        paths=by_name,
        notes=tuple(finding.what for finding in placement.findings),
    )


def _with_plain_matrices(placement: Placement) -> Placement:
    names: dict[str, str] = {"": "", TUBE_MATRIX: TUBE_MATRIX}
    for name in placement.matrices:
        if name != TUBE_MATRIX:
            plain = readable(name.removeprefix(MATRIX_PREFIX), stands_for="matrix")
            names[name] = numbered(plain, names.values())
    gates = tuple(
        dataclasses.replace(
            gate,
            axes=tuple(dataclasses.replace(a, matrix=names[a.matrix]) for a in gate.axes),
        )
        for gate in placement.gates
    )
    matrices = {names[name]: matrix for name, matrix in placement.matrices.items()}
    return dataclasses.replace(placement, gates=gates, matrices=matrices)


class _Translator:
    """FlowKit's gates, one after the other, in ours."""

    def __init__(self, strategy: Any, tube: Tube, panel: Panel | None, path: Path) -> None:  # noqa: ANN401
        self._strategy, self._tube, self._path = strategy, tube, path
        self._markers = panel.columns if panel else {}

    def gates(self) -> Iterator[PlacedGate]:
        """Every gate, parents and operands first."""
        import networkx as nx
        from flowkit.exceptions import QuadrantReferenceError

        for node in nx.topological_sort(self._strategy._dag):
            if node == ("root",):
                continue
            try:
                gate = self._strategy.get_gate(node[-1], node[:-1])
            except QuadrantReferenceError:
                continue
            parent = "" if node[-2] == "root" else node[-2]
            yield from self._translate(gate, parent)

    def _translate(self, gate: Any, parent: str) -> Iterator[PlacedGate]:  # noqa: ANN401
        from flowkit import gates

        if isinstance(gate, gates.QuadrantGate):
            yield from self._quadrants(gate, parent)
            return
        axes: tuple[Axis, ...] = ()
        if not isinstance(gate, gates.BooleanGate):
            axes = tuple(self._axis(dim) for dim in gate.dimensions)
        yield PlacedGate(
            name=gate.gate_name,
            parent=parent,
            shape=_shape(gate),
            axes=axes,
            complement=bool(getattr(gate, "use_complement", False)),
        )

    def _quadrants(self, gate: Any, parent: str) -> Iterator[PlacedGate]:  # noqa: ANN401
        dividers = {divider.id: divider for divider in gate.dimensions}
        for quadrant in gate.quadrants.values():
            refs = quadrant.divider_refs
            yield PlacedGate(
                name=quadrant.id,
                parent=parent,
                shape=Box(bounds=tuple(tuple(quadrant.get_divider_range(ref)) for ref in refs)),
                axes=tuple(self._axis(dividers[ref]) for ref in refs),
            )

    def _axis(self, dim: Any) -> Axis:  # noqa: ANN401
        from flowkit import RatioDimension, transforms

        matrix = {None: "", "uncompensated": "", "FCS": TUBE_MATRIX}.get(
            dim.compensation_ref, dim.compensation_ref
        )
        scale = self._scale(dim.transformation_ref)
        if isinstance(dim, RatioDimension):
            fratio = self._transformation(dim.ratio_ref)
            if not isinstance(fratio, transforms.RatioTransform):
                raise unusable(f"the transformation {dim.ratio_ref!r} is no ratio", self._path)
            above, below = fratio.dimensions
            return Axis(
                channel=self._detector(above, matrix),
                label=f"{above}/{below}",
                matrix=matrix,
                scale=scale,
                ratio=Ratio(
                    over=self._detector(below, matrix),
                    a=fratio.param_a,
                    b=fratio.param_b,
                    c=fratio.param_c,
                ),
            )
        label = getattr(dim, "dimension_ref", None) or dim.id
        detector = self._detector(label, matrix)
        return Axis(channel=detector, label=label, matrix=matrix, scale=scale)

    def _detector(self, label: str, matrix: str) -> str:
        found = set(self._called(label, matrix))
        if len(found) == 1:
            return found.pop()
        if found:
            raise TemplateError(
                f"the document gates on {label!r}, which may be {' or '.join(sorted(found))}",
                where=self._tube.name,
                fix="say with --mapping which detector carries it",
            )
        raise TemplateError(
            f"the document gates on {label!r}, which the tube does not have",
            where=self._tube.name,
            fix="use the document with the panel it was made for",
        )

    def _called(self, label: str, matrix: str) -> Iterator[str]:
        """Detectors that a name may mean; where the panel knows it, what the file calls it too."""
        named = self._strategy.comp_matrices.get(matrix)
        if named is not None and label in named.fluorochromes:
            yield str(named.detectors[named.fluorochromes.index(label)])
        yield from (c.pnn for c in self._tube.channels if c.pnn == label)
        if label in self._markers:
            # with the laboratory's own word on it
            yield self._tube.channels[self._markers[label]].pnn
        else:
            yield from (c.pnn for c in self._tube.channels if c.pns == label)

    def _transformation(self, reference: str) -> Any:  # noqa: ANN401
        known = self._strategy.transformations
        if reference not in known:
            what = f"the document asks for the transformation {reference!r}, which it does not hold"
            raise unusable(what, self._path)
        return known[reference]

    def _scale(self, reference: str | None) -> Scale | None:
        if reference is None:
            return None
        found = self._transformation(reference)
        kind = type(found).__name__.removeprefix("GML").removesuffix("Transform").lower()
        scale = Scale(
            kind={"parametrizedasinh": "asinh"}.get(kind, kind),
            t=getattr(found, "param_t", 0.0),
            m=getattr(found, "param_m", 0.0),
            w=getattr(found, "param_w", 0.0),
            a=getattr(found, "param_a", 0.0),
        )
        check_scale(scale, reference, self._path)
        return scale


def _shape(gate: Any) -> Shape:  # noqa: ANN401
    from flowkit import gates

    if isinstance(gate, gates.RectangleGate):
        return Box(
            bounds=tuple(
                (getattr(d, "min", None), getattr(d, "max", None)) for d in gate.dimensions
            )
        )
    if isinstance(gate, gates.PolygonGate):
        return Polygon(vertices=tuple((float(x), float(y)) for x, y in gate.vertices))
    if isinstance(gate, gates.EllipsoidGate):
        return Ellipse(
            mean=tuple(float(c) for c in gate.coordinates),
            covariance=tuple(tuple(float(v) for v in row) for row in gate.covariance_matrix),
            distance_square=float(gate.distance_square),
        )
    if isinstance(gate, gates.BooleanGate):
        flip = gate.type == "not"
        operands = tuple(
            Operand(gate=ref["ref"], complement=bool(ref["complement"]) ^ flip)
            for ref in gate.gate_refs
        )
        return Boolean(some=operands) if gate.type == "or" else Boolean(every=operands)
    raise TemplateError(
        f"gates of the kind {type(gate).__name__} are not read",
        where=str(gate.gate_name),
        fix="replace the gate by a rectangle, polygon, ellipsoid, quadrant or boolean gate",
    )


def _uncompensated(gate: PlacedGate) -> PlacedGate:
    axes = tuple(
        dataclasses.replace(axis, matrix="") if axis.matrix == TUBE_MATRIX else axis
        for axis in gate.axes
    )
    return dataclasses.replace(gate, axes=axes)


def _no_matrix(path: Path) -> Finding:
    return Finding(
        code="GATINGML_UNCOMPENSATED",
        severity=Severity.WARNING,
        what="the document asks for the tube's own compensation, and the tube has none; "
        "its gates are applied to uncompensated values",
        where=path.name,
        fix="GatingML 2.0 prescribes this; check that it is what the document's author meant",
    )
