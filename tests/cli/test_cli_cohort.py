"""The cohort from the command line: what is written, and the same bytes a year later."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from cytomon.cli.main import main
from cytomon.filing.imports import ImportLists, import_lists
from cytomon.simulate.course.files import write_patients
from cytomon.simulate.course.patient import simulate_patient
from cytomon.store.address import parse
from cytomon.store.open import opened

Captured = pytest.CaptureFixture[str]
Say = Callable[..., tuple[int, str, str]]

# as other programs rely on them (design: section 6)
ENDPOINTS = (
    "patient_id,efs_days,efs_event,efs_hct_days,efs_hct_event,os_days,os_event,relapse_days,"
    "relapse_event,bcr_days,bcr_event,hct_days"
)
ESTIMATES = "analysis,group,estimand,time_days,n,n_events,estimate,ci_low,ci_high,p_value,method"
STORIES = ("persistent_aplasia", "early_recovery", "cd19_negative_relapse", "transplant")
DAY0 = date(2026, 1, 12)
AS_OF = ("--as-of", "2027-02-01")


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lists")
    patients = [
        simulate_patient(story, seed=63_000 + 10 * number + one, patient_id=f"ZQ{number}{one}",
                         day0=DAY0)
        for number, story in enumerate(STORIES)
        for one in range(4)
    ]  # fmt: skip
    write_patients(folder, patients)
    return folder


@pytest.fixture(scope="module")
def made(lists: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of sixteen patients, and their cohort in ``c``."""
    folder = tmp_path_factory.mktemp("made")
    address = f"sqlite:///{folder}/s.db"
    names = {name: lists / f"{name}.csv" for name in ("patients", "measurements", "events")}
    with opened(parse(address), who="ada", create=True) as store:
        assert import_lists(store, "ada", ImportLists(**names)).refused == []
    words = ["cohort", "--out", str(folder / "c"), *AS_OF, "--store", address, "--user", "ada"]
    assert main(words) == 0
    return folder


