"""A real tube diluted with itself: known numbers of one population among its other events."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cytomon.errors import GatingError, InputError
from cytomon.fcs.read import read_events
from cytomon.fcs.write import write_fcs
from cytomon.gating.axes import Axes
from cytomon.gating.columns import Columns
from cytomon.gating.count import memberships
from cytomon.model.gating import Placement
from cytomon.model.tube import BoolArray
from cytomon.pipeline import OpenedTube, open_for_gating, place_on
from cytomon.simulate.sidecar import Labels
from cytomon.validate.judge import compare
from cytomon.validate.truth import Known

LEVELS = (0.10, 0.03, 0.01, 0.003, 0.001)
KIN = (0.5, 99.5)
"""Percentiles of the population between which an event is of its kind, in every marker."""
PAIR = 0.54
"""How much brighter two cells together can be than one: twice, on L."""
LABELS = ("other", "blast_mixed_in")
_EDGE = re.compile(r"\s*(?P<marker>.+?)\s*(?P<side>[<>])\s*(?P<value>-?\d+(\.\d+)?)\s*")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """A tube whose events are known to be of a population or not.

    Attributes
    ----------
    path : str
        The file.
    template : str
        Empty to pick by the panel.
    population : str
        Gate or box, as it was asked for.
    chosen, others : ndarray of int64
        Rows of the population, and of events that are not of its kind.
    n_others : int
        Nucleated events among the others.

    Notes
    -----
    Events that look like the population in every marker but are not in it (its pairs, its dead
    cells) are in neither: among the others they would be leukaemia that the truth denies.
    """

    path: str
    template: str
    population: str
    chosen: NDArray[np.int64]
    others: NDArray[np.int64]
    n_others: int

    @property
    def series(self) -> str:
        """What one command on this tube, template and population replaces: nobody else's rows."""
        of = sha256_of(Path(self.path)) if Path(self.path).is_file() else ""
        words = (Path(self.path).stem, of[:8], self.template, self.population)
        return " ".join(filter(None, words)).replace(";", " ")


