"""A store is named by its address, and never on a share that other machines serve."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytomon.errors import InputError
from cytomon.store.address import NAME, VARIABLE, choose, parse, refuse_served

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/lab /mnt/lab nfs4 rw 0 0
//server/flow /mnt/flow\\040data cifs rw 0 0
lab@host:/x /home/lab/far fuse.sshfs rw 0 0
/dev/sdb1 /mnt/lab/disk xfs rw 0 0
"""


def test_the_word_goes_before_the_variable(monkeypatch: pytest.MonkeyPatch):
    """``--store``, else the environment, else the folder of the results."""
    monkeypatch.setenv(VARIABLE, "sqlite:///there.db")

    assert choose("sqlite:///here.db", folder=Path("out")).path == Path("here.db")
    assert choose(None, folder=Path("out")).path == Path("there.db")
    monkeypatch.delenv(VARIABLE)
    assert choose(None, folder=Path("out")).path == Path("out") / NAME


@pytest.mark.parametrize("given", [None, ""])
def test_no_store_is_no_default(given: str | None, monkeypatch: pytest.MonkeyPatch):
    """Commands without a folder of results need one named, and an empty word is none."""
    monkeypatch.delenv(VARIABLE, raising=False)

    with pytest.raises(InputError, match="no store is named") as caught:
        choose(given)
    assert "sqlite:///" in caught.value.fix


@pytest.mark.parametrize(
    "text",
    ["s.db", "sqlite://", "sqlite:///:memory:", "mysql://me:secret@h/d", "postgresql://h", "://"],
)
def test_other_forms_are_refused(text: str):
    """With the forms that are known, and without repeating what may hold a password."""
    with pytest.raises(InputError, match="form that is not known") as caught:
        parse(text)
    assert "secret" not in str(caught.value)
    assert "postgresql+psycopg://" in caught.value.fix


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_password_is_never_shown(scheme: str):
    """An address may be printed; what it is opened with still has the password."""
    address = parse(f"{scheme}://lab:se%40cret@host/flow")

    assert "cret" not in str(address)
    assert str(address).startswith("postgresql+psycopg://lab:***@host")
    assert address.url.password == "se@cret"  # noqa: S105  (made up)


def test_a_folder_is_named_to_who_has_named_it_alone():
    """It may bear the name of a person."""
    address = parse("sqlite:///Jane Doe/s.db")

    assert str(address) == "s.db"
    assert address.named == "sqlite:///Jane Doe/s.db"


def test_a_password_behind_a_question_mark_is_not_shown_either():
    """Nor anything else that stands there."""
    assert "secret" not in str(parse("postgresql://lab@host/flow?password=secret"))


def test_a_mount_point_of_other_letters():
    """The table of mounts escapes blanks, and nothing else."""
    with pytest.raises(InputError, match="network share"):
        refuse_served(Path("/mnt/größe/s.db"), "server:/x /mnt/größe nfs4 rw 0 0\n")


@pytest.mark.parametrize(
    "path", ["/mnt/lab/s.db", "/mnt/flow data/a/s.db", "/home/lab/far/s.db", "//server/share/s.db"]
)
def test_a_network_share_is_refused(path: str):
    """SQLite's locks do not hold there; the reason is said."""
    with pytest.raises(InputError, match="cannot lie on a network share") as caught:
        refuse_served(Path(path), MOUNTS)
    assert "PostgreSQL" in caught.value.fix


@pytest.mark.parametrize("path", ["/home/lab/s.db", "/mnt/lab/disk/s.db", "/mnt/laboratory/s.db"])
def test_a_disk_of_this_machine_is_not(path: str):
    """The nearest mount point decides, and a name that only begins like one is not below it."""
    refuse_served(Path(path), MOUNTS)


def test_a_link_onto_a_share_is_seen_through(tmp_path: Path):
    """What counts is where the file would really be."""
    (tmp_path / "share").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "share")
    mounts = f"/ / ext4 rw\nserver:/x {tmp_path / 'share'} nfs rw\n"

    with pytest.raises(InputError, match="network share"):
        refuse_served(tmp_path / "link" / "s.db", mounts)


def test_where_nobody_can_tell_nothing_is_refused():
    """Systems without a table of mounts."""
    refuse_served(Path("/anywhere/s.db"), "")
