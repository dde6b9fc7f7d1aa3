"""A FlowJo 10 workspace as a tree of populations for each sample; nothing in it is trusted.

No path or address inside is followed: a workspace is read for its gates and counts alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from cytomon.errors import TemplateError
from cytomon.gating.exchange.intake import MOST_CORNERS, MOST_GATES, parse_xml, read_document

MOST_WORKSPACE_BYTES = 50_000_000
MOST_WORKSPACE_PARTS = 1_000_000
MOST_NAMED = 20
GATING = "{http://www.isac-net.org/std/Gating-ML/v2.0/gating}"
DATA_TYPE = "{http://www.isac-net.org/std/Gating-ML/v2.0/datatypes}"
TRANSFORMS = "{http://www.isac-net.org/std/Gating-ML/v2.0/transformations}"
REDRAW = "draw it again in FlowJo as a rectangle or polygon, or delete it, and save a copy"
_KINDS = {"Population": "gate", "AndNode": "and", "OrNode": "or", "NotNode": "not"}
_SAID = {"min", "max", "name", "value", "eventsInside"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Node:
    """One population of a sample.

    Attributes
    ----------
    path : tuple of str
        Names from the top to the population.
    kind : str
        ``gate``, or ``and``, ``or``, ``not`` of other populations.
    count : int or None
        Events that FlowJo counted; None where it has not.
    element : lxml element
        Of the workspace.
    """

    path: tuple[str, ...]
    kind: str
    count: int | None
    element: Any

    @property
    def where(self) -> str:
        """The path as FlowJo writes it."""
        return "/".join(self.path)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """One sample of a workspace.

    Attributes
    ----------
    name, file : str
        What the workspace calls it, and the base name of its file; may identify a person.
    nodes : tuple of Node
        Its populations, parents first.
    element : lxml element
        Of the workspace.
    """

    name: str
    file: str
    nodes: tuple[Node, ...]
    element: Any

    def is_called(self, name: str) -> bool:
        """Whether a file or a person calls the sample so."""
        return name in {self.name, self.file}

    def fingerprint(self) -> str:
        """The same for samples with the same gates on the same scales."""
        said = [
            (node.path, node.kind, [_said(element) for element in node.element.iter(*_geometry())])
            for node in self.nodes
        ]
        scales = sorted(
            repr([_said(scale, everything=True), *(_said(name) for name in scale)])
            for scale in self.element.findall("Transformations/*")
        )
        return hashlib.sha256(repr((said, scales)).encode()).hexdigest()

    def compensation(self) -> str:
        """The same for samples that are compensated by the same numbers."""
        matrices = self.element.findall(f"{TRANSFORMS}spilloverMatrix")
        said = [sorted(element.items()) for one in matrices for element in one.iter("{*}*")][1:]
        return hashlib.sha256(repr((len(matrices), said)).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workspace:
    """A workspace's samples; `sha256` is that of the file."""

    path: Path
    sha256: str
    samples: tuple[Sample, ...]


def open_workspace(path: Path) -> Workspace:
    """Read a workspace of FlowJo 10.

    Raises
    ------
    TemplateError
        If it is too large, carries a DOCTYPE, is none of FlowJo 10, or a sample of it holds more
        than `MOST_GATES` gates or `MOST_CORNERS` corners.
    """
    from lxml import etree

    content = read_document(path, MOST_WORKSPACE_BYTES, parts=MOST_WORKSPACE_PARTS)
    try:
        root = parse_xml(content, path)
    except etree.LxmlError as error:
        raise _no_workspace(path, "is not XML") from error
    version = root.get("flowJoVersion", "")
    if root.tag != "Workspace" or not version:
        raise _no_workspace(path, "is no FlowJo workspace")
    if version.partition(".")[0] != "10":
        # a keyword of an untrusted file is repeated only as far as it is a number
        shown = version.partition(".")[0]
        shown = shown if shown.isdecimal() and len(shown) < 4 else "another version"
        raise _no_workspace(path, f"was saved by FlowJo {shown}, and only 10 is read")
    samples = tuple(
        _sample(element, path)
        for element in root.findall("SampleList/Sample")
        if element.find("SampleNode") is not None
    )
    return Workspace(path=path, sha256=hashlib.sha256(content).hexdigest(), samples=samples)


