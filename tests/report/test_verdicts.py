"""The three answers: nothing that speaks of leukaemia, escape or doubt is left out of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from cytomon.editions import prepare
from cytomon.filing.imports import ImportLists, import_lists
from cytomon.measure.intervals import binomial_interval
from cytomon.report.document import Document, Tone
from cytomon.store.address import parse
from cytomon.store.open import opened
from cytomon.store.session import Store
from cytomon.tables import MEASUREMENT_COLUMNS
from tests.report_stores import ADMIN, EVENT_COLUMNS, wanted

DAY0, AS_OF = date(2026, 1, 12), date(2026, 4, 22)
NEG = ("mrd", 0, 800_000, "NOT_DETECTED", "TRIAL_MRD_NEGATIVE")
POS = ("mrd", 900, 800_000, "POSITIVE", "")
LOST = ("cd19_blasts", 5, 400, "NEGATIVE", "")
KEPT = ("cd19_blasts", 495, 500, "POSITIVE", "")
GONE = ("b_fraction", 0, 80_000, "APLASIA", "")
Row = tuple[int, str, str, tuple[str, int | None, int | None, str, str]]
Event = tuple[int, str, str]

# patient: (day, specimen, type, measurement) of each, and events
ROWS: dict[str, list[Row]] = {
    "calm": [(90, "m", "marrow", NEG), (90, "m", "marrow", GONE)],
    "blood": [(80, "m", "marrow", NEG), (95, "b", "blood", POS)],
    "csf": [(80, "m", "marrow", NEG), (95, "c", "csf", POS)],
    "old": [(1 - 15, "m", "marrow", NEG)],
    "molecular": [(80, "m", "marrow", NEG)],
    "smear": [(80, "m", "marrow", NEG)],
    "two": [
        (90, "m1", "marrow", NEG),
        (90, "m2", "marrow", ("mrd", 15, 100_000, "INSUFFICIENT_SENSITIVITY",
                              "WITH_SUSPICIOUS_EVENTS")),
    ],
    "near": [(90, "m", "marrow", ("mrd", 19, 200_000, "BELOW_LOD", ""))],
    "diluted": [(90, "m", "marrow", (*NEG[:4], "HEMODILUTE_LIKELY"))],
    "shaky": [(90, "m", "marrow", (*NEG[:4], "STATUS_UNSTABLE;CHECK_BY_EYE"))],
    "switch": [(90, "m", "marrow", (*NEG[:4], "LINEAGE_SWITCH_SUSPECTED"))],
    "newer": [
        (60, "m1", "marrow", NEG),
        (90, "m2", "marrow", ("b_fraction", None, None, "NOT_EVALUABLE", "")),
    ],
    "worst": [
        (90, "m1", "marrow", POS), (90, "m1", "marrow", KEPT),
        (90, "m2", "marrow", ("mrd", 400, 800_000, "POSITIVE", "")), (90, "m2", "marrow", LOST),
    ],
    "bloodcall": [
        (80, "m", "marrow", NEG), (95, "b", "blood", POS), (95, "b", "blood", LOST),
    ],
    "mixed": [
        (90, "m", "marrow", POS),
        (90, "m", "marrow", ("cd19_blasts", 420, 500, "POSITIVE", "")),
    ],
    "unjudged": [
        (60, "m1", "marrow", POS), (60, "m1", "marrow", LOST),
        (90, "m2", "marrow", ("mrd", 0, 100_000, "INSUFFICIENT_SENSITIVITY", "")),
    ],
    "hct": [(30, "b1", "blood", GONE), (95, "b2", "blood", GONE)],
    "beside": [(90, "m", "marrow", POS), (90, "m", "marrow", GONE)],
    "pair": [
        (61, "m1", "marrow", POS), (61, "m1", "marrow", GONE), (61, "m2", "marrow", NEG),
    ],
    "nothing": [],
    "failed": [(90, "m", "marrow", ("mrd", None, None, "NOT_EVALUABLE", "QUALITY_FAILED"))],
}  # fmt: skip
EVENTS: dict[str, list[Event]] = {
    "molecular": [(95, "ngs", "positive")],
    "smear": [(80, "morphology", "M2")],
    "hct": [(60, "transplant", "")],
}


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    """The report of each, and of one without a day of infusion."""
    folder = tmp_path_factory.mktemp("answers")
    write(folder)
    lists = {name: folder / f"{name}.csv" for name in ("patients", "measurements", "events")}
    with opened(parse(f"sqlite:///{folder / 's.db'}"), who=ADMIN, create=True) as store:
        imported = import_lists(store, ADMIN, ImportLists(**lists))
        assert imported.refused == []
        return dict(reports(store, folder))


def reports(store: Store, folder: Path) -> Iterator[tuple[str, Document]]:
    with store.reading() as connection:
        for name in [*(one for one in ROWS if ROWS[one] or one == "nothing"), "undated"]:
            yield name, prepare(connection, name, wanted(folder, as_of=AS_OF)).document


def write(folder: Path) -> None:
    rows = [("patient_id", "infusion_date", "product")]
    rows += [(name, str(_infused(name)), "CD19/CD22") for name in ROWS]
    tables = {"patients": rows, "measurements": [MEASUREMENT_COLUMNS], "events": [EVENT_COLUMNS]}
    for name, given in (*ROWS.items(), ("undated", [(90, "m", "marrow", NEG)])):
        tables["measurements"] += [_cells(name, one) for one in given]
    for name, happened in EVENTS.items():
        for day, event, value in happened:
            on = str(DAY0 + timedelta(days=day))
            tables["events"].append((name, on, event, value, "", ""))
    for name, table in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(table)


def _infused(name: str) -> date:
    """Day 0; of an old course a year before."""
    return DAY0 - timedelta(days=365) if name == "old" else DAY0


def _cells(name: str, row: Row) -> tuple[object, ...]:
    day, specimen, kind, (quantity, k, cells, status, qualifiers) = row
    on = DAY0 + timedelta(days=day)
    found = None if k is None or cells is None else binomial_interval(k, cells)
    numbers = (found.value, found.low, found.high) if found else ("", "", "")
    limits = (20 / cells, 50 / cells) if quantity == "mrd" and cells else ("", "")
    return (
        "", "", name, f"{name}{specimen}", str(on), kind, "", quantity,
        "" if k is None else k, "" if cells is None else cells, *numbers, *limits, status,
        qualifiers,
    )  # fmt: skip


MRD = (
    ("calm", Tone.CALM, "MRD not detected; sensitivity reached 0.0025 %"),
    ("blood", Tone.ALARM, "blood of 2026-04-17, day 95: MRD detected, 0.112 %"),
    ("csf", Tone.ALARM, "CSF of 2026-04-17, day 95: MRD detected, 0.112 %"),
    ("old", Tone.CAUTION, "MRD not detected"),
    ("molecular", Tone.ALARM, "NGS of 2026-04-17, day 95: positive"),
    ("smear", Tone.ALARM, "morphology of 2026-04-02, day 80: M2"),
    ("two", Tone.CAUTION, "MRD not detected"),
    ("near", Tone.CAUTION, "MRD ≥ 0.01 % not excluded (upper bound 0.0148 %)"),
    ("diluted", Tone.CAUTION, "hemodilute specimen, sensitivity overstated"),
    ("shaky", Tone.CAUTION, "MRD not detected"),
    ("switch", Tone.ALARM, "lineage switch suspected"),
    ("newer", Tone.UNKNOWN, "No MRD of the newest marrow (2026-04-12, day 90); before it: MRD not"),
    ("nothing", Tone.UNKNOWN, "Cannot say: no marrow with an MRD"),
    ("failed", Tone.UNKNOWN, "Specimen not evaluable for MRD"),
    ("undated", Tone.CAUTION, "MRD not detected"),
)


@pytest.mark.parametrize(("name", "tone", "says"), MRD)
def test_leukaemia(documents: dict[str, Document], name: str, tone: Tone, says: str):
    """Calm only where a fresh marrow is negative and nothing else speaks against it."""
    verdict = documents[name].verdicts[0]

    assert (verdict.tone, says in verdict.answer) == (tone, True), verdict
    assert says in documents[name].summary[0]


ESCAPE = (
    ("calm", Tone.UNKNOWN, "Cannot say: CD19 and CD22 were not judged"),
    ("worst", Tone.ALARM, "CD19 lost"),
    ("bloodcall", Tone.ALARM, "CD19 lost"),
    ("mixed", Tone.CAUTION, "CD19 kept on 84.0 %"),
    ("unjudged", Tone.ALARM, "Cannot say"),
    ("nothing", Tone.UNKNOWN, "Cannot say: no marrow"),
)


@pytest.mark.parametrize(("name", "tone", "says"), ESCAPE)
def test_escape(documents: dict[str, Document], name: str, tone: Tone, says: str):
    """The worst call of the day, blood included; an open flag is never answered by silence."""
    verdict = documents[name].verdicts[1]

    assert (verdict.tone, says in verdict.answer) == (tone, True), verdict


B_CELLS = (
    ("calm", Tone.CALM, "No: aplasia since day 90"),
    ("beside", Tone.CAUTION, "No: aplasia since day 90"),
    ("hct", Tone.UNKNOWN, "Cannot say: after the transplant of day 60"),
    ("newer", Tone.UNKNOWN, "Cannot say: the newest specimen gives no answer"),
    ("undated", Tone.UNKNOWN, "Cannot say: B cells were not measured"),
)


@pytest.mark.parametrize(("name", "tone", "says"), B_CELLS)
def test_b_cells(documents: dict[str, Document], name: str, tone: Tone, says: str):
    """Aplasia is calm only beside a calm MRD."""
    verdict = documents[name].verdicts[2]

    assert (verdict.tone, says in verdict.answer) == (tone, True), verdict
    assert f"beside it: {documents[name].verdicts[0].answer}" in verdict.lines


def test_persistent_aplasia_stands_beside_the_highest_mrd_of_the_day(
    documents: dict[str, Document],
):
    """Also in the states, where a negative marrow of the same day comes after the positive one."""
    course = next(one for one in documents["pair"].sections if one.key == "course")
    states = {one.label: one.value for one in course.fields}

    assert "2: PERSISTENT" in states["aplasia at months"]
    assert "(MRD: 0.112 %, detected)" in states["aplasia at months"]


def test_void_b_cells_mean_nothing_anywhere(documents: dict[str, Document]):
    """Not in the answer, not in the tables, and not for other systems."""
    document = documents["hct"]
    after = next(one for one in document.specimens if one.specimen_id == "hctb2")

    (found,) = after.observed
    assert found.says == "void after the transplant of day 60"
    assert found.measurement.status == "NOT_EVALUABLE"
    shown = [table for section in document.sections for table in section.tables]
    answers = [row for table in shown if table.title == "Answers" for row in table.rows]
    assert answers[0][-1] == "void after the transplant of day 60"


def test_quality_that_nobody_told_is_not_recorded(documents: dict[str, Document]):
    """Never "nothing to remark" about a tube of which nothing is known."""
    said = [text for one in documents["failed"].sections for text in one.text]

    assert any("a check failed where it was measured" in text for text in said)
    assert not any("nothing to remark" in text for text in said)
