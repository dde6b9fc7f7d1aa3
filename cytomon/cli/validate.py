"""`cytomon validate`: cytomon measured like an assay."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cytomon.cli.talk import Talk
    from cytomon.validate.rows import TubeRow
    from cytomon.validate.study import Item


class Size(StrEnum):
    """How many tubes are simulated, and how large they are."""

    QUICK = "quick"
    USUAL = "usual"
    FULL = "full"


def validate(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of table and page.")],
    size: Annotated[
        Size, typer.Option(help="Simulated tubes: 30 small ones, about 240, or about 500 large.")
    ] = Size.USUAL,
    events: Annotated[
        int, typer.Option(min=0, metavar="N", help="Nucleated cells of a tube; 0 by the size.")
    ] = 0,
    seed: Annotated[
        int, typer.Option(min=0, help="Of the first tube; every further one has the next.")
    ] = 20_000,
    panel: Annotated[str, typer.Option(help="Panel of the simulated tubes.")] = "b_all_mrd",
    labelled: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="Your own tubes: a folder or list with what is known of each."
        ),
    ] = None,
    dilute: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A real tube to be diluted with itself.")
    ] = None,
    population: Annotated[
        str, typer.Option(help="What is diluted: a gate, or a box as CD10>3,CD19>2,SSC-A<120000.")
    ] = "blasts",
    draws: Annotated[
        int, typer.Option(min=1, metavar="N", help="Mixtures at each level of a dilution.")
    ] = 5,
    template: Annotated[
        str, typer.Option(metavar="NAME", help="For your own tubes; else by their panel.")
    ] = "",
    mapping: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="detector,marker: overrides the files of --labelled."),
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=0, metavar="N", help="Processes; 0 for one on each processor.")
    ] = 0,
    page_only: Annotated[
        bool, typer.Option("--page-only", help="Draw the page anew from the table in DIR.")
    ] = False,
) -> int:
    """Compare results with the truth: simulated tubes, your own labelled ones, or dilutions.

    Writes DIR/validation.csv, a row for each tube, and DIR/validation.html. A run that was
    interrupted goes on where it stopped. Simulated accuracy is not clinical performance.
    Exit code 0: done. 1: some tubes have no result. 2: wrong usage. 3: nothing done.
    """
    from cytomon.cli.batch import processes
    from cytomon.cli.talk import Talk, counted
    from cytomon.validate.answers.limits import blank_limits
    from cytomon.validate.page import remarks, summary, write_page
    from cytomon.validate.study import earlier_rows, no_rows

    talk = Talk()
    if page_only:
        _refuse_beside_page_only(labelled, dilute)
        rows = earlier_rows(out)
    else:
        _refuse_no_folder(out)
        _refuse_mapping_of_nothing(mapping, labelled)
        items: list[Item] = []
        if labelled is None and dilute is None:
            items += _simulated(size, events, seed, panel)
        if labelled is not None:
            items += _own(labelled, template, mapping)
        if dilute is not None:
            items += _diluted(dilute, population, template, draws, seed)
        rows = _run(items, out, talk, processes(jobs))
    if not rows:
        raise no_rows(out)
    page = write_page(out, rows)
    talk.demands(summary(rows))
    talk.answers([*blank_limits(rows), *remarks(rows)])
    failed = sum(bool(row.error) for row in rows)
    talk.say(f"{counted(len(rows))}, {failed} without a result; look at {page}")
    if failed == len(rows):
        return 3
    return 1 if failed else 0


def _run(items: list[Item], out: Path, talk: Talk, workers: int) -> tuple[TubeRow, ...]:
    from cytomon.cli.talk import counted
    from cytomon.validate.page import command_line
    from cytomon.validate.study import plan_study, run_study

    study = plan_study(items, out, command=command_line(sys.argv[1:]))
    if study.kept:
        talk.say(f"{counted(study.kept)} kept from before, {len(study.waiting)} to be measured")
    if study.dropped:
        talk.say(
            f"{counted(study.dropped)} of the same series dropped from the table: the tube, the "
            "code or the list of tubes is another one now, or there was no result"
        )
    with talk.steps(len(study.waiting)) as step:
        return run_study(
            study,
            workers=workers,
            report=lambda row: step(row.tube, row.error or row.status or "measured"),
        )


def _refuse_beside_page_only(labelled: Path | None, dilute: Path | None) -> None:
    from cytomon.errors import InputError

    if labelled is not None or dilute is not None:
        raise InputError(
            "--page-only measures nothing",
            where="--labelled" if labelled is not None else "--dilute",
            fix="leave out --page-only to measure these tubes, or give it alone",
        )


def _refuse_mapping_of_nothing(mapping: Path | None, labelled: Path | None) -> None:
    from cytomon.errors import InputError

    if mapping is not None and labelled is None:
        raise InputError(
            "--mapping is for the tubes of --labelled, and there are none",
            where="--mapping",
            fix="leave it out",
        )


def _refuse_no_folder(out: Path) -> None:
    """Before a tube is opened, and without making the folder: the rest may still be wrong."""
    from cytomon.errors import InputError

    if out.exists() and not out.is_dir():
        raise InputError(
            "a file stands where a folder is expected",
            where=f"--out {out.name}",
            fix="name a folder, or remove the file",
        )


def _simulated(size: Size, events: int, seed: int, panel: str) -> list[Item]:
    from dataclasses import replace

    from cytomon.cli.simulate import one_of
    from cytomon.simulate.panels import PANELS
    from cytomon.validate.design import design_study
    from cytomon.validate.study import Simulated
    from cytomon.validate.suites import SIZES

    one_of(panel, tuple(PANELS), "--panel")
    wanted = SIZES[size.value]
    if events:
        wanted = replace(wanted, events=events)
    cases = design_study(wanted, start=seed, panel=panel)
    return [Simulated(case=case, size=size.value) for case in cases]


def _own(source: Path, template: str, mapping: Path | None) -> list[Item]:
    from cytomon.fcs.panel import read_mapping
    from cytomon.validate.own import find_own

    own = read_mapping(mapping) if mapping else None
    return list(find_own(source, template=template, mapping=own))


def _diluted(path: Path, population: str, template: str, draws: int, seed: int) -> list[Item]:
    from cytomon.validate.dilute import choose, plan_dilutions

    source = choose(path, population, template=template)
    return list(plan_dilutions(source, draws=draws, start=seed))
