"""The table of a validation: what is written is what is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytomon.errors import InputError
from cytomon.validate.rows import TABLE, TubeRow, read_validation, write_validation
from tests.validate.rows import blank, row


def test_rows_come_back_as_they_were(tmp_path: Path):
    """Every number to the last bit, and nothing stays nothing."""
    rows = (row("a", b_fraction=1 / 3, seconds=0.1), blank("b", by_eye=None), row("c", error="no"))
    write_validation(tmp_path, rows)
    assert read_validation(tmp_path) == rows


def test_a_table_that_was_edited_is_not_guessed_at(tmp_path: Path):
    """A page drawn from the rest would be another page."""
    write_validation(tmp_path, [row("a"), row("b")])
    path = tmp_path / TABLE
    path.write_text(path.read_text().replace(",100000,", ",plenty,", 1))
    with pytest.raises(InputError, match="cannot be used"):
        read_validation(tmp_path)


def test_shares_of_nothing_are_nothing():
    """0 of 0 is no recall and no precision; without a truth for each event neither is known."""
    assert blank().recall is None
    assert blank().precision is None
    assert row(found=None).recall is None
    assert row(found=None).false_events is None
    assert row(blasts=120, found=90).recall == 0.9
    assert row(blasts=120, found=90).precision == 0.75
    assert row(blasts=120, found=90).false_events == 30
    assert row(blasts=None).fraction is None


def test_a_finding_is_a_whole_word():
    """GAIN is not GAIN_SHIFT."""
    found = TubeRow(tube="t", suite="s", condition="plain", findings="FEW_EVENTS;GAIN_SHIFT")
    assert found.has_finding("GAIN_SHIFT")
    assert not found.has_finding("GAIN")
