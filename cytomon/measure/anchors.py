"""Whether the detectors stand where they usually stand: populations of known place as anchors.

A gain that has moved takes every positive population of its detector with it; a patient who is off
the table moves one population. Comparing the two tells the one from the other.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cytomon.model.findings import Finding, Severity

LEAST_EVENTS = 50
_SUM_OF_THREE = 7.0
_ALONE = 4.0
_NAMED_FROM = 1.5
_WORTH_OF_TABLE = 6.0
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """One population on one marker in this tube.

    Attributes
    ----------
    population, marker : str
        Name of its gate, and the marker.
    expected, found : float
        Median as the template says and as it is, on the template's scale.
    within : float
        One standard deviation of the median between sound tubes.
    n_events : int
        Behind the median.
    """

    population: str
    marker: str
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How far one detector is off its usual place.

    Attributes
    ----------
    marker : str
        Whose detector.
    by : float
        Mean distance of its anchors from their places, on the template's scale.
    deviate : float
        That distance in standard deviations of a sound tube.
    n_anchors : int
        Populations behind it.
    """

    marker: str
    by: float
    deviate: float
    n_anchors: int


def detector_shifts(anchors: Sequence[Anchor], *, drift: float) -> tuple[Shift, ...]:
    """How far each anchored detector is off, strongest first.

    Parameters
    ----------
    anchors : sequence of Anchor
        Those with fewer than 50 events are left out.
    drift : float
        Usual standard deviation of a detector's gain, on the template's scale.

    Notes
    -----
    A detector's shift is the weighted mean over its anchors. Its error is `drift` together with the
    error of that mean, and the latter is learned from the tube: where anchors of one detector
    disagree with each other, this patient's cells lie off their places, and a mean says less. The
    template's `within` counts like 6 further degrees of freedom.
    """
    by_marker: dict[str, list[Anchor]] = defaultdict(list)
    for anchor in anchors:
        if anchor.usable:
            by_marker[anchor.marker].append(anchor)
    means = {marker: _mean(group) for marker, group in by_marker.items()}
    scatter = _scatter(by_marker, means)
    shifts = []
    for marker, group in by_marker.items():
        weight = sum(anchor.within**-2 for anchor in group)
        error = math.sqrt(drift**2 + scatter / weight)
        by = means[marker]
        shifts.append(Shift(marker=marker, by=by, deviate=by / error, n_anchors=len(group)))
    return tuple(sorted(shifts, key=lambda shift: (-abs(shift.deviate), shift.marker)))


def _mean(group: Sequence[Anchor]) -> float:
    weights = [anchor.within**-2 for anchor in group]
    return sum(w * a.off for w, a in zip(weights, group, strict=True)) / sum(weights)


def _scatter(groups: Mapping[str, Sequence[Anchor]], means: Mapping[str, float]) -> float:
    """Variance of anchors about their detector's shift, in units of `within` squared."""
    squares, freedom = _WORTH_OF_TABLE, _WORTH_OF_TABLE
    for marker, group in groups.items():
        squares += sum(((anchor.off - means[marker]) / anchor.within) ** 2 for anchor in group)
        freedom += len(group) - 1
    return squares / freedom


def check_gains(anchors: Sequence[Anchor], *, drift: float, where: str) -> Iterator[Finding]:
    """Notice detectors whose gain has moved.

    Parameters
    ----------
    anchors : sequence of Anchor
        Of one tube.
    drift : float
        As in `detector_shifts`.
    where : str
        The tube, for the finding.

    Notes
    -----
    A tube is named when one detector is 4 standard deviations off, or when the three that are
    furthest off in one direction are 7 off together. Both limits are chosen so that about 2 %
    of simulated sound tubes are named.
    """
    shifts = detector_shifts(anchors, drift=drift)
    together = [_three(shifts, sign) for sign in (1.0, -1.0)]
    named = {s.marker: s for s in shifts if abs(s.deviate) >= _ALONE}
    for sum_of_three, three in together:
        if sum_of_three >= _SUM_OF_THREE:
            named |= {s.marker: s for s in three if abs(s.deviate) >= _NAMED_FROM}
    if named:
        worst_first = sorted(named.values(), key=lambda s: -abs(s.deviate))
        listed = ", ".join(_say(shift) for shift in worst_first)
        yield Finding(
            code="GAIN_SHIFT",
            severity=Severity.WARNING,
            what=f"normal populations lie off their places: {listed}",
            where=where,
            fix="compare with other tubes of the same day and with the instrument's target "
            "values; gates that stand at fixed places on these markers may be off as far",
        )


def _three(shifts: Sequence[Shift], sign: float) -> tuple[float, Sequence[Shift]]:
    same = sorted((s for s in shifts if s.deviate * sign > 0), key=lambda s: -abs(s.deviate))
    return sum(abs(s.deviate) for s in same[:_MOST_NAMED]), same


def _say(shift: Shift) -> str:
    anchors = "1 anchor" if shift.n_anchors == 1 else f"{shift.n_anchors} anchors"
    return f"{shift.marker} {shift.by:+.2f} L ({anchors})"


def check_anchored(
    anchors: Sequence[Anchor], markers: Sequence[str], *, where: str
) -> Iterator[Finding]:
    """Name the markers whose gain nothing in this tube can vouch for.

    Parameters
    ----------
    anchors : sequence of Anchor
        Of one tube.
    markers : sequence of str
        Markers of the template that the tube has, dyes of dead cells and nuclei left out.
    where : str
        The tube, for the finding.
    """
    anchored = {anchor.marker for anchor in anchors if anchor.usable}
    loose = [marker for marker in markers if marker not in anchored]
    if loose:
        yield Finding(
            code="NO_ANCHOR",
            severity=Severity.INFO,
            what=f"no population of known place carries {', '.join(loose)} in this tube: a change "
            "of these detectors cannot be noticed here",
            where=where,
            fix="rely on the instrument's daily check and on other tubes of the same day; "
            "without B cells this is expected of CD19 and CD20",
        )
