"""The story of a backup: a store becomes one file that is checked, and the file a store again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cytomon.errors import InputError
from cytomon.store.address import Address, at_path
from cytomon.store.anchor import Anchor, is_in, store_id, take_anchor
from cytomon.store.change import Change
from cytomon.store.copying import copy_rows, copy_to_file, opened_sealed
from cytomon.store.migrate import migrate
from cytomon.store.open import layout_of, make_engine, opened, refuse_newer
from cytomon.store.people import role_of
from cytomon.store.session import DamagedError, Store
from cytomon.store.verify import Verdict, verify, verify_seen
from cytomon.tables import whole

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ANOTHER = "take another backup; this one is damaged, or no backup"
_BESIDE = ("", "-wal", "-shm", "-journal")
"""Endings of the files that SQLite keeps of a store; what a stale one holds it would put in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup, as far as it was checked.

    Attributes
    ----------
    end : Anchor
        The last entry of the log that is in it.
    entries, rows : int
        How many entries of the log and rows of all tables were checked.
    """

    end: Anchor
    entries: int
    rows: int


def back_up(address: Address, out: Path, *, who: str) -> Backup:
    """Write what a store holds into a file of SQLite, and check the file.

    Parameters
    ----------
    address : Address
        Of the store, of either kind. Others may write into it meanwhile: the file holds what was
        committed when the copy began.
    out : Path
        Of the file. An earlier backup of the same store is replaced once the new one is checked.
    who : str
        Name of the person.

    Returns
    -------
    Backup

    Raises
    ------
    InputError
        If the store cannot be read or is not what its log says, if the file cannot be written, or
        if it stands for something that the store does not hold. What stood there stays.
    """
    with opened(address, who=who) as store, whole(out) as part:
        with store.reading() as connection:
            _refuse_loss(out, store, connection)
            copy_to_file(connection, part)
        with opened_sealed(part) as copy:
            found = _checked(verify(copy), "the store is not what its log says", str(address))
            with copy.reading() as connection:
                return Backup(end=take_anchor(connection), entries=found.entries, rows=found.rows)


def restore(backup: Path, address: Address, *, who: str) -> Backup:
    """Make a store of a backup, in an empty place, and check it.

    Parameters
    ----------
    backup : Path
        Written by `back_up`; it is not changed.
    address : Address
        Where nothing is yet: a file, or a schema of a server.
    who : str
        Name of the person, for the entry in the log that says so.

    Returns
    -------
    Backup
        What was in the backup, the entry about the restoring left out.

    Raises
    ------
    InputError
        If the backup is damaged, of a newer version or none at all, or if something is in the
        place. Nothing is made then.
    """
    _refuse_no_file(backup)
    if address.path is not None:
        _refuse_occupied(address.path)
        with whole(address.path) as part:
            found = _bring_up(backup, part, who)
            _refuse_occupied(address.path)  # another may have been quicker
        return found
    with TemporaryDirectory() as folder:
        part = Path(folder) / "store.db"
        found = _bring_up(backup, part, who)
        _fill_server(part, address)
    return found


def _refuse_loss(out: Path, store: Store, connection: Connection) -> None:
    """Replace nothing but an earlier state of the same store."""
    if not out.exists():
        return
    fix = "choose another name with --out"
    if out.is_dir():
        raise InputError("that is a folder", where=out.name, fix="name a file with --out")
    if _in_use(out) or (store.address.path and out.samefile(store.address.path)):
        raise InputError("the file is in use as a store", where=out.name, fix=fix)
    what = "there is another file of this name, which is no backup"
    with (
        _refused(what, out, fix, InputError),
        opened_sealed(out) as there,
        there.reading() as earlier,
    ):
        end = take_anchor(earlier)
    if end.store != store_id(connection):
        raise InputError("the file is the backup of another store", where=out.name, fix=fix)
    if not is_in(connection, end):
        raise InputError(
            f"the backup of this name holds entries that the store lacks (its last is {end.seq})",
            where=out.name,
            fix=f"{fix}; compare the two before you remove anything",
        )


def _refuse_no_file(backup: Path) -> None:
    if not backup.is_file():
        raise InputError("there is no such backup", where=backup.name, fix="check the path")
    if _in_use(backup):
        raise InputError(
            "the file is in use as a store, and no backup",
            where=backup.name,
            fix="take a backup of it with `cytomon backup`",
        )


def _in_use(path: Path) -> bool:
    return any(path.with_name(path.name + ending).exists() for ending in _BESIDE[1:])


def _refuse_occupied(path: Path) -> None:
    for ending in _BESIDE:
        found = path.with_name(path.name + ending)
        if found.exists():
            raise InputError(
                "there is a file where the store would be",
                where=found.name,
                fix="name another place with --store, or move away what is there",
            )


def _refuse_no_store(backup: Path) -> None:
    what = "the file cannot be used as a backup"
    with (
        _refused(what, backup, _ANOTHER, InputError),
        opened_sealed(backup) as there,
        there.reading() as connection,
    ):
        found = layout_of(connection)
    if not found:
        raise InputError(
            "the file is no backup of a store", where=backup.name, fix="check the path"
        )
    refuse_newer(found, backup.name)


def _bring_up(backup: Path, part: Path, who: str) -> Backup:
    """A copy of a backup, with the layout of this version, checked and with an entry of its own."""
    _refuse_no_store(backup)
    with _refused("the backup cannot be restored", backup, _ANOTHER, DamagedError):
        with opened_sealed(backup) as source, source.reading() as connection:
            copy_to_file(connection, part)
        with opened(at_path(part), who=who) as store:
            found = _checked(verify(store), "it is not what its log says", backup.name)
            with store.writing() as connection:
                end = take_anchor(connection)
                _tell(connection, end, who)
            with store.refusing(), store.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    return Backup(end=end, entries=found.entries, rows=found.rows)


def _tell(connection: Connection, end: Anchor, who: str) -> None:
    """Say in the log that what follows was not written where the rest was."""
    change = Change(connection, who, role_of(connection, who))
    change.say(subject="store", after={"entry": end.seq, "hash": end.hash})
    change.enter("restore")


def _fill_server(part: Path, address: Address) -> None:
    """Make a store on a server, all or nothing."""
    target = Store(address=address, engine=make_engine(address))
    try:
        with (
            opened_sealed(part) as source,
            source.reading() as rows,
            target.writing() as connection,
        ):
            if layout_of(connection) != 0:
                raise InputError(
                    "there is a store already, or tables of another program",
                    where=str(address),
                    fix="name an empty database or schema with --store",
                )
            migrate(connection)
            copy_rows(rows, connection)
            what = "the store on the server is not what the backup says"
            _checked(verify_seen(connection), what, str(address))
    finally:
        target.engine.dispose()


def _checked(verdict: Verdict, what: str, where: str) -> Verdict:
    """A verdict without problems."""
    if not verdict.problems:
        return verdict
    first = verdict.problems[0]
    more = f", and {len(verdict.problems) - 1} more" if len(verdict.problems) > 1 else ""
    raise InputError(
        f"{what}: {first.code}: {first.where}: {first.what}{more}",
        where=where,
        fix="see all of it with `cytomon audit verify`; go back to a backup that is sound",
    )


@contextmanager
def _refused(what: str, path: Path, fix: str, kind: type[InputError]) -> Iterator[None]:
    """Say of a file what was found in it."""
    try:
        yield
    except kind as error:
        raise InputError(f"{what}: {error.what}", where=path.name, fix=fix) from error
