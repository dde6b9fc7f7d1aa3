"""Tables and bars: the right tubes in each, the right words, the right verdict."""

from __future__ import annotations

from math import log10

import pytest

from cytomon.validate.answers import agreement, calls, dilutions, faults, limits, recall
from cytomon.validate.answers.bar import Bar
from cytomon.validate.answers.bars import bars
from cytomon.validate.answers.choose import (
    blanks,
    clear_of_threshold,
    is_detected,
    log_pairs,
    series,
    side,
)
from cytomon.validate.answers.table import determination
from cytomon.validate.rows import TubeRow
from tests.validate.rows import blank, row


def bar(rows: list[TubeRow], words: str, condition: str = "plain") -> Bar:
    (found,) = [b for b in bars(rows) if words in b.what and b.condition == condition]
    return found


def test_blanks_are_tubes_without_leukaemia_and_without_faults():
    """Carry-over, clogs and a laboratory's positives are none; a diluted marrow is one."""
    rows = [
        blank("a"),
        blank("b", altered="hemodilute"),
        blank("c", suite="run", altered="carry-over"),
        blank("d", suite="b_cells", blasts=None),
        blank("e", suite="b_cells"),
        blank("f", error="broken"),
        row("g"),
    ]
    assert [r.tube for r in blanks(rows, "plain")] == ["a", "b", "e"]


def test_the_series_leaves_out_kinds_that_are_not_judged():
    """Pro-B blasts stand under the limits; a laboratory's own need no kind."""
    rows = [row("a"), row("b", kind="proB_KMT2A"), row("c", suite="own", kind=""), blank("d")]
    assert [r.tube for r in series(rows, "plain")] == ["a", "c"]


@pytest.mark.parametrize(
    ("false", "reached"),
    [((0, 0, 0), True), ((0, 0, 1), True), ((0, 0, 2), False), ((1, 1, 1), False)],
)
def test_false_events_per_million(false: tuple[int, ...], reached: bool):
    """One event of 100,000 is ten per million: the worst allowed, and too many for the median."""
    rows = [blank(f"b{n}", blasts=count) for n, count in enumerate(false)]
    assert bar(rows, "false events").reached is reached


def test_a_share_below_five_percent_is_strict():
    """One of twenty is five percent, which is not less than five percent."""
    many = [blank(f"b{n}", condition="realism") for n in range(20)]
    called = blank("c", condition="realism", status="DETECTED_BELOW_THRESHOLD")
    assert bar([*many, called], "called detected", "realism").reached
    assert not bar([*many[:19], called], "called detected", "realism").reached


@pytest.mark.parametrize(
    ("found", "blasts", "recalled", "precise"),
    [(98, 98, True, True), (92, 92, False, True), (100, 112, True, False), (0, 0, False, False)],
)
def test_recall_and_precision(found: int, blasts: int, recalled: bool, precise: bool):
    """The worst tube counts; one in which nothing was found has neither."""
    rows = [*[row(f"t{n}") for n in range(4)], row("worst", found=found, blasts=blasts)]
    assert bar(rows, "recall, blasts").reached is recalled
    assert bar(rows, "precision, blasts").reached is precise


@pytest.mark.parametrize(
    ("found", "eye", "lost"),
    [
        (10, 70, False),
        (10, 45, False),
        (10, 44, True),
        (10, 1, True),
        (49, 0, True),
        (50, 0, False),
    ],
)
def test_a_tube_is_lost_unless_half_is_found_or_half_of_the_rest_shown(
    found: int, eye: int, lost: bool
):
    """One blast left to the eye among ninety missed is no tube that somebody saw."""
    hard = {"suite": "hard", "condition": "realism"}
    rows = [*[row(f"h{n}", **hard) for n in range(3)],
            row("m", **hard, found=found, blasts=found, by_eye=99, by_eye_blasts=eye)]  # fmt: skip
    judged = bar(rows, "hard", "realism")
    assert judged.reached is not lost
    missed = 100 - found
    words = f"of {missed} missed blasts {eye} left to the eye, {missed - eye} taken for normal"
    assert words in judged.found
    (table,) = [t for t in recall.tables(rows) if t.title.startswith("Hard")]
    assert table.rows[0][-3:] == (str(eye), str(missed - eye), f"{int(lost)} of 4")


def test_a_tube_in_which_nothing_is_found_has_no_logarithm_and_no_pardon():
    """The largest error of the others would hide it."""
    rows = [row(f"t{n}", true_blasts=k, blasts=k, found=k) for n, k in enumerate((100, 500, 900))]
    assert bar(rows, "R²").reached
    lost = bar([*rows, row("lost", blasts=0, found=0)], "R²")
    assert lost.reached is False
    assert "nothing found" in lost.found
    assert log_pairs([row(blasts=200)]) == ([log10(0.002)], [-3.0])


