"""What a tube says while its gates are moved, against the pipeline, which has the last word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cytomon import glance as module
from cytomon.errors import TemplateError
from cytomon.evidence import looked_at
from cytomon.gating import stability
from cytomon.gating.axes import Axes
from cytomon.gating.bits import rows_of, unpack
from cytomon.gating.count import Counted, count
from cytomon.gating.engine.stream import Stream
from cytomon.gating.envelope import widened
from cytomon.gating.late import split
from cytomon.gating.part import only, rests_on
from cytomon.gating.template import parse_template
from cytomon.glance import ANSWERS, Glance, Look
from cytomon.measure.catalogue import measure_all
from cytomon.measure.quality import hard
from cytomon.model.adjustment import Change
from cytomon.model.findings import Finding, Severity
from cytomon.model.gating import (
    Box,
    Ellipse,
    Envelope,
    PlacedGate,
    Placement,
    Polygon,
    Ranges,
    Shape,
)
from cytomon.model.patient import Specimen
from cytomon.model.results import Measurement, TubeResult
from cytomon.pipeline import (
    OpenedTube,
    count_placed,
    judge_counted,
    open_for_gating,
    place_on,
)
from tests.gating.by_hand import SAMPLES, drawn, left_at, reshaped, shifted, with_ends
from tests.gating.tubes import gate, synthetic, template

TUBES = sorted(path.name for path in SAMPLES.glob("*.fcs"))
BLOOD = "P007_d092_blood_lymphocyte_subsets.fcs"
MARROW = "P002_d060_marrow_b_all_mrd.fcs"
OUTLINED = Box | Polygon | Ellipse | Ranges


@dataclass(frozen=True)
class Known:
    """A tube that the pipeline has measured."""

    opened: OpenedTube
    placement: Placement
    counted: Counted
    result: TubeResult

    def glance(self) -> Glance:
        """With the pipeline's own fits."""
        found = Glance(self.opened, self.placement, specimen=None)
        found.study(self.placement, self.counted.studies, self.result.findings)
        return found

    def outlined(self) -> list[PlacedGate]:
        """Gates that a person can move."""
        return [one for one in self.placement.gates if isinstance(one.shape, OUTLINED)]

    def aside(self, one: PlacedGate, by: float = 0.05) -> Placement:
        """With one gate a little to the side."""
        return reshaped(self.placement, **{one.name: shifted(one.shape, one.axes, by)})


def measured(opened: OpenedTube, placement: Placement) -> tuple[Counted, TubeResult]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stability, "DRAWS", 4)  # a look has none, and each takes a while
        counted = count_placed(opened, placement)
    result = judge_counted(opened, placement, counted, specimen=None, file=opened.tube.name)
    return counted, result


@cache
def known(file: str) -> Known:
    opened = open_for_gating(SAMPLES / file)
    placement = place_on(opened)
    return Known(opened, placement, *measured(opened, placement))


def plain(one: Measurement) -> tuple[object, ...]:
    return (one.numerator, one.denominator, one.status)


def all_of(look: Look) -> tuple[object, ...]:
    """Everything that a look says, to the last bit."""
    return (
        dict(look.counts),
        {name: bits.tobytes() for name, bits in look.members.items()},
        dict(look.answers),
        look.held,
        look.waits,
    )


def answers_agree(look: Look, result: TubeResult) -> None:
    expected = {one.quantity: one for one in result.measurements if one.quantity in ANSWERS}
    assert {name: plain(one) for name, one in look.answers.items()} == {
        name: plain(one) for name, one in expected.items()
    }
    for name, one in look.answers.items():
        assert one.estimate == expected[name].estimate
        assert set(expected[name].qualifiers) - set(one.qualifiers) <= {"STATUS_UNSTABLE"}
        assert set(one.qualifiers) <= set(expected[name].qualifiers)


def counts_agree(look: Look, counted: Counted) -> None:
    expected = {one.path[-1]: one.count for one in counted.populations}
    assert dict(look.counts) == {**expected, "": counted.n_root}


