"""What a template means to the rooms that it joins: its quantities, roles and markers.

A template that is sound in itself may still ask for a quantity that nobody measures, or spell a
marker as no tube does. `gating` cannot know, and a tube is too late to find out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from cytomon.errors import TemplateError
from cytomon.fcs.markers import MARKERS, parse_stain
from cytomon.gating import template as templates
from cytomon.gating.lint import Mistake, candidates, find_mistakes
from cytomon.gating.schema import MarkerSpec, TemplateSpec
from cytomon.gating.template import Template
from cytomon.measure.catalogue import CATALOGUE, Quantity
from cytomon.measure.phenotype import KEPT_ROLES
from cytomon.model.gating import Placement

Lines = Mapping[tuple[Any, ...], int]

ALL_EVENTS = "root"
"""The role of all events; every tube fills it."""
_NAMED_ONLY = ("singlets",)
"""Shown with the gate tree, and in no quantity."""
_QUANTITIES = {row.code: row for row in CATALOGUE}
_OF_QUANTITIES = {role for row in CATALOGUE for roles in row.needs for role in roles}
ROLES = frozenset({*_OF_QUANTITIES, *KEPT_ROLES, *_NAMED_ONLY} - {ALL_EVENTS})
"""Every role that a template may fill."""


def check_template(content: bytes, folder: Path | None = None) -> tuple[Mistake, ...]:
    """Every mistake of a template file, in the order of its lines; empty when it is sound.

    Parameters
    ----------
    content : bytes
        Of the file.
    folder : Path, optional
        Of the file, where its own references lie.
    """
    return templates.check_template(content, lint=find_all, folder=folder)


def load_template(name: str) -> Template:
    """A template by its name, or by the path of its file.

    Parameters
    ----------
    name : str
        Name of a template that comes with cytomon, or path.

    Raises
    ------
    TemplateError
        If there is no such template, or its file has mistakes; all of them are named, with lines.
    """
    return templates.load_template(name, lint=find_all)


def find_all(spec: TemplateSpec, lines: Lines) -> Iterator[Mistake]:
    """Every mistake between the parts of a template, and between the template and its readers."""
    spellings = {name: right for name in spec.markers.names if (right := _canonical(name)) != name}
    yield from _misspelt(spec, spellings, lines)
    # the gates may use either spelling: one mistake is enough
    yield from find_mistakes(_with_both(spec, spellings), lines)
    yield from _unknown_roles(spec, lines)
    yield from _unlisted(spec, lines)
    for position, code in enumerate(spec.quantities):
        line = lines.get(("quantities", position), 1)
        if code in spec.quantities[:position]:
            yield Mistake(line, f"quantity {code} is named twice", "leave one out")
            continue
        if code in _QUANTITIES:
            yield from _unfilled(_QUANTITIES[code], spec, line)
            yield from _upside_down(_QUANTITIES[code], spec, line)
        else:
            yield Mistake(line, f"quantity {code!r} is not known", _near(code, _QUANTITIES))


def refuse_overflow(spec: TemplateSpec, placement: Placement, counts: Mapping[str, int]) -> None:
    """Refuse a template whose part is larger than its whole in this tube.

    Parameters
    ----------
    spec : TemplateSpec
        The template.
    placement : Placement
        Its gates in this tube.
    counts : mapping of str to int
        Role to events.

    Raises
    ------
    TemplateError
        Naming both roles and their gates.
    """
    for code in spec.quantities:
        part, whole = _QUANTITIES[code].numerator, _QUANTITIES[code].denominator
        if part in counts and whole in counts and counts[part] > counts[whole]:
            gates = [placement.roles.get(role, "all events") for role in (part, whole)]
            raise TemplateError(
                f"{code} is a fraction of more than one: role {part} (gate {gates[0]}) holds "
                f"{counts[part]} events, role {whole} (gate {gates[1]}) {counts[whole]}",
                where=f"template {spec.name}",
                fix=f"put gate {gates[0]} inside gate {gates[1]}, or give a role another gate",
            )


def _canonical(name: str) -> str:
    """Name as tubes have it; a marker that is not known comes with a mapping, as it is written."""
    read = parse_stain(name)
    return read[0] if read else name


def _misspelt(spec: TemplateSpec, spellings: Mapping[str, str], lines: Lines) -> Iterator[Mistake]:
    for group in ("required", "optional"):
        wrong = [name for name in getattr(spec.markers, group) if name in spellings]
        if wrong:
            yield Mistake(
                lines.get(("markers", group), 1),
                f"markers: no tube will have {', '.join(repr(name) for name in wrong)}",
                "write "
                + ", ".join(f"{spellings[name]} for {name}" for name in wrong)
                + ", here and in the gates",
            )


def _with_both(spec: TemplateSpec, spellings: Mapping[str, str]) -> TemplateSpec:
    required, optional = (
        (*names, *(spellings[name] for name in names if name in spellings))
        for names in (spec.markers.required, spec.markers.optional)
    )
    markers = MarkerSpec(required=required, optional=optional)
    return spec.model_copy(update={"markers": markers})


def _unknown_roles(spec: TemplateSpec, lines: Lines) -> Iterator[Mistake]:
    for role in spec.roles:
        if role not in ROLES:
            line = lines.get(("roles", role), 1)
            yield Mistake(line, f"role {role!r} is in no quantity", _near(role, ROLES))


def _unlisted(spec: TemplateSpec, lines: Lines) -> Iterator[Mistake]:
    """Markers that a named dimension stands on; the template has to ask tubes for them."""
    for name, one in spec.dimensions.items():
        for channel in one.channels:
            if channel in MARKERS and channel not in spec.markers.names:
                line = lines.get(("dimensions", name), 1)
                what = f"dimension {name}: the marker {channel} is not listed"
                yield Mistake(line, what, f"add {channel} to markers, under required")


def _unfilled(quantity: Quantity, spec: TemplateSpec, line: int) -> Iterator[Mistake]:
    for roles in quantity.needs:
        if not {*roles} & {ALL_EVENTS, *spec.roles}:
            yield Mistake(
                line,
                f"quantity {quantity.code} needs the role {' or '.join(roles)}",
                f"name its gate in roles ({roles[0]}: GATE), or leave the quantity out",
            )


def _upside_down(quantity: Quantity, spec: TemplateSpec, line: int) -> Iterator[Mistake]:
    """The whole lies inside its part: one look at the parents is enough."""
    parents = {gate.name: gate.parent for gate in spec.gates}
    part, whole = (
        next(iter(candidates(spec.roles.get(role, ""))), "")
        for role in (quantity.numerator, quantity.denominator)
    )
    if part and part in _ancestors(whole, parents):
        yield Mistake(
            line,
            f"quantity {quantity.code}: gate {whole} (role {quantity.denominator}) lies inside "
            f"gate {part} (role {quantity.numerator})",
            "exchange the gates of the two roles",
        )


def _ancestors(name: str, parents: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    while (name := parents.get(name, "")) and name not in found:
        found.append(name)
    return found


def _near(name: str, known: Mapping[str, object] | frozenset[str]) -> str:
    near = get_close_matches(name.casefold(), sorted(known), n=3)
    return (
        f"did you mean {', '.join(near)}?" if near else f"write one of {', '.join(sorted(known))}"
    )
