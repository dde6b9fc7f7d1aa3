"""Damage of any kind ends in a reading or in a refusal, never in a crash."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cytomon.errors import CytomonError, FcsError
from cytomon.fcs.intake import open_datasets, open_tube
from cytomon.fcs.panel import match_panel
from cytomon.fcs.read import read_events
from cytomon.fcs.text import parse_text
from tests.fcs.builders import make_fcs, sample_events, text_segment, write

SAMPLES = [
    make_fcs(sample_events(5), keywords={"SPILL": "2,FITC-A,PE-A,1,0.1,0,1"}),
    make_fcs(sample_events(5), datatype="I", version="FCS2.0", keywords={"$P3E": "4,1"}),
    make_fcs(sample_events(5), supplement=b"/$COM/late/", tail=b"00000000"),
]
PLACE = st.integers(0, 10_000)
DAMAGE = st.lists(
    st.one_of(
        st.tuples(st.just("flip"), PLACE, st.binary(min_size=1, max_size=1)),
        st.tuples(st.just("cut"), PLACE, st.just(b"")),
        st.tuples(st.just("insert"), PLACE, st.binary(min_size=1, max_size=9)),
        st.tuples(st.just("remove"), PLACE, st.binary(min_size=1, max_size=9)),
        st.tuples(st.just("swap"), PLACE, st.sampled_from([b"/", b"$", b"0", b"9", b"-", b" "])),
    ),
    min_size=1,
    max_size=4,
)


def damaged(content: bytes, damage: list[tuple[str, int, bytes]]) -> bytes:
    """Apply each damage in turn."""
    for kind, place, piece in damage:
        at = place % (len(content) + 1)
        if kind == "cut":
            content = content[:at]
        elif kind == "insert":
            content = content[:at] + piece + content[at:]
        else:
            length = len(piece)
            content = content[:at] + (b"" if kind == "remove" else piece) + content[at + length :]
    return content


@settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sample=st.sampled_from(SAMPLES), damage=DAMAGE)
def test_damage(tmp_path: Path, sample: bytes, damage: list[tuple[str, int, bytes]]) -> None:
    """Bytes changed, lost or added: a table of the stated shape, or `CytomonError`."""
    path = write(tmp_path, damaged(sample, damage))
    try:
        tube = open_tube(path)
        events = read_events(tube)
        match_panel(tube)
        open_datasets(path)
    except CytomonError:
        return
    assert events.shape == (tube.n_events, len(tube.channels))
    assert events.dtype == np.float64


WORD = st.text(st.sampled_from("ab$/ 1"), min_size=1, max_size=4).filter(
    lambda word: not word.startswith("/") and word.strip()
)
KEY = st.text(st.sampled_from("abc1"), min_size=1, max_size=4)


@given(pairs=st.dictionaries(KEY, WORD, min_size=1, max_size=5), final=st.booleans())
def test_doubled_delimiters(pairs: dict[str, str], final: bool) -> None:
    """Values with doubled delimiters come back as they were, whatever they hold."""
    if not final and list(pairs.values())[-1].endswith(("/", " ")):
        final = True

    found = parse_text(text_segment(pairs, final=final), where="x").pairs

    assert found == {key.upper(): value for key, value in pairs.items()}


@given(pairs=st.dictionaries(KEY, st.sampled_from(["", "x", "12"]), min_size=1, max_size=6))
def test_empty_values(pairs: dict[str, str]) -> None:
    """Empty values come back empty, as long as no other value holds the delimiter."""
    found = parse_text(text_segment(pairs), where="x").pairs

    assert found == {key.upper(): value for key, value in pairs.items()}


@given(raw=st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    """Any bytes as TEXT are keywords or a refusal; a keyword is never empty."""
    try:
        found = parse_text(raw, where="x").pairs
    except FcsError:
        return
    assert all(found)
