"""Whether the name of a channel is made of words that names of channels have, and of no others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Final

from cytomon.fcs.markers import (
    is_fluorochrome,
    is_marker,
    looks_like_stain,
    names_control,
    says_nothing,
)

_OTHERS: Final = """
a h w t fsc ssc fs ss fals sals int lin log linear loga logh lina linh peak area height width
tof time hdr ce se v comp compensated ratio event number count laser
doublet doublets singlet singlets red blue violet green yellow uv yg ir pacific
ig igd igg iga ige igm igk igl tcr
ccr4 ccr5 ccr6 ccr7 cxcr3 cxcr4 cxcr5 foxp3 bcl2 pd1 pdl1 pdl2 ctla4 lag3 tim3 tigit icos
gata3 tbet bcma baff zap70 pax5 tslpr gpc3 hlaabc hlaa2 perforin granzyme granzymeb ifng tnfa
il2 il4 il17 il17a il3ra il7ra cd200r1 clec12a cll1 mpo lysozyme lactoferrin siglec fc5 fmc7
annexin annexinv pi dapi hoechst
dye stain viability fixable livedead live dead nuclear beads bead syto sytox zombie draq aqua nir
"""
_WORDS: Final = frozenset(_OTHERS.split())
"""What detectors are called, and antigens that no template asks for."""
_BAND: Final = re.compile(r"[bvgyru][0-9]{3}")
"""A detector by its laser and the middle of its filter, as ``B530``."""
_CLUSTER: Final = re.compile(
    r"(cd|cycd|ccd|scd|smcd)([1-9][0-9]?|[12][0-9]{2}|3[0-6][0-9]|37[01])(?![0-9])[a-z]{0,2}"
)
"""CD1 to CD371: the list of the workshops on human leucocyte antigens is closed."""
_CLUSTERS: Final = re.compile(f"({_CLUSTER.pattern})+")
_NUMBERS: Final = re.compile(
    r"(?<!\w)((?P<laser>[0-9]{3}(?:/[0-9]{3})? ?nm(?![a-z]))"
    r"|(?P<filter>[0-9]{3}/[0-9]{2,3}(?![0-9])|[0-9]{3} ?[lsb]p(?![a-z]))"
    r"|(?P<scatter>[0-9]{3}(?=ssc))"
    r"|(?P<clock>(?<=\()[0-9]{1,3}\.[0-9]{1,3} sec(?=\.?\)))"
    r"|(?P<dye>(?<=stain )[0-9]{3}(?!\w)|(?<=dye )[0-9]{3}(?!\w)))",
    re.IGNORECASE,
)
"""Filters, lasers, and the steps of old clocks: a name has one of each at the most."""
_DEAD_CELLS: Final = re.compile(
    r"(zombie|sytox)(aqua|nir|uv|violet|yellow|green|red|blue|orange|aadvanced)"
)
_NAMED_BY_DEAD_CELLS: Final = ("zombie", "sytox")
_SIGNS: Final = frozenset(" -_/+.,:;&()[]<>|*#%=‐‑‒–—―−")
"""That stand between words; others, as letters in boxes, may themselves say something."""
_MOST_DIGITS: Final = 5
"""Of one name, beside the numbers of clusters, filters and lasers: Hoechst 33342 has as many."""
_WORD: Final = re.compile(r"[^\W_]+")
_MOST_WORDS: Final = 5
"""Of one name: more are tried together in vain."""
_LONGEST: Final = 100
_LONGEST_PRINTED: Final = 40


def is_channel_name(text: str, allowed: Collection[str] = ()) -> bool:
    """Whether every word of a name is one that markers, dyes and detectors are called by.

    Words are taken alone or with their neighbours, so that ``PE-Cy7`` and ``HLA-DR`` are known;
    numbers are not known by themselves. A name with signs that are neither letters nor usual
    between words, or with more digits than dyes and detectors have, is none.

    Parameters
    ----------
    text : str
        ``$PnN``, ``$PnS`` or a name in the spillover matrix.
    allowed : collection of str
        Further words, as `letters` leaves them.

    Examples
    --------
    >>> is_channel_name("CD19 PE-Cy7-A"), is_channel_name("405nm BV710 (710/40) LogH")
    (True, True)
    >>> is_channel_name("CD19 Doe"), is_channel_name("12345678"), is_channel_name("Doe::CD19")
    (False, False, False)
    """
    if len(text) > _LONGEST or not text.isprintable():
        return False
    plain = unicodedata.normalize("NFKC", text)
    if any(not sign.isalnum() and sign not in _SIGNS for sign in plain):
        return False
    if says_nothing(text):
        return True
    kinds = [
        next(kind for kind, found in match.groupdict().items() if found)
        for match in _NUMBERS.finditer(plain)
    ]
    words = [letters(word) for word in _WORD.findall(_NUMBERS.sub(" ", plain))]
    few = len(kinds) == len(set(kinds)) and _has_few_digits(words, allowed)
    return bool(words) and few and _known_together(words, allowed)


def is_printable(text: str) -> bool:
    """Whether a text can be repeated in a finding: it is no person's name or number.

    Examples
    --------
    >>> is_printable("CD91 PE-Cy7"), is_printable("Lamda FITC"), is_printable("Doe19")
    (True, True, False)
    """
    return len(text) <= _LONGEST_PRINTED and (is_channel_name(text) or looks_like_stain(text))


def letters(text: str) -> str:
    """The letters and digits of a word, in small letters, as words are compared.

    Examples
    --------
    >>> letters("HLA-DR")
    'hladr'
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def _known_together(words: list[str], allowed: Collection[str]) -> bool:
    """Whether neighbours can be taken together so that each group is known."""
    reached = {0}
    for end in range(1, len(words) + 1):
        starts = range(max(0, end - _MOST_WORDS), end)
        if any(s in reached and _is_known(words[s:end], allowed) for s in starts):
            reached.add(end)
    return len(words) in reached


def _has_few_digits(words: list[str], allowed: Collection[str]) -> bool:
    others = [word for word in words if word not in allowed and not _CLUSTERS.fullmatch(word)]
    return sum(letter.isdecimal() for word in others for letter in word) <= _MOST_DIGITS


def _is_known(words: list[str], allowed: Collection[str]) -> bool:
    key = "".join(words)
    return (
        key in _WORDS
        or key in allowed
        or (is_marker(key) and not key.startswith(_NAMED_BY_DEAD_CELLS))
        or bool(_DEAD_CELLS.fullmatch(key))
        or is_fluorochrome(key)
        or says_nothing(key)
        or names_control(key)
        or bool(_CLUSTER.fullmatch(key) or _BAND.fullmatch(key))
    )
