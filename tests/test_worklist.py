"""Rows of worklist, patients and events, and the specimen they make."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cytomon.worklist import EventRow, PatientRow, WorklistRow, specimen_of

ROW = {
    "file": "a.fcs",
    "patient_id": "P1",
    "specimen_id": "S1",
    "collected_on": "2026-02-09",
    "specimen_type": "marrow",
}


def row(**cells: str) -> WorklistRow:
    return WorklistRow.model_validate({**ROW, **cells})


def event(day: str, value: str, **cells: str) -> EventRow:
    cells = {"patient_id": "P1", "event": "drug", "unit": "", "comment": "", **cells}
    return EventRow.model_validate({**cells, "date": day, "value": value})


def patients(infusion: str) -> dict[str, PatientRow]:
    one = {"patient_id": "P1", "infusion_date": infusion, "product": "CD19/CD22"}
    return {"P1": PatientRow.model_validate(one)}


@pytest.mark.parametrize(("text", "fraction"), [("0.85", 0.85), ("85 %", 0.85), ("85%", 0.85)])
def test_viability_is_a_fraction_or_says_percent(text: str, fraction: float):
    """0.85 and 85 % are the same."""
    assert row(viability=text).viability == pytest.approx(fraction, abs=1e-15)


@pytest.mark.parametrize("text", ["85", "1.01", "-0.1", "nan", "inf", "0,85", "good", "101 %", "%"])
def test_a_viability_that_may_mean_two_things_is_refused(text: str):
    """A bare 85 is a slip of a factor of a hundred that nobody would see later."""
    with pytest.raises(ValidationError, match=r"0\.85 or 85 %"):
        row(viability=text)


@pytest.mark.parametrize(
    "text", ["9/2/2026", "09.02.2026", "20260209", "1770595200", "2026-2-9", "2026-02-30", ""]
)
def test_only_iso_dates_are_dates(text: str):
    """A date that may be another day in another country is refused, and so is a bare number."""
    with pytest.raises(ValidationError):
        row(collected_on=text)


@given(day=st.dates())
def test_every_iso_date_is_read_as_itself(day: date):
    """Any day of the calendar."""
    assert row(collected_on=day.isoformat()).collected_on == day


def test_a_specimen_is_not_received_before_it_was_taken():
    """The same day is fine, the day before is a slip."""
    assert row(received_on="2026-02-09").received_on == date(2026, 2, 9)
    with pytest.raises(ValidationError, match="received before it was collected"):
        row(received_on="2026-02-08")


def test_words_are_taken_in_any_letter_case():
    """Marrow and PASS mean what they say."""
    read = row(specimen_type="Marrow", instrument_qc="PASS", washed="Yes")
    assert (read.specimen_type, read.instrument_qc, read.washed) == ("marrow", "pass", "yes")


@pytest.mark.parametrize(
    "cells",
    [
        {"instrument_qc": "ok"},
        {"specimen_type": "lymph"},
        {"pull": "0"},
        {"pull": "one"},
        {"washed": "blank"},
        {"washed": "1"},
    ],
)
def test_words_that_are_not_known_are_refused(cells: dict[str, str]):
    """Nothing is guessed from a word the worklist does not have."""
    with pytest.raises(ValidationError):
        row(**cells)


def test_empty_cells_say_nothing():
    """An empty optional cell is as good as a missing column."""
    read = row(received_on="", pull="", viability="", instrument_qc="", template="")
    assert (read.received_on, read.pull, read.viability, read.instrument_qc) == (
        None,
        None,
        None,
        "",
    )


@pytest.mark.parametrize(
    ("infusion", "day"), [("2026-01-12", 28), ("2026-02-09", 0), ("2026-02-10", -1)]
)
def test_the_day_counts_from_the_infusion(infusion: str, day: int):
    """The day of infusion is day 0."""
    assert specimen_of(row(), patients(infusion), []).day == day


def test_without_an_infusion_there_is_no_day():
    """A patient who is not listed has no day 0."""
    assert specimen_of(row(), {}, []).day is None


@pytest.mark.parametrize(
    ("given_on", "masked"),
    [
        ("2025-11-10", ()),  # 91 days before
        ("2025-11-11", ("CD22",)),  # 90 days: the last day belongs to the window
        ("2026-02-08", ("CD22",)),
        ("2026-02-09", ()),  # of one day the specimen counts as first
        ("2026-02-10", ()),
    ],
)
def test_a_drug_hides_its_antigen_for_its_window(given_on: str, masked: tuple[str, ...]):
    """Inotuzumab hides CD22 for 90 days, the last included (domain: rulings, 10)."""
    assert specimen_of(row(), {}, [event(given_on, "Inotuzumab ")]).masked == masked


@pytest.mark.parametrize(
    ("drug", "antigen"),
    [
        ("BLINATUMOMAB", "CD19"),
        ("Blincyto®", "CD19"),
        ("blincyto cycle 2", "CD19"),
        ("inotuzumab ozogamicin", "CD22"),
        ("Inotuzumab-Ozogamicin", "CD22"),
        ("inotuzumab  (ozogamicin)", "CD22"),
        ("Besponsa", "CD22"),
    ],
)
def test_drugs_are_known_by_generic_and_brand_name(drug: str, antigen: str):
    """Letter case, hyphens, marks and what stands beside the name do not matter."""
    assert specimen_of(row(), {}, [event("2026-02-01", drug)]).masked == (antigen,)


def test_two_drugs_in_one_text_hide_two_antigens():
    """Neither is passed over for the other."""
    events = [event("2026-02-01", "blinatumomab + Besponsa")]

    assert specimen_of(row(), {}, events).masked == ("CD19", "CD22")


def test_only_the_patients_own_drugs_count():
    """Somebody else's dose, another drug, or another kind of event hides nothing."""
    events = [
        event("2026-02-01", "inotuzumab", patient_id="P2"),
        event("2026-02-01", "vincristine"),
        event("2026-02-01", "inotuzumab", event="remission"),
    ]
    assert specimen_of(row(), {}, events).masked == ()


