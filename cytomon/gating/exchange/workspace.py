"""Gates of one sample of a FlowJo 10 workspace, read by FlowKit one by one.

FlowJo keeps vertices and bounds before the scale and a scale for each parameter; FlowKit puts the
two together. Each gate is handed to it alone, so that whatever it cannot read has a name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cytomon.gating.exchange.check import check_gates, check_scale
from cytomon.gating.exchange.document import Document, in_reading_order, with_readable_names
from cytomon.gating.exchange.workspace_file import (
    DATA_TYPE,
    GATING,
    REDRAW,
    TRANSFORMS,
    Node,
    Sample,
    Workspace,
    unreadable,
)
from cytomon.gating.exchange.workspace_gate import ask_flowkit, scale_of, shape_of
from cytomon.gating.exchange.workspace_matrix import Compensation, compensation_of, tube_detector
from cytomon.model.gating import (
    TUBE_MATRIX,
    Axis,
    Boolean,
    Operand,
    PlacedGate,
    Placement,
    Scale,
)
from cytomon.model.tube import Tube

_READ = ("RectangleGate", "PolygonGate", "EllipsoidGate")
_SCALES = ("linear", "log", "logicle", "biex", "fasinh")


def workspace_document(workspace: Workspace, sample: Sample, tube: Tube) -> Document:
    """Gates of a sample as they stand in a tube.

    Parameters
    ----------
    workspace, sample : Workspace, Sample
        Where they are.
    tube : Tube
        Its detectors resolve the dimensions; its own matrix is used where the sample has the same.

    Raises
    ------
    TemplateError
        If a population cannot be read; its path is named.
    """
    compensation = compensation_of(sample, tube, workspace.path)
    reader = _Reader(sample, tube, workspace.path, compensation)
    gates = tuple(reader.gates())
    try:
        ordered = in_reading_order(gates)
    except ValueError as error:
        path = reader.paths[str(error)]
        raise unreadable(path, "rests on itself", "delete it in FlowJo, and save a copy") from error
    matrices = {TUBE_MATRIX: tube.spillover} if tube.spillover else {}
    if compensation.own is not None:
        matrices[compensation.matrix] = compensation.own
    placement = Placement(
        template=workspace.path.stem,
        version="",
        sha256=workspace.sha256,
        gates=ordered,
        matrices=matrices,
    )
    check_gates(gates, matrices.keys(), workspace.path)
    renamed, by_name = with_readable_names(placement, reader.paths)
    return Document(
        format="FlowJo 10 workspace",
        sha256=workspace.sha256,
        placement=renamed,
        paths=by_name,
        notes=(compensation.note,),
    )


class _Reader:
    """Populations of one sample, one after the other, as gates."""

    def __init__(self, sample: Sample, tube: Tube, path: Path, compensation: Compensation) -> None:
        self._sample, self._tube, self._path = sample, tube, path
        self._compensation = compensation
        self._scales = _by_parameter(sample)
        self._names = {node.path: f"g{number}" for number, node in enumerate(sample.nodes)}
        self.paths = {name: path for path, name in self._names.items()}
        for named, times in Counter(node.path for node in sample.nodes).items():
            if times > 1:
                raise unreadable(named, "is there twice", "rename one of the two in FlowJo")

    def gates(self) -> Iterator[PlacedGate]:
        """Every population, in the order of the workspace."""
        for node in self._sample.nodes:
            name = self._names[node.path]
            parent = self._names[node.path[:-1]] if len(node.path) > 1 else ""
            if node.kind == "gate":
                yield self._geometric(node, name, parent)
            else:
                yield PlacedGate(name=name, parent=parent, shape=self._logic(node))

    def _logic(self, node: Node) -> Boolean:
        written = Counter("/".join(path) for path in self._names)
        known = {
            where: n for path, n in self._names.items() if written[where := "/".join(path)] == 1
        }
        operands = []
        for dependent in node.element.iterfind("Dependents/Dependent"):
            said = dependent.get("name", "")
            if said not in known:
                what = "combines a population that the sample does not have"
                raise unreadable(node.path, what, "draw it again in FlowJo, and save a copy")
            operands.append(Operand(gate=known[said], complement=node.kind == "not"))
        if not operands or (node.kind == "not" and len(operands) > 1):
            what = f"combines {len(operands)} populations"
            raise unreadable(node.path, what, "draw it again in FlowJo, and save a copy")
        if node.kind == "or":
            return Boolean(some=tuple(operands))
        return Boolean(every=tuple(operands))

    def _geometric(self, node: Node, name: str, parent: str) -> PlacedGate:
        element = _only_gate(node)
        kind = element.tag.removeprefix(GATING)
        labels = [
            dimension.get(f"{DATA_TYPE}name", "")
            for dimension in element.iter(f"{DATA_TYPE}fcs-dimension")
        ]
        scales = {label: self._scale_of(label, node) for label in labels}
        curved = {
            label: scale
            for label, scale in scales.items()
            # a line is a line before its scale, too; FlowJo draws ellipses on the screen
            if scale is not None and (kind == "EllipsoidGate" or scale.tag != f"{TRANSFORMS}linear")
        }
        gate, transforms = ask_flowkit(node, element, curved)
        if [dimension.id for dimension in gate.dimensions] != labels:
            raise unreadable(node.path, "names other channels than its bounds are for", REDRAW)
        axes, shape = [], shape_of(gate, node)
        for label in labels:
            found = transforms.get(label)
            scale = scale_of(found) if found is not None else None
            if scale is not None:
                check_scale(scale, label, self._path)
            axes.append(self._axis(label, scale, node))
        return PlacedGate(
            name=name,
            parent=parent,
            shape=shape,
            axes=tuple(axes),
            complement=bool(gate.use_complement),
        )

    def _scale_of(self, label: str, node: Node) -> Any:  # noqa: ANN401
        """A parameter's scale: that of the compensated one, else that of its detector."""
        for name in (label, self._compensation.detector(label)):
            if name in self._scales:
                found = self._scales[name]
                kind = found.tag.removeprefix(TRANSFORMS)
                if kind not in _SCALES:
                    what = f"stands on a scale of FlowJo that nobody else knows ({kind[:20]!r})"
                    fix = "choose biex, logicle, arcsinh, log or linear for it in FlowJo"
                    raise unreadable(node.path, what, fix)
                return found
        return None

    def _axis(self, label: str, scale: Scale | None, node: Node) -> Axis:
        detector = self._compensation.detector(label)
        channel = tube_detector(detector, self._tube)
        if channel is None:
            what = f"stands on {label!r}, which the tube does not have"
            fix = (
                "use a tube of the workspace's panel; derived parameters, clusters and the like "
                "are not read"
            )
            raise unreadable(node.path, what, fix)
        matrix = self._compensation.matrix if self._compensation.is_compensated(label) else ""
        return Axis(channel=channel, label=label, matrix=matrix, scale=scale)


def _by_parameter(sample: Sample) -> dict[str, Any]:
    return {
        name.get(f"{DATA_TYPE}name", ""): scale
        for scale in sample.element.iterfind("Transformations/*")
        for name in scale.iterfind(f"{DATA_TYPE}parameter")
    }


def _only_gate(node: Node) -> Any:  # noqa: ANN401
    found = node.element.findall("Gate/*")
    if len(found) != 1:
        raise unreadable(node.path, "has no gate of its own", REDRAW)
    kind = str(found[0].tag).rpartition("}")[2]
    if kind not in _READ:
        raise unreadable(node.path, f"is drawn as {kind[:30]!r}, which is not read", REDRAW)
    return found[0]
