"""Each rule once where it holds and once where it just does not, with its severity."""

from __future__ import annotations

import pytest

from cytomon.model.qualifiers import Qualifier
from cytomon.model.timeline import Dispute
from cytomon.track.follow import follow
from cytomon.track.profile import read_profile
from tests.track.builders import (
    Item,
    antigen,
    b_fraction,
    blood,
    course,
    csf,
    event,
    followed,
    marrow,
    mrd,
    observed,
    on,
    raised,
    share,
    specimen,
)

GONE, CLEAR = blood(28, 0), marrow(28, 0)
HOLDS_NOT = "-"
Seen = list[tuple[int | None, str]]


# Leukaemia


@pytest.mark.parametrize(
    ("items", "seen"),
    [
        pytest.param((event(61, "relapse"),), [(61, "critical")], id="recorded"),
        pytest.param((event(61, "lineage_switch"),), [(61, "critical")], id="switch"),
        pytest.param((CLEAR, marrow(61, 500)), [(28, "-"), (61, "-")], id="mrd-relapse-is-none"),
        pytest.param(
            (CLEAR, marrow(61, 125_000)), [(28, "-"), (61, "-"), (61, "critical")], id="by-table"
        ),
    ],
)
def test_a1_relapse(items: tuple[Item, ...], seen: Seen):
    """Critical wherever a relapse is reached; evaluable marrows are observations."""
    assert observed(followed(*items), "A1") == seen


@pytest.mark.parametrize(
    ("items", "seen"),
    [
        pytest.param((marrow(1, 50),), [(1, "critical")], id="first"),
        pytest.param((marrow(0, 50),), [], id="day-0"),
        pytest.param((marrow(28, 49),), [(28, "-")], id="below"),
        pytest.param((marrow(28, 60), marrow(61, 60)), [(28, "critical"), (61, "high")], id="on"),
        pytest.param(
            (marrow(28, 100, 10**6), marrow(61, 1000, 10**6)),
            [(28, "critical"), (61, "critical")],
            id="ten-times",
        ),
        pytest.param(
            (marrow(28, 60), marrow(61, 600)),
            [(28, "critical"), (61, "critical")],
            id="ten-times-in-floats",
        ),
        pytest.param(
            (marrow(28, 100, 10**6), marrow(61, 999, 10**6)),
            [(28, "critical"), (61, "high")],
            id="not-ten-times",
        ),
        pytest.param(
            (marrow(28, 60), marrow(40, 3, 900), marrow(61, 60)),
            [(28, "critical"), (61, "high")],
            id="few-cells-between",
        ),
        pytest.param((marrow(28, 60, poor=True),), [(28, "critical")], id="poor-hides-nothing"),
        pytest.param((specimen(28, "blood", mrd=mrd(60, 500_000)),), [(28, "high")], id="blood"),
        pytest.param((csf(28, 60), csf(61, 0)), [(28, "high"), (61, "-")], id="csf"),
        pytest.param((event(28, "ngs", "positive"),), [(28, "high")], id="ngs"),
        pytest.param((event(28, "fusion_pcr", "1e-6"),), [(28, "high")], id="fusion"),
        pytest.param((event(28, "ngs", "0"),), [(28, "-")], id="ngs-none"),
        pytest.param((event(28, "ngs", "<0.01"),), [(28, "-")], id="ngs-below-its-limit"),
        pytest.param((event(28, "ngs", "negative"),), [(28, "-")], id="ngs-negative"),
        pytest.param((event(0, "ngs", "positive"),), [], id="ngs-on-day-0"),
        pytest.param((event(28, "fish", "0.5"),), [], id="fish-is-not-molecular"),
        pytest.param(
            (marrow(28, 60), event(28, "ngs", "0.01")), [(28, "critical")], id="ngs-beside-flow"
        ),
        pytest.param(
            (CLEAR, event(28, "ngs", "0.01")), [(28, "-"), (28, "high")], id="ngs-against-flow"
        ),
    ],
)
def test_a2_mrd(items: tuple[Item, ...], seen: Seen):
    """Critical where it is first or has risen by a log, else high."""
    assert observed(followed(*items), "A2") == seen