# --- gates that stand where they stood ----------------------------------------------------------
@pytest.mark.parametrize("file", TUBES)
def test_unmoved_gates(file: str):
    """Every sample tube says the same as it does in the pipeline, and nothing of it is held."""
    tube = known(file)
    look = tube.glance().look(tube.placement)

    assert not look.held
    assert look.waits == ""
    assert look.answers
    answers_agree(look, tube.result)
    counts_agree(look, tube.counted)


def test_its_own_fits():
    """Without the pipeline's fits it makes the same ones."""
    tube = known(BLOOD)
    own = Glance(tube.opened, tube.placement, specimen=None)
    own.study(tube.placement)

    assert all_of(own.look(tube.placement)) == all_of(tube.glance().look(tube.placement))


def test_a_template_that_was_asked_for():
    """A tube that fits several templates, under one that would not have been picked."""
    opened = open_for_gating(
        SAMPLES / "P007_d092_marrow_b_all_mrd.fcs", template="lymphocyte_subsets"
    )
    placement = place_on(opened)
    counted, result = measured(opened, placement)
    tube = Known(opened, placement, counted, result)
    look = tube.glance().look(placement)

    answers_agree(look, result)
    counts_agree(look, counted)


def test_before_anything_is_fitted():
    """It waits, and counts what needs no examination."""
    tube = known(MARROW)
    look = Glance(tube.opened, tube.placement, specimen=None).look(tube.placement)

    assert look.waits == "the tube is being examined"
    assert look.answers == {}
    only_early(look, tube.placement, tube.counted)


def only_early(look: Look, placement: Placement, counted: Counted) -> None:
    """Counts of the gates that rest on no envelope, and of no others: theirs would be wrong."""
    late = {one.name for one in split(placement).late}
    expected = {one.path[-1]: one.count for one in counted.populations if one.path[-1] not in late}
    assert late
    assert dict(look.counts) == {**expected, "": counted.n_root}
    assert set(look.members) == set(look.counts)


# --- one gate that was moved --------------------------------------------------------------------
def late_names(placement: Placement) -> set[str]:
    return {one.name for one in split(placement).late}


def test_any_gate_of_a_blood():
    """Counts are those of the engine, which examines anew; where the fit is held, not all are."""
    tube = known(BLOOD)
    glance, held = tube.glance(), []
    for one in tube.outlined():
        there = tube.aside(one, -0.2)
        look = glance.look(there)
        counted = count(tube.opened.events, there)
        late = late_names(there) if look.held else set()
        expected = {p.path[-1]: p.count for p in counted.populations if p.path[-1] not in late}
        assert {name: look.counts[name] for name in expected} == expected, one.name
        assert look.counts[""] == counted.n_root
        for name in set(look.counts) - {""}:
            assert look.counts[name] == unpack(look.members[name], glance.n_events).sum()
        held.append(look.held)

    assert True in held
    assert False in held


def test_any_gate_of_a_marrow():
    """Gates that rest on no envelope are counted as the stream counts them, whatever is held."""
    tube = known("P003_d091_marrow_b_all_mrd.fcs")
    glance = tube.glance()
    for one in tube.outlined():
        there = tube.aside(one)
        look, early = glance.look(there), split(there).early
        answer = Stream(tube.opened.events, there.matrices).ask(early, set())
        late = late_names(there)
        expected = {name: n for name, n in answer.counts.items() if name not in late}
        assert {name: look.counts[name] for name in expected} == expected, one.name
        assert len(expected) > 40


