"""`cytomon demo`: everything once, on simulated tubes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the results.")] = Path("demo"),
) -> int:
    """Measure the simulated sample tubes and draw their gating strategies."""
    from cytomon.batch import run
    from cytomon.cli.batch import processes
    from cytomon.cli.talk import Talk
    from cytomon.demo import plan_demo

    talk = Talk()
    jobs, settings = plan_demo(out)
    with talk.progress(len(jobs.jobs)) as report:
        outcome = run(jobs, out, settings, workers=processes(), report=report)
    talk.summary(jobs, outcome, out)
    return outcome.exit_code
