"""What a tube lacks to be an MRD tube, when a template without MRD was picked for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from cytomon.gating.template import Template
from cytomon.model.findings import Finding, Severity
from cytomon.model.patient import Specimen, SpecimenType

_LEAST_SHARE = 0.5
_MRD = "mrd"


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """An MRD template that a tube came close to.

    Attributes
    ----------
    template : str
        Its name.
    missing : tuple of str
        Its required markers that the tube lacks; at least one, sorted.
    """

    template: str
    missing: tuple[str, ...]


def near_misses(
    markers: Set[str], picked: Template, templates: Sequence[Template]
) -> tuple[NearMiss, ...]:
    """The MRD templates that a tube came closest to, where one without MRD was picked.

    Parameters
    ----------
    markers : set of str
        Canonical markers of the tube.
    picked : Template
        What it is measured with.
    templates : sequence of Template
        What there was to choose from.

    Returns
    -------
    tuple of NearMiss
        Those that lack the fewest markers, and of whose required ones at least half are there:
        ordinary lymphocyte tubes come close to none.
    """
    if _MRD in picked.spec.quantities:
        return ()
    missed = [
        NearMiss(template=t.name, missing=tuple(sorted(set(t.spec.markers.required) - markers)))
        for t in templates
        if _MRD in t.spec.quantities and _looks_like(t, markers)
    ]
    fewest = min((len(one.missing) for one in missed), default=0)
    return tuple(one for one in missed if one.missing and len(one.missing) == fewest)


def say_unmeasured(
    missed: Sequence[NearMiss], specimen: Specimen | None, *, where: str
) -> Iterator[Finding]:
    """That a tube which looks like an MRD tube has no MRD, and why.

    Parameters
    ----------
    missed : sequence of NearMiss
        Of the tube.
    specimen : Specimen or None
        None where nobody said what the tube holds. Blood and cerebrospinal fluid are silent.
    where : str
        The tube.
    """
    if not missed or (specimen is not None and specimen.specimen_type is not SpecimenType.MARROW):
        return
    lacking = "; ".join(f"{one.template} also needs {', '.join(one.missing)}" for one in missed)
    unknown = "" if specimen else "; if the tube is no marrow, say so in a worklist"
    yield Finding(
        code="MRD_NOT_MEASURED",
        severity=Severity.WARNING,
        what=f"MRD was not measured, for no MRD template fits the panel. It came closest to: "
        f"{lacking}",
        where=where,
        fix="if the antibody is in the tube, name its detector in a mapping file; else stain again "
        f"with the whole panel{unknown}",
    )


def _looks_like(template: Template, markers: Set[str]) -> bool:
    required = set(template.spec.markers.required)
    return len(required & markers) >= _LEAST_SHARE * len(required)
