"""What is kept, what is the same, what is a new version, and what is refused."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from cytomon.model.course import State
from cytomon.model.people import Act
from cytomon.model.record import (
    ClinicalEvent,
    How,
    Infusion,
    Patient,
    Source,
)
from cytomon.store.change import changing
from cytomon.store.patients import save_events, save_patients
from cytomon.store.session import Store
from cytomon.store.verify import verify
from tests.store.builders import (
    D28,
    DAY0,
    NEGATIVE,
    POSITIVE,
    contents,
    course,
    enrol,
    marrow,
    mrd,
    result,
    save,
    specimen,
)
from tests.store.conftest import ADMIN

B_CELLS = ("b_fraction", 3, 4000, 0.00075, 0.000155, 0.00219, None, None, "APLASIA", "")


def hows(taken: list) -> list[How]:
    """How each was taken."""
    return [one.how for one in taken]


def test_what_goes_in_comes_out(store: Store):
    """Numbers to the last bit, None as None, and who kept it."""
    save(store, result(marrow(pull=1, viability=0.1 + 0.2), POSITIVE, B_CELLS))

    kept = specimen(store)
    (only,) = kept.results
    measured = only.measurements["mrd"]
    assert (kept.specimen_id, kept.specimen_type, kept.collected_on) == ("S1", "marrow", D28)
    assert measured.estimate is not None
    found = (measured.estimate.value, measured.estimate.low, measured.estimate.high)
    assert (measured.numerator, measured.denominator, *found) == POSITIVE[1:6]
    assert (measured.lod, measured.loq) == POSITIVE[6:8]
    assert only.measurements["b_fraction"].lod is None
    assert (only.saved_by, only.state, only.source) == (ADMIN, State.AUTOMATIC, Source.BATCH)
    assert contents(store)["specimens"][0][-1] == 0.1 + 0.2


def test_the_same_again_is_nothing_new(store: Store):
    """Neither rows nor an entry in the log."""
    given = [result(file=f"{n}.fcs") for n in range(3)]
    assert hows(save(store, *given)) == [How.NEW] * 3
    before = contents(store), verify(store).entries

    assert hows(save(store, *given)) == [How.SAME] * 3
    assert (contents(store), verify(store).entries) == before


def test_another_answer_is_a_new_result(store: Store):
    """The old one stays; the newest counts."""
    save(store, result())
    taken = save(store, result(marrow(), NEGATIVE))

    kept = specimen(store)
    assert hows(taken) == [How.CHANGED]
    assert [one.measurements["mrd"].status for one in kept.results] == ["POSITIVE", "NOT_DETECTED"]
    assert kept.standing["mrd"][1].status == "NOT_DETECTED"


def test_back_to_the_first_answer_is_new_again(store: Store):
    """What counts is what was said last, not what was said ever."""
    for row in (POSITIVE, NEGATIVE, POSITIVE):
        save(store, result(marrow(), row))

    kept = specimen(store)
    assert len(kept.results) == 3
    assert kept.standing["mrd"][1].status == "POSITIVE"


@pytest.mark.parametrize(
    "change",
    [
        {"findings": ()},
        {"populations": (("cells", 1, 2),)},
        {"gates": "[]"},
        {"template_sha256": "f" * 64},
        {"cytomon": "9.9.9"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_differs_is_kept(store: Store, change: dict):
    """Findings, populations, gates, template and version are part of a result."""
    save(store, result())

    assert hows(save(store, result(**change))) == [How.CHANGED]


def test_an_import_keeps_only_what_differs(store: Store):
    """Row by row: the other quantities of a tube are not said twice."""
    save(store, result(marrow(), POSITIVE, B_CELLS, source=Source.IMPORT))
    taken = save(store, result(marrow(), NEGATIVE, B_CELLS, source=Source.IMPORT))

    kept = specimen(store)
    assert hows(taken) == [How.CHANGED]
    assert list(kept.results[-1].measurements) == ["mrd"]
    assert kept.standing["b_fraction"][0] is kept.results[0]


def test_an_import_of_what_a_batch_kept_is_nothing_new(store: Store):
    """A batch's own measurements.csv."""
    save(store, result(marrow(), POSITIVE, B_CELLS))

    again = result(marrow(), B_CELLS, POSITIVE, source=Source.IMPORT)
    assert hows(save(store, again)) == [How.SAME]


def test_a_tube_under_another_name_is_the_same_tube(store: Store):
    """Known by its bytes, when a batch is run on the folder above."""
    save(store, result(file="a.fcs", sha256="1" * 64))

    assert hows(save(store, result(file="folder/a.fcs", sha256="1" * 64))) == [How.SAME]


