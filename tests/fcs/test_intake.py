"""Every defect ends in the right values or in one clear refusal."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cytomon.errors import FcsError
from cytomon.fcs.intake import open_datasets, open_tube, split_dataset
from cytomon.fcs.read import read_events
from tests.fcs.builders import chain, make_fcs, required, sample_events, text_segment, write

PLAIN = sample_events()


def begin_of_data(content: bytes) -> int:
    """Offset of DATA by the HEADER."""
    return int(content[26:34])


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "zero bytes": (lambda: b"", "the file is empty"),
    "ten bytes": (lambda: make_fcs()[:10], "ends within its HEADER"),
    "png": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(200), "does not begin like an FCS file"),
    "html": (lambda: b"<!DOCTYPE html>" + b" " * 200, "does not begin like an FCS file"),
    "wrong magic": (lambda: b"XYZ3.1" + make_fcs()[6:], "does not begin like an FCS file"),
    "version 1.0": (lambda: b"FCS1.0" + make_fcs()[6:], "FCS1.0"),
    "version 4.0": (lambda: b"FCS4.0" + make_fcs()[6:], "FCS4.0"),
    "one byte short": (lambda: make_fcs()[:-1], "cut short: 1 bytes"),
    "two bytes short": (lambda: make_fcs()[:-2], "cut short: 2 bytes"),
    "cut within TEXT": (lambda: make_fcs()[:200], "ends before its TEXT"),
    "TOT doubled": (lambda: make_fcs(keywords={"$TOT": "200"}), "$TOT events"),
    "TOT halved": (lambda: make_fcs(keywords={"$TOT": "50"}), "$TOT events"),
    "TOT missing in 3.1": (lambda: make_fcs(keywords={"$TOT": None}), "$TOT is nothing"),
    "TOT negative": (lambda: make_fcs(keywords={"$TOT": "-100"}), "$TOT is '-100'"),
    "PAR 5 of 4": (lambda: make_fcs(keywords={"$PAR": "5"}), "$P5N is missing"),
    "PAR 2 of 4": (lambda: make_fcs(keywords={"$PAR": "2"}), "there is a $P3N"),
    "PAR huge": (lambda: make_fcs(keywords={"$PAR": "999999999"}), "$PAR is a number of 9 digits"),
    "ENDDATA a row too far": (lambda: make_fcs(end_shift=16, tail=bytes(16)), "$TOT events"),
    "ENDDATA two bytes too far": (lambda: make_fcs(end_shift=2, tail=bytes(8)), "$TOT events"),
    "Shift-JIS whose second byte is the delimiter": (
        lambda: make_fcs(delimiter="\\", raw="$OP\\表\\$P1S\\CD19\\$SRC\\表\\".encode("shift-jis")),
        "cannot be split",
    ),
    "pairs slipped by one": (
        lambda: make_fcs(raw=b"$OP/a/b/$P1S/CD19/$SRC/a/b/"),
        "cannot be split",
    ),
    "ENDDATA a byte short": (lambda: make_fcs(end_shift=-1), "$TOT events"),
    "BEGINDATA within TEXT": (
        lambda: make_fcs(header_data=(99, 1698), text_data=(99, 1698)),
        "within the TEXT",
    ),
    "both offsets possible": (
        lambda: make_fcs(header_data=(1000, 2599), text_data=(900, 2499), tail=bytes(3000)),
        "different places",
    ),
    "no offsets at all": (
        lambda: make_fcs(header_data=(0, 0), text_data=(0, 0)),
        "neither HEADER nor TEXT",
    ),
    "byte order 3,4,1,2": (lambda: make_fcs(keywords={"$BYTEORD": "3,4,1,2"}), "$BYTEORD"),
    "histogram C": (lambda: make_fcs(keywords={"$MODE": "C"}), "$MODE is 'C'"),
    "histogram u": (lambda: make_fcs(keywords={"$MODE": "u"}), "$MODE is 'U'"),
    "text data": (lambda: make_fcs(keywords={"$DATATYPE": "A"}), "$DATATYPE is 'A'"),
    "mixed types of FCS 3.2": (
        lambda: make_fcs(version="FCS3.2", keywords={"$P2DATATYPE": "I"}),
        "$P2DATATYPE differs",
    ),
    "10-bit integers": (
        lambda: make_fcs(datatype="I", keywords={"$P1B": "10"}),
        "$P1B is '10'",
    ),
    "64-bit integers of full range": (
        lambda: make_fcs(datatype="I", bits=[64] * 4, keywords={"$P1R": "99999999999999999999"}),
        "2**53",
    ),
    "16-bit floats": (lambda: make_fcs(keywords={"$P1B": "16"}), "$P1B is '16'"),
    "PnR missing": (lambda: make_fcs(keywords={"$P2R": None}), "$P2R is nothing"),
    "PnR broken": (lambda: make_fcs(datatype="I", keywords={"$P2R": "9.5"}), "$P2R is '9.5'"),
    "PnN missing": (lambda: make_fcs(keywords={"$P2N": None}), "$P2N is missing"),
    "PnG broken": (lambda: make_fcs(keywords={"$P2G": "-1"}), "$P2G is '-1'"),
    "PnE broken": (lambda: make_fcs(datatype="I", keywords={"$P2E": "4"}), "$P2E is '4'"),
    "delimiter $": (lambda: make_fcs(delimiter="$"), "begins with $"),
    "value that begins with the delimiter": (
        lambda: make_fcs(raw=b"$OP///zz/"),
        "cannot be split",
    ),
    "keyword without a value at the end": (
        lambda: make_fcs(raw=b"$OP/"),
        "cannot be split",
    ),
    "TOT twice": (lambda: make_fcs(raw=b"$TOT/99/"), "$TOT stands twice"),
    "NEXTDATA in a circle": (lambda: make_fcs(keywords={"$NEXTDATA": "58"}), "$NEXTDATA"),
    "NEXTDATA past the end": (lambda: make_fcs(keywords={"$NEXTDATA": "99999"}), "$NEXTDATA"),
    "NEXTDATA into nothing": (
        lambda: make_fcs(keywords={"$NEXTDATA": str(len(make_fcs()))}, tail=bytes(500)),
        "does not begin like an FCS file",
    ),
    "TEXT larger than the file": (
        lambda: make_fcs()[:18] + b"99999999" + make_fcs()[26:],
        "ends before its TEXT",
    ),
    "TEXT offsets broken": (
        lambda: make_fcs()[:18] + b" 12_345 " + make_fcs()[26:],
        "where an offset belongs",
    ),
}


@pytest.mark.parametrize(("content", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(tmp_path: Path, content: Callable[[], bytes], says: str) -> None:
    """A file that could be misread is refused, with what is wrong, where, and what to do."""
    path = write(tmp_path, content())

    with pytest.raises(FcsError) as caught:
        open_tube(path)

    assert says in caught.value.what
    assert caught.value.where.startswith("tube.fcs")
    assert caught.value.fix


READ: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "FCS 3.1": (make_fcs, set()),
    "FCS 3.0": (lambda: make_fcs(version="FCS3.0"), set()),
    "FCS 2.0": (lambda: make_fcs(version="FCS2.0"), set()),
    "FCS 3.2 without MODE": (
        lambda: make_fcs(version="FCS3.2", keywords={"$MODE": None, "$P1DATATYPE": "F"}),
        set(),
    ),
    "FCS 2.0 without TOT": (
        lambda: make_fcs(version="FCS2.0", keywords={"$TOT": None}),
        {"FCS_TOT_DERIVED"},
    ),
    "big-endian doubles of eight": (
        lambda: make_fcs(datatype="D", byteord="8,7,6,5,4,3,2,1"),
        set(),
    ),
    "little-endian doubles": (lambda: make_fcs(datatype="D"), set()),
    "big-endian floats": (lambda: make_fcs(byteord="4,3,2,1"), set()),
    "integers of 16 bits": (lambda: make_fcs(datatype="I", byteord="2,1"), set()),
    "integers of 24 bits": (lambda: make_fcs(datatype="I", bits=[24] * 4), set()),
    "integers of 24 bits, big": (
        lambda: make_fcs(datatype="I", bits=[24] * 4, byteord="4,3,2,1"),
        set(),
    ),
    "integers of 64 bits": (lambda: make_fcs(datatype="I", bits=[64] * 4), set()),
    "integers of mixed widths": (lambda: make_fcs(datatype="I", bits=[32, 16, 24, 64]), set()),
    "HEADER 0/0": (lambda: make_fcs(header_data=(0, 0)), set()),
    "HEADER blank": (lambda: make_fcs(header_data=("", "")), set()),
    "no BEGINDATA in TEXT": (
        lambda: make_fcs(keywords={"$BEGINDATA": None, "$ENDDATA": None}),
        set(),
    ),
    "HEADER end 99999999": (
        lambda: make_fcs(header_data=(begin_of_data(make_fcs()), 99999999)),
        {"FCS_OFFSETS_DISAGREE"},
    ),
    "TEXT offsets wrong": (lambda: make_fcs(text_data=(77, 99)), {"FCS_OFFSETS_DISAGREE"}),
    "ENDDATA a byte too far": (lambda: make_fcs(end_shift=1), {"FCS_ENDDATA_OFF_BY_ONE"}),
    "ENDDATA a byte too far before a checksum": (
        lambda: make_fcs(end_shift=1, tail=b"00000000"),
        {"FCS_ENDDATA_OFF_BY_ONE"},
    ),
    "checksum behind": (lambda: make_fcs(tail=b"00000000"), set()),
    "ANALYSIS past the end": (
        lambda: make_fcs(keywords={"$BEGINANALYSIS": "9999999", "$ENDANALYSIS": "99999999"}),
        set(),
    ),
    "NEXTDATA at the end": (
        lambda: make_fcs(keywords={"$NEXTDATA": f"{len(make_fcs()) + 3}"}),
        {"FCS_NEXTDATA_AT_END"},
    ),
    "mode in lower case": (lambda: make_fcs(keywords={"$MODE": "l"}), set()),
    "keywords in lower case": (lambda: make_fcs(keywords={"$P1R": None, "$p1r": "1024"}), set()),
    "range 1024.0": (lambda: make_fcs(datatype="I", keywords={"$P1R": "1024.0"}), set()),
    "scale blank": (
        lambda: make_fcs(datatype="I", keywords={"$P1E": " "}),
        {"FCS_SCALE_ASSUMED"},
    ),
    "gain blank": (lambda: make_fcs(keywords={"$P1G": " "}), set()),
    "decades on floats": (lambda: make_fcs(keywords={"$P1E": "4,1"}), {"FCS_LOG_ON_FLOAT"}),
    "names doubled": (lambda: make_fcs(keywords={"$P4N": "FITC-A"}), {"FCS_NAMES_DOUBLED"}),
    "no final delimiter": (lambda: make_fcs(final=False), set()),
    "dollar within a value": (lambda: make_fcs(keywords={"$COM": "5$ a day$"}), set()),
    "value that ends in the delimiter": (lambda: make_fcs(keywords={"$OP": "zz/"}), set()),
    "empty value": (lambda: make_fcs(raw=b"$OP//$SRC/x/"), {"FCS_EMPTY_VALUES"}),
    "Latin-1": (
        lambda: make_fcs(keywords={"$COM": "Zürich"}, encoding="latin-1"),
        {"FCS_TEXT_ENCODING"},
    ),
    "Shift-JIS": (
        lambda: make_fcs(keywords={"$COM": "日本"}, encoding="shift-jis"),
        {"FCS_TEXT_ENCODING"},
    ),
    "supplemental TEXT": (lambda: make_fcs(supplement=b"/$COM/late/"), set()),
    "supplemental TEXT that is none": (
        lambda: make_fcs(supplement=b"PK\x03\x04" + bytes(range(200))),
        {"FCS_STEXT_UNREADABLE"},
    ),
    "identity matrix": (
        lambda: make_fcs(keywords={"SPILL": "2,FITC-A,PE-A,1,0,0,1"}),
        {"SPILLOVER_IDENTITY"},
    ),
} | {
    f"delimiter {delimiter!r}": (lambda d=delimiter: make_fcs(delimiter=d), set())
    for delimiter in "()+.?[^|\\*,#!~\f\t\x1e\n "
}


@pytest.mark.parametrize(("content", "codes"), READ.values(), ids=READ.keys())
def test_reads(tmp_path: Path, content: Callable[[], bytes], codes: set[str]) -> None:
    """What can be read with certainty gives the written values, and says what was forgiven."""
    tube = open_tube(write(tmp_path, content()))

    assert {finding.code for finding in tube.findings} == codes
    assert tube.n_events == 100
    np.testing.assert_array_equal(read_events(tube), PLAIN)


def test_last_value_is_whole(tmp_path: Path) -> None:
    """Without a final delimiter the last value keeps its last character."""
    events = sample_events(1234)

    tube = open_tube(write(tmp_path, make_fcs(events, final=False)))

    assert tube.keywords["$TOT"] == "1234"


def test_text_cut_by_header(tmp_path: Path) -> None:
    """A HEADER that ends TEXT within its last value is refused: a gain could lose its digits."""
    content = make_fcs()
    end = int(content[18:26])
    path = write(tmp_path, content[:18] + f"{end - 2:>8}".encode() + content[26:])

    with pytest.raises(FcsError, match="ends within a value"):
        open_tube(path)


def test_empty_tube(tmp_path: Path) -> None:
    """No events is an honest answer."""
    tube = open_tube(write(tmp_path, make_fcs(np.empty((0, 4)))))

    assert tube.n_events == 0
    assert read_events(tube).shape == (0, 4)


def test_identity_is_the_hash(tmp_path: Path) -> None:
    """The tube is known by its bytes; `$FIL` plays no part."""
    content = make_fcs(keywords={"$FIL": "other.fcs"})

    tube = open_tube(write(tmp_path, content, "LOUD.LMD"))

    assert (tube.sha256, tube.name) == (hashlib.sha256(content).hexdigest(), "LOUD.LMD")


def test_travels_between_processes(tmp_path: Path) -> None:
    """A tube can be pickled, for a pool of workers."""
    tube = open_tube(write(tmp_path, make_fcs()))

    np.testing.assert_array_equal(read_events(pickle.loads(pickle.dumps(tube))), PLAIN)  # noqa: S301


def test_not_a_file(tmp_path: Path) -> None:
    """A folder and a missing file are refused like any other."""
    with pytest.raises(FcsError, match="folder"):
        open_tube(tmp_path)
    with pytest.raises(FcsError, match="cannot be read"):
        open_tube(tmp_path / "missing.fcs")
    with pytest.raises(FcsError, match="path is not usable"):
        open_tube(Path("a\0b.fcs"))


def test_large_file(tmp_path: Path) -> None:
    """Events that lie past byte 99,999,999 are found by TEXT; the bytes between are a hole."""
    begin = 150_000_000
    events = sample_events(10)
    data = events.astype("<f4").tobytes()
    pairs = required(events, "F", "1,2,3,4", [32] * 4)
    pairs |= {"$BEGINDATA": str(begin), "$ENDDATA": str(begin + len(data) - 1)}
    text = text_segment(pairs)
    path = tmp_path / "large.fcs"
    with path.open("wb") as handle:
        handle.write(f"FCS3.1    {58:>8}{57 + len(text):>8}{0:>8}{0:>8}{0:>8}{0:>8}".encode())
        handle.write(text)
        handle.seek(begin)
        handle.write(data)

    np.testing.assert_array_equal(read_events(open_tube(path)), events)


def test_several_data_sets_need_a_name(tmp_path: Path) -> None:
    """Which data set is meant is not guessed; each is to be had by its number."""
    path = write(tmp_path, chain({}, {"events": PLAIN + 1}, {"events": PLAIN[:9]}))

    with pytest.raises(FcsError, match="holds 3 data sets") as caught:
        open_tube(path)

    assert "tube.fcs#3" in caught.value.fix
    assert open_tube(path, dataset=2).name == "tube.fcs#2"
    np.testing.assert_array_equal(read_events(open_tube(path, dataset=2)), PLAIN + 1)
    assert [tube.n_events for tube in open_datasets(path)] == [100, 100, 9]
    with pytest.raises(FcsError, match="no number 4"):
        open_tube(path, dataset=4)


def test_beckman_pair(tmp_path: Path) -> None:
    """Of integers and FCS 3 values of the same events, the latter are taken, with a finding."""
    first = {"version": "FCS2.0", "datatype": "I", "byteord": "1,2"}
    path = write(tmp_path, chain(first, {"version": "FCS3.0", "events": PLAIN * 1.5}), "a.LMD")

    tube = open_tube(path)

    assert (tube.dataset, [finding.code for finding in tube.findings]) == (2, ["FCS_DATASETS"])
    np.testing.assert_array_equal(read_events(tube), PLAIN * 1.5)


def test_pair_of_different_length_is_no_pair(tmp_path: Path) -> None:
    """Two data sets of different events are not one tube."""
    first = {"version": "FCS2.0", "datatype": "I", "byteord": "1,2", "events": PLAIN[:50]}

    with pytest.raises(FcsError, match="2 data sets"):
        open_tube(write(tmp_path, chain(first, {"version": "FCS3.0"})))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a.fcs#2", ("a.fcs", 2)), ("a.fcs", ("a.fcs", None)), ("a#0", ("a#0", None))],
)
def test_split_dataset(text: str, expected: tuple[str, int | None]) -> None:
    """The number after # is a data set; anything else belongs to the name."""
    assert split_dataset(text) == expected


