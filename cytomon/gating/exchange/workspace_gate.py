"""One gate of a FlowJo workspace, as FlowKit reads it.

It is handed to FlowKit in a workspace of its own that holds no path, no keyword and no matrix; so
whatever FlowKit cannot read has a name, and what is around the gate cannot change it.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from cytomon.gating.exchange.workspace_file import (
    DATA_TYPE,
    GATING,
    REDRAW,
    TRANSFORMS,
    Node,
    unreadable,
)
from cytomon.model.gating import Box, Polygon, Scale, Shape

_NAMESPACES = {
    "gating": GATING.strip("{}"),
    "data-type": DATA_TYPE.strip("{}"),
    "transforms": TRANSFORMS.strip("{}"),
}


def ask_flowkit(
    node: Node,
    element: Any,  # noqa: ANN401
    scales: Mapping[str, Any],
) -> tuple[Any, Mapping[str, Any]]:
    """FlowKit's reading of one gate, and of the scales of its dimensions.

    Parameters
    ----------
    node : Node
        The population.
    element : lxml element
        Its gate.
    scales : mapping of str to lxml element
        Parameter to the scale on which it is wanted; linear values where left out.

    Raises
    ------
    TemplateError
        If FlowKit cannot read it.
    """
    import flowkit
    from flowkit.exceptions import FlowKitException
    from lxml import etree

    try:
        # a division by zero shows in the numbers, which are checked
        with np.errstate(all="ignore"):
            content = etree.tostring(_alone(element, scales))
            strategy = flowkit.parse_wsp(io.BytesIO(content))["samples"]["s"]["gating_strategy"]
            return strategy.get_gate("g", sample_id="s"), strategy.transformations
    except (FlowKitException, etree.LxmlError) as error:
        raise unreadable(node.path, "cannot be read", REDRAW) from error
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        # FlowKit asks for attributes and elements without looking whether they are there
        raise unreadable(node.path, "cannot be read", REDRAW) from error


def _alone(element: Any, scales: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """A workspace of one sample with one gate: no path, no keyword, no matrix."""
    from lxml import etree

    root = etree.Element("Workspace", nsmap=_NAMESPACES, flowJoVersion="10")
    etree.SubElement(root, "Groups")
    sample = etree.SubElement(etree.SubElement(root, "SampleList"), "Sample")
    etree.SubElement(sample, "DataSet", sampleID="1")
    transformations = etree.SubElement(sample, "Transformations")
    for label, scale in scales.items():
        part = etree.SubElement(transformations, scale.tag, attrib=dict(scale.attrib))
        etree.SubElement(part, f"{DATA_TYPE}parameter", attrib={f"{DATA_TYPE}name": label})
    etree.SubElement(sample, "Keywords")
    top = etree.SubElement(sample, "SampleNode", name="s", sampleID="1")
    below = etree.SubElement(top, "Subpopulations")
    population = etree.SubElement(below, "Population", name="g", owningGroup="")
    gate = etree.SubElement(population, "Gate")
    gate.append(copy.deepcopy(element))
    return root


def shape_of(gate: Any, node: Node) -> Shape:  # noqa: ANN401
    """Bounds or vertices of FlowKit's gate; its ellipses are polygons already."""
    from flowkit import gates

    if isinstance(gate, gates.RectangleGate):
        bounds = tuple((_number(d.min), _number(d.max)) for d in gate.dimensions)
        numbers = [end for side in bounds for end in side if end is not None]
        shape: Shape = Box(bounds=bounds)
    else:
        vertices = tuple((float(x), float(y)) for x, y in gate.vertices)
        numbers = [value for vertex in vertices for value in vertex]
        shape = Polygon(vertices=vertices)
    if not np.isfinite(numbers).all():
        raise unreadable(node.path, "has a bound that is not a number", REDRAW)
    return shape


def _number(value: Any) -> float | None:  # noqa: ANN401
    return None if value is None else float(value)


def scale_of(found: Any) -> Scale:  # noqa: ANN401
    """FlowKit's transform in our words."""
    from flowkit import transforms

    if isinstance(found, transforms.WSPBiexTransform):
        # FlowKit takes fewer than no negative decades for none
        numbers = [found.max_value, found.positive, found.width, max(found.negative, 0.0)]
        kind = "biex"
    elif isinstance(found, transforms.WSPLogTransform):
        numbers = [found.offset, found.decades, 0.0, 0.0]
        kind = "flowjo_log"
    else:
        numbers = [getattr(found, f"param_{letter}", 0.0) for letter in "tmwa"]
        kind = type(found).__name__.removesuffix("Transform").lower()
    t, m, w, a = map(float, numbers)
    return Scale(kind=kind, t=t, m=m, w=w, a=a)
