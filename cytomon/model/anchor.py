"""Where a population of known place was found: what detectors are judged by."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_EVENTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """One population on one marker.

    Attributes
    ----------
    population, marker : str
        Name of its gate, and the marker.
    detector : str
        On which the marker was seen (``$PnN``).
    expected, found : float
        Median as it should be and as it is, on the template's scale.
    within : float
        One standard deviation of the median between sound tubes.
    n_events : int
        Behind the median.
    """

    population: str
    marker: str
    detector: str = ""
    expected: float
    found: float
    within: float
    n_events: int

    @property
    def off(self) -> float:
        """Distance from the expected place."""
        return self.found - self.expected

    @property
    def usable(self) -> bool:
        """Whether enough events stand behind the median."""
        return self.n_events >= LEAST_EVENTS
