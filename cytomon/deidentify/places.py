"""Which tubes are copied, what they are called, and where copies may be written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from cytomon.claim import LOCK
from cytomon.deidentify.secret import Secret
from cytomon.deidentify.told import KEY_COLUMNS, REPORT, REPORT_COLUMNS
from cytomon.errors import InputError
from cytomon.fcs.intake import split_dataset
from cytomon.folders import find_tubes, identity, is_tube
from cytomon.inputs import Job, Lists, collect, read_patients
from cytomon.lists import Refusal
from cytomon.tables import is_table

_MOST_WORDS = 100_000_000

Name = tuple[str, str]
"""An id or a name, and what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be copied, and where to.

    Attributes
    ----------
    inputs : tuple of Path
        FCS or LMD files, or folders of them.
    out : Path
        Folder of the copies: new, empty, or one of copies.
    secret : Secret
        What pseudonyms and days are made with.
    lists : Lists
        Worklist, patients and events.
    figures : Path or None
        Folder with the pictures of a batch.
    allowed : frozenset of str
        Words that channels may be called by beside those that are known.
    key : Path or None
        Where it is written what is whose; nowhere for None.
    """

    inputs: tuple[Path, ...]
    out: Path
    secret: Secret
    lists: Lists = field(default_factory=Lists)
    figures: Path | None = None
    allowed: frozenset[str] = frozenset()
    key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What there is to be copied.

    Attributes
    ----------
    jobs : tuple of Job
        Tubes of the inputs.
    refused : tuple of Refusal
        Rows of the lists that cannot be used.
    elsewhere : int
        Tubes that the worklist names and no input holds.
    others : int
        Files of the inputs that are no tubes.
    patients : tuple of str
        Ids in the list of patients.
    """

    jobs: tuple[Job, ...]
    refused: tuple[Refusal, ...]
    elsewhere: int
    others: int
    patients: tuple[str, ...]

    def ids(self) -> list[Name]:
        """Every id and every name of a file, each once."""
        every = [one for job in self.jobs for one in self.ids_of(job)]
        return list(dict.fromkeys([*every, *((one, "a patient's id") for one in self.patients)]))

    def ids_of(self, job: Job) -> Iterator[Name]:
        """The ids and names of one tube."""
        if job.specimen is not None:
            yield job.specimen.patient_id, "a patient's id"
            yield job.specimen.specimen_id, "a specimen's id"
        file = PurePosixPath(split_dataset(job.file)[0])
        yield file.stem, "the name of a file"
        yield from ((folder, "the name of a folder") for folder in file.parts[:-1])


def find(inputs: Sequence[Path], lists: Lists) -> Found:
    """Find the tubes of the inputs; a tube that only the worklist names is not copied.

    Raises
    ------
    InputError
        If an input does not exist, or a list cannot be read at all.
    """
    asked = {identity(str(path))[0] for path in find_tubes(inputs).values()}
    found = collect(inputs, lists)
    jobs = tuple(job for job in found.jobs if identity(job.path)[0] in asked)
    known = read_patients(lists.patients)[0] if lists.patients else []
    return Found(
        jobs=jobs,
        refused=found.refused,
        elsewhere=len(found.jobs) - len(jobs),
        others=sum(_others(path) for path in inputs if path.is_dir()),
        patients=tuple(row.patient_id for _, row in known),
    )


def refuse_places(inputs: Sequence[Path], out: Path, key: Path | None) -> None:
    """Refuse folders in which originals and copies would lie together.

    Raises
    ------
    InputError
        If one lies within the other, the folder of the copies holds other things, or the key
        would lie among the copies or on a file that is no key.
    """
    here = out.resolve()
    for given in inputs:
        if not given.exists() and split_dataset(str(given))[1] is None:
            raise InputError("there is no such file or folder", where=given.name, fix="check it")
        there = given.resolve()
        if there == here or here in there.parents or there in here.parents:
            raise InputError(
                "originals and copies would lie in one folder",
                where=out.name,
                fix="name another folder with --out, neither in an input nor around one",
            )
    if out.is_dir() and not is_table(out / REPORT, REPORT_COLUMNS) and any(_visible(out)):
        raise InputError(
            "the folder holds other things than copies",
            where=out.name,
            fix="name a new or an empty folder with --out: it is handed over as it is",
        )
    if key is None:
        return
    if key.resolve() == here or here in key.resolve().parents:
        raise InputError(
            "the key would lie among the copies",
            where=key.name,
            fix="name a file elsewhere with --key, where only you can read it",
        )
    if key.exists() and not is_table(key, KEY_COLUMNS):
        raise InputError(
            "there is another file of this name, and it is no key",
            where=key.name,
            fix="name another file with --key",
        )


def read_words(path: Path) -> list[str]:
    """The lines of a file of words, in their order; an empty line is an empty word.

    Raises
    ------
    InputError
        If it cannot be read as UTF-8 text.
    """
    try:
        with path.open("rb") as stream:
            lines = stream.read(_MOST_WORDS).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "the file of words cannot be read as UTF-8 text",
            where=path.name,
            fix="check the path and the encoding; a word stands on each line",
        ) from error
    return [line.strip() for line in lines]


def strangers(out: Path, written: set[str]) -> tuple[str, ...]:
    """Files in the folder of the copies that this run has not written."""
    every = (path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir())
    return tuple(sorted(set(every) - written - {LOCK}))


def pictures_in(folder: Path | None) -> int:
    """How many pictures a folder holds."""
    return sum(1 for _ in folder.rglob("*.png")) if folder else 0


def _visible(out: Path) -> Iterator[Path]:
    return (path for path in out.iterdir() if not path.name.startswith("."))


def _others(folder: Path) -> int:
    return sum(path.is_file() and not is_tube(path) for path in folder.rglob("[!.]*"))
