"""What reviewers said of results, and the automatic result beside a reviewed one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from cytomon.measure.catalogue import CATALOGUE
from cytomon.model.course import KeptResult, KeptSpecimen, State
from cytomon.model.people import Review
from cytomon.model.results import BCellStatus, Measurement
from cytomon.model.reviewed import Reviewed
from cytomon.report.case import Case, Standing
from cytomon.report.document import Picture, Table
from cytomon.report.words import kind_of
from cytomon.track.reviews import (
    NAMES,
    beside,
    counted,
    difference,
    gates_of,
    is_changed,
    rejected,
    said_by,
    said_of,
    tube_of,
    valued,
)

_COLUMNS = ("quantity", "reviewed, %", "k of N", "automatic, %", "k of N, automatic", "Δ k")
_SHORT = 160
"""Characters of a reason beside an answer; the whole of it stands in the records."""
_TITLES = {row.code: row.title for row in CATALOGUE}
_ORDER = list(_TITLES)


def made_by(case: Case, result: KeptResult) -> Reviewed | None:
    """The review that made a result, the newest where several made the same."""
    made = [one for one in case.course.reviews if one.made and one.made.number == result.number]
    return made[-1] if made else None


def automatic_of(case: Case, result: KeptResult) -> KeptResult | None:
    """The automatic result beside one that a review made, where nobody has rejected it."""
    review = made_by(case, result)
    if review is None:
        return None
    kept = (one for specimen in case.course.specimens for one in specimen.results)
    return next((one for one in kept if one.number == review.automatic.number), None)


def standing_reviews(case: Case, result: KeptResult) -> Iterator[Reviewed]:
    """The review that made a result, and the approvals of it, in order."""
    made = made_by(case, result)
    for one in case.course.reviews:
        approves = one.verdict == Review.APPROVED and one.found.number == result.number
        if one is made or approves:
            yield one


def released(case: Case, result: KeptResult) -> str:
    """How far a result has come, and by whom, in words."""
    signed = {one.by for one in result.signatures if one.stands}
    reviewed = {one.by for one in standing_reviews(case, result)}
    if result.state is State.SIGNED:
        after = f", after review by {_names(reviewed)}" if reviewed else ""
        return (f"signed by {_names(signed)}" if signed else "signed") + after
    if result.state is State.REVIEWED:
        who = _names(signed | reviewed)
        return f"reviewed by {who}, not signed" if who else "reviewed, not signed"
    return "automatic, not signed"


def _names(people: Iterable[str]) -> str:
    return ", ".join(sorted(people))


def rejections(case: Case, specimen: KeptSpecimen) -> tuple[Reviewed, ...]:
    """Results of a specimen that a reviewer has rejected."""
    return rejected(one for one in case.course.reviews if one.specimen == specimen.number)


def review_lines(case: Case, standings: Sequence[Standing]) -> Iterator[str]:
    """Beside an answer: who has reviewed it, why in short, and the automatic number.

    Parameters
    ----------
    case : Case
        The patient.
    standings : sequence of (KeptResult, Measurement)
        What the answer rests on.
    """
    said: set[int] = set()
    for result, found in standings:
        if result.number not in said:
            yield from (said_by(shortened(one)) for one in standing_reviews(case, result))
        said.add(result.number)
        automatic = _beside(case, result, found)
        if automatic:
            yield automatic if len(standings) == 1 else f"{NAMES[found.quantity]} {automatic}"


def _beside(case: Case, result: KeptResult, found: Measurement) -> str:
    review = made_by(case, result)
    if review is None:
        return ""
    automatic = review.automatic.measurements.get(found.quantity)
    return beside(*(meant(case, review, one) for one in (automatic, found)))


def meant(case: Case, review: Reviewed, found: Measurement | None) -> Measurement | None:
    """A measurement without an answer where it gives none: B cells after a transplant, say."""
    if found is None or found.quantity != "b_fraction" or not case.void_on(review.collected_on):
        return found
    return replace(found, status=BCellStatus.NOT_EVALUABLE)


def shortened(one: Reviewed) -> Reviewed:
    """A review with the beginning of its reason, where that is long."""
    if len(one.comment) <= _SHORT:
        return one
    return replace(one, comment=f"{one.comment[:_SHORT]} ... (whole in the records)")


def rejection_lines(case: Case, since: date | None, quantities: Collection[str]) -> Iterator[str]:
    """Results that would answer a question, from a day on, and that a reviewer has rejected.

    Parameters
    ----------
    case : Case
        The patient.
    since : date or None
        Day of the newest answer; None for whenever.
    quantities : collection of str
        What the answer rests on.
    """
    for specimen in case.specimens:
        on = specimen.collected_on
        if since and (on is None or on < since):
            continue
        for one in rejections(case, specimen):
            answers = [meant(case, one, one.found.measurements.get(code)) for code in quantities]
            told = {answer.quantity: answer for answer in answers if answer}
            if told:
                where = f"{kind_of(specimen.specimen_type)} of {case.dated(on)}"
                said = f"{said_by(shortened(one))}; it said: {said_of(told)}"
                yield f"{where}, {tube_of(one)}: {said}"


def changed_mark(case: Case, standing: Standing) -> str:
    """What stands in a column after a number that a review has changed."""
    result, found = standing
    review = made_by(case, result)
    if review is None or not is_changed(review.automatic.measurements.get(found.quantity), found):
        return ""
    return ", changed in review"


def review_text(case: Case, specimen: KeptSpecimen) -> Iterator[str]:
    """What was said of each tube of a specimen, and what became of its gates."""
    results = case.results_of(specimen)
    for result in results:
        for one in standing_reviews(case, result):
            yield f"{tube_of(one)}: {said_by(one)}{_gates(one)}."
        yield from _passed_over(case, result)
        yield from _measured_again(specimen, result)
    for one in rejections(case, specimen):
        left = "" if any(_tube_counts(one, result) for result in results) else _NOTHING_LEFT
        yield f"{tube_of(one)}: {said_by(one)}. It said: {said_of(one.found.measurements)}.{left}"


_NOTHING_LEFT = " Nothing of this tube counts."


def _tube_counts(one: Reviewed, result: KeptResult) -> bool:
    return result.file == one.file and ("+" in result.template) == ("+" in one.found.template)


def _gates(one: Reviewed) -> str:
    gates = list(gates_of(one))
    return f". Gates: {'; '.join(gates)}" if gates else ""


def _passed_over(case: Case, result: KeptResult) -> Iterator[str]:
    """Reviews that changed a signed result: theirs does not count before it is signed, too."""
    if result.state is not State.SIGNED:
        return
    for one in case.course.reviews:
        if one.made is not None and one.found.number == result.number:
            says = said_of(one.made.measurements)
            yield (
                f"{tube_of(one)}: {said_by(one)}{_gates(one)}. It says: {says}. It does not count "
                "as long as it is not signed: what is signed stands."
            )


def _measured_again(specimen: KeptSpecimen, result: KeptResult) -> Iterator[str]:
    """What was measured since a tube was reviewed, as by a newer version of this program."""
    later = [
        one
        for one in specimen.results
        if one.tube == result.tube and one.number > result.number and one.state is State.AUTOMATIC
    ]
    if later and result.state is State.REVIEWED:
        newest = later[-1]
        yield (
            f"{named(newest)} was measured again on {newest.saved_at[:10]}: "
            f"{said_of(newest.measurements)}. This does not count: what was reviewed stands."
        )


def named(result: KeptResult) -> str:
    """What a tube is called."""
    if result.file:
        return result.file
    return "all tubes together" if "+" in result.template else "measured elsewhere"


def review_tables(case: Case, specimen: KeptSpecimen) -> Iterator[Table]:
    """Of each tube that a review has measured again, the reviewed numbers beside the automatic."""
    for result in case.results_of(specimen):
        review = made_by(case, result)
        if review is not None:
            yield Table(
                title=f"Reviewed and automatic: {tube_of(review)}",
                columns=_COLUMNS,
                rows=tuple(_compared(case, review, result)),
                note="Δ k: events that the review has added, or with a minus taken out. Quantities "
                "that answer a question, and whatever else the review has changed.",
            )


def _compared(case: Case, review: Reviewed, result: KeptResult) -> Iterator[tuple[str, ...]]:
    was, now = review.automatic.measurements, result.measurements
    for quantity in sorted({*was, *now}, key=lambda code: (code not in NAMES, _place(code), code)):
        before, after = (meant(case, review, one.get(quantity)) for one in (was, now))
        if quantity in NAMES or is_changed(before, after):
            apart = difference(before, after)
            yield (
                _TITLES.get(quantity, quantity),
                _cell(after),
                counted(after),
                _cell(before),
                counted(before),
                "" if apart is None else f"{apart:+,}" if apart else "0",
            )


def _place(code: str) -> int:
    return _ORDER.index(code) if code in _ORDER else len(_ORDER)


def _cell(found: Measurement | None) -> str:
    status = "" if found is None or found.status == "MEASURED" else found.status
    return ", ".join(filter(None, (valued(found).replace(" %", "", 1), status)))


def automatic_pictures(case: Case, result: KeptResult) -> Iterator[Picture]:
    """The plots of the automatic result beside a reviewed one, which say that they are."""
    automatic = automatic_of(case, result)
    for one in case.plotted.get(automatic.number, ()) if automatic else ():
        says = f"{one.says}; {_BEFORE}"
        yield replace(one, says=says, caveat=_BEFORE)


_BEFORE = "automatic, before review"
