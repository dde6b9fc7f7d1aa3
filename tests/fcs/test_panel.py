"""Markers by their many names, and errors that name them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cytomon.errors import InputError, PanelError
from cytomon.fcs.detectors import role, scatter
from cytomon.fcs.intake import open_tube
from cytomon.fcs.markers import MARKERS
from cytomon.fcs.panel import match_panel, nearest, parse_stain, read_mapping, require
from cytomon.model.tube import Channel, DataLayout, Role, Tube


def tube(*channels: tuple[str, str]) -> Tube:
    """A tube of (`$PnN`, `$PnS`) without events."""
    return Tube(
        path=Path("tube.fcs"),
        dataset=1,
        n_datasets=1,
        sha256="",
        version="FCS3.1",
        n_events=0,
        channels=tuple(
            Channel(index=i, pnn=pnn, pns=pns, range=1024, role=role(pnn))
            for i, (pnn, pns) in enumerate(channels)
        ),
        spillover=None,
        keywords={},
        layout=DataLayout(begin=0, datatype="F", little_endian=True, row_bytes=4),
    )


@pytest.mark.parametrize(
    ("stain", "marker", "fluorochrome"),
    [
        ("CD19 PE-Cy7", "CD19", "PE-Cy7"),
        ("cd19", "CD19", ""),
        ("CD 19", "CD19", ""),
        ("CD3-FITC", "CD3", "FITC"),
        ("CD20 FITC-A", "CD20", "FITC"),
        ("CD19-A", "CD19", ""),
        ("CD45 V500-C", "CD45", "V500-C"),
        ("CD19 PE–Cy7", "CD19", "PE-Cy7"),
        ("PE CD10", "CD10", "PE"),
        ("CD38 APC-H7", "CD38", "APC-H7"),
        ("CD66c+CD123 PE", "CD66c+CD123", "PE"),
        ("CD66c/CD123", "CD66c+CD123", ""),
        ("CD66c+123", "CD66c+CD123", ""),
        ("CD123+CD66c", "CD66c+CD123", ""),
        ("CD66c_CD123", "CD66c+CD123", ""),
        ("CD66c", "CD66c", ""),
        ("CD123 APC", "CD123", "APC"),
        ("CD33+CD14 PE-CF594", "CD33+CD14", "PE-CF594"),
        ("CD14/CD33", "CD33+CD14", ""),
        ("CD16+56", "CD16+CD56", ""),
        ("CD16/56 PE", "CD16+CD56", "PE"),
        ("cyCD79a APC-R700", "cyCD79a", "APC-R700"),
        ("cCD79a", "cyCD79a", ""),
        ("CD79a cy", "cyCD79a", ""),
        ("iCD79a", "cyCD79a", ""),
        ("CD79a", "cyCD79a", ""),
        ("CD3 cy", "cyCD3", ""),
        ("Syto 41", "Nuclear", "Syto 41"),
        ("SYTO-41", "Nuclear", "SYTO-41"),
        ("SYTO41", "Nuclear", "SYTO41"),
        ("SY41", "Nuclear", "SY41"),
        ("DRAQ5", "Nuclear", "DRAQ5"),
        ("Viability LIVE/DEAD", "Viability", "LIVE/DEAD"),
        ("LIVE/DEAD Aqua", "Viability", "LIVE/DEAD Aqua"),
        ("L/D", "Viability", "L/D"),
        ("7-AAD", "Viability", "7-AAD"),
        ("FVS780", "Viability", "FVS780"),
        ("Zombie NIR", "Viability", "Zombie NIR"),
        ("HLA DR FITC", "HLA-DR", "FITC"),
        ("Kappa", "kappa", ""),
    ],
)
def test_stains(stain: str, marker: str, fluorochrome: str) -> None:
    """Each spelling is the one marker that it means."""
    assert parse_stain(stain) == (marker, fluorochrome)


@pytest.mark.parametrize(
    "stain",
    ["", "FITC-A", "PE-Cy7-A", "FL1-H", "DAPI", "CD3+CD19 PE", "CD19-CD3", "CD19 cy", "CD191 PE"],
)
def test_no_stains(stain: str) -> None:
    """A fluorochrome, a doubtful dye and a cocktail that is not known are no marker."""
    assert parse_stain(stain) is None


@given(st.sampled_from(MARKERS), st.sampled_from([str.upper, str.lower, str.title]))
def test_markers_name_themselves(marker: str, spelling) -> None:  # noqa: ANN001
    """Every canonical name is read as itself, in any letter case."""
    assert parse_stain(spelling(marker)) is not None
    assert parse_stain(f"{marker} BV421") in {(marker, "BV421"), (marker, f"{marker} BV421")}


@given(st.text(max_size=30))
def test_any_stain(text: str) -> None:
    """Any text is a known marker or none."""
    found = parse_stain(text)

    assert found is None or found[0] in MARKERS


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("FSC-A", "FSC-A"),
        ("FSC", "FSC-A"),
        ("FS Lin", "FSC-A"),
        ("FS INT", "FSC-A"),
        ("FS PEAK", "FSC-H"),
        ("FS TOF", "FSC-W"),
        ("SS Log", "SSC-A"),
        ("SS INT LIN", "SSC-A"),
        ("FSC-Height", "FSC-H"),
        ("FSC-HLin", "FSC-H"),
        ("SSC LogH", "SSC-H"),
        ("ssc-w", "SSC-W"),
    ],
)
def test_scatter(name: str, expected: str) -> None:
    """Vendors' names of scatter are the usual ones."""
    found = scatter(name)

    assert found is not None
    assert found[0] == expected


