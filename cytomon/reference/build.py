"""From tubes to a reference file: the story of one build."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from cytomon.errors import InputError
from cytomon.gating.envelope.reference import (
    FOLDER,
    CloudSpec,
    ReferenceSpec,
    load_reference,
    parse_reference,
    parse_spec,
)
from cytomon.gating.folder import gate_folder
from cytomon.model.normal import Reference
from cytomon.pool import run_each
from cytomon.reference.donors import Seen, Source, Task, lost, observe
from cytomon.reference.learn import FEWEST_EVENTS, FEWEST_TUBES, Built, learn, precursors
from cytomon.tables import refuse_unwritable, write_whole
from cytomon.yaml_file import Unreadable, read_yaml

START = "marrow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A reference that is to be built.

    Attributes
    ----------
    name, version : str
        Of the new reference.
    out : Path
        Its file, ``NAME.yaml``.
    start : str
        Name or file of the reference that the tubes are measured with.
    """

    name: str
    version: str
    out: Path
    start: str = START


def build(
    sources: Sequence[Source],
    wanted: Wanted,
    *,
    workers: int = 0,
    report: Callable[[Seen], None] | None = None,
) -> Built:
    """Learn a reference from tubes and write its file.

    Parameters
    ----------
    sources : sequence of Source
        Tubes of normal or regenerating marrow, each of another child.
    wanted : Wanted
        What is to be built.
    workers, report
        As for `cytomon.pool.run_each`.

    Returns
    -------
    Built
        Equal tubes give equal bytes, in any order and with any number of processes.

    Raises
    ------
    InputError
        If name or version cannot be used, fewer than three tubes can be learned from, no
        population or no precursor is seen in them, or the file cannot be written.
    TemplateError
        If the start cannot be read.
    """
    spec, reference = read_start(wanted.start)
    _refuse_unusable(wanted, spec)
    refuse_unwritable(wanted.out.parent)
    tasks = [Task(source=source, start=reference) for source in sources]
    seen = run_each(tasks, observe, lost, workers=workers, report=report)
    built = learn(seen, spec, name=wanted.name, version=wanted.version)
    _refuse_no_marrow(built)
    content = text(built.spec, head=_head(built, spec))
    parse_spec(content, wanted.out.name)
    write_whole(wanted.out, content)
    return built


def _refuse_unusable(wanted: Wanted, spec: ReferenceSpec) -> None:
    """A name that no template could ask for is refused before an hour of work, not after it."""
    try:
        changes = {"name": wanted.name, "version": wanted.version}
        ReferenceSpec.model_validate({**spec.model_dump(), **changes})
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        raise InputError(
            f"{field} {getattr(wanted, field)!r} cannot be used",
            where=f"--{field}",
            fix="a name is letters, digits and _, a letter first; a version three numbers: 1.0.0",
        ) from None
    if wanted.out.name != f"{wanted.name}.yaml":
        raise InputError(
            "a template finds a reference by the name of its file",
            where=f"--out {wanted.out.name}",
            fix=f"write --out {FOLDER}/{wanted.name}.yaml",
        )
    if wanted.out.is_file():
        there = parse_spec(wanted.out.read_bytes(), wanted.out.name).version
        if _ordered(wanted.version) <= _ordered(there):
            raise InputError(
                f"version {there} of it is there already, and results name it by its version",
                where=f"--out {wanted.out.name}",
                fix=f"give a --version above {there}; where nothing was measured with it, remove "
                "the file",
            )


