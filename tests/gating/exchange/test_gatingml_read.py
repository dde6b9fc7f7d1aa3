"""GatingML 2.0: the compliance set event by event, and documents that can't be trusted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import flowkit
import numpy as np
import pytest

from cytomon.errors import TemplateError
from cytomon.fcs.intake import open_tube
from cytomon.fcs.read import read_events
from cytomon.gating.count import count, memberships
from cytomon.gating.exchange.gatingml_read import read_gatingml
from cytomon.gating.exchange.intake import MOST_BYTES, MOST_GATES
from cytomon.gating.source import Table
from cytomon.model.gating import TUBE_MATRIX, Placement
from cytomon.model.tube import Tube
from cytomon.simulate.plan import TubePlan
from cytomon.simulate.tube import simulate_tube, write_tube

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<gating:Gating-ML xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating"
 xmlns:transforms="http://www.isac-net.org/std/Gating-ML/v2.0/transformations"
 xmlns:data-type="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes">"""
RANGE = """<gating:RectangleGate gating:id="{name}">
<gating:dimension gating:compensation-ref="{matrix}" gating:min="{low}">
<data-type:fcs-dimension data-type:name="{channel}"/></gating:dimension></gating:RectangleGate>"""


def document(*gates: str) -> str:
    return HEAD + "".join(gates) + "</gating:Gating-ML>"


def range_gate(
    name: str = "G", channel: str = "FSC-H", low: float = 100, matrix: str = "uncompensated"
) -> str:
    return RANGE.format(name=name, channel=channel, low=low, matrix=matrix)


def boolean_gate(operand: str, complement: str = "false") -> str:
    first, second = (
        f'<gating:gateReference gating:ref="{ref}" gating:use-as-complement="{flip}"/>'
        for ref, flip in (("G", "false"), (operand, complement))
    )
    return (
        '<gating:BooleanGate gating:id="B"><gating:and>'
        f"{first}{second}</gating:and></gating:BooleanGate>"
    )


def matrix(
    values: list[str], second: str = "FL2-H", fluorochromes: tuple[str, ...] = ("F1", "F2")
) -> str:
    detectors = "".join(
        f'<data-type:fcs-dimension data-type:name="{name}"/>' for name in ("FL1-H", second)
    )
    dyes = "".join(f'<data-type:fcs-dimension data-type:name="{n}"/>' for n in fluorochromes)
    numbers = [f'<transforms:coefficient transforms:value="{value}"/>' for value in values]
    rows = "".join(
        f"<transforms:spectrum>{a}{b}</transforms:spectrum>" for a, b in (numbers[:2], numbers[2:])
    )
    return (
        '<transforms:spectrumMatrix transforms:id="M">'
        f"<transforms:fluorochromes>{dyes}</transforms:fluorochromes>"
        f"<transforms:detectors>{detectors}</transforms:detectors>{rows}"
        "</transforms:spectrumMatrix>"
    )


FCS_DIMENSION = '<data-type:fcs-dimension data-type:name="FSC-H"/>'
RATIO_DIMENSION = '<data-type:new-dimension data-type:transformation-ref="L"/>'


def ellipse(values: str) -> str:
    """An ellipse with this covariance, row by row."""
    dimension = f'<gating:dimension gating:compensation-ref="uncompensated">{FCS_DIMENSION}'
    numbers = [f'<gating:entry data-type:value="{value}"/>' for value in values.split()]
    rows = "".join(f"<gating:row>{numbers[i]}{numbers[i + 1]}</gating:row>" for i in (0, 2))
    return (
        '<gating:EllipsoidGate gating:id="E">'
        f"{dimension}</gating:dimension>"
        f"{dimension.replace('FSC-H', 'SSC-H')}</gating:dimension>"
        '<gating:mean><gating:coordinate data-type:value="1"/>'
        '<gating:coordinate data-type:value="1"/></gating:mean>'
        f"<gating:covarianceMatrix>{rows}</gating:covarianceMatrix>"
        '<gating:distanceSquare data-type:value="4"/></gating:EllipsoidGate>'
    )


