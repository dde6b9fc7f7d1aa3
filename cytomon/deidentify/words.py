"""What must not be left in a copy: ids, names of files, and what stood in removed keywords."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Final, get_args

from cytomon.fcs.acquisition import MONTHS
from cytomon.fcs.names import is_channel_name, letters
from cytomon.fcs.numerals import numbers
from cytomon.fcs.spillover import KEYWORDS as SPILLOVER_KEYWORDS
from cytomon.model.patient import SpecimenType
from cytomon.worklist import EventKind, EventRow, PatientRow, WorklistRow

LEAST_LETTERS: Final = 3
"""Of a word that is looked for: shorter ones stand everywhere by chance."""
LEAST_DIGITS: Final = 5
"""Of a number that is looked for: shorter ones are gains, counts and years."""
LEAST_OF_OTHERS: Final = 7
"""Of a number of one tube that is looked for in the copies of others."""
PHRASE: Final = 6
"""Characters from which a text is found within other words, too."""

_WORD: Final = re.compile(r"[^\W_]+")
_MONTHS: Final = tuple(month.casefold() for month in MONTHS)
_MEASURED: Final = re.compile(r"\$(P[0-9]+[BREGV]|TOT|PAR|TIMESTEP)")
_FRACTION: Final = re.compile(r"(?<![\w.])[0-9]{0,3}\.[0-9]{4,}(?![\w.])")
_MOST_OF_SCALE: Final = 20
_MOST_PARAMETERS: Final = 1000
_OWN: Final = """
begindata enddata beginanalysis endanalysis beginstext endstext nextdata byteord datatype mode tot
par timestep spillover spill comp cyt date fcs3 fcs2 cytometer tube tubes patient specimen figures
fcs csv png pass fail yes no male female removed kept shifted pseudonym keyword done count other
others keywords segments names days data lymphocyte subsets all mrd aieop bfm euroflow cohort
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Words that are looked for. They identify people: never print them.

    Attributes
    ----------
    words : mapping of str to str
        Words that are found where they stand alone, each with what it is ("the patient's id").
    phrases : mapping of str to str
        Texts that are found anywhere, also within other words.
    """

    words: Mapping[str, str] = field(repr=False)
    phrases: Mapping[str, str] = field(repr=False)

    def __or__(self, other: Sought) -> Sought:
        """All words of both."""
        return Sought(
            words={**self.words, **other.words},
            phrases={**self.phrases, **other.phrases},
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is looked for."""
        return not (self.words or self.phrases)

    def for_others(self) -> Sought:
        """Without numbers that the copies of others may hold by chance."""
        return Sought(
            words={
                word: of
                for word, of in self.words.items()
                if not word.isdecimal() or len(word) >= LEAST_OF_OTHERS
            },
            phrases={
                text: of
                for text, of in self.phrases.items()
                if not text.isdecimal() or len(text) >= LEAST_OF_OTHERS
            },
        )


NOTHING: Final = Sought(words={}, phrases={})


def identifiers(texts: Iterable[tuple[str, str]], *, strict: bool = False) -> Sought:
    """What to look for of ids and names: the whole and each of its words.

    Parameters
    ----------
    texts : iterable of (str, str)
        An id or a name, and what it is.
    strict : bool
        Whether the whole is looked for even where it belongs to the field, or is a word that
        cytomon itself writes.
    """
    named = [(text, of) for text, of in texts if text]
    return _sought(one for text, of in named for one in _parts(text, of, _is_own, strict=strict))


def removed_words(
    keywords: Mapping[str, str], removed: Mapping[str, str], allowed: Collection[str]
) -> Sought:
    """What to look for of keywords that stayed behind.

    A word that channels may be called by is none, nor is a number that the copy has under a
    keyword of its layout or scales: both stand in the copy with good reason. Of seven digits and
    more only a power of two, the one before it, the number of events, and a fraction that the
    matrix has to the last digit are none.

    Parameters
    ----------
    keywords, removed : mapping of str to str
        Of the original, and of `cytomon.fcs.deidentify.Copy`.
    allowed : collection of str
        Words that channels may be called by beside those that are known.
    """
    kept = {
        name: value
        for name, value in keywords.items()
        if name not in removed and (_MEASURED.fullmatch(name) or name in SPILLOVER_KEYWORDS)
    }
    fractions = {one for value in kept.values() for one in _FRACTION.findall(value)}
    measured = {
        word
        for name, value in kept.items()
        for word in _WORD.findall(value)
        if len(word) < LEAST_OF_OTHERS or name == "$TOT" or _is_full_scale(word)
    }

    def without_fractions(value: str) -> str:
        return _FRACTION.sub(lambda match: "" if match[0] in fractions else match[0], value)

    def known(word: str) -> bool:
        return word in measured or letters(word) in allowed or _is_own(word)

    found = [
        one
        for name, value in removed.items()
        if numbers(value) is None or value.strip().isdecimal()
        for one in _parts(without_fractions(value), f"what stood in {_shown(name)}", known)
    ]
    return _sought(found)


