"""A report as an HL7 FHIR R4 bundle, for other systems (domain: 6.5).

The bundle is a ``collection``: a ``document`` would need a `Composition` that repeats what the
`DiagnosticReport` says, with an author and a date that a draft does not have.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from pydantic import ValidationError

from cytomon.errors import InputError
from cytomon.report import fhir_course, fhir_observations, fhir_report
from cytomon.report.codes import Codes, Coding
from cytomon.report.document import Document
from cytomon.report.fhir_parts import TERMINOLOGY, Piece, coding, settled, written

SIMULATED = Coding(f"{TERMINOLOGY}v3-ActReason", "HTEST", "test health data")
"""What every resource of simulated data is labelled with."""
_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:cytomon:report")


def write_fhir(document: Document, codes: Codes) -> bytes:
    """Write a report as a FHIR R4 bundle.

    Parameters
    ----------
    document : Document
        What the report says.
    codes : Codes
        What its quantities, events and specimens are called (`cytomon.report.codes`).

    Returns
    -------
    bytes
        JSON in UTF-8; of the same document and codes the same bytes. The fhir.resources models of
        R4B have read it; of the resources used here R4B and R4 have the same elements.

    Raises
    ------
    InputError
        If the package fhir.resources is not installed.

    References
    ----------
    HL7 FHIR R4 (4.0.1), Bundle, DiagnosticReport, Observation, Provenance.
    """
    model = _bundle_model()
    resources = dict(_resources(document, codes))
    names = _names(resources)
    entries = [
        {"fullUrl": names[key], "resource": _finished(key, one, names, document)}
        for key, one in resources.items()
    ]
    bundle = {
        "resourceType": "Bundle",
        "id": names["bundle"].removeprefix("urn:uuid:"),
        "meta": _labels(document, {}),
        "identifier": fhir_report.version_of(document),
        "type": "collection",
        "entry": entries,
    }
    content = (written(settled(bundle, names)) + "\n").encode()
    _check(model, content)
    return content


def _bundle_model() -> Any:  # noqa: ANN401  (a class of an optional package)
    try:
        return import_module("fhir.resources.R4B.bundle").Bundle
    except ImportError as error:
        raise InputError(
            "the package that checks FHIR is not installed",
            where="fhir.resources",
            fix='pip install "cytomon[fhir]"',
        ) from error


def _resources(document: Document, codes: Codes) -> Iterator[tuple[str, Piece]]:
    """Every resource, under the name by which others point at it; the report first."""
    observed = {
        f"observation/{place}/{number}": fhir_observations.observation(one, collected, place, codes)
        for place, collected in enumerate(document.specimens)
        for number, one in enumerate(collected.observed)
    }
    yield "report", fhir_report.report(document, tuple(observed), codes)
    yield "patient", fhir_report.patient(document)
    if document.laboratory:
        yield "laboratory", fhir_report.laboratory(document)
    yield "device", fhir_report.device(document)
    for place, collected in enumerate(document.specimens):
        yield f"specimen/{place}", fhir_report.specimen(collected, codes)
    yield from observed.items()
    yield from _files(document)
    yield from _course(document, codes)
    yield "provenance", fhir_report.provenance(document)


def _files(document: Document) -> Iterator[tuple[str, Piece]]:
    for collected in document.specimens:
        for one in collected.observed:
            if one.file_sha256:
                yield f"file/{one.file_sha256}", fhir_report.file(one.file_sha256)


def _course(document: Document, codes: Codes) -> Iterator[tuple[str, Piece]]:
    if document.infused_on:
        yield "infusion", fhir_course.infusion(document, codes)
    for place, happened in enumerate(document.happened):
        yield f"event/{place}", fhir_course.event(happened, codes)
    for place, alert in enumerate(document.alerts):
        yield f"issue/{place}", fhir_course.issue(alert)


def _names(resources: Mapping[str, Piece]) -> Mapping[str, str]:
    """Final names of all resources, made from all that they say: another content, other names."""
    by_key = {key: key for key in resources}
    digest = hashlib.sha256(written(settled(resources, by_key)).encode()).hexdigest()
    return {key: uuid.uuid5(_SPACE, f"{digest}/{key}").urn for key in ("bundle", *resources)}


def _finished(key: str, resource: Piece, names: Mapping[str, str], document: Document) -> Piece:
    kind = {"resourceType": resource["resourceType"]}
    own = {"id": names[key].removeprefix("urn:uuid:"), "meta": _labels(document, resource)}
    return {**kind, **own, **{part: one for part, one in resource.items() if part not in own}}


def _labels(document: Document, resource: Piece) -> Piece:
    """What a resource is labelled with, and that its data are simulated if they are."""
    given = resource.get("meta")
    meta = dict(given) if isinstance(given, Mapping) else {}
    if not document.identity.simulated:
        return meta
    label = coding(SIMULATED)
    return {**meta, "security": [label], "tag": [*meta.get("tag", ()), label]}


def _check(model: Any, content: bytes) -> None:  # noqa: ANN401  (a class of an optional package)
    try:
        model.model_validate_json(content)
    except ValidationError as error:
        # what was written may tell of a patient: places and reasons only
        said = error.errors(include_url=False, include_input=False, include_context=False)
        places = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in said[:5])
        msg = f"the bundle is no FHIR: {places}"
        raise ValueError(msg) from None
