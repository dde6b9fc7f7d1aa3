"""One reported specimen: what it is, what was counted, what the blasts look like, its quality."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from cytomon.model.course import KeptSpecimen
from cytomon.model.results import MRD_QUANTITIES
from cytomon.report.case import Case, Standing
from cytomon.report.course_section import bare
from cytomon.report.curves import baseline, intensity_change
from cytomon.report.document import Field, Picture, Section, Table
from cytomon.report.observed import TITLES, in_order, says
from cytomon.report.reviews import (
    automatic_pictures,
    named,
    review_tables,
)
from cytomon.report.tube_text import tube_text
from cytomon.report.verdict_escape import ANTIGENS
from cytomon.report.words import facts, mrd_says, recorded

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
            text=tuple(tube_text(case, specimen)),
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
            "volume, cell count and condition": "",
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
    results = case.results_of(specimen)
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
    for result in case.results_of(specimen):
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


def _tables(case: Case, specimen: KeptSpecimen) -> Iterator[Table]:
    codes = [quantity for quantity in in_order(specimen) if quantity not in ANTIGENS]
    answers = [specimen.standing[code] for code in codes if code in _ANSWERS]
    others = [specimen.standing[code] for code in codes if code not in _ANSWERS]
    if answers:
        yield Table(
            title="Answers",
            columns=("quantity", "%", "95 % interval, %", "counts", "LOD, %", "LOQ, %", "says"),
            rows=tuple(_answer_row(case, specimen, standing) for standing in answers),
            note="Intervals cover counting alone (Clopper-Pearson); gating adds to them, the more "
            "the fewer events. MRD over different denominators is not comparable.",
        )
    yield from review_tables(case, specimen)
    if others:
        yield Table(
            title="Beside them",
            columns=("quantity", "%", "95 % interval, %", "counts"),
            rows=tuple(_row(case, standing)[:4] for standing in others),
            note="Hematogones are counted over all stages.",
        )
    tubes = [one for one in case.results_of(specimen) if "mrd" in one.measurements]
    if len(tubes) > 1:
        yield Table(
            title="MRD of each tube",
            columns=("tube", "%", "95 % interval, %", "counts", "LOD, %", "LOQ, %", "says"),
            rows=tuple(
                (named(one), *_row(case, (one, one.measurements["mrd"]))[1:]) for one in tubes
            ),
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


def _answer_row(case: Case, specimen: KeptSpecimen, standing: Standing) -> tuple[str, ...]:
    *numbers, said = _row(case, standing)
    void = case.void_on(specimen.collected_on)
    if void and standing[1].quantity == "b_fraction":
        said = f"void after the {void}"
    return (*numbers, said)


def _row(case: Case, standing: Standing) -> tuple[str, ...]:
    result, found = standing
    estimate = found.estimate
    counts = ""
    if found.numerator is not None and found.denominator is not None:
        counts = f"{found.numerator:,} of {found.denominator:,}"
    limits = [bare(one) if one is not None else "" for one in (found.lod, found.loq)]
    plain = says(case, result, found)
    if found.quantity in MRD_QUANTITIES[1:]:  # what narrows the first narrows the others too
        plain = mrd_says(found, case.threshold(result))
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
        "; ".join((says(case, result, found), *_parts(details))),
        share,
        "" if found.denominator is None else f"{found.denominator:,}",
        _reference(details, "negative_reference") if details else recorded(None),
        _events(details.get("positive_reference_events"), "normal B cells")
        if details
        else recorded(None),
        f"{relative:.2f}" if isinstance(relative, float) else recorded(None),
        "no baseline to compare with" if change is None else _changed(specimen, quantity, change),
    )


def _changed(specimen: KeptSpecimen, quantity: str, change: float) -> str:
    clone = getattr(specimen, f"{ANTIGENS[quantity].lower()}_clone")
    return f"{change:+.2f} log" + ("" if clone else " (clone not recorded)")


def _parts(details: Mapping[str, float | str]) -> Iterator[str]:
    """Where the threshold lies, and both parts of blasts that are two populations."""
    threshold = details.get("threshold")
    if isinstance(threshold, float):
        yield f"threshold {threshold:.2f} L"
    for name in ("low", "high"):
        share, median = details.get(f"{name}_fraction"), details.get(f"{name}_median")
        if isinstance(share, float) and isinstance(median, float):
            yield f"{bare(share)} % around {median:.2f} L"


def _reference(details: Mapping[str, float | str], name: str) -> str:
    cells = str(details.get(name, ""))
    return _events(details.get(f"{name}_events"), _CELLS.get(cells, cells))


def _events(number: float | str | None, cells: str) -> str:
    return f"{int(number):,} {cells}" if isinstance(number, int | float) else "none"


def _pictures(case: Case, specimen: KeptSpecimen) -> Iterator[Picture]:
    for result in case.results_of(specimen):
        yield from case.plotted.get(result.number, ())
        yield from automatic_pictures(case, result)