def test_names_nobody(tmp_path: Path) -> None:
    """No refusal and no finding repeats what a keyword says of a person."""
    secrets = ["Doe", "Jane", "1234-5678"]
    personal = dict.fromkeys(
        ["$OP", "$SRC", "$SMNO", "PATIENT NAME", "$INST"], "Jane Doe 1234-5678"
    )
    said = []
    for n, (keyword, value) in enumerate(
        [
            ("$TOT", "Jane Doe"),
            ("$PAR", "Doe"),
            ("$MODE", "Jane"),
            ("$DATATYPE", "Doe"),
            ("$BYTEORD", "Jane"),
            ("$P1R", "Jane"),
            ("$P1B", "Doe"),
            ("$P1E", "Doe"),
            ("$P1G", "Jane"),
            ("$BEGINDATA", "Doe"),
            ("$NEXTDATA", "Jane"),
            ("$TIMESTEP", "Jane Doe"),
            ("SPILL", "2,Jane,Doe,1,0,0,1"),
            ("$SPILLOVER", "Jane"),
        ]
    ):
        extra = {"$P1N": "Time"} if keyword == "$TIMESTEP" else {}
        path = write(tmp_path, make_fcs(keywords=personal | extra | {keyword: value}), f"{n}.fcs")
        try:
            tube = open_tube(path)
        except FcsError as error:
            said.append(str(error))
        else:
            assert "Jane" not in repr(tube)
            said += [f"{f.what} {f.where} {f.fix}" for f in tube.findings]

    assert len(said) == 14
    assert not [text for text in said for secret in secrets if secret in text]
