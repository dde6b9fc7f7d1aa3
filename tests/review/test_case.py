"""A tube of a store is opened as its batch measured it, whatever has become of it since."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from cytomon.batch import Keep, plan, run
from cytomon.errors import CytomonError, InputError
from cytomon.fcs.mapping import MappingRow, PanelMapping
from cytomon.inputs import Lists
from cytomon.model.course import State
from cytomon.model.people import Act, Review
from cytomon.model.record import ClinicalEvent, MeasuredRow, Source
from cytomon.pipeline import open_for_gating
from cytomon.review.case import (
    Case,
    Places,
    differences,
    earlier_specimens,
    open_case,
    read_cases,
)
from cytomon.review.session import Session
from cytomon.store.address import parse
from cytomon.store.change import changing
from cytomon.store.corrections import move_tube
from cytomon.store.find import Which, find_tube
from cytomon.store.open import opened
from cytomon.store.patients import save_events
from cytomon.store.reviewing import save_outcome
from cytomon.store.said import save_review
from cytomon.store.session import Store
from cytomon.task import Settings
from cytomon.whereabouts import tube_folders
from tests.review.laboratory import (
    BLOOD,
    FEW,
    LATER,
    ONE,
    PAIRED,
    SAMPLES,
    TWO,
    Laboratory,
    case_of,
    cases_of,
    settled_with,
)
from tests.store.builders import approve, save
from tests.store.conftest import ADMIN, FIRST

OTHER = "P001_d028_blood_lymphocyte_subsets.fcs"


def session_at(case: Case, lab: Laboratory, **places: object) -> Session:
    """A person takes up a tube."""
    opened = open_case(case, Places(known=(lab.tubes,), **places))
    return Session(
        opened, specimen=case.specimen, file=case.automatic.file, who=FIRST, start=case.start
    )


def move(store: Store, tube: str, patient: str, specimen_id: str) -> None:
    """Give a tube to another patient."""
    with changing(store, ADMIN, "correct", act=Act.CORRECT) as change:
        to = Which(patient_id=patient, collected_on="2026-05-10", specimen_type="blood")
        move_tube(change, find_tube(change.connection, tube), specimen_id, to, why="swapped")


def test_a_specimen_is_what_its_batch_knew(lab: Laboratory, lite: Store):
    """Day, clones, dates, genotype: the store gives back what the worklist had said."""
    for file in (BLOOD, FEW, LATER, ONE, TWO):
        job = next(one for one in lab.jobs.jobs if one.file == file)
        assert case_of(lite, file).specimen == job.specimen


@pytest.mark.parametrize("file", [BLOOD, LATER, ONE])
def test_unchanged_software_counts_the_same(file: str, lab: Laboratory, lite: Store):
    """Every population, and then only a review can say what it changed."""
    case = case_of(lite, file)
    _, settled = settled_with(lab, case)
    assert differences(case, settled.result) == ()
    assert settled.result.sha256 == case.automatic.sha256
    assert {q: one.status for q, one in settled.answers.items()} == {
        q: one.status for q, one in case.automatic.measurements.items()
    }


def test_a_count_that_differs_is_named(lab: Laboratory, lite: Store):
    """Also one that is there on one side alone."""
    (path, count, parent), (left_out, was, _), *rest = lab.result(BLOOD).populations
    other = lab.result(
        BLOOD, populations=((path, count + 1, parent), ("gone", 5, 9), *rest), cytomon="0.0.9"
    )
    save(lite, other)
    case = case_of(lite)
    assert case.automatic.cytomon == "0.0.9"
    _, settled = settled_with(lab, case)
    assert set(differences(case, settled.result)) == {
        f"{path}: {count + 1} then, {count} now",
        "gone: 5 then, - now",
        f"{left_out.rpartition('/')[2]}: - then, {was} now",
    }


def test_another_template_than_it_was_measured_with_is_refused(
    lab: Laboratory, lite: Store, tmp_path: Path
):
    """By its name; one of the laboratory's own has to be named."""
    case = case_of(lite)
    with pytest.raises(InputError, match="measured with the template lymphocyte_subsets") as said:
        open_case(case, Places(known=(lab.tubes,), template=str(own_template(tmp_path))))
    assert "--template FILE" in said.value.fix

    save(lite, lab.result(BLOOD, template="ours"))
    with pytest.raises(CytomonError, match="ours"):
        open_case(case_of(lite), Places(known=(lab.tubes,)))
    opened = open_case(
        case_of(lite), Places(known=(lab.tubes,), template=str(own_template(tmp_path)))
    )
    assert opened.template.name == "ours"