def test_a2_has_subjects():
    """Blood, CSF and molecular methods are flagged apart from marrow."""
    at = followed(
        marrow(28, 60), csf(30, 60), specimen(29, "blood", mrd=mrd(60, 500_000)),
        event(31, "ngs", "positive"),
    )  # fmt: skip
    found = [one.seen.subject for one in at.raised if one.rule == "A2"]

    assert found == ["", "blood", "csf", "molecular"]


@pytest.mark.parametrize(
    ("k", "seen"),
    [
        pytest.param(19, "-", id="below-detection"),
        pytest.param(20, "high", id="detected"),
        pytest.param(49, "high", id="just-below-the-threshold"),
        pytest.param(50, "-", id="on-the-threshold"),
    ],
)
def test_a3_below_the_threshold(k: int, seen: str):
    """High from the limit of detection up to 0.01 %."""
    assert observed(followed(marrow(28, k)), "A3") == [(28, seen)]


def call(antigen_and_count: tuple[str, int], k: int = 500, *, day: int = 61, **said: bool) -> Item:
    """A marrow with a call on 100 of its blasts."""
    name, count = antigen_and_count
    return marrow(day, k, **{name: antigen(name, count, 100, dim=said.get("dim", False))})


@pytest.mark.parametrize(
    ("item", "seen"),
    [
        pytest.param(call(("cd19_blasts", 9)), [(61, "critical")], id="lost"),
        pytest.param(call(("cd19_blasts", 10)), [(61, "critical")], id="mixed"),
        pytest.param(call(("cd19_blasts", 79)), [(61, "critical")], id="just-mixed"),
        pytest.param(call(("cd19_blasts", 80)), [(61, "-")], id="kept"),
        pytest.param(call(("cd19_blasts", 80), dim=True), [(61, "-")], id="dim"),
        pytest.param(call(("cd19_blasts", 9), k=20), [(61, "high")], id="lost-below-threshold"),
        pytest.param(call(("cd19_blasts", 9), day=0), [], id="day-0"),
        pytest.param(marrow(61, 500, cd19_blasts=(0, 19)), [], id="not-assessable"),
        pytest.param(blood(61, cd19_blasts=(0, 100)), [], id="blood"),
    ],
)
def test_a6_cd19(item: Item, seen: Seen):
    """Critical beside a positive MRD, else high."""
    assert observed(followed(item), "A6") == seen


@pytest.mark.parametrize(
    ("before", "now", "seen"),
    [
        pytest.param((), call(("cd22_blasts", 9)), "high", id="negative"),
        pytest.param((), call(("cd22_blasts", 90), dim=True), "high", id="dim"),
        pytest.param((), call(("cd22_blasts", 50)), "-", id="partial"),
        pytest.param((), call(("cd22_blasts", 90)), "-", id="kept"),
        pytest.param(
            (call(("cd22_blasts", 9), day=0),), call(("cd22_blasts", 5)), "medium", id="as-before"
        ),
        pytest.param(
            (call(("cd22_blasts", 90), day=-5, dim=True),),
            call(("cd22_blasts", 5)),
            "high",
            id="less-than-before",
        ),
        pytest.param(
            (call(("cd22_blasts", 9), day=-20), call(("cd22_blasts", 90), day=-5)),
            call(("cd22_blasts", 5)),
            "high",
            id="the-last-before",
        ),
        pytest.param(
            (call(("cd22_blasts", 9), day=-20), marrow(-5, 500, cd22_blasts=(0, 19))),
            call(("cd22_blasts", 5)),
            "medium",
            id="the-last-that-was-judged",
        ),
    ],
)
def test_a7_cd22(before: tuple[Item, ...], now: Item, seen: str):
    """High, but medium where it is as it was before the infusion."""
    assert observed(followed(*before, now), "A7") == [(61, seen)]


@pytest.mark.parametrize("count", [90, 5])
def test_a7_decreased(count: int):
    """What has decreased is high, whatever it was before."""
    said = antigen("cd22_blasts", count, 100, said="DECREASED")
    before = call(("cd22_blasts", count), day=-5)

    assert observed(followed(before, marrow(61, 500, cd22_blasts=said)), "A7") == [(61, "high")]


