"""The whole way: a folder of tubes, lists and pictures becomes copies that name nobody."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cytomon
from cytomon.deidentify import copies
from cytomon.deidentify.copies import Outcome, deidentify
from cytomon.deidentify.places import Wanted
from cytomon.deidentify.secret import Secret
from cytomon.errors import InputError
from cytomon.fcs.acquisition import instrument
from cytomon.fcs.deidentify import Copy, write_copy
from cytomon.fcs.intake import open_tube
from cytomon.fcs.read import read_events
from cytomon.gating.named_pixels import say
from cytomon.inputs import Lists
from cytomon.model.results import TubeResult
from cytomon.model.tube import Tube
from tests.deidentify.planted import found, planted_tube, value, word
from tests.fcs.builders import chain, make_fcs, sample_events

SECRET = Secret(b"0123456789abcdef0123456789abcdef")
OTHER = Secret(b"fedcba9876543210fedcba9876543210")
PATIENTS = [f"Quendel{n}" for n in range(2)]


@pytest.fixture
def ward(tmp_path: Path) -> Path:
    """Three tubes of two patients and one of nobody, full of identifiers, and their lists."""
    folder = tmp_path / "originals"
    (folder / "Zwirbel Ward").mkdir(parents=True)
    rows = []
    for n in range(4):
        content, _ = planted_tube(events=sample_events(50 + n), offset=200 * n)
        name = f"Zwirbel Ward/{PATIENTS[n // 2]}-{word(900 + n)}.fcs"
        (folder / name).write_bytes(content)
        cells = [name, PATIENTS[n // 2], f"S{word(910 + n)}", f"2026-03-0{n + 1}", "marrow"]
        if n < 3:
            rows.append([*cells, f"2026-03-0{n + 2}", word(920 + n)])
    (folder / "notes.txt").write_text(f"about {PATIENTS[0]}")
    columns = "file,patient_id,specimen_id,collected_on,specimen_type,received_on,cd19_clone"
    write(folder / "worklist.csv", columns, rows)
    about = ["2026-02-09", f"CD19 {word(930)}", "2017", "F", "KMT2A"]
    columns = "patient_id,infusion_date,product,birth_year,sex,genotype"
    write(folder / "patients.csv", columns, [[one, *about] for one in PATIENTS])
    happened = ["2026-02-20", "remission", word(931), word(932), value(933)]
    columns = "patient_id,date,event,value,unit,comment"
    write(folder / "events.csv", columns, [[one, *happened] for one in PATIENTS])
    return folder


def write(path: Path, header: str, rows: list[list[str]]) -> None:
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([header.split(","), *rows])


def wanted(folder: Path, out: Path, **more: object) -> Wanted:
    lists = Lists(worklist=folder / "worklist.csv", patients=folder / "patients.csv",
                  events=folder / "events.csv")  # fmt: skip
    return Wanted(**{"inputs": (folder,), "out": out, "secret": SECRET, "lists": lists, **more})


def run(asked: Wanted) -> Outcome:
    return deidentify(asked, lambda file, how: None)


def contents(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_nothing_planted_is_left(ward: Path, tmp_path: Path):
    """In no file, in no name, in no encoding; nor in what is told of the run."""
    key = tmp_path / "key.csv"
    outcome = run(wanted(ward, tmp_path / "out", key=key))

    assert (outcome.copies, outcome.refused, outcome.left, outcome.strangers) == (4, (), (), ())
    in_tubes = [one for n in range(4) for one in planted_tube(offset=200 * n)[1]]
    in_lists = [*map(word, range(900, 934)), "7700933", *PATIENTS, "2026-02", "2026-03"]
    words = (*in_tubes, *in_lists, "Zwirbel")
    assert len(words) > 600
    every = contents(tmp_path / "out")
    assert len(every) == 4 + 4 + 1
    for name, content in every.items():
        assert found(content, words) == [], name
        assert found(name.encode(), words) == [], name
    assert found(repr(outcome).encode(), words) == []
    assert found(key.read_bytes(), words) != []
    assert key.stat().st_mode & 0o077 == 0
    assert all((tmp_path / "out" / name).stat().st_mode & 0o077 == 0 for name in every)


def test_events_and_intervals_stay(ward: Path, tmp_path: Path):
    """Each copy has the events of its original; days of one patient keep their distances."""
    key = tmp_path / "key.csv"
    run(wanted(ward, tmp_path / "out", key=key))

    original = {row["copy"]: row["original"] for row in table(key)}
    worklist = {original[row["file"]]: row for row in table(tmp_path / "out" / "worklist.csv")}
    assert len(worklist) == 3
    for path in (tmp_path / "out").glob("*.fcs"):
        ours, theirs = open_tube(ward / original[path.name]), open_tube(path)
        np.testing.assert_array_equal(read_events(theirs), read_events(ours))
    for row in worklist.values():
        collected = np.datetime64(row["collected_on"])
        assert np.datetime64(row["received_on"]) - collected == 1
    of_one = [row for row in worklist.values() if original[row["patient_id"]] == PATIENTS[0]]
    days = sorted(np.datetime64(row["collected_on"]) for row in of_one)
    infused = next(
        row["infusion_date"] for row in table(tmp_path / "out" / "patients.csv")
        if original[row["patient_id"]] == PATIENTS[0]
    )  # fmt: skip
    assert [int((day - np.datetime64(infused)).astype(int)) for day in days] == [20, 21]


def test_the_same_secret_gives_the_same_bytes(ward: Path, tmp_path: Path):
    """Again, into another folder, and from files that are called otherwise; another one, others."""
    run(wanted(ward, tmp_path / "out"))
    first = contents(tmp_path / "out")
    assert run(wanted(ward, tmp_path / "out")).strangers == ()
    assert contents(tmp_path / "out") == first
    shutil.copytree(ward, tmp_path / "moved")
    run(wanted(tmp_path / "moved", tmp_path / "again"))
    assert contents(tmp_path / "again") == first

    run(wanted(ward, tmp_path / "other", secret=OTHER))

    others = contents(tmp_path / "other")
    tubes = {name for name in first if name.endswith(".fcs")}
    assert tubes
    assert not tubes & others.keys()
    assert not {row["patient_id"] for row in table(tmp_path / "out" / "patients.csv")} & {
        row["patient_id"] for row in table(tmp_path / "other" / "patients.csv")
    }


def test_measurements_are_those_of_the_original(
    tubes: Path, marrow_result: TubeResult, tmp_path: Path
):
    """Every number, interval and status."""
    one = wanted(tubes, tmp_path / "out", inputs=(tubes / "marrow.fcs",), lists=Lists())
    assert run(one).copies == 1
    (copy,) = (tmp_path / "out").glob("*.fcs")

    ours, theirs = marrow_result, cytomon.measure_tube(copy)

    assert theirs.measurements == ours.measurements
    assert [(p.path, p.count) for p in theirs.populations] == [
        (p.path, p.count) for p in ours.populations
    ]
    assert [f.code for f in theirs.findings] == [f.code for f in ours.findings]


@pytest.mark.parametrize("cytometer", ["Canto", None])
def test_tubes_of_different_patients_are_not_judged_together(
    cytometer: str | None, ward: Path, tmp_path: Path
):
    """Their days are moved by different numbers: one cytometer would have the wrong neighbours."""
    for n, path in enumerate(sorted(ward.rglob("*.fcs"))):
        path.write_bytes(make_fcs(sample_events(20 + n), keywords={"$CYT": cytometer}))
    run(wanted(ward, tmp_path / "out"))
    by_patient: dict[str, set[str]] = {}
    for row in table(tmp_path / "out" / "worklist.csv"):
        tube = open_tube(tmp_path / "out" / row["file"])
        by_patient.setdefault(row["patient_id"], set()).add(instrument(tube))

    one, other = by_patient.values()

    assert len(one) == len(other) == 1
    assert one != other
    assert "" not in one | other


def test_a_bad_tube_does_not_stop_the_others(ward: Path, tmp_path: Path):
    """Each is refused by itself, with the reason, and nothing of it is there."""
    (ward / "broken.fcs").write_bytes(b"FCS3.1 and nothing that follows")
    (ward / "named.fcs").write_bytes(make_fcs(keywords={"$P3S": word(950)}))
    (ward / "twice.fcs").write_bytes(make_fcs())
    (ward / "twice_too.fcs").write_bytes(make_fcs())

    outcome = run(wanted(ward, tmp_path / "out"))

    assert outcome.copies == 4 + 1
    refused = {refusal.file: refusal.finding.what for refusal in outcome.refused}
    (twin,) = refused.keys() - {"broken.fcs", "named.fcs"}
    assert twin.startswith("twice")
    assert "copied already" in refused[twin]
    assert all(word(950) not in str(refusal.finding) for refusal in outcome.refused)
    assert not list((tmp_path / "out").glob(".cytomon-part*"))


def test_a_leak_is_found_before_the_copy_has_its_name(
    ward: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A writer that leaves one keyword, in UTF-16, behind the events: no copy stays."""

    def leaky(tube: Tube, copy: Copy, path: Path) -> None:
        write_copy(tube, copy, path)
        with path.open("ab") as stream:
            stream.write(tube.keywords["$SRC"].encode("utf-16-le"))

    monkeypatch.setattr(copies, "write_copy", leaky)
    outcome = run(wanted(ward, tmp_path / "out"))

    assert outcome.copies == 0
    assert len(outcome.refused) == 4
    assert all("what stood in $SRC" in refusal.finding.what for refusal in outcome.refused)
    assert list((tmp_path / "out").glob("*.fcs")) == []


