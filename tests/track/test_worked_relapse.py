"""Worked courses of leukaemia: levels of relapse, and the consensus table row by row."""

from __future__ import annotations

import pytest

from tests.track.builders import Item, antigen, blood, csf, day_of, event, followed, marrow

CLEAR = marrow(28, 0)


def level_of(*items: Item) -> tuple[str, int | None]:
    """Highest level, and its day."""
    states = followed(*items).states
    return str(states.relapse_level), day_of(states.relapse_date)


@pytest.mark.parametrize(
    ("items", "level", "day"),
    [
        pytest.param((CLEAR,), "", None, id="negative"),
        pytest.param((marrow(28, 20),), "MRD_DETECTED_LOW", 28, id="detected"),
        pytest.param((marrow(28, 19),), "", None, id="below-detection"),
        pytest.param((marrow(0, 20),), "", None, id="detected-on-day-0"),
        pytest.param((marrow(28, 60), marrow(61, 600)), "", None, id="never-negative"),
        pytest.param((marrow(0, 0), marrow(28, 600)), "", None, id="negative-on-day-0"),
        pytest.param((CLEAR, marrow(61, 50)), "MRD_REAPPEARANCE", 61, id="on-the-threshold"),
        pytest.param((CLEAR, marrow(61, 49)), "MRD_DETECTED_LOW", 61, id="below-the-threshold"),
        pytest.param((CLEAR, marrow(28, 60, specimen_id="x")), "", None, id="negative-of-that-day"),
        pytest.param(
            (CLEAR, marrow(61, 60), marrow(91, 60)), "MRD_RELAPSE_CONFIRMED", 91, id="twice"
        ),
        pytest.param(
            (CLEAR, marrow(61, 60), marrow(75, 3, 9000), marrow(91, 60)),
            "MRD_RELAPSE_CONFIRMED",
            91,
            id="too-few-cells-between",
        ),
        pytest.param(
            (CLEAR, marrow(61, 60), marrow(75, 0, poor=True), marrow(91, 60)),
            "MRD_RELAPSE_CONFIRMED",
            91,
            id="not-evaluable-between",
        ),
        pytest.param(
            (CLEAR, marrow(61, 60), marrow(75, 20), marrow(91, 60)),
            "MRD_REAPPEARANCE",
            61,
            id="negative-between",
        ),
        pytest.param(
            (marrow(14, 60), marrow(15, 9, 9000), CLEAR, marrow(61, 60)),
            "MRD_REAPPEARANCE",
            61,
            id="positive-before-the-negative",
        ),
        pytest.param((CLEAR, marrow(61, 500)), "MRD_RELAPSE_CONFIRMED", 61, id="a-thousandth"),
        pytest.param((CLEAR, marrow(61, 499)), "MRD_REAPPEARANCE", 61, id="not-a-thousandth"),
        pytest.param(
            (marrow(28, 20, 10**6), marrow(61, 200, 10**6)),
            "MRD_RELAPSE_CONFIRMED",
            61,
            id="ten-times",
        ),
        pytest.param(
            (marrow(28, 30), marrow(61, 300)),
            "MRD_RELAPSE_CONFIRMED",
            61,
            id="ten-times-in-floats",
        ),
        pytest.param(
            (marrow(28, 20, 10**6), marrow(61, 199, 10**6)),
            "MRD_REAPPEARANCE",
            61,
            id="not-ten-times",
        ),
        pytest.param(
            (marrow(28, 20, 10**6), marrow(40, 0), marrow(61, 200, 10**6)),
            "MRD_RELAPSE_CONFIRMED",
            61,
            id="ten-times-the-last-detected",
        ),
        pytest.param(
            (marrow(28, 20, 10**6, specimen_id="x"), marrow(28, 25, 10**6), marrow(61, 240, 10**6)),
            "MRD_REAPPEARANCE",
            61,
            id="not-ten-times-the-highest-of-a-day",
        ),
        pytest.param(
            (
                CLEAR,
                marrow(61, 60, specimen_id="x"),
                marrow(61, 500),
                marrow(61, 70, specimen_id="y"),
            ),
            "MRD_RELAPSE_CONFIRMED",
            61,
            id="the-highest-of-its-day",
        ),
        pytest.param((csf(28, 60), csf(61, 60)), "EXTRAMEDULLARY_RELAPSE", 61, id="csf-twice"),
        pytest.param((csf(28, 60), csf(40, 0), csf(61, 60)), "", None, id="csf-clear-between"),
        pytest.param(
            (csf(28, 60), csf(40, 0, 900), csf(61, 60)), "EXTRAMEDULLARY_RELAPSE", 61, id="csf-few"
        ),
        pytest.param((csf(28, 60), csf(28, 70)), "", None, id="csf-of-one-day"),
        pytest.param((csf(0, 60), csf(28, 60)), "", None, id="csf-of-day-0"),
        pytest.param((event(0, "relapse"),), "MARROW_RELAPSE", 0, id="recorded"),
        pytest.param((event(-1, "relapse"),), "", None, id="recorded-before-day-0"),
        pytest.param(
            (event(9, "relapse_extramedullary"),), "EXTRAMEDULLARY_RELAPSE", 9, id="outside"
        ),
        pytest.param(
            (event(60, "lineage_switch"), event(90, "relapse")), "LINEAGE_SWITCH", 60, id="highest"
        ),
        pytest.param(
            (event(60, "relapse_extramedullary"), event(90, "relapse"), event(99, "relapse")),
            "MARROW_RELAPSE",
            90,
            id="the-first-of-the-highest",
        ),
    ],
)
def test_level(items: tuple[Item, ...], level: str, day: int | None):
    """The highest level that was reached, and the day on which it first was."""
    assert level_of(*items) == (level, day)


