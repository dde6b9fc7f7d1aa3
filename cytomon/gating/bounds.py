"""One number of a gate: found by its method, held by its leash, or its start with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import numpy as np
from scipy.special import chdtri

from cytomon.gating.methods import NoPlace, above_negative, below_positive, robust_cloud, valley
from cytomon.gating.numbers_spec import Bound
from cytomon.gating.schema import EllipseGate
from cytomon.model.gating import Ellipse, PlacedBound
from cytomon.model.tube import FloatArray

_SEED, _RESAMPLES, _MOST_SAMPLED = 1, 24, 2000


def place_bound(bound: Bound | float, values: FloatArray, *, where: str, of: str) -> PlacedBound:
    """Place one number.

    Parameters
    ----------
    bound : Bound or float
        As the template says; a plain number stays where it is.
    values : ndarray of float64, shape (n_reference,)
        The reference population on the bound's dimension.
    where, of : str
        Name of the number and of the reference population, for the record.

    Returns
    -------
    PlacedBound
    """
    if not isinstance(bound, Bound):
        return PlacedBound(where=where, value=bound, start=bound, method="fixed")
    if bound.by == "fixed" or bound.leash is None:
        return PlacedBound(where=where, value=bound.start, start=bound.start, method="fixed")
    story = partial(
        PlacedBound,
        where=where,
        start=bound.start,
        method=bound.by,
        reference=of,
        n_reference=len(values),
    )
    try:
        _enough(len(values), bound.least)
        found = float(_find(bound, bound.leash, values))
    except NoPlace as reason:
        return story(value=bound.start, fallback=True, reason=str(reason))
    held = float(np.clip(found, *bound.leash))
    return story(value=held, at_leash=held != found, jitter=_jitter(bound, bound.leash, values))


def _jitter(bound: Bound, leash: tuple[float, float], values: FloatArray) -> float:
    """How far the number would lie elsewhere had other cells of the same kind been acquired.

    From samples of at most `_MOST_SAMPLED` cells, scaled to the size of the reference. Where hardly
    a sample has a place for it, it may lie anywhere on the leash.
    """
    rng = np.random.default_rng(_SEED)
    size = min(len(values), _MOST_SAMPLED)
    samples = values[rng.integers(0, len(values), (_RESAMPLES, size))]
    found = np.clip(_find_each(bound, leash, samples), *leash)
    if len(found) < _RESAMPLES / 2:
        return float((leash[1] - leash[0]) / np.sqrt(12))
    return float(np.std(found) * np.sqrt(size / len(values)))


def _find_each(bound: Bound, leash: tuple[float, float], samples: FloatArray) -> FloatArray:
    """Where the method puts the number in each sample that has a place for it."""
    if bound.by != "valley":
        return _find(bound, leash, samples)
    found = []
    for sample in samples:
        with suppress(NoPlace):
            found.append(_find(bound, leash, sample))
    return np.array(found)


def _find(bound: Bound, leash: tuple[float, float], values: FloatArray) -> FloatArray:
    match bound.by:
        case "ref_neg":
            found = above_negative(values, sd=bound.sd)
        case "ref_pos":
            found = below_positive(values, percentile=bound.percentile, sd=bound.sd)
        case _:
            width = leash[1] - leash[0]
            window = bound.window or (leash[0] - width, leash[1] + width)
            found = np.asarray(valley(values, window, leash))
    return found + bound.plus


def _enough(found: int, least: int) -> None:
    if found < least:
        msg = f"the reference population holds {found} events, fewer than {least}"
        raise NoPlace(msg)


def place_ellipse(gate: EllipseGate, values: FloatArray) -> tuple[Ellipse, tuple[PlacedBound, ...]]:
    """Place an ellipse on its reference population.

    Parameters
    ----------
    gate : EllipseGate
        As the template says.
    values : ndarray of float64, shape (n_reference, n_dimensions)
        The reference population; empty for a fixed ellipse.

    Returns
    -------
    ellipse : Ellipse
        Centre within the leash, spread at most `widest` times the start's.
    bounds : tuple of PlacedBound
        The story of each coordinate of the centre.
    """
    start_spread = np.array(gate.sd)
    square = float(chdtri(len(gate.on), 1 - gate.level))
    if gate.by == "fixed" or gate.leash is None:
        return _ellipse(np.array(gate.mean), np.diag(start_spread**2), square), ()
    try:
        _enough(len(values), gate.least)
        cloud = robust_cloud(values)
    except NoPlace as reason:
        story = _centres(gate, gate.mean, len(values), at_leash=False, reason=str(reason))
        return _ellipse(np.array(gate.mean), np.diag(start_spread**2), square), tuple(story)
    reach = np.array(gate.leash)
    mean = np.clip(cloud.mean, np.array(gate.mean) - reach, np.array(gate.mean) + reach)
    covariance = np.array(cloud.covariance)
    shrink = np.minimum(1.0, gate.widest * start_spread / np.sqrt(np.diag(covariance)))
    held = bool((mean != np.array(cloud.mean)).any() or (shrink < 1).any())
    found = _ellipse(mean, covariance * np.outer(shrink, shrink), square)
    return found, tuple(_centres(gate, found.mean, len(values), at_leash=held))


def _ellipse(mean: FloatArray, covariance: FloatArray, square: float) -> Ellipse:
    return Ellipse(
        mean=tuple(float(v) for v in mean),
        covariance=tuple(tuple(float(v) for v in row) for row in covariance),
        distance_square=square,
    )


def _centres(
    gate: EllipseGate, mean: tuple[float, ...], n: int, *, at_leash: bool, reason: str = ""
) -> Iterator[PlacedBound]:
    for name, value, start in zip(gate.on, mean, gate.mean, strict=True):
        yield PlacedBound(
            where=f"{name} centre",
            value=value,
            start=start,
            method=gate.by,
            reference=gate.of,
            n_reference=n,
            fallback=bool(reason),
            at_leash=at_leash,
            reason=reason,
        )
