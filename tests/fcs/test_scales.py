"""Numbers of the scales are told from numbers of people by their length."""

from __future__ import annotations

import pytest

from cytomon.fcs.scales import is_short


@pytest.mark.parametrize(
    "text",
    ["", "0", "1024", "262144", "4294967296", "2147483647", "26.3432", "1.000000000", "0.0001",
     "0.000000", "1e-6", " 4.0 ", "10000000", "1980010"],
)  # fmt: skip
def test_numbers_of_instruments(text: str):
    """Few digits, or a full scale."""
    assert is_short(text)


@pytest.mark.parametrize(
    "text",
    ["19800101", "1234567890123", "1980.010112345", "0.19800101", "78125.000109", "4294967295.5",
     "0" * 26, "0." + "0" * 24 + "1"],
)  # fmt: skip
def test_numbers_that_may_be_somebodys(text: str):
    """More digits than a dial has, or so many noughts that they say something."""
    assert not is_short(text)
