"""The pictures of one tube: its gating strategy for people, and what its report is drawn from."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cytomon.document import Document, to_json
from cytomon.gating.source import Source
from cytomon.model.results import TubeResult
from cytomon.model.tube import Tube
from cytomon.plots import keep_plots, plots_path, read_plots
from cytomon.tables import whole

DOUBTFUL = {
    "BORDERLINE_AT_THRESHOLD",
    "WITH_SUSPICIOUS_EVENTS",
    "QUALITY_FAILED",
    "EQUIVOCAL",
    "PROVISIONAL",
    "CHECK_BY_EYE",
}
DOUBTFUL_FINDINGS = {
    "GATE_FALLBACK",
    "GATE_AT_LEASH",
    "BLASTS_AMONG_HEMATOGONES",
    "CLUSTER_BY_EYE",
    "PRECURSORS_ARRESTED",
}
_WHOSE = ("patient_id", "specimen_id", "collected_on", "specimen_type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Where the pictures of a tube lie, and for which tubes they are wanted.

    Attributes
    ----------
    out : Path
        Folder of the results.
    file : str
        Name of the tube, and so of its figure.
    wanted : str
        ``all``, ``doubtful`` or ``none``.

    Notes
    -----
    A figure has the name of its tube, key plots that of their analysis. A figure must go as soon
    as its tube is measured anew. Key plots of another analysis are still true, and a store may
    hold its result: they go when the same file has given another answer.
    """

    out: Path
    file: str
    wanted: str

    def lack(self, document: Document) -> bool:
        """Whether pictures have to be made of a tube."""
        if self.wanted == "none" or (self.wanted == "doubtful" and not _is_doubtful(document)):
            return False
        if not document.from_before or not self._figure.is_file():
            return True
        return read_plots(plots_path(self.out, document.analysis)) is None

    def draw(self, tube: Tube, result: TubeResult, source: Source, analysis: str) -> None:
        """Make the pictures of a measured tube.

        Raises
        ------
        InputError
            If they cannot be written.
        """
        from cytomon.gating.figures import draw_strategy
        from cytomon.gating.key_plots import indexed, key_plots
        from cytomon.gating.stories import see

        seen = see(tube, result, source)
        with whole(self._figure) as part:
            draw_strategy(part, seen)
            strategy = indexed(part)
        keep_plots(plots_path(self.out, analysis), key_plots(seen, strategy))

    def forget(self, analysis: str = "") -> None:
        """Remove the figure, and the key plots of an analysis that is done again.

        Raises
        ------
        OSError
            If they cannot be removed.
        """
        self._figure.unlink(missing_ok=True)
        if analysis:
            plots_path(self.out, analysis).unlink(missing_ok=True)

    def drop_superseded(self, earlier: Document, document: Document) -> None:
        """Remove the key plots of an earlier analysis of the same file that said something else."""
        if (
            earlier.analysis not in {"", document.analysis}
            and earlier.sha256 == document.sha256
            and not _says_the_same(earlier, document)
        ):
            with suppress(OSError):  # they are only in nobody's way
                plots_path(self.out, earlier.analysis).unlink(missing_ok=True)

    @property
    def _figure(self) -> Path:
        return self.out / "figures" / f"{self.file}.png"


def _says_the_same(earlier: Document, document: Document) -> bool:
    """Whether a store that holds the earlier result would keep it."""
    return _answer(earlier) == _answer(document)


def _answer(document: Document) -> bytes:
    """What a result says; whose specimen it is of plays no part."""
    rows = [{k: v for k, v in row.items() if k not in _WHOSE} for row in document.measurements]
    return to_json(
        [document.file, document.template, rows, document.populations, document.placement]
    )


def _is_doubtful(document: Document) -> bool:
    qualifiers = {q for row in document.measurements for q in row["qualifiers"].split(";")}
    codes = {row["code"] for row in document.findings}
    return bool(qualifiers & DOUBTFUL or codes & DOUBTFUL_FINDINGS)
