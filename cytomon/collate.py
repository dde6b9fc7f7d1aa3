"""The documents of a batch become its tables, one tube at a time.

Of all tubes at once only the cards are held (`cytomon.card`). What the tubes say of each other is
found from the cards; then each document is read from ``DIR/tubes``, judged, written into the three
tables and let go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from cytomon.card import Card, judged, read_document
from cytomon.day import judge_days, with_day
from cytomon.document import Document
from cytomon.errors import InputError
from cytomon.folders import is_tube_name
from cytomon.inputs import Jobs
from cytomon.model.findings import Finding, Severity
from cytomon.neighbours import carry_over, judge_again
from cytomon.specimens import find_pairs, pooled_rows
from cytomon.tables import (
    FINDING_COLUMNS,
    MEASUREMENT_COLUMNS,
    POPULATION_COLUMNS,
    Row,
    finding_row,
    open_table,
    refuse_unwritable,
)
from cytomon.task import IDENTIFIERS

MEASUREMENTS, POPULATIONS, FINDINGS = "measurements.csv", "populations.csv", "findings.csv"
RECORD = "run.json"


def refuse_places(out: Path) -> None:
    """Refuse a folder in which a table has no place, before hours of work.

    Raises
    ------
    InputError
        If a folder stands where a table is expected, or a file where documents are kept.
    """
    for name in (MEASUREMENTS, POPULATIONS, FINDINGS, RECORD):
        if (out / name).is_dir():
            raise InputError(
                "the results cannot be written: a folder stands where a table is expected",
                where=name,
                fix="remove the folder, or name another one with --out",
            )
    refuse_unwritable(out / "tubes")


def write_tables(out: Path, jobs: Jobs, cards: Sequence[Card]) -> tuple[Card, ...]:
    """Write the tables of a batch, in the order of the jobs.

    Parameters
    ----------
    out : Path
        Folder of the results.
    jobs : Jobs
        The tubes, and the refused rows of the lists.
    cards : sequence of Card
        One for each tube, in the same order.

    Returns
    -------
    tuple of Card
        The same, as the other tubes of the batch leave them.

    Raises
    ------
    InputError
        If the tables cannot be written, or what was kept of a tube has gone.

    Notes
    -----
    The tables take their places together, after ``run.json`` of an earlier run has gone: where
    there is one, it belongs to the tables beside it.
    """
    batch = Collation(out, jobs, cards)
    final = []
    with ExitStack() as files:
        measured = files.enter_context(open_table(out / MEASUREMENTS, MEASUREMENT_COLUMNS))
        counted = files.enter_context(open_table(out / POPULATIONS, POPULATION_COLUMNS))
        said = files.enter_context(open_table(out / FINDINGS, FINDING_COLUMNS))
        for refusal in jobs.refused:
            file = refusal.file if is_tube_name(refusal.file) else ""
            said(finding_row(file, refusal.finding))
        for position, card in enumerate(cards):
            document = batch.judged(position)
            final.append(judged(card, document))
            for row in batch.measurements(position, document):
                measured(row)
            for row in document.populations:
                counted(row)
            for row in batch.findings(position, document):
                said(row)
        for file in batch.discordant():
            said(_discordant(file))
        (out / RECORD).unlink(missing_ok=True)
    return tuple(final)


class Collation:
    """The tubes of a batch, and what they say of each other.

    Parameters
    ----------
    out : Path
        Folder of the results, which holds their documents.
    jobs : Jobs
        The tubes.
    cards : sequence of Card
        One for each, in the same order.
    """

    def __init__(self, out: Path, jobs: Jobs, cards: Sequence[Card]) -> None:
        self._out, self._jobs, self._cards = out, jobs.jobs, cards
        self._carried = carry_over(self._jobs, cards)
        self._days = judge_days(self._jobs, cards, self._read)
        self._pairs = find_pairs(self._jobs, cards)
        self._disagree: set[int] = set()
        self._same: dict[str, list[int]] = defaultdict(list)
        for position, card in enumerate(cards):
            if card.sha256:
                self._same[card.sha256].append(position)

    def judged(self, position: int) -> Document:
        """The document of a tube as the others leave it."""
        document = judge_again(self._read(position), self._carried.get(position))
        return with_day(document, self._days.get(position))

    def measurements(self, position: int, document: Document) -> Iterator[Row]:
        """Rows of a tube, and of the specimen whose second tube it is."""
        specimen = self._jobs[position].specimen
        whose = {name: getattr(specimen, name, "") for name in IDENTIFIERS}
        for row in (*document.measurements, *self.pooled(position, document)):
            yield {**row, **whose}

    def findings(self, position: int, document: Document) -> Iterator[Row]:
        """Rows of a tube: what its job said, what its copies say, its own."""
        job, card = self._jobs[position], self._cards[position]
        yield from (finding_row(job.file, finding) for finding in job.findings)
        copies = self._same[card.sha256] if card.sha256 else []
        if len(copies) > 1 and "#" not in card.file:
            others = (self._cards[other].file for other in copies if other != position)
            yield _copied(card.file, list(islice(others, 5)))
        yield from document.findings

    def discordant(self) -> Iterator[str]:
        """Second tubes that disagree with the first, in the order of the first."""
        return (self._cards[second].file for second in self._pairs if second in self._disagree)

    def _read(self, position: int) -> Document:
        return read_document(self._out, self._cards[position])

    def pooled(self, position: int, document: Document) -> Sequence[Row]:
        """Rows of the specimen whose second tube a tube is; of any other tube none."""
        if position not in self._pairs:
            return ()
        first = self._pairs[position]
        failures: list[Finding] = [
            self._carried[tube] for tube in (first, position) if tube in self._carried
        ]
        rows = pooled_rows(self.judged(first), document, failures)
        if any("TUBE_DISCORDANCE" in row["qualifiers"] for row in rows):
            self._disagree.add(position)
        return rows


def _discordant(file: str) -> Row:
    return {
        "file": file,
        "code": "TUBE_DISCORDANCE",
        "severity": Severity.WARNING.value,
        "what": "the two tubes of this specimen disagree on MRD; the higher one stands for it",
        "where": file,
        "fix": "look at both tubes; one of them may be of another specimen",
    }


def _copied(file: str, others: Sequence[str]) -> Row:
    return {
        "file": file,
        "code": "SAME_BYTES",
        "severity": Severity.WARNING.value,
        "what": f"the tube is byte for byte the same as {', '.join(others)}",
        "where": file,
        "fix": "check that both belong to the same specimen",
    }
