"""The names of markers and dyes, and the many ways in which laboratories spell them."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_NAMES: Final = """
CD1a CD2 CD3 CD4 CD5 CD7 CD8 CD9 CD10 CD11b CD11c CD13 CD14 CD15 CD16 CD19 CD20 CD21 CD22 CD23
CD24 CD25 CD27 CD33 CD34 CD36 CD38 CD43 CD44 CD45 CD45RA CD45RO CD56 CD57 CD58 CD64 CD65 CD66b
CD66c CD71 CD73 CD79b CD81 CD86 CD99 CD103 CD117 CD123 CD133 CD138 CD200 CD235a CD300a CD304
CD371 CD66c+CD123 CD33+CD14 CD13+CD33 CD16+CD56 CD73+CD304 cyCD3 cyCD22 cyCD79a cyIgM cyMPO
CAR CRLF2 HLA-DR IgM Ki-67 NG2 TCRab TCRgd TdT kappa lambda Nuclear Viability
"""
MARKERS: Final = tuple(_NAMES.split())

_SPELLINGS: Final = {
    "cyCD79a": ("CD79a", "CD79"),  # the diagnostic clones bind the part inside the cell
    "CD3": ("CD3e",),
    "CD8": ("CD8a",),
    "kappa": ("κ", "Ig kappa", "s kappa", "sm Ig kappa", "anti kappa"),
    "lambda": ("λ", "Ig lambda", "s lambda", "sm Ig lambda", "anti lambda"),
    "IgM": ("sIgM", "smIgM"),
    "CAR": ("CAR-T", "CAR19", "CAR22", "CD19 CAR", "CD22 CAR", "anti-CAR"),
    "CRLF2": ("TSLPR",),
    "cyMPO": ("MPO", "cy MPO"),
    "NG2": ("7.1",),
    "CD235a": ("GPA", "Glycophorin A"),
    "TCRab": ("TCR alpha/beta", "TCRαβ"),
    "TCRgd": ("TCR gamma/delta", "TCRγδ"),
    "Nuclear": ("DRAQ5", "Nuclear dye", "DyeCycle Violet", "Hoechst 33342"),
    "Viability": (
        "Viability dye", "Viab", "LIVE/DEAD", "L/D", "7-AAD", "DRAQ7", "Zombie", "Ghost Dye",
        "Fixable Viability Stain", "Fixable Viability Dye", "FVS", "FVD", "SYTOX",
    ),
}  # fmt: skip
_DYES: Final = (
    (re.compile(r"syt?o?[0-9]{2}"), "Nuclear"),
    (re.compile(r"(fvs|fvd)[0-9]{3}|zombie[a-z]{2,7}|sytox[a-z]{2,9}"), "Viability"),
)
_FLUOROCHROME: Final = re.compile(
    r"(fitc|rpe|r?pe|ecd|percp|apc|pc[57]|pc55|pb|po|kro|kromeorange|amcyan|(pacific|pac)"
    r"(blue|orange|green)|(alexafluor|alexa|af|a)[0-9]{3}|(b[vb]|buv|qdot|qd|r[bfy]|efluor|ef|v|r"
    r"|nfr|cf|dy|dylight|spark(plus)?(nir|blue|violet|yg|red|uv|[bvry])?|vio|cyan"
    r"|(star|starbright|sb)(blue|violet|ultraviolet|uv|yellow|red|[bvyr])?)[0-9]{3}c?"
    r"|v(450|500c?)|vio(blue|green)|cy[357]"
    r"|cy55|texasred|txred|tr|dazzle[0-9]{3}|fire[0-9]{3}|h7|r700|gfp|yfp|cfp|rfp|mcherry|yg|tandem)+"
)
_DETECTOR: Final = re.compile(
    r"(fl|ch|bl|vl|rl|yl|ul|uv|yg|[bvrygu])[0-9]{1,2}(inta?|peak|height|area|width|lin|log|[ahw])*"
)
_DETECTOR_PULSE: Final = re.compile(r"[-_ ](a|h|w|area|height|width)$", re.IGNORECASE)
_NOTHING: Final = frozenset(
    {"", "empty", "blank", "none", "na", "nil", "unused", "unstained", "af"}
)
_CONTROL: Final = re.compile(
    r"(fmo|isotype?|iso|controls?|ctrls?|ctl|dump|negative|neg|unstained|blank)+[0-9]{0,2}"
)
_WORD: Final = re.compile(r"[^\W_]+")
_APART: Final = re.compile(r"(?:(?<=\bcd)[ ]|(?<=[a-z])[_-])(?=[0-9])", re.IGNORECASE)
_LONGEST_STAIN: Final = 200
_LONGEST_DYE: Final = 40  # a name of dyes can be split in many ways: the time doubles with each
_NAMED_LIKENESS: Final = 0.6
_PRINTED_LIKENESS: Final = 0.85
_SHORTEST_LIKENESS: Final = 5
_INSIDE: Final = frozenset({"cy", "cyto", "ic", "intra", "intracellular"})
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣－", "-"))


def parse_stain(text: str) -> tuple[str, str] | None:
    """Read "MARKER FLUOROCHROME" as ``$PnS`` usually gives it.

    Letter case, spaces, dashes and the order within a combination do not matter. A nuclear dye is
    the marker ``Nuclear``, a dye for dead cells ``Viability``, each with the dye in the place of
    the fluorochrome. ``DAPI`` may be either and is not guessed; a mapping says which. A control,
    such as ``CD19 FMO``, holds no antibody against its marker and is none.

    Parameters
    ----------
    text : str
        ``$PnS`` or ``$PnN``.

    Returns
    -------
    tuple of str and str, or None
        Canonical marker and fluorochrome (empty where none is named); None where the text names no
        marker that is known, more than one without being a known combination, or is longer than 200
        letters.

    Examples
    --------
    >>> parse_stain("CD66c/CD123 PE"), parse_stain("cd 19"), parse_stain("CD20 FITC-A")
    (('CD66c+CD123', 'PE'), ('CD19', ''), ('CD20', 'FITC'))
    >>> parse_stain("SYTO-41"), parse_stain("FITC-A"), parse_stain("CD3+CD19 PE")
    (('Nuclear', 'SYTO-41'), None, None)
    """
    if len(text) > _LONGEST_STAIN or names_control(text):
        return None
    text = " ".join(unicodedata.normalize("NFKC", text).translate(_DASHES).split())
    text = _DETECTOR_PULSE.sub("", text.rpartition("::")[2].strip())
    for end in reversed(_boundaries(text)):
        marker = _marker(text[:end])
        if marker:
            return _with_fluorochrome(marker, text, text[end:])
    for begin in _boundaries(text)[:-1]:
        marker = _marker(text[begin:])
        if marker and is_fluorochrome(text[:begin]):
            return marker, text[:begin].strip(" -_/")
    return None


def is_marker(text: str) -> bool:
    """Whether the text names one marker that is known, or one of its dyes, and nothing else.

    Examples
    --------
    >>> is_marker("CD66c/CD123"), is_marker("Syto 41"), is_marker("CD19 PE")
    (True, True, False)
    """
    return _marker(text) is not None


def is_fluorochrome(text: str) -> bool:
    """Whether the text names a fluorochrome or a detector and nothing else.

    Examples
    --------
    >>> is_fluorochrome("PE-Cy7-A"), is_fluorochrome("FL1-Height"), is_fluorochrome("CD19")
    (True, True, False)
    """
    key = _key(_DETECTOR_PULSE.sub("", text.strip().translate(_DASHES)))
    if len(key) > _LONGEST_DYE:
        return False
    return bool(_FLUOROCHROME.fullmatch(key) or _DETECTOR.fullmatch(key))


def says_nothing(text: str) -> bool:
    """Whether a stain's text means that the detector is empty.

    Examples
    --------
    >>> says_nothing(" - "), says_nothing("Empty"), says_nothing("CD19")
    (True, True, False)
    """
    return _key(text) in _NOTHING


def names_control(text: str) -> bool:
    """Whether one of the words says that the stain is a control and not the antibody.

    Examples
    --------
    >>> names_control("CD19_FMO PE"), names_control("Iso Ctrl"), names_control("CD19 PE")
    (True, True, False)
    """
    return len(text) <= _LONGEST_STAIN and any(map(_CONTROL.fullmatch, _words(text)))


def looks_like_stain(text: str) -> bool:
    """Whether a text is a stain with a marker that may be misspelled, and with nothing else.

    Every word must be one that stains are made of, and at least one must be like a marker's.

    Examples
    --------
    >>> looks_like_stain("CD 19 PE"), looks_like_stain("Lamda FITC"), looks_like_stain("PE FMO")
    (True, True, True)
    >>> looks_like_stain("Jane Doe"), looks_like_stain("Doe19 FITC"), looks_like_stain("12345678")
    (False, False, False)
    """
    if len(text) > _LONGEST_STAIN:
        return False
    if _is_like_known(_key(text)):
        return True
    words = list(_words(_APART.sub("", text.translate(_DASHES))))
    like = [word in _ALIASES or _is_like_known(word) for word in words]
    others = [word for word, is_like in zip(words, like, strict=True) if not is_like]
    control = any(_CONTROL.fullmatch(word) for word in words)
    return (any(like) or control) and all(
        _CONTROL.fullmatch(word) or is_fluorochrome(word) or len(word) == 1 for word in others
    )


def without_fluorochrome(text: str) -> str:
    """Leave the part of a stain that should name its marker.

    Examples
    --------
    >>> without_fluorochrome("CD91 PE-Cy7"), without_fluorochrome("CD91"), without_fluorochrome("")
    ('CD91', 'CD91', '')
    """
    if len(text) > _LONGEST_STAIN:
        return text
    ends = (end for end in _boundaries(text)[:-1] if is_fluorochrome(text[end:].strip(" -_/")))
    return text[: next(ends, len(text))].strip(" -_/") or text


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Find the names that look most like the given one, at most three.

    Names of the same letters and digits in another order come first: ``CD91`` is more often a slip
    for ``CD19`` than for ``CD9``.

    Examples
    --------
    >>> nearest("CD91", ["CD9", "CD19"])
    ('CD19', 'CD9')
    >>> nearest("CD119", ["CD19", "CD3", "CD117"])
    ('CD19', 'CD117')
    >>> nearest("Frankenstein", ["CD19"])
    ()
    """
    key = _key(name)
    ranks = {}
    if len(key) > _LONGEST_STAIN:
        return ()
    for candidate in known:
        other = _key(candidate)
        likeness = difflib.SequenceMatcher(None, other, key).ratio()
        shuffled = sorted(other) == sorted(key)
        if shuffled or likeness >= _NAMED_LIKENESS:
            ranks[candidate] = (not shuffled, -likeness)
    return tuple(sorted(ranks, key=ranks.__getitem__)[:3])


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _is_like_known(key: str) -> bool:
    # a name beside a long alias must not ride on its likeness
    known = [
        alias
        for alias in _ALIASES
        if len(alias) >= _SHORTEST_LIKENESS and abs(len(alias) - len(key)) <= 1
    ]
    return bool(difflib.get_close_matches(key, known, n=1, cutoff=_PRINTED_LIKENESS))


