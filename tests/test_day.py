"""A folder of tubes: those of one day on one cytometer are judged together."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from cytomon.batch import plan, run
from cytomon.card import card_of
from cytomon.day import judge_days, with_day
from cytomon.document import Document
from cytomon.fcs.write import write_fcs
from cytomon.inputs import Job, Lists
from cytomon.model.anchor import Anchor
from cytomon.model.patient import Specimen, SpecimenType
from cytomon.simulate.plan import Artefacts, TubePlan
from cytomon.simulate.tube import simulate_tube
from cytomon.task import Settings

MARKERS = ("CD45", "CD38", "CD58", "CD3", "CD34", "CD24")
ALONE = {"code": "GAIN_SHIFT", "severity": "warning", "what": "said by the tube alone"}


def document(
    name: str, *, at: str = "2026-03-02T09:00:00", on: str = "A", by: float = 0.4
) -> Document:
    places = [
        asdict(
            Anchor(
                population="t_cells", marker=marker, expected=3.0, within=0.12, n_events=500,
                found=3.0 + (by if marker in MARKERS[:3] else 0.0),
            )
        )
        for marker in MARKERS
    ]  # fmt: skip
    return Document(
        file=name,
        sha256=name,
        acquired=at,
        instrument=on,
        findings=(ALONE, {"code": "NO_ANCHOR", "severity": "info", "what": "stays", "fix": ""}),
        anchors={"drift": 0.1, "places": places},
    )


def jobs(*patients: str) -> list[Job]:
    kind = SpecimenType.MARROW
    return [
        Job(file=f"{n}", path=f"{n}", specimen=Specimen(specimen_type=kind, patient_id=patient))
        for n, patient in enumerate(patients)
    ]


def judged(of: list[Job], documents: Sequence[Document]) -> tuple[Document, ...]:
    found = judge_days(of, [card_of(one) for one in documents], documents.__getitem__)
    return tuple(with_day(one, found.get(place)) for place, one in enumerate(documents))


def said(documents: tuple[Document, ...]) -> list[list[str]]:
    return [
        [row["what"] for row in one.findings if row["code"] == "GAIN_SHIFT"] for one in documents
    ]


def test_a_day_speaks_for_its_tubes():
    """What each tube said alone gives way; other findings stay."""
    found = judged(jobs("P1", "P2", "P3"), [document("a"), document("b"), document("c")])

    assert all("3 tubes of this day" in what for (what,) in said(found))
    assert all("NO_ANCHOR" in [row["code"] for row in one.findings] for one in found)


@pytest.mark.parametrize(
    "others",
    [
        pytest.param({"at": "2026-03-03T00:00:01"}, id="next-day"),
        pytest.param({"on": "B"}, id="another-cytometer"),
        pytest.param({"at": ""}, id="no-date"),
        pytest.param({"on": ""}, id="no-cytometer"),
    ],
)
def test_a_tube_alone_keeps_its_word(others: dict[str, str]):
    """Without others of its day and cytometer, or where the file does not tell."""
    documents = (document("a"), document("b"), document("c", **others))

    assert judged(jobs("P1", "P2", "P3"), documents) == documents


def test_one_patient_is_no_day():
    """Tubes of the same cells do not tell cells from detectors; two patients are too few."""
    documents = (document("a"), document("b"), document("c"))

    assert judged(jobs("P1", "P1", "P2"), documents) == documents


def test_refused_tubes_take_no_part():
    """They have no anchors."""
    documents = (document("a"), document("b"), replace(document("c"), anchors={}, refused=True))

    assert judged(jobs("P1", "P2", "P3"), documents) == documents


def test_a_folder_of_one_day(tmp_path: Path):
    """Through the batch: the tube with other settings is named, with its own word kept on disk."""
    for number in range(3):
        shifted = {"CD45": 0.5, "CD38": 0.5, "CD58": 0.5} if number == 1 else {}
        tube = simulate_tube(
            TubePlan(
                state="BM_m3_BCA",
                n_events=30_000,
                seed=410 + number,
                batch=410,
                artefacts=Artefacts(shifted=shifted),
            )
        )
        keywords = {"$CYT": "simulation", "$DATE": "02-MAR-2026", "$BTIM": f"09:0{number}:00"}
        path = tmp_path / f"{number}.fcs"
        write_fcs(path, tube.events, tube.channels, spillover=tube.spillover, keywords=keywords)
    settings = Settings()
    listed = plan([tmp_path], Lists(), settings)
    first = run(listed, tmp_path / "out", settings)
    kept = (tmp_path / "out" / "findings.csv").read_bytes()
    again = run(listed, tmp_path / "out", settings, workers=2)
    with (tmp_path / "out" / "findings.csv").open(newline="") as stream:
        named = {
            row["file"]: row["what"]
            for row in csv.DictReader(stream)
            if row["code"] == "GAIN_SHIFT"
        }

    assert "other tubes of this day on this cytometer (3 tubes): " in named["1.fcs"]
    assert all(f"{marker} +0." in named["1.fcs"] for marker in ("CD45", "CD38", "CD58"))
    assert (tmp_path / "out" / "findings.csv").read_bytes() == kept
    assert all(one.from_before for one in again.cards)
    assert b"of this day" not in (tmp_path / "out" / "tubes" / "1.fcs.json").read_bytes()
    assert first.exit_code == 0
