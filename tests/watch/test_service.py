"""A watched folder becomes what a batch would have made of it, whatever happens meanwhile."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from cytomon.batch import Keep, plan, run
from cytomon.claim import claimed
from cytomon.errors import InputError
from cytomon.folders import QUARANTINE
from cytomon.inputs import Lists
from cytomon.store.address import choose
from cytomon.task import Settings
from cytomon.watch.service import Service, Watch, watch
from tests.store.postgres import programs, restart, server, stop

TABLES = ("measurements.csv", "populations.csv", "findings.csv")
HEADER = "file,patient_id,specimen_id,collected_on,specimen_type\n"
WHO = "tester"


class Watched:
    """A folder, its results, and what the service says of it."""

    def __init__(self, home: Path, tubes: Path) -> None:
        self.home, self.tubes = home, tubes
        self.folder, self.out, self.worklist = home / "in", home / "out", home / "w.csv"
        self.store = home / "out" / "cytomon.db"
        self.folder.mkdir()
        self.lines: list[str] = []

    def wanted(self, *, template: str = "", lists: Lists | None = None, **more: object) -> Watch:
        """What is watched, in this process and without waiting."""
        lists = lists or Lists()
        keep = Keep(address=choose(f"sqlite:///{self.store}"), who=WHO, lists=lists)
        how = {"processes": 0, "every": 0.05, "settle": 0.0, "give_up": 0.0, **more}
        return Watch(
            folder=self.folder,
            out=self.out,
            lists=lists,
            settings=Settings(template=template),
            keep=keep,
            **how,  # type: ignore[arg-type]
        )

    def once(self, **how: object) -> int:
        """A pass over what is there, by a process that knows of nothing before."""
        return watch(self.wanted(once=True, **how), self.lines.append)  # type: ignore[arg-type]

    def service(self, **how: object) -> Service:
        """A service that looks when it is told to."""
        return Service(self.wanted(**how), self.lines.append)  # type: ignore[arg-type]

    def bring(self, name: str, to: str = "") -> Path:
        """A tube arrives."""
        path = self.folder / (to or name)
        path.parent.mkdir(exist_ok=True)
        shutil.copy(self.tubes / name, path)
        return path

    def listed(self, *rows: str) -> Lists:
        """Write a worklist."""
        self.worklist.write_text(HEADER + "".join(f"{row}\n" for row in rows))
        return Lists(worklist=self.worklist)

    def said(self, *words: str) -> list[str]:
        """Lines that hold all of some words."""
        return [line for line in self.lines if all(word in line for word in words)]

    def tables(self, out: Path | None = None) -> dict[str, bytes]:
        """The bytes of the tables."""
        return {name: ((out or self.out) / name).read_bytes() for name in TABLES}

    def rows(self, table: str = "measurements.csv") -> list[dict[str, str]]:
        """The rows of a table."""
        with (self.out / table).open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    def files(self) -> list[str]:
        """Tubes that are in the tables."""
        return sorted({row["file"] for row in self.rows()})

    def kept(self) -> int:
        """Results in the store."""
        engine = create_engine(f"sqlite:///{self.store}")
        with engine.connect() as connection:
            found = connection.execute(text("SELECT count(*) FROM results")).scalar_one()
        engine.dispose()
        return int(found)


@pytest.fixture
def here(tmp_path: Path, tubes: Path) -> Watched:
    return Watched(tmp_path, tubes)


def look(service: Service, times: int = 3) -> None:
    """Once to see what is new, once to do it, once to see what came of it."""
    for _ in range(times):
        service.look()


def test_the_tables_are_those_of_a_batch(here: Watched):
    """Over what stayed in the folder; what was refused lies in the quarantine with its reason."""
    for name in ("blood_a.fcs", "broken.fcs"):
        here.bring(name)
    service = here.service()
    look(service)
    assert here.files() == ["blood_a.fcs"]
    here.bring("blood_b.fcs", "later/b.fcs")
    look(service)
    settings = Settings()
    run(plan([here.folder], Lists(), settings), here.home / "batch", settings)
    assert here.tables() == here.tables(here.home / "batch")
    assert here.files() == ["blood_a.fcs", "later/b.fcs"]
    put = here.folder / QUARANTINE
    assert (put / "broken.fcs").read_bytes() == (here.tubes / "broken.fcs").read_bytes()
    assert "FCS_REFUSED" in (put / "broken.fcs.reason.txt").read_text()
    assert here.kept() == 2
    assert [len(here.said(name, ": measured")) for name in ("blood_a.fcs", "later/b.fcs")] == [1, 1]
    assert len(here.said("refused: broken.fcs", f"moved to {QUARANTINE}/broken.fcs")) == 1


def test_a_restart_measures_nothing_again(here: Watched):
    """And changes no byte of the tables."""
    here.bring("blood_a.fcs")
    assert here.once() == 0
    before = here.tables()
    here.lines.clear()
    assert here.once() == 0
    assert here.tables() == before
    assert here.said("1 measured before")
    assert not here.said(": measured")
    assert here.kept() == 1


def test_looks_that_find_nothing_new_do_and_say_nothing(here: Watched):
    """No table is touched by them."""
    here.bring("blood_a.fcs")
    service = here.service()
    look(service)
    before, lines = (here.out / "run.json").stat().st_mtime_ns, list(here.lines)
    look(service, 5)
    assert (here.out / "run.json").stat().st_mtime_ns == before
    assert here.lines == lines


SLOW = """
import sys, time
content = open(sys.argv[1], "rb").read()
with open(sys.argv[2], "wb") as stream:
    for begin in range(0, len(content), len(content) // 20):
        stream.write(content[begin:begin + len(content) // 20])
        stream.flush()
        time.sleep(0.05)
"""


def test_a_file_that_grows_is_measured_once_and_whole(here: Watched):
    """Another process writes it slowly; half of it never gets into a table."""
    command = [sys.executable, "-c", SLOW, here.tubes / "blood_a.fcs", here.folder / "a.fcs"]
    with subprocess.Popen(command) as writing:  # noqa: S603
        while not (here.folder / "a.fcs").exists():
            pass
        assert here.once(settle=0.5, give_up=30.0) == 0
        assert writing.wait() == 0
    whole = (here.tubes / "blood_a.fcs").read_bytes()
    assert (here.folder / "a.fcs").read_bytes() == whole
    assert here.said("a.fcs") == ["a.fcs: measured"]
    assert {row["sha256"] for row in here.rows()} == {sha_of(here.tubes / "blood_a.fcs")}
    assert here.kept() == 1


def sha_of(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_copy_is_not_measured_again(here: Watched):
    """Under whatever name it comes, before and after a restart; it is said once."""
    here.bring("blood_a.fcs", "m.fcs")
    service = here.service()
    look(service)
    here.bring("blood_a.fcs", "a.fcs")
    look(service)
    look(service)
    assert here.files() == ["m.fcs"]
    assert len(here.said("a.fcs is byte for byte the same as m.fcs")) == 1
    assert here.once() == 0
    assert here.files() == ["m.fcs"]
    assert here.kept() == 1


def test_a_copy_in_a_row_of_another_specimen_is_no_copy(here: Watched):
    """One of the rows may be wrong: both are measured, both say so, the store takes the first."""
    here.bring("blood_a.fcs", "a.fcs")
    here.bring("blood_a.fcs", "b.fcs")
    lists = here.listed("a.fcs,P1,S1,2026-02-09,blood", "b.fcs,P2,S2,2026-02-09,blood")
    assert here.once(lists=lists) == 1
    assert here.files() == ["a.fcs", "b.fcs"]
    same = [row["file"] for row in here.rows("findings.csv") if row["code"] == "SAME_BYTES"]
    assert same == ["a.fcs", "b.fcs"]
    assert here.said("not kept: b.fcs")
    assert here.kept() == 1


def test_a_copy_that_is_to_be_measured_otherwise_is_no_copy(here: Watched):
    """Its row names another template: both are measured, as by a batch."""
    here.bring("blood_a.fcs", "a.fcs")
    here.bring("blood_a.fcs", "a_mrd.fcs")
    here.worklist.write_text(
        HEADER.strip() + ",template\n"
        "a.fcs,P1,S1,2026-02-09,blood,lymphocyte_subsets\n"
        "a_mrd.fcs,P1,S1,2026-02-09,blood,\n"
    )
    lists = Lists(worklist=here.worklist)
    here.once(lists=lists)
    settings = Settings()
    run(plan([here.folder], lists, settings), here.home / "batch", settings)
    assert here.files() == ["a.fcs", "a_mrd.fcs"]
    assert here.tables() == here.tables(here.home / "batch")
    assert not here.said("byte for byte")


def test_a_copy_whose_row_says_that_it_was_washed_is_no_copy(here: Watched):
    """What a tube before may have left in it is another question for each."""
    here.bring("blood_a.fcs", "a.fcs")
    here.bring("blood_a.fcs", "b.fcs")
    here.worklist.write_text(
        HEADER.strip()
        + ",washed\na.fcs,P1,S1,2026-02-09,blood,\nb.fcs,P1,S1,2026-02-09,blood,yes\n"
    )
    here.once(lists=Lists(worklist=here.worklist))
    assert here.files() == ["a.fcs", "b.fcs"]


def test_other_bytes_under_a_name_are_said_loudly(here: Watched):
    """They are measured; the store keeps both, and also a restart knows of the first."""
    path = here.bring("blood_a.fcs", "a.fcs")
    service = here.service()
    look(service)
    shutil.copy(here.tubes / "blood_b.fcs", path)
    look(service)
    assert len(here.said("ATTENTION: a.fcs holds other bytes")) == 1
    assert {row["sha256"] for row in here.rows()} == {sha_of(here.tubes / "blood_b.fcs")}
    assert here.kept() == 2
    shutil.copy(here.tubes / "blood_a.fcs", path)
    assert here.once() == 0
    assert len(here.said("ATTENTION: a.fcs holds other bytes")) == 2


def test_a_touched_tube_is_not_measured_again(here: Watched):
    """Its bytes are the same."""
    path = here.bring("blood_a.fcs")
    service = here.service()
    look(service)
    os.utime(path)
    look(service)
    assert len(here.said("measured")) == 1
    assert not here.said("ATTENTION")


def test_a_tube_waits_for_its_row(here: Watched):
    """The list comes later, row by row; nobody's name is said."""
    here.bring("blood_a.fcs")
    here.bring("blood_b.fcs")
    lists = here.listed("blood_a.fcs,Jane Doe,S1,2026-02-09,blood")
    service = here.service(lists=lists)
    look(service)
    assert here.files() == ["blood_a.fcs"]
    assert here.said("blood_b.fcs waits: no row of w.csv that can be used names it")
    here.listed("blood_a.fcs,Jane Doe,S1,2026-02-09,blood", "blood_b.fcs,Jane Doe,S2,someday,blood")
    look(service)
    assert here.files() == ["blood_a.fcs"]
    assert here.said("w.csv line 3", "a date as 2026-02-09")
    here.listed(
        "blood_a.fcs,Jane Doe,S1,2026-02-09,blood", "blood_b.fcs,Jane Doe,S2,2026-02-10,blood"
    )
    look(service)
    assert here.files() == ["blood_a.fcs", "blood_b.fcs"]
    assert {row["patient_id"] for row in here.rows()} == {"Jane Doe"}
    assert len(here.said("blood_b.fcs waits")) == 1
    assert not here.said("Jane")


def test_a_tube_without_a_row_makes_a_single_pass_end_with_1(here: Watched):
    """It waits for somebody, and not for time."""
    here.bring("blood_a.fcs")
    here.bring("blood_b.fcs")
    lists = here.listed("blood_a.fcs,P1,S1,2026-02-09,blood")
    assert here.once(lists=lists) == 1
    assert here.files() == ["blood_a.fcs"]


def test_a_corrected_row_changes_the_result_without_a_restart(here: Watched):
    """As a batch that is run again."""
    here.bring("blood_a.fcs")
    service = here.service(lists=here.listed("blood_a.fcs,P1,S1,2026-02-09,blood"))
    look(service)
    here.listed("blood_a.fcs,P1,S1,2026-02-09,marrow")
    look(service)
    assert {row["specimen_type"] for row in here.rows()} == {"marrow"}


def test_an_unusable_worklist_is_said_once_and_waited_for(here: Watched):
    """As a spreadsheet program may leave it for a while."""
    here.bring("blood_a.fcs")
    lists = Lists(worklist=here.worklist)
    service = here.service(lists=lists)
    look(service)
    assert here.said("waiting: the list cannot be opened")
    here.worklist.write_text("something;else\n")
    look(service, 5)
    assert len(here.said("waiting: line 1 does not hold the names of the columns")) == 1
    here.listed("blood_a.fcs,P1,S1,2026-02-09,blood")
    look(service)
    assert here.files() == ["blood_a.fcs"]
    assert here.lines[-1] == "going on"


def test_what_was_refused_and_comes_back_is_tried_again(here: Watched):
    """With another template the same bytes may be what is wanted."""
    here.bring("blood_a.fcs")
    assert here.once(template="b_all_mrd") == 3
    put = here.folder / QUARANTINE / "blood_a.fcs"
    assert "PANEL_REFUSED" in put.with_name("blood_a.fcs.reason.txt").read_text()
    here.lines.clear()
    assert here.once() == 0
    assert here.lines == [
        f"watching {here.folder} every 0.05 s, results in {here.out}; "
        f"1 in {QUARANTINE}/ are left alone"
    ]
    put.rename(here.folder / "blood_a.fcs")
    assert here.once() == 0
    assert here.files() == ["blood_a.fcs"]
    assert not list(put.parent.iterdir())


def test_a_tube_of_an_unknown_template_stays(here: Watched):
    """The row is to blame; once it is corrected, the tube is measured."""
    here.bring("blood_a.fcs")
    header = HEADER.replace("\n", ",template\n")
    here.worklist.write_text(f"{header}blood_a.fcs,P1,S1,2026-02-09,blood,none\n")
    service = here.service(lists=Lists(worklist=here.worklist))
    look(service, 5)
    assert len(here.said("refused: blood_a.fcs", "it waits for its row to be corrected")) == 1
    here.worklist.write_text(f"{header}blood_a.fcs,P1,S1,2026-02-09,blood,lymphocyte_subsets\n")
    look(service)
    assert here.files() == ["blood_a.fcs"]


def test_what_cannot_be_moved_stays_and_is_not_tried_again(here: Watched):
    """As in a folder that may only be read."""
    here.bring("broken.fcs")
    (here.folder / QUARANTINE).write_text("no folder")
    service = here.service()
    look(service, 6)
    assert len(here.said("refused: broken.fcs", "cannot be", "stays")) == 1
    assert (here.folder / "broken.fcs").exists()
    assert [row["file"] for row in here.rows("findings.csv")] == ["broken.fcs"]


def test_a_tube_that_goes_is_said_and_its_result_stays_in_the_store(here: Watched):
    """The tables say what is in the folder; when it comes back, nothing is measured again."""
    path = here.bring("blood_a.fcs")
    here.bring("blood_b.fcs")
    service = here.service()
    look(service)
    path.rename(here.home / "archived.fcs")
    look(service)
    assert len(here.said("no longer in the folder: blood_a.fcs;")) == 1
    assert here.files() == ["blood_b.fcs"]
    assert here.kept() == 2
    (here.home / "archived.fcs").rename(path)
    look(service)
    assert here.files() == ["blood_a.fcs", "blood_b.fcs"]
    assert len(here.said("blood_a.fcs: measured")) == 1


def test_an_empty_folder_leaves_the_tables_alone(here: Watched):
    """A share that is not mounted leaves an empty folder behind."""
    here.bring("blood_a.fcs")
    service = here.service()
    look(service)
    before = here.tables()
    here.folder.rename(here.home / "away")
    here.folder.mkdir()
    look(service)
    assert here.tables() == before
    here.folder.rmdir()
    (here.home / "away").rename(here.folder)
    look(service)
    assert here.tables() == before
    assert len(here.said("measured")) == 2  # of which one says that it stays in the store


def test_a_folder_that_is_away_is_waited_for(here: Watched):
    """It is said once; then it goes on."""
    here.bring("blood_a.fcs")
    service = here.service()
    look(service)
    here.folder.rename(here.home / "away")
    look(service, 5)
    assert len(here.said("waiting: there is no such file or folder")) == 1
    (here.home / "away").rename(here.folder)
    here.bring("blood_b.fcs")
    look(service)
    assert here.said("going on")
    assert here.files() == ["blood_a.fcs", "blood_b.fcs"]


def test_a_folder_on_another_disk_is_taken_for_a_missing_share(here: Watched):
    """A stray file on the empty mount point does not empty the tables."""
    other = Path("/dev/shm")  # noqa: S108
    if not other.is_dir() or other.stat().st_dev == here.home.stat().st_dev:
        pytest.skip("no second disk (/dev/shm)")
    here.bring("blood_a.fcs")
    service = here.service()
    look(service)
    before = here.tables()
    here.folder.rename(here.home / "away")
    with folder_on(other) as stray:
        here.folder.symlink_to(stray)
        here.bring("blood_b.fcs")
        look(service, 5)
        assert len(here.said("waiting: the watched folder lies on another disk")) == 1
        assert here.tables() == before
        here.folder.unlink()
    (here.home / "away").rename(here.folder)
    look(service)
    assert here.said("going on")
    assert here.tables() == before


@contextmanager
def folder_on(disk: Path) -> Iterator[Path]:
    folder = disk / f"cytomon-{os.getpid()}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def test_a_store_that_is_away_is_caught_up_with(here: Watched):
    """Tubes are measured meanwhile; when it is back, they are kept without being measured again."""
    here.bring("blood_a.fcs")
    here.store.mkdir(parents=True)
    service = here.service()
    look(service, 5)
    assert here.files() == ["blood_a.fcs"]
    assert len(here.said("not kept for now: that is a folder")) == 1
    written = (here.out / "run.json").stat().st_mtime_ns
    here.store.rmdir()
    look(service)
    assert here.said("the store is back")
    assert here.kept() == 1
    assert len(here.said(": measured")) == 1
    assert (here.out / "run.json").stat().st_mtime_ns > written


def test_a_database_server_that_is_down_is_caught_up_with(here: Watched):
    """A real one, stopped as by a power cut, and started again."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    home = here.home / "postgres"
    with server(home) as url:
        port = make_url(url).port
        here.bring("blood_a.fcs")
        wanted = here.wanted()
        keep = Keep(address=choose(url), who=WHO, lists=Lists())
        service = Service(replace(wanted, keep=keep), here.lines.append)
        look(service)
        stop(home)
        here.bring("blood_b.fcs")
        look(service, 5)
        assert here.files() == ["blood_a.fcs", "blood_b.fcs"]
        assert len(here.said("not kept for now: the database server cannot be reached")) == 1
        restart(home, port=int(port or 0))
        look(service)
        engine = create_engine(url)
        with engine.connect() as connection:
            kept = connection.execute(text("SELECT count(*) FROM results")).scalar_one()
        engine.dispose()
        assert kept == 2
        assert len(here.said(": measured")) == 2


def test_results_that_cannot_be_written_are_waited_for(here: Watched):
    """It is said once, and the tube is not lost."""
    here.bring("blood_a.fcs")
    (here.out / "measurements.csv").mkdir(parents=True)
    service = here.service()
    look(service, 4)
    assert len(here.said("waiting: the results cannot be written")) == 1
    (here.out / "measurements.csv").rmdir()
    look(service)
    assert here.files() == ["blood_a.fcs"]


def test_a_batch_in_the_same_folder_is_waited_for(here: Watched):
    """Its tables are not touched while it runs."""
    here.bring("blood_a.fcs")
    service = here.service()
    with claimed(here.out):
        look(service)
        assert here.said("waiting: another run of cytomon is writing into this folder")
        assert not (here.out / "measurements.csv").exists()
    look(service)
    assert here.files() == ["blood_a.fcs"]


def test_results_that_somebody_removes_are_made_again(here: Watched):
    """Of the tube that was removed; the service does not stumble for ever."""
    here.bring("blood_a.fcs")
    service = here.service()
    look(service)
    (here.out / "tubes" / "blood_a.fcs.json").unlink()
    here.bring("blood_b.fcs")
    look(service, 5)
    assert here.said("waiting: what was kept of a tube has gone")
    assert here.files() == ["blood_a.fcs", "blood_b.fcs"]
    assert here.lines[-1] == "going on"


def test_one_watcher_for_one_folder_of_results(here: Watched):
    """The second says so and touches nothing."""
    said: Sequence[str] = []

    def begin_another(line: str) -> None:
        if line.startswith("watching"):
            with pytest.raises(InputError, match="another process watches a folder"):
                watch(here.wanted(once=True), said.append)  # type: ignore[attr-defined]

    assert watch(here.wanted(once=True), begin_another) == 0
    assert said == []


def test_folders_that_cannot_be_watched(here: Watched, tmp_path: Path):
    """One that is not there, and one that holds the results."""
    here.out = here.folder / "results"
    with pytest.raises(InputError, match="would lie in the folder that is watched"):
        here.once()
    here.folder = tmp_path / "none"
    with pytest.raises(InputError, match="there is no such folder to watch"):
        here.once()


def test_a_name_is_no_line_of_its_own(here: Watched):
    """A line break in a name must not look like an event."""
    here.bring("broken.fcs", "a\nok.fcs: measured.fcs")
    here.once()
    assert not [line for line in here.lines if "\n" in line]
    assert here.said(r"a\nok.fcs")


def test_a_folder_without_tubes_is_done(here: Watched):
    """A pass over nothing is no failure: it may be run every hour."""
    assert here.once() == 0
    assert not (here.out / "measurements.csv").exists()