def test_statuses_have_two_sides_and_no_answer():
    """Too few cells is no answer; a detection below the threshold is negative."""
    words = ("POSITIVE_BELOW_LOQ", "DETECTED_BELOW_THRESHOLD", "INSUFFICIENT_SENSITIVITY", "")
    assert [side(word) for word in words] == ["positive", "negative", "no answer", "no answer"]
    assert is_detected(row(status="DETECTED_BELOW_THRESHOLD"))
    assert not is_detected(row(status="BELOW_LOD"))


def test_doubtful_truth_is_not_judged():
    """10 of 100,000 is 0.005 to 0.018 %: no status is right or wrong there."""
    doubtful = row(true_blasts=10, status="NOT_DETECTED", true_status="INSUFFICIENT_SENSITIVITY")
    assert not clear_of_threshold(doubtful)
    assert clear_of_threshold(row())
    assert agreement.status_right([doubtful, row(), row(status="BELOW_LOD")]) == (1, 2)


def test_confusion_leaves_out_few_blasts():
    """Below fifty a call is provisional and not judged."""
    named = {"true_cd19": "NEGATIVE", "true_cd22": "POSITIVE"}
    rows = [
        row("a", **named, cd19="NEGATIVE", cd22="POSITIVE"),
        row("b", **named, cd19="PARTIAL", cd22="POSITIVE"),
        row("c", **named, cd19="POSITIVE", cd22="", true_blasts=49),
        row("d", **named, cd19="NEGATIVE", cd22=""),
    ]
    assert calls.phenotyped(rows, "CD19") == [
        ("NEGATIVE", "NEGATIVE"), ("NEGATIVE", "PARTIAL"), ("NEGATIVE", "NEGATIVE"),
    ]  # fmt: skip
    assert calls.right_share(rows) == (4, 6)


def test_b_cells_are_judged_by_the_border_where_hematogones_are():
    """Within the interval in blood; within 10 % or 0.1 point in recovering marrow."""
    said = {"b_low": 0.049, "b_high": 0.051, "b_status": "RECOVERED", "true_b_lymphocytes": 9000}
    blood = row(
        "a", suite="b_cells", state="PB_m3_recovering", true_b=0.052, b_fraction=0.05, **said
    )
    marrow = row(
        "b", suite="b_cells", state="BM_m3_recovering", true_b=0.052, b_fraction=0.05, **said
    )
    assert not bar([blood], "truth within the interval").reached
    assert bar([marrow], "within 10 %").reached
    assert bar([blood, marrow], "aplasia or recovery right").reached
    waved = marrow.model_copy(update={"true_b": 0.005})
    assert not bar([waved], "read as recovery").reached
    assert not bar([waved], "aplasia or recovery right").reached


def test_twins_are_compared_with_each_other():
    """A change of call counts, even where the status stays."""
    twin = row("t", suite="instrument", cd19="POSITIVE")
    altered = row("m", suite="instrument", altered="matrix 3 %", pair="t", cd19="DIM")
    assert not bar([twin, altered], "wrong by 3 %").reached
    same = altered.model_copy(update={"cd19": "POSITIVE"})
    assert bar([twin, same], "wrong by 3 %").reached
    recovered = same.model_copy(update={"b_status": "RECOVERED"})
    assert not bar([twin, recovered], "wrong by 3 %").reached
    assert bar([same], "wrong by 3 %").reached is None


def test_alarms_in_trapped_batches_are_right():
    """A batch whose gains really spread by 0.3 is no false alarm."""
    alarm = {"condition": "realism", "findings": "FEW_EVENTS;GAIN_SHIFT"}
    trap, wrong = row("a", **alarm, gain_sd=0.3), row("b", **alarm, gain_sd=0.1)
    assert faults.right_ones([trap, wrong], "realism") == [wrong]
    assert faults.any_alarm(wrong)
    assert not faults.any_alarm(row("c", findings="FEW_EVENTS"))


def test_alarms_at_an_ordinary_shift_stand_beside():
    """All detectors off by one standard deviation: shown, not judged, and not among the right."""
    off = {"suite": "instrument", "pair": "t"}
    rows = [
        row("t", suite="instrument"),
        row("u", **off, altered="gain +0.1", findings="GAIN_SHIFT"),
        row("v", **off, altered="gain -0.1"),
        row("w", **off, altered="gain +0.3 CD3", findings="GAIN_SHIFT"),
    ]
    assert bar(rows, "alarms on a right").found.startswith("0 of 1 ")
    shown = bar(rows, "shifted together")
    assert shown.found.startswith("1 of 2 ")
    assert shown.reached is None


