"""One tube as a task: measured, taken up from before, or refused with its reason."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import cytomon.task
from cytomon.document import Document
from cytomon.errors import InputError
from cytomon.fcs.write import ChannelSpec, write_fcs
from cytomon.inputs import Job
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.tube import Spillover
from cytomon.plots import plots_path, read_plots
from cytomon.tables import unwritable
from cytomon.task import Settings, Task, perform

PERSON = "Jane Doe"
STAINS = ("FSC-A", "FSC-H", "SSC-A", "CD45 V500", "CD3 APC", "CD19 PE-Cy7", "Time")


def task(path: Path, out: Path, **settings: object) -> Task:
    job = Job(file=path.name, path=str(path))
    return Task(job=job, out=str(out), settings=Settings(**settings))  # type: ignore[arg-type]


def of_patient(before: Task, name: str = PERSON, **changes: object) -> Task:
    specimen = Specimen(
        specimen_type=SpecimenType.BLOOD,
        patient_id=name,
        specimen_id=f"{name} 1",
        collected_on=date(2026, 2, 9),
    )
    specimen = dataclasses.replace(specimen, **changes)  # type: ignore[arg-type]
    return dataclasses.replace(before, job=dataclasses.replace(before.job, specimen=specimen))


def made(path: Path, events: np.ndarray, *, compensated: bool = True) -> Path:
    """Write a small tube with the markers of `lymphocyte_subsets`."""
    detectors = [stain if "-" in stain[:4] else f"{stain.split()[0]}-A" for stain in STAINS]
    channels = [
        ChannelSpec(pnn=detector, pns=stain if " " in stain else "")
        for detector, stain in zip(detectors, STAINS, strict=True)
    ]
    dyes = tuple(detectors[3:6])
    spillover = Spillover(detectors=dyes, matrix=np.eye(3), keyword="$SPILLOVER")
    write_fcs(
        path,
        events.astype(np.float32),
        channels,
        spillover=spillover if compensated else None,
        keywords={},
    )
    return path


def some_events(n: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    events = rng.normal(60_000, 9000, (n, len(STAINS)))
    events[:, -1] = np.arange(n)
    return events


def kept(out: Path) -> list[Path]:
    return sorted(path for path in (out / "tubes").rglob("*") if path.is_file())


def test_a_tube_is_measured_and_kept(tubes: Path, tmp_path: Path):
    """Its document lies in DIR/tubes under the tube's name, and says the same again."""
    first = perform(task(tubes / "blood_a.fcs", tmp_path))
    again = perform(task(tubes / "blood_a.fcs", tmp_path))
    assert [path.name for path in kept(tmp_path)] == ["blood_a.fcs.json"]
    assert (first.from_before, again.from_before) == (False, True)
    for table in ("measurements", "populations", "findings", "placement", "details"):
        assert getattr(first, table) == getattr(again, table)


def test_what_is_kept_names_nobody(tubes: Path, tmp_path: Path):
    """Patients stand in measurements.csv only."""
    perform(of_patient(task(tubes / "blood_a.fcs", tmp_path)))
    assert all(PERSON not in path.read_text() for path in kept(tmp_path))
    assert kept(tmp_path)


def test_another_name_is_no_other_measurement(tubes: Path, tmp_path: Path):
    """A corrected patient id does not cost the work again; another date does."""
    base = task(tubes / "blood_a.fcs", tmp_path)
    perform(of_patient(base))
    assert perform(of_patient(base, "John Doe")).from_before
    assert not perform(of_patient(base, collected_on=date(2026, 2, 10))).from_before


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[]",
        lambda text: "null",
        lambda text: "\xff\xfe",
        lambda text: text.replace('"numerator": "', '"numerator": "1', 1),
        lambda text: json.dumps({**json.loads(text), "new": 1}),
        lambda text: json.dumps({k: v for k, v in json.loads(text).items() if k != "seal"}),
    ],
)
def test_a_damaged_document_is_measured_again(
    tubes: Path, tmp_path: Path, damage: Callable[[str], str]
):
    """Also when one digit of a count was changed and all else is sound."""
    first = perform(task(tubes / "blood_a.fcs", tmp_path))
    (path,) = kept(tmp_path)
    text = path.read_text()
    path.write_text(damage(text), encoding="latin-1")
    again = perform(task(tubes / "blood_a.fcs", tmp_path))
    assert not again.from_before
    assert again.measurements == first.measurements
    assert path.read_text() == text