@pytest.mark.parametrize(
    ("cd19", "cd22", "seen"),
    [
        pytest.param((9, 100), (9, 100), [(61, "critical")], id="both"),
        pytest.param((9, 100), (10, 100), [(61, "-")], id="cd22-partial"),
        pytest.param((10, 100), (9, 100), [(61, "-")], id="cd19-partial"),
        pytest.param((9, 100), (0, 19), [], id="one-not-assessable"),
    ],
)
def test_a8_both(cd19: tuple[int, int], cd22: tuple[int, int], seen: Seen):
    """Critical only where both are negative."""
    at = followed(marrow(61, 500, cd19_blasts=cd19, cd22_blasts=cd22))

    assert observed(at, "A8") == seen


@pytest.mark.parametrize(
    ("item", "profile", "seen"),
    [
        pytest.param(marrow(61, 0, mrd_b_only=(20, 500_000)), "trial", "high", id="detected"),
        pytest.param(marrow(61, 0, mrd_b_only=(19, 500_000)), "trial", "-", id="too-few"),
        pytest.param(marrow(61, mrd_b_only=(20, 500_000)), "trial", "high", id="without-mrd"),
        pytest.param(marrow(61, mrd_b_only=(19, 500_000)), "trial", "-", id="too-few-without"),
        pytest.param(marrow(61, mrd_b_only=(10, 500_000)), "euroflow", "high", id="euroflow"),
        pytest.param(marrow(61, mrd_b_only=(9, 500_000)), "euroflow", "-", id="too-few-euroflow"),
        pytest.param(marrow(61, 0, mrd_b_only=(10, 500_000)), "euroflow", "-", id="own-limit"),
        pytest.param(blood(61, mrd_b_only=(20, 500_000)), "trial", "high", id="blood"),
    ],
)
def test_a9_tree_b(item: Item, profile: str, seen: str):
    """High from the limit of detection of the specimen's own MRD, else the profile's."""
    at = followed(item, profile=read_profile(profile))

    assert observed(at, "A9") == [(61, seen)]


def test_a9_limit_of_a_noisy_template():
    """A limit above 20 that comes with the MRD counts."""
    noisy = mrd(0, 500_000)._replace(lod=30 / 500_000)
    few, enough = (marrow(d, mrd=noisy, mrd_b_only=(k, 500_000)) for d, k in ((61, 29), (62, 30)))

    assert observed(followed(few, enough), "A9") == [(61, "-"), (62, "high")]


SUSPECT = mrd(0, 500_000)._replace(qualifiers=Qualifier.LINEAGE_SWITCH_SUSPECTED.value)


@pytest.mark.parametrize(
    ("items", "seen"),
    [
        pytest.param((marrow(61, immature_monocytes=(50, 100_000)),), "critical", id="monocytes"),
        pytest.param((marrow(61, immature_monocytes=(49, 100_000)),), "-", id="few-monocytes"),
        pytest.param((marrow(61, immature_monocytes=(10, 10_000)),), "critical", id="ten-events"),
        pytest.param((marrow(61, immature_monocytes=(9, 10_000)),), "-", id="nine-events"),
        pytest.param((marrow(61, bridge=(20, 100_000)),), "critical", id="bridge"),
        pytest.param((marrow(61, bridge=(19, 100_000)),), "-", id="no-bridge"),
        pytest.param((marrow(61, cd34_cd33=(500, 10_000)),), "critical", id="cd34-cd33"),
        pytest.param((marrow(61, cd34_cd33=(499, 10_000)),), "-", id="few-cd34-cd33"),
        pytest.param((blood(61, bridge=(20, 100_000)),), "critical", id="blood"),
        pytest.param((marrow(61, mrd=SUSPECT),), "critical", id="qualifier"),
        pytest.param((event(61, "lineage_switch"),), "critical", id="recorded"),
    ],
)
def test_a10_switch(items: tuple[Item, ...], seen: str):
    """Critical at each sign, and at nothing below it."""
    assert observed(followed(*items), "A10") == [(61, seen)]


