"""What is asked of a store is found by an index, however large it grows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import event, text

from cytomon.filing.imports import ImportLists, import_lists
from cytomon.model.people import Act
from cytomon.model.record import ClinicalEvent, Infusion, Patient
from cytomon.store.address import parse
from cytomon.store.change import changing
from cytomon.store.course import read_course
from cytomon.store.find import Which, find_patient, find_specimen, find_tube
from cytomon.store.history import read_log
from cytomon.store.open import opened
from cytomon.store.patients import save_events, save_patients
from cytomon.store.results import save_results
from cytomon.store.session import Store
from cytomon.store.timelines import Span, read_timelines, spans
from cytomon.store.touched import Head, entries_of, head, patients_since
from tests.store.builders import D28, DAY0, marrow, result
from tests.store.conftest import ADMIN, new_schema
from tests.store_lists import write_lists

Asked = list[tuple[str, Any]]
PATIENTS, SPECIMENS = 1500, 1


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def large(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A store that is large enough for a planner to care."""
    folder = tmp_path_factory.mktemp("large")
    lists = write_lists(folder, PATIENTS, seed=5, specimens=SPECIMENS)
    url = f"sqlite:///{folder / 's.db'}"
    if request.param == "postgresql":
        url = new_schema(request.getfixturevalue("postgres"))
    with ExitStack() as stack:
        store = stack.enter_context(opened(parse(url), who=ADMIN, create=True))
        given = ImportLists(patients=lists.patients, measurements=lists.measurements)
        import_lists(store, ADMIN, given)
        if not store.on_sqlite:
            with store.engine.connect() as connection:
                connection.execute(text("ANALYZE"))
        yield store


@contextmanager
def listening(store: Store) -> Iterator[Asked]:
    """Every SELECT that goes to the database, with its parameters."""
    asked: Asked = []

    def hear(_1: Any, _2: Any, statement: str, parameters: Any, _3: Any, _4: Any) -> None:
        begins = statement.lstrip().upper().startswith("SELECT")
        if begins and not any(word in statement for word in ("pg_catalog", "sqlite_master")):
            asked.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", hear)
    try:
        yield asked
    finally:
        event.remove(store.engine, "before_cursor_execute", hear)


def walks(store: Store, asked: Asked) -> list[str]:
    """Statements that go through a whole table, or a whole index, without a limit."""
    found = []
    store.engine.dispose()  # an old connection would tell the plan it made before
    with store.engine.connect() as connection:
        for statement, parameters in asked:
            if "LIMIT" in statement or "max(" in statement:  # the newest row, from the end
                continue
            look = _walks_sqlite if store.on_sqlite else _walks_postgresql
            found += [f"{where}: {statement}" for where in look(connection, statement, parameters)]
    return found


def _walks_sqlite(connection: Any, statement: str, parameters: Any) -> list[str]:
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    lines = [str(row[-1]) for row in rows]
    whole = tuple(f"SCAN {name}" for name in (*_LARGE, "log"))
    return [line for line in lines if line.startswith(whole) or "AUTOMATIC" in line]


def _walks_postgresql(connection: Any, statement: str, parameters: Any) -> list[str]:
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar()
    (whole,) = json.loads(plan) if isinstance(plan, str) else plan
    return [
        f"{node['Node Type']} of {node['Relation Name']}"
        for node in _nodes(whole["Plan"])
        if node.get("Relation Name") in _LARGE
        and "Index Cond" not in node
        and node["Node Type"] != "Bitmap Heap Scan"
    ]


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


_LARGE = ("patients", "infusions", "specimens", "tubes", "results", "measurements")


def _course(store: Store) -> None:
    with store.reading() as connection:
        assert len(read_course(connection, "S00007").specimens) == SPECIMENS


def _log(store: Store) -> None:
    with store.reading() as connection:
        assert list(read_log(connection, patient_id="S00007"))


def _find(store: Store) -> None:
    with store.reading() as connection:
        find_specimen(connection, "S00007_d-07", Which(patient_id="S00007"))
        find_tube(connection, "S00007_d-07_a.fcs")


def _save(store: Store) -> None:
    with changing(store, ADMIN, "import", act=Act.ENTER) as change:
        one = Patient(patient_id="S00007")
        save_patients(change, [(one, Infusion(infused_on=DAY0, product=""))])
        save_events(change, [ClinicalEvent(patient_id="S00007", on=D28, event="relapse")])
        save_results(change, [result(marrow("S00007", "S00007_d-07"))])
        raise _UndoneError


class _UndoneError(Exception):
    """Leaves the store as it was."""


def _timeline(store: Store) -> None:
    with store.reading() as connection:
        number = find_patient(connection, "S00007").thing
        (timeline,) = read_timelines(connection, Span(first=number, last=number))
        assert len(timeline.samples) == SPECIMENS


def _timeline_back_then(store: Store) -> None:
    with store.reading() as connection:
        until = head(connection).number
        assert list(read_timelines(connection, Span(first=7, last=7, until=until)))


def _changed(store: Store) -> None:
    with store.reading() as connection:
        assert not any(entry.corrects for entry in entries_of(connection, 7))


ASKS = (_course, _log, _find, _save, _timeline, _timeline_back_then, _changed)


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.__name__)
def test_no_table_is_walked_through(large: Store, ask: Callable[[Store], None]):
    """One patient's course, their log, a specimen, a tube, and what an import compares with."""
    with listening(large) as asked, suppress(_UndoneError):
        ask(large)

    assert asked
    assert walks(large, asked) == []


def _patients_once(asked: Asked, walked: list[str]) -> bool:
    """Whether the only table that is walked through is that of patients, the smallest."""
    whole = ("SCAN patients", "Seq Scan of patients", "Index Scan of patients")
    return bool(asked) and all(line.startswith(whole) for line in walked)


def test_spans_walk_through_patients_alone(large: Store):
    """To cut them into pieces takes their numbers, and nothing else."""
    with listening(large) as asked, large.reading() as connection:
        assert len(spans(connection, size=500)) == PATIENTS // 500

    assert len(asked) == 2
    assert all("tubes" not in said and "specimens" not in said for said, _ in asked)
    assert _patients_once(asked, walks(large, asked))


def test_what_is_new_is_asked_once(large: Store):
    """All patients, and each table once by its entries, which have no index: two statements."""
    with listening(large) as asked, large.reading() as connection:
        past = head(connection)
        found = patients_since(connection, Head(number=past.number, hash=past.hash))

    assert len(found) == PATIENTS
    assert not any(touched for _, touched in found.values())
    assert len(asked) == 3  # the newest entry among them


def test_a_large_span_asks_as_often_as_a_small_one(large: Store):
    """Never patient by patient."""
    often = set()
    for last in (1, 10, 200):
        with listening(large) as asked, large.reading() as connection:
            assert len(list(read_timelines(connection, Span(first=1, last=last)))) == last
        often.add(len(asked))

    assert len(often) == 1
    assert often.pop() < 15


@pytest.mark.parametrize("index", ["ix_tubes_specimen", "ix_results_tube", "ix_specimens_patient"])
def test_a_missing_index_would_be_noticed(large: Store, index: str):
    """The test above can fail."""
    table = index.split("_")[1]
    with large.engine.connect() as connection:
        connection.execute(text(f"DROP INDEX {index}"))
    try:
        with listening(large) as asked:
            _course(large)
        assert walks(large, asked)
    finally:
        column = index.split("_")[2]
        with large.engine.connect() as connection:
            connection.execute(text(f"CREATE INDEX {index} ON {table} ({column})"))
