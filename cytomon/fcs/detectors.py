"""What a detector measures, by its name: scatter, time, or else fluorescence."""

from __future__ import annotations

import re
from typing import Final

from cytomon.model.tube import Role

_TIME: Final = re.compile(r"HDR-T|TIME(\s*\(.*\))?", re.IGNORECASE)
_SCATTER: Final = re.compile(r"(FSC|FS|FALS|SSC|SS)(?![A-Z0-9])(.*)", re.IGNORECASE | re.DOTALL)
_PULSE: Final = re.compile(
    r"(?<![A-Z0-9])(?:(?P<log>LOG)|LIN)?(?P<pulse>AREA|INT|A|HEIGHT|PEAK|H|WIDTH|TOF|W)"
    r"(?P<log2>LOG)?(?:LIN)?(?![A-Z0-9])",
    re.IGNORECASE,
)
_OWN_PULSE: Final = re.compile(
    r"[-_ ](?P<pulse>AREA|INT|A|HEIGHT|PEAK|H|WIDTH|TOF|W)(?=( LOG| LIN)?$)", re.IGNORECASE
)
_LOG: Final = re.compile(r"(?<![A-Z0-9])LOG(?![A-Z0-9])", re.IGNORECASE)
_SHAPE: Final = {
    "A": "A", "AREA": "A", "INT": "A",
    "H": "H", "HEIGHT": "H", "PEAK": "H",
    "W": "W", "WIDTH": "W", "TOF": "W",
}  # fmt: skip


def is_time(name: str) -> bool:
    """Whether a detector's name says that it holds the time of the event.

    Examples
    --------
    >>> is_time("HDR-T"), is_time("TIME"), is_time("FL1-A")
    (True, True, False)
    """
    return _TIME.fullmatch(name.strip()) is not None


def scatter(name: str) -> tuple[str, int] | None:
    """Give the usual name of a scatter detector, and how far from it the given name is.

    A pulse's integral is its area, its peak the height, its time of flight the width. A name
    without a pulse (``FSC``, ``FS Lin``) counts as area.

    Parameters
    ----------
    name : str
        ``$PnN`` or ``$PnS``.

    Returns
    -------
    tuple of str and int, or None
        One of ``FSC-A``, ``FSC-H``, ``FSC-W``, ``SSC-A``, ``SSC-H``, ``SSC-W``, with 0 for that
        very name, 1 for another spelling, 2 for a logarithmic one and 3 where the name states no
        pulse; None for what is not scatter.

    Examples
    --------
    >>> scatter("FS PEAK LIN"), scatter("FSC LogH"), scatter("SSC"), scatter("SSC-A")
    (('FSC-H', 1), ('FSC-H', 2), ('SSC-A', 3), ('SSC-A', 0))
    >>> scatter("FITC-A") is None
    True
    """
    match = _SCATTER.fullmatch(name.strip())
    if match is None:
        return None
    side = "FSC" if match[1].upper().startswith("F") else "SSC"
    pulses = list(_PULSE.finditer(match[2]))
    shape = _SHAPE[pulses[-1]["pulse"].upper()] if pulses else "A"
    canonical = f"{side}-{shape}"
    if name.strip() == canonical:
        return canonical, 0
    if not pulses:
        return canonical, 3
    logarithmic = pulses[-1]["log"] or pulses[-1]["log2"] or _LOG.search(match[2])
    return canonical, 2 if logarithmic else 1


def role(name: str) -> Role:
    """Tell scatter, time and fluorescence apart by the detector's name.

    Examples
    --------
    >>> role("SS INT LIN").value, role("HDR-T").value, role("PE-A").value
    ('scatter', 'time', 'fluorescence')
    """
    if is_time(name):
        return Role.TIME
    return Role.SCATTER if scatter(name) else Role.FLUORESCENCE


def pulse(name: str) -> tuple[str, str]:
    """Split a detector's name into the detector and the part of the pulse that it measures.

    Returns
    -------
    tuple of str and str
        The detector, and ``A``, ``H``, ``W`` or nothing.

    Examples
    --------
    >>> pulse("PE-Cy7-A"), pulse("FL1 PEAK LOG"), pulse("APC-H7")
    (('PE-Cy7', 'A'), ('FL1 LOG', 'H'), ('APC-H7', ''))
    """
    match = _OWN_PULSE.search(name)
    if match is None:
        return name.strip(), ""
    rest = name[: match.start()] + name[match.end() :]
    return rest.strip(), _SHAPE[match["pulse"].upper()]
