"""A copy of an FCS file holds what measuring needs, and nothing else."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import fcsparser
import flowio
import numpy as np
import pytest

from cytomon.errors import CytomonError, FcsError
from cytomon.fcs.deidentify import Copy, events_of, plan_copy, write_copy
from cytomon.fcs.intake import open_datasets, open_tube
from cytomon.fcs.names import letters
from cytomon.fcs.read import read_events
from cytomon.model.tube import Channel, Role, Tube
from tests.deidentify.planted import NAMES, STAINS, found, planted_tube
from tests.fcs.builders import chain, make_fcs, sample_events, write

KEPT = re.compile(
    r"\$(P[0-9]+([BERGNSV]|DATATYPE)|(BEGIN|END)(DATA|STEXT|ANALYSIS)|NEXTDATA|MODE|BYTEORD"
    r"|DATATYPE|TOT|PAR|TIMESTEP|SPILLOVER|SPILL|COMP|CYT|DATE)|SPILLOVER|SPILL|COMP"
)
CYTOMETER = "cytometer bcdfghjklmnp"


def copied(tube: Tube, path: Path, *, allowed: tuple[str, ...] = ()) -> tuple[Tube, Copy]:
    """The copy, opened, and what was decided."""
    copy = plan_copy(tube, days=-400, cytometer=CYTOMETER, allowed=allowed)
    write_copy(tube, copy, path)
    return open_tube(path), copy


def without_clock(channel: Channel) -> Channel:
    """A channel; of the clock nobody asks for a gain, nor for a range."""
    return replace(channel, gain=1.0, range=1.0) if channel.role is Role.TIME else channel


def of(folder: Path, **made: object) -> Tube:
    return open_tube(write(folder, make_fcs(**made)))  # type: ignore[arg-type]


def test_nothing_planted_is_left(tmp_path: Path):
    """Of identifiers in every keyword, segment and gap, none is in the copy."""
    content, words = planted_tube()
    assert len(found(content, words)) == len(words)  # the test can see them
    tube = open_tube(write(tmp_path, content))

    copy, plan = copied(tube, tmp_path / "copy.fcs")

    assert found(copy.path.read_bytes(), words) == []
    assert [channel.pnn for channel in copy.channels] == list(NAMES)
    assert [channel.pns for channel in copy.channels] == list(STAINS)
    assert not any(one in repr(plan) for one in words)
    others = {k: v for k, v in copy.keywords.items() if not re.fullmatch(r"\$P[0-9][NS]|\$CYT", k)}
    assert [k for k, v in others.items() if not re.fullmatch(r"[0-9][0-9,.]*|F|L", v)] == []


def test_other_programs_read_the_same_events(tmp_path: Path):
    """FlowIO and fcsparser find in the copy the events and names of the original."""
    content, _ = planted_tube()
    path = write(tmp_path, content)
    copy, _ = copied(open_tube(path), tmp_path / "copy.fcs")

    original = np.reshape(flowio.FlowData(path, ignore_offset_error=True).events, (-1, 4))
    theirs = flowio.FlowData(copy.path)
    _, table = fcsparser.parse(str(copy.path))

    np.testing.assert_array_equal(np.reshape(theirs.events, (-1, 4)), original)
    np.testing.assert_array_equal(table.to_numpy(), original)
    assert list(table.columns) == list(NAMES)
    assert [theirs.channels[n]["pns"] for n in range(1, 5)] == list(STAINS)


@pytest.mark.shared
def test_every_vendor(shared: Path, tmp_path: Path):
    """What real instruments wrote is read from the copy to the last bit; nothing else is in it."""
    n_copied = 0
    for path in sorted((shared / "real_fcs").rglob("*")):
        if not path.is_file() or path.suffix == ".md":
            continue
        for tube in open_datasets(path):
            if "xxxxxxxxxxxxxx (710/40) LogH" in tube.keywords.values():
                # the source has made its names unknown
                with pytest.raises(FcsError, match="called by a word"):
                    copied(tube, tmp_path / "copy.fcs")
                continue
            copy, _ = copied(tube, tmp_path / "copy.fcs")
            n_copied += 1
            np.testing.assert_array_equal(read_events(copy), read_events(tube))
            assert [*map(without_clock, copy.channels)] == [*map(without_clock, tube.channels)]
            assert copy.version == tube.version
            assert all(map(KEPT.fullmatch, copy.keywords))
            assert copy.keywords["$CYT"] == CYTOMETER
            if tube.spillover is not None:
                np.testing.assert_array_equal(copy.spillover.matrix, tube.spillover.matrix)
    assert n_copied == 16


@pytest.mark.parametrize(
    "made",
    [
        {"datatype": "D", "byteord": "8,7,6,5,4,3,2,1"},
        {"datatype": "I", "bits": [16, 16, 24, 32], "byteord": "4,3,2,1"},
        {"version": "FCS2.0", "datatype": "I", "keywords": {"$TOT": None, "$P1E": "4,1"}},
        {"version": "FCS3.2", "keywords": {"$P2DATATYPE": "F", "$MODE": None}},
        {"events": sample_events(0)},
        {"keywords": {"$P1G": " 2.0 ", "$P2E": "4.0, 0.1"}},
    ],
    ids=["double", "integers", "2.0", "3.2", "empty", "gains"],
)
def test_every_layout(made: dict[str, object], tmp_path: Path):
    """Numbers come back whatever their type, width, byte order and scale."""
    tube = of(tmp_path, **made)

    copy, _ = copied(tube, tmp_path / "copy.fcs")

    np.testing.assert_array_equal(read_events(copy), read_events(tube))
    assert copy.channels == tube.channels


def test_one_data_set_of_several(tmp_path: Path):
    """The copy holds the one that was named, and nothing of the others."""
    path = write(tmp_path, chain({"keywords": {"$SRC": "first"}}, {"keywords": {"$OP": "second"}}))

    copy, _ = copied(open_tube(path, dataset=2), tmp_path / "copy.fcs")

    assert copy.n_datasets == 1
    assert copy.path.stat().st_size < path.stat().st_size / 1.5


@pytest.mark.parametrize(
    ("name", "written"),
    [("$P3N", "Doe-A"), ("$P3S", "CD19 Doe"), ("$P3S", "12345678"), ("$P4S", "2012-04-31")],
)
def test_a_name_of_other_words_is_refused(name: str, written: str, tmp_path: Path):
    """The error names the keyword, never the word; the owner may allow it."""
    tube = of(tmp_path, keywords={name: written})

    with pytest.raises(FcsError) as refused:
        plan_copy(tube, days=-1, cytometer=CYTOMETER)

    assert name in refused.value.where
    assert written not in str(refused.value)
    plan_copy(tube, days=-1, cytometer=CYTOMETER, allowed={"doe", "12345678", "2012", "04", "31"})


def test_a_matrix_is_copied_with_its_names_checked(tmp_path: Path):
    """Names with a stranger's word are refused, what is no matrix stays behind."""
    good = {"$SPILLOVER": "2, FITC-A, PE-A, 1, 0.1, 0.02, 1"}
    copy, _ = copied(of(tmp_path, keywords=good), tmp_path / "copy.fcs")
    assert copy.spillover.matrix.tolist() == [[1, 0.1], [0.02, 1]]
    with pytest.raises(FcsError, match="called by a word"):
        plan_copy(
            of(tmp_path, keywords={"$SPILLOVER": "2,FITC-A,PE-A::Doe,1,0.1,0,1"}),
            days=-1, cytometer=CYTOMETER,
        )  # fmt: skip
    for bad in ("2,FITC-A,PE-A,1,Doe,0,1", "Doe", "1,77123456,1", "1,FITC-A,77123456"):
        _, plan = copied(of(tmp_path, keywords={"SPILL": bad}), tmp_path / "copy.fcs")
        assert "SPILL" in plan.removed


