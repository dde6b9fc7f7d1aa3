"""Which tubes of a plan are to be measured now: whole, listed, and no copy of another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cytomon.document import kept_path, unseal
from cytomon.fcs.intake import split_dataset
from cytomon.folders import identity
from cytomon.inputs import Job
from cytomon.watch.arrivals import Ready


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is to be measured, and what not.

    Attributes
    ----------
    files : mapping of Job to Ready
        The tubes to measure, in the order of the results, each with its file.
    unlisted : tuple of str
        Files that no usable row of the worklist names; they wait for theirs.
    copies : mapping of str to str
        Tube to the one of the same bytes that stands for it.
    """

    files: Mapping[Job, Ready]
    unlisted: tuple[str, ...]
    copies: Mapping[str, str]


def choose(jobs: Sequence[Job], ready: Sequence[Ready], out: Path, *, listed: bool) -> Choice:
    """Choose among the tubes of a plan.

    Parameters
    ----------
    jobs : sequence of Job
        All tubes of the folder, in the order of the results.
    ready : sequence of Ready
        Files that may be measured.
    out : Path
        Folder of the results: of equal tubes the one that was measured before stands.
    listed : bool
        Whether there is a worklist, and a tube needs a row of it.

    Returns
    -------
    Choice

    Notes
    -----
    Equal bytes under two rows of the worklist that differ in the specimen, the template or the
    washing are no copy: one of the rows may be wrong, or a tube is asked two things. Both are
    measured, and both get the finding ``SAME_BYTES``.
    """
    where = {identity(str(one.path))[0]: one for one in ready}
    files: dict[Job, Ready] = {}
    for job in jobs:
        one = where.get(identity(job.path)[0])
        if one is not None and (job.specimen is not None or not listed):
            files[job] = one
    named = {one.file for one in files.values()}
    copies = dict(_copies(files, out))
    return Choice(
        files={job: one for job, one in files.items() if job.file not in copies},
        unlisted=tuple(one.file for one in ready if one.file not in named),
        copies=copies,
    )


def replaced(files: Mapping[Job, Ready], new: Iterable[Job], out: Path) -> Iterator[str]:
    """Tubes that were measured with other bytes before."""
    for job in new:
        earlier = unseal(kept_path(out, job.file))
        if earlier is not None and earlier.sha256 not in {"", files[job].sha256}:
            yield job.file


def _copies(files: Mapping[Job, Ready], out: Path) -> Iterator[tuple[str, str]]:
    first: dict[tuple[object, ...], Job] = {}
    usable = (job for job in files if job.refused is None)
    for job in sorted(usable, key=lambda job: not kept_path(out, job.file).exists()):
        other = first.setdefault((files[job].sha256, *_whose(job)), job)
        if other is not job:
            yield job.file, other.file


def _whose(job: Job) -> tuple[object, ...]:
    """What else has to be equal: the data set, and what the row says."""
    what = split_dataset(job.path)[1], job.template, job.washed
    if job.specimen is None:
        return what
    whose = job.specimen
    return (*what, whose.patient_id, whose.specimen_id, whose.collected_on, whose.specimen_type)
