"""Reviews in a report: the reviewed number, who and why, and the automatic one beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cytomon.drawings import Drawings, Figures
from cytomon.editions import prepare
from cytomon.errors import InputError
from cytomon.measure.intervals import binomial_interval
from cytomon.model.course import KeptResult
from cytomon.model.people import Act, Meaning, Review
from cytomon.model.record import MeasuredRow, Source
from cytomon.report.document import Document, Picture, Section, Tone
from cytomon.reporting import sign_report, write_report
from cytomon.store.address import parse
from cytomon.store.change import changing
from cytomon.store.corrections import withdraw_tube
from cytomon.store.find import Which, find_specimen, find_tube
from cytomon.store.open import opened
from cytomon.store.session import Store
from cytomon.store.signing import sign
from tests.report_stores import add_event, wanted
from tests.report_words import html_text, pdf_text, squashed, words_of
from tests.review_stores import (
    DRAWN,
    HOSTILE,
    MOVED,
    change_result,
    edit,
    garble,
    newest,
    say,
)
from tests.store.builders import approve, enrol, marrow, mrd, result, save, staff
from tests.store.conftest import ADMIN, FIRST, SECOND

AS_OF = date(2026, 3, 1)
EARLIER = date(2026, 1, 30)


def row(quantity: str, k: int, n: int, status: str) -> MeasuredRow:
    """A quantity with its interval."""
    found = binomial_interval(k, n)
    return (quantity, k, n, found.value, found.low, found.high, None, None, status, "")


AUTOMATIC = (
    mrd(60),
    row("cd19_blasts", 59, 60, "POSITIVE"),
    row("b_fraction", 90, 4000, "RECOVERED"),
    row("hematogones", 5, 500_000, "MEASURED"),
    row("doublets", 7, 500_000, "MEASURED"),
)
REVIEWED = (
    mrd(48),
    row("cd19_blasts", 3, 48, "NEGATIVE"),
    row("b_fraction", 12, 4000, "APLASIA"),
    row("hematogones", 17, 500_000, "MEASURED"),
    row("doublets", 7, 500_000, "MEASURED"),
)
AUTO_MRD = "0.0120 % (0.0092 to 0.0154), 60 of 500,000, POSITIVE"
CALM = (
    mrd(0, status="NOT_DETECTED"),
    row("cd19_blasts", 48, 48, "POSITIVE"),
    row("b_fraction", 0, 4000, "APLASIA"),
)
ALARMING = (
    mrd(60),
    row("cd19_blasts", 1, 60, "NEGATIVE"),
    row("b_fraction", 90, 4000, "RECOVERED"),
)
STATUSES = ("POSITIVE", "NEGATIVE", "RECOVERED")


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Store]:
    """A patient, and two who may review and sign."""
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 's.db'}"
        made = stack.enter_context(opened(parse(url), who=ADMIN, create=True))
        enrol(made, "P1")
        staff(made)
        yield made


@pytest.fixture
def store(bare: Store) -> Store:
    """A marrow of day 28, measured once."""
    save(bare, result(None, *AUTOMATIC))
    return bare


@pytest.fixture
def changed(store: Store) -> Store:
    """The marrow, changed in review."""
    change_result(store, newest(store), *REVIEWED, comment="B cells were inside")
    return store


def document(store: Store, out: Path, **changes: Any) -> Document:  # noqa: ANN401
    """The report of the patient."""
    with store.reading() as connection:
        return prepare(connection, "P1", wanted(out, **{"as_of": AS_OF, **changes})).document


def section(of: Document, key: str) -> Section:
    """One part of it."""
    (found,) = [one for one in of.sections if one.key == key]
    return found


def table(of: Section, title: str) -> Sequence[Sequence[str]]:
    """Rows of one of its tables."""
    (found,) = [one for one in of.tables if one.title.startswith(title)]
    return found.rows


def lines(of: Document, place: int = 0) -> str:
    """What stands below one of the answers."""
    return "\n".join(of.verdicts[place].lines)


def test_each_answer_names_the_reviewer_and_the_automatic_number(changed: Store, tmp_path: Path):
    """Beside the reviewed number, with the reason and the difference in events."""
    told = document(changed, tmp_path)
    by = f"changed in review by {FIRST} on "

    assert "0.0096 %" in told.verdicts[0].answer
    assert "48 of 500,000 nucleated cells" in lines(told)
    assert f"automatic: {AUTO_MRD}; after review 12 events fewer" in lines(told)
    assert "automatic: 98.3 % (91.1 to 100.0), 59 of 60, POSITIVE" in lines(told, 1)
    assert "automatic: 2.25 % (1.81 to 2.76), 90 of 4,000, RECOVERED; after review 78 events" in (
        lines(told, 2)
    )
    for place, verdict in enumerate(told.verdicts):
        assert by in lines(told, place)
        assert ": B cells were inside" in lines(told, place)
        assert verdict.source.endswith(f"reviewed by {FIRST}, not signed")
    assert f"The MRD was changed in review by {FIRST}; automatic: {AUTO_MRD}" in told.summary[1]


def test_void_b_cells_mean_nothing_on_either_side(changed: Store, tmp_path: Path):
    """After a transplant neither number is called aplasia or recovery."""
    add_event(changed, tmp_path, "P1", "2026-02-01", "transplant", "", "", "")
    told = document(changed, tmp_path)
    (both,) = [
        cells
        for cells in table(section(told, "specimen-1"), "Reviewed and")
        if cells[0] == "B cells of lymphocytes"
    ]

    said = [*told.verdicts[2].lines, *both]
    assert any("automatic: 2.25 %" in one for one in said)
    assert not any("APLASIA" in one or "RECOVERED" in one for one in said)
    (one,) = [
        o for o in resources(changed, tmp_path) if "B cells" in o.get("code", {}).get("text", "")
    ]
    assert "b-cell-status" in json.dumps(one)
    assert "RECOVERED" not in json.dumps(one)


def test_the_evidence_has_gates_and_both_sides(changed: Store, tmp_path: Path):
    """Which gates were moved in numbers, and a row for each answer and whatever has changed."""
    told = document(changed, tmp_path)
    evidence = section(told, "specimen-1")

    (said,) = [one for one in evidence.text if "changed in review" in one]
    assert said.startswith(f"a.fcs: changed in review by {FIRST} on ")
    assert "Gates: cd19_clear: CD19 low 1.90 to 2.10; blasts: events taken out" in said
    both = table(evidence, "Reviewed and automatic: a.fcs")
    assert [cells[0] for cells in both] == [
        "MRD of nucleated cells",
        "CD19+ among blasts",
        "B cells of lymphocytes",
        "Hematogones of nucleated cells",
    ]
    assert both[0][1:] == (
        "0.0096 (0.0071 to 0.0127), POSITIVE",
        "48 of 500,000",
        "0.0120 (0.0092 to 0.0154), POSITIVE",
        "60 of 500,000",
        "-12",
    )
    assert [cells[-1] for cells in both] == ["-12", "", "-78", "+12"]
    assert any("none are kept of gates that a reviewer has changed" in one for one in evidence.text)
    (course,) = [cells for cells in table(section(told, "course"), "What was") if cells[0] == "28"]
    assert sum(cell.endswith("changed in review") for cell in course) == 3


def test_the_records_name_every_step(changed: Store, tmp_path: Path):
    """The automatic result, the reviewed one, and the review."""
    records = section(document(changed, tmp_path), "records")
    ((where, said, automatic, reviewed),) = table(records, "Reviews")

    assert where == "marrow of 2026-02-09, day 28 (S1): a.fcs"
    assert said.startswith(f"changed in review by {FIRST}, 20")
    assert said.endswith("drawn on CD19 and CD10")
    assert automatic.startswith(f"MRD {AUTO_MRD}; CD19 98.3 %")
    assert reviewed.startswith("MRD 0.0096 %")
    assert [cells[:3] for cells in table(records, "Results")] == [
        ("a.fcs", "automatic, beside the reviewed one", "measured"),
        ("a.fcs", f"reviewed by {FIRST}, not signed", "measured with a reviewer's gates"),
    ]


def test_an_approved_result_says_so(store: Store, tmp_path: Path):
    """Its numbers are its own; nothing stands beside them."""
    say(store, newest(store), Review.APPROVED, "as expected")
    told = document(store, tmp_path)

    for place in range(3):
        assert f"approved as measured by {FIRST} on " in lines(told, place)
        assert "automatic:" not in lines(told, place)
    evidence = section(told, "specimen-1")
    assert any("approved as measured" in one for one in evidence.text)
    assert not any("Reviewed and" in one.title for one in evidence.tables)
    assert not any("changed in review" in word for word in words_of(told))
    assert told.verdicts[0].source.endswith(f"reviewed by {FIRST}, not signed")


def test_a_rejected_result_does_not_vanish(store: Store, tmp_path: Path):
    """The answer names it, its specimen has a part of its own, the course and the records too."""
    before = marrow(specimen_id="S0", collected_on=EARLIER)
    save(store, result(before, *CALM, file="0.fcs"))
    say(store, newest(store), Review.REJECTED, "clotted")
    told = document(store, tmp_path)
    by = f"a.fcs: rejected by {FIRST} on "

    answer = told.verdicts[0].answer
    assert answer.startswith("No MRD of the newest marrow (2026-02-09, day 28, rejected in review)")
    said = ("MRD 0.0120 % (0.0092 to", "CD19 98.3 %", "B cells 2.25 %")
    for place in range(3):
        assert f"marrow of 2026-02-09, day 28, {by}" in lines(told, place)
        assert f": clotted; it said: {said[place]}" in lines(told, place)
    (evidence,) = [one for one in told.sections if "(S1)" in one.title]
    (text,) = [one for one in evidence.text if by in one]
    assert text.endswith("Nothing of this tube counts.")
    assert f"It said: MRD {AUTO_MRD}; CD19" in text
    assert evidence.tables == ()
    (course,) = [cells for cells in table(section(told, "course"), "What was") if cells[0] == "28"]
    assert course[-1] == "marrow: a result was rejected in review"
    records = section(told, "records")
    assert ("a.fcs", f"rejected by {FIRST}") in [c[:2] for c in table(records, "Results")]
    assert len(table(records, "Reviews")) == 1


def test_where_everything_was_rejected(store: Store, tmp_path: Path):
    """No answer, and why."""
    say(store, newest(store), Review.REJECTED, "clotted")
    told = document(store, tmp_path)

    assert "Cannot say" in told.verdicts[0].answer
    for place in (0, 2):
        assert f"rejected by {FIRST}" in lines(told, place)
    assert "S1" in section(told, "specimen-1").title


def test_of_two_tubes_the_other_one_counts(store: Store, tmp_path: Path):
    """And the rejected one is named where it would have been."""
    save(store, result(None, mrd(50), file="b.fcs"))
    say(store, newest(store), Review.REJECTED, "clotted")
    told = document(store, tmp_path)

    assert "50 of 500,000 nucleated cells" in lines(told)
    assert f"a.fcs: rejected by {FIRST}" in lines(told)
    (said,) = [one for one in section(told, "specimen-1").text if "rejected" in one]
    assert said.endswith("Nothing of this tube counts.")


def test_a_rejection_that_was_taken_back_is_history(store: Store, tmp_path: Path):
    """The last word on a result counts; the records have both."""
    say(store, newest(store), Review.REJECTED, "clotted")
    say(store, newest(store), Review.APPROVED, "after all", who=SECOND)
    told = document(store, tmp_path)

    assert "rejected" not in lines(told)
    assert "60 of 500,000" in lines(told)
    reviews = table(section(told, "records"), "Reviews")
    assert [cells[1].split()[0] for cells in reviews] == ["rejected", "approved"]


def test_what_a_second_person_says_of_a_review(changed: Store, tmp_path: Path):
    """Both stand below the answer, and the automatic number still does."""
    say(changed, newest(changed), Review.APPROVED, "agreed", who=SECOND)
    told = document(changed, tmp_path)

    assert f"changed in review by {FIRST}" in lines(told)
    assert f"approved as reviewed by {SECOND}" in lines(told)
    assert f"automatic: {AUTO_MRD}" in lines(told)
    assert told.verdicts[0].source.endswith(f"reviewed by {FIRST}, {SECOND}, not signed")


def test_a_review_that_was_taken_out_again(changed: Store, tmp_path: Path):
    """The automatic result counts once more; both are told."""
    say(changed, newest(changed), Review.REJECTED, "gate was right", who=SECOND)
    told = document(changed, tmp_path)

    assert "60 of 500,000 nucleated cells" in lines(told)
    assert f"a.fcs: rejected as reviewed by {SECOND}" in lines(told)
    (said,) = [one for one in section(told, "specimen-1").text if "rejected" in one]
    assert "It said: MRD 0.0096 %" in said
    assert "Nothing of this tube counts" not in said


def test_a_review_that_was_made_once_more(changed: Store, tmp_path: Path):
    """The same gates again, after somebody else had rejected them: they count."""
    automatic, made = (newest(changed) - back for back in (1, 0))
    say(changed, made, Review.REJECTED, "gate was right", who=SECOND)
    assert change_result(changed, automatic, *REVIEWED, comment="seen together") == made
    told = document(changed, tmp_path)

    assert "48 of 500,000 nucleated cells" in lines(told)
    assert f"changed in review by {FIRST}" in lines(told)
    assert ": seen together" in lines(told)
    assert "rejected" not in lines(told)
    assert len(table(section(told, "records"), "Reviews")) == 3


def test_a_change_of_a_change_stands_beside_the_automatic_result(changed: Store, tmp_path: Path):
    """Not beside the first change."""
    change_result(changed, newest(changed), mrd(40), comment="once more", who=SECOND)
    told = document(changed, tmp_path)

    assert f"changed again in review by {SECOND}" in lines(told)
    assert f"automatic: {AUTO_MRD}; after review 20 events fewer" in lines(told)
    assert len(table(section(told, "records"), "Reviews")) == 2


def test_tubes_together_are_reviewed_together(store: Store, tmp_path: Path):
    """What was put together anew says which tube it follows, and stands beside the old sum."""
    save(
        store,
        result(None, mrd(10), file="b.fcs", template="y"),
        result(None, mrd(70, 1_000_000), file="", template="b_all_mrd+y"),
    )
    pooled = result(None, mrd(58, 1_000_000), file="", template="b_all_mrd+y", source=Source.REVIEW)
    change_result(store, newest(store, ""), outcome=pooled, adjustments=(), comment="follows a.fcs")
    change_result(store, newest(store), *REVIEWED)
    told = document(store, tmp_path)

    assert "58 of 1,000,000 nucleated cells" in lines(told)
    assert "70 of 1,000,000, POSITIVE; after review 12 events fewer" in lines(told)
    evidence = section(told, "specimen-1")
    assert len([one for one in evidence.tables if one.title.startswith("Reviewed and")]) == 2
    assert any("all tubes together: changed in review" in one for one in evidence.text)
    assert not any(flag.rule.startswith("A18") for flag in told.alerts)


def test_a_signature_does_not_hide_the_review(changed: Store, tmp_path: Path):
    """Signed, after review by whom, with the automatic number."""
    approve(changed, SECOND)
    told = document(changed, tmp_path)

    assert told.verdicts[0].source.endswith(f"signed by {SECOND}, after review by {FIRST}")
    assert f"automatic: {AUTO_MRD}" in lines(told)
    assert any(
        cells[1].startswith(f"signed by {SECOND}, after review")
        for cells in table(section(told, "records"), "Results")
    )
    written = sign_report(changed, SECOND, "P1", wanted(tmp_path, as_of=AS_OF), why="")
    again = write_report(changed, "P1", wanted(tmp_path / "b", as_of=AS_OF))
    for kind, path in written.files.items():
        assert path.read_bytes() == again.files[kind].read_bytes(), kind


def test_a_review_of_what_is_signed_waits_for_a_signature(store: Store, tmp_path: Path):
    """The signed number stands; the reviewed one is told, and that it does not count yet."""
    approve(store, SECOND)
    change_result(store, newest(store), *REVIEWED, comment="B cells were inside")
    told = document(store, tmp_path)

    assert "60 of 500,000 nucleated cells" in lines(told)
    (said,) = [one for one in section(told, "specimen-1").text if "changed in review" in one]
    assert "It says: MRD 0.0096 %" in said
    assert said.endswith("as long as it is not signed: what is signed stands.")


def test_what_was_measured_again_after_a_review_is_told(changed: Store, tmp_path: Path):
    """It does not count, and is not kept quiet."""
    save(changed, result(None, mrd(77), template_version="2.0.0"))
    told = document(changed, tmp_path)

    assert "48 of 500,000 nucleated cells" in lines(told)
    (said,) = [one for one in section(told, "specimen-1").text if "measured again" in one]
    assert "77 of 500,000" in said
    assert said.endswith("This does not count: what was reviewed stands.")


def test_adjustments_that_cannot_be_read_are_said_to_be(changed: Store, tmp_path: Path):
    """In the evidence and in the records, and no number is lost."""
    garble(changed, "[{}]")
    told = document(changed, tmp_path)

    (said,) = [one for one in section(told, "specimen-1").text if "changed in review" in one]
    assert "Gates: the adjustments cannot be read." in said
    assert "cannot be read" in table(section(told, "records"), "Reviews")[0][1]
    assert f"automatic: {AUTO_MRD}" in lines(told)


def test_an_edit_is_not_shown(store: Store, tmp_path: Path):
    """Before a verdict nobody has said anything."""
    before = document(store, tmp_path)
    edit(store, newest(store))
    after = document(store, tmp_path)

    assert words_of(after) == words_of(before)


def test_a_withdrawn_tube_takes_its_review_along(changed: Store, tmp_path: Path):
    """What belongs to nobody is in no report."""
    with changing(changed, FIRST, "correct", act=Act.CORRECT) as change:
        withdraw_tube(change, find_tube(change.connection, "a.fcs"), why="not ours")
    assert not any(FIRST in lines(document(changed, tmp_path), place) for place in range(3))
    assert not any("in review" in word for word in words_of(document(changed, tmp_path)))


def test_what_lies_after_the_day_is_left_out(changed: Store, tmp_path: Path):
    """As of a day before the specimen was drawn, nobody has reviewed it."""
    told = document(changed, tmp_path, as_of=EARLIER)
    assert not any("in review" in word for word in words_of(told))


def test_nothing_but_rejected_results_is_not_signed(store: Store, tmp_path: Path):
    """There is nothing to release."""
    say(store, newest(store), Review.REJECTED, "clotted")
    with pytest.raises(InputError, match="no result to report"):
        sign_report(store, SECOND, "P1", wanted(tmp_path, as_of=AS_OF), why="")


def test_a_long_reason_is_whole_in_the_records_alone(store: Store, tmp_path: Path):
    """Beside an answer its beginning stands, and where the rest is."""
    why = "debris and doublets; " * 40
    change_result(store, newest(store), *REVIEWED, comment=why)
    told = document(store, tmp_path)

    assert why not in lines(told)
    assert f"{why[:160]} ... (whole in the records)" in lines(told)
    assert why in table(section(told, "records"), "Reviews")[0][1]


class TestTakenBack:
    """One person alone does not make calm what the program found alarming."""

    @pytest.fixture
    def alarming(self, bare: Store) -> Store:
        """Everything is bad."""
        save(bare, result(None, *ALARMING))
        return bare

    def tones(self, told: Document) -> list[Tone]:
        """How the three answers look."""
        return [one.tone for one in told.verdicts]

    def test_nothing_looks_calm_before_it_is_signed(self, alarming: Store, tmp_path: Path):
        """And says why; afterwards it does."""
        change_result(alarming, newest(alarming), *CALM)
        told = document(alarming, tmp_path)

        for place, status in enumerate(STATUSES):
            assert told.verdicts[place].tone is Tone.CAUTION
            said = f"the automatic result was {status}, and the review is not signed"
            assert said in lines(told, place)
        approve(alarming, SECOND)
        told = document(alarming, tmp_path)
        assert self.tones(told)[:2] == [Tone.CALM, Tone.CALM]
        assert not any("not signed" in lines(told, place) for place in range(3))

    def test_nor_beside_a_rejected_result(self, alarming: Store, tmp_path: Path):
        """Of another tube of the day."""
        save(alarming, result(None, *CALM, file="b.fcs"))
        say(alarming, newest(alarming), Review.REJECTED, "clotted")
        told = document(alarming, tmp_path)

        for place, status in enumerate(STATUSES):
            assert told.verdicts[place].tone is Tone.CAUTION
            assert f"a result that was rejected was {status}" in lines(told, place)

    def test_what_was_calm_before_stays_so(self, store: Store, tmp_path: Path):
        """Approved, or changed within what it said."""
        save(store, result(None, *CALM))
        say(store, newest(store), Review.APPROVED)
        assert self.tones(document(store, tmp_path))[:2] == [Tone.CALM, Tone.CALM]
        change_result(store, newest(store), mrd(0, 400_000, "NOT_DETECTED"), *CALM[1:])
        assert self.tones(document(store, tmp_path))[:2] == [Tone.CALM, Tone.CALM]

    def test_what_becomes_alarming_is_so_at_once(self, store: Store, tmp_path: Path):
        """It waits for no signature."""
        save(store, result(None, *CALM))
        change_result(store, newest(store), *ALARMING)
        told = document(store, tmp_path)
        assert self.tones(told)[:2] == [Tone.ALARM, Tone.ALARM]
        assert not any("not signed" in lines(told, place) for place in range(3))


class TestFiles:
    """HTML, PDF and FHIR of what was reviewed."""

    def test_every_word_is_in_both(self, changed: Store, tmp_path: Path):
        """As of any other document."""
        written = write_report(changed, "P1", wanted(tmp_path / "out", as_of=AS_OF))
        said = words_of(written.document)

        assert any("changed in review" in one for one in said)
        for text in (html_text(written.files["html"]), pdf_text(written.files["pdf"])):
            shown = squashed(text)
            assert [one for one in said if squashed(one) not in shown] == []

    def test_fhir_has_reviewer_and_automatic_numbers(self, changed: Store, tmp_path: Path):
        """A note with who and when, and components that are not taken for the answer."""
        found = resources(changed, tmp_path)
        (one,) = [o for o in found if o.get("code", {}).get("text") == "MRD of nucleated cells"]
        said = one["note"][1]
        named = {part["code"]["coding"][0]["code"]: part for part in one["component"]}

        assert said["authorString"] == FIRST
        assert said["time"].startswith("20")
        assert "cd19_clear: CD19 low 1.90 to 2.10" in said["text"]
        assert one["valueQuantity"]["value"] == pytest.approx(0.0096)
        assert named["numerator"]["valueQuantity"]["value"] == 48
        assert named["automatic_numerator"]["valueQuantity"]["value"] == 60
        assert named["automatic_denominator"]["valueQuantity"]["value"] == 500_000
        assert named["automatic_estimate"]["valueQuantity"]["value"] == pytest.approx(0.012)
        status = named["automatic_status"]["valueCodeableConcept"]["coding"][0]
        assert (status["system"], status["code"]) == ("urn:cytomon:mrd-status", "POSITIVE")

    def test_fhir_has_no_automatic_number_of_what_was_approved(self, store: Store, tmp_path: Path):
        """A note alone."""
        say(store, newest(store), Review.APPROVED)
        found = [o for o in resources(store, tmp_path) if o["resourceType"] == "Observation"]

        assert found
        assert all(len(one["note"]) == 2 for one in found)
        assert "automatic_" not in json.dumps(found)

    def test_fhir_tells_a_rejection_with_its_specimen(self, store: Store, tmp_path: Path):
        """There is no observation that could."""
        say(store, newest(store), Review.REJECTED, "clotted")
        found = resources(store, tmp_path)
        (specimen,) = [one for one in found if one["resourceType"] == "Specimen"]

        (note,) = specimen["note"]
        assert (note["authorString"], note["text"][-9:]) == (FIRST, ": clotted")
        assert not any(one["resourceType"] == "Observation" for one in found)

    def test_hostile_words_are_inert(self, store: Store, tmp_path: Path):
        """In the reason, and as the name of a gate, of a marker and of a person."""
        gate = replace(MOVED, gate=HOSTILE, on=(HOSTILE,), who=HOSTILE, why=HOSTILE)
        change_result(store, newest(store), *REVIEWED, adjustments=(gate, DRAWN), comment=HOSTILE)
        written = write_report(store, "P1", wanted(tmp_path / "out", as_of=AS_OF))
        page = written.files["html"].read_text(encoding="utf-8")

        assert "<script" not in page
        for text in (page, written.files["fhir"].read_text(encoding="utf-8")):
            assert "\u202e" not in text
            assert "\x1b" not in text
            assert "⟨U+202E⟩gnorw" in text
        assert squashed("=cmd|'/c calc'!A0 ⟨U+202E⟩gnorw") in squashed(
            pdf_text(written.files["pdf"])
        )


def resources(store: Store, out: Path) -> list[dict[str, Any]]:
    """What the bundle holds; fhir.resources has read it."""
    written = write_report(store, "P1", wanted(out / "out", as_of=AS_OF, formats=("fhir",)))
    bundle = json.loads(written.files["fhir"].read_text(encoding="utf-8"))
    return [entry["resource"] for entry in bundle["entry"]]


class Kept(Drawings):
    """A folder that has plots of the automatic result alone."""

    def of_results(self, results: Sequence[KeptResult]) -> Figures:
        """A picture of each that a batch has measured."""
        picture = Picture(key="tube1-1", title="CD19 against CD10", says="60 blasts")
        return Figures(
            pictures={one.number: (picture,) for one in results if one.source is Source.BATCH}
        )


class TestPlots:
    """Those of the automatic gates stand in, and say that they do."""

    def test_they_are_labelled(self, changed: Store, tmp_path: Path):
        """In their caption, in the words for who cannot see them, and in the text."""
        evidence = section(document(changed, tmp_path, drawings=Kept()), "specimen-1")

        (one,) = evidence.pictures
        assert (one.title, one.caveat) == ("CD19 against CD10", "automatic, before review")
        assert one.says == "60 blasts; automatic, before review"
        assert any("a.fcs show the automatic gates, before the review" in t for t in evidence.text)

    def test_not_those_of_a_rejected_result(self, changed: Store, tmp_path: Path):
        """They show what nobody believes."""
        with changed.reading() as connection:
            told = prepare(connection, "P1", wanted(tmp_path, as_of=AS_OF)).document
        assert section(told, "specimen-1").pictures == ()

    def test_of_a_result_that_stands_they_need_no_label(self, store: Store, tmp_path: Path):
        """Approved as measured: the plots show just that."""
        say(store, newest(store), Review.APPROVED)
        (one,) = section(document(store, tmp_path, drawings=Kept()), "specimen-1").pictures
        assert one.caveat == ""


def test_a_review_is_among_what_changed(store: Store, tmp_path: Path):
    """The next version says who has changed which number."""
    approve(store, FIRST)
    sign_report(store, FIRST, "P1", wanted(tmp_path, as_of=AS_OF), why="")
    change_result(store, newest(store), *REVIEWED, comment="B cells were inside", who=SECOND)
    for who in (FIRST, SECOND):  # the answers change sides: two have to agree
        approve(store, who, why="gates were moved")
    told = document(store, tmp_path)

    said = "\n".join(told.changes)
    assert "is now POSITIVE, 0.0096 %, 48 of 500000" in said
    assert "new: review of marrow S1 of 2026-02-09: a.fcs: changed in review by pia" in said


def test_meaning_reviewed_still_names_who(store: Store, tmp_path: Path):
    """A signature that says looked at, without a review on the screen."""
    with changing(store, SECOND, "sign", act=Act.REVIEW) as change:
        sign(change, find_specimen(change.connection, "S1", Which()), Meaning.REVIEWED)
    source = document(store, tmp_path).verdicts[0].source
    assert source.endswith(f"reviewed by {SECOND}, not signed")

    for who in (FIRST, SECOND):
        say(store, newest(store), Review.APPROVED, who=who)
    source = document(store, tmp_path).verdicts[0].source
    assert source.endswith(f"reviewed by {FIRST}, {SECOND}, not signed")
