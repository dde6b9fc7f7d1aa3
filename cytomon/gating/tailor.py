"""A template cut to one tube: what its panel can't answer is left out, and said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from cytomon.gating.evaluate import ROUNDING
from cytomon.gating.lint import channels, dimensions, produced, references
from cytomon.gating.schema import BooleanGate, EnvelopeGate, GateSpec, ScoreGate, TemplateSpec
from cytomon.model.findings import Finding, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Tailored:
    """The gates that a tube can answer.

    Attributes
    ----------
    gates : tuple of GateSpec
        With parents and operands that all exist.
    stands_for : mapping of str to str
        Name of a template's gate to the one that answers for it in this tube.
    findings : tuple of Finding
        One for all gates left out.
    """

    gates: tuple[GateSpec, ...]
    stands_for: Mapping[str, str]
    findings: tuple[Finding, ...]


def tailor(spec: TemplateSpec, columns: Set[str], *, where: str) -> Tailored:
    """Leave out the gates whose optional markers the tube does not have.

    Parameters
    ----------
    spec : TemplateSpec
        The template.
    columns : set of str
        Canonical markers and scatter channels of the tube.
    where : str
        The tube, for the finding.

    Notes
    -----
    A gate that is passed hands its children to its parent. A gate that is dropped takes with it
    every gate that cannot do without it: its children, a boolean gate that needs it, a score that
    can no longer be reached. What a boolean gate excludes may be absent, unless the gate itself is
    dropped with it.
    """
    stands_for: dict[str, str] = {"": ""}
    kept: list[GateSpec] = []
    missing: set[str] = set()
    left_out: list[str] = []
    for gate in spec.gates:
        if gate.unless and stands_for.get(gate.unless) == gate.unless:
            continue
        absent = _absent(gate, spec, columns)
        missing |= absent
        fitted = None if absent else _fit(gate, stands_for)
        if fitted is not None:
            kept.append(fitted)
            stands_for |= {name: name for name in produced(gate)}
            continue
        left_out.append(gate.name)
        if gate.optional == "pass" and gate.parent in stands_for:
            stands_for[gate.name] = stands_for[gate.parent]
    return Tailored(
        gates=tuple(kept),
        stands_for=stands_for,
        findings=tuple(_say(left_out, missing, where)),
    )


def _absent(gate: GateSpec, spec: TemplateSpec, columns: Set[str]) -> set[str]:
    needed = {name for dimension in dimensions(gate) for name in channels(dimension, spec)}
    return needed - set(columns)


def _fit(gate: GateSpec, stands_for: dict[str, str]) -> GateSpec | None:
    changes = _without_missing(gate, stands_for) if gate.parent in stands_for else None
    if changes is None:
        return None
    return gate.model_copy(update={"parent": stands_for[gate.parent], **changes})


def _without_missing(gate: GateSpec, stands_for: dict[str, str]) -> dict[str, object] | None:
    """What a gate still refers to; None where it can't do without what is missing."""
    match gate:
        case BooleanGate():
            return _operands(gate, stands_for)
        case ScoreGate():
            terms = {name: weight for name, weight in gate.terms.items() if name in stands_for}
            return {"terms": terms} if sum(terms.values()) >= gate.at_least - ROUNDING else None
        case EnvelopeGate():
            lineage = _present(gate.lineage, stands_for)
            immature = _present(gate.immature, stands_for)
            if not lineage or gate.of not in stands_for:
                return None
            return {"of": stands_for[gate.of], "lineage": lineage, "immature": immature}
        case _:
            return {} if all(name in stands_for for name in references(gate)) else None


def _operands(gate: BooleanGate, stands_for: dict[str, str]) -> dict[str, object] | None:
    every, some = _present(gate.all, stands_for), _present(gate.any, stands_for)
    none = _present(gate.none, stands_for)
    needs_all = gate.optional == "drop" and len(none) < len(gate.none)
    if needs_all or len(every) < len(gate.all) or (gate.any and not some):
        return None
    return {"all": every, "any": some, "none": none}


def _present(names: Iterable[str], stands_for: dict[str, str]) -> tuple[str, ...]:
    return tuple(name for name in names if stands_for.get(name) == name)


def _say(left_out: list[str], missing: set[str], where: str) -> Iterator[Finding]:
    if left_out:
        yield Finding(
            code="GATE_LEFT_OUT",
            severity=Severity.INFO,
            what=f"without {', '.join(sorted(missing))} the gates {', '.join(left_out)} "
            "are left out",
            where=where,
            fix="nothing, if the panel has no such marker; else name it in a mapping file",
        )
