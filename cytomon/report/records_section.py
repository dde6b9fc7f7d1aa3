"""Method and records: with what it was measured, who said what when, what was corrected."""

from __future__ import annotations

from collections.abc import Iterator

from cytomon.model.course import KeptResult, KeptSpecimen
from cytomon.model.reviewed import Reviewed
from cytomon.report.case import Case
from cytomon.report.document import Section, Table
from cytomon.report.observed import made_at, method
from cytomon.report.reviews import made_by, rejections, released
from cytomon.report.words import facts, kind_of, recorded
from cytomon.track.reviews import gates_of, said_of, tube_of, verdict_of

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
    ) + tuple(row for specimen in case.reported for row in _rejected(case, specimen))
    reviews = tuple(_review(case, one) for one in case.course.reviews if _is_shown(case, one))
    corrections = tuple(
        (one.at[:10], one.what, one.came_from or "-", one.went_to or "withdrawn", one.by, one.why)
        for one in case.course.corrections
    )
    tables = [
        Table(title="Results", columns=("result", "state", "what", "who and when"), rows=rows)
    ]
    if reviews:
        tables.append(
            Table(
                title="Reviews",
                columns=("specimen and tube", "review", "automatic", "reviewed"),
                rows=reviews,
            )
        )
    if corrections:
        columns = ("date", "what", "from", "to", "by", "why")
        tables.append(Table(title="Corrections", columns=columns, rows=corrections))
    return Section(key="records", title="Records", text=traced, tables=tuple(tables))


def _rows(case: Case, specimen: KeptSpecimen, result: KeptResult) -> Iterator[tuple[str, ...]]:
    name = result.file or specimen.specimen_id
    state = released(case, result) + (", amended" if result.amended else "")
    review = made_by(case, result)
    if review is not None:
        yield name, "automatic, beside the reviewed one", "measured", made_at(review.automatic)
    with_gates = " with a reviewer's gates" if review else ""
    yield name, state, f"measured{with_gates}", made_at(result)
    for signed in result.signatures:
        held = "" if signed.stands else " (does not hold any more: the tube was moved)"
        yield name, state, f"{signed.meaning}{held}", f"{signed.at[:16]} UTC by {signed.by}"


def _rejected(case: Case, specimen: KeptSpecimen) -> Iterator[tuple[str, ...]]:
    """A result that counts no longer stays in the records."""
    for one in rejections(case, specimen):
        name = one.file or specimen.specimen_id
        yield name, f"rejected by {one.by}", "measured", made_at(one.found)


def _is_shown(case: Case, one: Reviewed) -> bool:
    return one.collected_on is not None and one.collected_on <= case.as_of


def _review(case: Case, one: Reviewed) -> tuple[str, ...]:
    """A verdict on a result of any specimen, with the numbers on both sides."""
    reviewed = one.made or (one.found if one.found is not one.automatic else None)
    where = f"{kind_of(one.specimen_type)} of {case.dated(one.collected_on)}"
    when = f"{verdict_of(one)} by {one.by}, {one.at[:16].replace('T', ' ')} UTC"
    return (
        f"{where} ({one.specimen_id}): {tube_of(one)}",
        "; ".join(filter(None, (when, one.comment, *gates_of(one)))),
        said_of(one.automatic.measurements),
        said_of(reviewed.measurements) if reviewed else "",
    )
