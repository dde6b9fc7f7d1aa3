"""One reported specimen: what it is, what was counted, what the blasts look like, its quality."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from cytomon.model.course import KeptResult, KeptSpecimen
from cytomon.model.findings import Severity
from cytomon.model.results import MRD_QUANTITIES
from cytomon.report.case import Case, Standing, released
from cytomon.report.course_section import bare
from cytomon.report.curves import baseline, intensity_change
from cytomon.report.document import Field, Picture, Section, Table
from cytomon.report.observed import TITLES, in_order, method, says
from cytomon.report.verdicts import ANTIGENS
from cytomon.report.words import facts, recorded

_ANSWERS = (*MRD_QUANTITIES, "b_fraction")
_CELLS = {"t_cells": "T cells", "nk": "NK cells", "granulocytes": "granulocytes"}
_NORMAL = {"plasma_cells": "plasma cells", "monocytes": "monocytes", "t_cells": "T cells"}
"""Gates of normal cells that no quantity counts."""


def specimen_sections(case: Case) -> Iterator[Section]:
    """A section for each reported specimen, the newest first."""
    for number, specimen in enumerate(case.reported, start=1):
        yield Section(
            key=f"specimen-{number}",
            title=case.named(specimen),
            fields=tuple(_specimen(case, specimen)),
            tables=tuple(_tables(case, specimen)),
            pictures=tuple(_pictures(case, specimen)),
            text=tuple(_text(case, specimen)),
        )


def _specimen(case: Case, specimen: KeptSpecimen) -> Iterator[Field]:
    laboratory = case.laboratory
    viable = "" if specimen.viability is None else f"{bare(specimen.viability)} %"
    yield from facts(
        {
            "collected": specimen.collected_on,
            "received": specimen.received_on,
            "age at acquisition": _age(case, specimen),
            "site and side": "",
            "pull": specimen.pull,
            "anticoagulant": laboratory.anticoagulant,
            "volume and cell count": "",
            "viability elsewhere": viable,
            "cytometer's check of the day": specimen.instrument_qc,
            "CD19 clone": specimen.cd19_clone,
            "CD22 clone": specimen.cd22_clone,
            "absolute lymphocyte count": _absolute(case, specimen),
            **dict(_normal(case, specimen)),
        }
    )


def _normal(case: Case, specimen: KeptSpecimen) -> Iterator[tuple[str, str]]:
    """Normal cells that were counted beside what is measured (domain: 6.1.10)."""
    results = results_of(specimen)
    for result in results:
        backing = case.backing.get(result.number)
        where = f" in {result.file}" if len(results) > 1 else ""
        for path, count in (backing.populations if backing else {}).items():
            name = _NORMAL.get(path.rpartition("/")[2])
            if name:
                yield f"{name}{where}", f"{count:,} events"


def _age(case: Case, specimen: KeptSpecimen) -> str:
    """Days from collection to acquisition, as far as the files tell."""
    found = []
    for result in results_of(specimen):
        backing = case.backing.get(result.number)
        acquired = str(backing.details.get("acquired", "")) if backing else ""
        if acquired and specimen.collected_on:
            days = (datetime.fromisoformat(acquired).date() - specimen.collected_on).days
            found.append(f"{days} day{'s' * (days != 1)}")
    return ", ".join(dict.fromkeys(found))


def _absolute(case: Case, specimen: KeptSpecimen) -> str:
    found = [
        f"{one.value} {one.unit}".strip()
        for one in case.course.events
        if one.event == "alc" and one.on == specimen.collected_on
    ]
    return ", ".join(found)


def results_of(specimen: KeptSpecimen) -> list[KeptResult]:
    """Results that count for something of a specimen, in order."""
    found = {result.number: result for result, _ in specimen.standing.values()}
    return [found[number] for number in sorted(found)]


def _tables(case: Case, specimen: KeptSpecimen) -> Iterator[Table]:
    codes = [quantity for quantity in in_order(specimen) if quantity not in ANTIGENS]
    answers = [specimen.standing[code] for code in codes if code in _ANSWERS]
    others = [specimen.standing[code] for code in codes if code not in _ANSWERS]
    if answers:
        yield Table(
            title="Answers",
            columns=("quantity", "%", "95 % interval, %", "counts", "LOD, %", "LOQ, %", "says"),
            rows=tuple(_row(case, standing) for standing in answers),
            note="Intervals cover counting alone (Clopper-Pearson); gating adds to them, the more "
            "the fewer events. MRD over different denominators is not comparable.",
        )
    if others:
        yield Table(
            title="Beside them",
            columns=("quantity", "%", "95 % interval, %", "counts"),
            rows=tuple(_row(case, standing)[:4] for standing in others),
        )
    calls = tuple(
        _call_row(case, specimen, name, specimen.standing[quantity])
        for quantity, name in ANTIGENS.items()
        if quantity in specimen.standing
    )
    if calls:
        yield Table(
            title="CD19 and CD22 of the blasts",
            columns=(
                "antigen", "call", "above the threshold, %", "blasts", "negative reference",
                "positive reference", "r", "Δ to own baseline",
            ),
            rows=calls,
            note="Threshold: median and three robust standard deviations of negative cells of the "
            "same tube. r: intensity relative to normal B cells. Δ: log10 of the median over "
            "that of the patient's blasts before the infusion. Other markers are not called; "
            "see the plots.",
        )  # fmt: skip


def _row(case: Case, standing: Standing) -> tuple[str, ...]:
    result, found = standing
    estimate = found.estimate
    counts = ""
    if found.numerator is not None and found.denominator is not None:
        counts = f"{found.numerator:,} of {found.denominator:,}"
    limits = [bare(one) if one is not None else "" for one in (found.lod, found.loq)]
    plain = says(case, result, found)
    return (
        TITLES.get(found.quantity, found.quantity),
        bare(estimate.value) if estimate else "-",
        f"{bare(estimate.low)} to {bare(estimate.high)}" if estimate else "",
        counts,
        *(limits if found.quantity in MRD_QUANTITIES else ("", "")),
        "" if plain == "measured" else plain,
    )


def _call_row(case: Case, specimen: KeptSpecimen, name: str, standing: Standing) -> tuple[str, ...]:
    result, found = standing
    quantity = found.quantity
    details = case.details(result, quantity)
    estimate = found.estimate
    share = "-"
    if estimate:
        share = f"{bare(estimate.value)} ({bare(estimate.low)} to {bare(estimate.high)})"
    change = intensity_change(case, specimen, quantity, baseline(case, quantity))
    relative = details.get("r")
    return (
        name,
        says(case, result, found),
        share,
        "" if found.denominator is None else f"{found.denominator:,}",
        _reference(details, "negative_reference") if details else recorded(None),
        _events(details.get("positive_reference_events"), "normal B cells")
        if details
        else recorded(None),
        f"{relative:.2f}" if isinstance(relative, float) else recorded(None),
        "no baseline to compare with" if change is None else f"{change:+.2f} log",
    )


def _reference(details: Mapping[str, float | str], name: str) -> str:
    cells = str(details.get(name, ""))
    return _events(details.get(f"{name}_events"), _CELLS.get(cells, cells))


def _events(number: float | str | None, cells: str) -> str:
    return f"{int(number):,} {cells}" if isinstance(number, int | float) else "none"


def _pictures(case: Case, specimen: KeptSpecimen) -> Iterator[Picture]:
    for result in results_of(specimen):
        yield from case.plotted.get(result.number, ())


def _text(case: Case, specimen: KeptSpecimen) -> Iterator[str]:
    """Quality of each tube, and what keeps it from being drawn."""
    for result in results_of(specimen):
        if not result.file:
            tubes = "Of all tubes together" if result.template else "Measured elsewhere"
            yield f"{tubes} ({released(result)}): no plots, and no quality checks of its own."
            continue
        backing = case.backing.get(result.number)
        findings = backing.findings if backing else ()
        warned = [one for one in findings if one.severity is not Severity.INFO]
        said = "; ".join(f"{one.code}: {one.what}" for one in warned)
        yield f"Quality of {result.file} ({released(result)}): {said or 'nothing to remark'}."
        if result.number not in case.plotted:
            yield f"Plots of {result.file} are not drawn: they are not in any folder of results."


def made_at(result: KeptResult) -> str:
    """When a result was kept, by whom, and with what."""
    at = datetime.fromisoformat(result.saved_at).astimezone(UTC)
    program = f", cytomon {result.cytomon}" if result.cytomon else ""
    return f"{at:%Y-%m-%d %H:%M} UTC by {result.saved_by}{program}, {method(result) or 'elsewhere'}"
