"""Events as numbers: masks, scales, blocks, and other people's readers."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import flowio
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cytomon.errors import FcsError
from cytomon.fcs.intake import open_tube
from cytomon.fcs.read import event_blocks, read_events
from cytomon.model.tube import Tube
from tests.fcs.builders import make_fcs, sample_events, write

QUIET = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def by_flowio(path: Path, *, preprocess: bool = True) -> np.ndarray:
    """The events as FlowIO reads them, its strictness on offsets switched off."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = flowio.FlowData(path, ignore_offset_error=True, ignore_offset_discrepancy=True)
        return data.as_array(preprocess=preprocess)


LAYOUTS = st.one_of(
    st.tuples(st.just("F"), st.sampled_from(["1,2,3,4", "4,3,2,1"]), st.just([32])),
    st.tuples(st.just("D"), st.sampled_from(["1,2,3,4", "4,3,2,1"]), st.just([64])),
    st.tuples(
        st.just("I"),
        st.sampled_from(["1,2,3,4", "4,3,2,1", "1,2", "2,1"]),
        st.lists(st.sampled_from([8, 16, 32]), min_size=2, max_size=6),
    ),
)


SCALES = st.fixed_dictionaries(
    {
        "decades": st.sampled_from(["0,0", "4,1", "4.5,0", " 4.0,0.1024"]),
        "gain": st.sampled_from(["1", "2.5", "0", "10.0"]),
        "top": st.sampled_from(["256", "1000", "1024", "65536"]),
        "delimiter": st.sampled_from("/|\\\f\x1e!"),
    }
)


@QUIET
@given(layout=LAYOUTS, scale=SCALES, seed=st.integers(0, 2**32 - 1), n_events=st.integers(1, 20))
def test_agrees_with_flowio(
    tmp_path: Path,
    layout: tuple[str, str, list[int]],
    scale: dict[str, str],
    seed: int,
    n_events: int,
) -> None:
    """Any layout that FlowIO reads rightly gives the same numbers, to the last bit."""
    datatype, byteord, bits = layout
    bits = bits if datatype == "I" else bits * 4
    rng = np.random.default_rng(seed)
    limits = 2.0 ** np.array(bits) if datatype == "I" else 1024
    # Dirty bits above the range are part of the test for integers.
    events = np.floor(rng.random((n_events, len(bits))) * limits)
    keywords = {"$P1G": scale["gain"], "$TIMESTEP": "0.01", f"$P{len(bits)}N": "Time"}
    if datatype == "I":
        keywords |= {"$P1E": scale["decades"]}
        keywords |= {f"$P{n}R": scale["top"] for n in range(1, len(bits) + 1)}
    content = make_fcs(
        events,
        datatype=datatype,
        byteord=byteord,
        bits=bits,
        keywords=keywords,
        delimiter=scale["delimiter"],
    )
    path = write(tmp_path, content)

    np.testing.assert_array_equal(read_events(open_tube(path)), by_flowio(path))


@QUIET
@given(size=st.integers(1, 130), start=st.integers(-5, 110), stop=st.integers(-5, 110))
def test_blocks_are_the_whole(tmp_path: Path, size: int, start: int, stop: int) -> None:
    """Blocks of any size, put together, and any slice, are the events in order."""
    path = tmp_path / "tube.fcs"
    if not path.exists():
        write(tmp_path, make_fcs(sample_events() % 256, datatype="I", bits=[16, 32, 8, 24]))
    tube = open_tube(path)
    whole = read_events(tube)

    blocks = [block.copy() for block in event_blocks(tube, size=size)]

    assert [len(block) for block in blocks[:-1]] == [size] * (len(blocks) - 1)
    np.testing.assert_array_equal(np.concatenate(blocks), whole)
    some = slice(start, stop)
    np.testing.assert_array_equal(read_events(tube, rows=some), whole[some])
    parts = [block.copy() for block in event_blocks(tube, size=size, rows=some)]
    np.testing.assert_array_equal(np.concatenate([whole[:0], *parts]), whole[some])


@pytest.mark.parametrize("bits", [24, 64])
@pytest.mark.parametrize("byteord", ["1,2,3,4", "4,3,2,1"])
def test_widths_that_flowio_has_not(tmp_path: Path, bits: int, byteord: str) -> None:
    """Integers of 24 and 64 bits come whole, and lose the bits above their range."""
    events = np.array([[2**23 + 5, 77], [1, 2**20 + 3]])
    keywords = {"$P1R": str(2**24), "$P2R": "1000"}
    content = make_fcs(events, datatype="I", bits=[bits] * 2, byteord=byteord, keywords=keywords)

    found = read_events(open_tube(write(tmp_path, content)))

    assert found.tolist() == [[2**23 + 5, 77], [1, 3]]


