"""The gates of a GatingML document or a FlowJo workspace become a template file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cytomon.errors import CytomonError, InputError, TemplateError
from cytomon.fcs.intake import open_tube, split_dataset
from cytomon.fcs.mapping import PanelMapping
from cytomon.fcs.panel import match_panel
from cytomon.folders import find_tubes
from cytomon.gating.count import count
from cytomon.gating.exchange.as_template import as_template
from cytomon.gating.exchange.concordance import Compared, compare_counts
from cytomon.gating.exchange.document import Document
from cytomon.gating.exchange.gatingml_read import gatingml_document
from cytomon.gating.exchange.intake import is_workspace
from cytomon.gating.exchange.names import readable
from cytomon.gating.exchange.proof import differing
from cytomon.gating.exchange.workspace import workspace_document
from cytomon.gating.exchange.workspace_file import (
    Sample,
    Workspace,
    choose_sample,
    open_workspace,
)
from cytomon.gating.place import place
from cytomon.gating.template import parse_template
from cytomon.model.tube import Panel, Tube
from cytomon.pipeline import open_for_gating, place_on
from cytomon.soundness import check_template
from cytomon.tables import write_new


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
    compared : tuple of Compared
        Counts beside those of the workspace.
    notes : tuple of str
        What a person should know, a sentence each.
    refused : tuple of str
        Tubes that could not be compared, and why.
    """

    n_gates: int
    tube: str
    compared: tuple[Compared, ...]
    notes: tuple[str, ...]
    refused: tuple[str, ...]


def import_template(wanted: Wanted) -> Imported:
    """Write a template that says what a document says.

    Raises
    ------
    CytomonError
        If the document cannot be read, or the template would not say the same; nothing is written.
    """
    if wanted.out.suffix not in {".yaml", ".yml"}:
        raise InputError(
            "a template is a YAML file", where=wanted.out.name, fix="let --out end in .yaml"
        )
    tubes = find_tubes(wanted.tubes)
    if not tubes:
        raise InputError(
            "there is no tube in the folder", where="--tube", fix="name an FCS file or its folder"
        )
    workspace = open_workspace(wanted.source) if is_workspace(wanted.source) else None
    if workspace is None and wanted.sample:
        raise InputError(
            "only a workspace has samples", where="--sample", fix="leave the option out"
        )
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
        document = gatingml_document(wanted.source, tube, panel)
    name = wanted.name or readable(wanted.out.stem, stands_for="template")
    content = as_template(document, tube, panel, name=name, specimen=wanted.specimen)
    _refuse_unsound(content, document, tube, panel, wanted.out)
    write_new(wanted.out, content, force=wanted.force)
    compared: list[Compared] = []
    notes, refused = list(document.notes), []
    if workspace is not None and sample is not None:
        for file, path in tubes.items():
            try:
                compared += _compared(workspace, sample, document, path, wanted)
            except CytomonError as error:
                refused.append(f"{file}: {error.what}")
        notes += _other_trees(workspace, sample, files)
    return Imported(
        n_gates=len(document.placement.gates),
        tube=tube.name,
        compared=tuple(compared),
        notes=tuple(notes),
        refused=tuple(refused),
    )


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


def _compared(
    workspace: Workspace, sample: Sample, document: Document, path: Path, wanted: Wanted
) -> Iterator[Compared]:
    """Counts of one tube, if the workspace knows it."""
    named = [one for one in workspace.samples if one.is_called(path.name)]
    if not named:
        return
    whose = sample if sample in named else named[0]
    opened = open_for_gating(path, template=str(wanted.out), mapping=wanted.mapping)
    counted = count(opened.events, place_on(opened))
    counts = {population.path[-1]: population.count for population in counted.populations}
    yield from compare_counts(whose, document.paths, counts, file=opened.tube.name)


def _other_trees(workspace: Workspace, sample: Sample, files: Sequence[str]) -> Iterator[str]:
    """Tubes whose own gates in the workspace are not those of the template."""
    for file in files:
        for one in workspace.samples:
            if one.is_called(file) and one.fingerprint() != sample.fingerprint():
                yield f"{file} has other gates in the workspace than the template's sample"
