"""Layout 1: the first one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None

_WHOLE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_DOUBLE: sa.types.TypeEngine[float] = sa.Double().with_variant(sa.REAL, "sqlite")

TABLES = (
    "log",
    "people",
    "patients",
    "infusions",
    "events",
    "acknowledgements",
    "reports",
    "specimens",
    "tubes",
    "proposals",
    "results",
    "measurements",
    "populations",
    "placements",
    "findings",
    "reviews",
    "signatures",
)

_REFUSAL = "rows of a store are never changed or removed"


def upgrade() -> None:
    """Make all tables, and forbid to change what is in them."""
    _log_and_people()
    _patients()
    _specimens()
    _results()
    _what_people_say()
    _forbid()


def _log_and_people() -> None:
    _make(
        "log",
        _whole("seq", key=True),
        _whole("schema"),
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
    )
    _make("people", _whole("id", key=True), _entry(), _text("name"), _text("role"))
    op.create_index("ix_people_name", "people", ["name"])


def _patients() -> None:
    _make(
        "patients",
        _whole("id", key=True),
        _entry(),
        _whole("thing", to="patients.id"),
        _whole("replaces", to="patients.id", unique=True, nullable=True),
        _text("patient_id"),
        _whole("birth_year", nullable=True),
        _text("sex"),
        _text("genotype"),
    )
    op.create_index("ix_patients_patient_id", "patients", ["patient_id"])
    op.create_index("ix_patients_thing", "patients", ["thing"])
    _make(
        "infusions",
        _whole("id", key=True),
        _entry(),
        _whole("thing", to="infusions.id"),
        _whole("replaces", to="infusions.id", unique=True, nullable=True),
        _whole("patient", to="patients.id"),
        _text("infused_on"),
        _text("product"),
    )
    op.create_index("ix_infusions_patient", "infusions", ["patient"])
    op.create_index("ix_infusions_thing", "infusions", ["thing"])
    _make(
        "events",
        _whole("id", key=True),
        _entry(),
        _whole("thing", to="events.id"),
        _whole("replaces", to="events.id", unique=True, nullable=True),
        _whole("patient", to="patients.id"),
        _text("date"),
        _text("event"),
        _text("value"),
        _text("unit"),
        _text("comment"),
        _whole("withdrawn"),
    )
    op.create_index("ix_events_patient", "events", ["patient"])
    op.create_index("ix_events_thing", "events", ["thing"])
    _make(
        "acknowledgements",
        _whole("id", key=True),
        _entry(),
        _whole("patient", to="patients.id"),
        _text("rule"),
        _text("flagged_on"),
    )
    op.create_index("ix_acknowledgements_patient", "acknowledgements", ["patient"])
    _make(
        "reports",
        _whole("id", key=True),
        _entry(),
        _whole("thing", to="reports.id"),
        _whole("replaces", to="reports.id", unique=True, nullable=True),
        _whole("patient", to="patients.id"),
        _text("report_id"),
        _text("status"),
        _text("as_of"),
        _text("format"),
        _text("sha256"),
    )
    op.create_index("ix_reports_patient", "reports", ["patient"])
    op.create_index("ix_reports_thing", "reports", ["thing"])


def _specimens() -> None:
    _make(
        "specimens",
        _whole("id", key=True),
        _entry(),
        _whole("thing", to="specimens.id"),
        _whole("replaces", to="specimens.id", unique=True, nullable=True),
        _whole("patient", to="patients.id"),
        _text("specimen_id"),
        _text("collected_on"),
        _text("specimen_type"),
        _text("received_on"),
        _whole("pull", nullable=True),
        _text("cd19_clone"),
        _text("cd22_clone"),
        _text("instrument_qc"),
        _real("viability"),
    )
    op.create_index("ix_specimens_patient", "specimens", ["patient"])
    op.create_index("ix_specimens_specimen_id", "specimens", ["specimen_id"])
    op.create_index("ix_specimens_thing", "specimens", ["thing"])
    _make(
        "tubes",
        _whole("id", key=True),
        _entry(),
        _whole("thing", to="tubes.id"),
        _whole("replaces", to="tubes.id", unique=True, nullable=True),
        _whole("specimen", to="specimens.id", nullable=True),
        _text("kind"),
        _text("file"),
        _text("sha256"),
        _whole("withdrawn"),
    )
    op.create_index("ix_tubes_file", "tubes", ["file"])
    op.create_index("ix_tubes_sha256", "tubes", ["sha256"])
    op.create_index("ix_tubes_specimen", "tubes", ["specimen"])
    op.create_index("ix_tubes_thing", "tubes", ["thing"])
    _make(
        "proposals",
        _whole("id", key=True),
        _entry(),
        _text("what"),
        _whole("thing"),
        _text("becomes"),
    )
    op.create_index("ix_proposals_thing", "proposals", ["thing"])


def _results() -> None:
    _make(
        "results",
        _whole("id", key=True),
        _entry(),
        _whole("tube", to="tubes.id"),
        _text("source"),
        _whole("external"),
        _text("template"),
        _text("template_version"),
        _text("template_sha256"),
        _text("engine"),
        _text("cytomon"),
        _text("analysis"),
        _text("content"),
        _text("details"),
    )
    op.create_index("ix_results_tube", "results", ["tube"])
    _make(
        "measurements",
        _whole("result"),
        _text("quantity"),
        _whole("numerator", nullable=True),
        _whole("denominator", nullable=True),
        _real("value"),
        _real("ci_low"),
        _real("ci_high"),
        _real("lod"),
        _real("loq"),
        _text("status"),
        _text("qualifiers"),
        key=("result", "quantity"),
    )
    _make(
        "populations",
        _whole("result"),
        _whole("position"),
        _text("path"),
        _whole("count"),
        _whole("parent_count"),
        key=("result", "position"),
    )
    _make("placements", _whole("result"), _text("gates"), key=("result",))
    _make(
        "findings",
        _whole("result"),
        _whole("position"),
        _text("code"),
        _text("severity"),
        _text("what"),
        _text("where"),
        _text("fix"),
        key=("result", "position"),
    )


def _what_people_say() -> None:
    _make(
        "reviews",
        _whole("id", key=True),
        _entry(),
        _whole("result", to="results.id"),
        _whole("outcome", to="results.id", nullable=True),
        _text("verdict"),
        _text("adjustments"),
        _text("comment"),
    )
    op.create_index("ix_reviews_outcome", "reviews", ["outcome"])
    op.create_index("ix_reviews_result", "reviews", ["result"])
    _make(
        "signatures",
        _whole("id", key=True),
        _entry(),
        _whole("result", to="results.id"),
        _whole("specimen", to="specimens.id"),
        _text("meaning"),
        _text("content"),
        _whole("needs"),
        _whole("amends", to="results.id", nullable=True),
    )
    op.create_index("ix_signatures_result", "signatures", ["result"])
    op.create_index("ix_signatures_specimen", "signatures", ["specimen"])


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False)


def _real(name: str) -> sa.Column[Any]:
    return sa.Column(name, _DOUBLE)


def _whole(
    name: str, *, to: str = "", key: bool = False, unique: bool = False, nullable: bool = False
) -> sa.Column[Any]:
    reference = (sa.ForeignKey(to),) if to else ()
    return sa.Column(
        name,
        _WHOLE,
        *reference,
        primary_key=key,
        autoincrement=False,
        unique=unique or None,
        nullable=nullable,
    )


def _entry() -> sa.Column[Any]:
    return sa.Column("entry", _WHOLE, nullable=False)


def _make(name: str, *columns: sa.Column[Any], key: tuple[str, ...] = ()) -> None:
    """A table; with a key of several columns, the rows of a result."""
    keys = (sa.PrimaryKeyConstraint(*key),) if key else ()
    op.create_table(name, *columns, *keys, sqlite_strict=True, sqlite_with_rowid=not key)


def _forbid() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in TABLES:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER no_{act.lower()}_{name} BEFORE {act} ON {name} "
                    f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION cytomon_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE EXCEPTION '{_REFUSAL}'; END$$"
    )
    for name in TABLES:
        op.execute(
            f"CREATE TRIGGER no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
            "FOR EACH STATEMENT EXECUTE FUNCTION cytomon_refuse()"
        )
