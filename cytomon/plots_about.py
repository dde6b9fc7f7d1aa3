"""What a file of key plots says of itself: which words, names and numbers are let in.

The seal of such a file is a plain hash, which anybody can compute: each part is held to what a
batch would have written.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from cytomon.gating.key_plots import (
    ANTIGENS,
    FARTHEST,
    MOST_DENSITIES,
    NARROWEST,
)
from cytomon.gating.stories import MOST_NAME, MOST_OUTLINES, MOST_POINTS, STORIES
from cytomon.model.results import AntigenCall


def _printable(text: str) -> str:
    """Words as they are; refused where they hold what cannot be seen, or ends no line should."""
    if text != text.strip() or any(
        unicodedata.category(one)[0] == "C" or unicodedata.category(one) in {"Zl", "Zp"}
        for one in text
    ):
        raise ValueError("not only printable characters")
    return text


def _one_of(*known: str) -> AfterValidator:
    def checked(text: str) -> str:
        if text not in known:
            raise ValueError(f"none of {', '.join(known)}")
        return text

    return AfterValidator(checked)


def _ordered(view: tuple[float, float]) -> tuple[float, float]:
    if view[1] - view[0] < NARROWEST / 2:
        raise ValueError("a view without width")
    return view


_Count = Annotated[int, Field(ge=0, lt=2**32)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Number = Annotated[float, Field(ge=-FARTHEST, le=FARTHEST)]
_View = Annotated[tuple[_Number, _Number], AfterValidator(_ordered)]
_Label = Annotated[str, Field(min_length=1, max_length=MOST_NAME), AfterValidator(_printable)]
_Says = Annotated[str, Field(max_length=80), AfterValidator(_printable)]
_Role = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_Points = Annotated[
    tuple[tuple[_Number, _Number], ...], Field(min_length=3, max_length=MOST_POINTS)
]
_Story = Annotated[str, _one_of("", *(story.role for story in STORIES))]
_Marker = Annotated[str, _one_of(*ANTIGENS)]
_Call = Annotated[str, _one_of(*AntigenCall)]


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, from_attributes=True
    )


class OutlineAbout(_Strict):
    """A gate on both dimensions of a density."""

    name: _Label
    points: _Points


class ThresholdAbout(_Strict):
    """A gate on one of them."""

    name: _Label
    axis: Literal["x", "y"]
    at: _Number


class DensityAbout(_Strict):
    """What stands beside the pixels of a density."""

    x: _Label
    y: _Label
    x_view: _View
    y_view: _View
    says: _Says
    n_events: _Count
    n_doubt: _Count
    outlines: Annotated[tuple[OutlineAbout, ...], Field(max_length=MOST_OUTLINES)]
    thresholds: Annotated[tuple[ThresholdAbout, ...], Field(max_length=MOST_OUTLINES)]

    @model_validator(mode="after")
    def _counts_what_it_says(self) -> Self:
        if not self.says.startswith(f"{self.n_events} "):
            raise ValueError("it does not begin with its number of events")
        return self


class PopulationAbout(_Strict):
    """A population of a histogram."""

    role: _Role
    n: _Count


class AntigenAbout(_Strict):
    """What stands beside the counts of an antigen."""

    marker: _Marker
    view: _View
    blasts: PopulationAbout
    negative: PopulationAbout | None
    positive: PopulationAbout | None
    threshold: _Number | None
    call: _Call
    fraction: _Share | None


class About(_Strict):
    """What stands beside the pixels and counts."""

    layout: int
    analysis: str
    role: _Story
    densities: Annotated[tuple[DensityAbout, ...], Field(max_length=MOST_DENSITIES)]
    histograms: Annotated[tuple[AntigenAbout, ...], Field(max_length=len(ANTIGENS))]
    seal: str = ""

    @model_validator(mode="after")
    def _is_of_one_tube(self) -> Self:
        counts = {(one.n_events, one.n_doubt) for one in self.densities}
        blasts = {(one.blasts.role, one.blasts.n) for one in self.histograms}
        markers = {one.marker for one in self.histograms}
        if len(counts) != bool(self.role) or len(blasts) > 1 or len(markers) < len(self.histograms):
            raise ValueError("plots of several populations, or of none that is named")
        if any(role != "blasts" or not n for role, n in blasts):
            raise ValueError("antigens of something else than blasts")
        return self
