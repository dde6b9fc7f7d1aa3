"""The tables of a store.

Nothing in them is ever changed or removed. What is corrected gets a new row, which points to the
one before (`replaces`) and to the first one (`thing`); the others point to the first one too, so
that no reference moves. Every row names the entry of the log that wrote it; the parts of a result
(measurements, populations, placements, findings) are covered by its ``content``.

Columns are integers, doubles and text and nothing else, dates in ISO form: both databases then give
back exactly what was put in, and whatever was changed since shows in the hashes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    REAL,
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

SCHEMA = 1
"""Number of this layout, as it stands in each entry of the log."""

# SQLite's strict tables know no other words for the two
_WHOLE: TypeEngine[int] = BigInteger().with_variant(Integer, "sqlite")
_DOUBLE: TypeEngine[float] = Double().with_variant(REAL, "sqlite")

metadata = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _count(name: str) -> Column[int]:
    return Column(name, _WHOLE, nullable=True)


def _real(name: str) -> Column[float]:
    return Column(name, _DOUBLE, nullable=True)


def _to(table: str, name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, _WHOLE, ForeignKey(f"{table}.id"), nullable=nullable)


def _table(name: str, *columns: Column[Any]) -> Table:
    """Rows that an entry of the log covers one by one."""
    identity: Column[int] = Column("id", _WHOLE, primary_key=True, autoincrement=False)
    # No reference: an entry is written after its rows, of which it holds the hashes, and for a
    # deferred one SQLite looks through every table at each entry. `verify` sees that it is there.
    entry: Column[int] = Column("entry", _WHOLE, nullable=False)
    return Table(name, metadata, identity, entry, *columns, sqlite_strict=True)


def _versioned(name: str, *columns: Column[Any]) -> Table:
    """Rows of which the newest version of each thing counts."""
    thing = _to(name, "thing")
    replaces: Column[int] = Column("replaces", _WHOLE, ForeignKey(f"{name}.id"), unique=True)
    table = _table(name, thing, replaces, *columns)
    Index(f"ix_{name}_thing", table.c.thing)
    return table


def _part(name: str, second: Column[Any] | None, *columns: Column[Any]) -> Table:
    """Rows of a result, laid down in its order."""
    # No reference either: on PostgreSQL it doubles the time of an import. The content of a result
    # says which parts it has, and `verify` finds those of no result.
    result: Column[Any] = Column("result", _WHOLE, nullable=False)
    parts = (result, *(() if second is None else (second,)))
    return Table(
        name,
        metadata,
        *parts,
        *columns,
        PrimaryKeyConstraint(*(part.name for part in parts)),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


log = Table(
    "log",
    metadata,
    Column("seq", _WHOLE, primary_key=True, autoincrement=False),
    Column("schema", _WHOLE, nullable=False),
    _text("at"),
    _text("who"),
    _text("role"),
    _text("action"),
    _text("subject"),
    _text("before"),
    _text("after"),
    _text("why"),
    _text("rows"),
    _text("previous"),
    _text("hash"),
    sqlite_strict=True,
)

people = _table("people", _text("name"), _text("role"))

patients = _versioned(
    "patients", _text("patient_id"), _count("birth_year"), _text("sex"), _text("genotype")
)
infusions = _versioned(
    "infusions", _to("patients", "patient"), _text("infused_on"), _text("product")
)
specimens = _versioned(
    "specimens",
    _to("patients", "patient"),
    _text("specimen_id"),
    _text("collected_on"),
    _text("specimen_type"),
    _text("received_on"),
    _count("pull"),
    _text("cd19_clone"),
    _text("cd22_clone"),
    _text("instrument_qc"),
    _real("viability"),
)
tubes = _versioned(
    "tubes",
    _to("specimens", "specimen", nullable=True),
    _text("kind"),
    _text("file"),
    _text("sha256"),
    Column("withdrawn", _WHOLE, nullable=False),
)
events = _versioned(
    "events",
    _to("patients", "patient"),
    _text("date"),
    _text("event"),
    _text("value"),
    _text("unit"),
    _text("comment"),
    Column("withdrawn", _WHOLE, nullable=False),
)
results = _table(
    "results",
    _to("tubes", "tube"),
    _text("source"),
    Column("external", _WHOLE, nullable=False),
    _text("template"),
    _text("template_version"),
    _text("template_sha256"),
    _text("engine"),
    _text("cytomon"),
    _text("analysis"),
    _text("content"),
    _text("details"),
)
measurements = _part(
    "measurements",
    _text("quantity"),
    _count("numerator"),
    _count("denominator"),
    _real("value"),
    _real("ci_low"),
    _real("ci_high"),
    _real("lod"),
    _real("loq"),
    _text("status"),
    _text("qualifiers"),
)
populations = _part(
    "populations",
    Column("position", _WHOLE, nullable=False),
    _text("path"),
    Column("count", _WHOLE, nullable=False),
    Column("parent_count", _WHOLE, nullable=False),
)
placements = _part("placements", None, _text("gates"))
findings = _part(
    "findings",
    Column("position", _WHOLE, nullable=False),
    _text("code"),
    _text("severity"),
    _text("what"),
    _text("where"),
    _text("fix"),
)
reviews = _table(
    "reviews",
    _to("results", "result"),
    _to("results", "outcome", nullable=True),
    _text("verdict"),
    _text("adjustments"),
    _text("comment"),
)
signatures = _table(
    "signatures",
    _to("results", "result"),
    _to("specimens", "specimen"),
    _text("meaning"),
    _text("content"),
    Column("needs", _WHOLE, nullable=False),
    _to("results", "amends", nullable=True),
)
proposals = _table(
    "proposals",
    _text("what"),
    Column("thing", _WHOLE, nullable=False),
    _text("becomes"),
)
acknowledgements = _table(
    "acknowledgements",
    _to("patients", "patient"),
    _text("rule"),
    _text("flagged_on"),
)
reports = _versioned(
    "reports",
    _to("patients", "patient"),
    _text("report_id"),
    _text("status"),
    _text("as_of"),
    _text("format"),
    _text("sha256"),
)

for _table_, *_names in (
    (people, "name"),
    (patients, "patient_id"),
    (infusions, "patient"),
    (specimens, "patient"),
    (specimens, "specimen_id"),
    (tubes, "specimen"),
    (tubes, "sha256"),
    (tubes, "file"),
    (events, "patient"),
    (results, "tube"),
    (reviews, "result"),
    (reviews, "outcome"),
    (signatures, "result"),
    (signatures, "specimen"),
    (proposals, "thing"),
    (acknowledgements, "patient"),
    (reports, "patient"),
):
    Index(f"ix_{_table_.name}_{'_'.join(_names)}", *(_table_.c[name] for name in _names))

REFUSAL = "rows of a store are never changed or removed"
"""What the database says to whoever tries."""

PARTS = (measurements, populations, placements, findings)
"""Tables that the content of a result covers."""

VERSIONED = (patients, infusions, specimens, tubes, events, reports)
"""Tables of things that have versions."""

LOGGED = tuple(t for t in metadata.sorted_tables if t is not log and t not in PARTS)
"""Tables whose rows an entry of the log covers."""
