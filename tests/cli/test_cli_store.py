"""The store from the command line, as a technologist and two pathologists use it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cytomon.cli.main import main
from tests.filing.test_measured_list import GOOD, written

Captured = pytest.CaptureFixture[str]
Say = Callable[..., tuple[int, str, str]]

PATIENTS = "patient_id,infusion_date,product\nP1,2026-01-12,CD19/CD22\nP2,2026-01-19,CD19/CD22\n"
EVENTS = "patient_id,date,event,value\nP1,2026-02-09,morphology,M1\n"


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> Say:
    """Give a command; its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CYTOMON_STORE", "sqlite:///s.db")
    monkeypatch.setenv("CYTOMON_USER", "ada")

    def give(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(list(words))
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert "defect" not in said.err
        return code, said.out, said.err

    return give


@pytest.fixture
def kept(say: Say, tmp_path: Path) -> Say:
    """A store with two patients, a result and an event, and two pathologists."""
    (tmp_path / "p.csv").write_text(PATIENTS)
    (tmp_path / "e.csv").write_text(EVENTS)
    measurements = str(written(tmp_path, GOOD))
    lists = ("--patients", "p.csv", "--events", "e.csv", "--measurements", measurements)
    assert say("import", *lists)[0] == 0
    for name in ("pat", "pia"):
        assert say("user", "grant", name, "pathologist")[0] == 0
    return say


def test_import_says_what_it_took(say: Say, tmp_path: Path):
    """On stdout, and what it refused on stderr."""
    (tmp_path / "p.csv").write_text(PATIENTS + "P3,19.01.2026,CD19\n")
    measurements = str(written(tmp_path, GOOD))
    code, out, err = say("import", "--patients", "p.csv", "--measurements", measurements)

    assert code == 1
    assert out.splitlines() == [
        "patients:     2 new (patients)",
        "measurements: 1 new (tubes)",
    ]
    assert "p.csv line 4" in err
    assert "a date as 2026-02-09" in err
    code, out, _ = say("import", "--patients", "p.csv", "--measurements", measurements)
    assert "2 as before" in out


def test_import_of_nothing_that_can_be_used(say: Say, tmp_path: Path):
    """Exit code 3: nothing could be done."""
    measurements = str(written(tmp_path, GOOD | {"value": "x"}))
    code, out, err = say("import", "--measurements", measurements)
    assert (code, out) == (3, "")
    assert "measurements.csv line 2" in err


def test_a_tube_under_the_wrong_patient(kept: Say):
    """One command with a reason, and both logs show it."""
    words = ("correct", "tube", "a.fcs", "--patient", "P2", "--specimen", "S9")
    code, out, err = kept(*words, "--reason", "labels swapped")

    assert code == 0
    assert out.splitlines() == [
        "before: patient P1, specimen S1, collected_on 2026-02-09, type marrow",
        "now:    patient P2, specimen S9, collected_on 2026-02-09, type marrow",
    ]
    assert "run the batch again" in err
    for patient in ("P1", "P2"):
        _, out, _ = kept("audit", "log", "--patient", patient)
        assert "ada (admin): correct tube a.fcs" in out
        assert "why: labels swapped" in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("correct tube a.fcs --patient P2 --specimen S9", "--reason"),
        ("correct tube a.fcs --reason x", "either --specimen or --withdraw"),
        ("correct tube  --specimen S9 --reason x", "no such tube"),
        ("correct tube a.fcs --specimen S9 --withdraw --reason x", "either --specimen"),
        ("correct tube b.fcs --specimen S9 --reason x", "no such tube"),
        ("correct tube a.fcs --patient P7 --specimen S9 --reason x", "knows no patient"),
        ("correct tube a.fcs --specimen S9 --specimen-type toe --reason x", "no such type"),
        ("correct specimen S7 --patient P2 --reason x", "no such specimen"),
        ("correct specimen S1 --reason x", "stands there already"),
        ("correct infusion P7 --on 2026-01-13 --reason x", "knows no patient"),
        ("correct infusion P1 --on 13.1.2026 --reason x", "--on"),
        ("correct event P1 2026-02-09 relapse --reason x", "has no such event"),
        ("sign S7 --user pat", "no such specimen"),
        ("sign S1", "to sign takes the role pathologist"),
        ("acknowledge P1 A2 --user pat", "a reason is needed"),
        ("acknowledge P1 A99 --reason x --user pat", "no such rule"),
        ("acknowledge P7 A2 --reason x --user pat", "knows no patient"),
        ("user grant bob chief", "chief"),
        ("user grant ada pathologist", "own role"),
        ("user grant bob analyst --user pat", "to appoint takes the role admin"),
        ("user list --user ", "not known who acts"),
        ("audit verify --anchor none.json", "cannot be opened"),
        ("audit log --patient P7", "knows no patient"),
        ("audit verify --store sqlite:///none.db", "there is no store"),
        ("import", "no list is given"),
        ("import --patients none.csv", "cannot be opened"),
    ],
)
def test_a_slip_ends_in_a_sentence(kept: Say, words: str, says: str):
    """With exit code 2, and nothing written."""
    _, before, _ = kept("audit", "log")
    code, _, err = kept(*words.split(" "))

    assert code == 2
    assert says in err
    assert kept("audit", "log")[1] == before


