"""The YAML that people write: strict, of bounded size, and with the line of every part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

MOST_BYTES = 1_000_000
MOST_PARTS = 20_000
"""Keys, words and lists of a file; the largest template that comes along has a tenth of them."""
DEEPEST = 40


class Unreadable(Exception):  # noqa: N818  (an answer: the caller says which file it is)
    """A file that is not usable YAML.

    Attributes
    ----------
    line : int
        Where.
    what, fix : str
        As in `cytomon.errors.CytomonError`.
    """

    def __init__(self, line: int, what: str, fix: str) -> None:
        super().__init__(what)
        self.line, self.what, self.fix = line, what, fix


def read_yaml(content: bytes) -> tuple[dict[str, Any], Mapping[tuple[Any, ...], int]]:
    """The mapping that a file holds.

    Returns
    -------
    data : dict
        Its content.
    lines : mapping of tuple to int
        Path of each key or entry to its line.

    Raises
    ------
    Unreadable
        If it is too large, nested too deeply, no YAML, or no mapping.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(1, f"the file is larger than {MOST_BYTES} bytes", "split the file")
    try:
        loader = _Loader(content)
        root = loader.get_single_node()
        data = loader.construct_document(root) if root is not None else None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "the file is not UTF-8 text"
        line = mark.line + 1 if mark else 1
        what = f"not valid YAML: {problem}"
        raise Unreadable(line, what, "check indentation and quotes") from None
    except RecursionError:
        raise Unreadable(1, "not valid YAML: nested too deeply", "check brackets") from None
    if not isinstance(data, dict):
        raise Unreadable(1, "the file holds no mapping", "write one `key: value` on each line")
    return data, dict(_lines(root, ()))


_MERGE = "tag:yaml.org,2002:merge"


class _Loader(yaml.SafeLoader):
    """YAML of bounded size, without aliases, tags and merged keys, and no key given twice."""

    _parts = 0
    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401
        self._parts += 1
        self._depth += 1
        coming: Any = self.peek_event()  # type: ignore[no-untyped-call]
        problem = (
            "aliases are not allowed" if isinstance(coming, yaml.events.AliasEvent)
            else "tags are not allowed" if getattr(coming, "tag", None)
            else f"more than {MOST_PARTS} parts" if self._parts > MOST_PARTS
            else "nested too deeply" if self._depth > DEEPEST
            else ""
        )  # fmt: skip
        if problem:
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=coming.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                raise yaml.MarkedYAMLError(
                    problem="a key must be a word", problem_mark=key.start_mark
                )
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key.value!r} is given twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)

    def construct_object(self, node: Any, deep: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, OverflowError):  # the 45th of a month, a number of thousands of digits
            raise yaml.MarkedYAMLError(
                problem="a number or a day that does not exist", problem_mark=node.start_mark
            ) from None


# YAML 1.1 takes `on`, `off`, `yes` and `no` for truth values; gates have a key `on`
_BOOLEAN = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOLEAN]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOLEAN, re.compile("true|false"), list("tf"))


class _Dumper(yaml.SafeDumper):
    """What `_Loader` reads: the same words are plain, and nothing is written as an alias."""

    def ignore_aliases(self, _data: Any) -> bool:  # noqa: ANN401
        return True


_Dumper.yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers


def write_yaml(data: Mapping[str, Any]) -> bytes:
    """A mapping as a file that people read; every number comes back as it is."""
    text = yaml.dump(
        data,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=100,
        default_flow_style=None,
    )
    return str(text).encode()


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
