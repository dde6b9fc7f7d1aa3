"""Whatever is changed behind the store's back is found."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from cytomon.errors import InputError
from cytomon.model.people import Act, Review
from cytomon.store.address import parse
from cytomon.store.anchor import Anchor, read_anchor, take_anchor
from cytomon.store.change import changing
from cytomon.store.history import read_log
from cytomon.store.open import opened
from cytomon.store.reports import release
from cytomon.store.said import acknowledge, save_review
from cytomon.store.session import DamagedError, Store
from cytomon.store.verify import verify
from tests.store import tamper
from tests.store.builders import (
    approve,
    enrol,
    marrow,
    mrd,
    result,
    save,
    specimen,
    staff,
    version,
)
from tests.store.conftest import ADMIN, FIRST
from tests.store.test_corrections import move

QUICK, MANY = 120, 1000


def fill(store: Store, patients: int) -> None:
    """At least one row of every kind but proposals, whose table has a test of its own."""
    staff(store)
    names = [f"P{n}" for n in range(patients)]
    enrol(store, *names)
    for start in range(0, patients, 100):
        some = names[start : start + 100]
        save(store, *(result(marrow(n, f"S{n[1:]}"), mrd(60), file=f"{n}.fcs") for n in some))
    approve(store, FIRST, "S0")
    move(store, "P0.fcs", "P1", "S1x", who=FIRST)
    with changing(store, FIRST, "review", act=Act.REVIEW) as change:
        number = specimen(store, "P1").results[0].number if patients < 2 else 2
        save_review(change, number, Review.APPROVED, comment="fine")
    with changing(store, FIRST, "acknowledge", act=Act.ACKNOWLEDGE) as change:
        acknowledge(change, "P1", "A2", why="seen")
    with changing(store, FIRST, "report", act=Act.SIGN) as change:
        release(change, "P1", version(change, {"html": "a" * 64}))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Anchor]:
    """A sound store of a thousand patients, and an anchor at its end."""
    path = tmp_path_factory.mktemp("sound") / "sound.db"
    with opened(parse(f"sqlite:///{path}"), who=ADMIN, create=True) as store:
        fill(store, 1000)
        assert verify(store).problems == ()
        with store.reading() as connection:
            return path, take_anchor(connection)


def found(path: Path, anchor: Anchor) -> list[str]:
    """Codes of what is wrong with a store."""
    try:
        with opened(parse(f"sqlite:///{path}"), who=ADMIN) as store:
            return [problem.code for problem in verify(store, [anchor]).problems]
    except InputError as error:
        return [error.what]


def edited(sound: tuple[Path, Anchor], folder: Path, edit: tamper.Edit, seed: int) -> Iterator[str]:
    """What was done to a copy, then what was found."""
    path = folder / "edited.db"
    shutil.copy(sound[0], path)
    yield tamper.tamper(path, edit, random.Random(seed))
    yield ", ".join(found(path, sound[1]))


@pytest.mark.parametrize(
    "edit", sorted(set(tamper.EDITS), key=repr), ids=lambda edit: edit.__name__
)
def test_every_kind_of_edit_is_found(sound: tuple[Path, Anchor], tmp_path: Path, edit: tamper.Edit):
    """Of each kind some; `test_a_thousand_edits_are_found` tries more."""
    for seed in range(QUICK // len(set(tamper.EDITS))):
        done, said = edited(sound, tmp_path, edit, seed)
        assert said, f"seed {seed}: {done} was not noticed"


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_thousand_edits_are_found(sound: tuple[Path, Anchor], tmp_path: Path):
    """Of rows and of the log, truncation and new hashes among them; seeds 20,000 ff."""
    missed = []
    for seed in range(20_000, 20_000 + MANY):
        edit = random.Random(seed).choice(tamper.EDITS)
        done, said = edited(sound, tmp_path, edit, seed)
        if not said:
            missed.append(f"seed {seed}: {done}")

    assert missed == []


@pytest.mark.parametrize(
    ("edit", "code"),
    [(tamper.cut_the_end, "LOG_CUT"), (tamper.write_history_anew, "HISTORY_REWRITTEN")],
)
def test_what_only_an_anchor_shows(
    sound: tuple[Path, Anchor], tmp_path: Path, edit: tamper.Edit, code: str
):
    """Without it both look sound: that is why it is kept elsewhere."""
    path = tmp_path / "edited.db"
    shutil.copy(sound[0], path)
    tamper.tamper(path, edit, random.Random(7))

    with opened(parse(f"sqlite:///{path}"), who=ADMIN) as store:
        assert verify(store).problems == ()
        assert code in [problem.code for problem in verify(store, [sound[1]]).problems]


def test_proposals_are_covered_too(store: Store):
    """The first word of two persons is a row like any other."""
    staff(store)
    enrol(store, "P2")
    save(store, result())
    approve(store, FIRST)
    assert move(store, "a.fcs", "P2", who=FIRST).waits
    assert verify(store).problems == ()

    forbid(store, "proposals", on=False)
    with store.engine.connect() as connection:
        connection.execute(text("UPDATE proposals SET becomes = '{}'"))
    forbid(store, "proposals", on=True)
    assert [problem.code for problem in verify(store).problems] == ["ROWS_CHANGED"]


def forbid(store: Store, table: str, *, on: bool) -> None:
    """Take the trigger of a table away, or put it back."""
    if store.on_sqlite:
        refusal = "rows of a store are never changed or removed"
        sql = (
            f"CREATE TRIGGER no_update_{table} BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
            if on
            else f"DROP TRIGGER no_update_{table}"
        )
    else:
        sql = f"ALTER TABLE {table} {'ENABLE' if on else 'DISABLE'} TRIGGER no_change"
    with store.engine.connect() as connection:
        connection.execute(text(sql))


@pytest.mark.parametrize("table", ["patients", "events", "measurements", "log"])
def test_on_both_databases(store: Store, table: str):
    """A changed cell is found on PostgreSQL as it is on SQLite."""
    from tests.store.test_results import TestEvents

    enrol(store, "P1")
    save(store, result())
    TestEvents().save(store, ("2026-03-01", "relapse", ""))
    forbid(store, table, on=False)
    column = {"patients": "sex", "events": "value", "measurements": "status", "log": "why"}[table]
    with store.engine.connect() as connection:
        connection.execute(text(f"UPDATE {table} SET {column} = 'X'"))
    forbid(store, table, on=True)

    expected = {"measurements": "RESULT_CHANGED", "log": "ENTRY_CHANGED"}.get(table, "ROWS_CHANGED")
    assert {problem.code for problem in verify(store).problems} == {expected}


def test_a_trigger_that_has_gone_is_missed(store: Store):
    """Whoever takes it away may have more in mind."""
    forbid(store, "measurements", on=False)
    (problem,) = verify(store).problems
    assert problem.code == "LAYOUT_CHANGED"
    assert "measurements" in problem.where


@pytest.mark.parametrize("at", [0.3, 0.5, 0.7, 0.9])
def test_bytes_that_rotted_are_found(sound: tuple[Path, Anchor], tmp_path: Path, at: float):
    """A disk that lies; never a traceback."""
    content = bytearray(sound[0].read_bytes())
    start = int(len(content) * at) // 4096 * 4096
    content[start : start + 4096] = bytes(4096)
    path = tmp_path / "rotten.db"
    path.write_bytes(content)

    assert found(path, sound[1])


def test_a_name_in_the_layout_that_rotted_is_said(sound: tuple[Path, Anchor], tmp_path: Path):
    """SQLite repeats it in a message that is no text."""
    content = sound[0].read_bytes()
    path = tmp_path / "rotten.db"
    path.write_bytes(content.replace(b"tabletubestubes", b"tabletub\xa0stubes"))
    assert path.read_bytes() != content

    with (
        pytest.raises(DamagedError, match=r"(?s)no UTF-8.*restore it from a backup"),
        opened(parse(f"sqlite:///{path}"), who=ADMIN),
    ):
        pass


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE measurements SET qualifiers = CAST(x'ff' AS TEXT)", "RESULT_CHANGED"),
        ("UPDATE log SET why = CAST(x'ff' AS TEXT) WHERE seq = 3", "ENTRY_CHANGED"),
        ("DROP TABLE acknowledgements", "LAYOUT_CHANGED"),
        ("DROP INDEX ix_tubes_file", "LAYOUT_CHANGED"),
        ("DELETE FROM log", "ENTRY_MISSING"),
        ("ANALYZE", ""),
    ],
)
def test_what_cannot_be_read_is_named(
    sound: tuple[Path, Anchor], tmp_path: Path, statement: str, code: str
):
    """And the rest is looked at all the same; statistics of the planner are nobody's."""
    path = tmp_path / "edited.db"
    shutil.copy(sound[0], path)

    def edit(connection: sqlite3.Connection, _: random.Random) -> str:
        connection.execute(statement)
        return statement

    if "DROP TABLE" in statement:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(statement)
    else:
        tamper.tamper(path, edit, random.Random(1))
    said = found(path, sound[1])
    assert code in said if code else said == []


