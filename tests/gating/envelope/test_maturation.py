"""Stages of maturation that stand without their neighbours."""

from __future__ import annotations

import pytest

from cytomon.gating.envelope.maturation import have_matured, standstills

FIRST, MIDDLE, EARLY, LAST = (0,), (1,), (0, 1), (2, 3)


def found(*path: int, mature: int = 0, n_whole: int = 100_000) -> dict[tuple[int, ...], str]:
    stands = list(standstills(path, mature, n_whole))
    assert len({one.stages for one in stands}) == len(stands)
    return {one.stages: one.refused for one in stands}


@pytest.mark.parametrize(
    ("early", "later", "n_whole", "said"),
    [
        (19, 0, 1_000, None),
        (20, 0, 1_000_000, "stands still"),
        (60, 20, 100_000, None),
        (61, 20, 100_000, "stands still"),
        (1000, 99, 100_000, ""),
        (999, 34, 100_000, "stands still"),
        (999, 33, 100_000, ""),
        (100, 3, 100_000, ""),
        (99, 4, 100_000, "stands still"),
        (121, 4, 1_000_000, ""),
        (120, 4, 1_000_000, "stands still"),
        (99, 0, 1_000_000, "stands still"),
        (1000, 100, 100_000, "stands still"),
        (50_000, 0, 100_000, ""),
        (0, 0, 0, None),
    ],
)
def test_the_first_stage(early: int, later: int, n_whole: int, said: str | None):
    """From 20 events and three times the later ones on; overt by how many, and how few follow."""
    stands = found(early, later, n_whole=n_whole)

    if said is None:
        assert stands == {}
    elif said:
        assert stands[FIRST].startswith(said)
        assert str(early) in stands[FIRST]
        assert str(later) in stands[FIRST]
    else:
        assert stands == {FIRST: ""}


@pytest.mark.parametrize(
    ("path", "stages"),
    [
        pytest.param((20, 60, 20, 5), None, id="usual shares"),
        pytest.param((35, 60, 3, 1), None, id="an early wave"),
        pytest.param((2, 60, 20, 5), None, id="a late wave"),
        pytest.param((60, 10_856, 1_068, 1_563), None, id="the end of a wave"),
        pytest.param((0, 19, 0, 0), None, id="too few"),
        pytest.param((0, 20, 0, 0), MIDDLE, id="alone"),
        pytest.param((1, 301, 75, 0), MIDDLE, id="below one in 300 and a quarter"),
        pytest.param((1, 300, 75, 0), None, id="one in 300 before"),
        pytest.param((1, 301, 76, 0), None, id="a quarter follows"),
        pytest.param((0, 15_000, 900, 0), MIDDLE, id="left to the eye in any number"),
        pytest.param((5, 15, 0, 0), EARLY, id="nothing later"),
        pytest.param((100, 200, 9, 0), EARLY, id="later below a thirtieth"),
        pytest.param((100, 200, 9, 1), None, id="a thirtieth later"),
    ],
)
def test_a_stage_in_the_middle(path: tuple[int, ...], stages: tuple[int, ...] | None):
    """It has a stage before or one that follows; else it is left to the eye."""
    stands = found(*path)

    assert list(stands) == ([stages] if stages else [])
    assert all(said.startswith("stands still: ") for said in stands.values())


@pytest.mark.parametrize(
    ("path", "mature", "stands"),
    [
        pytest.param((0, 0, 20, 0), 0, True, id="alone"),
        pytest.param((0, 0, 20, 0), 2, False, id="mature cells beyond"),
        pytest.param((0, 0, 20, 1), 2, True, id="mature cells below a tenth"),
        pytest.param((0, 1, 20, 10), 0, False, id="a thirtieth before"),
        pytest.param((0, 1, 20, 11), 0, True, id="less than a thirtieth before"),
        pytest.param((0, 0, 19, 500), 0, False, id="first B cells of blood"),
        pytest.param((0, 0, 600, 500), 400, False, id="blood"),
    ],
)
def test_the_last_precursors(path: tuple[int, ...], mature: int, *, stands: bool):
    """Never called leukaemia: first B cells after therapy may look so."""
    said = found(*path, mature=mature, n_whole=1_000)

    assert list(said) == ([LAST] if stands else [])
    assert all(said.values())


@pytest.mark.parametrize(
    ("path", "matured"),
    [
        ((0, 0, 30, 300), True),
        ((2, 7, 30, 100), True),
        ((2, 8, 31, 100), False),
        ((2, 7, 27, 100), False),
        ((0, 0, 30, 0), False),
        ((30, 300), False),
    ],
)
def test_last_precursors_of_blood(path: tuple[int, ...], *, matured: bool):
    """Few earlier ones, below a tenth of the mature ones and a third of the last precursors."""
    assert have_matured(path) is matured