@pytest.mark.parametrize(
    ("tubes", "called", "verdict", "upper"),
    [(18, 0, "met, not proven", "18.5"), (400, 0, "yes", "0.9"), (18, 1, "NO", "27.3")],
)
def test_a_share_says_what_its_tubes_can_prove(tubes: int, called: int, verdict: str, upper: str):
    """None of 18 may be 18.5 %: that is no proof of 2 %, and is not marked as one."""
    rows = [
        blank(f"b{n}", status="POSITIVE" if n < called else "NOT_DETECTED") for n in range(tubes)
    ]
    judged = bar(rows, "called detected")
    assert judged.verdict == verdict
    assert judged.found.endswith(f"95 % interval 0.{'1' if called else '0'} to {upper} %)")


@pytest.mark.parametrize(("tubes", "verdict"), [(55, "met, not proven"), (400, "yes")])
def test_a_large_share_is_proven_by_its_lower_end(tubes: int, verdict: str):
    """55 of 55 may be 93.5 %, which is less than 98 %."""
    judged = bar([row(f"t{n}") for n in range(tubes)], "status right")
    assert judged.verdict == verdict
    assert "95 % interval" in judged.found


def test_carried_over_blasts_read_positive_without_a_finding():
    """The page says so, with the tubes that showed it."""
    carried = {"suite": "run", "altered": "carry-over", "true_blasts": 0, "found": 0}
    rows = [
        row("a", **carried, blasts=180, status="POSITIVE"),
        row("b", **carried, blasts=4, status="BELOW_LOD"),
        row("c", **carried, blasts=60, status="POSITIVE", findings="CARRY_OVER_POSSIBLE"),
        row("d", suite="run", altered="carry-over", status="POSITIVE"),
    ]
    (table,) = [t for t in faults.tables(rows) if t.title.startswith("Disturbed")]
    assert "reads positive without a finding" in table.note
    assert (
        "So did 1 of 3 tubes without leukaemia here (180 events called blasts, POSITIVE, 4 "
        in table.note
    )


def real(level: float, blasts: int, stem: str = "marrow", **said: object) -> TubeRow:
    name = f"diluted-{stem}-{100 * level:g}pc-0"
    usual = {"suite": "diluted", "condition": "diluted", "kind": "CD10>3", "state": ""}
    return row(name, level=level, **(usual | {"blasts": blasts, "found": 90} | said))


def test_dilutions_have_bars_of_their_own():
    """10 % from 0.3 % on, 20 % at 0.1 %: of k, whatever the blank shows."""
    rows = [
        real(0.003, 111),
        real(0.001, 115),
        real(0.0, 15, true_blasts=0, found=0, status="POSITIVE_BELOW_LOQ"),
    ]
    verdicts = {b.what: b.reached for b in bars(rows)}
    assert verdicts == {
        "events called blasts (k) in real dilutions, from 0.3 %": False,
        "events called blasts (k) in real dilutions at 0.1 %": True,
    }


def test_a_dilution_shows_its_own_blank_and_what_is_left_without_it():
    """K of 100 is right on the whole, and is 15 false events and 15 missed ones."""
    blank = {"true_blasts": 0, "found": 0}
    rows = [
        real(0.001, 100),
        real(0.0, 15, **blank),
        real(0.001, 100, "other"),
        real(0.0, 0, "other", **blank),
    ]
    table = dilutions.table(rows)
    lines = {
        (cells[0], cells[1]): dict(zip(table.columns, cells, strict=True)) for cells in table.rows
    }
    first = lines["marrow, CD10>3", "0.1 %"]
    assert first["k, median"] == "100"
    assert first["error of k, median"] == "+0.0 %"
    assert first["k minus blank, median"] == "85"
    assert first["error of k minus blank, median"] == "-15.0 %"
    assert lines["other, CD10>3", "0.1 %"]["error of k minus blank, median"] == "+0.0 %"
    assert lines["marrow, CD10>3", "0 %"]["k, median"] == "15"
    lonely = dilutions.table(rows[:1]).rows[0]
    assert lonely[table.columns.index("k minus blank, median")] == "–"


def test_nothing_mixed_in_is_a_blank_of_that_tube():
    """The real tube has a limit of blank, of one blank, and a call of it counts as false."""
    rows = [real(0.001, 100), real(0.0, 15, true_blasts=0, found=0, status="POSITIVE_BELOW_LOQ")]
    assert [r.blasts for r in blanks(rows, "diluted")] == [15]
    said = {cells[0]: cells[1] for cells in limits.tables(rows)[0].rows}
    assert said["LOB, non-parametric"] == "150.0 (of 1 blank; EP17 asks for at least 60)"
    assert said["blanks called detected"] == "1 of 1"
    assert limits.tables(rows)[1].rows[0][1] == "0 % mixture"