@pytest.mark.parametrize(
    ("genotype", "flow", "smear", "seen"),
    [
        pytest.param("KMT2A::AFF1", 0, "M2", [(61, "critical")], id="kmt2a"),
        pytest.param("EP300::ZNF384", 19, "M3", [(61, "critical")], id="znf384"),
        pytest.param("KMT2A::AFF1", 0, "5", [(61, "critical")], id="five-percent"),
        pytest.param("KMT2A::AFF1", 0, "4.99", [(61, "-")], id="below-five"),
        pytest.param("KMT2A::AFF1", 20, "M3", [(61, "-")], id="flow-detects"),
        pytest.param("ETV6::RUNX1", 0, "M3", [], id="other-genotype"),
    ],
)
def test_a10_unexplained_blasts(genotype: str, flow: int, smear: str, seen: Seen):
    """Blasts by eye that flow does not find, where the genotype may switch."""
    items = (marrow(61, flow), event(61, "morphology", smear))

    assert observed(followed(*items, genotype=genotype), "A10") == seen


def rise(*counts: int) -> tuple[Item, ...]:
    """Marrows of two million cells, a month apart."""
    return tuple(marrow(30 * (i + 1), k, 2_000_000) for i, k in enumerate(counts))


@pytest.mark.parametrize(
    ("counts", "last"),
    [
        pytest.param((20, 35), "high", id="trend"),
        pytest.param((20, 34), "-", id="no-trend"),
        pytest.param((199, 20, 64), "high", id="half-a-log"),
        pytest.param((199, 20, 63), "-", id="not-half-a-log"),
        pytest.param((20,), "-", id="alone"),
        pytest.param((0, 60), "-", id="first-detected"),
        pytest.param((20, 200, 100), "-", id="positive-between-ends-the-run"),
        pytest.param((20, 0, 64), "high", id="none-between"),
        pytest.param((20, 19), "-", id="not-detected-now"),
    ],
)
def test_a12_rise(counts: tuple[int, ...], last: str):
    """High from half a log over the last detected one, or where the counts rise."""
    assert observed(followed(*rise(*counts)), "A12")[-1] == (30 * len(counts), last)


@pytest.mark.parametrize(
    ("before", "k", "seen"),
    [
        pytest.param((), 1001, "medium", id="many"),
        pytest.param((), 1000, "-", id="not-many"),
        pytest.param((marrow(0, stage0_progenitors=(102, 500_000)),), 306, "medium", id="3-times"),
        pytest.param(
            (marrow(0, stage0_progenitors=(100, 500_000)),),
            300,
            "medium",
            id="3-times-in-floats",
        ),
        pytest.param((marrow(0, stage0_progenitors=(100, 500_000)),), 299, "-", id="below-3-times"),
        pytest.param((marrow(0, stage0_progenitors=(0, 500_000)),), 300, "-", id="none-before"),
        pytest.param((blood(0, stage0_progenitors=(9, 500_000)),), 300, "-", id="blood-before"),
        pytest.param((marrow(1, stage0_progenitors=(9, 500_000)),), 300, "-", id="day-1-is-after"),
    ],
)
def test_a13_stage0(before: tuple[Item, ...], k: int, seen: str):
    """Medium above 0.2 %, or from three times the own baseline on."""
    at = followed(*before, marrow(61, stage0_progenitors=(k, 500_000)))

    assert observed(at, "A13")[-1] == (61, seen)


@pytest.mark.parametrize(
    ("flow", "smear", "seen"),
    [
        pytest.param(10_000, "M1", "medium", id="m1-and-10-percent"),
        pytest.param(9_999, "M1", "-", id="m1-and-less"),
        pytest.param(4_999, "25.01", "medium", id="m3-and-below-5-percent"),
        pytest.param(5_000, "25.01", "-", id="m3-and-5-percent"),
        pytest.param(0, "25", "-", id="m2-and-none"),
        pytest.param(90_000, "5", "-", id="m2-and-much"),
    ],
)
def test_a20_morphology(flow: int, smear: str, seen: str):
    """Medium where eye and flow of one marrow do not fit."""
    items = (marrow(61, flow, 100_000), event(61, "morphology", smear))

    assert observed(followed(*items), "A20") == [(61, seen)]
    assert observed(followed(items[0], event(62, "morphology", smear)), "A20") == []


# B cells and CAR


