"""README and pages: links lead somewhere, commands exist, output is what the tubes give."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cytomon.cli.main import main
from docs.command_line import commands
from tests.docs.pages import DOCS, ROOT, blocks, every_page, read

README = read(ROOT / "README.md")
COMMANDS = dict(commands())


def _shell() -> Iterator[tuple[str, str]]:
    for path in every_page():
        for block in blocks(read(path), "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                yield path.name, line.partition("  #")[0].strip()


@pytest.mark.parametrize(
    "line", sorted({line for _, line in _shell() if line.startswith("cytomon ")})
)
def test_commands_exist(line: str) -> None:
    """A command that a page shows exists, with every option it is given."""
    words = shlex.split(line)
    name = max((n for n in COMMANDS if words[: len(n.split())] == n.split()), key=len)
    options = {option for p in COMMANDS[name].params for option in p.opts}

    assert {word for word in words if word.startswith("--")} <= options


def test_make_targets_exist() -> None:
    """A target that a page shows is one of the Makefile's, or of what it includes."""
    shown = {line.split()[1] for _, line in _shell() if line.startswith("make ")}
    made = read(ROOT / "Makefile") + read(ROOT / "tests" / "packaging" / "release.mk")
    targets = set(re.findall(r"^([a-z-]+):", made, flags=re.MULTILINE))

    assert {"demo", "test"} <= shown <= targets


def test_shell_blocks_hold_nothing_else() -> None:
    """Every line of a shell block is checked by one of the tests above, or runs Python."""
    rest = {line for _, line in _shell() if line and not line.startswith(("cytomon ", "make "))}

    assert {line for line in rest if not line.startswith(".venv/bin/python ")} == set()


def test_readme_paths_exist() -> None:
    """Files that the README's commands read are in the repository."""
    words = [word for _, line in _shell() for word in shlex.split(line)]
    paths = {word for word in words if word.startswith(("sample_fcs", "gates/"))}

    assert {path for path in paths if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(page: str) -> None:
    """Links within the repository end at a file, and at a heading where they name one."""
    broken = []
    for target in re.findall(r"\]\(([^)]+)\)", read(ROOT / page)):
        path, _, anchor = target.partition("#")
        if path.startswith("https://"):
            continue
        there = ROOT / path if path else ROOT / page
        if not there.exists() or (anchor and anchor not in _anchors(there)):
            broken.append(target)

    assert broken == []


def _anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", read(path), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in headings}


def test_readme_shows_real_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table in the README is what the sample tubes give today."""
    monkeypatch.chdir(ROOT)
    lists = [f"--{n}=sample_fcs/{n}.csv" for n in ("worklist", "patients", "events")]

    code = main(["batch", "sample_fcs", *lists, f"--out={tmp_path}", "--figures=none", "--jobs=1"])

    (shown,) = (block for block in blocks(README, "text") if block.startswith("tube "))
    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert code == 0
    assert len(printed) == 13
    assert shown.splitlines()[:13] == printed


def test_readme_example_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The README's Python runs as it stands."""
    monkeypatch.chdir(ROOT)
    (example,) = blocks(README, "python")

    exec(compile(example, "README.md", "exec"), {})  # noqa: S102

    assert capsys.readouterr().out.startswith("POSITIVE ")


def test_auditors_example() -> None:
    """The number done by hand comes out as the page says."""
    (example,) = blocks(read(DOCS / "explanation" / "from-tube-to-number.md"), "python")
    names: dict[str, Any] = {}

    exec(compile(example, "from-tube-to-number.md", "exec"), names)  # noqa: S102

    estimate = names["estimate"]
    said = f"{estimate.value:.5f} ({estimate.low:.5f} to {estimate.high:.5f})"
    assert f"# {said}" in example


@pytest.mark.parametrize("path", every_page(), ids=lambda path: path.name)
def test_pages_speak_of_the_project_only(path: Path) -> None:
    """No page names a folder of some machine or the address of a package server."""
    text = read(path)

    assert re.findall(r"(?<![\w.:/])/(?:work|home|root|tmp|usr|opt|mnt)/\S*", text) == []
    assert re.findall(r"localhost|127\.0\.0\.1|index-url|simple/|\.internal\b", text) == []
