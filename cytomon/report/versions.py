"""Versions of a report: what each one said, and what changed since."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from cytomon.model.results import Measurement
from cytomon.report.course_section import COURSE
from cytomon.report.document import Document, Field
from cytomon.report.observed import TITLES
from cytomon.report.told import Collected, Happened
from cytomon.report.words import NOT_RECORDED
from cytomon.track.words import percent

Statements = Mapping[str, str]
"""What is said of each thing, by the name of the thing."""

_ANSWERS = {"mrd": "MRD", "b_fraction": "B cells", "cd19_blasts": "CD19", "cd22_blasts": "CD22"}
_OF_VERSION = ("identity", "signer", "changes", "standing", "heading")
"""Parts of a document that tell its version, as a whole or in part."""
_HEADING_OF_VERSION = ("report", "as of")
_SAID_ELSEWHERE = (*_HEADING_OF_VERSION, "drugs and transplant", NOT_RECORDED)
"""Lines of the heading that are compared as events, or by what is there."""
_SPECIMEN, _DETAILS = "in ", "details of "
"""How names of statements begin that are compared in their own way."""
_NEXT = " | "
_DIGITS = 12


def statements(document: Document) -> Statements:
    """What a report says, in a form in which two versions are compared.

    Parameters
    ----------
    document : Document
        The report.

    Returns
    -------
    mapping of str to str
        One for each answer, line of the heading, state, flag, event and specimen; of the rest one
        hash for each part.
    """
    said: dict[str, list[str]] = {}
    for name, what in _said(document):
        said.setdefault(name, []).append(what)
    return {name: "; ".join(several) for name, several in said.items()}


def _said(document: Document) -> Iterator[tuple[str, str]]:
    for verdict in document.verdicts:
        yield f"answer: {verdict.question}", verdict.answer
    yield from _fields(one for one in document.heading if not _is_elsewhere(one.label))
    yield "definitions", document.identity.definitions
    for section in document.sections:
        if section.key == COURSE:
            yield from _fields(section.fields)
    for flag in document.alerts:
        state = "open" if flag.open else "answered"
        yield f"flag {flag.rule} of {flag.when}", f"{flag.urgency}, {state}: {flag.says}"
    yield from map(_specimen, document.specimens)
    yield from _reviews(document)
    yield from map(_event, document.happened)
    yield f"{_DETAILS}the answers", _hashed(document.verdicts)
    yield f"{_DETAILS}the interpretation", _hashed(document.summary)
    yield f"{_DETAILS}the flags", _hashed(document.alerts)
    for section in document.sections:
        yield f"{_DETAILS}{section.title}", _hashed(section)


def _is_elsewhere(label: str) -> bool:
    return label in _SAID_ELSEWHERE or label.startswith("recorded ")


def _fields(fields: Iterable[Field]) -> Iterator[tuple[str, str]]:
    return ((one.label, one.value) for one in fields)


def _specimen(specimen: Collected) -> tuple[str, str]:
    """All that was measured in a specimen, in one statement."""
    where = f"{specimen.specimen_type} {specimen.specimen_id} of {specimen.collected_on}"
    return f"{_SPECIMEN}{where}", _NEXT.join(_measured(o.measurement) for o in specimen.observed)


def _reviews(document: Document) -> Iterator[tuple[str, str]]:
    """What reviewers said of a specimen, each verdict once."""
    for one in document.specimens:
        said = [*one.rejected, *(checked for seen in one.observed for checked in seen.checked)]
        where = f"{one.specimen_type} {one.specimen_id} of {one.collected_on}"
        for says in dict.fromkeys(checked.says for checked in said):
            yield f"review of {where}", says


def _measured(found: Measurement) -> str:
    value = percent(found.estimate.value) if found.estimate else "no value"
    counted = ""
    if found.numerator is not None and found.denominator is not None:
        counted = f"{found.numerator} of {found.denominator}"
    parts = (found.status, value, counted, " ".join(found.qualifiers))
    return f"{found.quantity}: {', '.join(filter(None, parts))}"


def _event(one: Happened) -> tuple[str, str]:
    said = f"{one.value} {one.unit}".strip() or "recorded"
    return f"{one.event.replace('_', ' ')} of {one.on}", said


def lasting(said: Statements) -> Statements:
    """What was said, without the hashes of details: some of those change from day to day."""
    return {name: what for name, what in said.items() if not name.startswith(_DETAILS)}


def content(document: Document) -> str:
    """Hash of everything a report says of a patient, whatever its version and day."""
    parts: dict[str, object] = {
        field.name: getattr(document, field.name)
        for field in dataclasses.fields(document)
        if field.name not in _OF_VERSION
    }
    parts["heading"] = [one for one in document.heading if one.label not in _HEADING_OF_VERSION]
    parts["definitions"] = document.identity.definitions
    parts["simulated"] = document.identity.simulated
    return _hashed(parts, digits=None)


def _hashed(value: object, digits: int | None = _DIGITS) -> str:
    spelled = json.dumps(value, default=_plain, sort_keys=True)
    return hashlib.sha256(spelled.encode()).hexdigest()[:digits]


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
    >>> changes({"genotype": "other", "alc of 2026-02-01": "900"}, {"genotype": "KMT2A::AFF1"})
    ('genotype: was other; is now KMT2A::AFF1', 'no longer said: alc of 2026-02-01: 900')
    >>> changes({"in marrow m1": "mrd: POSITIVE, 1 % | bridge: MEASURED, 2 %"},
    ...     {"in marrow m1": "mrd: POSITIVE, 3 % | bridge: MEASURED, 4 %"})[0]
    'in marrow m1: MRD: was POSITIVE, 1 %; is now POSITIVE, 3 %'
    """
    said, was = lasting(now), lasting(before)
    there = (name for name in said if name in was and was[name] != said[name])
    parts = [
        name.removeprefix(_DETAILS)
        for name in dict.fromkeys((*before, *now))
        if name.startswith(_DETAILS) and before.get(name) != now.get(name)
    ]
    return (
        *(line for name in there for line in _changed(name, was[name], said[name])),
        *(f"new: {name}: {_short(name, said[name])}" for name in said if name not in was),
        *(f"no longer said: {name}: {_short(name, was[name])}" for name in was if name not in said),
        *([f"details in: {', '.join(parts)}"] if parts else ()),
    )