def test_a_whole_panel() -> None:
    """Stains, detector names, scatter and time each find their column."""
    panel = match_panel(
        tube(
            ("HDR-T", ""),
            ("FS INT LIN", ""),
            ("FS PEAK LIN", ""),
            ("SS INT LIN", ""),
            ("FL1-A", "CD19 PE-Cy7"),
            ("CD10 PE-A", ""),
            ("APC-A", "APC-A"),
            ("FITC-A", "Syto 41"),
            ("V500-A", "empty"),
        )
    )

    assert dict(panel.columns) == {
        "Time": 0, "FSC-A": 1, "FSC-H": 2, "SSC-A": 3, "CD19": 4, "CD10": 5, "Nuclear": 7,
    }  # fmt: skip
    assert dict(panel.fluorochromes) == {"CD19": "PE-Cy7", "CD10": "PE", "Nuclear": "Syto 41"}
    assert panel.findings == ()


def test_linear_scatter_before_logarithmic() -> None:
    """Of two spellings the plainer one is taken, wherever it stands."""
    panel = match_panel(tube(("FSC LogA", ""), ("FSC LinA", ""), ("SSC", ""), ("SSC-A", "")))

    assert dict(panel.columns) == {"FSC-A": 1, "SSC-A": 3}


def test_area_before_height_and_width() -> None:
    """Height and width of a stained detector are not a second stain."""
    panel = match_panel(
        tube(("PE-H", "CD10"), ("PE-A", "CD10"), ("PE-W", "CD10"), ("APC-H", "CD19"))
    )

    assert dict(panel.columns) == {"CD10": 1, "CD19": 3}


def test_doubled_marker() -> None:
    """One marker on two detectors is refused, and both are named."""
    with pytest.raises(PanelError, match="CD19 is stained on PE-A and APC-A"):
        match_panel(tube(("PE-A", "CD19"), ("APC-A", "cd19 APC")))
    with pytest.raises(PanelError, match="PE-A and PE-Area"):
        match_panel(tube(("PE-A", "CD19"), ("PE-Area", "CD19")))


