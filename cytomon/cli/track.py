"""`cytomon track`: who needs a person first, and the course of one patient."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cytomon.cli.stored import DAY, StoreOption, UserOption, acting, opened_store

if TYPE_CHECKING:
    from cytomon.courses import Day
    from cytomon.store.session import Store
    from cytomon.track.digest import Digest
    from cytomon.track.follow import Followed


class Form(StrEnum):
    """How it is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def track(
    patient: Annotated[
        str | None, typer.Argument(metavar="[PATIENT]", help="One course; else all patients.")
    ] = None,
    states: Annotated[bool, typer.Option("--states", help="States instead of flags.")] = False,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=DAY, metavar="DAY", help="The day; by default today."),
    ] = None,
    profile: Annotated[
        str, typer.Option(metavar="NAME", help="trial, euroflow, local, or a YAML file.")
    ] = "trial",
    form: Annotated[Form, typer.Option("--format", help="For people, or for programs.")] = (
        Form.TABLE
    ),
    everybody: Annotated[
        bool, typer.Option("--all", help="Every patient, however long the list becomes.")
    ] = False,
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Follow patients: states and flags from all that is kept, as of a day.

    Without PATIENT the list of all, whoever needs a person first on top. With --format csv every
    flag there ever was, open or not. Flags propose where to look; a person judges.
    """
    from cytomon.courses import Day
    from cytomon.track.profile import read_profile

    who = acting(user)
    day = Day(as_of=as_of.date() if as_of else date.today(), profile=read_profile(profile))
    _say_definitions(day)
    if patient is not None:
        with opened_store(store, who) as there:
            return _one(there, patient.strip(), day, form, states=states)
    return _everyone(store, who, day, form, states=states, everybody=everybody)


def _say_definitions(day: Day) -> None:
    from cytomon.track.rules.catalogue import VERSION

    profile = day.profile
    counts = "counts" if profile.relapse_includes_mrd else "does not count"
    typer.echo(
        f"as of {day.as_of}; rules {VERSION}, profile {profile.title} (recovery: "
        f"{profile.recovery}; confirmed MRD relapse {counts} as relapse)",
        err=True,
    )


def _one(there: Store, patient: str, day: Day, form: Form, *, states: bool) -> int:
    from cytomon.cli.track_patient import course_lines, state_lines
    from cytomon.courses import follow_patient, reviews_until, trace_patient
    from cytomon.track.written import as_json, flag_rows

    followed = follow_patient(there, patient, day)
    if form is Form.CSV:
        rows = [followed.states.row()] if states else flag_rows(followed)
        _write_csv(rows, states=states)
    elif form is Form.JSON:
        from cytomon.track.written import review_json, step_json

        reviews = [review_json(one) for one in reviews_until(there, patient, day)]
        changed = [step_json(one.entry, one.changed) for one in trace_patient(there, patient, day)]
        _write_json(day, [as_json(followed) | {"reviews": reviews, "changed": changed}])
    elif states:
        _say(state_lines(followed))
    else:
        steps = trace_patient(there, patient, day)
        _say(course_lines(followed, reviews_until(there, patient, day), steps))
    return 0


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


def _everyone(
    store: str | None, who: str, day: Day, form: Form, *, states: bool, everybody: bool
) -> int:
    from cytomon.cli.batch import processes
    from cytomon.courses import follow_all
    from cytomon.remembered import follow_digests
    from cytomon.store.address import choose
    from cytomon.track.written import as_json, flag_rows

    address, workers = choose(store), processes()
    if form is Form.CSV and states:
        rows = follow_all(address, who, day, _state_row, workers=workers)
        _write_csv(sorted(rows, key=_whose), states=True)
    elif form is Form.CSV:
        flags = follow_all(address, who, day, flag_rows, workers=workers)
        listed = (row for rows in flags for row in rows)
        _write_csv(sorted(listed, key=_whose), states=False)
    elif form is Form.JSON:
        told = follow_all(address, who, day, as_json, workers=workers)
        _write_json(day, sorted(told, key=_whose))
    else:
        digests = follow_digests(address, who, day, workers=workers, report=_say_many)
        _write_table(digests, day, states, everybody)
    return 0


def _say_many(patients: int) -> None:
    if patients >= _MANY:
        typer.echo(f"{patients} patients are worked out anew; the next time is quicker", err=True)


_MANY = 1000


def _write_table(digests: Sequence[Digest], day: Day, states: bool, everybody: bool) -> None:
    from cytomon.cli.track_table import state_table, worklist

    table = worklist(digests, day.as_of, everybody=everybody)
    _say(state_table(digests) if states else table)


def _whose(row: Mapping[str, Any]) -> str:
    return str(row["patient_id"])


def _state_row(followed: Followed) -> Mapping[str, str]:
    return followed.states.row()


def _write_csv(rows: Iterable[Mapping[str, str]], *, states: bool) -> None:
    from cytomon.tables import harmless
    from cytomon.track.written import FLAG_COLUMNS, STATE_COLUMNS

    columns: Sequence[str] = STATE_COLUMNS if states else FLAG_COLUMNS
    writer = csv.writer(sys.stdout, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([harmless(row[column]) for column in columns])


def _write_json(day: Day, patients: list[dict[str, Any]]) -> None:
    from cytomon.track.rules.catalogue import VERSION

    document = {
        "as_of": day.as_of.isoformat(),
        "rules": VERSION,
        "profile": day.profile.model_dump(),
        "patients": patients,
    }
    typer.echo(json.dumps(document, indent=1, ensure_ascii=False))
