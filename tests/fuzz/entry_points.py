"""Where files from outside come in, each as a function of bytes.

A reading, or a `CytomonError`: anything else that leaves one of them is a defect of cytomon.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np

from cytomon.errors import CytomonError
from cytomon.fcs.acquisition import acquired_at, instrument
from cytomon.fcs.intake import numbers_to_name, open_datasets, open_tube
from cytomon.fcs.mapping import read_mapping
from cytomon.fcs.panel import match_panel, require
from cytomon.fcs.read import event_blocks, read_events
from cytomon.fcs.spillover import read_spillover
from cytomon.model.tube import Tube
from tests.fcs.builders import make_fcs, sample_events

EntryPoint = Callable[[bytes], None]

STAINS = {
    "FSC-A": "", "FSC-H": "", "SSC-A": "", "FITC-A": "CD3 FITC", "PE-A": "CD19 PE",
    "APC-A": "CD45 APC", "PE-Cy7-A": "CD20 PE-Cy7", "BV421-A": "CD38 BV421", "Time": "",
}  # fmt: skip
"""Detectors of the tube that documents with gates are read for, and what they hold."""

_FEW = 4096
"""Cells of events that are read into an array; more are read by blocks alone."""


@cache
def _folder() -> Path:
    """A folder in memory where there is one: files change thousands of times a second."""
    memory = Path("/dev/shm")  # noqa: S108  (named by the kernel, not guessed)
    return Path(tempfile.mkdtemp(prefix="cytomon-fuzz-", dir=memory if memory.is_dir() else None))


def _file(content: bytes, name: str) -> Path:
    path = _folder() / f"{os.getpid()}-{name}"
    path.write_bytes(content)
    return path


def fcs_bytes() -> bytes:
    """The tube that documents with gates are read for: few events, and a matrix."""
    keywords: dict[str, str | None] = {}
    for n, (detector, stain) in enumerate(STAINS.items(), start=1):
        keywords |= {f"$P{n}N": detector, f"$P{n}R": "262144"}
        keywords |= {f"$P{n}S": stain} if stain else {}
    dyes = [name for name, stain in STAINS.items() if stain]
    matrix = np.eye(len(dyes)) + 0.05 * np.eye(len(dyes), k=1)
    cells = ",".join(f"{value:g}" for value in matrix.ravel())
    keywords["$SPILLOVER"] = f"{len(dyes)},{','.join(dyes)},{cells}"
    return make_fcs(sample_events(40, len(STAINS)), keywords=keywords)


@cache
def open_tube_for_gates() -> Tube:
    """See `fcs_bytes`."""
    folder = _folder() / f"{os.getpid()}"
    folder.mkdir()
    (folder / "tube.fcs").write_bytes(fcs_bytes())
    return open_tube(folder / "tube.fcs")


def fcs(content: bytes) -> None:
    """A whole FCS file: HEADER, TEXT, DATA, data sets, panel, events."""
    path = _file(content, "any.fcs")
    tubes: tuple[Tube, ...] = ()
    with suppress(CytomonError):
        tubes = open_datasets(path)
    if len(tubes) != 1:  # the same reading again, and which data set is meant
        numbers_to_name(path)
        with suppress(CytomonError):
            tubes = (*tubes, open_tube(path))
    for tube in tubes:
        _examine(tube)


def text(content: bytes) -> None:
    """A TEXT segment with a HEADER and DATA around it that fit."""
    end = 58 + len(content)
    header = f"FCS3.1    {58:>8}{end - 1:>8}{end:>8}{end + 63:>8}{0:>8}{0:>8}"
    fcs(header.encode() + content + bytes(range(64)))


def _examine(tube: Tube) -> None:
    acquired_at(tube)
    instrument(tube)
    with suppress(CytomonError):
        require(match_panel(tube), ("CD19", "CD45"), where=tube.name)
    if tube.n_events * len(tube.channels) <= _FEW:
        assert read_events(tube).shape == (tube.n_events, len(tube.channels))
    for block in itertools.islice(event_blocks(tube, size=100), 3):
        assert block.shape[1] == len(tube.channels)


def spillover(content: bytes) -> None:
    """The text of a spillover matrix."""
    value = content.decode("utf-8", "replace")
    for keyword in ("$SPILLOVER", "$COMP"):
        found, _ = read_spillover(
            {keyword: value}, open_tube_for_gates().channels, where="tube.fcs"
        )
        assert found is None or np.isfinite(found.matrix).all()


def panel(content: bytes) -> None:
    """Names of detectors and stains, a line each, with a stroke between the two."""
    lines = content.decode("utf-8", "replace").split("\n")[:12]
    keywords: dict[str, str | None] = {}
    for n, line in enumerate(lines, start=1):
        detector, _, stain = line.partition("|")
        keywords |= {f"$P{n}N": detector or "D", f"$P{n}S": stain or " "}
    data = make_fcs(sample_events(1, len(lines)), keywords=keywords, delimiter="\x1e")
    with suppress(CytomonError, UnicodeEncodeError):
        tube = open_tube(_file(data, "panel.fcs"))
        names = [channel.pnn for channel in tube.channels]
        with suppress(CytomonError):
            match_panel(tube)
        match_panel(tube, mapping={names[0]: "CD19", names[-1]: ("CD22", "PE")})


def mapping(content: bytes) -> None:
    """A laboratory's mapping of detectors to markers."""
    rows = read_mapping(_file(content, "mapping.csv"))
    match_panel(open_tube_for_gates(), mapping=rows.for_file("tube.fcs"))


