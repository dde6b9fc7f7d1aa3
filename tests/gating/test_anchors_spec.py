"""The block `anchors` of a template: what it may say, and mistakes in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytomon.gating.anchors_spec import AnchorsSpec, Place, place_of
from cytomon.gating.part import only
from cytomon.gating.place import place
from cytomon.gating.template import check_template, list_templates
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube
from tests.gating.tubes import HEAD, opened

GATES = "gates:\n  - {name: t, kind: rectangle, bounds: {CD3: {low: 2}, CD19: {high: 1}}}\n"


def mistakes(anchors: str) -> list[str]:
    text = f"{HEAD}anchors: {anchors}\n{GATES}"
    return [mistake.what for mistake in check_template(text.encode())]


@pytest.mark.parametrize(
    "anchors",
    [
        "{places: {t: {CD3: 4.0}}}",
        "{places: {t: {CD3: {at: 4.0, within: 0.1}}}, drift: 0.05}",
        "{dark: {t: [CD19]}, slopes: [{within: t, of: CD3, on: CD19}]}",
        "{controls: [{marker: CD3, positive: t, of: t, at_least: 0.1}]}",
    ],
)
def test_sound(anchors: str):
    """A place is a number or more; every part may stand alone."""
    assert mistakes(anchors) == []


@pytest.mark.parametrize(
    ("anchors", "what"),
    [
        ("{places: {tt: {CD3: 4.0}}}", "'tt' is not a gate"),
        ("{places: {t: {CD33: 4.0}}}", "'CD33' is not a marker of the template"),
        ("{dark: {t: [CD7]}}", "'CD7' is not a marker of the template"),
        ("{slopes: [{within: no, of: CD3, on: CD19}]}", "'no' is not a gate"),
        ("{slopes: [{within: t, of: CD3, on: CD4}]}", "'CD4' is not a marker"),
        ("{controls: [{marker: CD3, positive: t, of: b, at_least: 0.1}]}", "'b' is not a gate"),
    ],
)
def test_names_that_do_not_exist(anchors: str, what: str):
    """A misspelt name would look at nothing and say nothing."""
    (found,) = mistakes(anchors)

    assert what in found


@pytest.mark.parametrize(
    "anchors",
    [
        "{places: {t: {CD3: {at: 4.0, withn: 0.1}}}}",
        "{places: {t: {CD3: high}}}",
        "{drift: 0}",
        "{controls: [{marker: CD3, positive: t, of: t, at_least: 30}]}",
    ],
)
def test_refused(anchors: str):
    """Unknown keys, words for numbers, no spread at all, a percentage."""
    assert mistakes(anchors)


def test_place_of_a_number():
    """A bare number is a place with the usual spread."""
    assert place_of(4.0) == Place(at=4.0, within=0.12)
    assert place_of(Place(at=4.0, within=0.3)).within == 0.3


def test_what_is_looked_at():
    """Each gate with every marker that any part names on it, once."""
    spec = AnchorsSpec.model_validate(
        {
            "places": {"t": {"CD3": 4.0, "CD45": 4.6}},
            "dark": {"t": ["CD19"]},
            "slopes": [{"within": "t", "of": "CD3", "on": "CD19"}],
            "controls": [{"marker": "CD3", "positive": "t", "of": "all", "at_least": 0.1}],
        }
    )

    assert spec.looked_at() == {"t": ("CD3", "CD45", "CD19")}
    assert spec.gates() == ("t", "all")


def test_anchors_do_not_ask_what_a_blast_is(tmp_path: Path):
    """No gate behind an anchor rests on the blasts, so that leukaemia moves no anchor."""
    plan = TubePlan(state="BM_d28_BCA", n_events=8000, seed=230)
    tube = opened(write_tube(simulate_tube(plan), tmp_path, "t"))
    template = next(t for t in list_templates() if t.name == "b_all_mrd")
    placement = place(template, tube.tube, tube.panel, tube.events)
    anchors = template.spec.anchors
    assert anchors is not None
    part = only(placement, anchors.gates())
    names = [gate.name for gate in part.gates]

    assert set(anchors.gates()) <= set(names)
    assert "blasts" not in names
    assert [gate.name for gate in placement.gates if gate.name in set(names)] == names
    assert len(names) < len(placement.gates)
    assert part.roles == {}
