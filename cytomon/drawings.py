"""The figures of a report: of the course, and of the tubes whose plots a batch has kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isclose
from pathlib import Path
from typing import TYPE_CHECKING

from cytomon.model.course import KeptResult
from cytomon.model.record import Kind, Source
from cytomon.plots import plots_path, read_plots
from cytomon.report.course_figure import draw_course
from cytomon.report.course_section import COURSE
from cytomon.report.document import Document, Picture
from cytomon.report.drawn import Drawn

if TYPE_CHECKING:
    from cytomon.gating.key_plots import AntigenHistogram, KeyPlots

MOST_STRATEGIES = 4
"""Gating strategies in one report: each takes a quarter of a megabyte."""

_COUNTED = {"blasts": "mrd", "b_cells": "b_fraction"}
"""Role of the population of key plots to the quantity whose numerator it is."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figures:
    """Plots of the tubes of one report, found and not yet drawn.

    Attributes
    ----------
    tubes : mapping of str to KeyPlots
        By the name that the keys of their pictures begin with.
    pictures : mapping of int to tuple of Picture
        Number of a result to its pictures.
    """

    tubes: Mapping[str, KeyPlots] = field(default_factory=dict)
    pictures: Mapping[int, tuple[Picture, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawings:
    """Where the plots of tubes are looked for.

    Attributes
    ----------
    folders : tuple of Path
        Folders of results, as `cytomon batch --out` names them.
    """

    folders: tuple[Path, ...] = ()

    def of_results(self, results: Sequence[KeptResult]) -> Figures:
        """The plots that there are of some results, in their order.

        Notes
        -----
        A file of plots is found by its name, which anyone can give it: plots that show other
        numbers than the result are left out, and so are those that show none to compare.
        """
        tubes: dict[str, KeyPlots] = {}
        pictures: dict[int, tuple[Picture, ...]] = {}
        for place, result in enumerate(results):
            plots = self._find(result)
            if plots is None:
                continue
            name = f"tube{place + 1}"
            tubes[name] = plots
            pictures[result.number] = tuple(_pictures(name, result, plots, place))
        return Figures(tubes=tubes, pictures=pictures)

    def _find(self, result: KeptResult) -> KeyPlots | None:
        if not result.analysis:
            return None
        found = (read_plots(plots_path(folder, result.analysis)) for folder in self.folders)
        return next((one for one in found if one is not None and _is_of(one, result)), None)

    def draw(self, document: Document, figures: Figures) -> dict[str, Drawn]:
        """Every figure of a report, by its key."""
        from cytomon.report.tube_figures import draw_tube

        drawn: dict[str, Drawn] = {}
        wanted = {one.key for section in document.sections for one in section.pictures}
        if COURSE in wanted:
            drawn[COURSE] = draw_course(document.curves)
        for name, plots in figures.tubes.items():
            drawn |= draw_tube(plots, name)
            drawn[f"{name}-strategy"] = _strategy(plots)
        return {key: one for key, one in drawn.items() if key in wanted}


def _is_of(plots: KeyPlots, result: KeptResult) -> bool:
    """Whether plots show the very numbers of a result of one tube, as the batch measured it."""
    return (
        result.kind is Kind.FILE
        and result.source is Source.BATCH
        and not result.external
        and bool(plots.densities)
        and all(one.n_events == _events(plots.role, result) for one in plots.densities)
        and all(_is_call(one, result) for one in plots.histograms)
    )


def _events(role: str, result: KeptResult) -> int | None:
    """How many events of the role the result has counted."""
    measured = result.measurements.get(_COUNTED.get(role, ""))
    return None if measured is None else measured.numerator


def _is_call(shown: AntigenHistogram, result: KeptResult) -> bool:
    call = result.measurements.get(f"{shown.marker.lower()}_blasts")
    if call is None or shown.blasts.n != _events("blasts", result):
        return False
    share = None if call.estimate is None else call.estimate.value
    if share is None or shown.fraction is None:
        return call.status == shown.call and share is shown.fraction
    return call.status == shown.call and isclose(share, shown.fraction, abs_tol=1e-9)


def _strategy(plots: KeyPlots) -> Drawn:
    """The picture of all gates, which says its own size."""
    data = plots.strategy
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    return Drawn(media="image/png", data=data, width=0.72 * width, height=0.72 * height)


def _pictures(name: str, result: KeptResult, plots: KeyPlots, place: int) -> Iterator[Picture]:
    """The pictures of a tube: key plots, histograms of antigens, and the gating strategy."""
    for number, plot in enumerate(plots.densities, start=1):
        yield Picture(
            key=f"{name}-{number}",
            title=f"{plot.x} against {plot.y}",
            says=f"{plot.says} of {result.file}, {plot.x} against {plot.y}; every event of the "
            "population is drawn",
        )
    for one in plots.histograms:
        yield Picture(
            key=f"{name}-{one.marker.lower()}",
            title=f"{one.marker} with reference populations",
            says=f"{one.marker} of the blasts of {result.file} beside negative and positive "
            "reference populations",
        )
    if place < MOST_STRATEGIES:
        yield Picture(
            key=f"{name}-strategy",
            title=f"Gating strategy of {result.file}",
            says=f"Every gate of {result.file} on the events of its parent",
            whole=True,
            detail=True,
        )
