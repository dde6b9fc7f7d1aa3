"""A tube in which everything that can hold text holds an identifier, but the names of channels."""

from __future__ import annotations

import numpy as np

from tests.fcs.builders import make_fcs, sample_events, text_segment

_STANDARD = """
$ABRT $BTIM $CARRIERID $CARRIERTYPE $CELLS $COM $CSMODE $CSVBITS $CYT $CYTSN $DATE $ETIM $EXP $FIL
$FLOWRATE $GATE $GATING $INST $LAST_MODIFIED $LAST_MODIFIER $LOCATIONID $LOST $OP $ORIGINALITY
$PLATEID $PLATENAME $PROJ $SMNO $SRC $SYS $TIMESTEP $TR $UNICODE $UNSTAINEDCENTERS $UNSTAINEDINFO
$VOL $WELLID $BEGINDATETIME $ENDDATETIME $SPILLOVER $SPILL $COMP SPILL COMP $PK1 $PKN1 $R1I $R1W
$G1N $G1S $CSV1FLAG $P1V $P2V $P1D $P1F $P1L $P1O $P1P $P1T $P1CALIBRATION $P1DET $P1TAG $P1TYPE
$P1ANALYTE $P1FEATURE
"""
STANDARD = tuple(_STANDARD.split())
VENDORS = (
    "CREATOR", "GUID", "TUBE NAME", "EXPORT USER NAME", "SAMPLE ID", "@Y2KDATE", "BD$WORD0", "P1BS",
)  # fmt: skip
NAMES = ("FSC-A", "SSC-A", "FITC-A", "PE-A")
STAINS = ("", "", "CD19 FITC", "CD10 PE")

_SYLLABLES = ("ba", "ko", "mi", "nu", "re", "sa", "ti", "vo", "wy", "zü")


def word(n: int) -> str:
    """A name that nobody has, another one for each number."""
    digits = f"{n:03d}"
    return "Q" + "".join(_SYLLABLES[int(digit)] for digit in digits) + "x"


def value(n: int) -> str:
    """What a keyword may hold: a name, and the number of a person."""
    return f"{word(n)}, 77{n:05d}"


def planted_tube(
    *, events: np.ndarray | None = None, offset: int = 0
) -> tuple[bytes, tuple[str, ...]]:
    """A file, and every word of it that must not be in a copy."""
    keywords = dict.fromkeys([*STANDARD, *VENDORS], "")
    given = {name: value(offset + n) for n, name in enumerate(keywords)}
    more = offset + len(given)
    for n, stain in enumerate(STAINS, start=1):
        if stain:
            given[f"$P{n}S"] = stain
    given[f"KEYWORD OF {value(more)}"] = value(more + 1)
    supplement = text_segment({"$COM2": value(more + 2), value(more + 3): value(more + 4)})
    wide = value(more + 5).encode("utf-16-le") + value(more + 6).encode("utf-16-be")
    tail = value(more + 7).encode() + value(more + 8).encode("latin-1") + wide
    content = make_fcs(
        sample_events() if events is None else events,
        keywords=given,
        supplement=supplement,
        tail=tail,
    )
    words = [part for n in range(offset, more + 9) for part in (word(n), f"77{n:05d}")]
    return content, tuple(words)


def found(content: bytes, words: tuple[str, ...]) -> list[str]:
    """Words that are in the bytes, in any usual encoding and in any letter case."""
    folded = content.lower()
    return [
        one
        for one in words
        if any(
            spelled.encode(encoding).lower() in folded
            for spelled in (one, one.lower(), one.upper())
            for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be")
        )
    ]