def own_template(folder: Path) -> Path:
    """The shipped template under a name of the laboratory's own."""
    text = (SAMPLES.parent / "gates" / "lymphocyte_subsets.yaml").read_text(encoding="utf-8")
    path = folder / "ours.yaml"
    path.write_text(text.replace("name: lymphocyte_subsets", "name: ours", 1), encoding="utf-8")
    return path


def test_a_template_that_has_changed_shows_in_the_counts(
    lab: Laboratory, lite: Store, tmp_path: Path
):
    """The version alone would say nothing of what it does to this tube."""
    path = own_template(tmp_path)
    text = path.read_text(encoding="utf-8")
    assert "1.6" in text
    path.write_text(text.replace("1.6", "2.4"), encoding="utf-8")
    save(lite, lab.result(BLOOD, template="ours"))
    case = case_of(lite)
    session = session_at(case, lab, template=str(path))
    assert differences(case, session.settle().result)


def test_the_laboratorys_own_word_on_its_detectors_is_asked(lab: Laboratory, lite: Store):
    """It is no part of the store, and the tube was measured with it."""
    mapping = PanelMapping(
        rows=(MappingRow(file=BLOOD, detector="V450-A", marker="CD20", fluorochrome="eF450"),)
    )
    opened = open_case(case_of(lite), Places(known=(lab.tubes,), mapping=mapping))
    assert opened.panel.fluorochromes["CD20"] == "eF450"


def test_the_newest_of_a_batch_is_the_automatic_one(lab: Laboratory, lite: Store):
    """A review begins with it, also where an older one is signed, or another program's is newer."""
    approve(lite, FIRST, "P007_d092_blood")
    save(lite, lab.result(BLOOD, cytomon="0.0.9"))
    save(lite, lab.result(BLOOD, source=Source.IMPORT, measurements=(b_cells(5, 5000),)))
    case = case_of(lite)
    newest = max(one.number for one in case.kept.results)
    assert case.automatic.number == case.result.number == newest - 1
    assert case.result.state is State.AUTOMATIC
    assert case.start == ()
    assert not case.is_measured_again


def b_cells(events: int, total: int, status: str = "APLASIA") -> MeasuredRow:
    return ("b_fraction", events, total, events / total, 0.0, 0.1, None, None, status, "")


def test_what_a_batch_did_not_measure_is_no_case(lab: Laboratory, lite: Store):
    """A list brings numbers and no gates; all tubes together are no tube."""
    assert [one.automatic.file for one in cases_of(lite, *PAIRED)] == [ONE, TWO]
    listed = lab.result(BLOOD, source=Source.IMPORT)
    save(lite, replace(listed, file="x.fcs", sha256="e" * 64))
    assert [one.automatic.file for one in cases_of(lite, "P007", "P007_d092_blood")] == [BLOOD]
    with lite.reading() as connection:
        assert read_cases(connection, "P007", 10_000) == ()


def test_specimens_before_it(lab: Laboratory, lite: Store):
    """Of the same patient and kind, the newest first."""
    with lite.reading() as connection:
        before = earlier_specimens(connection, case_of(lite, LATER))
        assert [one.specimen_id for one in before] == ["P002_d028_marrow"]
        assert earlier_specimens(connection, case_of(lite, FEW)) == ()
        assert earlier_specimens(connection, case_of(lite, BLOOD)) == ()


