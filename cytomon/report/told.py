"""What a report tells beside its words: measurements for other systems, and points of curves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cytomon.model.results import Measurement


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checked:
    """A reviewer's word on a measurement, as other systems take it.

    Attributes
    ----------
    by, at : str
        Name, and time in UTC.
    says : str
        The verdict, why, and which gates were changed.
    """

    by: str
    at: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observed:
    """A measurement as other systems take it.

    Attributes
    ----------
    title : str
        The quantity in words.
    says : str
        Its status in words.
    measurement : Measurement
        The numbers.
    method : str
        Template and version; empty where not recorded.
    file_sha256 : str
        Hash of the tube's file; empty where it was measured elsewhere.
    signed : bool
        Whether it was released.
    checked : tuple of Checked
        Who has reviewed it, in order.
    automatic : Measurement or None
        What stands beside it, where a review has made it.
    """

    title: str
    says: str
    measurement: Measurement
    method: str
    file_sha256: str
    signed: bool
    checked: tuple[Checked, ...] = ()
    automatic: Measurement | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Collected:
    """A specimen, what was observed in it, and which of its results were rejected."""

    specimen_id: str
    specimen_type: str
    collected_on: date
    received_on: date | None
    day: int | None
    observed: tuple[Observed, ...]
    rejected: tuple[Checked, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An event of the course, for other systems: a procedure or an observation."""

    on: date
    event: str
    value: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One measurement of a curve.

    Attributes
    ----------
    day : int
        After the infusion.
    kind : str
        ``marrow``, ``blood`` or ``csf``; of an antigen or a transgene ``CD19`` or ``CD22``.
    value, low, high : float or None
        Fraction with its 95 % interval, or an amount; None where there is none.
    limit : float or None
        Limit of detection.
    shown : str
        ``value``; ``weak`` for what lies below `limit`; ``censored`` for what was not found at
        all; ``silent`` where there is no answer.
    """

    day: int
    kind: str
    value: float | None
    low: float | None
    high: float | None
    limit: float | None
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """What the figure of a course is drawn from.

    Attributes
    ----------
    mrd, b_cells, antigens, intensities, copies : tuple of Point
        Fractions of nucleated cells, of lymphocytes and of blasts; log10 of the blasts' median
        over that of the patient's own baseline; copies/ng.
    happened : tuple of (int, str)
        Day and name of what is marked on the axis of time.
    recovery : tuple of (int, int) or None
        B cells came back after the first and not later than the second.
    last : int
        Day up to which the axis goes.
    """

    mrd: tuple[Point, ...] = ()
    b_cells: tuple[Point, ...] = ()
    antigens: tuple[Point, ...] = ()
    intensities: tuple[Point, ...] = ()
    copies: tuple[Point, ...] = ()
    happened: tuple[tuple[int, str], ...] = ()
    recovery: tuple[int, int] | None = None
    last: int = 0
