"""`import`: every bad row named, the good ones kept, the same file twice changes nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cytomon.errors import InputError
from cytomon.filing.ahead import read_ahead
from cytomon.filing.imports import Imported, ImportLists, import_lists, refuse_nothing
from cytomon.filing.measured_list import read_pieces
from cytomon.model.record import How
from cytomon.store.address import parse
from cytomon.store.anchor import take_anchor
from cytomon.store.open import opened
from cytomon.store.session import Store
from cytomon.store.verify import verify
from tests.filing.test_measured_list import GOOD, written
from tests.store.builders import contents, course
from tests.store.conftest import ADMIN, new_schema
from tests.store_lists import write_lists


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store in a file."""
    with opened(parse(f"sqlite:///{tmp_path / 's.db'}"), who=ADMIN, create=True) as made:
        yield made


def bring(store: Store, **lists: Path) -> Imported:
    """Import lists."""
    return import_lists(store, ADMIN, ImportLists(**lists))


def text(path: Path, *lines: str) -> Path:
    """A list of these lines."""
    path.write_text("\n".join(lines) + "\n")
    return path


def test_all_three_lists(store: Store, tmp_path: Path):
    """Patients first, whatever the order they are given in; then measurements, then events."""
    imported = bring(
        store,
        events=text(tmp_path / "e.csv", "patient_id,date,event", "P1,2026-03-01,remission"),
        measurements=written(tmp_path, GOOD),
        patients=text(tmp_path / "p.csv", "patient_id,infusion_date,product", "P1,2026-01-12,CD19"),
    )

    known = course(store)
    assert imported.refused == []
    assert (known.infusion is not None, len(known.events), len(known.specimens)) == (True, 1, 1)


def test_the_same_lists_again_change_nothing(store: Store, tmp_path: Path):
    """Not a row, and not an entry of the log."""
    lists = write_lists(tmp_path / "l", 20, seed=3, specimens=2)
    given = {"patients": lists.patients, "measurements": lists.measurements}
    first = bring(store, **given)
    before = contents(store), verify(store).entries

    again = bring(store, **given)
    assert (contents(store), verify(store).entries) == before
    assert first.of("measurements", How.NEW) == again.of("measurements", How.SAME) == 80
    assert again.kept == 100


def test_bad_rows_of_every_list_are_named(store: Store, tmp_path: Path):
    """By list and line, with the reason; the others are kept."""
    imported = bring(
        store,
        patients=text(
            tmp_path / "p.csv",
            "patient_id,infusion_date,product",
            "P1,2026-01-12,CD19",
            "P2,12.01.2026,CD19",
            "P1,2026-01-13,CD19",
        ),
        measurements=written(tmp_path, GOOD, GOOD | {"file": "b.fcs", "value": "x"}),
        events=text(
            tmp_path / "e.csv",
            "patient_id,date,event,value",
            "P1,2026-03-01,morphology,M4",
            "P9,2026-03-01,relapse,",
            "P1,2026-03-02,relapse,",
        ),
    )

    where = sorted(refusal.finding.where for refusal in imported.refused)
    assert where == [
        "e.csv line 2", "e.csv line 3", "measurements.csv line 3", "p.csv line 3", "p.csv line 4",
    ]  # fmt: skip
    assert len(course(store).events) == 1
    assert not any("P9" in refusal.finding.what for refusal in imported.refused)


def test_a_day_0_is_not_moved_by_a_list(store: Store, tmp_path: Path):
    """The refusal names the way to do it."""
    header = "patient_id,infusion_date,product"
    bring(store, patients=text(tmp_path / "p.csv", header, "P1,2026-01-12,CD19"))
    imported = bring(store, patients=text(tmp_path / "p.csv", header, "P1,2026-05-12,CD19"))

    (refusal,) = imported.refused
    assert "second_infusion" in refusal.finding.fix
    assert "cytomon correct infusion" in refusal.finding.fix


def test_a_corrected_number_is_a_new_version(store: Store, tmp_path: Path):
    """Only that row; both are there."""
    bring(store, measurements=written(tmp_path, GOOD, GOOD | {"quantity": "mrd_wbc"}))
    change = {"numerator": "61", "value": "0.000122"}
    imported = bring(store, measurements=written(tmp_path, GOOD | change))

    (kept,) = course(store).specimens
    assert imported.of("measurements", How.CHANGED) == 1
    assert [sorted(one.measurements) for one in kept.results] == [["mrd", "mrd_wbc"], ["mrd"]]
    assert kept.standing["mrd"][1].numerator == 61


def test_a_list_that_contradicts_itself_far_apart(store: Store, tmp_path: Path):
    """The later row is refused, each time: which is right is not for the order to say."""
    rows = [GOOD | {"file": f"{n}.fcs", "sha256": f"{n:064x}"} for n in range(20_000)]
    other = {"numerator": "61", "value": "0.000122", "specimen_type": "Marrow"}
    path = written(tmp_path, *rows, rows[0] | other)

    for how in (How.NEW, How.SAME):
        imported = bring(store, measurements=path)
        (refusal,) = imported.refused
        assert refusal.finding.where == "measurements.csv line 20002"
        assert "earlier row of this list" in refusal.finding.what
        assert imported.of("measurements", how) == 20_000


