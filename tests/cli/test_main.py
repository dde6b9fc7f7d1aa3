"""The command line: quick to start, sparing with words, never a traceback for bad input."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cytomon
from cytomon.cli import main as cli
from cytomon.cli.main import main

HEAVY = (
    "numpy", "pandas", "flowkit", "matplotlib", "sklearn", "scipy", "pydantic", "yaml", "dask",
    "napari", "qtpy",
)  # fmt: skip
Captured = pytest.CaptureFixture[str]


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_help_loads_nothing_heavy():
    """Whoever asks for the commands does not wait for the libraries behind them."""
    code = (
        "import sys; from cytomon.cli.main import main; main(['--help']); "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    assert python("-c", code).stdout.strip().endswith("[]")


def test_import_loads_nothing_heavy():
    """`import cytomon` alone is as light."""
    code = f"import sys, cytomon; print([name for name in {HEAVY} if name in sys.modules])"
    assert python("-c", code).stdout.strip() == "[]"


def spent(*arguments: str) -> float:
    """Processor time of a whole process, the least of three."""
    turns = []
    for _ in range(3):
        before = os.times()
        assert python(*arguments).returncode == 0
        after = os.times()
        turns.append(
            after.children_user
            - before.children_user
            + after.children_system
            - before.children_system
        )
    return min(turns)


def test_help_is_there_at_once():
    """Before pandas, one of the libraries behind the commands, would even be loaded."""
    assert spent("-m", "cytomon", "--help") < spent("-c", "import pandas")


def test_version_is_said(capsys: Captured):
    """One line on stdout."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"cytomon {cytomon.__version__}\n"


@pytest.mark.parametrize("command", [[], ["template"], ["simulate"]])
def test_no_command_shows_what_there_is(command: list[str], capsys: Captured):
    """With exit code 2: nothing was asked for."""
    assert main(command) == 2
    said = capsys.readouterr()
    assert "Usage" in said.out + said.err


@pytest.fixture
def abused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of things that are not what they are taken for."""
    monkeypatch.chdir(tmp_path)
    for folder in ("empty", "in"):
        (tmp_path / folder).mkdir()
    (tmp_path / "in" / "a.fcs").write_bytes(b"FCS3.1")
    (tmp_path / "semicolons.csv").write_text("file;patient_id\n")
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    (tmp_path / "broken.yaml").write_text("a: [")
    return tmp_path


ABUSES = [
    ("nonsense", 2, "No such command"),
    ("batch", 2, "INPUT"),
    ("batch in", 2, "--out"),
    ("batch in --out o --nonsense", 2, "No such option"),
    ("batch in --out o --jobs -1", 2, "--jobs"),
    ("batch in --out o --jobs many", 2, "--jobs"),
    ("batch in --out o --engine magic", 2, "--engine"),
    ("batch in --out o --figures some", 2, "--figures"),
    ("batch in --out o --store x.db", 2, "the address of the store has a form that is not known"),
    ("batch none --out o", 2, "no such file or folder"),
    ("batch empty --out o", 2, "no FCS or LMD file"),
    ("batch binary --out o", 3, "refused: binary"),
    ("batch in --out binary", 2, "cannot be written"),
    ("batch in --out binary/below", 2, "cannot be written"),
    ("batch in --out o --worklist none.csv", 2, "cannot be opened"),
    ("batch in --out o --worklist in", 2, "cannot be opened"),
    ("batch in --out o --worklist binary", 2, "not UTF-8"),
    ("batch in --out o --worklist semicolons.csv", 2, "semicolons"),
    ("batch in --out o --patients p.csv", 2, "without a worklist"),
    ("batch in --out o --mapping none.csv", 2, "mapping"),
    ("batch in --out o --mapping binary", 2, "mapping"),
    ("batch in --out o --template none", 2, "no template of this name"),
    ("batch in --out o --template none.yaml", 2, "no such template file"),
    ("batch in --out o --template broken.yaml", 2, "not valid YAML"),
    ("batch in --out o", 3, "refused: a.fcs"),
    ("template show none", 2, "no template of this name"),
    ("template show lymphocyte_subsets --png x.png", 2, "--tube"),
    ("template show lymphocyte_subsets --tube none.fcs", 3, "cannot be read"),
    ("template check none.yaml", 2, "cannot be opened"),
    ("template check empty", 2, "cannot be opened"),
    ("template check broken.yaml", 1, ""),
    ("simulate tube t.fcs --state none", 2, "--state"),
    ("simulate tube t.fcs --panel none", 2, "--panel"),
    ("simulate tube t.fcs --events 0", 2, "--events"),
    ("simulate tube t.fcs --blasts blast_typical=2", 2, "--blasts"),
    ("simulate tube t.fcs --blasts blast_typical", 2, "--blasts"),
    ("simulate tube t.fcs --blasts t_cell=0.1", 2, "--blasts"),
    ("simulate tube binary/t.fcs --events 100", 2, "binary"),
    ("simulate samples binary", 2, "binary"),
    ("demo --out binary", 2, "cannot be read or written"),
]


@pytest.mark.parametrize(("line", "code", "says"), ABUSES, ids=[line for line, _, _ in ABUSES])
def test_bad_input_ends_in_a_sentence(
    abused: Path, line: str, code: int, says: str, capsys: Captured
):
    """On stderr, with its exit code; stdout stays empty for what reads it."""
    assert main(line.split()) == code, abused
    said = capsys.readouterr()
    assert says in said.err
    assert "Traceback" not in said.err
    assert "defect" not in said.err


def test_a_defect_says_where_and_not_what(monkeypatch: pytest.MonkeyPatch, capsys: Captured):
    """The message of an error may hold what a file said of a patient."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("Jane Doe")

    monkeypatch.setattr(cli, "app", fail)
    assert main([]) == 70
    said = capsys.readouterr().err
    assert "test_main.py" in said
    assert "RuntimeError: this is a defect of cytomon" in said
    assert "Jane" not in said.replace('RuntimeError("Jane Doe")', "")  # our own line of code


