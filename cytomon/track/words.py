"""How numbers of a course are said."""

from __future__ import annotations

from datetime import date

from cytomon.model.flags import Evidence
from cytomon.model.qualifiers import Qualifier
from cytomon.model.record import ClinicalEvent
from cytomon.model.timeline import Answer, Sample

TITLES = {
    "mrd": "MRD",
    "mrd_b_only": "blasts found by tree B alone",
    "b_fraction": "B cells of lymphocytes",
    "cd19_blasts": "CD19 on blasts",
    "cd22_blasts": "CD22 on blasts",
    "hematogones": "hematogones of nucleated cells",
    "stage0_progenitors": "stage-0 progenitors of nucleated cells",
    "immature_monocytes": "immature monocytes",
    "bridge": "monocytic cells with a B-lineage residue",
    "cd34_cd33": "CD34+CD33+ cells",
}
_WORTH_SAYING = (
    Qualifier.BORDERLINE_AT_THRESHOLD,
    Qualifier.PROVISIONAL,
    Qualifier.DECREASED,
    Qualifier.QUALITY_FAILED,
    Qualifier.CHECK_BY_EYE,
    Qualifier.STATUS_UNSTABLE,
    Qualifier.HEMODILUTE_LIKELY,
    Qualifier.NO_POSITIVE_REFERENCE,
    Qualifier.LINEAGE_SWITCH_SUSPECTED,
    Qualifier.ANTIGEN_ESCAPE_SUSPECTED,
)
_PLAIN = {"MEASURED", ""}


def percent(fraction: float | None) -> str:
    """A fraction in percent, with the digits that its size is worth.

    Examples
    --------
    >>> percent(0.00012), percent(0.0255), percent(0.6428), percent(0.0), percent(None)
    ('0.0120 %', '2.55 %', '64.3 %', '0 %', '-')
    >>> percent(6e-8), percent(0.99999e-4)
    ('<0.0001 %', '0.0099999 %')
    """
    if fraction is None:
        return "-"
    share = 100 * fraction
    if not share:
        return "0 %"
    digits = 1 if share >= 10 else 2 if share >= 1 else 3 if share >= 0.1 else 4
    # what lies below a limit is never written as if it had reached it
    while digits < _MOST_DIGITS and any(
        (float(f"{share:.{digits}f}") >= limit) != (share >= limit) for limit in _LIMITS
    ):
        digits += 1
    said = f"{share:.{digits}f}"
    return f"{said} %" if float(said) else "<0.0001 %"


_LIMITS = (0.01, 0.1, 1.0, 3.0, 5.0, 25.0)
_MOST_DIGITS = 8


def measured(answer: Answer) -> str:
    """A number with its interval, counts and status."""
    parts = [TITLES.get(answer.quantity, answer.quantity)]
    if answer.status not in _PLAIN:
        parts.append(answer.status)
    if answer.value is not None:
        low, high = percent(answer.low).removesuffix(" %"), percent(answer.high)
        parts.append(f"{percent(answer.value)} (95 % interval {low} to {high})")
    if answer.numerator is not None and answer.denominator is not None:
        parts.append(f"{answer.numerator:,} of {answer.denominator:,}")
    parts += [name for name in _WORTH_SAYING if answer.says(name)]
    if answer.state != "automatic":
        parts.append(answer.state)
    return ", ".join(parts)


def fact(day: int | None, sample: Sample, answer: Answer) -> Evidence:
    """A measurement as evidence."""
    what = f"{sample.specimen_type} {sample.specimen_id}: {measured(answer)}"
    return Evidence(on=sample.on, day=day, what=what, answer=answer)


def told(day: int | None, event: ClinicalEvent) -> Evidence:
    """An event as evidence; the name of a drug is never repeated."""
    value = "" if event.event == "drug" else f" {event.value} {event.unit}".rstrip()
    return Evidence(on=event.on, day=day, what=f"recorded: {event.event}{value}")


def plain(on: date, day: int | None, what: str) -> Evidence:
    """Something else as evidence."""
    return Evidence(on=on, day=day, what=what)


def provisional(*answers: Answer | None) -> str:
    """What stands after a sentence that rests on a provisional call."""
    for answer in answers:
        if answer is None:
            continue
        if answer.says(Qualifier.PROVISIONAL) or answer.status.startswith("PROVISIONAL"):
            return " (provisional)"
    return ""