def test_a_layout_that_nobody_knows_is_no_other_program(sound: tuple[Path, Anchor], tmp_path: Path):
    """The number of the layout is a row that can be edited, too."""
    path = tmp_path / "edited.db"
    for statement in ("DELETE FROM alembic_version", "INSERT INTO alembic_version VALUES ('7')"):
        shutil.copy(sound[0], path)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(statement)
            connection.commit()
        assert found(path, sound[1]) == [
            "the store does not say its layout any more: alembic_version was changed"
        ]


def test_a_function_that_refuses_no_more(store: Store):
    """On PostgreSQL the triggers call one."""
    if store.on_sqlite:
        return
    with store.engine.connect() as connection:
        connection.execute(
            text(
                "CREATE OR REPLACE FUNCTION cytomon_refuse() RETURNS trigger LANGUAGE plpgsql "
                "AS $$BEGIN RETURN NULL; END$$"
            )
        )
    assert [problem.where for problem in verify(store).problems] == ["function cytomon_refuse"]


def test_an_anchor_is_of_one_store(store: Store, tmp_path: Path):
    """And survives its file."""
    save(store, result())
    with store.reading() as connection:
        anchor = take_anchor(connection)
    (tmp_path / "a.json").write_text(str(anchor))
    assert read_anchor(tmp_path / "a.json") == anchor

    with opened(parse(f"sqlite:///{tmp_path / 'other.db'}"), who=ADMIN, create=True) as other:
        codes = [problem.code for problem in verify(other, [anchor]).problems]
    assert codes == ["ANCHOR_ELSEWHERE"]
    save(store, result(file="b.fcs"))
    assert verify(store, [anchor]).problems == ()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"kind": "x"}', "\x00", '{"kind":1}'])
