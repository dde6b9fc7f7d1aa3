"""What normal marrow looks like to a cytometer: named populations, and how far they may move.

A `Reference` holds medians and spreads, never an event: nobody's cells are in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEUKAEMIC = "leukaemic"
PAIR = "pair"
UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """One population, or one part of a population that has several.

    Attributes
    ----------
    name : str
        Unique within a reference.
    population : str
        What it is called; several clouds may share one name.
    centre : mapping of str to float
        Median by marker on the template's scale, and of ``FSC-A`` and ``SSC-A`` in detector units.
    spread : mapping of str to float
        Standard deviation by marker on the template's scale; of scatter the coefficient of
        variation.
    """

    name: str
    population: str
    centre: Mapping[str, float]
    spread: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leash:
    """How far a tube may move what a reference says, on the template's scale.

    Attributes
    ----------
    usual : float
        Standard deviation of a centre between tubes.
    most : float
        No centre moves further.
    widest : float
        No spread grows to more than this multiple.
    leukaemic : float
        As `usual`, for the patterns from which leukaemic clusters start: a place to begin looking,
        not what has to be found.
    """

    usual: float
    most: float
    widest: float
    leukaemic: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The normal populations of a kind of specimen, and where leukaemia is looked for first.

    Attributes
    ----------
    name, version, sha256 : str
        Which reference it is; the hash is of its content.
    path : tuple of str
        Clouds along which B cells mature, in order; an event may lie anywhere between neighbours.
    normal : tuple of Cloud
        Every normal population that can stand where blasts are looked for.
    leukaemic : tuple of Cloud
        Patterns of leukaemia.
    leash : Leash
        How far all of them may move.
    frequent : tuple of str
        Clouds of cells so frequent that pairs with them form clusters.
    mature : tuple of str
        Populations of B cells that have matured: what differs from them in one marker is a variant.
    """

    name: str
    version: str
    sha256: str
    path: tuple[str, ...]
    normal: tuple[Cloud, ...]
    leukaemic: tuple[Cloud, ...]
    leash: Leash
    frequent: tuple[str, ...] = ()
    mature: tuple[str, ...] = ()

    @property
    def axes(self) -> tuple[str, ...]:
        """Markers and scatter that every cloud has a place on."""
        return tuple(self.normal[0].centre)

    @property
    def populations(self) -> tuple[str, ...]:
        """What an event can be called, each name once."""
        names = (*(cloud.population for cloud in self.normal), PAIR, LEUKAEMIC, UNCLEAR)
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Events that lie together where no normal population is expected, and the verdict on them.

    Attributes
    ----------
    events : int
        How many.
    centre : mapping of str to float
        Median by axis, as `Cloud.centre`.
    nearest : str
        The normal population it lies nearest to in this tube.
    distance : float
        From there, in standard deviations over all axes together.
    aberrant : mapping of str to float
        Markers that differ from the nearest normal population, in standard deviations; negative
        where the cluster is dimmer.
    refused : str
        Why it is not called leukaemic; empty where it is.
    pair : str
        The two populations whose pairs lie there; empty where none do.
    """

    events: int
    centre: Mapping[str, float]
    nearest: str
    distance: float
    aberrant: Mapping[str, float]
    refused: str = ""
    pair: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examination:
    """What each event of a parent population was taken for.

    Attributes
    ----------
    names : tuple of str
        What an event can be called.
    rows : ndarray of int64, shape (n_examined,)
        Rows of the events in the tube.
    called : ndarray of int16, shape (n_examined,)
        Position in `names`.
    maturing : ndarray of float32, shape (n_examined,)
        Probability of being a precursor: a stage of the path before the last one.
    clusters : tuple of Cluster
        Leukaemic ones first, each group with the largest first.
    moved : mapping of str to float
        Normal cloud to the largest distance, on the scale, that this tube moved it.
    """

    names: tuple[str, ...]
    rows: NDArray[np.int64]
    called: NDArray[np.int16]
    maturing: NDArray[np.float32]
    clusters: tuple[Cluster, ...]
    moved: Mapping[str, float]

    def count(self, name: str) -> int:
        """Events that were called so."""
        return int(np.count_nonzero(self.called == self.names.index(name)))
