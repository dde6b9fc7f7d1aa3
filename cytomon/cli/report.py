"""`cytomon report`: what a physician reads, and whether a file is what was signed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytomon.cli.stored import DAY, StoreOption, UserOption, acting, opened_store, reason
from cytomon.errors import CytomonError, InputError

if TYPE_CHECKING:
    from cytomon.editions import Wanted
    from cytomon.reporting import Written
    from cytomon.store.address import Address
    from cytomon.store.session import Store


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

    Without --sign reports are drafts, or the signed version where nothing has changed since.
    --verify exits with 0 for the newest signed version, 1 for one that was replaced, 3 for a file
    that nobody has signed.
    """
    who = acting(user)
    if verify is not None:
        with opened_store(store, who) as there:
            return _verify(there, verify)
    names = [name.strip() for name in patients or []]
    if everybody == bool(names) or (sign and len(names) != 1):
        raise InputError(
            "--sign releases the report of one patient" if sign else "whose reports is not said",
            where="PATIENT",
            fix="name one patient" if sign else "name patients, or give --all and no name",
        )
    if out is None:
        raise InputError("no folder is named", where="--out", fix="say where to: --out DIR")
    from cytomon.store.address import choose

    where = (results or [], choose(store))
    wanted = _wanted(out, formats, where, laboratory, codes, (profile, as_of))
    with opened_store(store, who) as there:
        if sign:
            return _sign(there, who, names[0], wanted, reason(why, needed=False))
        return write_reports(there, names, wanted, everybody=everybody)


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
    from cytomon.reporting import everyone, write_index_of, write_report

    talk = Talk()
    wanted_names = everyone(there) if everybody else list(dict.fromkeys(names))
    listed, refused = [], 0
    with talk.steps(len(wanted_names)) as step:
        for name in wanted_names:
            try:
                written = write_report(there, name, wanted)
            except CytomonError as error:
                refused += 1
                talk.say(f"refused: {error}")
                continue
            listed.append(written.line)
            step(written.document.identity.report_id, "written")
            if not everybody:
                _say(written)
            _warn(talk.say, written)
    if everybody:
        path = write_index_of(listed, wanted)
        typer.echo(path)
    talk.say(f"{len(listed)} report{'s' * (len(listed) != 1)} written, {refused} refused")
    if not listed:
        return 3 if wanted_names else 0
    return 1 if refused else 0


def _say(written: Written) -> None:
    document = written.document
    for one in document.verdicts:
        typer.echo(f"{one.question:<40}{one.answer}")
    for path in written.files.values():
        typer.echo(path)


def _warn(say: Callable[[str], None], written: Written) -> None:
    if written.differs:
        say(
            "nothing has changed since this version was signed, yet this installation draws other "
            "bytes than were signed: hand out the file that was signed (cytomon report --verify)"
        )


def _sign(there: Store, who: str, name: str, wanted: Wanted, why: str) -> int:
    from cytomon.model.people import Act
    from cytomon.reporting import sign_report
    from cytomon.store.change import changing

    with changing(there, who, "report", act=Act.SIGN) as change:
        written = sign_report(change, name, wanted, why=why)
    _say(written)
    typer.echo(written.document.standing, err=True)
    return 0


def _verify(there: Store, path: Path) -> int:
    from cytomon.reporting import verify_file

    found = verify_file(there, path)
    version = found.version
    if version is None:
        typer.echo("not signed: no signed report of this store has these bytes")
        typer.echo("a draft, another store's report, or a file that was changed", err=True)
        return 3
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
