"""The story of one tube, from its file to its measurements."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cytomon.errors import TemplateError
from cytomon.evidence import evidence_of, looked_at
from cytomon.fcs.events import FileEvents
from cytomon.fcs.intake import open_tube, split_dataset
from cytomon.fcs.panel import PanelMapping, match_panel, read_mapping, require
from cytomon.fitness import check_fitness, looked_at_for_fitness
from cytomon.gating.axes import Axes
from cytomon.gating.count import Counted, count
from cytomon.gating.near_miss import NearMiss, near_misses, say_unmeasured
from cytomon.gating.place import place
from cytomon.gating.source import Source, sample
from cytomon.gating.stability import jittered
from cytomon.gating.template import Template, list_templates, pick_template
from cytomon.measure.b_cells import say_boundary
from cytomon.measure.catalogue import measure_all, say_missing
from cytomon.measure.quality import check_quality, hard
from cytomon.measure.stability import say_stability
from cytomon.model.adjustment import Adjustment
from cytomon.model.findings import Finding, Severity
from cytomon.model.gating import Placement
from cytomon.model.patient import Specimen
from cytomon.model.results import Evidence, TubeResult
from cytomon.model.tube import Panel, Tube
from cytomon.soundness import load_template, refuse_overflow

MOST_PLACED_ON = 500_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpenedTube:
    """A tube whose panel is known and whose template is chosen; nothing is counted yet.

    Attributes
    ----------
    tube : Tube
        The checked file.
    panel : Panel
        Its markers.
    template : Template
        The template that will be placed.
    events : Source
        Its events.
    missed : tuple of NearMiss
        MRD templates that the tube came closest to, where one without MRD was picked for it.
    """

    tube: Tube
    panel: Panel
    template: Template
    events: Source
    missed: tuple[NearMiss, ...] = ()


def measure_tube(
    path: str | Path,
    *,
    template: str | None = None,
    mapping: PanelMapping | str | Path | None = None,
    specimen: Specimen | None = None,
    file: str | None = None,
    engine: str = "stream",
) -> TubeResult:
    """Measure one tube.

    Parameters
    ----------
    path : str or Path
        The FCS file; ``file.lmd#2`` names one of several data sets.
    template : str, optional
        Name of a template or path of its file; picked by the panel when left out.
    mapping : PanelMapping, str or Path, optional
        The laboratory's own word on its detectors (`cytomon.read_mapping`), or its file.
    specimen : Specimen, optional
        Where the tube comes from; by default an unnamed specimen of the template's usual type.
    file : str, optional
        How to call the tube in tables; by default the file's name.
    engine : str, optional
        ``stream``, or ``flowkit`` on the whole file at once.

    Returns
    -------
    TubeResult

    Raises
    ------
    CytomonError
        If the file cannot be read without guessing, its panel fits no template, or the template
        cannot be applied.

    Examples
    --------
    >>> result = measure_tube("sample_fcs/P002_d060_marrow_b_all_mrd.fcs")
    >>> result["mrd"].status
    <MrdStatus.POSITIVE: 'POSITIVE'>
    """
    opened = open_for_gating(path, template=template, mapping=mapping, file=file)
    placement = place_on(opened)
    return measure_placed(
        opened, placement, specimen=specimen, file=file or opened.tube.name, engine=engine
    )


def draw_tube(
    path: str | Path,
    *,
    template: str | None = None,
    mapping: PanelMapping | str | Path | None = None,
    png: str | Path | None = None,
) -> TubeResult:
    """Measure one tube and draw its gating strategy.

    Parameters
    ----------
    path, template, mapping
        As for `measure_tube`.
    png : str or Path, optional
        Where to draw; nothing is drawn when left out.
    """
    opened = open_for_gating(path, template=template, mapping=mapping)
    placement = place_on(opened)
    result = measure_placed(opened, placement, specimen=None, file=opened.tube.name)
    if png is not None:
        from cytomon.gating.figures import draw_strategy
        from cytomon.gating.stories import see

        draw_strategy(Path(png), see(opened.tube, result, opened.events))
    return result


def open_for_gating(
    path: str | Path,
    *,
    template: str | None = None,
    mapping: PanelMapping | str | Path | None = None,
    file: str | None = None,
) -> OpenedTube:
    """Check a file, find its markers, choose its template; see `measure_tube`."""
    name, dataset = split_dataset(str(path))
    tube = open_tube(Path(name), dataset=dataset)
    rows = read_mapping(mapping) if isinstance(mapping, str | Path) else mapping
    own, unused = _own_mapping(tube, rows, file or tube.name)
    panel = match_panel(tube, mapping=own)
    panel = dataclasses.replace(panel, findings=(*panel.findings, *unused))
    missed: tuple[NearMiss, ...] = ()
    if template is None:
        chosen = _pick(panel, tube)
        missed = near_misses(set(panel.columns), chosen, list_templates())
    else:
        chosen = load_template(template)
        require(panel, chosen.spec.markers.required, where=tube.name)
    return OpenedTube(
        tube=tube, panel=panel, template=chosen, events=FileEvents(tube), missed=missed
    )


def place_on(opened: OpenedTube, adjustments: Sequence[Adjustment] = ()) -> Placement:
    """Place the template's gates, from at most half a million events at even steps.

    Parameters
    ----------
    opened : OpenedTube
        From `open_for_gating`.
    adjustments : sequence of Adjustment, optional
        What a person changed about them, in order.
    """
    events = sample(opened.events, MOST_PLACED_ON)
    return place(opened.template, opened.tube, opened.panel, events, adjustments)


def measure_placed(
    opened: OpenedTube,
    placement: Placement,
    *,
    specimen: Specimen | None,
    file: str,
    engine: str = "stream",
) -> TubeResult:
    """Count every event in placed gates and measure; see `measure_tube`."""
    counted = count_placed(opened, placement, engine=engine)
    return judge_counted(opened, placement, counted, specimen=specimen, file=file, engine=engine)


def count_placed(opened: OpenedTube, placement: Placement, *, engine: str = "stream") -> Counted:
    """Count every event in placed gates, and keep what is looked at more closely."""
    axes = Axes(opened.template.spec, opened.tube, opened.panel)
    return count(
        opened.events,
        placement,
        keep=dict(looked_at(placement, axes)),
        sample=looked_at_for_fitness(opened.template.spec, axes),
        jittered=jittered(placement),
        engine=engine,
    )


def judge_counted(
    opened: OpenedTube,
    placement: Placement,
    counted: Counted,
    *,
    specimen: Specimen | None,
    file: str,
    engine: str = "stream",
) -> TubeResult:
    """Measure what was counted; see `measure_tube`."""
    spec = opened.template.spec
    axes = Axes(spec, opened.tube, opened.panel)
    whose = specimen or Specimen(specimen_type=spec.specimen)
    found = evidence_of(spec, opened.panel, placement, counted, whose)
    refuse_overflow(spec, placement, found.counts)
    fitness = check_fitness(spec, opened.tube, axes, opened.events, counted, found.counts)
    quality = (*check_quality(found.counts, whose, found.limits), *fitness.findings)
    evidence = dataclasses.replace(found, failures=hard(quality))
    measurements = measure_all(evidence, spec.quantities)
    return TubeResult(
        file=file,
        sha256=opened.tube.sha256,
        specimen=whose,
        placement=placement,
        populations=counted.populations,
        measurements=measurements,
        findings=(
            *opened.tube.findings,
            *opened.panel.findings,
            *say_unmeasured(opened.missed, specimen, where=opened.tube.name),
            *placement.findings,
            *counted.findings,
            *quality,
            *say_stability(measurements),
            *say_boundary(measurements),
            *say_missing(measurements),
        ),
        engine=engine,
        kept=evidence.kept,
        examinations=counted.examinations,
        anchors=fitness.anchors,
        open_events=counted.open_events,
    )


def not_evaluable(
    opened: OpenedTube, reason: Finding, *, specimen: Specimen | None, file: str
) -> TubeResult:
    """The result of a tube whose template cannot be applied: every quantity says so."""
    spec = opened.template.spec
    source = specimen or Specimen(specimen_type=spec.specimen)
    evidence = Evidence(
        counts={},
        kept={},
        markers=frozenset(opened.panel.columns),
        limits=spec.limits.as_limits(),
        specimen=source,
    )
    return TubeResult(
        file=file,
        sha256=opened.tube.sha256,
        specimen=source,
        placement=Placement(
            template=spec.name, version=spec.version, sha256=opened.template.sha256, gates=()
        ),
        populations=(),
        measurements=measure_all(evidence, spec.quantities),
        findings=(*opened.tube.findings, *opened.panel.findings, reason),
        engine="",
    )


def _pick(panel: Panel, tube: Tube) -> Template:
    """The template that fits; a refusal also names unknown stains and the tube's detectors."""
    try:
        return pick_template(set(panel.columns), list_templates(), where=tube.name)
    except TemplateError as error:
        what = "; ".join([error.what, *(finding.what for finding in panel.findings)])
        detectors = ", ".join(channel.pnn for channel in tube.channels[:40])
        fix = f"{error.fix}; its detectors are {detectors}"
        raise TemplateError(what, where=error.where, fix=fix) from None


def _own_mapping(
    tube: Tube, mapping: PanelMapping | None, file: str
) -> tuple[Mapping[str, tuple[str, str]], tuple[Finding, ...]]:
    """Rows for this tube; a row for all files may name a detector that this one has not."""
    if mapping is None:
        return {}, ()
    rows = mapping.for_file(file)
    named = {row.detector for row in mapping.rows if row.file}
    known = {channel.pnn for channel in tube.channels}
    usable = {d: stain for d, stain in rows.items() if d in known or d in named}
    return usable, tuple(_unused(sorted(set(rows) - set(usable)), tube.name))


def _unused(detectors: list[str], where: str) -> Iterator[Finding]:
    if detectors:
        yield Finding(
            code="MAPPING_UNUSED",
            severity=Severity.WARNING,
            what=f"the mapping names detectors that the tube does not have: {', '.join(detectors)}",
            where=where,
            fix="check the spelling, or restrict the row to its file",
        )
