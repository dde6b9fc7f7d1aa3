"""Changes that leave a file mostly whole: a byte at a time, hardly any XML or YAML stays readable.

Half of the time libFuzzer's own mutations run. The other half, pieces between the signs that
structure a format are left out, doubled, swapped, moved, or replaced by words of the format.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Mutator = Callable[[bytes, int, int], bytes]

NUMBERS = (
    b"0", b"-1", b"1", b"2", b"1e308", b"-1e308", b"1e-320", b"nan", b"inf", b"4294967296",
    b"999999999999", b"0.5", b"-0", b"1_0", b"\xd9\xa1", b"0x10", b"9" * 40,
)  # fmt: skip
_XML = re.compile(rb"<[^<>]*>|[^<>]+")
_ATTRIBUTE = re.compile(rb'([\w:-]+)="([^"]*)"')
_LINES = re.compile(rb"[^\n]*\n|[^\n]+$")
_CELLS = re.compile(rb"[^,\n]+|[,\n]")
_WORDS = re.compile(rb"[A-Za-z_0-9.$#+-]+|[^A-Za-z_0-9.$#+-]")
_KEYWORDS = re.compile(rb"[^/|\x0c]+|[/|\x0c]")
_TOKENS: dict[str, tuple[re.Pattern[bytes], ...]] = {
    "fcs": (_KEYWORDS,), "text": (_KEYWORDS,),
    "gatingml": (_XML, _WORDS), "flowjo": (_XML, _WORDS), "template": (_LINES, _WORDS),
    "reference": (_LINES, _WORDS), "profile": (_LINES, _WORDS), "worklist": (_LINES, _CELLS),
    "patients": (_LINES, _CELLS), "events": (_LINES, _CELLS), "measurements": (_LINES, _CELLS),
    "mapping": (_LINES, _CELLS), "spillover": (_CELLS, _CELLS), "panel": (_LINES, _WORDS),
}  # fmt: skip


def mutator(name: str) -> Mutator:
    """For an entry point."""
    return lambda data, most, seed: _mutated(name, data, most, random.Random(seed))  # noqa: S311


def _mutated(name: str, data: bytes, most: int, dice: random.Random) -> bytes:
    import atheris

    if not data or dice.random() < 0.5:
        changed: bytes = atheris.Mutate(data, most)
        return changed
    return rearranged(name, data, dice)[:most]


def rearranged(name: str, data: bytes, dice: random.Random) -> bytes:
    """A file with one to three pieces changed, as its format divides it."""
    pieces = dice.choice(_TOKENS[name]).findall(data)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        pieces = _changed(pieces, dice)
    return b"".join(pieces)


def _changed(pieces: list[bytes], dice: random.Random) -> list[bytes]:
    if not pieces:
        return pieces
    at, other = dice.randrange(len(pieces)), dice.randrange(len(pieces))
    length = dice.choice((1, 1, 2, 3, 8))
    match dice.randrange(6):
        case 0:
            return pieces[:at] + pieces[at + length :]
        case 1:
            return (
                pieces[:at]
                + pieces[at : at + length] * dice.choice((2, 2, 3, 20))
                + pieces[at + length :]
            )
        case 2:
            pieces[at], pieces[other] = pieces[other], pieces[at]
        case 3:
            return pieces[:at] + pieces[other : other + length] + pieces[at:]
        case 4:
            pieces[at] = dice.choice(NUMBERS)
        case _:
            found = list(_ATTRIBUTE.finditer(pieces[at]))
            if found:
                one = dice.choice(found)
                value = dice.choice((*NUMBERS, *(pair[2] for pair in found)))
                pieces[at] = pieces[at][: one.start(2)] + value + pieces[at][one.end(2) :]
            else:
                pieces[at] = pieces[other]
    return pieces
