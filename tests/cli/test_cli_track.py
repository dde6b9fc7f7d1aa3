"""Following patients from the command line: who comes first, and what others read."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest

from cytomon.cli.main import main
from cytomon.filing.imports import ImportLists, import_lists
from cytomon.simulate.course.files import write_patients
from cytomon.simulate.course.patient import SimulatedPatient, simulate_patient
from cytomon.store.address import parse
from cytomon.store.open import opened
from cytomon.tables import MEASUREMENT_COLUMNS

Captured = pytest.CaptureFixture[str]
Say = Callable[..., tuple[int, str, str]]

# as other programs rely on them (design: section 6)
FLAGS = "patient_id,rule,severity,date,day,says,evidence,open"
STATES = (
    "patient_id,bca_onset,recovery_trial,recovery_confirmed,recovery_left,recovery_right,bca_2m,"
    "bca_3m,bca_4m,bca_6m,bca_ge_6m,relapse_level,relapse_date,relapse_phenotype,car19_lost,"
    "car22_lost"
)
DAY0 = date(2026, 1, 12)
AS_OF = ("--as-of", "2027-02-01")
STORIES = ("persistent_aplasia", "early_recovery", "cd19_negative_relapse", "missed_visits")


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> Say:
    """Give a command; its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CYTOMON_CACHE", str(tmp_path / "memory"))
    monkeypatch.setenv("CYTOMON_STORE", "sqlite:///s.db")
    monkeypatch.setenv("CYTOMON_USER", "ada")

    def give(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(list(words))
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert "defect" not in said.err
        assert "\x1b" not in said.out + said.err
        return code, said.out, said.err

    return give


@cache
def people() -> tuple[SimulatedPatient, ...]:
    """One patient of some stories, named after it."""
    return tuple(
        simulate_patient(story, seed=20_000, patient_id=story, day0=DAY0) for story in STORIES
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the four."""
    folder = tmp_path_factory.mktemp("made")
    write_patients(folder, people())
    lists = {name: folder / f"{name}.csv" for name in ("patients", "events", "measurements")}
    with opened(parse(f"sqlite:///{folder / 's.db'}"), who="ada", create=True) as store:
        assert import_lists(store, "ada", ImportLists(**lists)).refused == []
    return folder / "s.db"


@pytest.fixture
def simulated(say: Say, made: Path, tmp_path: Path) -> Say:
    """The four simulated patients."""
    shutil.copy(made, tmp_path)
    return say


def marrow(patient: str, day: int, positive: bool) -> list[str]:
    """A row of a list: the MRD of a marrow."""
    on = (DAY0 + timedelta(days=day)).isoformat()
    numbers = ["60", "500000", "0.00012", "9.2e-05", "0.000154"]
    if not positive:
        numbers = ["0", "500000", "0.0", "0.0", "7.4e-06"]
    status = "POSITIVE" if positive else "NOT_DETECTED"
    whose = ["", "", patient, f"{patient}_{day}", on, "marrow", "", "mrd"]
    return [*whose, *numbers, "4e-05", "0.0001", status, ""]


def stored(say: Say, names: tuple[str, ...], *rows: list[str]) -> None:
    """Keep patients and measurements."""
    with Path("p.csv").open("w", newline="") as stream:
        head = ["patient_id", "infusion_date", "product"]
        csv.writer(stream).writerows([head, *([name, str(DAY0), "CD19"] for name in names)])
    with Path("m.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([MEASUREMENT_COLUMNS, *rows])
    code, _, err = say("import", "--patients", "p.csv", "--measurements", "m.csv")
    assert code == 0, err


def table(text: str) -> list[dict[str, str]]:
    """Rows of CSV by column."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def line(text: str, begins: str) -> str:
    """The only line that begins so."""
    (found,) = [one for one in text.splitlines() if one.startswith(begins)]
    return found


class TestForPrograms:
    """Columns, and everything that stands in them."""

    def test_flags(self, simulated: Say):
        """As others rely on them."""
        code, out, err = simulated("track", "--format", "csv", *AS_OF)
        rows = table(out)

        assert code == 0
        assert out.split("\r\n")[0] == FLAGS
        assert "profile trial" in err
        assert {row["patient_id"] for row in rows} == set(STORIES)
        assert {row["open"] for row in rows} <= {"yes", "no"}
        assert {row["severity"] for row in rows} <= {"critical", "high", "medium", "info"}
        for row in rows:
            day = (date.fromisoformat(row["date"]) - DAY0).days
            assert row["day"] == str(day)
            assert row["says"]
            assert row["evidence"]

    def test_states(self, simulated: Say):
        """One row each, dates as in ISO or empty."""
        code, out, _ = simulated("track", "--states", "--format", "csv", *AS_OF)
        rows = table(out)

        assert code == 0
        assert out.split("\r\n")[0] == STATES
        assert [row["patient_id"] for row in rows] == sorted(STORIES)
        landmarks = {row[f"bca_{month}m"] for row in rows for month in (2, 3, 4, 6)}
        assert landmarks <= {"PERSISTENT", "RECOVERED", "UNKNOWN", "NA"}
        assert {row["bca_ge_6m"] for row in rows} <= {"YES", "NO"}
        assert all(date.fromisoformat(row["bca_onset"]) for row in rows)

    @pytest.mark.parametrize("states", [(), ("--states",)], ids=["flags", "states"])
    def test_one_patient_as_among_all(self, simulated: Say, states: tuple[str, ...]):
        """The same rows."""
        words = ("--format", "csv", *states, *AS_OF)
        _, everybody, _ = simulated("track", *words)
        _, alone, _ = simulated("track", STORIES[1], *words)

        assert table(alone) == [r for r in table(everybody) if r["patient_id"] == STORIES[1]]
        assert table(alone)

    def test_no_cell_is_a_formula(self, say: Say):
        """Whatever the pseudonyms are."""
        stored(say, ("=1+1", "@x"), marrow("=1+1", 28, True))
        for states in ((), ("--states",)):
            _, out, _ = say("track", "--format", "csv", *states, *AS_OF)
            assert {row["patient_id"] for row in table(out)} == {"'=1+1", "'@x"}
            cells = [cell for row in csv.reader(io.StringIO(out)) for cell in row]
            assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]

    def test_json(self, simulated: Say):
        """With day and definitions; alone as among all, but for what was corrected."""
        code, out, _ = simulated("track", "--format", "json", *AS_OF)
        document = json.loads(out)
        _, alone, _ = simulated("track", STORIES[2], "--format", "json", *AS_OF)
        (one,) = json.loads(alone)["patients"]

        assert code == 0
        assert document["as_of"] == "2027-02-01"
        assert (document["profile"]["name"], document["profile"]["recovery"]) == ("trial", "trial")
        assert [found["patient_id"] for found in document["patients"]] == sorted(STORIES)
        assert (one.pop("changed"), one.pop("reviews")) == ([], [])
        assert one == document["patients"][sorted(STORIES).index(STORIES[2])]

    def test_the_profile_is_named(self, simulated: Say):
        """On stderr, and in JSON."""
        words = ("track", "--profile", "euroflow", "--format", "json", *AS_OF)
        _, out, err = simulated(*words)
        assert json.loads(out)["profile"]["name"] == "euroflow"
        assert "profile euroflow" in err


class TestWorklist:
    """Whoever needs a person first stands on top."""

    def test_on_top(self, say: Say):
        """A positive marrow before overdue visits."""
        rows = [marrow("P2", 28, True), marrow("P1", 28, False)]
        stored(say, ("P1", "P2", "P3"), *rows)
        code, out, _ = say("track", "--as-of", "2026-02-10")
        head, first, *rest = out.splitlines()

        assert code == 0
        assert head.split()[:2] == ["patient", "day"]
        assert first.startswith("P2")
        assert "critical A2" in first
        assert "0.0120 % POSITIVE d28" in first
        assert {one.split()[0] for one in rest[:2]} == {"P1", "P3"}
        assert "3 patients" in out

    def test_in_order_of_urgency(self, simulated: Say):
        """Critical before high before medium."""
        _, out, _ = simulated("track", *AS_OF)
        words = [one.split() for one in out.splitlines()[1:5]]
        order = ["critical", "high", "medium", "-"]
        places = [order.index(next(word for word in line if word in order)) for line in words]

        assert places == sorted(places)
        assert len(set(places)) > 1

    def test_again_from_memory(self, simulated: Say):
        """The same, to the last character."""
        first = simulated("track", *AS_OF)
        assert list(Path("memory").iterdir())
        assert simulated("track", *AS_OF) == first

    def test_before_everything(self, simulated: Say):
        """Everything lies ahead; that is said of each."""
        for form in ("table", "csv", "json"):
            code, out, _ = simulated("track", "--as-of", "2020-01-01", "--format", form)
            assert code == 0
            assert "A18" in out
        rows = table(simulated("track", "--as-of", "2020-01-01", "--format", "csv")[1])
        assert {row["rule"] for row in rows} == {"A18"}
        assert simulated("track", STORIES[0], "--as-of", "2020-01-01")[0] == 0

    def test_answered(self, say: Say):
        """Acknowledged, and not so any more: the flag is closed, and stays in the list."""
        stored(say, ("P1",), marrow("P1", 28, True), marrow("P1", 61, False))
        say("user", "grant", "pat", "pathologist")

        def opens() -> list[str]:
            _, out, _ = say("track", "--format", "csv", *AS_OF)
            return [row["open"] for row in table(out) if row["rule"] == "A2"]

        assert opens() == ["yes"]
        words = ("acknowledge", "P1", "A2", "--reason", "repeated", "--user", "pat")
        assert say(*words)[0] == 0
        assert opens() == ["no"]
        assert "A2" not in line(say("track", *AS_OF)[1], "P1")
        _, out, _ = say("track", "P1", *AS_OF)
        assert "seen by pat" in out
        assert "repeated" in out

    def test_answered_while_it_holds(self, say: Say):
        """It stays open."""
        stored(say, ("P1",), marrow("P1", 28, True))
        say("user", "grant", "pat", "pathologist")
        say("acknowledge", "P1", "A2", "--reason", "repeated", "--user", "pat")
        rows = table(say("track", "--format", "csv", *AS_OF)[1])
        assert [row["open"] for row in rows if row["rule"] == "A2"] == ["yes"]


class TestAplasia:
    """It is no reassurance by itself: the MRD stands beside it, wherever it is shown."""

    @pytest.fixture
    def mrd(self) -> str:
        """The newest MRD of the one whose B cells stay away."""
        day = max(one.day for one in people()[0].specimens if "mrd" in one.measurements)
        return f"d{day}"

    def test_in_the_worklist(self, simulated: Say, mrd: str):
        """In one line."""
        found = line(simulated("track", *AS_OF)[1], STORIES[0])
        assert "aplasia from" in found
        assert f"{mrd} " in found.partition("aplasia from")[0]

    def test_in_the_states(self, simulated: Say, mrd: str):
        """In one line, and in a sentence below."""
        _, out, _ = simulated("track", "--states", *AS_OF)
        found = line(out, STORIES[0])
        assert "PERSISTENT" in found
        assert mrd in found.split()
        assert "no reassurance by itself: see the MRD beside it" in out

    @pytest.mark.parametrize("states", [(), ("--states",)], ids=["course", "states"])
    def test_in_a_course(self, simulated: Say, states: tuple[str, ...], mrd: str):
        """In each line that says it."""
        _, out, _ = simulated("track", STORIES[0], *states, *AS_OF)
        found = [one for one in out.splitlines() if "PERSISTENT" in one or "bca_ge_6m" in one]
        assert len(found) > 2
        assert all("MRD: " in one and f"{mrd})" in one for one in found)

    def test_on_top_of_a_course(self, simulated: Say, mrd: str):
        """Right above."""
        lines = simulated("track", STORIES[0], *AS_OF)[1].splitlines()
        (at,) = [n for n, one in enumerate(lines) if "aplasia from" in one]
        assert lines[at - 1].startswith("MRD ")
        assert lines[at - 1].endswith(mrd)

    def test_in_json(self, simulated: Say, mrd: str):
        """With the states, and among the B cells."""
        _, out, _ = simulated("track", STORIES[0], "--format", "json", *AS_OF)
        (one,) = json.loads(out)["patients"]
        assert "PERSISTENT" in one["states"].values()
        assert one["b_cells"]["onset"] is not None
        assert one["b_cells"]["mrd_beside"] == one["mrd"]
        assert f"d{one['mrd']['day']}" == mrd

    def test_where_there_is_no_mrd(self, say: Say):
        """That is said, too."""
        on = (DAY0 + timedelta(days=61)).isoformat()
        whose = ["", "", "P1", "S1", on, "blood", "", "b_fraction"]
        stored(say, ("P1",), [*whose, "0", "9000", "0.0", "0.0", "0.0004", "", "", "APLASIA", ""])
        for words, many in ((("track",), 1), (("track", "--states"), 1), (("track", "P1"), 3)):
            _, out, _ = say(*words, *AS_OF)
            assert out.count("none yet") == many, words


class TestSlips:
    """A sentence, and an exit code."""

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (("track", "P9"), "knows no patient"),
            (("track", "P9", "--states"), "knows no patient"),
            (("track", "P9", "--format", "json"), "knows no patient"),
            (("track", "--store", "sqlite:///none.db"), "there is no store"),
            (("track", "early_recovery", "--store", "sqlite:///none.db"), "there is no store"),
            pytest.param(
                ("track", "--format", "csv", "--store", "sqlite:///none.db"),
                "there is no store",
            ),
            (("track", "--profile", "nothing"), "there is no such profile"),
            (("track", "--profile", "s.db"), "there is no such profile"),
            (("track", "--as-of", "1.2.2027"), "--as-of"),
            (("track", "--format", "xml"), "xml"),
            (("track", "--user", ""), "not known who acts"),
        ],
    )
    def test_usage(self, simulated: Say, words: tuple[str, ...], says: str):
        """Nothing on stdout, and no store is made."""
        code, out, err = simulated(*words)

        assert (code, out) == (2, "")
        assert says in err
        assert not Path("none.db").exists()

    def test_no_store_is_named(self, say: Say, monkeypatch: pytest.MonkeyPatch):
        """How to name one is."""
        monkeypatch.delenv("CYTOMON_STORE")
        code, out, err = say("track")
        assert (code, out) == (2, "")
        assert "--store" in err

    def test_an_empty_store(self, say: Say):
        """Nobody is nobody, not an error."""
        stored(say, ())
        for words in ((), ("--states",), ("--format", "csv"), ("--format", "json")):
            assert say("track", *words)[0] == 0


