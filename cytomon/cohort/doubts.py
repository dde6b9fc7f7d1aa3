"""Records that contradict each other, or leave out what others show: a person has to look."""

from __future__ import annotations

from collections.abc import Iterator

from cytomon.track.clinical import M1, morphology_category
from cytomon.track.known import Known
from cytomon.track.profile import CohortDefinitions

_MUCH = 0.05
"""MRD as a fraction from which a marrow is none in remission."""
_EARLIEST = 25
"""First day of the window of the four-week visit."""


def doubts_of(at: Known, definitions: CohortDefinitions) -> Iterator[str]:
    """What a person has to look at before the endpoints of a patient are believed.

    Parameters
    ----------
    at : Known
        The patient, up to the day of the cut.
    definitions : CohortDefinitions
        Of the endpoints.

    Yields
    ------
    str
        In words that name nobody; the endpoints take the records as they stand.
    """
    good, bad, died = (at.first(kind) for kind in ("remission", "no_remission", "death"))
    by = definitions.remission_by_day
    if bad is None and (good is None or good > by) and _is_full(at, by):
        yield "blasts in the marrow of the four-week visit, and no no_remission recorded"
    if good is not None and bad is not None:
        yield "both remission and no_remission recorded"
    if died is not None and any(day > died for day in _days(at)):
        yield "a specimen or an event after death"


def _is_full(at: Known, by: int) -> bool:
    """Whether a marrow of the four-week visit is full of blasts, by morphology or by flow."""
    smears = any(
        _EARLIEST <= day <= by and morphology_category(event.value) != M1
        for day, event in at.events.get("morphology", ())
    )
    flow = any(
        _EARLIEST <= one.day <= by
        and any((marrow.answer.value or 0.0) >= _MUCH for marrow in one.marrows)
        for one in at.mrd
    )
    return smears or flow


def _days(at: Known) -> Iterator[int]:
    yield from (day for day, _ in at.samples)
    yield from (day for events in at.events.values() for day, _ in events)
