"""Where the populations of one patient lie, and the events drawn from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cytomon.model.tube import FloatArray
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.populations import (
    HEMATOGONES,
    Population,
    is_blast,
    population,
    scatter_cv,
    spread,
)

Float32Array = NDArray[np.float32]

CD19_CD22_CORRELATION = 0.3
FSC_CD45_CORRELATION = 0.2
HEIGHT_NOISE = 0.03
TAIL_FREEDOM = 5.0
CENTRE_SD = 0.2
CD19_TRANSFERRED = 1.6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Component:
    """A cloud of events: one population, or one part of a mixed one.

    Attributes
    ----------
    label : str
        Name of the population it counts for.
    weight : float
        Share of that population, in [0, 1].
    centre : Population
        Where it lies.
    spread : ndarray, shape (n_markers,)
        Standard deviations on L.
    path : tuple of float or None
        Interval of the maturation parameter, for a hematogone.
    """

    label: str
    weight: float
    centre: Population
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
    centres : mapping of str to Population
        Where each population lies.
    path : Path
        Of the hematogones.
    plan : TubePlan
        What was asked for.
    """

    markers: tuple[str, ...]
    centres: Mapping[str, Population]
    path: Path
    plan: TubePlan

    def components(self, name: str) -> tuple[Component, ...]:
        """Split a population into its clouds."""
        centre = self.centres[name]
        base = Component(
            label=name,
            weight=1.0,
            centre=centre,
            spread=spread(name, self.markers, centre.medians),
        )
        if name in HEMATOGONES:
            stage = float(HEMATOGONES.index(name))
            return (replace(base, path=(stage, stage + 1)),)
        if name == "B_transitional" and self.plan.realism.continuous_path:
            return (replace(base, path=(3.0, 4.0)),)
        return tuple(self._parts(base)) or (base,)

    def _parts(self, base: Component) -> Iterator[Component]:
        if base.label == "plasma_cell":
            kept = 0.5 if self.plan.state == "BM_norm_child" else 0.1
            yield self._moved(base, 1 - kept, {"CD19": 0.2})
            yield self._moved(base, kept, {"CD19": 3.0})
        elif base.label == "progenitor_CD34+22+19-":
            yield self._moved(base, 0.6, {"CD10": 0.2})
            yield self._moved(base, 0.4, {"CD10": 1.6})
        elif base.label == "gran_mature" and "CD10" in self.markers:
            # Two halves 1.4 apart with SD 0.4 have the table's median and an SD of 0.8.
            middle = float(base.centre.medians[self.markers.index("CD10")])
            for shift in (-0.7, 0.7):
                part = self._moved(base, 0.5, {"CD10": middle + shift})
                yield replace(part, spread=self._with(part.spread, {"CD10": 0.4}))
        elif base.label == "lineage_switch_mono":
            yield self._moved(base, 0.6, {})
            yield self._moved(base, 0.3, {"CD34": 2.5, "CD33+CD14": 2.8})
            yield self._moved(base, 0.1, {"CD19": 0.8, "CD24": 1.5, "cyCD79a": 1.5})
        elif base.label == "T_CAR_activated":
            dim = self.plan.artefacts.trogocytosis
            yield self._moved(base, 1 - dim, {})
            yield replace(self._moved(base, dim, {"CD19": CD19_TRANSFERRED}), label="T_CAR_CD19dim")

    def _moved(self, base: Component, weight: float, medians: Mapping[str, float]) -> Component:
        centre = replace(base.centre, medians=self._with(base.centre.medians, medians))
        width = spread(base.label, self.markers, centre.medians)
        return replace(base, weight=weight, centre=centre, spread=width)

    def _with(self, values: FloatArray, new: Mapping[str, float]) -> FloatArray:
        changed = values.copy()
        for marker, value in new.items():
            if marker in self.markers:
                changed[self.markers.index(marker)] = value
        return changed


def draw_biology(
    plan: TubePlan, names: tuple[str, ...], markers: tuple[str, ...], rng: np.random.Generator
) -> Biology:
    """Place the populations of one patient.

    Parameters
    ----------
    plan : TubePlan
        Says how far patients differ.
    names : tuple of str
        Populations, in a fixed order: it is part of what makes a patient repeatable.
    markers : tuple of str
        Of the panel.
    rng : numpy.random.Generator
        Of the patient.
    """
    case = _blast_case(plan, rng)
    centres = {}
    for name in names:
        centre = population(name, markers)
        if is_blast(name) and name != "lineage_switch_mono":
            centre = _as_case(centre, case, markers)
        medians = _shifted(name, centre.medians, markers, plan, rng)
        centres[name] = replace(centre, medians=medians)
    path = _path(centres, continuous=plan.realism.continuous_path)
    return Biology(markers=markers, centres=centres, path=path, plan=plan)


def _blast_case(plan: TubePlan, rng: np.random.Generator) -> dict[str, float]:
    """Draw which antigens this patient's blasts show otherwise than the table says."""
    frequent = {
        "CD34": (0.25, 0.1),
        "CD20": (0.35, 2.5),
        "CD66c+CD123": (0.35, 0.3),
        "CD10": (0.08, 0.1),
        "CD45": (0.30, 0.7),
    }
    drawn = rng.random(len(frequent))
    case = {
        marker: value
        for (marker, (chance, value)), number in zip(frequent.items(), drawn, strict=True)
        if plan.variation.blast_cases and number < chance
    }
    if "CD10" in case:
        pattern = ("CD34", "CD38", "CD58", "CD66c+CD123", "CD24", "CD33+CD14", "cyCD79a")
        medians = population("blast_proB_KMT2A", pattern).medians
        case |= {marker: float(value) for marker, value in zip(pattern, medians, strict=True)}
    if plan.hard_blasts:
        case |= {"CD58": 2.4, "CD66c+CD123": 0.4, "CD38": 3.8}
    return case


