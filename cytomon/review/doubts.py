"""What makes a tube doubtful, and what hangs on its verdict, with the weights of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cytomon.model.course import VERDICTS, side
from cytomon.model.findings import Severity
from cytomon.model.patient import SpecimenType
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import AntigenCall, MrdStatus
from cytomon.model.timeline import Answer
from cytomon.store.waiting import Waiting
from cytomon.track.words import percent

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

_CARRIED = "CARRY_OVER_POSSIBLE"
_TITLES = {"mrd": "MRD", "b_fraction": "B cells", "cd19_blasts": "CD19", "cd22_blasts": "CD22"}
_CLEAR = (MrdStatus.BELOW_LOD, MrdStatus.NOT_DETECTED)
_SHOWN = 3
_PLAIN = {
    "BLASTS_AMONG_HEMATOGONES": ("among", "the blasts may be the edge of the hematogones"),
    "PRECURSORS_ARRESTED": ("among", "called leukaemic because nothing matures, no marker differs"),
    "CLUSTER_BY_EYE": ("cluster", "a cluster was refused and is left to the eye"),
}
_STANDS = {
    "GATE_FALLBACK": ("fallback", "stands at its start", "stand at their start"),
    "GATE_AT_LEASH": ("leash", "was stopped by its leash", "were stopped by their leash"),
}


class Doubt(NamedTuple):
    """One reason: how much it weighs, and in words."""

    weight: float
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What speaks for looking at a tube.

    Attributes
    ----------
    doubt, consequence : float
        How unsure its verdict is, from 0, and how much hangs on it, from 1.
    reasons : tuple of str
        Why, in words, the weightiest first.
    """

    doubt: float
    consequence: float
    reasons: tuple[str, ...]


def weigh(waiting: Waiting) -> Weight:
    """What is doubtful about a tube, and what hangs on it.

    Parameters
    ----------
    waiting : Waiting
        From `cytomon.store.waiting.read_waiting`.
    """
    changes = list(_changes(waiting))
    found = [
        *(Doubt(DOUBT[key if key in DOUBT else "changed"], says) for key, says in changes),
        *_of_the_tube(waiting),
        *_of_findings(waiting),
        *_of_mrd(waiting),
        *_of_antigens(waiting),
        *_of_b_cells(waiting),
    ]
    found.sort(key=lambda one: -one.weight)  # stable: else in the order from above
    is_marrow = waiting.specimen_type == SpecimenType.MARROW
    hangs = CONSEQUENCE["marrow" if is_marrow else "blood, csf"]
    return Weight(
        doubt=round(sum(one.weight for one in found), 6),
        consequence=hangs + sum(CONSEQUENCE[key] for key in {key for key, _ in changes}),
        reasons=tuple(one.says for one in found),
    )


def _changes(waiting: Waiting) -> Iterator[tuple[str, str]]:
    """Answers that would change what is done: a key of `CONSEQUENCE`, and words."""
    for quantity, stood in waiting.judged.items():
        now = waiting.answers.get(quantity)
        if now and quantity in VERDICTS and _turns(quantity, stood, now):
            yield "contradicts", f"{_told(now)}; {stood.state} as {_words(stood)}"
    for quantity, earlier in waiting.before.items():
        now = waiting.answers.get(quantity)
        if now and now.status != earlier.answer.status:
            key = _key(quantity, earlier.answer, now)
            if key:
                yield key, f"{_told(now)}; {_words(earlier.answer)} on {earlier.on}"


def _turns(quantity: str, before: Answer, now: Answer) -> bool:
    """Whether an answer lies on the other side of its question."""
    sides = {side(quantity, one.status) for one in (before, now)}
    return len(sides) == 2 and "no answer" not in sides


def _key(quantity: str, before: Answer, now: Answer) -> str:
    """How an answer changed what is done; empty where it did not."""
    turns = _turns(quantity, before, now)
    if quantity == "mrd":
        if turns:
            return "reappears" if side(quantity, now.status) == "positive" else "clears"
        first = now.status == MrdStatus.DETECTED_BELOW_THRESHOLD and before.status in _CLEAR
        return "detected" if first else ""
    if quantity == "b_fraction":
        return "B cells" if turns else ""
    if turns and now.status == AntigenCall.NEGATIVE:
        return "escapes"
    whole = before.status in {AntigenCall.POSITIVE, AntigenCall.DIM}
    return "escapes in part" if whole and now.status == AntigenCall.PARTIAL else ""


def _of_the_tube(waiting: Waiting) -> Iterator[Doubt]:
    if waiting.moved:
        yield Doubt(DOUBT["elsewhere"], "measured for another specimen: its days and drugs count")
    if waiting.pooled is not None and waiting.pooled.says(Qualifier.TUBE_DISCORDANCE):
        both = f"together they say {_told(waiting.pooled)}"
        yield Doubt(DOUBT["discordant"], f"the tubes of the specimen disagree; {both}")
    marked = (one.says(Qualifier.QUALITY_FAILED) for one in waiting.answers.values())
    if any(marked) and all(one.severity != Severity.ERROR for one in waiting.findings):
        yield Doubt(DOUBT["failed"], "a hard failure of quality")


def _of_findings(waiting: Waiting) -> Iterator[Doubt]:
    if waiting.findings:
        yield from _of_failures(waiting)
        yield from _of_gates(waiting)
        for one in waiting.findings:
            if one.code in _PLAIN:
                key, says = _PLAIN[one.code]
                yield Doubt(DOUBT[key], says)


