"""Who reports: the laboratory's own words for the head and the method of its reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cytomon.errors import InputError

Text = Annotated[str, Field(max_length=500)]
_LARGEST = 100_000


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
        A YAML file with some of the fields of `Laboratory`; None for nothing recorded.

    Raises
    ------
    InputError
        If it cannot be read, or holds a field that there is not.
    """
    if path is None:
        return Laboratory()
    try:
        if path.stat().st_size > _LARGEST:
            raise _refused(path, f"it is larger than {_LARGEST:,} bytes")
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise _refused(path, "it is no YAML in UTF-8") from error
    if read is not None and not isinstance(read, dict):
        raise _refused(path, "it is no list of fields")
    try:
        return Laboratory.model_validate(read or {})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the file"
        raise _refused(path, f"{field}: {first['msg']}") from error


def _refused(path: Path, why: str) -> InputError:
    fields = ", ".join(Laboratory.model_fields)
    return InputError(
        f"the laboratory's file cannot be used: {why}",
        where=path.name,
        fix=f"write `field: text`, one to a line; fields are {fields}",
    )
