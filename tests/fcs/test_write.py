"""The writer: what it writes is read back by others, equal to the last bit."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import fcsparser
import flowio
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cytomon.fcs import write
from cytomon.fcs.write import ChannelSpec, write_fcs
from cytomon.model.tube import Spillover

Float32 = np.dtype("<f4")

tables = hnp.arrays(
    Float32,
    st.tuples(st.integers(1, 30), st.integers(1, 5)),
    elements=st.floats(-1e6, 1e6, width=32),
)


def columns(n: int) -> list[ChannelSpec]:
    return [ChannelSpec(pnn=f"D{i}-A", pns=f"CD{i} PE", range=1024.0 * (i + 1)) for i in range(n)]


def written(path: Path, events: np.ndarray, **options: object) -> Path:
    settings = {"spillover": None, "keywords": {}, **options}
    write_fcs(path, events, columns(events.shape[1]), **settings)
    return path


@given(tables)
def test_flowio_reads_what_was_written(events: np.ndarray):
    """FlowIO reads the same floats, names and ranges."""
    with TemporaryDirectory() as folder:
        data = flowio.FlowData(str(written(Path(folder) / "a.fcs", events)))
        read = np.asarray(data.events, dtype=Float32).reshape(events.shape)
        named = [
            (data.channels[i + 1]["pnn"], data.channels[i + 1]["pnr"])
            for i in range(events.shape[1])
        ]

        assert np.array_equal(read, events)
        assert named == [(spec.pnn, spec.range) for spec in columns(events.shape[1])]


def test_fcsparser_reads_what_was_written(tmp_path: Path):
    """A second independent reader finds the same floats."""
    events = np.random.default_rng(1).normal(size=(500, 4)).astype(Float32)
    path = written(tmp_path / "a.fcs", events)
    _, frame = fcsparser.parse(str(path), reformat_meta=False)

    assert np.array_equal(frame.to_numpy(dtype=Float32), events)


def test_blocks_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A file written in many blocks equals one written at once, also from a strided table."""
    events = np.arange(4000, dtype=Float32).reshape(1000, 4)[:, ::2]
    whole = written(tmp_path / "whole.fcs", events).read_bytes()
    monkeypatch.setattr(write, "BLOCK_ROWS", 7)

    assert written(tmp_path / "blocks.fcs", events).read_bytes() == whole


def test_same_values_same_bytes(tmp_path: Path):
    """Nothing but the values enters the file: no clock, no name, no order of keywords."""
    events = np.ones((3, 2), dtype=Float32)
    one = written(tmp_path / "one.fcs", events, keywords={"A": "1", "B": "2"})
    other = written(tmp_path / "other.fcs", events, keywords={"B": "2", "A": "1"})

    assert one.read_bytes() == other.read_bytes()


def test_spillover_returns(tmp_path: Path):
    """``$SPILLOVER`` holds count, detectors and the matrix row by row (FCS 3.1, 3.2.18)."""
    matrix = np.array([[1.0, 0.08], [1 / 3, 1.0]])
    spillover = Spillover(detectors=("D1-A", "D0-A"), matrix=matrix, keyword="$SPILLOVER")
    events = np.ones((1, 3), dtype=Float32)
    path = written(tmp_path / "a.fcs", events, spillover=spillover)
    n, first, second, *values = flowio.FlowData(str(path)).text["spillover"].split(",")

    assert (n, first, second) == ("2", "D1-A", "D0-A")
    assert np.allclose(np.array(values, dtype=float).reshape(2, 2), matrix, rtol=1e-9)


def test_delimiter_within_a_value_is_doubled(tmp_path: Path):
    """A delimiter inside a value is written twice (FCS 3.1, 3.2.9)."""
    events = np.ones((1, 1), dtype=Float32)
    path = written(tmp_path / "a.fcs", events, keywords={"NOTE": f"a{write.DELIMITER}b"})

    assert flowio.FlowData(str(path)).text["note"] == f"a{write.DELIMITER}b"


def test_a_file_over_99_999_999_bytes(tmp_path: Path):
    """Beyond eight digits the HEADER says 0 and 0, and TEXT bounds DATA exactly (FCS 3.1, 3.1)."""
    events = np.zeros((1_300_000, 20), dtype=Float32)
    events[-1, -1] = 7
    path = written(tmp_path / "large.fcs", events)
    with path.open("rb") as stream:
        header = stream.read(58)
    data = flowio.FlowData(str(path))

    assert header[26:42] == b"       0       0"
    assert int(data.text["enddata"]) - int(data.text["begindata"]) + 1 == events.nbytes
    assert (len(data.events), data.events[-1]) == (events.size, 7)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What was there stays, and nothing half-written lies beside it."""
    path = tmp_path / "a.fcs"
    path.write_bytes(b"before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write, "_write_events", full)
    with pytest.raises(OSError, match="No space left"):
        written(path, np.ones((1, 1), dtype=Float32))

    assert [entry.name for entry in tmp_path.iterdir()] == ["a.fcs"]
    assert path.read_bytes() == b"before"


STRANGE = Spillover(detectors=("X-A",), matrix=np.eye(1), keyword="$SPILLOVER")


@pytest.mark.parametrize(
    ("events", "specs", "options", "says"),
    [
        pytest.param(np.ones((2, 2), Float32), columns(1), {}, "1 channels", id="shape"),
        pytest.param(np.ones((2, 1)), columns(1), {}, "float64", id="dtype"),
        pytest.param(np.ones((2, 2), Float32), columns(1) * 2, {}, "unique", id="twice"),
        pytest.param(np.ones((1, 1), Float32), [ChannelSpec(pnn="A,B")], {}, "comma", id="comma"),
        pytest.param(
            np.ones((1, 1), Float32), columns(1), {"keywords": {"$tot": "9"}}, "TOT", id="clash"
        ),
        pytest.param(
            np.ones((1, 1), Float32), columns(1), {"keywords": {"A": ""}}, "empty", id="empty"
        ),
        pytest.param(
            np.ones((1, 1), Float32), columns(1), {"spillover": STRANGE}, "X-A", id="strange"
        ),
    ],
)
def test_refusals(tmp_path: Path, events: np.ndarray, specs: list, options: dict, says: str):
    """What would make a wrong file is refused before a byte is written."""
    settings = {"spillover": None, "keywords": {}, **options}
    with pytest.raises(ValueError, match=says):
        write_fcs(tmp_path / "a.fcs", events, specs, **settings)

    assert list(tmp_path.iterdir()) == []
