"""Gates that are locked: a statistic of theirs is compared between tubes.

Scatter and lineage gates may be tailored to a tube. What decides from where on an antigen counts as
present may not, without a second person: a fraction above a limit that somebody has moved is not
comparable with that of the visit before, nor with another patient's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cytomon.measure.phenotype import KEPT_ROLES
from cytomon.model.gating import Placement

_REFERENCES = tuple(role for role in KEPT_ROLES if role not in {"blasts", "by_eye"})
_LIMIT = "ref_neg"


def locked(placement: Placement) -> Mapping[str, str]:
    """Locked gates of a tube, each with the reason.

    Parameters
    ----------
    placement : Placement
        As the template placed it, without adjustments.

    Returns
    -------
    mapping of str to str
        Gate to why it is locked.
    """
    found: dict[str, str] = {}
    for gate in placement.gates:
        # scatter has no scale: a limit on it says what is a lymphocyte, not what is present
        scaled = {axis.label for axis in gate.axes if axis.scale is not None}
        limits = [one.where.rpartition(" ")[0] for one in gate.bounds if one.method == _LIMIT]
        markers = [marker for marker in limits if marker in scaled]
        if markers:
            found[gate.name] = (
                f"it says from where on {_listed(markers)} counts as present; shares above that "
                "limit are compared between visits"
            )
    for role in _REFERENCES:
        name = placement.roles.get(role)
        if name:
            found[name] = (
                "CD19 and CD22 of the blasts are judged against its events, and the calls are "
                "compared between visits"
            )
    return found


def _listed(names: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(names))
