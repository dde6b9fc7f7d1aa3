"""Whether the detectors stand where they usually stand: populations of known place as anchors.

A gain that has moved takes every positive population of its detector with it; a patient who is off
the table moves one population. Comparing the two tells the one from the other.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cytomon.model.anchor import Anchor
from cytomon.model.findings import Finding, Severity

CONSEQUENCE = "gates that stand at fixed places on these markers may be off as far"
_NAMED_FROM = 1.5
_WORTH_OF_TABLE = 6.0
_MOST_NAMED = 3


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on detectors are said to have moved, in standard deviations.

    Attributes
    ----------
    alone : float
        Of one detector.
    three : float
        Of the three that are furthest off in one direction, added up.
    """

    alone: float = 4.0
    three: float = 7.0


OF_A_TUBE = Limits()
"""About 1.5 % of simulated sound tubes are beyond."""


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
    by_detector: dict[tuple[str, str], list[Anchor]] = defaultdict(list)
    for anchor in anchors:
        if anchor.usable:
            by_detector[anchor.marker, anchor.detector].append(anchor)
    means = {key: _mean(group) for key, group in by_detector.items()}
    scatter = _scatter(by_detector, means)
    shifts = []
    for (marker, detector), group in by_detector.items():
        weight = sum(anchor.within**-2 for anchor in group)
        error = math.sqrt(drift**2 + scatter / weight)
        by = means[marker, detector]
        shifts.append(Shift(marker=marker, by=by, deviate=by / error, n_anchors=len(group)))
    return tuple(sorted(shifts, key=lambda shift: (-abs(shift.deviate), shift.marker)))


def _mean(group: Sequence[Anchor]) -> float:
    weights = [anchor.within**-2 for anchor in group]
    return sum(w * a.off for w, a in zip(weights, group, strict=True)) / sum(weights)


def _scatter(
    groups: Mapping[tuple[str, str], Sequence[Anchor]], means: Mapping[tuple[str, str], float]
) -> float:
    """Variance of anchors about their detector's shift, in units of `within` squared."""
    squares, freedom = _WORTH_OF_TABLE, _WORTH_OF_TABLE
    for key, group in groups.items():
        squares += sum(((anchor.off - means[key]) / anchor.within) ** 2 for anchor in group)
        freedom += len(group) - 1
    return squares / freedom


def moved(
    anchors: Sequence[Anchor], *, drift: float, limits: Limits = OF_A_TUBE
) -> tuple[Shift, ...]:
    """Detectors that have moved, furthest first; empty where none has.

    Parameters
    ----------
    anchors : sequence of Anchor
        Of one tube, or of several with one instrument.
    drift : float
        As in `detector_shifts`.
    limits : Limits, optional
        One detector beyond the first, or three in one direction beyond the second.
    """
    shifts = detector_shifts(anchors, drift=drift)
    together = [_three(shifts, sign) for sign in (1.0, -1.0)]
    named = {s for s in shifts if abs(s.deviate) >= limits.alone}
    for sum_of_three, three in together:
        if sum_of_three >= limits.three:
            named |= {s for s in three if abs(s.deviate) >= _NAMED_FROM}
    return tuple(shift for shift in shifts if shift in named)


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
    """
    named = moved(anchors, drift=drift)
    if named:
        yield Finding(
            code="GAIN_SHIFT",
            severity=Severity.WARNING,
            what=f"normal populations lie off their places: {listed(named)}",
            where=where,
            fix="compare with other tubes of the same day and with the instrument's target "
            f"values; {CONSEQUENCE}",
        )


def _three(shifts: Sequence[Shift], sign: float) -> tuple[float, Sequence[Shift]]:
    same = sorted((s for s in shifts if s.deviate * sign > 0), key=lambda s: -abs(s.deviate))
    return sum(abs(s.deviate) for s in same[:_MOST_NAMED]), same


def listed(shifts: Sequence[Shift]) -> str:
    """Shifts in words."""
    return ", ".join(map(_say, shifts))


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
