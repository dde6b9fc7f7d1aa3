"""cytomon: MRD, antigen escape and B-cell recovery by flow cytometry after CAR-T therapy.

>>> import cytomon
>>> result = cytomon.measure_tube("sample_fcs/P002_d060_marrow_b_all_mrd.fcs")
>>> result["mrd"].status
<MrdStatus.POSITIVE: 'POSITIVE'>
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cytomon.errors import CytomonError
    from cytomon.fcs.panel import read_mapping
    from cytomon.gating.template import list_templates
    from cytomon.model.patient import Specimen, SpecimenType
    from cytomon.model.results import Measurement, TubeResult
    from cytomon.pipeline import measure_tube
    from cytomon.soundness import load_template
    from cytomon.tables import findings_frame, measurements_frame, populations_frame

__version__ = "0.1.0"

# Loaded when first asked for: `import cytomon` and `cytomon --help` stay quick.
_HOMES = {
    "CytomonError": "cytomon.errors",
    "Measurement": "cytomon.model.results",
    "Specimen": "cytomon.model.patient",
    "SpecimenType": "cytomon.model.patient",
    "TubeResult": "cytomon.model.results",
    "findings_frame": "cytomon.tables",
    "list_templates": "cytomon.gating.template",
    "load_template": "cytomon.soundness",
    "measure_tube": "cytomon.pipeline",
    "measurements_frame": "cytomon.tables",
    "populations_frame": "cytomon.tables",
    "read_mapping": "cytomon.fcs.panel",
}

__all__ = [
    "CytomonError",
    "Measurement",
    "Specimen",
    "SpecimenType",
    "TubeResult",
    "findings_frame",
    "list_templates",
    "load_template",
    "measure_tube",
    "measurements_frame",
    "populations_frame",
    "read_mapping",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  (whatever the name stands for)
    if name not in _HOMES:
        msg = f"module 'cytomon' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
