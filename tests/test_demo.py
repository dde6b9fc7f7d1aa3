"""The demonstration: six stories, and the flags that each ends in."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader

from cytomon.cli.main import main
from cytomon.courses import Day, follow_all
from cytomon.demo import AS_OF, SIX, Shown, draw_six, plan_demo, write_six
from cytomon.model.flags import Urgency
from cytomon.store.address import parse
from cytomon.track.digest import Digest, digest_of
from cytomon.track.profile import read_profile
from tests.docs.pages import DOCS, ROOT, blocks, read


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The folder of a demonstration, and its exit code."""
    out = tmp_path_factory.mktemp("demo")
    return out, main(["demo", f"--out={out}"])


@pytest.fixture(scope="module")
def digests(shown: tuple[Path, int]) -> dict[str, Digest]:
    """The six patients on the day of the demonstration."""
    address = parse(f"sqlite:///{shown[0] / 'cytomon.db'}")
    day = Day(as_of=AS_OF, profile=read_profile())
    found = follow_all(address, "ada", day, digest_of, workers=1)
    return {one.patient_id: one for one in found}


def test_the_demonstration_ends_well(shown: tuple[Path, int]):
    """Every tube is measured, drawn and kept."""
    out, code = shown
    tubes = {path.stem for path in (out / "patients").glob("*.fcs")}

    assert code == 0
    assert len(tubes) == sum(len(one.tubes) for one in SIX)
    assert {path.name.partition(".")[0] for path in (out / "figures").rglob("*.png")} == tubes


@pytest.mark.parametrize("one", SIX, ids=lambda one: f"{one.patient_id}-{one.story}")
def test_each_story_ends_in_its_flags(digests: dict[str, Digest], one: Shown):
    """Those that a physician would expect, and no others."""
    marks = digests[one.patient_id].waiting
    found = {f"{mark.urgency.word} {mark.rule} {mark.subject}".strip() for mark in marks}

    assert found == set(one.flags)


def test_each_patient_gets_a_report(shown: tuple[Path, int]):
    """On two pages of paper and one of the screen, with plots of the newest tubes; all small."""
    folder = shown[0] / "reports"
    papers = [PdfReader(path) for path in sorted(folder.glob("SIMULATED-*.pdf"))]
    pages = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("SIMULATED-*.html"))]

    assert [len(paper.pages) for paper in papers] == [2] * len(SIX)
    assert len(pages) == len(list(folder.glob("SIMULATED-*.fhir.json"))) == len(SIX)
    for page in pages:
        assert page.count('src="data:image/') >= 6
        assert "Gating strategy of D" in page
        assert "are not drawn" not in page
    assert max(path.stat().st_size for path in folder.glob("*.html")) < 1.5e6
    assert max(path.stat().st_size for path in folder.glob("*.pdf")) < 1e6
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert all(f">{one.patient_id}<" in index for one in SIX)


def test_the_pages_tell_them(digests: dict[str, Digest]):
    """Each patient has a section that tells why each of the flags is there."""
    page = read(DOCS / "tutorial" / "six-patients.md")
    for one in SIX:
        section = page.partition(f"## {one.patient_id}:")[2].partition("\n## ")[0]
        told = set(re.findall(r"^\| (A\d+),", section, flags=re.MULTILINE))

        assert told == {flag.split()[1] for flag in one.flags}, one.patient_id
        assert {mark.urgency for mark in digests[one.patient_id].waiting} <= set(Urgency)


def test_the_readme_shows_the_worklist(
    shown: tuple[Path, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """What the README and the tutorial show is what the demonstration prints."""
    monkeypatch.setenv("CYTOMON_CACHE", "none")
    store = f"--store=sqlite:///{shown[0] / 'cytomon.db'}"

    assert main(["track", "--as-of", AS_OF.isoformat(), store]) == 0
    printed = [line.rstrip() for line in capsys.readouterr().out.strip().splitlines()]
    for page in (ROOT / "README.md", DOCS / "tutorial" / "six-patients.md"):
        (block,) = (b for b in blocks(read(page), "text") if b.startswith("patient "))
        assert block.strip().splitlines() == printed


def test_the_courses_end_with_the_demonstration():
    """Whenever it is run, the same visits are due: the last record is a few days old."""
    for _, patient in draw_six():
        last = max(patient.on(one.day) for one in (*patient.specimens, *patient.events))

        assert 0 < (AS_OF - last).days < 7
        assert patient.day0 < AS_OF < date(2027, 1, 1)


def test_tubes_and_lists_are_the_same_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """By seed: the same bytes."""
    monkeypatch.setattr("cytomon.demo.EVENTS", 2_000)
    for name in ("first", "second"):
        write_six(tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "first").iterdir())

    assert files == sorted(path.name for path in (tmp_path / "second").iterdir())
    for name in files:
        if not name.endswith(".npz"):  # an archive holds the time of its making
            first, second = (tmp_path / folder / name for folder in ("first", "second"))
            assert first.read_bytes() == second.read_bytes(), name


def test_every_tube_belongs_to_a_listed_patient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """No tube and no row is refused."""
    monkeypatch.setattr("cytomon.demo.EVENTS", 2_000)
    write_six(tmp_path)
    jobs, _, settings = plan_demo(tmp_path)

    assert jobs.refused == ()
    assert all(job.specimen is not None and job.specimen.day is not None for job in jobs.jobs)
    assert settings.figures == "all"
