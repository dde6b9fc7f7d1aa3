"""What a person should know of a placement: the findings that `place` hands on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cytomon.gating.axes import Axes
from cytomon.gating.lint import candidates
from cytomon.gating.schema import TemplateSpec
from cytomon.gating.steady import FEWEST_EVENTS
from cytomon.model.findings import Finding, Severity
from cytomon.model.gating import PlacedGate


def stand_ins(spec: TemplateSpec, roles: Mapping[str, str], where: str) -> Iterator[Finding]:
    """Nuclei that had to be taken by scatter."""
    preferred = candidates(spec.roles.get("nucleated", ("",)))[0]
    if "blasts" in spec.roles and preferred != roles.get("nucleated", ""):
        yield Finding(
            code="NUCLEATED_BY_SCATTER",
            severity=Severity.INFO,
            what="without a nuclear dye nucleated cells are taken by scatter; "
            "erythroid debris enlarges the denominator and lowers MRD",
            where=where,
            fix="compare with results of the same method only",
        )


def uncompensated(axes: Axes, where: str) -> Iterator[Finding]:
    """Markers that are gated as measured."""
    names = axes.uncompensated()
    if names:
        yield Finding(
            code="MARKER_UNCOMPENSATED",
            severity=Severity.WARNING,
            what=f"the spillover matrix lacks the detectors of {', '.join(names)}; they are gated "
            "as measured",
            where=where,
            fix="export the tube with its whole compensation ($SPILLOVER)",
        )


def not_judged(where: str) -> Finding:
    """A run of which nobody can say that it was steady."""
    return Finding(
        code="RUN_NOT_JUDGED",
        severity=Severity.WARNING,
        what="whether the run was steady cannot be seen: it has fewer than "
        f"{FEWEST_EVENTS} events, or its clock stands still; all of it is kept",
        where=where,
        fix="look at the run over time",
    )


def moved_badly(gates: Sequence[PlacedGate], where: str) -> Iterator[Finding]:
    """Boundaries that fell back to their start, or were stopped by their leash."""
    for gate in gates:
        for bound in gate.bounds:
            if bound.fallback:
                yield Finding(
                    code="GATE_FALLBACK",
                    severity=Severity.WARNING,
                    what=f"{gate.name}: {bound.where} stays at its start {bound.start:g}: "
                    f"{bound.reason}",
                    where=where,
                    fix="look at this gate; compare it with the patient's last approved tube or "
                    "the batch control",
                )
            elif bound.at_leash:
                yield Finding(
                    code="GATE_AT_LEASH",
                    severity=Severity.WARNING,
                    what=f"{gate.name}: {bound.where} was stopped by its leash at "
                    f"{bound.value:g} (start {bound.start:g})",
                    where=where,
                    fix="look at this gate and at the instrument's settings",
                )


def fixed(gates: Sequence[PlacedGate], where: str) -> Iterator[Finding]:
    """Gates whose place did not come from this tube."""
    names = [g.name for g in gates if g.bounds and all(b.method == "fixed" for b in g.bounds)]
    if names:
        yield Finding(
            code="GATE_FIXED",
            severity=Severity.INFO,
            what=f"{len(names)} gates stand where the template puts them: {', '.join(names)}",
            where=where,
            fix="nothing to do; where a result surprises, look at these gates first",
        )
