"""Who reports: the laboratory's own words for the head and the method of its reports."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cytomon.errors import InputError

Text = Annotated[str, Field(max_length=500)]
_LARGEST = 100_000
_TEXT = "tag:yaml.org,2002:str"
_NOTHING = {"", "~", "null", "Null", "NULL"}


class Laboratory(BaseModel):
    """What a laboratory says of itself; whatever is left out is printed as not recorded.

    Attributes
    ----------
    name, address, contact, director : str
        Who reports.
    accreditation : str
        The line of the accreditation.
    requester : str
        Who asks for the reports.
    diagnosis, anticoagulant, lysis, nuclear_dye : str
        What holds for every specimen of this laboratory.
    validation : str
        What the laboratory says of its validation of this method.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text = ""
    address: Text = ""
    contact: Text = ""
    director: Text = ""
    accreditation: Text = ""
    requester: Text = ""
    diagnosis: Text = ""
    anticoagulant: Text = ""
    lysis: Text = ""
    nuclear_dye: Text = ""
    validation: Text = ""


def read_laboratory(path: Path | None) -> Laboratory:
    """Read a laboratory's file.

    Parameters
    ----------
    path : Path or None
        A YAML file with some of the fields of `Laboratory`, each a text: ``contact: 0049`` stays as
        it is written. None for nothing recorded.

    Raises
    ------
    InputError
        If it cannot be read, or holds a field that there is not, a field twice, or a value that is
        no text.
    """
    if path is None:
        return Laboratory()
    fields = dict(_fields(path, _content(path)))
    try:
        return Laboratory.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        raise _refused(path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _content(path: Path) -> str:
    """The text of a regular file: a device never ends, and a pipe may never begin."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _refused(path, "it is no regular file")
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise _refused(path, f"it is larger than {_LARGEST:,} bytes")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(path, "it is no text in UTF-8") from error
    except OSError as error:
        raise _refused(path, f"it cannot be read ({error.strerror})") from error


def _fields(path: Path, text: str) -> Iterator[tuple[str, str]]:
    """Each field with its text: neither numbers nor dates are guessed, and no key stands twice."""
    root = _composed(path, text)
    if root is None or (isinstance(root, yaml.ScalarNode) and root.value in _NOTHING):
        return
    if not isinstance(root, yaml.MappingNode):
        raise _refused(path, "it is no list of fields")
    seen = set()
    for key, value in root.value:
        line = key.start_mark.line + 1
        name = key.value if isinstance(key, yaml.ScalarNode) else None
        if name not in Laboratory.model_fields:
            near = get_close_matches(str(name)[:60], Laboratory.model_fields, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise _refused(path, f"there is no such field{meant}", line)
        if name in seen:
            raise _refused(path, f"{name} is given twice", line)
        if not isinstance(value, yaml.ScalarNode) or value.tag != _TEXT:
            raise _refused(path, f"{name} is no text", line)
        seen.add(name)
        yield name, "" if value.style is None and value.value in _NOTHING else value.value


def _composed(path: Path, text: str) -> yaml.Node | None:
    """What the file is made of, before anything is made of it."""
    try:
        return yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _refused(path, "it is no YAML", mark.line + 1 if mark else None) from error
    except (RecursionError, OverflowError, ValueError) as error:
        raise _refused(path, "it is no YAML that can be read") from error


def _refused(path: Path, why: str, line: int | None = None) -> InputError:
    fields = ", ".join(Laboratory.model_fields)
    return InputError(
        f"the laboratory's file cannot be used: {why}",
        where=path.name if line is None else f"{path.name}, line {line}",
        fix=f"write `field: text`, one to a line; fields are {fields}",
    )
