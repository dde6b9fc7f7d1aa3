"""Which version of a report is composed: the signed one where it still holds, else a draft."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import cytomon
from cytomon.courses import Day, follow_within, trace_within
from cytomon.drawings import Drawings, Figures
from cytomon.model.course import KeptResult
from cytomon.report.case import Case
from cytomon.report.codes import Codes
from cytomon.report.compose import Edition, compose
from cytomon.report.document import Document, Identity, Signer, Status
from cytomon.report.laboratory import Laboratory
from cytomon.report.reviews import automatic_of
from cytomon.report.versions import changes, content, lasting, statements
from cytomon.store.backing import read_backing
from cytomon.store.course import read_course
from cytomon.store.reports import Released, released, report_id
from cytomon.store.touched import head
from cytomon.track.digest import digest_of
from cytomon.track.profile import Profile
from cytomon.track.rules.catalogue import VERSION

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wanted:
    """What is to be written, and how.

    Attributes
    ----------
    out : Path
        Folder of the reports.
    formats : tuple of str
        Some of `FORMATS`.
    as_of : date or None
        The day; None for today.
    profile : Profile
        The definitions.
    laboratory : Laboratory
        Who reports.
    codes : Codes
        Of other systems.
    drawings : Drawings
        Where plots of tubes are found.
    """

    out: Path
    formats: tuple[str, ...]
    profile: Profile
    laboratory: Laboratory
    codes: Codes
    drawings: Drawings
    as_of: date | None = None

    def on(self, as_of: date) -> Day:
        """A day with the definitions."""
        return Day(as_of=as_of, profile=self.profile)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """A report before it is laid out."""

    document: Document
    figures: Figures
    place: tuple[object, ...] = ()
    signed: Released | None = None


def prepare(connection: Connection, patient_id: str, wanted: Wanted) -> Prepared:
    """The signed version where nothing has changed since, else a draft of the next one."""
    today = wanted.as_of or date.today()
    draft = compose_draft(connection, patient_id, wanted, today)
    before = released(connection, patient_id)
    if not before:
        return _edition(connection, patient_id, draft)
    last = before[-1]
    if last.as_of <= today and lasting(statements(draft.plain)) == lasting(last.said):
        then = draft
        if last.as_of != today:
            then = compose_draft(connection, patient_id, wanted, last.as_of)
        if content(then.plain) == last.content:
            return _again(then, before, connection)
    return _edition(connection, patient_id, draft, last)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draft:
    """A case, what changed its flags, and its figures; not yet a version."""

    case: Case
    figures: Figures
    traced: tuple[str, ...]
    definitions: str

    @property
    def place(self) -> tuple[object, ...]:
        """Where the patient stands in a worklist."""
        return digest_of(self.case.followed).place

    @property
    def plain(self) -> Document:
        """What it says in no version in particular; the same whether plots are found or not."""
        identity = self.identity("R", 1, Status.DRAFT, 0)
        case = replace(self.case, plotted={})
        return compose(case, Edition(identity=identity, traced=self.traced))

    def composed(
        self, identity: Identity, *, said: tuple[str, ...] = (), signer: Signer | None = None
    ) -> Document:
        """The document of a version."""
        edition = Edition(identity=identity, signer=signer, changes=said, traced=self.traced)
        return compose(self.case, edition)

    def identity(self, name: str, version: int, status: Status, entry: int) -> Identity:
        """Which report it becomes."""
        return Identity(
            report_id=name,
            version=version,
            status=status,
            as_of=self.case.as_of,
            entry=entry,
            simulated=self.case.is_simulated,
            made_by=f"cytomon {cytomon.__version__}",
            definitions=self.definitions,
        )


def compose_draft(connection: Connection, patient_id: str, wanted: Wanted, on: date) -> Draft:
    """Read a patient as of a day, and find the plots of the tubes that are reported."""
    day = wanted.on(on)
    course = read_course(connection, patient_id)
    case = Case(
        followed=follow_within(connection, patient_id, day),
        course=course,
        backing={},
        laboratory=wanted.laboratory,
    )
    known = {r.number for one in case.specimens for r, _ in one.standing.values()}
    looked_at = {one.found.number for one in course.reviews}
    reported = {r.number: r for one in case.reported for r in case.results_of(one)}
    beside = [automatic_of(case, result) for result in reported.values()]
    figures = wanted.drawings.of_results(
        _in_order(reported | {one.number: one for one in beside if one})
    )
    return Draft(
        case=replace(
            case,
            backing=read_backing(connection, sorted(known | looked_at | reported.keys())),
            plotted=figures.pictures,
        ),
        figures=figures,
        traced=tuple(_traced(connection, patient_id, day)),
        definitions=f"rules {VERSION}, profile {wanted.profile.title}",
    )


def _in_order(results: Mapping[int, KeptResult]) -> list[KeptResult]:
    return [results[number] for number in sorted(results)]


def _traced(connection: Connection, patient_id: str, day: Day) -> Iterator[str]:
    for step in trace_within(connection, patient_id, day):
        entry = step.entry
        why = f" ({entry.why})" if entry.why else ""
        what = "; ".join(
            f"{one.how} {one.flag.urgency.word} {one.flag.rule} of {one.flag.on}: {one.flag.says}"
            for one in step.changed
        )
        yield f"{entry.at[:10]}, {entry.what} by {entry.by}{why}: {what}."


def _edition(
    connection: Connection, patient_id: str, draft: Draft, last: Released | None = None
) -> Prepared:
    """A draft of the first version, or of the next."""
    name = last.report_id if last else report_id(connection, patient_id)
    number = last.version + 1 if last else 1
    identity = draft.identity(name, number, Status.DRAFT, head(connection).number)
    said: tuple[str, ...] = ()
    if last is not None:
        said = _since(last, draft.plain)
    document = draft.composed(identity, said=said)
    return Prepared(document=document, figures=draft.figures, place=draft.place)


def _since(last: Released, document: Document) -> tuple[str, ...]:
    found = changes(last.said, statements(document))
    head_ = f"since version {last.version}, signed by {last.by} as of {last.as_of}:"
    return (head_, *(found or ("no answer, no flag, no number and no event",)))


def _again(draft: Draft, before: Sequence[Released], connection: Connection) -> Prepared:
    """The signed version itself, laid out again."""
    last = before[-1]
    document = signed_document(draft, last, before[-2] if len(before) > 1 else None)
    return Prepared(document=document, figures=draft.figures, place=draft.place, signed=last)


def signed_document(draft: Draft, version: Released, earlier: Released | None) -> Document:
    """The document of a version under its signature."""
    identity = draft.identity(
        version.report_id, version.version, Status(version.status), version.entry
    )
    signer = Signer(name=version.by, role=version.role, at=version.at, why=version.why)
    said = _since(earlier, draft.plain) if earlier else ()
    return draft.composed(identity, said=said, signer=signer)
