"""What is signed stays what was signed: no other bytes under its name, no signature unkept."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import cytomon
from cytomon.editions import Wanted
from cytomon.errors import InputError
from cytomon.filing.imports import ImportLists, import_lists
from cytomon.measure.intervals import binomial_interval
from cytomon.report.document import Status
from cytomon.report.laboratory import Laboratory
from cytomon.reporting import WithheldError, Written, sign_report, verify_file, write_report
from cytomon.simulate.course.patient import simulate_patient
from cytomon.store.session import Store
from cytomon.store.verify import verify
from cytomon.track.profile import read_profile
from tests.report_stores import (
    ADMIN,
    AS_OF,
    DAY0,
    SIGNER,
    add_event,
    patient,
    sign_all,
    store_of,
    wanted,
)

PATIENTS = ("patient_id", "infusion_date", "product", "birth_year", "sex", "genotype")
HTML = ("html",)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of one patient whose results are all signed."""
    one = patient("early_recovery", "P1")
    with store_of(tmp_path, [one]) as there:
        sign_all(there, one)
        yield there


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where the reports lie."""
    return tmp_path / "out"


def signed(store: Store, given: Wanted, *, why: str = "") -> Written:
    """Sign the report of the patient."""
    return sign_report(store, SIGNER, "P1", given, why=why)


def bytes_in(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def genotype(store: Store, folder: Path, said: str) -> None:
    """Import another genotype."""
    path = folder / "again.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([PATIENTS, ("P1", DAY0, "X (simulated)", 2015, "F", said)])
    assert import_lists(store, ADMIN, ImportLists(patients=path)).refused == []


def contradict(store: Store, folder: Path) -> None:
    """Import a positive MRD in place of the signed one of the newest marrow."""
    with (folder / "measurements.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["quantity"] == "mrd"]
    marrows = [row for row in rows if row["specimen_type"] == "marrow"]
    known = [row for row in marrows if row["collected_on"] <= AS_OF.isoformat()]
    row = max(known, key=lambda one: one["collected_on"])
    found = binomial_interval(900, 800_000)
    row |= {"numerator": "900", "denominator": "800000", "status": "POSITIVE", "qualifiers": ""}
    row |= {"value": str(found.value), "ci_low": str(found.low), "ci_high": str(found.high)}
    path = folder / "newer.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(row))
        writer.writeheader()
        writer.writerow(row)
    assert import_lists(store, ADMIN, ImportLists(measurements=path)).refused == []


def other_cytomon(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation that lays out other bytes."""
    monkeypatch.setattr(cytomon, "__version__", "999.0")


def without_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation that cannot write PDF."""
    monkeypatch.setitem(sys.modules, "typst", None)


def test_another_heading_is_no_signed_report(store: Store, tmp_path: Path, out: Path):
    """A genotype, a laboratory's file, other definitions: a draft, and the signed files stay."""
    signed(store, wanted(out))
    before = bytes_in(out)
    local = read_profile("trial").model_copy(update={"name": "local"})

    for changes, says in (
        ({"laboratory": Laboratory(accreditation="M-9")}, "new: accreditation: M-9"),
        ({"profile": local}, "definitions: was"),
    ):
        written = write_report(store, "P1", wanted(out, formats=HTML, **changes))
        assert written.document.identity.status is Status.DRAFT
        assert any(one.startswith(says) for one in written.document.changes), says
    genotype(store, tmp_path, "KMT2A::AFF1")
    written = write_report(store, "P1", wanted(out, formats=HTML))
    assert written.document.identity.status is Status.DRAFT
    assert any("KMT2A::AFF1" in one for one in written.document.changes)
    assert {name: data for name, data in bytes_in(out).items() if "draft" not in name} == before


