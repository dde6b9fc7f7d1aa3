"""What a report says, as data. The writers lay it out, and add neither a word nor a number.

Every text is inert already (`cytomon.report.words.inert`): what the laboratory's lists and files
say is shown, and never acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cytomon.report.told import Collected, Curves, Happened


class Status(StrEnum):
    """How far a report has come (domain: 6.1.1)."""

    DRAFT = "draft"
    SIGNED = "signed"
    AMENDED = "amended"


class Tone(StrEnum):
    """How an answer looks, beside what it says: never by colour alone."""

    ALARM = "alarm"
    CAUTION = "caution"
    CALM = "calm"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which report it is.

    Attributes
    ----------
    report_id : str
        The same for all versions; made of nothing that names the patient.
    version : int
        From 1; of a draft the one that it would become.
    status : Status
        How far it has come.
    as_of : date
        The day of what it says.
    entry : int
        Number of the store's last log entry that it rests on.
    simulated : bool
        Whether anything in it was simulated: then it says so everywhere.
    made_by : str
        Program and version.
    definitions : str
        Rules and profile with their versions.
    """

    report_id: str
    version: int
    status: Status
    as_of: date
    entry: int
    simulated: bool
    made_by: str
    definitions: str

    @property
    def stem(self) -> str:
        """Name of its files before the dot; of a draft with its day."""
        simulated = "SIMULATED-" if self.simulated else ""
        day = self.as_of.isoformat().replace("-", "")
        draft = f"-draft-{day}" if self.status is Status.DRAFT else ""
        return f"{simulated}{self.report_id}-v{self.version}{draft}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A name and what is recorded under it."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under columns.

    Attributes
    ----------
    title : str
        Caption.
    columns : tuple of str
        Headings.
    rows : tuple of tuple of str
        Each as long as `columns`.
    note : str
        What stands below; empty where nothing does.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A figure, by the name under which the writers are given it.

    Attributes
    ----------
    key : str
        Name of the figure.
    title : str
        Caption.
    says : str
        What it shows, for whoever cannot see it.
    whole : bool
        Whether it takes the whole width of a page.
    detail : bool
        Whether it is for the screen only: too much for paper.
    caveat : str
        How it differs from what is reported, below it and on paper too; empty where it does not.
    """

    key: str
    title: str
    says: str
    whole: bool = False
    detail: bool = False
    caveat: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the evidence.

    Attributes
    ----------
    key : str
        Name for links.
    title : str
        Heading.
    text : tuple of str
        Paragraphs.
    fields : tuple of Field
        Facts.
    tables : tuple of Table
        Below them.
    pictures : tuple of Picture
        Below those.
    """

    key: str
    title: str
    text: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One of the three answers.

    Attributes
    ----------
    key : str
        ``mrd``, ``escape`` or ``b_cells``.
    question, answer : str
        In words.
    tone : Tone
        How it looks.
    lines : tuple of str
        The numbers it rests on, and what narrows it.
    source : str
        The specimen.
    """

    key: str
    question: str
    answer: str
    tone: Tone
    lines: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A flag.

    Attributes
    ----------
    rule, urgency : str
        ``A1`` to ``A21``; ``critical``, ``high``, ``medium`` or ``info``.
    when : str
        Day.
    says : str
        One sentence.
    facts : tuple of str
        What it rests on.
    confirms : str
        What would confirm or refute it.
    seen : tuple of str
        Who has answered it, and how.
    open : bool
        Whether it waits.
    """

    rule: str
    urgency: str
    when: str
    says: str
    facts: tuple[str, ...]
    confirms: str
    seen: tuple[str, ...]
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who has released a version of a report."""

    name: str
    role: str
    at: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Document:
    """Everything that a report says.

    Attributes
    ----------
    identity : Identity
        Which report it is.
    patient_id, sex : str
        Pseudonym, and sex; empty where not recorded.
    birth_year : int or None
        Year of birth.
    banner : str
        What stands above everything, such as ``SIMULATED DATA``; empty where nothing has to.
    standing : str
        Draft, signed or amended, in words.
    heading : tuple of Field
        Patient, product, day, report.
    verdicts : tuple of Verdict
        The three answers.
    summary : tuple of str
        The interpretation: integrated sentences.
    alerts : tuple of Alert
        Open flags first, the most urgent on top.
    changes : tuple of str
        What changed since the last version.
    sections : tuple of Section
        The evidence.
    disclaimers : tuple of str
        What the reader has to know of the program.
    specimens : tuple of Collected
        For other systems, by day.
    happened : tuple of Happened
        Likewise.
    infused_on : date or None
        Day 0.
    product : str
        What was infused.
    laboratory : str
        Its name; empty where not recorded.
    signer : Signer or None
        Who has released it.
    curves : Curves
        What the figure of the course is drawn from.
    """

    identity: Identity
    patient_id: str
    sex: str
    birth_year: int | None
    banner: str
    standing: str
    heading: tuple[Field, ...]
    verdicts: tuple[Verdict, ...]
    summary: tuple[str, ...]
    alerts: tuple[Alert, ...]
    changes: tuple[str, ...]
    sections: tuple[Section, ...]
    disclaimers: tuple[str, ...]
    specimens: tuple[Collected, ...]
    happened: tuple[Happened, ...]
    infused_on: date | None
    product: str
    laboratory: str
    signer: Signer | None
    curves: Curves
