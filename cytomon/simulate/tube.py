"""A tube with known truth: from a plan to events, and from events to files."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from cytomon.fcs.write import ChannelSpec, write_fcs
from cytomon.model.tube import BoolArray, Spillover
from cytomon.simulate.artefacts import (
    arrival_times,
    clogged,
    disturb,
    draw_pairs,
    running_order,
    stick_together,
)
from cytomon.simulate.biology import draw_biology
from cytomon.simulate.cells import Cells, draw_cells, look_before_noise
from cytomon.simulate.composition import blast_fractions
from cytomon.simulate.detector import Instrument, detect, draw_instrument, emit
from cytomon.simulate.expression import Float32Array
from cytomon.simulate.panels import RANGE, StainingPanel, staining_panel
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.populations import LabelArray, label_names
from cytomon.simulate.sidecar import SUFFIX, Labels, write_labels
from cytomon.simulate.truth import NoiseFree, Truth, derive_truth

EVENT_RATE = 3000.0
WIDTH_UNIT = 65_536.0
PATIENT_STREAM, BATCH_STREAM, TUBE_STREAM = 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedTube:
    """Events as an instrument would write them, and what each of them is.

    Attributes
    ----------
    plan : TubePlan
        What was asked for.
    events : ndarray of float32, shape (n_events, n_channels)
        Uncompensated, in detector units, in the order of measurement.
    labels : ndarray of uint8, shape (n_events,)
        Position in `label_names`.
    label_names : tuple of str
        The same for every tube.
    in_clog : ndarray of bool, shape (n_events,)
        Whether the event lies in the disturbed part of the run; its label stays.
    channels : tuple of ChannelSpec
        Columns of `events`.
    spillover : Spillover
        The matrix that the file stores.
    truth : Truth
        Summary.
    """

    plan: TubePlan
    events: Float32Array
    labels: LabelArray
    label_names: tuple[str, ...]
    in_clog: BoolArray
    channels: tuple[ChannelSpec, ...]
    spillover: Spillover
    truth: Truth


def simulate_tube(plan: TubePlan) -> SimulatedTube:
    """Simulate one tube.

    Parameters
    ----------
    plan : TubePlan
        The whole request.

    Returns
    -------
    SimulatedTube
        Equal plans give equal bytes (on one machine and with one version of numpy).

    Raises
    ------
    ValueError
        If the plan names a state, panel or population that does not exist.

    Notes
    -----
    A simulated tube is not a patient: positions, widths and frequencies are plausible orders of
    magnitude, chosen by experts, and never a reference range.

    Examples
    --------
    >>> plan = TubePlan(state="BM_d28_BCA", n_events=20_000, seed=1, blasts={"blast_typical": 0.01})
    >>> tube = simulate_tube(plan)
    >>> tube.truth.n_nucleated, tube.truth.antigens["CD19"]
    (20000, 'POSITIVE')
    """
    panel = staining_panel(plan.panel)
    patient = _stream(PATIENT_STREAM, plan.seed if plan.patient is None else plan.patient)
    batch = _stream(BATCH_STREAM, plan.seed if plan.batch is None else plan.batch)
    rng = _stream(TUBE_STREAM, plan.seed)
    biology = draw_biology(plan, panel.markers, patient)
    instrument = draw_instrument(plan, panel, batch, rng)
    cells = draw_cells(biology, rng)
    noise_free = look_before_noise(cells, panel.markers)
    light = emit(
        cells.scaled,
        cells.scatter[:, 0],
        instrument,
        autofluorescence=plan.realism.autofluorescence,
    )
    light, scatter, labels = _add_pairs(light, cells, plan, rng)
    return _run(_Sample(light, scatter, labels, noise_free), plan, panel, instrument, rng)


def _stream(kind: int, seed: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([kind, seed]))


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    light: Float32Array
    scatter: Float32Array
    labels: LabelArray
    noise_free: NoiseFree


def _add_pairs(
    light: Float32Array, cells: Cells, plan: TubePlan, rng: np.random.Generator
) -> tuple[Float32Array, Float32Array, LabelArray]:
    pairs = draw_pairs(cells.labels, cells.n_viable, plan.artefacts, rng)
    scatter = [stick_together(cells.scatter, first, second) for _, first, second in pairs]
    sums = [light[first] + light[second] for _, first, second in pairs]
    codes = [
        np.full(len(first), label_names().index(label), dtype=np.uint8) for label, first, _ in pairs
    ]
    return (
        np.concatenate([light, *sums]),
        np.concatenate([cells.scatter, *scatter]),
        np.concatenate([cells.labels, *codes]),
    )


def _run(
    sample: _Sample,
    plan: TubePlan,
    panel: StainingPanel,
    instrument: Instrument,
    rng: np.random.Generator,
) -> SimulatedTube:
    """Send the sample through the instrument."""
    mixed = detect(sample.light, instrument, rng, photon_noise=plan.realism.photon_noise)
    order = running_order(sample.labels, rng)
    inside = clogged(len(order), plan.artefacts.clog, rng)
    events = _columns(sample.scatter, mixed, order, panel)
    if inside.any():
        disturb(events[:, :-1], inside, rng)
    np.minimum(events, np.float32(RANGE - 1), out=events)
    events[:, -1] = arrival_times(inside, EVENT_RATE, rng)
    labels = sample.labels[order]
    return SimulatedTube(
        plan=plan,
        events=events,
        labels=labels,
        label_names=label_names(),
        in_clog=inside,
        channels=panel.channels,
        spillover=panel.spillover(instrument.stored),
        truth=derive_truth(
            _counts(labels),
            noise_free=sample.noise_free,
            n_in_clog=int(inside.sum()),
            gain_sd=instrument.gain_sd,
        ),
    )


def _columns(
    scatter: Float32Array,
    mixed: Float32Array,
    order: np.ndarray[tuple[int], np.dtype[np.int64]],
    panel: StainingPanel,
) -> Float32Array:
    """Put scatter, stains and an empty time column side by side, in the order of measurement."""
    sources = {
        "FSC-A": scatter[:, 0],
        "FSC-H": scatter[:, 1],
        "FSC-W": np.float32(WIDTH_UNIT) * scatter[:, 0] / scatter[:, 1],
        "SSC-A": scatter[:, 2],
    }
    n_scatter = len(panel.scatter)
    events = np.zeros((len(order), n_scatter + mixed.shape[1] + 1), dtype=np.float32)
    for column, name in enumerate(panel.scatter):
        events[:, column] = sources[name][order]
    events[:, n_scatter:-1] = mixed[order]
    return events


def _counts(labels: LabelArray) -> dict[str, int]:
    counts = np.bincount(labels, minlength=len(label_names()))
    return {name: int(count) for name, count in zip(label_names(), counts, strict=True) if count}


def write_tube(tube: SimulatedTube, folder: Path, stem: str) -> Path:
    """Write the tube and its truth.

    Parameters
    ----------
    tube : SimulatedTube
        What to write.
    folder : Path
        An existing folder.
    stem : str
        Name without suffix: ``stem.fcs``, ``stem.truth.npz`` (arrays ``labels``, ``in_clog``,
        ``label_names``) and ``stem.truth.json`` (plan and summary).

    Returns
    -------
    Path
        The FCS file.
    """
    path = folder / f"{stem}.fcs"
    keywords = {"$CYT": "cytomon simulation", "$TIMESTEP": "0.01", "$SRC": "simulated"}
    write_fcs(path, tube.events, tube.channels, spillover=tube.spillover, keywords=keywords)
    labels = Labels(labels=tube.labels, names=tube.label_names, in_clog=tube.in_clog)
    write_labels(path.with_suffix(SUFFIX), labels)
    summary = {
        "simulated": True,
        "plan": asdict(tube.plan),
        "expected_blast_fractions": blast_fractions(tube.plan),
        "truth": asdict(tube.truth),
    }
    text = json.dumps(summary, indent=2) + "\n"
    (folder / f"{stem}.truth.json").write_text(text, encoding="utf-8")
    return path
