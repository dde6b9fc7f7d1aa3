"""What is stained with what: the panels a simulated tube can be measured with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cytomon.fcs.write import ChannelSpec
from cytomon.model.tube import FloatArray, Spillover

RANGE = 262_144.0

SPILL: Mapping[tuple[str, str], float] = {
    ("PE", "PE-Cy7"): 0.08,
    ("PE-Cy7", "APC-H7"): 0.06,
    ("BV421", "BV510"): 0.10,
    ("FITC", "PE"): 0.12,
    ("APC", "APC-H7"): 0.07,
    ("PerCP-Cy5.5", "PE-Cy7"): 0.06,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stain:
    """One antibody or dye and the detector that sees it.

    Attributes
    ----------
    marker : str
        Canonical name.
    fluorochrome : str
        Empty where the dye is the marker.
    detector : str
        ``$PnN``.
    noise : float
        Standard deviation of the detector's noise, in detector units.
    """

    marker: str
    fluorochrome: str
    detector: str
    noise: float

    @property
    def pns(self) -> str:
        """``$PnS``: marker and fluorochrome."""
        return f"{self.marker} {self.fluorochrome}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class StainingPanel:
    """A tube's recipe: scatter, stains, time, in file order.

    Attributes
    ----------
    name : str
        As in `PANELS`.
    scatter : tuple of str
        Scatter detectors.
    stains : tuple of Stain
        In file order, after the scatter.
    """

    name: str
    scatter: tuple[str, ...]
    stains: tuple[Stain, ...]

    @property
    def markers(self) -> tuple[str, ...]:
        """Canonical names in file order."""
        return tuple(stain.marker for stain in self.stains)

    @property
    def channels(self) -> tuple[ChannelSpec, ...]:
        """Columns of the file."""
        scatter = [ChannelSpec(pnn=name, range=RANGE) for name in self.scatter]
        stains = [
            ChannelSpec(pnn=stain.detector, pns=stain.pns, range=RANGE) for stain in self.stains
        ]
        return (*scatter, *stains, ChannelSpec(pnn="Time", range=RANGE))

    def mixing(self) -> FloatArray:
        """Spectrum of each fluorochrome over the detectors; shape (n_stains, n_stains)."""
        dyes = [stain.fluorochrome for stain in self.stains]
        matrix = np.eye(len(dyes))
        for (source, target), share in SPILL.items():
            if source in dyes and target in dyes:
                matrix[dyes.index(source), dyes.index(target)] = share
        return matrix

    def spillover(self, matrix: FloatArray) -> Spillover:
        """Put the panel's detectors to a matrix."""
        detectors = tuple(stain.detector for stain in self.stains)
        return Spillover(detectors=detectors, matrix=matrix, keyword="$SPILLOVER")


def _panel(name: str, scatter: tuple[str, ...], stains: str) -> StainingPanel:
    rows = [line.split("|") for line in stains.split()]
    return StainingPanel(
        name=name,
        scatter=scatter,
        stains=tuple(
            Stain(
                marker=marker.replace("_", " "),
                fluorochrome=dye.replace("_", " "),
                detector=detector,
                noise=float(noise),
            )
            for marker, dye, detector, noise in rows
        ),
    )


# Noise in the middle of 20 to 45 for blue and red lines; violet and far-red detectors up to 70.
# The eight colours of EuroFlow; its two tubes differ in PE alone.
_EUROFLOW = """CD20|BV421|V450-A|31 CD45|BV510|V525-A|45 CD81|FITC|B530-A|30 {}|PE|Y586-A|25
    CD34|PerCP-Cy5.5|B710-A|30 CD19|PE-Cy7|Y780-A|31 CD10|APC|R670-A|30 CD38|APC-H7|R780-A|45"""
PANELS: Mapping[str, StainingPanel] = {
    "b_all_mrd": _panel(
        "b_all_mrd",
        ("FSC-A", "FSC-H", "FSC-W", "SSC-A"),
        """CD45|BV510|V525-A|45 CD19|PE-Cy7|Y780-A|31 CD22|BV605|V605-A|32 CD10|APC|R670-A|30
        CD20|BV421|V450-A|31 CD34|PerCP-Cy5.5|B710-A|30 CD38|APC-H7|R780-A|45 CD58|FITC|B530-A|30
        CD66c+CD123|PE|Y586-A|25 CD24|BV650|V660-A|30 CD66b|BV711|V710-A|50 CD3|BV786|V785-A|60
        CD33+CD14|PE-CF594|Y610-A|25 cyCD79a|APC-R700|R720-A|30 Viability|LIVE/DEAD|U450-A|60""",
    ),
    "aieop_bfm": _panel(
        "aieop_bfm",
        ("FSC-A", "FSC-W", "SSC-A"),
        """CD20|FITC|B530-A|31 CD10|PE|Y586-A|30 CD45|PerCP-Cy5.5|B710-A|40
        CD34|PE-Cy7|Y780-A|35 Syto_41||V450-A|40 CD19|APC|R670-A|35 CD38|APC-H7|R780-A|45""",
    ),
    "euroflow_1": _panel(
        "euroflow_1", ("FSC-A", "FSC-H", "SSC-A"), _EUROFLOW.format("CD66c+CD123")
    ),
    "euroflow_2": _panel("euroflow_2", ("FSC-A", "FSC-H", "SSC-A"), _EUROFLOW.format("CD73+CD304")),
    "lymphocyte_subsets": _panel(
        "lymphocyte_subsets",
        ("FSC-A", "FSC-H", "FSC-W", "SSC-A"),
        """CD45|BV510|V525-A|45 CD3|APC-H7|R780-A|45 CD19|PE-Cy7|Y780-A|31
        CD16+CD56|PE|Y586-A|30 CD20|BV421|V450-A|31 CD10|APC|R670-A|30
        CD34|PerCP-Cy5.5|B710-A|30 CD38|FITC|B530-A|30""",
    ),
}


def staining_panel(name: str) -> StainingPanel:
    """Look a panel up.

    Raises
    ------
    ValueError
        If there is no such panel.
    """
    if name not in PANELS:
        msg = f"panel {name!r}: expected one of {', '.join(PANELS)}"
        raise ValueError(msg)
    return PANELS[name]
