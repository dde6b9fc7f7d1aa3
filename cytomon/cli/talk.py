"""What a person sees of a batch: progress, a table of answers, what was refused and why."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cytomon.batch import Outcome
from cytomon.errors import CytomonError
from cytomon.inputs import Jobs
from cytomon.pipeline import open_for_gating
from cytomon.task import Document, Settings


class Talk:
    """Results to stdout, everything else to stderr; plain text where there is no terminal."""

    def __init__(self) -> None:
        width = None if sys.stdout.isatty() else 160
        self._out = Console(width=width, highlight=False, markup=False, soft_wrap=False)
        self._err = Console(stderr=True, highlight=False, markup=False)

    @contextmanager
    def progress(self, total: int) -> Iterator[Callable[[Document], None]]:
        """A bar on a terminal, a line for each tube otherwise."""
        if not self._err.is_terminal:
            done = 0

            def say(document: Document) -> None:
                nonlocal done
                done += 1
                self._err.print(
                    f"[{done}/{total}] {document.file}: {_how(document)}", soft_wrap=True
                )

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
            yield lambda document: bar.update(task, advance=1, description=document.file)

    def preview(self, found: Jobs, settings: Settings) -> int:
        """Say for each tube which template would be placed, or why it would be refused."""
        table = Table("tube", "template", "specimen", "says", box=None, pad_edge=False)
        usable = 0
        for job in found.jobs:
            kind = job.specimen.specimen_type.value if job.specimen else "(template's)"
            try:
                opened = open_for_gating(
                    job.path,
                    template=job.template or None,
                    mapping=settings.mapping,
                    file=job.file,
                )
            except CytomonError as error:
                table.add_row(job.file, "", kind, f"refused: {error.what}")
                continue
            usable += 1
            table.add_row(job.file, opened.template.name, kind, f"{opened.tube.n_events} events")
        self._out.print(table)
        self._refused_rows(found)
        if not usable:
            return 3
        return 1 if usable < len(found.jobs) or found.refused else 0

    def summary(self, found: Jobs, outcome: Outcome, out: Path) -> None:
        """A row for each tube, then what was refused, then where to look."""
        table = Table(box=None, pad_edge=False)
        for name in ("tube", "MRD", "status", "CD19", "CD22", "B cells", "status "):
            table.add_column(name, overflow="fold")
        for document in outcome.documents:
            if not document.refused:
                table.add_row(document.file, *_answers(document))
        self._out.print(table)
        for document in outcome.documents:
            if document.refused:
                reason = document.findings[-1]
                self._err.print(f"refused: {document.file}: {reason['what']}", soft_wrap=True)
                self._err.print(f"  fix: {reason['fix']}", soft_wrap=True)
        self._refused_rows(found)
        before = sum(document.from_before for document in outcome.documents)
        self._err.print(
            f"{outcome.measured} measured ({before} of them before), {outcome.refused} refused; "
            f"tables{' and figures' if (out / 'figures').is_dir() else ''} in {out}",
            soft_wrap=True,
        )

    def _refused_rows(self, found: Jobs) -> None:
        for refusal in found.refused:
            finding = refusal.finding
            self._err.print(f"refused: {finding.where}: {finding.what}", soft_wrap=True)


def _how(document: Document) -> str:
    if document.refused:
        return "refused"
    return "done before" if document.from_before else "measured"


def _answers(document: Document) -> tuple[str, ...]:
    rows = {row["quantity"]: row for row in document.measurements}
    return (
        *_fraction(rows.get("mrd")),
        rows.get("cd19_blasts", {}).get("status", ""),
        rows.get("cd22_blasts", {}).get("status", ""),
        *_fraction(rows.get("b_fraction")),
    )


def _fraction(row: dict[str, str] | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    value = f"{float(row['value']):.4%}" if row["value"] else "-"
    return value.replace("%", " %"), row["status"]