def logicle(w: str) -> str:
    return (
        '<transforms:transformation transforms:id="L"><transforms:logicle transforms:T="1000" '
        f'transforms:W="{w}" transforms:M="4.5" transforms:A="0"/></transforms:transformation>'
    )


def scaled_gate() -> str:
    return range_gate().replace("gating:min", 'gating:transformation-ref="L" gating:min')


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "gatingml"


@pytest.fixture(scope="module")
def tube(folder: Path) -> Tube:
    return open_tube(folder / "data1.fcs")


@pytest.fixture(scope="module")
def events(tube: Tube) -> np.ndarray:
    return read_events(tube)


@pytest.fixture(scope="module")
def manifest(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text())


@pytest.mark.parametrize("number", range(42))
def test_single_documents(
    number: int, manifest: dict, folder: Path, tube: Tube, events: np.ndarray
):
    """Each document of the ISAC set gives the published membership of every event."""
    case = manifest["cases"][number]
    truth = np.loadtxt(folder / case["truth"], dtype=int).astype(bool)
    placement = read_gatingml(folder / case["gml"], tube)

    found = memberships(Table(events=events, channels=tube.channels), placement)[case["gate"]]

    assert truth.sum() == case["n_true"]
    assert np.array_equal(found, truth)
    counted = count(Table(events=events, channels=tube.channels), placement)
    assert counted.count(case["gate"]) == case["n_true"]


def test_no_case_is_left_out(manifest: dict):
    """The set has as many single documents as the test above walks through."""
    assert len(manifest["cases"]) == 42


def test_all_gates_document(manifest: dict, folder: Path, tube: Tube, events: np.ndarray):
    """In the document that holds every gate, each one has the published membership."""
    placement = read_gatingml(folder / "gml" / "gml_all_gates.xml", tube)
    found = memberships(Table(events=events, channels=tube.channels), placement)
    wrong = []
    for case in manifest["all_gates"]["gates"]:
        truth = np.loadtxt(folder / case["truth"], dtype=int).astype(bool)
        if not np.array_equal(found[case["gate"]], truth):
            wrong.append(case["gate"])

    assert len(manifest["all_gates"]["gates"]) == 49
    assert not wrong


def test_all_gates_as_flowkit(folder: Path, tube: Tube, events: np.ndarray):
    """Every gate of that document, with or without a published answer, agrees with FlowKit."""
    path = folder / "gml" / "gml_all_gates.xml"
    strategy = flowkit.parse_gating_xml(str(path))
    sample = flowkit.Sample(folder / "data1.fcs", sample_id="tube")
    theirs = strategy.gate_sample(sample)

    ours = memberships(Table(events=events, channels=tube.channels), read_gatingml(path, tube))

    names = {row.gate_name for row in theirs.report.itertuples()}
    wrong = [
        n for n in names if not np.array_equal(ours[n], np.asarray(theirs.get_gate_membership(n)))
    ]
    assert set(ours) == names
    assert not wrong


def _gml(content: str, encoding: str = "utf-8") -> Callable[[], bytes]:
    return lambda: content.encode(encoding)