@pytest.mark.parametrize(
    ("day", "k", "severity"),
    [
        pytest.param(29, 40, "critical", id="soon"),
        pytest.param(90, 40, "critical", id="day-90"),
        pytest.param(91, 40, "high", id="day-91"),
        pytest.param(182, 40, "high", id="day-182"),
        pytest.param(183, 40, "medium", id="day-183"),
        pytest.param(90, 39, "-", id="below-1-percent"),
    ],
)
def test_a4_recovery(day: int, k: int, severity: str):
    """The earlier B cells are back, the sooner somebody should look."""
    assert observed(followed(GONE, blood(day, k)), "A4") == [(28, "-"), (day, severity)]


def test_a4_needs_aplasia_before():
    """B cells of the first days are no recovery."""
    assert observed(followed(blood(14, 80), blood(21, 80)), "A4") == []


def test_provisional_recovery_says_so():
    """A call on few lymphocytes raises like a firm one."""
    at = followed(GONE, marrow(90, b_fraction=b_fraction(10, 1000)))
    (flag,) = (one for one in at.flags if one.rule == "A4")

    assert flag.urgency.word == "critical"
    assert flag.says.endswith("(provisional)")


@pytest.mark.parametrize(
    ("near", "k", "seen"),
    [
        pytest.param(blood(105, 0), 500, [(91, "high")], id="14-days"),
        pytest.param(blood(106, 0), 500, [], id="15-days"),
        pytest.param(blood(77, 0), 500, [(91, "high")], id="14-days-before"),
        pytest.param(blood(91, 0), 499, [(91, "-")], id="few"),
        pytest.param(blood(91, 80), 500, [(91, "-")], id="blood-is-back"),
        pytest.param(marrow(91, specimen_id="x", b_fraction=(0, 4000)), 500, [], id="marrow"),
    ],
)
def test_a5_hematogones(near: Item, k: int, seen: Seen):
    """High from 0.1 % on beside a blood without B cells."""
    at = followed(GONE, near, marrow(91, hematogones=(k, 500_000)))

    assert observed(at, "A5") == seen


def car(day: int, value: str, kind: str = "car19_copies") -> Item:
    """A sample of a transgene."""
    return event(day, kind, value, "copies/ng")


@pytest.mark.parametrize(
    ("items", "seen"),
    [
        pytest.param((car(30, "0"), car(44, "0")), [(30, "-"), (44, "medium")], id="lost"),
        pytest.param((car(30, "0"), car(43, "0")), [(30, "-"), (43, "-")], id="too-near"),
        pytest.param(
            (GONE, blood(91, 80), car(91, "0")), [(91, "high")], id="on-the-day-of-recovery"
        ),
        pytest.param((GONE, blood(91, 80), car(90, "0")), [(90, "-")], id="the-day-before"),
        pytest.param(
            (GONE, car(30, "0"), car(44, "0"), blood(91, 80)),
            [(30, "-"), (44, "medium"), (91, "high")],
            id="recovery-later",
        ),
        pytest.param(
            (GONE, car(30, "0"), car(44, "0"), car(80, "9"), blood(91, 80)),
            [(30, "-"), (44, "medium"), (80, "-")],
            id="back-before-recovery",
        ),
    ],
)
def test_a11_car(items: tuple[Item, ...], seen: Seen):
    """Medium; high once B cells are back."""
    assert observed(followed(*items), "A11") == seen


def test_a11_transgenes_apart():
    """One CAR may be lost while the other one stays."""
    kinds = ("car19_copies", "car22_copies")
    items = [
        car(day, value, kind) for kind, value in zip(kinds, "90", strict=True) for day in (30, 44)
    ]
    (flag,) = (one for one in followed(*items).raised if one.rule == "A11")

    assert (flag.seen.subject, flag.seen.day) == ("CD22", 44)


@pytest.mark.parametrize(
    ("items", "seen"),
    [
        pytest.param(
            (blood(91, 0), marrow(105, b_fraction=(80, 4000))), [(105, "medium")], id="14-days"
        ),
        pytest.param((blood(91, 0), marrow(106, b_fraction=(80, 4000))), [], id="15-days"),
        pytest.param(
            (marrow(91, b_fraction=(0, 4000)), blood(95, 80)), [(95, "medium")], id="blood-first"
        ),
        pytest.param((blood(91, 0), marrow(91, b_fraction=(0, 4000))), [(91, "-")], id="agree"),
        pytest.param((marrow(20, b_fraction=(80, 4000)),), [], id="before-onset"),
    ],
)
def test_a14_discordance(items: tuple[Item, ...], seen: Seen):
    """Medium on the later day of the two."""
    assert observed(followed(GONE, *items), "A14") == seen


