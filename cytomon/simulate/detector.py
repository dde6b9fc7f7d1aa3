"""From antigen to detector: gains, noise, spectral mixing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cytomon.model.tube import FloatArray
from cytomon.simulate.expression import Float32Array
from cytomon.simulate.panels import StainingPanel
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.populations import COFACTOR, STEEPNESS

RELATIVE_NOISE = 0.03
PHOTON_SCALE = 10.0
GAIN_TRAP_CHANCE = 0.1
GAIN_TRAP_SD = 0.3
MATRIX_CV = 0.10
AUTOFLUORESCENCE = 40.0
AUTOFLUORESCENCE_FSC = 60_000.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instrument:
    """One cytometer on one day.

    Attributes
    ----------
    gains : ndarray, shape (n_stains,)
        Factor of each detector against the table.
    mixing : ndarray, shape (n_stains, n_stains)
        What the dyes really do; row by dye, column by detector.
    stored : ndarray, shape (n_stains, n_stains)
        What the file says they do.
    noise : ndarray, shape (n_stains,)
        Standard deviation of each detector's noise.
    gain_sd : float
        Spread of the batch's gains on L.
    """

    gains: FloatArray
    mixing: FloatArray
    stored: FloatArray
    noise: FloatArray
    gain_sd: float


def draw_instrument(
    plan: TubePlan,
    panel: StainingPanel,
    batch: np.random.Generator,
    tube: np.random.Generator,
) -> Instrument:
    """Draw gains and matrices: what a batch shares from `batch`, the rest from `tube`.

    Raises
    ------
    ValueError
        If the plan shifts a marker that the panel does not have.
    """
    n = len(panel.stains)
    trapped = plan.realism.gain_traps and batch.random() < GAIN_TRAP_CHANCE
    gain_sd = GAIN_TRAP_SD if trapped else plan.variation.batch_gain
    shifts = gain_sd * batch.standard_normal(n)
    shifts += plan.variation.day_gain * tube.standard_normal(n)
    shifts += _on_purpose(plan.artefacts.shifted, panel)
    stored = panel.mixing()
    if plan.realism.batch_matrices:
        stored = _scaled_spills(stored, 1 + MATRIX_CV * batch.standard_normal((n, n)))
    signs = tube.choice([-1.0, 1.0], (n, n))
    return Instrument(
        gains=np.exp(STEEPNESS * shifts),
        mixing=_broken_tandem(stored, panel, plan.artefacts.tandem_breakdown),
        stored=_scaled_spills(stored, 1 + plan.artefacts.matrix_error * signs),
        noise=np.array([stain.noise for stain in panel.stains]),
        gain_sd=gain_sd,
    )


def _on_purpose(shifted: Mapping[str, float], panel: StainingPanel) -> FloatArray:
    strange = sorted(set(shifted) - set(panel.markers))
    if strange:
        msg = f"shifted {', '.join(strange)}: panel {panel.name} has {', '.join(panel.markers)}"
        raise ValueError(msg)
    return np.array([shifted.get(marker, 0.0) for marker in panel.markers])


def _scaled_spills(matrix: FloatArray, factors: FloatArray) -> FloatArray:
    return np.where(np.eye(len(matrix)) == 1, matrix, matrix * factors)


def _broken_tandem(matrix: FloatArray, panel: StainingPanel, share: float) -> FloatArray:
    """PE-Cy7 that has lost its acceptor shines like PE."""
    dyes = [stain.fluorochrome for stain in panel.stains]
    if not share or "PE-Cy7" not in dyes or "PE" not in dyes:
        return matrix
    tandem, donor = dyes.index("PE-Cy7"), dyes.index("PE")
    broken = matrix.copy()
    broken[tandem] = (1 - share) * matrix[tandem] + share * matrix[donor]
    return broken


def emit(
    scaled: Float32Array, fsc: Float32Array, instrument: Instrument, *, autofluorescence: bool
) -> Float32Array:
    """Turn positions on L into light, in place: linear units before any noise.

    Parameters
    ----------
    scaled : ndarray of float32, shape (n_events, n_stains)
        Overwritten.
    fsc : ndarray of float32, shape (n_events,)
        Size, for the autofluorescence.
    instrument : Instrument
        Gives the gains.
    autofluorescence : bool
        Whether large cells glow.
    """
    scaled *= np.float32(STEEPNESS)
    np.sinh(scaled, out=scaled)
    scaled *= (COFACTOR * instrument.gains).astype(np.float32)
    if autofluorescence:
        scaled += np.float32(AUTOFLUORESCENCE) * (fsc / np.float32(AUTOFLUORESCENCE_FSC))[:, None]
    return scaled


def detect(
    light: Float32Array, instrument: Instrument, rng: np.random.Generator, *, photon_noise: bool
) -> Float32Array:
    """Add noise and mix the dyes; `light` is overwritten by what lies before the mixing.

    Returns
    -------
    ndarray of float32, shape (n_events, n_stains)
        Uncompensated values.
    """
    factors = rng.standard_normal(light.shape, dtype=np.float32)
    factors *= np.float32(RELATIVE_NOISE)
    factors += np.float32(1.0)
    light *= factors
    dark = rng.standard_normal(light.shape, dtype=np.float32, out=factors)
    dark *= instrument.noise.astype(np.float32)
    light += dark
    mixed: Float32Array = light @ instrument.mixing.astype(np.float32)
    if photon_noise:
        shot = rng.standard_normal(light.shape, dtype=np.float32, out=factors)
        shot *= np.sqrt(np.float32(PHOTON_SCALE) * np.maximum(mixed, 0))
        mixed += shot
    return mixed
