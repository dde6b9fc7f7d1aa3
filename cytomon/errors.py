"""What stops the work, said so that the reader can act.

Five kinds, and no sixth without a reader who would catch it apart::

    CytomonError
    ├── FcsError        the file cannot be read as FCS
    ├── PanelError      a marker the work needs is not in the tube, or is there twice
    ├── TemplateError   the file is not a valid gating template
    ├── GatingError     a valid template cannot be applied to this tube
    └── InputError      a worklist, a mapping, an option or a folder cannot be used

A programmer's mistake (a negative count, a wrong shape) stays `ValueError` or `TypeError`.
"""

from __future__ import annotations


class CytomonError(Exception):
    """Base of every error that a user can do something about.

    Parameters
    ----------
    what : str
        What is wrong, one sentence without a full stop.
    where : str
        The file, keyword, gate or row at fault. Never anything that identifies a person.
    fix : str
        What to look at or do next. Never advice to change measured data.
    """

    code = "ERROR"

    def __init__(self, what: str, *, where: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.what}\n  where: {self.where}\n  fix:   {self.fix}"

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes with all three sentences."""
        return _rebuild, (type(self), self.what, self.where, self.fix)


def _rebuild(kind: type[CytomonError], what: str, where: str, fix: str) -> CytomonError:
    return kind(what, where=where, fix=fix)


class FcsError(CytomonError):
    """The file cannot be read as FCS without guessing."""

    code = "FCS_REFUSED"


class PanelError(CytomonError):
    """A marker that the work needs is not in the tube, or is there twice."""

    code = "PANEL_REFUSED"


class TemplateError(CytomonError):
    """The file is not a valid gating template."""

    code = "TEMPLATE_REFUSED"


class GatingError(CytomonError):
    """A valid template cannot be applied to this tube."""

    code = "GATING_REFUSED"


class InputError(CytomonError):
    """A worklist, a mapping, an option or a folder cannot be used."""

    code = "INPUT_REFUSED"
