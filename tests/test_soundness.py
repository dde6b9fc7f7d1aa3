"""Templates that are sound in themselves and mean nothing to the rest of the package."""

from __future__ import annotations

from pathlib import Path

import pytest

import cytomon
from cytomon.batch import plan, run
from cytomon.card import read_document
from cytomon.errors import TemplateError
from cytomon.gating.template import Template
from cytomon.inputs import Lists
from cytomon.soundness import ROLES, check_template, load_template
from cytomon.task import Settings

SOUND = """\
schema_version: 1
name: small
version: 1.0.0
title: A small template
specimen: marrow
markers:
  required: [CD45, CD19]
  optional: [CD66c+CD123]
roles:
  nucleated: cells
  blasts: cd19_pos
  t_cells: t_cells
quantities: [mrd, cd19_blasts, retained]
gates:
  - {name: time_ok, kind: time}
  - {name: cells, kind: interval, bounds: {FSC-A: {low: 20000}}}
  - {name: cd19_pos, parent: cells, kind: interval, bounds: {CD19: {low: 1.5}}}
  - {name: t_cells, parent: cells, kind: interval, bounds: {CD19: {high: 1.0}}}
  - {name: odd, kind: interval, optional: drop, bounds: {CD66c+CD123: {high: 1.0}}}
""".replace("  nucleated", "  time_ok: time_ok\n  nucleated")

# what is broken: old, new, line, words
MISTAKES = {
    "an unknown quantity": (
        "[mrd,", "[mdr,", 14, "quantity 'mdr' is not known (did you mean mrd?)",
    ),
    "a quantity like no other": ("[mrd,", "[height,", 14, "write one of b_all_cd19, b_by_cd20"),
    "a quantity twice": ("[mrd,", "[mrd, mrd,", 14, "quantity mrd is named twice"),
    "a quantity without its part": (
        "  time_ok: time_ok\n", "", 13,
        "quantity retained needs the role time_ok (name its gate in roles (time_ok: GATE)",
    ),
    "a quantity without its whole": (
        "  nucleated: cells\n", "", 13, "quantity mrd needs the role nucleated",
    ),
    "an antigen without a zero": (
        "  t_cells: t_cells\n", "", 13,
        "quantity cd19_blasts needs the role t_cells or nk or granulocytes",
    ),
    "an unknown role": (
        "  t_cells: t_cells\n", "  t_cells: t_cells\n  nucleatd: cells\n", 14,
        "role 'nucleatd' is in no quantity (did you mean nucleated?)",
    ),
    "a role that every tube fills": (
        "  t_cells: t_cells\n", "  t_cells: t_cells\n  root: cells\n", 14, "role 'root' is in no",
    ),
    "a whole inside its part": (
        "nucleated: cells\n  blasts: cd19_pos", "nucleated: cd19_pos\n  blasts: cells", 14,
        "quantity mrd: gate cd19_pos (role nucleated) lies inside gate cells (role blasts) "
        "(exchange the gates of the two roles)",
    ),
    "a marker in small letters": (
        "[CD45, CD19]", "[CD45, cd19]", 7,
        "markers: no tube will have 'cd19' (write CD19 for cd19, here and in the gates)",
    ),
    "a combination with a slash": (
        "[CD66c+CD123]", "[CD66c/CD123]", 8, "write CD66c+CD123 for CD66c/CD123",
    ),
    "a marker with its dye": ("[CD45, CD19]", "[CD45, CD19 PE]", 7, "write CD19 for CD19 PE"),
}  # fmt: skip


def changed(old: str, new: str) -> bytes:
    assert SOUND.count(old) == 1, "the snippet must name one place"
    return SOUND.replace(old, new).encode()


def test_the_sound_template_is_sound():
    """What the table of mistakes starts from has none."""
    assert check_template(SOUND.encode()) == ()


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_named_once_with_its_line(name: str):
    """One cause is one mistake, with its line and what to write instead."""
    old, new, line, words = MISTAKES[name]

    (found,) = check_template(changed(old, new))

    assert found.line == line
    assert words in f"{found.what} ({found.fix})"


def test_a_misspelt_marker_is_one_mistake_even_where_the_gates_use_it():
    """The gates are mended together with the list; they do not speak for themselves."""
    (found,) = check_template(SOUND.replace("CD19", "cd19").encode())

    assert found.line == 7


def test_a_marker_of_the_laboratory_is_taken_as_it_is_written():
    """A mapping may bring a marker that the package does not know."""
    content = changed("[CD45, CD19]", "[CD45, CD19, Ligand7]")

    assert check_template(content) == ()


def test_mistakes_inside_the_template_are_still_seen():
    """The meaning comes on top of gates and references, in the order of lines."""
    content = SOUND.replace("[mrd,", "[mdr,").replace("parent: cells, kind", "parent: cel, kind")

    assert [mistake.line for mistake in check_template(content.encode())] == [14, 18, 19]


@pytest.mark.parametrize("template", cytomon.list_templates(), ids=lambda template: template.name)
def test_shipped_templates_mean_something(template: Template):
    """Every template that comes with cytomon passes the check."""
    assert check_template(template.path.read_bytes()) == ()
    assert load_template(template.name).sha256 == template.sha256


def test_all_events_are_no_role_to_be_filled():
    """Nobody may say what all events are."""
    assert "root" not in ROLES
    assert {"blasts", "nucleated", "second_negative", "b_by_cd20"} <= ROLES


def own_template(folder: Path, old: str, new: str) -> str:
    shipped = load_template("lymphocyte_subsets").path.read_text()
    assert shipped.count(old) == 1
    (folder / "own.yaml").write_text(shipped.replace(old, new))
    return str(folder / "own.yaml")


def test_a_template_that_means_nothing_is_refused_for_measuring(tubes: Path, tmp_path: Path):
    """By its line, before an event is counted."""
    own = own_template(tmp_path, "[b_fraction,", "[b_fractoin,")

    with pytest.raises(TemplateError, match=r"line \d+: quantity 'b_fractoin'.*b_fraction"):
        cytomon.measure_tube(tubes / "blood_a.fcs", template=own)


def test_a_part_larger_than_its_whole_is_refused_by_name(tubes: Path, tmp_path: Path):
    """Both roles and both gates are named: the template is at fault, not the package."""
    own = own_template(tmp_path, "\n  lymphocytes: lymphocytes\n", "\n  lymphocytes: nk\n")
    own_text = Path(own).read_text().replace("\n  b_cells: b_cells\n", "\n  b_cells: t_cells\n")
    Path(own).write_text(own_text)
    settings = Settings(template=own)

    outcome = run(
        plan([tubes / "blood_a.fcs"], Lists(), settings), tmp_path / "out", settings, workers=0
    )

    (card,) = outcome.cards
    (finding,) = read_document(tmp_path / "out", card).findings
    assert (card.refused, card.defect) == (True, False)
    assert finding["code"] == "TEMPLATE_REFUSED"
    assert "role b_cells (gate t_cells)" in finding["what"]
    assert "role lymphocytes (gate nk)" in finding["what"]
