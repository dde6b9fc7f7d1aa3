"""Method and records: with what it was measured, who said what when, what was corrected."""

from __future__ import annotations

from collections.abc import Iterator

from cytomon.model.course import KeptResult, KeptSpecimen
from cytomon.report.case import Case, released
from cytomon.report.document import Section, Table
from cytomon.report.observed import method
from cytomon.report.specimen_section import made_at
from cytomon.report.words import facts, recorded

DENOMINATORS = (
    "MRD: blasts of all nucleated cells (reported), of leukocytes, of mononuclear cells. B cells: "
    "CD19+CD3- lymphocytes without precursors and blasts, of lymphocytes without blasts."
)


def method_section(case: Case) -> Section:
    """Panel, cytometer, template and program of each reported specimen (domain: 6.1.5)."""
    laboratory = case.laboratory
    return Section(
        key="method",
        title="Method",
        text=(
            *((laboratory.validation,) if laboratory.validation else ()),
            DENOMINATORS,
            *(
                said
                for specimen in case.reported
                for result in case.results_of(specimen)
                for said in _tube(case, specimen, result)
            ),
        ),
        fields=tuple(facts({"lysis": laboratory.lysis, "nuclear dye": laboratory.nuclear_dye})),
    )


def _tube(case: Case, specimen: KeptSpecimen, result: KeptResult) -> Iterator[str]:
    if not result.file:
        if not result.template:
            yield (
                f"{specimen.specimen_id}: measured elsewhere; template, panel and cytometer not "
                "recorded."
            )
        return
    backing = case.backing.get(result.number)
    details = backing.details if backing else {}
    panel = details.get("panel")
    stains = panel.items() if isinstance(panel, dict) else ()
    said = ", ".join(f"{marker} {dye}".strip() for marker, dye in stains)
    yield (
        f"{result.file}: template {method(result)}; cytometer {recorded(details.get('instrument'))}"
        f"; panel {recorded(said)}; gates decided by {recorded(result.engine)}; file "
        f"{result.sha256[:16]}."
    )


def records_section(case: Case, traced: tuple[str, ...]) -> Section:
    """Who measured, reviewed and signed, and what was corrected (domain: 6.1.15).

    Parameters
    ----------
    case : Case
        The patient.
    traced : tuple of str
        How corrections and later results changed flags.
    """
    rows = tuple(
        row
        for specimen in case.reported
        for result in case.results_of(specimen)
        for row in _rows(case, specimen, result)
    )
    corrections = tuple(
        (one.at[:10], one.what, one.came_from or "-", one.went_to or "withdrawn", one.by, one.why)
        for one in case.course.corrections
    )
    tables = [
        Table(title="Results", columns=("result", "state", "what", "who and when"), rows=rows)
    ]
    if corrections:
        columns = ("date", "what", "from", "to", "by", "why")
        tables.append(Table(title="Corrections", columns=columns, rows=corrections))
    return Section(key="records", title="Records", text=traced, tables=tuple(tables))


def _rows(case: Case, specimen: KeptSpecimen, result: KeptResult) -> Iterator[tuple[str, ...]]:
    name = result.file or specimen.specimen_id
    state = released(result) + (", amended" if result.amended else "")
    yield name, state, "measured", made_at(result)
    backing = case.backing.get(result.number)
    for one in backing.reviews if backing else ():
        comment = f": {one.comment}" if one.comment else ""
        yield name, state, f"{one.verdict}{comment}", f"{one.at[:16]} UTC by {one.by}"
    for signed in result.signatures:
        held = "" if signed.stands else " (does not hold any more: the tube was moved)"
        yield name, state, f"{signed.meaning}{held}", f"{signed.at[:16]} UTC by {signed.by}"
