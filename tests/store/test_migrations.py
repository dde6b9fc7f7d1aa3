"""Stores of every layout that was released open with this version, and say what they said."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cytomon.model.course import State
from cytomon.store.address import parse
from cytomon.store.anchor import take_anchor
from cytomon.store.bulk import insert_rows
from cytomon.store.migrate import migrate
from cytomon.store.open import layout_of, opened
from cytomon.store.session import Store
from cytomon.store.tables import SCHEMA, metadata
from cytomon.store.verify import verify
from tests.store.builders import course, enrol, save
from tests.store.conftest import ADMIN
from tests.store.test_audit import fill

RELEASED = Path(__file__).parent / "released"
LAYOUTS = range(1, SCHEMA + 1)


def dump_of(layout: int) -> str:
    """The text that makes a store of this layout, as its version wrote it."""
    return (RELEASED / f"layout_{layout}.sql").read_text(encoding="utf-8")


def test_every_layout_has_its_store():
    """A new layout comes with a store of its own: python -m tests.store.released.write."""
    assert sorted(path.name for path in RELEASED.glob("*.sql")) == [
        f"layout_{layout}.sql" for layout in LAYOUTS
    ]


@pytest.fixture(params=LAYOUTS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The file of an old store."""
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(dump_of(request.param))
    return path


def says_what_it_said(store: Store) -> None:
    """Whatever the layout: the same courses, signatures, corrections and an unbroken log."""
    assert verify(store).problems == ()
    first, second = course(store, "P0"), course(store, "P1")
    assert first.infusion is not None
    assert [one.specimen_id for one in first.specimens] == ["S0"]
    signed = first.specimens[0].standing["mrd"]
    assert (signed[0].state, signed[1].numerator, signed[1].denominator) == (
        State.SIGNED, 60, 500_000,
    )  # fmt: skip
    assert signed[1].estimate is not None
    assert signed[1].estimate.value == 60 / 500_000
    assert [one.rule for one in second.acknowledgements] == ["A2"]
    assert second.specimens[0].standing["mrd"][0].state is State.REVIEWED


def test_on_sqlite(old: Path):
    """Opening is enough; writing goes on."""
    with opened(parse(f"sqlite:///{old}"), who=ADMIN) as store:
        says_what_it_said(store)
        enrol(store, "P9")
        assert verify(store).problems == ()


def test_the_same_rows_make_the_same_hashes_on_postgresql(
    old: Path, request: pytest.FixtureRequest
):
    """A store that is carried from one database to the other is sound, and has the same anchor."""
    from sqlalchemy import create_engine

    from tests.store.conftest import new_schema

    url = new_schema(request.getfixturevalue("postgres"))
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with closing(sqlite3.connect(old)) as source, engine.connect() as target:
        (layout,) = source.execute("SELECT version_num FROM alembic_version").fetchone()
        migrate(target, to=int(layout))
        for table in metadata.sorted_tables:
            rows = source.execute(f'SELECT * FROM "{table.name}"').fetchall()
            insert_rows(target, table, rows)
        assert layout_of(target) == int(layout)
    engine.dispose()

    with (
        opened(parse(f"sqlite:///{old}"), who=ADMIN) as here,
        opened(parse(url), who=ADMIN) as there,
    ):
        says_what_it_said(there)
        with here.reading() as one, there.reading() as other:
            assert take_anchor(one) == take_anchor(other)


def test_what_fails_while_migrating_leaves_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A store that is half made is none: the next one to open it starts from nothing."""
    import cytomon.store.open as opening

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("cytomon.store.change.new_store", fail)
    address = parse(f"sqlite:///{tmp_path / 's.db'}")
    with pytest.raises(ZeroDivisionError), opening.opened(address, who=ADMIN, create=True):
        pass
    monkeypatch.undo()
    with opened(address, who=ADMIN, create=True) as store:
        assert verify(store).problems == ()
        save(store)
        fill(store, 2)
        assert verify(store).problems == ()
