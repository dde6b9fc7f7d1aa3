"""Reference files: normal populations as a laboratory's marrows show them, without any event."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from cytomon.errors import TemplateError
from cytomon.gating.explain import explain
from cytomon.gating.folder import gate_folder
from cytomon.gating.numbers_spec import Strict, disagreement
from cytomon.model.normal import Cloud, Leash, Reference
from cytomon.yaml_file import Unreadable, read_yaml

FOLDER = "references"
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=60)]
Positive = Annotated[float, Field(gt=0)]


class CloudSpec(Strict):
    """One population, as `cytomon.model.normal.Cloud`; `tubes` and `events` say what it is made of.

    Both are 0 for a start position from the literature.
    """

    population: str = ""
    tubes: int = Field(default=0, ge=0)
    events: int = Field(default=0, ge=0)
    centre: dict[str, float]
    spread: dict[str, Positive]


class LeashSpec(Strict):
    """See `cytomon.model.normal.Leash`."""

    usual: Positive = 0.22
    most: Positive = 0.6
    widest: Annotated[float, Field(ge=1)] = 1.6
    leukaemic: Positive = 0.5


class ReferenceSpec(Strict):
    """A reference file."""

    schema_version: Literal[1]
    name: Name
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    title: str
    made_of: str
    axes: tuple[str, ...] = Field(min_length=2)
    leash: LeashSpec = LeashSpec()
    path: tuple[Name, ...] = ()
    frequent: tuple[Name, ...] = ()
    mature: tuple[Name, ...] = ()
    normal: dict[Name, CloudSpec] = Field(min_length=1)
    leukaemic: dict[Name, CloudSpec] = Field(min_length=1)

    @model_validator(mode="after")
    def _complete(self) -> ReferenceSpec:
        for key, stage in (
            *(("path", s) for s in self.path),
            *(("frequent", s) for s in self.frequent),
        ):
            if stage not in self.normal:
                what = f"{key}: {stage} is no normal population of this file"
                raise disagreement(what, f"write some of {', '.join(self.normal)}")
        for name, cloud in (*self.normal.items(), *self.leukaemic.items()):
            for part, numbers in (("centre", cloud.centre), ("spread", cloud.spread)):
                if set(numbers) != set(self.axes):
                    odd = ", ".join(sorted(set(numbers) ^ set(self.axes)))
                    what = f"{name}: {part} and the file's axes differ in {odd}"
                    raise disagreement(what, "give one number for each of axes, and no other")
        return self


def load_reference(name: str, folder: Path | None = None) -> Reference:
    """A reference by its name.

    Parameters
    ----------
    name : str
        Of a file in the folder ``references``.
    folder : Path, optional
        Of the template that asks; what is not there is looked for among those that come with
        cytomon.

    Raises
    ------
    TemplateError
        If there is no such file, or it has mistakes.
    """
    places = [place / FOLDER / f"{name}.yaml" for place in (folder, gate_folder()) if place]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        known = sorted(p.stem for p in (gate_folder() / FOLDER).glob("*.yaml"))
        raise TemplateError(
            f"there is no reference {name!r}",
            where=f"{FOLDER}/{name}.yaml",
            fix=f"build it with `cytomon reference build`, or name one of {', '.join(known)}",
        )
    return parse_reference(path.read_bytes(), path.name)


@lru_cache(maxsize=16)
def parse_reference(content: bytes, where: str) -> Reference:
    """A reference from the bytes of its file; `where` is for messages.

    Raises
    ------
    TemplateError
        With the first mistakes and their lines.
    """
    spec = parse_spec(content, where)
    canonical = spec.model_dump_json().encode()
    return Reference(
        name=spec.name,
        version=spec.version,
        sha256=hashlib.sha256(canonical).hexdigest(),
        path=spec.path,
        normal=tuple(_clouds(spec.normal)),
        leukaemic=tuple(_clouds(spec.leukaemic)),
        leash=Leash(**spec.leash.model_dump()),
        frequent=spec.frequent,
        mature=spec.mature,
    )


def parse_spec(content: bytes, where: str) -> ReferenceSpec:
    """The file as it is written; see `parse_reference`."""
    try:
        data, lines = read_yaml(content)
        return ReferenceSpec.model_validate(data)
    except Unreadable as error:
        raise TemplateError(
            error.what, where=f"{where}, line {error.line}", fix=error.fix
        ) from None
    except ValidationError as error:
        found = sorted({explain(item, lines, data) for item in error.errors(include_url=False)})
        what = "; ".join(f"line {m.line}: {m.what} ({m.fix})" for m in found[:5])
        raise TemplateError(what, where=where, fix="mend the file, or build it anew") from None


def _clouds(specs: Mapping[str, CloudSpec]) -> Iterator[Cloud]:
    for name, spec in specs.items():
        yield Cloud(
            name=name,
            population=spec.population or name,
            centre=spec.centre,
            spread=spec.spread,
        )
