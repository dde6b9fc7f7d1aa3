"""How many events of each population a tube holds."""

from __future__ import annotations

import numpy as np

from cytomon.simulate.plan import TubePlan
from cytomon.simulate.populations import (
    GRANULOCYTES,
    HEMATOGONES,
    MIXED_BLASTS,
    frequencies,
    is_blast,
)

LARGE = 0.01
CONCENTRATION = 150.0
LOG_SD = 0.5


def blast_fractions(plan: TubePlan) -> dict[str, float]:
    """Expected fraction of each blast population.

    Raises
    ------
    ValueError
        If a named population is not leukaemic.
    """
    if plan.blasts is None:
        whole = frequencies(plan.state)[MIXED_BLASTS]
        return {"blast_typical": whole} if whole else {}
    strangers = [name for name in plan.blasts if not is_blast(name)]
    if strangers:
        msg = f"not blast populations: {strangers}"
        raise ValueError(msg)
    return dict(plan.blasts)


def draw_counts(plan: TubePlan, rng: np.random.Generator) -> dict[str, int]:
    """Draw the number of viable nucleated singlets of each population.

    The blasts keep their expected fraction whatever else the plan does; all other populations
    share the rest.
    """
    normal = _normal_fractions(plan, rng)
    n_events = _n_events(plan, rng)
    blasts = blast_fractions(plan)
    names = [*normal, *blasts]
    rest = 1.0 - sum(blasts.values())
    total = sum(normal.values())
    shares = [*(rest * value / total for value in normal.values()), *blasts.values()]
    counts = rng.multinomial(n_events, np.asarray(shares) / np.sum(shares))
    return {name: int(count) for name, count in zip(names, counts, strict=True)}


def _normal_fractions(plan: TubePlan, rng: np.random.Generator) -> dict[str, float]:
    fractions = _without_blasts(plan.state)
    if plan.age_years is not None:
        factor = 1.5 if plan.age_years < 4 else 0.5 if plan.age_years > 15 else 1.0
        fractions |= {name: factor * fractions[name] for name in HEMATOGONES}
    if plan.variation.frequencies:
        fractions = _varied(fractions, rng)
    diluted = _dilution(plan, rng)
    if diluted:
        blood = _without_blasts(_blood_of(plan.state))
        fractions = {
            name: (1 - diluted) * value + diluted * blood[name] for name, value in fractions.items()
        }
    if _may_be_poor(plan) and rng.random() < 0.25:
        fractions |= {name: fractions[name] / 3 for name in GRANULOCYTES}
    return fractions


def _without_blasts(state: str) -> dict[str, float]:
    fractions = {name: value for name, value in frequencies(state).items() if name != MIXED_BLASTS}
    total = sum(fractions.values())
    return {name: value / total for name, value in fractions.items()}


def _varied(fractions: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    """Large populations by a Dirichlet law, small ones log-normally around their median."""
    large = [name for name, value in fractions.items() if value >= LARGE]
    share = sum(fractions[name] for name in large)
    expected = np.array([fractions[name] / share for name in large])
    drawn = share * rng.dirichlet(CONCENTRATION * expected)
    factors = rng.lognormal(0.0, LOG_SD, len(fractions))
    varied = {
        name: value * float(factor)
        for (name, value), factor in zip(fractions.items(), factors, strict=True)
    }
    return varied | {name: float(value) for name, value in zip(large, drawn, strict=True)}


def _dilution(plan: TubePlan, rng: np.random.Generator) -> float:
    if not plan.state.startswith("BM_"):
        return 0.0
    if plan.hemodilution is not None:
        return plan.hemodilution
    return float(rng.beta(2, 12)) if plan.realism.cellularity else 0.0


def _blood_of(marrow: str) -> str:
    others = {"BM_norm_child": "PB_m6_recovered", "BM_overt_relapse": "PB_m3_BCA"}
    return others.get(marrow, marrow.replace("BM_", "PB_", 1))


def _may_be_poor(plan: TubePlan) -> bool:
    return plan.realism.cellularity and plan.state == "BM_d28_BCA"


def _n_events(plan: TubePlan, rng: np.random.Generator) -> int:
    if _may_be_poor(plan) and rng.random() < 0.3:
        return max(1, int(plan.n_events / rng.uniform(3, 10)))
    return plan.n_events
