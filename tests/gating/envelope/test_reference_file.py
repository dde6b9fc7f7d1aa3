"""Reference files: each mistake with its line and words, and an identity by content."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytomon.errors import TemplateError
from cytomon.gating.envelope.reference import FOLDER, load_reference, parse_reference, parse_spec
from cytomon.gating.folder import gate_folder
from cytomon.model.normal import LEUKAEMIC, UNCLEAR

SOUND = """\
schema_version: 1
name: own
version: 1.0.0
title: A small reference
made_of: three tubes
axes: [CD19, FSC-A]
leash: {usual: 0.2, most: 0.5}
path: [early, late]
normal:
  early: {centre: {CD19: 2, FSC-A: 60000}, spread: {CD19: 0.2, FSC-A: 0.1}}
  late_a: {population: late, centre: {CD19: 3, FSC-A: 60000}, spread: {CD19: 0.2, FSC-A: 0.1}}
  late:
    centre: {CD19: 3.5, FSC-A: 60000}
    spread: {CD19: 0.2, FSC-A: 0.1}
leukaemic:
  typical: {centre: {CD19: 3, FSC-A: 75000}, spread: {CD19: 0.3, FSC-A: 0.1}}
"""


def changed(old: str, new: str) -> bytes:
    assert SOUND.count(old) == 1, "the snippet must name one place"
    return SOUND.replace(old, new).encode()


# what is broken, line of the mistake, words of its explanation
MISTAKES: dict[str, tuple[bytes, int, str]] = {
    "no YAML": (b"axes: [CD19", 1, "not valid YAML"),
    "empty": (b"", 1, "no mapping"),
    "an alias": (changed("title: A small", "title: &a A small") + b"more: *a\n", 17, "aliases"),
    "a key twice": (changed("title: A", "name: other\ntitle: A"), 4, "'name' is given twice"),
    "an unknown key": (changed("made_of:", "colour: red\nmade_of:"), 5, "colour"),
    "no normal population": (SOUND.partition("normal:")[0].encode(), 1, "normal"),
    "one axis": (changed("axes: [CD19, FSC-A]", "axes: [CD19]"), 6, "axes"),
    "a stage that is no population": (
        changed("path: [early, late]", "path: [early, lat]"),
        1,
        "path: lat is no normal population of this file (write some of early, late_a, late)",
    ),
    "a marker too few": (
        changed("centre: {CD19: 3.5, FSC-A: 60000}", "centre: {CD19: 3.5}"),
        1,
        "late: centre and the file's axes differ in FSC-A",
    ),
    "a marker too many": (
        changed("spread: {CD19: 0.3, FSC-A: 0.1}", "spread: {CD19: 0.3, CD20: 1, FSC-A: 0.1}"),
        1,
        "typical: spread and the file's axes differ in CD20",
    ),
    "a spread of zero": (
        changed("CD19: 0.2, FSC-A: 0.1}\nleu", "CD19: 0, FSC-A: 0.1}\nleu"),
        14,
        "CD19",
    ),
    "a centre that is NaN": (changed("CD19: 3.5", "CD19: .nan"), 13, "finite"),
    "a spread that is infinite": (changed("CD19: 0.3", "CD19: .inf"), 16, "finite"),
    "a centre that is a word": (changed("CD19: 3.5", "CD19: bright"), 13, "number"),
    "a leash that lets nothing move": (changed("most: 0.5", "most: 0"), 7, "most"),
    "a leash that shrinks": (changed("most: 0.5", "widest: 0.9"), 7, "widest"),
    "a version of one number": (changed("version: 1.0.0", "version: 1"), 3, "version"),
    "a name with a path": (changed("name: own", "name: ../own"), 2, "name"),
}  # fmt: skip


def test_the_sound_file_is_sound():
    """What the mistakes start from has none, and says what it says."""
    found = parse_reference(SOUND.encode(), "own.yaml")

    assert found.axes == ("CD19", "FSC-A")
    assert [cloud.population for cloud in found.normal] == ["early", "late", "late"]
    assert found.populations[:2] == ("early", "late")
    assert found.populations[-2:] == (LEUKAEMIC, UNCLEAR)
    assert (found.leash.usual, found.leash.most, found.leash.widest) == (0.2, 0.5, 1.6)


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_has_its_line_and_words(name: str):
    """Refused before a tube is looked at, with line and words."""
    content, line, words = MISTAKES[name]

    with pytest.raises(TemplateError) as refusal:
        parse_reference(content, "own.yaml")

    said = f"{refusal.value.where}: {refusal.value.what}"
    assert "own.yaml" in said
    assert words in said
    assert f"line {line}" in said
    assert refusal.value.fix


def test_layout_is_no_content():
    """Comments and order of keys change nothing, any number does."""
    plain = parse_reference(SOUND.encode(), "own.yaml")
    laid_out = parse_reference(
        changed("CD19: 3.5, FSC-A", "CD19: 3.50, FSC-A") + b"# a word\n", "x"
    )
    other = parse_reference(changed("CD19: 3.5, FSC-A", "CD19: 3.51, FSC-A"), "own.yaml")
    leash = parse_reference(changed("most: 0.5", "most: 0.51"), "own.yaml")

    assert laid_out.sha256 == plain.sha256
    assert len({plain.sha256, other.sha256, leash.sha256}) == 3


def test_a_reference_beside_the_template_comes_first(tmp_path: Path):
    """A laboratory's own file of the shipped name is taken; without one, the shipped file."""
    assert load_reference("marrow", tmp_path).sha256 == load_reference("marrow").sha256
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "marrow.yaml").write_text(SOUND.replace("name: own", "name: marrow"))

    assert load_reference("marrow", tmp_path).axes == ("CD19", "FSC-A")
    assert len(load_reference("marrow").axes) > 10


def test_an_unknown_reference_is_refused_with_the_known_ones(tmp_path: Path):
    """And with what builds one."""
    with pytest.raises(TemplateError) as refusal:
        load_reference("marow", tmp_path)

    assert "there is no reference 'marow'" in refusal.value.what
    assert "cytomon reference build" in refusal.value.fix
    assert "marrow" in refusal.value.fix
    assert str(tmp_path) not in str(refusal.value)


def test_shipped_references_are_sound():
    """Under their own names, with stages that are theirs, and nobody's events inside."""
    paths = sorted((gate_folder() / FOLDER).glob("*.yaml"))

    assert "marrow" in [path.stem for path in paths]
    for path in paths:
        spec = parse_spec(path.read_bytes(), path.name)
        assert spec.name == path.stem
        assert path.stat().st_size < 100_000
        for cloud in (*spec.normal.values(), *spec.leukaemic.values()):
            assert all(0 < width < 1.2 for width in cloud.spread.values())