def test_unknown_stain() -> None:
    """A stain that nobody knows is named, with the nearest that are known."""
    panel = match_panel(tube(("PE-A", "CD119"), ("PE-H", "CD119"), ("FITC-A", "CD45")))

    (finding,) = panel.findings
    assert dict(panel.columns) == {"CD45": 2}
    assert finding.code == "PANEL_UNKNOWN_STAIN"
    assert "'CD119'" in finding.what
    assert "nearest known: CD19" in finding.what
    assert "CD19" in finding.fix


@pytest.mark.parametrize(
    "stain",
    [
        "CD19 FMO",
        "FMO CD19 PE",
        "CD19_fmo",
        "CD19 PE-Cy7 Isotype",
        "Iso Ctrl CD19",
        "CD19 IsotypeControl",
        "CD19 control",
        "ctrl CD19 APC",
        "Dump CD19",
        "CD19 neg",
        "negative control CD19",
        "CD19 unstained",
        "blank CD19",
    ],
)
def test_controls(stain: str) -> None:
    """A control is not its marker: the marker is missing, and the finding says why."""
    panel = match_panel(tube(("PE-A", stain), ("FITC-A", "CD45")))

    (finding,) = panel.findings
    assert parse_stain(stain) is None
    assert dict(panel.columns) == {"CD45": 1}
    assert finding.code == "PANEL_UNKNOWN_STAIN"
    assert "names a control" in finding.what
    assert "did you mean" not in finding.fix


def test_control_in_the_detector_name() -> None:
    """A control that only `$PnN` names is one, and an unstained detector is not its name."""
    panel = match_panel(tube(("CD19 FMO-A", ""), ("CD20 PE-A", "unstained"), ("Blank-A", "")))

    (finding,) = panel.findings
    assert not panel.columns
    assert "'CD19 FMO-A'" in finding.what
    assert finding.where.endswith("$P1N")


@pytest.mark.parametrize(
    "stain",
    ["CD91 PE-Cy7", "CD 91", "Lamda FITC", "CD200R1", "IL-7Ra APC", "CLEC12A", "PE FMO"],
)
def test_stains_that_are_shown(stain: str) -> None:
    """What is made like a stain is printed."""
    assert repr(stain) in match_panel(tube(("PE-A", stain))).findings[0].what


@pytest.mark.parametrize(
    "text",
    [
        "Jane Doe",
        "Doe, Jane 1984-03-02",
        "Doe CD19 x CD3",
        "12345678",
        "Doe control",
        "Glycophorin Doe",
    ],
)
def test_names_are_not_shown(text: str) -> None:
    """Free text that may name a person is not repeated; its detector is named."""
    (finding,) = match_panel(tube(("PE-A", text))).findings
    said = f"{finding.what} {finding.where} {finding.fix}"

    assert "the stain (not shown) of PE-A" in finding.what
    for word in ("Jane", "Doe", "1984", "12345678"):
        assert word not in said


def test_mapping_overrides() -> None:
    """The mapping's word stands against the file's; an unknown marker is taken as written."""
    panel = match_panel(
        tube(("PE-A", "CD19"), ("APC-A", "CD10 APC"), ("FITC-A", ""), ("X-A", "nonsense")),
        mapping={"PE-A": "CD22 PE", "FITC-A": ("Novel 7", "FITC"), "X-A": "FSC-A"},
    )

    assert dict(panel.columns) == {"CD22": 0, "CD10": 1, "Novel 7": 2, "FSC-A": 3}
    assert dict(panel.fluorochromes) == {"CD22": "PE", "CD10": "APC", "Novel 7": "FITC"}
    assert panel.findings == ()


def test_mapping_of_another_tube() -> None:
    """A mapping that names a detector which is not there is refused."""
    with pytest.raises(PanelError, match="'PE-Cy7-A'") as caught:
        match_panel(tube(("PE-Cy5-A", "")), mapping={"PE-Cy7-A": "CD19"})

    assert "PE-Cy5-A" in caught.value.fix


