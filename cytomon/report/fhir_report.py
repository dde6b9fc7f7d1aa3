"""The report itself, its patient and specimens, and who stands for it, as FHIR resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from cytomon.report.codes import REPORT, SPECIMEN, Codes, Coding
from cytomon.report.document import Document, Signer, Status
from cytomon.report.fhir_course import died_on
from cytomon.report.fhir_parts import (
    TERMINOLOGY,
    Piece,
    annotation,
    coding,
    concept,
    instant,
    local,
    named,
    refer,
)
from cytomon.report.told import Collected

STATUSES: Mapping[Status, str] = {
    Status.DRAFT: "preliminary",
    Status.SIGNED: "final",
    Status.AMENDED: "amended",
}
GENDERS: Mapping[str, str] = {
    "f": "female",
    "female": "female",
    "m": "male",
    "male": "male",
    "other": "other",
}
"""Sex as laboratories write it, in any case; whatever else is written is ``unknown``."""
SIGNATURE = Coding("urn:iso-astm:E1762-95:2013", "1.2.840.10065.1.12.1.5", "Verification Signature")
"""What a signature means (FHIR R4: value set signature-type)."""
FCS_MEDIA = "application/vnd.isac.fcs"


def version_of(document: Document) -> Piece:
    """Identifier of one version of a report."""
    identity = document.identity
    return named("report-version", f"{identity.report_id}-v{identity.version}")


def report(document: Document, results: tuple[str, ...], codes: Codes) -> Piece:
    """The report, above all that it refers to.

    Parameters
    ----------
    document : Document
        What it says.
    results : tuple of str
        Names of its observations.
    codes : Codes
        What a report is called.

    Returns
    -------
    Piece
    """
    signer = document.signer
    return {
        "resourceType": "DiagnosticReport",
        "text": {"status": "additional", "div": _narrative(document)},
        "identifier": [named("report", document.identity.report_id), version_of(document)],
        "status": STATUSES[document.identity.status],
        "category": [concept(Coding(f"{TERMINOLOGY}v2-0074", "LAB", "Laboratory"))],
        "code": concept(*codes.of(REPORT)),
        "subject": refer("patient"),
        "effectiveDateTime": document.identity.as_of.isoformat(),
        **(instant("issued", signer.at) if signer else {}),
        "performer": [refer("laboratory")] if document.laboratory else [],
        "specimen": [refer(f"specimen/{place}") for place in range(len(document.specimens))],
        "result": [refer(key) for key in results],
        "conclusion": "\n".join(filter(None, (document.banner, *document.summary))),
    }


def _narrative(document: Document) -> str:
    """What a reader who sees this resource alone has to see."""
    paragraphs = "".join(f"<p>{escape(one)}</p>" for one in _lines(document) if one)
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{paragraphs}</div>'


def _lines(document: Document) -> Iterator[str]:
    yield document.banner
    yield document.standing
    yield from (f"{one.label}: {one.value}" for one in document.heading)
    for verdict in document.verdicts:
        yield f"{verdict.question} {verdict.answer}"
        yield from verdict.lines
        yield verdict.source
    yield from document.summary
    yield from document.changes
    yield from document.disclaimers


def patient(document: Document) -> Piece:
    """The patient: pseudonym, sex, year of birth, day of death; never a name."""
    sex = document.sex.strip().casefold()
    return {
        "resourceType": "Patient",
        "identifier": [named("patient", document.patient_id)],
        "gender": GENDERS.get(sex, "unknown") if sex else None,
        "birthDate": f"{document.birth_year:04}" if document.birth_year else None,
        "deceasedDateTime": died_on(document),
    }


def specimen(collected: Collected, codes: Codes) -> Piece:
    """A specimen."""
    received = collected.received_on
    return {
        "resourceType": "Specimen",
        "identifier": [named("specimen", collected.specimen_id)],
        "type": concept(*codes.of(SPECIMEN, collected.specimen_type)),
        "subject": refer("patient"),
        "receivedTime": received.isoformat() if received else None,
        "collection": {"collectedDateTime": collected.collected_on.isoformat()},
        "note": list(map(annotation, collected.rejected)),
    }


def file(sha256: str) -> Piece:
    """A tube's file, by the hash of its bytes.

    `Attachment.hash` of FHIR R4 is a SHA-1 in base 64, so that a SHA-256 cannot stand there.
    """
    return {
        "resourceType": "DocumentReference",
        "masterIdentifier": named("sha256", sha256),
        "status": "current",
        "type": concept(local("file-type", "fcs", "Flow cytometry standard file")),
        "subject": refer("patient"),
        "content": [{"attachment": {"contentType": FCS_MEDIA}}],
    }


def device(document: Document) -> Piece:
    """The program, with its version and that of the rules."""
    program, _, version = document.identity.made_by.rpartition(" ")
    versions = {"program": version if program else "", "definitions": document.identity.definitions}
    return {
        "resourceType": "Device",
        "deviceName": [{"name": program or version, "type": "model-name"}],
        "type": concept(local("device-type", "software", "Software")),
        "version": [
            {"type": concept(local("version", kind)), "value": value}
            for kind, value in versions.items()
            if value
        ],
    }


def laboratory(document: Document) -> Piece:
    """Who reports."""
    return {"resourceType": "Organization", "name": document.laboratory}


def provenance(document: Document) -> Piece:
    """Who has made this version, and who has released it.

    The signature says who, when and with which meaning; there is no cryptographic one in `data`.
    A draft has no moment at which it was released: `recorded` says that it is not known.
    """
    signer = document.signer
    entry = named("entry", f"{document.identity.entry}")
    return {
        "resourceType": "Provenance",
        "target": [refer("report")],
        **instant("recorded", signer.at if signer else ""),
        "reason": [concept(text=signer.why)] if signer else [],
        "agent": list(_agents(signer)),
        "entity": [{"role": "source", "what": {"identifier": entry}}],
        "signature": [_signature(signer)] if signer else [],
    }


def _agents(signer: Signer | None) -> Iterator[Piece]:
    kind = f"{TERMINOLOGY}provenance-participant-type"
    if signer:
        yield {
            "type": concept(Coding(kind, "verifier", "Verifier")),
            "role": [concept(text=signer.role)],
            "who": {"display": signer.name},
        }
    yield {"type": concept(Coding(kind, "assembler", "Assembler")), "who": refer("device")}


def _signature(signer: Signer) -> Piece:
    return {
        "type": [coding(SIGNATURE)],
        **instant("when", signer.at),
        "who": {"display": signer.name},
    }
