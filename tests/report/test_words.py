"""The wording of statuses (domain: 1.3, 1.4), and what makes the words of others harmless."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon.measure.mrd import measure_mrd
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import AntigenCall, BCellStatus, Evidence, Limits, Measurement, MrdStatus
from cytomon.report.document import Tone
from cytomon.report.words import (
    B_CELLS,
    CALL_TONES,
    CALLS,
    LONGEST,
    MRD_TONES,
    QUALIFIERS,
    inert,
    inert_everywhere,
    interval,
    mrd_says,
)


def mrd(k: int, cells: int, kind: SpecimenType = SpecimenType.MARROW) -> Measurement:
    """The MRD of a clean tube."""
    evidence = Evidence(
        counts={"blasts": k, "nucleated": cells},
        kept={},
        markers=frozenset(),
        limits=Limits(),
        specimen=Specimen(specimen_type=kind),
    )
    return measure_mrd(evidence, quantity="mrd", denominator_role="nucleated")


# the worked checks of domain 1.4, in the words of its table
WORKED = (
    (20, 200_000, "MRD detected, about 0.0100 %; below the limit of quantification"),
    (60, 500_000, "MRD detected, 0.0120 %"),
    (80, 500_000, "MRD detected, 0.0160 %"),
    (25, 500_000,
     "MRD detected below 0.01 % (0.0050 %); counts as MRD-negative under the trial definition"),
    (12, 100_000,
     "No conclusion at 0.01 %: only 100,000 cells, sensitivity 0.0200 %; repeat; "
        "suspicious events (12, 0.0120 %)"),
    (19, 150_000, "No conclusion at 0.01 %: only 150,000 cells, sensitivity 0.0133 %; repeat; "
        "suspicious events (19, 0.0127 %)"),
    (0, 30_000, "No conclusion at 0.01 %: only 30,000 cells, sensitivity 0.0667 %; repeat"),
    (3, 50_000, "No conclusion at 0.01 %: only 50,000 cells, sensitivity 0.0400 %; repeat; "
        "suspicious events (3, 0.0060 %)"),
    (0, 500_000, "MRD not detected; sensitivity reached 0.0040 %"),
    (5, 500_000, "Suspicious events below the limit of detection (5 events)"),
    (19, 200_000,
     "Suspicious events below the limit of detection (19 events); MRD ≥ 0.01 % not excluded "
     "(upper bound 0.0148 %)"),
)  # fmt: skip


@pytest.mark.parametrize(("k", "cells", "says"), WORKED)
def test_the_wording_of_each_status(k: int, cells: int, says: str):
    """As the table of the domain words it."""
    assert mrd_says(mrd(k, cells)) == says


def test_blood_never_counts_as_negative_under_the_trial():
    """The trial speaks of marrow."""
    said = mrd_says(mrd(25, 500_000, SpecimenType.BLOOD))

    assert said == "MRD detected below 0.01 % (0.0050 %)"


def test_no_event_has_a_one_sided_bound():
    """3.00 of N in the text; the interval stays two-sided."""
    assert interval(mrd(0, 30_000)) == (
        "95 % interval 0 to 0.0123 %; 0 events: one-sided 95 % upper bound 0.00999 %"
    )
    assert "one-sided" not in interval(mrd(1, 30_000))


def test_every_status_and_qualifier_has_words():
    """A new one that nobody has worded would be printed in capitals."""
    assert set(QUALIFIERS) == set(Qualifier)
    assert set(CALLS) == set(AntigenCall)
    assert set(B_CELLS) == set(BCellStatus)
    silent = {MrdStatus.NOT_EVALUABLE, MrdStatus.INSUFFICIENT_SENSITIVITY}
    assert set(MRD_TONES) == set(MrdStatus) - silent
    assert {MRD_TONES[one] for one in (MrdStatus.POSITIVE, MrdStatus.POSITIVE_BELOW_LOQ)} == {
        Tone.ALARM
    }
    assert CALL_TONES[AntigenCall.NEGATIVE] is CALL_TONES[AntigenCall.PARTIAL] is Tone.ALARM


@given(st.text(max_size=3 * LONGEST))
def test_what_is_inert_is_seen_and_short(text: str):
    """Nothing invisible, nothing endless; doing it again changes nothing."""
    shown = inert(text)

    assert len(shown) < 11 * LONGEST
    assert inert(shown) == shown or len(shown) > LONGEST
    for mark in "\u202e\u2066\u200b\u0000\x1b\n\r\t\u2028\ufeff\u00ad\u3164\ufffe\ufe0f":
        assert mark not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("\u115f\u3164", "⟨U+115F⟩⟨U+3164⟩", id="hangul-fillers"),
        pytest.param("\uffa0\u2800", "⟨U+FFA0⟩⟨U+2800⟩", id="blanks"),
        pytest.param("1\ufe0f", "1⟨U+FE0F⟩", id="variation-selector"),
        pytest.param("a\U000e0100\U000e0041", "a⟨U+E0100⟩⟨U+E0041⟩", id="beyond-the-first-plane"),
        pytest.param("a\u034f\u180b", "a⟨U+034F⟩⟨U+180B⟩", id="joiners-without-a-shape"),
        pytest.param("x\ufffe\uffff", "x⟨U+FFFE⟩⟨U+FFFF⟩", id="noncharacters"),
        pytest.param("\ufdd0\U0001fffe", "⟨U+FDD0⟩⟨U+1FFFE⟩", id="more-noncharacters"),
        pytest.param("\ud800", "⟨U+D800⟩", id="half-a-character"),
        pytest.param(
            "e\u0301\u0302\u0303\u0304f", "e\u0301\u0302⟨U+0303⟩⟨U+0304⟩f", id="marks-that-climb"
        ),
        pytest.param("Nguye\u0302\u0303n", "Nguye\u0302\u0303n", id="two-marks-of-a-name"),
        pytest.param("ผู้ป่วยที่ हिन्दी မြန်မာ", "ผู้ป่วยที่ हिन्दी မြန်မာ", id="languages-of-marks"),
    ],
)
def test_what_nobody_sees_is_spelled_out(text: str, shown: str):
    """Fillers, selectors, noncharacters and towers of marks; names of people stay as they are."""
    assert inert(text) == shown
    assert inert(shown) == shown


def test_every_text_of_a_value_is_made_inert():
    """However deep it lies; numbers and statuses stay what they are."""

    @dataclass(frozen=True)
    class Inner:
        text: str
        number: float

    @dataclass(frozen=True)
    class Outer:
        inner: tuple[Inner, ...]
        named: dict[str, str]
        tone: Tone

    made = inert_everywhere(
        Outer(inner=(Inner("a\u202eb", 0.1),), named={"k": "\x1b[2J"}, tone=Tone.CALM)
    )
    assert made.inner[0] == Inner("a⟨U+202E⟩b", 0.1)
    assert made.named == {"k": "⟨U+001B⟩[2J"}
    assert made.tone is Tone.CALM
