"""The story of a report: from the store to files, signed or as a draft, and back to the store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cytomon
from cytomon.editions import Prepared, Wanted, compose_draft, prepare, signed_document
from cytomon.errors import InputError
from cytomon.model.course import State
from cytomon.report.case import Case
from cytomon.report.document import Document, Status
from cytomon.report.index import IndexLine, write_index
from cytomon.report.listing import index_line
from cytomon.report.versions import content, statements
from cytomon.store.reports import Released, everybody, find_release, release, released, report_id
from cytomon.tables import write_whole

if TYPE_CHECKING:
    from cytomon.store.change import Change
    from cytomon.store.session import Store

INDEX = "index.html"
FORMATS = ("html", "pdf", "fhir")
_ENDINGS = {"html": ".html", "pdf": ".pdf", "fhir": ".fhir.json"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Written:
    """A report that lies on the disk.

    Attributes
    ----------
    document : Document
        What it says.
    files : mapping of str to Path
        Format to file.
    place : tuple
        Where it stands in a worklist (`cytomon.track.digest.Digest.place`).
    differs : bool
        Whether it is a signed version, and this installation draws other bytes than were signed.
    """

    document: Document
    files: Mapping[str, Path]
    place: tuple[object, ...] = ()
    differs: bool = False

    @property
    def line(self) -> Listed:
        """Its line in a list of reports, and where it stands there."""
        names = {kind: path.name for kind, path in self.files.items()}
        return self.place, index_line(self.document, names)


Listed = tuple[tuple[Any, ...], IndexLine]
"""A line of the list of reports, after what it is sorted by."""


def write_report(store: Store, patient_id: str, wanted: Wanted) -> Written:
    """Write the report of a patient: the signed version where it still holds, else a draft.

    Parameters
    ----------
    store : Store
        The store; it is only read.
    patient_id : str
        The patient.
    wanted : Wanted
        What is to be written.

    Raises
    ------
    InputError
        If the store knows none of this name, or a file cannot be written.
    """
    with store.reading() as connection:
        prepared = prepare(connection, patient_id, wanted)
    laid = lay_out(prepared, wanted)
    files = _write(prepared.document, laid, wanted.out)
    signed = prepared.signed.files if prepared.signed else {}
    differs = any(signed.get(kind, _hash(data)) != _hash(data) for kind, data in laid.items())
    return Written(document=prepared.document, files=files, place=prepared.place, differs=differs)


def everyone(store: Store) -> list[str]:
    """Pseudonyms of all patients of a store, in order."""
    with store.reading() as connection:
        return everybody(connection)


def write_index_of(listed: Sequence[Listed], wanted: Wanted) -> Path:
    """Write the page that leads to the reports, whoever needs a person first on top.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    ordered = [line for _, line in sorted(listed, key=lambda one: one[0])]
    lines = [replace(line, rank=rank) for rank, line in enumerate(ordered)]
    path = wanted.out / INDEX
    page = write_index(
        lines,
        as_of=wanted.as_of or date.today(),
        simulated=any(name.startswith("SIMULATED") for line in lines for _, name in line.files),
        made_by=f"cytomon {cytomon.__version__}",
    )
    write_whole(path, page)
    return path


def lay_out(prepared: Prepared, wanted: Wanted) -> dict[str, bytes]:
    """The files of a report, by format."""
    document = prepared.document
    figures = wanted.drawings.draw(document, prepared.figures)
    made: dict[str, bytes] = {}
    for kind in wanted.formats:
        if kind == "html":
            from cytomon.report.html import write_html

            made[kind] = write_html(document, figures)
        elif kind == "pdf":
            from cytomon.report.pdf import write_pdf

            made[kind] = write_pdf(document, figures)
        else:
            from cytomon.report.fhir import write_fhir

            made[kind] = write_fhir(document, wanted.codes)
    return made


def _write(document: Document, laid: Mapping[str, bytes], out: Path) -> dict[str, Path]:
    files = {kind: out / f"{document.identity.stem}{_ENDINGS[kind]}" for kind in laid}
    for kind, path in files.items():
        write_whole(path, laid[kind])
    return files


def sign_report(change: Change, patient_id: str, wanted: Wanted, *, why: str) -> Written:
    """Write the next version of a report, and keep the hashes of its files under a signature.

    Parameters
    ----------
    change : Change
        To write into; other writers wait.
    patient_id : str
        The patient.
    wanted : Wanted
        What is to be written.
    why : str
        The reason; needed for an amendment.

    Raises
    ------
    InputError
        If the role does not allow it, a result that it reports is not signed, nothing has changed
        since the last version, or the reason of an amendment is missing.
    """
    connection = change.connection
    before = released(connection, patient_id)
    draft = compose_draft(connection, patient_id, wanted, wanted.as_of or date.today())
    _refuse_unsigned(draft.case)
    plain = draft.plain
    if before:
        _refuse_again(before[-1], plain, why)
    version = Released(
        report_id=report_id(connection, patient_id),
        version=len(before) + 1,
        status=(Status.AMENDED if before else Status.SIGNED).value,
        as_of=draft.case.as_of,
        by=change.who,
        role=change.role.value,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        why=why,
        entry=change.seq,
        content=content(plain),
        said=statements(plain),
        files={},
    )
    document = signed_document(draft, version, before[-1] if before else None)
    laid = lay_out(Prepared(document=document, figures=draft.figures), wanted)
    release(
        change, patient_id, replace(version, files={k: _hash(data) for k, data in laid.items()})
    )
    return Written(document=document, files=_write(document, laid, wanted.out))


def _refuse_unsigned(case: Case) -> None:
    open_ = [
        one.specimen_id
        for one in case.reported
        if any(result.state is not State.SIGNED for result, _ in one.standing.values())
    ]
    if open_ or not case.reported:
        raise InputError(
            "results that the report is about are not signed"
            if open_
            else "there is no result to report",
            where=", ".join(f"specimen {name}" for name in open_) or "PATIENT",
            fix="sign them first: cytomon sign SPECIMEN" if open_ else "measure a specimen first",
        )


def _refuse_again(last: Released, plain: Document, why: str) -> None:
    if content(plain) == last.content:
        raise InputError(
            f"nothing has changed since version {last.version}, which {last.by} has signed",
            where="--sign",
            fix="leave --sign out to write the signed version again",
        )
    if not why:
        raise InputError(
            "another version of this report is signed; what stands in its place needs a reason",
            where="--reason",
            fix="say why the report changes",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a store knows of a file.

    Attributes
    ----------
    version : Released or None
        The signed version whose bytes these are; None where no signed file has them.
    newer : tuple of Released
        Versions that were signed in its place.
    """

    version: Released | None
    newer: tuple[Released, ...] = field(default=())


def verify_file(store: Store, path: Path) -> Verified:
    """Whether a file is a report as it was signed.

    Parameters
    ----------
    store : Store
        The store.
    path : Path
        The file.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    digest = _hash(path.read_bytes())
    with store.reading() as connection:
        versions = find_release(connection, digest)
    found = [one for one in versions if digest in one.files.values()]
    if not found:
        return Verified(version=None)
    return Verified(
        version=found[-1],
        newer=tuple(one for one in versions if one.version > found[-1].version),
    )


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
