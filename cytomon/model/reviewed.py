"""What reviewers said of results: who, when and why, and the numbers that it was about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from cytomon.model.adjustment import Adjustment
from cytomon.model.results import Measurement


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """A result as a reviewer found it, or made it.

    Attributes
    ----------
    number : int
        Of the result in the store.
    template, template_version, cytomon : str
        What it was measured with.
    saved_at, saved_by : str
        When it was kept, and by whom.
    measurements : mapping of str to Measurement
        By quantity.
    """

    number: int
    template: str
    template_version: str
    cytomon: str
    saved_at: str
    saved_by: str
    measurements: Mapping[str, Measurement]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reviewed:
    """What a reviewer has said of a result, and the numbers that it was about.

    Attributes
    ----------
    by, at : str
        Name, and time in UTC.
    verdict : str
        `cytomon.model.people.Review`.
    comment : str
        The reason; empty where none was given.
    adjustments : tuple of Adjustment or None
        Which gates were changed; None where what was kept cannot be read.
    specimen : int
        Number of the specimen that has the tube now.
    specimen_id, specimen_type : str
        As in its list.
    collected_on : date or None
        Day of collection.
    file : str
        Its file; empty for all tubes together, and for what was measured elsewhere.
    found : Found
        The result that was looked at.
    made : Found or None
        With `changed` the result with the reviewer's gates.
    automatic : Found
        The result that no reviewer has made: `found`, or the one that `found` goes back to.
    """

    by: str
    at: str
    verdict: str
    comment: str
    adjustments: tuple[Adjustment, ...] | None
    specimen: int
    specimen_id: str
    specimen_type: str
    collected_on: date | None
    file: str
    found: Found
    made: Found | None
    automatic: Found
