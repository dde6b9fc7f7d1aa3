"""`cytomon backup` and `cytomon restore`: what a store holds, carried into one file and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytomon.cli.stored import StoreOption, UserOption, acting

if TYPE_CHECKING:
    from cytomon.backup import Backup


def backup(
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Where to write it; an earlier backup of the same store is replaced.",
        ),
    ],
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Write all that a store holds into one file, while it is in use, and check the file.

    The file takes its name when it is whole and sound; until then what had the name stays.
    """
    from cytomon.backup import back_up
    from cytomon.store.address import choose

    taken = back_up(choose(store), out, who=acting(user))
    typer.echo(f"backup of {_said(taken)}")
    return 0


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Written by `cytomon backup`.")],
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Make a store of a backup, where there is none yet, and check it.

    A file of SQLite or a PostgreSQL database, whichever the backup was taken of. The log gets an
    entry that says who restored what.
    """
    from cytomon.backup import restore as restore_store
    from cytomon.store.address import choose

    taken = restore_store(file, choose(store), who=acting(user))
    typer.echo(f"restored: {_said(taken)}")
    return 0


def _said(taken: Backup) -> str:
    """What was checked, and the end of the log as an anchor writes it."""
    return (
        f"{taken.entries} entries of the log and {taken.rows} rows, checked\n"
        f"ends at entry {taken.end.seq} of {taken.end.at}\nhash {taken.end.hash}"
    )
