"""What is refused is put by: nothing is lost, nothing written over, the reason beside it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cytomon.folders import QUARANTINE, find_tubes
from cytomon.model.findings import Finding, Severity
from cytomon.tables import PART
from cytomon.watch.quarantine import count_put_by, put_by, reason_of, tidy

FINDING = Finding(
    code="FCS_REFUSED",
    severity=Severity.ERROR,
    what="the file is empty",
    where="a.fcs",
    fix="export the file again",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in" / "day 1").mkdir(parents=True)
    (tmp_path / "in" / "day 1" / "a.fcs").write_bytes(b"first")
    return tmp_path / "in"


def put(folder: Path) -> str:
    return put_by(folder, "day 1/a.fcs", FINDING, "0" * 64)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but the reasons."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in files
        if not path.name.endswith(".reason.txt")
    }


def test_the_file_moves_and_its_reason_lies_beside_it(folder: Path):
    """With what, where and fix; the bytes are as they were."""
    assert put(folder) == f"{QUARANTINE}/day 1/a.fcs"
    assert contents(folder) == {f"{QUARANTINE}/day 1/a.fcs": b"first"}
    reason = (folder / QUARANTINE / "day 1" / "a.fcs.reason.txt").read_text()
    for said in ("day 1/a.fcs", "0" * 64, "FCS_REFUSED", FINDING.what, FINDING.fix):
        assert said in reason
    assert count_put_by(folder) == 1


def test_nothing_in_the_quarantine_is_written_over(folder: Path):
    """A second file of the same name gets a number, and so does a third."""
    for content in (b"first", b"second", b"third"):
        (folder / "day 1" / "a.fcs").write_bytes(content)
        put(folder)
    home = f"{QUARANTINE}/day 1"
    assert contents(folder) == {
        f"{home}/a.fcs": b"first",
        f"{home}/a (2).fcs": b"second",
        f"{home}/a (3).fcs": b"third",
    }
    assert count_put_by(folder) == 3


def test_whoever_may_read_the_file_may_read_the_reason(folder: Path):
    """And whoever may use the folder may use its quarantine, whatever the service's own umask."""
    (folder / "day 1" / "a.fcs").chmod(0o664)
    folder.chmod(0o2775)
    before = os.umask(0o077)
    try:
        put(folder)
    finally:
        os.umask(before)
    home = folder / QUARANTINE / "day 1"
    assert stat.S_IMODE((home / "a.fcs.reason.txt").stat().st_mode) == 0o664
    assert [stat.S_IMODE(one.stat().st_mode) for one in (home, home.parent)] == [0o2775] * 2


def test_no_search_goes_into_the_quarantine(folder: Path):
    """Neither the next look nor a batch by hand; and no row of a worklist finds two files."""
    put(folder)
    (folder / "b.fcs").write_bytes(b"")
    assert list(find_tubes([folder])) == ["b.fcs"]


def test_a_death_before_the_move_leaves_the_file_in_its_place(folder: Path):
    """The reason is there already: the next attempt uses its name, and there is one reason."""
    there = folder / QUARANTINE / "day 1" / "a.fcs"
    there.parent.mkdir(parents=True)
    reason_of(there).write_text("half a reason")
    assert put(folder) == f"{QUARANTINE}/day 1/a.fcs"
    assert "the file is empty" in reason_of(there).read_text()
    assert count_put_by(folder) == 1


def test_a_reason_without_its_file_goes(folder: Path):
    """Somebody has taken the file back, or it was never whole; what else lies there stays."""
    put(folder)
    (folder / QUARANTINE / "day 1" / f"{PART}abc").write_text("half a reason")
    (folder / "day 1" / "b.fcs").write_bytes(b"b")
    put_by(folder, "day 1/b.fcs", FINDING, "")
    home = folder / QUARANTINE / "day 1"
    (home / "a.fcs").rename(folder / "a.fcs")
    (home / "notes.txt").write_text("ours")
    tidy(folder)
    assert {path.name for path in home.iterdir()} == {"b.fcs", "b.fcs.reason.txt", "notes.txt"}


def test_a_link_stays(folder: Path, tmp_path: Path):
    """From another folder it would lead nowhere; and what it leads to is not ours to move."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "c.fcs").write_bytes(b"c")
    (folder / "c.fcs").symlink_to("../elsewhere/c.fcs")
    (folder / "linked").symlink_to("../elsewhere")
    assert put_by(folder, "c.fcs", FINDING, "") == ""
    assert put_by(folder, "linked/c.fcs", FINDING, "") == ""
    assert (folder / "c.fcs").read_bytes() == b"c"
    assert not (folder / QUARANTINE).exists()


def test_nothing_is_copied_to_another_disk(folder: Path, tmp_path: Path):
    """A copy and a removal could lose the file half way: it stays, and so no reason is left."""
    other = Path("/dev/shm")  # noqa: S108
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second disk (/dev/shm)")
    home = other / f"cytomon-{os.getpid()}"
    home.mkdir()
    try:
        (folder / QUARANTINE).symlink_to(home)
        with pytest.raises(OSError, match="cross-device"):
            put(folder)
        assert (folder / "day 1" / "a.fcs").read_bytes() == b"first"
        assert not [path for path in home.rglob("*") if path.is_file()]
    finally:
        (home / "day 1").rmdir()
        home.rmdir()