def test_published_scale(tmp_path: Path) -> None:
    """FCS 3.1, 3.2.20: 4 decades on 1024 channels, channel 512 is 10**2 times the offset."""
    keywords = {"$P1E": "4,1", "$P2E": "4,0.1", "$P3G": "2"}
    content = make_fcs(np.array([[512, 512, 512]]), datatype="I", keywords=keywords)

    assert read_events(open_tube(write(tmp_path, content)))[0].tolist() == [100.0, 10.0, 256.0]


def test_decades_on_floats_stay_linear(tmp_path: Path) -> None:
    """Floats are linear whatever `$PnE` says; FlowIO expands them a second time."""
    path = write(tmp_path, make_fcs(keywords={"$P1E": "4,1"}))

    assert by_flowio(path)[:, 0].max() < 100 < read_events(open_tube(path))[:, 0].max()
    np.testing.assert_array_equal(read_events(open_tube(path)), sample_events())


@pytest.mark.parametrize(
    ("name", "step", "gain", "factor"),
    [
        ("Time", "0.01", "0.01", 0.01),
        ("HDR-T", "0.5", None, 0.5),
        ("TIME", "", None, 1.0),
        ("Time", "unknown", None, 1.0),
        ("FL4-A", "0.01", "0.5", 2.0),
    ],
)
def test_time(tmp_path: Path, name: str, step: str, gain: str | None, factor: float) -> None:
    """`$TIMESTEP` scales time and nothing else; a gain on time means nothing."""
    keywords = {"$P4N": name, "$TIMESTEP": step or " ", "$P4G": gain}

    found = read_events(open_tube(write(tmp_path, make_fcs(keywords=keywords))))

    np.testing.assert_array_equal(found[:, :3], sample_events()[:, :3])
    np.testing.assert_allclose(found[:, 3], sample_events()[:, 3] * factor, rtol=1e-15)


def test_not_finite(tmp_path: Path) -> None:
    """NaN and Inf are kept and named, one answer per event."""
    events = np.ones((4, 2))
    events[1, 0], events[3, 1] = np.nan, -np.inf

    found = read_events(open_tube(write(tmp_path, make_fcs(events))))

    np.testing.assert_array_equal(found, events)
    assert np.isfinite(found).all(axis=1).tolist() == [True, False, True, False]


def test_signalling_nan(tmp_path: Path) -> None:
    """A NaN of the signalling kind is a NaN like any other, without a warning."""
    content = make_fcs(np.ones((1, 2)))[:-4] + b"\x01\x00\x80\x7f"

    found = read_events(open_tube(write(tmp_path, content)))

    assert np.isfinite(found).tolist() == [[True, False]]


def test_absurd_decades(tmp_path: Path) -> None:
    """Decades beyond what a number holds become infinite, and are counted as such."""
    content = make_fcs(np.full((1, 2), 1023), datatype="I", keywords={"$P1E": "400,1"})
    found = read_events(open_tube(write(tmp_path, content)))

    assert np.isfinite(found).tolist() == [[False, True]]


def test_copies(tmp_path: Path) -> None:
    """What is read is the reader's own: writing into it changes no later reading."""
    tube = open_tube(write(tmp_path, make_fcs()))
    read_events(tube)[:] = -1.0

    np.testing.assert_array_equal(read_events(tube), sample_events())


def test_changed_meanwhile(tmp_path: Path) -> None:
    """A file that grew, shrank or went away since it was opened is refused."""
    path = write(tmp_path, make_fcs())
    tube = open_tube(path)
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(FcsError, match="when opened"):
        read_events(tube)
    path.unlink()
    with pytest.raises(FcsError, match="no longer be read"):
        next(event_blocks(tube))


def test_wrong_arguments(tmp_path: Path) -> None:
    """A step and an empty block are mistakes of the caller."""
    tube = open_tube(write(tmp_path, make_fcs()))
    with pytest.raises(ValueError, match="step"):
        read_events(tube, rows=slice(None, None, 2))
    with pytest.raises(ValueError, match="positive"):
        next(event_blocks(tube, size=0))


