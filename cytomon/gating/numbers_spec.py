"""One number of a gate, as a template writes it: where it starts and how it finds its place."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

Span = tuple[float, float]


def disagreement(what: str, fix: str) -> PydanticCustomError:
    """Refuse fields that are sound alone and not together; `fix` says what to write."""
    return PydanticCustomError("disagreement", "{what}", {"what": what, "fix": fix})


class Strict(BaseModel):
    """What every part of a template is: frozen, finite, and without keys that nobody knows."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Bound(Strict):
    """One number of a gate that finds its place in the tube.

    Attributes
    ----------
    start : float
        The literature's position, and the fallback.
    by : str
        ``fixed``, ``valley``, ``ref_neg`` or ``ref_pos``.
    of : str
        Reference population; for a valley the parent gate where left empty.
    leash : tuple of float
        The position stays within these two numbers.
    window : tuple of float, optional
        Where a valley's two modes are looked for; the leash widened by its own width where empty.
    plus : float
        Added to what was found, before the leash.
    sd : float, optional
        For `ref_neg` and `ref_pos`: median plus or minus so many robust SD instead of the rule.
    percentile : float
        For `ref_pos`: the lower percentile of the reference.
    least : int
        Fewest reference events.
    """

    start: float
    by: Literal["fixed", "valley", "ref_neg", "ref_pos"] = "fixed"
    of: str = ""
    leash: Span | None = None
    window: Span | None = None
    plus: float = 0.0
    sd: float | None = Field(default=None, gt=0)
    percentile: float = Field(default=2.5, gt=0, lt=50)
    least: int = Field(default=50, ge=50)

    @model_validator(mode="after")
    def _complete(self) -> Bound:
        if self.by != "fixed" and self.leash is None:
            what = f"a bound placed by {self.by} needs a leash: [least, most]"
            raise disagreement(what, "add leash: [least, most] around the start")
        if self.by in {"ref_neg", "ref_pos"} and not self.of:
            what = f"a bound placed by {self.by} needs a reference population: of: NAME"
            raise disagreement(what, "add of: and the name of a gate above")
        if self.leash and not self.leash[0] <= self.start <= self.leash[1]:
            what = f"the start {self.start} lies outside the leash {list(self.leash)}"
            raise disagreement(what, "write the leash as [least, most], with the start between")
        if self.window and not self.window[0] < self.window[1]:
            what = f"the window {list(self.window)} is empty"
            raise disagreement(what, "write the lower end first")
        if self.window and self.leash and not _contains(self.window, self.leash):
            what = f"the window {list(self.window)} does not contain the leash {list(self.leash)}"
            raise disagreement(what, "widen the window: both modes beside the valley lie in it")
        return self


def _contains(outer: Span, inner: Span) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _kind_of_number(value: object) -> str:
    return "placed" if isinstance(value, (dict, Bound)) else "plain"


Number = Annotated[
    Annotated[Bound, Tag("placed")] | Annotated[float, Tag("plain")],
    Discriminator(_kind_of_number),
]


class Side(Strict):
    """The two ends of one dimension; an end left out is open."""

    low: Number | None = None
    high: Number | None = None

    @model_validator(mode="after")
    def _not_open(self) -> Side:
        if self.low is None and self.high is None:
            what = "a dimension needs a low or a high end"
            raise disagreement(what, "add low: or high:")
        low, high = (end.start if isinstance(end, Bound) else end for end in (self.low, self.high))
        if low is not None and high is not None and low >= high:
            what = f"the low end {low:g} lies above its high end {high:g}"
            raise disagreement(what, "write the smaller number as low")
        return self
