"""Gates as they stand in one tube: every boundary a number, with the story of that number.

A template (`cytomon.gating.template`) says how a gate finds its place; a `Placement` says where it
found it. Whatever evaluates gates reads nothing but a `Placement`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cytomon.model.findings import Finding
from cytomon.model.normal import Reference
from cytomon.model.tube import Spillover

TUBE_MATRIX = "tube"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A GatingML 2.0 scale (section 6), applied to a compensated value before a gate sees it.

    Attributes
    ----------
    kind : str
        ``linear``, ``log``, ``asinh``, ``logicle`` or ``hyperlog``; of FlowJo 10 ``biex`` and
        ``flowjo_log``.
    t, m, w, a : float
        Parameters T, M, W and A of the standard; those a kind has not are 0. For ``biex`` the top
        of the scale, positive decades, width basis (negative) and extra negative decades; for
        ``flowjo_log`` t is the offset, below which nothing is told apart, and m the decades.
    """

    kind: str
    t: float
    m: float = 0.0
    w: float = 0.0
    a: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """GatingML's fratio: ``a * ((x - b) / (y - c))``, with y the channel named here."""

    over: str
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One dimension of a gate.

    Attributes
    ----------
    channel : str
        ``$PnN`` of the detector.
    label : str
        What a person calls it: the marker, or the detector where there is none.
    matrix : str
        Name of the spillover matrix, ``tube`` for the tube's own, empty for uncompensated.
    scale : Scale or None
        None for the raw value.
    ratio : Ratio or None
        Where the dimension is a ratio of two channels.
    """

    channel: str
    label: str
    matrix: str = ""
    scale: Scale | None = None
    ratio: Ratio | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Half-open bounds ``[low, high)`` for each axis; None leaves a side open."""

    bounds: tuple[tuple[float | None, float | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Polygon:
    """A closed polygon on two axes; inside by winding parity, as GatingML 2.0, 5.2 says."""

    vertices: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ellipse:
    """Squared Mahalanobis distance to `mean` at most `distance_square`; two or more axes."""

    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    distance_square: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """Inside any of several half-open ranges of one axis: what is left of a run."""

    kept: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """A gate that another gate refers to, or its complement."""

    gate: str
    complement: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean:
    """Inside all of `every`, and inside at least one of `some` where there are any."""

    every: tuple[Operand, ...] = ()
    some: tuple[Operand, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Weighted evidence: the weights of the gates an event is inside add up to `at_least`."""

    terms: tuple[tuple[str, float], ...]
    at_least: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Events of the parent that a study of all of them called by one of several names.

    Attributes
    ----------
    study : str
        Gates of the same study share one `cytomon.model.normal.Examination`.
    reference : Reference
        The normal populations.
    holds : tuple of str
        Names that count as inside.
    of : str
        Gate of the nucleated events.
    lineage, immature : tuple of str
        Gates that show B lineage, and immaturity.
    """

    study: str
    reference: Reference
    holds: tuple[str, ...]
    of: str
    lineage: tuple[str, ...]
    immature: tuple[str, ...] = ()


Shape = Box | Polygon | Ellipse | Ranges | Boolean | Score | Envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedBound:
    """How one number of a gate came about.

    Attributes
    ----------
    where : str
        Which number, for example ``CD19 low``.
    value, start : float
        The number used, and the template's own.
    method : str
        ``fixed``, ``valley``, ``ref_neg``, ``ref_pos`` or ``ellipse_ref``.
    reference : str
        Population it was read from; empty for `fixed`.
    n_reference : int
        Events of that population.
    fallback : bool
        True where the method could not answer and `start` stands in.
    at_leash : bool
        True where the answer was stopped by the leash.
    reason : str
        Why it fell back; empty otherwise.
    jitter : float
        Standard deviation of `value` over bootstrap samples of the reference; 0 for a number that
        was not found in the tube.
    """

    where: str
    value: float
    start: float
    method: str
    reference: str = ""
    n_reference: int = 0
    fallback: bool = False
    at_leash: bool = False
    reason: str = ""
    jitter: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedGate:
    """One gate in its place.

    Attributes
    ----------
    name : str
        Unique within the placement.
    parent : str
        Name of the parent gate; empty for a gate on all events.
    shape : Shape
        What is inside; `Boolean` and `Score` have no axes.
    axes : tuple of Axis
        Dimensions, in the order of the shape's numbers.
    complement : bool
        Whether the outside is meant.
    bounds : tuple of PlacedBound
        The story of each number that could move.
    """

    name: str
    parent: str
    shape: Shape
    axes: tuple[Axis, ...] = ()
    complement: bool = False
    bounds: tuple[PlacedBound, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """All gates of a template, placed in one tube; parents and operands come first.

    Attributes
    ----------
    template, version, sha256 : str
        Name, version and hash of the template.
    gates : tuple of PlacedGate
        In evaluation order.
    roles : mapping of str to str
        Role (``nucleated``, ``blasts``, ...) to gate name; absent where this tube cannot give it.
    matrices : mapping of str to Spillover
        The spillover matrices that the axes name.
    findings : tuple of Finding
        Fallbacks, left-out gates and their reasons.
    """

    template: str
    version: str
    sha256: str
    gates: tuple[PlacedGate, ...]
    roles: Mapping[str, str] = field(default_factory=dict)
    matrices: Mapping[str, Spillover] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def path(self, name: str) -> tuple[str, ...]:
        """Gate names from below the root to `name`."""
        parents = {gate.name: gate.parent for gate in self.gates}
        steps = [name]
        while parents[steps[-1]]:
            steps.append(parents[steps[-1]])
        return tuple(reversed(steps))
