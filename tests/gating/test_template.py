"""Template files: mistakes with their lines, identity, and the choice by panel."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytomon.errors import TemplateError
from cytomon.gating.folder import gate_folder
from cytomon.gating.template import (
    check_template,
    list_templates,
    load_template,
    parse_template,
    pick_template,
)
from cytomon.yaml_file import MOST_BYTES

SOUND = """\
schema_version: 1
name: small
version: 1.0.0
title: A small template
specimen: marrow
markers:
  required: [CD45, CD19]
  optional: [CD10]
scale: {kind: logicle, t: 262144, m: 4.5, w: 0.5}
roles: {nucleated: cells}
quantities: [mrd]
gates:
  - {name: cells, kind: interval, bounds: {FSC-A: {low: 20000}}}
  - name: cd19_pos
    parent: cells
    kind: interval
    bounds:
      CD19: {low: {start: 1.5, by: ref_neg, of: cells, leash: [1.0, 2.0]}}
  - {name: both, parent: cells, kind: boolean, all: [cd19_pos]}
"""
ENVELOPE = """\
{name: study, kind: envelope, reference: marrow, of: cells, lineage: [cd19_pos],
     populations: {blasts: [leukaemic], early: [hematogone_I]}}
"""
LAST = "  - {name: both, parent: cells, kind: boolean, all: [cd19_pos]}\n"


def changed(old: str, new: str) -> bytes:
    assert SOUND.count(old) == 1, "the snippet must name one place"
    return SOUND.replace(old, new).encode()


def added(gate: str) -> bytes:
    return f"{SOUND}  - {gate}\n".encode()


def after_envelope(gate: str) -> bytes:
    """A gate on line 22, below an envelope."""
    return f"{SOUND}  - {ENVELOPE}  - {gate}\n".encode()


def read_from(name: str, parent: str = "cells") -> str:
    """A gate whose boundary is read from another one."""
    bound = f"{{start: 1.5, by: ref_neg, of: {name}, leash: [1.0, 2.0]}}"
    return f"{{name: g, parent: {parent}, kind: interval, bounds: {{CD19: {{low: {bound}}}}}}}"


# what is broken, line of the mistake, words of its explanation
MISTAKES: dict[str, tuple[bytes, int, str]] = {
    "a key twice": (changed("title: A", "name: other\ntitle: A"), 4, "'name' is given twice"),
    "a gate's key twice": (
        changed("    parent: cells\n", "    parent: cells\n    parent: cells\n"),
        16,
        "'parent' is given twice",
    ),
    "an alias": (
        changed("roles: {nucleated: cells}", "roles: &r {nucleated: cells}\nmore: *r"),
        11,
        "aliases are not allowed",
    ),
    "a merged mapping": (
        changed("roles: {nucleated: cells}", "roles: &r {nucleated: cells}\nmore: {<<: *r}"),
        11,
        "aliases are not allowed",
    ),
    "a python object": (changed("A small template", "!!python/name:os.system ''"), 4, "YAML"),
    "a tab": (changed("  required:", "\trequired:"), 7, "not valid YAML"),
    "an open bracket": (changed("[CD45, CD19]", "[CD45, CD19"), 8, "not valid YAML"),
    "an unhashable key": (changed("title: A", "? [a, b]\n: c\ntitle: A"), 4, "YAML"),
    "two documents": (SOUND.encode() + b"---\na: 1\n", 20, "not valid YAML"),
    "nothing": (b"", 1, "no mapping"),
    "only a comment": (b"# nothing\n", 1, "no mapping"),
    "a list": (b"- a\n- b\n", 1, "no mapping"),
    "not UTF-8": (SOUND.replace("small template", "sm\xe4ll").encode("latin-1"), 1, "UTF-8"),
    "a control character": (changed("A small", "A \x07 small"), 1, "not valid YAML"),
    "huge": (SOUND.encode() + b"#" * MOST_BYTES, 1, f"larger than {MOST_BYTES} bytes"),
    "very deep": (b"a: " + b"[" * 20_000, 1, "not valid YAML"),
    "another schema": (changed("schema_version: 1", "schema_version: 2"), 1, "schema_version"),
    "an unknown key": (
        changed("title: A", "titel: B\ntitle: A"), 4,
        "titel: there is no such field (did you mean title?)",
    ),
    "a missing key": (changed("specimen: marrow\n", ""), 1, "specimen"),
    "no such specimen": (changed("marrow", "liver"), 5, "write 'marrow'"),
    "a version of two numbers": (changed("1.0.0", "1.0"), 3, "write three numbers, such as 1.0.0"),
    "a name with a blank": (changed("name: small", "name: a b"), 2, "name"),
    "a gate's name with a slash": (changed("name: both", "name: a/b"), 19, "name"),
    "an unknown key of a gate": (
        added("{name: g, kind: interval, colour: red, bounds: {CD19: {low: 1}}}"),
        20,
        "gate g, colour: there is no such field",
    ),
    "an unknown kind": (added("{name: g, kind: blob}"), 20, "write one of 'interval'"),
    "no kind": (added("{name: g}"), 20, "add kind: and one of boolean, ellipse"),
    "a gate that is no mapping": (added("nothing"), 20, "gate number 4"),
    "a wrong parent": (
        changed("name: both, parent: cells", "name: both, parent: cels"),
        19,
        "'cels' is not a gate above it (did you mean cells?)",
    ),
    "a forward reference": (
        changed("bounds: {FSC-A: {low: 20000}}", "parent: both, bounds: {FSC-A: {low: 1}}"),
        13,
        "'both' is not a gate above it (move that gate up)",
    ),
    "a gate in itself": (added("{name: g, kind: boolean, all: [g]}"), 20, "move that gate up"),
    "a circle": (
        added("{name: g, parent: h, kind: boolean, all: [cells]}\n"
              "  - {name: h, parent: g, kind: boolean, all: [cells]}"),
        20,
        "gate g: 'h' is not a gate above it",
    ),
    "a wrong reference population": (changed("of: cells", "of: tcells"), 14, "'tcells'"),
    "a wrong operand": (changed("all: [cd19_pos]", "all: [cd19_neg]"), 19, "cd19_pos?"),
    "an excluded gate that is not there": (
        added("{name: g, kind: boolean, none: [lost]}"), 20, "'lost' is not a gate above it",
    ),
    "an alternative that is not there": (
        added("{name: g, kind: boolean, any: [cells, lost]}"), 20, "'lost' is not a gate above it",
    ),
    "evidence that is not there": (
        added("{name: g, kind: score, terms: {cells: 1, lost: 1}, at_least: 1}"), 20, "'lost'",
    ),
    "an ellipse on a gate that is not there": (
        added("{name: g, kind: ellipse, on: [CD19, CD45], mean: [1, 1], sd: [1, 1], "
              "by: ellipse_ref, of: lost, leash: [1, 1]}"),
        20,
        "'lost' is not a gate above it",
    ),
    "a polygon on an unknown marker": (
        added("{name: g, kind: polygon, on: [CD19, CD91], vertices: [[0, 0], [1, 1], [1, 0]]}"),
        20,
        "'CD91' is neither a marker",
    ),
    "a steady reference on an unknown marker": (
        added("{name: g, kind: time, steady: {CD91: {low: 1}}}"), 20, "'CD91' is neither",
    ),
    "a ratio of a stranger": (
        added("{name: g, kind: interval, bounds: {FSC-A/CD19: {low: 1}}}"), 20, "'FSC-A/CD19'",
    ),
    "a name that is taken": (
        changed("name: both", "name: cells"), 19, "the name 'cells' is taken",
    ),
    "an unknown marker": (
        added("{name: g, kind: interval, bounds: {CD91: {low: 1}}}"),
        20,
        "'CD91' is neither a marker",
    ),
    "an optional marker, no word on its absence": (
        added("{name: g, kind: interval, bounds: {CD10: {low: 1}}}"),
        20,
        "CD10 is an optional marker (say `optional: pass` or `optional: drop`)",
    ),
    "a role without a gate": (changed("{nucleated: cells}", "{nucleated: cell}"), 10, "cells?"),
    "a role of nothing": (changed("{nucleated: cells}", "{nucleated: []}"), 10, "names no gate"),
    "a scale of no marker": (
        changed("roles:", "scales: {CD91: {kind: asinh}}\nroles:"), 10, "scale of 'CD91'",
    ),
    "a start off its leash": (
        changed("[1.0, 2.0]", "[1.6, 2.0]"), 18, "start 1.5 lies outside the leash [1.6, 2.0]",
    ),
    "a leash the wrong way round": (changed("[1.0, 2.0]", "[2.0, 1.0]"), 18, "outside the leash"),
    "no leash": (changed(", leash: [1.0, 2.0]", ""), 18, "needs a leash"),
    "no reference": (changed("of: cells, ", ""), 18, "needs a reference population"),
    "too few reference events": (
        changed("leash: [1.0, 2.0]", "least: 49, leash: [1.0, 2.0]"), 18, "least",
    ),
    "a method that is not known": (
        changed("by: ref_neg", "by: guess"), 18, "gate cd19_pos, CD19 low, by: ",
    ),
    "a bound that is a word": (changed("low: 20000", "low: many"), 13, "number"),
    "a bound that is NaN": (changed("low: 20000", "low: .nan"), 13, "finite"),
    "a bound that is infinite": (changed("low: 20000", "low: -.inf"), 13, "finite"),
    "a start that is NaN": (changed("start: 1.5", "start: .nan"), 18, "finite"),
    "a window without room": (
        changed("leash: [1.0", "window: [3, 0], leash: [1.0"), 18, "window [3.0, 0.0] is empty",
    ),
    "a window beside its leash": (
        changed("leash: [1.0", "window: [1.2, 5], leash: [1.0"),
        18,
        "gate cd19_pos, CD19 low: the window [1.2, 5.0] does not contain the leash [1.0, 2.0]",
    ),
    "a side that is open at both ends": (changed("{low: 20000}", "{}"), 13, "a low or a high end"),
    "bounds the wrong way round": (
        changed("{low: 20000}", "{low: 20000, high: 100}"), 13, "lies above its high end",
    ),
    "an interval of two": (
        added("{name: g, kind: interval, bounds: {CD19: {low: 1}, CD45: {low: 1}}}"),
        20,
        "has 2 dimensions",
    ),
    "a rectangle of one": (
        added("{name: g, kind: rectangle, bounds: {CD19: {low: 1}}}"), 20, "has 1 dimensions",
    ),
    "a polygon of two points": (
        added("{name: g, kind: polygon, on: [CD19, CD45], vertices: [[0, 0], [1, 1]]}"),
        20,
        "vertices",
    ),
    "a polygon anchored on a stranger": (
        added("{name: g, kind: polygon, on: [CD19, CD45], vertices: [[0, 0], [1, 1], [1, 0]], "
              "anchor: {on: FSC-A, bound: {start: 1}}}"),
        20,
        "anchor lies on FSC-A, the polygon on CD19 and CD45 (write on: CD19 or on: CD45)",
    ),
    "an ellipse with too few numbers": (
        added("{name: g, kind: ellipse, on: [CD19, CD45], mean: [1], sd: [1, 1]}"),
        20,
        "one entry for each dimension",
    ),
    "an ellipse that follows nobody": (
        added("{name: g, kind: ellipse, on: [CD19, CD45], mean: [1, 1], sd: [1, 1], "
              "by: ellipse_ref}"),
        20,
        "needs a reference population and a leash",
    ),
    "a quadrant with one divider": (
        added("{name: g, kind: quadrant, dividers: {CD19: 1}, names: [a, b, c, d]}"),
        20,
        "dividers",
    ),
    "a quadrant with a name twice": (
        added("{name: g, kind: quadrant, dividers: {CD19: 1, CD45: 1}, names: [a, b, c, a]}"),
        20,
        "the name 'a' is taken",
    ),
    "a boolean gate of nothing": (added("{name: g, kind: boolean}"), 20, "at least one of"),
    "a score without terms": (
        added("{name: g, kind: score, terms: {}, at_least: 1}"), 20, "terms",
    ),
    "a score that cannot be reached": (
        added("{name: g, kind: score, terms: {cells: 1}, at_least: 2}"), 20, "never be reached",
    ),
    "a logicle scale with too much W": (changed("w: 0.5", "w: 2.5"), 9, "W must lie in [0, M/2]"),
    "a logicle scale with too much A": (changed("w: 0.5", "w: 0.5, a: 4"), 9, "A in [-W, M - 2W]"),
    "a scale without M": (changed("m: 4.5, ", "m: 0, "), 9, "M must be above 0"),
    "a scale that is not known": (changed("kind: logicle", "kind: biex"), 9, "scale"),
    "a negative T": (changed("t: 262144", "t: -1"), 9, "scale"),
    "a limit below one": (
        changed("roles:", "limits: {lod_events: 0}\nroles:"), 10, "lod_events",
    ),
    "detected above quantified": (
        changed("roles:", "limits: {threshold: 0.001,\n  lod_events: 60}\nroles:"),
        11,
        "lod_events (60) is above loq_events (50) (write lod_events of at most 50",
    ),
    "any call needs more than a firm one": (
        changed("roles:", "limits: {lymphocytes_firm: 400}\nroles:"),
        10,
        "lymphocytes_least (500) is above lymphocytes_firm (400)",
    ),
    "gated on a stranger": (
        changed("roles:", "gated_on: [cd19]\nroles:"), 10,
        "gated_on: 'cd19' is not a marker of the template (did you mean CD19?)",
    ),
    "an unknown reference": (
        added(ENVELOPE.replace("reference: marrow", "reference: marow")),
        20,
        "gate study: reference marow: there is no reference 'marow'",
    ),
    "a population that the reference does not have": (
        added(ENVELOPE.replace("hematogone_I", "haematogone_I")),
        21,
        "gate early: the reference marrow has no population 'haematogone_I' (write some of",
    ),
    "an envelope of a gate that is not there": (
        added(ENVELOPE.replace("of: cells", "of: cell")), 20, "'cell' is not a gate above it",
    ),
    "lineage by a gate that is not there": (
        added(ENVELOPE.replace("[cd19_pos]", "[cd20_pos]")), 20, "'cd20_pos' is not a gate",
    ),
    "a bound read from an envelope": (
        after_envelope(read_from("blasts")),
        22,
        "gate g: 'blasts' depends on an envelope, and no boundary can be read from it",
    ),
    "a bound read from what an envelope is taken from": (
        after_envelope(
            "{name: rest, kind: boolean, none: [early]}\n"
            "  - {name: below, parent: rest, kind: interval, bounds: {CD19: {low: 1}}}\n"
            f"  - {read_from('below')}"
        ),
        24,
        "gate g: 'below' depends on an envelope",
    ),
    "a valley among what an envelope holds": (
        after_envelope(
            "{name: g, parent: early, kind: interval, "
            "bounds: {CD19: {low: {start: 1, by: valley, leash: [0, 2]}}}}"
        ),
        22,
        "gate g: 'early' depends on an envelope",
    ),
    "an ellipse around what an envelope holds": (
        after_envelope(
            "{name: g, kind: ellipse, on: [CD19, CD45], mean: [1, 1], sd: [1, 1], "
            "by: ellipse_ref, of: early, leash: [1, 1]}"
        ),
        22,
        "gate g: 'early' depends on an envelope",
    ),
    "no quantities": (changed("[mrd]", "[]"), 11, "quantities"),
}  # fmt: skip


def test_the_sound_template_is_sound():
    """What the table of mistakes starts from has none."""
    assert check_template(SOUND.encode()) == ()


def test_an_envelope_is_sound():
    """Nor has the one that some mistakes start from, nor a bound inside that is read elsewhere."""
    assert check_template(added(ENVELOPE)) == ()
    assert check_template(after_envelope(read_from("cells", parent="early"))) == ()


def test_references_lie_beside_their_template(tmp_path: Path):
    """A folder's own reference is found, its mistakes are named, and its numbers count."""
    folder = tmp_path / "references"
    folder.mkdir()
    shipped = (gate_folder() / "references" / "marrow.yaml").read_text()
    own = folder / "own.yaml"
    content = added(ENVELOPE.replace("reference: marrow", "reference: own"))

    own.write_text(shipped.replace("name: marrow", "name: own"))
    before = parse_template(content, tmp_path / "t.yaml").sha256
    own.write_text(own.read_text().replace("usual: 0.22", "usual: 0.23"))
    after = parse_template(content, tmp_path / "t.yaml").sha256
    own.write_text(own.read_text().replace("usual: 0.23", "usual: much"))
    (found,) = check_template(content, folder=tmp_path)

    assert before != after
    assert found.line == 20
    assert "gate study: reference own: line " in found.what
    assert [mistake.line for mistake in check_template(content)] == [20]


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_has_its_line_and_words(name: str):
    """A broken template is explained by line, in words, with something to do."""
    content, line, words = MISTAKES[name]

    found = check_template(content)

    assert found, "the mistake was not seen"
    assert found[0].line == line
    assert words in f"{found[0].what} ({found[0].fix})"
    assert all(mistake.fix for mistake in found)


