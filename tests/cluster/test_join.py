"""The same tasks on a real cluster: the same bytes, and the same cost of a death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

import cytomon.cluster.checks
from cytomon.batch import plan, run
from cytomon.card import Card
from cytomon.cli.main import main
from cytomon.cluster import join
from cytomon.cluster.attempts import WorkerDiedError, attempt
from cytomon.cluster.checks import compare, unseen, versions_here
from cytomon.document import Document
from cytomon.errors import InputError
from cytomon.inputs import Job, Lists
from cytomon.pool import run_all
from cytomon.tables import PART
from cytomon.task import Settings, Task

Double = Callable[[Task], Document]
TABLES = ("measurements.csv", "populations.csv", "findings.csv")


def on(cluster: LocalCluster, out: Path, work: Double, *names: str) -> tuple[Card, ...]:
    """Cards of tubes that a stand-in has done on the cluster."""
    tasks = [Task(job=Job(file=n, path=n), out=str(out), settings=Settings()) for n in names]
    with join.joined(cluster.scheduler_address, out, []) as crew:
        return run_all(tasks, work=work, crew=crew)


def results(out: Path) -> dict[str, bytes]:
    """Tables and pictures."""
    pictures = (out / "figures").rglob("*.png")
    paths = [*(out / name for name in TABLES), *pictures]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


def unfinished(out: Path) -> list[Path]:
    return list(out.rglob(f"*{PART}*"))


def test_a_cluster_gives_the_same_bytes_though_a_worker_is_killed(
    cluster: LocalCluster, tubes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Kill -9 while it measures; and a path that is relative to here means the same there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for name in ("blood_a.fcs", "broken.fcs", "blood_b.fcs"):
        (tmp_path / "in" / name).symlink_to(tubes / name)
    settings = Settings(template="lymphocyte_subsets", figures="all")
    found = plan([Path("in")], Lists(), settings)
    run(found, Path("here"), settings)
    killed: list[int] = []
    watch = threading.Thread(target=kill_one, args=(tmp_path / "there", killed), daemon=True)
    watch.start()
    outcome = run(found, Path("there"), settings, workers=cluster.scheduler_address)
    watch.join(60)
    assert len(killed) == 1
    assert (outcome.measured, outcome.refused) == (2, 1)
    assert results(tmp_path / "there") == results(tmp_path / "here")
    assert not unfinished(tmp_path / "there")


def kill_one(out: Path, killed: list[int]) -> None:
    """Kill whoever has the first mark: the process that measures a tube writes its id there."""
    deadline = time.monotonic() + 60
    while not killed and time.monotonic() < deadline:
        for mark in out.glob(f"{PART}{'?' * 32}"):
            try:
                pid = int(mark.read_text())
            except (OSError, ValueError):
                continue  # gone already, or not written yet
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
            return
        time.sleep(0.005)


def test_a_tube_that_ends_its_worker_ends_two_and_is_refused_alone(
    cluster: LocalCluster, tmp_path: Path, double: Callable[[str], Double]
):
    """Dask alone would let it end four; the others are measured."""
    names = ["a", "bad", "b", "c", "d"]
    cards = on(cluster, tmp_path, double("die_and_tell"), *names)
    assert [card.file for card in cards] == names
    assert [card.refused for card in cards] == [False, True, False, False, False]
    assert "ended from outside, twice" in cards[1].reason
    assert len(list(tmp_path.glob("died-*"))) == 2


def test_a_worker_killed_in_the_middle_of_a_tube_costs_nothing(
    cluster: LocalCluster, tmp_path: Path, double: Callable[[str], Double]
):
    """The tube is tried again."""
    here = tmp_path / "in-work"

    def kill() -> None:
        while not here.exists() or not here.read_text():
            time.sleep(0.01)
        os.kill(int(here.read_text()), signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start()
    cards = on(cluster, tmp_path, double("wait_to_be_killed"), "a", "slow", "b")
    assert not any(card.refused for card in cards)
    assert cards[1].engine != here.read_text()


def test_a_tube_on_which_nothing_moves_costs_one_worker(
    cluster: LocalCluster, tmp_path: Path, double: Callable[[str], Double]
):
    """It is ended, for its thread would wait for ever; the tube is refused, the others are not."""
    names = ["a", "slow", "b", "c"]
    tasks = [Task(job=Job(file=n, path=n), out=str(tmp_path), settings=Settings()) for n in names]
    with join.joined(cluster.scheduler_address, tmp_path, [], patience=1) as crew:
        cards = run_all(tasks, work=double("wait_on_slow"), crew=crew)
    assert [card.refused for card in cards] == [False, True, False, False]
    assert "nothing moved any more" in cards[1].reason


def test_a_worker_computes_on_one_thread(
    cluster: LocalCluster, tmp_path: Path, double: Callable[[str], Double]
):
    """Also a single tube goes to the cluster, and not to this process."""
    assert {card.file for card in on(cluster, tmp_path, double("threads"), "a")} == {"1"}
    assert {card.engine for card in on(cluster, tmp_path, double("answer"), "a")} != {
        str(os.getpid())
    }


def test_workers_with_other_versions_are_refused(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The library, both versions and the worker are named."""
    ours = {**versions_here(), "numpy": "1.0"}
    monkeypatch.setattr(cytomon.cluster.checks, "versions_here", lambda: ours)
    with (
        pytest.raises(InputError, match=r"a worker has numpy .*, and this computer numpy 1\.0"),
        join.joined(cluster.scheduler_address, tmp_path, []),
    ):
        pass


