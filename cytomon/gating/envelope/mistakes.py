"""What a template's envelope gates name and their references do not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cytomon.errors import TemplateError
from cytomon.gating.envelope.reference import load_reference
from cytomon.gating.lint import Mistake
from cytomon.gating.schema import EnvelopeGate, TemplateSpec

Lines = Mapping[tuple[Any, ...], int]


def find_unknown(spec: TemplateSpec, lines: Lines, folder: Path | None) -> Iterator[Mistake]:
    """References that cannot be read, and populations that a reference does not know.

    Parameters
    ----------
    spec : TemplateSpec
        The template.
    lines : mapping of tuple to int
        Path of each key or entry of its file to its line.
    folder : Path or None
        Of the file, where its own references lie.
    """
    for position, gate in enumerate(spec.gates):
        if isinstance(gate, EnvelopeGate):
            yield from _unknown_to(gate, ("gates", position), lines, folder)


def _unknown_to(
    gate: EnvelopeGate, place: tuple[Any, ...], lines: Lines, folder: Path | None
) -> Iterator[Mistake]:
    try:
        known = load_reference(gate.reference, folder).populations
    except TemplateError as error:
        line = lines.get((*place, "reference"), 1)
        what = f"gate {gate.name}: reference {gate.reference}: {error.what}"
        yield Mistake(line, what, error.fix)
        return
    for name, holds in gate.populations.items():
        for population in holds:
            if population not in known:
                yield Mistake(
                    lines.get((*place, "populations", name), 1),
                    f"gate {name}: the reference {gate.reference} has no population {population!r}",
                    f"write some of {', '.join(known)}",
                )
