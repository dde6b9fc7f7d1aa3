"""What counts of one specimen, and what contradicts it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Row

from cytomon.model.course import VERDICTS, State, meaning
from cytomon.model.timeline import Answer, Dispute, Sample
from cytomon.store.kept import LightResult, standing


def sample_of(row: Row[Any], kept: Sequence[LightResult], *, duplicate: bool) -> Sample:
    """A specimen of a timeline.

    Parameters
    ----------
    row : Row
        Of `cytomon.store.tables.specimens`.
    kept : sequence of LightResult
        All that it has, by number.
    duplicate : bool
        Whether another specimen has a tube of the same bytes.
    """
    if len(kept) == 1 and kept[0].state is not State.SIGNED:  # most are so
        (only,) = kept
        answers, moved = only.measurements, only.moved and bool(only.measurements)
        disputes: tuple[Dispute, ...] = ()
    else:
        counting = standing(kept)
        answers = {quantity: answer for quantity, (_, answer) in counting.items()}
        moved = any(result.moved for result, _ in counting.values())
        disputes = tuple(_disputes(kept, counting))
    return Sample(
        specimen_id=row.specimen_id,
        specimen_type=row.specimen_type,
        on=date.fromisoformat(row.collected_on),
        answers=answers,
        cd19_clone=row.cd19_clone,
        cd22_clone=row.cd22_clone,
        templates=_templates(*(one.template for one in kept)),
        duplicate=duplicate,
        moved=moved,
        disputes=disputes,
    )


@cache
def _templates(*named: str) -> frozenset[str]:
    return frozenset(name for one in named if one for name in one.split("+"))


def _disputes(
    kept: Sequence[LightResult], counting: dict[str, tuple[LightResult, Answer]]
) -> Iterator[Dispute]:
    """Signed answers on whose other side the newest result lies."""
    for quantity in VERDICTS:
        result, signed = counting.get(quantity, (None, None))
        if result is None or signed is None or result.state is not State.SIGNED:
            continue
        newer = [
            one.measurements[quantity]
            for one in kept
            if one.number > result.number
            and one.state is not State.SIGNED
            and quantity in one.measurements
        ]
        if newer and _contradicts(quantity, signed.status, newer[-1].status):
            yield Dispute(signed=signed, found=newer[-1])


def _contradicts(quantity: str, signed: str, found: str) -> bool:
    """Whether a newer status answers, and otherwise than the signed one."""
    said = meaning(quantity, found)
    return said != "no answer" and said != meaning(quantity, signed)
