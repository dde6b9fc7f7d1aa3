"""Which column of a tube holds which marker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from cytomon.errors import PanelError
from cytomon.fcs.detectors import is_time, pulse, scatter
from cytomon.fcs.mapping import PanelMapping, read_mapping
from cytomon.fcs.markers import (
    MARKERS,
    is_fluorochrome,
    names_control,
    nearest,
    parse_stain,
    says_nothing,
    without_fluorochrome,
)
from cytomon.fcs.names import is_printable
from cytomon.fcs.verdicts import caution
from cytomon.model.findings import Finding
from cytomon.model.tube import Channel, Panel, Role, Tube

__all__ = [
    "PanelMapping", "match_panel", "nearest", "parse_stain", "read_mapping", "require",
]  # fmt: skip

Stain = tuple[str, str]

_PREFERENCE: Final = {"A": 0, "": 1, "H": 2, "W": 3}
_WORST_SPELLING: Final = 4
_MAP_IT: Final = "name the marker of each detector in a mapping file (detector,marker)"


class _Claim(NamedTuple):
    """A channel that says it holds a marker."""

    channel: Channel
    fluorochrome: str


def match_panel(tube: Tube, *, mapping: Mapping[str, str | Stain] | None = None) -> Panel:
    """Find the markers, scatter and time of a tube by their names.

    ``$PnS`` is read first, then ``$PnN``. Of the area, height and width of one detector the area
    is taken.

    Parameters
    ----------
    tube : Tube
        As opened by `cytomon.fcs.intake`.
    mapping : mapping of str to str or (str, str), optional
        ``$PnN`` to stain, or to marker and fluorochrome; overrides what the file says of that
        detector. A marker that is not known is taken as it is written.

    Returns
    -------
    Panel
        With a finding ``PANEL_UNKNOWN_STAIN`` for each stain that is neither a known marker nor a
        fluorochrome, or that is a control. What does not look like a stain is not repeated: it
        may be a person's name.

    Raises
    ------
    PanelError
        If two detectors hold the same marker, or the mapping names a detector that is not there.
    """
    mapped = _mapped(tube, mapping or {})
    claims: dict[str, list[_Claim]] = {}
    findings: list[Finding] = []
    for channel in tube.channels:
        stain = mapped.get(channel.pnn) or _stain(channel)
        if stain:
            claims.setdefault(stain[0], []).append(_Claim(channel, stain[1]))
        elif _is_unknown(channel) and pulse(channel.pnn)[1] in {"A", ""}:
            findings.append(_unknown(channel, tube.name))
    chosen = {marker: _one(marker, claim, tube.name) for marker, claim in claims.items()}
    columns = {marker: claim.channel.index for marker, claim in chosen.items()}
    fluorochromes = {
        marker: claim.fluorochrome for marker, claim in chosen.items() if claim.fluorochrome
    }
    places = _places([c for c in tube.channels if c.pnn not in mapped])
    return Panel(
        columns={**places, **columns}, fluorochromes=fluorochromes, findings=tuple(findings)
    )


def require(panel: Panel, markers: Iterable[str], *, where: str) -> None:
    """Refuse a panel that lacks a marker.

    Parameters
    ----------
    panel : Panel
        Of the tube.
    markers : iterable of str
        Canonical names that the work needs.
    where : str
        The tube, for the message.

    Raises
    ------
    PanelError
        Naming every missing marker, each with the most similar ones that are in the tube, and
        every stain that is not known.
    """
    missing = [marker for marker in dict.fromkeys(markers) if marker not in panel.columns]
    if not missing:
        return
    listed = []
    for marker in missing:
        similar = nearest(marker, panel.columns)
        listed.append(
            f"{marker} (similar in the tube: {', '.join(similar)})" if similar else marker
        )
    lacking = f"the tube lacks {', '.join(listed)}"
    what = "; ".join([lacking, *(finding.what for finding in panel.findings)])
    present = ", ".join(sorted(panel.columns)) or "nothing that is known"
    raise PanelError(what, where=where, fix=f"the tube holds {present}; {_MAP_IT}")


def _mapped(tube: Tube, mapping: Mapping[str, str | Stain]) -> dict[str, Stain]:
    known = {channel.pnn for channel in tube.channels}
    for detector in mapping:
        if detector not in known:
            similar = nearest(detector, known)
            what = f"the mapping names a detector {detector!r} that is not in the tube"
            fix = f"did you mean {' or '.join(similar)}?" if similar else f"one of {sorted(known)}"
            raise PanelError(what, where=f"{tube.name}: mapping", fix=fix)
    found = {}
    for detector, stain in mapping.items():
        text, fluorochrome = (stain, "") if isinstance(stain, str) else stain
        marker, named = parse_stain(text) or (text.strip(), "")
        found[detector] = (marker, fluorochrome or named)
    return found


def _stain(channel: Channel) -> Stain | None:
    if channel.role is not Role.FLUORESCENCE:
        return None
    if names_control(channel.pns):
        return None
    return parse_stain(channel.pnn if _is_silent(channel) else channel.pns)


def _is_silent(channel: Channel) -> bool:
    """Whether ``$PnS`` leaves it to ``$PnN`` to name the marker."""
    stain = channel.pns
    return says_nothing(stain) or is_fluorochrome(stain) or stain == channel.pnn


def _is_unknown(channel: Channel) -> bool:
    if channel.role is not Role.FLUORESCENCE:
        return False
    if _is_silent(channel):
        detector = pulse(channel.pnn)[0]
        return names_control(detector) and not says_nothing(detector)
    return not (is_time(channel.pns) or scatter(channel.pns))


def _unknown(channel: Channel, name: str) -> Finding:
    stain, letter = (channel.pnn, "N") if _is_silent(channel) else (channel.pns, "S")
    where = f"{name}: $P{channel.index + 1}{letter}"
    shown = f"the stain {stain!r}" if is_printable(stain) else "the stain (not shown)"
    if names_control(stain):
        what = f"{shown} of {channel.pnn} names a control and not an antibody"
        fix = f"if the detector holds the antibody after all, {_MAP_IT}"
    else:
        similar = nearest(without_fluorochrome(stain), MARKERS)
        near = f"; nearest known: {', '.join(similar)}" if similar else ""
        what = f"{shown} of {channel.pnn} is not a marker that is known{near}"
        fix = f"did you mean {' or '.join(similar)}? {_MAP_IT}" if similar else _MAP_IT
    return caution("PANEL_UNKNOWN_STAIN", what, where, fix=fix)


def _one(marker: str, claims: list[_Claim], name: str) -> _Claim:
    """Choose among the pulses of one detector; refuse two detectors."""
    if len({pulse(claim.channel.pnn)[0] for claim in claims}) == 1:
        ordered = sorted(claims, key=lambda claim: _PREFERENCE[pulse(claim.channel.pnn)[1]])
        shapes = {pulse(claim.channel.pnn)[1] for claim in claims}
        if len(shapes) == len(claims):
            return ordered[0]
    detectors = " and ".join(claim.channel.pnn for claim in claims)
    what = f"{marker} is stained on {detectors}"
    fix = f"correct the labels in the acquisition software, or {_MAP_IT}"
    raise PanelError(what, where=f"{name}: panel", fix=fix)


def _places(channels: list[Channel]) -> dict[str, int]:
    """Scatter and time; of several spellings the plainest, then the first."""
    found: dict[str, tuple[int, int]] = {}
    for channel in channels:
        place = _place(channel)
        if place and place[1] < found.get(place[0], (_WORST_SPELLING * 2, 0))[0]:
            found[place[0]] = (place[1], channel.index)
    return {name: index for name, (_, index) in found.items()}


def _place(channel: Channel) -> tuple[str, int] | None:
    for text, further in ((channel.pnn, 0), (channel.pns, _WORST_SPELLING)):
        if is_time(text):
            return "Time", further
        place = scatter(text)
        if place:
            return place[0], place[1] + further
    return None
