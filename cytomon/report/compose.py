"""A case becomes a document: everything that a report says, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cytomon.model.flags import Flag
from cytomon.report.case import Case
from cytomon.report.course_section import course_section
from cytomon.report.curves import curves_of
from cytomon.report.document import (
    Alert,
    Document,
    Field,
    Identity,
    Signer,
    Status,
)
from cytomon.report.observed import happened_to, specimens_of
from cytomon.report.records_section import method_section, records_section
from cytomon.report.specimen_section import specimen_sections
from cytomon.report.summary import summary_of
from cytomon.report.verdicts import verdicts_of
from cytomon.report.words import facts, inert_everywhere

SIMULATED = "SIMULATED DATA"
DRAFT = "DRAFT, NOT SIGNED"

DISCLAIMERS = (
    "Computed with research software. Not a medical device. Not cleared or CE-marked for "
    "diagnosis. Results need review by a qualified specialist and confirmation by the "
    "laboratory's validated procedure. Flags say where to look; they name no treatment.",
    "The laboratory owns the validation of this method. In the European Union, methods made and "
    "used in-house fall under Article 5(5) of Regulation (EU) 2017/746; software for diagnosis "
    "would be of class C (rule 3).",
)
_SIMULATED_TOO = (
    "SIMULATED DATA: made by a program, for demonstration. No patient stands behind it."
)
_MEANS = {
    Status.DRAFT: "Draft: preliminary, not signed",
    Status.SIGNED: "Signed: final",
    Status.AMENDED: "Signed: amended, in place of an earlier version",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """Which version is composed.

    Attributes
    ----------
    identity : Identity
        Which report it is.
    signer : Signer or None
        Who releases it.
    changes : tuple of str
        What changed since the last version.
    traced : tuple of str
        How corrections and later results changed flags.
    """

    identity: Identity
    signer: Signer | None = None
    changes: tuple[str, ...] = ()
    traced: tuple[str, ...] = ()


def compose(case: Case, edition: Edition) -> Document:
    """Compose the report of a patient.

    Parameters
    ----------
    case : Case
        The patient on a day.
    edition : Edition
        Which version.

    Returns
    -------
    Document
        Every text in it is inert.
    """
    identity, course = edition.identity, case.course
    verdicts = verdicts_of(case)
    simulated = (_SIMULATED_TOO,) if identity.simulated else ()
    return inert_everywhere(
        Document(
            identity=identity,
            patient_id=course.patient.patient_id,
            sex=course.patient.sex,
            birth_year=course.patient.birth_year,
            banner=" · ".join(_banner(identity)),
            standing=_standing(edition),
            heading=tuple(_heading(case, identity)),
            verdicts=verdicts,
            summary=tuple(summary_of(case, verdicts)),
            alerts=tuple(_alerts(case.followed.flags)),
            changes=edition.changes,
            sections=(
                course_section(case),
                *specimen_sections(case),
                method_section(case),
                records_section(case, edition.traced),
            ),
            disclaimers=(*simulated, *DISCLAIMERS),
            specimens=specimens_of(case),
            happened=happened_to(case),
            infused_on=case.followed.timeline.day0,
            product=course.infusion.product if course.infusion else "",
            laboratory=case.laboratory.name,
            signer=edition.signer,
            curves=curves_of(case),
        )
    )


def _banner(identity: Identity) -> Iterator[str]:
    if identity.simulated:
        yield SIMULATED
    if identity.status is Status.DRAFT:
        yield DRAFT


def _standing(edition: Edition) -> str:
    said = _MEANS[edition.identity.status]
    signer = edition.signer
    if signer is None:
        return said
    why = f"; reason: {signer.why}" if signer.why else ""
    return f"{said}, by {signer.name} ({signer.role}), {signer.at[:16].replace('T', ' ')} UTC{why}"


def _heading(case: Case, identity: Identity) -> Iterator[Field]:
    patient, infusion, laboratory = case.course.patient, case.course.infusion, case.laboratory
    day = case.day(case.as_of)
    report = f"{identity.report_id}, version {identity.version}"
    product = infusion.product if infusion else ""
    known = {
        "patient": patient.patient_id,
        "second identifier": "",
        "year of birth": patient.birth_year,
        "date of birth": "",
        "sex": patient.sex,
        "diagnosis": laboratory.diagnosis,
        "genotype": patient.genotype,
        "CAR product": product,
        "infusion (day 0)": infusion.infused_on if infusion else None,
        "as of": f"{case.as_of}" + ("" if day is None else f" (day {day})"),
        "report": report,
        "laboratory": ", ".join(filter(None, (laboratory.name, laboratory.address))),
        "accreditation": laboratory.accreditation,
        "responsible": laboratory.director,
        "contact": laboratory.contact,
        "requester": laboratory.requester,
        "drugs and transplant": "; ".join(_treatments(case)),
        **dict(_ends(case)),
    }
    yield from facts(known)


def _ends(case: Case) -> Iterator[tuple[str, str]]:
    """Relapse and death, which a reader has to know first."""
    for name in ("relapse", "relapse_extramedullary", "lineage_switch", "death"):
        days = [one.on for one in case.course.events if one.event == name]
        known = [case.dated(on) for on in days if on <= case.as_of]
        if known:
            yield f"recorded {name.replace('_', ' ')}", "; ".join(known)


def _treatments(case: Case) -> Iterator[str]:
    """What may hide an antigen or end what B cells say of the CAR T cells (domain: 6.1.4)."""
    for event in case.course.events:
        if event.event in {"drug", "transplant", "second_infusion"} and event.on <= case.as_of:
            name = event.value if event.event == "drug" else event.event.replace("_", " ")
            yield f"{name} {case.dated(event.on)}"


def _alerts(flags: Sequence[Flag]) -> list[Alert]:
    """Open flags first, the most urgent on top; of equals the newest."""
    ordered = sorted(flags, key=lambda one: (not one.open, -one.urgency, -one.on.toordinal()))
    return [_alert(one) for one in ordered]


def _again(flag: Flag) -> Iterator[str]:
    """Days on which it held likewise and was not raised again, and what it says by now."""
    if flag.suppressed:
        days = ", ".join(str(fact.on) for fact in flag.suppressed)
        yield f"held again {days}; by now: {flag.suppressed[-1].what}"


def _alert(flag: Flag) -> Alert:
    day = "" if flag.day is None else f", day {flag.day}"
    return Alert(
        rule=f"{flag.rule} {flag.subject}".strip(),
        urgency=flag.urgency.word,
        when=f"{flag.on}{day}",
        says=flag.says,
        facts=(
            *(f"{fact.on}: {fact.what}" for fact in flag.evidence),
            *_again(flag),
        ),
        confirms=flag.confirms,
        seen=tuple(f"{one.by}, {one.at[:10]}: {one.why}" for one in flag.acknowledged),
        open=flag.open,
    )