def gatingml(content: bytes) -> None:
    """A GatingML document, as far as the template that it becomes."""
    from cytomon.gating.exchange.as_template import as_template
    from cytomon.gating.exchange.gatingml_read import gatingml_document
    from cytomon.gating.exchange.intake import is_workspace, read_document

    tube, path = open_tube_for_gates(), _file(content, "gates.xml")
    is_workspace(path)
    with suppress(CytomonError):
        read_document(path, most=2000)
    document = gatingml_document(path, tube, match_panel(tube))
    as_template(document, tube, match_panel(tube), name="fuzz", specimen="marrow")


def flowjo(content: bytes) -> None:
    """A FlowJo workspace, as far as the template that it becomes."""
    from cytomon.gating.exchange.as_template import as_template
    from cytomon.gating.exchange.workspace import workspace_document
    from cytomon.gating.exchange.workspace_file import choose_sample, open_workspace

    opened, tube = open_workspace(_file(content, "lab.wsp")), open_tube_for_gates()
    for wanted, file in (("other.fcs", ""), ("gone.fcs", ""), ("", "another.fcs")):
        with suppress(CytomonError):
            choose_sample(opened, wanted, [file])
    document = workspace_document(opened, choose_sample(opened, "", [tube.name]), tube)
    as_template(document, tube, match_panel(tube), name="fuzz", specimen="marrow")


def template(content: bytes) -> None:
    """A gating template."""
    from cytomon.gating import template as room

    room._load.cache_clear()  # files change faster here than a clock ticks
    read = room.load_template(str(_file(content, "fuzz.yaml")))
    room.pick_template({*read.spec.markers.required, "CD34"}, (read,), where="tube.fcs")


def reference(content: bytes) -> None:
    """A reference of normal populations."""
    from cytomon.gating.envelope.reference import parse_reference

    parse_reference.__wrapped__(content, "fuzz.yaml")


def profile(content: bytes) -> None:
    """Definitions of states and flags."""
    from cytomon.track.profile import read_profile

    read_profile.__wrapped__(str(_file(content, "fuzz.yaml")))


def worklist(content: bytes) -> None:
    """Which tube belongs to which specimen."""
    from cytomon.lists import read_rows
    from cytomon.worklist import WorklistRow

    read_rows(_file(content, "worklist.csv"), WorklistRow)


def patients(content: bytes) -> None:
    """The list of patients."""
    from cytomon.lists import read_rows
    from cytomon.worklist import PatientRow

    read_rows(_file(content, "patients.csv"), PatientRow)


def events(content: bytes) -> None:
    """The list of clinical events."""
    from cytomon.lists import read_rows
    from cytomon.worklist import EventRow

    read_rows(_file(content, "events.csv"), EventRow)


def measurements(content: bytes) -> None:
    """Results from elsewhere."""
    from cytomon.filing.measured_list import read_pieces

    for size in (64, 2**20):
        for _ in read_pieces(_file(content, "measurements.csv"), size=size):
            pass


ENTRY_POINTS: Mapping[str, EntryPoint] = {
    one.__name__: one
    for one in (
        fcs, text, spillover, panel, mapping, gatingml, flowjo, template, reference, profile,
        worklist, patients, events, measurements,
    )
}  # fmt: skip


def enter(name: str, content: bytes) -> None:
    """Let bytes in; a `CytomonError` is an answer."""
    with suppress(CytomonError):
        ENTRY_POINTS[name](content)
