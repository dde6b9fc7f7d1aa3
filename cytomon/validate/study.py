"""Simulate, measure, judge and keep: a study that can be interrupted and gone on with."""

from __future__ import annotations

import hashlib
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import cytomon
from cytomon.errors import CytomonError, InputError
from cytomon.pool import Loss, run_each
from cytomon.simulate.sidecar import read_labels
from cytomon.simulate.tube import simulate_tube, write_tube
from cytomon.tables import refuse_unwritable
from cytomon.validate.design import Case
from cytomon.validate.judge import compare
from cytomon.validate.rows import TABLE, TubeRow, planned, read_validation, write_validation
from cytomon.validate.truth import known_of_simulated

NOT_IN_NUMBERS = ("cli", "reference", "validate")
"""Rooms that no number of a tube depends on: a change there makes no row old."""
JUDGES = ("judge.py", "truth.py", "words.py")
"""But for these."""


class Item(Protocol):
    """A tube of a study: what a worker needs to give its row."""

    @property
    def tube(self) -> str:
        """Its name."""

    def said(self) -> dict[str, Any]:
        """The fields of its row that are known before it is measured."""

    def inputs(self) -> str:
        """Hash of all that the other fields depend on, beside the code."""

    def judged(self, folder: Path) -> dict[str, Any]:
        """The other fields; `folder` is for files that nobody needs afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """A tube that is simulated for the purpose."""

    case: Case
    size: str = ""

    @property
    def tube(self) -> str:
        """Its name."""
        return self.case.tube

    def said(self) -> dict[str, Any]:
        """What the plan says."""
        case, plan = self.case, self.case.plan
        return {
            "suite": case.wish.suite,
            "condition": case.condition,
            "size": self.size,
            "kind": case.wish.kind,
            "level": case.wish.level if case.wish.kind else None,
            "state": plan.state,
            "panel": plan.panel,
            "altered": case.wish.altered,
            "pair": case.pair,
            "seed": plan.seed,
            "events": plan.n_events,
        }

    def inputs(self) -> str:
        """Hash of the plan."""
        return hashlib.sha256(repr(self.case.plan).encode()).hexdigest()[:12]

    def judged(self, folder: Path) -> dict[str, Any]:
        """Simulate, write, forget, measure: the tube is never in memory twice."""
        tube = simulate_tube(self.case.plan)
        path, truth = write_tube(tube, folder, "tube"), tube.truth
        del tube
        known = known_of_simulated(truth, read_labels(path))
        return {"gain_sd": truth.gain_sd, **compare(path, known, file=f"{self.tube}.fcs")}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    item: Item
    inputs: str
    made_by: str
    command: str
    planned: str
    work: str = ""


Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What is to be judged, and what stands already.

    Attributes
    ----------
    out : Path
        Folder of the table.
    order : mapping
        Key of each row of this study to its place.
    waiting : tuple
        Tubes that have to be made.
    rows : tuple of TubeRow
        Rows that stay: of this study, and of other series.
    kept, dropped : int
        Rows of this study that need not be made again; rows of its series that it does not name,
        or that stand for another tube or another code by now.
    """

    out: Path
    order: Mapping[Key, int]
    waiting: tuple[_Task, ...]
    rows: tuple[TubeRow, ...]
    kept: int
    dropped: int


def plan_study(items: Sequence[Item], out: Path, *, command: str = "") -> Study:
    """See which tubes have to be judged.

    Parameters
    ----------
    items : sequence of Item
        The tubes.
    out : Path
        Folder of the table. Rows that are there already, made by the same code from the same
        inputs, are kept, and their tubes are not made again. Rows of other series stay: a study
        of simulated tubes, dilutions of real ones and own tubes share a table.
    command : str, optional
        For the record.

    Raises
    ------
    InputError
        If the table that is there cannot be read.
    """
    made_by = f"{cytomon.__version__} {code_hash()}"
    meant = planned(Counter(_group(item) for item in items))
    tasks = {
        (_group(item), item.tube): _Task(
            item=item, inputs=item.inputs(), made_by=made_by, command=command, planned=meant
        )
        for item in items
    }
    groups = {group for group, _ in tasks}
    earlier = earlier_rows(out)
    mine = {row.key: row for row in earlier if row.group in groups}
    kept = {key: row for key, row in mine.items() if _still_holds(row, tasks.get(key))}
    others = [row for row in earlier if row.group not in groups]
    renewed = [row.model_copy(update={"planned": meant}) for row in kept.values()]
    return Study(
        out=out,
        order={key: number for number, key in enumerate(tasks)},
        waiting=tuple(task for key, task in tasks.items() if key not in kept),
        rows=(*others, *renewed),
        kept=len(kept),
        dropped=len(mine) - len(kept),
    )