# The consensus table


def first(k: int, *events: tuple[str, str]) -> tuple[Item, ...]:
    """A negative marrow, and on day 60 marrow 1: flow per 100,000 cells, and other tests."""
    return CLEAR, marrow(60, k, 100_000), *(event(60, kind, value) for kind, value in events)


def second(day: int, k: int, *events: tuple[str, str]) -> tuple[Item, ...]:
    """Marrow 2."""
    return marrow(day, k, 100_000), *(event(day, kind, value) for kind, value in events)


NGS, FISH, M2, M3 = ("ngs", "0.01"), ("fish", "1 %"), ("morphology", "M2"), ("morphology", "M3")


@pytest.mark.parametrize(
    ("items", "day"),
    [
        pytest.param(first(25_000), 60, id="25-alone"),
        pytest.param(first(24_999), None, id="below-25-alone"),
        pytest.param(first(24_999, NGS), 60, id="below-25-and-one"),
        pytest.param(first(5000, NGS), 60, id="5-and-one"),
        pytest.param(first(5000, ("ngs", "0.0099")), None, id="5-and-one-below-1"),
        pytest.param(first(4999, NGS), None, id="below-5-and-one"),
        pytest.param((*first(5000), *second(120, 1000, NGS)), 120, id="5-and-marrow-2"),
        pytest.param((*first(5000), *second(121, 1000, NGS)), None, id="marrow-2-a-day-late"),
        pytest.param((*first(5000), *second(120, 999, NGS)), None, id="marrow-2-below-1"),
        pytest.param((*first(5000), *second(120, 1000)), None, id="marrow-2-one-test"),
        pytest.param((*first(5000), *second(120, 0, NGS, FISH)), 120, id="marrow-2-without-flow"),
        pytest.param(first(1000, NGS, FISH), 60, id="1-and-two"),
        pytest.param(first(4999, NGS, FISH), 60, id="below-5-and-two"),
        pytest.param(first(999, NGS, FISH), None, id="below-1-and-two"),
        pytest.param(first(1000, NGS), None, id="1-and-one"),
        pytest.param((*first(1000, NGS), *second(120, 1000, NGS)), 120, id="1-one-and-marrow-2"),
        pytest.param((*first(1000), *second(120, 1000, NGS)), 120, id="1-none-and-marrow-2"),
        pytest.param((*first(1000), *second(121, 1000, NGS)), None, id="1-and-marrow-2-late"),
        pytest.param((*first(999), *second(120, 1000, NGS)), None, id="below-1-and-marrow-2"),
        pytest.param(first(1000, NGS, ("fusion_pcr", "0.5")), None, id="molecular-is-one-test"),
        pytest.param(
            first(5000, ("ngs", "0"), ("fusion_pcr", "1 %")), 60, id="the-higher-molecular"
        ),
        pytest.param(first(5000, ("ngs", "positive")), None, id="positive-without-number"),
        pytest.param(first(5000, ("fish", "<0.05")), None, id="below-a-number"),
        pytest.param(first(1000, NGS, M2), 60, id="morphology-gives-the-level"),
        pytest.param(first(4999, M2), 60, id="flow-is-the-other-test"),
        pytest.param(first(999, M2), None, id="flow-below-1-is-not"),
        pytest.param(first(5000, ("morphology", "M1")), None, id="m1-is-nothing"),
        pytest.param(first(5000, ("morphology", "1 %")), 60, id="one-percent-by-eye"),
        pytest.param((CLEAR, marrow(60, 20), event(60, *M3)), 60, id="m3-where-flow-is-detected"),
        pytest.param(first(20, ("morphology", "25")), 60, id="25-by-eye"),
        pytest.param(first(20, ("morphology", "24.9")), None, id="below-25-by-eye"),
        pytest.param((CLEAR, marrow(60, 0), event(60, *M3)), None, id="flow-clears-morphology"),
        pytest.param((CLEAR, marrow(60, 19), event(60, *M3)), None, id="below-detection-clears"),
        pytest.param((CLEAR, event(60, *M3)), 60, id="morphology-without-a-marrow"),
        pytest.param((CLEAR, event(0, *M3), event(28, *M3)), None, id="clear-on-the-same-day"),
        pytest.param((CLEAR, marrow(60), event(60, *M3)), 60, id="morphology-without-flow"),
        pytest.param((CLEAR, marrow(60, 0, 900), event(60, *M3)), 60, id="flow-of-few-cells"),
        pytest.param((CLEAR, marrow(60, 0, poor=True), event(60, *M3)), 60, id="poor-flow"),
        pytest.param(
            (*first(5000), marrow(80, 0, 900), *second(90, 1000, NGS)), 90, id="next-evaluable"
        ),
        pytest.param(
            (*first(5000), marrow(80, 0), *second(90, 1000, NGS)), None, id="the-next-is-clear"
        ),
        pytest.param(
            (*first(5000), event(80, "fish", "negative"), *second(90, 1000, NGS)),
            None,
            id="the-next-has-another-test",
        ),
        pytest.param(first(25_000)[1:], None, id="never-negative"),
        pytest.param(
            (*first(25_000)[1:], marrow(60, 0, specimen_id="x")), None, id="negative-of-that-day"
        ),
        pytest.param((marrow(0, 0), *first(25_000)[1:]), None, id="negative-on-day-0"),
    ],
)
def test_marrow_relapse(items: tuple[Item, ...], day: int | None):
    """Each row of the table at both sides of each of its edges."""
    level, on = level_of(*items)

    assert (on if level == "MARROW_RELAPSE" else None) == day


