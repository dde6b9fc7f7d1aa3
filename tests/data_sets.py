"""A file of several data sets."""

from __future__ import annotations

import struct
from pathlib import Path


def two_data_sets(path: Path) -> None:
    """Write a file of two small data sets of the same kind, chained by $NEXTDATA."""
    text = "/$TOT/1/$PAR/1/$DATATYPE/F/$MODE/L/$BYTEORD/1,2,3,4/$P1N/A/$P1B/32/$P1R/1024/$P1E/0,0"
    text += "/$BEGINDATA/256/$ENDDATA/259/$NEXTDATA/{next}/"
    one = f"FCS3.1    {64:>8}{64 + len(text.format(next=300)) - 1:>8}{256:>8}{259:>8}{0:>8}{0:>8}"
    blocks = []
    for following in (300, "0  "):
        head = one.ljust(64) + text.format(next=following)
        blocks.append(head.encode().ljust(256) + struct.pack("<f", 1.0))
    path.write_bytes(blocks[0].ljust(300) + blocks[1])
