"""`cytomon report`: what a physician reads, and whether a file is what was signed."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import cytomon
from cytomon.cli.stored import DAY, StoreOption, UserOption, acting, opened_store, reason
from cytomon.errors import CytomonError, InputError

if TYPE_CHECKING:
    from cytomon.editions import Wanted
    from cytomon.reporting import Listed, Written
    from cytomon.store.address import Address
    from cytomon.store.session import Store

NOTHING, DEFECT = 3, 70


def report(
    patients: Annotated[
        list[str] | None, typer.Argument(metavar="[PATIENT...]", help="Whose reports.")
    ] = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="Every patient, and index.html: the list of them.")
    ] = False,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the reports.")] = None,
    formats: Annotated[
        str, typer.Option("--format", metavar="LIST", help="Of html, pdf and fhir.")
    ] = "html,pdf",
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=DAY, metavar="DAY", help="The day; by default today."),
    ] = None,
    results: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Folder of a batch's results, for the plots of tubes."),
    ] = None,
    laboratory: Annotated[
        Path | None, typer.Option(metavar="YAML", help="Name and method of the laboratory.")
    ] = None,
    codes: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Codes of FHIR, before the shipped ones.")
    ] = None,
    profile: Annotated[
        str, typer.Option(metavar="NAME", help="The definitions, as of cytomon track.")
    ] = "trial",
    sign: Annotated[
        bool, typer.Option("--sign", help="Release the report of one patient under your name.")
    ] = False,
    why: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Of a version in place of a signed one.")
    ] = "",
    verify: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Say whether a file is the one signed.")
    ] = None,
    store: StoreOption = None,
    user: UserOption = None,
) -> int:
    """Write what is known of patients as one page each: HTML, PDF, FHIR.

    Without --sign reports are drafts, or the signed version where nothing has changed since;
    --sign releases every format whose package is installed.
    --verify exits with 0 for the newest signed version, 1 for one that was replaced, 3 for a file
    that nobody has signed.
    """
    who = acting(user)
    names = [name.strip() for name in patients or []]
    if verify is not None:
        others = (names, everybody, out, as_of, results, laboratory, codes, sign, why)
        _refuse_beside_verify(any(others))
        with opened_store(store, who) as there:
            return _verify(there, verify)
    out = _refuse_slips(names, out, everybody=everybody, sign=sign)
    from cytomon.store.address import choose

    where = (results or [], choose(store))
    wanted = _wanted(out, formats, where, laboratory, codes, (profile, as_of))
    with opened_store(store, who) as there:
        if sign:
            return _sign(there, who, names[0], wanted, reason(why, needed=False))
        return write_reports(there, names, wanted, everybody=everybody)


def _refuse_beside_verify(given: bool) -> None:
    if given:
        raise InputError(
            "--verify looks at one file and writes no report",
            where="--verify",
            fix="give --verify FILE alone, and write reports with another call",
        )


def _refuse_slips(names: list[str], out: Path | None, *, everybody: bool, sign: bool) -> Path:
    """See that it is said whose reports go where, and that they can; returns the folder."""
    from cytomon.tables import refuse_unwritable

    if everybody == bool(names) or (sign and len(names) != 1):
        raise InputError(
            "--sign releases the report of one patient" if sign else "whose reports is not said",
            where="PATIENT",
            fix="name one patient" if sign else "name patients, or give --all and no name",
        )
    if out is None:
        raise InputError("no folder is named", where="--out", fix="say where to: --out DIR")
    # the folder itself is made when there is something to put into it
    refuse_unwritable(next(one for one in (out, *out.absolute().parents) if one.exists()))
    return out


def _wanted(
    out: Path,
    formats: str,
    where: tuple[list[Path], Address],
    laboratory: Path | None,
    codes: Path | None,
    day: tuple[str, datetime | None],
) -> Wanted:
    from cytomon.drawings import Drawings
    from cytomon.editions import Wanted
    from cytomon.report.codes import read_codes
    from cytomon.report.laboratory import read_laboratory
    from cytomon.track.profile import read_profile
    from cytomon.whereabouts import results_folders

    results, address = where
    profile, as_of = day
    return Wanted(
        out=out,
        formats=_formats(formats),
        as_of=as_of.date() if as_of else None,
        profile=read_profile(profile),
        laboratory=read_laboratory(laboratory),
        codes=read_codes(codes),
        drawings=Drawings(folders=(*results, *results_folders(address))),
    )


def _formats(given: str) -> tuple[str, ...]:
    from cytomon.reporting import FORMATS

    named = [one.strip().lower() for one in given.split(",") if one.strip()]
    unknown = sorted(set(named) - set(FORMATS))
    if unknown or not named:
        raise InputError(
            f"there is no format {', '.join(unknown)}" if unknown else "no format is named",
            where="--format",
            fix=f"name some of {', '.join(FORMATS)}, separated by commas",
        )
    return tuple(one for one in FORMATS if one in named)


def write_reports(there: Store, names: list[str], wanted: Wanted, *, everybody: bool) -> int:
    """Write one report after the other; one that cannot be written stops no other."""
    from cytomon.cli.talk import Talk
    from cytomon.report.words import inert
    from cytomon.reporting import Written, everyone, write_index_of

    talk = Talk()
    wanted_names = everyone(there) if everybody else list(dict.fromkeys(names))
    lines: list[Listed] = []
    refused: list[_Refused] = []
    with talk.steps(len(wanted_names)) as step:
        for name in wanted_names:
            made = _attempt(there, name, wanted)
            if made.line is not None:
                lines.append(made.line)
            if not isinstance(made, Written):
                refused.append(made)
                talk.say(f"refused: {inert(name)}: {made.why}")
                continue
            step(made.document.identity.report_id, "written")
            if not everybody:
                _say(made)
    if everybody:
        typer.echo(write_index_of(lines, wanted))
    written = len(wanted_names) - len(refused)
    talk.say(f"{written} report{'s' * (written != 1)} written, {len(refused)} refused")
    if any(one.defect for one in refused):
        return DEFECT
    if not written:
        return NOTHING if wanted_names else 0
    return 1 if refused else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    """Why there is no report, and its line in the list of reports where there is one."""

    why: str
    defect: bool = False
    line: Listed | None = None


def _attempt(there: Store, name: str, wanted: Wanted) -> Written | _Refused:
    from cytomon.reporting import WithheldError, write_report

    try:
        return write_report(there, name, wanted)
    except WithheldError as error:
        return _Refused(why=str(error), line=error.line)
    except CytomonError as error:
        return _Refused(why=str(error))
    except OSError as error:
        return _Refused(why=f"a file cannot be read or written: {error.strerror}")
    except Exception as error:  # noqa: BLE001  (one patient's defect must not stop the others)
        return _Refused(why=f"this is a defect of cytomon ({_place(error)})", defect=True)


def _place(error: Exception) -> str:
    """Where a defect showed, never its message: that may hold what a list said."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if Path(cytomon.__file__).parent in Path(one.filename).parents]
    frame = (ours or frames)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name} line {frame.lineno}"


