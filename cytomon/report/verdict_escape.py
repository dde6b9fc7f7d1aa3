"""Have the blasts lost CD19 or CD22: the worst call of the newest marrows, and of blood since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cytomon.model.course import KeptSpecimen
from cytomon.model.qualifiers import Qualifier
from cytomon.model.results import AntigenCall, Measurement
from cytomon.report.case import Case
from cytomon.report.disease import dispute_of, open_flags
from cytomon.report.document import Tone, Verdict
from cytomon.report.overruled import overruled
from cytomon.report.reviews import rejection_lines, released, review_lines
from cytomon.report.verdict_mrd import newest_mrd
from cytomon.report.words import CALL_TONES, CALLS, RANKED, interval, qualified
from cytomon.track.words import percent

ANTIGENS = {"cd19_blasts": "CD19", "cd22_blasts": "CD22"}
_QUESTION = "Have the blasts lost CD19 or CD22?"
_ESCAPE = ("A6", "A7", "A8", "A9", "A10")
_WORST = (
    AntigenCall.NOT_ASSESSABLE, AntigenCall.POSITIVE, AntigenCall.DIM, AntigenCall.PARTIAL,
    AntigenCall.NEGATIVE,
)  # fmt: skip
_FULLY = 0.9
"""Share of positive blasts below which the rest is worth a word (domain: 4.2)."""

Call = tuple[KeptSpecimen, str, Measurement]
"""Where, of which antigen, and what."""


def escape_verdict(case: Case) -> Verdict:
    """The answer on escape.

    Parameters
    ----------
    case : Case
        The patient.
    """
    found = newest_mrd(case)
    calls = _calls(case, found[0] if found else None)
    flags = tuple(open_flags(case, _ESCAPE))
    judged = [one for one in calls if one[2].status != AntigenCall.NOT_ASSESSABLE]
    disputes, taken_back = tuple(_disputes(case, calls)), tuple(_overruled(case, calls))
    least = Tone.ALARM if disputes or any("critical" in one for one in flags) else Tone.CAUTION
    if not judged:
        why = _why_unjudged([call for *_, call in calls]) if found else "no marrow"
        return Verdict(
            key="escape",
            question=_QUESTION,
            answer=f"Cannot say: {why}",
            tone=least if flags else Tone.UNKNOWN,
            lines=(*_reviewed(case, calls), *_last_judged(case, calls), *flags),
            source=case.named(found[0]) if found else "",
        )
    worst = _worst(judged)
    tone = max((_tone(call) for *_, call in worst), key=RANKED.index)
    return Verdict(
        key="escape",
        question=_QUESTION,
        answer="; ".join((*(_called(name, call) for _, name, call in worst), *disputes)),
        tone=max(tone, least, key=RANKED.index) if flags or disputes or taken_back else tone,
        lines=(
            *(_line(one, named=len(_specimens(judged)) > 1) for one in judged),
            *_reviewed(case, calls),
            *taken_back,
            *flags,
            *_last_judged(case, calls),
        ),
        source="; ".join(
            f"{case.named(one)}, {case.ago(one.collected_on)}; {_released(case, one)}"
            for one in _specimens(judged)
        ),
    )


def _calls(case: Case, marrow: KeptSpecimen | None) -> list[Call]:
    """Calls of the newest marrows with an MRD, and of other specimens from that day on."""
    if marrow is None:
        return []
    since = marrow.collected_on
    return [
        (one, name, one.standing[quantity][1])
        for one in case.specimens
        if one.collected_on is not None and since is not None and one.collected_on >= since
        for quantity, name in ANTIGENS.items()
        if quantity in one.standing
    ]


def _specimens(calls: Sequence[Call]) -> list[KeptSpecimen]:
    return list({id(one): one for one, *_ in calls}.values())


def _released(case: Case, specimen: KeptSpecimen) -> str:
    results = [specimen.standing[code][0] for code in ANTIGENS if code in specimen.standing]
    return ", ".join(dict.fromkeys(released(case, one) for one in results))


def _overruled(case: Case, calls: Sequence[Call]) -> Iterator[str]:
    """Calls that one person has taken back, and nobody has signed that."""
    for specimen in _specimens(calls):
        for quantity, name in ANTIGENS.items():
            if quantity in specimen.standing:
                said = overruled(case, specimen.standing[quantity], specimen.collected_on)
                yield from (f"{name}: {one}" for one in said)


def _reviewed(case: Case, calls: Sequence[Call]) -> Iterator[str]:
    """What reviewers said of the calls, and of such that count no longer."""
    for specimen in _specimens(calls):
        yield from review_lines(
            case, [specimen.standing[code] for code in ANTIGENS if code in specimen.standing]
        )
    since = calls[0][0].collected_on if calls else None
    yield from rejection_lines(case, since, ANTIGENS)


def _worst(judged: Sequence[Call]) -> list[Call]:
    """Of each antigen the call that says most of its loss."""
    found = []
    for name in ANTIGENS.values():
        mine = [one for one in judged if one[1] == name]
        if mine:
            found.append(max(mine, key=lambda one: _badness(one[2])))
    return found


def _badness(call: Measurement) -> tuple[int, bool]:
    return _WORST.index(AntigenCall(call.status)), Qualifier.DECREASED in call.qualifiers


def _disputes(case: Case, calls: Sequence[Call]) -> Iterator[str]:
    for specimen in _specimens(calls):
        for quantity, name in ANTIGENS.items():
            said = dispute_of(case, specimen, quantity)
            if said:
                yield f"{name} contradicted: {said}"


def _why_unjudged(calls: Sequence[Measurement]) -> str:
    if not calls:
        return "CD19 and CD22 were not judged"
    reasons = dict.fromkeys(word for call in calls for word in qualified(call))
    return "; ".join(reasons) or "no blasts to judge"


def _tone(call: Measurement) -> Tone:
    if Qualifier.ANTIGEN_ESCAPE_SUSPECTED in call.qualifiers:
        return Tone.ALARM
    tone = CALL_TONES.get(call.status, Tone.UNKNOWN)
    shaky = Qualifier.DECREASED in call.qualifiers or _is_mixed(call)
    return Tone.CAUTION if shaky and tone is Tone.CALM else tone


def _is_mixed(call: Measurement) -> bool:
    positive = call.status == AntigenCall.POSITIVE and call.estimate is not None
    return positive and call.estimate is not None and call.estimate.value < _FULLY


def _called(name: str, call: Measurement) -> str:
    share = f" on {percent(call.estimate.value)}" if _is_mixed(call) and call.estimate else ""
    marks = " and decreased" if Qualifier.DECREASED in call.qualifiers else ""
    provisional = " (provisional)" if Qualifier.PROVISIONAL in call.qualifiers else ""
    return f"{name} {CALLS[call.status]}{share}{marks}{provisional}"


def _line(one: Call, *, named: bool) -> str:
    specimen, name, call = one
    where = f" ({specimen.specimen_type} {specimen.specimen_id})" if named else ""
    if call.estimate is None:
        return "; ".join((f"{name}{where}: not judged", *qualified(call)))
    shown = (Qualifier.PROVISIONAL, Qualifier.DECREASED)
    share, blasts = percent(call.estimate.value), f"{call.denominator:,} blasts"
    said = f"{name}{where} {call.status}: {share} of {blasts} above negative cells"
    return "; ".join((said, interval(call), *qualified(call, without=shown)))


def _last_judged(case: Case, now: Sequence[Call]) -> Iterator[str]:
    """What was said of the blasts before."""
    recent = {id(one) for one in _specimens(now)}
    for one in reversed(case.specimens):
        judged = [
            _called(name, one.standing[quantity][1])
            for quantity, name in ANTIGENS.items()
            if quantity in one.standing
            and one.standing[quantity][1].status != AntigenCall.NOT_ASSESSABLE
        ]
        if judged and one.specimen_type == "marrow" and id(one) not in recent:
            yield f"before: {case.dated(one.collected_on)}: {'; '.join(judged)}"
            return
