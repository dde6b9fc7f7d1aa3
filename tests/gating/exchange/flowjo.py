"""Workspaces in FlowJo 10's layout, written for the tests from a tube's own channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr

import flowkit
import numpy as np

from cytomon.fcs.intake import open_tube
from cytomon.model.tube import Spillover, Tube

NAMESPACES = (
    'xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating" '
    'xmlns:transforms="http://www.isac-net.org/std/Gating-ML/v2.0/transformations" '
    'xmlns:data-type="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes"'
)
BIEX = (
    '<transforms:biex transforms:length="256" transforms:maxRange="262144" transforms:neg="{neg}" '
    'transforms:width="{width}" transforms:pos="4.418540">{name}</transforms:biex>'
)
LINEAR = (
    '<transforms:linear transforms:minRange="0" transforms:maxRange="262144" gain="1">{name}'
    "</transforms:linear>"
)
LOGICLE = (
    '<transforms:logicle transforms:length="256" transforms:T="262144" transforms:A="0" '
    'transforms:W="0.5" transforms:M="4.5">{name}</transforms:logicle>'
)
ARCSINH = (
    '<transforms:fasinh transforms:length="256" transforms:maxRange="262144" transforms:T="262144" '
    'transforms:A="1" transforms:M="4.2" transforms:W="-262144">{name}</transforms:fasinh>'
)
LOG = '<transforms:log transforms:offset="26.2" transforms:decades="4">{name}</transforms:log>'


def biex(width: float = -100, neg: float = 0) -> str:
    return BIEX.replace("{width}", str(width)).replace("{neg}", str(neg))


def dimension(name: str, low: float | None = None, high: float | None = None) -> str:
    ends = "" if low is None else f' gating:min="{low!r}"'
    ends += "" if high is None else f' gating:max="{high!r}"'
    inner = f"<data-type:fcs-dimension data-type:name={quoteattr(name)} />"
    return f"<gating:dimension{ends}>{inner}</gating:dimension>"


def rectangle(
    sides: Mapping[str, tuple[float | None, float | None]], *, inside: bool = True
) -> str:
    dimensions = "".join(dimension(name, *ends) for name, ends in sides.items())
    return (
        f'<gating:RectangleGate eventsInside="{int(inside)}" annoOffsetX="0" percentX="0">'
        f"{dimensions}</gating:RectangleGate>"
    )


def polygon(
    names: tuple[str, str], points: Sequence[tuple[float, float]], *, inside: bool = True
) -> str:
    return (
        f'<gating:PolygonGate eventsInside="{int(inside)}" quadId="-1" gateResolution="256">'
        + "".join(map(dimension, names))
        + "".join(_vertex(point) for point in points)
        + "</gating:PolygonGate>"
    )


def ellipse(
    names: tuple[str, str],
    centre: tuple[float, float],
    axes: tuple[float, float],
    angle: float = 0.4,
) -> str:
    """Foci and four edge points on FlowJo's screen of 256 by 256."""
    long, short = (
        np.array([np.cos(angle), np.sin(angle)]),
        np.array([-np.sin(angle), np.cos(angle)]),
    )
    middle, focus = np.array(centre), np.sqrt(axes[0] ** 2 - axes[1] ** 2)
    foci = [middle + focus * long, middle - focus * long]
    ends = [middle + axes[0] * long, middle - axes[0] * long]
    ends += [middle + axes[1] * short, middle - axes[1] * short]
    return (
        '<gating:EllipsoidGate eventsInside="1" gating:distance="0.1">'
        + "".join(map(dimension, names))
        + f"<gating:foci>{''.join(map(_vertex, foci))}</gating:foci>"
        + f"<gating:edge>{''.join(map(_vertex, ends))}</gating:edge></gating:EllipsoidGate>"
    )


def _vertex(point: Sequence[float]) -> str:
    coordinates = "".join(
        f'<gating:coordinate data-type:value="{float(value)!r}" />' for value in point
    )
    return f"<gating:vertex>{coordinates}</gating:vertex>"


