"""What the axes of a template are: scales, dimensions with a name of their own, named matrices."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from cytomon.gating.numbers_spec import Strict, disagreement


class ScaleSpec(Strict):
    """A GatingML scale, or one of FlowJo's; the default is the L scale, x = 150 sinh(1.3 L).

    `cytomon.model.gating.Scale` says what the parameters of each kind are.
    """

    kind: Literal["linear", "log", "asinh", "logicle", "hyperlog", "biex", "flowjo_log"] = "asinh"
    t: float = Field(default=254.757, gt=0)
    m: float = Field(default=0.564583, ge=0)
    w: float = 0.0
    a: float = 0.0

    @model_validator(mode="after")
    def _valid(self) -> ScaleSpec:
        """Refuse what FlowKit would turn into numbers without a word."""
        if self.kind != "linear" and self.m <= 0:
            what = f"{self.kind}: M must be above 0"
            raise disagreement(what, "write a number above 0 as m")
        if self.kind in {"logicle", "hyperlog"} and not (
            0 <= self.w <= self.m / 2 and -self.w <= self.a <= self.m - 2 * self.w
        ):
            what = f"{self.kind}: W must lie in [0, M/2] and A in [-W, M - 2W]"
            raise disagreement(what, f"write w of at most {self.m / 2:g}, and a within its limits")
        if self.kind == "biex" and not (
            -(10 ** min(2 * self.m, 300)) < self.w <= -1 and self.a >= 0
        ):
            what = "biex: w must be -1 or less, above -10^(2m), and a 0 or more"
            raise disagreement(what, "write FlowJo's width basis as w, -10 for example")
        if self.kind != "biex" and self.w < 0:
            raise disagreement(f"{self.kind}: W must not be negative", "write 0 or more as w")
        return self


class DimensionSpec(Strict):
    """A dimension that gates call by a name.

    Attributes
    ----------
    channel : str
        A marker of the template, a scatter channel, else ``$PnN`` or ``$PnS`` of the tube.
    matrix : str
        ``tube`` for the tube's own, the name of one of the template's, or empty: as measured.
    scale : ScaleSpec, optional
        Left out for linear values.
    over : str
        Of a ratio, the channel below the line.
    a, b, c : float
        Of a ratio: ``a * ((channel - b) / (over - c))``.
    """

    channel: str = Field(min_length=1)
    matrix: str = ""
    scale: ScaleSpec | None = None
    over: str = ""
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0

    @property
    def channels(self) -> tuple[str, ...]:
        """One channel, or the two of a ratio."""
        return (self.channel, self.over) if self.over else (self.channel,)

    @model_validator(mode="after")
    def _ratio_or_not(self) -> DimensionSpec:
        if not self.over and (self.a, self.b, self.c) != (1.0, 0.0, 0.0):
            what = "a, b and c belong to a ratio, and there is no channel below the line"
            raise disagreement(what, "add over: CHANNEL, or leave a, b and c out")
        return self


class MatrixSpec(Strict):
    """A spillover matrix that the template brings along.

    Attributes
    ----------
    detectors : tuple of str
        ``$PnN``, in the order of the matrix.
    values : tuple of tuple of float
        Row *i* is the spectrum of the fluorochrome of detector *i*.
    """

    detectors: tuple[str, ...] = Field(min_length=1)
    values: tuple[tuple[float, ...], ...]

    @model_validator(mode="after")
    def _usable(self) -> MatrixSpec:
        n = len(self.detectors)
        if len(self.values) != n or any(len(row) != n for row in self.values):
            what = f"a matrix of {n} detectors needs {n} rows of {n} values"
            raise disagreement(what, "give a value for each pair of detectors")
        if len(set(self.detectors)) != n:
            raise disagreement("a detector is named twice", "name each detector once")
        if np.linalg.matrix_rank(np.array(self.values)) < n:
            what = "the matrix cannot be inverted"
            raise disagreement(what, "export it again where it comes from")
        return self
