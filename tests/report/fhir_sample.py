"""A report that says something in every field, for what is written for other systems."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from cytomon.model.results import Estimate, Measurement, MrdStatus
from cytomon.report.document import Alert, Document, Field, Identity, Signer, Status, Tone, Verdict
from cytomon.report.told import Checked, Collected, Curves, Happened, Observed

SHA = "0123456789abcdef" * 4
OTHER_SHA = "fedcba9876543210" * 4

# 17 significant digits, and a number whose percentage is not what multiplying doubles gives
LONG, NOISY = 0.00012345678901234567, 0.00028


def measured(quantity: str = "mrd", status: str = "POSITIVE", **changes: object) -> Measurement:
    """A measurement with all its numbers."""
    given: dict[str, Any] = {
        "quantity": quantity,
        "numerator": 61,
        "denominator": 300_000,
        "estimate": Estimate(value=LONG, low=0.0001012, high=NOISY),
        "lod": 20 / 300_000,
        "loq": 50 / 300_000,
        "status": status,
        "qualifiers": ("BORDERLINE_AT_THRESHOLD", "CHECK_BY_EYE"),
        "details": {"sensitivity": 20 / 300_000, "k_low": 57.0, "template_used": "b-all-mrd"},
    }
    return Measurement(**{**given, **changes})


def observed(measurement: Measurement | None = None, **changes: object) -> Observed:
    """A measurement as a document holds it."""
    given: dict[str, Any] = {
        "title": "MRD of nucleated cells",
        "says": "MRD detected, 0.0123 %",
        "measurement": measurement or measured(),
        "method": "b-all-mrd 2.1.0",
        "file_sha256": SHA,
        "signed": True,
    }
    return Observed(**{**given, **changes})


def silent(quantity: str = "mrd", status: str = MrdStatus.NOT_EVALUABLE) -> Measurement:
    """A measurement without an answer."""
    return measured(
        quantity, status, numerator=None, estimate=None, lod=None, loq=None, details={"reason": "x"}
    )


CHECKED = (
    Checked(by="A. Reader", at="2026-03-11T08:00:00+00:00", says="changed in review: debris"),
    Checked(by="B. Reader", at="some day", says="approved as reviewed"),
)
"""Of the second nobody knows when."""


def marrow() -> Collected:
    """A marrow with every kind of answer."""
    return Collected(
        specimen_id="S-77",
        specimen_type="marrow",
        collected_on=date(2026, 3, 9),
        received_on=date(2026, 3, 10),
        day=28,
        observed=(
            observed(checked=CHECKED, automatic=measured(numerator=73, status="POSITIVE")),
            observed(measured("cd19_blasts", "NEGATIVE"), title="CD19+ among blasts", says="lost"),
            observed(silent("cd22_blasts", "NOT_ASSESSABLE"), title="CD22+ among blasts"),
            observed(measured("viability", "MEASURED"), title="Viable cells", file_sha256=""),
        ),
        rejected=CHECKED[:1],
    )


def blood() -> Collected:
    """A blood that waits for its signature."""
    few = measured("b_fraction", "NOT_EVALUABLE", numerator=3, denominator=400, lod=None, loq=None)
    return Collected(
        specimen_id="S-78",
        specimen_type="blood",
        collected_on=date(2026, 3, 11),
        received_on=None,
        day=30,
        observed=(
            observed(measured("b_fraction", "APLASIA"), signed=False, file_sha256=OTHER_SHA),
            observed(few, signed=False, file_sha256=OTHER_SHA, method=""),
        ),
    )


HAPPENED = (
    Happened(on=date(2026, 3, 1), event="car19_copies", value="251.60", unit="copies/ng"),
    Happened(on=date(2026, 3, 2), event="car22_copies", value="<0.1", unit="copies/ng"),
    Happened(on=date(2026, 3, 3), event="morphology", value="M1", unit=""),
    Happened(on=date(2026, 3, 4), event="morphology", value="7", unit=""),
    Happened(on=date(2026, 3, 5), event="ngs", value="2 %", unit=""),
    Happened(on=date(2026, 3, 6), event="fish", value="0.02", unit=""),
    Happened(on=date(2026, 3, 7), event="transplant", value="sibling", unit=""),
    Happened(on=date(2026, 3, 8), event="second_infusion", value="", unit=""),
    Happened(on=date(2026, 3, 9), event="drug", value="blinatumomab", unit=""),
    Happened(on=date(2026, 3, 10), event="relapse", value="", unit=""),
    Happened(on=date(2026, 3, 12), event="death", value="", unit=""),
)

ALERTS = (
    Alert(
        rule="A2",
        urgency="critical",
        when="2026-03-09, day 28",
        says="MRD at or above 0.01 %",
        facts=("Marrow of 2026-03-09: 0.0123 %", "61 of 300,000"),
        confirms="repeat within 4 weeks",
        seen=("A. Reader, analyst: called the clinic",),
        open=True,
    ),
    Alert(
        rule="A16 m6",
        urgency="info",
        when="not recorded",
        says="a visit is overdue",
        facts=(),
        confirms="",
        seen=(),
        open=False,
    ),
)


def rich(**changes: object) -> Document:
    """A signed report of simulated data, with everything in it."""
    given: dict[str, Any] = {
        "identity": Identity(
            report_id="R-4711",
            version=2,
            status=Status.SIGNED,
            as_of=date(2026, 3, 15),
            entry=1234,
            simulated=True,
            made_by="cytomon 0.1.0",
            definitions="rules 1.2, profile trial 1",
        ),
        "patient_id": "P-001",
        "sex": "F",
        "birth_year": 2015,
        "banner": "SIMULATED DATA",
        "standing": "signed",
        "heading": (Field(label="Product", value="CD19/CD22 CAR-T"),),
        "verdicts": (
            Verdict(
                key="mrd",
                question="Is leukaemia left?",
                answer="MRD detected",
                tone=Tone.ALARM,
                lines=("61 of 300,000 nucleated cells",),
                source="Marrow of 2026-03-09 (S-77)",
            ),
        ),
        "summary": ("MRD is back.", "CD19 is lost on the blasts."),
        "alerts": ALERTS,
        "changes": ("The MRD was 0.",),
        "sections": (),
        "disclaimers": ("Computed with research software.",),
        "specimens": (marrow(), blood()),
        "happened": HAPPENED,
        "infused_on": date(2026, 2, 9),
        "product": "CD19/CD22 CAR-T (simulated)",
        "laboratory": "Flow laboratory",
        "signer": Signer(
            name="P. Athologist",
            role="pathologist",
            at="2026-03-15T12:30:00.250+00:00",
            why="the MRD was read again",
        ),
        "curves": Curves(),
    }
    return Document(**{**given, **changes})


def drafted() -> Document:
    """A draft of real data about which little is recorded."""
    whole = rich()
    return replace(
        whole,
        identity=replace(whole.identity, status=Status.DRAFT, simulated=False, version=1),
        sex="",
        birth_year=None,
        banner="",
        laboratory="",
        signer=None,
        infused_on=None,
        happened=(),
        alerts=(),
    )


def with_one(measurement: Measurement, **changes: object) -> Document:
    """A report of one measurement."""
    one = replace(marrow(), observed=(observed(measurement, **changes),))
    return rich(specimens=(one,))
