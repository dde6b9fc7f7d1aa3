"""The gates of a GatingML document or a FlowJo workspace become a template file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cytomon.errors import CytomonError, InputError, TemplateError
from cytomon.fcs.intake import open_tube, split_dataset
from cytomon.fcs.mapping import PanelMapping
from cytomon.fcs.panel import match_panel
from cytomon.folders import find_tubes
from cytomon.gating.count import count
from cytomon.gating.exchange.as_template import as_template
from cytomon.gating.exchange.concordance import COLUMNS, Compared, compare_counts
from cytomon.gating.exchange.document import Document
from cytomon.gating.exchange.gatingml_read import gatingml_document
from cytomon.gating.exchange.intake import is_workspace, read_document
from cytomon.gating.exchange.names import readable
from cytomon.gating.exchange.proof import differing
from cytomon.gating.exchange.workspace import workspace_document
from cytomon.gating.exchange.workspace_file import (
    Sample,
    Workspace,
    choose_sample,
    open_workspace,
)
from cytomon.gating.exchange.workspace_matrix import compensation_of
from cytomon.gating.place import place
from cytomon.gating.template import parse_template
from cytomon.model.gating import TUBE_MATRIX
from cytomon.model.tube import Panel, Tube
from cytomon.pipeline import open_for_gating, place_on
from cytomon.soundness import check_template
from cytomon.tables import is_table, refuse_same, refuse_unwritable, write_new, write_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to import.

    Attributes
    ----------
    source : Path
        GatingML 2.0 document or FlowJo 10 workspace.
    tubes : tuple of Path
        Tubes, or folders of them; one of them says what the document's channels are.
    out : Path
        The template file to write.
    name : str
        Of the template; that of the file where empty.
    sample : str
        Of a workspace.
    concordance : Path or None
        The table of counts to write.
    specimen : str
        ``marrow``, ``blood`` or ``csf``.
    mapping : PanelMapping or None
        The laboratory's own word on its detectors.
    force : bool
        Whether a file that is there already may be replaced.
    """

    source: Path
    tubes: tuple[Path, ...]
    out: Path
    name: str = ""
    sample: str = ""
    concordance: Path | None = None
    specimen: str = "marrow"
    mapping: PanelMapping | None = None
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of an import.

    Attributes
    ----------
    n_gates : int
        In the template.
    tube : str
        The tube that said what the channels are.
    notes : tuple of str
        What a person should know, a sentence each.
    compared : tuple of Compared
        Counts beside those of the workspace.
    refused : tuple of str
        Tubes that could not be compared, and why.
    """

    n_gates: int
    tube: str
    notes: tuple[str, ...]
    compared: tuple[Compared, ...] = ()
    refused: tuple[str, ...] = ()


def import_template(wanted: Wanted) -> Imported:
    """Write a template that says what a document says.

    Raises
    ------
    CytomonError
        If the document cannot be read, or the template would not say the same; nothing is written.
    """
    tubes = _tubes(wanted)
    # what is wrong with the document is said before what is wrong with a tube
    workspace = _workspace(wanted)
    files = [path.name for path in tubes.values()]
    sample = choose_sample(workspace, wanted.sample, files) if workspace else None
    first = next(
        (path for path in tubes.values() if sample and sample.is_called(path.name)),
        next(iter(tubes.values())),
    )
    tube, panel = _opened(first, wanted.mapping)
    if workspace is not None and sample is not None:
        document = workspace_document(workspace, sample, tube)
    else:
        document = _gatingml(wanted, tube, panel)
    name = wanted.name or readable(wanted.out.stem, stands_for="template")
    content = as_template(document, tube, panel, name=name, specimen=wanted.specimen)
    _refuse_unsound(content, document, tube, panel, wanted.out)
    write_new(wanted.out, content, force=wanted.force)
    imported = Imported(
        n_gates=len(document.placement.gates), tube=tube.name, notes=tuple(document.notes)
    )
    if workspace is not None and sample is not None:
        imported = _compared(imported, workspace, sample, document, tubes, wanted)
    if wanted.concordance is not None:
        write_table(wanted.concordance, (row.row() for row in imported.compared), COLUMNS)
    return imported


def _tubes(wanted: Wanted) -> Mapping[str, Path]:
    """The tubes by name, when nothing would be written over."""
    if wanted.out.suffix not in {".yaml", ".yml"}:
        raise InputError(
            "a template is a YAML file", where=wanted.out.name, fix="let --out end in .yaml"
        )
    tubes = find_tubes(wanted.tubes)
    if not tubes:
        raise InputError(
            "there is no tube in the folder", where="--tube", fix="name an FCS file or its folder"
        )
    inputs = (wanted.source, *tubes.values())
    refuse_same(wanted.out, inputs, option="--out")
    if wanted.concordance is not None:
        refuse_same(wanted.concordance, (*inputs, wanted.out), option="--concordance")
        refuse_unwritable(wanted.concordance.parent)
        if wanted.concordance.exists() and not is_table(wanted.concordance, COLUMNS):
            raise InputError(
                "there is another file of this name, and it is no table of counts",
                where=wanted.concordance.name,
                fix="choose another name with --concordance",
            )
    return tubes


def _workspace(wanted: Wanted) -> Workspace | None:
    if is_workspace(wanted.source):
        return open_workspace(wanted.source)
    read_document(wanted.source)
    if wanted.sample:
        raise InputError(
            "only a workspace has samples", where="--sample", fix="leave the option out"
        )
    return None


def _gatingml(wanted: Wanted, tube: Tube, panel: Panel) -> Document:
    document = gatingml_document(wanted.source, tube, panel)
    if document.notes and tube.spillover is None:
        raise TemplateError(
            "the document compensates by the matrix of each tube, and this tube has none",
            where=tube.name,
            fix="name a tube that carries its compensation ($SPILLOVER)",
        )
    return document


def _opened(path: Path, mapping: PanelMapping | None) -> tuple[Tube, Panel]:
    name, dataset = split_dataset(str(path))
    tube = open_tube(Path(name), dataset=dataset)
    rows = mapping.for_file(tube.name) if mapping else {}
    known = {channel.pnn for channel in tube.channels}
    own = {detector: stain for detector, stain in rows.items() if detector in known}
    return tube, match_panel(tube, mapping=own)


def _refuse_unsound(
    content: bytes, document: Document, tube: Tube, panel: Panel, out: Path
) -> None:
    """The file is read back as anybody will read it, before it is kept."""
    mistakes = check_template(content, out.parent)
    if mistakes:
        first = mistakes[0]
        raise TemplateError(
            f"the document makes a template with a mistake: {first.what}",
            where=tube.name,
            fix=first.fix,
        )
    template = parse_template(content, out)
    again = place(template, tube, panel, np.empty((0, len(tube.channels))))
    others = differing(document.placement, again)
    if others:
        raise TemplateError(
            f"the template would not say what the document says of {', '.join(others[:5])}",
            where=tube.name,
            fix="this is our fault: please report it, with the document if it may be shown",
        )


def _own_sample(workspace: Workspace, name: str, files: Sequence[str]) -> Sample | None:
    """The sample of a tube, by the name of its file; None if the workspace does not know it."""
    named = [one for one in workspace.samples if one.is_called(name)]
    if len(named) > 1 or (named and files.count(name) > 1):
        whose = "samples of the workspace" if len(named) > 1 else "tubes"
        raise InputError(
            f"several {whose} have this name",
            where=name,
            fix="give one tube at a time, and a workspace in which its name stands once",
        )
    return named[0] if named else None


def _compared(
    imported: Imported,
    workspace: Workspace,
    sample: Sample,
    document: Document,
    tubes: Mapping[str, Path],
    wanted: Wanted,
) -> Imported:
    """Our counts of each tube that the workspace knows beside its own."""
    compared: list[Compared] = []
    notes, refused = list(imported.notes), []
    files = [path.name for path in tubes.values()]
    for file, path in tubes.items():
        try:
            own = _own_sample(workspace, path.name, files)
            if own is not None:
                counts = _counts(path, wanted)
                compared += compare_counts(own, document, counts, file=file)
                if _other_matrix(workspace, own, document, path, wanted):
                    notes.append(f"{file}: the workspace compensates it by another matrix")
        except CytomonError as error:
            refused.append(f"{file}: {error.what}")
    return replace(
        imported,
        compared=tuple(compared),
        notes=(*notes, *_other_trees(workspace, sample, files)),
        refused=tuple(refused),
    )


def _counts(path: Path, wanted: Wanted) -> dict[str, int]:
    """Events of one tube in each gate of the template."""
    opened = open_for_gating(path, template=str(wanted.out), mapping=wanted.mapping)
    counted = count(opened.events, place_on(opened))
    return {population.path[-1]: population.count for population in counted.populations}


def _other_matrix(
    workspace: Workspace, own: Sample, document: Document, path: Path, wanted: Wanted
) -> bool:
    """Whether the workspace compensates a tube otherwise than the template will."""
    used = {axis.matrix for gate in document.placement.gates for axis in gate.axes} - {""}
    if not used:
        return False
    tube, _ = _opened(path, wanted.mapping)
    theirs = compensation_of(own, tube, workspace.path)
    if TUBE_MATRIX in used:
        return theirs.matrix != TUBE_MATRIX
    ours = next(m for name, m in document.placement.matrices.items() if name in used)
    return theirs.own is None or not np.array_equal(theirs.own.matrix, ours.matrix)


def _other_trees(workspace: Workspace, sample: Sample, files: Sequence[str]) -> Iterator[str]:
    """Tubes whose own gates in the workspace are not those of the template."""
    for file in files:
        for one in workspace.samples:
            if one.is_called(file) and one.fingerprint() != sample.fingerprint():
                yield f"{file} has other gates in the workspace than the template's sample"