def _of_failures(waiting: Waiting) -> Iterator[Doubt]:
    mrd = waiting.answers.get("mrd")
    hard = [one for one in waiting.findings if one.severity == Severity.ERROR]
    for one in hard:
        if one.code == _CARRIED:
            few = f"{mrd.numerator} blasts" if mrd else "the blasts"
            yield Doubt(DOUBT["carried"], f"{few} may be those of the tube before")
    others = [one.what for one in hard if one.code != _CARRIED]
    if others:
        yield Doubt(DOUBT["failed"], f"hard failure: {_listed(others, '; ')}")


def _of_mrd(waiting: Waiting) -> Iterator[Doubt]:
    mrd = waiting.answers.get("mrd")
    if mrd is not None:
        yield from _of_its_number(waiting, mrd)
        yield from _of_its_cells(waiting, mrd)


def _of_its_number(waiting: Waiting, mrd: Answer) -> Iterator[Doubt]:
    if mrd.status == MrdStatus.NOT_EVALUABLE:
        yield Doubt(DOUBT["not evaluable"], "MRD is not evaluable")
    if mrd.says(Qualifier.STATUS_UNSTABLE):
        yield _unstable(waiting.stable)
    if mrd.says(Qualifier.BORDERLINE_AT_THRESHOLD):
        limit = "its threshold" if waiting.threshold is None else percent(waiting.threshold)
        key = "borderline" if mrd.numerator else "borderline, no event"
        yield Doubt(DOUBT[key], f"{_fraction('MRD', mrd)} holds {limit}")
    if mrd.says(Qualifier.WITH_SUSPICIOUS_EVENTS):
        few = f"{mrd.numerator} suspicious events of {mrd.denominator:,} cells"
        yield Doubt(DOUBT["suspicious"], f"{few}: too few to conclude")


def _of_its_cells(waiting: Waiting, mrd: Answer) -> Iterator[Doubt]:
    if mrd.says(Qualifier.CHECK_BY_EYE):
        yield Doubt(DOUBT["by eye"], f"{_events(waiting, 'by_eye')} left to the eye may turn it")
    if mrd.says(Qualifier.ANTIGEN_ESCAPE_SUSPECTED):
        alone = f"{_events(waiting, 'mrd_b_only')} found by tree B alone"
        yield Doubt(DOUBT["escape"], f"{alone}: CD19 may be lost")
    if mrd.says(Qualifier.LINEAGE_SWITCH_SUSPECTED):
        yield Doubt(DOUBT["switch"], "signs of another lineage, which no MRD counts")


def _unstable(stable: float | None) -> Doubt:
    if stable is None:
        return Doubt(DOUBT["unstable"], "the verdict turns in some draws of jittered gates")
    # never rounded up: 95 % is where a verdict begins to count as stable
    says = f"verdict the same in {int(100 * stable + 1e-9)} % of jittered gates"
    return Doubt(DOUBT["unstable"] + DOUBT["each draw"] * (1 - stable), says)


def _of_antigens(waiting: Waiting) -> Iterator[Doubt]:
    for quantity in ("cd19_blasts", "cd22_blasts"):
        call = waiting.answers.get(quantity)
        if call is None or call.status not in {AntigenCall.NEGATIVE, AntigenCall.PARTIAL}:
            continue
        lost = call.status == AntigenCall.NEGATIVE
        unsure = DOUBT["equivocal"] if call.says(Qualifier.EQUIVOCAL) else 0.0
        carry = f"{call.numerator:,} of {call.denominator:,} blasts carry it"
        says = f"{_TITLES[quantity]} {_words(call)}: {carry}"
        yield Doubt(DOUBT["lost" if lost else "in part"] + unsure, says)


def _of_b_cells(waiting: Waiting) -> Iterator[Doubt]:
    b_cells = waiting.answers.get("b_fraction")
    if b_cells is None:
        return
    if b_cells.says(Qualifier.BORDERLINE_AT_THRESHOLD):
        says = f"{_fraction('B cells', b_cells)} hold the limit of recovery"
        yield Doubt(DOUBT["borderline, B cells"], says)
    if b_cells.value is None and "mrd" not in waiting.answers:
        yield Doubt(DOUBT["not evaluable"], "B cells are not evaluable")
    for one in waiting.findings:
        if one.code == "B_CELLS_AMONG_PRECURSORS":
            yield Doubt(DOUBT["B border"], one.what.rpartition("; ")[2])


def _of_gates(waiting: Waiting) -> Iterator[Doubt]:
    left = DOUBT["most gates"]
    for code, (key, one_does, they_do) in _STANDS.items():
        said = [one.what.partition(":")[0] for one in waiting.findings if one.code == code]
        names = list(dict.fromkeys(said))
        if names:
            weight = min(left, DOUBT[key] * len(names))
            left -= weight
            does = f"1 gate {one_does}" if len(names) == 1 else f"{len(names)} gates {they_do}"
            yield Doubt(weight, f"{does}: {_listed(names, ', ')}")


def _listed(names: Sequence[str], between: str) -> str:
    more = len(names) - _SHOWN
    return between.join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _told(one: Answer) -> str:
    """An answer with its number, in a few words."""
    share = (
        ""
        if one.value is None or one.quantity not in {"mrd", "b_fraction"}
        else (f" {percent(one.value)}")
    )
    return f"{_TITLES[one.quantity]}{share} {_words(one)}"


def _fraction(title: str, one: Answer) -> str:
    low, high = (percent(end).removesuffix(" %") for end in (one.low, one.high))
    return f"{title} {percent(one.value)} ({low} to {high})"


def _events(waiting: Waiting, quantity: str) -> str:
    one = waiting.answers.get(quantity)
    return "events" if one is None or one.numerator is None else f"{one.numerator:,} events"


def _words(one: Answer) -> str:
    return one.status.replace("_", " ").lower()