def _say(written: Written) -> None:
    document = written.document
    for one in document.verdicts:
        typer.echo(f"{one.question:<40}{one.answer}")
    for path in written.files.values():
        typer.echo(path)


def _sign(there: Store, who: str, name: str, wanted: Wanted, why: str) -> int:
    from cytomon.reporting import sign_report

    written = sign_report(there, who, name, wanted, why=why)
    _say(written)
    typer.echo(written.document.standing, err=True)
    return 0


def _verify(there: Store, path: Path) -> int:
    from cytomon.reporting import verify_file
    from cytomon.store.reports import ContradictedError

    try:
        found = verify_file(there, path)
    except ContradictedError as error:
        typer.echo(f"not known: {error}")
        return NOTHING
    version = found.version
    if version is None:
        typer.echo("not signed: no signed report of this store has these bytes")
        typer.echo("a draft, another store's report, or a file that was changed", err=True)
        return NOTHING
    typer.echo(
        f"{version.status}: report {version.report_id} version {version.version}, as of "
        f"{version.as_of}, by {version.by} ({version.role}) at {version.at}, log entry "
        f"{version.entry}"
    )
    for newer in found.newer:
        typer.echo(
            f"replaced by version {newer.version}, signed by {newer.by} at {newer.at}: {newer.why}"
        )
    typer.echo("whether the log itself is whole: cytomon audit verify", err=True)
    return 1 if found.newer else 0
