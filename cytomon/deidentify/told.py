"""What is told of a run: to whoever gets the copies in removed.csv, to their owner in a key."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from cytomon.deidentify.lists import Moved, Named, patient_of, specimen_of
from cytomon.deidentify.secret import Secret
from cytomon.errors import InputError
from cytomon.fcs.deidentify import Copy
from cytomon.tables import Row, meant, whole, write_table

REPORT: Final = "removed.csv"
REPORT_COLUMNS: Final = ("file", "what", "done", "count")
KEY_COLUMNS: Final = ("kind", "original", "copy", "days")

_STANDARD: Final = re.compile(
    r"\$(P[0-9]{1,4}(N|S|B|E|R|G|V|F|L|O|P|T|D|CALIBRATION|DATATYPE|DET|TAG|TYPE|FEATURE|ANALYTE)"
    r"|PK[0-9]{1,4}|PKN[0-9]{1,4}|G[0-9]{1,4}[EFNPRSTV]|R[0-9]{1,4}[IW]|CSV[0-9]{1,4}FLAG"
    r"|(BEGIN|END)(DATA|STEXT|ANALYSIS|DATETIME)|ABRT|BTIM|BYTEORD|CARRIERID|CARRIERTYPE|CELLS|COM"
    r"|COMP|CSMODE|CSVBITS|CYT|CYTSN|DATATYPE|DATE|ETIM|EXP|FIL|FLOWRATE|GATE|GATING|INST"
    r"|LAST_MODIFIED|LAST_MODIFIER|LOCATIONID|LOST|MODE|NEXTDATA|OP|ORIGINALITY|PAR|PLATEID"
    r"|PLATENAME|PROJ|SMNO|SPILLOVER|SRC|SYS|TIMESTEP|TOT|TR|UNICODE|UNSTAINEDCENTERS"
    r"|UNSTAINEDINFO|VOL|WELLID)"
)
"""Keywords of FCS 2.0 to 3.2; the name of any other may itself name a person."""
_OTHERS: Final = "other keywords"
_NUMBERED: Final = re.compile(r"(\$(?:P|G|R|CSV|PKN|PK))[0-9]+")


def tube_rows(name: str, copy: Copy) -> Iterator[Row]:
    """Rows of a tube: what became of its keywords, never what stood in them."""
    done = {"$DATE": "shifted", "$CYT": "pseudonym"}  # else the range of the clock
    removed = [keyword for keyword in copy.removed if keyword not in copy.changed]
    told = [*((keyword, "kept") for keyword in copy.kept)]
    told += [(keyword, done.get(keyword, "rounded up")) for keyword in copy.changed]
    told += [(keyword, "removed") for keyword in removed]
    counts = Counter((_called(keyword), how) for keyword, how in told)
    for (what, how), count in sorted(counts.items()):
        yield row(name, what, how, count)
    yield row(name, "segments other than TEXT and DATA", "not copied")


def list_rows(lists: Mapping[str, Moved]) -> Iterator[Row]:
    """Rows of the lists: columns with cells that were emptied, and rows that were left out."""
    for name, moved in lists.items():
        for column, count in sorted(moved.emptied.items()):
            if count:
                yield row(name, column, "emptied", count)
        if moved.left_out:
            yield row(name, "rows", "left out", moved.left_out)


def row(file: str, what: str, done: str, count: int = 1) -> Row:
    """One row of the report."""
    return {"file": file, "what": what, "done": done, "count": str(count)}


def _called(keyword: str) -> str:
    if keyword in {"SPILL", "SPILLOVER", "COMP", "$SPILL"}:
        return keyword
    return _NUMBERED.sub(r"\1n", keyword) if _STANDARD.fullmatch(keyword) else _OTHERS


def write_key(path: Path, tubes: Sequence[Named], secret: Secret) -> None:
    """Write what is whose, readable by its owner alone; rows of earlier copies stay.

    Raises
    ------
    InputError
        If it cannot be written, or what is there cannot be read.
    """
    rows = [*_earlier(path), *map(_spelled, _key(tubes, secret))]
    every = {tuple(row.values()): row for row in rows}
    with whole(path, mode=0o600) as part:
        write_table(part, [every[cells] for cells in sorted(every)], KEY_COLUMNS)


def _spelled(row: Row) -> Row:
    """A row as it is read again: a name of a file need not be text."""
    return {column: str(row[column]).encode("utf-8", "backslashreplace").decode() for column in row}


def _earlier(path: Path) -> list[Row]:
    """The rows of a key that is there already."""
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            rows = list(csv.DictReader(stream, strict=True))
    except (OSError, csv.Error) as error:
        raise _no_key(path) from error
    if any(set(row) != set(KEY_COLUMNS) or None in row.values() for row in rows):
        raise _no_key(path)
    return [{column: meant(row[column]) for column in KEY_COLUMNS} for row in rows]


def _no_key(path: Path) -> InputError:
    return InputError(
        "the key that is there cannot be read, and its rows would be lost",
        where=path.name,
        fix="name another file with --key",
    )


def _key(tubes: Sequence[Named], secret: Secret) -> list[Row]:
    rows: dict[tuple[str, str], Row] = {}

    def add(kind: str, original: str, copy: str, days: int) -> None:
        if original:
            cells = {"kind": kind, "original": original, "copy": copy, "days": str(days)}
            rows[kind, copy] = cells

    for tube in tubes:
        specimen = tube.job.specimen
        add("tube", tube.job.file, tube.name, tube.days)
        if specimen is not None:
            patient = patient_of(specimen.patient_id, secret)
            add("patient", specimen.patient_id, patient, tube.days)
            add("specimen", specimen.specimen_id, specimen_of(tube.job, secret), tube.days)
    return list(rows.values())
