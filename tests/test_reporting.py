"""Reports from a store: the same words and numbers everywhere, versions, and what is hostile."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from pypdf import PdfReader

from cytomon.errors import InputError
from cytomon.report.course_figure import draw_course
from cytomon.report.document import Status
from cytomon.reporting import Verified, Written, sign_report, verify_file, write_report
from cytomon.simulate.course.patient import SimulatedPatient
from cytomon.store.session import Store
from cytomon.store.verify import verify
from tests.report_stores import (
    ADMIN,
    DAY0,
    SECOND,
    SIGNER,
    add_event,
    patient,
    sign_all,
    store_of,
    wanted,
)
from tests.report_words import html_text, pdf_text, squashed, words_of

STORIES = ("cd19_negative_relapse", "early_recovery", "cd22_downregulation", "lineage_switch")
HOSTILE_ID = '=HYPERLINK("http://x.example")<script>alert(1)</script>&lt;{{7*7}}#panic'
HOSTILE_COMMENT = "\u202e<img src=x onerror=alert(1)>\u2066 " + "=1+1 $\\frac{ #eval " * 600


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store of four stories that nobody has signed."""
    folder = tmp_path_factory.mktemp("four")
    with store_of(folder, [patient(story) for story in STORIES]) as store:
        yield store


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d[\d.,]*\d|\d", text))


@pytest.mark.parametrize("story", STORIES)
def test_html_and_pdf_say_every_word_of_the_document(four: Store, tmp_path: Path, story: str):
    """Nothing is left out, and no number is there that the document does not say."""
    written = write_report(four, story, wanted(tmp_path))
    document, said = written.document, words_of(written.document)

    for text in (html_text(written.files["html"]), pdf_text(written.files["pdf"])):
        shown = squashed(text)
        assert [one for one in said if squashed(one) not in shown] == []
    pages = {str(number) for number in range(1, 20)}
    identity = document.identity
    known = numbers(
        " ".join([*said, identity.made_by, identity.definitions, str(identity.entry), str(DAY0)])
    )
    assert numbers(html_text(written.files["html"])) - known - pages == set()
    ticks = numbers(draw_course(document.curves).data.decode())
    assert numbers(pdf_text(written.files["pdf"])) - known - pages - ticks == set()


@pytest.mark.parametrize("story", STORIES)
def test_fhir_says_every_number_of_the_document(four: Store, tmp_path: Path, story: str):
    """Value, interval, counts and limits of each measurement, as percent and as they are."""
    written = write_report(four, story, wanted(tmp_path, formats=("fhir",)))
    text = written.files["fhir"].read_text(encoding="utf-8")
    values = re.findall(r'"value(?:Integer)?": (-?[0-9.eE+-]+)', text)
    there = {round(float(one), 10) for one in values}

    for specimen in written.document.specimens:
        for one in specimen.observed:
            found = one.measurement
            counts = [n for n in (found.numerator, found.denominator) if n is not None]
            shares = [found.estimate.low, found.estimate.high] if found.estimate else []
            assert {float(n) for n in counts} <= there
            assert {round(100 * share, 10) for share in shares} <= there
    answers = {one.answer for one in written.document.verdicts}
    assert all(
        answer in unescape(json.dumps(json.loads(text), ensure_ascii=False)) for answer in answers
    )


def test_the_pdf_is_tagged_with_its_fonts_and_names_nobody(four: Store, tmp_path: Path):
    """Pages are numbered, every page names patient and report, two of them are enough."""
    written = write_report(four, STORIES[0], wanted(tmp_path, formats=("pdf",)))
    path, identity = written.files["pdf"], written.document.identity
    reader = PdfReader(path)

    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in reader.trailer["/Root"]
    assert len(reader.pages) == 2
    for number, page in enumerate(reader.pages, start=1):
        text = page.extract_text()
        assert f"page {number} of 2" in text
        assert identity.report_id in text
        assert STORIES[0] in text
        assert "SIMULATED DATA" in text
        for font in page["/Resources"]["/Font"].values():
            described = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            assert {"/FontFile2", "/FontFile3"} & set(described.get_object())
    assert path.name == f"SIMULATED-{identity.report_id}-v1-draft-20260701.pdf"
    assert STORIES[0] not in path.name
    assert reader.metadata is not None
    assert reader.metadata["/Keywords"].startswith("SIMULATED DATA")


def test_the_same_store_gives_the_same_bytes(four: Store, tmp_path: Path):
    """Today, and in a year."""
    first = write_report(four, STORIES[1], wanted(tmp_path / "a"))
    second = write_report(four, STORIES[1], wanted(tmp_path / "b"))

    for kind, path in first.files.items():
        assert path.read_bytes() == second.files[kind].read_bytes(), kind


def test_persistent_aplasia_never_stands_without_the_mrd(four: Store, tmp_path: Path):
    """Not in the answer, and not in the states."""
    document = write_report(four, STORIES[0], wanted(tmp_path, formats=("html",))).document
    mrd, _, b_cells = document.verdicts
    states = next(one for one in document.sections if one.key == "course").fields

    assert "aplasia since day" in b_cells.answer
    assert f"beside it: {mrd.answer}" in b_cells.lines
    for field in states:
        assert "PERSISTENT" not in field.value or "MRD" in field.value


def test_what_is_not_recorded_says_so(four: Store, tmp_path: Path):
    """No field is empty, and none is made up."""
    document = write_report(four, STORIES[0], wanted(tmp_path, formats=("html",))).document
    missing = {one.label: one.value for one in document.heading}["not recorded"].split(", ")

    assert {"second identifier", "laboratory", "accreditation", "requester"} <= set(missing)
    assert all(one.value for one in document.heading)


