"""YAML that people write: strict, and what is wrong with it is said with its line."""

from __future__ import annotations

import pytest

from cytomon.yaml_file import DEEPEST, MOST_BYTES, MOST_PARTS, Unreadable, read_yaml, write_yaml


def test_content_and_lines():
    data, lines = read_yaml(b"name: a\non: [1, 2.5]\nyes: no\n")
    assert data == {"name": "a", "on": [1, 2.5], "yes": "no"}
    assert lines["on",] == 2
    assert lines["on", 1] == 2


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        (b"a: 1\nb: 2026-13-45\n", 2, "a number or a day that does not exist"),
        (b"a: " + b"9" * 5000, 1, "a number or a day that does not exist"),
        (b"a: 1:1:1" + b":1" * 400 + b".5", 1, "a number or a day that does not exist"),
        (b"a: 1\nb: !!binary aGk=\n", 2, "tags are not allowed"),
        (b"a: !own 1", 1, "tags are not allowed"),
        (b"a: &x [1]\nb: *x\n", 2, "aliases are not allowed"),
        (b"a:\n  <<: {b: 1}\n", 2, "a key must be a word"),
        (b"a:\n  ? [b]\n  : 1\n", 2, "a key must be a word"),
        (b"a: 1\nb: 2\na: 3\n", 3, "is given twice"),
        (b"a: " + b"[" * DEEPEST, 1, "nested too deeply"),
        (b"a: [" + b"1," * MOST_PARTS + b"]", 1, "parts"),
        (b"a: [", 1, "not valid YAML"),
        (b"\xff\xfe\xff", 1, "not valid YAML"),
        (b"- a\n", 1, "no mapping"),
        (b"", 1, "no mapping"),
        (b"#" * (MOST_BYTES + 1), 1, "larger than"),
    ],
)
def test_what_is_refused(content: bytes, line: int, says: str):
    with pytest.raises(Unreadable, match=says) as caught:
        read_yaml(content)
    assert caught.value.line == line
    assert caught.value.fix


def test_what_is_written_is_read():
    data = {"name": "a", "on": ["yes", "1", "2026-01-01"], "numbers": [1, 2.5]}
    assert read_yaml(write_yaml(data))[0] == data