def test_files_that_the_run_has_not_written_are_named(ward: Path, tmp_path: Path):
    """And searched: somebody may hand the folder over as it is."""
    run(wanted(ward, tmp_path / "out"))
    (tmp_path / "out" / "letter.txt").write_text(f"Dear {PATIENTS[1]}")

    outcome = run(wanted(ward, tmp_path / "out"))

    assert outcome.strangers == ("letter.txt",)
    assert {one.file for one in outcome.left} == {"letter.txt"}
    assert (tmp_path / "out" / "letter.txt").exists()


def test_only_tubes_of_the_inputs_are_copied(ward: Path, tmp_path: Path):
    """And only patients of these tubes: nobody was asked for the others."""
    (tube,) = ward.rglob(f"*{word(900)}.fcs")

    outcome = run(wanted(ward, tmp_path / "out", inputs=(tube,)))

    assert (outcome.copies, outcome.elsewhere) == (1, 2)
    assert len(table(tmp_path / "out" / "patients.csv")) == 1
    assert outcome.lists["events.csv"].left_out == 1


def test_a_refused_row_gives_no_copy(ward: Path, tmp_path: Path):
    """Whose tube it is stood in the row."""
    text = (ward / "worklist.csv").read_text()
    (ward / "worklist.csv").write_text(text.replace("2026-03-01", "1.3.26"))

    outcome = run(wanted(ward, tmp_path / "out"))

    assert outcome.copies == 3
    assert len(outcome.refused) == 1


