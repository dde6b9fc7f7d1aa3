"""Stores to test with: a SQLite file, and a schema on a PostgreSQL server of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from cytomon.store.address import parse
from cytomon.store.open import opened
from cytomon.store.session import Store
from tests.store.postgres import programs, server

ADMIN, FIRST, SECOND = "ada", "pat", "pia"
"""The admin who made the store, and two pathologists."""


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a database on a server that ends with the session."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with server(tmp_path_factory.mktemp("postgres") / "server") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store that is not there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return new_schema(request.getfixturevalue("postgres"))


def new_schema(url: str) -> str:
    """The address of an empty schema on a server."""
    name = f"s{uuid4().hex}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    engine.dispose()
    return f"{url}?options=-csearch_path%3D{name}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A new store."""
    with ExitStack() as stack:
        yield stack.enter_context(opened(parse(url), who=ADMIN, create=True))
