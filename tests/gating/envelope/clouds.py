"""References, designs and questions for the tests of envelopes: small, and changed at will."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from cytomon.gating.envelope.design import SCATTER
from cytomon.gating.envelope.mixture import FREEDOM, Design, State, begin
from cytomon.gating.envelope.reference import load_reference
from cytomon.gating.envelope.study import Question
from cytomon.model.normal import Cloud, Leash, Reference

MARROW = load_reference("marrow")
AXES = tuple(axis for axis in MARROW.axes if axis not in {"CD81", "CD73+CD304"})
"""As the tube of fifteen markers has them, two scatters included."""
STAGES = ("hematogone_I", "hematogone_II", "hematogone_III")
LINEAGE = {"CD19": 1.6, "CD22": 1.6, "CD24": 1.6, "CD10": 1.6, "cyCD79a": 1.6}


def design(start: Sequence[Sequence[float]], **changes: object) -> Design:
    """Normal clouds of width 0.3 that are no stages, and one pattern far from all of them."""
    centres = np.array(start, dtype=np.float64)
    n_stages, n_axes = centres.shape
    made = Design(
        blend=np.eye(n_stages),
        stride=np.zeros((n_stages, n_axes)),
        start=centres,
        start_spread=np.full((n_stages, n_axes), 0.3),
        pattern=np.full((1, n_axes), 5.0),
        pattern_spread=np.full((1, n_axes), 0.3),
        usual=0.22,
        most=0.6,
        widest=1.6,
        leukaemic=0.5,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def resting(made: Design, n_events: float = 1000.0) -> State:
    return begin(made, n_events)


def drawn(
    rng: np.random.Generator, centre: Sequence[float], n_events: int, spread: float = 0.3
) -> np.ndarray:
    """Events of one cloud with the tails of the model, shape (n_axes, n_events)."""
    middle = np.array(centre, dtype=np.float64)[:, None]
    return middle + spread * rng.standard_t(FREEDOM, (len(middle), n_events))


def cloud(name: str) -> Cloud:
    return next(one for one in (*MARROW.normal, *MARROW.leukaemic) if one.name == name)


def cells(
    rng: np.random.Generator,
    name: str,
    n_events: int,
    moved: Mapping[str, float] | None = None,
) -> np.ndarray:
    """Events of a cloud of the shipped reference on `AXES`; `moved` displaces markers."""
    one = cloud(name)
    columns = []
    for axis in AXES:
        noise = rng.standard_normal(n_events)
        if axis in SCATTER:
            columns.append(one.centre[axis] * np.exp(one.spread[axis] * noise))
        else:
            at = one.centre[axis] + (moved or {}).get(axis, 0.0)
            columns.append(at + one.spread[axis] * noise)
    return np.array(columns)


def question(*parts: np.ndarray, n_whole: int | None = None) -> Question:
    """All of these events, with lineage and immaturity by plain limits."""
    values = np.concatenate([*parts, np.zeros((len(AXES), 0))], axis=1)
    n_events = values.shape[1]
    return Question(
        rows=np.arange(n_events),
        axes=AXES,
        values=values,
        lineage={name: values[AXES.index(name)] > limit for name, limit in LINEAGE.items()},
        immature={"CD34": values[AXES.index("CD34")] > 1.8},
        n_whole=n_whole if n_whole is not None else 100_000,
    )


def small_reference(
    centres: Mapping[str, Sequence[float]], path: Sequence[str] = (), axes: int = 3
) -> Reference:
    """A reference of clouds of width 0.25 on markers M0, M1, ..., with one pattern far away."""
    names = [f"M{number}" for number in range(axes)]

    def at(name: str, centre: Sequence[float]) -> Cloud:
        return Cloud(
            name=name,
            population=name,
            centre=dict(zip(names, centre, strict=True)),
            spread=dict.fromkeys(names, 0.25),
        )

    return Reference(
        name="small",
        version="1.0.0",
        sha256="0" * 64,
        path=tuple(path),
        normal=tuple(at(name, centre) for name, centre in centres.items()),
        leukaemic=(at("pattern", [5.0] * axes),),
        leash=Leash(usual=0.22, most=0.6, widest=1.6, leukaemic=0.5),
    )