def test_other_bytes_never_take_the_name_of_a_signed_file(
    store: Store, out: Path, monkeypatch: pytest.MonkeyPatch
):
    """The file that lies there stays; where there is none, the original has to be kept."""
    first = signed(store, wanted(out))
    before = bytes_in(out)
    other_cytomon(monkeypatch)

    again = write_report(store, "P1", wanted(out))
    assert again.files == first.files
    assert bytes_in(out) == before
    first.files["pdf"].write_bytes(b"spoiled")
    with pytest.raises(WithheldError, match="comes out in other bytes here") as said:
        write_report(store, "P1", wanted(out))
    assert "--results" in said.value.fix
    assert first.files["pdf"].read_bytes() == b"spoiled"
    listed = {name for _, name in said.value.line[1].files}
    assert listed == {first.files[kind].name for kind in ("html", "fhir")}
    with pytest.raises(WithheldError):
        write_report(store, "P1", wanted(out.parent / "elsewhere", formats=HTML))
    assert not (out.parent / "elsewhere").exists()


def test_a_spoiled_signed_file_is_mended(store: Store, out: Path):
    """With the bytes that were signed, and no others."""
    first = signed(store, wanted(out))
    before = bytes_in(out)
    first.files["html"].write_bytes(b"spoiled")
    write_report(store, "P1", wanted(out))

    assert bytes_in(out) == before


def test_a_later_day_without_news_is_the_signed_report(tmp_path: Path, out: Path):
    """As of the day on which it was signed, as long as nothing happens."""
    one = simulate_patient("early_recovery", seed=20_000, patient_id="P1", day0=date(2024, 6, 1))
    with store_of(tmp_path, [one]) as store:
        sign_all(store, one)
        first = signed(store, wanted(out, as_of=date(2026, 5, 1)))
        later = write_report(store, "P1", wanted(tmp_path / "b", as_of=date(2026, 5, 2)))

    assert later.document.identity.status is Status.SIGNED
    assert bytes_in(tmp_path / "b") == {p.name: p.read_bytes() for p in first.files.values()}


def test_a_day_that_has_not_come_is_not_signed(store: Store, out: Path):
    """A slip would keep every earlier day from being signed after it."""
    with pytest.raises(InputError, match="has not come yet"):
        signed(store, wanted(out, as_of=date(9999, 1, 1)))


def test_all_formats_are_signed_whatever_is_asked_for(store: Store, out: Path):
    """So that none is handed out later that nobody has signed."""
    written = signed(store, wanted(out, formats=HTML))

    assert list(written.files) == ["html", "pdf", "fhir"]
    assert all(verify_file(store, path).version for path in written.files.values())


def test_a_format_that_was_not_signed_is_refused(
    store: Store, out: Path, monkeypatch: pytest.MonkeyPatch
):
    """It takes a version in its place, whose reason says so."""
    with monkeypatch.context() as poor:
        without_pdf(poor)
        assert list(signed(store, wanted(out, formats=HTML)).files) == ["html", "fhir"]
    with pytest.raises(WithheldError, match="signed as fhir, html only") as said:
        write_report(store, "P1", wanted(out, formats=("html", "pdf")))
    assert "--format fhir,html" in said.value.fix
    assert len(bytes_in(out)) == 2

    with pytest.raises(InputError, match="needs a reason"):
        signed(store, wanted(out))
    second = signed(store, wanted(out), why="as PDF, too")
    assert second.document.identity.version == 2
    assert write_report(store, "P1", wanted(out)).files == second.files


def test_a_refused_signature_leaves_no_file(
    store: Store, out: Path, monkeypatch: pytest.MonkeyPatch
):
    """Whatever it fails at: the store, or what lies under the name of one of the files."""
    with monkeypatch.context() as broken:
        broken.setattr("cytomon.store.change.Change.enter", _fail)
        with pytest.raises(ZeroDivisionError):
            signed(store, wanted(out))
    assert list(out.iterdir()) == []
    name = write_report(store, "P1", wanted(out, formats=HTML)).document.identity.stem
    (out / f"{name.partition('-draft')[0]}.pdf").mkdir()
    before = bytes_in(out)
    with pytest.raises(InputError, match="something else lies under the name"):
        signed(store, wanted(out))
    assert bytes_in(out) == before
    assert verify(store).problems == ()
    assert signed(store, wanted(out.parent / "b")).document.identity.version == 1


