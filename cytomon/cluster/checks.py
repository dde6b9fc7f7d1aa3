"""Whether the workers of a cluster would give the same answers: versions, and what they can see."""

from __future__ import annotations

import platform
import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from cytomon.errors import InputError
from cytomon.fcs.intake import split_dataset
from cytomon.tables import PART, whole

if TYPE_CHECKING:
    from distributed import Client

LIBRARIES = (
    "cytomon", "flowkit", "flowio", "flowutils", "numpy", "pandas", "scipy", "scikit-learn",
    "matplotlib", "distributed",
)  # fmt: skip
"""Another version of these may mean other numbers, other pictures, or words not understood."""


def refuse_other_versions(client: Client) -> Mapping[str, str]:
    """See that every worker has the versions of this computer, and return these.

    Raises
    ------
    InputError
        If one has not.
    """
    ours = versions_here()
    for library in LIBRARIES:
        # functions of Python's own: a worker without cytomon can answer as well
        for worker, found in client.run(version, library, on_error="return").items():
            compare(worker, library, ours[library], found)
    for worker, found in client.run(platform.python_version, on_error="return").items():
        compare(worker, "python", ours["python"], found)
    return ours


def compare(worker: str, library: str, ours: str, theirs: object) -> None:
    """Refuse a worker with another version; what it answered may also be an error."""
    if theirs == ours:
        return
    said = f"{library} {theirs}" if isinstance(theirs, str) else f"no answer about {library}"
    if isinstance(theirs, PackageNotFoundError):
        said = f"no {library}"
    raise InputError(
        f"a worker has {said}, and this computer {library} {ours}",
        where=f"worker {worker}",
        fix=f"install {library} {ours} on every worker, for other versions may mean other numbers",
    )


@cache
def versions_here() -> Mapping[str, str]:
    """Versions of Python and `LIBRARIES` in this process."""
    return {name: version(name) for name in LIBRARIES} | {"python": platform.python_version()}


def refuse_unseen(client: Client, out: Path, tubes: Iterable[str]) -> None:
    """See that the paths of this computer mean the same to every worker.

    Parameters
    ----------
    client : Client
        Of the scheduler.
    out : Path
        Folder of the results, into which every worker must be able to write.
    tubes : iterable of str
        Paths of the tubes, with the ``#n`` of a data set; one in each folder is looked for.

    Raises
    ------
    InputError
        If one does not see them.
    """
    folders = {Path(path).parent: split_dataset(path)[0] for path in tubes}
    word = uuid.uuid4().hex
    probe = out.absolute() / f"{PART}{word}"
    with whole(probe) as part:
        part.write_text(word)
    try:
        answers = client.run(unseen, str(probe), list(folders.values()), on_error="return")
    finally:
        probe.unlink()
    for worker, said in answers.items():
        if said:
            raise InputError(
                said if isinstance(said, str) else "a worker could not be asked what it sees",
                where=f"worker {worker}",
                fix="inputs, templates and the folder of --out must be there for every worker, "
                "under the same path as here, and it must be able to write into the folder",
            )


def unseen(probe: str, tubes: Sequence[str]) -> str:
    """What this worker cannot see or write to, in words; empty where it can do its work.

    Parameters
    ----------
    probe : str
        A file in the folder of results that ends with what it holds.
    tubes : sequence of str
        Files to look for.
    """
    try:
        there = probe.endswith(Path(probe).read_text()) and Path(probe).stat().st_size > 0
    except OSError:
        there = False
    if not there:
        return "a worker does not see the folder of --out"
    if not all(Path(path).is_file() for path in tubes):
        return "a worker does not see the tubes"
    try:
        with whole(Path(f"{probe}-{uuid.uuid4().hex}")) as part:
            part.write_bytes(b"")
    except InputError:
        return "a worker cannot write into the folder of --out"
    return ""