def _as_case(centre: Population, case: Mapping[str, float], markers: tuple[str, ...]) -> Population:
    medians = centre.medians.copy()
    for marker, value in case.items():
        if marker in markers:
            medians[markers.index(marker)] = value
    return replace(centre, medians=medians)


def _shifted(
    name: str,
    medians: FloatArray,
    markers: tuple[str, ...],
    plan: TubePlan,
    rng: np.random.Generator,
) -> FloatArray:
    """Add what differs between patients; a marker that is not there cannot vary."""
    own, table = rng.standard_normal((2, len(markers)))
    sd = np.full(len(markers), plan.variation.blasts if is_blast(name) else plan.variation.patient)
    for marker in ("CD19", "CD22"):
        if name == f"blast_{marker}dim" and marker in markers:
            sd[markers.index(marker)] = plan.variation.patient
    present = np.clip((medians - 0.3) / 0.7, 0.0, 1.0)
    shifted = medians + present * sd * own
    if plan.realism.blasts_near_hematogones and is_blast(name):
        shifted = _half_way(shifted, markers)
    if plan.realism.moved_centres:
        shifted = np.maximum(shifted + CENTRE_SD * table, -0.1)
    return shifted


def _half_way(medians: FloatArray, markers: tuple[str, ...]) -> FloatArray:
    goal = population("hematogone_I", markers).medians
    near = np.array([m in ("CD58", "CD38", "CD45", "CD66c+CD123") for m in markers])
    return np.where(near, (medians + goal) / 2, medians)


def _path(centres: Mapping[str, Population], *, continuous: bool) -> Path:
    names = (*HEMATOGONES, "B_transitional") if continuous else HEMATOGONES
    places = [centres[name] for name in names]
    return Path(
        nodes=np.arange(len(names)) + 0.5,
        features=np.array([[place.fsc, place.ssc, *place.medians] for place in places]),
    )


def draw_events(
    component: Component,
    n_events: int,
    biology: Biology,
    rng: np.random.Generator,
) -> tuple[Float32Array, Float32Array]:
    """Draw the events of one cloud.

    Returns
    -------
    scaled : ndarray of float32, shape (n_events, n_markers)
        Positions on L without any noise of the instrument.
    scatter : ndarray of float32, shape (n_events, 3)
        FSC-A, FSC-H and SSC-A in detector units.
    """
    markers = biology.markers
    noise = rng.standard_normal((n_events, 3 + len(markers)), dtype=np.float32)
    _correlate(noise, component.label, markers)
    if biology.plan.realism.heavy_tails:
        noise[:, 3:] *= _tails((n_events, len(markers)), rng)
    fsc, ssc, medians = _centres(component, n_events, biology.path, rng)
    scaled = noise[:, 3:]
    scaled *= component.spread.astype(np.float32)
    scaled += medians
    _fold_partial(scaled, component.spread)
    cv_fsc, cv_ssc = scatter_cv(component.label)
    scatter = np.empty((n_events, 3), dtype=np.float32)
    scatter[:, 0] = fsc * np.exp(np.float32(cv_fsc) * noise[:, 0])
    scatter[:, 1] = scatter[:, 0] * np.float32(component.centre.height_ratio)
    scatter[:, 1] *= np.exp(np.float32(HEIGHT_NOISE) * noise[:, 2])
    scatter[:, 2] = ssc * np.exp(np.float32(cv_ssc) * noise[:, 1])
    return scaled, scatter


def _correlate(noise: Float32Array, label: str, markers: tuple[str, ...]) -> None:
    """Large cells carry a little more CD45; blasts rich in CD19 are rich in CD22."""
    pairs = [(0, 3 + markers.index("CD45"), FSC_CD45_CORRELATION)] if "CD45" in markers else []
    if is_blast(label) and {"CD19", "CD22"} <= set(markers):
        first, second = (3 + markers.index(name) for name in ("CD19", "CD22"))
        pairs.append((first, second, CD19_CD22_CORRELATION))
    for source, target, correlation in pairs:
        own = np.float32(np.sqrt(1 - correlation**2))
        noise[:, target] = own * noise[:, target] + np.float32(correlation) * noise[:, source]


def _tails(shape: tuple[int, int], rng: np.random.Generator) -> Float32Array:
    """Factors that turn normal noise into Student's t of the same standard deviation."""
    gamma = rng.standard_gamma(TAIL_FREEDOM / 2, shape, dtype=np.float32)
    return np.sqrt(np.float32(TAIL_FREEDOM / 2 - 1) / gamma)


def _centres(
    component: Component, n_events: int, path: Path, rng: np.random.Generator
) -> tuple[Float32Array, Float32Array, Float32Array]:
    """FSC, SSC and medians: one row for a cloud, a row per event on the path."""
    if component.path is None:
        place = component.centre
        features = np.array([[place.fsc, place.ssc, *place.medians]])
    else:
        stage = rng.uniform(*component.path, n_events)
        columns = [np.interp(stage, path.nodes, column) for column in path.features.T]
        features = np.stack(columns, axis=1)
    rows = features.astype(np.float32)
    return rows[:, 0], rows[:, 1], rows[:, 2:]


def _fold_partial(scaled: Float32Array, width: FloatArray) -> None:
    """Below zero there is no antigen left to vary: only the spread of a negative remains."""
    for column in np.flatnonzero(width > 0.15):
        values = scaled[:, column]
        np.multiply(values, np.float32(0.15 / width[column]), out=values, where=values < 0)