@pytest.mark.parametrize(
    ("items", "upto", "seen"),
    [
        pytest.param((GONE,), 101, [(101, "medium")], id="no-marrow"),
        pytest.param((GONE,), 100, [], id="not-yet"),
        pytest.param((GONE, marrow(50, 0)), 151, [(50, "-"), (151, "medium")], id="last-marrow"),
        pytest.param((GONE, marrow(50, 0)), 150, [(50, "-")], id="last-marrow-not-yet"),
        pytest.param((GONE, marrow(100, 0)), 150, [(100, "-")], id="in-time"),
        pytest.param(
            (GONE, marrow(50, 0), marrow(151, 0)), 151, [(50, "-"), (151, "-")], id="just-in-time"
        ),
        pytest.param((GONE, marrow(50, 3, 900)), 101, [(101, "medium")], id="without-answer"),
        pytest.param((GONE, blood(101, 80)), 101, [(101, "-")], id="b-cells-are-back"),
        pytest.param((GONE, blood(102, 80)), 102, [(101, "medium")], id="back-later"),
        pytest.param((GONE, event(101, "transplant")), 150, [(101, "-")], id="transplant"),
        pytest.param((GONE, event(102, "transplant")), 150, [(101, "medium")], id="later"),
        pytest.param((GONE, event(101, "relapse")), 150, [(101, "-")], id="relapse"),
        pytest.param((GONE, event(101, "death")), 150, [(101, "-")], id="death"),
        pytest.param(
            (GONE, event(101, "second_infusion")), 150, [(101, "-")], id="second-infusion"
        ),
        pytest.param((marrow(1, 0),), 150, [(1, "-"), (102, "-")], id="no-aplasia"),
        pytest.param(
            (GONE, blood(90, 80), blood(150, 0)), 160, [(101, "-"), (150, "medium")], id="again"
        ),
        pytest.param(
            (marrow(20, 0), blood(130, 0)), 140, [(20, "-"), (121, "-"), (130, "medium")], id="late"
        ),
    ],
)
def test_a17_unwatched(items: tuple[Item, ...], upto: int, seen: Seen):
    """Medium on the day 101 after the last marrow, while aplasia goes on."""
    assert observed(followed(*items, upto=upto), "A17") == seen


@pytest.mark.parametrize(
    ("items", "upto", "seen"),
    [
        pytest.param((blood(14, 80), blood(28, 80)), 28, [(28, "high")], id="never-gone"),
        pytest.param((blood(14, 80),), 27, [], id="not-asked-yet"),
        pytest.param((blood(35, 80),), 40, [(35, "high")], id="day-35"),
        pytest.param((blood(36, 80),), 40, [], id="day-36"),
        pytest.param((blood(14, 80), blood(35, 0)), 40, [], id="gone-on-day-35"),
        pytest.param(
            (blood(14, 80), blood(36, 0)), 40, [(14, "high"), (36, "-")], id="gone-on-day-36"
        ),
        pytest.param((event(0, "drug", "rituximab"), blood(14, 80)), 40, [], id="void"),
        pytest.param((), 40, [], id="nothing"),
    ],
)
def test_a21_no_aplasia(items: tuple[Item, ...], upto: int, seen: Seen):
    """High where every specimen up to day 35 has B cells, asked from day 28 on."""
    assert observed(followed(*items, upto=upto), "A21") == seen


# Visits and records


