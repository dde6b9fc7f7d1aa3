"""The law of a simulated cohort: every number, and the published figure that it serves."""

from __future__ import annotations

import math
from dataclasses import dataclass

LABEL = (
    "Simulated patients: a law calibrated to published aggregates of one trial "
    "(Wang et al., J Clin Oncol 2023). Not patients, and not evidence."
)
TUNED_ON = "cohorts with seeds 0 to 9999"
JUDGED_ON = "cohorts with seeds 40000 to 40199"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """A Weibull law of days that begins some days after its start.

    Attributes
    ----------
    earliest : float
        Days before which nothing happens.
    shape, scale : float
        Of the days from then on; above 0.
    """

    earliest: float
    shape: float
    scale: float

    def share(self, days: float) -> float:
        """Share of the law that lies within some days.

        Examples
        --------
        >>> round(Delay(earliest=10, shape=1, scale=30).share(40), 3)
        0.632
        """
        if days <= self.earliest:
            return 0.0
        return -math.expm1(-(((days - self.earliest) / self.scale) ** self.shape))

    def days(self, share: float) -> float:
        """Days within which a share in [0, 1) of the law lies.

        Examples
        --------
        >>> round(Delay(earliest=10, shape=1, scale=30).days(0.632))
        40
        """
        return float(self.earliest + self.scale * (-math.log1p(-share)) ** (1 / self.shape))


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """What may happen to a patient, and how often.

    Hazards are competing: of relapse, transplant and death the first one counts. A *hazard* here is
    the whole cumulative hazard of its cause, spread over days by a `Delay`; ratios multiply it.

    Attributes
    ----------
    age_median, age_sd, age_range : float, float, tuple of float
        Years; a log-normal law: median 7.6, quartiles 4.8 and 10.8, range 0.8 to 19.6.
    female : float
        66 of 194.
    genotypes : tuple of (str, int)
        Genotype to its weight. KMT2A and ZNF384 are 37 of 194 and all high-risk ones 56; the parts
        within these two groups and the rest are not published and only plausible.
    burdens : tuple of (int, float, float, float)
        Patients with MRD below 1 %, up to 15 % and above (62, 72, 60), the ends of each band, and
        the power by which it leans to its upper end: 2.77 in the middle one leaves 17 of its 72
        below 5 %, which makes 79 of 194 marrows M1.
    extramedullary : float
        48 of 194.
    burden_ratios : tuple of float
        Ratios of the hazard of relapse by band: published 1.23, 1 and 2.07.
    male_ratio, extramedullary_ratio, high_risk_ratio : float
        Likewise: published 1.16, 1.18 and 1.29. Age has none: published 1.04. All published ones
        are of EFS, whose other events have no such ratio: those here are a little larger.
    toxic_death, toxic_death_days : float, tuple of float
        2 of 194 die of the infusion before day 28: remission 99.0 %.
    refractory : float
        Alive on day 28 without remission: nobody in the trial.
    bridged : float
        Blinatumomab or inotuzumab within weeks before the infusion: not published, rare here; it
        voids B cells for 90 days.
    durable : float
        Patients whose CAR T cells stay: 25 of 104 have aplasia for 6 months, and all of them stay
        in remission (landmark EFS 100 %).
    recovery : Delay
        True B-cell recovery of the others: recorded median 74 days, quartiles 47.8 and 97.8, and
        59.8 % within 6 months.
    durable_loss : Delay
        Recovery of those whose CAR T cells stayed: the latest recorded one was on day 371.
    escape, escape_hazard : Delay, float
        Relapse without CD19 during aplasia, 17 of 43: domain 3.4 puts it into months 1 to 6. Its
        early end makes the landmark EFS rise from 77 % at 2 months to 97.4 % at 4.
    dual_share : float
        1 of these 17 has lost CD22 too.
    keeper, keeper_hazard : Delay, float
        Relapse with CD19 after the CAR T cells have gone (all 11 tested had lost both), 24 of 43;
        days since B-cell recovery. With escape: EFS 73.5 % at 12 months, 43 relapses.
    keeper_from, keeper_fades : float
        For each `keeper_fades` days that B cells come back later than day `keeper_from`, this
        hazard falls by the factor e: landmark EFS 88.7 % at 3 months and 97.4 % at 4.
    unknown_share : float
        2 of 43 relapses have no phenotype; nobody stained them, or they are outside the marrow, or
        no longer of the B lineage.
    unstained_share, switch_share : float
        Parts of these that are in the marrow, and lineage switches (only of KMT2A and ZNF384; none
        published): plausible only.
    transplant_from, transplant_until : float, tuple of float
        Days; in aplasia it ends before month 6 (no transplanted patient had aplasia so long), after
        recovery later. Domain 3.4: 1.5 to 4 months.
    transplant_aplasia, transplant_recovered : float
        Hazards per day of a transplant in remission: 78 of 194. It is sought more often once B
        cells are back.
    transplant_prone_ratio : float
        For KMT2A and ZNF384: 24 of 37 against 54 of 157.
    transplant_ratio : float
        Of the hazard of relapse after a transplant: published 0.47 (0.24 to 0.93) for EFS, in which
        the deaths after a transplant count against it.
    transplant_death, transplant_death_days : float, float
        Share who die of the transplant, and the mean days after it.
    infection_death, infection_death_days : float, tuple of float
        Share who die in remission without a transplant; 8 of 51 events are no relapses, 2 of them
        toxic.
    salvage_death, salvage_death_days : float, float
        Share who die after a relapse, 17 of 43, and their mean days: OS 87.7 %.
    salvage_high_risk_ratio : float
        Of the odds of that death by high-risk genotype: published 2.36 (1.07 to 5.16) for OS.
    accrual_days, shortest_days, accrual : int, int, tuple of float
        835 days of accrual until 151 days before the data cut, and the Beta law of the follow-up
        within them: median 11.0 months, quartiles 6.2 and 18.0, at most 32.4.
    contact_days : int
        Longest time from the last contact to the data cut.
    missed : float
        Share of visits after day 28 that do not take place: 104 of 194 have a known state at 6
        months. Half of the rest is transplants and relapses.
    extra_bloods : float
        Blood counts per month beside the visits up to month 6: all published quartiles of recovery
        lie between the visits of the calendar.
    """

    age_median: float = 7.6
    age_sd: float = 0.60
    age_range: tuple[float, float] = (0.8, 19.6)
    female: float = 66 / 194
    genotypes: tuple[tuple[str, int], ...] = (
        ("KMT2A::AFF1", 25), ("EP300::ZNF384", 12), ("BCR::ABL1", 11), ("MEF2D::BCL9", 4),
        ("iAMP21", 3), ("TCF3::HLF", 1), ("ETV6::RUNX1", 35), ("hyperdiploid", 30),
        ("TCF3::PBX1", 18), ("B-other", 55),
    )  # fmt: skip
    burdens: tuple[tuple[int, float, float, float], ...] = (
        (62, 0.001, 0.01, 1.0),
        (72, 0.01, 0.15, 2.77),
        (60, 0.15, 0.90, 1.0),
    )
    extramedullary: float = 48 / 194
    burden_ratios: tuple[float, float, float] = (1.35, 1.0, 2.5)
    male_ratio: float = 1.16
    extramedullary_ratio: float = 1.2
    high_risk_ratio: float = 1.4
    toxic_death: float = 2 / 194
    toxic_death_days: tuple[float, float] = (3.0, 26.0)
    refractory: float = 0.0
    bridged: float = 0.02
    durable: float = 0.205
    recovery: Delay = Delay(earliest=20.0, shape=1.4, scale=64.0)
    durable_loss: Delay = Delay(earliest=183.0, shape=1.0, scale=900.0)
    escape: Delay = Delay(earliest=45.0, shape=1.8, scale=36.0)
    escape_hazard: float = 0.097
    dual_share: float = 1 / 17
    keeper: Delay = Delay(earliest=14.0, shape=1.3, scale=100.0)
    keeper_hazard: float = 0.29
    keeper_from: float = 50.0
    keeper_fades: float = 25.0
    unknown_share: float = 2 / 43
    unstained_share: float = 0.4
    switch_share: float = 0.2
    transplant_from: float = 45.0
    transplant_until: tuple[float, float] = (165.0, 200.0)
    transplant_aplasia: float = 0.0028
    transplant_recovered: float = 0.0044
    transplant_prone_ratio: float = 2.6
    transplant_ratio: float = 0.20
    transplant_death: float = 0.06
    transplant_death_days: float = 60.0
    infection_death: float = 0.02
    infection_death_days: tuple[float, float] = (29.0, 180.0)
    salvage_death: float = 0.43
    salvage_death_days: float = 200.0
    salvage_high_risk_ratio: float = 3.0
    accrual_days: int = 835
    shortest_days: int = 151
    accrual: tuple[float, float] = (0.72, 1.29)
    contact_days: int = 30
    missed: float = 0.08
    extra_bloods: float = 2.0

    @property
    def data_cut(self) -> int:
        """Days from the first infusion to the data cut: 32.4 months."""
        return self.accrual_days + self.shortest_days


LAW = Law()
"""As calibrated."""