@cache
def sha256_of(path: Path) -> str:
    """Hash of a file that does not change while it is diluted."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Diluted:
    """One mixture.

    Attributes
    ----------
    source : Source
        What is mixed.
    level : float
        Share of the population of all nucleated events, in (0, 1).
    draw, seed : int
        Number of the draw at this level, and its seed.
    """

    source: Source
    level: float
    draw: int
    seed: int

    @property
    def tube(self) -> str:
        """Its name; of another population of the same tube it is another one."""
        stem, percent = Path(self.source.path).stem, f"{100 * self.level:g}pc"
        return f"diluted-{stem}-{self.source.population}-{percent}-{self.draw}"

    @property
    def n_mixed(self) -> int:
        """Events of the population that are mixed in."""
        return mixed_in(self.level, self.source.n_others)

    def said(self) -> dict[str, Any]:
        """What is known before it is measured."""
        return {
            "suite": "diluted",
            "condition": "diluted",
            "series": self.source.series,
            "kind": self.source.population,
            "level": self.level,
            "seed": self.seed,
        }

    def inputs(self) -> str:
        """Hash of the file, of who was chosen and of the draw."""
        digest = hashlib.sha256(self.source.chosen.tobytes())
        digest.update(sha256_of(Path(self.source.path)).encode())
        digest.update(repr((self.level, self.seed, self.source.template)).encode())
        return digest.hexdigest()[:12]

    def judged(self, folder: Path) -> dict[str, Any]:
        """Mix, write, measure."""
        rng = np.random.default_rng([self.seed, round(1e6 * self.level)])
        drawn = rng.choice(self.source.chosen, self.n_mixed, replace=False)
        rows = np.sort(np.concatenate([self.source.others, drawn]))
        path = folder / "mixed.fcs"
        _write(path, self.source, rows)
        is_mixed = np.isin(rows, drawn)
        labels = Labels(
            labels=is_mixed.astype(np.uint8), names=LABELS, in_clog=np.zeros_like(is_mixed)
        )
        total = self.n_mixed + self.source.n_others
        known = Known(
            labels=labels, blasts=self.n_mixed, nucleated=total, fraction=self.n_mixed / total
        )
        return compare(path, known, template=self.source.template or None, file=self.tube)


def plan_dilutions(source: Source, *, draws: int, start: int) -> tuple[Diluted, ...]:
    """All mixtures of a tube: nothing mixed in, and every level for which it has events enough.

    Raises
    ------
    InputError
        If the tube does not allow a single one.
    """
    found = tuple(
        Diluted(source=source, level=level, draw=draw, seed=start + draw)
        for level in LEVELS
        for draw in range(draws)
        if 1 <= mixed_in(level, source.n_others) <= len(source.chosen)
    )
    if not found:
        too_few_others = mixed_in(LEVELS[-1], source.n_others) < 1
        size = "smaller" if too_few_others else "larger"
        raise InputError(
            f"{len(source.chosen)} events of the population and {source.n_others} other nucleated "
            "ones allow no mixture",
            where=Path(source.path).name,
            fix=f"choose a {size} population, or a tube with more events",
        )
    return (Diluted(source=source, level=0.0, draw=0, seed=start), *found)


def mixed_in(level: float, others: int) -> int:
    """Events that make up this share together with so many others."""
    return round(level / (1 - level) * others)


def choose(path: Path, population: str, *, template: str = "") -> Source:
    """Find the population that is diluted.

    Parameters
    ----------
    path : Path
        The tube.
    population : str
        Name of a gate of the template, or a box such as ``CD10>3,CD19>2`` on the template's
        scale. A box holds nucleated events alone.
    template : str, optional
        By the panel when left out.

    Raises
    ------
    CytomonError
        If the tube cannot be gated, or there is no such gate or marker.
    """
    opened = open_for_gating(path, template=template or None)
    events = read_events(opened.tube)
    placement = place_on(opened)
    inside = memberships(opened.events, placement)
    nucleated = _nucleated(placement, inside)
    columns = Columns(events, opened.tube.channels, placement.matrices)
    if population in inside:
        meant = inside[population]
    else:
        meant = _box(opened, columns, population, tuple(inside))
    chosen = meant & nucleated
    if not chosen.any():
        raise InputError(
            f"no nucleated event of the tube is in {population!r}",
            where=path.name,
            fix="choose another population; `cytomon batch` draws where this tube's events lie",
        )
    others = ~(meant | _kin(opened, columns, chosen))
    return Source(
        path=str(path),
        template=template,
        population=population,
        chosen=np.flatnonzero(chosen),
        others=np.flatnonzero(others),
        n_others=int((nucleated & others).sum()),
    )


def _nucleated(placement: Placement, inside: Mapping[str, BoolArray]) -> BoolArray:
    gate = placement.roles.get("nucleated", "")
    if gate not in inside:
        raise GatingError(
            "the template has no gate for nucleated cells in this tube",
            where=placement.template,
            fix="choose a template that looks for blasts",
        )
    return inside[gate]


def _kin(opened: OpenedTube, columns: Columns, chosen: BoolArray) -> BoolArray:
    """Events that lie where the population lies in every marker, whatever their scatter."""
    axes = Axes(opened.template.spec, opened.tube, opened.panel)
    alike = np.ones(len(columns), dtype=np.bool_)
    for marker in axes.markers():
        values = columns.column(axes[marker])
        low, high = np.percentile(values[chosen], KIN)
        alike &= (values >= low - PAIR) & (values <= high + PAIR)
    return alike


def _box(opened: OpenedTube, columns: Columns, population: str, gates: Sequence[str]) -> BoolArray:
    axes = Axes(opened.template.spec, opened.tube, opened.panel)
    chosen = np.ones(len(columns), dtype=np.bool_)
    for text in population.split(","):
        edge = _EDGE.fullmatch(text)
        if edge is None or edge["marker"] not in axes:
            markers = ", ".join(axes.markers())
            raise InputError(
                f"{text.strip()!r} is neither a gate of the template nor an edge of a box",
                where="--population",
                fix=f"name a gate ({', '.join(gates[-8:])}, ...) or write for example "
                "CD10>3,CD19>2,SSC-A<120000: edges with > or < and a number with a decimal "
                f"point, joined by commas; the markers are {markers}",
            )
        values = columns.column(axes[edge["marker"]])
        limit = float(edge["value"])
        chosen &= values > limit if edge["side"] == ">" else values < limit
    return chosen


def _write(path: Path, source: Source, rows: NDArray[np.int64]) -> None:
    """The chosen events as an instrument would have written them, in their order."""
    tube = open_for_gating(source.path, template=source.template or None).tube
    write_fcs(
        path,
        read_events(tube)[rows].astype(np.float32),
        tube.channels,
        spillover=tube.spillover,
        keywords={"$CYT": "mixed by cytomon from one tube"},
    )
