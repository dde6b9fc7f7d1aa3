"""A folder becomes tables: order, bytes, resuming, and what one bad tube costs."""

from __future__ import annotations

import csv
import errno
import json
import os
import pickle
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

import cytomon.task
from cytomon.batch import Outcome, plan, run
from cytomon.card import Card
from cytomon.claim import LOCK, claimed
from cytomon.cli.main import main
from cytomon.errors import InputError
from cytomon.inputs import Lists
from cytomon.pool import run_all
from cytomon.tables import PART
from cytomon.task import Settings, Task

TABLES = ("measurements.csv", "populations.csv", "findings.csv")
HEADER = "file,patient_id,specimen_id,collected_on,specimen_type,template,viability\n"
WORKLIST = (
    HEADER + "marrow.fcs,Jane Doe,S-4711,2026-02-09,marrow,,95 %\n"
    "blood_b.fcs,Jane Doe,S-4712,2026-02-09,blood,,0.9\n"
)
PATIENTS = "patient_id,infusion_date,product\nJane Doe,{infusion},CD19/CD22\n"
EVENTS = "patient_id,date,event,value,unit,comment\nJane Doe,2026-01-20,drug,inotuzumab,,\n"


def batch(
    inputs: Iterable[Path],
    out: Path,
    *,
    lists: Lists | None = None,
    workers: int = 0,
    **how: object,
) -> Outcome:
    settings = Settings(**how)  # type: ignore[arg-type]
    return run(plan(list(inputs), lists or Lists(), settings), out, settings, workers=workers)


def bytes_of(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in TABLES}


def rows_of(out: Path, table: str = "measurements.csv") -> list[dict[str, str]]:
    with (out / table).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def lists_of(folder: Path, *, infusion: str = "2026-01-12", events: bool = False) -> Lists:
    """Write the lists beside nothing: the tubes are in the input."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "w.csv").write_text(WORKLIST)
    (folder / "p.csv").write_text(PATIENTS.format(infusion=infusion))
    (folder / "e.csv").write_text(EVENTS)
    return Lists(
        worklist=folder / "w.csv",
        patients=folder / "p.csv",
        events=folder / "e.csv" if events else None,
    )


def answers(out: Path, file: str) -> dict[str, dict[str, str]]:
    return {row["quantity"]: row for row in rows_of(out) if row["file"] == file}


@pytest.fixture(scope="module")
def done(tubes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of tubes, measured once in this process with lists."""
    folder = tmp_path_factory.mktemp("done")
    batch([tubes], folder / "out", lists=lists_of(folder))
    return folder / "out"


def test_one_bad_tube_costs_one_tube(tubes: Path, tmp_path: Path):
    """The others are measured, the bad one is named, and the exit code is 1."""
    outcome = batch([tubes], tmp_path)
    assert (outcome.measured, outcome.refused, outcome.exit_code) == (3, 1, 1)
    assert {row["file"] for row in rows_of(tmp_path)} == {
        "blood_a.fcs",
        "blood_b.fcs",
        "marrow.fcs",
    }
    refused = [row for row in rows_of(tmp_path, "findings.csv") if row["file"] == "broken.fcs"]
    assert [row["severity"] for row in refused] == ["error"]


def test_rows_come_in_worklist_order_then_by_path(done: Path):
    """In measurements and populations; of each tube all rows together."""
    for table in TABLES[:2]:
        files = [row["file"] for row in rows_of(done, table)]
        assert list(dict.fromkeys(files)) == ["marrow.fcs", "blood_b.fcs", "blood_a.fcs"]
        assert files == sorted(files, key=["marrow.fcs", "blood_b.fcs", "blood_a.fcs"].index)


def test_two_workers_give_the_same_bytes(tubes: Path, done: Path, tmp_path: Path):
    """Who measured a tube, and when, leaves no trace in the tables."""
    batch([tubes], tmp_path / "out", lists=lists_of(tmp_path), workers=2)
    assert bytes_of(tmp_path / "out") == bytes_of(done)


def test_a_second_run_measures_nothing_and_gives_the_same_bytes(tubes: Path, tmp_path: Path):
    """Finished tubes are taken up from DIR."""
    batch([tubes], tmp_path)
    before = bytes_of(tmp_path)
    outcome = batch([tubes], tmp_path)
    assert [card.from_before for card in outcome.cards] == [True, True, False, True]
    assert bytes_of(tmp_path) == before