def _ordered(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _refuse_no_marrow(built: Built) -> None:
    """Tubes that show nothing, or no precursor at all, would make a file that says it is marrow."""
    if set(built.kept) == set(built.spec.normal):
        raise InputError(
            f"no population was learned: none is shown whole by {FEWEST_TUBES} tubes with "
            f"{FEWEST_EVENTS} events of it",
            where="INPUT",
            fix="give normal or regenerating marrows with more events, as many as you can",
        )
    if all(precursors(donor, built.spec) < FEWEST_EVENTS for donor in built.donors):
        raise InputError(
            f"none of the tubes shows {FEWEST_EVENTS} precursors of B cells; blood has none, nor "
            "has a marrow in B-cell aplasia",
            where="INPUT",
            fix="give normal or regenerating marrow; aplastic ones may stand beside it, blood not",
        )


def read_start(name: str) -> tuple[ReferenceSpec, Reference]:
    """A reference by its name, or by the path of its file: as written, and as it is used.

    Raises
    ------
    TemplateError
        If there is none, or it has mistakes.
    InputError
        If the file cannot be opened.
    """
    given = Path(name)
    if given.suffix != ".yaml" and (given.suffix or given.name != name):
        raise InputError(
            "this is no file of a reference: its name ends in .yaml",
            where=given.name,
            fix="give the path of NAME.yaml, or the bare name of a reference that is shipped",
        )
    path = given if given.suffix else gate_folder() / FOLDER / f"{name}.yaml"
    if not given.suffix:
        load_reference(name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"the reference cannot be opened: {error.strerror}",
            where=path.name,
            fix="check the path",
        ) from error
    _refuse_template(content, path.name)
    return parse_spec(content, path.name), parse_reference(content, path.name)


def _refuse_template(content: bytes, where: str) -> None:
    """A template beside references is easily named for one."""
    try:
        data, _ = read_yaml(content)
    except Unreadable:
        return  # said with its line where it is parsed
    if "gates" in data and "normal" not in data:
        raise InputError(
            "this is a template, and no reference",
            where=where,
            fix=f"references lie in the folder {FOLDER}; `cytomon template show` shows templates",
        )


def text(spec: ReferenceSpec, *, head: Sequence[str] = ()) -> bytes:
    """The file of a reference: the same content gives the same bytes."""
    return "".join(f"{line}\n" for line in (*head, *_lines(spec))).encode()


def _lines(spec: ReferenceSpec) -> Iterator[str]:
    for field in ("schema_version", "name", "version", "title", "made_of"):
        yield _block({field: getattr(spec, field)})
    yield f"axes: {_flow(list(spec.axes))}"
    yield f"leash: {_flow(spec.leash.model_dump())}"
    yield f"path: {_flow(list(spec.path))}"
    yield f"frequent: {_flow(list(spec.frequent))}"
    yield f"mature: {_flow(list(spec.mature))}"
    for part in ("normal", "leukaemic"):
        yield f"{part}:"
        for name, cloud in getattr(spec, part).items():
            yield f"  {name}:"
            yield from (f"    {line}" for line in _cloud(cloud))


def _cloud(cloud: CloudSpec) -> Iterator[str]:
    if cloud.population:
        yield _block({"population": cloud.population})
    if cloud.tubes:
        yield f"tubes: {cloud.tubes}"
        yield f"events: {cloud.events}"
    yield f"centre: {_flow(cloud.centre)}"
    yield f"spread: {_flow(cloud.spread)}"


def _block(part: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(part), width=math.inf, allow_unicode=True).strip()


def _flow(part: Mapping[str, Any] | list[str]) -> str:
    plain = (
        part if isinstance(part, list) else {key: _short(number) for key, number in part.items()}
    )
    dumped = yaml.safe_dump(plain, default_flow_style=True, width=math.inf, sort_keys=False)
    return str(dumped).strip()


def _short(number: float) -> float | int:
    return int(number) if float(number).is_integer() else number


def _head(built: Built, start: ReferenceSpec) -> list[str]:
    before = f"{start.name} {start.version}"
    said = (
        f"{built.spec.name} {built.spec.version}: {built.spec.made_of}. Medians and spreads of "
        "named populations, no events: median and 1.4826 MAD of each tube, then the median over "
        "tubes. Markers on the templates' scale; FSC-A and SSC-A in detector units, their spreads "
        "as coefficients of variation. A population without `tubes` was not shown whole by "
        f"{FEWEST_TUBES} tubes with {FEWEST_EVENTS} events: its numbers are those of {before}, as "
        "are the path and the patterns of leukaemia."
    )
    return [f"# {line}" for line in textwrap.wrap(said, 98)]
