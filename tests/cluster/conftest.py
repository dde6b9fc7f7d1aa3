"""A real cluster on this computer: a scheduler and two workers, each a process of its own."""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

from cytomon.document import Document
from cytomon.task import Task

Double = Callable[[Task], Document]
HERE = str(Path(__file__).parents[1])


@pytest.fixture(scope="module")
def double() -> Iterator[Callable[[str], Double]]:
    """A stand-in for `perform` by its name; the workers find it on the same path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(HERE)

        def pick(name: str) -> Double:
            found: Double = getattr(importlib.import_module("pool_doubles"), name)
            return found

        yield pick


@pytest.fixture(scope="module")
def cluster(double: Callable[[str], Double]) -> Iterator[LocalCluster]:
    """Two workers; a nanny starts a new one where one has died."""
    del double  # the path must be set when the workers are started
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with LocalCluster(
            n_workers=2,
            threads_per_worker=2,
            processes=True,
            dashboard_address=":0",
            silence_logs=logging.CRITICAL,
        ) as found:
            yield found
