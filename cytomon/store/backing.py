"""What stands behind results: counts, findings, details, and what reviewers said."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from cytomon.model.course import Backing
from cytomon.model.findings import Finding, Severity
from cytomon.model.reviewed import Reviewed
from cytomon.store.current import among
from cytomon.store.reviewed import reviews_behind
from cytomon.store.tables import findings, populations, results


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
    reviewed = reviews_behind(connection, wanted)
    return {
        number: Backing(
            populations=counted[number],
            findings=tuple(said[number]),
            details=details.get(number, {}),
            reviews=reviewed.get(number, ()),
            beside=_beside(number, reviewed.get(number, ())),
        )
        for number in wanted
    }


def _details(text: str) -> dict[str, Any]:
    """The details of a result, as they were kept; nothing where they are no object."""
    read = json.loads(text) if text else {}
    return read if isinstance(read, dict) else {}


def _beside(number: int, said: Sequence[Reviewed]) -> int | None:
    """The automatic result beside one that a review made."""
    made = [one for one in said if one.made and one.made.number == number]
    return made[-1].automatic.number if made else None
