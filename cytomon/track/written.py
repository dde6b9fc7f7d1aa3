"""States and flags as others read them: rows of CSV, and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from cytomon.model.adjustment import Adjustment, spell_adjustments
from cytomon.model.course import Acknowledgement
from cytomon.model.flags import Evidence, Flag
from cytomon.model.results import Measurement
from cytomon.model.reviewed import Found, Reviewed
from cytomon.model.states import States
from cytomon.model.timeline import FOLLOWED, Answer
from cytomon.track.attendance import Attended
from cytomon.track.clinical import burden_band, m_category, morphology_fraction
from cytomon.track.digest import Point, digest_of
from cytomon.track.follow import Followed
from cytomon.track.gates import gate_change
from cytomon.track.known import SILENT
from cytomon.track.trace import Changed

FLAG_COLUMNS = ("patient_id", "rule", "severity", "date", "day", "says", "evidence", "open")
STATE_COLUMNS = tuple(one.name for one in fields(States))


def flag_rows(followed: Followed) -> list[Mapping[str, str]]:
    """Every flag ever of a patient, in `FLAG_COLUMNS`."""
    return [_flag_row(followed.timeline.patient_id, flag) for flag in followed.flags]


def _flag_row(patient_id: str, flag: Flag) -> Mapping[str, str]:
    return {
        "patient_id": patient_id,
        "rule": flag.rule,
        "severity": flag.urgency.word,
        "date": flag.on.isoformat(),
        "day": "" if flag.day is None else str(flag.day),
        "says": flag.says,
        "evidence": "; ".join(_said(one) for one in flag.evidence),
        "open": "yes" if flag.open else "no",
    }


def _said(one: Evidence) -> str:
    day = "" if one.day is None else f" (day {one.day})"
    return f"{one.on}{day} {one.what}"


def as_json(followed: Followed) -> dict[str, Any]:
    """Everything that is said of a patient.

    Persistent aplasia never stands alone: the MRD is beside it in ``b_cells``.
    """
    known, digest = followed.known, digest_of(followed)
    return {
        "patient_id": followed.timeline.patient_id,
        "day0": followed.timeline.day0.isoformat() if followed.timeline.day0 else None,
        "day": known.today if known else None,
        "states": followed.states.row(),
        "before": burden(followed),
        "mrd": _newest(digest.mrd),
        "b_cells": {
            "newest": _newest(digest.b_cells),
            "onset": digest.onset,
            "recovered": digest.recovered,
            "not_judged_since": digest.void[0] if digest.void else None,
            "episodes": [list(days) for days in _episodes(followed)],
            "voided": [dict(void._asdict()) for void in (known.voids if known else ())],
            "mrd_beside": _newest(digest.mrd),
        },
        "visits": [_visit_json(one) for one in followed.visits],
        "flags": [flag_json(flag) for flag in followed.flags],
    }


def _episodes(followed: Followed) -> tuple[tuple[int, int | None], ...]:
    return followed.course.aplasia.episodes if followed.course else ()


def _newest(points: tuple[Point, ...]) -> dict[str, Any] | None:
    return dict(points[-1]._asdict()) if points else None


def _visit_json(one: Attended) -> dict[str, Any]:
    return {
        "visit": one.visit.name,
        "window": [one.visit.first, one.visit.last],
        "status": one.status,
        "missing": list(one.missing),
    }


def flag_json(flag: Flag) -> dict[str, Any]:
    """A flag with all that it rests on."""
    return {
        "rule": flag.rule,
        "subject": flag.subject,
        "severity": flag.urgency.word,
        "date": flag.on.isoformat(),
        "day": flag.day,
        "says": flag.says,
        "evidence": [_evidence_json(one) for one in flag.evidence],
        "confirms": flag.confirms,
        "open": flag.open,
        "acknowledged": [_acknowledged_json(one) for one in flag.acknowledged],
        "suppressed": [{"date": one.on.isoformat(), "says": one.what} for one in flag.suppressed],
    }


def _evidence_json(one: Evidence) -> dict[str, Any]:
    return {
        "date": one.on.isoformat(),
        "day": one.day,
        "what": one.what,
        "measurement": _answer_json(one.answer) if one.answer else None,
    }


def _answer_json(answer: Answer) -> dict[str, Any]:
    return dict(answer._asdict())


def _acknowledged_json(one: Acknowledgement) -> dict[str, str]:
    return {"by": one.by, "at": one.at, "why": one.why, "flagged_on": one.flagged_on}


def burden(followed: Followed) -> dict[str, Any]:
    """Burden and M-status before the infusion (domain: 1.6); None where they are not recorded.

    The burden is that of the last marrow with an evaluable MRD, the M-status that of the last
    smear: of several of one day the highest.
    """
    known = followed.known
    marrows = known.baseline("mrd") if known else []
    evaluable = [(d, a.value) for d, a in marrows if a.status not in SILENT and a.value is not None]
    smears = known.events.get("morphology", []) if known else []
    shares = [(day, morphology_fraction(event.value)) for day, event in smears if day <= 0]
    mrd, blasts = max(evaluable, default=None), max(shares, default=None)
    return {
        "mrd": mrd[1] if mrd else None,
        "mrd_day": mrd[0] if mrd else None,
        "band": burden_band(mrd[1]) if mrd else None,
        "morphology": m_category(100 * blasts[1]) if blasts else None,
        "morphology_day": blasts[0] if blasts else None,
    }


def step_json(entry: Any, changed: Sequence[Changed]) -> dict[str, Any]:  # noqa: ANN401
    """What an entry of the log has done to flags."""
    return {
        "at": entry.at,
        "by": entry.by,
        "entry": entry.number,
        "what": entry.what,
        "why": entry.why,
        "flags": [{"how": one.how, **flag_json(one.flag)} for one in changed],
    }


def review_json(one: Reviewed) -> dict[str, Any]:
    """A review as other programs read it: the automatic result, and the one that a person made."""
    reviewed = one.made or (one.found if one.found is not one.automatic else None)
    return {
        "specimen_id": one.specimen_id,
        "specimen_type": one.specimen_type,
        "date": one.collected_on.isoformat() if one.collected_on else None,
        "file": one.file,
        "verdict": one.verdict,
        "by": one.by,
        "at": one.at,
        "why": one.comment,
        "adjustments": _adjustments_json(one.adjustments),
        "result": one.found.number,
        "automatic": _found_json(one.automatic),
        "reviewed": _found_json(reviewed) if reviewed else None,
    }


def _adjustments_json(given: Sequence[Adjustment] | None) -> list[dict[str, Any]] | None:
    if given is None:
        return None
    spelled = json.loads(spell_adjustments(given))
    return [one | {"says": gate_change(each)} for one, each in zip(spelled, given, strict=True)]


def _found_json(found: Found) -> dict[str, Any]:
    return {
        "result": found.number,
        "measurements": {
            quantity: _measurement_json(found.measurements[quantity])
            for quantity in FOLLOWED
            if quantity in found.measurements
        },
    }


def _measurement_json(found: Measurement) -> dict[str, Any]:
    estimate = found.estimate
    return {
        "numerator": found.numerator,
        "denominator": found.denominator,
        "value": estimate.value if estimate else None,
        "low": estimate.low if estimate else None,
        "high": estimate.high if estimate else None,
        "status": found.status,
        "qualifiers": ";".join(found.qualifiers),
    }
