"""The labels that a laboratory gives to events, and which words are understood."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from cytomon.errors import InputError
from cytomon.simulate.populations import label_names
from cytomon.simulate.sidecar import SUFFIX, Labels, read_labels

BY_EVENT = ".truth.csv"
BLAST, OTHER = "blast_own", "other"
MOST_SHOWN = 6
BLAST_WORDS = frozenset((
    "1", "1.0", "true", "yes", "blast", "lymphoblast", "malignant", "mrd", "b all", "laip",
    "leukaemic", "leukaemia", "leukaemic blast", "leukaemic cell",
    "leukemic", "leukemia", "leukemic blast", "leukemic cell",
))  # fmt: skip
OTHER_WORDS = frozenset((
    "0", "0.0", "false", "no", "other", "normal", "non blast", "nonblast", "not blast", "healthy",
    "benign", "rest", "background", "non leukaemic", "non leukemic",
))  # fmt: skip
NORMAL_CELLS = frozenset((
    "t", "t cell", "cd4 t cell", "cd8 t cell", "car t cell", "nk", "nk cell", "mature b cell",
    "naive b cell", "memory b cell", "transitional b cell", "plasma cell", "hematogone",
    "haematogone", "monocyte", "granulocyte", "neutrophil", "eosinophil", "basophil", "pdc",
    "dendritic cell", "myeloid", "myeloid cell", "erythroid", "erythroid cell", "erythroblast",
    "platelet", "debris", "doublet", "dead", "dead cell",
))  # fmt: skip
"""Populations that hold no blast by their name; neither B cells nor progenitors are among them:
laboratories write both of leukaemia, too."""
_NAMES = {name.casefold(): name for name in label_names()}


def truth_files(path: Path) -> tuple[Path, Path]:
    """Where the labels of each event may lie."""
    return path.with_suffix(SUFFIX), path.with_suffix(BY_EVENT)


def meaning(word: str) -> str | None:
    """What a label stands for.

    Parameters
    ----------
    word : str
        As it was written.

    Returns
    -------
    str or None
        A name for `cytomon.simulate.populations.is_blast`: that of a simulated population, a
        blast's, or that of normal cells; None where nobody can tell.

    Examples
    --------
    >>> [meaning(word) for word in ("Blasts", "normal", "T-cells", "CD19+")]
    ['blast_own', 'other', 't cell', None]
    """
    written = word.strip().casefold()
    if written in _NAMES:
        return _NAMES[written]
    plain = " ".join(written.replace("_", " ").replace("-", " ").split())
    for said in (plain, plain.removesuffix("s")):
        if said in BLAST_WORDS:
            return BLAST
        if said in OTHER_WORDS:
            return OTHER
        if said in NORMAL_CELLS:
            return said
    return BLAST if written.startswith("blast_") else None


def read_truth(path: Path) -> Labels | None:
    """Labels of each event beside a tube; None where there are none.

    Raises
    ------
    InputError
        If the list of labels has no column ``label``, cannot be read, or holds a label that is
        not understood: taken for normal, a blast would become a false event.
    """
    ours, listed = truth_files(path)
    if ours.is_file():
        return read_labels(path)
    if not listed.is_file():
        return None
    words = list(_words(listed))
    meant = {word: meaning(word) for word in dict.fromkeys(words)}
    names = tuple(dict.fromkeys(name for name in meant.values() if name is not None))
    if None in meant.values():
        raise _not_understood(listed, words, {w: None for w, name in meant.items() if name is None})
    code = {word: names.index(name) for word, name in meant.items() if name is not None}
    labels = np.array([code[word] for word in words], dtype=np.uint8)
    return Labels(labels=labels, names=names, in_clog=np.zeros(len(labels), dtype=np.bool_))


def _words(path: Path) -> Iterator[str]:
    """What stands under ``label``, event by event."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        if "label" not in (reader.fieldnames or ()):
            raise InputError(
                "the labels have no column 'label'",
                where=path.name,
                fix="write one row for each event under the head `label`: 1 for a blast, else 0",
            )
        for row in reader:
            yield (row["label"] or "").strip()


def _not_understood(path: Path, words: list[str], unknown: Collection[str]) -> InputError:
    places = [event for event, word in enumerate(words, 1) if word in unknown]
    return InputError(
        f"{len(places)} of {len(words)} labels are empty or not understood (words seen: "
        f"{_listed(unknown)}); none of them may stand for a normal cell unasked",
        where=f"{path.name}, event {places[0]}",
        fix="write 1 or `blast` for a blast and 0 or `normal` for everything else; understood as a "
        f"blast: {', '.join(sorted(BLAST_WORDS))}, and names that begin with blast_; as none: "
        f"{', '.join(sorted(OTHER_WORDS))}, populations such as T cells or monocytes, and the "
        "simulator's names",
    )


def _listed(words: Collection[str]) -> str:
    shown = [repr(word) if word else "(empty)" for word in islice(words, MOST_SHOWN)]
    more = len(words) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
