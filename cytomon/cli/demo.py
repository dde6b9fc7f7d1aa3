"""`cytomon demo`: everything once, on simulated tubes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the results.")] = Path("demo"),
) -> int:
    """Measure the simulated sample tubes and draw their gating strategies."""
    import os

    from cytomon.cli.talk import Talk
    from cytomon.demo import run_demo

    talk = Talk()
    with talk.progress(0) as report:
        jobs, outcome = run_demo(out, workers=os.cpu_count() or 1, report=report)
    talk.summary(jobs, outcome, out)
    typer.echo(f"look at {out / 'measurements.csv'} and {out / 'figures'}", err=True)
    return outcome.exit_code