def test_pictures_of_the_tubes(ward: Path, tmp_path: Path):
    """A picture that cannot be copied is refused, its tube is not; other pictures stay behind."""
    figures = tmp_path / "figures"
    tubes = [path.relative_to(ward).as_posix() for path in sorted(ward.rglob("*.fcs"))]
    for name in (*tubes[:2], "of somebody else.fcs"):
        path = figures / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 20), "black").save(path)
        if name != tubes[1]:
            say(path, (5, 5, 15, 10))

    outcome = run(wanted(ward, tmp_path / "out", figures=figures))

    assert (outcome.copies, outcome.pictures) == (4, 1)
    assert [refusal.file for refusal in outcome.refused] == [f"{tubes[1]}.png"]
    left_out = {"pictures of no tube that was copied": 2, "files of other kinds": 4}
    assert outcome.left_out == left_out
    told = table(tmp_path / "out" / "removed.csv")
    assert {row["what"]: int(row["count"]) for row in told if not row["file"]} == left_out
    (picture,) = (tmp_path / "out" / "figures").iterdir()
    assert picture.stem in contents(tmp_path / "out")
    with Image.open(picture) as copy:
        assert copy.info == {}
        assert (copy.getpixel((5, 5)), copy.getpixel((4, 5))) == ((255,) * 3, (0,) * 3)
    with pytest.raises(InputError, match="no such"):
        run(wanted(ward, tmp_path / "new", figures=tmp_path / "none"))


