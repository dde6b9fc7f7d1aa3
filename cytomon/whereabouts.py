"""Where the results lie that went into a store, and the tubes that they were measured in.

A report finds the pictures that no store holds, and a review the events.

The list is in a file of the user's own (`cytomon.own_files`). It is a help, never a need: where it
is missing, damaged or out of date, the folders can be named.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from cytomon.own_files import own_folder, write_own
from cytomon.store.address import Address

MOST_FOLDERS = 20
_MOST_BYTES = 1_000_000
_RESULTS, _TUBES = "folders", "tubes"


def remember_results(address: Address, out: Path, tubes: Sequence[Path] = ()) -> None:
    """Remember that results in a folder went into a store; nothing happens where that fails.

    Parameters
    ----------
    address : Address
        Of the store.
    out : Path
        Folder of the results; the newest comes first, and the oldest beyond `MOST_FOLDERS` goes.
    tubes : sequence of Path, optional
        Folders that the names of the tubes count from.
    """
    path = _path(address)
    if path is not None:
        said = {_RESULTS: [out], _TUBES: list(tubes)}
        write_own(path, json.dumps({kind: _newest(path, kind, new) for kind, new in said.items()}))


def _newest(path: Path, kind: str, new: Sequence[Path]) -> list[str]:
    # a link stays the link that was named
    named = [os.path.abspath(folder) for folder in new]  # noqa: PTH100
    return list(dict.fromkeys([*named, *_recall(path, kind)]))[:MOST_FOLDERS]


def results_folders(address: Address) -> tuple[Path, ...]:
    """Folders of results that went into a store, as far as is known and they are there.

    Parameters
    ----------
    address : Address
        Of the store.

    Returns
    -------
    tuple of Path
        The newest first; last the folder of a SQLite store itself.
    """
    return _known(address, _RESULTS)


def tube_folders(address: Address) -> tuple[Path, ...]:
    """Folders that the names of measured tubes count from; as `results_folders`."""
    return _known(address, _TUBES)


def _known(address: Address, kind: str) -> tuple[Path, ...]:
    path = _path(address)
    known = [Path(folder) for folder in _recall(path, kind)] if path is not None else []
    if address.path is not None:
        known.append(Path(os.path.abspath(address.path)).parent)  # noqa: PTH100
    return tuple(folder for folder in dict.fromkeys(known) if _is_there(folder))


def _path(address: Address) -> Path | None:
    """The file of a store, whichever folder it is named from."""
    folder = own_folder()
    if folder is None:
        return None
    named = address.named if address.path is None else os.path.abspath(address.path)  # noqa: PTH100
    return folder / f"results-{sha256(os.fsencode(named)).hexdigest()[:32]}.json"


def _recall(path: Path, kind: str) -> Sequence[str]:
    """Folders in the file; none where it is not there, or is not what was written."""
    try:
        with path.open(encoding="utf-8") as stream:
            folders = json.loads(stream.read(_MOST_BYTES))[kind]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ()
    if not isinstance(folders, list):
        return ()
    return [one for one in folders if isinstance(one, str) and os.path.isabs(one)]  # noqa: PTH117


def _is_there(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except (OSError, ValueError):  # a name that the file system cannot have
        return False
