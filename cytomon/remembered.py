"""The worklist without working it out anew: what was said of each patient, until something changes.

A store of thousands of patients takes seconds to follow, and from one call to the next hardly
anything changes. What was worked out is kept in a file of the user's own. It is used for a patient
as long as the log of the store goes on from where it was, has nothing new of the patient, the day
brings nothing new, and neither the definitions nor this program have changed. Otherwise the
patient is followed again. The file may be removed at any time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import cytomon
from cytomon.courses import TOGETHER, Day, follow_all, undisturbed
from cytomon.own_files import own_folder, write_own
from cytomon.store.address import Address
from cytomon.store.open import opened
from cytomon.store.timelines import Span
from cytomon.store.touched import Head, goes_on_from, head, patients_since
from cytomon.track.digest import Digest, digest_of, packed, unpacked

_PARTS = ("track", "model", "store", "courses.py", "remembered.py")
"""Whose code decides what is said."""

Report = Callable[[int], None]
"""Told how many patients have to be followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Memory:
    """What was worked out, on which day, and how far the log was."""

    head: Head
    said: Mapping[str, tuple[date, Digest]] = field(default_factory=dict)

    def of(self, patient_id: str, as_of: date) -> Digest | None:
        """What can be said of a patient on a day without following."""
        on, digest = self.said.get(patient_id, (date.max, None))
        if digest is None or not on <= as_of < digest.good_until:
            return None
        return digest


_NOTHING = _Memory(head=Head(number=0, hash=""))


def follow_digests(
    address: Address, who: str, day: Day, *, workers: int, report: Report | None = None
) -> list[Digest]:
    """Follow every patient of a store, as far as anything has changed since the last time.

    Parameters
    ----------
    address : Address
        Of the store.
    who : str
        Name of the person who reads.
    day : Day
        The day and the definitions.
    workers : int
        Processes.
    report : callable, optional
        Told how many patients have to be followed.

    Returns
    -------
    list of Digest
        Of all patients, by their pseudonyms; the same as without a memory.
    """
    with undisturbed():
        return _follow(address, who, day, workers=workers, report=report)


def _follow(
    address: Address, who: str, day: Day, *, workers: int, report: Report | None
) -> list[Digest]:
    path = _path(address, day)
    memory = _recall(path) if path else _NOTHING
    with opened(address, who=who) as store, store.reading() as connection:
        now = head(connection)
        if not goes_on_from(connection, memory.head):
            memory = _NOTHING
        everybody = patients_since(connection, memory.head)
    digests: dict[str, Digest] = {}
    wanted = []
    for patient_id, (number, touched) in everybody.items():
        known = None if touched else memory.of(patient_id, day.as_of)
        if known is None:
            wanted.append(number)
        else:
            digests[patient_id] = known
    if wanted and report is not None:
        report(len(wanted))
    dates = {patient_id: memory.said[patient_id][0] for patient_id in digests}
    pieces = _spans(sorted(wanted))
    for one in follow_all(address, who, day, digest_of, workers=workers, pieces=pieces):
        digests[one.patient_id], dates[one.patient_id] = one, day.as_of
    if wanted and path:
        _remember(path, now, digests, dates)
    return [digests[patient_id] for patient_id in sorted(digests)]


def _spans(numbers: Sequence[int]) -> list[Span]:
    """Patients side by side are read together."""
    pieces: list[Span] = []
    for number in numbers:
        last = pieces[-1] if pieces else None
        if last and number == last.last + 1 and number - last.first < TOGETHER:
            pieces[-1] = replace(last, last=number)
        else:
            pieces.append(Span(first=number, last=number))
    return pieces


def _path(address: Address, day: Day) -> Path | None:
    """The file of a store, for these definitions and this program; None where none is wanted."""
    folder = own_folder()
    if folder is None:
        return None
    named = (address.named, day.profile.model_dump_json(), cytomon.__version__, _code())
    name = sha256("\x1f".join(named).encode()).hexdigest()[:32]
    return folder / f"{name}.json"


def _code() -> str:
    """Hash of the code that decides what is said."""
    root = Path(__file__).parent
    named = (root / part for part in _PARTS)
    files = sorted(one for part in named for one in _files(part))
    return sha256(b"".join(one.read_bytes() for one in files)).hexdigest()


def _files(part: Path) -> Iterable[Path]:
    return part.rglob("*.py") if part.is_dir() else (part,)


def _recall(path: Path) -> _Memory:
    """What is in the file; nothing where it is not there, or is not what was written."""
    try:
        digest, _, text = path.read_text(encoding="utf-8").partition("\n")
        if digest != _hash(text):
            return _NOTHING
        said = json.loads(text)
        digests = ((date.fromisoformat(on), unpacked(cells)) for on, cells in said["patients"])
        return _Memory(
            head=Head(number=said["number"], hash=said["hash"]),
            said={digest.patient_id: (on, digest) for on, digest in digests},
        )
    except (OSError, ValueError, KeyError, TypeError):
        return _NOTHING


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _remember(
    path: Path, now: Head, digests: Mapping[str, Digest], dates: Mapping[str, date]
) -> None:
    """Keep it for the next time, readable by the user alone; where that fails nothing is lost."""
    patients = [[dates[key].isoformat(), packed(digest)] for key, digest in digests.items()]
    text = json.dumps({"number": now.number, "hash": now.hash, "patients": patients})
    write_own(path, f"{_hash(text)}\n{text}")
