"""Names of a template's dimensions become axes of one tube."""

from __future__ import annotations

from collections.abc import Iterator

from cytomon.errors import GatingError
from cytomon.gating.dimensions_spec import DimensionSpec, ScaleSpec
from cytomon.gating.lint import split_ratio
from cytomon.gating.schema import TemplateSpec
from cytomon.model.findings import Finding, Severity
from cytomon.model.gating import TUBE_MATRIX, Axis, Ratio, Scale
from cytomon.model.tube import Channel, Panel, Role, Tube

USUAL_RANGE = 262_144.0
# dyes of the nucleus and of dead cells fill their detector, and laboratories leave them out
NOT_ALWAYS_COMPENSATED = ("Nuclear", "Viability")


class Axes:
    """The axis of each marker and scatter channel, and of what a template calls by a name.

    Parameters
    ----------
    spec : TemplateSpec
        Its scales and whether it compensates.
    tube : Tube
        Its channels and its matrix.
    panel : Panel
        Which detector carries which marker.
    """

    def __init__(self, spec: TemplateSpec, tube: Tube, panel: Panel) -> None:
        self._spec, self._tube, self._panel = spec, tube, panel
        self._detectors = tube.spillover.detectors if tube.spillover else ()

    def __getitem__(self, dimension: str) -> Axis:
        if dimension in self._spec.dimensions:
            return self._named(dimension, self._spec.dimensions[dimension])
        names = split_ratio(dimension)
        channels = [self._tube.channels[self._panel.columns[name]] for name in names]
        if len(channels) == 2:
            above, below = channels
            return Axis(channel=above.pnn, label=dimension, ratio=Ratio(over=below.pnn))
        (channel,) = channels
        if channel.role is not Role.FLUORESCENCE:
            return Axis(channel=channel.pnn, label=dimension)
        compensated = self._spec.compensation == "tube" and channel.pnn in self._detectors
        return Axis(
            channel=channel.pnn,
            label=dimension,
            matrix=TUBE_MATRIX if compensated else "",
            scale=_scale(self._spec.scales.get(dimension, self._spec.scale)),
        )

    def __contains__(self, name: str) -> bool:
        return name in self._panel.columns

    def _named(self, name: str, spec: DimensionSpec) -> Axis:
        channel, *below = (self._channel(part) for part in spec.channels)
        ratio = None
        if below:
            ratio = Ratio(over=below[0].pnn, a=spec.a, b=spec.b, c=spec.c)
        return Axis(
            channel=channel.pnn,
            label=name,
            matrix=spec.matrix,
            scale=_scale(spec.scale) if spec.scale else None,
            ratio=ratio,
        )

    def _channel(self, name: str) -> Channel:
        found = self._find(name)
        if found is None:
            raise GatingError(
                f"a dimension asks for {name!r}, which the tube does not have",
                where=self._tube.name,
                fix="check the panel, or name the detector's marker in a mapping file",
            )
        return found

    def _find(self, name: str) -> Channel | None:
        """A channel by its marker, else ``$PnN``, else a ``$PnS`` that no other bears."""
        if name in self._panel.columns:
            return self._tube.channels[self._panel.columns[name]]
        by_name = [channel for channel in self._tube.channels if channel.pnn == name]
        by_stain = [channel for channel in self._tube.channels if channel.pns == name]
        found = by_name or by_stain
        return found[0] if len(found) == 1 else None

    def unknown(self) -> Iterator[str]:
        """Channels of named dimensions that the tube has not and that are no optional markers."""
        for spec in self._spec.dimensions.values():
            for name in spec.channels:
                if name not in self._spec.markers.optional and self._find(name) is None:
                    yield name

    def markers(self) -> tuple[str, ...]:
        """Markers of the template that the tube has."""
        return tuple(name for name in self._spec.markers.names if name in self)

    def uncompensated(self) -> tuple[str, ...]:
        """Markers that a compensating template would see as measured: not in the matrix."""
        if self._spec.compensation == "none":
            return ()
        wanted = (name for name in self.markers() if name not in NOT_ALWAYS_COMPENSATED)
        return tuple(name for name in wanted if not self[name].matrix)

    def unusual_ranges(self) -> Iterator[Finding]:
        """A finding where start positions were made for another scale of numbers."""
        names = [*self.markers(), *(n for n in ("FSC-A", "SSC-A") if n in self)]
        channels = [self._tube.channels[self._panel.columns[name]] for name in names]
        strange = [c for c in channels if not USUAL_RANGE / 2 <= c.range <= USUAL_RANGE * 2]
        if strange:
            yield Finding(
                code="GATE_RANGE",
                severity=Severity.WARNING,
                what=f"$PnR of {', '.join(c.pnn for c in strange)} is not near {USUAL_RANGE:.0f}; "
                "every start position is a fallback only",
                where=self._tube.name,
                fix="look at each gate; make a template for this instrument",
            )


def _scale(spec: ScaleSpec) -> Scale:
    return Scale(kind=spec.kind, t=spec.t, m=spec.m, w=spec.w, a=spec.a)
