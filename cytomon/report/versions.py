"""Versions of a report: what each one said, and what changed since."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from cytomon.report.document import Collected, Document
from cytomon.track.words import percent

Statements = Mapping[str, str]
"""What is said of each thing, by the name of the thing."""

_ANSWERS = ("mrd", "b_fraction", "cd19_blasts", "cd22_blasts")
_NAMES = {"mrd": "MRD", "b_fraction": "B cells", "cd19_blasts": "CD19", "cd22_blasts": "CD22"}
_OF_VERSION = ("identity", "signer", "changes", "standing", "heading")
"""Parts of a document that tell its version, and nothing of the patient."""


def statements(document: Document) -> Statements:
    """What a report says, in a form in which two versions are compared.

    Parameters
    ----------
    document : Document
        The report.
    """
    said = {f"answer: {one.question}": one.answer for one in document.verdicts}
    for specimen in document.specimens:
        said.update(_measured(specimen))
    for flag in document.alerts:
        state = "open" if flag.open else "answered"
        said[f"flag {flag.rule} of {flag.when}"] = f"{flag.urgency}, {state}: {flag.says}"
    return said


def _measured(specimen: Collected) -> Iterator[tuple[str, str]]:
    for one in specimen.observed:
        found = one.measurement
        if found.quantity not in _ANSWERS:
            continue
        name = _NAMES[found.quantity]
        where = f"{specimen.specimen_type} {specimen.specimen_id} of {specimen.collected_on}"
        value = percent(found.estimate.value) if found.estimate else "no value"
        yield f"{name} of {where}", f"{value}, {found.status}"


def content(document: Document) -> str:
    """Hash of everything a report says of a patient, whatever its version."""
    parts = {
        field.name: getattr(document, field.name)
        for field in dataclasses.fields(document)
        if field.name not in _OF_VERSION
    }
    spelled = json.dumps(parts, default=_plain, sort_keys=True)
    return hashlib.sha256(spelled.encode()).hexdigest()


def _plain(value: object) -> Any:  # noqa: ANN401  (whatever JSON takes)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    return str(value)


def changes(before: Statements, now: Statements) -> tuple[str, ...]:
    """What a version says otherwise than the one before.

    Parameters
    ----------
    before, now : mapping of str to str
        From `statements`.

    Examples
    --------
    >>> changes({"MRD of m1": "0 %", "MRD of m2": "1 %"}, {"MRD of m1": "0.02 %"})
    ('MRD of m1: was 0 %; is now 0.02 %', 'no longer said: MRD of m2 (1 %)')
    """
    return (
        *(
            f"{name}: was {before[name]}; is now {said}"
            for name, said in now.items()
            if name in before and before[name] != said
        ),
        *(f"new: {name}: {said}" for name, said in now.items() if name not in before),
        *(f"no longer said: {name} ({said})" for name, said in before.items() if name not in now),
    )
