"""All rules, one row each: a new rule is a function and a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cytomon.track.episodes import Observation
from cytomon.track.known import Known
from cytomon.track.rules import b_cells, blasts, records, relapse, visits
from cytomon.track.states import Course


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Attributes
    ----------
    code, title : str
        A1 to A21, and what it is about.
    observe : callable
        Takes what is known of a patient; gives an observation for each sample or visit.
    confirms : str
        What would confirm or refute it; never a treatment.
    """

    code: str
    title: str
    observe: Callable[[Known, Course], Iterator[Observation]]
    confirms: str


def _rule(
    code: str,
    title: str,
    observe: Callable[[Known, Course], Iterator[Observation]],
    confirms: str,
) -> Rule:
    return Rule(code=code, title=title, observe=observe, confirms=confirms)


VERSION = "1.0.0"
"""Of the rules; raised with whatever changes what one of them says."""

RULES: tuple[Rule, ...] = (
    _rule("A1", "relapse", relapse.relapse, "a second test: in marrow by the consensus table"),
    _rule(
        "A2",
        "MRD of 0.01 % and more",
        blasts.mrd_at_threshold,
        "a marrow, or a second one, within 1 to 4 weeks; NGS or fusion transcript",
    ),
    _rule(
        "A3",
        "MRD detected below 0.01 %",
        blasts.mrd_below_threshold,
        "a second marrow; more cells acquired",
    ),
    _rule("A4", "B cells are back", b_cells.recovery, "a second specimen at least a week apart"),
    _rule(
        "A5",
        "hematogones in aplasia",
        b_cells.early_marrow_recovery,
        "blood again in 2 weeks; the stages of the hematogones",
    ),
    _rule(
        "A6",
        "CD19 lost or mixed",
        blasts.cd19_lost,
        "cytoplasmic CD19; CD19 of another clone; CD19 RNA",
    ),
    _rule("A7", "CD22 low", blasts.cd22_low, "a tube with calibrated PE; the own baseline again"),
    _rule("A8", "both antigens lost", blasts.both_lost, "sorted cells by FISH or NGS"),
    _rule(
        "A9",
        "seen by tree B alone",
        blasts.seen_by_tree_b_alone,
        "stage-0 progenitors, basophils and plasmacytoid dendritic cells by eye",
    ),
    _rule(
        "A10",
        "lineage switch suspected",
        relapse.lineage_switch,
        "the leukaemia's fusion or IG/TR sequence on sorted cells; a myeloid panel; morphology",
    ),
    _rule("A11", "CAR transgene lost", b_cells.car_lost, "a second sample; cells per microlitre"),
    _rule(
        "A12",
        "MRD rises below 0.01 %",
        blasts.rising_below_threshold,
        "a second marrow; more cells acquired",
    ),
    _rule("A13", "stage-0 progenitors", blasts.stage0_progenitors, "NGS or FISH; later marrows"),
    _rule(
        "A14",
        "blood and marrow do not agree",
        b_cells.discordance,
        "the gates by eye; hemodilution; the next blood",
    ),
    _rule("A15", "no answer at a decision", visits.no_answer, "a new specimen"),
    _rule("A16", "visit overdue", visits.overdue, "a specimen, or a record that one was taken"),
    _rule(
        "A17",
        "aplasia unwatched",
        b_cells.unwatched_aplasia,
        "a marrow, or NGS: leukaemia without CD19 comes back during aplasia",
    ),
    _rule("A18", "data integrity", records.integrity, "request form and tube label; a correction"),
    _rule(
        "A19",
        "signed and contradicted",
        records.signed_and_contradicted,
        "both versions by a second person; an amended report",
    ),
    _rule(
        "A20",
        "morphology and flow do not fit",
        relapse.morphology_and_flow,
        "hemodilution, denominators and lysis; the smear again",
    ),
    _rule(
        "A21",
        "no aplasia",
        b_cells.no_aplasia,
        "a second specimen; the CAR transgene",
    ),
)
