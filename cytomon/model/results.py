"""What comes out of a tube: counts, numbers with their uncertainty, and statuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from cytomon.model.anchor import Anchor
from cytomon.model.findings import Finding
from cytomon.model.gating import Placement
from cytomon.model.normal import Cluster, Examination
from cytomon.model.patient import Specimen
from cytomon.model.tube import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """How many events a gate holds.

    Attributes
    ----------
    path : tuple of str
        Gate names from the first gate below the root down to this one.
    count, parent_count : int
        Events inside, and inside the parent.
    """

    path: tuple[str, ...]
    count: int
    parent_count: int

    @property
    def fraction_of_parent(self) -> float | None:
        """Share of the parent, or None where the parent is empty: 0 of 0 is not 0 %."""
        return self.count / self.parent_count if self.parent_count else None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """The events of one population, kept for a closer look.

    Attributes
    ----------
    rows : ndarray of int64, shape (n_kept,)
        Row of each event in the tube, from 0.
    linear : mapping of str to ndarray, shape (n_kept,)
        Marker to compensated linear value.
    scaled : mapping of str to ndarray, shape (n_kept,)
        Marker to the value on the template's scale (L; domain of the gates).
    """

    rows: NDArray[np.int64]
    linear: Mapping[str, FloatArray]
    scaled: Mapping[str, FloatArray]

    @property
    def n(self) -> int:
        """Events kept."""
        return len(self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A fraction with its confidence interval; fractions, never percent.

    Attributes
    ----------
    value, low, high : float
        Point estimate and the ends of the interval, each in [0, 1].
    level : float
        Two-sided confidence level.
    method : str
        Name of the interval.
    """

    value: float
    low: float
    high: float
    level: float = 0.95
    method: str = "clopper-pearson"

    def __post_init__(self) -> None:
        if not 0.0 <= self.low <= self.value <= self.high <= 1.0:
            msg = f"interval [{self.low}, {self.high}] does not hold {self.value} within [0, 1]"
            raise ValueError(msg)


class MrdStatus(StrEnum):
    """The seven answers to "is leukaemia left?"."""

    NOT_EVALUABLE = "NOT_EVALUABLE"
    POSITIVE = "POSITIVE"
    POSITIVE_BELOW_LOQ = "POSITIVE_BELOW_LOQ"
    DETECTED_BELOW_THRESHOLD = "DETECTED_BELOW_THRESHOLD"
    BELOW_LOD = "BELOW_LOD"
    NOT_DETECTED = "NOT_DETECTED"
    INSUFFICIENT_SENSITIVITY = "INSUFFICIENT_SENSITIVITY"


MRD_QUANTITIES = ("mrd", "mrd_wbc", "mrd_mnc")
"""The same blasts over three denominators (domain: 1.1)."""


class BCellStatus(StrEnum):
    """The answers to "are B cells back?"."""

    APLASIA = "APLASIA"
    RECOVERED = "RECOVERED"
    PROVISIONAL_APLASIA = "PROVISIONAL_APLASIA"
    PROVISIONAL_RECOVERED = "PROVISIONAL_RECOVERED"
    NOT_EVALUABLE = "NOT_EVALUABLE"


class AntigenCall(StrEnum):
    """The answers to "do the blasts still carry the antigen?"."""

    POSITIVE = "POSITIVE"
    DIM = "DIM"
    PARTIAL = "PARTIAL"
    NEGATIVE = "NEGATIVE"
    NOT_ASSESSABLE = "NOT_ASSESSABLE"


