"""The server that tests of the store start, for tests of what comes into it."""

from tests.store.conftest import postgres

__all__ = ["postgres"]
