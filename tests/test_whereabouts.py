"""Folders of results are found again, and nothing is lost where they are not."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from cytomon.batch import _homes
from cytomon.inputs import Job
from cytomon.store.address import Address, parse
from cytomon.whereabouts import MOST_FOLDERS, remember_results, results_folders, tube_folders


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's own, which is not there yet."""
    monkeypatch.setenv("CYTOMON_CACHE", str(tmp_path / "own"))
    return tmp_path / "own"


@pytest.fixture
def store(tmp_path: Path, own: Path) -> Address:
    """A store in a folder without results."""
    (tmp_path / "store").mkdir()
    return parse(f"sqlite:///{tmp_path / 'store' / 'cytomon.db'}")


def made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def test_a_folder_is_found_again(tmp_path: Path, store: Address):
    """The newest first, and last the store's own."""
    first, second = made(tmp_path / "first"), made(tmp_path / "second")
    for folder in (first, second, first):
        remember_results(store, folder)
    assert results_folders(store) == (first, second, tmp_path / "store")


def test_the_folder_of_a_store_is_known_without_being_told(tmp_path: Path, store: Address):
    """Results and their store lie together where nobody names another one."""
    assert results_folders(store) == (tmp_path / "store",)
    remember_results(store, tmp_path / "store")
    assert results_folders(store) == (tmp_path / "store",)


def test_folders_that_have_gone_are_left_out(tmp_path: Path, store: Address):
    """A file is no folder either."""
    for name in ("gone", "file"):
        remember_results(store, tmp_path / name)
    (tmp_path / "file").touch()
    assert results_folders(store) == (tmp_path / "store",)


def test_a_store_is_the_same_from_wherever_it_is_named(
    tmp_path: Path, store: Address, monkeypatch: pytest.MonkeyPatch
):
    """By a full path and by a short one; results, too."""
    monkeypatch.chdir(tmp_path)
    made(tmp_path / "out")
    remember_results(parse("sqlite:///store/cytomon.db"), Path("out"))
    assert results_folders(store) == (tmp_path / "out", tmp_path / "store")


def test_stores_are_kept_apart(tmp_path: Path, store: Address):
    """What went into one is not looked for in the other."""
    other = parse("postgresql+psycopg://anna:secret@host/flow?sslpassword=hidden")
    out = made(tmp_path / "out")
    remember_results(other, out)
    assert results_folders(store) == (tmp_path / "store",)
    assert results_folders(parse("postgresql+psycopg://anna@host/flow")) == ()
    assert results_folders(other) == (out,)