def test_tables_hold_no_time(tubes: Path, tmp_path: Path):
    """Times stand in run.json only, so that two runs can be compared."""
    batch([tubes], tmp_path)
    record = json.loads((tmp_path / "run.json").read_text())
    year = record["started"][:4]
    assert all(tube["seconds"] >= 0 for tube in record["tubes"])
    assert not any(f"{year}-".encode() in content for content in bytes_of(tmp_path).values())


def test_the_record_says_how_it_was_done(tubes: Path, tmp_path: Path):
    """Versions, templates with their hashes, parameters, engine and seconds of each tube."""
    batch([tubes], tmp_path, figures="none")
    record = json.loads((tmp_path / "run.json").read_text())
    assert {t["name"] for t in record["templates"]} == {"b_all_mrd", "lymphocyte_subsets"}
    assert all(len(t["sha256"]) == 64 for t in record["templates"])
    assert record["parameters"]["figures"] == "none"
    assert {"flowkit", "numpy"} <= set(record["libraries"])
    assert [tube["engine"] for tube in record["tubes"]] == ["stream", "stream", "", "stream"]


def test_a_finished_batch_with_pictures_is_taken_up(tubes: Path, tmp_path: Path):
    """One file of key plots for each measured tube, which names nobody; none is made twice."""
    lists = lists_of(tmp_path)
    first = batch([tubes], tmp_path / "out", lists=lists, figures="all")
    written = {path: path.read_bytes() for path in (tmp_path / "out" / "plots").iterdir()}

    again = batch([tubes], tmp_path / "out", lists=lists, figures="all")

    assert {path.stem for path in written} == {
        card.analysis for card in first.cards if not card.refused
    }
    assert [card.from_before for card in again.cards if not card.refused] == [True] * 3
    assert {path: path.read_bytes() for path in written} == written
    assert not any(b"Jane" in content or b"S-4711" in content for content in written.values())


def test_patients_are_named_in_measurements_and_nowhere_else(done: Path):
    """Neither in findings, populations or the record, nor in what is kept to resume."""
    assert {row["patient_id"] for row in rows_of(done) if row["file"] != "blood_a.fcs"} == {
        "Jane Doe"
    }
    assert {row["specimen_id"] for row in rows_of(done)} == {"S-4711", "S-4712", ""}
    for path in (path for path in done.rglob("*") if path.is_file()):
        if path.name != "measurements.csv":
            assert b"Jane" not in path.read_bytes(), path.name
            assert b"S-4711" not in path.read_bytes(), path.name


