"""What a template knows about a sound tube: where its normal populations lie, and what is dark.

Nothing here moves a gate or changes a count: a tube is compared with it, and findings say how far
it is off.
"""

from __future__ import annotations

from pydantic import Field

from cytomon.gating.numbers_spec import Strict


class Place(Strict):
    """Where the median of a population lies on one marker.

    Attributes
    ----------
    at : float
        Expected median, on the marker's scale.
    within : float
        How far patients differ: one standard deviation of the median between sound tubes.
    """

    at: float
    within: float = Field(default=0.12, gt=0)


class Slope(Strict):
    """One dye's light on another's detector, seen where nothing else links the two.

    Attributes
    ----------
    within : str
        Gate of a pure population: two populations side by side fake a slope.
    of, on : str
        The bright marker, and the marker on whose detector its dye spills.
    """

    within: str
    of: str
    on: str


class Control(Strict):
    """An antibody that must stain a population which is known without it.

    Attributes
    ----------
    marker : str
        The antibody.
    positive, of : str
        Gate of the stained cells, and of the cells known without the marker.
    at_least : float
        Smallest share of stained cells, in (0, 1).
    """

    marker: str
    positive: str
    of: str
    at_least: float = Field(gt=0, lt=1)


class AnchorsSpec(Strict):
    """The block ``anchors`` of a template.

    Attributes
    ----------
    drift : float
        One standard deviation of a detector's gain between batches and days, on the scale.
    places : mapping of str to mapping
        Gate to marker to `Place`, or to its `at` alone.
    dark : mapping of str to tuple of str
        Gate to markers that its cells do not carry.
    slopes : tuple of Slope
        Where spill is looked for.
    controls : tuple of Control
        Antibodies that prove themselves in every tube.
    """

    drift: float = Field(default=0.1, gt=0)
    places: dict[str, dict[str, Place | float]] = Field(default_factory=dict)
    dark: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    slopes: tuple[Slope, ...] = ()
    controls: tuple[Control, ...] = ()

    def looked_at(self) -> dict[str, tuple[str, ...]]:
        """Gate to the markers that are looked at on it."""
        found: dict[str, dict[str, None]] = {}
        for gate, markers in (*self.places.items(), *self.dark.items()):
            found.setdefault(gate, {}).update(dict.fromkeys(markers))
        for slope in self.slopes:
            found.setdefault(slope.within, {}).update({slope.of: None, slope.on: None})
        return {gate: tuple(markers) for gate, markers in found.items()}

    def gates(self) -> tuple[str, ...]:
        """Every gate that the block names."""
        controls = (name for control in self.controls for name in (control.positive, control.of))
        return tuple(dict.fromkeys((*self.looked_at(), *controls)))

    def markers(self) -> tuple[str, ...]:
        """Every marker that the block names."""
        looked_at = (marker for markers in self.looked_at().values() for marker in markers)
        controls = (control.marker for control in self.controls)
        return tuple(dict.fromkeys((*looked_at, *controls)))


def place_of(written: Place | float) -> Place:
    """A place, also where only its position is written."""
    return written if isinstance(written, Place) else Place(at=written)
