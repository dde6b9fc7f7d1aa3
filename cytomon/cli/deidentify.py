"""`cytomon deidentify`: copies of tubes, lists and pictures that name nobody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cytomon.cli.stored import EventsOption, PatientsOption

if TYPE_CHECKING:
    from cytomon.cli.talk import Talk
    from cytomon.deidentify.copies import Outcome
    from cytomon.deidentify.places import Wanted
    from cytomon.deidentify.scan import Left

Given = TypeVar("Given")

_FIRST = 20


def deidentify(
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="INPUT...", help="FCS or LMD files, or folders of them."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the copies, and of nothing else.")
    ] = None,
    secret: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What pseudonyms and shifts of days are made with."),
    ] = None,
    worklist: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Which tube belongs to which patient.")
    ] = None,
    patients: PatientsOption = None,
    events: EventsOption = None,
    figures: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The folder figures of a batch of the same inputs."),
    ] = None,
    allow: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Words that channels may be called by, one a line."),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Write what is whose, for you alone; never in DIR."),
    ] = None,
    new_secret: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Make a new secret, and stop.")
    ] = None,
    scan: Annotated[
        bool, typer.Option("--scan", help="Copy nothing; look for --words in the folders INPUT.")
    ] = False,
    words: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What --scan looks for, one a line.")
    ] = None,
) -> int:
    """Copy tubes so that nothing but their channels and events is left, and look whether it is so.

    The same secret gives the same pseudonyms and moves the days of a patient by the same number,
    on every run. What was removed is told in DIR/removed.csv, never what stood there. Exit code 0:
    all done. 1: a tube, picture or row was refused, or --scan has found a word. 2: wrong usage. 3:
    nothing done.
    """
    from cytomon.cli.talk import Talk

    talk = Talk()
    if new_secret is not None:
        return _new(new_secret, talk.say)
    given = _said(inputs, "INPUT", "which tubes are meant", "name files, or folders of them")
    if scan:
        return _scan(
            given,
            _said(words, "--words", "what is looked for", "name a file with a word on each line"),
            talk,
        )
    from cytomon.deidentify.places import Wanted, read_words
    from cytomon.deidentify.secret import read_secret
    from cytomon.fcs.names import letters
    from cytomon.inputs import Lists

    wanted = Wanted(
        inputs=tuple(given),
        out=_said(out, "--out", "where the copies are wanted", "name a new folder"),
        secret=read_secret(
            _said(
                secret,
                "--secret",
                "with what pseudonyms are made",
                "make one with --new-secret FILE",
            )
        ),
        lists=Lists(worklist=worklist, patients=patients, events=events),
        figures=figures,
        allowed=frozenset(letters(word) for word in read_words(allow)) if allow else frozenset(),
        key=key,
    )
    return _copy(wanted, talk)


def _said(given: Given | None, option: str, what: str, fix: str) -> Given:
    from cytomon.errors import InputError

    if not given:
        raise InputError(f"it is not said {what}", where=option, fix=fix)
    return given


def _new(path: Path, say: Callable[[str], None]) -> int:
    from cytomon.deidentify.secret import new_secret

    new_secret(path)
    say(f"a new secret is in {path}; it can be read by you alone")
    say("whoever has it can find out whose a copy is; without it no run repeats the pseudonyms")
    return 0


def _scan(folders: Sequence[Path], words: Path, talk: Talk) -> int:
    from cytomon.deidentify.places import read_words
    from cytomon.deidentify.scan import scan
    from cytomon.deidentify.words import identifiers
    from cytomon.errors import InputError

    listed = [
        (word, f"the word of line {line} of {words.name}")
        for line, word in enumerate(read_words(words), start=1)
    ]
    if not any(word for word, _ in listed):
        raise InputError("the file of words is empty", where=words.name, fix="name a word a line")
    left = [one for folder in folders for one in scan(folder, identifiers(listed, strict=True))]
    unsought = [
        of for word, of in listed if word and identifiers([(word, of)], strict=True).is_empty
    ]
    _say_left(left, talk)
    for of in unsought:
        talk.say(f"not looked for, because it is too short: {of}")
    if not left:
        talk.say("nothing was found")
    return 1 if left or unsought else 0


def _copy(wanted: Wanted, talk: Talk) -> int:
    from cytomon.deidentify.copies import deidentify as copy

    outcome = copy(wanted, lambda file, how: talk.say(f"{file}: {how}"))
    for refusal in outcome.refused:
        finding = refusal.finding
        named = Path(refusal.file).name in finding.where or not refusal.file
        talk.say(f"refused: {finding.where if named else refusal.file}: {finding.what}")
        talk.say(f"  fix: {finding.fix}")
    _say_lists(outcome, talk)
    _say_left(outcome.left, talk)
    if outcome.strangers:
        names = ", ".join(outcome.strangers[:_FIRST])
        talk.say(f"in the folder lie files that this run has not written: {names}")
        talk.say("  fix: see what they are, and remove them before you hand the folder over")
    if not outcome.copies:
        talk.say("nothing was copied")
        return 3
    if wanted.lists.worklist is None:
        talk.say("without a worklist the days of each tube were moved by a number of its own")
    plural = "" if outcome.copies == 1 else "s"
    talk.say(
        f"{outcome.copies} tube{plural} copied, {outcome.pictures} with a picture, "
        f"{len(outcome.refused)} refused; what was removed is told in {wanted.out / 'removed.csv'}"
    )
    return 1 if outcome.refused or outcome.left or outcome.strangers else 0


def _say_lists(outcome: Outcome, talk: Talk) -> None:
    for name, moved in outcome.lists.items():
        emptied = {column: n for column, n in moved.emptied.items() if n and column != "comment"}
        for column, count in sorted(emptied.items()):
            why = "emptied, for a word or a number that is not known"
            talk.say(f"{name}: {why}: {column}, cells: {count}")
        if moved.left_out:
            talk.say(f"{name}: rows left out: {moved.left_out}")
    for what, count in outcome.left_out.items():
        talk.say(f"left out: {what}: {count}")
    if outcome.elsewhere:
        talk.say(f"left out: tubes of the worklist that are in no input: {outcome.elsewhere}")
    if outcome.unsought:
        talk.say(
            "not looked for in the copies, being too short or words of the field: ids and names "
            f"of files: {outcome.unsought}"
        )


def _say_left(left: Sequence[Left], talk: Talk) -> None:
    for one in left[:_FIRST]:
        talk.say(f"left: {one.of}: {one.file or 'a name'}, {one.where}")
    if len(left) > _FIRST:
        talk.say(f"left: and {len(left) - _FIRST} more")
