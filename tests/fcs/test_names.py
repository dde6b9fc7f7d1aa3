"""Names of channels are told from names of people."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytomon.fcs.intake import open_tube
from cytomon.fcs.markers import MARKERS
from cytomon.fcs.names import is_channel_name, is_printable
from cytomon.gating.template import list_templates


@pytest.mark.parametrize("marker", MARKERS)
def test_every_marker_with_its_dye(marker: str):
    """Each marker that templates know, alone, with a dye, and as area."""
    assert is_channel_name(marker)
    assert is_channel_name(f"{marker} PerCP-Cy5.5")
    assert is_channel_name(f"{marker}_BV421-A")


def test_markers_of_templates():
    """Each marker that a shipped template asks for."""
    markers = [template.spec.markers for template in list_templates()]
    asked = {marker for of in markers for marker in (*of.required, *of.optional)}
    assert len(asked) > 10
    assert [marker for marker in asked if not is_channel_name(marker)] == []


def test_channels_of_simulated_tubes():
    """Those of the sample tubes."""
    tubes = sorted((Path(__file__).parents[2] / "sample_fcs").glob("*.fcs"))
    assert tubes
    for path in tubes:
        for channel in open_tube(path).channels:
            assert is_channel_name(channel.pnn)
            assert is_channel_name(channel.pns or "-")


@pytest.mark.parametrize(
    "name",
    [
        "LIVE/DEAD", "Fixable Viability Stain 780", "Hoechst 33342", "7.1 PE", "TCR gamma/delta",
        "κ FITC", "HLA-DR PerCP-Cy5.5", "Comp-PE-A", "PE-A :: CD19", "Time (51.20 sec.)", "FL4 red",
        "488/552nm PE Cy7 (740LP) LogH", "405nm 405SSC (405/10) LogH", "CD19 FMO", "empty", "-",
        "FS INT LIN", "HDR-T", "CD274", "PD-1 APC", "CD19 FMO 2", "Spark Blue 550",
        "StarBright Violet 440", "Spark NIR 685 CD3", "CD3/CD14/CD16/CD56 dump", "Zombie NIR",
        "ZombieAqua CD45", "SYTOX AADvanced",
        "CD371 BB515", "V500-C", "TCRγδ PE", "FL10 BV421", "PE–Cy7", "CD16CD56 BV421",
    ],
)  # fmt: skip
def test_usual_names(name: str):
    """What instruments and laboratories write."""
    assert is_channel_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "John", "Doe CD19", "CD19 Doe", "Doe::CD19", "Müller FITC", "12345678", "CD19 4711",
        "2012-04-31", "CD19 2009", "P0042", "KM1", "CD19\nDoe", "CD19 " * 40, "Lee APC", "x" * 10,
        "Control 12345678", "Unstained 19800101", "CD19 Star Meier 123", "B123 V456 R789",
        "🅼🅴🅸🅴🆁 CD19", "ISO 1234567890", "CD3 dump 4711 0815", "Neg 170301 1234", "— 🅼🅴🅸🅴🆁",
        "Neg 17 Iso 03 Ctl 01", "A123V456R789", "CD19 Spark Meier 123", "Zombie Meier", "CD999",
        "123/456nm 123/456nm PE", "CD19 \ufe0f\ufe0f", "PE~CD19", "CD001",
    ],
)  # fmt: skip
def test_names_of_people_and_numbers(name: str):
    """What nobody calls a channel."""
    assert not is_channel_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "Control12345678", "CD19 SparkMeier123", "CD19 StarMeier123", "Meier123", "Lee19",
        "Kim1 PE", "CD1919",
    ],
)  # fmt: skip
def test_no_such_name_is_printed(text: str):
    """What is no channel's name is not told as a stain either."""
    assert not is_printable(text)