class PlainStatus(StrEnum):
    """For quantities that carry no clinical verdict of their own."""

    MEASURED = "MEASURED"
    NOT_EVALUABLE = "NOT_EVALUABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One quantity of one tube: never a number without what it stands on.

    Attributes
    ----------
    quantity : str
        Code of the quantity (`cytomon.measure.catalogue`).
    numerator, denominator : int or None
        Counts behind the fraction; None where there is none.
    estimate : Estimate or None
        None where the quantity is not evaluable.
    lod, loq : float or None
        Limits reached by this tube, as fractions.
    status : str
        One of the status enumerations above.
    qualifiers : tuple of str
        Stable codes in capitals, in a fixed order.
    details : mapping of str to float or str
        Numbers behind the status that have no column of their own (thresholds, medians).
    """

    quantity: str
    numerator: int | None
    denominator: int | None
    estimate: Estimate | None
    status: str
    lod: float | None = None
    loq: float | None = None
    qualifiers: tuple[str, ...] = ()
    details: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of a template; set by the laboratory's validation, never by taste.

    Attributes
    ----------
    lod_events, loq_events : int
        Smallest cluster that counts as detected, and as quantified.
    lob_rate : float
        False events per nucleated event found in disease-free tubes; 0 when not validated.
    threshold : float
        The clinical cut-off of the MRD fraction.
    recovery_fraction : float
        B-cell fraction from which B cells are back.
    lymphocytes_firm, lymphocytes_least : int
        Lymphocytes for a firm call, and for any call, on B cells.
    reference_events : int
        T cells (or their stand-in) that an antigen call needs.
    """

    lod_events: int = 20
    loq_events: int = 50
    lob_rate: float = 0.0
    threshold: float = 1e-4
    recovery_fraction: float = 0.01
    lymphocytes_firm: int = 2000
    lymphocytes_least: int = 500
    reference_events: int = 500


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """All that the clinical quantities of one tube are computed from.

    Attributes
    ----------
    counts : mapping of str to int
        Role of a population (``nucleated``, ``blasts``, ...) to its events. A role that this tube
        or template cannot give is absent: absent is not zero.
    kept : mapping of str to Kept
        Role to its kept events.
    markers : frozenset of str
        Canonical names of the markers in the tube.
    limits : Limits
        Of the template.
    specimen : Specimen
        Where the tube comes from.
    failures : tuple of Finding
        Hard quality failures (severity `ERROR`); empty when all is well.
    gated_on : frozenset of str
        Antigens without which this template sees no blast, and whose loss it cannot see.
    draws : tuple of int
        Blasts counted with every boundary jittered; empty where that was not done.
    leukaemic : tuple of Cluster
        Clusters that make up the blasts, where the template tells them apart.
    b_boundary : tuple of int or None
        Fewest and most B cells, had the border to their precursors been drawn elsewhere; None
        where the template does not say what matures.
    used : frozenset of str
        Markers of the tube that the template uses; one that it ignores cannot find a blast.
    """

    counts: Mapping[str, int]
    kept: Mapping[str, Kept]
    markers: frozenset[str]
    limits: Limits
    specimen: Specimen
    failures: tuple[Finding, ...] = ()
    gated_on: frozenset[str] = frozenset()
    draws: tuple[int, ...] = ()
    leukaemic: tuple[Cluster, ...] = ()
    b_boundary: tuple[int, int] | None = None
    used: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TubeResult:
    """Everything that one tube said.

    Attributes
    ----------
    file : str
        How the tube is called in tables; ``name#n`` for one of several data sets.
    sha256 : str
        Of the file.
    specimen : Specimen
        Where it comes from.
    placement : Placement
        The gates of this tube.
    populations : tuple of Population
        One for each gate, in the template's order.
    measurements : tuple of Measurement
        In the order in which the template names its quantities.
    findings : tuple of Finding
        From reading, panel, placing, counting and quality control.
    engine : str
        Who decided membership.
    kept : mapping of str to Kept
        Role to the events that were looked at one by one, ``blasts`` and ``by_eye`` among them.
    examinations : mapping of str to Examination
        What explains each event that could be a blast, by the study of the template's gates.
    anchors : tuple of Anchor
        Where populations of known place were found.
    open_events : tuple of (str, int)
        Gate and event, counted from 0, where FlowKit's own answer depends on the file's length.
    """

    file: str
    sha256: str
    specimen: Specimen
    placement: Placement
    populations: tuple[Population, ...]
    measurements: tuple[Measurement, ...]
    findings: tuple[Finding, ...]
    engine: str
    kept: Mapping[str, Kept] = field(default_factory=dict)
    examinations: Mapping[str, Examination] = field(default_factory=dict)
    anchors: tuple[Anchor, ...] = ()
    open_events: tuple[tuple[str, int], ...] = ()

    def __getitem__(self, quantity: str) -> Measurement:
        """Find a measurement by its quantity."""
        for measurement in self.measurements:
            if measurement.quantity == quantity:
                return measurement
        raise KeyError(quantity)
