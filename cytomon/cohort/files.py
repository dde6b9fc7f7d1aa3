"""The files of a cohort: one row a patient, one row an estimate, figures and the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cytomon.cohort.analysed import Analysed, analyse
from cytomon.cohort.cut import NAME, Taken
from cytomon.cohort.endpoints import Person
from cytomon.cohort.estimates import ESTIMATE_COLUMNS
from cytomon.cohort.figures.plots import Plot, draw
from cytomon.cohort.page import PAGE, page
from cytomon.permissions import make_folder
from cytomon.tables import Row, write_table, write_whole

ENDPOINT_COLUMNS = (
    "patient_id", "efs_days", "efs_event", "efs_hct_days", "efs_hct_event", "os_days", "os_event",
    "relapse_days", "relapse_event", "bcr_days", "bcr_event", "hct_days",
)  # fmt: skip
ENDPOINTS, ESTIMATES, FIGURES = "endpoints.csv", "estimates.csv", "figures"


def write_cohort(out: Path, taken: Taken) -> Analysed:
    """Analyse a cut and write what it says; equal cuts give equal bytes.

    Parameters
    ----------
    out : Path
        Folder, created if it is not there; files of the same names are replaced.
    taken : Taken
        The cut, of at least one patient.

    Raises
    ------
    InputError
        If something cannot be written.
    """
    found = analyse(taken.people, taken.cut.profile.cohort)
    plots = draw(found, taken.cut)
    make_folder(out / FIGURES)
    write_table(out / ENDPOINTS, endpoint_rows(found.people), ENDPOINT_COLUMNS)
    write_table(out / ESTIMATES, (one.row() for one in found.estimates), ESTIMATE_COLUMNS)
    for plot in plots:
        write_whole(out / FIGURES / f"{plot.name}.svg", _alone(plot).encode())
    write_whole(out / NAME, taken.cut.text().encode())
    write_whole(out / PAGE, page(taken.cut, found, plots).encode())
    return found


def endpoint_rows(people: Sequence[Person]) -> Iterator[Row]:
    """Rows of endpoints.csv."""
    for one in people:
        ended = (one.efs, one.efs_hct, one.os, one.relapse, one.recovery)
        cells = [str(number) for outcome in ended for number in outcome]
        last = "" if one.transplant is None else str(one.transplant)
        yield dict(zip(ENDPOINT_COLUMNS, (one.patient_id, *cells, last), strict=True))


def _alone(plot: Plot) -> str:
    """A drawing by itself: on white, with the colours that a page would have given it."""
    text = plot.svg.replace("currentColor", "#1b1b1f")
    head, rest = text.split(">", 1)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head} style="background: #ffffff">{rest}\n'