def test_a_tube_that_was_moved_is_measured_for_whom_it_is_now(lab: Laboratory, kept: Store):
    """Their day and their drugs count: CD19 is hidden for 90 days after blinatumomab."""
    there = case_of(kept, BLOOD)
    given = ClinicalEvent(
        patient_id="P002", on=date(2026, 5, 1), event="drug", value="blinatumomab"
    )
    with changing(kept, ADMIN, "import", act=Act.ENTER) as change:
        save_events(change, [given])
    move(kept, BLOOD, "P002", "S_other")

    assert cases_of(kept, "P007", "P007_d092_blood") == ()
    (case,) = cases_of(kept, "P002", "S_other")
    assert case.automatic.number == there.automatic.number
    assert case.automatic.measured_elsewhere
    assert case.specimen.patient_id == "P002"
    assert (case.specimen.masked, there.specimen.masked) == (("CD19",), ())
    assert case.specimen.collected_on == date(2026, 5, 10)
    assert case.specimen.day != there.specimen.day
    session = session_at(case, lab)
    assert session.settle().result.specimen == case.specimen
    assert differences(case, session.settle().result) == ()


def test_each_data_set_of_a_file_is_opened_by_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Both have the hash of the whole file; where it lies the batch has remembered."""
    monkeypatch.setenv("CYTOMON_CACHE", str(tmp_path / "own"))
    folder = tmp_path / "in"
    folder.mkdir()
    chained(folder / "two.lmd", SAMPLES / BLOOD, SAMPLES / OTHER)
    rows = ["file,patient_id,specimen_id,collected_on,specimen_type"]
    rows += [f"two.lmd#{n},P{n},S{n},2026-01-05,blood" for n in (1, 2)]
    (folder / "w.csv").write_text("\n".join(rows), encoding="utf-8")
    lists = Lists(worklist=folder / "w.csv")
    address = f"sqlite:///{tmp_path / 's.db'}"
    keep = Keep(address=parse(address), who=ADMIN, lists=lists)
    run(plan([folder], lists, Settings()), tmp_path / "out", Settings(), keep=keep)

    with opened(parse(address), who=ADMIN) as store:
        for number, file in ((1, BLOOD), (2, OTHER)):
            (case,) = cases_of(store, f"P{number}", f"S{number}")
            tube = open_case(case, Places(known=tube_folders(store.address))).tube
            assert (case.automatic.file, tube.dataset) == (f"two.lmd#{number}", number)
            assert tube.n_events == open_for_gating(SAMPLES / file).tube.n_events


def chained(path: Path, first: Path, second: Path) -> None:
    """Join two files by ``$NEXTDATA``; the room for its digits is taken from another word."""
    content = first.read_bytes()
    following = str(len(content)).encode()
    spare = b"$SRC\x0csimulated"
    for old, new in (
        (b"$NEXTDATA\x0c0\x0c", b"$NEXTDATA\x0c" + following + b"\x0c"),
        (spare, spare[: 1 - len(following)]),
    ):
        assert content.count(old) == 1
        content = content.replace(old, new)
    path.write_bytes(content + second.read_bytes())


def made(store: Store, lab: Laboratory, adjustments: str) -> int:
    """A result of a review."""
    case = case_of(store)
    outcome = lab.result(BLOOD, source=Source.REVIEW)
    with changing(store, FIRST, "review", act=Act.REVIEW) as change:
        number = save_outcome(change, case.result.tube, outcome)
        kind = Review.CHANGED
        save_review(change, case.result.number, kind, outcome=number, adjustments=adjustments)
    return number


def test_a_list_displaces_no_review(lab: Laboratory, lite: Store):
    """Not even one that was signed: it has no gates to begin with."""
    number = made(lite, lab, "")
    approve(lite, FIRST, "P007_d092_blood")
    listed = b_cells(500, 5000, "RECOVERED")
    save(lite, lab.result(BLOOD, source=Source.IMPORT, measurements=(listed,)))
    approve(lite, FIRST, "P007_d092_blood", why="counted elsewhere")
    assert case_of(lite).kept.standing["b_fraction"][0].source is Source.IMPORT
    assert case_of(lite).result.number == number


def test_adjustments_that_cannot_be_read_are_said(lab: Laboratory, lite: Store):
    """Not passed over: the review would begin somewhere else than it says."""
    number = made(lite, lab, "[{}]")
    with pytest.raises(InputError, match="cannot be read") as said:
        case_of(lite)
    assert said.value.where == f"result {number}"
