"""Every code that the package can raise has its line, with its severity; no other has."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from tests.docs.pages import DOCS, ROOT, read, rows

PAGE = read(DOCS / "reference" / "findings.md")
BUILDERS = {"note": "info", "caution": "warning", "alarm": "error"}
CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


def test_codes_and_severities() -> None:
    """The page's codes are the source's, with the severities that the source gives them."""
    listed = {cells[0].strip("`"): set(cells[1].split(", ")) for cells in rows(PAGE)}
    raised: dict[str, set[str]] = defaultdict(set)
    for code, severities in _raised():
        raised[code] |= severities
    del raised["ERROR"]  # the base of all errors, which nothing raises

    assert sorted(listed) == sorted(raised)
    assert {code: listed[code] for code in raised if raised[code]} == {
        code: severities for code, severities in raised.items() if severities
    }


def test_no_code_twice() -> None:
    """One code has one line."""
    codes = [cells[0] for cells in rows(PAGE)]

    assert sorted(set(codes)) == sorted(codes)


def test_rooms_agree() -> None:
    """The rooms' own pages list no code that the whole table has not."""
    listed = {cells[0].strip("`") for cells in rows(PAGE)}
    rooms = "".join(read(DOCS / "reference" / name) for name in ("fcs.md", "findings-measure.md"))
    theirs = set(re.findall(r"^\| `([A-Z][A-Z_]+)` \|", rooms, flags=re.MULTILINE))

    assert len(theirs) > 20
    assert theirs <= listed


def _raised() -> Iterator[tuple[str, set[str]]]:
    for path in sorted((ROOT / "cytomon").rglob("*.py")):
        for node in ast.walk(ast.parse(read(path))):
            if isinstance(node, ast.ClassDef):
                yield from ((code, {"error"}) for code in _class_codes(node))
            elif isinstance(node, ast.Call):
                yield from _called(node)
            elif isinstance(node, ast.Dict):
                yield from _row(node)


def _class_codes(node: ast.ClassDef) -> Iterator[str]:
    for statement in node.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "code":
            yield from _codes(statement.value)


def _called(node: ast.Call) -> Iterator[tuple[str, set[str]]]:
    name = ast.unparse(node.func).rpartition(".")[2]
    words = {word.arg: word.value for word in node.keywords}
    if name in BUILDERS and node.args:
        yield from ((code, {BUILDERS[name]}) for code in _codes(node.args[0]))
    elif name == "Finding" and "code" in words:
        severities = _severities(words["severity"])
        yield from ((code, severities) for code in _codes(words["code"]))


def _row(node: ast.Dict) -> Iterator[tuple[str, set[str]]]:
    cells = {
        ast.unparse(key): value for key, value in zip(node.keys, node.values, strict=True) if key
    }
    if "'code'" in cells and "'severity'" in cells:
        severities = _severities(cells["'severity'"])
        yield from ((code, severities) for code in _codes(cells["'code'"]))


def _codes(node: ast.expr) -> Iterator[str]:
    for inner in ast.walk(node):
        if (
            isinstance(inner, ast.Constant)
            and isinstance(inner.value, str)
            and CODE.fullmatch(inner.value)
        ):
            yield inner.value


def _severities(node: ast.expr) -> set[str]:
    return {s.lower() for s in re.findall(r"Severity\.([A-Z]+)", ast.unparse(node))}