def test_every_mistake_is_named_at_once():
    """A person mends a file in one go: all mistakes come together, in the order of lines."""
    content = changed("of: cells", "of: tcells").replace(b"all: [cd19_pos]", b"all: [lost]")
    content = content.replace(b"nucleated: cells", b"nucleated: cell")

    with pytest.raises(TemplateError) as refusal:
        parse_template(content, Path("/secret/folder/mine.yaml"))

    said = str(refusal.value)
    assert "3 mistakes" in said
    assert said.index("line 10") < said.index("line 14") < said.index("line 19")
    assert "mine.yaml" in said
    assert "secret" not in said


def hash_of(text: str) -> str:
    return parse_template(text.encode(), Path("t.yaml")).sha256


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("low: 20000", "low: 20001"),
        ("start: 1.5", "start: 1.6"),
        ("leash: [1.0, 2.0]", "leash: [1.0, 2.1]"),
        ("1.0.0", "1.0.1"),
        ("w: 0.5", "w: 0.6"),
        ("A small template", "A template"),
        ("of: cells,", "of: cells, plus: 0.1,"),
        ("[CD45, CD19]", "[CD45, CD19, CD20]"),
        ("quantities: [mrd]", "quantities: [mrd, mrd_wbc]"),
        ("roles:", "limits: {lod_events: 21}\nroles:"),
    ],
)
def test_hash_changes_with_the_content(old: str, new: str):
    """Whatever the template says counts for its identity."""
    assert hash_of(SOUND) != hash_of(SOUND.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schema_version", "# a word\nschema_version"),
        ("low: 20000}", "low:   2.0e+4}"),
        ("[CD45, CD19]", "\n    - CD45\n    - CD19"),
        (
            "roles: {nucleated: cells}\nquantities: [mrd]",
            "quantities: [mrd]\nroles: {nucleated: cells}",
        ),
    ],
)  # fmt: skip
def test_hash_ignores_layout(old: str, new: str):
    """Comments, spelling of numbers, layout and order of keys do not count."""
    assert old in SOUND
    assert hash_of(SOUND) == hash_of(SOUND.replace(old, new))