def test_an_error_of_the_system_is_no_defect(monkeypatch: pytest.MonkeyPatch, capsys: Captured):
    """A disk that is full is said as such."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere/table.csv")

    monkeypatch.setattr(cli, "app", full)
    assert main([]) == 2
    assert "No space left on device\n  where: table.csv" in capsys.readouterr().err


def test_an_interrupt_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch, capsys: Captured):
    """Exit code 130, as a shell expects."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", interrupt)
    assert main([]) == 130
    assert "run the same command again" in capsys.readouterr().err


def test_an_interrupt_while_it_is_loaded_is_no_traceback():
    """Somebody thinks better of it at once: here, as the module of the command line is read."""
    code = (
        "import os, signal, sys; from cytomon.__main__ import run\n"
        "def interrupt(event, words):\n"
        "    if event == 'import' and words[0] == 'typer': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.addaudithook(interrupt); run()"
    )
    done = python("-c", code)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "interrupted; run the same command again to go on\n"


def test_ctrl_c_ends_a_batch_quickly_and_quietly(tubes: Path, tmp_path: Path):
    """The processes that measure end with it, without a word of their own."""
    folder = tmp_path / "in"
    folder.mkdir()
    for n in range(150):
        (folder / f"{n:03}.fcs").symlink_to(tubes / "marrow.fcs")
    command = [sys.executable, "-m", "cytomon", "batch", str(folder), "--out", str(tmp_path / "o")]
    process = subprocess.Popen(  # noqa: S603
        [*command, "--jobs", "2", "--figures", "none"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not list((tmp_path / "o" / "tubes").glob("*.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert err.endswith("interrupted; run the same command again to go on\n")


def test_a_reader_that_leaves_early_is_no_error():
    """`cytomon template list | head -1` ends without a complaint."""
    code = (
        "import os, sys; from cytomon.cli.main import run; "
        "r, w = os.pipe(); os.close(r); os.dup2(w, 1); sys.argv = ['cytomon', 'template', 'list']; "
        "run()"
    )
    done = python("-c", code)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_that_knows_no_umlaut_is_no_error(tmp_path: Path):
    """A file name that cannot be shown is spelled out."""
    (tmp_path / "m\u00fcller.fcs").write_bytes(b"FCS")
    arguments = ("-m", "cytomon", "batch", str(tmp_path), "--out", str(tmp_path / "o"))
    done = python(*arguments, PYTHONIOENCODING="ascii")
    assert done.returncode == 3
    assert "m\\xfcller.fcs" in done.stderr
