"""The spillover matrix that a file carries (FCS 3.1, clause 3.2.18)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np

from cytomon.fcs.numerals import number, whole
from cytomon.fcs.verdicts import alarm, caution
from cytomon.model.findings import Finding
from cytomon.model.tube import Channel, FloatArray, Spillover

KEYWORDS: Final = ("$SPILLOVER", "SPILLOVER", "$SPILL", "SPILL", "$COMP", "COMP")
_MOST_DETECTORS: Final = 512
_WORST_CONDITION: Final = 1e8
_DECORATION: Final = re.compile(r"^(comp|compensated)[-_ ]+|^<|>$", re.IGNORECASE)


class _UnreadableError(Exception):
    """Why a keyword does not give a matrix."""


def read_spillover(
    keywords: Mapping[str, str], channels: tuple[Channel, ...], *, where: str
) -> tuple[Spillover | None, tuple[Finding, ...]]:
    """Read the spillover matrix out of the keywords; their text is never taken for a path.

    Detectors are named by ``$PnN``, also with the marks that analysis programs add
    (``Comp-PE-A``, ``<PE-A>``, ``PE-A :: CD19``), or, as Beckman Coulter does, by number. A matrix
    need not cover every detector.

    ``$COMP`` of FCS 3.0 is a list of percentages without detector names, which says what the
    instrument subtracted before it stored the events; using it would compensate twice. It is
    accepted only where a writer has put a named spillover matrix under that keyword.

    Parameters
    ----------
    keywords : mapping of str to str
        The TEXT segment, keywords in upper case.
    channels : tuple of Channel
        Of the same data set.
    where : str
        Name of the file, for messages.

    Returns
    -------
    spillover : Spillover or None
        None where no keyword carries a matrix or the matrix cannot be used.
    findings : tuple of Finding
        ``SPILLOVER_UNREADABLE`` (error), ``SPILLOVER_IDENTITY`` or ``SPILLOVER_STRANGE``
        (warnings), else empty.
    """
    present = [name for name in KEYWORDS if keywords.get(name, "").strip()]
    if not present:
        return None, ()
    try:
        found = [_parse(keywords[name], name, channels) for name in present]
        _check_same(found)
    except _UnreadableError as reason:
        what = f"the spillover matrix cannot be used: {reason}"
        fix = "export the file again with its matrix, or give the matrix of this run"
        place = f"{where}: {', '.join(present)}"
        return None, (alarm("SPILLOVER_UNREADABLE", what, place, fix=fix),)
    return found[0], _doubts(found[0], f"{where}: {found[0].keyword}")


def _doubts(spillover: Spillover, place: str) -> tuple[Finding, ...]:
    """What is odd about a matrix that can be used."""
    matrix, detectors = spillover.matrix, spillover.detectors
    spill = np.where(np.eye(len(detectors), dtype=bool), 0.0, matrix)
    if not spill.any():
        what = "the spillover matrix is the identity: nothing was compensated"
        fix = "check that the tube was acquired and exported with its compensation"
        return (caution("SPILLOVER_IDENTITY", what, place, fix=fix),)
    row, column = np.unravel_index(int(np.argmax(np.abs(spill))), spill.shape)
    worst = float(spill[row, column])
    if abs(worst) > 1.0:
        what = f"{detectors[row]} spills {worst:g} into {detectors[column]}, more than it shows"
        fix = "check that the matrix belongs to these detectors, and its single-stained controls"
        return (caution("SPILLOVER_STRANGE", what, place, fix=fix),)
    return ()


def _parse(text: str, keyword: str, channels: tuple[Channel, ...]) -> Spillover:
    if text.count(",") > _MOST_DETECTORS * (_MOST_DETECTORS + 1):
        msg = f"it has more entries than {_MOST_DETECTORS} detectors need"
        raise _UnreadableError(msg)
    parts = [part.strip() for part in text.split(",")]
    count = whole(parts[0])
    if not count or count > _MOST_DETECTORS:
        msg = "it does not begin with the number of detectors"
        raise _UnreadableError(msg)
    if keyword in {"$COMP", "COMP"} and len(parts) == 1 + count * count:
        msg = "it names no detectors, and FCS 3.0 means by it what was subtracted already"
        raise _UnreadableError(msg)
    if len(parts) != 1 + count + count * count:
        expected = 1 + count + count * count
        msg = f"it has {len(parts)} entries, {count} detectors need {expected}"
        raise _UnreadableError(msg)
    detectors = _detectors(parts[1 : 1 + count], channels)
    values = [number(part) for part in parts[1 + count :]]
    finite = [value for value in values if value is not None]
    if len(finite) < len(values):
        msg = f"{len(values) - len(finite)} of its entries are not finite numbers"
        raise _UnreadableError(msg)
    matrix = np.array(finite, dtype=np.float64).reshape(count, count)
    _check_matrix(matrix, detectors)
    return Spillover(detectors=detectors, matrix=matrix, keyword=keyword)


def _detectors(names: list[str], channels: tuple[Channel, ...]) -> tuple[str, ...]:
    known = {channel.pnn: channel.pnn for channel in channels}
    plain = {_plain(channel.pnn): channel.pnn for channel in channels}
    numbered = {str(channel.index + 1): channel.pnn for channel in channels}
    by_number = all(name in numbered and name not in known for name in names)
    found = []
    for name in names:
        detector = numbered[name] if by_number else known.get(name, plain.get(_plain(name)))
        if detector is None:
            msg = f"its detector number {names.index(name) + 1} is none of the tube's $PnN"
            raise _UnreadableError(msg)
        found.append(detector)
    if len(set(found)) < len(found):
        msg = "it names a detector twice"
        raise _UnreadableError(msg)
    return tuple(found)


def _plain(name: str) -> str:
    name = name.partition("::")[0].strip()
    return _DECORATION.sub("", _DECORATION.sub("", name)).strip().casefold()


def _check_matrix(matrix: FloatArray, detectors: tuple[str, ...]) -> None:
    diagonal = np.diag(matrix)
    if not np.allclose(diagonal, 1.0, rtol=0.0, atol=1e-3):
        worst = int(np.argmax(np.abs(diagonal - 1.0)))
        msg = f"its diagonal is {diagonal[worst]:g} at {detectors[worst]}, expected 1"
        raise _UnreadableError(msg)
    if np.linalg.cond(matrix) > _WORST_CONDITION:
        msg = "it cannot be inverted"
        raise _UnreadableError(msg)


def _check_same(found: list[Spillover]) -> None:
    first = found[0]
    for other in found[1:]:
        if not _is_same(first, other):
            msg = f"{first.keyword} and {other.keyword} differ"
            raise _UnreadableError(msg)


def _is_same(first: Spillover, other: Spillover) -> bool:
    """Whether the matrices agree, in whatever order they name their detectors."""
    if set(first.detectors) != set(other.detectors):
        return False
    order = [other.detectors.index(detector) for detector in first.detectors]
    return np.array_equal(other.matrix[np.ix_(order, order)], first.matrix)
