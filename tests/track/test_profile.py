"""Profiles that come along, a laboratory's own, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytomon.errors import InputError
from cytomon.track.profile import DEFAULT, CohortDefinitions, Profile, profiles, read_profile
from tests.track.builders import blood, followed, marrow, raised

OWN = "name: ours\nversion: 2.1.0\nabout: of our laboratory\n"


def own(folder: Path, text: str, name: str = "ours.yaml") -> str:
    """A laboratory's own file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


LOG_LOG = CohortDefinitions().model_dump() | {"survival_interval": "log-log"}


def test_those_that_come_along():
    """Each is found by its name, which it carries itself."""
    assert profiles() == ("euroflow", "local", "trial")
    assert [read_profile(name).name for name in profiles()] == list(profiles())
    assert read_profile() == read_profile(DEFAULT) == read_profile("trial")


@pytest.mark.parametrize(
    ("name", "differs"),
    [
        pytest.param("trial", {}, id="trial"),
        pytest.param("euroflow", {"lod_events": 10}, id="euroflow"),
        pytest.param("local", {"recovery": "confirmed", "cohort": LOG_LOG}, id="local"),
    ],
)
def test_differs(name: str, differs: dict[str, object]):
    """What a profile changes of the definitions; all else is as by default."""
    said = {"name", "version", "about"}
    plain = Profile(name="x", version="1.0.0", about="").model_dump(exclude=said)

    assert read_profile(name).model_dump(exclude=said) == plain | differs


def test_own_file(tmp_path: Path):
    """A file by its path; what it leaves out is as by default."""
    found = read_profile(own(tmp_path, OWN + "unwatched_days: 80\n", "ours.yml"))

    assert found.title == "ours 2.1.0"
    assert (found.unwatched_days, found.pair_days) == (80, 14)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param(
            OWN + "unwatched: 80\n", "unwatched: Extra inputs are not permitted", id="unknown-key"
        ),
        pytest.param(
            OWN + "unwatched_days: -1\n",
            "unwatched_days: Input should be greater than or equal to 0",
            id="out-of-range",
        ),
        pytest.param(
            OWN + "recovery: late\n",
            "recovery: Input should be 'trial' or 'confirmed'",
            id="no-such-word",
        ),
        pytest.param(
            OWN + "drug_days: {rituximab: soon}\n",
            "drug_days.rituximab: Input should be a valid integer, unable to parse string as an "
            "integer",
            id="within",
        ),
        pytest.param(
            "name: ours\nversion: '2'\n",
            "version: String should match pattern '^[0-9]+\\.[0-9]+\\.[0-9]+$'; "
            "about: Field required",
            id="two-reasons",
        ),
    ],
)
def test_unsound(tmp_path: Path, text: str, what: str):
    """The field and the reason, the file, and what to do."""
    with pytest.raises(InputError) as caught:
        read_profile(own(tmp_path, text))

    assert caught.value.what == what
    assert caught.value.where == "ours.yaml"
    assert caught.value.fix == "correct the file; docs/reference/course.md explains each field"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"name: [", id="not-yaml"),
        pytest.param(b"name: \xff\xfe", id="not-utf-8"),
        pytest.param(b"", id="empty"),
    ],
)
def test_unreadable(tmp_path: Path, content: bytes):
    """A file that is no YAML is named."""
    path = tmp_path / "ours.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_profile(str(path))

    assert caught.value.what.startswith("the profile cannot be read: ")
    assert caught.value.where == "ours.yaml line 1"
    assert "'trial' in docs/reference/course.md" in caught.value.fix


@pytest.mark.parametrize("name", ["trail", "ours.yaml", "", "folder.yaml", "ours.txt"])
def test_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    """No such name, no such file, a folder, or a file that is no YAML by its name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.yaml").mkdir()
    own(tmp_path, OWN, "ours.txt")
    with pytest.raises(InputError) as caught:
        read_profile(name)

    assert caught.value.what == "there is no such profile"
    assert caught.value.where == "--profile"
    assert caught.value.fix == "one of euroflow, local, trial, or the path of a YAML file"


def test_relapse_may_include_mrd():
    """Where it does, a confirmed MRD relapse ends the landmarks and the calendar, not the level."""
    items = (marrow(28, 0), blood(40, 0), marrow(61, 500))
    with_mrd = read_profile().model_copy(update={"relapse_includes_mrd": True})
    plain, strict = followed(*items), followed(*items, profile=with_mrd)

    assert (plain.states.bca_2m, strict.states.bca_2m) == ("PERSISTENT", "NA")
    assert plain.states.relapse_level == strict.states.relapse_level == "MRD_RELAPSE_CONFIRMED"
    assert len(raised(strict, "A16")) < len(raised(plain, "A16"))
    assert raised(strict, "A1") == []


def test_a_reappearance_is_no_relapse():
    """Also where MRD counts, it has to be confirmed."""
    with_mrd = read_profile().model_copy(update={"relapse_includes_mrd": True})
    found = followed(marrow(28, 0), blood(40, 0), marrow(61, 499), profile=with_mrd)

    assert found.states.bca_2m == "PERSISTENT"


@pytest.mark.parametrize(
    ("field", "unknown"),
    [
        pytest.param("drug_days: {rituxan: 183}", "rituxan", id="drug"),
        pytest.param("switch_fractions: {bridges: 0.1}", "bridges", id="sign"),
    ],
)
def test_a_key_that_would_be_passed_over_is_refused(tmp_path: Path, field: str, unknown: str):
    """A misspelt drug would void nothing, and nobody would see it."""
    path = tmp_path / "own.yaml"
    path.write_text(f"name: own\nversion: 1.0.0\nabout: x\n{field}\n", encoding="utf-8")

    with pytest.raises(InputError, match=f"not known: {unknown}; known are"):
        read_profile(str(path))


def test_what_a_mapping_leaves_out_is_as_usual(tmp_path: Path):
    """One drug of the laboratory's own does not take the others away."""
    path = tmp_path / "own.yaml"
    text = "name: own\nversion: 1.0.0\nabout: x\ndrug_days: {rituximab: 365}\n"
    path.write_text(text, encoding="utf-8")

    assert read_profile(str(path)).drug_days == read_profile().drug_days | {"rituximab": 365}