def test_data_sets_of_one_file_are_tubes_of_their_own(store: Store):
    """They share their bytes."""
    given = [result(marrow(), mrd(60 + n), file=f"a.lmd#{n}", sha256="1" * 64) for n in (1, 2)]

    assert hows(save(store, *given)) == [How.NEW, How.NEW]
    assert hows(save(store, *given)) == [How.SAME, How.SAME]
    assert len({one.tube for one in specimen(store).results}) == 2


def test_a_tube_that_a_new_worklist_gives_to_somebody_else_is_refused(store: Store):
    """Moving it takes a reason."""
    save(store, result(marrow("P1")))
    (taken,) = save(store, result(marrow("P2")))

    assert taken.how is How.REFUSED
    assert "under another patient" in taken.reason
    assert "cytomon correct tube" in taken.fix
    assert course(store, "P2").specimens[0].results == ()


def test_a_copy_under_another_name_is_kept(store: Store):
    """By an import: whoever follows the two courses is warned. A batch refuses it."""
    one, other = (
        result(marrow(p), file=f"{p}.fcs", sha256="1" * 64, source=Source.IMPORT)
        for p in ("P1", "P2")
    )
    assert hows(save(store, one, other)) == [How.NEW, How.NEW]

    copies = [result(marrow(p), file=f"{p}.fcs", sha256="2" * 64) for p in ("P3", "P4")]
    assert hows(save(store, *copies)) == [How.NEW, How.REFUSED]
    assert hows(save(store, *copies)) == [How.SAME, How.REFUSED]


def test_one_wrong_cell_does_not_split_a_tube(store: Store):
    """A row of a list that gives the same file to somebody else is refused."""
    given = [result(marrow(p), source=Source.IMPORT) for p in ("P1", "P2")]

    assert hows(save(store, *given)) == [How.NEW, How.REFUSED]


def test_a_tube_of_nobody_is_claimed_once(store: Store):
    """Two results of one list that name two patients for it."""
    save(store, result(marrow("", "")))
    given = [result(marrow("P1"), template=t, source=Source.IMPORT) for t in ("x", "y")]
    stranger = result(marrow("P2"), source=Source.IMPORT)

    assert hows(save(store, *given, stranger)) == [How.NEW, How.NEW, How.REFUSED]


def test_a_batch_stands_again_when_it_is_run_again(store: Store):
    """An old list that was imported meanwhile does not count for ever."""
    save(store, result())
    save(store, result(marrow(), NEGATIVE, source=Source.IMPORT))
    assert specimen(store).standing["mrd"][1].status == "NOT_DETECTED"

    assert hows(save(store, result())) == [How.CHANGED]
    assert specimen(store).standing["mrd"][1].status == "POSITIVE"
    assert hows(save(store, result())) == [How.SAME]


def test_a_sum_that_is_out_of_date_counts_no_longer(store: Store):
    """One of its tubes has said another MRD since."""
    whole = result(marrow(), mrd(90, 900_000), file="", template="x+y")
    save(store, result(file="x.fcs"), result(file="y.fcs"), whole)
    save(store, result(marrow(), mrd(75), file="x.fcs"))

    assert specimen(store).standing["mrd"][1].numerator == 75


def test_a_tube_of_nobody_finds_its_patient_later(store: Store):
    """A batch without a worklist, then with one; it does not go back."""
    nobody = result(marrow("", ""), B_CELLS)
    assert hows(save(store, nobody)) == [How.NEW]
    assert hows(save(store, nobody)) == [How.SAME]

    assert hows(save(store, result(marrow(), B_CELLS))) == [How.SAME]
    assert specimen(store).standing["b_fraction"][1].status == "APLASIA"
    (taken,) = save(store, nobody)
    assert taken.how is How.REFUSED
    assert "--worklist" in taken.fix


def test_all_tubes_together_stand_before_one(store: Store):
    """The row for the specimen, even when a tube is measured anew after it (domain: 0.1)."""
    whole = result(marrow(), mrd(120, 1_000_000), file="", template="x+y")
    save(store, result(file="x.fcs"), result(file="y.fcs"), whole)
    save(store, result(file="x.fcs", findings=()))

    kept = specimen(store)
    assert kept.standing["mrd"][1].numerator == 120
    assert len(kept.results) == 4


def test_a_sum_of_other_tubes_does_not_count(store: Store):
    """Neither that of all tubes nor that of one: a tube says something else by now."""
    whole = result(marrow(), mrd(90, 900_000), file="", template="x+y")
    save(store, whole, result(file="x.fcs"), result(marrow(), NEGATIVE, file="y.fcs"))

    assert specimen(store).standing["mrd"][1].numerator == 60