def test_two_drugs_hide_two_antigens():
    """Each antigen is named once, in alphabetical order."""
    events = [event("2026-02-01", drug) for drug in ("inotuzumab", "blinatumomab", "inotuzumab")]
    assert specimen_of(row(), {}, events).masked == ("CD19", "CD22")


def test_an_event_of_unknown_kind_is_refused():
    """The kinds of events are a closed list."""
    with pytest.raises(ValidationError):
        event("2026-02-01", "x", event="cold")


@pytest.mark.parametrize(
    "drug", ["inotuzomab", "Blinatumumab", "bespona", "rituxmab", "Obinotuzumab"]
)
def test_a_slip_in_the_name_of_a_drug_is_refused(drug: str):
    """A drug that hides an antigen must not be passed over for one letter."""
    with pytest.raises(ValidationError, match="did you mean"):
        event("2026-01-10", drug)


@pytest.mark.parametrize("drug", ["rituximab", "obinutuzumab", "dexamethasone", "IVIG"])
def test_other_drugs_are_taken(drug: str):
    """A drug that hides neither CD19 nor CD22 is just an event."""
    assert event("2026-01-10", drug).value == drug


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("morphology", "M2"),
        ("morphology", "5"),
        ("morphology", "62.5 %"),
        ("fish", "0.03"),
        ("fish", "3 %"),
        ("fusion_pcr", "negative"),
        ("ngs", "1e-06"),
        ("ngs", "<0.000001"),
        ("car19_copies", "251.6"),
        ("car22_copies", "<0.1"),
        ("alc", "1.2"),
        ("remission", ""),
        ("death", "sepsis"),
    ],
)
def test_values_of_events_are_taken_as_they_are_written(kind: str, value: str):
    """In every form that can be understood later."""
    assert event("2026-01-10", value, event=kind).value == value


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        ("morphology", "M4", "M1, M2, M3 or the blasts in percent"),
        ("morphology", "", "M1, M2, M3"),
        ("morphology", "101", "M1, M2, M3"),
        ("fish", "3", "a share as 2 %"),
        ("ngs", "1.5", "a fraction as 0.02"),
        ("fusion_pcr", "weak", "positive or negative"),
        ("car19_copies", "low", "<number below the limit"),
        ("car19_copies", "0,1", "a number"),
        ("alc", "", "a number"),
        ("drug", "", "the name of the drug"),
    ],
)
def test_a_value_that_nobody_could_use_is_refused(kind: str, value: str, says: str):
    """A bare 3 may be a share or a fraction; an unnamed drug may hide an antigen."""
    with pytest.raises(ValidationError, match=says):
        event("2026-01-10", value, event=kind)


def test_the_genotype_goes_with_the_specimen():
    """What the list of patients says of the leukaemia reaches every tube of the patient."""
    known = {
        name: patient.model_copy(update={"genotype": "KMT2A::AFF1"})
        for name, patient in patients("2026-01-05").items()
    }

    assert specimen_of(row(), known, []).genotype == "KMT2A::AFF1"
    assert specimen_of(row(), {}, []).genotype == ""
