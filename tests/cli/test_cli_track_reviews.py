"""What reviewers said of a patient's results, in the terminal and for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cytomon.cli.main import main
from cytomon.model.people import Review
from cytomon.store.address import parse
from cytomon.store.open import opened
from cytomon.store.session import Store
from cytomon.track.written import FLAG_COLUMNS
from tests.review_stores import DRAWN, HOSTILE, MOVED, change_result, edit, garble, newest, say
from tests.store.builders import D28, approve, enrol, marrow, mrd, result, save, staff
from tests.store.conftest import ADMIN, FIRST, SECOND

Track = Callable[..., str]
AS_OF = "--as-of=2026-04-01"
NEGATIVE = mrd(0, status="NOT_DETECTED")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two marrows of one patient."""
    with opened(parse(f"sqlite:///{tmp_path / 's.db'}"), who=ADMIN, create=True) as made:
        enrol(made, "P1", "P2")
        staff(made)
        later = marrow(specimen_id="S2", collected_on=D28.replace(month=3))
        save(made, result(), result(later, NEGATIVE, file="b.fcs"))
        yield made


@pytest.fixture
def track(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Track:
    """What `cytomon track` prints."""
    monkeypatch.setenv("CYTOMON_STORE", str(store.address.url))
    monkeypatch.setenv("CYTOMON_USER", ADMIN)
    monkeypatch.setenv("CYTOMON_CACHE", "none")

    def give(*words: str) -> str:
        capsys.readouterr()
        assert main(["track", *words]) == 0
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return said.out

    return give


def row(text: str, specimen: str) -> str:
    """The row of a specimen in the course."""
    (found,) = [one for one in text.partition("\nreviews\n")[0].splitlines() if specimen in one]
    return found


def said(text: str) -> list[str]:
    """Lines below the course that tell of reviews."""
    return text.partition("\nreviews\n")[2].partition("\n\n")[0].splitlines()


def test_a_changed_result_and_the_automatic_one(store: Store, track: Track):
    """The reviewed number in its row; who, why, which gates and the automatic number below."""
    change_result(store, newest(store), mrd(48), comment="B cells were inside")
    text = track("P1", AS_OF)
    first, *rest = said(text)

    assert "0.0096 % (0.0071 to 0.0127) POSITIVE" in row(text, "marrow S1")
    assert row(text, "marrow S1").endswith("reviewed")
    assert row(text, "marrow S2").endswith("automatic")
    assert first.startswith(f"  2026-02-09 marrow S1, a.fcs: changed in review by {FIRST} on 20")
    assert first.endswith(": B cells were inside")
    assert [one.strip() for one in rest] == [
        "cd19_clear: CD19 low 1.90 to 2.10",
        "blasts: events taken out, drawn on CD19 and CD10",
        "MRD 0.0096 % (0.0071 to 0.0127), 48 of 500,000, POSITIVE; automatic: 0.0120 % (0.0092 to "
        "0.0154), 60 of 500,000, POSITIVE; after review 12 events fewer",
    ]
    assert "*" not in row(text, "marrow S1")


def test_a_rejected_result_keeps_its_row(store: Store, track: Track):
    """Empty, and marked; what it said stands below."""
    say(store, newest(store), Review.REJECTED, "clotted")
    text = track("P1", AS_OF)

    assert row(text, "marrow S1").endswith("rejected")
    assert "%" not in row(text, "marrow S1")
    first, told = said(text)
    assert first.endswith(": clotted")
    assert told == "      it said: MRD 0.0120 % (0.0092 to 0.0154), 60 of 500,000, POSITIVE"


def test_an_approved_and_a_signed_result(store: Store, track: Track):
    """Who has approved it stays below what was signed."""
    say(store, newest(store), Review.APPROVED)
    text = track("P1", AS_OF)
    assert row(text, "marrow S1").endswith("reviewed")
    (only,) = said(text)
    assert f"a.fcs: approved as measured by {FIRST} on 20" in only

    approve(store, SECOND)
    text = track("P1", AS_OF)
    assert row(text, "marrow S1").endswith("signed")
    assert said(text) == [only]


def test_by_day_of_the_specimen(store: Store, track: Track):
    """Whoever was reviewed first; what lies ahead is left out."""
    say(store, newest(store, "b.fcs"), Review.APPROVED)
    say(store, newest(store), Review.APPROVED)
    assert [one[2:12] for one in said(track("P1", AS_OF))] == ["2026-02-09", "2026-03-09"]
    assert [one[2:12] for one in said(track("P1", "--as-of=2026-02-20"))] == ["2026-02-09"]


def test_without_a_verdict_there_is_nothing_to_tell(store: Store, track: Track):
    """An edit is none, and a review of somebody else is somebody else's."""
    before = track("P1", AS_OF)
    edit(store, newest(store))
    say(store, newest(store, "b.fcs"), Review.APPROVED)
    assert "\nreviews\n" not in before
    assert "\nreviews\n" not in track("P2", AS_OF)
    assert len(said(track("P1", AS_OF))) == 1


def test_what_cannot_be_read_is_said_to_be(store: Store, track: Track):
    """In words, and as null."""
    change_result(store, newest(store), mrd(48))
    garble(store, "{")
    assert "      the adjustments cannot be read" in said(track("P1", AS_OF))
    (one,) = reviews(track)
    assert one["adjustments"] is None


def test_nothing_acts_on_the_terminal(store: Store, track: Track):
    """Whatever a reason, a gate or a marker is called."""
    gate = replace(MOVED, gate=HOSTILE, on=(HOSTILE,), who=HOSTILE, why=HOSTILE)
    change_result(store, newest(store), NEGATIVE, adjustments=(gate, DRAWN), comment=HOSTILE)
    text = track("P1", AS_OF)

    assert "changed by corrections, newer results, reviews and signatures" in text
    assert all(letter == "\n" or letter.isprintable() for letter in text)
    assert text.count("⟨U+001B⟩[2J<script>") == 5


def reviews(track: Track) -> list[dict[str, Any]]:
    """As JSON has them."""
    (patient,) = json.loads(track("P1", AS_OF, "--format", "json"))["patients"]
    found: list[dict[str, Any]] = patient["reviews"]
    return found


def test_json(store: Store, track: Track):
    """Both results with their numbers, in the order in which they were reviewed."""
    change_result(store, newest(store), mrd(48))
    say(store, newest(store, "b.fcs"), Review.REJECTED, "clotted")
    one, other = reviews(track)

    assert (one["by"], one["verdict"], one["why"]) == (FIRST, "changed", "debris")
    assert one["automatic"]["measurements"]["mrd"]["numerator"] == 60
    assert one["reviewed"]["measurements"]["mrd"]["numerator"] == 48
    assert [gate["gate"] for gate in one["adjustments"]] == ["cd19_clear", "blasts"]
    assert (other["verdict"], other["why"], other["reviewed"]) == ("rejected", "clotted", None)
    assert other["automatic"]["measurements"]["mrd"]["status"] == "NOT_DETECTED"


def flags(track: Track) -> list[tuple[str, ...]]:
    """Every flag without its evidence, which says of each number how far it has come."""
    rows = csv.DictReader(io.StringIO(track("P1", AS_OF, "--format", "csv"), newline=""))
    return [tuple(row[name] for name in FLAG_COLUMNS if name != "evidence") for row in rows]


def test_flags_and_states_are_as_before(store: Store, track: Track):
    """A review that says the same raises nothing; one with other numbers no flag of its own."""
    states = ("P1", AS_OF, "--states", "--format", "csv")
    before, stood = flags(track), track(*states)
    change_result(store, newest(store), mrd(60), comment="the gate stood too near")
    assert flags(track) == before

    change_result(store, newest(store), mrd(48), comment="debris")
    assert track(*states) == stood
    assert [one[:4] for one in flags(track)] == [one[:4] for one in before]
    assert "A18" not in {rule for _, rule, *_ in before}
