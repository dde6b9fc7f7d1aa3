"""The file of a tube is looked for by its name and known by its bytes."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from cytomon.errors import CytomonError, InputError
from cytomon.model.course import KeptResult
from cytomon.review import case as room
from cytomon.review.files import find_file
from cytomon.store.session import Store
from tests.review.laboratory import BLOOD, Laboratory, case_of

BYTES = b"FCS3.1 as it was measured"


def kept(file: str = "day/a.fcs") -> KeptResult:
    """As much of a kept result as is looked at."""
    values = {"file": file, "sha256": sha256(BYTES).hexdigest()}
    return cast("KeptResult", SimpleNamespace(**values))


def write(path: Path, content: bytes = BYTES) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def words(result: KeptResult, *named: Path, known: tuple[Path, ...] = ()) -> str:
    with pytest.raises(InputError) as refused:
        find_file(result, named, known)
    return str(refused.value)


@pytest.mark.parametrize(
    "place",
    ["day/a.fcs", "a.fcs", "moved/far/a.fcs"],
    ids=["where it was", "folder gone", "folder moved"],
)
def test_a_folder_that_is_named_is_searched(place: str, tmp_path: Path):
    """Whatever became of the folders between it and the tube."""
    path = write(tmp_path / "data" / place)
    assert find_file(kept(), [tmp_path / "data"], []) == str(path)


def test_a_folder_that_is_known_is_looked_into_and_not_searched(tmp_path: Path):
    """What batches left behind is a hint; searching through it may take an hour."""
    path = write(tmp_path / "day" / "a.fcs")
    assert find_file(kept(), [], [tmp_path / "none", tmp_path]) == str(path)
    assert find_file(kept(), [], [tmp_path / "day"]) == str(path)
    assert "not found" in words(kept(), known=(tmp_path.parent,))


def test_the_bytes_decide_not_the_name(tmp_path: Path):
    """Two folders may hold other tubes of one name, in any order."""
    write(tmp_path / "one" / "a.fcs", b"FCS another patient")
    path = write(tmp_path / "two" / "a.fcs")
    folders = [tmp_path / "one", tmp_path / "two"]
    assert find_file(kept(), folders, []) == str(path)
    assert find_file(kept(), [tmp_path], []) == str(path)
    said = words(kept(), tmp_path / "one")
    assert "not those that were measured" in said
    assert "--files DIR" in said


def test_a_file_that_is_named_may_be_called_anything(tmp_path: Path):
    """It was renamed, and the user knows which it is."""
    path = write(tmp_path / "renamed.fcs")
    assert find_file(kept(), [path], []) == str(path)
    write(path, b"FCS another")
    assert "not those that were measured" in words(kept(), path)


def test_one_of_several_data_sets(tmp_path: Path):
    """The number goes along, however the file was named."""
    path = write(tmp_path / "day" / "a.lmd")
    result = kept("day/a.lmd#2")
    for named in (tmp_path, path, Path(f"{path}#2")):
        assert find_file(result, [named], []) == f"{path}#2"


def test_a_file_that_cannot_be_read_is_not_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Rights are mended otherwise than a lost file."""
    write(tmp_path / "a.fcs")

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    assert "cannot be read" in words(kept("a.fcs"), known=(tmp_path,))


def test_a_file_that_is_nowhere_is_said_by_name(tmp_path: Path):
    """And a folder that is not there at all is said, too."""
    said = words(kept(), tmp_path)
    assert "not found" in said
    assert "day/a.fcs" in said
    with pytest.raises(CytomonError, match="no such file or folder"):
        find_file(kept(), [tmp_path / "none"], [])


def test_a_file_changed_between_search_and_reading_is_refused(
    lab: Laboratory, lite: Store, monkeypatch: pytest.MonkeyPatch
):
    """What was hashed and what is gated are the same bytes."""
    case = case_of(lite, BLOOD)
    other = replace(case, automatic=replace(case.automatic, sha256="0" * 64))
    monkeypatch.setattr(room, "find_file", lambda *_: str(lab.tubes / BLOOD))
    assert room.open_case(case, room.Places()).tube.sha256 == case.automatic.sha256
    with pytest.raises(InputError, match="changed while"):
        room.open_case(other, room.Places())
