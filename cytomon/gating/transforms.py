"""Scales of gate dimensions, by FlowKit's own transforms.

Those of GatingML are FlowUtils' functions, which FlowKit's transforms call and nothing else: they
are called here without FlowKit, which takes longer to load than a small tube to gate.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from cytomon.model.gating import Scale

if TYPE_CHECKING:
    from cytomon.model.tube import FloatArray


@lru_cache(maxsize=256)
def _flowkit_transform(scale: Scale) -> Any:  # noqa: ANN401  (FlowKit carries no types)
    from flowkit import transforms

    kinds: dict[str, Callable[[], Any]] = {
        "linear": lambda: transforms.LinearTransform(scale.t, scale.a),
        "log": lambda: transforms.LogTransform(scale.t, scale.m),
        "asinh": lambda: transforms.AsinhTransform(scale.t, scale.m, scale.a),
        "logicle": lambda: transforms.LogicleTransform(scale.t, scale.w, scale.m, scale.a),
        "hyperlog": lambda: transforms.HyperlogTransform(scale.t, scale.w, scale.m, scale.a),
        "biex": lambda: transforms.WSPBiexTransform(scale.a, scale.w, scale.m, scale.t),
        "flowjo_log": lambda: transforms.WSPLogTransform(scale.t, scale.m),
    }
    if scale.kind not in kinds:
        msg = f"unknown scale {scale.kind!r}"
        raise ValueError(msg)
    return kinds[scale.kind]()


@lru_cache(maxsize=256)
def _forward(scale: Scale) -> Callable[[FloatArray], FloatArray]:
    from flowutils import transforms

    match scale:
        case Scale(kind="linear", t=t, a=a):
            return lambda x: (x + a) / (t + a)
        case Scale(kind="log", t=t, m=m):
            return partial(transforms.log, channel_indices=None, t=t, m=m)
        case Scale(kind="asinh", t=t, m=m, a=a):
            return partial(transforms.asinh, channel_indices=None, t=t, m=m, a=a)
        case Scale(kind="logicle" | "hyperlog" as kind, t=t, m=m, w=w, a=a):
            curve = getattr(transforms, kind)
            return partial(curve, channel_indices=None, t=t, m=m, w=w, a=a)
    return _flowkit_transform(scale).apply  # type: ignore[no-any-return]


def to_scale(values: FloatArray, scale: Scale | None) -> FloatArray:
    """Values on a gate's scale.

    Parameters
    ----------
    values : ndarray of float64, shape (n_events,)
        Compensated linear values.
    scale : Scale or None
        None returns the values as they are.

    Returns
    -------
    ndarray of float64, shape (n_events,)
        Not finite where a logarithmic scale has no place for the value.
    """
    if scale is None:
        return values
    column = np.ascontiguousarray(values, dtype=np.float64)[:, np.newaxis]
    # a logarithm has no value at zero and below; gates and references leave such events out
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(_forward(scale)(column), dtype=np.float64)[:, 0]


def from_scale(values: FloatArray, scale: Scale | None) -> FloatArray:
    """Linear values of places on a scale, as near as FlowKit's inverse comes to them.

    Parameters
    ----------
    values : ndarray of float64, shape (n_values,)
        On the scale.
    scale : Scale or None
        None returns the values as they are.
    """
    if scale is None:
        return values
    column = np.ascontiguousarray(values, dtype=np.float64)[:, np.newaxis]
    with np.errstate(all="ignore"):
        return np.asarray(_flowkit_transform(scale).inverse(column), dtype=np.float64)[:, 0]
