"""Stores with reviews: what a reviewer says of a result, written as the review screen writes it."""

from __future__ import annotations

from sqlalchemy import select, update

from cytomon.model.adjustment import Adjustment, Change, spell_adjustments
from cytomon.model.gating import Box, Polygon
from cytomon.model.people import Act, Review
from cytomon.model.record import MeasuredRow, NewResult, Source
from cytomon.store.change import changing
from cytomon.store.reviewing import Step, save_outcome, save_step
from cytomon.store.said import save_review
from cytomon.store.session import Store
from cytomon.store.tables import results, reviews, tubes
from tests.store.builders import result
from tests.store.conftest import FIRST

TRIANGLE = Polygon(vertices=((1.2, 2.0), (2.1, 2.0), (2.1, 3.0)))
MOVED = Adjustment(
    gate="cd19_clear",
    change=Change.MOVED,
    before=Box(bounds=((1.9, None),)),
    after=Box(bounds=((2.1, None),)),
    on=("CD19",),
    who=FIRST,
)
DRAWN = Adjustment(
    gate="blasts",
    change=Change.TAKEN_OUT,
    before=None,
    after=TRIANGLE,
    on=("CD19", "CD10"),
    who=FIRST,
)
HOSTILE = "\x1b[2J<script>alert(1)</script> =cmd|'/c calc'!A0 \u202egnorw\u202c {{7*7}} #panic"


def newest(store: Store, file: str = "a.fcs") -> int:
    """Number of the newest result of a tube."""
    query = select(results.c.id).join(tubes, tubes.c.thing == results.c.tube)
    with store.reading() as connection:
        return max(connection.scalars(query.where(tubes.c.file == file)))


def say(store: Store, number: int, verdict: Review, comment: str = "", *, who: str = FIRST) -> None:
    """Approve or reject a result."""
    with changing(store, who, "review", act=Act.REVIEW) as change:
        save_review(change, number, verdict, comment=comment)


def change_result(
    store: Store,
    number: int,
    *rows: MeasuredRow,
    adjustments: tuple[Adjustment, ...] = (MOVED, DRAWN),
    comment: str = "debris",
    who: str = FIRST,
    outcome: NewResult | None = None,
) -> int:
    """Measure a tube again with a reviewer's gates; number of the result that came out."""
    made = outcome or result(None, *rows, source=Source.REVIEW)
    with store.reading() as connection:
        tube = connection.scalar(select(results.c.tube).where(results.c.id == number))
    assert tube is not None
    with changing(store, who, "review", act=Act.REVIEW) as change:
        came_out = save_outcome(change, tube, made)
        save_review(
            change,
            number,
            Review.CHANGED,
            outcome=came_out,
            adjustments=spell_adjustments(adjustments),
            comment=comment,
        )
    return came_out


def edit(store: Store, number: int, *, who: str = FIRST) -> None:
    """One edit on the screen, which is part of no verdict."""
    with changing(store, who, "review", act=Act.REVIEW) as change:
        save_step(change, number, Step.EDIT, spell_adjustments((MOVED,)))


def garble(store: Store, text: str) -> None:
    """Put something else in place of all adjustments, as no program of ours would."""
    with store.engine.connect() as connection:
        if store.on_sqlite:
            for (name,) in connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'reviews'"
            ).all():
                connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        else:
            connection.exec_driver_sql("ALTER TABLE reviews DISABLE TRIGGER USER")
        connection.execute(update(reviews).values(adjustments=text))
        connection.commit()