def test_what_is_no_anchor_is_refused(tmp_path: Path, content: str):
    """With the command that takes one."""
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(InputError, match="is no anchor") as caught:
        read_anchor(path)
    assert "audit anchor" in caught.value.fix


def test_the_log_is_there_to_be_read(store: Store):
    """Who, when, what, before, after, why; and of one patient what concerns this one."""
    enrol(store, "P1", "P2")
    save(store, result())
    move(store, "a.fcs", "P2", "S9")

    with store.reading() as connection:
        *_, last = read_log(connection)
        of_first = [entry.seq for entry in read_log(connection, patient_id="P1")]
        of_second = [entry.seq for entry in read_log(connection, patient_id="P2")]
    assert (last.who, last.role, last.action, last.subject) == (
        ADMIN,
        "admin",
        "correct",
        "tube a.fcs",
    )
    assert '"patient": "P1"' in last.before
    assert '"patient": "P2"' in last.after
    assert last.why == "labels swapped at receipt"
    assert last.seq in of_first
    assert last.seq in of_second


def test_sqlite_files_are_small_enough_to_copy(sound: tuple[Path, Anchor]):
    """The tests above copy one a thousand times."""
    with closing(sqlite3.connect(sound[0])) as connection:
        assert connection.execute("SELECT count(*) FROM patients").fetchone()[0] == 1000
    assert sound[0].stat().st_size < 5_000_000
