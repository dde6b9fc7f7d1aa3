"""Members of one gate from those of others: set by set, as it would be written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cytomon.gating.columns import Columns
from cytomon.gating.evaluate import evaluate
from cytomon.model.gating import Boolean, Box, Operand, PlacedGate, Score, Shape

PARENT = np.array([True, True, True, True, True, False])
A = np.array([True, True, False, False, True, True])
B = np.array([True, False, True, False, False, True])
C = np.array([False, False, True, False, True, True])
MEMBERS = {"parent": PARENT, "a": A, "b": B, "c": C}


def members(shape: Shape) -> np.ndarray:
    """A gate of this shape below `parent`; a box holds the events that `B` marks."""
    columns = Columns(np.zeros((len(PARENT), 1)), (), {})
    gate = PlacedGate(name="g", parent="parent", shape=shape)
    before = {name: rows.copy() for name, rows in MEMBERS.items()}

    found = evaluate(gate, columns, MEMBERS, lambda *_: B.copy())

    for name, rows in before.items():
        np.testing.assert_array_equal(MEMBERS[name], rows, err_msg=f"{name} was changed")
    return found


def boolean(every: str = "", some: str = "") -> Boolean:
    """Gates by their letters; a capital stands for the outside."""

    def operands(letters: str) -> tuple[Operand, ...]:
        return tuple(Operand(gate=one.lower(), complement=one.isupper()) for one in letters)

    return Boolean(every=operands(every), some=operands(some))


@pytest.mark.parametrize(
    ("every", "some", "expected"),
    [
        ("a", "", A),
        ("ab", "", A & B),
        ("A", "", ~A),
        ("aB", "", A & ~B),
        ("", "bc", B | C),
        ("a", "bC", A & (B | ~C)),
        ("", "", np.ones(6, dtype=bool)),
    ],
)
def test_boolean_gates_are_sets(every: str, some: str, expected: np.ndarray):
    """All of the first, one of the second, and never more than the parent."""
    np.testing.assert_array_equal(members(boolean(every, some)), expected & PARENT)


@pytest.mark.parametrize("at_least", [0.1, 0.8, 1.0, 1.7])
def test_scores_are_sums(at_least: float):
    """The weights of the gates an event is inside; a sum that only rounding keeps below counts."""
    shape = Score(terms=(("a", 0.7), ("b", 0.1), ("c", 0.9)), at_least=at_least)
    tenths = 7 * A + 1 * B + 9 * C

    np.testing.assert_array_equal(members(shape), (tenths >= round(10 * at_least)) & PARENT)


def test_shapes_are_decided_by_the_engine_inside_their_parent():
    """What the engine finds outside of the parent does not count."""
    np.testing.assert_array_equal(members(Box(bounds=())), B & PARENT)
