"""What a patient's populations are made of: clouds, mixtures of clouds, and a path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from cytomon.model.tube import FloatArray
from cytomon.simulate.centres import draw_centres
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.populations import HEMATOGONES, Position, all_markers, position
from cytomon.simulate.spread import spread

GRAN_CD10_SD = 0.4


class Part(NamedTuple):
    """One part of a mixed population.

    Attributes
    ----------
    weight : float
        Share of the population, in [0, 1].
    moved : mapping of str to float
        Markers whose position, on L, differs from the table.
    label : str
        Name it counts under, where that is not the population's own.
    """

    weight: float
    moved: Mapping[str, float]
    label: str = ""


WHOLE = (Part(1.0, {}),)
MIXTURES: Mapping[str, tuple[Part, ...]] = {
    # Two halves 1.4 apart with SD 0.4 have the table's median and an SD of 0.8.
    "gran_mature": (Part(0.5, {"CD10": 1.1}), Part(0.5, {"CD10": 2.5})),
    "progenitor_CD34+22+19-": (Part(0.6, {"CD10": 0.2}), Part(0.4, {"CD10": 1.6})),
    "lineage_switch_mono": (
        Part(0.6, {}),
        Part(0.3, {"CD34": 2.5, "CD33+CD14": 2.8}),
        Part(0.1, {"CD19": 0.8, "CD24": 1.5, "cyCD79a": 1.5}),
    ),
}


def mixture(name: str, plan: TubePlan) -> tuple[Part, ...]:
    """Parts of a population; a single whole for most."""
    if name == "plasma_cell":
        kept = 0.5 if plan.state == "BM_norm_child" else 0.1
        return (Part(1 - kept, {"CD19": 0.2}), Part(kept, {"CD19": 3.0}))
    if name == "T_CAR_activated":
        taken = plan.artefacts.trogocytosis
        return (Part(1 - taken, {}), Part(taken, {"CD19": 1.6}, "T_CAR_CD19dim"))
    return MIXTURES.get(name, WHOLE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Component:
    """A cloud of events: one population, or one part of a mixed one.

    Attributes
    ----------
    label : str
        Name of the population it counts for.
    weight : float
        Share of that population, in [0, 1].
    centre : Position
        Where it lies.
    spread : ndarray, shape (n_markers,)
        Standard deviations on L.
    path : tuple of float or None
        Interval of the maturation parameter, for a hematogone.
    """

    label: str
    weight: float
    centre: Position
    spread: FloatArray
    path: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Path:
    """Maturation from hematogone I on: positions at nodes, straight lines between.

    Attributes
    ----------
    nodes : ndarray, shape (n_nodes,)
        Values of the parameter.
    features : ndarray, shape (n_nodes, 2 + n_markers)
        FSC, SSC and the markers on L.
    """

    nodes: FloatArray
    features: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Biology:
    """All that is peculiar to one patient.

    Attributes
    ----------
    markers : tuple of str
        Of the panel, in file order.
    centres : mapping of str to Position
        Where each population lies.
    path : Path
        Of the hematogones.
    plan : TubePlan
        What was asked for.
    """

    markers: tuple[str, ...]
    centres: Mapping[str, Position]
    path: Path
    plan: TubePlan

    def components(self, name: str) -> tuple[Component, ...]:
        """Split a population into its clouds."""
        centre = self.centres[name]
        path = _stage(name, continuous=self.plan.realism.continuous_path)
        parts = WHOLE if path else mixture(name, self.plan)
        return tuple(self._component(centre, part, path) for part in parts)

    def _component(
        self, whole: Position, part: Part, path: tuple[float, float] | None
    ) -> Component:
        centre = self._moved(whole, part.moved)
        width = spread(whole.name, self.markers, centre.medians)
        if whole.name == "gran_mature" and "CD10" in self.markers:
            width[self.markers.index("CD10")] = GRAN_CD10_SD
        label = part.label or whole.name
        return Component(label=label, weight=part.weight, centre=centre, spread=width, path=path)

    def _moved(self, centre: Position, moved: Mapping[str, float]) -> Position:
        """Move by as much as the part lies off the table, so that the patient's shift stays."""
        table = position(centre.name, self.markers).medians
        medians = centre.medians.copy()
        for column, marker in enumerate(self.markers):
            medians[column] += moved.get(marker, table[column]) - table[column]
        return replace(centre, medians=medians)


def _stage(name: str, *, continuous: bool) -> tuple[float, float] | None:
    """Interval of the maturation parameter that a population covers."""
    stages = (*HEMATOGONES, "B_transitional") if continuous else HEMATOGONES
    if name not in stages:
        return None
    begin = float(stages.index(name))
    return begin, begin + 1


def draw_biology(plan: TubePlan, markers: tuple[str, ...], rng: np.random.Generator) -> Biology:
    """Place the populations of one patient in the markers of one panel.

    Parameters
    ----------
    plan : TubePlan
        Says how far patients differ.
    markers : tuple of str
        Of the panel.
    rng : numpy.random.Generator
        Of the patient.
    """
    columns = [all_markers().index(marker) for marker in markers]
    centres = {
        name: replace(centre, medians=centre.medians[columns])
        for name, centre in draw_centres(plan, rng).items()
    }
    path = _path(centres, continuous=plan.realism.continuous_path)
    return Biology(markers=markers, centres=centres, path=path, plan=plan)


def _path(centres: Mapping[str, Position], *, continuous: bool) -> Path:
    names = (*HEMATOGONES, "B_transitional") if continuous else HEMATOGONES
    places = [centres[name] for name in names]
    return Path(
        nodes=np.arange(len(names), dtype=np.float64) + 0.5,
        features=np.array([[place.fsc, place.ssc, *place.medians] for place in places]),
    )
