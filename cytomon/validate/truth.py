"""What is known of a tube: by event, or only as a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cytomon.model.tube import BoolArray
from cytomon.simulate.populations import B_CELLS, LYMPHOCYTES, is_blast, label_names
from cytomon.simulate.sidecar import Labels
from cytomon.simulate.truth import Truth

PAIRS_AND_RUBBISH = ("debris", "dead", "carry_over", "doublet", "doublet_T_blast", "doublet_B_T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """The truth of one tube; None and empty stand for what nobody knows.

    Attributes
    ----------
    labels : Labels or None
        What each event is.
    blasts, nucleated : int or None
        Leukaemic events, and viable nucleated single cells.
    fraction : float or None
        MRD, where it is known without counts.
    b_fraction : float or None
        Mature and transitional B cells of lymphocytes.
    lymphocytes : int or None
        What that fraction is of.
    calls : mapping of str to str
        Marker to the call that somebody else made; empty where the rules are to be applied to
        the true blasts.
    """

    labels: Labels | None = None
    blasts: int | None = None
    nucleated: int | None = None
    fraction: float | None = None
    b_fraction: float | None = None
    lymphocytes: int | None = None
    calls: Mapping[str, str] = field(default_factory=dict)

    def is_blast(self) -> BoolArray | None:
        """Which events are leukaemic, shape (n_events,); None without labels."""
        if self.labels is None:
            return None
        leukaemic = [position for position, name in enumerate(self.labels.names) if is_blast(name)]
        return np.asarray(np.isin(self.labels.labels, leukaemic), dtype=np.bool_)


def known_of_simulated(truth: Truth, labels: Labels) -> Known:
    """The truth of a simulated tube.

    Notes
    -----
    B cells are those by label: mature and transitional. Lymphocytes are T, NK and B cells by label
    and, as the definition of the fraction has it, precursors whose CD45 is that of lymphocytes.
    """
    return Known(
        labels=labels,
        blasts=truth.n_blasts,
        nucleated=truth.n_nucleated,
        fraction=truth.mrd_fraction,
        b_fraction=truth.b_fraction,
        lymphocytes=truth.n_lymphocytes,
    )


def known_of_labels(labels: Labels) -> Known:
    """The truth of a tube of which only the label of each event is known.

    The denominator is known only where every event carries a name of the simulator's: what else
    a laboratory calls its events, nobody can tell whether it is nucleated. With nothing but blast
    or not, the tube's own denominator has to serve.
    """
    counts = np.bincount(labels.labels, minlength=len(labels.names))
    of = dict(zip(labels.names, (int(count) for count in counts), strict=True))
    blasts = sum(count for name, count in of.items() if is_blast(name))
    named = set(of) <= set(label_names())
    lymphocytes = sum(of.get(name, 0) for name in LYMPHOCYTES)
    b_cells = sum(of.get(name, 0) for name in B_CELLS)
    cells = sum(count for name, count in of.items() if name not in PAIRS_AND_RUBBISH)
    return Known(
        labels=labels,
        blasts=blasts,
        nucleated=cells if named else None,
        fraction=blasts / cells if named and cells else None,
        b_fraction=b_cells / lymphocytes if lymphocytes else None,
        lymphocytes=lymphocytes or None,
    )