def test_force_measures_again(tubes: Path, tmp_path: Path):
    """Whatever lies there from before."""
    perform(task(tubes / "blood_a.fcs", tmp_path))
    assert not perform(task(tubes / "blood_a.fcs", tmp_path, force=True)).from_before


def test_a_changed_file_of_the_same_name_is_measured_again(tubes: Path, tmp_path: Path):
    """The hash is the identity, not the name; the old document goes."""
    path = tmp_path / "tube.fcs"
    path.write_bytes((tubes / "blood_a.fcs").read_bytes())
    first = perform(task(path, tmp_path / "out"))
    path.write_bytes((tubes / "blood_b.fcs").read_bytes())
    second = perform(task(path, tmp_path / "out"))
    assert not second.from_before
    assert first.sha256 != second.sha256
    assert len(kept(tmp_path / "out")) == 1


def test_a_missing_picture_is_drawn(tubes: Path, tmp_path: Path):
    """A batch that was run without figures gets them on the next run, once."""
    perform(task(tubes / "blood_a.fcs", tmp_path))
    drawn = perform(task(tubes / "blood_a.fcs", tmp_path, figures="all"))
    picture = tmp_path / "figures" / "blood_a.fcs.png"
    assert not drawn.from_before
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert perform(task(tubes / "blood_a.fcs", tmp_path, figures="all")).from_before


def test_a_picture_of_other_gates_does_not_stay(tubes: Path, tmp_path: Path):
    """When a tube is measured anew without a picture, the old one is removed."""
    perform(task(tubes / "blood_a.fcs", tmp_path, figures="all"))
    perform(task(tubes / "blood_a.fcs", tmp_path, force=True))
    assert not list((tmp_path / "figures").iterdir())


def plots_in(out: Path) -> list[str]:
    return sorted(path.name for path in (out / "plots").rglob("*"))


def test_key_plots_lie_under_the_name_of_their_analysis(tubes: Path, tmp_path: Path):
    """They show what was counted, and the very picture that lies beside them."""
    document = perform(task(tubes / "marrow.fcs", tmp_path, figures="all"))
    plots = read_plots(plots_path(tmp_path, document.analysis))
    blasts = next(row for row in document.measurements if row["quantity"] == "mrd")

    assert plots_in(tmp_path) == [f"{document.analysis}.npz"]
    assert plots is not None
    assert {one.n_events for one in plots.densities} == {int(blasts["numerator"])}
    assert len(plots.strategy) < (tmp_path / "figures" / "marrow.fcs.png").stat().st_size / 2
    assert {one.call for one in plots.histograms} == {"POSITIVE"}


@pytest.mark.parametrize("harm", ["gone", "cut off"])
def test_missing_key_plots_are_drawn(tubes: Path, tmp_path: Path, harm: str):
    """The same bytes again, and then no more."""
    asked = task(tubes / "blood_a.fcs", tmp_path, figures="all")
    first = perform(asked)
    path = plots_path(tmp_path, first.analysis)
    whole = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[:-100])

    again = perform(asked)

    assert not again.from_before
    assert path.read_bytes() == whole
    assert perform(asked).from_before


def test_no_key_plots_where_no_pictures_are_wanted(tubes: Path, tmp_path: Path):
    """Nor of a tube without doubt, where only those in doubt are wanted, nor of a refused one."""
    for name, figures in (("marrow", "none"), ("blood_a", "doubtful"), ("broken", "all")):
        perform(task(tubes / f"{name}.fcs", tmp_path, figures=figures))
    plain = made(tmp_path / "plain.fcs", some_events(500), compensated=False)
    assert perform(task(plain, tmp_path, figures="all")).refused
    assert not (tmp_path / "plots").exists()


