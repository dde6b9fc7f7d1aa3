"""The template file as a laboratory writes it: parsed once, strictly, then trusted.

`docs/reference/templates.md` describes the same fields in prose.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from cytomon.gating.anchors_spec import AnchorsSpec
from cytomon.gating.dimensions_spec import DimensionSpec, MatrixSpec, ScaleSpec
from cytomon.gating.numbers_spec import Bound, Number, Side, Strict, disagreement
from cytomon.model.patient import SpecimenType
from cytomon.model.results import Limits

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=60)]


class _Gate(Strict):
    """What every gate has.

    Attributes
    ----------
    name, parent : str
        `parent` is empty for a gate on all events.
    optional : str, optional
        What happens where the tube lacks a marker of the gate: ``pass`` hangs its children on its
        parent (a cleaning step), ``drop`` leaves it out, and every reference to it (evidence).
    unless : str
        A gate above that makes this one superfluous: where the tube has that gate, this one is
        dropped.
    comment : str
        Why the gate is as it is.
    """

    name: Name
    parent: str = ""
    optional: Literal["pass", "drop"] | None = None
    unless: str = ""
    comment: str = ""


class _Turnable(_Gate):
    """A gate whose outside may be meant: what lies in its parent and not in it."""

    complement: bool = False


class BoxGate(_Turnable):
    """Bounds on one (``interval``) or more (``rectangle``) dimensions."""

    kind: Literal["interval", "rectangle"]
    bounds: dict[str, Side] = Field(min_length=1)

    @model_validator(mode="after")
    def _dimensions(self) -> BoxGate:
        if (self.kind == "interval") != (len(self.bounds) == 1):
            what = f"a gate of kind {self.kind} has {len(self.bounds)} dimensions"
            raise disagreement(what, "an interval has one dimension, a rectangle two or more")
        return self


class Anchor(Strict):
    """A polygon moves as a whole along one dimension, from `bound.start` to where it is found."""

    on: str
    bound: Bound


class PolygonGate(_Turnable):
    """A polygon on two dimensions, fixed or moved along one of them."""

    kind: Literal["polygon"]
    on: tuple[str, str]
    vertices: tuple[tuple[float, float], ...] = Field(min_length=3)
    anchor: Anchor | None = None

    @model_validator(mode="after")
    def _anchored_on_itself(self) -> PolygonGate:
        if self.anchor is not None and self.anchor.on not in self.on:
            what = f"the anchor lies on {self.anchor.on}, the polygon on {' and '.join(self.on)}"
            raise disagreement(what, f"write on: {self.on[0]} or on: {self.on[1]}")
        return self


class EllipseGate(_Turnable):
    """A robust Mahalanobis ellipse around a population.

    Attributes
    ----------
    mean, sd : tuple of float
        Start centre and standard deviation on each dimension.
    level : float
        Share of a normal population inside, for example 0.99.
    by : str
        ``fixed`` or ``ellipse_ref``.
    of : str
        Reference population.
    leash : tuple of float
        How far the centre may move on each dimension.
    widest : float
        A spread may grow to this multiple of the start.
    """

    kind: Literal["ellipse"]
    on: tuple[str, ...] = Field(min_length=2)
    mean: tuple[float, ...]
    sd: tuple[Annotated[float, Field(gt=0)], ...]
    level: float = Field(default=0.99, gt=0.5, lt=1)
    by: Literal["fixed", "ellipse_ref"] = "fixed"
    of: str = ""
    leash: tuple[float, ...] | None = None
    widest: float = Field(default=1.6, ge=1)
    least: int = Field(default=50, ge=50)

    @model_validator(mode="after")
    def _agree(self) -> EllipseGate:
        lengths = {len(self.on), len(self.mean), len(self.sd), len(self.leash or self.on)}
        if len(lengths) > 1:
            what = "on, mean, sd and leash must have one entry for each dimension"
            raise disagreement(what, f"give each of them {len(self.on)} entries")
        if self.by == "ellipse_ref" and not (self.of and self.leash):
            what = "an ellipse placed by ellipse_ref needs a reference population and a leash"
            raise disagreement(what, "add of: NAME and leash: with one number for each dimension")
        return self


class EllipsoidGate(_Turnable):
    """An ellipsoid as another program wrote it: squared Mahalanobis distance at most so much."""

    kind: Literal["ellipsoid"]
    on: tuple[str, ...] = Field(min_length=2)
    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    distance_square: float

    @model_validator(mode="after")
    def _agree(self) -> EllipsoidGate:
        n = len(self.on)
        lengths = {len(self.mean), len(self.covariance), *(len(row) for row in self.covariance)}
        if lengths != {n}:
            what = "mean, and each row and column of covariance, need a number for each dimension"
            raise disagreement(what, f"give {n} numbers, and {n} rows of {n}")
        if np.linalg.matrix_rank(np.array(self.covariance)) < n:
            raise disagreement("the covariance cannot be inverted", "draw the gate again")
        return self


class QuadrantGate(_Gate):
    """Two dividers make four populations: names for low/low, high/low, low/high, high/high."""

    kind: Literal["quadrant"]
    dividers: dict[str, Number] = Field(min_length=2, max_length=2)
    names: tuple[Name, Name, Name, Name]


class BooleanGate(_Turnable):
    """Inside all of `all`, at least one of `any`, and none of `none`."""

    kind: Literal["boolean"]
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _not_empty(self) -> BooleanGate:
        if not (self.all or self.any or self.none):
            what = "a boolean gate needs at least one of all, any, none"
            raise disagreement(what, "add all: [NAME], any: [NAME] or none: [NAME]")
        return self


class ScoreGate(_Gate):
    """Weighted evidence: the weights of the gates an event is inside reach `at_least`."""

    kind: Literal["score"]
    terms: dict[str, Annotated[float, Field(gt=0)]] = Field(min_length=1)
    at_least: float = Field(gt=0)

    @model_validator(mode="after")
    def _within_reach(self) -> ScoreGate:
        if sum(self.terms.values()) < self.at_least - 1e-9:
            what = f"the score {self.at_least:g} can never be reached"
            raise disagreement(what, f"write at_least: {sum(self.terms.values()):g} or less")
        return self


class TimeGate(_Gate):
    """Parts of the run with a steady flow; `steady` names the reference events."""

    kind: Literal["time"]
    steady: dict[str, Side] = Field(default_factory=dict)


class EnvelopeGate(_Gate):
    """What explains each event of the parent: a normal population, leukaemia, or nothing known.

    Attributes
    ----------
    reference : str
        File in the folder ``references``: the normal populations and how far a tube may move them.
    populations : dict of str to tuple of str
        The gates that this one makes, each with the populations of the reference it holds;
        ``leukaemic`` and ``unclear`` (to be checked by eye) are among them.
    needs : tuple of str
        Markers without which the question cannot be put; others that the reference knows are used
        where they are.
    of : str
        Gate of the nucleated events: whether many precursors stand still is seen against them.
    lineage : tuple of str
        Gates that each show B lineage; a leukaemic cluster lies in two of them, or in one and in
        one of `immature`.
    immature : tuple of str
        Gates that show immaturity.
    """

    kind: Literal["envelope"]
    reference: Name
    populations: dict[Name, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(min_length=1)
    needs: tuple[str, ...] = ()
    of: str
    lineage: tuple[str, ...] = Field(min_length=1)
    immature: tuple[str, ...] = ()


GateSpec = Annotated[
    BoxGate
    | PolygonGate
    | EllipseGate
    | EllipsoidGate
    | QuadrantGate
    | BooleanGate
    | ScoreGate
    | TimeGate
    | EnvelopeGate,
    Field(discriminator="kind"),
]


class MarkerSpec(Strict):
    """Markers a template cannot do without, and those it uses where they are."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Required ones first."""
        return (*self.required, *self.optional)


