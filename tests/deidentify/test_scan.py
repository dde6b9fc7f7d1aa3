"""What is left is found, wherever it is and however it is written; and chance is not."""

from __future__ import annotations

import bz2
import gzip
import itertools
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from cytomon.deidentify.scan import scan
from cytomon.deidentify.words import Sought, identifiers, removed_words, spelled
from cytomon.errors import InputError
from tests.fcs.builders import make_fcs, sample_events, write

ENCODINGS = ("utf-8", "latin-1", "utf-16-le", "utf-16-be")
NAME = "Müller-Quendel"


def of(*texts: str) -> Sought:
    return identifiers([(text, "a patient's id") for text in texts])


def wheres(folder: Path, sought: Sought) -> set[str]:
    return {one.where for one in scan(folder, sought)}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("spelling", [str, str.upper, str.lower])
def test_a_name_behind_the_events(encoding: str, spelling: type, tmp_path: Path):
    """In any usual encoding and letter case, from even and from odd bytes."""
    for gap, name in itertools.product((b"", b"."), (NAME, "Quendel", "Doe")):
        tail = gap + spelling(name).encode(encoding)
        write(tmp_path, make_fcs(tail=b"00000000 " + tail))
        assert wheres(tmp_path, of(name)) == {"words"}
    write(tmp_path, make_fcs(tail=b"00000000"))
    assert wheres(tmp_path, of(NAME)) == set()