def test_several_data_sets(tmp_path: Path):
    """Each becomes a file of its own; of the same events twice, the second, as for measuring."""
    (tmp_path / "in").mkdir()
    events = sample_events(30)
    (tmp_path / "in" / "two.fcs").write_bytes(
        chain({"events": events}, {"events": events[::-1], "keywords": {"$OP": word(1)}})
    )
    first = {"version": "FCS2.0", "datatype": "I", "events": events}
    (tmp_path / "in" / "pair.lmd").write_bytes(chain(first, {"events": events / 8}))

    outcome = run(wanted(tmp_path / "in", tmp_path / "out", lists=Lists()))

    assert outcome.copies == 3
    copied = [read_events(open_tube(path)) for path in (tmp_path / "out").glob("*.fcs")]
    for expected in (events, events[::-1], events / 8):
        assert any(np.array_equal(one, expected) for one in copied)


@pytest.mark.parametrize("where", ["same", "within", "around"])
def test_originals_and_copies_apart(where: str, ward: Path, tmp_path: Path):
    """Neither folder may lie in the other."""
    out = {"same": ward, "within": ward / "copies", "around": tmp_path}[where]

    with pytest.raises(InputError, match="in one folder"):
        run(wanted(ward, out))


def test_a_folder_with_other_things_is_refused(ward: Path, tmp_path: Path):
    """It would be handed over with them; nothing is written."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.doc").write_text("mine")

    with pytest.raises(InputError, match="other things"):
        run(wanted(ward, tmp_path / "out"))
    with pytest.raises(InputError, match="among the copies"):
        run(wanted(ward, tmp_path / "new", key=tmp_path / "new" / "key.csv"))
    with pytest.raises(InputError, match="no key"):
        run(wanted(ward, tmp_path / "new", key=ward / "worklist.csv"))

    assert contents(tmp_path / "out") == {"thesis.doc": b"mine"}
    assert not (tmp_path / "new").exists()


def test_a_key_keeps_the_rows_of_earlier_copies(ward: Path, tmp_path: Path):
    """A second run with the same file adds its own; the same run again changes nothing."""
    key = tmp_path / "key.csv"
    one, *others = sorted(ward.rglob("*.fcs"))
    run(wanted(ward, tmp_path / "first", inputs=(one,), key=key))
    first = table(key)
    run(wanted(ward, tmp_path / "second", inputs=(*others,), key=key))
    both = key.read_bytes()
    run(wanted(ward, tmp_path / "second", inputs=(*others,), key=key))

    assert first
    assert all(row in table(key) for row in first)
    assert len([row for row in table(key) if row["kind"] == "tube"]) == 4
    assert key.read_bytes() == both
    key.write_text("kind,original,copy,days\r\ntube,a\r\n")
    with pytest.raises(InputError, match="would be lost"):
        run(wanted(ward, tmp_path / "third", inputs=(one,), key=key))
    assert key.read_text() == "kind,original,copy,days\ntube,a\n"