@pytest.mark.parametrize(
    ("file", "name", "by", "is_held"),
    [
        (MARROW, "cd19_clear", 0.2, False),
        (MARROW, "lymphoid_scatter", 0.2, False),
        (MARROW, "cd22_above", -0.3, True),
        (MARROW, "cells", 25.0, True),
        (MARROW, "viable", -0.5, True),
        (BLOOD, "lymphoid_scatter", 0.2, False),
        # no event lies between the two places
        (BLOOD, "cd19_clear", 0.2, False),
        (BLOOD, "cd19_clear", 1.3, True),
    ],
)
def test_the_last_word(file: str, name: str, by: float, is_held: bool):
    """Where nothing is held the pipeline says the same; where a fit is, it does with its own."""
    tube = known(file)
    glance, one = tube.glance(), gate(tube.placement, name)
    there = tube.aside(one, by)
    counted, result = measured(tube.opened, there)
    look = glance.look(there)
    assert look.held == is_held
    if not is_held:
        counts_agree(look, counted)
        answers_agree(look, result)

    glance.study(there, counted.studies, result.findings)
    after = glance.look(there)
    assert not after.held
    counts_agree(after, counted)
    answers_agree(after, result)
    # the gates of before are the ones that are elsewhere now
    assert glance.look(tube.placement).held == is_held


def test_what_is_held_is_close():
    """A little to the side, the fit as it was tells nearly what a fit to the events tells."""
    tube = known(BLOOD)
    there = tube.aside(gate(tube.placement, "cd19_clear"), -0.3)
    look = tube.glance().look(there)
    counted = count(tube.opened.events, there)

    assert look.held
    assert look.counts["b_cells"] == pytest.approx(counted.count("b_cells"), rel=0.02)
    assert look.counts["b_all"] == pytest.approx(counted.count("b_all"), rel=0.02)


def test_the_examination_hangs_on_nothing_else():
    """What is asked of an envelope is all that its question holds: no other gate changes it."""
    tube = known(MARROW)
    glance = tube.glance()
    (envelope, *_) = [one for one in tube.placement.gates if isinstance(one.shape, Envelope)]
    shape = envelope.shape
    assert isinstance(shape, Envelope)
    gates = {one.name: one for one in tube.placement.gates}
    asked, waiting = set(), [envelope.parent, shape.of, *shape.lineage, *shape.immature]
    while waiting:
        name = waiting.pop()
        if name not in asked:
            asked.add(name)
            waiting.extend(rests_on(gates[name]))
    for one in tube.outlined():
        if one.name not in asked:
            assert not glance.look(tube.aside(one, 0.3)).held, one.name


def test_what_shows_lineage_and_immaturity():
    """One blast shows one antigen less, and is still in: that, too, is another question."""
    tube = known(MARROW)
    glance = tube.glance()
    before = glance.look(tube.placement).members
    shape = gate(tube.placement, "blasts").shape
    assert isinstance(shape, Envelope)
    for name in (*shape.lineage, *shape.immature):
        stood = gate(tube.placement, name)
        assert isinstance(stood.shape, Box)
        ((low, _),) = stood.shape.bounds
        assert low is not None
        row = rows_of(before["blasts"] & before[name], glance.n_events)[:1]
        value = float(glance.held.scaled(stood.axes[0], row)[0])
        kept = Ranges(kept=((low, value - 1e-6), (value + 1e-6, np.inf)))
        look = glance.look(reshaped(tube.placement, **{name: kept}))
        np.testing.assert_array_equal(look.members["entry"], before["entry"])
        assert look.held, name


def test_fewer_cells_of_the_whole_alone():
    """Cells that are nobody's question go out: the events are the same, and still it is held."""
    tube = known(MARROW)
    members = tube.glance().look(tube.placement).members
    entry = rows_of(members["entry"], tube.opened.events.n_events)
    stood = gate(tube.placement, "nucleated")
    column = [channel.pnn for channel in tube.opened.events.channels].index("FSC-A")
    cut = float(tube.opened.events.whole()[entry, column].min())
    there = reshaped(tube.placement, nucleated=Box(bounds=((cut, None),)))
    look = tube.glance().look(there)

    assert stood.axes[0].label == "FSC-A"
    assert look.counts["entry"] == tube.counted.count("entry")
    assert look.counts["nucleated"] < tube.counted.count("nucleated")
    assert look.held
    assert look.counts["blasts"] == tube.counted.count("blasts")


