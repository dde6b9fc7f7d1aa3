"""Documents to lay out: one as of a long course, one that attacks its reader, one with nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np

from cytomon.report.document import (
    Alert,
    Document,
    Field,
    Identity,
    Picture,
    Section,
    Signer,
    Status,
    Table,
    Tone,
    Verdict,
)
from cytomon.report.drawn import Drawn
from cytomon.report.index import IndexLine
from cytomon.report.told import Curves

WORD = "Donaudampfschifffahrt" * 480
"""Ten thousand letters without a place to break."""
CAVEAT = "automatic, before review"
"""Below all plots of `typical` but the first."""
SCRIPT = "<script>alert('read by a machine')</script>"
ATTACKS = (
    SCRIPT,
    '"><img src=x onerror=alert(2)>',
    "'\" onmouseover=alert(3) autofocus onfocus=alert(4) x='",
    "javascript:alert(5)",
    "</style><script>alert(6)</script><style>",
    "</title><svg onload=alert(7)>",
    "{{ 7 * 7 }} {% raw %} ${alert(8)}",
    "\u202etxet neddih\u202c and \u2067שלום\u2069",
    "e" + "\u0301\u0323" * 120,
    "--><!-- ]]>",
)

_IDENTITY = Identity(
    report_id="R-7f3a91c2",
    version=2,
    status=Status.AMENDED,
    as_of=date(2026, 3, 30),
    entry=4182,
    simulated=True,
    made_by="cytomon 0.4.0",
    definitions="rules 3, profile euroflow 2",
)

_CURVE = """<svg xmlns="http://www.w3.org/2000/svg" width="720" height="300" viewBox="0 0 720 300">
<style>text{{font:12px sans-serif;fill:#333}}.axis{{stroke:#888;fill:none}}</style>
<rect width="720" height="300" fill="#fff"/>
<path class="axis" d="M60 20V250H700"/>
<path stroke="#a01a0e" stroke-dasharray="5 4" d="M60 150H700"/>
<text x="400" y="144">threshold 0.01 %</text>
<polyline fill="none" stroke="#0b4f8a" stroke-width="2" points="{points}"/>{dots}
<text x="8" y="30">10 %</text><text x="8" y="150">0.01 %</text>
<text x="330" y="285">day after the infusion</text>
</svg>"""
_DOTS = """<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300" viewBox="0 0 300 300">
<style>text{{font:12px sans-serif;fill:#333}}</style><rect width="300" height="300" fill="#fff"/>
<path d="M40 20V260H285" fill="none" stroke="#888"/>{dots}
<path d="M70 60 150 50 165 120 90 135Z" fill="none" stroke="#a01a0e" stroke-width="1.5"/>
<text x="130" y="285">{x}</text><text x="5" y="16">{y}</text></svg>"""


def typical() -> Document:
    """A patient whose disease comes back with less CD19: much of everything."""
    return Document(
        identity=_IDENTITY,
        patient_id="P017",
        sex="F",
        birth_year=2016,
        banner="SIMULATED DATA",
        standing="Amended on 2026-03-30; version 1 of 2026-03-28 no longer stands",
        heading=_HEADING,
        verdicts=_VERDICTS,
        summary=_SUMMARY,
        alerts=_ALERTS,
        changes=(
            "MRD of the marrow of day 91: 0.11 % became 0.12 % (366 of 300,244 nucleated cells); "
            "a gate was corrected.",
            "Flag A4 was raised.",
        ),
        sections=(*_SECTIONS, _plots()),
        disclaimers=(
            "Computed with research software. Not a medical device. Results need review by a "
            "qualified specialist, and confirmation by the laboratory's validated procedure.",
            "Simulated data: nothing in this report was measured in a patient.",
        ),
        specimens=(),
        happened=(),
        infused_on=date(2025, 12, 29),
        product="tandem CD19/CD22 (simulated)",
        laboratory="Flow laboratory, example hospital",
        signer=Signer(
            name="pat", role="pathologist", at="2026-03-30T14:02:11+00:00", why="gate corrected"
        ),
        curves=Curves(),
    )


_HEADING = (
    Field(label="Patient", value="P017"),
    Field(label="Sex, born", value="F, 2016"),
    Field(label="Genotype", value="KMT2A::AFF1"),
    Field(label="Product", value="tandem CD19/CD22 (simulated)"),
    Field(label="Infused", value="2025-12-29"),
    Field(label="As of", value="2026-03-30, day 91"),
    Field(label="Laboratory", value="Flow laboratory, example hospital"),
    Field(label="Report", value="R-7f3a91c2, version 2"),
)
_VERDICTS = (
    Verdict(
        key="mrd",
        question="Is leukaemia left in the marrow?",
        answer="MRD detected, 0.12 %",
        tone=Tone.ALARM,
        lines=(
            "95 % interval 0.11 to 0.14 %",
            "366 of 300,244 nucleated cells",
            "limit of detection 0.0067 %, of quantification 0.017 %; threshold 0.01 %",
            "before: 2026-01-26, day 28: MRD not detected; sensitivity reached 0.0041 %",
        ),
        source="Marrow of 2026-03-30, day 91 (P017-d091); signed by pat",
    ),
    Verdict(
        key="escape",
        question="Have the blasts lost CD19 or CD22?",
        answer="CD19 dim; CD22 kept",
        tone=Tone.CAUTION,
        lines=(
            "CD19: 41 % of 366 blasts below the cut; 0.52 decades lower than at baseline",
            "CD22: 2.1 % of 366 blasts below the cut",
        ),
        source="Marrow of 2026-03-30, day 91 (P017-d091); signed by pat",
    ),
    Verdict(
        key="b_cells",
        question="Are B cells back?",
        answer="B cells back, since day 35 to 63",
        tone=Tone.CALM,
        lines=(
            "4.3 % of 8,120 lymphocytes in blood; 95 % interval 3.9 to 4.8 %",
            "expected while the product works: aplasia",
        ),
        source="Blood of 2026-03-30, day 91 (P017-d091b); signed by pat",
    ),
)
_SUMMARY = (
    "MRD is back above 0.01 % after two marrows without. The blasts carry less CD19 than at "
    "baseline; CD22 is kept. B cells returned between days 35 and 63, earlier than a working "
    "product lets expect.",
    "Repeat the marrow within four weeks. Compare CD19 with a second clone before another "
    "directed treatment is chosen.",
)
_ALERTS = (
    Alert(
        rule="A1",
        urgency="critical",
        when="2026-03-30, day 91",
        says="MRD turned from not detected to detected above 0.01 %.",
        facts=(
            "day 28: 0 of 412,000 nucleated cells, limit of detection 0.0041 %",
            "day 91: 366 of 300,244 nucleated cells, 0.12 % (0.11 to 0.14 %)",
        ),
        confirms="A second marrow within four weeks, or the fusion by PCR on the same specimen.",
        seen=(),
        open=True,
    ),
    Alert(
        rule="A4",
        urgency="high",
        when="2026-03-30, day 91",
        says="CD19 of the blasts fell against the patient's own baseline.",
        facts=("baseline: median 4.1 decades", "now: median 3.6 decades, 366 blasts"),
        confirms="Another clone, and CD19 on the next marrow.",
        seen=("put off by pia on 2026-03-30: second clone ordered",),
        open=True,
    ),
    Alert(
        rule="A9",
        urgency="medium",
        when="2026-03-02, day 63",
        says="B cells came back before month six.",
        facts=("day 35: 0.2 % of 5,400 lymphocytes", "day 63: 1.8 % of 7,010 lymphocytes"),
        confirms="Another blood after two weeks.",
        seen=(),
        open=True,
    ),
    Alert(
        rule="A17",
        urgency="info",
        when="2026-02-26, day 59",
        says="The visit of day 56 was kept late.",
        facts=("window: day 49 to day 63",),
        confirms="",
        seen=("answered by pia on 2026-03-01: marrow taken on day 91 instead",),
        open=False,
    ),
)
_COURSE_ROWS = (
    ("2025-12-15", "-14", "marrow", "4.2 %", "3.9 to 4.5 %", "12,604", "300,101", "0.0067 %",
     "MRD detected, 4.2 %", "b_all_mrd 2.1.0"),
    ("2026-01-26", "28", "marrow", "0 %", "0 to 0.0009 %", "0", "412,000", "0.0041 %",
     "MRD not detected; sensitivity reached 0.0041 %", "b_all_mrd 2.1.0"),
    ("2026-03-02", "63", "blood", "—", "—", "—", "7,010", "—",
     "Blood: no MRD is reported", "lymphocyte_subsets 1.3.0"),
    ("2026-03-30", "91", "marrow", "0.12 %", "0.11 to 0.14 %", "366", "300,244", "0.0067 %",
     "MRD detected, 0.12 %", "b_all_mrd 2.1.0"),
)  # fmt: skip
_SECTIONS = (
    Section(
        key="course",
        title="Course",
        text=("All marrows and bloods since the infusion, by day.",),
        tables=(
            Table(
                title="MRD of each specimen",
                columns=(
                    "Collected", "Day", "Specimen", "MRD", "95 % interval", "Blasts",
                    "Nucleated cells", "Limit of detection", "Says", "Template",
                ),
                rows=_COURSE_ROWS,
                note="— where the specimen gives no such number.",
            ),
        ),
        pictures=(
            Picture(
                key="course",
                title="MRD, B cells and antigens by day",
                says="MRD falls from 4.2 % to not detected on day 28 and is 0.12 % on day 91.",
                whole=True,
            ),
        ),
    ),
    Section(
        key="quality",
        title="Specimen and quality",
        fields=(
            Field(label="Specimen", value="P017-d091, marrow, first pull"),
            Field(label="Collected", value="2026-03-30"),
            Field(label="Received", value="2026-03-30"),
            Field(label="Viability", value="91 %"),
            Field(label="Instrument check", value="pass"),
            Field(label="Clones", value="CD19 HIB19, CD22 S-HCL-1"),
            Field(label="Dilution with blood", value="not likely"),
            Field(label="File (SHA-256)", value="9f2c" * 16),
        ),
        tables=(
            Table(
                title="Findings",
                columns=("Code", "Severity", "What"),
                rows=(("COMP-AGE", "warning", "the matrix is 40 days older than the tube"),),
            ),
            Table(title="Corrections", columns=("By", "When", "What"), rows=()),
        ),
    ),
)  # fmt: skip


def _plots() -> Section:
    """Four plots, one that was not drawn, and one for the screen only."""
    axes = ("CD19 and SSC", "CD10 and CD45", "CD34 and CD38", "CD22 and CD24")
    return Section(
        key="plots",
        title="Plots",
        pictures=(
            *(
                Picture(
                    key=f"plot{n}",
                    title=title,
                    says=f"Blasts lie left in {title}.",
                    caveat=CAVEAT if n else "",
                )
                for n, title in enumerate(axes)
            ),
            Picture(key="missing", title="CD58 and CD123", says="Not there."),
            Picture(key="course", title="Every gate", says="All gates.", whole=True, detail=True),
        ),
    )


def figures() -> Mapping[str, Drawn]:
    """What `typical` shows."""
    days = [60, 130, 280, 420, 560, 690]
    heights = [40, 90, 230, 225, 190, 120]
    points = list(zip(days, heights, strict=True))
    curve = _CURVE.format(
        points=" ".join(f"{x},{y}" for x, y in points),
        dots="".join(f'<circle cx="{x}" cy="{y}" r="4" fill="#0b4f8a"/>' for x, y in points),
    )
    axes = (("CD19", "SSC-A"), ("CD10", "CD45"), ("CD34", "CD38"), ("CD22", "CD24"))
    plots = {f"plot{n}": _dots(n, x, y) for n, (x, y) in enumerate(axes)}
    return {"course": _svg(curve, 720, 300), **plots}


def _dots(seed: int, x: str, y: str) -> Drawn:
    random = np.random.default_rng(seed)
    normal = random.normal((200, 190), (28, 26), (400, 2))
    blasts = random.normal((118, 90), (14, 13), (120, 2))
    made = [
        f'<circle cx="{a:.1f}" cy="{b:.1f}" r="1.3" fill="{colour}"/>'
        for cloud, colour in ((normal, "#8a97a3"), (blasts, "#a01a0e"))
        for a, b in cloud
    ]
    return _svg(_DOTS.format(dots="".join(made), x=x, y=y), 300, 300)


def _svg(text: str, width: float, height: float) -> Drawn:
    """A drawing of so many points."""
    return Drawn(media="image/svg+xml", data=text.encode(), width=width, height=height)


def hostile() -> Document:
    """Every text attacks: markup, scripts, templates, marks of direction, words without end."""
    attack = " ".join(ATTACKS)
    texts = (*ATTACKS, WORD)
    start = typical()
    return replace(
        start,
        identity=replace(
            _IDENTITY,
            report_id=attack,
            made_by=attack,
            definitions=WORD,
        ),
        patient_id=attack,
        banner=f"SIMULATED DATA {SCRIPT}",
        standing=attack,
        heading=tuple(Field(label=text[:40], value=text) for text in texts),
        verdicts=tuple(
            replace(verdict, question=attack, answer=text, lines=texts, source=WORD)
            for verdict, text in zip(start.verdicts, (SCRIPT, WORD, attack), strict=True)
        ),
        summary=texts,
        alerts=tuple(
            replace(one, rule=SCRIPT, urgency=urgency, when=attack, says=attack, facts=texts,
                    confirms=WORD, seen=texts)
            for one, urgency in zip(start.alerts, ("critical", attack, WORD, "info"), strict=True)
        ),
        changes=texts,
        sections=(
            Section(
                key='x" onclick="alert(9)',
                title=attack,
                text=texts,
                fields=tuple(Field(label=text, value=text) for text in texts),
                tables=(
                    Table(title=SCRIPT, columns=("a", SCRIPT, WORD),
                          rows=tuple((text, WORD, text) for text in texts), note=attack),
                ),
                pictures=(
                    Picture(key="course", title=attack, says=attack, caveat=attack),
                    Picture(key=SCRIPT, title=WORD, says=WORD, whole=True, caveat=WORD),
                ),
            ),
        ),
        disclaimers=texts,
        laboratory=attack,
        signer=Signer(name=attack, role=WORD, at=SCRIPT, why=attack),
    )  # fmt: skip


def empty() -> Document:
    """A patient of whom nothing is known yet: a draft that says so."""
    start = typical()
    return replace(
        start,
        identity=replace(_IDENTITY, version=1, status=Status.DRAFT, simulated=False),
        sex="",
        birth_year=None,
        banner="",
        standing="draft",
        heading=(Field(label="Patient", value="P099"),),
        verdicts=tuple(
            replace(verdict, answer="Cannot say: no marrow", tone=Tone.UNKNOWN, lines=(), source="")
            for verdict in start.verdicts
        ),
        summary=(),
        alerts=(),
        changes=(),
        sections=(),
        disclaimers=(),
        laboratory="",
        signer=None,
    )


def lines() -> tuple[IndexLine, ...]:
    """A worklist: four patients, one of whom is called after an attack."""
    quiet = IndexLine(
        patient_id="P9",
        day="365",
        mrd="MRD not detected; sensitivity reached 0.0041 %",
        mrd_tone=Tone.CALM,
        antigens="cannot be judged: fewer than 20 blasts",
        b_cells="aplasia",
        flags=(),
        standing="Signed",
        files=(("HTML", "R-0003-v1.html"), ("PDF", "R-0003-v1.pdf")),
        rank=3,
    )
    return (
        quiet,
        replace(
            quiet,
            patient_id="P017",
            day="91",
            mrd="MRD detected, 0.12 %",
            mrd_tone=Tone.ALARM,
            antigens="CD19 dim; CD22 kept",
            b_cells="B cells back",
            flags=(("critical", "A1"), ("high", "A4"), ("medium", "A9")),
            standing="Amended",
            rank=0,
        ),
        replace(
            quiet,
            patient_id="P020",
            day="−7",
            mrd="Cannot say: no marrow with an MRD",
            mrd_tone=Tone.UNKNOWN,
            flags=(("info", "A17, A18"),),
            standing="Draft",
            rank=2,
        ),
        replace(
            quiet,
            patient_id=SCRIPT,
            day="1000",
            mrd="MRD detected below 0.01 % (0.0050 %)",
            mrd_tone=Tone.CAUTION,
            antigens=ATTACKS[1],
            b_cells=ATTACKS[2],
            flags=(("high", f"A4 {SCRIPT}"),),
            files=((ATTACKS[1], "javascript:alert(10)"), ("PDF", "//example.org/x?y#z")),
            rank=1,
        ),
    )
