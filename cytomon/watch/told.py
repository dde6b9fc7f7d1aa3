"""What a watching service says: one plain line for each event, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cytomon.batch import Outcome
from cytomon.card import Card
from cytomon.errors import CytomonError, InputError
from cytomon.lists import Refusal
from cytomon.model.findings import Finding

_MOST = 5


class Told:
    """What was said already.

    Parameters
    ----------
    say : callable
        Told each line.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said: set[str] = set()
        self._waits: dict[str, str] = {}
        self._gone: set[str] = set()
        self._moved: set[str] = set()
        self._trouble = ""
        self._no_store = ""

    def files(self, waiting: Mapping[str, str]) -> None:
        """Files that wait, each with its reason."""
        for file, reason in waiting.items():
            if self._waits.get(file) != reason:
                self._line(f"{file} waits: {reason}")
        self._waits = dict(waiting)

    def gone(self, files: set[str]) -> None:
        """Measured tubes that are no longer in the folder."""
        new = sorted(files - self._gone - self._moved)
        if new:
            more = f" and {len(new) - _MOST} more" if len(new) > _MOST else ""
            self._line(
                f"no longer in the folder: {', '.join(new[:_MOST])}{more}; the tables show what is "
                "there when they are written next, what was measured stays in tubes/ and the store"
            )
        self._gone = set(files)

    def copies(self, copies: Mapping[str, str]) -> None:
        """Tubes that are not measured since the same bytes were."""
        for file, other in copies.items():
            self._once(f"{file} is byte for byte the same as {other}: it is not measured again")

    def replaced(self, file: str) -> None:
        """A tube whose bytes have changed since it was measured."""
        self._line(
            f"ATTENTION: {file} holds other bytes than when it was measured: it is measured again, "
            "the tables will show the new result, the store keeps both"
        )

    def rows(self, refused: Sequence[Refusal]) -> None:
        """Rows of the lists that cannot be used, or whose tube has not come yet."""
        lines = [f"{one.finding.where}: {one.finding.what}" for one in refused]
        new = [line for line in dict.fromkeys(lines) if line not in self._said]
        for line in new[:_MOST]:
            self._line(line)
        if len(new) > _MOST:
            self._line(f"and {len(new) - _MOST} rows more, which are in findings.csv")
        self._said.update(new)

    def measured(self, card: Card) -> None:
        """A tube that has just been measured."""
        if not card.refused and not card.from_before:
            self._line(f"{card.file}: measured")

    def outcome(self, outcome: Outcome, before: int) -> None:
        """What else is to be said of a run, and how many tubes an earlier process has measured."""
        if before:
            self._line(f"{before} measured before")
        for refusal in outcome.filed.refused if outcome.filed else ():
            said = refusal.finding
            self._once(f"not kept: {said.where}: {said.what}; fix: {said.fix}")

    def tried_again(self, file: str, reason: Finding) -> None:
        """A tube that cannot be measured at the moment."""
        self._once(f"{file} will be tried again: {reason.what}; {reason.fix}")

    def refused(self, file: str, reason: Finding, what_became: str) -> None:
        """A tube that cannot be measured."""
        self._line(f"refused: {file}: {reason.what}; {what_became}; fix: {reason.fix}")
        self._moved.add(file)

    def trouble(self, error: CytomonError | OSError) -> None:
        """What has to pass before anything can be done."""
        text = _words(error)
        if text != self._trouble:
            self._line(f"waiting: {text}")
        self._trouble = text

    def no_trouble(self) -> None:
        """It has passed."""
        if self._trouble:
            self._line("going on")
        self._trouble = ""

    def no_store(self, error: InputError) -> None:
        """The store cannot be used."""
        text = _words(error)
        if text != self._no_store:
            self._line(f"not kept for now: {text}; tubes are measured, and kept when it is back")
        self._no_store = text

    def store(self) -> None:
        """The store can be used."""
        if self._no_store:
            self._line("the store is back")
        self._no_store = ""

    def _once(self, line: str) -> None:
        if line not in self._said:
            self._line(line)
            self._said.add(line)

    def _line(self, text: str) -> None:
        # a name may hold what would look like another line of a log
        self._say("".join(c if c.isprintable() else repr(c)[1:-1] for c in text))


def _words(error: CytomonError | OSError) -> str:
    if isinstance(error, OSError):
        return f"a file cannot be read or written: {error.strerror or type(error).__name__}"
    return f"{error.what} ({error.where}); {error.fix}"
