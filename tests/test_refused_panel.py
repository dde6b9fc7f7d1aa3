"""A tube that fits no template: the refusal says which stain may be at fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytomon.errors import CytomonError, PanelError, TemplateError
from cytomon.pipeline import open_for_gating
from tests.fcs.builders import make_fcs, sample_events, write

STAINS = ("CD45", "CD20", "CD10", "CD38", "CD91 PE-Cy7", "CD34", "Jane Doe")


@pytest.fixture
def mistyped(tmp_path: Path) -> Path:
    """A tube whose CD19 is mistyped and whose last stain is a person's name."""
    keywords = {f"$P{n}S": stain for n, stain in enumerate(STAINS, start=3)}
    content = make_fcs(sample_events(n_channels=2 + len(STAINS)), keywords=keywords)
    return write(tmp_path, content)


@pytest.mark.parametrize(("template", "kind"), [(None, TemplateError), ("b_all_mrd", PanelError)])
def test_the_slip_is_named(mistyped: Path, template: str | None, kind: type[CytomonError]):
    """Stain, detector and nearest marker stand in the refusal, and no free text does."""
    with pytest.raises(kind) as caught:
        open_for_gating(mistyped, template=template)

    assert "'CD91 PE-Cy7' of FL7-A" in caught.value.what
    assert "nearest known: CD19" in caught.value.what
    assert "the stain (not shown) of FL9-A" in caught.value.what
    assert "Jane" not in str(caught.value)