def spelled(day: date, of: str) -> Sought:
    """A day in its usual spellings."""
    month = _MONTHS[day.month - 1]
    d, m, y = f"{day.day:02d}", f"{day.month:02d}", f"{day.year:04d}"
    forms = (
        f"{y}-{m}-{d}", f"{y}{m}{d}", f"{y}/{m}/{d}", f"{d}.{m}.{y}", f"{d}/{m}/{y}",
        f"{m}/{d}/{y}", f"{d}-{m}-{y}", f"{d}-{month}-{y}", f"{d}-{month}-{y[2:]}",
        f"{y}-{month}-{d}", f"{d}{month}{y}",
    )  # fmt: skip
    return Sought(words={}, phrases=dict.fromkeys(forms, of))


def without(sought: Sought, texts: Iterable[str]) -> Sought:
    """Without texts that stand in the copy with good reason."""
    fine = {plain(text) for text in texts}
    return Sought(
        words=sought.words,
        phrases={text: of for text, of in sought.phrases.items() if text not in fine},
    )


def plain(text: str) -> str:
    """A text as it is compared: letter case and ways of writing accents do not matter."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def alone(text: str) -> set[str]:
    """The words of a text that was made `plain`."""
    return set(_WORD.findall(text))


Part = tuple[str, str, bool]
"""A text, what it is, and whether it is found within other words, too."""


def _parts(
    text: str, of: str, known: Callable[[str], bool], *, strict: bool = False
) -> Iterator[Part]:
    whole = plain(text)
    words = _WORD.findall(whole)
    alone_here = strict and len(words) == 1
    strange = [word for word in words if alone_here or not known(word)]
    yield from ((word, of, False) for word in strange if _is_long(word))
    if (strange or strict) and len(whole) >= PHRASE:
        yield whole, of, True


def _sought(parts: Iterable[Part]) -> Sought:
    words: dict[str, str] = {}
    phrases: dict[str, str] = {}
    for text, of, within in parts:
        (phrases if within else words).setdefault(text, of)
    return Sought(words=words, phrases=phrases)


def _is_full_scale(word: str) -> bool:
    """Whether a word is a power of two, or the number before it."""
    number = int(word) if word.isascii() and word.isdecimal() and len(word) <= _MOST_OF_SCALE else 0
    return number > 0 and (number & (number - 1) == 0 or number & (number + 1) == 0)


def _is_long(word: str) -> bool:
    return len(word) >= (LEAST_DIGITS if word.isdecimal() else LEAST_LETTERS)


def _shown(keyword: str) -> str:
    """The name of a keyword, where it is one of the standard's."""
    return (
        keyword
        if re.fullmatch(r"\$([A-Z_]{2,14}|P[0-9]{1,4}[A-Z]{1,11})", keyword)
        else ("a keyword that is not the standard's")
    )


def _is_own(word: str) -> bool:
    """Whether a word belongs to the field, or to what cytomon itself writes."""
    return word in _own_words() or (not word.isdecimal() and is_channel_name(word))


@cache
def _own_words() -> frozenset[str]:
    columns = [name for row in (WorklistRow, PatientRow, EventRow) for name in row.model_fields]
    values = [*(kind.value for kind in SpecimenType), *get_args(EventKind)]
    parameters = [f"p{n}{letter}" for n in range(1, _MOST_PARAMETERS) for letter in "nsbregv"]
    said = _WORD.findall(" ".join([*columns, *values, _OWN]).replace("_", " ").casefold())
    return frozenset({*said, *_MONTHS, *parameters})