def test_key_plots_do_not_stay_where_a_tube_is_done_again_without(tubes: Path, tmp_path: Path):
    """Whoever measures by force trusts nothing of before."""
    perform(task(tubes / "blood_a.fcs", tmp_path, figures="all"))
    perform(task(tubes / "blood_a.fcs", tmp_path, force=True))
    assert plots_in(tmp_path) == []


def test_key_plots_of_an_analysis_that_said_the_same_stay(tubes: Path, tmp_path: Path):
    """A store keeps the earlier result, and its report needs them; another date changes nothing."""
    base = task(tubes / "blood_a.fcs", tmp_path, figures="all")
    documents = [perform(base), perform(of_patient(base))]
    assert plots_in(tmp_path) == sorted(f"{one.analysis}.npz" for one in documents)


def test_key_plots_of_another_answer_go(tubes: Path, tmp_path: Path):
    """The same file gated otherwise is another result, also in a store."""
    base = task(tubes / "marrow.fcs", tmp_path, figures="all")
    perform(base)
    shipped = Path(__file__).parents[1] / "gates" / "b_all_mrd.yaml"
    own = tmp_path / "own.yaml"
    own.write_text(re.sub("(?m)^version: .*$", "version: 9.9.9", shipped.read_text()))
    job = dataclasses.replace(base.job, template=str(own))
    again = perform(dataclasses.replace(base, job=job))

    assert not again.refused
    assert plots_in(tmp_path) == [f"{again.analysis}.npz"]


def test_key_plots_of_another_file_of_that_name_stay(tubes: Path, tmp_path: Path):
    """It is another tube, which a store may hold."""
    path = tmp_path / "tube.fcs"
    for name in ("blood_a", "blood_b"):
        path.write_bytes((tubes / f"{name}.fcs").read_bytes())
        perform(task(path, tmp_path / "out", figures="all"))
    assert len(plots_in(tmp_path / "out")) == 2
    path.write_bytes(b"no tube at all")
    perform(task(path, tmp_path / "out", figures="all"))
    assert len(plots_in(tmp_path / "out")) == 2


def test_a_document_names_the_panel(tubes: Path, tmp_path: Path):
    """Markers with their fluorochromes, as far as the file names them; neither scatter nor time."""
    document = perform(task(tubes / "marrow.fcs", tmp_path))
    bare = perform(task(made(tmp_path / "bare.fcs", some_events(50)), tmp_path))

    assert document.panel["CD19"]
    assert not {"Time", "FSC-A", "SSC-A", "FSC-H"} & set(document.panel)
    assert dict(bare.panel) == {"CD45": "V500", "CD3": "APC", "CD19": "PE-Cy7"}


def test_tubes_of_one_name_in_two_folders_have_two_pictures(tubes: Path, tmp_path: Path):
    """Also where one folder's name could be taken for a part of the other's file name."""
    base = task(tubes / "blood_a.fcs", tmp_path, figures="all")
    for name in ("x/a.fcs", "x__a.fcs"):
        perform(dataclasses.replace(base, job=dataclasses.replace(base.job, file=name)))
    pictures = sorted((tmp_path / "figures").rglob("*.png"))
    assert [path.relative_to(tmp_path / "figures").as_posix() for path in pictures] == [
        "x/a.fcs.png", "x__a.fcs.png",
    ]  # fmt: skip


def test_a_broken_tube_is_refused_with_its_reason(tubes: Path, tmp_path: Path):
    """One row of findings, no measurement; what is kept of it is never taken up."""
    document = perform(task(tubes / "broken.fcs", tmp_path))
    assert (document.refused, document.defect, document.measurements) == (True, False, ())
    assert document.findings[0]["code"] == "FCS_REFUSED"
    assert [path.name for path in kept(tmp_path)] == ["broken.fcs.json"]
    assert not perform(task(tubes / "broken.fcs", tmp_path)).from_before


def test_a_template_that_is_not_there_refuses_the_tube(tubes: Path, tmp_path: Path):
    """A slip in one row of the worklist costs one tube."""
    base = task(tubes / "blood_a.fcs", tmp_path)
    document = perform(
        dataclasses.replace(base, job=dataclasses.replace(base.job, template="nope"))
    )
    assert document.refused
    assert document.findings[0]["what"] == "there is no template of this name"
    assert document.findings[0]["where"] == "the name of the template"


