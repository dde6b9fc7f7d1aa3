"""`cytomon demo`: everything once, on simulated tubes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cytomon.cli.stored import acting


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the results.")] = Path("demo"),
) -> int:
    """Measure the simulated sample tubes and draw their gating strategies."""
    from cytomon.batch import Keep, run
    from cytomon.cli.batch import processes
    from cytomon.cli.talk import Talk
    from cytomon.demo import plan_demo
    from cytomon.store.address import NAME, parse

    talk = Talk()
    jobs, lists, settings = plan_demo(out)
    # never the laboratory's own store: the demo's patients are simulated
    keep = Keep(address=parse(f"sqlite:///{out / NAME}"), who=acting(None), lists=lists)
    with talk.progress(len(jobs.jobs)) as report:
        outcome = run(jobs, out, settings, workers=processes(), keep=keep, report=report)
    talk.summary(jobs, outcome, out)
    return outcome.exit_code
