"""What is wrong with a template's fields, in the words of the template's author."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

from cytomon.gating import dimensions_spec, numbers_spec, schema
from cytomon.gating.lint import Mistake

PAGE = "docs/reference/templates.md"
_WORDS = {
    "name": "use letters, digits and _, beginning with a letter, at most 60",
    "names": "use letters, digits and _, beginning with a letter, at most 60",
    "version": "write three numbers, such as 1.0.0",
}
_WHAT_TO_WRITE = {
    "float_type": "write a number",
    "float_parsing": "write a number",
    "finite_number": "write a finite number",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "int_from_float": "write a whole number",
    "tuple_type": "write a list: [first, second]",
    "dict_type": "write a mapping: {key: value}",
    "model_type": "write a mapping: {key: value}",
    "model_attributes_type": "write a mapping: {key: value}",
    "missing": "add it",
}
_LIMITS = {
    "gt": "write a number above",
    "ge": "write a number of at least",
    "lt": "write a number below",
    "le": "write a number of at most",
    "min_length": "give at least",
    "max_length": "give at most",
}
_MESSAGES = {"missing": "is missing", "extra_forbidden": "there is no such field"}


def explain(item: Mapping[str, Any], lines: Mapping[tuple[Any, ...], int], data: Any) -> Mistake:  # noqa: ANN401
    """One mistake that pydantic found, with its line, its place in words, and what to write.

    Parameters
    ----------
    item : mapping
        An entry of `pydantic.ValidationError.errors`.
    lines : mapping of tuple to int
        Path of a key or entry to its line.
    data : object
        The content of the file.
    """
    path = _path_in_file(item["loc"], lines)
    named = [*path, item["loc"][-1]] if item["type"] == "missing" else path
    message = _MESSAGES.get(item["type"], item["msg"])
    return Mistake(lines.get(tuple(path), 1), f"{_place(named, data)}: {message}", _fix(item))


def _path_in_file(loc: Sequence[Any], lines: Mapping[tuple[Any, ...], int]) -> list[Any]:
    """Drop the tags of unions that pydantic puts into the path; the file has no such keys."""
    path = list(loc)
    while path and tuple(path) not in lines:
        unknown = next(n for n in range(len(path)) if tuple(path[: n + 1]) not in lines)
        del path[unknown]
    return path


def _place(path: Sequence[Any], data: Any) -> str:  # noqa: ANN401
    """Name a place as ``gate NAME, FSC-A low, by``."""
    words: list[str] = []
    rest = list(path)
    if len(rest) > 1 and rest[0] == "gates" and isinstance(rest[1], int):
        gate = data["gates"][rest[1]]
        name = gate.get("name") if isinstance(gate, dict) else None
        words.append(f"gate {name}" if name else f"gate number {rest[1] + 1}")
        rest = rest[2:]
    if len(rest) > 1 and rest[0] in {"bounds", "steady"}:
        words.append(" ".join(str(step) for step in rest[1:3]))
        rest = rest[3:]
    words += [f"entry {step + 1}" if isinstance(step, int) else str(step) for step in rest]
    return ", ".join(words) or "the file"


def _fix(item: Mapping[str, Any]) -> str:
    context = item.get("ctx", {})
    return str(
        context.get("fix") or _by_type(item, context) or _by_limits(context) or f"see {PAGE}"
    )


def _by_type(item: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    match item["type"]:
        case "extra_forbidden":
            near = get_close_matches(str(item["loc"][-1]), sorted(_fields()), n=3)
            return f"did you mean {', '.join(near)}?" if near else "remove it"
        case "literal_error" | "enum":
            return f"write {context['expected']}"
        case "union_tag_invalid":
            return f"write one of {context['expected_tags']}"
        case "union_tag_not_found":
            return f"add kind: and one of {', '.join(_kinds())}"
        case "string_pattern_mismatch" | "string_type" | "string_too_long":
            word = _last_word(item["loc"])
            return _WORDS.get(word, "write one word, or put it in quotes")
        case kind:
            return _WHAT_TO_WRITE.get(kind, "")


def _by_limits(context: Mapping[str, Any]) -> str:
    return next((f"{word} {context[key]}" for key, word in _LIMITS.items() if key in context), "")


def _last_word(loc: Sequence[Any]) -> str:
    return next((step for step in reversed(loc) if isinstance(step, str)), "")


def _models() -> list[type[BaseModel]]:
    rooms = (schema, numbers_spec, dimensions_spec)
    values = [value for room in rooms for value in vars(room).values()]
    return [v for v in values if isinstance(v, type) and issubclass(v, numbers_spec.Strict)]


def _fields() -> set[str]:
    return {name for model in _models() for name in model.model_fields}


def _kinds() -> list[str]:
    fields = [model.model_fields for model in _models()]
    kinds = [get_args(f["kind"].annotation) for f in fields if {"kind", "parent"} <= set(f)]
    return sorted({name for names in kinds for name in names})
