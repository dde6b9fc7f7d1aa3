"""Run after run over the tubes that are ready: what is done is not even read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cytomon.batch import Keep, Outcome, run
from cytomon.card import Card
from cytomon.document import kept_path, unseal
from cytomon.errors import CytomonError
from cytomon.inputs import Job, Jobs
from cytomon.task import Settings
from cytomon.watch.arrivals import Ready
from cytomon.watch.choice import replaced
from cytomon.watch.refusals import Refusals
from cytomon.watch.told import Told


@dataclass(slots=True)
class Score:
    """What came of the runs so far.

    Attributes
    ----------
    measured, refused, defect : bool
        Whether a tube was measured; was refused; was refused by a defect of ours.
    left_out : bool
        Whether the last run left a row of the lists, or a result, out.
    """

    measured: bool = False
    refused: bool = False
    defect: bool = False
    left_out: bool = False

    def add(self, outcome: Outcome) -> None:
        """Count a run."""
        self.measured |= bool(outcome.measured)
        self.refused |= bool(outcome.refused)
        self.defect |= outcome.exit_code == 70
        self.left_out = bool(outcome.refused_rows or (outcome.filed and outcome.filed.refused))


class Runs:
    """Runs the batch, and knows what it has measured.

    Parameters
    ----------
    folder, out : Path
        Where tubes arrive, and where results go.
    settings : Settings
        What holds for every tube.
    processes : int
        That measure.
    told : Told
        Told of each tube.
    """

    def __init__(
        self, folder: Path, out: Path, settings: Settings, processes: int, told: Told
    ) -> None:
        self.score = Score()
        self._out, self._settings, self._processes, self._told = out, settings, processes, told
        self._refusals = Refusals(folder, out, told)
        self._done: dict[tuple[Job, str], Card] = {}

    def measure(self, found: Jobs, files: Mapping[Job, Ready], keep: Keep | None) -> bool:
        """Run the batch over some tubes.

        Parameters
        ----------
        found : Jobs
            Of the whole folder.
        files : mapping of Job to Ready
            Those to measure, with their files.
        keep : Keep or None
            The store.

        Returns
        -------
        bool
            Whether some of it has to be tried again.

        Raises
        ------
        CytomonError
            If nothing can be written now.
        """
        before = {job: self._done.get((job, one.sha256)) for job, one in files.items()}
        done = {job: card for job, card in before.items() if card is not None}
        new = [job for job in files if job not in done]
        for file in replaced(files, new, self._out):
            self._told.replaced(file)
        cards = self._run(Jobs(jobs=tuple(files), refused=found.refused, done=done), keep)
        again = set(self._refusals.deal(cards, files, new))
        again |= {job for job in new if _differs(cards[job], files[job])}
        self._done = {
            (job, files[job].sha256): replace(card, from_before=True)
            for job, card in cards.items()
            if job not in again
        }
        return bool(again)

    def _run(self, jobs: Jobs, keep: Keep | None) -> dict[Job, Card]:
        """The cards as the tubes alone have it, before they are judged together."""
        fresh: dict[str, Card] = {}

        def report(card: Card) -> None:
            fresh[card.file] = card
            self._told.measured(card)

        try:
            outcome = run(
                jobs, self._out, self._settings, workers=self._processes, keep=keep, report=report
            )
        except CytomonError:
            # what somebody has taken out of the results is to be measured again
            self._done = {at: card for at, card in self._done.items() if self._is_kept(card)}
            raise
        self.score.add(outcome)
        self._told.outcome(outcome, sum(card.from_before for card in fresh.values()))
        return {job: jobs.done.get(job) or fresh[job.file] for job in jobs.jobs}

    def _is_kept(self, card: Card) -> bool:
        document = unseal(kept_path(self._out, card.file))
        return document is not None and document.kept == card.kept


def _differs(card: Card, one: Ready) -> bool:
    """Whether a file was written on between the look at it and its measurement."""
    return not card.refused and card.sha256 != one.sha256
