"""How a report says things, and how it makes harmless what others wrote."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from cytomon.measure.intervals import poisson_upper
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import AntigenCall, BCellStatus, Measurement, MrdStatus
from cytomon.report.document import Field, Tone
from cytomon.track.words import percent

NOT_RECORDED = "not recorded"
LONGEST = 1000
"""Characters of one text; what a list says beyond is counted, and stays in the store."""
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
"""Categories of characters that act or hide instead of being seen: controls, marks of direction,
and what is no character at all."""
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Letters and marks that nobody sees: fillers and variation selectors (default-ignorables)."""
_MARKS = {"Mn", "Me"}
_MOST_MARKS = 2
"""Marks on one letter; more of them climb over the lines above."""

Value = TypeVar("Value")


def inert(text: str) -> str:
    r"""Text of others as it may stand anywhere: seen, and nothing else.

    What acts or hides is spelled out: controls, marks of direction, fillers, noncharacters, and the
    third and later marks on one letter. Line breaks become spaces, and what is longer than
    `LONGEST` is cut, with how much is missing.

    Examples
    --------
    >>> inert("a\u202eb\nc"), inert("<b>"), inert("x\ufffe")
    ('a⟨U+202E⟩b c', '<b>', 'x⟨U+FFFE⟩')
    >>> inert("x" * 1005)[-34:]
    'x ... (5 more characters left out)'
    """
    plain = " ".join(text.split("\n")) if "\n" in text else text
    if len(plain) > LONGEST:
        plain = f"{plain[:LONGEST]} ... ({len(plain) - LONGEST:,} more characters left out)"
    if plain.isascii() and plain.isprintable():
        return plain
    return "".join(_shown(plain))


def _shown(text: str) -> Iterator[str]:
    marks = 0
    for one in text:
        category = unicodedata.category(one)
        marks = marks + 1 if category in _MARKS else 0
        hidden = category in UNSEEN or _BLANK.match(one) or marks > _MOST_MARKS
        yield spelled(one) if hidden else one


def spelled(one: str) -> str:
    """A character by its number, such as ``⟨U+202E⟩``."""
    return f"⟨U+{ord(one):04X}⟩"


def inert_everywhere(value: Value) -> Value:
    """A frozen value with every text in it made inert (`inert`)."""
    made: Value = _inert(value)
    return made


