"""What a person sees of a batch: progress, a table of answers, what was refused and why."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from cytomon.batch import Outcome
from cytomon.card import Card
from cytomon.errors import CytomonError
from cytomon.gating.fit import refuse_unfit
from cytomon.inputs import Jobs
from cytomon.model.findings import Severity
from cytomon.model.record import How
from cytomon.pipeline import open_for_gating
from cytomon.task import Settings

if TYPE_CHECKING:
    from cytomon.filing.imports import Imported
    from cytomon.validate.answers.bar import Bar

NOT_ASSESSABLE = "NOT_ASSESSABLE"
NOT_MEASURED = "NOT_MEASURED"
UNBOUNDED = 10_000


class Talk:
    """Results to stdout, everything else to stderr; plain text where there is no terminal."""

    def __init__(self) -> None:
        # without a terminal nobody sees a margin: a line is as long as what it says
        width = None if sys.stdout.isatty() else UNBOUNDED
        self._out = Console(width=width, highlight=False, markup=False, emoji=False)
        self._err = Console(stderr=True, highlight=False, markup=False, emoji=False)

    @contextmanager
    def progress(self, total: int) -> Iterator[Callable[[Card], None]]:
        """A bar on a terminal, a line for each tube otherwise."""
        with self.steps(total) as step:
            yield lambda card: step(card.file, _how(card))

    @contextmanager
    def steps(self, total: int) -> Iterator[Callable[[str, str], None]]:
        """Progress over anything that has a name and an outcome in words."""
        if not self._err.is_terminal:
            done = 0

            def say(name: str, how: str) -> None:
                nonlocal done
                done += 1
                self.say(f"[{done}/{total}] {name}: {how}")

            yield say
            return
        columns = (
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
        )
        with Progress(*columns, console=self._err, transient=True) as bar:
            task = bar.add_task("", total=total)
            yield lambda name, _: bar.update(task, advance=1, description=name)

    def preview(self, found: Jobs, settings: Settings) -> int:
        """Say for each tube which template would be placed, or why it would be refused."""
        table = Table(box=None, pad_edge=False)
        for name in ("tube", "template", "specimen", "says"):
            table.add_column(name, overflow="fold")
        usable = 0
        for job in found.jobs:
            kind = job.specimen.specimen_type.value if job.specimen else "(template's)"
            if job.refused:
                table.add_row(job.file, "", kind, f"refused: {job.refused.what}")
                continue
            try:
                opened = open_for_gating(
                    job.path,
                    template=job.template or None,
                    mapping=settings.mapping,
                    file=job.file,
                )
                refuse_unfit(opened.template, opened.tube, opened.panel)
            except CytomonError as error:
                table.add_row(job.file, "", kind, f"refused: {error.what}")
                continue
            usable += 1
            table.add_row(job.file, opened.template.name, kind, f"{opened.tube.n_events} events")
        self._out.print(table)
        self._refused_rows(found)
        refused = len(found.jobs) - usable + len(found.refused)
        self.say(f"{usable} would be measured, {refused} refused; nothing was written")
        if not usable:
            return 3
        return 1 if refused else 0

    def summary(self, found: Jobs, outcome: Outcome, out: Path) -> None:
        """The answers of each tube, then what was refused, then where to look."""
        self._answers([card for card in outcome.cards if not card.refused])
        for card in outcome.cards:
            if card.refused:
                self.say(f"refused: {card.file}: {card.reason}")
                self.say(f"  fix: {card.fix}")
        self._refused_rows(found)
        before = sum(card.from_before for card in outcome.cards)
        earlier = f" ({before} of them before)" if before else ""
        plural = "s" * (outcome.refused_rows > 1)
        rows = (
            f" and {outcome.refused_rows} row{plural} of the lists" if outcome.refused_rows else ""
        )
        self.say(f"{outcome.measured} measured{earlier}, {outcome.refused} refused{rows}")
        self._filed(outcome)
        if not outcome.measured:
            self.say(f"the reasons are in {out / 'findings.csv'}")
            return
        answered = any(card.answers for card in outcome.cards)
        self.say(f"look at {out / ('measurements.csv' if answered else 'populations.csv')}")
        warned = _warned(found, outcome)
        if warned:
            tubes = "1 tube" if warned == 1 else f"{warned} tubes"
            self.say(f"and at the warnings about {tubes} in {out / 'findings.csv'}")
        if any((out / "figures").rglob("*.png")):
            self.say(f"and at the pictures in {out / 'figures'}")

    def _filed(self, outcome: Outcome) -> None:
        """What became of it in the store."""
        filed = outcome.filed
        if filed is None:
            return
        for refusal in filed.refused:
            self.say(f"not kept: {refusal.finding.where}: {refusal.finding.what}")
            self.say(f"  fix: {refusal.finding.fix}")
        before = f", {filed.same} were there before" if filed.same else ""
        self.say(f"{filed.new} results kept{before}: {filed.store}")

    @contextmanager
    def rows(self) -> Iterator[Callable[[str, int], None]]:
        """Progress over rows whose number nobody knows before."""
        if not self._err.is_terminal:
            yield lambda name, safe: None
            return
        columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
        with Progress(*columns, console=self._err, transient=True) as bar:
            task = bar.add_task("", total=None)
            yield lambda name, safe: bar.update(task, description=f"{name}: {safe} safe")

    def imported(self, imported: Imported) -> int:
        """What an import brought, what it refused and why; returns the exit code."""
        before = ""
        for refusal in imported.refused:
            self.say(f"refused: {refusal.finding.where}: {refusal.finding.what}")
            if refusal.finding.fix != before:
                before = refusal.finding.fix
                self.say(f"  fix: {before}")
        for name, unit in (
            ("patients", "patients"),
            ("measurements", "tubes"),
            ("events", "events"),
        ):
            counts = [
                f"{imported.of(name, how)} {word}"
                for how, word in (
                    (How.NEW, "new"), (How.CHANGED, "changed"), (How.SAME, "as before"),
                )
                if imported.of(name, how)
            ]  # fmt: skip
            if counts:
                self._out.print(f"{name + ':':<14}{', '.join(counts)} ({unit})")
        if imported.refused:
            rows = len(imported.refused)
            self.say(f"{rows} row{'s' * (rows > 1)} refused")
            return 1 if imported.kept else 3
        return 0

    def demands(self, bars: Sequence[Bar]) -> None:
        """What was asked of a validation, and whether it was reached."""
        table = Table(box=None, pad_edge=False)
        for name in ("tubes", "demand", "wanted", "found", "reached"):
            table.add_column(name, overflow="fold")
        for bar in bars:
            table.add_row(bar.condition, bar.what, bar.wanted, bar.found, bar.verdict)
        if bars:
            self._out.print(table)

    def answers(self, lines: Sequence[str]) -> None:
        """What belongs to the results and is no table."""
        for line in lines:
            self._out.print(line)

    def _answers(self, cards: Sequence[Card]) -> None:
        """A row for each tube; on a narrow terminal a few lines for each, nothing cut."""
        if not cards:
            return
        table = Table(box=None, pad_edge=False)
        for name in ("tube", "MRD", "status", "CD19", "CD22", "B cells", "status "):
            table.add_column(name, no_wrap=True)
        for card in cards:
            table.add_row(card.file, *_answers(card))
        unbounded = self._out.options.update(width=UNBOUNDED)
        if self._out.measure(table, options=unbounded).maximum <= self._out.width:
            self._out.print(table)
            return
        for card in cards:
            for line in _lines(card):
                self._out.print(line, soft_wrap=True)

    def _refused_rows(self, found: Jobs) -> None:
        for refusal in found.refused:
            self.say(f"refused: {refusal.finding.where}: {refusal.finding.what}")

    def say(self, text: str) -> None:
        """A line for the person at the terminal."""
        self._err.print(text, soft_wrap=True)


def counted(tubes: int) -> str:
    """``1 tube``, ``2 tubes``."""
    return "1 tube" if tubes == 1 else f"{tubes} tubes"


def _warned(found: Jobs, outcome: Outcome) -> int:
    """Tubes that were measured and that a person should look at nevertheless."""
    warned = 0
    for job, card in zip(found.jobs, outcome.cards, strict=True):
        noticed = any(finding.severity is not Severity.INFO for finding in job.findings)
        warned += not card.refused and (noticed or card.warned)
    return warned


def _how(card: Card) -> str:
    if card.refused:
        return "refused"
    return "done before" if card.from_before else "measured"


def _answers(card: Card) -> tuple[str, ...]:
    return (
        *(("-", NOT_MEASURED) if card.unmeasured else _fraction(card, "mrd")),
        card.status("cd19_blasts"),
        card.status("cd22_blasts"),
        *_fraction(card, "b_fraction"),
    )


def _lines(card: Card) -> Iterator[str]:
    mrd, mrd_status, cd19, cd22, b_cells, b_status = _answers(card)
    yield card.file
    if mrd_status:
        yield f"  MRD      {mrd:>10}  {mrd_status}"
    if {cd19, cd22} - {"", NOT_ASSESSABLE}:
        yield f"  blasts   CD19 {cd19}, CD22 {cd22}"
    if b_status:
        yield f"  B cells  {b_cells:>10}  {b_status}"


def _fraction(card: Card, quantity: str) -> tuple[str, str]:
    if quantity not in card.answers:
        return "", ""
    _, said, status = card.answers[quantity]
    if not said:
        return "-", status
    value = float(said)
    return (f"{value:.4%}".replace("%", " %") if value else "0 %"), status