# --- many events --------------------------------------------------------------------------------
def test_it_waits_for_many_events(monkeypatch: pytest.MonkeyPatch):
    """More events than are named at once: no answers, and counts of what needs none."""
    tube = known(BLOOD)
    glance = tube.glance()
    there = tube.aside(gate(tube.placement, "cd19_clear"), -1.7)
    n_new = glance.look(there).counts["cd19_cells"] - tube.counted.count("cd19_cells")
    assert n_new > 10

    monkeypatch.setattr(widened, "MOST_NEW", n_new)
    assert glance.look(there).waits == ""
    monkeypatch.setattr(widened, "MOST_NEW", n_new - 1)
    look = glance.look(there)
    assert look.waits == "many events came in: being examined"
    assert look.answers == {}
    only_early(look, there, count(tube.opened.events, there))
    # less than what was examined is always quick
    monkeypatch.setattr(widened, "MOST_NEW", 0)
    fewer = glance.look(tube.aside(gate(tube.placement, "cd19_clear"), 1.3))
    assert fewer.waits == ""
    assert fewer.held


def test_a_population_that_was_empty():
    """Nothing was fitted, so nobody has a name until something is; then the pipeline's."""
    tube = known(BLOOD)
    empty = reshaped(tube.placement, cd19_clear=Box(bounds=((9.0, None),)))
    glance = Glance(tube.opened, tube.placement, specimen=None)
    glance.study(empty)

    assert glance.look(empty).counts["cd19_cells"] == 0
    assert not glance.look(empty).held
    assert glance.look(tube.placement).waits
    glance.study(tube.placement, tube.counted.studies, tube.result.findings)
    answers_agree(glance.look(tube.placement), tube.result)


# --- nothing depends on the looks before --------------------------------------------------------
def shapes_of(tube: Known, rng: np.random.Generator) -> list[Placement]:
    """Places of gates that change what is examined, what is called, what is counted."""
    names = ["t_cells", "cd19_above", "cd10_above", "cd34_myeloid", "lymphoid_scatter", "cells"]
    some: list[Placement] = [tube.placement]
    for name in names:
        one = gate(tube.placement, name)
        some.append(tube.aside(one, float(rng.uniform(-0.3, 0.3))))
    region = drawn(
        "blasts",
        Change.ADDED,
        Polygon(vertices=((2.0, -1.0), (4.0, -1.0), (3.0, 1.5))),
        "CD45",
        "CD10",
    )
    some.append(place_on(tube.opened, [region]))
    return some


def test_fifty_looks_in_any_order():
    """The same gates say the same, whatever was looked at before; once studied anew, as well."""
    tube = known("P003_d091_marrow_b_all_mrd.fcs")
    rng = np.random.default_rng(31)
    places = shapes_of(tube, rng)
    first = [all_of(tube.glance().look(place)) for place in places]
    glance = tube.glance()
    for number in range(50):
        at = int(rng.integers(len(places)))
        if number == 25:
            # a study of other gates in between, and back
            glance.study(places[2])
            glance.look(places[2])
            glance.study(tube.placement, tube.counted.studies, tube.result.findings)
        assert all_of(glance.look(places[at])) == first[at], (number, at)

    assert len({str(one[0]) for one in first}) > 5


def test_calls_are_made_anew_when_something_changed(monkeypatch: pytest.MonkeyPatch):
    """Of antigens only where their cells, or what stands beside them, are others."""
    tube = known(MARROW)
    glance = tube.glance()
    asked: list[tuple[str, ...]] = []

    def counted(evidence: object, wanted: list[str]) -> tuple[Measurement, ...]:
        asked.append(tuple(wanted))
        return measure_all(evidence, wanted)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "measure_all", counted)
    calls = ("cd19_blasts", "cd22_blasts")
    glance.look(tube.placement)
    glance.look(tube.aside(gate(tube.placement, "cd45_low")))
    assert asked.count(calls) == 1
    # the T cells are what an antigen is judged by
    glance.look(tube.aside(gate(tube.placement, "t_cells"), 0.3))
    assert asked.count(calls) == 2
    glance.look(tube.placement)
    assert asked.count(calls) == 3
    failed = Finding(code="QC_MARKER", severity=Severity.ERROR, what="w", where="g", fix="f")
    glance.study(tube.placement, tube.counted.studies, [failed])
    look = glance.look(tube.placement)
    assert asked.count(calls) == 4
    assert "QUALITY_FAILED" in look.answers["cd19_blasts"].qualifiers


