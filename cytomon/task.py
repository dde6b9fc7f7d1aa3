"""One tube as a task for a worker: a path and settings in, a small document out."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cytomon
from cytomon.errors import CytomonError, GatingError
from cytomon.fcs.panel import PanelMapping
from cytomon.fcs.read import read_events
from cytomon.inputs import Job
from cytomon.model.findings import Finding, Severity
from cytomon.model.results import TubeResult
from cytomon.pipeline import (
    OpenedTube,
    measure_placed,
    not_evaluable,
    open_for_gating,
    place_on,
)
from cytomon.tables import (
    Row,
    finding_row,
    finding_rows,
    measurement_rows,
    population_rows,
    write_whole,
)

SCHEMA = 1
DOUBTFUL = {
    "BORDERLINE_AT_THRESHOLD",
    "WITH_SUSPICIOUS_EVENTS",
    "QUALITY_FAILED",
    "EQUIVOCAL",
    "PROVISIONAL",
}


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
    figures : str
        ``all``, ``doubtful`` or ``none``.
    force : bool
        Measure again what is measured already.
    """

    template: str = ""
    mapping: PanelMapping | None = None
    engine: str = "flowkit"
    figures: str = "none"
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One tube, where its results go, and how to measure it."""

    job: Job
    out: str
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What is kept of one tube: its rows in the tables, and the places of its gates.

    Attributes
    ----------
    file, sha256 : str
        Name in the tables, and hash of the file; empty hash for a file that could not be read.
    analysis : str
        Hash of everything the result depends on; empty for a refused tube.
    template : mapping of str to str
        Name, version and hash; empty for a refused tube.
    engine : str
        Who decided membership.
    refused, defect : bool
        Whether the tube could not be measured, and whether that was our fault.
    measurements, populations, findings : tuple of dict
        Rows of the tables.
    placement : tuple of dict
        Each number of each gate: value, start, method, reference.
    details : mapping
        Quantity to the numbers behind its status.
    seconds : float
        Time of this run; not kept.
    from_before : bool
        Whether it was taken up from an earlier run; not kept.
    """

    file: str
    sha256: str = ""
    analysis: str = ""
    template: Mapping[str, str] = field(default_factory=dict)
    engine: str = ""
    refused: bool = False
    defect: bool = False
    measurements: tuple[Row, ...] = ()
    populations: tuple[Row, ...] = ()
    findings: tuple[Row, ...] = ()
    placement: tuple[Mapping[str, Any], ...] = ()
    details: Mapping[str, Mapping[str, float | str]] = field(default_factory=dict)
    seconds: float = 0.0
    from_before: bool = False


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
        document = _measure(task)
    except CytomonError as error:
        document = refused(task.job, _reason(error))
    except Exception as error:  # noqa: BLE001  (one tube's defect must not stop the others)
        document = refused(task.job, _defect(error), defect=True)
    return dataclasses.replace(document, seconds=round(time.perf_counter() - started, 3))


def refused(job: Job, finding: Finding, *, defect: bool = False) -> Document:
    """The document of a tube that could not be measured."""
    row = finding_row(job.file, finding)
    return Document(file=job.file, refused=True, defect=defect, findings=(row,))


def to_json(content: object) -> bytes:
    """Bytes that depend on the content alone."""
    return (json.dumps(content, indent=1, sort_keys=True, default=str) + "\n").encode()


def _measure(task: Task) -> Document:
    job, settings = task.job, task.settings
    opened = open_for_gating(
        job.path, template=job.template or None, mapping=settings.mapping, file=job.file
    )
    analysis = _analysis(task, opened)
    kept = Path(task.out) / "tubes" / f"{analysis}.json"
    before = None if settings.force else _from_before(kept)
    if before is not None and not _lacks_figure(task, before):
        return before
    events = read_events(opened.tube)
    try:
        placement = place_on(opened, events)
    except GatingError as error:
        result = not_evaluable(opened, _reason(error), specimen=job.specimen, file=job.file)
        return dataclasses.replace(_document(result, opened, ""), refused=True)
    result = measure_placed(
        opened, events, placement, specimen=job.specimen, file=job.file, engine=settings.engine
    )
    document = _document(result, opened, analysis)
    if _lacks_figure(task, document):
        from cytomon.gating.figures import draw_strategy

        draw_strategy(_figure_path(task), opened.tube, result, events)
    write_whole(kept, to_json(_kept(document)))
    return document


def _analysis(task: Task, opened: OpenedTube) -> str:
    """Hash of everything a result depends on (design: section 1)."""
    inputs = {
        "cytomon": cytomon.__version__,
        "schema": SCHEMA,
        "file": task.job.file,
        "tube": opened.tube.sha256,
        "dataset": opened.tube.dataset,
        "panel": dict(opened.panel.columns),
        "notices": [finding.what for finding in opened.panel.findings],
        "template": opened.template.sha256,
        "specimen": dataclasses.asdict(task.job.specimen) if task.job.specimen else None,
        "engine": task.settings.engine,
    }
    return hashlib.sha256(to_json(inputs)).hexdigest()[:32]


def _document(result: TubeResult, opened: OpenedTube, analysis: str) -> Document:
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
        measurements=tuple(measurement_rows(result)),
        populations=tuple(population_rows(result)),
        findings=tuple(finding_rows(result)),
        placement=tuple(
            {"gate": gate.name, **dataclasses.asdict(bound)}
            for gate in result.placement.gates
            for bound in gate.bounds
        ),
        details={m.quantity: dict(m.details) for m in result.measurements if m.details},
    )


def _kept(document: Document) -> dict[str, Any]:
    content = dataclasses.asdict(document)
    del content["seconds"], content["from_before"]
    return content


def _from_before(path: Path) -> Document | None:
    """A document of an earlier run; one that cannot be read is measured again."""
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        for name in ("measurements", "populations", "findings", "placement"):
            content[name] = tuple(content[name])
        return Document(**content, from_before=True)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _lacks_figure(task: Task, document: Document) -> bool:
    wanted = task.settings.figures
    if wanted == "none" or (wanted == "doubtful" and not _is_doubtful(document)):
        return False
    return not document.from_before or not _figure_path(task).is_file()


def _is_doubtful(document: Document) -> bool:
    qualifiers = {q for row in document.measurements for q in row["qualifiers"].split(";")}
    codes = {row["code"] for row in document.findings}
    return bool(qualifiers & DOUBTFUL or codes & {"GATE_FALLBACK", "GATE_AT_LEASH"})


def _figure_path(task: Task) -> Path:
    return Path(task.out) / "figures" / f"{task.job.file.replace('/', '__')}.png"


def _reason(error: CytomonError) -> Finding:
    return Finding(
        code=error.code,
        severity=Severity.ERROR,
        what=error.what,
        where=error.where,
        fix=error.fix,
    )


def _defect(error: Exception) -> Finding:
    """Name the place of a defect, never its message: that may hold what a keyword said."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return Finding(
        code="DEFECT",
        severity=Severity.ERROR,
        what=f"cytomon failed on this tube ({type(error).__name__})",
        where=f"{Path(frame.filename).name} line {frame.lineno}",
        fix="this is our fault: please report it with the version and the place named here",
    )
