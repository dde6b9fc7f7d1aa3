"""`cytomon demo`: everything once, on six simulated patients."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytomon.cli.stored import acting

if TYPE_CHECKING:
    from cytomon.cli.talk import Talk
    from cytomon.store.address import Address


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the results.")] = Path("demo"),
) -> int:
    """Follow six simulated patients: tubes are measured, results kept, flags and reports written.

    The tubes are made by seed when it runs (300,000 cells each, 30 MB).
    """
    from cytomon.batch import Keep, run
    from cytomon.cli.batch import processes
    from cytomon.cli.talk import Talk
    from cytomon.demo import plan_demo, stories, write_six
    from cytomon.store.address import NAME, parse

    talk = Talk()
    for line in stories():
        talk.say(line)
    talk.say("simulating their tubes ...")
    before = write_six(out / "patients")
    jobs, lists, settings = plan_demo(out / "patients")
    # never the laboratory's own store: the demo's patients are simulated
    address, who = parse(f"sqlite:///{out / NAME}"), acting(None)
    keep = Keep(address=address, who=who, lists=lists)
    with talk.progress(len(jobs.jobs)) as report:
        outcome = run(jobs, out, settings, workers=processes(), keep=keep, report=report)
    talk.summary(jobs, outcome, out)
    _follow(talk, address.named, who, before)
    _report(address, who, out)
    return outcome.exit_code


def _report(address: Address, who: str, out: Path) -> None:
    """Write the reports of all, in every format for which a package is there."""
    from importlib.util import find_spec

    from cytomon.cli.report import write_reports
    from cytomon.cli.stored import opened_store
    from cytomon.demo import AS_OF
    from cytomon.drawings import Drawings
    from cytomon.editions import Wanted
    from cytomon.report.codes import read_codes
    from cytomon.report.laboratory import Laboratory
    from cytomon.track.profile import read_profile

    needed = {"html": "jinja2", "pdf": "typst", "fhir": "fhir"}
    wanted = Wanted(
        out=out / "reports",
        formats=tuple(kind for kind, package in needed.items() if find_spec(package)),
        as_of=AS_OF,
        profile=read_profile(),
        laboratory=Laboratory(name="Demonstration, no laboratory"),
        codes=read_codes(None),
        drawings=Drawings(folders=(out,)),
    )
    with opened_store(address.named, who) as there:
        write_reports(there, [], wanted, everybody=True)


def _follow(talk: Talk, store: str, who: str, before: Path) -> None:
    """Import what was measured before, and show the worklist."""
    from cytomon.cli.stored import opened_store
    from cytomon.cli.track_table import worklist
    from cytomon.courses import Day, follow_all
    from cytomon.demo import AS_OF
    from cytomon.filing.imports import ImportLists, import_lists
    from cytomon.store.address import parse
    from cytomon.track.digest import digest_of
    from cytomon.track.profile import read_profile

    with opened_store(store, who) as there:
        talk.imported(import_lists(there, who, ImportLists(measurements=before)))
    day = Day(as_of=AS_OF, profile=read_profile())
    digests = list(follow_all(parse(store), who, day, digest_of, workers=1))
    for line in ("", *worklist(digests, AS_OF, everybody=True)):
        typer.echo(line)
    talk.say(f"one of them: cytomon track D4 --as-of {AS_OF} --store {store}")
