"""Which files are tubes, and what they are called."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from cytomon.errors import InputError
from cytomon.folders import find_tubes, identity


def lay(folder: Path, *names: str, content: bytes = b"FCS3.1") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def test_folders_are_searched_through_in_any_letter_case(tmp_path: Path):
    """Names are POSIX paths relative to the input, in order."""
    lay(tmp_path, "b.FCS", "a.fcs", "sub/c.Lmd", "sub/deep/d.LMD", content=b"")
    assert list(find_tubes([tmp_path])) == ["a.fcs", "b.FCS", "sub/c.Lmd", "sub/deep/d.LMD"]


def test_a_file_without_suffix_is_a_tube_by_its_first_bytes(tmp_path: Path):
    """Some cytometers number their files."""
    lay(tmp_path, "run.001", "run")
    lay(tmp_path, "notes.txt", "table.csv", content=b"file,patient")
    assert list(find_tubes([tmp_path])) == ["run", "run.001"]


def test_hidden_files_and_folders_are_left_out(tmp_path: Path):
    """What begins with a dot is the system's, such as the shadows that macOS leaves."""
    lay(tmp_path, ".hidden.fcs", "._a.fcs", ".trash/b.fcs", "seen.fcs")
    assert list(find_tubes([tmp_path])) == ["seen.fcs"]


def test_a_loop_of_links_ends(tmp_path: Path):
    """Each folder is entered once, also when a link leads back."""
    lay(tmp_path, "sub/a.fcs")
    (tmp_path / "sub" / "back").symlink_to(tmp_path)
    (tmp_path / "loop.fcs").symlink_to(tmp_path / "loop.fcs")
    assert list(find_tubes([tmp_path])) == ["loop.fcs", "sub/a.fcs"]


def test_a_link_to_a_folder_is_followed(tmp_path: Path):
    """Tubes on another disk belong to the input."""
    lay(tmp_path, "elsewhere/a.fcs")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "disk").symlink_to(tmp_path / "elsewhere")
    assert list(find_tubes([tmp_path / "in"])) == ["disk/a.fcs"]


def test_a_pipe_is_not_waited_for(tmp_path: Path):
    """Reading its first bytes would never end."""
    os.mkfifo(tmp_path / "pipe")
    assert find_tubes([tmp_path]) == {}


def test_a_tube_that_two_inputs_hold_is_taken_once(tmp_path: Path):
    """A file and its folder, or the same folder twice, are no two tubes."""
    lay(tmp_path, "sub/a.fcs")
    inputs = [tmp_path, tmp_path / "sub", tmp_path / "sub" / "a.fcs", tmp_path]
    assert list(find_tubes(inputs)) == ["sub/a.fcs"]


def test_two_tubes_of_one_name_are_refused(tmp_path: Path):
    """Their rows could not be told apart."""
    lay(tmp_path, "one/a.fcs", "two/a.fcs")
    with pytest.raises(InputError, match="same relative path"):
        find_tubes([tmp_path / "one", tmp_path / "two"])


def test_copies_inside_one_input_keep_their_names(tmp_path: Path):
    """A link beside its file is a tube of its own: the worklist may name either."""
    lay(tmp_path, "a.fcs")
    (tmp_path / "b.fcs").symlink_to(tmp_path / "a.fcs")
    assert list(find_tubes([tmp_path])) == ["a.fcs", "b.fcs"]


def test_a_data_set_may_be_named(tmp_path: Path):
    """``a.lmd#2`` is the second data set of a file that is there."""
    lay(tmp_path, "a.lmd")
    assert list(find_tubes([tmp_path / "a.lmd#2"])) == ["a.lmd#2"]


@pytest.mark.parametrize("name", ["none.fcs", "none.fcs#2", "none", "x" * 400])
def test_an_input_that_is_not_there_is_named(tmp_path: Path, name: str):
    """By its name, without the folders above it."""
    with pytest.raises(InputError, match="no such file or folder") as caught:
        find_tubes([tmp_path / name])
    assert caught.value.where == name


def test_a_name_that_is_no_utf_8_is_spelled_out(tmp_path: Path):
    """It can be written into tables, and the file can still be opened."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.fcs"))
    path.write_bytes(b"")
    ((name, found),) = find_tubes([tmp_path]).items()
    assert name == "\\xff.fcs"
    assert found == path


def test_a_folder_that_cannot_be_read_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Tubes may be in it that nobody would miss in the results."""
    (tmp_path / "locked").mkdir()
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match="Permission denied") as caught:
        find_tubes([tmp_path])
    assert caught.value.where == "locked"


def test_identity_sees_through_links(tmp_path: Path):
    """Two ways to one data set are one, two data sets of one file are two."""
    lay(tmp_path, "a.fcs")
    (tmp_path / "b.fcs").symlink_to(tmp_path / "a.fcs")
    assert identity(str(tmp_path / "b.fcs#1")) == identity(str(tmp_path / "a.fcs#1"))
    assert identity(str(tmp_path / "a.fcs#1")) != identity(str(tmp_path / "a.fcs#2"))