def _group(item: Item) -> str:
    said = item.said()
    return str(said.get("series") or said["condition"])


def run_study(
    study: Study,
    *,
    workers: int = 0,
    report: Callable[[TubeRow], None] | None = None,
) -> tuple[TubeRow, ...]:
    """Judge tubes and keep their rows in ``validation.csv``.

    Parameters
    ----------
    study : Study
        From `plan_study`.
    workers : int, optional
        As for `cytomon.pool.run_each`.
    report : callable, optional
        Told of each row that is made anew, as it is.

    Returns
    -------
    tuple of TubeRow
        All rows of the table.

    Raises
    ------
    InputError
        If nothing can be written.
    """
    rows = {row.key: row for row in study.rows}

    def keep(row: TubeRow) -> None:
        rows[row.key] = row
        listed = sorted(rows.values(), key=lambda row: study.order.get(row.key, -1))
        write_validation(study.out, listed)
        if report is not None:
            report(row)

    refuse_unwritable(study.out)
    if rows:
        write_validation(study.out, rows.values())
    with TemporaryDirectory(dir=study.out, prefix=".work-") as work:
        waiting = [replace(task, work=work) for task in study.waiting]
        run_each(waiting, judge, _lost, workers=workers, report=keep)
    return earlier_rows(study.out)


def _still_holds(row: TubeRow, task: _Task | None) -> bool:
    """Whether a row from before is what this task would give; what failed is tried again."""
    if task is None or row.error:
        return False
    return (row.made_by, row.inputs) == (task.made_by, task.inputs)


def earlier_rows(out: Path) -> tuple[TubeRow, ...]:
    """Rows of an earlier run; none where there is no table."""
    return read_validation(out) if (out / TABLE).is_file() else ()


def judge(task: _Task) -> TubeRow:
    """The row of one tube, whatever happens."""
    started = time.perf_counter()
    said = {**_said(task), **task.item.said()}
    try:
        with TemporaryDirectory(dir=task.work) as folder:
            judged = task.item.judged(Path(folder))
        seconds = round(time.perf_counter() - started, 2)
        return TubeRow.model_validate({**said, **judged, "seconds": seconds})
    except CytomonError as error:
        return TubeRow(**said, error=f"{error.what} (where: {error.where}; fix: {error.fix})")
    except Exception as error:  # noqa: BLE001  (one tube's defect must not stop the study)
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name} line {frame.lineno}"
        return TubeRow(**said, error=f"{type(error).__name__} in {place}: {error}")


def _said(task: _Task) -> dict[str, Any]:
    names = {"tube": task.item.tube, "made_by": task.made_by}
    return {**names, "inputs": task.inputs, "command": task.command, "planned": task.planned}


def _lost(task: _Task, how: Loss) -> TubeRow:
    return TubeRow(**_said(task), **task.item.said(), error=how(task.item.tube).what)


@cache
def code_hash() -> str:
    """Hash of the code and the templates that the numbers depend on."""
    package = Path(cytomon.__file__).parent
    templates = next(p for p in (package / "_gates", package.parent / "gates") if p.is_dir())
    digest = hashlib.sha256()
    for folder in (package, templates):
        for path in sorted(folder.rglob("*")):
            place = path.relative_to(folder)
            ours = path.suffix in {".py", ".yaml", ".csv", ".json"}
            if ours and (place.parts[0] not in NOT_IN_NUMBERS or place.name in JUDGES):
                digest.update(f"{place}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def no_rows(out: Path) -> InputError:
    """What to say where there is nothing to draw a page from."""
    return InputError(
        "there is no row to draw a page from",
        where=str(out / TABLE),
        fix="run `cytomon validate` without --page-only first",
    )