def test_signing(kept: Say, tmp_path: Path):
    """What is signed is shown; another answer takes a reason and two persons."""
    _, shown, err = kept("sign", "S1", "--user", "pat", "--dry-run")
    assert err == "nothing was signed\n"
    code, out, err = kept("sign", "S1", "--user", "pat")
    assert (code, out) == (0, shown)
    assert out.splitlines()[:2] == ["P1, marrow of 2026-02-09, S1", "a.fcs"]
    assert "60 of 500000" in out
    assert "mrd" in out
    assert "0.0120 %" in out
    assert "POSITIVE" in out
    assert err == "approved by pat\n"

    other = {"numerator": "0", "value": "0", "ci_low": "0", "ci_high": "6e-06"}
    changed = written(tmp_path, GOOD | other | {"status": "NOT_DETECTED", "qualifiers": ""})
    kept("import", "--measurements", str(changed))
    assert "needs a reason" in kept("sign", "S1", "--user", "pat")[2]
    _, _, err = kept("sign", "S1", "--user", "pat", "--reason", "debris")
    assert "mrd changes sides: a second person has to sign, too" in err
    _, _, err = kept("sign", "S1", "--user", "pia", "--reason", "debris")
    assert err == "approved by pia, in place of what was signed before\n"


def test_roles(kept: Say):
    """Given, listed, taken away."""
    assert kept("user", "list")[1].splitlines() == [
        "admin         ada", "pathologist   pat", "pathologist   pia",
    ]  # fmt: skip
    assert kept("user", "revoke", "pia")[0] == 0
    assert "has no role" in kept("sign", "S1", "--user", "pia")[2]


def test_the_other_corrections(kept: Say):
    """A specimen, a day 0, an event, a tube that is nobody's."""
    why = ("--reason", "typed wrong")
    _, out, _ = kept("correct", "specimen", "S1", "--collected-on", "2026-02-10", *why)
    assert "collected_on 2026-02-10" in out
    _, out, _ = kept("correct", "infusion", "P1", "--on", "2026-01-13", *why)
    assert "infused_on 2026-01-13" in out
    _, out, _ = kept("correct", "event", "P1", "2026-02-09", "morphology", *why)
    assert out.splitlines()[1] == "now:    withdrawn"
    _, out, _ = kept("correct", "tube", "a.fcs", "--withdraw", *why)
    assert out.splitlines()[1] == "now:    withdrawn"
    assert kept("audit", "verify")[0] == 0