# --- what the pipeline knows beside --------------------------------------------------------------
def test_hard_failures_stand():
    """An antibody that did not stain is no matter of where gates are; what is a count, is."""
    tube = known(BLOOD)
    glance = tube.glance()
    failures = [
        Finding(code=code, severity=severity, what="w", where="g", fix="f")
        for code, severity in (
            ("QC_MARKER", Severity.ERROR),
            ("MARGIN_EVENTS", Severity.WARNING),
        )
    ]
    assert glance.look(tube.placement).answers["b_fraction"].status == "RECOVERED"
    glance.study(tube.placement, tube.counted.studies, failures)
    found = glance.look(tube.placement).answers["b_fraction"]
    assert (found.status, found.details["reason"]) == ("NOT_EVALUABLE", "quality: QC_MARKER")
    glance.study(tube.placement, tube.counted.studies, failures[1:])
    assert glance.look(tube.placement).answers["b_fraction"].status == "RECOVERED"


def test_failures_that_are_counts_go_with_the_gates():
    """Most cells dead by a gate that stands wrong; once it is moved back nothing is left of it."""
    tube = known(MARROW)
    wrong = reshaped(tube.placement, viable=Box(bounds=((None, -0.4),)))
    counted, result = measured(tube.opened, wrong)
    glance = Glance(tube.opened, tube.placement, specimen=None)
    glance.study(wrong, counted.studies, result.findings)
    there = glance.look(wrong)

    assert {one.code for one in hard(result.findings)} == {"QC_VIABILITY"}
    answers_agree(there, result)
    assert there.answers["b_fraction"].status == "NOT_EVALUABLE"
    assert not hard(tube.result.findings)
    back = glance.look(tube.placement)
    assert back.answers["b_fraction"].status == tube.result["b_fraction"].status == "APLASIA"


def test_the_specimen_is_told():
    """A cytometer that failed its check fails every look."""
    tube = known(BLOOD)
    failed = Specimen(specimen_type=tube.result.specimen.specimen_type, instrument_qc="fail")
    glance = Glance(tube.opened, tube.placement, specimen=failed)
    glance.study(tube.placement, tube.counted.studies)

    assert glance.look(tube.placement).answers["b_fraction"].status == "NOT_EVALUABLE"


@pytest.mark.parametrize("file", [MARROW, "P001_d028_marrow_b_all_mrd.fcs"])
def test_draws_are_all_that_is_missing(file: str):
    """Without jittered boundaries a status is the same; how stable it is is not said."""
    tube = known(file)
    look = tube.glance().look(tube.placement)
    there = tube.result["mrd"]
    absent = set(there.details) - set(look.answers["mrd"].details)

    assert absent == {"k_low", "k_high", "status_stable", "draws"}
    for name, value in look.answers["mrd"].details.items():
        assert value == there.details[name]
    for name in set(look.answers) - {"mrd"}:
        ours, theirs = look.answers[name].details, tube.result[name].details
        assert set(ours) == set(theirs)
        for key, value in theirs.items():
            assert ours[key] == (
                value if isinstance(value, str) else pytest.approx(value, rel=1e-9)
            )