@pytest.fixture
def say(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> Say:
    """Give a command beside a copy of what was made; its exit code, stdout and stderr."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CYTOMON_STORE", "sqlite:///s.db")
    monkeypatch.setenv("CYTOMON_USER", "ada")

    def give(*words: str) -> tuple[int, str, str]:
        code = main(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return give


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_what_is_written(say: Say, made: Path, tmp_path: Path):
    code, out, err = say("cohort", "--out", "d", *AS_OF)
    assert code == 0
    assert "16 patients" in out
    assert "as of 2027-02-01" in err
    assert files(tmp_path / "d") == files(made / "c")
    folder = tmp_path / "d"
    assert (folder / "endpoints.csv").read_text().splitlines()[0] == ENDPOINTS
    assert (folder / "estimates.csv").read_text().splitlines()[0] == ESTIMATES
    assert len(read(folder / "endpoints.csv")) == 16
    found = {(row["analysis"], row["group"], row["time_days"]) for row in
             read(folder / "estimates.csv")}  # fmt: skip
    assert {("efs", "all", "365"), ("os", "all", "365"), ("efs_censor_hct", "all", "365"),
            ("cif_relapse", "all", "365"), ("cif_bcr", "all", "183"), ("cox_hct", "efs", ""),
            ("logrank", "efs:sex", ""), ("phenotype", "CD19-/CD22+", "")} <= found  # fmt: skip
    assert {path.name for path in (folder / "figures").iterdir()} == {
        "figure_1.svg", "figure_2a.svg", "figure_2b.svg", "figure_2c.svg", "figure_2d.svg",
        "figure_2e.svg", "figure_2f.svg", "figure_3.svg", "figure_relapse.svg",
    }  # fmt: skip


def test_the_page_needs_nothing_and_names_nobody(made: Path):
    page = (made / "c" / "cohort.html").read_text(encoding="utf-8")
    assert "ZQ" not in page
    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", page))
    assert all(one.startswith("http://www.w3.org/") for one in addresses)
    assert not re.search(r"<(script|link|img|iframe)\b", page)
    assert "Simulated patients are among these" in page
    figure = (made / "c" / "figures" / "figure_2a.svg").read_text(encoding="utf-8")
    assert "simulated patients, no evidence" in figure
    assert "all_itt" in figure
    assert json.loads((made / "c" / "cut.json").read_text())["simulated"] == 16
    for words in ("What cannot be concluded", "censor_at_hct", "confirmed MRD does not count"):
        assert words in page
    assert len(re.findall(r"<svg\b", page)) == 9
    names = re.findall(r'\bid="([^"]+)"', page)
    assert len(names) == len(set(names))


def test_the_same_bytes_a_year_later(say: Say, tmp_path: Path):
    """What was added and corrected meanwhile, also of days before the cut, changes nothing."""
    (tmp_path / "late.csv").write_text(
        "patient_id,date,event\nZQ00,2026-09-01,death\nZQ01,2026-08-01,transplant\n"
    )
    (tmp_path / "more.csv").write_text(
        "patient_id,infusion_date,product\nZQ99,2026-03-01,CD19/CD22\n"
    )
    assert say("import", "--patients", "more.csv", "--events", "late.csv")[0] == 0
    code, _, err = say("cohort", "--out", "again", "--cut", "c/cut.json")
    assert code == 0, err
    assert files(tmp_path / "again") == files(tmp_path / "c")
    assert say("cohort", "--out", "new", *AS_OF)[0] == 0
    new = files(tmp_path / "new")
    assert new["endpoints.csv"] != files(tmp_path / "c")["endpoints.csv"]
    cuts = [json.loads(one) for one in (files(tmp_path / "c")["cut.json"], new["cut.json"])]
    assert cuts[0]["inputs"] != cuts[1]["inputs"]
    assert cuts[1]["patients"] == 17


def test_what_is_dated_later_changes_neither_figures_nor_hash(say: Say, tmp_path: Path):
    say("cohort", "--out", "e", "--as-of", "2026-08-01")
    (tmp_path / "late.csv").write_text("patient_id,date,event\nZQ00,2026-09-01,death\n")
    say("import", "--events", "late.csv")
    say("cohort", "--out", "d", "--as-of", "2026-08-01")
    one, other = files(tmp_path / "e"), files(tmp_path / "d")
    assert one["estimates.csv"] == other["estimates.csv"]
    assert one["endpoints.csv"] == other["endpoints.csv"]
    assert json.loads(one["cut.json"])["inputs"] == json.loads(other["cut.json"])["inputs"]


def test_another_store_is_not_the_one_of_the_cut(say: Say, tmp_path: Path):
    cut = json.loads((tmp_path / "c" / "cut.json").read_text())
    for field, value, words in (
        ("entry_hash", "0" * 64, "is not the one of the cut"),
        ("inputs", "0" * 64, "what goes in is not what went in then"),
        ("entry", 999, "has no entry 999"),
        ("profile", cut["profile"] | {"relapse_includes_mrd": True}, "what goes in is not"),
    ):
        (tmp_path / "other.json").write_text(json.dumps(cut | {field: value}))
        code, _, err = say("cohort", "--out", "d", "--cut", "other.json")
        assert code == 2
        assert words in err
        assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--cut", "missing.json"), "this is no data cut"),
        (("--cut", "patients.csv"), "this is no data cut"),
        (("--cut", "c/cut.json", "--as-of", "2026-01-01"), "a cut has its own day"),
        (("--as-of", "2020-01-01"), "no patient of this store has an infusion"),
        (("--profile", "nobody"), "there is no such profile"),
    ],
)
def test_what_cannot_be_is_said(say: Say, tmp_path: Path, words: tuple[str, ...], said: str):
    (tmp_path / "patients.csv").write_text("patient_id\n")
    code, _, err = say("cohort", "--out", "d", *words)
    assert code == 2
    assert said in err
    assert "Traceback" not in err
    assert not (tmp_path / "d").exists()


def test_who_is_left_out_is_told(say: Say, tmp_path: Path):
    (tmp_path / "more.csv").write_text(
        "patient_id,infusion_date,product\nZQ98,2027-03-01,CD19/CD22\n"
    )
    say("import", "--patients", "more.csv")
    code, _, err = say("cohort", "--out", "d", *AS_OF)
    assert code == 0
    assert "left out: 1 patients, infused later" in err
    page = (tmp_path / "d" / "cohort.html").read_text(encoding="utf-8")
    assert "1: infused later" in page


def test_definitions_of_a_profile_are_used_and_printed(say: Say, tmp_path: Path):
    (tmp_path / "ours.yaml").write_text(
        "name: ours\nversion: 1.0.0\nabout: A test.\nrelapse_includes_mrd: true\n"
        "cohort:\n  horizon_day: 200\n  survival_interval: log-log\n"
    )
    assert say("cohort", "--out", "c", "--profile", "ours.yaml", *AS_OF)[0] == 0
    rows = read(tmp_path / "c" / "estimates.csv")
    assert any(row["analysis"] == "landmark_efs" and row["time_days"] == "200" for row in rows)
    page = (tmp_path / "c" / "cohort.html").read_text(encoding="utf-8")
    assert "confirmed MRD counts" in page
    assert "log-log scale" in page
    assert "profile ours 1.0.0" in page
    (tmp_path / "wrong.yaml").write_text(
        "name: x\nversion: 1.0.0\nabout: A test.\ncohort:\n  horizon: 200\n"
    )
    code, _, err = say("cohort", "--out", "d", "--profile", "wrong.yaml", *AS_OF)
    assert code == 2
    assert "cohort.horizon" in err
