"""`cytomon simulate`: tubes and patients with known truth."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from cytomon.cli.stored import DAY
from cytomon.permissions import make_folder

app = typer.Typer(help="Simulate tubes and patients whose truth is known.", no_args_is_help=True)


@app.command("tube")
def tube(
    out: Annotated[Path, typer.Argument(metavar="FILE.fcs", help="The tube; its truth beside it.")],
    state: Annotated[
        str, typer.Option(help="Specimen, a column of the frequency table.")
    ] = "BM_d28_BCA",
    events: Annotated[int, typer.Option(min=1, help="Viable nucleated singlets.")] = 300_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 0,
    blasts: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FRACTION", help="For example blast_typical=0.0005."),
    ] = None,
    panel: Annotated[
        str,
        typer.Option(help="b_all_mrd, aieop_bfm, euroflow_1, euroflow_2 or lymphocyte_subsets."),
    ] = "b_all_mrd",
    realism: Annotated[
        bool, typer.Option("--realism", help="All switches that make a tube less kind.")
    ] = False,
    hard: Annotated[bool, typer.Option("--hard", help="Blasts close to hematogones.")] = False,
    clog: Annotated[float, typer.Option(min=0.0, max=0.9, help="Share of the run.")] = 0.0,
) -> int:
    """Write one simulated tube, FILE.fcs, with FILE.truth.npz and FILE.truth.json."""
    from cytomon.simulate.plan import Artefacts, Realism, TubePlan
    from cytomon.simulate.tube import simulate_tube, write_tube

    plan = TubePlan(
        state=one_of(state, _states(), "--state"),
        n_events=events,
        seed=seed,
        blasts=_fractions(blasts),
        panel=one_of(panel, _panels(), "--panel"),
        realism=Realism.full() if realism else Realism.plain(),
        artefacts=Artefacts(clog=clog),
        hard_blasts=hard,
    )
    make_folder(out.parent)
    written = write_tube(simulate_tube(plan), out.parent, out.stem)
    typer.echo(str(written))
    return 0


@app.command("patient")
def patient(
    out: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of the lists and their truth.")
    ],
    story: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="May be given again; by default all.")
    ] = None,
    each: Annotated[int, typer.Option(min=1, max=100_000, help="Patients of each story.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 0,
    day0: Annotated[
        datetime, typer.Option(formats=DAY, metavar="DAY", help="Of the infusion.")
    ] = datetime(2025, 1, 6),
    events: Annotated[
        int,
        typer.Option(min=0, help="Also tubes of all specimens, with so many cells each; 0: none."),
    ] = 0,
) -> int:
    """Write simulated courses: patients, events, measurements, their truth, and tubes if wanted.

    With tubes there is a worklist of them; measurements.csv holds the same specimens as another
    program might have measured them.
    """
    from cytomon.simulate.course.files import write_patients
    from cytomon.simulate.course.patient import simulate_patient
    from cytomon.simulate.course.stories import STORIES
    from cytomon.simulate.course.tubes import write_tubes

    names = [one_of(name, tuple(STORIES), "--story") for name in story or STORIES]
    drawn = [
        simulate_patient(name, seed=seed + number, patient_id=f"S{number:05d}", day0=day0.date())
        for number, name in enumerate(name for name in names for _ in range(each))
    ]
    write_patients(out, drawn)
    if events:
        write_tubes(out, [(one, specimen) for one in drawn for specimen in one.specimens], events)
    typer.echo(
        f"{len(drawn)} patients, {sum(len(one.specimens) for one in drawn)} specimens: {out}"
    )
    return 0


@app.command("cohort")
def cohort(
    out: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of the lists and their truth.")
    ],
    patients: Annotated[
        int, typer.Option(min=1, max=100_000, help="How many; the trial had 194.")
    ] = 194,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 0,
    day0: Annotated[
        datetime, typer.Option(formats=DAY, metavar="DAY", help="First day of accrual.")
    ] = datetime(2023, 1, 2),
) -> int:
    """Write a simulated cohort: patients, events, measurements and their truth.

    What happens to whom is drawn from a law calibrated to published aggregates of one trial. It is
    there to try out analyses, and is no evidence for anything.
    """
    from cytomon.simulate.cohort.files import write_cohort
    from cytomon.simulate.cohort.law import LABEL, LAW
    from cytomon.simulate.cohort.patient import simulate_cohort

    drawn = list(simulate_cohort(patients, seed=seed, opened=day0.date()))
    write_cohort(out, drawn, seed=seed, law=LAW)
    specimens = sum(len(one.specimens) for one in drawn)
    cut = day0.date() + timedelta(days=LAW.data_cut)
    typer.echo(f"{len(drawn)} patients, {specimens} specimens, data cut {cut}: {out}")
    typer.echo(LABEL)
    return 0


@app.command("samples")
def samples(
    out: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the tubes.")],
) -> int:
    """Write the sample tubes with worklist, patients, events and truth."""
    from cytomon.simulate.samples import write_samples

    make_folder(out)
    for path in write_samples(out):
        typer.echo(str(path))
    return 0


def _states() -> tuple[str, ...]:
    from cytomon.simulate.populations import states

    return states()


def _panels() -> tuple[str, ...]:
    from cytomon.simulate.panels import PANELS

    return tuple(PANELS)


def one_of(value: str, known: tuple[str, ...], option: str) -> str:
    """The value, where it is known; else an error that names those that are."""
    from cytomon.errors import InputError

    if value not in known:
        raise InputError(f"{value!r} is not known", where=option, fix=f"one of {', '.join(known)}")
    return value


def _fractions(blasts: list[str] | None) -> dict[str, float] | None:
    from cytomon.errors import InputError
    from cytomon.simulate.populations import is_blast, population_names

    if blasts is None:
        return None
    known = tuple(name for name in population_names() if is_blast(name))
    fractions: dict[str, float] = {}
    for text in blasts:
        name, _, number = text.partition("=")
        one_of(name, known, "--blasts")
        try:
            fractions[name] = float(number)
        except ValueError:
            fractions[name] = -1.0
    if (
        any(not 0 <= fraction < 1 for fraction in fractions.values())
        or sum(fractions.values()) >= 1
    ):
        raise InputError(
            "the fractions of blasts must lie in [0, 1) and add up to less than 1",
            where="--blasts",
            fix="write NAME=FRACTION, for example blast_typical=0.0005",
        )
    return fractions
