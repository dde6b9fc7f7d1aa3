"""`batch` writes into the store: the same content however it was run, and nothing twice."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cytomon.batch import Keep, Outcome, plan, run
from cytomon.document import unseal
from cytomon.filing.documents import new_result
from cytomon.inputs import Lists
from cytomon.model.record import Kind
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube
from cytomon.store.address import Address, parse
from cytomon.store.open import opened
from cytomon.store.results import content_of
from cytomon.store.verify import verify
from cytomon.task import Settings
from cytomon.whereabouts import results_folders
from tests.store.builders import contents, course
from tests.store.conftest import ADMIN

WORKLIST = """\
file,patient_id,specimen_id,collected_on,specimen_type
marrow.fcs,P1,S1,2026-02-09,marrow
blood_a.fcs,P1,B1,2026-02-09,blood
blood_b.fcs,P2,B2,2026-03-09,blood
broken.fcs,P2,S2,2026-03-09,marrow
"""
PATIENTS = """\
patient_id,infusion_date,product
P1,2026-01-12,CD19/CD22
P2,2026-01-12,CD19/CD22
"""
EVENTS = """\
patient_id,date,event
P1,2026-02-09,remission
P9,2026-02-09,remission
"""


@pytest.fixture
def lists(tmp_path: Path) -> Lists:
    """A worklist with patients and events, one of which is a stranger's."""
    paths = {}
    for name, content in (("worklist", WORKLIST), ("patients", PATIENTS), ("events", EVENTS)):
        paths[name] = tmp_path / f"{name}.csv"
        paths[name].write_text(content)
    return Lists(**paths)


