"""The course: its figure, what was measured when, where it stands, what happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

from cytomon.model.course import KeptSpecimen
from cytomon.model.record import ClinicalEvent
from cytomon.model.results import Measurement
from cytomon.model.states import Landmark
from cytomon.report.case import Case, Standing
from cytomon.report.curves import baseline, intensity_change
from cytomon.report.document import Field, Picture, Section, Table
from cytomon.report.reviews import changed_mark, rejections
from cytomon.report.verdict_mrd import newest_mrd
from cytomon.report.words import CALLS, kind_of, recorded
from cytomon.track.known import SILENT
from cytomon.track.words import percent
from cytomon.track.written import burden

COURSE = "course"
"""Name of the figure."""

_SHORT = {
    "POSITIVE": "detected",
    "POSITIVE_BELOW_LOQ": "detected, < LOQ",
    "DETECTED_BELOW_THRESHOLD": "detected, low",
    "BELOW_LOD": "< LOD",
    "NOT_DETECTED": "not detected",
    "INSUFFICIENT_SENSITIVITY": "no conclusion",
    "NOT_EVALUABLE": "not evaluable",
}
_COLUMNS = (
    "day", "date", "marrow MRD, % (95 % interval)", "k of N", "LOD, %", "result", "CD19", "CD22",
    "B blood, %", "B marrow, %", "CAR19",
    "CAR22", "other",
)  # fmt: skip
_COPIES = ("car19_copies", "car22_copies")
_OTHER = {"morphology": "", "ngs": "NGS", "fish": "FISH", "fusion_pcr": "fusion PCR", "alc": "ALC"}
_FIELDS = (
    ("bca_onset", "aplasia from"),
    ("recovery_trial", "B cells back, by one reading"),
    ("recovery_confirmed", "B cells back, confirmed"),
    ("relapse_level", "highest level of relapse"),
    ("relapse_date", "reached on"),
    ("relapse_phenotype", "phenotype of relapse"),
    ("car19_lost", "CAR19 transgene lost"),
    ("car22_lost", "CAR22 transgene lost"),
)
"""States that are said where they were reached, beside those of aplasia over time."""
_RECOVERY = {"trial": "by one reading", "confirmed": "confirmed by a second one"}
_LANDMARKS = {"bca_2m": "2", "bca_3m": "3", "bca_4m": "4", "bca_6m": "6"}


def course_section(case: Case) -> Section:
    """The course of a patient.

    Parameters
    ----------
    case : Case
        The patient.
    """
    drawn = case.followed.timeline.day0 is not None
    picture = Picture(
        key=COURSE,
        title="MRD, B cells, antigens and CAR transgene on one axis of time",
        says="Four curves over the days after infusion; every number is in the table of the "
        "course.",
        whole=True,
    )
    return Section(
        key="course",
        title="Course",
        text=tuple(_definitions(case)),
        fields=tuple(_standing(case)),
        tables=tuple(_tables(case)),
        pictures=(picture,) if drawn else (),
    )


def _definitions(case: Case) -> Iterator[str]:
    """By what aplasia, recovery and relapse are called so (domain: 6.1.11)."""
    known = case.followed.known
    if known is None:
        yield "The day of infusion is not recorded: states and most flags cannot be computed."
        return
    counts = "counts" if known.profile.relapse_includes_mrd else "does not count"
    yield (
        "Definitions: aplasia, fewer than 1 % B cells of lymphocytes in blood or marrow; recovery, "
        f"1 % or more, {_RECOVERY[known.profile.recovery]}; confirmed MRD relapse {counts} as "
        "relapse."
    )


def _standing(case: Case) -> Iterator[Field]:
    """The states, the MRD beside persistent aplasia (domain: 5.3.10)."""
    states = case.followed.states
    row = states.row()
    for name, label in _FIELDS:
        if row[name]:
            yield Field(label=label, value=row[name].replace("_", " "))
    if states.recovery_right is not None:
        between = f"after {recorded(row['recovery_left'])}, not later than {row['recovery_right']}"
        yield Field(label="B cells came back", value=between)
    by_month = ", ".join(f"{months}: {row[name]}" for name, months in _LANDMARKS.items())
    beside = ""
    if states.bca_ge_6m or Landmark.PERSISTENT in row.values():
        beside = f" (MRD: {_newest_mrd(case)})"
    yield Field(label="aplasia at months", value=f"{by_month}{beside}")
    if states.bca_ge_6m:
        yield Field(label="aplasia documented at day 183 or later", value=f"yes{beside}")


def _newest_mrd(case: Case) -> str:
    newest = newest_mrd(case)
    if newest is None:
        return "none"
    found = newest[1][1]
    value = f"{percent(found.estimate.value)}, " if found.estimate else ""
    return f"{value}{_SHORT.get(found.status, found.status)}"


def _tables(case: Case) -> Iterator[Table]:
    days: dict[date, list[KeptSpecimen]] = defaultdict(list)
    for one in case.specimens:
        if one.collected_on is not None:
            days[one.collected_on].append(one)
    events: dict[date, list[ClinicalEvent]] = defaultdict(list)
    for event in case.course.events:
        if event.on <= case.as_of:
            events[event.on].append(event)
    rows: list[tuple[str, ...]] = []
    for on in sorted({*days, *events}):
        rows.extend(_rows(case, on, days.get(on, []), events.get(on, [])))
    notes = [
        "LOD: limit of detection. < LOD: fewer events than the limit. B: B cells of lymphocytes. "
        "CAR19, CAR22: transgene, copies/ng of DNA.",
        *_methods(case),
        *_burden(case),
    ]
    yield Table(
        title="What was measured when",
        columns=_COLUMNS,
        rows=tuple(rows),
        note=" ".join(notes),
    )
    comments = tuple(
        (str(one.on), _event(one), one.comment)
        for one in case.course.events
        if one.comment and one.on <= case.as_of
    )
    if comments:
        yield Table(
            title="Comments of the lists", columns=("date", "event", "comment"), rows=comments
        )


def _methods(case: Case) -> Iterator[str]:
    if len(_templates(case)) > 1:
        yield "Marrows of different templates, named in brackets: compare with care."


def _burden(case: Case) -> Iterator[str]:
    before = burden(case.followed)
    band = f"{before['band']} %" if before["band"] else recorded(None)
    yield f"Before the infusion: burden {band}, morphology {recorded(before['morphology'])}."


def _event(one: ClinicalEvent) -> str:
    name = _OTHER.get(one.event, one.event.replace("_", " "))
    return " ".join(word for word in (name, one.value, one.unit) if word)


def _rows(
    case: Case, on: date, specimens: Sequence[KeptSpecimen], happened: Sequence[ClinicalEvent]
) -> Iterator[tuple[str, ...]]:
    """A row for the day; where it has several marrows, one for each."""
    marrows = [one for one in specimens if one.specimen_type == "marrow" and one.standing]
    first = marrows[0] if marrows else None
    day = case.day(on)
    other = [_event(one) for one in happened if one.event not in _COPIES]
    yield (
        "" if day is None else str(day),
        str(on),
        *_marrow(case, first),
        "; ".join(_b_cells(case, specimens, "blood")),
        "; ".join(_b_cells(case, specimens, "marrow")),
        *("; ".join(_copies(happened, name)) for name in _COPIES),
        "; ".join([*other, *_elsewhere(case, specimens)]),
    )
    for one in marrows[1:]:
        further = f"a further marrow: {one.specimen_id}"
        yield ("", str(on), *_marrow(case, one), "", "", "", "", further)


def _copies(happened: Sequence[ClinicalEvent], name: str) -> Iterator[str]:
    for one in happened:
        if one.event == name:
            yield one.value if one.unit in {"", "copies/ng"} else f"{one.value} {one.unit}"


def _marrow(case: Case, specimen: KeptSpecimen | None) -> tuple[str, ...]:
    if specimen is None:
        return ("",) * 6
    standing = specimen.standing.get("mrd")
    return (
        *(_mrd(case, standing) if standing else ("",) * 4),
        _call(case, specimen, "cd19_blasts"),
        _call(case, specimen, "cd22_blasts"),
    )


def _mrd(case: Case, standing: Standing) -> tuple[str, ...]:
    result, mrd = standing
    several = result.template and len(_templates(case)) > 1
    mark = f" [{result.template}]" if several else ""
    k, cells = mrd.numerator, mrd.denominator
    return (
        _valued(mrd),
        "" if k is None or cells is None else f"{k:,} of {cells:,}",
        bare(mrd.lod) if mrd.lod is not None else "",
        f"{_SHORT.get(mrd.status, mrd.status)}{mark}{changed_mark(case, standing)}",
    )


def _templates(case: Case) -> set[str]:
    """Templates that marrows of this patient were measured with (domain: 0.1)."""
    marrows = [one for one in case.specimens if one.specimen_type == "marrow"]
    used = {one.standing["mrd"][0].template for one in marrows if "mrd" in one.standing}
    return used - {""}


def bare(fraction: float | None) -> str:
    """A fraction in percent without the sign, for a column that has it in its heading."""
    return percent(fraction).removesuffix(" %")


def _valued(found: Measurement) -> str:
    if found.estimate is None:
        return "-"
    low, high = bare(found.estimate.low), bare(found.estimate.high)
    return f"{bare(found.estimate.value)} ({low} to {high})"


def _call(case: Case, specimen: KeptSpecimen, quantity: str) -> str:
    standing = specimen.standing.get(quantity)
    if standing is None or standing[1].estimate is None:
        return ""
    found = standing[1]
    share = percent(found.estimate.value if found.estimate else None)
    said = f"{CALLS.get(found.status, found.status)} ({share})"
    base = baseline(case, quantity)
    change = intensity_change(case, specimen, quantity, base)
    moved = "" if change is None or specimen is base else f", Δ {change:+.2f} log"
    return f"{said}{moved}{changed_mark(case, standing)}"


def _b_cells(case: Case, specimens: Sequence[KeptSpecimen], kind: str) -> Iterator[str]:
    voids = case.followed.known.voids if case.followed.known else ()
    for one in specimens:
        standing = one.standing.get("b_fraction")
        if standing is None or one.specimen_type != kind:
            continue
        found = standing[1]
        day = case.day(one.collected_on)
        void = day is not None and any(item.holds(day) for item in voids)
        marks = (
            " (provisional)" * found.status.startswith("PROVISIONAL"),
            " (void)" * void,
            " (no answer)" * (found.status in SILENT),
            changed_mark(case, standing),
        )
        yield "".join((bare(found.estimate.value) if found.estimate else "-", *marks))


def _elsewhere(case: Case, specimens: Sequence[KeptSpecimen]) -> Iterator[str]:
    """MRD of what is no marrow, a series of its own (domain: 1.5), and what was rejected."""
    for one in specimens:
        if rejections(case, one):
            yield f"{kind_of(one.specimen_type)}: a result was rejected in review"
        if one.specimen_type != "marrow" and "mrd" in one.standing:
            found = one.standing["mrd"][1]
            value = percent(found.estimate.value) if found.estimate else ""
            said = _SHORT.get(found.status, found.status)
            said += changed_mark(case, one.standing["mrd"])
            yield f"MRD of {one.specimen_type} {value} {said}".replace("  ", " ")
