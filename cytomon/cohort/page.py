"""The page of a cohort: one file that needs no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources

from jinja2 import Environment, StrictUndefined

from cytomon.cohort.analysed import Analysed
from cytomon.cohort.analyses.factors import FACTORS
from cytomon.cohort.cut import Cut
from cytomon.cohort.estimates import Estimate
from cytomon.cohort.figures.plots import Plot
from cytomon.cohort.words import ESTIMANDS, LIMITS, defined, interval, percent, probability, ratio

PAGE = "cohort.html"
_TEMPLATE = "pages/cohort.html.j2"
_RATIOS = ("cox_hct", "cox_landmark")
_DAYS = ("follow_up", "bcr_time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of words under a heading.

    Attributes
    ----------
    title, says : str
        What it is, and how to read it.
    columns : tuple of str
        Heads.
    rows : tuple of tuple of str
        Cells.
    """

    title: str
    says: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def page(cut: Cut, found: Analysed, plots: Sequence[Plot]) -> str:
    """The text of the page; an equal cohort gives equal text.

    Parameters
    ----------
    cut : Cut
        What it rests on.
    found : Analysed
        What was found.
    plots : sequence of Plot
        Its figures.
    """
    source = resources.files("cytomon.cohort").joinpath(_TEMPLATE).read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source).render(
        cut=cut,
        people=len(found.people),
        columns=_FINDING,
        definitions=defined(cut.profile),
        doubts=tuple(sorted(Counter(d for one in found.people for d in one.doubts).items())),
        estimands=ESTIMANDS,
        limits=LIMITS,
        headline=tuple(_headline(found, cut)),
        plots=plots,
        tables=tuple(table for table in _tables(found, cut) if table.rows),
    )


def _headline(found: Analysed, cut: Cut) -> Iterator[tuple[str, ...]]:
    """What a reader asks first."""
    horizon, by = cut.profile.cohort.horizon_day, cut.profile.cohort.recovery_by_day
    wanted = (
        ("remission", "assessed", None), ("efs", "all", horizon), ("os", "all", horizon),
        ("efs_censor_hct", "all", horizon), ("cif_relapse", "all", horizon),
        ("cif_bcr", "all", by), ("landmark_efs", "PERSISTENT", horizon),
        ("landmark_efs", "RECOVERED", horizon),
    )  # fmt: skip
    for one in found.estimates:
        if (one.analysis, one.group, one.time_days) in wanted:
            yield _finding(one)


_TABLE_1 = (
    "level", "n", "no transplant", "95 %", "transplanted", "transplant", "95 %", "P", "never",
    "95 %",
)  # fmt: skip
_FINDING = ("question", "group", "estimate", "95 %", "day", "n", "events", "estimand")


def _tables(found: Analysed, cut: Cut) -> Iterator[Table]:
    horizon = cut.profile.cohort.horizon_day
    yield Table(
        title="What was found",
        says="Every row names its estimand; rows of different estimands answer different questions "
        "and are not to be compared.",
        columns=_FINDING,
        rows=tuple(_finding(one) for one in found.estimates if one.analysis in _MAIN),
    )
    yield Table(
        title="Days",
        says="Follow-up, and the time to recovery of those who recovered: descriptions.",
        columns=("what", "group", "n", "days", "95 %"),
        rows=tuple(
            (_name(one), one.group, _count(one.n), _number(one.estimate), interval(one, _number))
            for one in found.of(*_DAYS)
        ),
    )
    yield Table(
        title=f"Table 1. Event-free survival at day {horizon} by transplant",
        says="No transplant: the whole level, censored at the transplant. Transplant: from day "
        f"{cut.profile.cohort.transplant_curve_from_day} on, or later where fewer than "
        f"{cut.profile.cohort.least_at_risk} are at risk. Never: without those transplanted before "
        "an event, which is biased. P: transplant as a time-dependent covariate within the level; "
        "not corrected for the number of levels.",
        columns=_TABLE_1,
        rows=tuple(_by_transplant(found)),
    )
    yield Table(
        title="Table 2. Hazard ratios",
        says="Each factor by itself, not corrected for others nor for their number; the two rows "
        "from day 183 are of one model. Patients and events are those of the group named first.",
        columns=("factor", "endpoint", "n", "events", "hazard ratio", "95 %", "P", "how"),
        rows=tuple(_ratio_row(one) for one in found.of(*_RATIOS, "cox_efs", "cox_os")),
    )
    yield Table(
        title="CAR transgenes",
        says="Median copies/ng DNA of patients by days, and the day of the highest value up to day "
        "30; 0 is below the limit of the assay. P compares both transgenes of the same patients.",
        columns=("what", "group", "n", "median", "95 %", "P"),
        rows=tuple(
            (_name(one), one.group, _count(one.n), _number(one.estimate), interval(one, _number),
             probability(one.p_value))
            for one in found.of("car_kinetics", "car_peak_day")
            if one.n
        ),
    )  # fmt: skip
    yield Table(
        title="Differences between groups",
        says="Log-rank tests of event-free and overall survival, Gray's tests of relapse and of "
        "the return of B cells.",
        columns=("test", "group", "estimand", "n", "events", "P", "groups"),
        rows=tuple(
            (_name(one), one.group, one.estimand, _count(one.n), _count(one.n_events),
             probability(one.p_value), one.method.partition("; ")[2])
            for one in found.of("logrank", "landmark_logrank", "gray", "phenotype_mcnemar")
        ),
    )  # fmt: skip


