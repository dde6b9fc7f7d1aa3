"""A tube of a store that is to be reviewed: what is known of it, and its file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from sqlalchemy import Connection

from cytomon.errors import InputError
from cytomon.fcs.panel import PanelMapping
from cytomon.gating.folder import gate_folder
from cytomon.model.adjustment import Adjustment, read_adjustments
from cytomon.model.course import RANK, Backing, Course, KeptResult, KeptSpecimen, State
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.model.record import Kind, Source
from cytomon.model.results import TubeResult
from cytomon.pipeline import OpenedTube, open_for_gating
from cytomon.review.files import find_file
from cytomon.store.backing import read_backing
from cytomon.store.course import read_course
from cytomon.store.reviewing import adjustments_of
from cytomon.worklist import masked_by


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One tube of a specimen, with the result that a review of it begins with.

    Attributes
    ----------
    patient_id : str
        Pseudonym.
    kept : KeptSpecimen
        The specimen with all its results.
    result : KeptResult
        What the review begins with: what a reviewer has made, where that is the last that anybody
        has looked at; else what a batch measured last.
    automatic : KeptResult
        What a batch measured last.
    specimen : Specimen
        The specimen as the pipeline wants it, with the patient's day and drugs.
    start : tuple of Adjustment
        Those that `result` was made with.
    backing : Backing
        What stands behind `automatic`.
    others : tuple of KeptResult
        What counts for the other tubes of the specimen, and for all of them together.
    """

    patient_id: str
    kept: KeptSpecimen
    result: KeptResult
    automatic: KeptResult
    specimen: Specimen
    start: tuple[Adjustment, ...]
    backing: Backing
    others: tuple[KeptResult, ...]

    @property
    def is_measured_again(self) -> bool:
        """Whether a batch has measured the tube since the review that counts for it."""
        return self.automatic.number > self.result.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What a user says of files that the store does not hold.

    Attributes
    ----------
    named, known : tuple of Path
        Folders named by the user, and those that batches of this computer found their tubes in.
    template : str
        A template's file, where the tubes were measured with one that is not shipped.
    mapping : PanelMapping or None
        The laboratory's own word on its detectors.
    """

    named: tuple[Path, ...] = ()
    known: tuple[Path, ...] = ()
    template: str = ""
    mapping: PanelMapping | None = None


def read_cases(connection: Connection, patient_id: str, specimen: int) -> tuple[Case, ...]:
    """The tubes of a specimen that a batch has measured, in the order of their names.

    Parameters
    ----------
    connection : Connection
        From `Store.reading`.
    patient_id : str
        The patient.
    specimen : int
        Number of the specimen in the store.
    """
    course = read_course(connection, patient_id)
    kept = next((one for one in course.specimens if one.number == specimen), None)
    return () if kept is None else tuple(_cases(connection, course, kept))


def earlier_specimens(connection: Connection, case: Case) -> tuple[KeptSpecimen, ...]:
    """Specimens of the same patient and type before a case, the newest first."""
    course = read_course(connection, case.patient_id)
    day = case.kept.collected_on
    before = [
        one
        for one in course.specimens
        if one.specimen_type == case.kept.specimen_type
        and one.collected_on is not None
        and day is not None
        and one.collected_on < day
    ]
    return tuple(reversed(before))


def _cases(connection: Connection, course: Course, kept: KeptSpecimen) -> Iterator[Case]:
    stands = _standing(kept.results)
    own = [one for one in kept.results if one.source is not Source.IMPORT and not one.external]
    # the last that a person has looked at; what is signed need not be that
    seen = {one.tube: one for one in own if one.state is not State.AUTOMATIC}
    measured = {one.tube: one for one in own if one.source is Source.BATCH}  # the newest is last
    automatic = [one for one in measured.values() if one.kind is Kind.FILE and one.sha256]
    backing = read_backing(connection, [one.number for one in automatic])
    for one in sorted(automatic, key=attrgetter("file", "tube")):
        last = seen.get(one.tube, one)
        result = last if last.source is Source.REVIEW else one
        yield Case(
            patient_id=course.patient.patient_id,
            kept=kept,
            result=result,
            automatic=one,
            specimen=_specimen(course, kept),
            start=_start(connection, result),
            backing=backing[one.number],
            others=tuple(other for at, other in stands.items() if at != one.tube),
        )


def _standing(results: Sequence[KeptResult]) -> dict[int, KeptResult]:
    """What counts for each tube: signed before reviewed before automatic, then the newest."""
    found: dict[int, KeptResult] = {}
    for one in sorted(results, key=attrgetter("number")):
        before = found.get(one.tube)
        if before is None or RANK[one.state] >= RANK[before.state]:
            found[one.tube] = one
    return found


def _start(connection: Connection, result: KeptResult) -> tuple[Adjustment, ...]:
    if result.source is not Source.REVIEW:
        return ()
    try:
        return read_adjustments(adjustments_of(connection, result.number))
    except ValueError as error:
        raise InputError(
            "the adjustments of the last review cannot be read",
            where=f"result {result.number}",
            fix="see that the store is whole: cytomon audit verify",
        ) from error


def _specimen(course: Course, kept: KeptSpecimen) -> Specimen:
    day, on = None, kept.collected_on
    if course.infusion is not None and on is not None:
        day = (on - course.infusion.infused_on).days
    drugs = [(event.on, event.value) for event in course.events if event.event == "drug"]
    return Specimen(
        specimen_type=SpecimenType(kept.specimen_type),
        patient_id=course.patient.patient_id,
        specimen_id=kept.specimen_id,
        collected_on=on,
        received_on=kept.received_on,
        pull=kept.pull,
        cd19_clone=kept.cd19_clone,
        cd22_clone=kept.cd22_clone,
        instrument_qc=kept.instrument_qc,
        viability=kept.viability,
        day=day,
        masked=masked_by(on, drugs) if on is not None else (),
        genotype=course.patient.genotype,
    )


def open_case(case: Case, places: Places) -> OpenedTube:
    """Find the file of a case and open it as the batch did.

    Raises
    ------
    CytomonError
        If the file is not found, is not the one that was measured, or cannot be gated.
    """
    wanted = case.automatic
    path = find_file(wanted, places.named, places.known)
    comes_along = (gate_folder() / f"{wanted.template}.yaml").is_file()
    if wanted.template and not (places.template or comes_along):
        raise InputError(
            f"the tube was measured with the template {wanted.template}, which does not come with "
            "cytomon",
            where=wanted.file,
            fix="name its file: --template FILE",
        )
    opened = open_for_gating(
        path,
        template=places.template or wanted.template,
        mapping=places.mapping,
        file=wanted.file,
    )
    if opened.tube.sha256 != wanted.sha256:
        raise InputError(
            "the file was changed while it was opened", where=wanted.file, fix="open it again"
        )
    if opened.template.name != wanted.template:
        raise InputError(
            f"the tube was measured with the template {wanted.template}, and this is "
            f"{opened.template.name}",
            where=wanted.file,
            fix="name the template that it was measured with: --template FILE",
        )
    return opened


def differences(case: Case, result: TubeResult) -> tuple[str, ...]:
    """Populations that the automatic gates count otherwise now than when the batch measured them.

    Parameters
    ----------
    case : Case
        The tube.
    result : TubeResult
        Measured now, without adjustments.

    Returns
    -------
    tuple of str
        Empty where every count is the same: only then can a review say what it changed.
    """
    now = {"/".join(one.path): one.count for one in result.populations}
    stored: Mapping[str, int] = case.backing.populations
    return tuple(
        f"{path.rpartition('/')[2]}: {stored.get(path, '-')} then, {now.get(path, '-')} now"
        for path in dict.fromkeys((*stored, *now))
        if stored.get(path) != now.get(path)
    )