def test_the_log_for_other_programs(kept: Say):
    """As CSV that no spreadsheet runs, and as JSON."""
    kept("acknowledge", "P1", "a2", "--reason", "=1+1", "--on", "2026-02-09", "--user", "pat")
    _, out, _ = kept("audit", "log", "--format", "csv")
    header, *lines = out.splitlines()
    assert header == "seq,at,who,role,action,subject,before,after,why"
    assert lines[-1].endswith(",'=1+1")

    _, out, _ = kept("audit", "log", "--format", "json")
    last = json.loads(out)[-1]
    assert (last["who"], last["action"], last["after"]) == ("pat", "acknowledge", "2026-02-09")
    assert last["subject"] == "flag A2 of P1"


def test_anchor_and_verify(kept: Say, tmp_path: Path):
    """What was cut off shows against the anchor, with exit code 1."""
    import shutil

    shutil.copy("s.db", "before.db")
    kept("acknowledge", "P1", "A2", "--reason", "seen", "--user", "pat")
    assert kept("audit", "anchor", "--out", "anchor.json")[0] == 0
    code, out, _ = kept("audit", "verify", "--anchor", "anchor.json")
    assert code == 0
    assert out.startswith("clean: 7 entries of the log")

    cut = ("audit", "verify", "--store", "sqlite:///before.db")
    assert kept(*cut)[0] == 0
    code, out, _ = kept(*cut, "--anchor", "anchor.json")
    assert code == 1
    assert out == "LOG_CUT: anchor at entry 7: the log ends before it, or lacks that entry\n"
    assert '"seq": 7' in kept("audit", "anchor")[1]


def test_an_anchor_replaces_anchors_only(kept: Say):
    """Never the store, whatever was typed."""
    assert kept("audit", "anchor", "--out", "a.json")[0] == 0
    assert kept("audit", "anchor", "--out", "a.json", "--force")[0] == 0
    code, _, err = kept("audit", "anchor", "--out", "s.db", "--force")
    assert code == 2
    assert "no anchor" in err
    assert kept("audit", "verify")[0] == 0


@pytest.mark.parametrize("text", ["x\n99  2026-01-01 eve: sign", "x" * 1001, "\udcff", "a\x1b[2J"])
def test_a_reason_is_one_line(kept: Say, text: str):
    """It cannot look like an entry of its own."""
    code, _, err = kept("correct", "infusion", "P1", "--on", "2026-01-13", "--reason", text)
    assert code == 2
    assert "one line" in err


def test_a_new_store_says_so(kept: Say, tmp_path: Path):
    """A slip in its address does not stay unseen; a list that is not there makes none."""
    measurements = str(written(tmp_path, GOOD))
    code, _, err = kept("import", "--measurements", measurements, "--store", "sqlite:///n.db")
    assert code == 0
    assert "a new store was made: sqlite:///n.db; ada is its admin" in err
    assert kept("import", "--patients", "none.csv", "--store", "sqlite:///o.db")[0] == 2
    assert not (tmp_path / "o.db").exists()


def test_a_technologist_needs_no_role_to_add(kept: Say, tmp_path: Path):
    """What is added is a proposal under its name; a clinician only reads."""
    measurements = str(written(tmp_path, GOOD | {"file": "b.fcs"}))
    assert kept("import", "--measurements", measurements, "--user", "tom")[0] == 0
    kept("user", "grant", "doc", "clinician")
    code, _, err = kept("import", "--measurements", measurements, "--user", "doc")
    assert code == 2
    assert "to enter takes the role technologist or analyst or pathologist or admin" in err
    assert kept("audit", "log", "--user", "doc")[0] == 0


def test_names_of_people_with_strange_letters(kept: Say):
    """A name is what the laboratory uses."""
    assert kept("user", "grant", "Zoë Ångström", "analyst")[0] == 0
    assert "Zoë Ångström" in kept("user", "list")[1]


@pytest.mark.parametrize("command", ["import", "sign", "acknowledge", "correct", "audit", "user"])
def test_help_is_there_at_once(command: str):
    """Without the database's library."""
    code = f"import sys; from cytomon.cli.main import main; main(['{command}', '--help']); "
    loaded = (
        "print([m for m in ('sqlalchemy', 'alembic', 'pyarrow', 'flowkit') if m in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code + loaded], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