# Name of the file to its reader; where FlowIO cannot read a file, or not rightly, another.
VENDORS = {
    "Cytek_xP5__Cytek_xP5.fcs": "bytes",
    "FACSCaliburHTS__Sample_Well_A02.fcs": "flowio",
    "FACSCalibur__0877408774.B08": "flowio",
    "Fortessa__FCS_3.0_Fortessa_PBS_Specimen_001_A1_A01.fcs": "flowio",
    "HTS_BD_LSR-II__HTS_BD_LSR_II_Mixed_Specimen_001_D6_D06.fcs": "flowio",
    "MACSQuant_FCS2.0__EY_2013-07-19_PBS_FCS_2.0_Custom_Without_Add_Well_A1.001.fcs": "flowio",
    "MACSQuant_FCS3.0__FCS3.0_Custom_Compatible.fcs": "flowio",
    "MACSQuant_FCS3.1__EY_2013-07-19_PBS_FCS_3.1_Custom_Add_Well_A1.001.fcs": "flowio",
    "MACSQuant_FCS3.1__EY_2013-07-19_PBS_FCS_3.1_Custom_Without_Add_Well_A1.001.fcs": "flowio",
    "MACSQuant_FCS3.1__EY_2013-07-19_PBS_FCS_3.1_Well_A1.001.fcs": "flowio",
    "MACSQuant_FCS3.1__SG_2014-09-26_Duplicate_Names.fcs": "flowio",
    "cyflow_cube_8__cyflow_cube_8.fcs": "flowio",
    "fake_bitmask_error__fcs1_cleaned.lmd": "flowio",
    "fake_large_fcs__fake_large_fcs.fcs": "flowio mended",
    "flowio__3FITC_4PE_004.fcs": "flowio",
    "flowio__data_start_offset_discrepancy_example.fcs": "flowio raw",
    "flowio__data_stop_offset_discrepancy_example.fcs": "flowio raw",
    "flowio__variable_int_example.fcs": "flowio raw",
}


def unscaled(tube: Tube, events: np.ndarray) -> np.ndarray:
    """Undo the scales, to compare with a reader that stops before them."""
    raw = events.copy()
    for channel in tube.channels:
        column = raw[:, channel.index]
        if channel.role.value != "time":
            column *= channel.gain
        if channel.decades:
            column[:] = np.log10(column / channel.offset) * channel.range / channel.decades
    return raw


def by_bytes(path: Path) -> np.ndarray:
    """24-bit big-endian channel numbers of 1024, put together by hand; P4 to P8 over 4 decades."""
    raw = np.fromfile(path, "u1", count=23126 * 24, offset=4096).reshape(-1, 8, 3)
    channel_numbers = raw.astype(float) @ [65536.0, 256.0, 1.0]
    assert channel_numbers[:, 1:].max() == 1023
    channel_numbers[:, 0] *= 0.001
    channel_numbers[:, 3:] = 10 ** (4 * channel_numbers[:, 3:] / 1024)
    return channel_numbers


@pytest.mark.shared
@pytest.mark.parametrize(("name", "reader"), VENDORS.items(), ids=VENDORS)
def test_vendors(shared: Path, name: str, reader: str) -> None:
    """Files of other instruments give the same numbers as an independent reader."""
    path = shared / "real_fcs" / "vendors" / name
    tube = open_tube(path)
    found = read_events(tube)

    if reader == "flowio":
        np.testing.assert_array_equal(found, by_flowio(path))
    elif reader == "flowio raw":
        np.testing.assert_allclose(unscaled(tube, found), by_flowio(path, preprocess=False))
    elif reader == "flowio mended":
        content = path.read_bytes()
        mended = io.BytesIO(content[:26] + b"    2462  512201" + content[42:])
        np.testing.assert_array_equal(found, flowio.FlowData(mended).as_array())
    else:
        np.testing.assert_allclose(found, by_bytes(path), rtol=1e-15)


@pytest.mark.shared
def test_every_vendor_is_here(shared: Path) -> None:
    """No file of the folder is left out."""
    folder = shared / "real_fcs" / "vendors"

    assert {path.name for path in folder.iterdir()} == set(VENDORS)


@pytest.mark.shared
def test_marrow(shared: Path) -> None:
    """The real tube: events, matrix and numbers as FlowIO has them, and no finding."""
    path = shared / "real_fcs" / "b_all_panel_marrow.fcs"
    tube = open_tube(path)

    assert (tube.n_events, tube.findings) == (83_411, ())
    assert tube.spillover is not None
    assert len(tube.spillover.detectors) == 8
    np.testing.assert_array_equal(read_events(tube), by_flowio(path))