def test_a_worker_without_cytomon_is_told_from_one_that_does_not_answer():
    """By what its question after the version ended in."""
    for answer, said in ((PackageNotFoundError(), "no cytomon"), (OSError(), "no answer about")):
        with pytest.raises(InputError, match=f"a worker has {said}"):
            compare("tcp://w", "cytomon", "0.1.0", answer)


def test_a_worker_that_came_later_with_other_versions_is_refused(tmp_path: Path):
    """Before it measures anything."""
    with pytest.raises(InputError, match="numpy"):
        attempt(str(tmp_path / "m"), {**versions_here(), "numpy": "1.0"}, 60, str, 1)


def test_an_attempt_is_made_once(tmp_path: Path):
    """Its mark is there while it lasts, and a mark that is there already is a death."""
    mark = tmp_path / "m"
    assert attempt(str(mark), versions_here(), 60, Path.exists, mark)
    assert not mark.exists()
    mark.touch()
    with pytest.raises(WorkerDiedError):
        attempt(str(mark), versions_here(), 60, Path.exists, mark)


def test_what_a_worker_does_not_see_is_said_first(cluster: LocalCluster, tmp_path: Path):
    """Before hours of refused tubes; without naming a path, which may name somebody."""
    with (
        pytest.raises(InputError, match="does not see the tubes") as caught,
        join.joined(cluster.scheduler_address, tmp_path, [str(tmp_path / "Jane" / "a.fcs#2")]),
    ):
        pass
    assert "Jane" not in str(caught.value)
    assert not unfinished(tmp_path)


def test_another_folder_of_the_same_path_is_noticed(tmp_path: Path):
    """The probe holds a word of its own."""
    probe = tmp_path / "probe-1234"
    assert unseen(str(probe), []) == "a worker does not see the folder of --out"
    probe.write_text("")
    assert unseen(str(probe), []) == "a worker does not see the folder of --out"
    probe.write_text("1234")
    assert unseen(str(probe), []) == ""


def test_ctrl_c_leaves_nothing_running(cluster: LocalCluster, tubes: Path, tmp_path: Path):
    """What is in work comes to its end and is kept; nothing new begins, and no word of dask's."""
    (tmp_path / "in").mkdir()
    for n in range(150):
        (tmp_path / "in" / f"{n:03}.fcs").symlink_to(tubes / "blood_a.fcs")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "cytomon", "batch", str(tmp_path / "in"), "--out", str(out)]
    process = subprocess.Popen(  # noqa: S603
        [*command, "--scheduler", cluster.scheduler_address, "--figures", "none"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not list((out / "tubes").glob("*.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    said, err = process.communicate(timeout=90)
    done = list((out / "tubes").glob("*.json"))
    assert (process.returncode, said) == (130, "")
    assert "Traceback" not in err
    assert all(line.startswith("[") for line in err.splitlines()[:-1])
    assert not unfinished(out)
    assert 0 < len(done) < 150
    with Client(cluster.scheduler_address) as client:
        at_work = client.run(lambda dask_worker: dask_worker.state.executing_count)
    assert set(at_work.values()) == {0}


def asked(tubes: Path, out: Path, *more: str) -> int:
    return main(["batch", str(tubes / "blood_a.fcs"), "--out", str(out), *more])


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tcp://127.0.0.1:9", "no scheduler answers"),
        ("nonsense", "this is no address"),
        ("http://x:1", "this is no address"),
        ("tls://127.0.0.1:9", "no certificate is configured"),
    ],
)
def test_an_address_that_is_no_scheduler_ends_in_words(
    tubes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    said: str,
):
    """In bounded time, with a fix, and without a traceback."""
    monkeypatch.setattr(join, "TIMEOUT", 1)
    assert asked(tubes, tmp_path, "--scheduler", address) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "fix:" in err
    assert "Traceback" not in err


def test_a_cluster_without_workers_ends_in_words(
    tubes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    """Nobody would ever measure."""
    monkeypatch.setattr(join, "TIMEOUT", 1)
    with LocalCluster(n_workers=0, dashboard_address=":0") as nobody:
        assert asked(tubes, tmp_path, "--scheduler", nobody.scheduler_address) == 2
    assert "has had no worker for 1 seconds" in capsys.readouterr().err


def test_without_the_extra_the_install_line_is_the_fix(
    tubes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    """Whoever measures here needs no dask."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert asked(tubes, tmp_path, "--scheduler", "tcp://127.0.0.1:9") == 2
    assert 'pip install "cytomon[distributed]"' in capsys.readouterr().err


def test_processes_here_and_a_cluster_are_either_or(
    tubes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Neither wins in silence."""
    assert asked(tubes, tmp_path, "--scheduler", "tcp://127.0.0.1:9", "--jobs", "2") == 2
    assert "leave one of the two out" in capsys.readouterr().err
