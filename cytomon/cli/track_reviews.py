"""Reviews of one patient's results in the terminal: who, when, why, and the automatic number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cytomon.model.reviewed import Reviewed
from cytomon.report.words import inert
from cytomon.track.reviews import answers_of, gates_of, said_by, tube_of


def review_lines(reviews: Sequence[Reviewed]) -> Iterator[str]:
    """Each verdict with what it changed, by day of the specimen.

    Parameters
    ----------
    reviews : sequence of Reviewed
        In the order in which they were given, which is kept within a day.

    Yields
    ------
    str
        Lines without anything that a terminal would obey.
    """
    yield "reviews"
    for one in sorted(reviews, key=lambda review: str(review.collected_on)):
        where = f"{one.collected_on} {one.specimen_type} {one.specimen_id}, {tube_of(one)}"
        yield inert(f"  {where}: {said_by(one)}")
        for told in (*gates_of(one), *answers_of(one)):
            yield inert(f"      {told}")