def test_nobody_who_measures_learns_whose_tube_it_is(
    tubes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """What travels to other processes, or over the network of a cluster, holds no id."""
    sent: list[bytes] = []

    def post(tasks: Sequence[Task], **how: object) -> tuple[Card, ...]:
        sent.append(pickle.dumps(tasks))
        return run_all(tasks, **how)  # type: ignore[arg-type]

    monkeypatch.setattr("cytomon.batch.run_all", post)
    batch([tubes / "marrow.fcs"], tmp_path / "out", lists=lists_of(tmp_path))
    assert b"marrow.fcs" in sent[0]
    assert b"Jane" not in sent[0]
    assert b"S-4711" not in sent[0]
    assert answers(tmp_path / "out", "marrow.fcs")["mrd"]["patient_id"] == "Jane Doe"


def test_a_corrected_name_reaches_the_table_without_measuring(tubes: Path, tmp_path: Path):
    """Whose tube it is can be mended after the fact."""
    lists = lists_of(tmp_path)
    batch([tubes], tmp_path / "out", lists=lists)
    worklist = tmp_path / "w.csv"
    worklist.write_text(WORKLIST.replace("Jane", "Joan"))
    (tmp_path / "p.csv").write_text(PATIENTS.format(infusion="2026-01-12").replace("Jane", "Joan"))
    outcome = batch([tubes], tmp_path / "out", lists=lists)
    assert outcome.cards[0].from_before
    assert answers(tmp_path / "out", "marrow.fcs")["mrd"]["patient_id"] == "Joan Doe"


def test_cells_that_a_spreadsheet_would_run_are_made_text(tubes: Path, tmp_path: Path):
    """Also where the worklist brings them in."""
    worklist = tmp_path / "w.csv"
    worklist.write_text(HEADER + "blood_a.fcs,=1+1,@SUM(A1),2026-02-09,blood,,\n")
    batch([tubes / "blood_a.fcs"], tmp_path / "out", lists=Lists(worklist=worklist))
    row = answers(tmp_path / "out", "blood_a.fcs")["b_fraction"]
    assert (row["patient_id"], row["specimen_id"]) == ("'=1+1", "'@SUM(A1)")


def test_calls_before_day_28_are_provisional(tubes: Path, tmp_path: Path):
    """The day comes from the list of patients."""
    early = lists_of(tmp_path / "early", infusion="2026-01-13")
    late = lists_of(tmp_path / "late", infusion="2026-01-12")
    for name, lists in (("early", early), ("late", late)):
        batch([tubes / "marrow.fcs"], tmp_path / name / "out", lists=lists)
    said = {
        name: answers(tmp_path / name / "out", "marrow.fcs")["cd19_blasts"]["qualifiers"]
        for name in ("early", "late")
    }
    assert "PROVISIONAL" in said["early"].split(";")
    assert "PROVISIONAL" not in said["late"].split(";")


def test_an_antigen_under_a_drug_is_not_assessable(tubes: Path, tmp_path: Path):
    """Inotuzumab hides CD22; CD19 keeps its call."""
    batch([tubes / "marrow.fcs"], tmp_path / "out", lists=lists_of(tmp_path, events=True))
    row = answers(tmp_path / "out", "marrow.fcs")
    assert row["cd22_blasts"]["status"] == "NOT_ASSESSABLE"
    assert "DRUG_EXPOSURE" in row["cd22_blasts"]["qualifiers"].split(";")
    assert row["cd19_blasts"]["status"] != "NOT_ASSESSABLE"


def test_a_worklist_that_names_no_tube_is_nothing_done(tubes: Path, tmp_path: Path):
    """All rows refused and no other tube: exit code 3, tables with headers only."""
    (tmp_path / "in").mkdir()
    worklist = tmp_path / "w.csv"
    worklist.write_text(HEADER + "none.fcs,P,S,2026-02-09,blood,,\n")
    outcome = batch([tmp_path / "in"], tmp_path / "out", lists=Lists(worklist=worklist))
    assert outcome.exit_code == 3
    assert rows_of(tmp_path / "out") == []
    assert rows_of(tmp_path / "out", "findings.csv")[0]["where"] == "w.csv line 2"


def test_a_refused_row_alone_makes_exit_code_1(tubes: Path, tmp_path: Path):
    """Every tube was measured, and something still needs a look."""
    worklist = tmp_path / "w.csv"
    worklist.write_text(HEADER + "none.fcs,P,S,2026-02-09,blood,,\n")
    outcome = batch([tubes / "blood_a.fcs"], tmp_path / "out", lists=Lists(worklist=worklist))
    assert (outcome.measured, outcome.refused, outcome.exit_code) == (1, 0, 1)


def test_a_changed_template_is_measured_again(tubes: Path, tmp_path: Path):
    """The hash of its content counts, not its name."""
    own = tmp_path / "own.yaml"
    shipped = Path(__file__).parents[1] / "gates" / "lymphocyte_subsets.yaml"
    own.write_text(shipped.read_text())
    out = tmp_path / "out"
    batch([tubes / "blood_a.fcs"], out, template=str(own))
    assert batch([tubes / "blood_a.fcs"], out, template=str(own)).cards[0].from_before
    version = next(line for line in own.read_text().splitlines() if line.startswith("version:"))
    own.write_text(own.read_text().replace(version, "version: 9.9.9"))
    assert not batch([tubes / "blood_a.fcs"], out, template=str(own)).cards[0].from_before


def test_a_changed_mapping_is_measured_again(tubes: Path, tmp_path: Path):
    """Another marker on a detector is another measurement."""
    from cytomon.fcs.panel import read_mapping

    out, blood = tmp_path / "out", tubes / "blood_a.fcs"
    tube = cytomon.task.open_for_gating(blood).tube
    stained = next(channel.pnn for channel in tube.channels if channel.pns.startswith("CD20"))
    batch([blood], out)
    (tmp_path / "m.csv").write_text(f"detector,marker\n{stained},CD10\n")
    outcome = batch([blood], out, mapping=read_mapping(tmp_path / "m.csv"))
    assert not outcome.cards[0].from_before


def test_results_inside_the_input_are_no_tubes(tubes: Path, tmp_path: Path):
    """A folder of results in the folder of tubes changes nothing on the next run."""
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(tubes / "blood_a.fcs", folder)
    first = batch([folder], folder / "out", figures="all")
    second = batch([folder], folder / "out", figures="all")
    assert [d.file for d in first.cards] == [d.file for d in second.cards]
    assert second.cards[0].from_before


def test_copies_of_a_tube_are_told(tubes: Path, tmp_path: Path):
    """The same bytes under two names may be one specimen entered twice."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("one.fcs", "two.fcs"):
        shutil.copy(tubes / "blood_a.fcs", folder / name)
    batch([folder], tmp_path / "out")
    said = [r for r in rows_of(tmp_path / "out", "findings.csv") if r["code"] == "SAME_BYTES"]
    assert [row["file"] for row in said] == ["one.fcs", "two.fcs"]
    assert said[0]["what"].endswith("two.fcs")


def test_a_defect_in_one_tube_ends_with_70_and_the_others_done(
    tubes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Our own mistakes are not dressed up as bad tubes."""
    place_on = cytomon.task.place_on

    def fail(opened: cytomon.task.OpenedTube) -> object:
        if opened.tube.name == "blood_a.fcs":
            raise RuntimeError("Jane Doe")
        return place_on(opened)

    monkeypatch.setattr(cytomon.task, "place_on", fail)
    outcome = batch([tubes], tmp_path)
    assert (outcome.exit_code, outcome.measured) == (70, 2)
    assert b"Jane" not in (tmp_path / "findings.csv").read_bytes()


def test_a_folder_of_results_that_cannot_be_made_is_said_first(tubes: Path, tmp_path: Path):
    """Before hours of work, not after."""
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="cannot be written"):
            batch([tubes], out)


