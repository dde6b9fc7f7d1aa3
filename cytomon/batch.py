"""The story of a folder: every tube measured, whatever happens to one of them.

A tube's document is kept in ``DIR/tubes`` with the hash of all that it depends on, so that an
interrupted batch goes on where it stopped, and a finished tube is not measured twice. Of all tubes
at once only a card each is held in memory (`cytomon.card`). The tables are written from the
documents, in the order of the worklist (`cytomon.collate`): the same inputs give the same bytes on
any number of workers, here or on a cluster.
"""

from __future__ import annotations

import dataclasses
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cytomon
from cytomon.card import Card
from cytomon.claim import claimed
from cytomon.collate import RECORD, refuse_places, write_tables
from cytomon.document import write_json
from cytomon.errors import InputError
from cytomon.folders import is_tube_name
from cytomon.inputs import Job, Jobs, Lists, collect
from cytomon.model.patient import Specimen
from cytomon.pool import Crew, processes_here, run_all
from cytomon.task import Settings, Task
from cytomon.whereabouts import remember_results

if TYPE_CHECKING:
    from cytomon.filing.documents import Filed
    from cytomon.store.address import Address

Report = Callable[[Card], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a batch ended.

    Attributes
    ----------
    cards : tuple of Card
        One for each tube, in the order of the tables, as the other tubes leave it.
    refused_rows : int
        Rows of the lists that could not be used.
    filed : Filed or None
        What became of it in the store; None where it went to none.
    """

    cards: tuple[Card, ...]
    refused_rows: int
    filed: Filed | None = None

    @property
    def measured(self) -> int:
        """Tubes with measurements."""
        return sum(not card.refused for card in self.cards)

    @property
    def refused(self) -> int:
        """Tubes without."""
        return len(self.cards) - self.measured

    @property
    def exit_code(self) -> int:
        """Exit code: 0 done, 1 something was refused, 3 nothing could be done, 70 our defect."""
        if any(card.defect for card in self.cards):
            return 70
        if not self.measured:
            return 3
        not_kept = self.filed is not None and self.filed.refused
        return 1 if self.refused or self.refused_rows or not_kept else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """The store that a batch goes into.

    Attributes
    ----------
    address : Address
        Where it is; it is made where there is none.
    who : str
        Name of the person who acts.
    lists : Lists
        Patients and events that are kept, too.
    """

    address: Address
    who: str
    lists: Lists

    def refuse_unusable(self) -> None:
        """See that the store is there and may be written to: before hours of work, not after.

        Raises
        ------
        InputError
            If not.
        """
        from cytomon.model.people import Act
        from cytomon.store.open import opened
        from cytomon.store.people import require, role_of

        with opened(self.address, who=self.who, create=True) as store, store.writing() as there:
            require(role_of(there, self.who), Act.ENTER, self.who)

    def file(self, out: Path, jobs: Jobs, cards: Sequence[Card]) -> Filed:
        """Keep what was measured; see `cytomon.filing.documents.file_batch`.

        That the store has results from this folder is remembered (`cytomon.whereabouts`).
        """
        from cytomon.filing.documents import file_batch
        from cytomon.store.open import opened

        # it was there before anything was measured: one that has gone is not made anew in silence
        with opened(self.address, who=self.who) as store:
            filed = file_batch(store, self.who, out, jobs, cards, self.lists)
        remember_results(self.address, out, _homes(jobs.jobs))
        return filed


def plan(inputs: Sequence[Path], lists: Lists, settings: Settings) -> Jobs:
    """Find the tubes of a batch and match them with the worklist; nothing is measured.

    Raises
    ------
    InputError
        If there is no tube at all, or an input or a list cannot be used.
    """
    jobs = collect(inputs, lists, template=settings.template, patience=settings.patience)
    if not jobs.jobs and not jobs.refused:
        raise InputError(
            "there is no FCS or LMD file in the inputs",
            where=", ".join(path.name for path in inputs),
            fix="name FCS files, or a folder that holds some",
        )
    return jobs


def run(
    jobs: Jobs,
    out: Path,
    settings: Settings,
    *,
    workers: int | str = 0,
    keep: Keep | None = None,
    report: Report | None = None,
) -> Outcome:
    """Measure every tube of a batch and write the tables.

    Parameters
    ----------
    jobs : Jobs
        From `plan`.
    out : Path
        Folder of the results; made where missing.
    settings : Settings
        What holds for every tube.
    workers : int or str, optional
        Processes beside this one, of which 0 measures in this one; or the address of a scheduler
        whose workers measure instead (`cytomon.cluster`).
    keep : Keep, optional
        The store that the results go into; it is seen to be there before anything is measured.
    report : callable, optional
        Told of each tube as it is done.

    Returns
    -------
    Outcome

    Raises
    ------
    InputError
        If the results cannot be written, another run writes there, or the cluster cannot be used.
    """
    started = datetime.now(UTC)
    scheduler = workers if isinstance(workers, str) else ""
    with claimed(out):
        refuse_places(out)
        if keep is not None:
            keep.refuse_unusable()
        tasks = _tasks([job for job in jobs.jobs if job not in jobs.done], out, settings)
        with _crew(workers, out, tasks, settings.patience) as crew:
            new = run_all(tasks, report=report, crew=crew)
        cards = _in_order(jobs, new)
        final = write_tables(out, jobs, cards)
        filed = keep.file(out, jobs, cards) if keep is not None else None
        outcome = Outcome(cards=final, refused_rows=len(jobs.refused), filed=filed)
        by: dict[str, int | str] = {
            "workers": crew.size if crew else 0,
            "scheduler": _shown(scheduler),
            "store": str(keep.address) if keep else "",
        }
        record = _record(jobs.jobs, outcome, settings, by=by, started=started)
        write_json(out / RECORD, record)
    return outcome


def _in_order(jobs: Jobs, new: Sequence[Card]) -> tuple[Card, ...]:
    """A card for each tube: of those that were done before, and of the others."""
    measured = iter(new)
    return tuple(jobs.done[job] if job in jobs.done else next(measured) for job in jobs.jobs)


def _crew(
    workers: int | str, out: Path, tasks: Sequence[Task], patience: float
) -> AbstractContextManager[Crew | None]:
    """Who measures: workers of a cluster, processes of this machine, or None for this one."""
    if not isinstance(workers, str):
        return nullcontext(processes_here(workers, patience=patience) if workers > 0 else None)
    from cytomon.cluster.join import joined

    return joined(workers, out, [task.job.path for task in tasks], patience=patience)


def _tasks(jobs: Sequence[Job], out: Path, settings: Settings) -> Sequence[Task]:
    """One for each tube: paths that mean the same to any process, and nobody's name."""
    home = str(out.absolute())
    return [
        Task(
            job=dataclasses.replace(
                job,
                path=os.path.abspath(job.path),  # noqa: PTH100  (text, with its #n)
                template=_template(job.template),
                specimen=_nameless(job.specimen),
            ),
            out=home,
            settings=settings,
        )
        for job in jobs
    ]


def _homes(jobs: Sequence[Job]) -> tuple[Path, ...]:
    """Folders that the names of tubes count from."""
    homes: dict[str, None] = {}
    for job in jobs:
        path = os.path.abspath(job.path)  # noqa: PTH100  (a link stays the link that was named)
        inside = path.removesuffix(f"{os.sep}{job.file.replace('/', os.sep)}")
        home = inside if inside != path else os.path.dirname(path)  # noqa: PTH120
        homes[home or os.sep] = None
    return tuple(Path(home) for home in homes)


def _nameless(specimen: Specimen | None) -> Specimen | None:
    return specimen and dataclasses.replace(specimen, patient_id="", specimen_id="")


def _template(name: str) -> str:
    """The name of a template, or the full path of its file."""
    is_file = os.sep in name or name.endswith((".yaml", ".yml"))
    return os.path.abspath(name) if is_file else name  # noqa: PTH100


def _record(
    jobs: Sequence[Job],
    outcome: Outcome,
    settings: Settings,
    *,
    by: Mapping[str, object],
    started: datetime,
) -> Mapping[str, Any]:
    used = {card.template["name"]: dict(card.template) for card in outcome.cards if card.template}
    return {
        "cytomon": cytomon.__version__,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in ("flowkit", "flowutils", "numpy", "scipy")},
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "parameters": {**_parameters(settings), **by},
        "templates": [used[name] for name in sorted(used)],
        "tubes": [
            {
                "file": job.file,
                "analysis": card.analysis,
                "engine": card.engine,
                "verified": dict(card.verified),
                "left_open": [list(one) for one in card.left_open],
                "seconds": card.seconds,
                "refused": card.refused,
                "from_before": card.from_before,
            }
            for job, card in zip(jobs, outcome.cards, strict=True)
        ],
        "refused_rows": outcome.refused_rows,
        "kept": _kept(outcome.filed),
    }


def _parameters(settings: Settings) -> Mapping[str, Any]:
    """What the batch was asked for, without what may name a person: folders, cells gone astray."""
    rows = settings.mapping.rows if settings.mapping else ()
    named = [replace(row, file=row.file if is_tube_name(row.file) else "") for row in rows]
    mapping = settings.mapping and replace(settings.mapping, rows=tuple(named))
    template = os.path.basename(settings.template)  # noqa: PTH119  (text, of a name or a path)
    return dataclasses.asdict(replace(settings, mapping=mapping, template=template))


def _shown(scheduler: str) -> str:
    if not scheduler:
        return ""
    from cytomon.cluster.join import shown_address

    return shown_address(scheduler)


def _kept(filed: Filed | None) -> Mapping[str, int]:
    if filed is None:
        return {}
    return {"new": filed.new, "same": filed.same, "refused": len(filed.refused)}