def test_days_are_moved_and_times_stay_behind(tmp_path: Path):
    """``$DATE`` moves; in another form than the standard's it goes, as the times of day do."""
    times = {"$BTIM": "12:00:00", "$ETIM": "12:01:00", "$CYT": "Canto Ward 7", "$CYTSN": "H77"}
    copy, plan = copied(
        of(tmp_path, keywords={"$DATE": "01-MAR-2024", **times}), tmp_path / "copy.fcs"
    )
    assert copy.keywords["$DATE"] == "26-JAN-2023"  # 400 days before, by hand
    assert not {"$BTIM", "$ETIM", "$CYTSN"} & copy.keywords.keys()
    assert {"$BTIM", "$ETIM", "$CYTSN", "$CYT", "$DATE"} <= plan.removed.keys()
    copy, _ = copied(of(tmp_path, keywords={"$DATE": "2024-03-01"}), tmp_path / "copy.fcs")
    assert "$DATE" not in copy.keywords
    assert copy.keywords["$CYT"] == CYTOMETER  # a file without one would be judged with others


@pytest.mark.parametrize("value", ["77123456", "Doe", "-1"])
def test_numbers_out_of_reason_stay_behind(value: str, tmp_path: Path):
    """A voltage and a time step are numbers that such things have."""
    tube = of(tmp_path, keywords={"$P1V": value, "$TIMESTEP": value, "$P2V": "450"})

    copy, _ = copied(tube, tmp_path / "copy.fcs")

    assert value not in copy.keywords.values()
    assert copy.keywords["$P2V"] == "450"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.write_bytes(path.read_bytes() + b"more"), "bytes when opened"),
        (lambda path: os.utime(path, ns=(1, 1)), "written to while it was read"),
        (Path.unlink, "can no longer be read"),
    ],
)
def test_a_file_that_has_changed_is_refused(
    change: Callable[[Path], None], message: str, tmp_path: Path
):
    """Between opening and copying."""
    tube = of(tmp_path)
    plan = plan_copy(tube, days=-1, cytometer=CYTOMETER)
    change(tube.path)

    with pytest.raises(FcsError, match=message):
        write_copy(tube, plan, tmp_path / "copy.fcs")


