"""Which files of a watched folder are ready: they have stopped growing, and are whole.

Everything is found by looking again and again, since a network share tells nobody of its changes.
What was written at which time is told by a clock of this process that never goes back; the times
that files bear are held against each other only, never against a clock.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cytomon.errors import FcsError
from cytomon.fcs.intake import open_datasets, open_tube
from cytomon.folders import find_tubes

UNFINISHED = (".part", ".partial", ".filepart", ".crdownload", ".tmp", ".temp", "~")
"""How names end that a copying program gives until the copy is whole."""

Mark = tuple[int, int, int] | None
"""Size, time of the last writing, time of the last change; None for what is not there.

Not the number of the file on its disk: some network shares give another one at each look.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A file that may be measured.

    Attributes
    ----------
    file : str
        POSIX path relative to the watched folder.
    path : Path
        Where it is.
    sha256 : str
        Of its bytes.
    whole : bool
        Whether it can be read as FCS; if not, it has been waited for long enough.
    """

    file: str
    path: Path
    sha256: str
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is in the folder.

    Attributes
    ----------
    ready : tuple of Ready
        In the order of their names.
    settling : tuple of str
        Files that will be ready without anybody's doing.
    waiting : mapping of str to str
        File to the reason, where it waits for more than to lie still.
    """

    ready: tuple[Ready, ...]
    settling: tuple[str, ...]
    waiting: Mapping[str, str]

    @property
    def files(self) -> set[str]:
        """The names of all of them."""
        return {*(one.file for one in self.ready), *self.settling, *self.waiting}


class Stillness:
    """For how long things have looked the same.

    Parameters
    ----------
    clock : callable
        Seconds, of a clock that never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[str, tuple[Mark, float]] = {}

    def seconds(self, name: str, mark: Mark) -> float:
        """Seconds since a thing was first seen with this mark; below 0 at the first look."""
        now = self._clock()
        before, since = self._since.get(name, (None, now))
        if name not in self._since or before != mark:
            self._since[name] = mark, now
            return -1.0
        return now - since

    def keep(self, names: Mapping[str, object]) -> None:
        """Forget what is not among these names."""
        self._since = {name: told for name, told in self._since.items() if name in names}


@dataclass(slots=True)
class _Known:
    mark: Mark
    sha256: str
    unread: str = ""
    """Why it cannot be read as FCS; empty if it can."""


@dataclass(frozen=True, slots=True)
class _Wait:
    reason: str = ""
    passes: bool = field(default=False, kw_only=True)
    """Whether it ends without anybody's doing."""


@dataclass(kw_only=True)
class Arrivals:
    """The files of a watched folder, looked at again and again.

    Attributes
    ----------
    folder : Path
        The watched folder.
    settle : float
        Seconds for which a file has to stay as it is.
    give_up : float
        Seconds after which one that is not whole is not waited for any longer.
    clock : callable
        As for `Stillness`.
    """

    folder: Path
    settle: float
    give_up: float
    clock: Callable[[], float] = time.monotonic
    _known: dict[str, _Known] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._still = Stillness(self.clock)

    def look(self) -> Look:
        """Look once.

        Raises
        ------
        InputError
            If the folder is not there, or cannot be searched.
        """
        found = find_tubes([self.folder])
        self._still.keep(found)
        self._known = {file: known for file, known in self._known.items() if file in found}
        ready: list[Ready] = []
        settling: list[str] = []
        waiting: dict[str, str] = {}
        for file, path in found.items():
            try:
                one = self._look_at(file, path)
            except OSError as error:
                one = _Wait(f"it cannot be read: {error.strerror or type(error).__name__}")
            if isinstance(one, Ready):
                ready.append(one)
                continue
            if one.passes:
                settling.append(file)
            if one.reason:
                waiting[file] = one.reason
        return Look(ready=tuple(ready), settling=tuple(settling), waiting=waiting)

    def _look_at(self, file: str, path: Path) -> Ready | _Wait:
        """The file if it is ready, else what it waits for."""
        mark = mark_of(path)
        still = self._still.seconds(file, mark)
        if still < self.settle:
            return _Wait(passes=True)
        if file.lower().endswith(UNFINISHED):
            return _Wait("its name ends as that of a copy that is not whole yet")
        known = self._known.get(file)
        if known is None or known.mark != mark:
            known = self._known[file] = _read(path, mark)
            if mark_of(path) != mark:  # it was written on while it was read
                return _Wait(passes=True)
        if known.unread and still < self.give_up:
            return _Wait(f"it is not whole yet: {known.unread}", passes=True)
        return Ready(file=file, path=path, sha256=known.sha256, whole=not known.unread)


def mark_of(path: Path) -> tuple[int, int, int]:
    """How a file looks from outside.

    Raises
    ------
    OSError
        If nobody can tell.
    """
    facts = path.stat()
    return facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def hash_of(path: Path) -> str:
    """Hash of the bytes of a file.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read(path: Path, mark: Mark) -> _Known:
    path.open("rb").close()  # what cannot be read at all says so here, and is no bad file
    try:
        return _Known(mark=mark, sha256=open_tube(path).sha256)
    except FcsError as error:
        unread = error.what
    try:  # several data sets in one file
        return _Known(mark=mark, sha256=open_datasets(path)[0].sha256)
    except FcsError:
        return _Known(mark=mark, sha256=hash_of(path), unread=unread)