def _key(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _boundaries(text: str) -> list[int]:
    """Places where a word may end."""
    inner = [i for i in range(1, len(text)) if not text[i].isalnum() or not text[i - 1].isalnum()]
    return [*inner, len(text)] if text else []


def _marker(text: str) -> str | None:
    key = _key(text)
    if key in _ALIASES:
        return _ALIASES[key]
    return next((marker for pattern, marker in _DYES if pattern.fullmatch(key)), None)


def _with_fluorochrome(marker: str, text: str, rest: str) -> tuple[str, str] | None:
    if rest.startswith(("+", "&", ",")) and rest.strip("+ "):
        return None
    fluorochrome = rest.strip(" -_/:;,+")
    if fluorochrome.casefold() in _INSIDE:
        return None
    if marker in {"Nuclear", "Viability"}:
        named = _key(text).startswith(("viab", "nuclear"))
        return marker, fluorochrome.removeprefix("dye ") if named else text.strip()
    others = (_marker(word) for word in re.split(r"[\s/+&,;_-]+", fluorochrome) if word)
    return None if any(others) else (marker, fluorochrome)


def _aliases() -> dict[str, str]:
    found = {_key(marker): marker for marker in MARKERS}
    for marker, spellings in _SPELLINGS.items():
        found |= {_key(spelling): marker for spelling in spellings}
    for marker in MARKERS:
        if "+" in marker:
            first, second = marker.split("+")
            found |= dict.fromkeys(_combined(first, second), marker)
        if marker.startswith("cy"):
            antigen = marker[2:]
            prefixed = [
                prefix + _key(antigen) for prefix in ("c", "i", "ic", "cyt", "cyto", "intra")
            ]
            suffixed = [_key(antigen) + suffix for suffix in ("cy", "ic", "cyto", "intra")]
            found |= dict.fromkeys([*prefixed, *suffixed], marker)
    return found


def _combined(first: str, second: str) -> list[str]:
    one, other = _key(first), _key(second)
    short, short_other = one.removeprefix("cd"), other.removeprefix("cd")
    return [one + other, other + one, one + short_other, other + short]


_ALIASES: Final = _aliases()