def _inert(value: Any) -> Any:  # noqa: ANN401  (whatever a document is made of)
    if type(value) is str:
        return inert(value)
    if isinstance(value, tuple):
        return tuple(map(_inert, value))
    if isinstance(value, Mapping):
        return {_inert(key): _inert(one) for key, one in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {one.name: _inert(getattr(value, one.name)) for one in dataclasses.fields(value)}
        return dataclasses.replace(value, **parts)
    return value


def kind_of(specimen_type: str) -> str:
    """The type of a specimen in a sentence."""
    return {"csf": "CSF"}.get(specimen_type, specimen_type)


def recorded(value: object) -> str:
    """What is recorded, or that nothing is."""
    return NOT_RECORDED if value is None or value == "" else str(value)


def facts(known: Mapping[str, object]) -> Iterator[Field]:
    """What is recorded, a field each, and at last the names of all that is not.

    Examples
    --------
    >>> [(one.label, one.value) for one in facts({"pull": 1, "site": "", "volume": None})]
    [('pull', '1'), ('not recorded', 'site, volume')]
    """
    missing = [label for label, value in known.items() if value is None or value == ""]
    for label, value in known.items():
        if label not in missing:
            yield Field(label=label, value=str(value))
    if missing:
        yield Field(label=NOT_RECORDED, value=", ".join(missing))


def exactly(limit: float) -> str:
    """A limit that somebody has set, in percent.

    Examples
    --------
    >>> exactly(1e-4), exactly(0.01)
    ('0.01 %', '1 %')
    """
    return f"{100 * limit:g} %"


def mrd_says(mrd: Measurement, threshold: float = 1e-4) -> str:
    """The status of an MRD in words (domain: 1.4).

    Examples
    --------
    >>> from cytomon.model.results import Estimate
    >>> mrd_says(Measurement(quantity="mrd", numerator=25, denominator=500_000, lod=4e-5,
    ...     estimate=Estimate(value=5e-5, low=3.2e-5, high=7.4e-5),
    ...     status=MrdStatus.DETECTED_BELOW_THRESHOLD, qualifiers=("TRIAL_MRD_NEGATIVE",)))
    'MRD detected below 0.01 % (0.0050 %); counts as MRD-negative under the trial definition'
    """
    value = percent(mrd.estimate.value if mrd.estimate else None)
    cells, sensitivity, line = mrd.denominator or 0, percent(mrd.lod), exactly(threshold)
    trial = Qualifier.TRIAL_MRD_NEGATIVE in mrd.qualifiers
    counts = "; counts as MRD-negative under the trial definition" if trial else ""
    said: Mapping[str, str] = {
        MrdStatus.POSITIVE: f"MRD detected, {value}",
        MrdStatus.POSITIVE_BELOW_LOQ: (
            f"MRD detected, about {value}; below the limit of quantification"
        ),
        MrdStatus.DETECTED_BELOW_THRESHOLD: f"MRD detected below {line} ({value}){counts}",
        MrdStatus.BELOW_LOD: _below_lod(mrd, threshold),
        MrdStatus.NOT_DETECTED: f"MRD not detected; sensitivity reached {sensitivity}",
        MrdStatus.INSUFFICIENT_SENSITIVITY: (
            f"No conclusion at {line}: only {cells:,} cells, sensitivity {sensitivity}; repeat"
            f"{_suspicious(mrd)}"
        ),
    }
    return said.get(mrd.status, "Specimen not evaluable for MRD")


def _suspicious(mrd: Measurement) -> str:
    if Qualifier.WITH_SUSPICIOUS_EVENTS not in mrd.qualifiers:
        return ""
    value = percent(mrd.estimate.value if mrd.estimate else None)
    return f"; suspicious events ({mrd.numerator or 0}, {value})"


def _below_lod(mrd: Measurement, threshold: float) -> str:
    k = mrd.numerator or 0
    said = f"Suspicious events below the limit of detection ({k} event{'s' * (k != 1)})"
    if mrd.estimate is None or mrd.estimate.high < threshold:
        return said
    upper = percent(mrd.estimate.high)
    return f"{said}; MRD ≥ {exactly(threshold)} not excluded (upper bound {upper})"


RANKED = (Tone.CALM, Tone.UNKNOWN, Tone.CAUTION, Tone.ALARM)
"""From what reassures to what does not."""

MRD_TONES: Mapping[str, Tone] = {
    MrdStatus.POSITIVE: Tone.ALARM,
    MrdStatus.POSITIVE_BELOW_LOQ: Tone.ALARM,
    MrdStatus.DETECTED_BELOW_THRESHOLD: Tone.CAUTION,
    MrdStatus.BELOW_LOD: Tone.CALM,
    MrdStatus.NOT_DETECTED: Tone.CALM,
}
"""Other statuses answer nothing."""

CALLS: Mapping[str, str] = {
    AntigenCall.POSITIVE: "kept",
    AntigenCall.DIM: "dim",
    AntigenCall.PARTIAL: "lost on a part",
    AntigenCall.NEGATIVE: "lost",
    AntigenCall.NOT_ASSESSABLE: "cannot be judged",
}
CALL_TONES: Mapping[str, Tone] = {
    AntigenCall.POSITIVE: Tone.CALM,
    AntigenCall.DIM: Tone.CAUTION,
    AntigenCall.PARTIAL: Tone.ALARM,
    AntigenCall.NEGATIVE: Tone.ALARM,
}
B_CELLS: Mapping[str, str] = {
    BCellStatus.APLASIA: "aplasia",
    BCellStatus.RECOVERED: "B cells back",
    BCellStatus.PROVISIONAL_APLASIA: "aplasia, provisional: few lymphocytes",
    BCellStatus.PROVISIONAL_RECOVERED: "B cells back, provisional: few lymphocytes",
    BCellStatus.NOT_EVALUABLE: "not evaluable",
}

QUALIFIERS: Mapping[str, str] = {
    Qualifier.BORDERLINE_AT_THRESHOLD: "borderline: the interval holds the threshold",
    Qualifier.WITH_SUSPICIOUS_EVENTS: "with suspicious events",
    Qualifier.ANTIGEN_ESCAPE_SUSPECTED: "antigen escape suspected",
    Qualifier.LINEAGE_SWITCH_SUSPECTED: "lineage switch suspected",
    Qualifier.STATUS_UNSTABLE: "the status changes when gates move a little",
    Qualifier.CHECK_BY_EYE: "events wait to be checked by eye",
    Qualifier.ANTIBODY_MISSING: "the antibody is not in the tube",
    Qualifier.TOO_FEW_BLASTS: "fewer than 20 blasts",
    Qualifier.NO_NEGATIVE_REFERENCE: "no negative reference cells in the tube",
    Qualifier.DRUG_EXPOSURE: "a recent drug may hide the antigen",
    Qualifier.EQUIVOCAL: "equivocal: 10 to 20 % of blasts",
    Qualifier.PROVISIONAL: "provisional: few blasts, or before day 28",
    Qualifier.DECREASED: "decreased against the patient's own baseline",
    Qualifier.GATED_ON_ANTIGEN: "the gates ask for this antigen: its loss cannot be seen",
    Qualifier.LIMITED_FOR_DUAL_ESCAPE: "blasts that lost both antigens may be missed",
    Qualifier.LIMITED_FOR_KMT2A_ESCAPE: "a switch of KMT2A leukaemia may be missed",
    Qualifier.NO_POSITIVE_REFERENCE: "no normal B cells to compare with",
    Qualifier.CD19_LOW_B_CELLS: "B cells with low CD19",
    Qualifier.HEMODILUTE_LIKELY: "marrow likely diluted with blood: sensitivity overstated",
    Qualifier.TUBE_DISCORDANCE: "the tubes of the specimen disagree",
    Qualifier.QUALITY_FAILED: "a quality check failed",
    Qualifier.TRIAL_MRD_NEGATIVE: "MRD-negative under the trial definition",
    Qualifier.NOT_MARROW: "no marrow: does not stand for one",
}


def qualified(measurement: Measurement, *, without: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The qualifiers of a measurement in words."""
    return tuple(QUALIFIERS.get(one, one) for one in measurement.qualifiers if one not in without)


def interval(measurement: Measurement) -> str:
    """The interval of a measurement; of no event also the one-sided bound (domain: 1.3).

    Examples
    --------
    >>> from cytomon.model.results import Estimate
    >>> interval(Measurement(quantity="mrd", numerator=0, denominator=300_000, status="x",
    ...     estimate=Estimate(value=0.0, low=0.0, high=1.23e-5)))
    '95 % interval 0 to 0.0012 %; 0 events: one-sided 95 % upper bound 0.0010 %'
    """
    if measurement.estimate is None:
        return ""
    found = measurement.estimate
    said = f"95 % interval {percent(found.low).removesuffix(' %')} to {percent(found.high)}"
    if (
        measurement.numerator == 0
        and measurement.denominator
        and "blasts" not in (measurement.quantity)
    ):
        bound = percent(poisson_upper(0) / measurement.denominator)
        said += f"; 0 events: one-sided 95 % upper bound {bound}"
    return said


def numbers(measurement: Measurement, of: str) -> Iterator[str]:
    """The interval of a measurement and its counts, as far as there are any."""
    yield from filter(None, (interval(measurement), counted(measurement, of)))


def counted(measurement: Measurement, of: str) -> str:
    """The counts behind a fraction, such as ``366 of 300,244 nucleated cells``."""
    if measurement.numerator is None or measurement.denominator is None:
        return ""
    return f"{measurement.numerator:,} of {measurement.denominator:,} {of}"
