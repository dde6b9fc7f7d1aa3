"""Templates: found by name, read from YAML, picked by the tube's panel."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from cytomon.errors import TemplateError
from cytomon.gating.explain import explain
from cytomon.gating.lint import Mistake, find_mistakes
from cytomon.gating.schema import TemplateSpec

MOST_BYTES = 1_000_000

Lint = Callable[[TemplateSpec, Mapping[tuple[Any, ...], int]], Iterable[Mistake]]
"""Finds mistakes between the parts of a template; the mapping holds the line of each part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template and where it came from.

    Attributes
    ----------
    spec : TemplateSpec
        What the file says, checked.
    sha256 : str
        Of the parsed content: comments and layout do not count, every number does.
    path : Path
        The file.
    """

    spec: TemplateSpec
    sha256: str
    path: Path

    @property
    def name(self) -> str:
        """The template's own name."""
        return self.spec.name


def template_folder() -> Path:
    """Folder of the templates that come with cytomon."""
    packaged = Path(__file__).parents[1] / "_gates"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "gates"


def list_templates(folder: Path | None = None) -> tuple[Template, ...]:
    """Every template of a folder, by name.

    Parameters
    ----------
    folder : Path, optional
        By default the folder that comes with cytomon.
    """
    paths = sorted((folder or template_folder()).glob("*.yaml"))
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
    mistakes = check_template(content, lint=lint)
    if mistakes:
        listed = "\n".join(f"    line {m.line}: {m.what} ({m.fix})" for m in mistakes)
        raise TemplateError(
            f"the template has {len(mistakes)} mistake{'s' * (len(mistakes) > 1)}:\n{listed}",
            where=path.name,
            fix="`cytomon template check FILE` lists them again after each change",
        )
    spec = TemplateSpec.model_validate(_Loader(content).get_single_data())
    canonical = spec.model_dump_json(exclude_defaults=False).encode()
    return Template(spec=spec, sha256=hashlib.sha256(canonical).hexdigest(), path=path)


def check_template(content: bytes, *, lint: Lint = find_mistakes) -> tuple[Mistake, ...]:
    """Every mistake of a template file, in the order of its lines; empty when it is sound."""
    if len(content) > MOST_BYTES:
        return (Mistake(1, f"the file is larger than {MOST_BYTES} bytes", "split the template"),)
    try:
        loader = _Loader(content)
        root = loader.get_single_node()
        data = loader.construct_document(root) if root is not None else None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "the file is not UTF-8 text"
        line = mark.line + 1 if mark else 1
        return (Mistake(line, f"not valid YAML: {problem}", "check indentation and quotes"),)
    except RecursionError:
        return (Mistake(1, "not valid YAML: nested too deeply", "check brackets"),)
    if not isinstance(data, dict):
        return (Mistake(1, "the file holds no mapping", "start with `schema_version: 1`"),)
    lines = dict(_lines(root, ()))
    try:
        spec = TemplateSpec.model_validate(data)
    except ValidationError as error:
        found = [explain(item, lines, data) for item in error.errors(include_url=False)]
        return tuple(sorted(set(found)))
    return tuple(sorted(lint(spec, lines)))


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
    path = template_folder() / f"{name}.yaml"
    if name.replace("_", "").isalnum() and path.is_file():
        return path
    known = sorted(p.stem for p in template_folder().glob("*.yaml"))
    raise TemplateError(
        f"there is no template {name!r}",
        where=name,
        fix=f"known templates: {', '.join(known)}",
    )


class _Loader(yaml.SafeLoader):
    """YAML without aliases to expand and without a key given twice."""

    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401
        if self.check_event(yaml.events.AliasEvent):
            event: Any = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(
                problem="aliases are not allowed", problem_mark=event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem="a key must be a word", problem_mark=key.start_mark
                )
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key.value!r} is given twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


# YAML 1.1 takes `on`, `off`, `yes` and `no` for truth values; gates have a key `on`
_BOOLEAN = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOLEAN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOLEAN, re.compile("true|false"), list("tf"))


def _lines(node: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], int]]:  # noqa: ANN401
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, key.value), key.start_mark.line + 1
            for inner, line in _lines(value, (*path, key.value)):
                if inner != (*path, key.value):
                    yield inner, line
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield from _lines(value, (*path, position))