class LimitSpec(Strict):
    """Limits of the assay; see `cytomon.model.results.Limits`."""

    lod_events: int = Field(default=20, ge=1)
    loq_events: int = Field(default=50, ge=1)
    lob_rate: float = Field(default=0.0, ge=0, lt=1)
    threshold: float = Field(default=1e-4, gt=0, lt=1)
    recovery_fraction: float = Field(default=0.01, gt=0, lt=1)
    lymphocytes_firm: int = Field(default=2000, ge=1)
    lymphocytes_least: int = Field(default=500, ge=1)
    reference_events: int = Field(default=500, ge=50)

    def as_limits(self) -> Limits:
        """What the clinical quantities are measured with."""
        return Limits(**self.model_dump())


class TemplateSpec(Strict):
    """A gating template.

    A role names the gate that fills it, or several of which the first one that the tube can answer
    fills it. `gated_on` names the antigens without which no event can become a blast: their loss
    cannot be seen, and their calls say so. `anchors` tell a sound tube from one whose gains, matrix
    or antibodies are off; without them that is not judged.
    """

    schema_version: Literal[1]
    name: Name
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    title: str
    specimen: SpecimenType
    markers: MarkerSpec
    compensation: Literal["tube", "none"] = "tube"
    scale: ScaleSpec = ScaleSpec()
    scales: dict[str, ScaleSpec] = Field(default_factory=dict)
    dimensions: dict[Name, DimensionSpec] = Field(default_factory=dict)
    matrices: dict[Name, MatrixSpec] = Field(default_factory=dict)
    limits: LimitSpec = LimitSpec()
    roles: dict[str, str | tuple[str, ...]]
    quantities: tuple[str, ...]
    gated_on: tuple[str, ...] = ()
    gates: tuple[GateSpec, ...] = Field(min_length=1)
    anchors: AnchorsSpec | None = None
    literature: tuple[str, ...] = ()