def test_who_reads_needs_no_role(simulated: Say):
    """A clinician may look."""
    simulated("user", "grant", "doc", "clinician")
    assert simulated("track", "--user", "doc", *AS_OF)[0] == 0


@pytest.fixture(scope="module")
def ascii_alone(made: Path) -> Callable[..., list[str]]:
    """Lines of a command in a process of its own, whose terminal knows nothing else."""
    settings = {
        "CYTOMON_CACHE": "none",
        "CYTOMON_STORE": f"sqlite:///{made}",
        "CYTOMON_USER": "ada",
        "PYTHONIOENCODING": "ascii",
    }

    @cache
    def run(*words: str) -> list[str]:
        command = [sys.executable, "-m", "cytomon", "track", *words, *AS_OF]
        env = {**os.environ, **settings}
        done = subprocess.run(command, capture_output=True, check=True, env=env)  # noqa: S603
        return done.stdout.decode().splitlines()

    return run


@pytest.mark.parametrize("words", [(), ("early_recovery",)], ids=["worklist", "course"])
def test_a_terminal_that_knows_ascii_alone(
    simulated: Say, ascii_alone: Callable[..., list[str]], words: tuple[str, ...]
):
    """Curves in digits, of the same length, and nothing that it cannot show."""
    fine = simulated("track", *words, *AS_OF)[1].splitlines()
    plain = ascii_alone(*words)

    marks = str.maketrans("▁▂▃▄▅▆▇█·", "12345678.")
    assert plain == [one.translate(marks) for one in fine]
    assert "▁" in "".join(fine)
    assert "".join(plain).isascii()


def test_the_legend_for_ascii_alone(ascii_alone: Callable[..., list[str]]):
    """It explains the marks that are shown."""
    assert "".join(ascii_alone()).isascii()


def test_help_is_there_at_once():
    """Without the database's library."""
    code = (
        "import sys; from cytomon.cli.main import main; main(['track', '--help']); "
        "print([m for m in ('sqlalchemy', 'numpy', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