# Phenotype


def typed(day: int, cd19: int, cd22: int, k: int = 5000, of: int = 100) -> Item:
    """A marrow with calls on both antigens."""
    calls = {"cd19_blasts": (cd19, of), "cd22_blasts": (cd22, of)}
    return marrow(day, k, 100_000, **calls)


UNJUDGED = antigen("cd22_blasts", 5, 5)


@pytest.mark.parametrize(
    ("items", "phenotype"),
    [
        pytest.param((typed(91, 20, 20),), "CD19+/CD22+", id="20-percent-is-plus"),
        pytest.param((typed(91, 19, 20),), "CD19-/CD22+", id="19-percent-is-minus"),
        pytest.param((typed(91, 100, 0),), "CD19+/CD22-", id="cd22-lost"),
        pytest.param((typed(91, 0, 0),), "CD19-/CD22-", id="both-lost"),
        pytest.param((marrow(91, 5000),), "unknown", id="without-calls"),
        pytest.param((), "unknown", id="without-a-specimen"),
        pytest.param((typed(90, 0, 0),), "unknown", id="of-another-day"),
        pytest.param(
            (marrow(91, 50, cd19_blasts=(0, 50), cd22_blasts=UNJUDGED),), "unknown", id="one-call"
        ),
    ],
)
def test_phenotype(items: tuple[Item, ...], phenotype: str):
    """Of the specimen of the day of relapse, with both antigens judged."""
    assert followed(*items, event(91, "relapse")).states.relapse_phenotype == phenotype


def test_phenotype_of_marrow_2_else_of_marrow_1():
    """Where the confirming marrow has no calls, those of marrow 1 count."""
    plain, own = second(90, 1000, NGS), (typed(90, 100, 100, k=1000), event(90, *NGS))
    before = (CLEAR, typed(60, 0, 100))

    assert followed(*before, *plain).states.relapse_phenotype == "CD19-/CD22+"
    assert followed(*before, *own).states.relapse_phenotype == "CD19+/CD22+"


def test_phenotype_of_a_marrow_before_others():
    """Of specimens of one day that are judged, the marrow speaks."""
    calls = {"cd19_blasts": (0, 100), "cd22_blasts": (0, 100)}
    found = followed(typed(91, 100, 100), blood(91, **calls), event(91, "relapse")).states

    assert found.relapse_phenotype == "CD19+/CD22+"


def test_no_phenotype_of_mrd():
    """Below a relapse outside the blood it stays empty."""
    found = followed(CLEAR, typed(61, 0, 0, k=500)).states

    assert (found.relapse_level, found.relapse_phenotype) == ("MRD_RELAPSE_CONFIRMED", "")
