"""The laboratory's file: what is written is what is printed, and what cannot be read says why."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cytomon.errors import InputError
from cytomon.report.laboratory import Laboratory, read_laboratory


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "laboratory.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_fields_are_read(tmp_path: Path):
    """Some of them, in any order; quotes, folded lines and letters of any language."""
    path = written(
        tmp_path, '# ours\ndirector: "Łucja: Ω"\nname: Flow laboratory\naddress: >-\n  a\n  b\n'
    )

    assert read_laboratory(path) == Laboratory(
        name="Flow laboratory", director="Łucja: Ω", address="a b"
    )


@pytest.mark.parametrize("content", ["", "# nothing\n", "\ufeff", "name:\ndirector: ~\n", "---\n"])
def test_nothing_is_not_recorded(tmp_path: Path, content: str):
    """An empty file, and a field that is left empty."""
    assert read_laboratory(written(tmp_path, content)) == Laboratory() == read_laboratory(None)


@pytest.mark.parametrize(
    "text",
    [
        "2020-99-99", "2020-01-01", "2001-13-14t21:59:43.10-05:00", "5", "0o9", "0x", "1e999999",
        "1:99:99", ".inf", "yes", "0049 89 123", "=1+1", "0.50",
    ],
)  # fmt: skip
def test_what_looks_like_a_number_or_a_date_is_text(tmp_path: Path, text: str):
    """A number of accreditation may look like anything."""
    assert read_laboratory(written(tmp_path, f"accreditation: {text}\n")).accreditation == text


@pytest.mark.parametrize(
    ("content", "why", "where"),
    [
        pytest.param("name: a\nname: b\n", "name is given twice", ", line 2", id="twice"),
        pytest.param("name: [a, b]\n", "name is no text", ", line 1", id="a-list"),
        pytest.param("\nname: {a: b}\n", "name is no text", ", line 2", id="a-mapping"),
        pytest.param('name: !!binary "x"\n', "name is no text", ", line 1", id="bytes"),
        pytest.param(
            "name: !!python/object/apply:os.system [id]\n", "name is no text", ", line 1", id="code"
        ),
        pytest.param("name: &a [*a]\n", "name is no text", ", line 1", id="within-itself"),
        pytest.param(
            "names: x\n", "there is no such field; did you mean name", ", line 1", id="unknown"
        ),
        pytest.param('"\\e[2J": x\n', "there is no such field", ", line 1", id="a-terminal"),
        pytest.param(
            "? {a: b}\n: c\n", "there is no such field", ", line 1", id="a-mapping-as-key"
        ),
        pytest.param("<<: {name: x}\n", "there is no such field", ", line 1", id="merged"),
        pytest.param("- a\n", "it is no list of fields", "", id="entries"),
        pytest.param("a text", "it is no list of fields", "", id="a-text"),
        pytest.param("name: a\n---\nname: b\n", "it is no YAML", ", line 2", id="two-documents"),
        pytest.param("name: 'x\n", "it is no YAML", ", line 2", id="no-end-of-a-text"),
        pytest.param("name: a\0b\n", "it is no YAML", "", id="a-control"),
        pytest.param('name: "\\ud800"\n', "name: .*unicode", "", id="half-a-character"),
        pytest.param('name: "\\UFFFFFFFF"\n', "it is no YAML", "", id="no-character"),
        pytest.param("name: " + "[" * 20_000 + "]" * 20_000, "it is no YAML", "", id="deep"),
        pytest.param("name: " + "9" * 5000, "name: .*at most 500", "", id="long-number"),
        pytest.param("name: " + "x" * 600, "name: .*at most 500", "", id="long-text"),
        pytest.param("name: " + "x" * 100_000, "larger than 100,000 bytes", "", id="large"),
        pytest.param(b"name: \xe9\n", "it is no text in UTF-8", "", id="latin"),
    ],
)
def test_what_cannot_be_used_says_why(tmp_path: Path, content: str | bytes, why: str, where: str):
    """The field, the line, and what to write."""
    with pytest.raises(InputError, match=why) as refused:
        read_laboratory(written(tmp_path, content))

    assert refused.value.where == f"laboratory.yaml{where}"
    assert "fields are name, address, contact" in refused.value.fix


def test_a_text_that_stands_for_many_is_one_text(tmp_path: Path):
    """An alias of a text is that text; nothing is multiplied."""
    assert read_laboratory(written(tmp_path, "name: &a x\ndirector: *a\n")).director == "x"


def test_what_is_no_file_is_refused(tmp_path: Path):
    """A folder, and nothing."""
    with pytest.raises(InputError, match="no regular file"):
        read_laboratory(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        read_laboratory(tmp_path / "missing.yaml")


@pytest.mark.skipif(sys.platform == "win32", reason="devices and pipes of another kind")
def test_what_never_ends_is_not_begun(tmp_path: Path):
    """A device without an end, and a pipe that nobody writes to."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for path in (Path("/dev/zero"), pipe):
        with pytest.raises(InputError, match="no regular file"):
            read_laboratory(path)


def _named(text: str) -> bytes:
    return f"name: {text}".encode()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(st.characters(codec="utf-8"), max_size=90).map(_named))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes):
    """Never another error."""
    try:
        found = read_laboratory(written(tmp_path, content))
    except InputError:
        return
    assert isinstance(found, Laboratory)