def test_a_zero_below_zero_is_a_zero(store: Store, tmp_path: Path):
    """No database gives -0.0 back, and the audit would take it for a change."""
    zero = {"numerator": "0", "value": "-0.0", "ci_low": "-0.0", "status": "NOT_DETECTED"}
    bring(store, measurements=written(tmp_path, GOOD | zero))
    assert verify(store).problems == ()


def test_no_list_is_no_import():
    """Said so."""
    with pytest.raises(InputError, match="no list is given"):
        refuse_nothing(ImportLists())


class TestAhead:
    """A long list is read by another process."""

    def test_gives_the_same_pieces(self, tmp_path: Path):
        """In the same order."""
        lists = write_lists(tmp_path, 60, seed=4, specimens=2)
        here = list(read_pieces(lists.measurements))
        there = list(read_ahead(read_pieces, lists.measurements, least=0))

        assert [[r.content for r in piece.results] for piece in there] == [
            [r.content for r in piece.results] for piece in here
        ]
        assert [piece.lines for piece in there] == [piece.lines for piece in here]

    def test_brings_what_is_wrong(self, tmp_path: Path):
        """An error goes from one process to the other with its three sentences."""
        path = text(tmp_path / "m.csv", "file;quantity")
        with pytest.raises(InputError, match="semicolons") as caught:
            list(read_ahead(read_pieces, path, least=0))
        assert "measurements.csv" not in caught.value.fix
        assert "quantity" in caught.value.fix

    def test_may_be_left_in_the_middle(self, tmp_path: Path):
        """Nothing waits for ever."""
        lists = write_lists(tmp_path, 120, seed=4, specimens=2)
        pieces = read_ahead(read_pieces, lists.measurements, least=0)
        next(iter(pieces))
        pieces.close()  # type: ignore[attr-defined]

    def test_says_when_the_reader_dies(self, tmp_path: Path):
        """Killed for want of memory, for example."""
        with pytest.raises(InputError, match="has died"):
            list(read_ahead(kill_myself, text(tmp_path / "m.csv", "x"), least=0))


def kill_myself(path: Path) -> Iterator[int]:
    """A reader that dies."""
    os.kill(os.getpid(), signal.SIGKILL)
    yield len(path.name)


def start(url: str, patients: Path, measurements: Path) -> subprocess.Popen[str]:
    """An import in a process of its own, which prints what is safe."""
    command = [sys.executable, "-m", "tests.filing.reporting", url, patients, measurements]
    return subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def killed_at(process: subprocess.Popen[str], seconds: float) -> int:
    """Kill a process and its children; how many tubes it had said to be safe."""
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    said, _ = process.communicate(timeout=60)
    return max((int(line.split()[1]) for line in said.splitlines()), default=0)


def kill_again_and_again(tmp_path: Path, url: str, times: range, *, patients: int) -> int:
    """Nothing lost that was said to be safe, nothing half written, and the same in the end.

    Returns
    -------
    int
        How many of the kills came before all was written.
    """
    import random

    lists = write_lists(tmp_path / "l", patients, seed=6)
    whole = tmp_path / "whole.db"
    with opened(parse(f"sqlite:///{whole}"), who=ADMIN, create=True) as store:
        bring(store, patients=lists.patients, measurements=lists.measurements)
        expected = contents(store)
    safe = early = 0
    with opened(parse(url), who=ADMIN, create=True):
        pass
    # the early ones first: once all is written, no kill comes before it
    for after, seed in sorted((random.Random(seed).uniform(0.3, 3.0), seed) for seed in times):
        process = start(url, lists.patients, lists.measurements)
        safe = max(safe, killed_at(process, after))
        with opened(parse(url), who=ADMIN) as store:
            verdict = verify(store)
            assert verdict.problems == (), f"seed {seed}"
            kept = contents(store)
        assert len(kept["tubes"]) >= safe, f"seed {seed}"
        early += len(kept["tubes"]) < len(expected["tubes"])
    with opened(parse(url), who=ADMIN) as store:
        bring(store, patients=lists.patients, measurements=lists.measurements)
        assert contents(store) == expected
        with store.reading() as connection:
            assert take_anchor(connection).seq == verify(store).entries
    return early


def test_a_few_kills(tmp_path: Path):
    """`test_two_hundred_kills` tries more."""
    url = f"sqlite:///{tmp_path / 'k.db'}"
    assert kill_again_and_again(tmp_path, url, range(2), patients=100)


def test_a_few_kills_on_postgresql(tmp_path: Path, postgres: str):
    """What the server does not know to be whole, it forgets."""
    assert kill_again_and_again(tmp_path, new_schema(postgres), range(2), patients=100)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_two_hundred_kills(tmp_path: Path):
    """Seeds 20,000 ff., four to a store, and most of them while it is being written."""
    early = 0
    for start_ in range(20_000, 20_200, 4):
        folder = tmp_path / str(start_)
        folder.mkdir()
        url = f"sqlite:///{folder / 'k.db'}"
        early += kill_again_and_again(folder, url, range(start_, start_ + 4), patients=150)
    assert early >= 100
