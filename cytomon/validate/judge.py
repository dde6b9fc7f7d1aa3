"""One tube measured and held against its truth, event by event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cytomon.errors import InputError
from cytomon.fcs.panel import PanelMapping
from cytomon.gating.axes import Axes
from cytomon.gating.columns import Columns
from cytomon.measure.limits import lod_events
from cytomon.measure.mrd import mrd_status
from cytomon.measure.phenotype import NEGATIVE_REFERENCES, measure_antigen
from cytomon.model.results import Evidence, Kept, Limits, Measurement, TubeResult
from cytomon.pipeline import OpenedTube, measure_placed, open_for_gating, place_on
from cytomon.validate.truth import Known

MOST_LABELS = 6
BLASTS, BY_EYE, B_ONLY = "blasts", "by_eye", "mrd_b_only"


def compare(
    path: Path,
    known: Known,
    *,
    template: str | None = None,
    file: str | None = None,
    mapping: PanelMapping | None = None,
) -> dict[str, Any]:
    """Measure a tube and compare.

    Parameters
    ----------
    path : Path
        The FCS file.
    known : Known
        Its truth.
    template : str, optional
        By the panel when left out.
    file : str, optional
        How to call the tube.
    mapping : PanelMapping, optional
        Overrides what the file says of its detectors.

    Returns
    -------
    dict
        The fields of `TubeRow` that depend on measurement or truth.

    Raises
    ------
    CytomonError
        If the tube cannot be measured, or truth and tube do not have the same number of events.
    """
    opened = open_for_gating(path, template=template, mapping=mapping, file=file)
    if known.labels is not None and len(known.labels.labels) != opened.tube.n_events:
        raise InputError(
            f"{len(known.labels.labels)} labels for {opened.tube.n_events} events",
            where=file or path.name,
            fix="give one label for each event of the file, in its order",
        )
    result = _measure(opened, file or opened.tube.name)
    return {
        **_measured(result, opened.template.spec.limits.as_limits()),
        **_by_event(result, known),
        **_truth(result, known, opened),
    }


def _measure(opened: OpenedTube, file: str) -> TubeResult:
    return measure_placed(opened, place_on(opened), specimen=None, file=file)


def _measured(result: TubeResult, limits: Limits) -> dict[str, Any]:
    by_code = {measurement.quantity: measurement for measurement in result.measurements}
    mrd, b_cells = by_code.get("mrd"), by_code.get("b_fraction")
    estimate = b_cells.estimate if b_cells else None
    return {
        "blasts": mrd.numerator if mrd else None,
        "nucleated": mrd.denominator if mrd else None,
        "lod_events": lod_events(limits, mrd.denominator) if mrd and mrd.denominator else None,
        "status": str(mrd.status) if mrd else "",
        "qualifiers": ";".join(mrd.qualifiers) if mrd else "",
        "b_only": by_code[B_ONLY].numerator if B_ONLY in by_code else None,
        "cd19": _status(by_code.get("cd19_blasts")),
        "cd22": _status(by_code.get("cd22_blasts")),
        "b_fraction": estimate.value if estimate else None,
        "b_low": estimate.low if estimate else None,
        "b_high": estimate.high if estimate else None,
        "b_status": _status(b_cells),
        "findings": ";".join(sorted({finding.code for finding in result.findings})),
    }


def _status(measurement: Measurement | None) -> str:
    return str(measurement.status) if measurement else ""


def _by_event(result: TubeResult, known: Known) -> dict[str, Any]:
    """What needs to know of each event whether it was called, and whether it is."""
    by_eye = result.kept.get(BY_EYE)
    found: dict[str, Any] = {"by_eye": by_eye.n if by_eye else None}
    true, called = known.is_blast(), result.kept.get(BLASTS)
    if true is None or known.labels is None or called is None:
        return found
    false = called.rows[~true[called.rows]]
    names = Counter(known.labels.names[code] for code in known.labels.labels[false])
    return {
        **found,
        "found": int(true[called.rows].sum()),
        "by_eye_blasts": int(true[by_eye.rows].sum()) if by_eye else None,
        "false_labels": ";".join(f"{name}:{n}" for name, n in names.most_common(MOST_LABELS)),
    }


def _truth(result: TubeResult, known: Known, opened: OpenedTube) -> dict[str, Any]:
    limits = opened.template.spec.limits.as_limits()
    status = ""
    if known.blasts is not None and known.nucleated:
        status = mrd_status(known.blasts, known.nucleated, limits=limits)
    return {
        "true_blasts": known.blasts,
        "true_nucleated": known.nucleated,
        "true_fraction": _fraction(result, known),
        "true_status": str(status),
        "true_b": known.b_fraction,
        "true_b_lymphocytes": known.lymphocytes,
        **_calls(result, known, opened, limits),
    }


def _fraction(result: TubeResult, known: Known) -> float | None:
    """True MRD; where only the blasts are known, of the denominator that was measured."""
    if known.fraction is not None:
        return known.fraction
    measured = {m.quantity: m.denominator for m in result.measurements}.get("mrd")
    total = known.nucleated or measured
    if known.blasts is None or not total:
        return None
    return min(1.0, known.blasts / total)


def _calls(result: TubeResult, known: Known, opened: OpenedTube, limits: Limits) -> dict[str, str]:
    """The calls that the rules make on the true blasts, with the tube's own references."""
    if known.calls or known.labels is None:
        return {f"true_{marker.lower()}": call for marker, call in known.calls.items()}
    true = known.is_blast()
    markers = [marker for marker in NEGATIVE_REFERENCES if marker in opened.panel.columns]
    if true is None or not true.any() or BLASTS not in result.kept:
        return {}
    spec = opened.template.spec
    evidence = Evidence(
        counts={},
        kept={**result.kept, BLASTS: _kept(opened, result, np.flatnonzero(true), markers)},
        markers=frozenset(opened.panel.columns),
        limits=limits,
        specimen=result.specimen,
        gated_on=frozenset(spec.gated_on),
    )
    return {
        f"true_{marker.lower()}": str(measure_antigen(evidence, marker).status)
        for marker in NEGATIVE_REFERENCES
    }


def _kept(
    opened: OpenedTube,
    result: TubeResult,
    rows: np.ndarray[tuple[int], np.dtype[np.int64]],
    markers: Sequence[str],
) -> Kept:
    """The events of these rows, compensated and scaled as the template does it."""
    axes = Axes(opened.template.spec, opened.tube, opened.panel)
    events = opened.events.rows(rows)
    columns = Columns(events, opened.tube.channels, result.placement.matrices)
    return Kept(
        rows=rows,
        linear={marker: columns.linear(axes[marker]) for marker in markers},
        scaled={marker: columns.column(axes[marker]) for marker in markers},
    )
