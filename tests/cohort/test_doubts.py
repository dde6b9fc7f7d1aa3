"""Records that a person has to look at before the endpoints are believed."""

from __future__ import annotations

import pytest

from tests.cohort.asked import patient
from tests.track.builders import Item, event, marrow

FULL = "blasts in the marrow of the four-week visit, and no no_remission recorded"
BOTH = "both remission and no_remission recorded"
AFTER = "a specimen or an event after death"


@pytest.mark.parametrize(
    ("happened", "said"),
    [
        ((), []),
        ((event(28, "morphology", "M3"),), [FULL]),
        ((event(28, "morphology", "M1"),), []),
        ((event(20, "morphology", "M3"),), []),
        ((event(28, "morphology", "M3"), event(30, "no_remission")), []),
        ((event(28, "morphology", "M2"), event(30, "remission")), []),
        ((event(28, "morphology", "M2"), event(90, "remission")), [FULL]),
        ((marrow(28, 60_000, 100_000),), [FULL]),
        ((marrow(28, 4_000, 100_000),), []),
        ((event(14, "no_remission"), event(28, "remission")), [BOTH]),
        ((event(50, "death"), event(50, "last_contact")), []),
        ((event(50, "death"), event(51, "last_contact")), [AFTER]),
    ],
)
def test_what_is_said(happened: tuple[Item, ...], said: list[str]):
    assert list(patient(*happened).doubts) == said
