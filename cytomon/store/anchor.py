"""An anchor: the end of the log, written down where whoever edits the store cannot reach it.

A chain of hashes shows any change within it, but not that its end was cut off, nor that all of it
was computed anew. Against a hash that was kept elsewhere both show.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from cytomon.errors import InputError
from cytomon.store.tables import log

_KIND = "cytomon anchor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The last entry of a log at some time.

    Attributes
    ----------
    store : str
        Which store it is of.
    seq : int
        Number of the entry.
    hash : str
        Its hash, which covers all entries before it and their rows.
    at : str
        When the entry was written.
    """

    store: str
    seq: int
    hash: str
    at: str

    def __str__(self) -> str:
        """One object of JSON on lines of its own."""
        return json.dumps({"kind": _KIND, **asdict(self)}, indent=1) + "\n"


def take_anchor(connection: Connection) -> Anchor:
    """The anchor of a store as it is now.

    Raises
    ------
    InputError
        If its log is empty.
    """
    last = connection.execute(select(log).order_by(log.c.seq.desc()).limit(1)).one_or_none()
    if last is None:
        raise InputError(
            "the log of the store is empty",
            where="log",
            fix="see what is left with `cytomon audit verify`; restore it from a backup",
        )
    return Anchor(store=store_id(connection), seq=last.seq, hash=last.hash, at=last.at)


def store_id(connection: Connection) -> str:
    """What tells a store from any other; the first entry of its log says it."""
    first = connection.scalar(select(log.c.after).order_by(log.c.seq).limit(1))
    try:
        return str(json.loads(first or "{}").get("store", ""))
    except (ValueError, AttributeError):
        return ""


def is_in(connection: Connection, anchor: Anchor) -> bool:
    """Whether a log has the entry of an anchor; `verify` says why not."""
    return connection.scalar(select(log.c.hash).where(log.c.seq == anchor.seq)) == anchor.hash


def read_anchor(path: Path) -> Anchor:
    """An anchor from its file.

    Raises
    ------
    InputError
        If it cannot be read, or is no anchor.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("kind") != _KIND:
            raise KeyError("kind")
        return Anchor(
            store=str(content["store"]), seq=int(content["seq"]), hash=str(content["hash"]),
            at=str(content["at"]),
        )  # fmt: skip
    except OSError as error:
        raise InputError(
            f"the anchor cannot be opened: {error.strerror}", where=path.name, fix="check the path"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise InputError(
            "the file is no anchor",
            where=path.name,
            fix="take one with `cytomon audit anchor --out FILE`",
        ) from error