@pytest.mark.parametrize("name", [NAME, "Quendelmarie"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_name_among_the_events(encoding: str, name: str, tmp_path: Path):
    """A long one is found there, too, beside other words."""
    content = bytearray(make_fcs(sample_events(200)))
    encoded = name.encode(encoding)
    content[-900 : -900 + len(encoded)] = encoded
    content[-300:-280] = b"nothing else in here"
    write(tmp_path, bytes(content))

    assert wheres(tmp_path, of(name)) == {"events"}


@pytest.mark.parametrize("word", ["Doe", "P001", "12345", "Quendel"])
def test_short_words(word: str, tmp_path: Path):
    """Three letters or five digits are found where they stand alone."""
    (tmp_path / "list.csv").write_text(f"a,b\r\n1,{word}_2\r\n")
    assert wheres(tmp_path, of(word)) == {"words"}
    (tmp_path / "list.csv").write_text("a,b\r\n1,xDoex P0012 123456 7\r\n")
    assert wheres(tmp_path, of(word)) == set()


def test_long_words_are_found_within_others(tmp_path: Path):
    """As in a name of a file that was made of an id."""
    (tmp_path / "a.txt").write_text("xxQuendelGrete77xx")

    assert wheres(tmp_path, of("QUENDELgrete")) == {"words"}


def test_names_of_files_and_folders(tmp_path: Path):
    """They are found, and not repeated."""
    (tmp_path / "of Quendel").mkdir()
    (tmp_path / "of Quendel" / "a.txt").write_text("nothing")

    (left,) = scan(tmp_path, of("Quendel"))

    assert "name" in left.where
    assert "Quendel" not in repr(left)


def test_chance_finds_nothing(tmp_path: Path):
    """Random numbers hold every short word by chance, and no long one."""
    rng = np.random.default_rng(11)
    events = rng.integers(0, 2**32, size=(150_000, 4), dtype=np.uint32).view(np.float32)
    write(tmp_path, make_fcs(np.nan_to_num(events, posinf=0, neginf=0)))
    names = ["".join(rng.choice(list("abdeilmnorst"), size=n)) for n in (3, 4, 5, 6, 7)]

    assert [*scan(tmp_path, of(*names, *(name.upper() for name in names)))] == []


def test_a_word_across_the_pieces_in_which_a_file_is_read(tmp_path: Path):
    """Of text and of numbers."""
    (tmp_path / "a.txt").write_bytes(b" " * (2**18 - 3) + b"Quendel" + b" " * 2**18)
    assert wheres(tmp_path, of("Quendel")) == {"words"}
    content = bytearray(make_fcs(np.zeros((270_000, 4))))
    begin = content.index(bytes(64))
    content[begin + 2**22 - 5 : begin + 2**22 + 6] = b"QuendelMari"
    (tmp_path / "a.txt").unlink()
    write(tmp_path, bytes(content))
    assert wheres(tmp_path, of("QuendelMari")) == {"events"}


def test_words_beside_pixels(tmp_path: Path):
    """A picture that holds anything but pixels is not clean, whatever it says."""
    picture = Image.new("RGB", (20, 20))
    picture.save(tmp_path / "a.png")
    assert wheres(tmp_path, of("Quendel")) == set()
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "anything")
    picture.save(tmp_path / "a.png", pnginfo=words)
    assert wheres(tmp_path, of("Quendel")) == {"beside its pixels"}
    picture.save(tmp_path / "a.png")
    with (tmp_path / "a.png").open("ab") as stream:
        stream.write(b"anything")
    assert wheres(tmp_path, of("Quendel")) == {"beside its pixels"}


def test_what_cannot_be_read_is_not_clean(tmp_path: Path):
    """A link to nothing ends the scan."""
    (tmp_path / "a.txt").symlink_to(tmp_path / "none")

    with pytest.raises(InputError):
        list(scan(tmp_path, of("Quendel")))


def test_removed_keywords():
    """Looked for is what names somebody: not words of channels, nor numbers of the tube itself."""
    keywords = {
        "$P1R": "262144", "$SRC": "Doe, Mary", "BD$WORD3": "262144", "BD$P1N": "FSC-H",
        "$OP": "77123456", "$SMNO": "12", "P3DISPLAY": "LOG", "$CELLS": "CD19 of Grete",
    }  # fmt: skip

    sought = removed_words(keywords, {k: v for k, v in keywords.items() if k != "$P1R"}, ())

    assert sought.words == {
        "doe": "what stood in $SRC", "mary": "what stood in $SRC", "77123456": "what stood in $OP",
        "grete": "what stood in $CELLS",
    }  # fmt: skip
    assert set(sought.phrases) == {"doe, mary", "77123456", "cd19 of grete"}


def test_words_of_the_field():
    """They are looked for where somebody asks for them, and never as parts of a name."""
    asked = [("marrow", "1"), ("P002_d028_marrow", "2"), ("CD19", "3"), ("ab", "4")]

    assert identifiers(asked).words == {"p002": "2", "d028": "2"}
    assert identifiers(asked).phrases == {"p002_d028_marrow": "2"}
    strict = identifiers(asked, strict=True)
    assert strict.words == {"marrow": "1", "p002": "2", "d028": "2", "cd19": "3"}
    assert strict.phrases == {"marrow": "1", "p002_d028_marrow": "2"}


def test_numbers_of_one_tube_are_not_looked_for_in_others():
    """Unless they are so long that they cannot be there by chance."""
    sought = identifiers([("12345", "an id"), ("1234567", "an id"), ("P0042", "an id")])

    assert sought.for_others().words.keys() == {"1234567", "p0042"}


@given(st.dates(), st.sampled_from(["%Y-%m-%d", "%d-%b-%Y", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d"]))
def test_days(day: object, form: str):
    """A day is looked for in its usual spellings."""
    years = f"{day.year:04d}"  # strftime does not pad years on every system
    text = day.strftime(form.replace("%Y", years)).lower()

    assert text in spelled(day, "a day").phrases


@pytest.mark.parametrize(
    "spelled",
    ["M\\u00fcller", "M\\\\u00FCller", "M\\xfcller", "M\\xc3\\xbcller", "M%C3%BCller", "M%FCller",
     "M&#252;ller", "M&#xfc;ller", "M&uuml;ller", "%4d%fcller"],
)  # fmt: skip
def test_escaped_letters(spelled: str, tmp_path: Path):
    """As JSON, Python, addresses and HTML spell them."""
    (tmp_path / "run.json").write_text(f'{{"file": "{spelled}.fcs", "other": "100 %, a & b"}}')

    assert wheres(tmp_path, of("Müller")) == {"words"}
    assert wheres(tmp_path, of("Miller")) == set()


def test_packed_files_are_not_clean(tmp_path: Path):
    """Zip, what is made of zip, gzip and PDF hide their words from any search."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.txt", "Quendel " * 9)
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(3))
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"Quendel " * 9))
    (tmp_path / "a.csv.bz2").write_bytes(bz2.compress(b"Quendel " * 9))
    Image.new("RGB", (20, 20)).save(tmp_path / "a.pdf")
    (tmp_path / "a.txt").write_text("nothing")

    left = list(scan(tmp_path, of("Quendel")))

    assert {one.file for one in left} == {"a.zip", "a.npz", "a.csv.gz", "a.csv.bz2", "a.pdf"}
    assert {one.where for one in left} == {"packed"}


def test_long_numbers_are_looked_for_also_where_the_tube_has_them():
    """A number of a person that hides in a scale is no scale."""
    keywords = {
        "$P1R": "262144", "$P2R": "1980010", "$P3R": "16777216", "$P1G": "1234567890123",
        "SPILL": "2,A,B,1,0.1839411109727794,0.19800101,1", "$SRC": "19800101 of 1980010",
        "$OP": "1234567890123", "BD$WORD": "A 16777216, 262144, 0.1839411109727794",
    }  # fmt: skip
    removed = {name: keywords[name] for name in ("$SRC", "$OP", "BD$WORD", "$P1G")}

    sought = removed_words(keywords, removed, ("a", "of"))

    assert sought.words.keys() == {"19800101", "1980010", "1234567890123"}
