"""Templates: found by name, read from YAML, picked by the tube's panel."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cytomon.errors import TemplateError
from cytomon.gating.envelope.mistakes import find_unknown
from cytomon.gating.envelope.reference import load_reference
from cytomon.gating.explain import explain
from cytomon.gating.folder import gate_folder
from cytomon.gating.lint import Mistake, find_mistakes
from cytomon.gating.schema import EnvelopeGate, TemplateSpec
from cytomon.model.normal import Reference
from cytomon.yaml_file import Unreadable, read_yaml

Lint = Callable[[TemplateSpec, Mapping[tuple[Any, ...], int]], Iterable[Mistake]]
"""Finds mistakes between the parts of a template; the mapping holds the line of each part."""

_MOST_MISTAKES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template and where it came from.

    Attributes
    ----------
    spec : TemplateSpec
        What the file says, checked.
    sha256 : str
        Of the parsed content and that of its references: comments and layout do not count, every
        number does.
    path : Path
        The file.
    references : mapping of str to Reference
        The normal populations that its envelope gates name.
    """

    spec: TemplateSpec
    sha256: str
    path: Path
    references: Mapping[str, Reference] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The template's own name."""
        return self.spec.name


def list_templates(folder: Path | None = None) -> tuple[Template, ...]:
    """Every template of a folder, by name.

    Parameters
    ----------
    folder : Path, optional
        By default the folder that comes with cytomon.
    """
    paths = sorted((folder or gate_folder()).glob("*.yaml"))
    return tuple(load_template(str(path)) for path in paths)


def load_template(name: str, *, lint: Lint = find_mistakes) -> Template:
    """A template by its name, or by the path of its file.

    Parameters
    ----------
    name : str
        Name of a template that comes with cytomon, or path.
    lint : callable, optional
        Finds mistakes between the template's parts.

    Raises
    ------
    TemplateError
        If there is no such template, or its file has mistakes; all of them are named, with lines.
    """
    path = _locate(name)
    stat = path.stat()
    return _load(path, stat.st_mtime_ns, stat.st_size, lint)


@lru_cache(maxsize=64)
def _load(path: Path, _modified: int, _size: int, lint: Lint) -> Template:
    return parse_template(path.read_bytes(), path, lint=lint)


def parse_template(content: bytes, path: Path, *, lint: Lint = find_mistakes) -> Template:
    """A template from the bytes of its file; `path` is for messages.

    Raises
    ------
    TemplateError
        With every mistake and its line.
    """
    spec, mistakes = _checked(content, lint, path.parent)
    if mistakes or spec is None:
        listed = "\n".join(f"    line {m.line}: {m.what} ({m.fix})" for m in mistakes)
        raise TemplateError(
            f"the template has {len(mistakes)} mistake{'s' * (len(mistakes) > 1)}:\n{listed}",
            where=path.name,
            fix="`cytomon template check FILE` lists them again after each change",
        )
    canonical = spec.model_dump_json(exclude_defaults=False)
    references = {
        gate.reference: load_reference(gate.reference, path.parent)
        for gate in spec.gates
        if isinstance(gate, EnvelopeGate)
    }
    # what a template decides, it decides with its references
    hashes = [canonical, *(references[name].sha256 for name in sorted(references))]
    return Template(
        spec=spec,
        sha256=hashlib.sha256("\n".join(hashes).encode()).hexdigest(),
        path=path,
        references=references,
    )


def check_template(
    content: bytes, *, lint: Lint = find_mistakes, folder: Path | None = None
) -> tuple[Mistake, ...]:
    """Every mistake of a template file, in the order of its lines; empty when it is sound.

    Of fields that are wrong, the first hundred.

    Parameters
    ----------
    content : bytes
        Of the file.
    lint : callable, optional
        Finds mistakes between the template's parts.
    folder : Path, optional
        Of the file, where its own references lie.
    """
    return _checked(content, lint, folder)[1]


def _checked(
    content: bytes, lint: Lint, folder: Path | None
) -> tuple[TemplateSpec | None, tuple[Mistake, ...]]:
    """What a file says, if it can be read at all, and what is wrong with it."""
    try:
        data, lines = read_yaml(content)
    except Unreadable as error:
        return None, (Mistake(error.line, error.what, error.fix),)
    try:
        spec = TemplateSpec.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[:_MOST_MISTAKES]
        found = [explain(item, lines, data) for item in first]
        return None, tuple(sorted(set(found)))
    return spec, tuple(sorted((*lint(spec, lines), *find_unknown(spec, lines, folder))))


def pick_template(markers: Set[str], templates: Sequence[Template], *, where: str) -> Template:
    """The template whose required markers are all in the tube; of several, the most demanding.

    Parameters
    ----------
    markers : set of str
        Canonical markers of the tube.
    templates : sequence of Template
        Candidates.
    where : str
        The tube, for messages.

    Raises
    ------
    TemplateError
        If none fits, or several fit equally well.
    """
    fitting = [t for t in templates if set(t.spec.markers.required) <= markers]
    if not templates:
        raise TemplateError(
            "there is no template to choose from", where=where, fix="add a template to the folder"
        )
    if not fitting:
        closest = min(templates, key=lambda t: len(set(t.spec.markers.required) - markers))
        missing = sorted(set(closest.spec.markers.required) - markers)
        raise TemplateError(
            f"no template fits the panel; the nearest, {closest.name}, also needs "
            f"{', '.join(missing)}",
            where=where,
            fix="name the detectors' markers in a mapping file, or name a template in the worklist",
        )
    ranks = {
        t.name: (len(t.spec.markers.required), len(markers & set(t.spec.markers.names)))
        for t in fitting
    }
    best = [t for t in fitting if ranks[t.name] == max(ranks.values())]
    if len(best) > 1:
        raise TemplateError(
            f"several templates fit the panel equally well: {', '.join(t.name for t in best)}",
            where=where,
            fix="name one of them in the worklist or with --template",
        )
    return best[0]


def _locate(name: str) -> Path:
    if name.endswith((".yaml", ".yml")) or os.sep in name:
        path = Path(name)
        if path.is_file():
            return path
        raise TemplateError("there is no such template file", where=path.name, fix="check the path")
    path = gate_folder() / f"{name}.yaml"
    if name.replace("_", "").isalnum() and path.is_file():
        return path
    known = sorted(p.stem for p in gate_folder().glob("*.yaml"))
    # in a column of a list there may be anything, such as somebody's name
    is_near = bool(get_close_matches(name, known))
    raise TemplateError(
        f"there is no template {name!r}" if is_near else "there is no template of this name",
        where=name if is_near else "the name of the template",
        fix=f"known templates: {', '.join(known)}",
    )