def test_marrow_and_blood_of_one_name_are_two_specimens(store: Store):
    """A specimen is known by patient, name, day and type."""
    save(store, result(marrow()), result(marrow(specimen_type="blood"), B_CELLS, file="b.fcs"))

    found = course(store).specimens
    assert [one.specimen_type for one in found] == ["marrow", "blood"]


def test_a_list_completes_a_specimen_and_never_empties_it(store: Store):
    """What a later worklist leaves out stays."""
    save(store, result(marrow(cd19_clone="SJ25C1")))
    save(store, result(marrow(received_on=date(2026, 2, 10))))

    newest = contents(store)["specimens"][-1]
    assert "SJ25C1" in newest
    assert "2026-02-10" in newest
    assert len(contents(store)["specimens"]) == 2


def test_rows_point_to_what_they_replace(store: Store):
    """A correction is a new version that names the old one."""
    enrol(store, "P1")
    with changing(store, ADMIN, "import", act=Act.ENTER) as change:
        patient = Patient(patient_id="P1", sex="F")
        save_patients(change, [(patient, Infusion(infused_on=DAY0, product="CD19"))])

    first, second = contents(store)["patients"]
    assert (first[:3], second[:3]) == ((1, 1, None), (2, 1, 1))
    assert course(store).patient.sex == "F"


class TestPatients:
    """What a list of patients may say, and what it may not."""

    def save(self, store: Store, *, on: date = DAY0, product: str = "CD19", **known: object) -> How:
        """Keep one patient."""
        with changing(store, ADMIN, "import", act=Act.ENTER) as change:
            patient = Patient(patient_id="P1", **known)  # type: ignore[arg-type]
            (taken,) = save_patients(change, [(patient, Infusion(infused_on=on, product=product))])
        return taken.how

    def test_completes(self, store: Store):
        """What was empty is filled, what is empty now stays."""
        assert self.save(store, genotype="B-other") is How.NEW
        assert self.save(store, birth_year=2017) is How.CHANGED
        assert self.save(store) is How.SAME
        assert dataclasses.astuple(course(store).patient) == ("P1", 2017, "", "B-other")

    def test_does_not_move_day_0(self, store: Store):
        """Neither silently nor at all; nothing else of the row is taken either."""
        self.save(store)
        assert self.save(store, on=date(2026, 6, 1), sex="F") is How.REFUSED
        assert course(store).infusion == Infusion(infused_on=DAY0, product="CD19")
        assert course(store).patient.sex == ""

    def test_finds_a_patient_whom_a_tube_has_brought(self, store: Store):
        """Known by name so far."""
        save(store, result())
        assert course(store).infusion is None
        assert self.save(store) is How.CHANGED
        assert course(store).infusion == Infusion(infused_on=DAY0, product="CD19")


class TestEvents:
    """What a list of events may say, and what it may not."""

    def save(self, store: Store, *rows: tuple[str, str, str], patient: str = "P1") -> list[How]:
        """Keep events of day, kind and value."""
        given = [
            ClinicalEvent(patient_id=patient, on=date.fromisoformat(on), event=event, value=value)
            for on, event, value in rows
        ]
        with changing(store, ADMIN, "import", act=Act.ENTER) as change:
            return hows(save_events(change, given))

    def test_are_kept_once(self, store: Store):
        """Also when one list says them twice."""
        enrol(store, "P1")
        row = ("2026-03-01", "morphology", "M1")
        assert self.save(store, row, row) == [How.NEW, How.SAME]
        assert self.save(store, row) == [How.SAME]
        assert len(course(store).events) == 1

    def test_of_one_day_may_be_several(self, store: Store):
        """Two drugs, two tests."""
        enrol(store, "P1")
        rows = [("2026-03-01", "drug", "rituximab"), ("2026-03-01", "drug", "inotuzumab")]
        assert self.save(store, *rows) == [How.NEW, How.NEW]

    def test_of_a_stranger_are_refused(self, store: Store):
        """A slip in a name must not make a patient."""
        assert self.save(store, ("2026-03-01", "relapse", ""), patient="P9") == [How.REFUSED]

    def test_nobody_dies_twice(self, store: Store):
        """Two days of death: one of them is wrong."""
        enrol(store, "P1")
        assert self.save(store, ("2026-03-01", "death", "")) == [How.NEW]
        assert self.save(store, ("2026-03-02", "death", "")) == [How.REFUSED]
