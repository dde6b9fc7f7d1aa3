"""`cytomon reference`: what normal marrow looks like, learned from tubes and shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from cytomon.gating.envelope.reference import CloudSpec, ReferenceSpec
    from cytomon.reference.donors import Source
    from cytomon.reference.learn import Built

FAR = 0.3
"""A centre that moved so far on L asks for a look."""
Said = TypeVar("Said", str, tuple[str, ...])

app = typer.Typer(help="Build and show references of normal marrow.", no_args_is_help=True)


@app.command("build")
def build(
    name: Annotated[str, typer.Option(help="Of the reference; its file is NAME.yaml.")],
    version: Annotated[str, typer.Option(metavar="X.Y.Z", help="Of the reference.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="references/NAME.yaml.")],
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="INPUT...", help="Tubes of normal marrow, or folders of them."),
    ] = None,
    template: Annotated[
        str, typer.Option(metavar="NAME", help="For all tubes; else by their panel.")
    ] = "",
    start: Annotated[
        str,
        typer.Option("--from", metavar="REFERENCE", help="Name or file to begin with."),
    ] = "marrow",
    mapping: Annotated[
        Path | None, typer.Option(metavar="CSV", help="detector,marker: overrides the files.")
    ] = None,
    simulated: Annotated[
        int, typer.Option(min=0, metavar="N", help="So many simulated tubes of each panel instead.")
    ] = 0,
    panel: Annotated[
        list[str] | None,
        typer.Option(help="Of simulated tubes; b_all_mrd and both of EuroFlow when left out."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Of the first simulated tube; each has the next.")
    ] = 700,
    events: Annotated[
        int, typer.Option(min=1, metavar="N", help="Nucleated cells of a simulated tube.")
    ] = 200_000,
    jobs: Annotated[
        int, typer.Option(min=0, metavar="N", help="Processes; 0 for one on each processor.")
    ] = 0,
) -> int:
    """Learn a reference from tubes of normal or regenerating marrow, each of another child.

    Tubes with leukaemic events are refused. What too few tubes show keeps the numbers of the
    reference to begin with. The file holds medians and spreads, never an event or a name.
    Exit code 0: done. 1: some tubes were refused. 2: wrong usage, or too few tubes.
    """
    from cytomon.cli.batch import processes
    from cytomon.cli.talk import Talk, counted
    from cytomon.reference.build import Wanted, read_start
    from cytomon.reference.build import build as build_reference

    sources = _sources(inputs or [], template, mapping, _plan(simulated, panel, seed, events))
    wanted = Wanted(name=name, version=version, out=out, start=start)
    before = read_start(start)[0]
    talk = Talk()
    with talk.steps(len(sources)) as step:
        built = build_reference(
            sources,
            wanted,
            workers=processes(jobs),
            report=lambda seen: step(seen.tube, seen.refused or "measured"),
        )
    _say(talk.say, built)
    _table(built.spec, before)
    talk.say(f"{counted(len(built.donors))}, {len(built.refused)} refused; look at {out}")
    return 1 if built.refused else 0


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Name of a reference, or path of its file.")],
    start: Annotated[
        str, typer.Option("--from", metavar="REFERENCE", help="Name or file to compare with.")
    ] = "marrow",
) -> int:
    """Show what a reference is made of, and how far it lies from another one."""
    from cytomon.reference.build import read_start

    spec = read_start(name)[0]
    typer.echo(f"{spec.name} {spec.version}: {spec.title}\nmade of {spec.made_of}")
    _table(spec, read_start(start)[0])
    return 0


def _plan(n_tubes: int, panels: list[str] | None, seed: int, events: int) -> Sequence[Source]:
    from cytomon.cli.simulate import one_of
    from cytomon.reference.donors import PANELS, plan_simulated
    from cytomon.simulate.panels import PANELS as KNOWN

    wanted = [one_of(panel, tuple(KNOWN), "--panel") for panel in panels or PANELS]
    return plan_simulated(n_tubes, seed=seed, events=events, panels=wanted)


def _sources(
    inputs: list[Path], template: str, mapping: Path | None, simulated: Sequence[Source]
) -> Sequence[Source]:
    from cytomon.errors import InputError
    from cytomon.fcs.panel import read_mapping
    from cytomon.reference.donors import find_files
    from cytomon.soundness import load_template

    if bool(inputs) == bool(simulated):
        raise InputError(
            "a reference is built from tubes or from simulated tubes",
            where="INPUT and --simulated" if inputs else "INPUT",
            fix="name tubes or folders of tubes, or else give --simulated N",
        )
    if simulated:
        return simulated
    if template:
        load_template(template)
    own = read_mapping(mapping) if mapping else None
    return find_files(inputs, template=template, mapping=own)


def _say(say: Callable[[str], None], built: Built) -> None:
    """What was not learned, and why: a line for each reason, not for each population."""
    from cytomon.reference.learn import FEWEST_EVENTS, FEWEST_TUBES, precursors

    for seen in built.refused:
        say(f"refused: {seen.tube}: {seen.refused}")
    counts = {donor.tube: precursors(donor, built.spec) for donor in built.donors}
    few = [f"{tube} ({n})" for tube, n in counts.items() if n < FEWEST_EVENTS]
    if few:
        say(
            f"hardly any precursors of B cells, as in blood and in aplasia; is it marrow? "
            f"{', '.join(few)}"
        )
    for reason, clouds in _by_value(built.kept).items():
        say(f"kept as it was: {', '.join(clouds)}: {reason}")
    n_learned = len(built.spec.normal) - len(built.kept)
    for axes, clouds in _by_value(built.axes_kept).items():
        where = "every population" if len(clouds) == n_learned else ", ".join(clouds)
        say(
            f"kept as they were: {', '.join(axes)} in {where}: fewer than {FEWEST_TUBES} of the "
            "tubes that show it have these markers in their panel"
        )


def _by_value(named: Mapping[str, Said]) -> dict[Said, list[str]]:
    groups: dict[Said, list[str]] = {}
    for name, value in named.items():
        groups.setdefault(value, []).append(name)
    return groups


def _table(spec: ReferenceSpec, before: ReferenceSpec) -> None:
    from rich.console import Console
    from rich.table import Table

    against = f"moved against {before.name} {before.version}, on L"
    table = Table("population", "tubes", "events", against, box=None, pad_edge=False)
    for name, cloud in spec.normal.items():
        how = _moved(before.normal[name], cloud) if name in before.normal else "new"
        table.add_row(name, str(cloud.tubes), str(cloud.events), how)
    console = Console(highlight=False, markup=False)
    console.print(table)
    console.print(f"!: {FAR:g} L or more; without it, the marker that moved most", soft_wrap=True)


def _moved(before: CloudSpec, after: CloudSpec) -> str:
    """Every marker that moved far, or else the one that moved most."""
    from cytomon.reference.learn import moves

    found = moves(before, after)
    far = [f"{marker} {by:+.2f}" for marker, by in found.items() if abs(by) >= FAR]
    if far:
        return f"! {', '.join(far)}"
    marker, by = next(iter(found.items()))
    return f"{marker} {by:+.2f}" if by else ""
