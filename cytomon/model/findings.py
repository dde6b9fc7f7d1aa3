"""Something about the data that a person should know; it travels to the report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cytomon.errors import CytomonError


class Severity(StrEnum):
    """How much a finding matters to the result."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One observation about a tube that did not stop the work.

    Attributes
    ----------
    code : str
        Stable, in capitals with underscores; listed in ``docs/reference/findings.md``, so that a
        laboratory can name it in its procedures.
    severity : Severity
        `INFO` is for the record, `WARNING` for the reviewer, `ERROR` changes a status.
    what, where, fix : str
        As in `cytomon.errors.CytomonError`.
    """

    code: str
    severity: Severity
    what: str
    where: str
    fix: str


def finding_of(error: CytomonError, *, code: str = "") -> Finding:
    """What stopped the work on one tube or row, as the finding that stands for it.

    Parameters
    ----------
    error : CytomonError
        With its three sentences.
    code : str, optional
        Instead of the error's own code.
    """
    return Finding(
        code=code or error.code,
        severity=Severity.ERROR,
        what=error.what,
        where=error.where,
        fix=error.fix,
    )
