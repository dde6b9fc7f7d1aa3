"""All analyses of a cohort: what must hold whoever is in it, and what must not be said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cytomon.cohort.analysed import Analysed, analyse
from cytomon.cohort.analyses.kinetics import median_interval
from cytomon.cohort.baseline import Copies
from cytomon.cohort.endpoints import LANDMARKS, Outcome, Person
from cytomon.cohort.estimates import Estimate
from cytomon.model.states import Landmark
from cytomon.track.profile import CohortDefinitions
from tests.cohort.people import crowd, person

USUAL = CohortDefinitions()
SEEDS = tuple(range(61_000, 61_003))


def rows(found: Analysed, analysis: str, group: str = "all") -> list[Estimate]:
    return [one for one in found.of(analysis) if one.group == group]


def row(found: Analysed, analysis: str, group: str = "all", day: int | None = None) -> Estimate:
    (one,) = [one for one in rows(found, analysis, group) if day in (None, one.time_days)]
    return one


@pytest.mark.parametrize("seed", SEEDS)
def test_without_transplant_is_everybody_censored_at_it(seed: int):
    """Domain 9, oracle 4: the two curves are one."""
    found = analyse(crowd(120, seed), USUAL)
    left, right = found.line("efs_td_hct", "no_transplant"), found.line("efs_censor_hct")
    assert left is not None
    assert right is not None
    assert np.allclose(left.curve.estimate, right.curve.estimate, atol=1e-12, rtol=0)
    assert list(left.curve.times) == list(right.curve.times)
    assert left.curve.n == 120


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_beyond_its_range(seed: int):
    for one in analyse(crowd(60, seed), USUAL).estimates:
        ends = [end for end in (one.ci_low, one.estimate, one.ci_high) if end is not None]
        assert ends == sorted(ends), one
        if not one.analysis.startswith(("cox", "car", "follow_up", "bcr_time")) or "relapse" in (
            one.analysis
        ):
            assert all(0 <= end <= 1 for end in ends), one
        assert one.p_value is None or 0 <= one.p_value <= 1, one
        assert one.method
        assert one.estimand
        if one.n is not None and one.n_events is not None:
            assert 0 <= one.n_events <= one.n, one


def test_the_order_of_patients_does_not_matter():
    people = crowd(80, 61_100)
    assert analyse(people, USUAL).estimates == analyse(people[::-1], USUAL).estimates


@pytest.mark.parametrize(
    "people",
    [
        [person()],
        [person(efs=Outcome(0, 1), os=Outcome(0, 1), relapse=Outcome(0, 2), seen=0)],
        [person("A", efs=Outcome(0, 0), os=Outcome(0, 0), recovery=Outcome(0, 0), aplasia=None,
                looked=())],
        [person("A", remission="unknown", factors={}), person("B", transplant=0)],
        [person("A", transplant=5), person("B", transplant=365), person("C", transplant=400)],
    ],
    ids=["one", "dies at once", "never seen again", "transplant at once", "all transplanted"],
)  # fmt: skip
def test_the_smallest_cohorts_are_told_honestly(people: list[Person]):
    found = analyse(people, USUAL)
    assert row(found, "efs", day=365).n == len(people)


def test_a_curve_is_not_read_beyond_whom_it_rests_on():
    found = analyse([person(str(one), efs=Outcome(100, 0)) for one in range(9)], USUAL)
    one = row(found, "efs", day=365)
    assert one.estimate is None
    assert one.ci_low is None
    assert "cannot say" in one.method
    assert not rows(found, "efs", "never_hct")  # nobody was transplanted: it would say nothing new


def test_no_event_is_no_certainty():
    """Domain 5.3: of 25 with none, the exact lower limit is 86.3 %."""
    found = analyse([person(str(one)) for one in range(25)], USUAL)
    one = row(found, "efs", day=365)
    assert one.estimate == 1.0
    assert one.ci_low == pytest.approx(0.8628, abs=5e-5)
    assert one.ci_high == 1.0
    relapse = row(found, "cif_relapse", day=365)
    assert (relapse.estimate, relapse.ci_low) == (0.0, 0.0)
    assert relapse.ci_high == pytest.approx(1 - 0.8628, abs=5e-5)


def test_a_group_without_events_has_no_ratio_of_nothing():
    """Domain 9, oracle 19: not 10⁻⁹, but Firth's estimate and the reason."""
    people = [person(f"A{one}", factors={"sex": "F"}) for one in range(25)]
    people += [
        person(f"B{one}", factors={"sex": "M"}, efs=Outcome(100 + one, one % 2))
        for one in range(79)
    ]
    one = row(analyse(people, USUAL), "cox_efs", "sex: M vs F")
    assert "not estimable by maximum likelihood" in one.method
    assert "Firth" in one.method
    assert one.estimate is not None
    assert 1 < one.estimate < 1000
    assert one.ci_high is None or one.ci_high > one.estimate


def test_landmarks_leave_out_whom_they_must():
    """Domain 9, oracle 20: relapsed by then, of unknown state, or transplanted."""

    def at(name: str, state: Landmark) -> dict[str, Landmark]:
        return dict.fromkeys(LANDMARKS, Landmark.PERSISTENT) | {name: state}

    people = [
        person("relapsed on day 80", efs=Outcome(80, 1)),
        person("relapsed on day 91", efs=Outcome(91, 1)),
        person("left on day 90", efs=Outcome(90, 0)),
        person("transplanted", landmarks=at("bca_3m", Landmark.NOT_APPLICABLE)),
        person("not looked at", landmarks=at("bca_3m", Landmark.UNKNOWN), efs=Outcome(200, 1)),
        person("back", landmarks=at("bca_3m", Landmark.RECOVERED), efs=Outcome(200, 1)),
        person("kept"),
    ]
    found = [one for one in analyse(people, USUAL).estimates if one.estimand == "landmark(91)"]
    groups = {one.group: one for one in found if one.analysis == "landmark_efs"}
    assert {name: one.n for name, one in groups.items()} == {
        "PERSISTENT": 1, "RECOVERED": 1, "UNKNOWN": 1,
    }  # fmt: skip
    left = {one.group: one.n for one in found if one.analysis == "landmark_left_out"}
    assert left == {"failed": 2, "left": 1, "NA": 1}
    lines = [one for one in analyse(people, USUAL).lines if one.estimand == "landmark(91)"]
    assert {one.begins for one in lines} == {91}


