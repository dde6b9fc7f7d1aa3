"""The reference page of the command line, written from the commands themselves.

Run ``python docs/command_line.py`` after a command changed; a test compares page and commands.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from cytomon.cli.main import app

PAGE = Path(__file__).parent / "reference" / "cli.md"

_HEAD = """# Command line

Every command and every option. Results go to standard output, everything else to standard error.
What the files hold is told in {doc}`files`; the meaning of the exit codes too
({ref}`exit-codes`).

`cytomon --help`, and `--help` behind every command, say the same in the terminal.
"""


def page() -> str:
    """The text of the page."""
    root = typer.main.get_command(app)
    return _HEAD + "".join(_sections(root, "cytomon"))


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that does something, with its full name."""
    yield from _leaves(typer.main.get_command(app), "cytomon")


def _leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    inner = getattr(command, "commands", {})
    if not inner:
        yield name, command
    for word, child in inner.items():
        yield from _leaves(child, f"{name} {word}")


def _sections(command: Any, name: str) -> Iterator[str]:  # noqa: ANN401
    yield f"\n## `{name}`\n\n{_help(command)}\n"
    inner = getattr(command, "commands", {})
    words = [_argument(p) for p in command.params if p.param_type_name == "argument"]
    options = ["[OPTIONS]"] * (len(words) < len(command.params))
    tail = " ".join(["COMMAND ..."] if inner else [*words, *options])
    yield f"\n```text\n{f'{name} {tail}'.strip()}\n```\n"
    if command.params:
        yield "\n| | meaning | default |\n|---|---|---|\n"
        yield from (_row(parameter) for parameter in command.params)
    for word, child in inner.items():
        yield from _sections(child, f"{name} {word}")


def _help(command: Any) -> str:  # noqa: ANN401
    paragraphs = (command.help or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _row(parameter: Any) -> str:  # noqa: ANN401
    name = (
        _argument(parameter)
        if parameter.param_type_name == "argument"
        else " ".join([parameter.opts[0], *_value(parameter)])
    )
    more = " May be given several times." if getattr(parameter, "multiple", False) else ""
    return f"| `{name}` | {parameter.help}{more} | {_default(parameter)} |\n"


def _argument(parameter: Any) -> str:  # noqa: ANN401
    return parameter.metavar or f"{parameter.name.upper()}{'...' * (parameter.nargs == -1)}"


def _value(parameter: Any) -> Iterator[str]:  # noqa: ANN401
    if parameter.is_flag:
        return
    choices = _members(parameter.default)
    yield parameter.metavar or ("\\|".join(choices) if choices else "VALUE")


def _members(default: object) -> list[str]:
    return [str(member.value) for member in type(default)] if isinstance(default, Enum) else []


def _default(parameter: Any) -> str:  # noqa: ANN401
    if parameter.required:
        return "required"
    if getattr(parameter, "is_flag", False) or parameter.default in (None, ""):
        return ""
    return f"`{getattr(parameter.default, 'value', parameter.default)}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
