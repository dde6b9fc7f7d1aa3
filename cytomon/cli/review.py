"""`cytomon review`: the tubes that a person should look at, in napari."""

from __future__ import annotations

import os
import platform
import re
import socket
import sys
from datetime import datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytomon.cli.correct import which
from cytomon.cli.stored import DAY, StoreOption, UserOption, acting, opened_store
from cytomon.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cytomon.review.desk import Desk
    from cytomon.review.worklist import Item, Worklist
    from cytomon.store.find import Which
    from cytomon.store.session import Store

NOTHING = 3
_QT = "pyside6<6.11"
_SOCKETS = "/tmp/.X11-unix"  # noqa: S108  (where X servers are found, by their own convention)
_PATIENCE = 5.0
"""Seconds that a display may take to answer."""


def review(
    specimen: Annotated[
        str, typer.Argument(metavar="[SPECIMEN]", help="Its specimen_id; by default the worklist.")
    ] = "",
    doubtful: Annotated[
        bool, typer.Option("--doubtful", help="Only tubes of which something is doubtful.")
    ] = False,
    listing: Annotated[
        bool, typer.Option("--list", help="Print the worklist, and open no window.")
    ] = False,
    files: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Where FCS files lie, if not where they were measured."),
    ] = None,
    template: Annotated[
        str, typer.Option(metavar="FILE", help="A template that is not shipped.")
    ] = "",
    mapping: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Which detector holds which marker.")
    ] = None,
    patient: Annotated[str, typer.Option(metavar="ID", help="Whose specimen.")] = "",
    collected_on: Annotated[
        datetime | None, typer.Option(formats=DAY, metavar="DAY", help="Its day.")
    ] = None,
    specimen_type: Annotated[str, typer.Option(metavar="TYPE", help="marrow, blood or csf.")] = "",
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Look at gates, move them, see what that does to the verdict, and approve or reject.

    Tubes come in the order of doubt times consequence. Every change is kept as it is made, under
    your name; nothing counts before you approve. Templates are never changed.
    """
    who = acting(user)
    if not listing:
        refuse_blind_machine()
    with opened_store(store, who) as there:
        items, left_out = _items(
            there, specimen, which(patient, collected_on, specimen_type), doubtful
        )
        if not items:
            typer.echo("no tube waits for a review", err=True)
            return NOTHING if specimen else 0
        if listing:
            for line in lines(items, left_out):
                typer.echo(line)
            return 0
        _open_window(_desk(there, who, store, files or [], template, mapping), items)
    return 0


def refuse_blind_machine() -> None:
    """See that a window can be opened at all.

    Raises
    ------
    InputError
        If there is no display, or napari is not installed.
    """
    unix = sys.platform not in {"win32", "darwin"}
    display = os.environ.get("DISPLAY", "")
    if unix and not os.environ.get("WAYLAND_DISPLAY") and not answers(display):
        silent = f"the display {display} does not answer"
        raise InputError(
            silent if display else "there is no display to open a window on",
            where="DISPLAY",
            fix="run it on a desktop, or through ssh -X; `cytomon review --list` needs no window",
        )
    if find_spec("napari") is None:
        raise InputError(
            "napari is not installed",
            where="cytomon review",
            fix=f'pip install "cytomon[gui]" "{_QT}"',
        )
    if not any(find_spec(name) for name in ("PyQt6", "PySide6", "PyQt5", "PySide2")):
        raise InputError(
            "napari has no Qt to draw with", where="cytomon review", fix=f'pip install "{_QT}"'
        )
    if find_spec("PyQt6") is None and find_spec("PySide6") is not None and _is_counted_down():
        raise InputError(
            "this PySide6 ends the program in the middle of the work on this Python",
            where=f"PySide6 {version('PySide6')}, Python {platform.python_version()}",
            fix=f'pip install "{_QT}", or use Python 3.12',
        )


def answers(display: str) -> bool:
    """Whether an X server is there: without one, Qt ends the program and says nothing of ours.

    Parameters
    ----------
    display : str
        As ``$DISPLAY`` has it: ``:0``, ``localhost:10.0``. In any other form it is believed.
    """
    found = re.fullmatch(r"(?:unix)?(?P<host>[^/:]*):(?P<number>\d+)(?:\.\d+)?", display)
    if found is None:
        return bool(display)
    number, host = int(found["number"]), found["host"]
    if host:
        return _connects(socket.AF_INET, (host, 6000 + number))
    path = f"{_SOCKETS}/X{number}"  # on Linux there may be one without a file, too
    return any(_connects(socket.AF_UNIX, place) for place in (path, f"\0{path}"))


def _connects(family: int, place: str | tuple[str, int]) -> bool:
    with socket.socket(family) as there:
        there.settimeout(_PATIENCE)
        try:
            there.connect(place)
        except OSError:
            return False
    return True


def _is_counted_down() -> bool:
    """Whether PySide6 aborts here: newer ones do before Python 3.12, over the count of None."""
    newest = tuple(int(part) for part in version("PySide6").split(".")[:2])
    return sys.version_info < (3, 12) and newest > (6, 10)


def _items(store: Store, specimen: str, meant: Which, doubtful: bool) -> tuple[Sequence[Item], int]:
    from cytomon.review.named import items_of_specimen
    from cytomon.review.worklist import read_worklist

    if specimen:
        return items_of_specimen(store, specimen, meant), 0
    found: Worklist = read_worklist(store, doubtful=doubtful, patient_id=meant.patient_id)
    return found.items, found.left_out


def _desk(
    store: Store, who: str, url: str | None, files: list[Path], template: str, mapping: Path | None
) -> Desk:
    from cytomon.fcs.panel import read_mapping
    from cytomon.review.case import Places
    from cytomon.review.desk import Desk
    from cytomon.whereabouts import tube_folders

    places = Places(
        named=tuple(files),
        known=tube_folders(store.address),
        template=template,
        mapping=read_mapping(mapping) if mapping else None,
    )
    return Desk(who=who, store=store, places=places)


def _open_window(desk: Desk, items: Sequence[Item]) -> None:
    from cytomon.review.screen.app import review as show

    waits = "tube waits" if len(items) == 1 else "tubes wait"
    typer.echo(f"{len(items)} {waits}; the window is being opened", err=True)
    show(desk, items)


def lines(items: Sequence[Item], left_out: int) -> list[str]:
    """The worklist as text, the most urgent first."""
    found = []
    for item in items:
        day = str(item.collected_on or "day not recorded")
        mrd = item.statuses.get("mrd", "")
        head = f"{item.patient_id}  {item.specimen_id}  {item.specimen_type}  {day}"
        found.append(f"{head}  {item.file}  {mrd}".rstrip())
        found += [f"    {reason}" for reason in item.reasons or ("nothing doubtful",)]
    if left_out:
        found.append(f"and {left_out} more")
    return found