def test_a_disk_that_fills_up_ends_in_a_sentence(
    tubes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """No traceback, and no half table."""

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        batch([tubes / "blood_a.fcs"], tmp_path)
    assert not list(tmp_path.glob("*.csv"))


def test_two_runs_into_one_folder_are_one_too_many(tubes: Path, tmp_path: Path):
    """The second is told, and changes nothing; a lock that a dead run left behind holds nobody."""
    (tmp_path / LOCK).touch()
    with claimed(tmp_path):
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(InputError, match="another run of cytomon is writing") as caught:
            batch([tubes], tmp_path)
        assert sorted(tmp_path.rglob("*")) == before
    assert "another folder with --out" in caught.value.fix
    assert batch([tubes / "blood_a.fcs"], tmp_path).measured == 1


def test_what_a_killed_run_was_writing_is_removed(tubes: Path, tmp_path: Path):
    """In every folder of the results, and nothing else that is hidden there."""
    left = [tmp_path / name / f"{PART}abc" for name in ("", "tubes/x", "figures", "plots")]
    left.append(tmp_path / "figures" / f".{PART}abc.partial")
    own = tmp_path / ".notes"
    for path in (*left, own):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    batch([tubes / "blood_a.fcs"], tmp_path)
    assert not any(path.exists() for path in left)
    assert own.exists()


def test_a_document_that_goes_while_the_batch_runs_ends_in_words(tubes: Path, tmp_path: Path):
    """No table is written without it, and the tables of before stay as they are."""
    batch([tubes / "blood_a.fcs"], tmp_path)
    before = bytes_of(tmp_path)
    settings = Settings()
    jobs = plan([tubes / "blood_a.fcs", tubes / "blood_b.fcs"], Lists(), settings)

    def spoil(card: Card) -> None:
        (tmp_path / "tubes" / f"{card.file}.json").write_text("{}")

    with pytest.raises(InputError, match="has gone, or was changed, while the batch ran"):
        run(jobs, tmp_path, settings, report=spoil)
    assert bytes_of(tmp_path) == before
    assert not list(tmp_path.rglob(f"*{PART}*"))


def test_a_name_too_long_to_be_kept_is_refused_alone(tubes: Path, tmp_path: Path):
    """It fits the file system, and the name of its document does not."""
    (tmp_path / "in").mkdir()
    for name in ("a.fcs", f"{'n' * 250}.fcs"):
        (tmp_path / "in" / name).symlink_to(tubes / "blood_a.fcs")
    outcome = batch([tmp_path / "in"], tmp_path / "out")
    assert [card.refused for card in outcome.cards] == [False, True]
    assert "File name too long" in rows_of(tmp_path / "out", "findings.csv")[-1]["what"]


def test_every_vendors_file_ends_in_a_reading_or_a_refusal(shared: Path, tmp_path: Path):
    """Files of many instruments: none in a defect, each refused one named."""
    folder = shared / "real_fcs" / "vendors"
    outcome = batch([folder], tmp_path)
    assert outcome.exit_code in (0, 1, 3)
    assert len(outcome.cards) >= len(list(folder.iterdir()))
    named = {row["file"] for row in rows_of(tmp_path, "findings.csv") if row["severity"] == "error"}
    assert {d.file for d in outcome.cards if d.refused} <= named


def test_every_vendors_file_alone_ends_in_words(
    shared: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    """One command for each file: exit code 0, 1 or 3, and never a traceback."""
    # in this process: a process for each would start cytomon as often
    monkeypatch.setattr("cytomon.cli.batch.processes", lambda _: 0)
    for path in sorted((shared / "real_fcs" / "vendors").iterdir()):
        code = main(["batch", str(path), "--out", str(tmp_path / path.name), "--jobs", "1"])
        said = capsys.readouterr()
        assert code in (0, 1, 3), path.name
        assert "Traceback" not in said.err
        assert code == 0 or f"refused: {path.name}" in said.err


@pytest.fixture(scope="module")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real marrow in relapse, measured by the command."""
    out = tmp_path_factory.mktemp("real")
    tube = shared / "real_fcs" / "b_all_panel_marrow.fcs"
    assert main(["batch", str(tube), "--out", str(out), "--jobs", "1"]) == 0
    return out


def test_the_real_marrow_is_positive(real: Path):
    """The template is picked by the panel; about four of ten nucleated cells are blasts."""
    mrd = answers(real, "b_all_panel_marrow.fcs")["mrd"]
    assert (mrd["template"], mrd["status"]) == ("b_all_mrd_aieop_bfm", "POSITIVE")
    assert 0.39 <= float(mrd["value"]) <= 0.45


def test_the_real_marrow_has_its_mature_b_cells(real: Path):
    """Within the range that manual gating of this tube gives."""
    counted = int(answers(real, "b_all_panel_marrow.fcs")["b_mature"]["numerator"])
    assert 3700 <= counted <= 4500


def test_an_antigen_that_is_not_in_the_panel_is_not_assessable(real: Path):
    """The tube has no CD22, and says so instead of calling it negative."""
    row = answers(real, "b_all_panel_marrow.fcs")["cd22_blasts"]
    assert (row["status"], row["value"]) == ("NOT_ASSESSABLE", "")


def test_the_real_marrow_has_its_picture(real: Path):
    """A PNG that is more than a frame."""
    picture = (real / "figures" / "b_all_panel_marrow.fcs.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 50_000


@pytest.mark.parametrize("name", [*TABLES, "run.json", "tubes"])
def test_a_table_that_has_no_place_is_said_first(name: str, tubes: Path, tmp_path: Path):
    """Before the first tube is measured, with what is in the way."""
    if name == "tubes":
        (tmp_path / name).write_text("mine")
    else:
        (tmp_path / name).mkdir()
    with pytest.raises(InputError) as error:
        batch([tubes], tmp_path)
    assert error.value.where == name
    assert not any((tmp_path / "tubes").glob("*"))


def test_what_stands_in_the_way_of_the_lock(tubes: Path, tmp_path: Path):
    """A folder of its name is no fault of the disk."""
    (tmp_path / LOCK).mkdir()
    with pytest.raises(InputError, match="cannot be held") as error:
        batch([tubes], tmp_path)
    assert LOCK in error.value.fix


def test_a_scheduler_without_a_name(
    tubes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """An empty word, as a shell gives for a variable that is not set, is not this computer."""
    for word in ("", " "):
        assert main(["batch", str(tubes), "--out", str(tmp_path), "--scheduler", word]) == 2
        assert "no scheduler is named" in capsys.readouterr().err