def test_shipped_templates_are_sound():
    """Every template that comes with cytomon is valid, and found under its file's name."""
    names = [template.name for template in list_templates()]

    assert names == [
        "b_all_mrd",
        "b_all_mrd_aieop_bfm",
        "b_all_mrd_euroflow",
        "lymphocyte_subsets",
    ]
    for name in names:
        assert load_template(name).path.stem == name


@pytest.mark.parametrize("name", ["nothing", "../gates/b_all_mrd", "b_all_mrd/", "", "a\x00b"])
def test_unknown_name(name: str):
    """A name leads to a template of the folder or to a refusal, never to another place."""
    with pytest.raises(TemplateError, match=r"no such template|no template"):
        load_template(name)


def test_a_changed_file_is_read_again(tmp_path: Path):
    """A template edited between two tubes is the edited one."""
    path = tmp_path / "mine.yaml"
    path.write_text(SOUND)
    before = load_template(str(path)).sha256
    path.write_text(SOUND.replace("20000", "30000"))

    assert load_template(str(path)).sha256 != before


AIEOP = {"CD45", "CD19", "CD10", "CD20", "CD34", "CD38", "Nuclear"}
EUROFLOW = {"CD45", "CD19", "CD10", "CD20", "CD34", "CD38", "CD81"}
LYMPHOCYTES = {"CD45", "CD3", "CD19", "CD16+CD56", "CD20", "CD10", "CD34", "CD38"}
FIFTEEN = {
    "CD45", "CD19", "CD22", "CD10", "CD20", "CD34", "CD38", "CD3", "CD58", "CD66c+CD123", "CD24",
    "CD66b", "CD33+CD14", "cyCD79a", "Viability",
}  # fmt: skip


