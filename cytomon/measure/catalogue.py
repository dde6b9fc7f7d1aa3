"""Every quantity that cytomon measures in a tube, one row each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from functools import partial

from cytomon.measure.b_cells import measure_b_fraction
from cytomon.measure.escape import escape_of_cd19
from cytomon.measure.mrd import measure_mrd
from cytomon.measure.phenotype import NEGATIVE_REFERENCES, measure_antigen
from cytomon.measure.plain import measure_fraction
from cytomon.measure.stability import with_stability
from cytomon.model.findings import Finding, Severity
from cytomon.model.qualifiers import in_order
from cytomon.model.results import (
    AntigenCall,
    BCellStatus,
    Evidence,
    Measurement,
    MrdStatus,
    PlainStatus,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One row of the catalogue.

    Attributes
    ----------
    code : str
        As in the ``quantity`` column of the result files; never renamed.
    title : str
        For people, in English.
    numerator, denominator : str
        Roles of the two populations.
    measure : callable
        Takes the `Evidence` of a tube and returns the `Measurement`.
    references : tuple of str
        Roles of which one has to be there beside them; empty where none is needed.
    statuses : type
        The answers that it may give.
    """

    code: str
    title: str
    numerator: str
    denominator: str
    measure: Callable[[Evidence], Measurement]
    references: tuple[str, ...] = ()
    statuses: type[StrEnum] = PlainStatus

    @property
    def needs(self) -> tuple[tuple[str, ...], ...]:
        """Roles without which there is no answer; of each group, one is enough."""
        part = () if self.numerator.startswith(f"{self.denominator} ") else ((self.numerator,),)
        alternatives = (self.references,) if self.references else ()
        return (*part, (self.denominator,), *alternatives)


def measure_all(evidence: Evidence, quantities: Sequence[str]) -> tuple[Measurement, ...]:
    """Measure what a template declares, in the template's order.

    Parameters
    ----------
    evidence : Evidence
        Of one tube.
    quantities : sequence of str
        Codes of the catalogue. One that this tube cannot give comes back not evaluable.

    Returns
    -------
    tuple of Measurement
        One for each code.

    Raises
    ------
    ValueError
        If the catalogue has no such code; the nearest ones are named.
    """
    rows = {row.code: row for row in CATALOGUE}
    for code in quantities:
        if code not in rows:
            near = get_close_matches(code, rows) or list(rows)
            msg = f"no quantity {code!r} in the catalogue; did you mean {', '.join(near)}?"
            raise ValueError(msg)
    return tuple(rows[code].measure(evidence) for code in quantities)


def say_missing(measurements: Sequence[Measurement]) -> Iterator[Finding]:
    """Why a quantity has no value, for each that has none."""
    for measurement in measurements:
        reason = measurement.details.get("reason")
        if measurement.estimate is None and reason:
            yield Finding(
                code="NOT_EVALUABLE",
                severity=Severity.INFO,
                what=f"{measurement.quantity} has no value: {reason}",
                where=measurement.quantity,
                fix="see what this tube or template lacks; repeat the tube if it matters",
            )


def _mrd(code: str, title: str, denominator: str) -> Quantity:
    def measure(evidence: Evidence) -> Measurement:
        found = measure_mrd(evidence, quantity=code, denominator_role=denominator)
        return with_stability(found, evidence)

    return Quantity(
        code=code,
        title=title,
        numerator="blasts",
        denominator=denominator,
        measure=measure,
        statuses=MrdStatus,
    )


def _antigen(code: str, marker: str) -> Quantity:
    return Quantity(
        code=code,
        title=f"{marker}+ among blasts",
        numerator=f"blasts above the {marker} threshold",
        denominator="blasts",
        measure=partial(_antigen_call, marker=marker),
        references=NEGATIVE_REFERENCES[marker],
        statuses=AntigenCall,
    )


def _antigen_call(evidence: Evidence, marker: str) -> Measurement:
    found = measure_antigen(evidence, marker)
    if marker != "CD19":
        return found
    said = in_order((*found.qualifiers, *escape_of_cd19(found, evidence)))
    return replace(found, qualifiers=said)


def _plain(code: str, title: str, numerator: str, denominator: str) -> Quantity:
    measure = partial(
        measure_fraction, quantity=code, numerator_role=numerator, denominator_role=denominator
    )
    return Quantity(
        code=code, title=title, numerator=numerator, denominator=denominator, measure=measure
    )


CATALOGUE: tuple[Quantity, ...] = (
    _mrd("mrd", "MRD of nucleated cells", "nucleated"),
    _mrd("mrd_wbc", "MRD of leukocytes", "wbc"),
    _mrd("mrd_mnc", "MRD of mononuclear cells", "mnc"),
    _antigen("cd19_blasts", "CD19"),
    _antigen("cd22_blasts", "CD22"),
    Quantity(
        code="b_fraction",
        title="B cells of lymphocytes",
        numerator="b_cells",
        denominator="lymphocytes",
        measure=measure_b_fraction,
        statuses=BCellStatus,
    ),
    _plain("mrd_a_only", "Blasts found by tree A alone", "blasts_a_only", "nucleated"),
    _plain("mrd_b_only", "Blasts found by tree B alone", "blasts_b_only", "nucleated"),
    _plain("mrd_both", "Blasts found by both trees", "blasts_both", "nucleated"),
    _plain("by_eye", "Events to check by eye", "by_eye", "nucleated"),
    _plain("b_mature", "Mature B cells of lymphocytes", "b_mature", "lymphocytes"),
    _plain("b_precursor", "B precursors of wide lymphocytes", "b_precursors", "lymphocytes_wide"),
    _plain("b_all_cd19", "All CD19+ of lymphocytes", "b_all_cd19", "lymphocytes"),
    _plain("b_by_cd20", "B cells by CD20 of lymphocytes", "b_by_cd20", "lymphocytes"),
    _plain("cd3_cd19", "CD3+CD19+ events of lymphocytes", "cd3_cd19", "lymphocytes"),
    _plain("hematogones", "Hematogones of nucleated cells", "hematogones", "nucleated"),
    _plain("stage0_progenitors", "CD34+CD22+CD19- progenitors", "stage0", "nucleated"),
    _plain("erythroblasts", "Erythroblasts of nucleated cells", "erythroblasts", "nucleated"),
    _plain("cd34_myeloid", "CD34+ myeloid cells", "cd34_myeloid", "nucleated"),
    _plain("lymphosum", "T, B and NK cells of lymphocytes", "lymphosum", "lymphocytes"),
    _plain("immature_monocytes", "Immature monocytes", "immature_monocytes", "nucleated"),
    _plain("cd34_cd33", "CD34+CD33+ cells", "cd34_cd33", "nucleated"),
    _plain("bridge", "Monocytic cells with a B-lineage residue", "bridge", "nucleated"),
    _plain("viability", "Viable cells", "viable", "viable_of"),
    _plain("retained", "Events in the stable part of the run", "time_ok", "root"),
    _plain("doublets", "Doublets", "doublets", "time_ok"),
)
