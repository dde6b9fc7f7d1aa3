"""A TEXT segment becomes keywords (FCS 3.1, clause 3.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from cytomon.fcs.verdicts import caution, note, refusal
from cytomon.model.findings import Finding

# A lone surrogate comes out of neither UTF-8 nor Latin-1, so it can stand for a doubled delimiter.
_LITERAL: Final = "\udc80"
_PADDING: Final = " \0\r\n\t"
_STANDARD_KEYWORD: Final = re.compile(
    r"\$(P[0-9]{1,4}[A-Z]|P[0-9]{1,4}DATATYPE|(BEGIN|END)(DATA|STEXT|ANALYSIS)|BYTEORD|DATATYPE"
    r"|MODE|NEXTDATA|PAR|TOT|TIMESTEP|SPILLOVER|COMP|FIL|OP|SRC|SYS|CYT|DATE|BTIM|ETIM|INST|CELLS"
    r"|COM|EXP|PROJ|SMNO|TR|ABRT|LOST)",
    re.IGNORECASE,
)
_STRUCTURE: Final = re.compile(
    r"\$(P[0-9]{1,4}([BEGNRS]|DATATYPE)|(BEGIN|END)(DATA|STEXT)|BYTEORD|DATATYPE|MODE|NEXTDATA"
    r"|PAR|TOT|TIMESTEP|SPILLOVER|SPILL|COMP)|SPILL|SPILLOVER|COMP"
)


_MOST_KEYWORDS: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Keywords:
    """The keyword-value pairs of a TEXT segment.

    Attributes
    ----------
    pairs : dict of str to str
        Keyword in upper case to its value, as written.
    terminated : bool
        Whether the segment ended in its delimiter.
    delimiter : str
        The character that separates keywords and values.
    findings : tuple of Finding
        What was forgiven.
    """

    pairs: dict[str, str]
    terminated: bool
    delimiter: str
    findings: tuple[Finding, ...]


def parse_text(raw: bytes, *, where: str) -> Keywords:
    """Split a TEXT segment into keywords and values.

    The first character is the delimiter; a doubled delimiter is a literal one (FCS 3.1, 3.2.7).
    The standard allows no empty value, but instruments write them, and then a doubled delimiter
    means "nothing". A keyword never holds the delimiter and is never empty, so that at most one of
    the two readings makes sense; where neither does, the segment is refused.

    Parameters
    ----------
    raw : bytes
        The segment, from its first delimiter on.
    where : str
        Name of the file, for messages.

    Returns
    -------
    Keywords
        Keywords in upper case; a ``$`` inside a value stays.

    Raises
    ------
    FcsError
        If the segment is empty, has an unusable delimiter or too many keywords, cannot be split
        with certainty or names a structural keyword twice with different values.

    Examples
    --------
    >>> parse_text(b"/$TOT/12/$OP/a//b/", where="x.fcs").pairs
    {'$TOT': '12', '$OP': 'a/b'}
    >>> parse_text(b"/$P1S//$P1N/FL1/", where="x.fcs").pairs
    {'$P1S': '', '$P1N': 'FL1'}
    """
    delimiter = _delimiter(raw, where)
    body, findings = _decode(raw, where)
    body = body.rstrip(_PADDING.replace(delimiter, ""))[1:]
    tokens, terminated = _standard_reading(body, delimiter)
    if not _makes_sense(tokens, delimiter, empty_values=False):
        tokens, terminated = _lenient_reading(body, delimiter)
        if not _makes_sense(tokens, delimiter, empty_values=True):
            what = "the TEXT segment cannot be split into keywords and values with certainty"
            raise refusal(what, f"{where}: TEXT, delimiter {delimiter!r}")
        what = "keywords without a value are taken as empty; the standard allows none"
        findings.append(note("FCS_EMPTY_VALUES", what, where))
    pairs = _pairs(tokens, where, findings)
    return Keywords(
        pairs=pairs, terminated=terminated, delimiter=delimiter, findings=tuple(findings)
    )


def _delimiter(raw: bytes, where: str) -> str:
    if not raw:
        msg = "the TEXT segment is empty"
        raise refusal(msg, where)
    if not 1 <= raw[0] <= 126:
        msg = f"the TEXT segment begins with byte {raw[0]}, which cannot be a delimiter"
        raise refusal(msg, f"{where}: HEADER, start of TEXT")
    if raw.count(raw[:1]) > 2 * _MOST_KEYWORDS + 1:
        msg = f"the TEXT segment has more than {_MOST_KEYWORDS} keywords"
        raise refusal(msg, f"{where}: TEXT")
    if raw[:1] == b"$":
        # Every standard keyword begins with $: with $ as delimiter a value's end and a keyword's
        # start look alike; more often the HEADER points one byte past the delimiter.
        msg = "the TEXT segment begins with $, which cannot be told from the $ of the keywords"
        raise refusal(msg, f"{where}: HEADER, start of TEXT")
    return chr(raw[0])


def _decode(raw: bytes, where: str) -> tuple[str, list[Finding]]:
    try:
        return raw.decode("utf-8"), []
    except UnicodeDecodeError:
        what = "the TEXT segment is not UTF-8; read as Latin-1, so that names may look wrong"
        fix = "compare the marker names in the result with those of the instrument"
        return raw.decode("latin-1"), [caution("FCS_TEXT_ENCODING", what, where, fix=fix)]


def _standard_reading(body: str, delimiter: str) -> tuple[list[str], bool]:
    folded = body.replace(delimiter * 2, _LITERAL)
    terminated = folded.endswith(delimiter)
    tokens = (folded[:-1] if terminated else folded).split(delimiter)
    return [token.replace(_LITERAL, delimiter) for token in tokens], terminated


def _lenient_reading(body: str, delimiter: str) -> tuple[list[str], bool]:
    terminated = body.endswith(delimiter)
    return (body[:-1] if terminated else body).split(delimiter), terminated


def _makes_sense(tokens: list[str], delimiter: str, *, empty_values: bool) -> bool:
    keys, values = tokens[::2], tokens[1::2]
    return (
        len(keys) == len(values)
        and all(key.strip() and delimiter not in key and key.isprintable() for key in keys)
        # A keyword in the place of a value tells of pairs that have slipped by one.
        and not any(_STANDARD_KEYWORD.fullmatch(value) for value in values)
        and (empty_values or all(values))
    )


def _pairs(tokens: list[str], where: str, findings: list[Finding]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    repeated = 0
    for key, value in zip(tokens[::2], tokens[1::2], strict=True):
        name = key.strip().upper()
        if pairs.setdefault(name, value) == value:
            continue
        if _STRUCTURE.fullmatch(name):
            msg = f"the keyword {name} stands twice in TEXT, with different values"
            raise refusal(msg, where)
        repeated += 1
    if repeated:
        what = f"{repeated} descriptive keywords stand twice in TEXT; the first value is kept"
        findings.append(note("FCS_KEYWORD_TWICE", what, where))
    return pairs
