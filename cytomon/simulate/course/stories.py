"""What may happen to a simulated patient after the infusion: plans, of which courses are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class BCells(StrEnum):
    """What becomes of B cells after the infusion."""

    STAY_AWAY = "stay away"
    RETURN = "return"
    MARROW_FIRST = "return to the marrow weeks before the blood"
    DONOR = "return from a donor, after a transplant"


class Disease(StrEnum):
    """What becomes of the leukaemia after the remission."""

    GONE = "gone"
    MRD = "found again as MRD; the course ends before it is a relapse"
    RELAPSE = "relapse"
    SWITCH = "relapse in another lineage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The plan of a course; days, heights and counts are drawn for each patient.

    Attributes
    ----------
    summary : str
        One line for people.
    b_cells : BCells
        Whether B cells come back.
    disease : Disease
        Whether leukaemia does.
    blasts : str
        Population that comes back, `cytomon.simulate.course.clones.STAINS`.
    partner : str
        Second population of a mixed relapse: 30 to 45 % of the blasts; empty for none.
    lost : tuple of str
        ``CD19``, ``CD22``: CAR transgenes that fall below the limit during the course.
    relapse_event : bool
        Whether somebody records a relapse; else the numbers have to say it.
    misses_visits : bool
        Whether the patient stays away from several visits.
    """

    summary: str
    b_cells: BCells = BCells.STAY_AWAY
    disease: Disease = Disease.GONE
    blasts: str = "blast_typical"
    partner: str = ""
    lost: tuple[str, ...] = ()
    relapse_event: bool = False
    misses_visits: bool = False


_BOTH = ("CD19", "CD22")

STORIES: Mapping[str, Story] = {
    "persistent_aplasia": Story(summary="no B cells and no leukaemia for a year"),
    "early_recovery": Story(
        summary="both CARs are lost and B cells are back within months; no leukaemia",
        b_cells=BCells.RETURN,
        lost=_BOTH,
    ),
    "cd19_positive_relapse": Story(
        summary="both CARs are lost, B cells come back, then CD19+/CD22+ leukaemia",
        b_cells=BCells.RETURN,
        disease=Disease.RELAPSE,
        lost=_BOTH,
    ),
    "cd19_negative_relapse": Story(
        summary="leukaemia without CD19 during B-cell aplasia; the CD22 CAR is lost",
        disease=Disease.RELAPSE,
        blasts="blast_CD19neg",
        lost=("CD22",),
    ),
    "cd22_downregulation": Story(
        summary="MRD with less CD22 than before the infusion; the CD19 CAR is lost",
        disease=Disease.MRD,
        blasts="blast_CD22dim",
        lost=("CD19",),
    ),
    "mixed_relapse": Story(
        summary="both CARs are lost, B cells come back, then leukaemia partly without CD19",
        b_cells=BCells.RETURN,
        disease=Disease.RELAPSE,
        partner="blast_CD19neg",
        lost=_BOTH,
        relapse_event=True,
    ),
    "lineage_switch": Story(
        summary="KMT2A leukaemia leaves the B lineage: its MRD falls silent, monocytic blasts grow",
        disease=Disease.SWITCH,
        blasts="blast_proB_KMT2A",
    ),
    "discordant_compartments": Story(
        summary="hematogones and B cells are back in the marrow weeks before the blood",
        b_cells=BCells.MARROW_FIRST,
        lost=_BOTH,
    ),
    "missed_visits": Story(
        summary="B cells come back at a time that missed visits leave open",
        b_cells=BCells.RETURN,
        lost=_BOTH,
        misses_visits=True,
    ),
    "transplant": Story(
        summary="transplant during aplasia; the donor's B cells are no recovery",
        b_cells=BCells.DONOR,
        lost=_BOTH,
    ),
}
