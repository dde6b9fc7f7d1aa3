"""CD19 and CD22 on the blasts as one phenotype, in the trial's categories (domain: 4.2)."""

from __future__ import annotations

PLUS_FROM = 0.2
"""Share of the blasts from which an antigen is called positive: dim and mixed blasts are plus."""
UNKNOWN = "unknown"


def pair(cd19: float | None, cd22: float | None) -> str:
    """Both antigens, by the shares of the blasts that carry them; None where not assessable.

    Examples
    --------
    >>> pair(0.05, 0.2), pair(0.9, None)
    ('CD19-/CD22+', 'unknown')
    """
    if cd19 is None or cd22 is None:
        return UNKNOWN
    signs = ("+" if share >= PLUS_FROM else "-" for share in (cd19, cd22))
    return "CD19{}/CD22{}".format(*signs)
