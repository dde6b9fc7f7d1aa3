"""From the address of a scheduler to a crew of workers."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, wait
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cytomon import stalls
from cytomon.cluster.attempts import Marking, WorkerDiedError
from cytomon.cluster.checks import refuse_other_versions, refuse_unseen
from cytomon.errors import InputError
from cytomon.pool import Crew

if TYPE_CHECKING:
    from distributed import Client

TIMEOUT = 10
"""Seconds in which a scheduler answers, or a first worker is there."""
PATIENCE = 30.0
"""Seconds without an answer after which one looks whether workers are left."""
_PLACE = re.compile(r"[A-Za-z0-9._\[\]:-]+")
LAST_TUBES = 60.0
"""Seconds for which an interrupted batch waits for what is in work: dask cannot stop it."""


@contextmanager
def joined(
    address: str, out: Path, tubes: Iterable[str], *, patience: float = stalls.PATIENCE
) -> Iterator[Crew]:
    """The workers of a scheduler, once they are known to give the same answers.

    Parameters
    ----------
    address : str
        Of the scheduler, ``tcp://host:port`` or ``tls://host:port``.
    out : Path
        Folder of the results.
    tubes : iterable of str
        Paths of the tubes, with the ``#n`` of a data set; one in each folder is looked for.
    patience : float, optional
        Seconds without movement after which a tube is given up, and its worker is ended.

    Raises
    ------
    InputError
        If dask is not installed, nobody answers, there is no worker, a worker has other versions,
        or one cannot see the tubes or write into the folder of results.
    """
    with _connected(address) as client:
        _wait_for_workers(client, TIMEOUT)
        versions = refuse_other_versions(client)
        refuse_unseen(client, out, tubes)
        from distributed.scheduler import KilledWorker

        yield Crew(
            size=len(client.nthreads()),
            hire=lambda _: _hired(client, out, versions, patience),
            deaths=(WorkerDiedError, KilledWorker),
            patience=PATIENCE,
            look=partial(_wait_for_workers, client, PATIENCE),
        )


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    try:
        import distributed
    except ImportError as error:
        raise InputError(
            "a cluster needs dask.distributed, which is not installed",
            where="--scheduler",
            fix='pip install "cytomon[distributed]", here and on the workers',
        ) from error
    _silence()
    _refuse_malformed(address)
    try:
        with warnings.catch_warnings(action="ignore"):
            client = distributed.Client(address, timeout=TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"no scheduler answers there within {TIMEOUT} seconds",
            where=_at(address),
            fix="check the address, and that the scheduler runs (dask scheduler); or leave the "
            "option out",
        ) from error
    try:
        yield client
    finally:
        client.close(timeout=TIMEOUT)


def shown_address(address: str) -> str:
    """An address of a scheduler as it may be printed: scheme, machine and port, and no login.

    Examples
    --------
    >>> shown_address("tls://me:pass/word@head:8786?key=word"), shown_address("tcp://head:8786")
    ('tls://head:8786', 'tcp://head:8786')
    >>> shown_address("pass word")
    ''
    """
    scheme, mark, rest = address.strip().rpartition("://")
    place = re.split("[/?#]", rest.rpartition("@")[2])[0]
    known = _PLACE.fullmatch(place) and scheme in {"", "tcp", "tls", "ws", "wss", "ucx"}
    return f"{scheme}{mark}{place}" if known else ""


def _at(address: str) -> str:
    return f"--scheduler {shown_address(address)}".strip()


def _silence() -> None:
    """What dask has to say, we say: its loggers have levels and handlers of their own."""
    for name in ("distributed", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(("distributed", "tornado", "asyncio")):
            logging.getLogger(name).disabled = True


def _refuse_malformed(address: str) -> None:
    from distributed.comm.addressing import parse_address, parse_host_port
    from distributed.security import Security

    scheme, location = parse_address(address)
    try:
        parse_host_port(location)
    except ValueError:
        scheme = ""
    if scheme not in ("tcp", "tls"):
        raise InputError(
            "this is no address of a scheduler",
            where=_at(address),
            fix="write tcp://HOST:PORT or tls://HOST:PORT",
        )
    if scheme == "tls" and Security().get_connection_args("client")["ssl_context"] is None:
        raise InputError(
            "the scheduler's address asks for TLS, and no certificate is configured",
            where=_at(address),
            fix="name certificates in dask's configuration (distributed.comm.tls)",
        )


def _wait_for_workers(client: Client, seconds: float) -> None:
    try:
        client.wait_for_workers(1, timeout=seconds)
    except (OSError, TimeoutError) as error:
        raise InputError(
            f"the cluster has had no worker for {seconds:.0f} seconds",
            where="--scheduler",
            fix="start workers (dask worker ADDRESS) and run the same command again",
        ) from error


@contextmanager
def _hired(
    client: Client, out: Path, versions: Mapping[str, str], patience: float
) -> Iterator[Marking]:
    workers = client.get_executor(pure=False)
    hands = Marking(workers, out.absolute(), versions, patience)
    try:
        yield hands
    except (CancelledError, OSError) as error:
        raise InputError(
            "the scheduler has gone while the batch ran",
            where="--scheduler",
            fix="start it and its workers, and run the same command again to go on",
        ) from error
    except ImportError as error:
        raise InputError(
            "a worker that came later cannot load what it needs",
            where="--scheduler",
            fix=f"install cytomon {versions['cytomon']} on every worker, and run again",
        ) from error
    except KeyboardInterrupt:
        wait(hands.begun, LAST_TUBES)
        raise
    finally:
        workers.shutdown(wait=False)