def test_a_tube_without_matrix_says_not_evaluable(tmp_path: Path):
    """Where the template compensates: refused, and every quantity has its row."""
    path = made(tmp_path / "plain.fcs", some_events(500), compensated=False)
    document = perform(task(path, tmp_path / "out"))
    assert document.refused
    assert document.findings[-1]["code"] == "GATING_REFUSED"
    assert {row["status"] for row in document.measurements} == {"NOT_EVALUABLE"}
    assert {row["value"] for row in document.measurements} == {""}


@pytest.mark.parametrize("n", [0, 1, 2, 10])
def test_a_tube_with_hardly_any_event_gets_an_honest_answer(tmp_path: Path, n: int):
    """Nothing fails, and B cells are not evaluable."""
    document = perform(task(made(tmp_path / "tiny.fcs", some_events(n)), tmp_path / "out"))
    assert not document.defect
    status = {row["quantity"]: row["status"] for row in document.measurements}
    assert status["b_fraction"] == "NOT_EVALUABLE"


def test_events_that_are_no_numbers_are_left_out_and_counted(tmp_path: Path):
    """A finding says how many, and they are in no population."""
    events = some_events(600)
    events[:7, 4] = np.nan
    events[7:9, 5] = np.inf
    document = perform(task(made(tmp_path / "nan.fcs", events), tmp_path / "out"))
    said = [row["what"] for row in document.findings if "9" in row["what"]]
    assert not document.refused
    assert said
    retained = next(row for row in document.measurements if row["quantity"] == "retained")
    assert int(retained["denominator"]) == 591


def test_a_defect_is_ours_and_keeps_the_message_to_itself(
    tubes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The place is named; what the error says may hold what a keyword said."""

    def fail(*_: object) -> None:
        raise RuntimeError(PERSON)

    monkeypatch.setattr(cytomon.task, "place_on", fail)
    document = perform(task(tubes / "blood_a.fcs", tmp_path))
    assert (document.refused, document.defect) == (True, True)
    (row,) = document.findings
    assert row["code"] == "DEFECT"
    assert "RuntimeError" in row["what"]
    assert row["where"].startswith("task.py line ")
    assert PERSON not in repr(document)


def test_too_little_memory_is_no_defect(
    tubes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The reader is told what to do about it."""

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(cytomon.task, "place_on", fail)
    document = perform(task(tubes / "blood_a.fcs", tmp_path))
    assert (document.refused, document.defect) == (True, False)
    assert document.findings[0]["code"] == "OUT_OF_MEMORY"


def test_a_full_disk_is_no_defect(tubes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Neither for the document nor for the picture."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    by_document = perform(task(tubes / "blood_a.fcs", tmp_path))
    monkeypatch.setattr("cytomon.gating.figures.draw_strategy", full)
    by_picture = perform(task(tubes / "blood_a.fcs", tmp_path, figures="all"))
    for document in (by_document, by_picture):
        assert not document.defect
        assert "No space left on device" in document.findings[0]["what"]
        assert document.findings[0]["code"] == InputError.code


def test_a_document_knows_the_place_of_every_gate(tubes: Path, tmp_path: Path):
    """Value, start and method of each number that could move."""
    document = perform(task(tubes / "marrow.fcs", tmp_path))
    assert isinstance(document, Document)
    assert {"gate", "where", "value", "start", "method"} <= set(document.placement[0])
    assert document.template["name"] == "b_all_mrd"


def test_a_late_attempt_takes_nothing_away(
    tubes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It can no longer write; what the next run has kept meanwhile stays."""
    asked = task(tubes / "blood_a.fcs", tmp_path)
    keep, path = cytomon.task.keep, tmp_path / "tubes" / "blood_a.fcs.json"
    perform(asked)
    kept = path.read_bytes()

    def late(place: Path, document: Document) -> Document:
        keep(place, document)  # by the next run
        raise unwritable(place, FileNotFoundError(errno.ENOENT, "No such file"))

    monkeypatch.setattr(cytomon.task, "keep", late)
    document = perform(dataclasses.replace(asked, settings=Settings(force=True)))

    assert document.refused
    assert path.read_bytes() == kept