# --- regions ------------------------------------------------------------------------------------
def test_regions_at_once():
    """Events put into the blasts and out of them: no fit is asked, and the pipeline agrees."""
    tube = known(MARROW)
    more = Polygon(vertices=((2.5, -0.2), (3.3, -0.2), (3.3, 0.6), (2.5, 0.4)))
    there = place_on(
        tube.opened,
        [
            drawn("blasts", Change.ADDED, more, "CD45", "CD10"),
            drawn(
                "blasts", Change.TAKEN_OUT, Box(bounds=((2.0, 2.7), (None, None))), "CD19", "CD34"
            ),
        ],
    )
    look = tube.glance().look(there)
    counted, result = measured(tube.opened, there)

    assert not look.held
    counts_agree(look, counted)
    answers_agree(look, result)
    assert look.answers["mrd"].numerator != tube.result["mrd"].numerator


def test_a_region_on_a_marker_that_no_gate_looks_at():
    """It may be drawn on any marker of the template, for a gate that rests on no envelope."""
    tube = known(BLOOD)
    part = only(tube.placement, ["t_cells"])
    axes = Axes(tube.opened.template.spec, tube.opened.tube, tube.opened.panel)
    region = PlacedGate(
        name="t_cells (added 1)",
        parent="nucleated",
        shape=Box(bounds=((1.0, None), (1.0, None))),
        axes=(axes["CD20"], axes["CD38"]),
    )
    there = replace(part, gates=(*part.gates, region))
    glance = Glance(tube.opened, part, specimen=None)
    glance.study(part)

    assert not {"CD20", "CD38"} & {axis.label for one in part.gates for axis in one.axes}
    expected = Stream(tube.opened.events, there.matrices).ask(there, set()).counts
    assert dict(glance.look(there).counts) == dict(expected)
    assert expected["t_cells (added 1)"] > 0


# --- templates that are otherwise made ----------------------------------------------------------
def other_template(opened: OpenedTube, old: str, new: str) -> OpenedTube:
    """The tube with its template changed in some words."""
    path = SAMPLES.parent / "gates" / f"{opened.template.spec.name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    return replace(opened, template=parse_template(text.replace(old, new).encode(), path))


def test_a_gate_that_fills_two_roles():
    """Its events are looked at on the antigens, although one of the roles needs none."""
    opened = other_template(
        known(MARROW).opened, "  b_all_cd19: b_all\n", "  b_all_cd19: t_cells\n"
    )
    placement = place_on(opened)
    counted, result = measured(opened, placement)
    axes = Axes(opened.template.spec, opened.tube, opened.panel)
    assert placement.roles["b_all_cd19"] == placement.roles["t_cells"] == "t_cells"
    assert [name for name, _ in looked_at(placement, axes)].count("t_cells") == 2

    look = Known(opened, placement, counted, result).glance().look(placement)
    answers_agree(look, result)
    assert look.answers["cd19_blasts"].status == "POSITIVE"


def test_an_antigen_that_no_gate_looks_at(tmp_path: Path):
    """The tube carries CD22, the template has no gate on it: it is looked at all the same."""
    rng = np.random.default_rng(93)
    is_t = np.arange(3_000) % 3 == 0
    tube = synthetic(
        tmp_path / "tube.fcs",
        FSC_A=rng.normal(80_000, 5_000, 3_000),
        CD3=rng.normal(4.0 * is_t, 0.3),
        CD19=rng.normal(0.2 + 3.0 * ~is_t, 0.3),
        CD22=rng.normal(0.1 + 3.0 * ~is_t, 0.3),
    )
    gates = """{name: all_cells, kind: interval, bounds: {FSC-A: {low: 0}}}
{name: t, parent: all_cells, kind: interval, bounds: {CD3: {low: 2}}}
{name: b, parent: all_cells, kind: interval, bounds: {CD19: {low: 2}}}"""
    roles = "{blasts: b, nucleated: all_cells, t_cells: t}"
    made = template(gates, roles=roles, quantities="[mrd, cd19_blasts, cd22_blasts]")
    opened = OpenedTube(tube=tube.tube, panel=tube.panel, template=made, events=tube.table)
    placement = place_on(opened)
    counted, result = measured(opened, placement)
    look = Known(opened, placement, counted, result).glance().look(placement)

    assert {axis.label for one in placement.gates for axis in one.axes} == {"FSC-A", "CD3", "CD19"}
    answers_agree(look, result)
    assert look.answers["cd22_blasts"].status == "POSITIVE"


