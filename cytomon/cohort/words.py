"""What a cohort's page says in words: definitions, estimands, and what cannot be concluded."""

from __future__ import annotations

from collections.abc import Callable

from cytomon.cohort.estimates import Estimate
from cytomon.track.profile import CohortDefinitions, Profile

ESTIMANDS = (
    ("all_itt", "Everybody with an infusion, from the infusion on, whatever was given later. What "
     "a family asks on day 0."),
    ("censor_at_hct", "The same people, with observation ending at the transplant. What would "
     "happen without transplants, if those who had one were like those who had not: they were "
     "chosen, so this is an assumption."),
    ("never_hct_subset (biased)", "Only those who never had a transplant. The future decides who "
     "is in it: who lives long without a relapse has more time to get one. Shown because it is "
     "printed elsewhere, not because it answers anything."),
    ("td_hct_display", "Everybody begins without a transplant and moves over on its day. Shows "
     "what was seen; the curves are of different people at different times, and their distance is "
     "no effect of the transplant."),
    ("landmark(day)", "Only those who came to that day without an event, by what is known of them "
     "up to a week after it. Says nothing about those who failed before."),
    ("relapses only, sampled patients, recoverers only", "Descriptions of those of whom there is "
     "something to describe; who they are was decided by what happened to them."),
    ("competing events as censoring", "What would happen if relapse, death and transplant took "
     "nobody away: shown to compare ways of dating, not to be expected."),
)  # fmt: skip

LIMITS = (
    "No curve or ratio here shows that a transplant helps or harms: who was transplanted was "
    "chosen by physicians and families, for reasons that this store does not hold.",
    "B-cell aplasia at a landmark goes with a better course; nobody was allotted to it. Keeping or "
    "losing it may be a cause, a sign, or both.",
    "Many factors are looked at, one at a time. One P below 0.05 among twenty is what chance alone "
    "brings; none is corrected for that.",
    "B cells came back before the specimen that showed it: their dates are late by about half of "
    "the time between two visits. The interval-censored rows stand beside the same curve dated by "
    "the specimens; their distance is what that does, and both are no cumulative incidence.",
    "Persistent aplasia does not exclude leukaemia without CD19. It is never a substitute for the "
    "MRD.",
    "Whoever was lost to follow-up is taken to be like the others. If the ill stay away, or the "
    "well, every curve is wrong.",
    "Extramedullary disease before the infusion, earlier therapies, cell doses and toxicity are "
    "not in the store and appear in no comparison.",
    "Where a group has no event, its hazard ratio has no maximum-likelihood estimate. Firth's "
    "penalised estimate and interval stand beside that, and depend on the penalty.",
    "Intervals are right for large groups. In simulated cohorts of 194, those of the whole cohort "
    "hold the truth in 93 to 97 of 100; on the log scale those of small groups, as after a "
    "transplant or from a landmark, in 90 to 93, and exact ones in more. On the log-log scale "
    "(profile local) small groups hold as well as large ones.",
)


def defined(profile: Profile) -> tuple[tuple[str, str], ...]:
    """Each endpoint with its definition, as the profile has it."""
    one = profile.cohort
    events = ["relapse at any site", "death of any cause"]
    events += ["no remission"] if one.no_remission == "event" else []
    events += ["second malignancy"] if one.second_malignancy == "event" else []
    mrd = "counts" if profile.relapse_includes_mrd else "does not count"
    return (
        ("day 0", "the index infusion; a second infusion does not set it anew"),
        ("event-free survival", f"from day 0 to the first of: {', '.join(events)}"),
        ("overall survival", "from day 0 to death of any cause"),
        ("relapse", f"in the marrow, outside of it, or of another lineage; confirmed MRD {mrd}"),
        ("last contact", _LAST_CONTACT),
        ("second infusion", _SECOND_INFUSION[one.second_infusion]),
        ("transplant, for relapse", _TRANSPLANT[one.relapse_transplant]),
        ("remission", f"recorded up to day {one.remission_by_day}"),
        ("B-cell recovery", f"{_RECOVERY[profile.recovery]}; {_COMPETING}"),
        ("age", f"calendar years from birth to infusion, below {one.age_from_years} or not"),
        ("intervals", _INTERVALS.format(one.survival_interval, one.incidence_interval)),
    )


_LAST_CONTACT = (
    "the last day of a specimen or of any event up to the cut; nobody is taken to have been well "
    "on a day on which nothing is known"
)
_SECOND_INFUSION = {
    "follow": "followed on, as one of the things given later",
    "censor": "ends the observation of event-free survival and relapse",
}
_TRANSPLANT = {
    "follow": "followed on",
    "censor": "ends the observation",
    "competing": "a competing event",
}
_RECOVERY = {
    "trial": "the first specimen with B cells after aplasia",
    "confirmed": "the first of the specimens that confirm it",
}
_COMPETING = (
    "competing: relapse or no remission, death or second malignancy, transplant, a drug that "
    "removes B cells or a second infusion; else observed up to the last specimen that could tell"
)
_INTERVALS = (
    "survival: Greenwood's variance on the {} scale; incidence: delta-method variance, {}; shares: "
    "exact binomial; all pointwise, 95 %"
)


def competing(one: CohortDefinitions) -> str:
    """What competes with relapse, as the definitions have it."""
    kinds = ["death without relapse"]
    kinds += ["no remission"] if one.no_remission == "event" else []
    kinds += ["second malignancy"] if one.second_malignancy == "event" else []
    kinds += ["transplant"] if one.relapse_transplant == "competing" else []
    ends = "; a transplant ends the observation" if one.relapse_transplant == "censor" else ""
    return f"Competing: {', '.join(kinds)}{ends}."


def percent(value: float | None) -> str:
    """A fraction in percent."""
    return "" if value is None else f"{100 * value:.1f}\u00a0%"


def ratio(value: float | None) -> str:
    """A hazard ratio: two digits behind the point, or three figures where that would hide it."""
    if value is None:
        return ""
    return f"{value:.2f}" if 0.1 <= value < 1000 else f"{value:.2g}"


def probability(p: float | None) -> str:
    """A p-value with two figures."""
    if p is None:
        return ""
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}" if p < 0.01 else f"{p:.2f}"


def interval(one: Estimate, said: Callable[[float | None], str]) -> str:
    """The interval of a row."""
    if one.ci_low is None and one.ci_high is None:
        return ""
    low, high = said(one.ci_low), said(one.ci_high)
    said_low = low.removesuffix("\u00a0%") if high else low
    return f"{said_low}\u00a0to\u00a0{high or 'not reached'}"