def _changed(name: str, before: str, now: str) -> Iterator[str]:
    if not name.startswith(_SPECIMEN):
        yield f"{name}: was {before}; is now {now}"
        return
    was, said = _quantities(before), _quantities(now)
    both = [code for code in said if code in was and was[code] != said[code]]
    told = [code for code in both if code in _ANSWERS or _status(was[code]) != _status(said[code])]
    for code in told:
        yield f"{name}: {_title(code)}: was {was[code]}; is now {said[code]}"
    for word, codes in (
        ("other numbers, same status", [code for code in both if code not in told]),
        ("new", [code for code in said if code not in was]),
        ("no longer said", [code for code in was if code not in said]),
    ):
        if codes:
            source = was if word == "no longer said" else said
            yield f"{name}: {word}: {_listed({code: source[code] for code in codes})}"


def _short(name: str, what: str) -> str:
    return _listed(_quantities(what)) if name.startswith(_SPECIMEN) else what


def _listed(quantities: Statements) -> str:
    """What answers a question with its numbers, anything else by its name."""
    return (
        "; ".join(
            f"{_title(code)} {what}" if code in _ANSWERS else _title(code)
            for code, what in quantities.items()
        )
        or "no result"
    )


def _quantities(what: str) -> dict[str, str]:
    """Code of each quantity of a specimen to what is said of it."""
    parts = (part.partition(": ") for part in what.split(_NEXT) if part)
    return {code: rest for code, _, rest in parts}


def _status(what: str) -> str:
    return what.partition(", ")[0]


def _title(code: str) -> str:
    return _ANSWERS.get(code) or TITLES.get(code, code)