def choose_sample(workspace: Workspace, wanted: str, files: Sequence[str]) -> Sample:
    """The sample whose gates are meant.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    wanted : str
        Name of a sample, or empty.
    files : sequence of str
        Names of the tubes at hand: of several samples with other gates the one of a tube is taken.

    Raises
    ------
    TemplateError
        If there is none, or if several are meant that do not have the same gates, or, where none of
        them is of a tube at hand, the same compensation.
    """
    gated = [sample for sample in workspace.samples if sample.nodes]
    if not gated:
        raise _no_workspace(workspace.path, "holds no sample with gates")
    if wanted:
        found = [sample for sample in gated if sample.is_called(wanted)]
    else:
        ours = [sample for sample in gated if any(sample.is_called(file) for file in files)]
        same = len({sample.fingerprint() for sample in gated}) == 1
        found = ours or gated if same else ours
    if found and len({sample.fingerprint() for sample in found}) == 1:
        alike = [
            s
            for s in found
            if s.file == found[0].file or wanted or not any(s.is_called(file) for file in files)
        ]
        if len({sample.compensation() for sample in alike}) == 1:
            return found[0]
        what = "samples of the workspace have the same gates and other matrices"
    elif wanted:
        what = "several samples of this name have other gates" if found else "has no such sample"
        what = f"the workspace {what}" if not found else what
    else:
        what = f"the {len(gated)} samples of the workspace do not all have the same gates"
    # the names of other samples may be those of people
    known = [sample.file for sample in gated if sample.file in set(files)]
    names = f": {', '.join(known[:MOST_NAMED])}" if known else ", by its name or file in FlowJo"
    raise TemplateError(
        what, where=workspace.path.name, fix=f"name one with --sample{names}, or its tube"
    )


def _sample(element: Any, path: Path) -> Sample:  # noqa: ANN401
    node = element.find("SampleNode")
    dataset = element.find("DataSet")
    address = "" if dataset is None else dataset.get("uri", "")
    nodes = tuple(_nodes(node, (), path))
    corners = sum(1 for _ in node.iter(f"{GATING}vertex"))
    if corners > MOST_CORNERS:
        raise TemplateError(
            f"the polygons of a sample have {corners} corners; at most {MOST_CORNERS} are read",
            where=path.name,
            fix="draw them with fewer corners",
        )
    if len(nodes) > MOST_GATES:
        raise TemplateError(
            f"a sample of the workspace holds {len(nodes)} gates; at most {MOST_GATES} are read",
            where=path.name,
            fix="save a workspace with the gates that are needed",
        )
    file = unquote(address).replace("\\", "/").rpartition("/")[2]
    return Sample(name=node.get("name", ""), file=file, nodes=nodes, element=element)


def _nodes(parent: Any, above: tuple[str, ...], path: Path) -> Iterator[Node]:  # noqa: ANN401
    for element in parent.iterfind("Subpopulations/*"):
        name = element.get("name", "")
        kind = _KINDS.get(element.tag if isinstance(element.tag, str) else "")
        if kind is None:
            if name and len(element):
                what = "is of a kind that is not read"
                raise unreadable((*above, name), what, "delete it in FlowJo, and save a copy")
            continue  # statistics and comments
        here = (*above, name)
        yield Node(path=here, kind=kind, count=_count(element), element=element)
        yield from _nodes(element, here, path)


def _count(element: Any) -> int | None:  # noqa: ANN401
    said = element.get("count", "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 16 else None


def _geometry() -> tuple[str, ...]:
    """Elements that say what is inside, for `iter`; what a population holds below is told apart."""
    names = ("RectangleGate", "PolygonGate", "EllipsoidGate", "dimension", "coordinate")
    return (*(GATING + name for name in names), f"{DATA_TYPE}fcs-dimension", "Dependent")


def _said(element: Any, *, everything: bool = False) -> tuple[str, tuple[tuple[str, str], ...]]:  # noqa: ANN401
    attributes = (
        (key.rpartition("}")[2], value)
        for key, value in element.attrib.items()
        if everything or key.rpartition("}")[2] in _SAID
    )
    return str(element.tag), tuple(sorted(attributes))


def unreadable(path: tuple[str, ...], what: str, fix: str) -> TemplateError:
    """A population that cannot be read, by its path."""
    return TemplateError(f"the population {what}", where="/".join(path), fix=fix)


def _no_workspace(path: Path, what: str) -> TemplateError:
    return TemplateError(
        f"the file {what}",
        where=path.name,
        fix="save the workspace with FlowJo 10 (.wsp), or export the gates as GatingML 2.0",
    )
