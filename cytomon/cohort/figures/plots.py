"""The figures of a cohort, in the form of the trial's Figures 1, 2A to 2F and 3."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cytomon.cohort.analysed import Analysed
from cytomon.cohort.analyses.transplant import WITH, WITHOUT
from cytomon.cohort.cut import Cut
from cytomon.cohort.estimates import ALL, CENSOR_AT_HCT, TD_HCT, landmark
from cytomon.cohort.figures.copies import paint_copies
from cytomon.cohort.figures.flow import paint_flow
from cytomon.cohort.figures.panel import Shown, paint_panel
from cytomon.cohort.words import competing
from cytomon.svg import inked, of_the_page, written

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Painter = Callable[["Figure"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A drawing with its words.

    Attributes
    ----------
    name : str
        Of its file.
    title, says : str
        What it is, and how to read it.
    estimands : tuple of str
        Of its curves.
    svg : str
        The drawing, in the colour of the page.
    """

    name: str
    title: str
    says: str
    estimands: tuple[str, ...]
    svg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    name: str
    title: str
    says: str
    paint: Painter
    estimands: tuple[str, ...] = ()


def draw(found: Analysed, cut: Cut) -> tuple[Plot, ...]:
    """All figures that the cohort has something for; an equal cohort gives equal bytes."""
    return tuple(
        Plot(
            name=plan.name,
            title=plan.title,
            says=plan.says,
            estimands=plan.estimands,
            svg=_drawn(plan.paint, number),
        )
        for number, plan in enumerate(_plans(found, cut), start=1)
    )


def _drawn(paint: Painter, number: int) -> str:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(inked(number)):
        figure = Figure()
        paint(figure)
        return of_the_page(written(figure), number)


def _plans(found: Analysed, cut: Cut) -> Iterator[_Plan]:
    moved = sum(one.transplant is not None for one in found.people)
    yield _Plan(
        name="figure_1",
        title="1. Patients",
        says="From the store to the first event of each patient. The boxes of a row leave nobody "
        f"out. {moved} patients had a transplant.",
        paint=partial(paint_flow, found=found, cut=cut),
    )
    for name, title, label, says, shown in _curves(found, cut):
        there = [one for one in shown if one is not None]
        if there:
            yield _Plan(
                name=name,
                title=title,
                says=says,
                paint=partial(
                    paint_panel,
                    shown=there,
                    label=label,
                    last=_last(there, cut),
                    foot=_foot([one.line.estimand for one in there], cut),
                ),
                estimands=tuple(dict.fromkeys(one.line.estimand for one in there)),
            )
    if found.of("car_kinetics") and any(one.n for one in found.of("car_kinetics")):
        yield _Plan(
            name="figure_3",
            title="3. CAR transgenes in blood and marrow",
            says="Median of the patients sampled in each span of days (a patient counts once), "
            "with the interval of the median where there are enough; hollow at the bottom: the "
            "median lies below the limit of the assay.",
            paint=partial(
                paint_copies, rows=found.of("car_kinetics"), foot=_foot(["sampled patients"], cut)
            ),
            estimands=("sampled patients",),
        )


def _last(shown: Sequence[Shown], cut: Cut) -> int:
    """Last day of the axis: as long as a curve rests on enough patients, at least the horizon."""
    definitions = cut.profile.cohort
    longest = 0
    for one in shown:
        curve = one.line.curve
        held = curve.times[curve.at_risk >= definitions.least_at_risk]
        longest = max(longest, int(held[-1]) if len(held) else 0)
    return max(definitions.horizon_day, longest)


_Row = tuple[str, str, str, str, Sequence[Shown | None]]


def _foot(estimands: Sequence[str], cut: Cut) -> str:
    """What a figure on a slide has to say by itself."""
    said = ", ".join(dict.fromkeys(estimands))
    whose = "simulated patients, no evidence; " if cut.simulated else ""
    return f"{whose}as of {cut.as_of}; estimand {said}"


def _curves(found: Analysed, cut: Cut) -> Iterator[_Row]:
    def line(analysis: str, name: str, group: str = "all", estimand: str | None = None,
             limits: str = "band") -> Shown | None:  # fmt: skip
        one = found.line(analysis, group, estimand)
        return None if one is None else Shown(line=one, name=name, limits=limits)

    efs, os = "event-free, %", "alive, %"
    yield ("figure_2a", "2A. Event-free survival", efs,
           "Everybody, and the same with observation ending at the transplant.",
           (line("efs", "all", estimand=ALL),
            line("efs_censor_hct", "censored at HCT", estimand=CENSOR_AT_HCT)))  # fmt: skip
    yield ("figure_2b", "2B. Overall survival", os, "Everybody, whatever was given later.",
           (line("os", "all", estimand=ALL),))  # fmt: skip
    for letter, analysis, title, label in (
        ("c", "efs_td_hct", "Event-free survival", efs), ("d", "os_td_hct", "Overall survival", os)
    ):  # fmt: skip
        yield (f"figure_2{letter}", f"2{letter.upper()}. {title} by transplant", label,
               "Everybody begins without a transplant and moves to the other curve on its day; "
               "that curve begins once enough patients are in it. The distance of the curves is "
               "no effect: see the hazard ratio.",
               (line(analysis, "no transplant", WITHOUT, TD_HCT),
                line(analysis, "transplant", WITH, TD_HCT)))  # fmt: skip
    yield ("figure_2e", "2E. Return of B cells", "B cells back, %",
           "Cumulative incidence among relapse, death, transplant, and drugs that remove B cells; "
           "dated at the specimen that showed it.",
           (line("cif_bcr", "B cells back", limits="dashed"),))  # fmt: skip
    yield ("figure_2f", "2F. Event-free survival from the landmarks", efs,
           "Patients in B-cell aplasia at 2, 3, 4 and 6 months who came there event-free. Each "
           "curve begins at its landmark: who failed before is in none.",
           [line("landmark_efs", name, "PERSISTENT", landmark(day), "")
            for name, day in (("2 months", 61), ("3 months", 91), ("4 months", 122),
                              ("6 months", 183))])  # fmt: skip
    yield ("figure_relapse", "Relapse", "relapsed, %",
           f"Cumulative incidence. {competing(cut.profile.cohort)}",
           (line("cif_relapse", "relapse", limits="dashed"),))  # fmt: skip