NESTED = """  - name: doubt
    parent: matured
    kind: envelope
    optional: drop
    reference: marrow
    of: nucleated
    lineage: [cd19_clear]
    populations: {doubted: [unclear], surely: [B_naive, B_memory]}
  - {name: both_ways, parent: surely, kind: interval, bounds: {CD19: {low: 3.4}}}

"""


def nested(tube: Known) -> Known:
    """A blood in which B cells that have matured are examined once more, among themselves."""
    mark = "  # --- lymphocytes by CD45 and side scatter"
    opened = other_template(tube.opened, mark, NESTED + mark)
    placement = place_on(opened)
    return Known(opened, placement, *measured(opened, placement))


def test_an_examination_within_another():
    """The inner one rests on what the outer one found; what moves the outer one holds both."""
    tube = nested(known(BLOOD))
    glance = tube.glance()
    look = glance.look(tube.placement)
    assert set(tube.counted.studies) == {"explained", "doubt"}
    assert not look.held
    counts_agree(look, tube.counted)
    answers_agree(look, tube.result)

    stood = gate(tube.placement, "cd19_clear")
    for by, is_held in ((1.3, True), (0.0, False)):
        there = tube.aside(stood, by)
        look = glance.look(there)
        assert look.held == is_held
        matured, surely = (
            set(rows_of(look.members[n], glance.n_events).tolist()) for n in ("matured", "surely")
        )
        assert surely <= matured
        assert surely
    waiting = Glance(tube.opened, tube.placement, specimen=None).look(tube.placement)
    only_early(waiting, tube.placement, tube.counted)
    assert {"matured", "surely", "both_ways"} & set(waiting.counts) == set()
    assert {"matured", "surely", "both_ways"} <= set(look.counts)


def test_a_part_that_is_larger_than_its_whole():
    """Gates of two roles that are not one in the other: said, as the pipeline says it."""
    opened = other_template(known(BLOOD).opened, "  b_cells: b_cells\n", "  b_cells: cd19_clear\n")
    placement = place_on(opened)
    glance = Glance(opened, placement, specimen=None)
    glance.study(placement)
    assert glance.look(placement).waits == ""
    stood = gate(placement, "cd19_clear")
    wide = reshaped(placement, cd19_clear=with_ends(stood, CD19_low=-3.0))
    glance.study(wide)
    look = glance.look(wide)

    assert look.answers == {}
    with pytest.raises(TemplateError) as caught:
        measured(opened, wide)
    assert look.waits == caught.value.what
    assert "b_fraction is a fraction of more than one" in look.waits
    assert look.counts["cd19_clear"] > look.counts["lymphocytes"]


def test_axes():
    """Those of the gates come first, in their order, each once."""
    tube = known(BLOOD)
    axes = tube.glance().axes
    of_gates = tuple(dict.fromkeys(axis for one in tube.placement.gates for axis in one.axes))

    assert axes[: len(of_gates)] == of_gates
    assert len(set(axes)) == len(axes)


def test_an_adjustment_and_a_look():
    """A gate moved on the screen, and the same gate placed with the adjustment: one count."""
    tube = known(BLOOD)
    stood = gate(tube.placement, "lymphoid_scatter")
    outline: Shape = with_ends(stood, SSC_A_high=28_000.0)
    at_once = reshaped(tube.placement, lymphoid_scatter=outline)
    assert isinstance(outline, Box)
    placed = place_on(tube.opened, [left_at(stood, outline)])
    glance = tube.glance()
    now, then = glance.look(at_once), glance.look(placed)

    assert dict(now.counts) == dict(then.counts)
    assert answers_of(now) == answers_of(then)
    assert not now.held


def answers_of(look: Look) -> Mapping[str, tuple[object, ...]]:
    return {name: plain(one) for name, one in look.answers.items()}
