"""What makes a tube doubtful and what hangs on its verdict: the numbers that order the worklist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cytomon.model.course import side
from cytomon.model.findings import Severity
from cytomon.model.patient import SpecimenType
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import AntigenCall, MrdStatus
from cytomon.model.timeline import Answer
from cytomon.store.waiting import Waiting

# All of these are decisions, not measurements: nobody has yet counted how often a reviewer changed
# what for which reason. They only order a list, and no result depends on them. The scale: 1 is
# what alone is worth a look. `docs/explanation/review.md` shows the same table.
DOUBT: Mapping[str, float] = {
    "contradicts": 3.0,  # a reviewed or signed answer lies on the other side
    "carried": 3.0,  # the few blasts may be those of the tube before
    "switch": 3.0,  # signs of another lineage: no MRD of this panel sees it
    "unstable": 1.0,  # the status turns when gates are jittered, ...
    "each draw": 2.0,  # ... and this times the share of draws in which it turns
    "borderline": 2.0,  # the interval of the MRD holds its threshold
    "borderline, no event": 0.5,  # the same with no event at all: cells are missing, no gate is
    "by eye": 2.0,  # what is left to the eye would change the status
    "escape": 2.0,  # tree B alone finds blasts: CD19 may be lost
    "failed": 2.0,  # a hard failure of quality
    "discordant": 2.0,  # the two tubes of the specimen disagree
    "elsewhere": 2.0,  # measured for another specimen, with its days and drugs
    "lost": 1.5,  # an antigen is called negative
    "in part": 1.5,  # an antigen is called partial
    "equivocal": 0.5,  # the same, between negative and partial
    "changed": 1.0,  # the answer changed sides since the last: tubes that were swapped do so, too
    "suspicious": 1.0,  # events below the limit of detection, of too few cells
    "not evaluable": 1.0,  # no answer
    "among": 1.0,  # blasts among hematogones, or precursors that do not mature
    "cluster": 1.0,  # a cluster was refused and is left to the eye
    "borderline, B cells": 1.0,  # the interval of the B cells holds their limit
    "B border": 0.5,  # where B cells and their precursors part moves their fraction
    "fallback": 0.7,  # each gate that stands at its start
    "leash": 0.3,  # each gate that its leash stopped
    "most gates": 2.1,  # of the last two together
}

CONSEQUENCE: Mapping[str, float] = {
    "blood, csf": 1.0,
    "marrow": 2.0,
    "contradicts": 3.0,
    "reappears": 3.0,  # MRD reaches its threshold, and did not before
    "escapes": 3.0,  # an antigen is lost that was there
    "clears": 2.0,  # MRD falls below its threshold
    "detected": 2.0,  # first detection below the threshold after none
    "escapes in part": 2.0,  # an antigen is lost on some
    "B cells": 1.0,  # B cells are back, or gone again
}

CARRIED = "CARRY_OVER_POSSIBLE"
_CLEAR = (MrdStatus.BELOW_LOD, MrdStatus.NOT_DETECTED)
_NOTHING = Answer("", None, None, None, None, None, None, "", "")
_OF_MRD: Mapping[str, str] = {
    Qualifier.WITH_SUSPICIOUS_EVENTS: "suspicious",
    Qualifier.CHECK_BY_EYE: "by eye",
    Qualifier.ANTIGEN_ESCAPE_SUSPECTED: "escape",
    Qualifier.LINEAGE_SWITCH_SUSPECTED: "switch",
}
_OF_FINDINGS: Mapping[str, str] = {
    "BLASTS_AMONG_HEMATOGONES": "among",
    "PRECURSORS_ARRESTED": "among",
    "CLUSTER_BY_EYE": "cluster",
    "B_CELLS_AMONG_PRECURSORS": "B border",
}
OF_GATES: Mapping[str, str] = {"GATE_FALLBACK": "fallback", "GATE_AT_LEASH": "leash"}


class Doubt(NamedTuple):
    """One reason to look at a tube.

    Attributes
    ----------
    weight : float
        How much it weighs.
    key : str
        Of `DOUBT`, or of `CONSEQUENCE` where an answer has changed.
    about : str
        Quantity or code of a finding, where there is more than one for a key.
    """

    weight: float
    key: str
    about: str = ""


class Weight(NamedTuple):
    """What speaks for looking at a tube.

    Attributes
    ----------
    doubt, consequence : float
        How unsure its verdict is, from 0, and how much hangs on it, from 1.
    doubts : tuple of Doubt
        The weightiest first.
    """

    doubt: float
    consequence: float
    doubts: tuple[Doubt, ...]


def weigh(waiting: Waiting) -> Weight:
    """What is doubtful about a tube, and what hangs on it.

    Parameters
    ----------
    waiting : Waiting
        From `cytomon.store.waiting.read_waiting`.
    """
    changes = list(_changes(waiting))
    found = [
        *changes,
        *_of_the_tube(waiting),
        *_of_mrd(waiting.answers.get("mrd", _NOTHING), waiting.stable),
        *_of_antigens(waiting),
        *_of_b_cells(waiting),
        *_of_findings(waiting),
    ]
    found.sort(key=_lightness)  # stable: else in the order from above
    is_marrow = waiting.specimen_type == SpecimenType.MARROW
    hangs = CONSEQUENCE["marrow" if is_marrow else "blood, csf"]
    for key in dict.fromkeys(one.key for one in changes):
        hangs += CONSEQUENCE[key]
    total = round(sum(one.weight for one in found), 6)
    return Weight(doubt=total, consequence=hangs, doubts=tuple(found))


def _lightness(one: Doubt) -> float:
    return -one.weight


def _changes(waiting: Waiting) -> Iterator[Doubt]:
    """Answers that would change what is done: keys of `CONSEQUENCE`."""
    for quantity, stood in waiting.judged.items():
        now = waiting.answers.get(quantity)
        if now and _turns(quantity, stood.status, now.status):
            yield Doubt(DOUBT["contradicts"], "contradicts", quantity)
    for quantity, earlier in waiting.before.items():
        now = waiting.answers.get(quantity)
        if now and now.status != earlier.answer.status:
            key = _key(quantity, earlier.answer.status, now.status)
            if key:
                yield Doubt(DOUBT["changed"], key, quantity)


def _turns(quantity: str, before: str, now: str) -> bool:
    """Whether a status lies on the other side of its question."""
    sides = {side(quantity, before), side(quantity, now)}
    return len(sides) == 2 and "no answer" not in sides


def _key(quantity: str, before: str, now: str) -> str:
    """How a status changed what is done; empty where it did not."""
    turns = _turns(quantity, before, now)
    if quantity == "mrd":
        if turns:
            return "reappears" if side(quantity, now) == "positive" else "clears"
        first = now == MrdStatus.DETECTED_BELOW_THRESHOLD and before in _CLEAR
        return "detected" if first else ""
    if quantity == "b_fraction":
        return "B cells" if turns else ""
    if turns and now == AntigenCall.NEGATIVE:
        return "escapes"
    whole = before in {AntigenCall.POSITIVE, AntigenCall.DIM}
    return "escapes in part" if whole and now == AntigenCall.PARTIAL else ""


def _of_the_tube(waiting: Waiting) -> Iterator[Doubt]:
    if waiting.moved:
        yield Doubt(DOUBT["elsewhere"], "elsewhere")
    if waiting.pooled is not None and waiting.pooled.says(Qualifier.TUBE_DISCORDANCE):
        yield Doubt(DOUBT["discordant"], "discordant")
    marked = any(one.says(Qualifier.QUALITY_FAILED) for one in waiting.answers.values())
    hard = [one.code for one in waiting.findings if one.severity == Severity.ERROR]
    if CARRIED in hard:
        yield Doubt(DOUBT["carried"], "carried")
    if any(code != CARRIED for code in hard) or (marked and not hard):
        yield Doubt(DOUBT["failed"], "failed")


def _of_mrd(mrd: Answer, stable: float | None) -> Iterator[Doubt]:
    if mrd.status == MrdStatus.NOT_EVALUABLE:
        yield Doubt(DOUBT["not evaluable"], "not evaluable", "mrd")
    if not mrd.qualifiers:
        return
    if mrd.says(Qualifier.STATUS_UNSTABLE):
        turned = 0.0 if stable is None else 1 - stable
        yield Doubt(DOUBT["unstable"] + DOUBT["each draw"] * turned, "unstable")
    if mrd.says(Qualifier.BORDERLINE_AT_THRESHOLD):
        key = "borderline" if mrd.numerator else "borderline, no event"
        yield Doubt(DOUBT[key], key)
    for qualifier, key in _OF_MRD.items():
        if mrd.says(qualifier):
            yield Doubt(DOUBT[key], key)


def _of_antigens(waiting: Waiting) -> Iterator[Doubt]:
    for quantity in ("cd19_blasts", "cd22_blasts"):
        call = waiting.answers.get(quantity, _NOTHING)
        unsure = DOUBT["equivocal"] if call.says(Qualifier.EQUIVOCAL) else 0.0
        if call.status == AntigenCall.NEGATIVE:
            yield Doubt(DOUBT["lost"] + unsure, "lost", quantity)
        elif call.status == AntigenCall.PARTIAL:
            yield Doubt(DOUBT["in part"] + unsure, "in part", quantity)


def _of_b_cells(waiting: Waiting) -> Iterator[Doubt]:
    b_cells = waiting.answers.get("b_fraction")
    if b_cells is None:
        return
    if b_cells.says(Qualifier.BORDERLINE_AT_THRESHOLD):
        yield Doubt(DOUBT["borderline, B cells"], "borderline, B cells")
    if b_cells.value is None and "mrd" not in waiting.answers:
        yield Doubt(DOUBT["not evaluable"], "not evaluable", "b_fraction")


def _of_findings(waiting: Waiting) -> Iterator[Doubt]:
    if not waiting.findings:
        return
    for one in waiting.findings:
        if one.code in _OF_FINDINGS:
            key = _OF_FINDINGS[one.code]
            yield Doubt(DOUBT[key], key, one.code)
    left = DOUBT["most gates"]
    for code, key in OF_GATES.items():
        n_gates = len(gates_said(waiting, code))
        if n_gates:
            weight = min(left, DOUBT[key] * n_gates)
            left -= weight
            yield Doubt(weight, key, code)


def gates_said(waiting: Waiting, code: str) -> tuple[str, ...]:
    """Gates that findings of a code are about, each once."""
    said = (one.what.partition(":")[0] for one in waiting.findings if one.code == code)
    return tuple(dict.fromkeys(said))
