"""A placement becomes a GatingML 2.0 document.

Our own writer: FlowKit's loses complements and exchanges the sides of quadrants below zero.
"""

from __future__ import annotations

from typing import Any

from cytomon.gating.exchange.gatingml_read import MATRIX_PREFIX
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
)

_STANDARD = "http://www.isac-net.org/std/Gating-ML/v2.0"
_NAMESPACES = {
    "gating": f"{_STANDARD}/gating",
    "transforms": f"{_STANDARD}/transformations",
    "data-type": f"{_STANDARD}/datatypes",
}
_SCALES = {
    "linear": ("flin", "ta"),
    "log": ("flog", "tm"),
    "asinh": ("fasinh", "tma"),
    "logicle": ("logicle", "twma"),
    "hyperlog": ("hyperlog", "twma"),
}


def write_gatingml(placement: Placement, *, comment: str) -> bytes:
    """Write a document.

    Parameters
    ----------
    placement : Placement
        From `cytomon.gating.exchange.spelled.spell_out`: nothing but boxes, polygons, ellipses and
        plain booleans.
    comment : str
        Where it comes from.

    Returns
    -------
    bytes
        UTF-8; the same placement gives the same bytes.
    """
    return _Writer(placement).document(comment)


class _Writer:
    def __init__(self, placement: Placement) -> None:
        self._placement = placement
        axes = [axis for gate in placement.gates for axis in gate.axes]
        scales = dict.fromkeys(axis.scale for axis in axes if axis.scale)
        ratios = dict.fromkeys((axis.channel, axis.ratio) for axis in axes if axis.ratio)
        # letters that names of gates cannot hold: ids are unique in a document
        self._scales = {scale: f"scale-{n}" for n, scale in enumerate(scales, start=1)}
        self._ratios = {ratio: f"ratio-{n}" for n, ratio in enumerate(ratios, start=1)}
        self._matrices = dict.fromkeys(
            axis.matrix for axis in axes if axis.matrix not in {"", TUBE_MATRIX}
        )

    def document(self, comment: str) -> bytes:
        """The whole document."""
        from lxml import etree

        root = etree.Element(_name("gating", "Gating-ML"), nsmap=_NAMESPACES)
        root.append(etree.Comment(f" {comment} "))
        for scale, key in self._scales.items():
            self._scale(root, scale, key)
        for (channel, ratio), key in self._ratios.items():
            self._ratio(root, channel, ratio, key)
        for name in self._matrices:
            self._matrix(root, name)
        for gate in self._placement.gates:
            self._gate(root, gate)
        content = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
        return bytes(content)

    def _scale(self, root: Any, scale: Scale, key: str) -> None:  # noqa: ANN401
        tag, letters = _SCALES[scale.kind]
        values = {letter.upper(): getattr(scale, letter) for letter in letters}
        element = _add(root, "transforms", "transformation", id=key)
        _add(element, "transforms", tag, **values)

    def _ratio(self, root: Any, channel: str, ratio: Ratio, key: str) -> None:  # noqa: ANN401
        element = _add(root, "transforms", "transformation", id=key)
        part = _add(element, "transforms", "fratio", A=ratio.a, B=ratio.b, C=ratio.c)
        for name in (channel, ratio.over):
            _add(part, "data-type", "fcs-dimension", name=name)

    def _matrix(self, root: Any, name: str) -> None:  # noqa: ANN401
        matrix = self._placement.matrices[name]
        element = _add(root, "transforms", "spectrumMatrix", id=f"{MATRIX_PREFIX}{name}")
        for tag in ("fluorochromes", "detectors"):
            part = _add(element, "transforms", tag)
            for detector in matrix.detectors:
                _add(part, "data-type", "fcs-dimension", name=detector)
        for row in matrix.matrix.tolist():
            spectrum = _add(element, "transforms", "spectrum")
            for value in row:
                _add(spectrum, "transforms", "coefficient", value=value)

    def _gate(self, root: Any, gate: PlacedGate) -> None:  # noqa: ANN401
        kinds = {Box: "Rectangle", Polygon: "Polygon", Ellipse: "Ellipsoid", Boolean: "Boolean"}
        parent = {"parent_id": gate.parent} if gate.parent else {}
        element = _add(root, "gating", f"{kinds[type(gate.shape)]}Gate", id=gate.name, **parent)
        sides = (
            gate.shape.bounds if isinstance(gate.shape, Box) else [(None, None)] * len(gate.axes)
        )
        for axis, (low, high) in zip(gate.axes, sides, strict=True):
            ends = {"min": low, "max": high}
            self._axis(element, axis, {key: v for key, v in ends.items() if v is not None})
        match gate.shape:
            case Polygon(vertices=vertices):
                for vertex in vertices:
                    _row(element, "vertex", "coordinate", vertex)
            case Ellipse(mean=mean, covariance=covariance, distance_square=square):
                _row(element, "mean", "coordinate", mean)
                rows = _add(element, "gating", "covarianceMatrix")
                for row in covariance:
                    _row(rows, "row", "entry", row)
                _set(_add(element, "gating", "distanceSquare"), "data-type", "value", square)
            case Boolean() as shape:
                _logic(element, shape)

    def _axis(self, gate: Any, axis: Axis, ends: dict[str, float]) -> None:  # noqa: ANN401
        element = _add(gate, "gating", "dimension")
        own = {"": "uncompensated", TUBE_MATRIX: "FCS"}
        reference = own.get(axis.matrix, f"{MATRIX_PREFIX}{axis.matrix}")
        _set(element, "gating", "compensation-ref", reference)
        if axis.scale is not None:
            _set(element, "gating", "transformation-ref", self._scales[axis.scale])
        for end, value in ends.items():
            _set(element, "gating", end, value)
        if axis.ratio is None:
            _add(element, "data-type", "fcs-dimension", name=axis.channel)
        else:
            inner = _add(element, "data-type", "new-dimension")
            key = self._ratios[axis.channel, axis.ratio]
            _set(inner, "data-type", "transformation-ref", key)


def _logic(element: Any, shape: Boolean) -> None:  # noqa: ANN401
    """The standard wants one operand for not, and two at least for and and or."""
    operands: tuple[Operand, ...] = shape.every or shape.some
    if len(operands) == 1 and operands[0].complement:
        _operand(_add(element, "gating", "not"), operands[0].gate, complement=False)
        return
    part = _add(element, "gating", "and" if shape.every else "or")
    for operand in operands * 2 if len(operands) == 1 else operands:
        _operand(part, operand.gate, complement=operand.complement)


def _operand(element: Any, gate: str, *, complement: bool) -> None:  # noqa: ANN401
    reference = _add(element, "gating", "gateReference", ref=gate)
    if complement:
        _set(reference, "gating", "use-as-complement", "true")


def _row(element: Any, outer: str, inner: str, values: tuple[float, ...]) -> None:  # noqa: ANN401
    part = _add(element, "gating", outer)
    for value in values:
        _set(_add(part, "gating", inner), "data-type", "value", value)


def _add(parent: Any, space: str, tag: str, **attributes: str | float) -> Any:  # noqa: ANN401
    from lxml import etree

    element = etree.SubElement(parent, _name(space, tag))
    for key, value in attributes.items():
        _set(element, space, key, value)
    return element


def _set(element: Any, space: str, key: str, value: str | float) -> None:  # noqa: ANN401
    element.set(_name(space, key), value if isinstance(value, str) else repr(float(value)))


def _name(space: str, tag: str) -> str:
    return f"{{{_NAMESPACES[space]}}}{tag}"
