"""Files are ready once they lie still and are whole, whatever any clock says."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from cytomon.errors import InputError
from cytomon.watch.arrivals import UNFINISHED, Arrivals, hash_of

SETTLE, GIVE_UP = 30.0, 600.0


class Clock:
    """A clock that goes on when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def arrivals(folder: Path, clock: Clock) -> Arrivals:
    return Arrivals(folder=folder, settle=SETTLE, give_up=GIVE_UP, clock=clock)


def ready(arrivals: Arrivals) -> list[str]:
    return [one.file for one in arrivals.look().ready]


def test_a_file_is_ready_when_it_has_lain_still(
    tubes: Path, folder: Path, clock: Clock, arrivals: Arrivals
):
    """Not sooner: each change begins the time anew."""
    shutil.copy(tubes / "blood_a.fcs", folder)
    assert arrivals.look().settling == ("blood_a.fcs",)
    clock.now += SETTLE - 1
    assert ready(arrivals) == []
    os.utime(folder / "blood_a.fcs")
    assert ready(arrivals) == []
    clock.now += SETTLE - 1
    assert ready(arrivals) == []
    clock.now += 1
    (one,) = arrivals.look().ready
    assert (one.file, one.whole) == ("blood_a.fcs", True)
    assert one.sha256 == hash_of(tubes / "blood_a.fcs")


@pytest.mark.parametrize("year", [1971, 2106])
def test_no_clock_of_the_wall_is_asked(
    tubes: Path, folder: Path, clock: Clock, arrivals: Arrivals, year: int
):
    """A file from the future or the past is ready after the same time as any other."""
    shutil.copy(tubes / "blood_a.fcs", folder)
    stamp = time.mktime((year, 1, 1, 0, 0, 0, 0, 0, 0))
    os.utime(folder / "blood_a.fcs", (stamp, stamp))
    assert ready(arrivals) == []
    clock.now += SETTLE
    assert ready(arrivals) == ["blood_a.fcs"]


def test_a_file_that_is_not_whole_is_waited_for(
    tubes: Path, folder: Path, clock: Clock, arrivals: Arrivals
):
    """Though it lies still, as over a share that stalls; but not for ever."""
    content = (tubes / "blood_a.fcs").read_bytes()
    (folder / "a.fcs").write_bytes(content[:-5000])
    arrivals.look()
    clock.now += SETTLE
    look = arrivals.look()
    assert (look.ready, look.settling) == ((), ("a.fcs",))
    assert look.waiting["a.fcs"].startswith("it is not whole yet: the file is cut short")
    clock.now += GIVE_UP - SETTLE
    (one,) = arrivals.look().ready
    assert not one.whole


def test_a_file_that_becomes_whole_is_ready(
    tubes: Path, folder: Path, clock: Clock, arrivals: Arrivals
):
    """After it has lain still once more."""
    content = (tubes / "blood_a.fcs").read_bytes()
    (folder / "a.fcs").write_bytes(b"")
    arrivals.look()
    clock.now += SETTLE
    assert arrivals.look().waiting["a.fcs"] == "it is not whole yet: the file is empty"
    (folder / "a.fcs").write_bytes(content)
    assert ready(arrivals) == []
    clock.now += SETTLE
    (one,) = arrivals.look().ready
    assert one.whole


def test_other_bytes_of_the_same_size_and_time_are_noticed(
    tubes: Path, folder: Path, clock: Clock, arrivals: Arrivals
):
    """As when a copy that keeps the times is put in the place of another."""
    shutil.copy2(tubes / "blood_a.fcs", folder / "a.fcs")
    arrivals.look()
    clock.now += SETTLE
    (before,) = arrivals.look().ready
    content = bytearray((folder / "a.fcs").read_bytes())
    content[-1] ^= 1
    (folder / ".new").write_bytes(content)
    shutil.copystat(folder / "a.fcs", folder / ".new")
    (folder / ".new").replace(folder / "a.fcs")
    assert ready(arrivals) == []
    clock.now += SETTLE
    (after,) = arrivals.look().ready
    assert after.sha256 != before.sha256


def test_what_is_meant_as_a_tube(tubes: Path, folder: Path, clock: Clock, arrivals: Arrivals):
    """Any letter case, any depth, no hidden file, no list; an unfinished copy is named."""
    names = ["a.fcs", "B.FCS", "day 1/c.Fcs", "run.001", ".hidden.fcs", ".day/d.fcs", "e.fcs.part"]
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(tubes / "blood_a.fcs", folder / name)
    (folder / "worklist.csv").write_text("file\n")
    arrivals.look()
    clock.now += SETTLE
    look = arrivals.look()
    assert [one.file for one in look.ready] == ["B.FCS", "a.fcs", "day 1/c.Fcs", "run.001"]
    assert look.settling == ()
    assert list(look.waiting) == ["e.fcs.part"]


@pytest.mark.parametrize("ending", UNFINISHED)
def test_an_unfinished_copy_that_gets_its_name_is_new(
    tubes: Path, folder: Path, clock: Clock, arrivals: Arrivals, ending: str
):
    """Whatever its program calls it before."""
    shutil.copy(tubes / "blood_a.fcs", folder / f"a.fcs{ending.upper()}")
    arrivals.look()
    clock.now += GIVE_UP
    assert ready(arrivals) == []
    (folder / f"a.fcs{ending.upper()}").rename(folder / "a.fcs")
    arrivals.look()
    clock.now += SETTLE
    assert ready(arrivals) == ["a.fcs"]


def test_what_cannot_be_read_waits_for_somebody(folder: Path, clock: Clock, arrivals: Arrivals):
    """And nobody would say that it settles by itself."""
    (folder / "a.fcs").symlink_to("nowhere.fcs")
    (folder / "b.fcs").symlink_to("b.fcs")
    arrivals.look()
    clock.now += SETTLE
    look = arrivals.look()
    assert (look.ready, look.settling) == ((), ())
    assert look.waiting["a.fcs"] == "it cannot be read: No such file or directory"
    assert look.waiting["b.fcs"].startswith("it cannot be read: Too many levels of symbolic links")


def test_a_folder_that_comes_back_is_as_it_was(
    tubes: Path, folder: Path, clock: Clock, arrivals: Arrivals
):
    """A share that was away for a while does not make its tubes new."""
    shutil.copy(tubes / "blood_a.fcs", folder)
    arrivals.look()
    clock.now += SETTLE
    assert ready(arrivals) == ["blood_a.fcs"]
    folder.rename(folder.with_name("away"))
    with pytest.raises(InputError, match="no such file or folder"):
        arrivals.look()
    folder.with_name("away").rename(folder)
    assert ready(arrivals) == ["blood_a.fcs"]
