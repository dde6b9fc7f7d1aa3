"""Our counts beside those that FlowJo stored in its workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cytomon.gating.exchange.document import Document
from cytomon.gating.exchange.workspace_file import Sample
from cytomon.gating.part import rests_on
from cytomon.model.gating import Ellipse, Placement, Polygon

MOST_EVENTS, MOST_SHARE = 5, 0.01
"""Up to so many events, or this share of FlowJo's count, is what its binning explains: FlowJo
decides polygons on a grid of 256 by 256."""
MOST_EVENTS_EXACT, MOST_SHARE_EXACT = 1, 0.001
"""Of populations that rest on no polygon: what the last digits of a matrix explain."""

COLUMNS = (
    "file",
    "path",
    "gate",
    "count",
    "flowjo_count",
    "difference",
    "difference_percent",
    "marked",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One population of one tube.

    Attributes
    ----------
    file : str
        Name of the tube.
    path : str
        Of the population, as FlowJo has it.
    gate : str
        Name in the template.
    count : int
        Ours.
    stored : int or None
        FlowJo's; None where the workspace holds none.
    binned : bool
        Whether the population rests on a gate that FlowJo decides on a grid.
    """

    file: str
    path: str
    gate: str
    count: int
    stored: int | None
    binned: bool = True

    @property
    def difference(self) -> int | None:
        """Ours minus FlowJo's, in events."""
        return None if self.stored is None else self.count - self.stored

    @property
    def share(self) -> float | None:
        """The difference as a fraction of FlowJo's count; None of nothing."""
        return None if self.difference is None or not self.stored else self.difference / self.stored

    @property
    def is_marked(self) -> bool:
        """Whether it is more than binning, or the last digits, explain."""
        if self.difference is None or self.stored is None:
            return False
        if self.binned:
            return abs(self.difference) > max(MOST_EVENTS, MOST_SHARE * self.stored)
        return abs(self.difference) > max(MOST_EVENTS_EXACT, MOST_SHARE_EXACT * self.stored)

    def row(self) -> dict[str, str]:
        """Cells of the table; empty where there is nothing to compare."""
        return {
            "file": self.file,
            "path": self.path,
            "gate": self.gate,
            "count": str(self.count),
            "flowjo_count": "" if self.stored is None else str(self.stored),
            "difference": "" if self.difference is None else f"{self.difference:d}",
            "difference_percent": "" if self.share is None else f"{100 * self.share:.3f}",
            "marked": "yes" if self.is_marked else "",
        }


def compare_counts(
    sample: Sample, document: Document, counts: Mapping[str, int], *, file: str
) -> Iterator[Compared]:
    """Set the counts of one tube beside those of its sample.

    Parameters
    ----------
    sample : Sample
        Of the workspace.
    document : Document
        The gates of the template, with their paths in the workspace.
    counts : mapping of str to int
        Gate to our count.
    file : str
        How to call the tube.
    """
    stored = {node.path: node.count for node in sample.nodes}
    binned = set(_on_a_grid(document.placement))
    for gate, path in document.paths.items():
        if gate in counts:
            yield Compared(
                file=file,
                path="/".join(path),
                gate=gate,
                count=counts[gate],
                stored=stored.get(path),
                binned=gate in binned,
            )


def _on_a_grid(placement: Placement) -> Iterator[str]:
    """Polygons, ellipses, and what rests on them."""
    found: set[str] = set()
    for gate in placement.gates:
        if isinstance(gate.shape, Polygon | Ellipse) or found & {*rests_on(gate)}:
            found.add(gate.name)
            yield gate.name
