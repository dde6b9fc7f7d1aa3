"""The worklist of patients as a page: every flag at a glance, sorted and filtered on the spot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from cytomon.report.document import Tone
from cytomon.report.web import Page, margins, render

URGENCIES = ("critical", "high", "medium", "info", "none")
"""What the page filters by, the most urgent first."""
BANNER = "SIMULATED DATA"
_BY_TONE = (Tone.ALARM, Tone.CAUTION, Tone.UNKNOWN, Tone.CALM)
_DAY = re.compile(r"(?:day )?([−+-]?\d{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexLine:
    """A patient in the worklist.

    Attributes
    ----------
    patient_id : str
        Pseudonym.
    day : str
        Day after the infusion.
    mrd : str
        Answer on residual disease.
    mrd_tone : Tone
        How it looks.
    antigens, b_cells : str
        The other two answers.
    flags : tuple of (str, str)
        Urgency and the rules that wait at it, the most urgent first.
    standing : str
        Draft, signed or amended, in words.
    files : tuple of (str, str)
        Label and file name, relative to the page.
    rank : int
        Place in the order of urgency, from 0.
    """

    patient_id: str
    day: str
    mrd: str
    mrd_tone: Tone
    antigens: str
    b_cells: str
    flags: tuple[tuple[str, str], ...]
    standing: str
    files: tuple[tuple[str, str], ...]
    rank: int

    @property
    def urgencies(self) -> str:
        """By what it is filtered: its urgencies, or ``none``."""
        return " ".join(urgency for urgency, _ in self.flags) or "none"

    @property
    def mrd_order(self) -> str:
        """Alarms before whatever reassures."""
        return f"{_BY_TONE.index(self.mrd_tone)} {self.mrd}"

    @property
    def day_order(self) -> str:
        """Days by their number, also those before the infusion; any other text as it stands."""
        found = _DAY.fullmatch(self.day)
        return f"{int(found[1].replace('−', '-')) + 10**9:011d}" if found else self.day


def write_index(lines: Sequence[IndexLine], *, as_of: date, simulated: bool, made_by: str) -> bytes:
    """Lay out the worklist of patients.

    Parameters
    ----------
    lines : sequence of IndexLine
        In any order; the page starts with the lowest rank.
    as_of : date
        The day of what it says.
    simulated : bool
        Whether anything was simulated: then the page says so.
    made_by : str
        Program and version.

    Returns
    -------
    bytes
        One HTML file that needs no server; equal input gives equal bytes.
    """
    banner = BANNER if simulated else ""
    left = f"Patients as of {as_of.isoformat()} · {made_by}"
    page = Page(
        template="index.html.j2",
        sheets=("base.css", "index.css"),
        margins=margins(banner=banner, left=left),
        script="index.js",
    )
    return render(
        page,
        banner=banner,
        lines=sorted(lines, key=lambda line: (line.rank, line.patient_id)),
        urgencies=URGENCIES,
        as_of=as_of.isoformat(),
        made_by=made_by,
        address=_address,
    )


def _address(name: str) -> str:
    """A file beside the page, whatever it is called: never a scheme, never a host."""
    return "./" + quote(name, errors="replace")
