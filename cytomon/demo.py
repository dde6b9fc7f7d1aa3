"""Everything once, on simulated tubes: what a newcomer runs first."""

from __future__ import annotations

from pathlib import Path

from cytomon.batch import Outcome, Report, plan, run
from cytomon.inputs import Jobs, Lists
from cytomon.task import Settings


def sample_folder(out: Path) -> Path:
    """The sample tubes of the repository; simulated anew where only the package is installed."""
    samples = Path(__file__).parents[1] / "sample_fcs"
    if (samples / "worklist.csv").is_file():
        return samples
    from cytomon.simulate.samples import write_samples

    write_samples(out / "tubes")
    return out / "tubes"


def run_demo(out: Path, *, workers: int = 1, report: Report | None = None) -> tuple[Jobs, Outcome]:
    """Measure the sample tubes, with all figures.

    Parameters
    ----------
    out : Path
        Folder of the results.
    workers : int, optional
        Processes.
    report : callable, optional
        Told of each tube as it is done.
    """
    samples = sample_folder(out)
    lists = Lists(
        worklist=samples / "worklist.csv",
        patients=samples / "patients.csv",
        events=samples / "events.csv",
    )
    settings = Settings(figures="all")
    jobs = plan([samples], lists, settings)
    return jobs, run(jobs, out, settings, workers=workers, report=report)
