"""Signatures: what is signed, what it says, and when one person is not enough (domain: 6.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row

from cytomon.errors import InputError
from cytomon.model.course import VERDICTS, KeptResult, KeptSpecimen, State, side
from cytomon.model.people import NEEDED, Meaning
from cytomon.model.record import Source
from cytomon.model.results import Measurement
from cytomon.store.change import Change
from cytomon.store.kept import attribution, read_specimens, standing
from cytomon.store.people import require
from cytomon.store.tables import signatures

Verdicts = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signing:
    """What a signature did.

    Attributes
    ----------
    results : tuple of KeptResult
        What was signed.
    standing : mapping of str to Measurement
        What counts for the specimen once the signature is complete.
    amends : bool
        Whether it stands in place of what was signed before.
    flips : tuple of str
        Quantities whose answer changes sides.
    waits : bool
        Whether a second person has to sign, too.
    """

    results: tuple[KeptResult, ...]
    standing: Mapping[str, Measurement]
    amends: bool
    flips: tuple[str, ...]
    waits: bool


def sign(change: Change, specimen: Row[Any], meaning: Meaning, *, why: str = "") -> Signing:
    """Sign the newest results of a specimen.

    Parameters
    ----------
    change : Change
        To write into.
    specimen : Row
        From `cytomon.store.find.find_specimen`.
    meaning : Meaning
        What the signature says.
    why : str, optional
        Needed where the results stand in place of signed ones, or were measured for another
        specimen.

    Returns
    -------
    Signing

    Raises
    ------
    InputError
        If the role does not allow it, there is nothing to sign, a reason is missing, or a second
        person is needed.
    """
    require(change.role, NEEDED[meaning], change.who)
    (kept,) = read_specimens(change.connection, [specimen])
    signing = _plan(kept, meaning, change.who)
    if not why:
        _ask_for_reason(signing)
    needs = 2 if signing.flips else 1
    change.add(
        signatures,
        [
            (
                result.number,
                kept.number,
                meaning.value,
                attribution(specimen.patient_id, specimen, result.content),
                max(needs, result.persons_needed),
                _amended(kept, result) if meaning is Meaning.APPROVED else None,
            )
            for result in signing.results
        ],
    )
    change.say(
        subject=f"specimen {specimen.specimen_id}: {meaning.value}"
        + ", waits for a second person" * signing.waits,
        before=_verdicts(_signed(kept)),
        after=_verdicts(signing.standing),
        why=why,
    )
    return signing


def preview(connection: Connection, specimen: Row[Any], meaning: Meaning, who: str) -> Signing:
    """What a signature would do; see `sign`."""
    (kept,) = read_specimens(connection, [specimen])
    return _plan(kept, meaning, who)


def _plan(kept: KeptSpecimen, meaning: Meaning, who: str) -> Signing:
    """What there is to sign, and what it changes."""
    new = newest(kept.results)
    done = {State.SIGNED} if meaning is Meaning.APPROVED else {State.SIGNED, State.REVIEWED}
    open_ = [result for result in new if result.state not in done]
    mine = [result for result in open_ if who not in result.signed_by(meaning)]
    if not mine:
        raise _nothing_to_sign(kept, waits=bool(open_))
    numbers = {result.number for result in new}
    signed = [replace(r, state=State.SIGNED) if r.number in numbers else r for r in kept.results]
    after = {quantity: one for quantity, (_, one) in standing(signed).items()}
    before = _signed(kept)
    flips = _flips(before, after) if meaning is Meaning.APPROVED else ()
    return Signing(
        results=tuple(mine),
        standing=after,
        amends=meaning is Meaning.APPROVED and any(_amended(kept, r) for r in mine),
        flips=flips,
        waits=any(_waits(result, meaning, who, 2 if flips else 1) for result in mine),
    )


def newest(kept: Sequence[KeptResult]) -> list[KeptResult]:
    """Results that hold the newest row of some quantity of their tube.

    What a reviewer has made is not displaced by what a batch has measured since and nobody has
    looked at: the gates that a person found wrong may stand there again.
    """
    latest: dict[tuple[int, str], KeptResult] = {}
    for result in sorted(kept, key=attrgetter("number")):
        for quantity in result.measurements:
            before = latest.get((result.tube, quantity))
            if before is None or not _is_made(before) or result.state is not State.AUTOMATIC:
                latest[result.tube, quantity] = result
    numbers = {result.number for result in latest.values()}
    return [result for result in kept if result.number in numbers]


def _is_made(result: KeptResult) -> bool:
    """Whether it is a reviewer's own, and not signed yet."""
    return result.source is Source.REVIEW and result.state is State.REVIEWED


def _signed(kept: KeptSpecimen) -> dict[str, Measurement]:
    """What counts so far and is signed."""
    return {q: one for q, (result, one) in kept.standing.items() if result.state is State.SIGNED}


def _amended(kept: KeptSpecimen, result: KeptResult) -> int | None:
    """The newest signed result that says something of the same quantities."""
    before = [
        other.number
        for other in kept.results
        if other.state is State.SIGNED
        and other.number != result.number
        and other.measurements.keys() & result.measurements.keys()
    ]
    return max(before, default=None)


def _flips(before: Mapping[str, Measurement], after: Mapping[str, Measurement]) -> tuple[str, ...]:
    both = [quantity for quantity in VERDICTS if quantity in before and quantity in after]
    return tuple(
        quantity
        for quantity in both
        if side(quantity, before[quantity].status) != side(quantity, after[quantity].status)
    )


def _waits(result: KeptResult, meaning: Meaning, who: str, needs: int) -> bool:
    persons = result.signed_by(meaning) | {who}
    return meaning is Meaning.APPROVED and len(persons) < max(needs, result.persons_needed)


def _verdicts(measured: Mapping[str, Measurement]) -> Verdicts:
    return {quantity: measured[quantity].status for quantity in VERDICTS if quantity in measured}


def _ask_for_reason(signing: Signing) -> None:
    if signing.amends:
        raise InputError(
            "another result of this specimen is signed; what stands in its place needs a reason",
            where="--reason",
            fix="say why the result changes",
        )
    if any(result.measured_elsewhere for result in signing.results):
        raise InputError(
            "a tube was moved here after it was measured: what depends on the patient's days and "
            "drugs may be wrong",
            where="--reason",
            fix="measure it again with the corrected worklist, or say why it may be signed",
        )


def _nothing_to_sign(kept: KeptSpecimen, *, waits: bool) -> InputError:
    if not kept.results:
        return InputError(
            "the specimen has no result", where="SPECIMEN", fix="measure its tubes first"
        )
    if waits:
        return InputError(
            "you have signed it already, and its answer changes sides: that takes two persons",
            where="--user",
            fix="have somebody else sign who may",
        )
    return InputError(
        "all newest results of this specimen are signed so already",
        where="SPECIMEN",
        fix="see `cytomon audit log` for who signed them",
    )
