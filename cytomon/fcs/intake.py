"""A file becomes a Tube, or is refused with the reason."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from cytomon.errors import FcsError
from cytomon.fcs.channels import read_channels
from cytomon.fcs.extent import layout, locate_events, read_datatype
from cytomon.fcs.numerals import number
from cytomon.fcs.segments import RawDataset, read_datasets
from cytomon.fcs.spillover import read_spillover
from cytomon.fcs.unchanged import refuse_changed
from cytomon.fcs.verdicts import caution, note, refusal, shown
from cytomon.model.findings import Finding
from cytomon.model.tube import Role, Tube

_CHUNK: Final = 2**20
_NUMBERED: Final = re.compile(r"(.+)#([1-9][0-9]{0,3})", re.DOTALL)


def split_dataset(text: str) -> tuple[str, int | None]:
    """Split ``file.fcs#2`` into the file and the number of its data set.

    Examples
    --------
    >>> split_dataset("marrow.lmd#2"), split_dataset("marrow.fcs"), split_dataset("a#b.fcs")
    (('marrow.lmd', 2), ('marrow.fcs', None), ('a#b.fcs', None))
    """
    match = _NUMBERED.fullmatch(text)
    return (match[1], int(match[2])) if match else (text, None)


def open_tube(path: Path, *, dataset: int | None = None) -> Tube:
    """Check an FCS file and describe it; its events stay on disk.

    Parameters
    ----------
    path : Path
        The file; its extension does not matter.
    dataset : int, optional
        Number of the data set, from 1. Without it the file must hold one data set, or be a
        Beckman Coulter pair (the same events once as FCS 2.0 integers and once as FCS 3), of which
        the second has the higher resolution.

    Returns
    -------
    Tube
        With the findings of the reading.

    Raises
    ------
    FcsError
        If the file cannot be read without guessing, has no such data set, or holds several and
        none was named.
    """
    with _opened(path) as (handle, facts):
        datasets = read_datasets(handle, facts.st_size, name=path.name)
        number_, findings = _choose(datasets, dataset, path.name)
        sha256 = _sha256(handle, facts, path.name)
    return _tube(path, facts, sha256, datasets, number_, findings)


def open_datasets(path: Path) -> tuple[Tube, ...]:
    """Open every data set of a file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    tuple of Tube
        In file order, at least one.

    Raises
    ------
    FcsError
        If one of the data sets cannot be read without guessing.
    """
    with _opened(path) as (handle, facts):
        datasets = read_datasets(handle, facts.st_size, name=path.name)
        sha256 = _sha256(handle, facts, path.name)
    numbers = range(1, len(datasets) + 1)
    return tuple(_tube(path, facts, sha256, datasets, n, ()) for n in numbers)


def numbers_to_name(path: Path) -> tuple[int, ...]:
    """Numbers of the data sets that must be named one by one: nothing for the usual file.

    A file that cannot be read needs no number either; opening it says why.
    """
    try:
        with _opened(path) as (handle, facts):
            datasets = read_datasets(handle, facts.st_size, name=path.name)
    except FcsError:
        return ()
    alone = len(datasets) == 1 or _is_pair(datasets)
    return () if alone else tuple(range(1, len(datasets) + 1))


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, os.stat_result]]:
    """Open a regular file; a pipe or a device would wait for ever."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            kind = "a folder" if stat.S_ISDIR(facts.st_mode) else "not a regular file"
            msg = f"this is {kind}, not an FCS file"
            raise refusal(msg, path.name, fix="name the FCS file itself")
        with path.open("rb") as handle:
            yield handle, os.fstat(handle.fileno())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        msg = f"the file cannot be read: {reason or 'the path is not usable'}"
        fix = "check the path, and that you may read the file"
        raise refusal(msg, path.name, fix=fix) from error


def _sha256(handle: BinaryIO, facts: os.stat_result, name: str) -> str:
    """Hash of a file, which must not have changed since it was opened."""
    digest = hashlib.sha256()
    handle.seek(0)
    while chunk := handle.read(_CHUNK):
        digest.update(chunk)
    refuse_changed(handle.fileno(), facts.st_size, facts.st_mtime_ns, name)
    return digest.hexdigest()


def _choose(
    datasets: tuple[RawDataset, ...], wanted: int | None, name: str
) -> tuple[int, tuple[Finding, ...]]:
    count = len(datasets)
    if wanted is not None and not 1 <= wanted <= count:
        msg = f"the file holds {count} data sets; there is no number {wanted}"
        raise refusal(msg, f"{name}#{wanted}", fix=f"name one from 1 to {count}")
    if wanted is not None or count == 1:
        return wanted or 1, ()
    if _is_pair(datasets):
        what = "the file holds the same events twice; the second data set, of FCS 3, is used"
        return 2, (note("FCS_DATASETS", what, name, fix=f"name {name}#1 for the first one"),)
    listed = ", ".join(
        f"{name}#{n} ({dataset.version}, $TOT {shown(dataset.keywords.get('$TOT', ''))})"
        for n, dataset in enumerate(datasets[:5], start=1)
    )
    msg = f"the file holds {count} data sets: {listed}{', ...' if count > 5 else ''}"
    raise refusal(msg, name, fix=f"name one of them, as in {name}#{count}")


def _is_pair(datasets: tuple[RawDataset, ...]) -> bool:
    if len(datasets) != 2:
        return False
    first, second = datasets
    totals = [dataset.keywords.get("$TOT", "").strip() for dataset in datasets]
    return (
        first.version == "FCS2.0"
        and first.keywords.get("$DATATYPE", "").strip().upper() == "I"
        and second.version.startswith("FCS3")
        and bool(totals[0])
        and totals[0] == totals[1]
    )


def _tube(
    path: Path,
    facts: os.stat_result,
    sha256: str,
    datasets: tuple[RawDataset, ...],
    number_: int,
    findings: tuple[Finding, ...],
) -> Tube:
    raw = datasets[number_ - 1]
    where = path.name if len(datasets) == 1 else f"{path.name}#{number_}"
    datatype, _ = read_datatype(raw, where=where)
    channels, about_channels = read_channels(raw.keywords, datatype, where=where)
    begin, n_events, about_data = locate_events(raw, channels, where=where)
    spillover, about_spillover = read_spillover(raw.keywords, channels, where=where)
    has_clock = any(channel.role is Role.TIME for channel in channels)
    clock = _about_clock(raw.keywords.get("$TIMESTEP", ""), where) if has_clock else ()
    return Tube(
        path=path,
        dataset=number_,
        n_datasets=len(datasets),
        sha256=sha256,
        version=raw.version,
        n_events=n_events,
        channels=channels,
        spillover=spillover,
        keywords=dict(raw.keywords),
        layout=layout(raw, channels, begin, facts, where=where),
        findings=(*findings, *raw.findings, *about_channels, *about_data, *clock, *about_spillover),
    )


def _about_clock(text: str, where: str) -> tuple[Finding, ...]:
    if not text.strip() or (number(text) or 0) > 0:
        return ()
    what = f"$TIMESTEP is {shown(text)}; time stays in steps of unknown length"
    fix = "read times as order only; the duration of the acquisition is not known"
    return (caution("FCS_TIMESTEP_UNREADABLE", what, f"{where}: $TIMESTEP", fix=fix),)
