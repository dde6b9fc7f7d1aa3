"""Everything once, on simulated tubes: what a newcomer runs first."""

from __future__ import annotations

from pathlib import Path

from cytomon.batch import plan
from cytomon.inputs import Jobs, Lists
from cytomon.task import Settings


def sample_folder(out: Path) -> Path:
    """The sample tubes of the repository; simulated anew where only the package is installed."""
    samples = Path(__file__).parents[1] / "sample_fcs"
    if (samples / "worklist.csv").is_file():
        return samples
    from cytomon.simulate.samples import write_samples

    write_samples(out / "sample_fcs")
    return out / "sample_fcs"


def plan_demo(out: Path) -> tuple[Jobs, Lists, Settings]:
    """Find the sample tubes and their lists.

    Parameters
    ----------
    out : Path
        Folder of the results; the tubes are simulated there where none came along.

    Returns
    -------
    Jobs, Lists, Settings
        For `cytomon.batch.run`; every tube gets a figure.
    """
    samples = sample_folder(out)
    lists = Lists(
        worklist=samples / "worklist.csv",
        patients=samples / "patients.csv",
        events=samples / "events.csv",
    )
    settings = Settings(figures="all")
    return plan([samples], lists, settings), lists, settings
