"""What becomes of a tube that was refused: put by, left where it is, or tried again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cytomon.card import Card, read_document
from cytomon.errors import CytomonError
from cytomon.inputs import Job
from cytomon.model.findings import Finding, Severity
from cytomon.watch.arrivals import Ready, hash_of
from cytomon.watch.quarantine import put_by
from cytomon.watch.told import Told

_LISTS_AT_FAULT = {"TEMPLATE_REFUSED"}
"""What a row of the worklist is to blame for: the tube stays, and is tried again with its row."""
_PASSING = {"INPUT_REFUSED", "STALLED"}
"""What a disk or a drive is to blame for: the tube is tried again at every look."""
_MEMORY = {"OUT_OF_MEMORY", "WORKER_DIED"}
"""What the computer is to blame for, as a rule: the tube is never moved."""
_TRIES = 3
"""How often a file that could be read before has to be refused as unreadable, or for memory."""


class Refusals:
    """Deals with refused tubes.

    Parameters
    ----------
    folder, out : Path
        Where tubes arrive, and where results go.
    told : Told
        Told what became of each.
    """

    def __init__(self, folder: Path, out: Path, told: Told) -> None:
        self._folder, self._out, self._told = folder, out, told
        self._tries: Counter[tuple[str, str]] = Counter()

    def deal(
        self, cards: Mapping[Job, Card], files: Mapping[Job, Ready], new: Sequence[Job]
    ) -> Iterator[Job]:
        """Deal with the refused tubes of a run.

        Parameters
        ----------
        cards : mapping of Job to Card
            All tubes of the run.
        files : mapping of Job to Ready
            Their files.
        new : sequence of Job
            Those of them that were not in the run before.

        Yields
        ------
        Job
            Each one that is to be tried again.
        """
        for file, jobs in _by_file(cards, files).items():
            refused = [job for job in jobs if cards[job].refused and job in new]
            if not refused:
                continue
            one, reason = files[jobs[0]], self._mildest([cards[job] for job in refused])
            if self._passes(one, reason):
                self._told.tried_again(file, reason)
                yield from refused
            elif reason.code in _MEMORY:
                self._told.refused(file, reason, "it stays, and is tried again at the next start")
            elif reason.code in _LISTS_AT_FAULT:
                self._told.refused(file, reason, "it waits for its row to be corrected")
            elif all(cards[job].refused for job in jobs):
                self._put_by(one, reason)
            else:
                self._told.refused(file, reason, "other data sets of it are measured: it stays")

    def _passes(self, one: Ready, reason: Finding) -> bool:
        """Whether a refusal says something of the moment, and not of the file."""
        if reason.code in _PASSING:
            return True
        self._tries[one.file, one.sha256] += 1
        is_odd = reason.code in _MEMORY or (reason.code == "FCS_REFUSED" and one.whole)
        return is_odd and self._tries[one.file, one.sha256] < _TRIES

    def _put_by(self, one: Ready, reason: Finding) -> None:
        """Move a refused file away, if its bytes are still those that were refused."""
        try:
            if hash_of(one.path) != one.sha256:
                return
            where = put_by(self._folder, one.file, reason, one.sha256)
        except (OSError, CytomonError) as error:
            what = error.strerror if isinstance(error, OSError) else error.what
            self._told.refused(one.file, reason, f"it cannot be moved ({what}) and stays")
            return
        moved = f"moved to {where}" if where else "it is reached through a link and stays"
        self._told.refused(one.file, reason, moved)

    def _mildest(self, cards: Sequence[Card]) -> Finding:
        """Why data sets of a file were refused; what is no fault of the file goes before."""
        reasons = [self._reason(card) for card in cards]
        no_fault = (reason for reason in reasons if reason.code in _PASSING | _MEMORY)
        return next(no_fault, reasons[0])

    def _reason(self, card: Card) -> Finding:
        row = read_document(self._out, card).findings[-1]
        return Finding(
            code=row["code"],
            severity=Severity(row["severity"]),
            what=row["what"],
            where=row["where"],
            fix=row["fix"],
        )


def _by_file(jobs: Mapping[Job, Card], files: Mapping[Job, Ready]) -> dict[str, list[Job]]:
    found: dict[str, list[Job]] = {}
    for job in jobs:
        found.setdefault(files[job].file, []).append(job)
    return found
