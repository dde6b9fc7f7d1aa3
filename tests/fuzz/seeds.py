"""Valid files of every kind, written by our own writers: where fuzzing starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from cytomon.gating.folder import gate_folder
from cytomon.model.gating import TUBE_MATRIX
from tests.fcs.builders import chain, make_fcs, required, sample_events, text_segment
from tests.fuzz.entry_points import STAINS, fcs_bytes, open_tube_for_gates

FIVE = sample_events(5)
ROOT = Path(__file__).parents[2]


def _fcs() -> Iterator[bytes]:
    yield fcs_bytes()
    yield make_fcs(FIVE, keywords={"SPILL": "2,FITC-A,PE-A,1,0.1,0,1", "$P3S": "CD19 FITC"})
    yield make_fcs(FIVE, datatype="I", version="FCS2.0", keywords={"$P3E": "4,1", "$TOT": None})
    yield make_fcs(FIVE, datatype="I", bits=[8, 16, 24, 32], byteord="4,3,2,1")
    yield make_fcs(FIVE, datatype="D", version="FCS3.0", supplement=b"/$COM/late/", tail=b"0" * 8)
    yield make_fcs(FIVE, version="FCS3.2", end_shift=1, header_data=(0, 0))
    yield make_fcs(FIVE, delimiter="\x0c", encoding="latin-1", keywords={"$OP": "é", "$COM": ""})
    yield make_fcs(FIVE, keywords={"$DATE": "09-FEB-2026", "$BTIM": "10:11:12.50", "$CYT": "A"})
    yield make_fcs(FIVE, keywords={"$P1N": "Time", "$TIMESTEP": "0.01", "$P2G": "2"})
    pair = {"events": FIVE, "version": "FCS2.0", "datatype": "I"}
    yield chain(pair, {"events": FIVE, "version": "FCS3.1"})
    yield chain({"events": FIVE}, {"events": FIVE[:3]}, {"events": FIVE})


def _text() -> Iterator[bytes]:
    for datatype, bits in (("F", 32), ("D", 64), ("I", 16)):
        table = sample_events(64 // (4 * bits // 8), 4)
        pairs = required(table, datatype, "1,2,3,4", [bits] * 4)
        yield text_segment(pairs)
        stains = {"$P3S": "CD19 PE", "$P4S": "CD45", "$COMP": "2,1,0.1,0,1"}
        yield text_segment(pairs | stains, delimiter="|", final=False)
        more = {"$P1G": "1.5", "$P2E": "4,0.1", "$P3V": "400", "$SPILLOVER": "1,PE-A,1"}
        yield text_segment(pairs | more | {"$OP": "a/b", "$CYT": "", "$P4N": "FITC-A"})


def _spillover() -> Iterator[bytes]:
    yield b"2,FITC-A,PE-A,1,0.1,0.2,1"
    yield b"3,Comp-FITC-A,<PE-A>,APC-A :: CD45,1,0,0,0,1,0,0,0,1"
    yield b"2,4,5,1,1e-3,-0.25,1"
    yield b"2,1,0.1,0.2,1"


def _panel() -> Iterator[bytes]:
    yield "\n".join(f"{name}|{stain}" for name, stain in STAINS.items()).encode()
    yield b"FSC-A|\nFL1-H|CD66c/CD123 PE\nFL2-A|SYTO-41\nFL3-A|CD19 FMO\nFL4-A|Jane\nFL5-A|CD91 PE"
    yield "FITC-A|κ FITC\nPE-W|FITC-A :: CD20 PE\nV450-A|- \nTIME|Time\nPE-H|cy CD79a".encode()


def _mapping() -> Iterator[bytes]:
    yield b"detector,marker\nFITC-A,CD22\nPE-A,CD19\n"
    yield b"\xef\xbb\xbffile,detector,marker,fluorochrome\ntube.fcs,APC-A,CD34,APC\n,APC-A,CD10,\n"


def _gatingml() -> Iterator[bytes]:
    head = (
        '<?xml version="1.0" encoding="UTF-8"?><gating:Gating-ML '
        'xmlns:gating="http://www.isac-net.org/std/Gating-ML/v2.0/gating" '
        'xmlns:transforms="http://www.isac-net.org/std/Gating-ML/v2.0/transformations" '
        'xmlns:data-type="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes">'
    )
    for parts in (_SHAPES[:3], _SHAPES[3:5], _SHAPES[5:], _SHAPES):
        yield f"{head}{_SCALES}{''.join(parts)}</gating:Gating-ML>".encode()


def _axis(name: str, ends: str = "", scale: str = "", matrix: str = "FCS") -> str:
    scaled = f' gating:transformation-ref="{scale}"' if scale else ""
    return (
        f'<gating:dimension gating:compensation-ref="{matrix}"{scaled}{ends}>'
        f'<data-type:fcs-dimension data-type:name="{name}"/></gating:dimension>'
    )


def _row(outer: str, inner: str, *values: float) -> str:
    cells = "".join(f'<gating:{inner} data-type:value="{value}"/>' for value in values)
    return f"<gating:{outer}>{cells}</gating:{outer}>"


def _scale(name: str, kind: str, **numbers: float) -> str:
    said = " ".join(f'transforms:{key}="{value}"' for key, value in numbers.items())
    return (
        f'<transforms:transformation transforms:id="{name}"><transforms:{kind} {said}/>'
        "</transforms:transformation>"
    )


def _coefficients(*values: float) -> str:
    cells = "".join(f'<transforms:coefficient transforms:value="{one}"/>' for one in values)
    return f"<transforms:spectrum>{cells}</transforms:spectrum>"


_DIMENSION = '<data-type:fcs-dimension data-type:name="{}"/>'
_SCALES = (
    _scale("L", "logicle", T=262144, W=0.5, M=4.5, A=0)
    + _scale("H", "fasinh", T=262144, M=4.5, A=1)
    + _scale("G", "flog", T=262144, M=5)
    + _scale("N", "flin", T=262144, A=0)
    + _scale("Y", "hyperlog", T=262144, W=0.5, M=4.5, A=0)
    + '<transforms:transformation transforms:id="R"><transforms:fratio transforms:A="1" '
    'transforms:B="0" transforms:C="0">' + _DIMENSION.format("FSC-A") + _DIMENSION.format("FSC-H")
    + "</transforms:fratio></transforms:transformation>"
    + '<transforms:spectrumMatrix transforms:id="M"><transforms:fluorochromes>'
    + _DIMENSION.format("F1") + _DIMENSION.format("F2") + "</transforms:fluorochromes>"
    + "<transforms:detectors>" + _DIMENSION.format("FITC-A") + _DIMENSION.format("PE-A")
    + "</transforms:detectors>" + _coefficients(1, 0.1) + _coefficients(0.05, 1)
    + "</transforms:spectrumMatrix>"
)  # fmt: skip
_LOW = ' gating:min="100"'
_BOTH = ' gating:min="0.1" gating:max="0.8"'
_SHAPES = (
    f'<gating:RectangleGate gating:id="A">{_axis("FSC-A", _LOW, matrix="uncompensated")}'
    f"{_axis('PE-A', _BOTH, 'L')}</gating:RectangleGate>",
    f'<gating:PolygonGate gating:id="P" gating:parent_id="A">{_axis("FITC-A", scale="H")}'
    f"{_axis('PE-A', scale='G')}"
    + "".join(_row("vertex", "coordinate", *at) for at in ((0, 0), (1, 0), (1, 1), (0.2, 0.9)))
    + "</gating:PolygonGate>",
    f'<gating:EllipsoidGate gating:id="E" gating:parent_id="A">{_axis("FSC-A", scale="N")}'
    f"{_axis('APC-A', scale='Y')}{_row('mean', 'coordinate', 0.5, 0.5)}<gating:covarianceMatrix>"
    f"{_row('row', 'entry', 0.04, 0.01)}{_row('row', 'entry', 0.01, 0.05)}"
    '</gating:covarianceMatrix><gating:distanceSquare data-type:value="4"/></gating:EllipsoidGate>',
    '<gating:QuadrantGate gating:id="Q"><gating:divider gating:id="d1" '
    'gating:compensation-ref="M" gating:transformation-ref="L">'
    '<data-type:fcs-dimension data-type:name="F1"/><gating:value>0.4</gating:value>'
    '</gating:divider><gating:divider gating:id="d2" gating:compensation-ref="uncompensated">'
    '<data-type:fcs-dimension data-type:name="SSC-A"/><gating:value>300</gating:value>'
    "</gating:divider>"
    + "".join(
        f'<gating:Quadrant gating:id="Q{n}"><gating:position gating:divider_ref="d1" '
        f'gating:location="{x}"/><gating:position gating:divider_ref="d2" gating:location="{y}"/>'
        "</gating:Quadrant>"
        for n, (x, y) in enumerate(((0.1, 1), (0.9, 1), (0.1, 900), (0.9, 900)))
    )
    + "</gating:QuadrantGate>",
    '<gating:RectangleGate gating:id="T"><gating:dimension gating:min="1.1" '
    'gating:compensation-ref="uncompensated"><data-type:new-dimension '
    'data-type:transformation-ref="R"/></gating:dimension></gating:RectangleGate>',
    f'<gating:RectangleGate gating:id="B">{_axis("SSC-A", _LOW)}</gating:RectangleGate>'
    f'<gating:RectangleGate gating:id="C">{_axis("BV421-A", _BOTH, "L")}</gating:RectangleGate>'
    '<gating:BooleanGate gating:id="O"><gating:or>'
    '<gating:gateReference gating:ref="C" gating:use-as-complement="true"/>'
    '<gating:gateReference gating:ref="B"/></gating:or></gating:BooleanGate>',
    '<gating:BooleanGate gating:id="X"><gating:not><gating:gateReference gating:ref="C"/>'
    "</gating:not></gating:BooleanGate>",
)


def _flowjo() -> Iterator[bytes]:
    from tests.gating.exchange import flowjo as fj  # FlowKit takes memory: for this one alone

    cd3, cd19, cd45 = "Comp-FITC-A", "Comp-PE-A", "Comp-APC-A"
    scales = dict.fromkeys(["FSC-A", "FSC-H", "SSC-A", "Time"], fj.LINEAR)
    scales |= {cd3: fj.biex(-10, 0.5), cd19: fj.biex(-250), cd45: fj.LOGICLE}
    scales |= {"Comp-PE-Cy7-A": fj.ARCSINH, "Comp-BV421-A": fj.LOG}
    round_ = fj.ellipse((cd45, "SSC-A"), (190, 30), (55, 26), 0.1)
    three = fj.polygon((cd19, cd3), [(400, -300), (400, 9e4), (2e5, 2e5)])
    around = fj.rectangle({cd3: (500.0, 1e5), cd19: (-50.5, 400.0)}, inside=False)
    narrow = fj.rectangle({"Comp-PE-Cy7-A": (150.0, None), "Comp-BV421-A": (None, 100.0)})
    inner = [fj.Population("B, CD19+", three), fj.Population("neither", around)]
    logic = [
        fj.Population("not B", "not", of=["Cells/B, CD19+"]),
        fj.Population("both", "and", of=["Cells/B, CD19+", "Cells/neither"]),
        fj.Population("any", "or", of=["Cells/B, CD19+", "Cells/neither"]),
    ]
    cells = fj.rectangle({"FSC-A": (18000.0, None)})
    matrix = open_tube_for_gates().spillover
    trees = (
        [fj.Population("Cells", cells, inner)],
        [fj.Population("Cells", cells, [*inner, *logic])],
        [fj.Population("Lymphocytes", round_, [fj.Population("narrow", narrow)])],
    )
    for tree in trees:
        yield fj.workspace(fj.Sample("tube.fcs", tree, scales, matrix)).encode()
    two = [fj.Sample(name, trees[0], scales, matrix) for name in ("tube.fcs", "other.fcs")]
    yield fj.workspace(*two).encode()
    other = [
        fj.Sample(name, tree, scales, matrix)
        for name, tree in zip(("tube.fcs", "other.fcs", "other.fcs"), trees, strict=True)
    ]
    yield fj.workspace(*other).encode()
    yield fj.workspace(fj.Sample("tube.fcs", trees[0], scales), version="9.1").encode()


def _template() -> Iterator[bytes]:
    yield _small()
    yield (gate_folder() / "lymphocyte_subsets.yaml").read_bytes()


def _small() -> bytes:
    return (ROOT / "tests/fuzz/small_template.yaml").read_bytes()


_MISTAKES: tuple[tuple[bytes, bytes], ...] = (
    (b"parent: singlets", b"parent: nobody"), (b"name: fixed", b"name: nn"),
    (b"lod_events: 20", b"lod_events: 90"), (b"gated_on: [CD19]", b"gated_on: [CD91]"),
    (b"t_cells: [t_cells]", b"t_cells: []"), (b"b_cells: b_cells", b"b_cells: b_cell"),
    (b"quantities: [b_fraction, retained]", b"quantities: []"), (b"  other:", b"  tube:"),
    (b"required: [CD45, CD3, CD19]", b"required: []"), (b"matrix: other", b"matrix: nobody"),
    (b"  mixed: {channel", b"  CD3: {channel"), (b"scales: {CD19", b"scales: {CD91"),
    (b"dark: {t_cells: [CD19]}", b"dark: {t_cell: [CD91]}"), (b"[[1, 0.1]", b"[[1, 0.1, 2]"),
    (b"values: [[1, 0.1], [0.05, 1]]", b"values: [[1, 1], [1, 1]]"), (b"low: 0.8", b"high: null"),
    (b"[FITC-A, PE-A], v", b"[PE-A, PE-A], v"), (b"on: [CD3, CD19], mean", b"on: [CD3], mean"),
    (b"over: FSC-H", b"a: 2"), (b"covariance: [[1, 0]", b"covariance: [[0, 0]"),
    (b"kind: biex", b"kind: log"), (b"m: 4.5", b"m: 0"), (b"w: 0.5", b"w: 4"),
    (b"w: -100", b"w: 1"),
    (b"at_least: 1", b"at_least: 9"),
    (b"anchor: {on: CD3", b"anchor: {on: CD45"),
    (b"by: valley, leash: [200000, 260000]", b"by: valley"),
    (b"of: t_cells, leash", b"leash"), (b"leash: [0.1, 0.9]", b"leash: [0.5, 0.9]"),
    (b"leash: [0.1, 0.9]", b"leash: [0.1, 0.9], window: [0.8, 0.2]"),
    (b"leash: [0.1, 0.9]", b"leash: [0.1, 0.9], window: [0.2, 0.8]"),
    (b"on: [CD3, CD19], vert", b"on: [CD3, CD20], vert"),
    (b"on: [CD3, CD19], vert", b"on: [X, Y], vert"),
    (b"kind: rectangle", b"kind: interval"), (b", of: singlets, leash: [0.5, 4000]", b""),
    (b"sd: [0.3, 5000]", b"sd: [0.3]"), (b"name: small", b"name: small\nname: large"),
    (b"dividers: {CD3: 2, CD19: 2}", b"dividers: {? [a] : 2}"),
    (b"version: 1.0.0", b"version: 1"), (b"[nn, pn, np, pp]", b"[nn, nn, np, pp]"),
    (b"parent: lymphocytes, kind: quadrant", b"parent: b_cells, kind: quadrant"),
)  # fmt: skip
"""What an author may write wrongly in the small template, and how."""
_MISTAKES_OF_GATES: tuple[tuple[bytes, bytes], ...] = (
    (b'"M"', f'"{TUBE_MATRIX}"'.encode()), (b'min="100"', b'min="NaN"'), (b'"F1"', b'"PE-A"'),
    (b'compensation-ref="M"', b'compensation-ref="K"'),
    (b"<transforms:flin", b'<transforms:flin transforms:boundMin="0"'),
    (b"spectrumMatrix t", b'spectrumMatrix transforms:matrix-inverted-already="1" t'),
)  # fmt: skip
"""In the document of all gates."""
_MISTAKES_OF_ROWS: tuple[tuple[bytes, bytes], ...] = (
    (b"50,100000", b"500,100"), (b"50,100000", b"50,"), (b"mrd,", b"mdr,"),
    (b"50,100000,0.0005,0.0003", b"0,100000,0,0"), (b"50,100000", b",-1"), (b",0.0007", b",nan"),
    (b"0.0005,0.0003,0.0007", b"0.0005,,"), (b"0.0005,0.0003,0.0007", b",0.0003,0.0007"),
    (b"0.0005,0.0003,0.0007", b",,"), (b"0.0005,0.0003", b"0.0001,0.0003"), (b"0.0002,", b"1e999,"),
    (b"POSITIVE", b"NOT_DETECTED"), (b"POSITIVE,", b"POSITIVE,low"), (b"POSITIVE", b"RECOVERED"),
    (b"100000,0.0005", b"100000,0.0006"), (b"marrow", b"bone"), (b"2026-02-09", b"9.2.2026"),
    (b"P1,S1", b","), (b"b_fraction", b"mrd"), (b",,P1", b",0a,P1"), (b"ERED,", b"ERED"),
)  # fmt: skip
"""In a list of results."""
_MISTAKES_OF_KEYWORDS: tuple[dict[str, str | None], ...] = (
    {"$P1N": "A", "$P2N": "A", "$P3N": "A [P2]"}, {"$P2E": "4,1", "$P2G": "2"},
    {"$SPILLOVER": "2,FITC-A,PE-A,1,0.1,0,1", "SPILL": "2,FITC-A,PE-A,1,0.2,0,1"},
    {"$SPILLOVER": "2,FITC-A,PE-A,1,0.1,0,1", "SPILL": "2,PE-A,FITC-A,1,0,0.1,1"},
    {"$P3S": "x" * 1001}, {"$P3E": None}, {"$P1DATATYPE": "D"}, {"$SPILLOVER": "1,FITC-A,0"},
    {"$SPILLOVER": "2,FITC-A,FITC-A,1,0,0,1"}, {"$SPILLOVER": "2,FITC-A,PE-A,1,9,0,1"},
    {"$SPILLOVER": "2,FITC-A,PE-A,1,0.1,0,1", "$P3N": "CD19"}, {"$COMP": "2,1,0.1,0,1"},
    {"$SPILLOVER": "2,FITC-A,PE-A,1,1,1,1"}, {"$NEXTDATA": "64"}, {"$MODE": "C"},
    {"$DATE": "31-FEB-2026", "$BTIM": "25:61:61"}, {"$BTIM": "10:11:12:59", "$DATE": "09-FEB-2026"},
    {"$P3S": "CD19 PE", "$P4S": "CD19 FITC"}, {"$P1R": "1.5", "$DATATYPE": "I"},
)  # fmt: skip
"""In the TEXT of a tube; what is only doubtful, too."""


def mistaken(name: str) -> tuple[bytes, ...]:
    """Files with one mistake each, where fuzzing starts beside the valid ones."""
    if name == "fcs":
        return tuple(make_fcs(FIVE, keywords=keywords) for keywords in _MISTAKES_OF_KEYWORDS)
    if name == "text":
        pairs = required(sample_events(4), "F", "1,2,3,4", [32] * 4)
        return tuple(text_segment(pairs | keywords) for keywords in _MISTAKES_OF_KEYWORDS)
    mistakes = {
        "template": _MISTAKES, "gatingml": _MISTAKES_OF_GATES, "measurements": _MISTAKES_OF_ROWS,
    }.get(name, ())  # fmt: skip
    if not mistakes:
        return ()
    right = seeds(name)[-1 if name == "gatingml" else 0]
    assert all(word in right for word, _ in mistakes)
    return tuple(right.replace(*mistake) for mistake in mistakes)


def _reference() -> Iterator[bytes]:
    yield (ROOT / "tests/fuzz/small_reference.yaml").read_bytes()


def _profile() -> Iterator[bytes]:
    folder = ROOT / "cytomon/track/profiles"
    yield from (
        path.read_bytes().replace(b"name: ", b"name: my_") for path in folder.glob("*.yaml")
    )


def _worklist() -> Iterator[bytes]:
    yield (ROOT / "sample_fcs/worklist.csv").read_bytes()
    yield (
        b"file,patient_id,specimen_id,collected_on,specimen_type,template,received_on,pull,"
        b"cd19_clone,cd22_clone,instrument_qc,viability\n"
        b"a.fcs,P1,S1,2026-02-09,marrow,b_all_mrd,2026-02-10,1,HD37,RFB4,pass,0.85\n"
    )


def _patients() -> Iterator[bytes]:
    yield (ROOT / "sample_fcs/patients.csv").read_bytes()
    yield b"patient_id,infusion_date,product\nP1,2026-01-01,CD19/CD22\n"
    yield (
        b"patient_id,infusion_date,product,birth_year,sex,genotype\n"
        b"P1,2026-01-01,CD19,2015,F,KMT2A-r\nP2,2026-01-02,CD22,,,\n"
    )


def _events() -> Iterator[bytes]:
    yield (ROOT / "sample_fcs/events.csv").read_bytes()
    yield (
        b"patient_id,date,event,value,unit,comment\nP1,2026-02-09,morphology,M1,,\n"
        b"P1,2026-02-09,ngs,<0.0001,,\nP1,2026-03-09,drug,inotuzumab,,x\nP1,2026-04-09,death,,,\n"
    )


def _measurements() -> Iterator[bytes]:
    head = (
        b"file,sha256,patient_id,specimen_id,collected_on,specimen_type,template,quantity,"
        b"numerator,denominator,value,ci_low,ci_high,lod,loq,status,qualifiers\n"
    )
    who, more = b"P1,S1,2026-02-09,marrow", b"b_fraction,,,0.02,0.01,0.03,,,RECOVERED,\n"
    found = b"mrd,50,100000,0.0005,0.0003,0.0007,0.0002,0.0005,POSITIVE,\n"
    none = b"mrd,0,500000,0,0,7e-6,4e-5,1e-4,NOT_DETECTED,FEW_EVENTS;CHECK_BY_EYE\n"
    tube = b"a.fcs," + b"0a" * 32 + b"," + who + b",b_all_mrd,"
    yield head + b",," + who + b",," + found + b",," + who + b",," + more
    yield head + tube + none + tube + more + b",,P2,S2,2026-03-09,blood,," + more
    yield (
        b"patient_id,specimen_id,collected_on,specimen_type,quantity,numerator,denominator,value,"
        b"ci_low,ci_high,status\nP1,S1,2026-02-09,marrow,b_fraction,,,0.02,0.01,0.03,RECOVERED\n"
        b",,,,,,,,,,\n\nP1,S1,2026-02-09,marrow,mrd,,9,,,,NOT_EVALUABLE\n"
    )


_SEEDS: Mapping[str, Callable[[], Iterator[bytes]]] = {
    "fcs": _fcs, "text": _text, "spillover": _spillover, "panel": _panel, "mapping": _mapping,
    "gatingml": _gatingml, "flowjo": _flowjo, "template": _template, "reference": _reference,
    "profile": _profile, "worklist": _worklist, "patients": _patients, "events": _events,
    "measurements": _measurements,
}  # fmt: skip


def seeds(name: str) -> tuple[bytes, ...]:
    """Valid files for an entry point."""
    return tuple(_SEEDS[name]())
