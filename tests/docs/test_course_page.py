"""The page of states and flags names every rule, visit, state, level and field, and no other."""

from __future__ import annotations

import re

import pytest

from cytomon.model.drugs import depleting_drugs
from cytomon.model.states import RelapseLevel, States
from cytomon.track.b_cells import LANDMARKS
from cytomon.track.profile import Profile, profiles, read_profile
from cytomon.track.rules.catalogue import RULES
from cytomon.track.visits import Visit, visits_until
from tests.docs.pages import DOCS, first_column, read, rows, section

PAGE = read(DOCS / "reference" / "course.md")
VISITS = section(PAGE, "Visits")
PROFILES = section(PAGE, "Profiles")


def test_rules() -> None:
    """Each rule has its rows, in the order of the catalogue, with a severity."""
    listed = re.findall(r"^\| (A\d+) ", section(PAGE, "Flags"), flags=re.MULTILINE)

    assert listed == [rule.code for rule in RULES] == [f"A{n}" for n in range(1, 22)]


def _listed_visits() -> list[tuple[str, int, int, int, bool]]:
    """Name, day, window and whether a marrow is asked for, of each visit up to a year."""
    found = []
    for names, days, window, marrow, _ in rows(VISITS):
        for name, day in zip(re.findall(r"`(\w+)`", names), days.split(", "), strict=False):
            if day.isdecimal():
                found.append((name, int(day), *_window(int(day), window), marrow == "yes"))
    return found


def _window(day: int, said: str) -> tuple[int, int]:
    if said.startswith("± "):
        return day - int(said[2:]), day + int(said[2:])
    first, last = said.split("–")
    return int(first), int(last)


def test_visits() -> None:
    """Each visit up to a year has its day and window, and says whether it wants a marrow."""
    year = [v for v in visits_until(400) if v.day <= 365]

    assert _listed_visits() == [(v.name, v.day, v.first, v.last, v.marrow) for v in year]


def test_all_visits_ask_for_b_cells() -> None:
    """The last column is yes throughout."""
    assert {cells[-1] for cells in rows(VISITS)} == {"yes"}


def test_later_visits() -> None:
    """After a year every 3 months to month 24, then every 6; 30 days around, without a marrow."""
    late = [v for v in visits_until(1500) if v.day > 365]
    named = [name for name in first_column(VISITS) if int(name[1:]) > 12 and name[0] == "m"]
    expected = [_late(month) for month in (15, 18, 21, 24, 30, 36, 42, 48)]

    assert named == [v.name for v in late[:4]]
    assert late[:8] == expected
    assert "months × 30.4375 | ± 30 | |" in VISITS
    assert "then every 6 months" in VISITS


def _late(month: int) -> Visit:
    day = round(month * 30.4375)
    return Visit(f"m{month}", day, day - 30, day + 30)


def test_states() -> None:
    """Every column of the states is explained."""
    row = States(patient_id="P1").row()
    named = set(re.findall(r"`(\w+)`", PAGE)) | {"bca_3m", "bca_4m"}

    assert "| `bca_2m` to `bca_6m` |" in PAGE
    assert set(row) - named - {"patient_id"} == set()


def test_landmarks() -> None:
    """The days of the landmarks are those that are said."""
    assert f"At a landmark L (day {', '.join(map(str, LANDMARKS.values()))})" in PAGE


def test_relapse_levels() -> None:
    """Every level, the highest first."""
    levels = [level.value for level in RelapseLevel if level]

    assert first_column(section(PAGE, "Relapse")) == levels[::-1]


def _fields() -> list[tuple[str, str]]:
    """Each field of the second table with its default, where the row gives one to each."""
    found: list[tuple[str, str]] = []
    for cells in rows(PROFILES.partition("| field |")[2]):
        names = re.findall(r"`(\w+)`", cells[0])
        said = cells[1].split("; " if ";" in cells[1] else ", ")
        said = said if len(said) == len(names) else [""] * len(names)
        found += zip(names, said, strict=True)
    return found


def test_profile_fields() -> None:
    """Every field of a profile is described once, and no other."""
    names = [name for name, _ in _fields()]

    assert sorted(names) == sorted(Profile.model_fields)


@pytest.mark.parametrize(
    "name", [name for name, f in Profile.model_fields.items() if isinstance(f.default, int | float)]
)
def test_profile_default(name: str) -> None:
    """The number beside a field is its default."""
    default = getattr(read_profile(), name)
    said = dict(_fields())[name].strip("`")
    said = "3.1622776601683795" if said == "10^0.5" else said

    assert said == str(default).lower() or float(said) == float(default)


def test_switch_fractions() -> None:
    """The shares of A10 are those of the rule and of the profile."""
    shares = list(read_profile().switch_fractions.values())

    assert f"10; {', '.join(f'{s:g}' for s in shares)} | A10; " in PROFILES
    assert f"{', '.join(f'{100 * s:g} %' for s in shares)} of their denominator" in PAGE


def test_drug_windows() -> None:
    """Each drug is named with its days, and is one that is found in a text."""
    said = re.search(r"removes B cells \((.*?);([^;]*?): 90 days", PAGE)
    assert said
    half_year = said[1].partition(":")[0].split(", ")
    months = said[2].strip().split(", ")
    listed = dict.fromkeys(half_year, 183) | dict.fromkeys(months, 90)

    assert listed == read_profile().drug_days
    assert all(depleting_drugs(drug) == (drug,) for drug in listed)


def test_profiles() -> None:
    """Each profile that comes along has its line."""
    listed = first_column(PROFILES.partition("| field |")[0])

    assert set(profiles()) <= set(listed)
