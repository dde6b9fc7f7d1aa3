"""What two versions of a report say otherwise."""

from __future__ import annotations

from cytomon.report.versions import changes, lasting

MARROW = "in marrow m1 of 2026-04-12"


def of(**quantities: str) -> dict[str, str]:
    """What a version says of one marrow."""
    return {MARROW: " | ".join(f"{code}: {what}" for code, what in quantities.items())}


def test_an_answer_is_told_with_its_numbers():
    """Before and after, also within the same status."""
    assert changes(
        of(mrd="POSITIVE, 0.10 %, 800 of 800000"), of(mrd="POSITIVE, 0.50 %, 4000 of 800000")
    ) == (
        f"{MARROW}: MRD: was POSITIVE, 0.10 %, 800 of 800000; is now POSITIVE, 0.50 %, "
        "4000 of 800000",
    )


def test_other_numbers_within_their_status_take_one_line():
    """However many they are; one that changes its status is told apart."""
    before = of(hematogones="MEASURED, 1 %", bridge="MEASURED, 2 %", cd34_cd33="MEASURED, 3 %")
    now = of(hematogones="MEASURED, 2 %", bridge="MEASURED, 3 %", cd34_cd33="NOT_EVALUABLE")

    status, numbers = changes(before, now)
    assert status.endswith("was MEASURED, 3 %; is now NOT_EVALUABLE")
    assert numbers.startswith(f"{MARROW}: other numbers, same status: ")
    assert numbers.count(";") == 1


def test_a_new_specimen_is_told_in_one_line():
    """Its answers with their numbers, the rest by name; so is one that is gone."""
    said = of(mrd="POSITIVE, 1 %", bridge="MEASURED, 2 %")

    (new,), (gone,) = changes({}, said), changes(said, {})
    assert new.startswith(f"new: {MARROW}: MRD POSITIVE, 1 %; ")
    assert "MEASURED" not in new
    assert gone.startswith(f"no longer said: {MARROW}: MRD POSITIVE, 1 %; ")
    assert changes({}, {MARROW: ""}) == (f"new: {MARROW}: no result",)


def test_a_quantity_more_or_less_is_told():
    """In a specimen that was there before."""
    assert changes(of(mrd="POSITIVE, 1 %"), of(b_fraction="APLASIA, 0 %")) == (
        f"{MARROW}: new: B cells APLASIA, 0 %",
        f"{MARROW}: no longer said: MRD POSITIVE, 1 %",
    )


def test_details_are_named_and_not_told():
    """They are kept as hashes; from day to day they make no new version."""
    before = {"genotype": "x", "details of Course": "1", "details of Method": "1"}
    now = {"genotype": "x", "details of Course": "2", "details of Records": "1"}

    assert changes(before, now) == ("details in: Course, Method, Records",)
    assert lasting(before) == lasting(now)
