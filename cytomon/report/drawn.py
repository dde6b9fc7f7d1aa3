"""A figure as bytes, whichever tool has drawn it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A figure.

    Attributes
    ----------
    media : str
        ``image/svg+xml`` or ``image/png``.
    data : bytes
        The file.
    width, height : float
        In points of 1/72 inch, for its proportions.
    """

    media: str
    data: bytes
    width: float
    height: float

    @property
    def address(self) -> str:
        """The whole figure as a ``data:`` address."""
        return f"data:{self.media};base64,{b64encode(self.data).decode('ascii')}"
