"""From counted gates to what the clinical quantities are computed from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cytomon.gating.axes import Axes
from cytomon.gating.count import Counted
from cytomon.gating.schema import TemplateSpec
from cytomon.measure.phenotype import KEPT_ROLES
from cytomon.model.gating import Axis, Placement
from cytomon.model.normal import UNCLEAR
from cytomon.model.patient import Specimen
from cytomon.model.results import Evidence
from cytomon.model.tube import Panel

ANTIGENS = ("CD19", "CD22")
_BOTH_SIDES = ("b_cells", "b_all_cd19")
"""B cells, and all CD19+ lymphocytes: the border between mature and not runs through the second."""
_DOUBTFUL = 0.1


def looked_at(placement: Placement, axes: Axes) -> Iterator[tuple[str, tuple[Axis, ...]]]:
    """Gates whose events are kept, with the axes on which they are looked at."""
    antigens = tuple(axes[marker] for marker in ANTIGENS if marker in axes)
    for role in (*_BOTH_SIDES, *KEPT_ROLES):
        if role in placement.roles:
            yield placement.roles[role], () if role in _BOTH_SIDES else antigens


def evidence_of(
    spec: TemplateSpec, panel: Panel, placement: Placement, counted: Counted, source: Specimen
) -> Evidence:
    """What a tube's counts say, by role.

    Parameters
    ----------
    spec : TemplateSpec
        Limits and what the template cannot see.
    panel : Panel
        Markers of the tube.
    placement : Placement
        Which gate fills which role.
    counted : Counted
        Its counts and kept events.
    source : Specimen
        Where the tube comes from.
    """
    by_gate = {population.path[-1]: population.count for population in counted.populations}
    kept = {
        role: counted.kept[gate] for role, gate in placement.roles.items() if gate in counted.kept
    }
    return Evidence(
        counts={
            "root": counted.n_root,
            **{role: by_gate[gate] for role, gate in placement.roles.items()},
        },
        kept=kept,
        markers=frozenset(panel.columns),
        limits=spec.limits.as_limits(),
        specimen=source,
        gated_on=frozenset(spec.gated_on),
        used=frozenset(panel.columns) & frozenset(spec.markers.names),
        draws=tuple(int(k) for one in counted.jitters.values() for k in one.counts),
        leukaemic=tuple(
            cluster
            for study in counted.examinations.values()
            for cluster in study.clusters
            if not cluster.refused
        ),
        b_boundary=_b_boundary(placement, counted),
    )


def _b_boundary(placement: Placement, counted: Counted) -> tuple[int, int] | None:
    """Fewest and most B cells, had the border to their precursors been drawn elsewhere.

    Fewest: without those that are a precursor with a probability above a tenth. Most: with the
    CD19+ lymphocytes that are none with such a probability, and those that nobody has looked at.
    """
    gates = [placement.roles.get(role, "") for role in _BOTH_SIDES]
    if not counted.examinations or any(gate not in counted.kept for gate in gates):
        return None
    b_cells, all_cd19 = (counted.kept[gate].rows for gate in gates)
    study = next(iter(counted.examinations.values()))
    place = np.searchsorted(study.rows, all_cd19)
    known = place < len(study.rows)
    known[known] = study.rows[place[known]] == all_cd19[known]
    maturing = np.zeros(len(all_cd19))
    maturing[known] = study.maturing[place[known]]
    unclear = np.zeros(len(all_cd19), dtype=np.bool_)
    unclear[known] = study.called[place[known]] == study.names.index(UNCLEAR)
    counts = np.isin(all_cd19, b_cells)
    may_be_less = int(np.count_nonzero(counts & (maturing > _DOUBTFUL)))
    uncertain = (maturing > 0.5) & (maturing < 1 - _DOUBTFUL)
    may_be_more = int(np.count_nonzero(~counts & (uncertain | unclear)))
    return len(b_cells) - may_be_less, len(b_cells) + may_be_more
