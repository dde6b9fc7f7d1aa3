"""`cytomon review` where it opens no window: the list, and what it refuses in words."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cytomon.cli import review
from cytomon.cli.main import main
from cytomon.store.session import Store
from tests.review.laboratory import BLOOD, FEW, LATER

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(lite: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Give the command on a machine without a display; exit code, stdout and stderr."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CYTOMON_STORE", lite.address.named)
    monkeypatch.setenv("CYTOMON_USER", "pat")

    def give(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["review", *words])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert "defect" not in said.err
        return code, said.out, said.err

    return give


def test_the_list_needs_no_window(say: Say):
    """Each tube with its reasons, the weightiest first; of one patient or specimen on request."""
    code, out, err = say("--list")
    assert (code, err) == (0, "")
    for file in (FEW, LATER, BLOOD):
        assert sum(file in line for line in out.splitlines()) == 1
    assert out.splitlines()[1].startswith("    ")
    assert "nothing doubtful" not in say("--list", "--doubtful")[1]
    _, out, _ = say("--list", "--patient", "P007")
    assert [line.split()[0] for line in out.splitlines() if line[0] != " "] == ["P007"]
    _, out, _ = say("--list", "P002_d028_marrow")
    assert out.startswith(f"P002  P002_d028_marrow  marrow  2026-02-16  {FEW}")


def test_without_a_display_it_says_so(say: Say):
    """One sentence, where to look, and what works instead."""
    code, out, err = say()
    assert (code, out) == (2, "")
    said, where, fix = err.splitlines()
    assert said == "error: there is no display to open a window on"
    assert where == "  where: DISPLAY"
    assert "`cytomon review --list` needs no window" in fix


@pytest.mark.parametrize("display", [":987", ":987.0", "localhost:987"])
def test_a_display_that_does_not_answer_is_none(
    say: Say, monkeypatch: pytest.MonkeyPatch, display: str
):
    """Qt would end the program there."""
    monkeypatch.setenv("DISPLAY", display)
    code, _, err = say()
    assert code == 2
    assert f"the display {display} does not answer" in err


def test_a_display_that_answers_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """By a socket of this machine, by a port of another one, or in a form that is not known."""
    monkeypatch.setattr(review, "_SOCKETS", str(tmp_path))
    assert not review.answers(":5")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "X5"))
        server.listen()
        assert review.answers(":5")
        assert review.answers("unix:5.0")
    with socket.socket(socket.AF_INET) as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert review.answers(f"127.0.0.1:{server.getsockname()[1] - 6000}")
    assert review.answers("/private/tmp/launchd/org.xquartz:0")
    assert not review.answers("")


@pytest.mark.parametrize(
    ("hidden", "fix"), [("napari", 'pip install "cytomon[gui]"'), ("PyQt6", 'pip install "pyside6')]
)
def test_without_napari_it_says_what_to_install(hidden: str, fix: str):
    """In a program of its own, in which there is none."""
    others = ("PySide6", "PyQt5", "PySide2")
    script = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({(hidden, *others)!r}))\n"
        "from cytomon.cli.main import main\n"
        "sys.exit(main(['review', '--store', 'sqlite:///none.db', '--user', 'pat']))\n"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script],
        env={"WAYLAND_DISPLAY": "wayland-0", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 2
    assert fix in done.stderr
    assert len(done.stderr.splitlines()) == 3


def test_a_store_that_is_not_there_is_refused(say: Say, tmp_path: Path):
    """As for every command; none is made."""
    code, _, err = say("--list", "--store", f"sqlite:///{tmp_path / 'none.db'}")
    assert code == 2
    assert "none.db" in err
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("P999",), "the store knows no such specimen"),
        (("--patient", "P999"), "the store knows no patient of this name"),
        (("--patient", "P007", "P002_d028_marrow"), "the store knows no such specimen"),
    ],
)
def test_what_is_not_known_is_said(say: Say, words: tuple[str, ...], told: str):
    """A specimen or a patient that the store does not hold."""
    code, out, err = say("--list", *words)
    assert (code, out) == (2, "")
    assert told in err
