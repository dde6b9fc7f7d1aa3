"""Tubes whose every keyword but the names of the channels is a planted identifier.

Each keyword has a word of its own, so that a word that is found somewhere says where it came from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from cytomon.fcs.intake import open_tube
from cytomon.fcs.segments import read_datasets
from tests.fcs.builders import text_segment

STEM = "Zqxjvkwy"
"""Begins every planted word, and nothing else in the world."""
NUMBER = "771199884422"
"""Planted where a number belongs: like that of a patient in a hospital."""
BIRTHDAY = "2011-08-19"
"""Planted where a number belongs, too; numbers of an event table never look like this."""

_STRUCTURE = re.compile(
    r"\$(P[0-9]+[BENRS]|P[0-9]+DATATYPE|(BEGIN|END)(DATA|STEXT|ANALYSIS)|BYTEORD|DATATYPE|MODE"
    r"|NEXTDATA|PAR|TOT|SPILLOVER)"
)
_STANDARD = (
    "$ABRT", "$BTIM", "$ETIM", "$DATE", "$BEGINDATETIME", "$ENDDATETIME", "$CARRIERID",
    "$CARRIERTYPE", "$CELLS", "$COM", "$CSMODE", "$CSVBITS", "$CSV1FLAG", "$CYT", "$CYTSN", "$EXP",
    "$FIL", "$FLOWRATE", "$GATE", "$GATING", "$INST", "$LAST_MODIFIED", "$LAST_MODIFIER",
    "$LOCATIONID", "$LOST", "$OP", "$ORIGINALITY", "$PLATEID", "$PLATENAME", "$PROJ", "$R1I",
    "$R1W", "$G1N", "$G1S", "$SMNO", "$SRC", "$SYS", "$TIMESTEP", "$TR", "$UNICODE",
    "$UNSTAINEDCENTERS", "$UNSTAINEDINFO", "$VOL", "$WELLID", "$ANYTHING",
)  # fmt: skip
_OF_A_CHANNEL = (
    "F", "L", "O", "P", "T", "V", "D", "DET", "TAG", "TYPE", "FEATURE", "ANALYTE", "CALIBRATION",
)  # fmt: skip
_VENDORS = (
    "PATIENT ID", "TUBE NAME", "SAMPLE ID", "SPECIMEN NAME", "EXPERIMENT NAME", "EXPORT USER NAME",
    "CREATOR", "USER", "GUID", "WORKLIST ID", "SETTINGS", "PLATE NAME", "CYTNUM", "THRESHOLD",
    "CYTOMETER CONFIG NAME", "CST SETUP DATE", "LASER1NAME", "P1DISPLAY", "P1MS", "AUTOBS",
    "WINDOW EXTENSION", "APPLY COMPENSATION", "@SAMPLEID1", "@SAMPLEID2", "@URL", "@FILENAME",
    "@TUBENAME", "@RUNNUMBER", "FJ_$TIMESTEP", "$WORD OF A VENDOR", "FLOWJO_COMMENT", "RUNID",
)  # fmt: skip


def keywords(n_channels: int) -> dict[str, str]:
    """Every keyword that may be anything, each with a word of its own; one is a word itself."""
    of_channels = (f"$P{n + 1}{end}" for n in range(n_channels) for end in _OF_A_CHANNEL)
    names = [*_STANDARD, *of_channels, *_VENDORS, f"{STEM} KEY"]
    return {name: word(name) for name in names}


def word(keyword: str) -> str:
    """What is planted under a keyword, in two spellings of one name."""
    letters = "".join(letter for letter in keyword if letter.isalnum()).lower()
    return f"{STEM}_{letters} J\u00e4ne {STEM.upper()}-{letters}"


def plant(source: Path, target: Path, changes: Mapping[str, str | None] | None = None) -> Path:
    """Write a tube again with the same events and the same channels, and planted words.

    Parameters
    ----------
    source, target : Path
        Of the tube, and of the one that is written: with further words in a supplemental TEXT, in
        an ANALYSIS and in another segment that the HEADER names.
    changes : mapping of str to str or None, optional
        Keywords that the file cannot do without, and what they are instead; None leaves one out.
    """
    tube = open_tube(source)
    with source.open("rb") as stream:
        (raw,) = read_datasets(stream, source.stat().st_size, name=source.name)
        stream.seek(tube.layout.begin)
        data = stream.read(tube.n_events * tube.layout.row_bytes)
    kept = {key: value for key, value in raw.keywords.items() if _STRUCTURE.fullmatch(key)}
    supplement = text_segment({f"{STEM}_more": word("supplement"), "SAMPLE": word("sample")})
    analysis = text_segment({"GATE1": word("analysis")})
    other = word("other").encode()

    def laid(text: bytes) -> tuple[int, ...]:
        begins = np.cumsum([74, len(text), len(supplement), len(data), len(analysis)]).tolist()
        return tuple(begins)

    def text_of(at: tuple[int, ...]) -> bytes:
        offsets = {
            "$BEGINSTEXT": at[1], "$ENDSTEXT": at[2] - 1, "$BEGINDATA": at[2],
            "$ENDDATA": at[3] - 1, "$BEGINANALYSIS": at[3], "$ENDANALYSIS": at[4] - 1,
        }  # fmt: skip
        pairs = kept | {key: f"{value:012d}" for key, value in offsets.items()}
        return text_segment({**pairs, **keywords(len(tube.channels)), **(changes or {})})

    at = laid(text_of((0,) * 5))
    text = text_of(at)
    ends = (74, at[1] - 1, at[2], at[3] - 1, at[3], at[4] - 1, at[4], at[4] + len(other) - 1)
    header = "FCS3.1    " + "".join(f"{offset:8d}" for offset in ends)
    target.write_bytes(header.encode() + text + supplement + data + analysis + other)
    return target


def unreadable(source: Path, folder: Path) -> Iterator[Path]:
    """Tubes of which one structural keyword each is an identifier: a name, a number, a birthday."""
    words = {"name": word, "number": lambda _: NUMBER, "birthday": lambda _: BIRTHDAY}
    for keyword in (
        "$TOT", "$PAR", "$MODE", "$DATATYPE", "$BYTEORD", "$P3B", "$P3R", "$P3E", "$P3G",
        "$P3DATATYPE", "$NEXTDATA", "$SPILLOVER", "$BEGINDATA", "$BEGINSTEXT",
    ):  # fmt: skip
        for kind, planted in words.items():
            name = f"refused_{keyword.strip('$').lower()}_{kind}.fcs"
            yield plant(source, folder / name, {keyword: planted(keyword)})
    yield _damaged(source, folder / "refused_header.fcs", 10, STEM[:8].encode())
    yield _damaged(source, folder / "refused_version.fcs", 0, STEM[:6].encode())


def _damaged(source: Path, target: Path, at: int, planted: bytes) -> Path:
    content = bytearray(plant(source, target).read_bytes())
    content[at : at + len(planted)] = planted
    target.write_bytes(content)
    return target