@pytest.mark.parametrize(
    ("markers", "picked"),
    [
        (AIEOP, "b_all_mrd_aieop_bfm"),
        (FIFTEEN, "b_all_mrd"),
        ({"CD45", "CD3", "CD19", "CD16+CD56"}, "lymphocyte_subsets"),
        ({*FIFTEEN, "Nuclear"}, "b_all_mrd"),
        ({*EUROFLOW, "CD66c+CD123"}, "b_all_mrd_euroflow"),
        ({*EUROFLOW, "CD73+CD304"}, "b_all_mrd_euroflow"),
        ({*FIFTEEN, "CD81", "CD73+CD304"}, "b_all_mrd"),
        (LYMPHOCYTES, "lymphocyte_subsets"),
    ],
)
def test_the_panel_picks(markers: set[str], picked: str):
    """Of the templates whose markers are all there, the one that uses most is taken."""
    assert pick_template(markers, list_templates(), where="t.fcs").name == picked


def test_no_template_fits():
    """A panel that fits nothing is refused, and what the nearest template lacks is named."""
    with pytest.raises(TemplateError) as refusal:
        pick_template({"CD45", "CD3"}, list_templates(), where="t.fcs")

    assert "lymphocyte_subsets, also needs CD19" in refusal.value.what


def test_no_templates_at_all():
    """A folder without templates fits no tube."""
    with pytest.raises(TemplateError, match="no template"):
        pick_template({"CD45"}, (), where="t.fcs")


def test_more_required_markers_win_over_more_optional_ones():
    """A marrow tube with a T-cell marker more stays an MRD tube."""
    aieop = {"CD45", "CD19", "CD10", "CD20", "CD34", "CD38", "Nuclear"}
    shipped = list_templates()

    for extra in (set(), {"CD3"}, {"CD3", "CD14", "CD16+CD56"}):
        assert pick_template(aieop | extra, shipped, where="t").name == "b_all_mrd_aieop_bfm"
    least = {"CD45", "CD19", "CD22", "CD10", "CD20", "CD34", "CD38", "CD3"}
    for extra in (set(), {"Viability"}, {"CD14"}, {"CD16+CD56", "CD14"}):
        assert pick_template(least | extra, shipped, where="t").name == "b_all_mrd"


def test_a_tie_is_refused_with_the_names():
    """Two templates that fit equally well are a question for a person."""
    twins = [
        parse_template(SOUND.replace("name: small", f"name: {name}").encode(), Path("t.yaml"))
        for name in ("first", "second")
    ]

    with pytest.raises(TemplateError) as refusal:
        pick_template({"CD45", "CD19"}, twins, where="t.fcs")

    assert "first, second" in refusal.value.what
