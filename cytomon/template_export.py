"""A template becomes a GatingML 2.0 document, and is read again before the document is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cytomon.errors import InputError, TemplateError
from cytomon.fcs.intake import split_dataset
from cytomon.fcs.mapping import PanelMapping
from cytomon.gating.exchange.gatingml_write import write_gatingml
from cytomon.gating.exchange.imagined import imagine, moving_gates
from cytomon.gating.exchange.intake import MOST_BYTES, MOST_GATES
from cytomon.gating.exchange.probe import probes
from cytomon.gating.exchange.reread import refuse_unlike, refuse_unlike_in_flowkit
from cytomon.gating.exchange.spelled import Spelled, spell_out
from cytomon.gating.place import place
from cytomon.gating.source import sample
from cytomon.gating.template import Template
from cytomon.model.findings import Finding
from cytomon.model.gating import Placement
from cytomon.model.tube import FloatArray, Tube
from cytomon.pipeline import MOST_PLACED_ON, open_for_gating, place_on
from cytomon.soundness import load_template
from cytomon.tables import refuse_same, write_new

MOST_FOR_FLOWKIT = 100_000
_USUAL = 20_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to export.

    Attributes
    ----------
    template : str
        Name of a template, or path of its file.
    tube : str
        The tube in which gates that move find their place; empty for none.
    out : Path
        The document to write.
    leave_out : bool
        Whether gates that GatingML cannot express may be missing.
    mapping : PanelMapping or None
        The laboratory's own word on the tube's detectors.
    force : bool
        Whether a file that is there already may be replaced.
    """

    template: str
    out: Path
    tube: str = ""
    leave_out: bool = False
    mapping: PanelMapping | None = None
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What became of an export.

    Attributes
    ----------
    n_gates : int
        Gates of the template in the document; helpers are not counted.
    missing : mapping of str to str
        Gates that GatingML cannot express, each with the reason.
    beyond_flowkit : tuple of str
        Gates that FlowKit cannot decide as the standard has them.
    n_events : int
        On which members were compared.
    findings : tuple of Finding
        Of placing the gates.
    """

    n_gates: int
    missing: Mapping[str, str]
    beyond_flowkit: tuple[str, ...]
    n_events: int
    findings: tuple[Finding, ...]


def export_template(wanted: Wanted) -> Exported:
    """Write a template's gates as a GatingML 2.0 document.

    Raises
    ------
    CytomonError
        If gates move and there is no tube, if a gate cannot be expressed, or if what was written
        does not read as the template; nothing is kept then.
    """
    template = load_template(wanted.template)
    tube_file = Path(split_dataset(wanted.tube)[0])
    inputs = (template.path, *([tube_file] if wanted.tube else []))
    refuse_same(wanted.out, inputs, option="--out")
    tube, placement, events = _placed(template, wanted)
    spelled = spell_out(placement)
    if spelled.refused and not wanted.leave_out:
        raise _not_expressed(spelled, template)
    if not spelled.said.gates:
        raise TemplateError(
            "GatingML can express none of the gates", where=template.name, fix="keep the template"
        )
    content = write_gatingml(spelled.plain, comment=_comment(template))
    _refuse_too_large(content, spelled, template)
    around = probes(spelled.plain, tube.channels, _usual(events, len(tube.channels)))
    together = np.concatenate([around, events])
    refuse_unlike(content, spelled, tube, together)
    beyond = refuse_unlike_in_flowkit(spelled, tube, together[: len(around) + MOST_FOR_FLOWKIT])
    write_new(wanted.out, content, force=wanted.force)
    return Exported(
        n_gates=len(spelled.said.gates),
        missing=spelled.refused,
        beyond_flowkit=beyond,
        n_events=len(together),
        findings=placement.findings,
    )


def _placed(template: Template, wanted: Wanted) -> tuple[Tube, Placement, FloatArray]:
    """The gates in their places, and the events on which documents are compared."""
    if wanted.tube:
        opened = open_for_gating(wanted.tube, template=wanted.template, mapping=wanted.mapping)
        events = sample(opened.events, MOST_PLACED_ON)
        return opened.tube, place_on(opened), events
    moving = moving_gates(template.spec)
    if moving:
        shown = ", ".join(moving[:10])
        raise InputError(
            f"{len(moving)} gates of {template.name} find their place in a tube: {shown}",
            where="--tube",
            fix="name the tube in which they are wanted: --tube FILE",
        )
    tube, panel = imagine(template.spec)
    nothing = np.empty((0, len(tube.channels)))
    return tube, place(template, tube, panel, nothing), nothing


def _usual(events: FloatArray, n_channels: int) -> FloatArray:
    finite = events[np.isfinite(events).all(axis=1)]
    return np.median(finite, axis=0) if len(finite) else np.full(n_channels, _USUAL)


def _comment(template: Template) -> str:
    spec = template.spec
    return f"cytomon template {spec.name} {spec.version}, sha256 {template.sha256}"


def _not_expressed(spelled: Spelled, template: Template) -> TemplateError:
    listed = "\n".join(f"    {name}: {reason}" for name, reason in spelled.refused.items())
    return TemplateError(
        f"GatingML cannot express {len(spelled.refused)} gates of {template.name}:\n{listed}",
        where=template.path.name,
        fix="export the others with --leave-out, or keep the template",
    )


def _refuse_too_large(content: bytes, spelled: Spelled, template: Template) -> None:
    """What nobody would read again is not written."""
    n_gates = len(spelled.plain.gates)
    if n_gates > MOST_GATES or len(content) > MOST_BYTES:
        raise TemplateError(
            f"the document would hold {n_gates} gates with their helpers, and {len(content)} "
            f"bytes; readers take {MOST_GATES} and {MOST_BYTES}",
            where=template.path.name,
            fix="export a template with fewer gates",
        )
