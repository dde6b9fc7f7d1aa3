"""Tubes from which a reference learns: files of a laboratory, or simulated ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np

from cytomon.errors import CytomonError, GatingError, InputError
from cytomon.fcs.panel import PanelMapping
from cytomon.folders import find_tubes, identity
from cytomon.gating.columns import Columns
from cytomon.gating.schema import TemplateSpec
from cytomon.inputs import Lists, collect
from cytomon.measure.limits import lod_events
from cytomon.measure.quality import hard
from cytomon.model.gating import Envelope, PlacedGate, Placement, Scale
from cytomon.model.normal import LEUKAEMIC, Examination, Reference
from cytomon.model.results import TubeResult
from cytomon.pipeline import OpenedTube, measure_placed, open_for_gating, place_on
from cytomon.pool import Loss
from cytomon.reference.sights import Sight, look
from cytomon.simulate.plan import Realism, TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube

STATES = ("BM_norm_child", "BM_m3_recovering", "BM_m6_recovered", "BM_m3_BCA")
SIMULATED = "simulated"
"""What a simulated tube's file says as its source."""
PANELS = ("b_all_mrd", "euroflow_1", "euroflow_2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a reference learns from one tube; no event and nothing about whose it is.

    Attributes
    ----------
    tube : str
        Its name, for what is said at the terminal alone.
    sha256, template : str
        Of the file; and name and version of what it was measured with.
    scales : mapping of str to Scale or None
        Scale of each axis.
    clouds : mapping of str to Sight
        Normal clouds that explain events of it.
    simulated : bool
        Whether it is of `cytomon simulate`.
    refused : str
        Why nothing is learned from it; empty otherwise.
    """

    tube: str
    sha256: str = ""
    template: str = ""
    scales: Mapping[str, Scale | None] = field(default_factory=dict)
    clouds: Mapping[str, Sight] = field(default_factory=dict)
    simulated: bool = False
    refused: str = ""


class Source(Protocol):
    """Where a tube comes from."""

    @property
    def tube(self) -> str:
        """Its name."""

    def seen(self, start: Reference) -> Seen:
        """Measure it with a reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A tube of a laboratory; see `cytomon.pipeline.measure_tube`."""

    tube: str
    path: str
    template: str = ""
    mapping: PanelMapping | None = None

    def seen(self, start: Reference) -> Seen:
        """Measure it."""
        opened = open_for_gating(
            self.path, template=self.template or None, mapping=self.mapping, file=self.tube
        )
        return _see(self.tube, opened, start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """A tube that is simulated for the purpose."""

    plan: TubePlan

    @property
    def tube(self) -> str:
        """Its name."""
        return f"{self.plan.panel} {self.plan.state} seed {self.plan.seed}"

    def seen(self, start: Reference) -> Seen:
        """Simulate, write and measure it."""
        with TemporaryDirectory(prefix="cytomon-") as folder:
            path = write_tube(simulate_tube(self.plan), Path(folder), "tube")
            return _see(self.tube, open_for_gating(path), start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A tube and the reference that it is measured with: what travels to a process."""

    source: Source
    start: Reference


def observe(task: Task) -> Seen:
    """Measure one tube; one that cannot be measured is refused with the reason."""
    try:
        return task.source.seen(task.start)
    except CytomonError as error:
        return Seen(tube=task.source.tube, refused=error.what)


def lost(task: Task, how: Loss) -> Seen:
    """A tube that ended its process twice, or on which nothing moved."""
    return Seen(tube=task.source.tube, refused=how(task.source.tube).what)


def find_files(
    inputs: Sequence[Path], *, template: str = "", mapping: PanelMapping | None = None
) -> tuple[File, ...]:
    """The tubes of files and folders.

    Raises
    ------
    InputError
        If an input does not exist, there is no tube at all, or one is given twice.
    """
    _refuse_twice(inputs)
    jobs = collect(inputs, Lists(), template=template).jobs
    if not jobs:
        raise InputError(
            "there is no FCS or LMD file",
            where=", ".join(path.name for path in inputs) or "INPUT",
            fix="name tubes or folders of tubes",
        )
    return tuple(
        File(tube=job.file, path=job.path, template=job.template, mapping=mapping) for job in jobs
    )


def _refuse_twice(inputs: Sequence[Path]) -> None:
    """A tube under two inputs; copies are found later, by their content."""
    seen: set[tuple[str, int | None]] = set()
    for given in inputs:
        tubes = {identity(str(path)): file for file, path in find_tubes([given]).items()}
        for real in seen & set(tubes):
            raise InputError(
                "the tube is given twice",
                where=tubes[real],
                fix="name each tube once, or the folder that holds them",
            )
        seen |= set(tubes)


def plan_simulated(
    n_tubes: int, *, seed: int, events: int, panels: Sequence[str] = PANELS
) -> tuple[Simulated, ...]:
    """Simulated normal and regenerating marrows without a blast, half of them with full realism.

    Parameters
    ----------
    n_tubes : int
        For each panel.
    seed : int
        Of the first tube; every further one has the next: each is another child.
    events : int
        Viable nucleated singlets of each tube.
    panels : sequence of str, optional
        Names in `cytomon.simulate.panels.PANELS`.
    """
    kinds = (Realism.plain(), Realism.full())
    turns = [(panel, turn) for panel in panels for turn in range(n_tubes)]
    return tuple(
        Simulated(
            plan=TubePlan(
                state=STATES[turn % len(STATES)],
                n_events=events,
                seed=seed + number,
                blasts={},
                panel=panel,
                realism=kinds[turn // len(STATES) % 2],
            )
        )
        for number, (panel, turn) in enumerate(turns)
    )


def _see(tube: str, opened: OpenedTube, start: Reference) -> Seen:
    template = opened.template
    measured_with = replace(template, references=dict.fromkeys(template.references, start))
    opened = replace(opened, template=measured_with)
    placement = place_on(opened)
    gate, shape = _envelope(placement)
    result = measure_placed(opened, placement, specimen=None, file=tube)
    study = result.examinations[shape.study]
    events = opened.events.rows(study.rows)
    columns = Columns(events, opened.tube.channels, placement.matrices)
    values = np.array([columns.column(axis) for axis in gate.axes])
    names = tuple(axis.label for axis in gate.axes)
    whole = next(p.count for p in result.populations if p.path[-1] == shape.of)
    return Seen(
        tube=tube,
        sha256=result.sha256,
        template=f"{template.name} {template.spec.version}",
        scales={axis.label: axis.scale for axis in gate.axes},
        clouds=look(study, names, values, start),
        simulated=opened.tube.keywords.get("$SRC") == SIMULATED,
        refused=_unfit(result, study, whole, template.spec),
    )


def _envelope(placement: Placement) -> tuple[PlacedGate, Envelope]:
    """The gates of one study have their axes in common: one of them is enough."""
    found = [(gate, gate.shape) for gate in placement.gates if isinstance(gate.shape, Envelope)]
    if len({shape.study for _, shape in found}) != 1:
        raise GatingError(
            f"the template {placement.template} does not ask one reference what explains an event",
            where=placement.template,
            fix="choose a template that looks for blasts with one gate of kind envelope",
        )
    return found[0]


def _unfit(result: TubeResult, study: Examination, whole: int, spec: TemplateSpec) -> str:
    """Why a measured tube is no picture of normal marrow."""
    failures = hard(result.findings)
    if failures:
        return failures[0].what
    leukaemic = study.count(LEUKAEMIC)
    least = lod_events(spec.limits.as_limits(), whole)
    if leukaemic >= least:
        return f"{leukaemic} of its events are leukaemic; with {least} a tube is no normal marrow"
    return ""
