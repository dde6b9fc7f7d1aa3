"""What stands behind results: counts, findings, details, and what reviewers said."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from cytomon.model.course import Backing, Reviewed
from cytomon.model.findings import Finding, Severity
from cytomon.store.current import among
from cytomon.store.tables import findings, log, populations, results, reviews


def read_backing(connection: Connection, numbers: Sequence[int]) -> dict[int, Backing]:
    """What stands behind some results.

    Parameters
    ----------
    connection : Connection
        From `Store.reading`.
    numbers : sequence of int
        Of the results in the store.

    Returns
    -------
    dict of int to Backing
        One for each.
    """
    wanted = sorted(set(numbers))
    details = {
        row.id: _details(row.details)
        for row in among(connection, select(results), results.c.id, wanted)
    }
    counted: dict[int, dict[str, int]] = defaultdict(dict)
    for row in among(connection, select(populations), populations.c.result, wanted):
        counted[row.result][row.path] = row._mapping["count"]
    said: dict[int, list[Finding]] = defaultdict(list)
    for row in sorted(among(connection, select(findings), findings.c.result, wanted)):
        said[row.result].append(
            Finding(
                code=row.code,
                severity=Severity(row.severity),
                what=row.what,
                where=row.where,
                fix=row.fix,
            )
        )
    reviewed = _reviews(connection, wanted)
    return {
        number: Backing(
            populations=counted[number],
            findings=tuple(said[number]),
            details=details.get(number, {}),
            reviews=tuple(reviewed[number]),
        )
        for number in wanted
    }


def _details(text: str) -> dict[str, Any]:
    """The details of a result, as they were kept; nothing where they are no object."""
    read = json.loads(text) if text else {}
    return read if isinstance(read, dict) else {}


def _reviews(connection: Connection, wanted: Sequence[int]) -> dict[int, list[Reviewed]]:
    """Reviews of the results themselves, and of those that a review made of another one."""
    found: dict[int, list[Reviewed]] = defaultdict(list)
    query = select(reviews, log.c.at, log.c.who).join(log, log.c.seq == reviews.c.entry)
    for column in (reviews.c.result, reviews.c.outcome):
        for row in sorted(among(connection, query, column, wanted)):
            found[getattr(row, column.name)].append(
                Reviewed(by=row.who, at=row.at, verdict=row.verdict, comment=row.comment)
            )
    return found