REFUSED = {
    "a DOCTYPE": (
        _gml('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>' + document(range_gate())[38:]),
        "DOCTYPE",
    ),
    "a DOCTYPE in small letters": (_gml("<!doctype a>" + document(range_gate())[38:]), "DOCTYPE"),
    "UTF-16": (_gml(document(range_gate()).replace("UTF-8", "UTF-16"), "utf-16"), "UTF-8"),
    "UTF-16 that hides a DOCTYPE": (_gml('<!DOCTYPE a SYSTEM "b"><a/>', "utf-16-le"), "UTF-8"),
    "UTF-7 that hides a DOCTYPE": (
        _gml('<?xml version="1.0" encoding="UTF-7"?>+ADw-!DOCTYPE a+AD4-'),
        "not valid GatingML",
    ),
    "too large": (lambda: b" " * (MOST_BYTES + 1), "larger than 5000000 bytes"),
    "too many gates": (
        _gml(document(*(range_gate(f"G{i}") for i in range(MOST_GATES + 1)))),
        "301 gates; at most 300",
    ),
    "far too many gates": (
        _gml(document(*(range_gate(f"G{i}") for i in range(9_000)))),
        "gates; at most 300",
    ),
    "cut off": (_gml(document(range_gate())[:-30]), "not valid GatingML"),
    "another namespace": (
        _gml(document(range_gate()).replace("v2.0/gating", "v1.5/gating")),
        "not valid GatingML",
    ),
    "no GatingML": (_gml("<html><body/></html>"), "not valid GatingML"),
    "no XML": (_gml("PK\x03\x04"), "not valid GatingML"),
    "empty": (_gml(""), "not valid GatingML"),
    "binary": (lambda: bytes(range(256)), "not UTF-8"),
    "a detector the tube has not": (_gml(document(range_gate(channel="BV421-A"))), "'BV421-A'"),
    "a bound that is no number": (
        _gml(document(range_gate()).replace('min="100"', 'min="many"')),
        "not valid GatingML",
    ),
    "a parent that is not there": (
        _gml(document(range_gate()).replace('id="G"', 'id="G" gating:parent_id="lost"')),
        "not valid GatingML",
    ),
    "a parent of its own": (
        _gml(document(range_gate()).replace('id="G"', 'id="G" gating:parent_id="G"')),
        "not valid GatingML",
    ),
    "the same name twice": (_gml(document(range_gate(), range_gate())), "not valid GatingML"),
    "a matrix that is not there": (
        _gml(document(range_gate(matrix="Lost", channel="FL1-H"))),
        "'Lost'",
    ),
    "a transformation that is not there": (
        _gml(
            document(range_gate()).replace(
                'gating:min="100"', 'gating:transformation-ref="lost" gating:min="100"'
            )
        ),
        "'lost'",
    ),
    "a bound that is NaN": (
        _gml(document(range_gate()).replace('min="100"', 'min="NaN"')),
        "not a number",
    ),
    "an operand that is not there": (
        _gml(document(range_gate(), boolean_gate("lost"))),
        "not valid GatingML",
    ),
    "operands in a circle": (_gml(document(range_gate(), boolean_gate("B"))), "not valid GatingML"),
    "a matrix that cannot be inverted": (
        _gml(document(matrix(["1", "1", "1", "1"]), range_gate(matrix="M", channel="F1"))),
        "cannot be inverted",
    ),
    "a matrix of more dyes than detectors, by the last of which a gate is drawn": (
        _gml(
            document(
                matrix(["1", "0", "0", "1"], fluorochromes=("F1", "F2", "F3")),
                range_gate(matrix="M", channel="F3"),
            )
        ),
        "not of one dye for each detector",
    ),
    "a matrix of one dye on two detectors": (
        _gml(
            document(
                matrix(["1", "0", "0", "1"], fluorochromes=("F1", "F1")),
                range_gate(matrix="M", channel="F1"),
            )
        ),
        "not of one dye for each detector",
    ),
    "a matrix for other detectors": (
        _gml(
            document(matrix(["1", "0", "0", "1"], "BV421-A"), range_gate(matrix="M", channel="F1"))
        ),
        "'BV421-A'",
    ),
    "a matrix under the name of the tube's own": (
        _gml(document(matrix(["1", "0", "0", "1"]).replace('"M"', '"tube"'), range_gate())),
        "called 'tube'",
    ),
    "a flat ellipse": (_gml(document(ellipse("1 1 1 1"))), "covariance that cannot be inverted"),
    "a logicle scale with too much W": (
        _gml(document(logicle("3"), scaled_gate())),
        "'L' is not usable: logicle: W must lie in [0, M/2]",
    ),
    "a ratio that is a scale": (
        _gml(document(logicle("0.5"), scaled_gate().replace(FCS_DIMENSION, RATIO_DIMENSION))),
        "'L' is no ratio",
    ),
    "entities without end": (
        _gml(document(range_gate()).replace("</gating:Gating-ML>", "&a;</gating:Gating-ML>")),
        "not valid GatingML",
    ),
    "very deep": (_gml("<a>" * 5000 + "</a>" * 5000), "not valid GatingML"),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tube: Tube, tmp_path: Path):
    """A document that can't be trusted or understood is refused with one sentence."""
    make, says = REFUSED[name]
    path = tmp_path / "gates.xml"
    path.write_bytes(make())

    with pytest.raises(TemplateError) as refusal:
        read_gatingml(path, tube)

    assert says in refusal.value.what
    assert refusal.value.fix
    assert str(tmp_path) not in str(refusal.value)