def test_a_hostile_patient_is_inert(tmp_path: Path):
    """Names, comments and drugs are shown, cut and spelled out, and never act."""
    hostile = patient("cd19_negative_relapse", HOSTILE_ID)
    with store_of(tmp_path, [hostile]) as store:
        event = (HOSTILE_ID, str(DAY0), "drug", "=cmd|'/c calc'!A0 $\\frac{ *_#", "", "")
        add_event(store, tmp_path, *event)
        comment = (HOSTILE_ID, str(DAY0), "alc", "1.5", "", HOSTILE_COMMENT)
        add_event(store, tmp_path, *comment)
        written = write_report(store, HOSTILE_ID, wanted(tmp_path / "out"))

    page = written.files["html"].read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "\u202e" not in page
    assert "⟨U+202E⟩" in page
    assert "more characters left out" in page
    assert HOSTILE_ID in html_text(written.files["html"])
    for path in written.files.values():
        assert "HYPERLINK" not in path.name
    read = pdf_text(written.files["pdf"])
    assert squashed(HOSTILE_ID) in squashed(read)
    assert json.loads(written.files["fhir"].read_text(encoding="utf-8"))["resourceType"] == "Bundle"


@pytest.fixture
def signed(tmp_path: Path) -> Iterator[tuple[Store, SimulatedPatient]]:
    """A store of one patient whose results are all signed."""
    one = patient("early_recovery", "P1")
    with store_of(tmp_path, [one]) as store:
        sign_all(store, one)
        yield store, one


def signed_report(store: Store, out: Path, *, who: str = SIGNER, why: str = "") -> Written:
    """Sign the report of the patient."""
    return sign_report(store, who, "P1", wanted(out), why=why)


def test_a_signed_report_is_written_again_as_it_was(
    signed: tuple[Store, SimulatedPatient], tmp_path: Path
):
    """As long as nothing changes: on a later day too, and with the signature in it."""
    store, _ = signed
    first = signed_report(store, tmp_path / "a")
    again = write_report(store, "P1", wanted(tmp_path / "b"))

    assert first.document.identity.status is Status.SIGNED
    assert SIGNER in first.document.standing
    assert "DRAFT" not in first.document.banner
    for kind, path in first.files.items():
        assert path.read_bytes() == again.files[kind].read_bytes(), kind
        assert path.name == again.files[kind].name
    assert verify(store).problems == ()


def test_what_changes_makes_a_draft_of_the_next_version(
    signed: tuple[Store, SimulatedPatient], tmp_path: Path
):
    """It says what changed; the amended version needs a reason and says what it replaces."""
    store, _ = signed
    first = signed_report(store, tmp_path / "a")
    add_event(store, tmp_path, "P1", "2026-06-20", "relapse", "", "", "")
    draft = write_report(store, "P1", wanted(tmp_path / "b"))

    identity = draft.document.identity
    assert (identity.status, identity.version) == (Status.DRAFT, 2)
    assert any(one.startswith("new: flag A1") for one in draft.document.changes)
    with pytest.raises(InputError, match="needs a reason"):
        signed_report(store, tmp_path / "c")
    second = signed_report(store, tmp_path / "c", who=SECOND, why="relapse was recorded")
    assert second.document.identity.status is Status.AMENDED
    assert "relapse was recorded" in second.document.standing
    assert second.document.changes[0].startswith(f"since version 1, signed by {SIGNER}")

    old, new = (verify_file(store, one.files["pdf"]) for one in (first, second))
    assert old.version is not None
    assert [one.version for one in old.newer] == [2]
    assert new.version is not None
    assert new.newer == ()
    assert (new.version.by, new.version.status) == (SECOND, "amended")


def test_a_changed_byte_is_noticed(signed: tuple[Store, SimulatedPatient], tmp_path: Path):
    """One bit of any format, and a draft, are not what was signed."""
    store, _ = signed
    draft = write_report(store, "P1", wanted(tmp_path / "draft"))
    written = signed_report(store, tmp_path / "a")

    for path in written.files.values():
        assert verify_file(store, path).version is not None
        whole = bytearray(path.read_bytes())
        whole[len(whole) // 2] ^= 1
        path.write_bytes(whole)
        assert verify_file(store, path) == Verified(version=None)
    assert verify_file(store, draft.files["pdf"]).version is None


def test_unsigned_results_are_not_released(tmp_path: Path):
    """The report names the specimens that wait."""
    one = patient("early_recovery", "P1")
    with store_of(tmp_path, [one]) as store, pytest.raises(InputError, match="not signed") as said:
        signed_report(store, tmp_path / "out")
    assert one.specimens[-1].specimen_id[:2] in said.value.where
    assert not (tmp_path / "out").exists()


def test_nothing_is_signed_twice(signed: tuple[Store, SimulatedPatient], tmp_path: Path):
    """Nor by whom may not sign; a refused signature leaves no entry and no version."""
    store, _ = signed
    signed_report(store, tmp_path / "a")
    with pytest.raises(InputError, match="nothing has changed"):
        signed_report(store, tmp_path / "b", who=SECOND, why="again")
    with pytest.raises(InputError, match="does not allow it"):
        signed_report(store, tmp_path / "b", who=ADMIN)
    assert verify(store).problems == ()


def test_an_earlier_day_is_a_draft(signed: tuple[Store, SimulatedPatient], tmp_path: Path):
    """What was signed says what was known later."""
    store, _ = signed
    signed_report(store, tmp_path / "a")
    back = write_report(store, "P1", wanted(tmp_path / "b", as_of=DAY0.replace(month=3)))

    assert back.document.identity.status is Status.DRAFT
    assert verify_file(store, back.files["pdf"]).version is None
