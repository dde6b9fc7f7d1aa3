"""The story of a report: from the store to files, signed or as a draft, and back to the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cytomon
from cytomon.editions import Prepared, Wanted, compose_draft, prepare, signed_document
from cytomon.errors import InputError
from cytomon.model.people import Act
from cytomon.report.document import Document, Status
from cytomon.report.files import (
    ENDINGS,
    holds,
    paths_of,
    refuse_taken,
    releasable,
    sha256_of,
    stage,
)
from cytomon.report.index import IndexLine, write_index
from cytomon.report.listing import index_line
from cytomon.report.release import refuse_again, refuse_contradicted, refuse_future, refuse_unsigned
from cytomon.report.versions import content, statements
from cytomon.store.change import Change, changing
from cytomon.store.reports import Released, everybody, find_release, release, released, report_id
from cytomon.tables import UnwritableError, write_whole

if TYPE_CHECKING:
    from cytomon.store.session import Store

INDEX = "index.html"
FORMATS = tuple(ENDINGS)


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
    """

    document: Document
    files: Mapping[str, Path]
    place: tuple[object, ...] = ()

    @property
    def line(self) -> Listed:
        """Its line in a list of reports, and where it stands there."""
        names = {kind: path.name for kind, path in self.files.items()}
        return self.place, index_line(self.document, names), self.document.identity.simulated


Listed = tuple[tuple[Any, ...], IndexLine, bool]
"""What a line of the list of reports is sorted by, the line, and whether it is simulated."""


class WithheldError(InputError):
    """A version is signed, and what could be written here is not what was signed.

    Attributes
    ----------
    line : Listed
        The patient's line in a list of reports, with the signed files that lie there already.
    """

    line: Listed


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
        If the store knows none of this name, a file cannot be written, or it is signed and would
        not be what was signed.
    """
    with store.reading() as connection:
        prepared = prepare(connection, patient_id, wanted)
    paths = paths_of(wanted.out, prepared.document.identity.stem, wanted.formats)
    with ExitStack() as parts:
        if prepared.signed is None:
            stage(parts, paths, lay_out(prepared, wanted))
        else:
            stage(parts, paths, _lacking(prepared, prepared.signed, paths, wanted))
    return Written(document=prepared.document, files=paths, place=prepared.place)


def _lacking(
    prepared: Prepared, signed: Released, paths: Mapping[str, Path], wanted: Wanted
) -> dict[str, bytes]:
    """The files of a signed version that do not lie there yet, byte for byte as they were signed.

    Raises
    ------
    WithheldError
        If one of them was not signed, or comes out otherwise here.
    """
    unsigned = [kind for kind in paths if kind not in signed.files]
    if unsigned:
        what = f"version {signed.version} was signed as {', '.join(sorted(signed.files))} only"
        fix = (
            f"name --format {','.join(sorted(signed.files))}; to release {', '.join(unsigned)} "
            'too, sign a version in its place: --sign --reason "TEXT"'
        )
        raise _withheld(prepared, signed, paths, what, fix)
    lacking = [kind for kind, path in paths.items() if not holds(path, signed.files[kind])]
    laid = lay_out(prepared, replace(wanted, formats=tuple(lacking))) if lacking else {}
    others = [kind for kind, data in laid.items() if sha256_of(data) != signed.files[kind]]
    if others:
        what = f"version {signed.version} is signed, and comes out in other bytes here"
        fix = (
            "hand out the file that was signed, and keep it; to lay it out again, name the same "
            "--results and --codes, and take the cytomon that it was signed with"
        )
        raise _withheld(prepared, signed, paths, f"{what} ({', '.join(others)})", fix)
    return laid


def _withheld(
    prepared: Prepared, signed: Released, paths: Mapping[str, Path], what: str, fix: str
) -> WithheldError:
    error = WithheldError(what, where=f"report {signed.report_id}", fix=fix)
    there = {k: path for k, path in paths.items() if holds(path, signed.files.get(k, ""))}
    error.line = Written(document=prepared.document, files=there, place=prepared.place).line
    return error


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
    ordered = [line for _, line, _ in sorted(listed, key=lambda one: one[0])]
    lines = [replace(line, rank=rank) for rank, line in enumerate(ordered)]
    path = wanted.out / INDEX
    page = write_index(
        lines,
        as_of=wanted.as_of or date.today(),
        simulated=any(simulated for *_, simulated in listed),
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


def sign_report(store: Store, who: str, patient_id: str, wanted: Wanted, *, why: str) -> Written:
    """Sign the next version of a report, in every format for which a package is there.

    The files are written first, then the store is changed, then the files get their names: none
    says that it is signed before the store says so, too.

    Parameters
    ----------
    store : Store
        The store; other writers wait.
    who : str
        Name of the person who signs.
    patient_id : str
        The patient.
    wanted : Wanted
        What is to be written; formats are added to it.
    why : str
        The reason; needed for an amendment.

    Raises
    ------
    InputError
        If the role does not allow it, a result that it reports is not signed or is contradicted,
        nothing has changed since the last version, the reason of an amendment is missing, or a
        file cannot be written.
    """
    wanted = replace(wanted, formats=releasable(wanted.formats))
    with ExitStack() as parts:
        with changing(store, who, "report", act=Act.SIGN) as change:
            document, laid = _sign(change, patient_id, wanted, why)
            paths = paths_of(wanted.out, document.identity.stem, wanted.formats)
            refuse_taken(paths, laid)
            stage(parts, paths, laid)
        try:
            parts.close()
        except UnwritableError as error:
            raise _not_put(document, paths, laid) from error
    return Written(document=document, files=paths)


def _sign(
    change: Change, patient_id: str, wanted: Wanted, why: str
) -> tuple[Document, dict[str, bytes]]:
    """The next version under its signature, kept in the store, and its files."""
    connection = change.connection
    before = released(connection, patient_id)
    as_of = wanted.as_of or date.today()
    refuse_future(as_of, date.today())
    draft = compose_draft(connection, patient_id, wanted, as_of)
    refuse_contradicted(draft.case)
    refuse_unsigned(draft.case)
    plain = draft.plain
    if before:
        refuse_again(before[-1], plain, why, wanted.formats)
    version = Released(
        report_id=before[-1].report_id if before else report_id(connection, patient_id),
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
    files = {kind: sha256_of(data) for kind, data in laid.items()}
    release(change, patient_id, replace(version, files=files))
    return document, laid


def _not_put(
    document: Document, paths: Mapping[str, Path], laid: Mapping[str, bytes]
) -> InputError:
    missing = [p.name for kind, p in paths.items() if not holds(p, sha256_of(laid[kind]))]
    return InputError(
        f"version {document.identity.version} is signed, yet not all of its files could be written",
        where=", ".join(missing),
        fix="write them with the same options and without --sign: cytomon report PATIENT",
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
    ContradictedError
        If store and log do not say the same of it.
    """
    digest = sha256_of(path.read_bytes())
    with store.reading() as connection:
        versions = find_release(connection, digest)
    found = [one for one in versions if digest in one.files.values()]
    if not found:
        return Verified(version=None)
    return Verified(
        version=found[-1],
        newer=tuple(one for one in versions if one.version > found[-1].version),
    )