def test_missing_document(tube: Tube, tmp_path: Path):
    """A document that is not there is refused, not raised as an operating-system error."""
    with pytest.raises(TemplateError, match="cannot be opened"):
        read_gatingml(tmp_path / "none.xml", tube)


def test_damaged_documents_never_crash(folder: Path, tube: Tube, tmp_path: Path):
    """Cut anywhere or with a byte changed, a document is read or refused, never anything else."""
    whole = (folder / "gml" / "gml_parent_quadrant_rect_gate.xml").read_bytes()
    path = tmp_path / "gates.xml"
    rng = np.random.default_rng(5)
    refused = 0
    for position in rng.integers(0, len(whole), 120):
        changed = bytearray(whole)
        changed[position] = int(rng.integers(32, 127))
        for content in (bytes(changed), whole[:position]):
            path.write_bytes(content)
            try:
                read_gatingml(path, tube)
            except TemplateError:
                refused += 1
    assert refused > 120


@pytest.mark.parametrize(("spelled", "inverted"), [("1", True), (" true ", True), ("0", False)])
def test_complement_in_every_spelling(
    spelled: str, inverted: bool, tube: Tube, events: np.ndarray, tmp_path: Path
):
    """A complement written as the number 1 is a complement, as XML Schema says."""
    path = tmp_path / "gates.xml"
    path.write_text(
        document(range_gate(low=20), range_gate("H", low=60), boolean_gate("H", spelled))
    )

    found = memberships(Table(events=events, channels=tube.channels), read_gatingml(path, tube))

    assert 0 < found["H"].sum() < found["G"].sum()
    assert np.array_equal(found["B"], found["G"] & (found["H"] ^ inverted))


@pytest.mark.parametrize("has_matrix", [True, False])
def test_the_tubes_own_matrix(has_matrix: bool, tube: Tube, tmp_path: Path):
    """``FCS`` means the tube's own matrix; without one values stay as they are, with a finding."""
    simulated = simulate_tube(TubePlan(state="PB_m3_BCA", n_events=2_000, seed=311))
    own = open_tube(write_tube(simulated, tmp_path, "tube"))
    channel = "Y780-A" if has_matrix else "FL1-H"
    path = tmp_path / "gates.xml"
    path.write_text(document(range_gate(matrix="FCS", channel=channel)))

    placement = read_gatingml(path, own if has_matrix else tube)

    (axis,) = placement.gates[0].axes
    assert axis.matrix == (TUBE_MATRIX if has_matrix else "")
    codes = [finding.code for finding in placement.findings]
    assert codes == ([] if has_matrix else ["GATINGML_UNCOMPENSATED"])


def test_placement_is_named_by_its_content(folder: Path, tube: Tube, tmp_path: Path):
    """Two documents have one hash only if their bytes are the same."""
    first, other = (tmp_path / name for name in ("a.xml", "b.xml"))
    first.write_text(document(range_gate(low=100)))
    other.write_text(document(range_gate(low=101)))

    placements: list[Placement] = [read_gatingml(path, tube) for path in (first, other)]

    assert placements[0].template == "a"
    assert placements[0].sha256 != placements[1].sha256
