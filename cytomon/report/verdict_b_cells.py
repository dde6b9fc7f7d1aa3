"""Are B cells back: the state of the patient, never without the MRD beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cytomon.model.course import KeptSpecimen
from cytomon.report.case import Case, Standing
from cytomon.report.disease import dispute_of, open_flags
from cytomon.report.document import Tone, Verdict
from cytomon.report.overruled import overruled
from cytomon.report.reviews import rejection_lines, released, review_lines
from cytomon.report.words import B_CELLS, numbers, qualified
from cytomon.track.digest import digest_of
from cytomon.track.known import SILENT
from cytomon.track.words import percent

_QUESTION = "Are B cells back?"
_RULES = ("A4", "A5", "A14", "A15", "A19", "A21")


def b_cells_verdict(case: Case, mrd: Verdict) -> Verdict:
    """The answer on B cells.

    Parameters
    ----------
    case : Case
        The patient.
    mrd : Verdict
        The answer on leukaemia, which stands beside it (domain: 5.3.10).
    """
    found = [
        (one, one.standing["b_fraction"])
        for one in case.specimens
        if one.specimen_type in {"marrow", "blood"} and "b_fraction" in one.standing
    ]
    beside = f"beside it: {mrd.answer}"
    if not found:
        return Verdict(
            key="b_cells",
            question=_QUESTION,
            answer="Cannot say: B cells were not measured",
            tone=Tone.UNKNOWN,
            lines=(*rejection_lines(case, None, ("b_fraction",)), beside),
            source="",
        )
    last = found[-1][0].collected_on
    newest = [one for one in found if one[0].collected_on == last]
    answer, tone = _state(case, newest)
    doubts = (*_doubts(case, newest), *open_flags(case, _RULES))
    if tone is Tone.CALM and (doubts or mrd.tone is not Tone.CALM):
        tone = Tone.CAUTION  # aplasia reassures nobody while leukaemia is not ruled out
    return Verdict(
        key="b_cells",
        question=_QUESTION,
        answer=answer,
        tone=tone,
        lines=(
            *(
                said
                for one, standing in newest
                for said in (_line(case, one, standing), *review_lines(case, [standing]))
            ),
            *rejection_lines(case, last, ("b_fraction",)),
            *doubts,
            beside,
        ),
        source="; ".join(
            f"{case.named(one)}, {case.ago(one.collected_on)}; {released(case, result)}"
            for one, (result, _) in newest
        ),
    )


def _doubts(case: Case, newest: Sequence[tuple[KeptSpecimen, Standing]]) -> Iterator[str]:
    for specimen, standing in newest:
        said = dispute_of(case, specimen, "b_fraction")
        if said:
            yield f"contradicted: {said}"
        yield from overruled(case, standing, specimen.collected_on)
    if case.is_old(newest[0][0].collected_on):
        yield f"the newest specimen was drawn {case.ago(newest[0][0].collected_on)}"


def _line(case: Case, specimen: KeptSpecimen, standing: Standing) -> str:
    found = standing[1]
    value = percent(found.estimate.value) if found.estimate else ""
    void = case.void_on(specimen.collected_on)
    state = f"void after the {void}" if void else B_CELLS.get(found.status, found.status)
    said = " ".join(word for word in (specimen.specimen_type, value, state) if word)
    return "; ".join((said, *numbers(found, "lymphocytes"), *qualified(found)))


def _state(case: Case, newest: Sequence[tuple[KeptSpecimen, Standing]]) -> tuple[str, Tone]:
    if case.followed.timeline.day0 is None:
        return "Cannot say: the day of infusion is not recorded", Tone.UNKNOWN
    digest = digest_of(case.followed)
    if digest.void is not None:
        day, event = digest.void
        since = f"the {event.replace('_', ' ')} of day {day}"
        return f"Cannot say: after {since} B cells say nothing of the CAR T cells", Tone.UNKNOWN
    silent = all(one.status in SILENT for _, (_, one) in newest)
    if digest.onset is None:
        return _before_aplasia(newest, silent=silent)
    beside = "; the newest specimen gives no answer" if silent else ""
    again = " again" if digest.again else ""
    if digest.recovered is not None:
        confirmed = " and confirmed" if case.followed.states.recovery_confirmed else ""
        return f"Yes{again}, from day {digest.recovered} on{confirmed}{beside}", Tone.CAUTION
    said = f"No: aplasia{again} since day {digest.onset}{beside}"
    return said, Tone.UNKNOWN if silent else Tone.CALM


def _before_aplasia(
    newest: Sequence[tuple[KeptSpecimen, Standing]], *, silent: bool
) -> tuple[str, Tone]:
    if silent:
        return "Cannot say: the newest specimen gives no answer", Tone.UNKNOWN
    if any(one.status.endswith("RECOVERED") for _, (_, one) in newest):
        return "B cells are there; no aplasia was seen", Tone.CAUTION
    return "Few or none; aplasia is judged from day 1 on", Tone.UNKNOWN