_MAIN = (
    "remission", "efs", "os", "efs_censor_hct", "efs_td_hct", "os_td_hct", "cif_relapse",
    "relapse_crude", "aplasia", "cif_bcr", "bcr_interval_censored", "landmark_efs",
    "landmark_left_out", "phenotype", "car_at_relapse",
)  # fmt: skip
_NAMES = {
    "remission": "remission at the four-week visit",
    "efs": "event-free survival",
    "os": "overall survival",
    "efs_censor_hct": "event-free survival, censored at transplant",
    "efs_td_hct": "event-free survival by transplant",
    "os_td_hct": "overall survival by transplant",
    "cif_relapse": "cumulative incidence of relapse",
    "relapse_crude": "share that relapsed so far",
    "aplasia": "B-cell aplasia by day 35",
    "cif_bcr": "cumulative incidence of B-cell recovery",
    "bcr_interval_censored": "B-cell recovery between specimens",
    "landmark_efs": "event-free survival by aplasia",
    "landmark_left_out": "in no landmark group",
    "phenotype": "phenotype at relapse",
    "car_at_relapse": "transgene at relapse",
    "follow_up": "follow-up",
    "bcr_time": "time to B-cell recovery",
    "logrank": "log-rank",
    "landmark_logrank": "log-rank",
    "gray": "Gray",
    "phenotype_mcnemar": "McNemar, exact",
    "car_kinetics": "copies/ng",
    "car_peak_day": "day of the peak",
    "cox_hct": "transplant",
    "cox_landmark": "from day 183",
}


def _name(one: Estimate) -> str:
    return _NAMES.get(one.analysis, one.analysis)


def _finding(one: Estimate) -> tuple[str, ...]:
    said = percent(one.estimate) if one.estimate is not None else _why(one)
    return (
        _name(one), one.group, said, interval(one, percent), _count(one.time_days), _count(one.n),
        _count(one.n_events), one.estimand,
    )  # fmt: skip


def _why(one: Estimate) -> str:
    """Why there is no estimate: the last thing that the method says."""
    return one.method.rpartition("; ")[2]


def _ratio_row(one: Estimate) -> tuple[str, ...]:
    endpoint = {"cox_efs": "efs", "cox_os": "os", "cox_landmark": "efs"}.get(one.analysis)
    factor = "transplant" if one.analysis == "cox_hct" else one.group
    said = ratio(one.estimate) if one.estimate is not None else "not estimable"
    if one.estimate is not None and "not estimable" in one.method:
        said = f"not estimable (Firth: {said})"
    name = f"{factor} ({one.estimand})" if one.analysis == "cox_landmark" else factor
    return (
        name, endpoint or one.group, _count(one.n), _count(one.n_events), said,
        interval(one, ratio), probability(one.p_value), one.method,
    )  # fmt: skip


def _by_transplant(found: Analysed) -> Iterator[tuple[str, ...]]:
    curves = {one.group: one for one in found.of("efs_subgroup")}
    tests = {one.group: one for one in found.of("cox_hct_subgroup")}
    for factor in FACTORS:
        prefixes = dict.fromkeys(
            group.partition(": ")[0] for group in curves if group.startswith(f"{factor}=")
        )
        for level in prefixes:
            without, moved = (curves.get(f"{level}: {w}") for w in ("no_transplant", "transplant"))
            test = tests.get(f"efs|{level}")
            yield (
                level.replace("=", " ", 1), _count(without.n if without else None), *_pair(without),
                _count(test.n if test else 0), *_pair(moved),
                probability(test.p_value if test else None),
                *_pair(curves.get(f"{level}: never_hct")),
            )  # fmt: skip


def _pair(one: Estimate | None) -> tuple[str, str]:
    if one is None:
        return "", ""
    return percent(one.estimate) if one.estimate is not None else "", interval(one, percent)


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"
