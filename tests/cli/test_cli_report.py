"""Reports from the command line: drafts, signatures, the list of patients, and slips."""

from __future__ import annotations

import hashlib
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import cytomon
from cytomon import editions
from cytomon.cli.main import main
from cytomon.report.case import Case
from cytomon.report.compose import Edition
from cytomon.report.document import Document
from tests.report_stores import SIGNER, patient, sign_all, store_of

Captured = pytest.CaptureFixture[str]
Say = Callable[..., tuple[int, str, str]]
DAY = "--as-of=2026-07-01"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two patients, of whom one is signed."""
    folder = tmp_path_factory.mktemp("made")
    one, other = patient("early_recovery", "P1"), patient("cd19_negative_relapse", "P2")
    with store_of(folder, [one, other]) as store:
        sign_all(store, one)
    return folder / "s.db"


@pytest.fixture
def say(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> Say:
    """Give a command on a copy of the store; its exit code, stdout and stderr."""
    shutil.copy(made, tmp_path / "s.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CYTOMON_CACHE", "none")
    monkeypatch.setenv("CYTOMON_STORE", "sqlite:///s.db")
    monkeypatch.setenv("CYTOMON_USER", SIGNER)

    def give(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(list(words))
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert "defect" not in said.err
        return code, said.out, said.err

    return give


def test_the_answers_and_the_files_are_printed(say: Say):
    """Three questions, then where to look."""
    code, out, err = say("report", "P2", "--out=r", DAY)

    lines = out.splitlines()
    assert code == 0
    assert "1 report written, 0 refused" in err
    assert [line.partition("?")[0] for line in lines[:3]] == [
        "Is leukaemia left in the marrow",
        "Have the blasts lost CD19 or CD22",
        "Are B cells back",
    ]
    assert all(Path(line).is_file() for line in lines[3:])
    assert {Path(line).suffix for line in lines[3:]} == {".html", ".pdf"}


def test_all_patients_get_a_page_and_a_list(say: Say):
    """Whoever needs a person first is on top, and every link leads to a file."""
    code, out, _ = say("report", "--all", "--out=r", DAY, "--format=html")

    page = Path(out.strip()).read_text(encoding="utf-8")
    links = set(re.findall(r'href="([^"#]+)"', page))
    assert code == 0
    assert Path(out.strip()).name == "index.html"
    assert len(links) == 2
    assert all((Path("r") / link).is_file() for link in links)
    assert page.index("P2") < page.index(">P1<")


def test_one_unknown_patient_stops_no_other(say: Say):
    """Exit code 1, the reason, and the other report."""
    code, out, err = say("report", "P1", "nobody", "--out=r", DAY, "--format=html")

    assert code == 1
    assert "refused: nobody: the store knows no patient of this name" in err
    assert "nobody" not in out
    assert len(list(Path("r").iterdir())) == 1
    assert say("report", "nobody", "--out=r2", DAY)[0] == 3


def test_a_report_is_signed_and_verified(say: Say):
    """0 for the newest signed version, 1 for one that was replaced, 3 for anything else."""
    code, out, err = say("report", "P1", "--sign", "--out=r", DAY)
    files = [Path(line) for line in out.splitlines()[3:]]

    assert code == 0
    assert f"Signed: final, by {SIGNER} (pathologist)" in err
    assert [say("report", "--verify", str(path))[0] for path in files] == [0, 0, 0]
    code, out, _ = say("report", "--verify", str(files[0]))
    assert out.startswith("signed: report R")
    files[0].write_bytes(files[0].read_bytes() + b" ")
    code, out, err = say("report", "--verify", str(files[0]))
    assert (code, out) == (3, "not signed: no signed report of this store has these bytes\n")
    assert say("audit", "verify")[0] == 0


def test_a_replaced_version_says_by_what(say: Say):
    """Nobody acts on a report that was amended without knowing it."""
    _, out, _ = say("report", "P1", "--sign", "--out=r", DAY, "--format=html")
    first = out.splitlines()[-1]
    Path("e.csv").write_text("patient_id,date,event,value\nP1,2026-06-20,relapse,\n")
    assert say("import", "--events=e.csv")[0] == 0
    assert say("report", "P1", "--sign", "--out=r", DAY)[0] == 2
    assert say("report", "P1", "--sign", "--out=r", DAY, "--reason=a relapse")[0] == 0

    code, out, _ = say("report", "--verify", first)
    assert code == 1
    assert "replaced by version 2" in out
    assert "a relapse" in out


def test_unsigned_results_are_named(say: Say):
    """With the command that signs them."""
    code, _, err = say("report", "P2", "--sign", "--out=r", DAY)

    assert code == 2
    assert "not signed" in err
    assert "cytomon sign SPECIMEN" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "whose reports is not said"),
        (("P1", "--all", "--out=r"), "whose reports is not said"),
        (("P1",), "no folder is named"),
        (("P1", "P2", "--sign", "--out=r"), "releases the report of one patient"),
        (("P1", "--out=r", "--format=docx"), "there is no format docx"),
        (("P1", "--out=r", "--format=,"), "no format is named"),
        (("P1", "--out=r", "--laboratory=none.yaml"), "cannot be read"),
        (("P1", "--out=r", "--codes=none.csv"), "cannot be opened"),
        (("--verify", "none.pdf"), "cannot be read"),
        (("--verify", "none.pdf", "P1"), "--verify looks at one file"),
        (("--verify", "none.pdf", "--all"), "--verify looks at one file"),
        (("--verify", "none.pdf", "--out=r"), "--verify looks at one file"),
        (("--verify", "none.pdf", "--sign"), "--verify looks at one file"),
        (("P1", "--out=s.db"), "a file stands where a folder is expected"),
        (("P1", "--out=s.db/r"), "a file stands where a folder is expected"),
    ],
)
def test_slips_are_said(say: Say, words: tuple[str, ...], says: str):
    """Exit code 2, what is wrong and what to do; nothing is written."""
    code, _, err = say("report", *words)

    assert code == 2
    assert says in err
    assert "fix:" in err
    assert not Path("r").exists()


def test_the_laboratory_stands_on_its_reports(say: Say):
    """What its file says is no longer missing; a field that there is not is refused."""
    Path("lab.yaml").write_text("name: Laboratory One\naccreditation: M-1\nlysis: ammonium\n")
    assert say("report", "P1", "--out=r", DAY, "--format=html", "--laboratory=lab.yaml")[0] == 0
    page = next(Path("r").iterdir()).read_text(encoding="utf-8")
    assert "Laboratory One" in page
    assert "ammonium" in page

    Path("lab.yaml").write_text("laboratory: One\n")
    code, _, err = say("report", "P1", "--out=r", DAY, "--laboratory=lab.yaml")
    assert code == 2
    assert "there is no such field" in err
    assert "accreditation" in err


@pytest.mark.parametrize(("kind", "package"), [("pdf", "typst"), ("fhir", "fhir")])
def test_a_missing_extra_says_how_to_install_it(
    say: Say, monkeypatch: pytest.MonkeyPatch, kind: str, package: str
):
    """Nothing is written in its place."""
    for name in list(sys.modules):
        if name.split(".")[0] == package:
            monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, package, None)
    code, _, err = say("report", "P1", "--out=r", DAY, f"--format={kind}")

    assert code == 3
    assert f'pip install "cytomon[{kind}]"' in err
    assert not Path("r").exists()


def test_a_defect_stops_no_other_and_quotes_nothing(
    say: Say, monkeypatch: pytest.MonkeyPatch, capsys: Captured
):
    """Exit code 70 at the end, the patient and the place, and the list of the others."""
    compose = editions.compose

    def fail(case: Case, edition: Edition) -> Document:
        if case.course.patient.patient_id == "P1":
            raise RuntimeError("a name that nobody should read")
        return compose(case, edition)

    monkeypatch.setattr(editions, "compose", fail)
    capsys.readouterr()
    code = main(["report", "--all", "--out=r", DAY, "--format=html"])
    out, err = capsys.readouterr()

    assert code == 70
    assert "refused: P1: this is a defect of cytomon (RuntimeError at editions.py line" in err
    assert "nobody should read" not in out + err
    assert "1 report written, 1 refused" in err
    assert "P2" in Path("r/index.html").read_text(encoding="utf-8")


def test_a_withheld_report_stays_in_the_list(say: Say, monkeypatch: pytest.MonkeyPatch):
    """Whoever needs a person is on top, also where the signed file cannot be laid out here."""
    assert say("report", "P1", "--sign", "--out=r", DAY)[0] == 0
    monkeypatch.setattr(cytomon, "__version__", "999.0")
    code, _, err = say("report", "--all", "--out=r2", DAY, "--format=html")

    assert code == 1
    assert "refused: P1: version 1 is signed, and comes out in other bytes here (html)" in err
    page = Path("r2/index.html").read_text(encoding="utf-8")
    assert "P1" in page
    assert len(list(Path("r2").iterdir())) == 2
    assert say("report", "--all", "--out=r", DAY, "--format=html")[0] == 0


def test_a_store_that_contradicts_its_log_says_nothing_of_a_file(say: Say):
    """Neither of the forged file nor of the one that was signed."""
    _, out, _ = say("report", "P1", "--sign", "--out=r", DAY)
    Path("forged.html").write_text("forged")
    with closing(sqlite3.connect("s.db")) as there, there:
        for (name,) in there.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
            there.execute(f"DROP TRIGGER {name}")
        digest = hashlib.sha256(b"forged").hexdigest()
        there.execute("UPDATE reports SET sha256 = ? WHERE format = 'html'", (digest,))

    for path in ("forged.html", out.splitlines()[3]):
        code, told, _ = say("report", "--verify", path)
        assert code == 3
        assert told.startswith("not known: what the store says of a signed report is not what its")
        assert "cytomon audit verify" in told
    code, _, err = say("report", "P1", "--out=r2", DAY)
    assert code == 3
    assert "refused: P1: what the store says of a signed report" in err
