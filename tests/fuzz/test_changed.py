"""Valid files with pieces lost, doubled, swapped or exchanged; also where atheris does not run."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.entry_points import ENTRY_POINTS, enter
from tests.fuzz.mutate import rearranged
from tests.fuzz.seeds import seeds


@pytest.mark.parametrize("name", ENTRY_POINTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(dice=st.randoms(use_true_random=False))
def test_a_file_that_was_changed(name: str, dice: random.Random):
    """A reading or a refusal in words."""
    content = dice.choice(seeds(name))
    for _ in range(dice.choice((1, 2, 4))):
        content = rearranged(name, content, dice)
    enter(name, content)