def _fail(*_: object) -> str:
    raise ZeroDivisionError


def test_a_file_that_is_lost_after_the_signature_is_named(
    store: Store, out: Path, monkeypatch: pytest.MonkeyPatch
):
    """And is written again by the same command without --sign."""
    replace_ = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if target.suffix == ".pdf":
            raise PermissionError(13, "Permission denied")
        return replace_(self, target)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", refuse)
        with pytest.raises(InputError, match="is signed, yet not all") as said:
            signed(store, wanted(out))
    assert ".pdf" in said.value.where
    assert "cytomon report" in said.value.fix
    assert not any(name.startswith(".") for name in bytes_in(out))
    written = write_report(store, "P1", wanted(out))
    assert written.document.identity.status is Status.SIGNED
    assert all(verify_file(store, path).version for path in written.files.values())


def test_no_version_goes_back_in_time(store: Store, tmp_path: Path, out: Path):
    """An amendment is as of the same day, or of a later one."""
    signed(store, wanted(out))
    add_event(store, tmp_path, "P1", "2026-06-20", "relapse", "", "", "")

    with pytest.raises(InputError, match="signed as of 2026-07-01") as said:
        signed(store, wanted(out, as_of=date(2026, 6, 30)), why="x")
    assert said.value.where == "--as-of"


def test_a_contradicted_result_is_not_released(store: Store, tmp_path: Path, out: Path):
    """A newer result on the other side has to be signed or rejected first."""
    contradict(store, tmp_path)

    with pytest.raises(InputError, match="contradicts one that is signed") as said:
        signed(store, wanted(out))
    assert "patient P1, flag A19" in said.value.where
    assert not out.exists()


def test_a_patient_without_results_is_named(store: Store, out: Path):
    """Whoever signs sees whose report it is."""
    with pytest.raises(InputError, match="no result to report") as said:
        signed(store, wanted(out, as_of=date(1999, 1, 1)))
    assert said.value.where == "patient P1"


def test_drafts_of_two_days_lie_beside_each_other(store: Store, out: Path):
    """The day is in the name of a draft."""
    for day in (1, 2):
        write_report(store, "P1", wanted(out, formats=HTML, as_of=AS_OF.replace(day=day)))

    assert [name[-13:] for name in bytes_in(out)] == ["20260701.html", "20260702.html"]


def test_the_name_of_a_report_stays(store: Store, tmp_path: Path, out: Path):
    """Also where an earlier cytomon has made it in another way."""
    first = signed(store, wanted(out)).document.identity
    add_event(store, tmp_path, "P1", "2026-06-20", "relapse", "", "", "")
    draft = write_report(store, "P1", wanted(out, formats=HTML)).document.identity

    assert draft.report_id == first.report_id
    assert len(first.report_id) == len("R") + 16


EVENTS = (
    ("drug", "inotuzumab", "drug of 2026-06-29: inotuzumab"),
    ("alc", "900", "alc of 2026-06-29: 900"),
    ("ngs", "negative", "ngs of 2026-06-29: negative"),
    ("morphology", "M1", "morphology of 2026-06-29: M1"),
    ("last_contact", "", "last contact of 2026-06-29: recorded"),
)


def test_every_event_is_told(store: Store, tmp_path: Path, out: Path):
    """Also one that raises no flag."""
    signed(store, wanted(out))
    for event, value, _ in EVENTS:
        add_event(store, tmp_path, "P1", "2026-06-29", event, value, "", "")
    said = write_report(store, "P1", wanted(out, formats=HTML)).document.changes

    for _, _, words in EVENTS:
        assert any(one.startswith(f"new: {words}") for one in said), words


def test_a_later_event_makes_a_draft(store: Store, tmp_path: Path, out: Path):
    """What happened after the day of the signature is not left out as if nothing had."""
    signed(store, wanted(out))
    add_event(store, tmp_path, "P1", "2026-07-02", "drug", "inotuzumab", "", "")
    later = wanted(out, formats=HTML, as_of=date(2026, 7, 3))

    assert write_report(store, "P1", later).document.identity.status is Status.DRAFT