def test_a_transplant_after_the_event_is_none_before_it():
    people = [person("A", efs=Outcome(100, 1), transplant=150), person("B", transplant=100)]
    found = analyse(people, replace_with(least_at_risk=1, horizon_day=100))
    line = found.line("efs_td_hct", "transplant")
    assert line is not None
    assert line.curve.n == 1
    assert line.begins == 100
    assert row(found, "efs_td_hct", "no_transplant", 100).n_events == 1


@pytest.mark.parametrize(("first", "begins"), [(50, 91), (100, 104)])
def test_the_curve_after_transplant_begins_with_enough_patients(first: int, begins: int):
    """On the day of the definitions; later where the fifth patient comes later."""
    people = [person(str(one), transplant=first + one, efs=Outcome(300, 1)) for one in range(8)]
    line = analyse(people, USUAL).line("efs_td_hct", "transplant")
    assert line is not None
    assert line.begins == begins
    estimates = list(analyse(people, USUAL).of("efs_td_hct"))
    said = [one.method for one in estimates if one.group == "transplant"]
    assert said
    assert all(f"from day {begins} on" in one for one in said)


def test_never_transplanted_is_whoever_failed_before_it():
    """A transplant after the relapse takes nobody out of those who relapsed without one."""
    people = [
        person("A", efs=Outcome(100, 1), transplant=150),
        person("B", transplant=50),
        person("C"),
    ]
    one = row(analyse(people, USUAL), "efs", "never_hct", 365)
    assert (one.n, one.n_events) == (2, 1)


def test_nobody_transplanted_has_no_ratio():
    one = row(analyse([person("A", efs=Outcome(9, 1)), person("B")], USUAL), "cox_hct", "efs")
    assert (one.n, one.estimate, one.p_value) == (0, None, None)
    assert "nobody was transplanted" in one.method


def test_no_discordant_relapse_is_no_test():
    people = [person("A", phenotype="CD19+/CD22+", relapse=Outcome(9, 1)), person("B")]
    assert row(analyse(people, USUAL), "phenotype_mcnemar", "CD19 vs CD22 lost").p_value is None


def test_rare_genotypes_are_one_group():
    """A genotype of one patient compares nothing, and may name a child."""
    people = [person(f"A{one}", factors={"genotype": "B-other"}) for one in range(6)]
    people += [person(f"B{one}", factors={"genotype": f"odd {one}"}) for one in range(3)]
    one = row(analyse(people, USUAL), "logrank", "efs:genotype")
    assert "rare (n = 3)" in one.method
    assert "odd" not in one.method


def test_dating_by_specimens_stands_beside_the_intervals():
    people = [
        person("A", recovery=Outcome(91, 1), recovery_left=30, recovery_right=91),
        person("B", recovery=Outcome(61, 1), recovery_left=30, recovery_right=61),
        person("C", recovery=Outcome(200, 0), recovery_left=183),
    ]
    found = analyse(people, USUAL)
    at_61 = row(found, "bcr_interval_censored", "aplasia, dated at the later specimen", 61)
    assert at_61.estimate == pytest.approx(1 / 3)
    assert row(found, "bcr_interval_censored", "aplasia", 91).estimate == pytest.approx(2 / 3)


def test_the_definitions_decide_where_curves_are_read():
    found = analyse(crowd(80, 61_200), replace_with(horizon_day=200, recovery_by_day=120))
    assert row(found, "efs", day=200).estimate is not None
    assert row(found, "cif_bcr", day=120).estimate is not None


def test_intervals_follow_the_definitions():
    people = crowd(80, 61_300)
    log = row(analyse(people, USUAL), "efs", day=365)
    other = row(analyse(people, replace_with(survival_interval="log-log")), "efs", day=365)
    assert log.estimate == other.estimate
    assert log.ci_low != other.ci_low
    assert "log-log" in other.method


def test_copies_count_each_patient_once():
    often = tuple(Copies("CD19", day, 1000.0) for day in (7, 8, 9, 10))
    people = [person("often", car=often)]
    people += [person(str(one), car=(Copies("CD19", 8, 10.0),)) for one in range(8)]
    people += [person("below", car=(Copies("CD19", 8, None),))]
    one = row(analyse(people, USUAL), "car_kinetics", "CD19:7-10")
    assert (one.n, one.estimate) == (10, 10.0)
    assert (one.ci_low, one.ci_high) == (10.0, 10.0)


def test_the_interval_of_a_median_covers():
    """Of 2,000 samples of 20 from a normal law, at least 95 % (seeds 62,000 on)."""
    rng = np.random.default_rng(62_000)
    hits = 0
    for _ in range(2000):
        low, high = median_interval(rng.normal(size=20))
        assert low is not None
        assert high is not None
        hits += low <= 0 <= high
    assert hits >= 0.945 * 2000
    assert hits <= 0.98 * 2000


def replace_with(**given: object) -> CohortDefinitions:
    return USUAL.model_copy(update=given)


def test_people_are_values():
    with pytest.raises(AttributeError):
        person().seen = 3  # type: ignore[misc]
    assert replace(person(), seen=3).seen == 3
