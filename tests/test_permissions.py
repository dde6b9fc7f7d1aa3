"""What cytomon writes is for its owner's eyes, whatever the umask of the shell it runs in."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cytomon.claim import claimed
from cytomon.cli.main import main
from cytomon.errors import InputError
from cytomon.fcs.write import ChannelSpec, write_fcs
from cytomon.permissions import VARIABLE, make_folder, umask
from cytomon.store.address import parse
from cytomon.store.open import opened
from cytomon.tables import write_whole

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has lists of access instead")


@pytest.fixture(autouse=True)
def _open_handed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A shell whose umask takes no rights away at all."""
    monkeypatch.delenv(VARIABLE, raising=False)
    before = os.umask(0)
    yield
    os.umask(before)


def rights(folder: Path) -> dict[str, int]:
    """Of all that is in a folder."""
    return {
        path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in folder.rglob("*")
    }


def written(folder: Path) -> dict[str, int]:
    """What the library writes: a file, a tube, a store that is in use, a folder that is claimed."""
    write_whole(folder / "a" / "b" / "table.csv", b"")
    write_fcs(
        folder / "a" / "t.fcs",
        np.ones((2, 1), dtype=np.float32),
        (ChannelSpec(pnn="FSC-A"),),
        spillover=None,
        keywords={},
    )
    make_folder(folder / "c" / "d")
    address = parse(f"sqlite:///{folder / 'e' / 's.db'}")
    with (
        claimed(folder / "f"),
        opened(address, who="ada", create=True) as store,
        store.reading(),
    ):
        found = rights(folder)
    assert {"e/s.db", "e/s.db-wal", "e/s.db-shm", "f/.cytomon-lock"} <= set(found)
    return found


def test_its_owner_alone(tmp_path: Path):
    """Files, folders, and what SQLite puts beside a store while it is open."""
    assert set(written(tmp_path).values()) == {0o600, 0o700}


@pytest.mark.parametrize(
    ("mask", "files", "folders"),
    [("077", 0o600, 0o700), ("027", 0o640, 0o750), ("0007", 0o660, 0o770)],
)
def test_a_laboratory_lets_its_group_in(
    mask: str, files: int, folders: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """To read, or to write too."""
    monkeypatch.setenv(VARIABLE, mask)
    found = written(tmp_path)
    assert set(found.values()) == {files, folders}
    assert (found["a/b/table.csv"], found["c/d"]) == (files, folders)


@pytest.mark.parametrize("mask", ["022", "000", "777", "277", "7", "u=rwx", "0o77", "-77", "888"])
def test_results_are_never_for_everybody(
    mask: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Nor closed to their owner; and what is no number is not guessed at."""
    monkeypatch.setenv(VARIABLE, mask)
    with pytest.raises(InputError, match="does not say who may read"):
        umask()
    assert main(["template", "list"]) == 2
    assert "027 to let the group read" in capsys.readouterr().err


def test_what_is_there_keeps_its_rights(tmp_path: Path):
    """A folder that somebody has opened on purpose, and a store."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o2770)
    write_whole(shared / "x.csv", b"")
    assert stat.S_IMODE(shared.stat().st_mode) == 0o2770
    assert rights(shared) == {"x.csv": 0o600}

    address = parse(f"sqlite:///{shared / 's.db'}")
    with opened(address, who="ada", create=True):
        (shared / "s.db").chmod(0o660)
    with opened(address, who="ada") as store, store.reading():
        assert rights(shared)["s.db"] == 0o660


def test_the_shell_gets_its_umask_back(tmp_path: Path):
    """A program that calls the command line goes on as before."""
    assert main(["simulate", "tube", str(tmp_path / "new" / "t"), "--events=500"]) == 0
    assert os.umask(0) == 0
    assert set(rights(tmp_path).values()) == {0o600, 0o700}