def test_a_copy_that_reads_otherwise_is_refused(tmp_path: Path):
    """The copy is opened again before it is trusted: here it was decided on for another tube."""
    plan = plan_copy(of(tmp_path, keywords={"$P1R": "2048"}), days=-1, cytometer=CYTOMETER)
    tube = of(tmp_path)

    with pytest.raises(CytomonError, match="not read as the original"):
        write_copy(tube, plan, tmp_path / "copy.fcs")


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("$P1G", "1234567890123"), ("$P2R", "87654321098"), ("$P1E", "0,0.198001011234"),
        ("$TIMESTEP", "0.19800101123"), ("$P1R", "19800101"),
    ],
)  # fmt: skip
def test_a_long_number_is_refused(keyword: str, value: str, tmp_path: Path):
    """Values rest on it, so it cannot go; it may be somebody's, so it does not stay unseen."""
    tube = of(tmp_path, keywords={keyword: value})

    with pytest.raises(FcsError, match="more than the 7 digits") as refused:
        plan_copy(tube, days=-1, cytometer=CYTOMETER)

    assert keyword in refused.value.where
    assert value not in str(refused.value)
    plan_copy(tube, days=-1, cytometer=CYTOMETER, allowed={letters(value)})


def test_usual_numbers_are_kept(tmp_path: Path):
    """Those that instruments write: powers of two, shares of volts, noughts behind the point."""
    given = {"$P1R": "4294967296", "$P2R": "2147483647", "$P3G": "1.000000000",
             "$P4E": "4.0,0.1024", "$P1V": "484.5", "$P2V": "1980.010112345",
             "$TIMESTEP": "0.0001"}  # fmt: skip

    copy, plan = copied(of(tmp_path, keywords=given), tmp_path / "copy.fcs")

    del given["$P2V"]
    assert {name: copy.keywords[name] for name in given} == given
    assert "$P2V" in plan.removed


@pytest.mark.parametrize("datatype", ["I", "F"])
def test_long_numbers_of_the_clock(datatype: str, tmp_path: Path):
    """Its range is rounded up to a power of two, its gain goes; times are the same."""
    given = {"$P4N": "Time", "$P4R": "11209599", "$P4G": "78125.000109", "$TIMESTEP": "0.01"}
    bits = [16, 16, 16, 32] if datatype == "I" else None
    tube = of(tmp_path, datatype=datatype, bits=bits, keywords=given)

    copy, plan = copied(tube, tmp_path / "copy.fcs")

    np.testing.assert_array_equal(read_events(copy), read_events(tube))
    assert copy.keywords["$P4R"] == "16777216"
    assert "$P4R" in plan.changed
    assert "$P4G" not in copy.keywords
    assert "$P4G" in plan.removed


@pytest.mark.parametrize("value", ["1980010.1", "0.198001011234567891", "-101"])
def test_entries_that_no_matrix_has(value: str, tmp_path: Path):
    """Such a tube is refused; a matrix that was computed stays to the last digit."""
    tube = of(tmp_path, keywords={"SPILL": f"2,FITC-A,PE-A,1,{value},0.0282786777732944,1"})
    with pytest.raises(FcsError, match="an entry of the matrix") as refused:
        plan_copy(tube, days=-1, cytometer=CYTOMETER)
    assert value not in str(refused.value)
    good = of(tmp_path, keywords={"SPILL": "2,FITC-A,PE-A,1,0.15999999430400005,0,1"})
    assert "SPILL" in plan_copy(good, days=-1, cytometer=CYTOMETER).kept


@pytest.mark.parametrize("byteord", ["1,2,3,4", "4,3,2,1"])
def test_bits_that_are_not_read_are_not_copied(byteord: str, tmp_path: Path):
    """Above the range of an integer each event could carry a letter."""
    letters_of = np.frombuffer(b"QUENDELMARIE" * 10, dtype=np.uint8).astype(np.int64)
    events = sample_events(120)
    events[:, 1] += letters_of << 40
    events[:, 2] += letters_of << 12
    tube = of(tmp_path, events=events, datatype="I", bits=[16, 64, 24, 32], byteord=byteord)

    copy, _ = copied(tube, tmp_path / "copy.fcs")

    np.testing.assert_array_equal(read_events(copy), read_events(tube))
    np.testing.assert_array_equal(read_events(copy), sample_events(120))
    stored = np.frombuffer(copy.path.read_bytes()[slice(*events_of(copy))], dtype=np.uint8)
    rows = stored.reshape(120, 17)
    order = "little" if byteord == "1,2,3,4" else "big"
    assert [int.from_bytes(row[2:10].tobytes(), order) for row in rows] == [
        *sample_events(120)[:, 1]
    ]
    assert [int.from_bytes(row[10:13].tobytes(), order) for row in rows] == [
        *sample_events(120)[:, 2]
    ]
