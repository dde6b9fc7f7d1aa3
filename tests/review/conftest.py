"""A laboratory that has measured some tubes, and stores for its results."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cytomon.store.session import Store
from tests.review.laboratory import Laboratory, laboratory
from tests.store.builders import staff
from tests.store.conftest import postgres, store, url

__all__ = ["postgres", "store", "url"]


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    """Tubes that one batch has measured; results go into a store with `Laboratory.file_into`."""
    return laboratory(tmp_path_factory.mktemp("laboratory"))


@pytest.fixture
def kept(store: Store, lab: Laboratory) -> Iterator[Store]:
    """A store with all that the laboratory has measured, on either database."""
    staff(store)
    lab.file_into(store)
    return store


@pytest.fixture
def lite(lab: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The same on SQLite alone, for what no database has a say in."""
    with lab.copied(tmp_path_factory.mktemp("lite")) as copy:
        yield copy
