"""Names that other programs give to gates become names that a template can use."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

LONGEST = 60
_USABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_POSITIVE = re.compile(r"(?<=\w)\++")
_NEGATIVE = re.compile(r"(?<=\w)-+(?!\w)|(?<=\w)-(?=CD[0-9])")  # not the hyphen of 7-AAD


def readable(text: str, *, stands_for: str = "gate") -> str:
    """A name of letters, digits and ``_`` that still says what the text said.

    Parameters
    ----------
    text : str
        Free text.
    stands_for : str, optional
        What to write where nothing is left.

    Examples
    --------
    >>> readable("CD19+ CD22-"), readable("Q1: CD3- , CD19+"), readable("7-AAD neg")
    ('CD19p_CD22n', 'Q1_CD3n_CD19p', 'gate_7_AAD_neg')
    >>> readable("CD19-CD22+"), readable("HLA-DR+"), readable("as__it_is_")
    ('CD19n_CD22p', 'HLA_DRp', 'as__it_is_')
    >>> readable("CD4/CD8"), readable("β"), readable("Lymphocytes")
    ('CD4_CD8', 'gate', 'Lymphocytes')
    """
    if len(text) <= LONGEST and _USABLE.fullmatch(text):
        return text
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    signed = _NEGATIVE.sub("n ", _POSITIVE.sub("p ", plain))
    name = re.sub(r"[^A-Za-z0-9]+", "_", signed).strip("_")
    if not name[:1].isalpha():
        name = f"{stands_for}_{name}".rstrip("_")
    return name[:LONGEST].rstrip("_")


def unique_names(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """A name for each gate, by its last step; with its parents' names where that is not enough.

    Parameters
    ----------
    paths : sequence of tuple of str
        From below the root to the gate, as the other program names them.

    Examples
    --------
    >>> unique_names([("T",), ("T", "CD4+"), ("B",), ("B", "CD4+"), ("B", "CD4+ ")])
    ('T', 'T_CD4p', 'B', 'B_CD4p', 'B_CD4p_2')
    """
    longest = max((len(path) for path in paths), default=0)
    steps = [1] * len(paths)
    names = [_joined(path, 1) for path in paths]
    for _ in range(longest):
        often = Counter(names)
        steps = [
            step + (often[name] > 1 and step < len(path))
            for step, name, path in zip(steps, names, paths, strict=True)
        ]
        names = [_joined(path, step) for path, step in zip(paths, steps, strict=True)]
    return tuple(_numbered(names))


def numbered(name: str, taken: Iterable[str]) -> str:
    """The name, with a number behind it where it is taken."""
    used = set(taken)
    chosen, number = name, 1
    while chosen in used:
        number += 1
        end = f"_{number}"
        chosen = name[: LONGEST - len(end)] + end
    return chosen


def _joined(path: tuple[str, ...], steps: int) -> str:
    return readable(" ".join(path[-steps:]))


def _numbered(names: Sequence[str]) -> Iterable[str]:
    taken: set[str] = set()
    for name in names:
        chosen = numbered(name, taken)
        taken.add(chosen)
        yield chosen
