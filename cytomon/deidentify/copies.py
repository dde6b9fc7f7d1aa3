"""The story of a folder of copies: tubes, pictures, lists; each is searched before it stays."""

from __future__ import annotations

import filecmp
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cytomon.claim import claimed
from cytomon.deidentify import lists, told
from cytomon.deidentify.lists import Moved, Named
from cytomon.deidentify.pictures import copy_picture
from cytomon.deidentify.places import Found, Wanted, find, pictures_in, refuse_places, strangers
from cytomon.deidentify.scan import Left, scan, scan_file
from cytomon.deidentify.words import (
    NOTHING,
    Sought,
    identifiers,
    removed_words,
    spelled,
    without,
)
from cytomon.errors import CytomonError, InputError
from cytomon.fcs.acquisition import read_day, write_day
from cytomon.fcs.deidentify import Copy, plan_copy, write_copy
from cytomon.fcs.intake import open_tube, split_dataset
from cytomon.gating.template import list_templates
from cytomon.inputs import Job, read_patients
from cytomon.lists import Refusal, read_rows
from cytomon.model.findings import finding_of
from cytomon.model.tube import Tube
from cytomon.tables import Row, UnwritableError, refuse_unwritable, whole, write_table
from cytomon.worklist import EventRow

Step = Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of it.

    Attributes
    ----------
    copies, pictures : int
        Written.
    refused : tuple of Refusal
        Tubes, pictures, lists and rows without a copy.
    left : tuple of Left
        What the last look through the folder has found.
    strangers : tuple of str
        Files in the folder that this run has not written.
    unsought : int
        Ids that are too short, or too common a word, to be looked for.
    lists : mapping of str to Moved
        The lists that were written.
    elsewhere : int
        Rows of the worklist whose tubes are in none of the inputs.
    left_out : dict of str to int
        Files that were not copied, by what they are.
    """

    copies: int
    pictures: int
    refused: tuple[Refusal, ...]
    left: tuple[Left, ...]
    strangers: tuple[str, ...]
    unsought: int
    lists: dict[str, Moved]
    elsewhere: int
    left_out: dict[str, int]


def deidentify(wanted: Wanted, step: Step) -> Outcome:
    """Copy tubes, their pictures and their lists, so that nothing in them names anybody.

    Parameters
    ----------
    wanted : Wanted
        What, and where to.
    step : callable
        Told of each tube and of what became of it.

    Returns
    -------
    Outcome
        A tube that cannot be copied does not stop the others.

    Raises
    ------
    InputError
        If nothing can be begun with: the folders overlap, or a list cannot be read at all.
    """
    read = (*wanted.inputs, *((wanted.figures,) if wanted.figures else ()))
    refuse_places(read, wanted.out, wanted.key)
    if wanted.key is not None:
        refuse_unwritable(wanted.key.parent)
    found = find(wanted.inputs, wanted.lists)
    with claimed(wanted.out):
        run = _Run(wanted, found)
        run.report([])  # a report without rows is one of a run that has not ended
        # in an order of its own: times of files would tell that of the originals
        for job in sorted(found.jobs, key=lambda job: wanted.secret.pseudonym("turn", job.file)):
            step(job.file, run.tube(job))
        run.write_lists()
        run.leave_out()
        run.report(run.told)
        return run.ended()


class _Run:
    """One run: what it has written, told and refused so far."""

    def __init__(self, wanted: Wanted, found: Found) -> None:
        self._wanted, self._found = wanted, found
        self._secret, self._out = wanted.secret, wanted.out
        self._everyone = identifiers(found.ids()).for_others()
        self._tubes: list[Named] = []
        self._lists: dict[str, Moved] = {}
        self._written: set[str] = set()
        self._refused = list(found.refused)
        self._left_out: dict[str, int] = {}
        self.told: list[Row] = []

    def tube(self, job: Job) -> str:
        """Copy a tube and its picture, or refuse it; says which."""
        try:
            self._copy(job)
        except UnwritableError:
            raise  # a full disk is no tube's fault
        except CytomonError as error:
            self._refused.append(Refusal(file=job.file, finding=finding_of(error)))
            return "refused"
        return "copied"

    def _copy(self, job: Job) -> None:
        path, dataset = split_dataset(job.path)
        tube = open_tube(Path(path), dataset=dataset)
        whose = lists.whose(job, tube.sha256)
        word = self._secret.pseudonym("tube", whose, tube.sha256, str(tube.dataset))
        named = Named(name=f"tube-{word}.fcs", job=job, days=self._secret.days(whose))
        if named.name in self._written:
            raise InputError(
                "a file of the same bytes is copied already, of the same patient or of nobody",
                where=job.file,
                fix="leave one of the two out",
            )
        made_on = (whose, *(tube.keywords.get(key, "").strip() for key in ("$CYT", "$CYTSN")))
        cytometer = f"cytometer {self._secret.pseudonym('cytometer', *made_on)}"
        copy = plan_copy(tube, days=named.days, cytometer=cytometer, allowed=self._wanted.allowed)
        sought = self._everyone | self._of_tube(tube, copy, job)
        with self._new(named.name, sought, where=job.file) as part:
            write_copy(tube, copy, part)
        self._tubes.append(named)
        self.told += told.tube_rows(named.name, copy)
        self._picture(named, sought)

    def _of_tube(self, tube: Tube, copy: Copy, job: Job) -> Sought:
        """What is looked for in the copy of this tube beside what is looked for in all."""
        sought = identifiers(self._found.ids_of(job))
        sought |= removed_words(tube.keywords, copy.removed, self._wanted.allowed)
        specimen = job.specimen
        for day, of in (
            (read_day(tube.keywords.get("$DATE", "")), "the day of acquisition"),
            (specimen.collected_on if specimen else None, "the day of collection"),
            (specimen.received_on if specimen else None, "the day of receipt"),
        ):
            sought |= spelled(day, of) if day else NOTHING
        return without(sought, [write_day(copy.day)] if copy.day else [])

    def _picture(self, named: Named, sought: Sought) -> None:
        """Copy the picture of a tube, where there is one."""
        if self._wanted.figures is None:
            return
        picture = self._wanted.figures / f"{named.job.file}.png"
        if not picture.is_file():
            return
        try:
            name = f"figures/{named.name}.png"
            with self._new(name, sought, where=f"{named.job.file}.png") as part:
                copy_picture(picture, part)
        except CytomonError as error:
            file = f"{named.job.file}.png"
            self._refused.append(Refusal(file=file, finding=finding_of(error)))
            return
        self.told.append(told.row(name, "pixels of the tube's name", "painted over"))
        self.told.append(told.row(name, "words beside the pixels", "not copied"))

    def write_lists(self) -> None:
        """Write the lists of the tubes that have a copy, and the key."""
        given = self._wanted.lists
        if given.worklist is not None:
            names = {template.name for template in list_templates()}
            self._list("worklist.csv", lists.worklist(self._tubes, self._secret, names),
                       lists.WORKLIST_COLUMNS)  # fmt: skip
        specimens = [tube.job.specimen for tube in self._tubes if tube.job.specimen]
        of = {specimen.patient_id for specimen in specimens} - {""}
        if given.patients is not None:
            rows = [row for _, row in read_patients(given.patients)[0]]
            self._list("patients.csv", lists.patients(rows, of, self._secret),
                       lists.PATIENT_COLUMNS)  # fmt: skip
        if given.events is not None:
            happened = [row for _, row in read_rows(given.events, EventRow).rows]
            self._list("events.csv", lists.events(happened, of, self._secret),
                       lists.EVENT_COLUMNS)  # fmt: skip
        if self._wanted.key is not None:
            told.write_key(self._wanted.key, self._tubes, self._secret)

    def _list(self, name: str, moved: Moved, columns: Sequence[str]) -> None:
        try:
            with self._new(name, self._everyone, where=name) as part:
                write_table(part, moved.rows, columns)
        except CytomonError as error:
            self._refused.append(Refusal(file=name, finding=finding_of(error)))
            return
        self._lists[name] = moved
        self.told += told.list_rows({name: moved})

    def leave_out(self) -> None:
        """Tell of what has no copy, in numbers: names would say too much."""
        pictures = pictures_in(self._wanted.figures) - self._n_pictures()
        for what, count in (("files of other kinds", self._found.others),
                            ("pictures of no tube that was copied", pictures)):  # fmt: skip
            if count:
                self._left_out[what] = count
                self.told.append(told.row("", what, "left out", count))

    def _n_pictures(self) -> int:
        return sum(name.startswith("figures/") for name in self._written)

    def report(self, rows: Sequence[Row]) -> None:
        """Write what was removed, by the names of the copies."""
        every = sorted(rows, key=lambda row: row["file"])
        write_table(self._out / told.REPORT, every, told.REPORT_COLUMNS)
        self._written.add(told.REPORT)

    def ended(self) -> Outcome:
        """Look through the whole folder once more."""
        return Outcome(
            copies=len(self._tubes),
            pictures=self._n_pictures(),
            refused=tuple(self._refused),
            left=tuple(scan(self._out, self._everyone)),
            strangers=strangers(self._out, self._written),
            unsought=sum(identifiers([one]).is_empty for one in self._found.ids()),
            lists=self._lists,
            elsewhere=self._found.elsewhere,
            left_out=self._left_out,
        )

    @contextmanager
    def _new(self, name: str, sought: Sought, *, where: str) -> Iterator[Path]:
        """A file that gets its name once nothing is found in it that was to go."""
        path = self._out / PurePosixPath(name)
        with whole(path) as part:
            yield part
            _refuse_left([*scan_file(part, sought, name=name)], where)
            if path.exists() and not _may_replace(path, part):
                raise InputError(
                    "the folder of the copies holds another file of this name",
                    where=name,
                    fix="name an empty folder with --out",
                )
        self._written.add(name)


def _may_replace(path: Path, part: Path) -> bool:
    """Whether the file is the same, or a list, which says what the last run has copied."""
    return path.suffix == ".csv" or filecmp.cmp(path, part, shallow=False)


def _refuse_left(left: Sequence[Left], where: str) -> None:
    if left:
        what = ", ".join(dict.fromkeys(f"{one.of} (among its {one.where})" for one in left))
        raise InputError(
            f"the copy still held {what}; it was not kept",
            where=where,
            fix="look for it in the original; a word of a keyword that names nobody can be listed "
            "with --allow",
        )
