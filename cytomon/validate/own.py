"""A laboratory's own tubes, with whatever is known of each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from cytomon.errors import InputError
from cytomon.fcs.panel import PanelMapping
from cytomon.folders import find_tubes, is_tube
from cytomon.lists import read_rows
from cytomon.model.results import AntigenCall
from cytomon.simulate.sidecar import SUFFIX
from cytomon.validate.judge import compare
from cytomon.validate.rows import Count, Fraction
from cytomon.validate.truth import Known, known_of_labels
from cytomon.validate.words import BY_EVENT, read_truth, truth_files

LIST = "labels.csv"
_LIKE_A_NUMBER, _NUMBER = re.compile(r"\d[\d.,' ]*%?"), re.compile(r"\d+(\.\d*)?")


def _call(cell: object) -> object:
    return None if cell == "" else cell


def _pointed(cell: object) -> object:
    """A number as other countries and spreadsheets write it is refused with what it holds."""
    if isinstance(cell, str) and _LIKE_A_NUMBER.fullmatch(cell) and not _NUMBER.fullmatch(cell):
        msg = (
            f"{cell!r} is no number that is understood: the decimal sign is the point, there are "
            "no thousands separators, and a fraction is never in percent (0.0005, not 0,05 %)"
        )
        raise ValueError(msg)
    return cell


Call = Annotated[AntigenCall | None, BeforeValidator(_call)]
Positive = Annotated[
    Annotated[float, Field(ge=0)] | None, BeforeValidator(_call), BeforeValidator(_pointed)
]
Number = Annotated[Count, BeforeValidator(_pointed)]
Share = Annotated[Fraction, BeforeValidator(_pointed)]


class OwnRow(BaseModel):
    """One row of ``labels.csv``.

    Attributes
    ----------
    file : str
        Relative to the list.
    blasts : float or None
        Count where `nucleated` is given, else the fraction, below 1.
    nucleated : int or None
        What the blasts were counted among.
    b_fraction : float or None
        B cells of lymphocytes, as a fraction.
    lymphocytes : int or None
        What that fraction is of.
    cd19, cd22 : str or None
        Calls in the words of ``measurements.csv``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str = Field(min_length=1)
    blasts: Positive = None
    nucleated: Number = None
    b_fraction: Share = None
    lymphocytes: Number = None
    cd19: Call = None
    cd22: Call = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.blasts is None:
            return self
        if self.nucleated is None and self.blasts >= 1:
            msg = "blasts: without nucleated, a fraction below 1 is expected, never percent"
            raise ValueError(msg)
        if self.nucleated is not None and not (
            self.blasts.is_integer() and self.blasts <= self.nucleated
        ):
            msg = "blasts: beside nucleated, a count of at most as many events is expected"
            raise ValueError(msg)
        return self

    def known(self) -> Known:
        """What the row says."""
        counted = self.blasts is not None and bool(self.nucleated)
        fraction = self.blasts
        if self.blasts is not None and self.nucleated:
            fraction = self.blasts / self.nucleated
        calls = {"CD19": self.cd19, "CD22": self.cd22}
        return Known(
            blasts=int(self.blasts or 0) if counted else None,
            nucleated=self.nucleated if counted else None,
            fraction=fraction,
            b_fraction=self.b_fraction,
            lymphocytes=self.lymphocytes,
            calls={marker: str(call) for marker, call in calls.items() if call is not None},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """One tube of a laboratory.

    Attributes
    ----------
    file, path : str
        Its name in the tables, and where it lies.
    row : OwnRow or None
        What the list says of it.
    template : str
        Empty to pick by the panel.
    reason : str
        Why it cannot be judged; empty otherwise.
    series : str
        List or folder that it comes with.
    mapping : PanelMapping or None
        Overrides what the file says of its detectors.
    """

    file: str
    path: str
    row: OwnRow | None = None
    template: str = ""
    reason: str = ""
    series: str = ""
    mapping: PanelMapping | None = None

    @property
    def tube(self) -> str:
        """Its name."""
        return f"own-{self.file}"

    def said(self) -> dict[str, Any]:
        """What is known before it is measured."""
        return {"suite": "own", "condition": "own", "series": self.series}

    def inputs(self) -> str:
        """Hash of the tube and of all that is said of it."""
        said = (self.row, self.template, self.reason, self.mapping)
        digest = hashlib.sha256(repr(said).encode())
        path = Path(self.path)
        for part in (path, *truth_files(path)) if self.path else ():
            if part.is_file():
                with part.open("rb") as stream:
                    digest.update(hashlib.file_digest(stream, "sha256").digest())
        return digest.hexdigest()[:12]

    def judged(self, folder: Path) -> dict[str, Any]:
        """Measure and compare."""
        if self.reason:
            raise InputError(self.reason, where=self.file, fix="see how labels are given")
        path = Path(self.path)
        known = self.row.known() if self.row else Known()
        labels = read_truth(path)
        if labels is not None:
            known = _joined(known_of_labels(labels), known)
        template = self.template or None
        return compare(path, known, template=template, file=self.file, mapping=self.mapping)


def find_own(
    source: Path, *, template: str = "", mapping: PanelMapping | None = None
) -> tuple[Own, ...]:
    """Find labelled tubes.

    Parameters
    ----------
    source : Path
        A folder of tubes, with ``labels.csv`` in it or a truth file beside each tube; or a list,
        and then the tubes that it names and no others.
    template : str, optional
        For all tubes; by each tube's panel when left out.
    mapping : PanelMapping, optional
        For all tubes.

    Returns
    -------
    tuple of Own
        Those that cannot be judged with their reason.

    Raises
    ------
    InputError
        If there is no labelled tube at all, or the list cannot be read.
    """
    if not source.exists():
        raise InputError("there is no such file or folder", where=source.name, fix="check the path")
    if source.is_file() and is_tube(source):
        raise InputError(
            "this is a tube, and no list of tubes",
            where=source.name,
            fix=f"give its folder, with {LIST} in it or STEM{BY_EVENT} beside the tube",
        )
    listing = source / LIST if source.is_dir() else source
    folder = listing.parent
    tubes = find_tubes([folder])
    rows, found = _listed(listing, tubes) if listing.is_file() else ({}, [])
    for file, path in tubes.items():
        by_itself = source.is_dir() and any(truth.is_file() for truth in truth_files(path))
        if file in rows or by_itself:
            found.append(Own(file=file, path=str(path), row=rows.get(file)))
    if not found and listing.is_file():
        raise InputError(
            "the list names no tube: it has no row below its head",
            where=listing.name,
            fix="write a row for each tube",
        )
    if not found:
        raise InputError(
            "there is no labelled tube",
            where=source.name,
            fix=f"put {LIST} into the folder, or STEM{SUFFIX} or STEM{BY_EVENT} beside each tube",
        )
    # its own name tells one list from another; "." has none of its own
    series = f"own {source.resolve().name}".replace(";", " ")
    return tuple(replace(own, template=template, series=series, mapping=mapping) for own in found)


def _listed(listing: Path, tubes: Mapping[str, Path]) -> tuple[dict[str, OwnRow], list[Own]]:
    """Rows by tube, and what cannot be judged because of its row."""
    table = read_rows(listing, OwnRow)
    rows = {Path(row.file).as_posix(): row for _, row in table.rows}
    odd = [
        Own(file=f"{row.file} (line {line})", path="", reason="no such tube")
        for line, row in table.rows
        if Path(row.file).as_posix() not in tubes
    ]
    odd += [
        Own(file=refusal.finding.where, path="", reason=_with_point(refusal.finding.what))
        for refusal in table.refused
    ]
    return rows, odd


def _with_point(reason: str) -> str:
    """A decimal comma makes two cells of one: say so where it may be why."""
    if "number of cells" not in reason:
        return reason
    return f"{reason} (a decimal comma makes two cells of one: the decimal sign is the point)"


def _joined(by_event: Known, listed: Known) -> Known:
    """What the list says stands where the labels of the events are silent."""
    return Known(
        labels=by_event.labels,
        blasts=by_event.blasts,
        nucleated=by_event.nucleated or listed.nucleated,
        fraction=by_event.fraction if by_event.fraction is not None else listed.fraction,
        b_fraction=by_event.b_fraction if by_event.b_fraction is not None else listed.b_fraction,
        lymphocytes=by_event.lymphocytes or listed.lymphocytes,
        calls=listed.calls,
    )
