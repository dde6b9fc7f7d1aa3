"""What an engine is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Protocol

from cytomon.gating.bits import Bits
from cytomon.gating.columns import Columns
from cytomon.gating.source import Rows
from cytomon.model.gating import Placement


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """Who is inside the gates of a tube.

    Attributes
    ----------
    counts : mapping of str to int
        Gate to the number of its events; the empty name stands for all finite events.
    bits : mapping of str to Bits
        Membership of the gates that were asked for, and of all finite events.
    """

    counts: Mapping[str, int]
    bits: Mapping[str, Bits]


class Engine(Protocol):
    """Who decides whether an event is inside a gate."""

    @property
    def open_events(self) -> tuple[tuple[str, int], ...]:
        """Gate and row where FlowKit's own answer depends on what else is in the file."""

    @property
    def by_flowkit(self) -> tuple[str, ...]:
        """Gates that the engine left to FlowKit's arithmetic as a whole."""

    def ask(self, placement: Placement, wanted: Set[str]) -> Answer:
        """Pass every event through gates, envelopes excepted.

        Parameters
        ----------
        placement : Placement
            The gates.
        wanted : set of str
            Those whose membership is wanted event by event.
        """

    def columns(self, rows: Rows) -> Columns:
        """Some events by FlowKit's own arithmetic, in ascending order."""