@pytest.mark.parametrize(
    ("items", "flags"),
    [
        pytest.param((marrow(25, 0, 900),), [("d28 MRD", 25)], id="first-day"),
        pytest.param((marrow(35, 0, 900),), [("d28 MRD", 35)], id="last-day"),
        pytest.param((marrow(24, 0, 900),), [], id="before-the-window"),
        pytest.param((marrow(36, 0, 900),), [], id="after-the-window"),
        pytest.param((marrow(30, 0, poor=True),), [("d28 MRD", 30)], id="poor"),
        pytest.param((marrow(30, 0),), [], id="evaluable"),
        pytest.param((marrow(30, 0, 900), marrow(30, 0, specimen_id="x")), [], id="answered"),
        pytest.param(
            (marrow(30, 0, 900), marrow(31, 0)), [("d28 MRD", 30)], id="answered-too-late"
        ),
        pytest.param((blood(28, 0, 499),), [("d28 B cells", 28)], id="few-lymphocytes"),
        pytest.param((blood(28, 0, 500),), [], id="enough-lymphocytes"),
        pytest.param((blood(61, 0, 499),), [], id="m2-decides-nothing"),
        pytest.param((blood(77, 0, 499),), [("m3 B cells", 77)], id="m3"),
        pytest.param((blood(204, 0, 499),), [("m6 B cells", 204)], id="m6"),
        pytest.param((csf(28, 0, 900),), [], id="csf"),
    ],
)
def test_a15_no_answer(items: tuple[Item, ...], flags: list[tuple[str, int]]):
    """High where a specimen of a visit that decides leaves its question open."""
    found = [one for one in followed(*items).raised if one.rule == "A15"]

    assert [(one.seen.subject, one.seen.day) for one in found] == flags
    assert {one.urgency.word for one in found} <= {"high"}


def late(*items: Item, upto: int = 36) -> list[tuple[str, int | None]]:
    """Visits that are flagged as overdue, with their days."""
    at = followed(*items, upto=upto)
    return [(one.seen.subject, one.seen.day) for one in at.raised if one.rule == "A16"]


EARLY = (blood(7, 0), blood(14, 0))
"""The first two visits."""


@pytest.mark.parametrize(
    ("items", "upto", "flags"),
    [
        pytest.param((), 10, [], id="last-day-of-the-window"),
        pytest.param((), 11, [("w1", 10)], id="the-day-after"),
        pytest.param((blood(4, 0), blood(17, 0)), 18, [], id="kept"),
        pytest.param((blood(3, 0), blood(18, 0)), 18, [("w1", 10), ("w2", 17)], id="missed"),
        pytest.param(EARLY, 36, [("d28", 35)], id="nothing-at-d28"),
        pytest.param((*EARLY, marrow(28, 0)), 36, [("d28", 35)], id="no-b-cells"),
        pytest.param((*EARLY, blood(28, 0)), 36, [("d28", 35)], id="no-marrow"),
        pytest.param((*EARLY, blood(25, 0), marrow(35, 0)), 36, [], id="both"),
        pytest.param((*EARLY, marrow(28, 0, b_fraction=(0, 4000))), 36, [], id="marrow-alone"),
        pytest.param((*EARLY, GONE, marrow(28, 0, 900)), 36, [("d28", 35)], id="no-answer"),
        pytest.param((*EARLY, event(35, "death")), 36, [], id="died-on-its-last-day"),
        pytest.param((*EARLY, event(36, "death")), 36, [("d28", 35)], id="died-after"),
        pytest.param((*EARLY, event(35, "relapse")), 36, [], id="relapse"),
        pytest.param((*EARLY, event(35, "transplant")), 36, [], id="transplant"),
        pytest.param((*EARLY, event(35, "second_infusion")), 36, [], id="second-infusion"),
        pytest.param(
            (*EARLY, event(1, "drug", "rituximab"), GONE, CLEAR), 36, [], id="void-but-kept"
        ),
    ],
)
def test_a16_overdue(items: tuple[Item, ...], upto: int, flags: list[tuple[str, int]]):
    """Medium on the last day of the window, from the day after it."""
    assert late(*items, upto=upto) == flags


def test_a16_made_up_for():
    """What a visit lacked and has come since is an observation that does not hold."""
    at = followed(*EARLY, marrow(40, 0), blood(43, 0), upto=50)

    assert observed(at, "A16") == [(35, "medium"), (43, "-")]