@pytest.fixture(scope="module")
def measured(tubes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of a batch that went to no store: what is measured is not measured again."""
    folder = tmp_path_factory.mktemp("measured")
    worklist = folder / "worklist.csv"
    worklist.write_text(WORKLIST)
    patients = folder / "patients.csv"
    patients.write_text(PATIENTS)
    lists = Lists(worklist=worklist, patients=patients)
    run(plan([tubes], lists, Settings()), folder / "out", Settings())
    return folder / "out"


@pytest.fixture
def out(measured: Path, tmp_path: Path) -> Path:
    """A folder of results to go on in."""
    shutil.copytree(measured, tmp_path / "out")
    return tmp_path / "out"


def batch(
    tubes: Path, out: Path, address: Address, lists: Lists, *, workers: int = 0, force: bool = False
) -> Outcome:
    """Measure the tubes and keep what they say."""
    settings = Settings(force=force)
    jobs = plan([tubes], lists, settings)
    keep = Keep(address=address, who=ADMIN, lists=lists)
    return run(jobs, out, settings, workers=workers, keep=keep)


def at(folder: Path) -> Address:
    """A store in a folder."""
    return parse(f"sqlite:///{folder / 's.db'}")


def what_is_kept(address: Address) -> dict[str, list[tuple[object, ...]]]:
    """Content of a sound store."""
    with opened(address, who=ADMIN) as store:
        assert verify(store).problems == ()
        return contents(store)


def test_everything_a_tube_said_is_kept(tubes: Path, out: Path, tmp_path: Path, lists: Lists):
    """Measurements, populations, gates, findings, and with what it was measured."""
    outcome = batch(tubes, out, at(tmp_path), lists)
    kept = what_is_kept(at(tmp_path))

    document = json.loads((out / "tubes" / "marrow.fcs.json").read_text())
    with opened(at(tmp_path), who=ADMIN) as store:
        known = course(store, "P1")
    (specimen,) = (one for one in known.specimens if one.specimen_type == "marrow")
    (result,) = specimen.results
    expected = {row["quantity"]: row for row in document["measurements"]}
    assert {q: m.status for q, m in result.measurements.items()} == {
        q: row["status"] for q, row in expected.items()
    }
    mrd = result.measurements["mrd"].estimate
    assert mrd is not None
    assert mrd.value == float(expected["mrd"]["value"])
    assert (result.template, result.sha256) == (document["template"]["name"], document["sha256"])
    assert len([row for row in kept["populations"] if row[0] == result.number]) == len(
        document["populations"]
    )
    (gates,) = (row[1] for row in kept["placements"] if row[0] == result.number)
    assert json.loads(str(gates)) == document["placement"]
    (beside,) = (row for row in kept["results"] if document["analysis"] in row)
    assert json.loads(str(beside[-1]))["panel"] == document["panel"]
    assert known.infusion is not None
    assert [event.event for event in known.events] == ["remission"]
    assert outcome.filed is not None
    assert (outcome.filed.new, outcome.filed.same) == (3, 0)


def test_the_panel_makes_no_other_result(tubes: Path, out: Path):
    """What a tube said is known by its numbers; that its dyes are known, too, is no news."""
    document = unseal(out / "tubes" / "marrow.fcs.json")
    assert document is not None
    assert document.panel

    named, silent = (new_result(None, one) for one in (document, replace(document, panel={})))

    assert named.details != silent.details
    assert content_of(named) == content_of(silent)


def test_where_results_lie_is_remembered(
    tubes: Path, out: Path, tmp_path: Path, lists: Lists, monkeypatch: pytest.MonkeyPatch
):
    """Once they are in the store; a report finds their pictures."""
    monkeypatch.setenv("CYTOMON_CACHE", str(tmp_path / "own"))
    (tmp_path / "store").mkdir()
    address = at(tmp_path / "store")
    batch(tubes, out, address, lists)
    assert results_folders(address) == (out, tmp_path / "store")


def test_a_specimen_without_a_result_is_known(tubes: Path, out: Path, tmp_path: Path, lists: Lists):
    """Its only tube could not be read: that it was taken counts."""
    batch(tubes, out, at(tmp_path), lists)
    with opened(at(tmp_path), who=ADMIN) as store:
        specimens = course(store, "P2").specimens
    assert [(one.specimen_id, len(one.results)) for one in specimens] == [("B2", 1), ("S2", 0)]


def test_what_is_not_kept_is_said(tubes: Path, out: Path, tmp_path: Path, lists: Lists):
    """An event of a stranger, by its line; the batch ends with exit code 1."""
    outcome = batch(tubes, out, at(tmp_path), lists)

    assert outcome.filed is not None
    (refusal,) = outcome.filed.refused
    assert refusal.finding.where == "events.csv line 3"
    assert outcome.exit_code == 1
    assert json.loads((out / "run.json").read_text())["kept"] == {
        "new": 3, "same": 0, "refused": 1,
    }  # fmt: skip


@pytest.mark.parametrize("force", [False, True])
def test_twice_is_once(tubes: Path, out: Path, tmp_path: Path, lists: Lists, force: bool):
    """Taken up from before, or measured again."""
    batch(tubes, out, at(tmp_path), lists)
    before = what_is_kept(at(tmp_path))
    again = batch(tubes, out, at(tmp_path), lists, force=force)

    assert what_is_kept(at(tmp_path)) == before
    assert again.filed is not None
    assert (again.filed.new, again.filed.same) == (0, 3)


def test_what_two_rows_say_of_one_specimen(tubes: Path, out: Path, tmp_path: Path, lists: Lists):
    """The first row that knows a thing says it; the same batch again changes nothing."""
    assert lists.worklist is not None
    header, *rows = WORKLIST.splitlines()
    clones = ["", "SJ25C1", "HIB19", "J3"]
    whose = [rows[0], rows[1].replace("P1,B1", "P1,S1").replace("blood\n", "marrow"), *rows[2:]]
    lists.worklist.write_text(
        "\n".join(
            [f"{header},cd19_clone", *(f"{r},{c}" for r, c in zip(whose, clones, strict=True))]
        ).replace("2026-02-09,blood", "2026-02-09,marrow")
    )
    for _ in range(3):
        batch(tubes, out, at(tmp_path), lists)
        kept = what_is_kept(at(tmp_path))
        said = {row[4]: row for row in kept["specimens"]}
        assert sorted(str(row[4]) for row in kept["specimens"]) == ["B2", "S1", "S2"]
        assert "SJ25C1" in said["S1"]


def test_on_one_worker_and_on_two(tubes: Path, tmp_path: Path, lists: Lists):
    """Stores equal in content, to the numbers of their rows."""
    kept = []
    for workers in (0, 1, 2):
        folder = tmp_path / str(workers)
        batch(tubes, folder / "out", at(folder), lists, workers=workers)
        kept.append(what_is_kept(at(folder)))

    assert kept[0] == kept[1] == kept[2]


def test_from_another_folder_it_is_the_same_tube(
    tubes: Path, out: Path, tmp_path: Path, lists: Lists
):
    """Known by its bytes, whatever its path."""
    batch(tubes, out, at(tmp_path), lists)
    before = what_is_kept(at(tmp_path))
    (tmp_path / "above").mkdir()
    (tmp_path / "above" / "inner").symlink_to(tubes)
    again = batch(tmp_path / "above", tmp_path / "other", at(tmp_path), lists)

    assert again.cards[0].file == "inner/marrow.fcs"
    assert what_is_kept(at(tmp_path)) == before


def test_a_worklist_that_gives_a_tube_to_somebody_else(
    tubes: Path, out: Path, tmp_path: Path, lists: Lists
):
    """Is not followed in silence: the tube stays, and the batch says how to move it."""
    batch(tubes, out, at(tmp_path), lists)
    assert lists.worklist is not None
    lists.worklist.write_text(WORKLIST.replace("blood_b.fcs,P2", "blood_b.fcs,P1"))
    outcome = batch(tubes, out, at(tmp_path), lists)

    assert outcome.filed is not None
    said = [refusal.finding for refusal in outcome.filed.refused if refusal.file]
    assert [(one.where, one.code) for one in said] == [("blood_b.fcs", "NOT_KEPT")]
    assert "cytomon correct tube" in said[0].fix
    with opened(at(tmp_path), who=ADMIN) as store:
        assert [one.specimen_id for one in course(store, "P2").specimens if one.results] == ["B2"]


def test_without_a_worklist_tubes_are_nobodys(tubes: Path, tmp_path: Path):
    """Kept all the same, until somebody says whose they are."""
    outcome = batch(tubes, tmp_path / "out", at(tmp_path), Lists())
    kept = what_is_kept(at(tmp_path))

    assert outcome.filed is not None
    assert outcome.filed.new == 3
    assert kept["patients"] == kept["specimens"] == []
    assert [row[3] for row in kept["tubes"]] == [None] * 3


def test_both_tubes_of_a_specimen_and_their_sum(tmp_path: Path):
    """Three results, of which the sum counts."""
    tubes = tmp_path / "tubes"
    tubes.mkdir()
    for seed, name in ((71, "one"), (72, "two")):
        blasts = {"blast_typical": 0.05}
        marrow = TubePlan(state="BM_d28_BCA", n_events=12_000, seed=seed, blasts=blasts)
        write_tube(simulate_tube(marrow), tubes, name)
    worklist = tmp_path / "w.csv"
    header = WORKLIST.splitlines()[0]
    rows = [f"{name}.fcs,P1,S1,2026-02-09,marrow" for name in ("one", "two")]
    worklist.write_text("\n".join([header, *rows]))
    batch(tubes, tmp_path / "out", at(tmp_path), Lists(worklist=worklist))

    with opened(at(tmp_path), who=ADMIN) as store:
        (specimen,) = course(store, "P1").specimens
    kinds = [one.kind for one in specimen.results]
    counts = [one.measurements["mrd"].numerator or 0 for one in specimen.results]
    assert kinds == [Kind.FILE, Kind.FILE, Kind.POOLED]
    assert counts[2] == counts[0] + counts[1]
    assert specimen.standing["mrd"][0].kind is Kind.POOLED


def test_a_store_that_cannot_be_used_is_said_before_anything_is_measured(
    tubes: Path, tmp_path: Path, lists: Lists
):
    """Not after hours of work."""
    from cytomon.errors import InputError

    (tmp_path / "s.db").write_text("no database at all, but a text of some length")
    with pytest.raises(InputError, match="no SQLite database"):
        batch(tubes, tmp_path / "out", at(tmp_path), lists)
    assert not list((tmp_path / "out" / "tubes").glob("*"))


def test_killed_and_run_again(tubes: Path, tmp_path: Path, lists: Lists):
    """At moments from the first tube to the last row: the store of an undisturbed run."""
    batch(tubes, tmp_path / "whole" / "out", at(tmp_path / "whole"), lists)
    expected = what_is_kept(at(tmp_path / "whole"))

    folder = tmp_path / "killed"
    command = [
        sys.executable, "-m", "cytomon", "batch", tubes, "--out", folder / "out", "--jobs", "2",
        "--store", f"sqlite:///{folder / 's.db'}", "--user", ADMIN, "--figures", "none",
        "--worklist", lists.worklist, "--patients", lists.patients, "--events", lists.events,
    ]  # fmt: skip
    words = [str(word) for word in command]
    killed = 0
    for seed in range(8):
        process = subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(random.Random(seed).uniform(0.5, 4.0))
        killed += process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=60)
    assert killed >= 3
    assert subprocess.run(words, capture_output=True, check=False).returncode == 1

    assert what_is_kept(at(folder)) == expected