def test_what_is_remembered_tells_no_secret(tmp_path: Path, own: Path):
    """No address and no password, for its user's eyes only."""
    address = parse("postgresql+psycopg://anna:secret@host/flow?sslpassword=hidden")
    remember_results(address, made(tmp_path / "out"))
    (path,) = own.iterdir()
    assert json.loads(path.read_text()) == {
        "folders": [str(tmp_path / "out")],
        "tubes": [],
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    assert "host" not in path.name


def test_only_the_newest_are_remembered(tmp_path: Path, store: Address, own: Path):
    """The oldest go."""
    for number in range(MOST_FOLDERS + 5):
        remember_results(store, made(tmp_path / f"out{number}"))
    found = results_folders(store)
    assert found[0].name == f"out{MOST_FOLDERS + 4}"
    assert found[-2].name == "out5"
    assert len(found) == MOST_FOLDERS + 1


def test_where_tubes_lie_is_remembered_apart(tmp_path: Path, store: Address, own: Path):
    """Of each batch its folders, the newest first; results are found as before."""
    first, second, third = (made(tmp_path / name) for name in ("a", "b", "c"))
    out = made(tmp_path / "out")
    remember_results(store, out, [first, second])
    remember_results(store, out, [third, second, tmp_path / "gone"])
    assert tube_folders(store) == (third, second, first, tmp_path / "store")
    assert results_folders(store) == (out, tmp_path / "store")
    for number in range(MOST_FOLDERS + 5):
        remember_results(store, out, [made(tmp_path / f"in{number}")])
    assert [path.name for path in tube_folders(store)][:2] == [
        f"in{MOST_FOLDERS + 4}", f"in{MOST_FOLDERS + 3}"
    ]  # fmt: skip
    assert len(tube_folders(store)) == MOST_FOLDERS + 1


def test_a_list_from_before_tubes_were_remembered(tmp_path: Path, store: Address, own: Path):
    """It goes on with its folders of results."""
    out, tubes = made(tmp_path / "out"), made(tmp_path / "tubes")
    remember_results(store, out)
    (path,) = own.iterdir()
    path.write_text(json.dumps({"folders": [str(out)]}))
    assert tube_folders(store) == (tmp_path / "store",)
    remember_results(store, out, [tubes])
    assert tube_folders(store) == (tubes, tmp_path / "store")
    assert results_folders(store) == (out, tmp_path / "store")


@pytest.mark.parametrize(
    ("file", "path", "home"),
    [
        ("a.fcs", "/data/a.fcs", "/data"),
        ("day/a.fcs", "/data/day/a.fcs", "/data"),
        ("day/a.lmd#2", "/data/day/a.lmd#2", "/data"),
        ("day/a.fcs", "/data/lists/../day/a.fcs", "/data"),
        ("a.fcs", "/a.fcs", "/"),
        # a link, or bytes that are no text: the folder of the file itself
        ("day/a.fcs", "/data/other/b.fcs", "/data/other"),
        ("ca.fcs", "/data/a.fcs", "/data"),
    ],
)
def test_the_folder_that_a_name_counts_from(file: str, path: str, home: str):
    """From there the tube is found again by its name in the tables."""
    assert _homes([Job(file=file, path=path), Job(file=file, path=path)]) == (Path(home),)


@pytest.mark.parametrize("word", ["none", "NONE"])
def test_a_user_who_wants_no_file_gets_none(
    tmp_path: Path, store: Address, monkeypatch: pytest.MonkeyPatch, word: str
):
    """The store's own folder is known all the same."""
    monkeypatch.setenv("CYTOMON_CACHE", word)
    before = sorted(tmp_path.rglob("*"))
    remember_results(store, made(tmp_path / "out"))
    assert results_folders(store) == (tmp_path / "store",)
    assert sorted(tmp_path.rglob("*")) == sorted([*before, tmp_path / "out"])


def test_where_nothing_can_be_written_nothing_happens(tmp_path: Path, store: Address, own: Path):
    """No word, no error."""
    own.write_text("a file in the way")
    remember_results(store, tmp_path / "store")
    assert results_folders(store) == (tmp_path / "store",)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "null", "{}", '{"folders": 3}', '{"folders": [1, null, "relative", "../up"]}',
        "\xff", "[" * 100_000, '{"folders": {"/": 1}}', '{"folders": ["/a\\u0000b"]}',
        '{"folders": ["/\\udcff"]}',
    ],
)  # fmt: skip
def test_a_file_that_says_something_else(
    tmp_path: Path, store: Address, own: Path, text: str, monkeypatch: pytest.MonkeyPatch
):
    """It is passed over, and written anew; a folder is meant by its full path only."""
    monkeypatch.chdir(made(tmp_path / "relative").parent)
    remember_results(store, tmp_path / "store")
    (path,) = own.iterdir()
    path.write_text(text, encoding="latin-1")
    assert results_folders(store) == (tmp_path / "store",)
    out = made(tmp_path / "out")
    remember_results(store, out)
    assert results_folders(store)[0] == out


def test_a_name_that_is_no_text(tmp_path: Path, store: Address):
    """A folder may have one, and is found."""
    out = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe"))
    try:
        out.mkdir()
    except OSError:
        pytest.skip("this file system takes names that are text only")
    remember_results(store, out)
    assert results_folders(store)[0] == out
