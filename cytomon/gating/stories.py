"""What the key plots of a tube show: a population, event by event, on what it is a fraction of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cytomon.gating.columns import Columns
from cytomon.gating.count import memberships
from cytomon.gating.source import Source, Table
from cytomon.model.gating import Axis
from cytomon.model.results import TubeResult
from cytomon.model.tube import BoolArray, Tube


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Key plots of one answer.

    Attributes
    ----------
    role, background : str
        Role of the population, and of what it is a fraction of.
    says : str
        Both in words.
    pairs : tuple of (str, str)
        Labels of the dimensions, the most telling first.
    doubt : str
        Role of events that may belong to the population; empty where there are none.
    """

    role: str
    background: str
    says: str
    pairs: tuple[tuple[str, str], ...]
    doubt: str = ""


STORIES = (
    Story(
        role="blasts",
        background="nucleated",
        says="blasts on nucleated cells",
        doubt="by_eye",
        pairs=(
            ("CD45", "SSC-A"),
            ("CD19", "CD10"),
            ("CD10", "CD38"),
            ("CD19", "CD22"),
            ("CD34", "CD45"),
            ("CD58", "CD66c+CD123"),
        ),
    ),
    Story(
        role="b_cells",
        background="lymphocytes",
        says="B cells on lymphocytes",
        pairs=(
            ("CD45", "SSC-A"),
            ("CD19", "CD3"),
            ("CD19", "CD20"),
            ("CD19", "CD10"),
            ("CD10", "CD45"),
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """A measured tube, ready to be drawn.

    Attributes
    ----------
    result : TubeResult
        What was measured.
    columns : Columns
        Every event, on the axes of the gates.
    members : mapping of str to ndarray of bool, shape (n_events,)
        Gate to its members; the empty name stands for all events that are finite.
    """

    result: TubeResult
    columns: Columns
    members: Mapping[str, BoolArray]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """The events of a story: those in front, those in doubt, and those behind them."""

    front: BoolArray
    doubt: BoolArray
    behind: BoolArray


def see(tube: Tube, result: TubeResult, source: Source) -> Seen:
    """Look at every event of a measured tube once, for all that is drawn of it.

    Parameters
    ----------
    tube : Tube
        For its channels.
    result : TubeResult
        Placed gates, and what was examined.
    source : Source
        Every event of the tube; all are held in memory.
    """
    events = source.whole()
    columns = Columns(events, tube.channels, result.placement.matrices)
    table = Table(events=events, channels=tube.channels)
    members = memberships(table, result.placement, examinations=result.examinations)
    return Seen(result=result, columns=columns, members={**members, "": columns.finite()})


def pairs_of(story: Story, seen: Seen) -> Iterator[tuple[Axis, Axis]]:
    """Pairs of dimensions that the gates of a tube have; none where it cannot tell the story."""
    placement = seen.result.placement
    if story.role not in placement.roles:
        return
    by_label = {axis.label: axis for gate in placement.gates for axis in gate.axes}
    for x, y in story.pairs:
        if x in by_label and y in by_label:
            yield by_label[x], by_label[y]


def shown(story: Story, seen: Seen) -> Shown:
    """The events of a story that a tube can tell."""
    members, roles = seen.members, seen.result.placement.roles
    front = members[roles[story.role]]
    doubt = members[roles[story.doubt]] if story.doubt in roles else np.zeros_like(front)
    return Shown(front=front, doubt=doubt, behind=members[roles.get(story.background, "")])
