"""What waits for a person, why, and in which order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cytomon.errors import InputError
from cytomon.measure.intervals import binomial_interval
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.people import Act, Meaning, Review
from cytomon.model.record import MeasuredRow, NewResult, Source
from cytomon.review.doubts import CONSEQUENCE, DOUBT
from cytomon.review.reasons import _SAYS
from cytomon.review.worklist import Item, Worklist, read_worklist
from cytomon.store.change import changing
from cytomon.store.corrections import move_tube, withdraw_tube
from cytomon.store.find import Which, find_specimen, find_tube
from cytomon.store.reviewing import Step, save_outcome, save_step
from cytomon.store.said import save_review
from cytomon.store.session import Store
from cytomon.store.signing import sign
from cytomon.store.tables import results, tubes
from tests.store.builders import D28, approve, enrol, marrow, mrd, result, save, staff
from tests.store.conftest import ADMIN, FIRST

DOCS = Path(__file__).parents[2] / "docs" / "explanation" / "review.md"
CLEAR = mrd(0, 500_000, "NOT_DETECTED")
LOW = mrd(25, 500_000, "DETECTED_BELOW_THRESHOLD")
HIGH = mrd(5000, 500_000, "POSITIVE")


def row(quantity: str, k: int | None, n: int | None, status: str, *said: str) -> MeasuredRow:
    """A measurement with its interval and qualifiers."""
    values: tuple[float | None, ...] = (None, None, None)
    if k is not None and n is not None:
        found = binomial_interval(k, n)
        values = (found.value, found.low, found.high)
    return (quantity, k, n, *values, None, None, status, ";".join(said))


def said(one: MeasuredRow, *qualifiers: str) -> MeasuredRow:
    return (*one[:-1], ";".join(qualifiers))


def finding(code: str, what: str = "what", severity: str = "warning") -> tuple[str, ...]:
    return (code, severity, what, "where", "fix")


@pytest.fixture
def ready(store: Store) -> Store:
    """A store with three patients and two reviewers."""
    enrol(store, "P1", "P2", "P3")
    staff(store)
    return store


def tube(*rows: MeasuredRow, day: int = 0, **changes: object) -> NewResult:
    """A marrow of P1, so many days after day 28, as a batch has measured it."""
    whose = marrow(specimen_id=f"S{day}", collected_on=D28 + timedelta(days=day))
    values: dict[str, Any] = {"findings": (), "file": "a.fcs", "specimen": whose} | changes
    return result(values.pop("specimen"), *(rows or (CLEAR,)), **values)


def items(store: Store, *, patient_id: str = "", doubtful: bool = False) -> list[Item]:
    return list(read_worklist(store, patient_id=patient_id, doubtful=doubtful).items)


def files(store: Store) -> list[str]:
    return [one.file for one in items(store)]


def number(store: Store, file: str = "a.fcs", source: Source = Source.BATCH) -> int:
    """The newest result of a tube."""
    query = select(results.c.id).join(tubes, tubes.c.thing == results.c.tube)
    query = query.where(tubes.c.file == file, results.c.source == source.value)
    with store.reading() as connection:
        return max(connection.scalars(query))


def judge(store: Store, verdict: Review, which: int | None = None) -> None:
    """Give a verdict on a result, the newest of the tube unless another is meant."""
    with changing(store, FIRST, "review", act=Act.REVIEW) as change:
        outcome = None
        one = which or number(store)
        if verdict is Review.CHANGED:
            thing = change.connection.scalar(select(results.c.tube).where(results.c.id == one))
            made = tube(HIGH, source=Source.REVIEW)
            outcome = save_outcome(change, int(thing or 0), made)
        save_review(change, one, verdict, outcome=outcome)


def test_a_measured_tube_waits_until_somebody_has_judged_it(ready: Store):
    """An edit that was begun is no verdict; each verdict is one."""
    for verdict in (Review.APPROVED, Review.CHANGED, Review.REJECTED):
        save(ready, tube(cytomon=verdict.value))
        assert files(ready) == ["a.fcs"]
        with changing(ready, FIRST, "edit", act=Act.REVIEW) as change:
            save_step(change, number(ready), Step.EDIT, "[]")
        assert files(ready) == ["a.fcs"]
        judge(ready, verdict)
        assert files(ready) == []


@pytest.mark.parametrize("meaning", Meaning)
def test_what_was_signed_does_not_wait(meaning: Meaning, ready: Store):
    """Neither released nor signed as looked at; measured again nobody has signed it."""
    save(ready, tube())
    with changing(ready, FIRST, "sign", act=Act.SIGN) as change:
        sign(change, find_specimen(change.connection, "S0", Which()), meaning)
    assert files(ready) == []
    save(ready, tube(cytomon="0.2.0"))
    assert files(ready) == ["a.fcs"]


def test_a_verdict_on_a_reviewed_result_is_one_on_the_tube(ready: Store):
    """Also where a batch has measured it again meanwhile: whoever gave it has seen both."""
    save(ready, tube())
    judge(ready, Review.CHANGED)
    save(ready, tube(cytomon="0.2.0"))
    (waiting,) = items(ready)
    assert waiting.result == number(ready)
    judge(ready, Review.APPROVED, number(ready, source=Source.REVIEW))
    assert files(ready) == []


def test_what_a_batch_did_not_measure_does_not_wait(ready: Store):
    """Lists, other programs, all tubes together, and what has no patient."""
    save(ready, tube(source=Source.IMPORT, file="listed.fcs"))
    save(ready, tube(external=True, file="external.fcs"))
    save(ready, tube(file="", template="a+b"))
    save(ready, tube(file="", template="a"))
    save(ready, result(Specimen(specimen_type=SpecimenType.MARROW), CLEAR, file="nobody.fcs"))
    assert files(ready) == []
    save(ready, tube())
    save(ready, tube(HIGH, source=Source.IMPORT))
    assert [(one.file, one.result) for one in items(ready)] == [("a.fcs", number(ready))]


def test_a_tube_waits_where_it_is_now(ready: Store):
    """Under its new patient; a tube that was withdrawn is nowhere."""
    save(ready, tube(), tube(file="b.fcs"))
    with changing(ready, ADMIN, "correct", act=Act.CORRECT) as change:
        there = find_tube(change.connection, "a.fcs")
        to = Which(patient_id="P2", collected_on="2026-02-09", specimen_type="marrow")
        move_tube(change, there, "S9", to, why="swapped")
        withdraw_tube(change, find_tube(change.connection, "b.fcs"), why="no tube")
    (one,) = items(ready)
    assert (one.patient_id, one.specimen_id, one.collected_on) == ("P2", "S9", D28)
    assert one.reasons == ("measured for another specimen, with its days and drugs",)


def details(stable: float | None = None, threshold: float | None = None) -> str:
    stability = "{}" if stable is None else f'{{"mrd": {{"status_stable": {stable}}}}}'
    limits = "{}" if threshold is None else f'{{"threshold": {threshold}}}'
    return f'{{"details": {stability}, "limits": {limits}}}'


BORDER = row("mrd", 49, 500_000, "DETECTED_BELOW_THRESHOLD", "BORDERLINE_AT_THRESHOLD")
FEW = row("mrd", 7, 50_000, "INSUFFICIENT_SENSITIVITY", "WITH_SUSPICIOUS_EVENTS")
LOST = row("cd19_blasts", 2, 167, "NEGATIVE")
Case = tuple[tuple[MeasuredRow, ...], Mapping[str, Any], str, float]
CASES: dict[str, Case] = {
    "nothing": ((CLEAR,), {}, "", 0.0),
    "unstable": (
        (said(LOW, "STATUS_UNSTABLE"),),
        {"details": details(0.7167)},
        "verdict the same in 71 % of jittered gates",
        1 + 2 * (1 - 0.7167),
    ),
    "nearly stable": (
        (said(LOW, "STATUS_UNSTABLE"),),
        {"details": details(0.9499)},
        "verdict the same in 94 % of jittered gates",
        1 + 2 * (1 - 0.9499),
    ),
    "unstable, by an older cytomon": (
        (said(LOW, "STATUS_UNSTABLE"),),
        {},
        "the verdict turns in some draws of jittered gates",
        1.0,
    ),
    "borderline": (
        (BORDER,),
        {"details": details(threshold=1e-4)},
        "MRD 0.0098 % (0.0073 to 0.0130) holds 0.01 %",
        2.0,
    ),
    "borderline, limits not kept": (
        (BORDER,),
        {},
        "MRD 0.0098 % (0.0073 to 0.0130) holds its threshold",
        2.0,
    ),
    "borderline without events": (
        (row("mrd", 0, 15_000, "INSUFFICIENT_SENSITIVITY", "BORDERLINE_AT_THRESHOLD"),),
        {"details": details(threshold=5e-4)},
        "MRD 0 % (0 to 0.0246) holds 0.05 %",
        0.5,
    ),
    "by eye": (
        (said(CLEAR, "CHECK_BY_EYE"), row("by_eye", 1234, 500_000, "MEASURED")),
        {},
        "1,234 events left to the eye may turn the verdict",
        2.0,
    ),
    "suspicious": (
        (FEW,),
        {},
        "too few cells to conclude on suspicious events (7 of 50,000)",
        1.0,
    ),
    "escape": (
        (said(HIGH, "ANTIGEN_ESCAPE_SUSPECTED"), row("mrd_b_only", 167, 500_000, "MEASURED")),
        {},
        "167 events found by tree B alone: CD19 may be lost",
        2.0,
    ),
    "switch": (
        (said(HIGH, "LINEAGE_SWITCH_SUSPECTED"),),
        {},
        "signs of another lineage, which no MRD counts",
        3.0,
    ),
    "not evaluable": (
        (row("mrd", None, None, "NOT_EVALUABLE"),),
        {},
        "MRD is not evaluable",
        1.0,
    ),
    "no lymphocytes": (
        (row("b_fraction", None, 100, "NOT_EVALUABLE"),),
        {},
        "B cells are not evaluable",
        1.0,
    ),
    "lost": ((HIGH, LOST), {}, "CD19 negative on the blasts (2 of 167)", 1.5),
    "lost, by an older cytomon": (
        (HIGH, row("cd22_blasts", None, None, "NEGATIVE")),
        {},
        "CD22 negative on the blasts",
        1.5,
    ),
    "in part": (
        (HIGH, row("cd22_blasts", 15, 100, "PARTIAL", "EQUIVOCAL")),
        {},
        "CD22 partial on the blasts (15 of 100)",
        2.0,
    ),
    "borderline B cells": (
        (row("b_fraction", 21, 2000, "RECOVERED", "BORDERLINE_AT_THRESHOLD"),),
        {},
        "B cells 1.05 % (0.651 to 1.60) hold the limit of recovery",
        1.0,
    ),
    "one gate": (
        (CLEAR,),
        {"findings": (finding("GATE_AT_LEASH", "cd34_dim: CD34 low was stopped by 0.9"),)},
        "1 gate was stopped by its leash: cd34_dim",
        0.3,
    ),
    "gates": (
        (CLEAR,),
        {
            "findings": tuple(
                finding("GATE_FALLBACK", f"{gate}: CD3 {end} stays at its start 2: few events")
                for gate in ("t_cells", "nk", "b_cells", "x", "y")
                for end in ("low", "high")
            )
        },
        "5 gates stand at their start: t_cells, nk, b_cells and 2 more",
        2.1,
    ),
    "carried over": (
        (said(FEW, "QUALITY_FAILED"),),
        {"findings": (finding("CARRY_OVER_POSSIBLE", severity="error"),)},
        "7 blasts may be those of the tube before",
        3.0,
    ),
    "failed": (
        (said(CLEAR, "QUALITY_FAILED"),),
        {
            "findings": (
                finding("QC_RETAINED", "only 43 % are stable", "error"),
                finding("QC_AGE", "5 days old", "error"),
            )
        },
        "hard failure: only 43 % are stable; 5 days old",
        2.0,
    ),
    "failed, nobody says why": (
        (said(CLEAR, "QUALITY_FAILED"),),
        {},
        "a hard failure of quality",
        2.0,
    ),
    "hematogones": (
        (HIGH,),
        {"findings": (finding("BLASTS_AMONG_HEMATOGONES"),)},
        "the blasts may be the edge of the hematogones",
        1.0,
    ),
    "arrest": (
        (HIGH,),
        {"findings": (finding("PRECURSORS_ARRESTED"),)},
        "called leukaemic because nothing matures, no marker differs",
        1.0,
    ),
    "cluster": (
        (CLEAR,),
        {"findings": (finding("CLUSTER_BY_EYE"),)},
        "a cluster was refused and is left to the eye",
        1.0,
    ),
    "border of B cells": (
        (row("b_fraction", 581, 5918, "RECOVERED"),),
        {
            "findings": (
                finding("B_CELLS_AMONG_PRECURSORS", "B cells form one; moved from 5 % to 9 %"),
            )
        },
        "moved from 5 % to 9 %",
        0.5,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "beside", "says", "weighs"), CASES.values(), ids=CASES.keys())
def test_each_doubt_has_its_words_and_its_weight(
    rows: Sequence[MeasuredRow], beside: Mapping[str, Any], says: str, weighs: float, lite: Store
):
    """In plain words, with the numbers that a reviewer would ask for."""
    save(lite, tube(*rows, specimen=marrow("new", "S"), **beside))
    (one,) = items(lite, patient_id="new")
    assert one.reasons == ((says,) if says else ())
    assert one.doubt == pytest.approx(weighs)
    assert one.consequence == CONSEQUENCE["marrow"]
    assert one.weight == pytest.approx(weighs * CONSEQUENCE["marrow"])
    assert bool(items(lite, patient_id="new", doubtful=True)) == bool(says)


def test_doubts_add_up_the_weightiest_first(lite: Store):
    """One tube may have many."""
    rows = (said(BORDER, "BORDERLINE_AT_THRESHOLD", "STATUS_UNSTABLE", "CHECK_BY_EYE"), LOST)
    stays = finding("GATE_FALLBACK", "nk: CD3 stays")
    save(lite, tube(*rows, specimen=marrow("new", "S"), details=details(0.5), findings=(stays,)))
    (one,) = items(lite, patient_id="new")
    assert [words.split()[0] for words in one.reasons] == ["verdict", "MRD", "events", "CD19", "1"]
    assert one.doubt == pytest.approx(2.0 + 2.0 + 2.0 + 1.5 + 0.7)
    assert one.statuses == {"mrd": "DETECTED_BELOW_THRESHOLD", "cd19_blasts": "NEGATIVE"}


def test_tubes_that_disagree(ready: Store):
    """Both wait for it."""
    pooled = said(HIGH, "TUBE_DISCORDANCE")
    save(ready, tube(HIGH, file="a.fcs"), tube(CLEAR, file="b.fcs"))
    save(ready, tube(pooled, file="", template="b_all_mrd+b_all_mrd"))
    assert [(one.file, one.reasons) for one in items(ready)] == [
        (file, ("the tubes of the specimen disagree: together MRD 1.00 % positive",))
        for file in ("a.fcs", "b.fcs")
    ]


B_GONE = row("b_fraction", 1, 5000, "APLASIA")
B_BACK = row("b_fraction", 500, 5000, "RECOVERED")
KEPT, PART = row("cd19_blasts", 90, 100, "POSITIVE"), row("cd19_blasts", 50, 100, "PARTIAL")
GONE = row("cd19_blasts", 2, 100, "NEGATIVE")
TOLD = "MRD 0.0050 % detected below threshold"
UNSURE = row("mrd", 3, 50_000, "INSUFFICIENT_SENSITIVITY")


@pytest.mark.parametrize(
    ("before", "now", "key", "says"),
    [
        (CLEAR, HIGH, "reappears", "MRD 1.00 % positive; not detected on 2026-02-09"),
        (LOW, HIGH, "reappears", "MRD 1.00 % positive; detected below threshold on 2026-02-09"),
        (HIGH, CLEAR, "clears", "MRD 0 % not detected; positive on 2026-02-09"),
        (HIGH, LOW, "clears", None),
        (CLEAR, LOW, "detected", f"{TOLD}; not detected on 2026-02-09"),
        (LOW, CLEAR, "", None),
        (HIGH, UNSURE, "", None),
        (UNSURE, HIGH, "", None),
        (B_GONE, B_BACK, "B cells", "B cells 10.0 % recovered; aplasia on 2026-02-09"),
        (B_BACK, B_GONE, "B cells", None),
        (KEPT, GONE, "escapes", "CD19 negative; positive on 2026-02-09"),
        (PART, GONE, "escapes", None),
        (KEPT, PART, "escapes in part", "CD19 partial; positive on 2026-02-09"),
        (GONE, PART, "", None),
        (GONE, KEPT, "", None),
        (HIGH, HIGH, "", None),
    ],
)  # fmt: skip
def test_an_answer_that_changes_what_is_done_weighs(
    before: MeasuredRow, now: MeasuredRow, key: str, says: str | None, lite: Store
):
    """Against the last answer of the patient that lies on a side."""
    for day, one in enumerate((before, now)):
        whose = marrow("new", f"S{day}", collected_on=D28 + timedelta(days=day))
        save(lite, tube(one, file=f"{day}.fcs", specimen=whose))
    one = next(item for item in items(lite, patient_id="new") if item.file == "1.fcs")
    assert one.consequence == CONSEQUENCE["marrow"] + (CONSEQUENCE[key] if key else 0)
    changed = [words for words in one.reasons if words.endswith("2026-02-09")]
    assert bool(changed) == bool(key)
    if says:
        assert changed == [says]
        assert one.doubt >= DOUBT["changed"]


def test_what_is_compared_with_what(ready: Store):
    """Marrow with marrow, but blasts with blasts; never with the same day or a later one."""
    blood = {"specimen_type": "blood"}
    save(ready, tube(HIGH, B_BACK, KEPT, file="1.fcs", day=0))
    for file, day, whose in (("2.fcs", 1, blood), ("3.fcs", 0, blood)):
        one = marrow(specimen_id=file, collected_on=D28 + timedelta(days=day), **whose)
        save(ready, tube(CLEAR, B_GONE, GONE, file=file, specimen=one))
    save(ready, tube(UNSURE, file="4.fcs", day=2))
    save(ready, tube(CLEAR, file="5.fcs", day=3))
    found = {one.file: one for one in items(ready)}
    lost = CONSEQUENCE["blood, csf"] + CONSEQUENCE["escapes"]
    assert found["2.fcs"].consequence == lost
    assert found["3.fcs"].consequence == CONSEQUENCE["blood, csf"]
    assert found["1.fcs"].consequence == CONSEQUENCE["marrow"]
    # the marrow between could not answer: the one before it is asked
    assert found["5.fcs"].reasons == ("MRD 0 % not detected; positive on 2026-02-09",)


def test_specimens_of_one_day_are_not_before_each_other(ready: Store):
    """Blood and marrow of a visit: which was entered first says nothing."""
    blood = marrow(specimen_id="B", specimen_type="blood")
    save(ready, tube(KEPT, file="blood.fcs", specimen=blood), tube(GONE, file="marrow.fcs"))
    save(ready, tube(PART, file="next.fcs", specimen=marrow(specimen_id="M")))
    assert not any("on 2026-02-09" in words for one in items(ready) for words in one.reasons)


def test_what_counts_is_compared_not_what_was_measured_last(ready: Store):
    """A reviewer has put the earlier marrow right, or has taken it out."""
    save(ready, tube(CLEAR, file="a.fcs", day=0))
    judge(ready, Review.CHANGED)  # positive, by the reviewer's gates
    save(ready, tube(CLEAR, file="b.fcs", day=1))
    (one,) = items(ready)
    assert one.reasons == ("MRD 0 % not detected; positive on 2026-02-09",)
    judge(ready, Review.REJECTED, number(ready, source=Source.REVIEW))
    judge(ready, Review.REJECTED)
    (one,) = items(ready)
    assert one.reasons == ()


@pytest.mark.parametrize("state", ["reviewed", "signed"])
def test_a_result_that_contradicts_what_was_judged(state: str, ready: Store):
    """Measured again it says the other thing."""
    save(ready, tube(CLEAR))
    if state == "signed":
        approve(ready, FIRST, "S0")
    else:
        judge(ready, Review.APPROVED)
    save(ready, tube(CLEAR, cytomon="0.2.0"))
    assert [one.reasons for one in items(ready)] == [()]
    save(ready, tube(HIGH, cytomon="0.2.0"))
    (one,) = items(ready)
    assert one.reasons == (f"MRD 1.00 % positive; {state} as not detected",)
    assert one.doubt == DOUBT["contradicts"]
    assert one.consequence == CONSEQUENCE["marrow"] + CONSEQUENCE["contradicts"]


def test_the_order_is_total_and_the_same_each_time(ready: Store):
    """Weight, then the newest day, then names."""
    eye = said(CLEAR, "CHECK_BY_EYE")
    for patient in ("P2", "P1"):
        for day in (2, 1):
            for name, one in (("b", eye), ("a", eye), ("c", CLEAR)):
                file = f"{patient}{day}{name}"
                whose = marrow(patient, f"S{day}", collected_on=D28 + timedelta(days=day))
                save(ready, tube(one, file=file, specimen=whose))
    blood = marrow("P3", "S", specimen_type="blood", collected_on=date(2027, 1, 1))
    save(ready, tube(eye, file="blood", specimen=blood))
    wanted = [f"{p}{d}{n}" for d in (2, 1) for p in ("P1", "P2") for n in ("a", "b")]
    wanted += ["blood"]
    wanted += [f"{p}{d}c" for d in (2, 1) for p in ("P1", "P2")]
    assert files(ready) == wanted
    assert read_worklist(ready) == read_worklist(ready)
    for most in (0, 1, 5, 13, 2000):
        short = read_worklist(ready, most=most)
        assert [one.file for one in short.items] == wanted[:most]
        assert short.left_out == 13 - len(short.items)
    doubtful = read_worklist(ready, doubtful=True, most=4)
    assert (len(doubtful.items), doubtful.left_out) == (4, 5)
    assert files_of(read_worklist(ready, patient_id="P3")) == ["blood"]


def files_of(found: Worklist) -> list[str]:
    return [one.file for one in found.items]


def test_a_patient_whom_nobody_knows_is_refused(lite: Store):
    """An empty list would say that all is well."""
    with pytest.raises(InputError, match="no patient"):
        read_worklist(lite, patient_id="P99")


def test_an_empty_store_has_nothing_that_waits(store: Store):
    """Nor does it fail."""
    assert read_worklist(store) == Worklist(items=())


def test_more_patients_than_are_read_at_once(lite: Store, monkeypatch: pytest.MonkeyPatch):
    """In pieces the list is the same."""
    whole = read_worklist(lite)
    monkeypatch.setattr("cytomon.review.worklist._AT_ONCE", 1)
    assert read_worklist(lite) == whole
    assert len(whole.items) == 5


def test_the_tubes_of_a_laboratory(lite: Store):
    """What has been measured is found with its words: the escape of the pair stands first."""
    first, *others = items(lite)
    assert first.file.startswith("pair/")
    assert any("found by tree B alone" in words for words in first.reasons)
    assert others[-1].doubt <= others[0].doubt


def test_every_weight_has_its_words():
    """And nothing has words without a weight."""
    told = {*DOUBT, *CONSEQUENCE} - {"each draw", "equivocal", "changed", "most gates"}
    assert set(_SAYS) == told - {"blood, csf", "marrow"}


@pytest.mark.parametrize("table", [DOUBT, CONSEQUENCE], ids=["doubt", "consequence"])
def test_the_documentation_has_the_same_weights(table: Mapping[str, float]):
    """Whoever doubts the order finds the reasons for it."""
    written = dict(re.findall(r"^\| `([^`]+)` \| ([0-9.]+) \|", DOCS.read_text("utf-8"), re.M))
    assert {key: written.get(key) for key in table} == {
        key: f"{weight:g}" for key, weight in table.items()
    }