def test_nothing_measured_is_nothing_reached():
    """A bar without tubes is neither reached nor missed."""
    only = [blank("a")]
    assert bar(only, "hard").reached is None
    assert bar(only, "hard").found == "not measured"
    assert bars([]) == ()
    assert all(one.reached is None for one in bars([row(suite="own", condition="own")]))


def test_tables_of_few_tubes_hold_together():
    """One tube is enough for every table that it belongs to, and too few for an interval."""
    rows = [row("a"), blank("b")]
    made = [t for room in (limits, recall, agreement, calls, faults) for t in room.tables(rows)]
    assert {t.title for t in made} >= {"Limits", "Tubes without leukaemia", "Calls at 0.01 %"}
    (stratum,) = next(t for t in made if "stratum" in t.title).rows
    assert stratum == ("plain", "0.1 to 1 %", "1", "1.000", "1.000", "1.000", "1.000")


def test_a_truth_without_events_has_no_recall_table():
    """Recall of a known fraction would be an invention."""
    assert recall.tables([row(found=None, suite="own", condition="own")]) == ()


def test_a_quick_study_is_not_judged():
    """Its figures stand there; neither reached nor missed, whatever they are."""
    rows = [row("a", size="quick"), blank("b", blasts=90, size="quick")]
    assert {one.verdict for one in bars(rows)} == {"not judged"}
    assert bar(rows, "recall, blasts").found == "median 1.000, worst 1.000"
    usual = [one.model_copy(update={"size": "usual"}) for one in rows]
    assert bar(usual, "recall, blasts").reached


def own(tube: str, **said: object) -> TubeRow:
    usual = {"suite": "own", "condition": "own", "kind": "", "level": None, "seed": None}
    return row(tube, **{**usual, **said})


def test_own_tubes_are_shown_with_what_they_do_not_say():
    """A fraction alone cannot leave no doubt, and without labels there is no recall: said so."""
    rows = [
        own("counted", found=None, true_blasts=500),
        own("fraction", found=None, true_blasts=None, true_fraction=0.005),
        own("close", found=None, true_blasts=10, blasts=9),
        own("labelled"),
    ]
    lines = {one.what: one for one in bars(rows)}
    assert {one.wanted for one in lines.values()} == {"nothing asked"}
    status = lines["status right where the truth leaves no doubt"]
    assert status.found.startswith("2 of 2 (")
    assert "one without counts (blasts and nucleated); 1 so close to 0.01 %" in status.found
    assert "(3 without a label for each event)" in lines["recall, blasts from 0.01 %"].found
    blanks = lines["false events per million, tubes without leukaemia"]
    assert blanks.found == ("not measured (no tube is said to be without leukaemia (0 blasts))")


def test_own_tubes_are_no_simulated_specimen():
    """Nobody knows whether an own tube is blood: it stands in a line of its own."""
    rows = [
        own("mine", true_b=0.1, b_fraction=0.1, b_low=0.05, b_high=0.2),
        row("theirs", state="PB_m3_BCA", true_b=0.1, b_fraction=0.1, b_low=0.05, b_high=0.2),
    ]
    table = next(t for t in calls.tables(rows) if t.title.startswith("B cells"))
    assert [(line[1], line[2]) for line in table.rows] == [
        ("blood and aplastic marrow", "1"),
        ("own tubes, as they come", "1"),
    ]


def test_the_worst_have_something_wrong():
    """A tube whose every blast was found is none of them."""
    rows = [row("good"), row("bad", found=90), blank("clean"), blank("dirty", blasts=3)]
    table = next(t for t in faults.tables(rows) if t.title == "The worst tubes")
    assert [line[0] for line in table.rows] == ["bad", "dirty"]
    assert not [t for t in faults.tables([row("good")]) if t.title == "The worst tubes"]


@pytest.mark.parametrize(
    ("value", "words"), [(0.99996, "0.99996"), (0.987654, "0.9877"), (1.0, "1.0000"), (None, "–")]
)
def test_nothing_below_one_reads_one(value: float | None, words: str):
    """R² of 0.99996 is not 1."""
    assert determination(value) == words


def test_escape_is_asked_for_where_cd19_is_lost():
    """The dim end of many blasts with CD19 is shown, and nothing is asked of it."""
    rows = [
        row("lost", true_cd19="NEGATIVE", b_only=20, qualifiers="ANTIGEN_ESCAPE_SUSPECTED"),
        row("partly", true_cd19="PARTIAL", b_only=50),
        row("few", true_cd19="NEGATIVE", b_only=19),
        row("kept", true_cd19="POSITIVE", b_only=40),
    ]

    assert bar(rows, "blasts that lost CD19").found.startswith("1 of 2 ")
    tails = bar(rows, "blasts with CD19")
    assert tails.found.startswith("0 of 1 ")
    assert tails.wanted == "nothing asked"