def test_require() -> None:
    """Every missing marker is named, with what is like it in the tube."""
    panel = match_panel(tube(("PE-A", "CD19"), ("APC-A", "CD10")))
    require(panel, ["CD19", "CD10"], where="tube.fcs")

    with pytest.raises(PanelError) as caught:
        require(panel, ["CD19", "CD20", "Viability"], where="tube.fcs")

    assert caught.value.what == ("the tube lacks CD20 (similar in the tube: CD10), Viability")
    assert "CD10, CD19" in caught.value.fix


def test_require_names_unknown_stains() -> None:
    """The slip that hides a marker stands in the refusal, with its detector and what is near."""
    panel = match_panel(tube(("FL10-A", "CD91 PE-Cy7"), ("APC-A", "CD10")))

    with pytest.raises(PanelError) as caught:
        require(panel, ["CD19"], where="tube.fcs")

    assert "'CD91 PE-Cy7' of FL10-A" in caught.value.what
    assert "nearest known: CD19" in caught.value.what


@pytest.mark.parametrize(("slip", "meant"), [("CD91", "CD19"), ("CD01", "CD10"), ("CD83", "CD38")])
def test_transposed_digits(slip: str, meant: str) -> None:
    """The marker of the same digits in another order is the nearest."""
    assert nearest(slip, MARKERS)[0] == meant


def test_nearest() -> None:
    """Letter case and separators do not make names different."""
    assert nearest("cd-19", ["CD3", "CD19"])[0] == "CD19"


def test_name_and_role_agree() -> None:
    """A detector that the panel calls scatter is scatter by its role."""
    channel = tube(("SS Log", "")).channels[0]

    assert channel.role is Role.SCATTER
    assert replace(channel, pnn="x").role is Role.SCATTER


def mapping_file(folder: Path, text: str) -> Path:
    """Write a mapping."""
    path = folder / "mapping.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_mapping_file(tmp_path: Path) -> None:
    """Rows for one file go before rows for all; the fluorochrome may be left out."""
    text = "\ufefffile,detector,marker,fluorochrome\n,PE-A,CD22,PE\n\nday28/a.fcs,PE-A,CD19,\n"
    mapping = read_mapping(mapping_file(tmp_path, text))

    assert mapping.for_file("x/day28/a.fcs") == {"PE-A": ("CD19", "")}
    assert mapping.for_file("b.fcs") == {"PE-A": ("CD22", "PE")}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "missing 'detector'"),
        ("detector,marker,clone\nPE-A,CD19,x\n", "column 3 is not known"),
        ("detector,detector,marker\n", "stands twice"),
        ("detector,marker\nPE-A,CD19\nFITC-A\n", "line 3 has 1 cells"),
        ("detector,marker\nPE-A,\n", "line 2 lacks"),
        ("detector,marker\nPE-A,CD19\nPE-A,CD3\n", "line 3 repeats the detector of line 2"),
        ('detector,marker\nPE-A,"CD19\n', "cannot be split"),
    ],
)
def test_bad_mapping_file(tmp_path: Path, text: str, says: str) -> None:
    """A mapping that cannot be used names its lines."""
    with pytest.raises(InputError) as caught:
        read_mapping(mapping_file(tmp_path, text))

    assert says in caught.value.what


def test_missing_mapping_file(tmp_path: Path) -> None:
    """A mapping that is not there is an error of the input."""
    with pytest.raises(InputError, match="cannot be read"):
        read_mapping(tmp_path / "none.csv")


@pytest.mark.shared
def test_marrow(shared: Path) -> None:
    """The real tube: seven markers, a nuclear dye, no FSC-H and an empty detector."""
    panel = match_panel(open_tube(shared / "real_fcs" / "b_all_panel_marrow.fcs"))

    assert dict(panel.columns) == {
        "Time": 0, "FSC-A": 1, "FSC-W": 2, "SSC-A": 3, "CD20": 4, "CD10": 5, "CD45": 6,
        "CD34": 7, "Nuclear": 8, "CD19": 9, "CD38": 10,
    }  # fmt: skip
    assert dict(panel.fluorochromes) == {"Nuclear": "Syto 41"}
