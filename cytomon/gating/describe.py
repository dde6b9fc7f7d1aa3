"""A gate tree as text: what a template asks for, or where its gates stand in one tube."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from cytomon.gating.lint import candidates, produced
from cytomon.gating.numbers_spec import Bound
from cytomon.gating.schema import (
    BooleanGate,
    BoxGate,
    EllipseGate,
    EllipsoidGate,
    EnvelopeGate,
    GateSpec,
    PolygonGate,
    QuadrantGate,
    ScoreGate,
)
from cytomon.gating.template import Template
from cytomon.model.gating import Boolean, Envelope, PlacedGate, Score
from cytomon.model.results import TubeResult


def describe_template(template: Template) -> str:
    """Title, markers, limits and gate tree of a template."""
    spec = template.spec
    roles = defaultdict(list)
    for role, names in spec.roles.items():
        roles[candidates(names)[0]].append(role)
    lines = {gate.name: _said(gate) + _role(roles.get(gate.name)) for gate in spec.gates}
    steps = [(gate.name, gate.parent) for gate in spec.gates]
    for gate in spec.gates:
        if isinstance(gate, QuadrantGate | EnvelopeGate):
            steps += [(name, gate.name) for name in produced(gate)]
            lines |= {name: _role(roles.get(name)).strip() for name in produced(gate)}
    tree = _tree(steps, lines)
    limits = spec.limits
    return "\n".join(
        [
            f"{spec.name} {spec.version}: {spec.title}",
            f"  sha256    {template.sha256}",
            f"  specimen  {spec.specimen.value}",
            f"  required  {' '.join(spec.markers.required) or '-'}",
            f"  optional  {' '.join(spec.markers.optional) or '-'}",
            f"  limits    LOD {limits.lod_events} events, LOQ {limits.loq_events} events, "
            f"threshold {limits.threshold:g}",
            f"  measures  {' '.join(spec.quantities) or 'nothing; it counts populations'}",
            "",
            *tree,
            "",
            *(f"  [{number}] {text}" for number, text in enumerate(spec.literature, start=1)),
        ]
    )


def describe_placed(result: TubeResult) -> str:
    """Gate tree of one tube: count, share of the parent, and each number with its method."""
    counts = {population.path[-1]: population for population in result.populations}
    lines = {}
    for gate in result.placement.gates:
        share = counts[gate.name].fraction_of_parent
        percent = "0 of 0" if share is None else f"{100 * share:.4g} %"
        lines[gate.name] = f"{counts[gate.name].count}  {percent}  {_place(gate)}"
    tree = _tree([(gate.name, gate.parent) for gate in result.placement.gates], lines)
    head = f"{result.file}: {result.placement.template} {result.placement.version}"
    said = [f"  {finding.code}: {finding.what}" for finding in result.findings]
    return "\n".join([head, "", *tree, "", *said])


def _tree(gates: Sequence[tuple[str, str]], lines: Mapping[str, str]) -> Iterator[str]:
    children: dict[str, list[str]] = defaultdict(list)
    for name, parent in gates:
        children[parent].append(name)

    def walk(name: str, indent: str) -> Iterator[str]:
        below = children[name]
        for position, child in enumerate(below):
            last = position == len(below) - 1
            yield f"{indent}{'└─ ' if last else '├─ '}{child}  {lines[child]}"
            yield from walk(child, indent + ("   " if last else "│  "))

    yield "all events"
    yield from walk("", "")


def _said(gate: GateSpec) -> str:
    return f"not ({_rule(gate)})" if getattr(gate, "complement", False) else _rule(gate)


def _rule(gate: GateSpec) -> str:
    match gate:
        case BoxGate(bounds=bounds):
            return ", ".join(
                f"{name} {sign} {_number(number)}"
                for name, side in bounds.items()
                for sign, number in (("≥", side.low), ("<", side.high))
                if number is not None
            )
        case BooleanGate() | ScoreGate() | EnvelopeGate():
            return _combination(gate)
        case QuadrantGate(dividers=dividers):
            return " × ".join(f"{name} at {_number(n)}" for name, n in dividers.items())
        case PolygonGate(on=on) | EllipseGate(on=on) | EllipsoidGate(on=on):
            return f"{gate.kind} on {' × '.join(on)}"
        case _:
            return "steady parts of the run"


def _combination(gate: BooleanGate | ScoreGate | EnvelopeGate) -> str:
    match gate:
        case BooleanGate(all=every, any=some, none=none):
            parts = [*every, *(f"not {name}" for name in none)]
            if some:
                parts.append(f"any of ({', '.join(some)})")
            return " and ".join(parts)
        case ScoreGate(terms=terms, at_least=at_least):
            evidence = ", ".join(f"{name} {weight:g}" for name, weight in terms.items())
            return f"evidence ≥ {at_least:g} of {evidence}"
        case EnvelopeGate(reference=reference, populations=populations):
            made = (f"{name} = {', '.join(holds)}" for name, holds in populations.items())
            return f"what explains each event, by reference {reference}: {'; '.join(made)}"


def _number(number: Bound | float) -> str:
    if not isinstance(number, Bound):
        return f"{number:g}"
    if number.by == "fixed" or number.leash is None:
        return f"{number.start:g}"
    of = f" of {number.of}" if number.of else ""
    plus = f" {number.plus:+g}" if number.plus else ""
    low, high = number.leash
    return f"{number.start:g} [{number.by}{of}{plus}, leash {low:g} to {high:g}]"


def _role(roles: Sequence[str] | None) -> str:
    return f"  ← {', '.join(roles)}" if roles else ""


def _place(gate: PlacedGate) -> str:
    if isinstance(gate.shape, Boolean | Score | Envelope):
        return ""
    said = []
    for bound in gate.bounds:
        note = "fallback" if bound.fallback else "at its leash" if bound.at_leash else bound.method
        said.append(f"{bound.where} {bound.value:.4g} ({note})")
    return ", ".join(said)
