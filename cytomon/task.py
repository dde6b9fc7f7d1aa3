"""One tube as a task for a worker: a path and settings in, a small document out."""

from __future__ import annotations

import dataclasses
import hashlib
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cytomon
from cytomon.document import Document, keep, kept_path, to_json, unseal
from cytomon.errors import CytomonError, GatingError
from cytomon.fcs.acquisition import acquired_at, instrument
from cytomon.fcs.panel import PanelMapping
from cytomon.gating.template import Template
from cytomon.gating.verify import compare_engines, say_differences
from cytomon.inputs import Job
from cytomon.model.adjustment import Adjustment
from cytomon.model.findings import Finding, Severity, finding_of
from cytomon.model.patient import Specimen
from cytomon.model.results import TubeResult
from cytomon.model.tube import Role
from cytomon.pictures import Pictures
from cytomon.pipeline import (
    OpenedTube,
    measure_placed,
    not_evaluable,
    open_for_gating,
    place_on,
)
from cytomon.stalls import PATIENCE
from cytomon.tables import (
    UnwritableError,
    finding_row,
    finding_rows,
    measurement_rows,
    population_rows,
    unwritable,
)

SCHEMA = 4
IDENTIFIERS = ("patient_id", "specimen_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What holds for every tube of a batch.

    Attributes
    ----------
    template : str
        Template for tubes whose worklist row names none; empty to pick by panel.
    mapping : PanelMapping or None
        Which detector holds which marker, where the laboratory says so.
    engine : str
        Who decides membership.
    verify : bool
        Ask the other engine as well.
    figures : str
        For which tubes pictures are made: ``all``, ``doubtful`` or ``none``.
    force : bool
        Measure again what is measured already.
    patience : float
        Seconds without movement after which a tube is given up, where another process measures it.
    """

    template: str = ""
    mapping: PanelMapping | None = None
    engine: str = "stream"
    verify: bool = False
    figures: str = "none"
    force: bool = False
    patience: float = PATIENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One tube, where its results go, and how to measure it."""

    job: Job
    out: str
    settings: Settings


def perform(task: Task) -> Document:
    """Measure one tube, or take up its document from before.

    Returns
    -------
    Document
        Always: a tube that cannot be measured is refused with its reason, and never stops the
        batch.
    """
    started = time.perf_counter()
    try:
        early = task.job.refused
        document = refused(task, early) if early else _measure(task)
    except UnwritableError as error:
        # this attempt may be a late one: what another has kept meanwhile stays
        seconds = round(time.perf_counter() - started, 3)
        return dataclasses.replace(_refusal(task, finding_of(error)), seconds=seconds)
    except CytomonError as error:
        document = refused(task, finding_of(error))
    except MemoryError:
        document = refused(task, _out_of_memory(task))
    except Exception as error:  # noqa: BLE001  (one tube's defect must not stop the others)
        document = refused(task, _defect(error), defect=True)
    if document.refused:
        with suppress(CytomonError):  # where nothing can be written, it is told without
            document = keep(_kept_path(task), document)
    return dataclasses.replace(document, seconds=round(time.perf_counter() - started, 3))


def refused(task: Task, finding: Finding, *, defect: bool = False) -> Document:
    """The document of a tube that could not be measured; what an earlier run left of it goes."""
    with suppress(CytomonError):
        _forget(task)
    return _refusal(task, finding, defect=defect)


def _refusal(task: Task, finding: Finding, *, defect: bool = False) -> Document:
    row = finding_row(task.job.file, finding)
    return Document(file=task.job.file, refused=True, defect=defect, findings=(row,))


def _measure(task: Task) -> Document:
    job, settings = task.job, task.settings
    opened = open_for_gating(
        job.path, template=job.template or None, mapping=settings.mapping, file=job.file
    )
    analysis = analysis_of(opened, job.file, job.specimen, engine=settings.engine)
    pictures = _pictures(task)
    earlier = unseal(_kept_path(task))
    is_done = earlier is not None and earlier.analysis == analysis and not settings.force
    if earlier and is_done and not pictures.lack(earlier) and not _lacks_proof(task, earlier):
        return earlier
    _forget(task, analysis)
    try:
        placement = place_on(opened)
    except GatingError as error:
        result = not_evaluable(opened, finding_of(error), specimen=job.specimen, file=job.file)
        return dataclasses.replace(document_of(result, opened, ""), refused=True)
    result = measure_placed(
        opened, placement, specimen=job.specimen, file=job.file, engine=settings.engine
    )
    document = document_of(result, opened, analysis)
    if settings.verify:
        document = _verified(document, opened, result)
    if earlier is not None:
        pictures.drop_superseded(earlier, document)
    if pictures.lack(document):
        pictures.draw(opened.tube, result, opened.events, analysis)
    return keep(_kept_path(task), document)


def analysis_of(
    opened: OpenedTube,
    file: str,
    specimen: Specimen | None,
    *,
    engine: str,
    adjustments: Sequence[Adjustment] = (),
) -> str:
    """Hash of everything a result depends on (design: section 1); whose it is does not count."""
    facts = dataclasses.asdict(specimen) if specimen else {}
    inputs = {
        "cytomon": cytomon.__version__,
        "schema": SCHEMA,
        "file": file,
        "tube": opened.tube.sha256,
        "dataset": opened.tube.dataset,
        "panel": dict(opened.panel.columns),
        "fluorochromes": dict(opened.panel.fluorochromes),
        "notices": [finding.what for finding in opened.panel.findings],
        "template": opened.template.sha256,
        "missed": [dataclasses.asdict(one) for one in opened.missed],
        "specimen": {k: v for k, v in facts.items() if k not in IDENTIFIERS},
        "engine": engine,
    }
    if adjustments:
        inputs["adjustments"] = [repr(one.geometry) for one in adjustments]
    return hashlib.sha256(to_json(inputs)).hexdigest()[:32]


def document_of(result: TubeResult, opened: OpenedTube, analysis: str) -> Document:
    """What is kept of a measured tube."""
    template = opened.template
    return Document(
        file=result.file,
        sha256=result.sha256,
        analysis=analysis,
        template={
            "name": template.name,
            "version": template.spec.version,
            "sha256": template.sha256,
        },
        engine=result.engine,
        acquired=acquired_at(opened.tube),
        instrument=instrument(opened.tube),
        panel=_panel(opened),
        measurements=tuple(
            {**row, **dict.fromkeys(IDENTIFIERS, "")} for row in measurement_rows(result)
        ),
        populations=tuple(population_rows(result)),
        findings=tuple(finding_rows(result)),
        placement=tuple(
            {"gate": gate.name, **dataclasses.asdict(bound)}
            for gate in result.placement.gates
            for bound in gate.bounds
        ),
        limits=template.spec.limits.model_dump(),
        details={m.quantity: dict(m.details) for m in result.measurements if m.details},
        anchors=_anchors(result, template),
        left_open=result.open_events,
    )


def _panel(opened: OpenedTube) -> dict[str, str]:
    """Marker to fluorochrome; neither scatter nor time."""
    stained = {c.index for c in opened.tube.channels if c.role is Role.FLUORESCENCE}
    columns, named = opened.panel.columns, opened.panel.fluorochromes
    return {marker: named.get(marker, "") for marker, at in columns.items() if at in stained}


def _anchors(result: TubeResult, template: Template) -> dict[str, Any]:
    if not result.anchors or template.spec.anchors is None:
        return {}
    places = [dataclasses.asdict(anchor) for anchor in result.anchors]
    return {"drift": template.spec.anchors.drift, "places": places}


def _verified(document: Document, opened: OpenedTube, result: TubeResult) -> Document:
    compared = compare_engines(opened.events, result.placement, result.examinations)
    findings = say_differences(compared, where=opened.tube.name)
    return dataclasses.replace(
        document,
        verified={
            "decisions": compared.decisions,
            "differences": len(compared.differences),
            "listed": len(compared.listed),
        },
        findings=(*document.findings, *(finding_row(document.file, one) for one in findings)),
    )


def _lacks_proof(task: Task, document: Document) -> bool:
    return task.settings.verify and not document.verified


def _forget(task: Task, analysis: str = "") -> None:
    """Remove what an earlier run left of this tube: a picture must never show other gates."""
    try:
        _pictures(task).forget(analysis)
        _kept_path(task).unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(_kept_path(task), error) from error


def _pictures(task: Task) -> Pictures:
    return Pictures(out=Path(task.out), file=task.job.file, wanted=task.settings.figures)


def _kept_path(task: Task) -> Path:
    return kept_path(Path(task.out), task.job.file)


def _out_of_memory(task: Task) -> Finding:
    return Finding(
        code="OUT_OF_MEMORY",
        severity=Severity.ERROR,
        what="there was not enough memory for this tube",
        where=task.job.file,
        fix="use fewer workers (--jobs 1), or a larger machine, and run again",
    )


def _defect(error: Exception) -> Finding:
    """Name the place of a defect, never its message: that may hold what a keyword said."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [
        frame for frame in frames if Path(cytomon.__file__).parent in Path(frame.filename).parents
    ]
    frame = (ours or frames)[-1]
    return Finding(
        code="DEFECT",
        severity=Severity.ERROR,
        what=f"cytomon failed on this tube ({type(error).__name__})",
        where=f"{Path(frame.filename).name} line {frame.lineno}",
        fix="this is our fault: please report it with the version and the place named here",
    )
