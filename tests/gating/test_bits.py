"""Membership, eight events to a byte."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytomon.gating.bits import size


@settings(deadline=None)
@given(st.binary(max_size=70), st.integers(0, 9))
def test_every_bit_counts_once(content: bytes, first: int):
    """Counted by Python's own integers; also where the bytes do not begin at a whole word."""
    bits = np.frombuffer(content, dtype=np.uint8)[first:]

    assert size(bits) == int.from_bytes(content[first:], "big").bit_count()


@pytest.mark.parametrize("step", [2, 3, -1])
def test_bytes_that_do_not_lie_side_by_side(step: int):
    """A view of every other byte cannot be read by words."""
    bits = np.random.default_rng(8).integers(0, 256, 101, dtype=np.uint8)

    assert size(bits[::step]) == sum(int(byte).bit_count() for byte in bits[::step])


def test_more_than_a_byte_can_count():
    """A million events all inside."""
    assert size(np.full(125_000, 255, dtype=np.uint8)) == 1_000_000
