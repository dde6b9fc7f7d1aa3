"""Two batches on one store at once: both end well, as if one had waited for the other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cytomon.store.address import parse
from cytomon.store.open import opened
from cytomon.store.verify import verify
from tests.faults.commands import DONE, batch, lists, run, running
from tests.store.builders import contents
from tests.store.conftest import new_schema

BATCHES = (("a.fcs", "b.fcs"), ("b.fcs", "c.fcs"))
"""Tubes of either; both have one of them."""
Contents = dict[str, list[tuple[object, ...]]]


def commands(bloods: Path, folder: Path, url: str) -> list[list[str]]:
    """Of two batches whose inputs, lists and results are their own."""
    made = []
    for number, tubes in enumerate(BATCHES):
        home = folder / str(number)
        (home / "in").mkdir(parents=True, exist_ok=True)
        for tube in tubes:
            if not (home / "in" / tube).exists():
                os.link(bloods / tube, home / "in" / tube)
        words = batch(home / "in", home / "out", "--store", url, *lists(home, *tubes))
        made.append(words)
    return made


def kept(url: str) -> Contents:
    with opened(parse(url), who="ada") as store:
        assert verify(store).problems == ()
        return contents(store)


@pytest.fixture(scope="module")
def in_turn(bloods: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Contents]:
    """What is kept when one comes after the other, in either order."""
    possible = []
    for order in ((0, 1), (1, 0)):
        folder = tmp_path_factory.mktemp("in_turn")
        url = f"sqlite:///{folder}/s.db"
        both = commands(bloods, folder, url)
        for position in order:
            assert run(both[position]).returncode == DONE
        possible.append(kept(url))
    return possible


@pytest.mark.long
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_at_once_is_one_after_the_other(
    bloods: Path,
    tmp_path: Path,
    in_turn: list[Contents],
    database: str,
    request: pytest.FixtureRequest,
):
    """On a store that neither finds there; each result is kept once, in one unbroken log."""
    url = f"sqlite:///{tmp_path}/s.db"
    if database == "postgresql":
        url = new_schema(request.getfixturevalue("postgres"))
    first, second = commands(bloods, tmp_path / "at once", url)
    with running(first) as one, running(second) as other:
        said = [process.communicate(timeout=200)[1] for process in (one, other)]
    assert [one.returncode, other.returncode] == [DONE, DONE], said
    assert kept(url) in in_turn
    for command in (first, second):
        assert "0 results kept, 2 were there before" in run(command).stderr