@dataclass
class Population:
    """A population and those below it; `gate` is its XML, or ``and``, ``or``, ``not`` of others."""

    name: str
    gate: str
    below: Sequence[Population] = ()
    of: Sequence[str] = ()

    def written(self, path: str, counts: Mapping[str, int]) -> str:
        """Its element, with the counts of all below."""
        path = f"{path}/{self.name}".strip("/")
        count = counts.get(path, -1)
        tag = {"and": "AndNode", "or": "OrNode", "not": "NotNode"}.get(self.gate, "Population")
        inner = f'<Gate gating:id="ID{abs(hash(path))}">{self.gate}</Gate>'
        if tag != "Population":
            parts = "".join(f"<Dependent name={quoteattr(name)} />" for name in self.of)
            inner = f"<Dependents>{parts}</Dependents>"
        children = "".join(child.written(path, counts) for child in self.below)
        below = f"<Subpopulations>{children}</Subpopulations>" if children else ""
        return (
            f'<{tag} name={quoteattr(self.name)} annotation="" owningGroup="" expanded="1" '
            f'sortPriority="10" count="{count}"><Graph type="Pseudocolor" fast="1" />'
            f"{inner}{below}</{tag}>"
        )


@dataclass
class Sample:
    """One sample with its tree, scales by parameter, matrix and stored counts."""

    name: str
    tree: Sequence[Population]
    scales: Mapping[str, str]
    spillover: Spillover | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    uri: str = ""

    def written(self, number: int) -> str:
        """Its element."""
        scales = "".join(
            scale.replace("{name}", f"<data-type:parameter data-type:name={quoteattr(name)} />")
            for name, scale in self.scales.items()
        )
        tree = "".join(one.written("", self.counts) for one in self.tree)
        uri = self.uri or f"file:/V:/somewhere/{self.name}"
        return (
            f'<Sample><DataSet uri={quoteattr(uri)} sampleID="{number}" />'
            f"{_matrix(self.spillover)}<Transformations>{scales}</Transformations>"
            f'<Keywords><Keyword name="$FIL" value={quoteattr(self.name)} /></Keywords>'
            f'<SampleNode name={quoteattr(self.name)} owningGroup="" count="0" '
            f'sampleID="{number}"><Graph /><Subpopulations>{tree}</Subpopulations></SampleNode>'
            "</Sample>"
        )


def _matrix(spillover: Spillover | None) -> str:
    if spillover is None:
        return ""
    names = [quoteattr(name) for name in spillover.detectors]
    parameters = "".join(f"<data-type:parameter data-type:name={name} />" for name in names)
    rows = "".join(
        f"<transforms:spillover data-type:parameter={name}>"
        + "".join(
            f'<transforms:coefficient data-type:parameter={other} transforms:value="{value!r}" />'
            for other, value in zip(names, row, strict=True)
        )
        + "</transforms:spillover>"
        for name, row in zip(names, spillover.matrix.tolist(), strict=True)
    )
    return (
        '<transforms:spilloverMatrix spectral="0" prefix="Comp-" name="Acquisition-defined" '
        f'suffix=""><data-type:parameters>{parameters}</data-type:parameters>{rows}'
        "</transforms:spilloverMatrix>"
    )


def workspace(*samples: Sample, version: str = "10.8.1") -> str:
    """The whole file."""
    listed = "".join(sample.written(number) for number, sample in enumerate(samples, start=1))
    references = "".join(
        f'<SampleRef sampleID="{number}" />' for number in range(1, len(samples) + 1)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Workspace version="20.0" '
        f'flowJoVersion="{version}" {NAMESPACES} nonAutoSaveFileName="file:/V:/lab.wsp">'
        '<WindowPosition x="1" y="2" /><Matrices /><Cytometers />'
        '<Groups><GroupNode name="All Samples" annotation="" owningGroup="All Samples">'
        f'<Group name="All Samples"><SampleRefs>{references}</SampleRefs></Group></GroupNode>'
        f"</Groups><SampleList>{listed}</SampleList></Workspace>"
    )


def flowkit_members(path: Path, tube: Path, name: str) -> dict[str, np.ndarray]:
    """FlowKit's own answer for every population of a sample, event by event."""
    session = flowkit.Workspace(str(path), fcs_samples=str(tube), filename_as_id=True)
    session.analyze_samples(sample_id=name, use_mp=False)
    found = {}
    for gate, above in session.get_gate_ids(name):
        members = session.get_gate_membership(name, gate, gate_path=above)
        found["/".join([*above[1:], gate])] = np.asarray(members, dtype=bool)
    return found


def detectors(tube: Path) -> tuple[Tube, dict[str, str]]:
    """A tube, and FlowJo's name for the compensated detector of each marker."""
    opened = open_tube(tube)
    names = {
        channel.pns.split()[0]: f"Comp-{channel.pnn}" for channel in opened.channels if channel.pns
    }
    return opened, names
