"""What is known from one tube and its worklist row about the tube's fitness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cytomon.measure.composition import (
    Check,
    Counts,
    check_hemodilution,
    check_lymphosum,
    check_regeneration,
    share,
)
from cytomon.measure.limits import lod_events
from cytomon.measure.lineage_switch import check_lineage_switch
from cytomon.model.findings import Finding, Severity
from cytomon.model.patient import Specimen
from cytomon.model.results import Limits

_LEAST_REFERENCE = 50
_MANY_EVENTS = 500_000
_AGE_HARD_HOURS = 96
_AGE_WARNING_HOURS = 72
_DAY_HOURS = 24


def check_quality(counts: Counts, specimen: Specimen, limits: Limits) -> tuple[Finding, ...]:
    """Run every check; collect, never stop at the first.

    Parameters
    ----------
    counts : mapping of str to int
        Role to events; an absent role is not checked.
    specimen : Specimen
        The worklist row: instrument check, dates, viability measured elsewhere.
    limits : Limits
        Of the template.

    Returns
    -------
    tuple of Finding
        In the order of `CHECKS`. `ERROR` is a hard failure; what was not supplied is
        `NOT_RECORDED` and never a failure.

    Raises
    ------
    ValueError
        If ``specimen.instrument_qc`` is none of ``pass``, ``fail`` and empty.
    """
    return tuple(finding for check in CHECKS for finding in check(counts, specimen, limits))


def hard(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that fail a tube, in their order: what `Evidence.failures` holds."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)


def check_instrument(_counts: Counts, specimen: Specimen, _limits: Limits) -> Iterator[Finding]:
    """The cytometer passed its daily check."""
    if specimen.instrument_qc not in ("pass", "fail", ""):
        msg = f"instrument_qc={specimen.instrument_qc!r}: expected 'pass', 'fail' or nothing"
        raise ValueError(msg)
    if specimen.instrument_qc == "fail":
        yield Finding(
            code="QC_INSTRUMENT",
            severity=Severity.ERROR,
            what="the cytometer failed its daily check",
            where="worklist: instrument_qc",
            fix="repeat on an instrument that passed, or see the laboratory's override procedure",
        )
    if not specimen.instrument_qc:
        yield _not_recorded("the cytometer's daily check", "worklist: instrument_qc")


def check_age(_counts: Counts, specimen: Specimen, _limits: Limits) -> Iterator[Finding]:
    """The specimen was received fresh; dates alone leave the age open by a day either way."""
    if specimen.collected_on is None or specimen.received_on is None:
        yield _not_recorded("the specimen's age", "worklist: collected_on, received_on")
        return
    days = (specimen.received_on - specimen.collected_on).days
    least, most = (days - 1) * _DAY_HOURS, (days + 1) * _DAY_HOURS
    if days < 0:
        what = f"the specimen was received {-days} days before it was collected"
        fix = "compare both dates with the request form"
        severity = Severity.WARNING
    elif least >= _AGE_HARD_HOURS:
        what = f"on receipt the specimen was older than {least} h; the limit is {_AGE_HARD_HOURS} h"
        fix = "ask for a new specimen; a result from this one cannot reassure"
        severity = Severity.ERROR
    elif most > _AGE_WARNING_HOURS:
        what = (
            f"on receipt the specimen was between {max(least, 0)} and {most} h old (only dates are "
            f"known); from {_AGE_WARNING_HOURS} h on antigens and viability suffer"
        )
        fix = "look up the times of collection and receipt, and read the viability with care"
        severity = Severity.WARNING
    else:
        return
    where = "worklist: collected_on, received_on"
    yield Finding(code="QC_AGE", severity=severity, what=what, where=where, fix=fix)


def check_retained(counts: Counts, _specimen: Specimen, _limits: Limits) -> Iterator[Finding]:
    """Most events lie in the stable part of the run."""
    retained = share(counts, "time_ok", "root")
    if retained is None or retained >= 0.8:
        return
    yield Finding(
        code="QC_RETAINED",
        severity=Severity.ERROR if retained < 0.5 else Severity.WARNING,
        what=f"only {retained:.1%} of the events lie in the stable part of the run",
        where="gate time_ok",
        fix="look at the run over time for clogs, bubbles and an emptied tube; acquire again",
    )


def check_doublets(counts: Counts, _specimen: Specimen, _limits: Limits) -> Iterator[Finding]:
    """Few events are two cells at once."""
    doublets = share(counts, "doublets", "time_ok")
    if doublets is None or doublets <= 0.1:
        return
    yield Finding(
        code="QC_DOUBLETS",
        severity=Severity.ERROR if doublets > 0.25 else Severity.WARNING,
        what=f"{doublets:.1%} of the events are doublets",
        where="gate singlets",
        fix="look at the singlet gate; if it holds, filter the cells and acquire more slowly",
    )


def check_viability(counts: Counts, specimen: Specimen, _limits: Limits) -> Iterator[Finding]:
    """Most cells are alive, by the tube's dye or else by the laboratory's own count."""
    if "viable" in counts and "viable_of" in counts:
        viable, where = share(counts, "viable", "viable_of"), "gate viable"
    elif specimen.viability is not None:
        viable, where = specimen.viability, "worklist: viability"
    else:
        yield _not_recorded("viability", "no viability dye in the tube; worklist: viability")
        return
    if viable is None or viable >= 0.8:
        return
    yield Finding(
        code="QC_VIABILITY",
        severity=Severity.ERROR if viable < 0.5 else Severity.WARNING,
        what=f"only {viable:.1%} of the cells are viable",
        where=where,
        fix="look at the viability gate and the specimen's age; ask for a fresh specimen",
    )


def check_events(counts: Counts, _specimen: Specimen, limits: Limits) -> Iterator[Finding]:
    """Enough nucleated cells to look for blasts; too few are no failure, the status speaks."""
    total = counts.get("nucleated")
    if "blasts" not in counts or total is None or total >= _MANY_EVENTS:
        return
    reach = (
        f"; the sensitivity is {min(1.0, lod_events(limits, total) / total):.4%}" if total else ""
    )
    yield Finding(
        code="FEW_EVENTS",
        severity=Severity.WARNING,
        what=f"{total} nucleated cells, fewer than {_MANY_EVENTS}{reach}",
        where="gate nucleated",
        fix="acquire more of the specimen if there is any left",
    )


def check_reference(counts: Counts, _specimen: Specimen, limits: Limits) -> Iterator[Finding]:
    """Enough T cells stand as zero for the antigens."""
    total = counts.get("t_cells")
    if total is None or total >= limits.reference_events:
        return
    yield Finding(
        code="QC_REFERENCE",
        severity=Severity.ERROR if total < _LEAST_REFERENCE else Severity.WARNING,
        what=f"{total} T cells; {limits.reference_events} are needed as negative reference",
        where="gate t_cells",
        fix="look at the T-cell gate and the CD3 stain; acquire more of the specimen",
    )


CHECKS: tuple[Check, ...] = (
    check_instrument,
    check_age,
    check_retained,
    check_doublets,
    check_viability,
    check_events,
    check_reference,
    check_hemodilution,
    check_lymphosum,
    check_regeneration,
    check_lineage_switch,
)


def _not_recorded(what: str, where: str) -> Finding:
    return Finding(
        code="NOT_RECORDED",
        severity=Severity.INFO,
        what=f"{what} was not recorded and could not be checked",
        where=where,
        fix="add it to the worklist if the laboratory knows it",
    )