@pytest.mark.parametrize(
    ("items", "subject", "days"),
    [
        pytest.param((blood(-60, 0),), "early", [], id="60-days-early"),
        pytest.param((blood(-61, 0),), "early", [-61], id="61-days-early"),
        pytest.param((blood(401, 0),), "future", [401], id="specimen-of-tomorrow"),
        pytest.param((blood(400, 0),), "future", [], id="specimen-of-today"),
        pytest.param((event(401, "death"),), "future", [401], id="event-of-tomorrow"),
        pytest.param((event(60, "death"), blood(61, 0)), "after death", [61], id="after-death"),
        pytest.param((event(61, "death"), blood(61, 0)), "after death", [], id="day-of-death"),
        pytest.param(
            (blood(5, cd19_clone="J3"), blood(6), blood(7, cd19_clone="HIB")),
            "clone",
            [7],
            id="cd19",
        ),
        pytest.param(
            (blood(5, cd22_clone="J3"), blood(7, cd22_clone="HIB")), "clone", [7], id="cd22"
        ),
        pytest.param(
            (blood(5, cd19_clone="J3"), blood(7, cd22_clone="HIB")), "clone", [], id="two-antigens"
        ),
        pytest.param(
            (blood(5, templates=frozenset("ab")), blood(7, templates=frozenset("c"))),
            "panel",
            [7],
            id="other-panel",
        ),
        pytest.param(
            (blood(5, templates=frozenset("ab")), blood(7, templates=frozenset("bc"))),
            "panel",
            [],
            id="one-in-common",
        ),
        pytest.param(
            (blood(5, templates=frozenset("a")), marrow(7, templates=frozenset("c"))),
            "panel",
            [],
            id="other-type",
        ),
        pytest.param((blood(5, duplicate=True),), "duplicate", [5], id="duplicate"),
        pytest.param((blood(5, moved=True),), "moved", [5], id="moved"),
        pytest.param((event(-5, "transplant"), event(-100, "drug", "atg")), "early", [], id="pre"),
    ],
)
def test_a18_records(items: tuple[Item, ...], subject: str, days: list[int]):
    """High, by what is wrong."""
    found = [one for one in followed(*items).raised if one.rule == "A18"]

    assert [one.seen.day for one in found if one.seen.subject == subject] == days
    assert {(one.seen.subject, one.urgency.word) for one in found} <= {(subject, "high")}


def test_a18_without_day_0():
    """Nothing else speaks, and the landmarks are unknown."""
    at = follow(course(marrow(61, 500), blood(28, 0), day0=None), read_profile(), on(400))
    ((rule, subject, day, when),) = (
        (one.rule, one.seen.subject, one.seen.day, one.seen.on) for one in at.raised
    )

    assert (rule, subject, day, when) == ("A18", "no day 0", None, on(28))
    assert at.states.bca_3m == "UNKNOWN"


def test_a19_signed_and_contradicted():
    """Critical where a newer result is on the other side; a signed one alone does not hold."""
    signed = mrd(0, 500_000)._replace(state="signed")
    quiet = marrow(28, mrd=signed)
    loud = marrow(61, mrd=signed, disputes=(Dispute(signed, mrd(60, 500_000)),))

    assert observed(followed(quiet, CLEAR, loud), "A19") == [(28, "-"), (61, "critical")]


def test_a19_says_both():
    """The flag holds what was signed and what was found."""
    signed = mrd(0, 500_000)._replace(state="signed")
    loud = marrow(61, mrd=signed, disputes=(Dispute(signed, mrd(60, 500_000)),))
    (flag,) = (one for one in followed(loud).flags if one.rule == "A19")

    assert flag.says.endswith("mrd signed NOT_DETECTED, now POSITIVE")
    assert len(flag.evidence) == 2


# Together


def test_mrd_that_stays_is_raised_once():
    """Later marrows of one episode are counted and not raised again."""
    items = (marrow(28, 60), marrow(61, 60), marrow(91, 90))
    (flag,) = (one for one in followed(*items).flags if one.rule == "A2")

    assert (flag.day, [again.on for again in flag.suppressed]) == (28, [on(61), on(91)])
    assert "0.0180 %" in flag.suppressed[-1].what


def test_what_comes_later_is_not_known_yet():
    """A course looked at before a specimen does not hold it."""
    items = (marrow(28, 0), marrow(61, 500))

    assert raised(followed(*items, upto=60), "A2") == []
    assert raised(followed(*items, upto=61), "A2") == [(61, "critical")]


def test_not_evaluable_shares_are_no_signs():
    """A sign without a number is no observation."""
    none = share("bridge", 0, 9)._replace(numerator=None, value=None, status="NOT_EVALUABLE")

    assert observed(followed(marrow(61, bridge=none)), "A10") == []
