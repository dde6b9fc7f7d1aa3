"""The report on paper: it is laid out whatever a text holds, and says in its title what it is."""

from __future__ import annotations

import io
import sys
from dataclasses import replace

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from cytomon.errors import InputError
from cytomon.report import pdf
from cytomon.report.course_figure import draw_course
from cytomon.report.document import Document, Field, Picture, Section, Table
from cytomon.report.drawn import Drawn
from cytomon.report.pdf import write_pdf
from cytomon.report.told import Curves
from cytomon.report.words import inert, inert_everywhere
from tests.report.fhir_sample import rich
from tests.report.sample import CAVEAT, empty, figures, hostile, typical

# what PDF/UA refuses: unseen, no characters, or marks that the fonts do not know on their letter
REFUSED = (
    "\u115f\u3164", "1\ufe0f\u20e3", "x\ufffe", "\ufeff", "a\u0951b", "a\u1ab0", "a\ufe24",
    "\ud800", "漢字 हिन्दी 👨\u200d👩", "e" + "\u0301" * 300, "\x00\x1b\x7f",
)  # fmt: skip


def saying(text: str) -> Document:
    """A report with a text wherever others' words stand."""
    whole = rich()
    table = Table(title=text, columns=("drug", text), rows=((text, text),), note=text)
    picture = Picture(key="course", title=text, says=text, whole=True, caveat=text)
    course = Section(
        key="course", title="Course", text=(text,), fields=(Field(label=text, value=text),),
        tables=(table,), pictures=(picture,),
    )  # fmt: skip
    return replace(
        whole,
        patient_id=text,
        heading=(Field(label="comment", value=text),),
        alerts=tuple(replace(one, says=text, facts=(text,)) for one in whole.alerts),
        sections=(course,),
        curves=Curves(happened=((3, text),), last=30),
    )


def laid_out(document: Document) -> bytes:
    return write_pdf(document, {"course": draw_course(inert_everywhere(document.curves))})


def texts(content: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def declares_ua(content: bytes) -> bool:
    """The metadata say which part of PDF/UA a file follows."""
    return b"pdfuaid" in PdfReader(io.BytesIO(content)).trailer["/Root"]["/Metadata"].get_data()


@pytest.mark.parametrize("text", REFUSED)
def test_what_pdf_ua_refuses_is_laid_out(text: str):
    """Made inert as every document is: spelled out, and still PDF/UA."""
    content = laid_out(inert_everywhere(saying(text)))

    assert declares_ua(content)


@settings(max_examples=20, deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_any_text_is_laid_out(text: str):
    """Inert or not: no text keeps a patient from a report."""
    assert laid_out(saying(text))
    assert declares_ua(laid_out(inert_everywhere(saying(text))))


def test_what_the_font_cannot_draw_is_spelled_out():
    """On paper, in text and figure; letters that the font has stay as they are."""
    document = saying("漢 Ωλ Łódź")
    shown = texts(laid_out(document))

    assert "漢" not in shown
    assert shown.count("⟨U+6F22⟩ Ωλ Łódź") > 5
    assert inert("漢") == "漢"


def test_a_plot_says_on_paper_how_it_differs_from_what_is_reported():
    """Below each that does, small or as wide as the page."""
    shown = texts(write_pdf(typical(), figures()))
    assert shown.count(CAVEAT) == 3
    wide = Picture(key="course", title="course", says="course", whole=True, caveat=CAVEAT)
    section = Section(key="course", title="Course", pictures=(wide,))
    assert CAVEAT in texts(laid_out(replace(rich(), sections=(section,))))


def test_figures_that_are_no_drawing_stay_as_they_are():
    """The bytes of a picture are no text."""
    drawn = Drawn(media="image/png", data=b"\x89PNG\xff", width=1, height=1)

    assert pdf._figure(drawn) == drawn.data


@pytest.mark.parametrize("document", [typical(), hostile(), empty()])
def test_other_documents_are_pdf_ua(document: Document):
    """The usual, the hostile and the empty one."""
    assert declares_ua(write_pdf(inert_everywhere(document), {}))


def test_a_text_against_the_standard_gives_a_tagged_pdf_without_it(monkeypatch: pytest.MonkeyPatch):
    """The patient has a report; the file does not promise what it does not hold."""
    monkeypatch.setattr(pdf, "_printable", lambda text: text)
    content = write_pdf(replace(rich(), patient_id="x\ufffe"), {})

    assert not declares_ua(content)
    assert PdfReader(io.BytesIO(content)).trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_what_cannot_be_laid_out_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch):
    """With what to do, and without a word of the patient."""

    def failing(*_: object, **__: object) -> bytes:
        msg = "P-001 could not be displayed"
        raise typst.TypstError(msg)

    monkeypatch.setattr(typst, "compile", failing)

    with pytest.raises(InputError, match="cannot be laid out as PDF") as refused:
        write_pdf(rich(), {})
    assert "P-001" not in str(refused.value)
    assert "R-4711" in refused.value.where


def test_without_typst_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    """The extra by its name."""
    monkeypatch.setitem(sys.modules, "typst", None)

    with pytest.raises(InputError, match=r"cytomon\[pdf\]"):
        write_pdf(rich(), {})


def test_a_sentence_ends_once():
    """Whatever a rule, or who has seen it, ends with."""
    whole = rich()
    ends = replace(
        whole,
        standing="Draft.",
        alerts=tuple(
            replace(one, says="Ends here.", confirms="repeat it.", seen=("A. Reader: Why?",))
            for one in whole.alerts
        ),
    )
    shown = texts(write_pdf(ends, {}))

    assert ".." not in shown
    assert "?." not in shown
    assert "Ends here. " in shown
    assert "MRD at or above 0.01 %. " in texts(write_pdf(whole, {}))


def test_the_title_says_that_data_are_simulated():
    """It is what a window is named after."""
    reader = PdfReader(io.BytesIO(write_pdf(rich(), {})))
    real = PdfReader(io.BytesIO(write_pdf(rich(banner=""), {})))

    assert reader.metadata is not None
    assert real.metadata is not None
    assert str(reader.metadata.title).startswith("SIMULATED DATA: Flow cytometry after CAR T")
    assert str(real.metadata.title).startswith("Flow cytometry after CAR T")


def test_words_without_end_stay_on_the_page():
    """They are broken, and whole; the head of the page has both ends of a long name."""
    name = f"{'a' * 120}{'b' * 80}"
    document = rich(patient_id=name, heading=(Field(label="patient", value=name),))
    shown = texts(write_pdf(document, {}))

    assert max(map(len, shown.splitlines())) < 180
    assert name in shown.replace("\n", "")
    assert f"{'a' * 40} … {'b' * 30}" in shown.replace("\n", "")
