"""What tube is wanted: the whole request, so that a plan is all one needs to repeat it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Realism:
    """Ways in which a tube is less kind than the tables; each a switch.

    Attributes
    ----------
    photon_noise : bool
        Noise after the mixing whose variance grows with the signal: compensation spreads.
    heavy_tails : bool
        Student t with 5 degrees of freedom within populations, scaled to the same SD.
    continuous_path : bool
        Hematogones run on without a step into transitional B cells.
    autofluorescence : bool
        A signal in every detector that grows with FSC.
    moved_centres : bool
        Every population lies N(0, 0.2) off the table in every marker.
    blasts_near_hematogones : bool
        Blasts lie half way to hematogone I in CD58, CD38, CD45 and CD66c+CD123.
    batch_matrices : bool
        Each batch has a spillover matrix of its own.
    gain_traps : bool
        One batch in ten has gains that spread by 0.3 instead of 0.1.
    cellularity : bool
        Day-28 marrows may be hypocellular or neutropenic, all marrows are somewhat diluted.
    """

    photon_noise: bool = False
    heavy_tails: bool = False
    continuous_path: bool = False
    autofluorescence: bool = False
    moved_centres: bool = False
    blasts_near_hematogones: bool = False
    batch_matrices: bool = False
    gain_traps: bool = False
    cellularity: bool = False

    @classmethod
    def plain(cls) -> Realism:
        """All off."""
        return cls()

    @classmethod
    def full(cls) -> Realism:
        """All on, as for judging."""
        return cls(**{switch.name: True for switch in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """How patients, batches and days differ; standard deviations on L.

    Attributes
    ----------
    patient : float
        Of a normal population's positive markers between patients.
    blasts : float
        Of the blasts' positive markers between patients.
    blast_cases : bool
        Whole patterns that differ between patients: CD34 lost, CD20 gained, and so on.
    batch_gain, day_gain : float
        Of a detector's gain between batches and between days.
    frequencies : bool
        Whether the composition varies around the table.
    """

    patient: float = 0.10
    blasts: float = 0.40
    blast_cases: bool = True
    batch_gain: float = 0.10
    day_gain: float = 0.03
    frequencies: bool = True

    @classmethod
    def usual(cls) -> Variation:
        """As between real patients."""
        return cls()

    @classmethod
    def none(cls) -> Variation:
        """Every tube as the tables say."""
        return cls(
            patient=0.0,
            blasts=0.0,
            blast_cases=False,
            batch_gain=0.0,
            day_gain=0.0,
            frequencies=False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefacts:
    """What comes on top of the viable nucleated singlets; fractions of their number.

    Attributes
    ----------
    doublets, dead, debris : float
        Usually 0.03 to 0.08, 0.02 to 0.10 and 0.10 to 0.30.
    t_blast_doublets : float
        T cells stuck to blasts, as a fraction of the blasts.
    b_t_doublets : float
        T cells stuck to B cells, as a fraction of the B cells.
    trogocytosis : float
        Fraction of the activated CAR T cells that carry some CD19.
    clog : float
        Fraction of the run that is disturbed after a gap; usually 0.05 to 0.10.
    carry_over : float
        Blasts of the tube before, as a fraction of the viable nucleated singlets.
    carried : str
        Population that is carried over.
    tandem_breakdown : float
        Share of PE-Cy7 that has become PE; the stored matrix does not know.
    matrix_error : float
        Relative error of each spill in the stored matrix, sign at random.
    shifted : mapping of str to float
        Marker to a shift of its detector's gain, on L, beside what batch and day do.
    """

    doublets: float = 0.05
    dead: float = 0.04
    debris: float = 0.15
    t_blast_doublets: float = 0.01
    b_t_doublets: float = 0.01
    trogocytosis: float = 0.10
    clog: float = 0.0
    carry_over: float = 0.0
    carried: str = "blast_typical"
    tandem_breakdown: float = 0.0
    matrix_error: float = 0.0
    shifted: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def none(cls) -> Artefacts:
        """Only viable nucleated singlets."""
        return cls(
            doublets=0.0,
            dead=0.0,
            debris=0.0,
            t_blast_doublets=0.0,
            b_t_doublets=0.0,
            trogocytosis=0.0,
        )

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, float) and not 0 <= value < 1:
                msg = f"{one.name}={value}: expected a fraction in [0, 1)"
                raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class TubePlan:
    """One tube to be simulated; the same plan gives the same bytes.

    Attributes
    ----------
    state : str
        Column of the frequency table, such as ``BM_d28_BCA``.
    n_events : int
        Viable nucleated singlets, at least 1; artefacts come on top.
    seed : int
        Of everything that is drawn for this tube alone.
    blasts : mapping of str to float or None
        Blast population to its expected fraction of the viable nucleated singlets. None stands
        for the state's own: typical blasts in an overt relapse, else nothing.
    panel : str
        Name in `cytomon.simulate.panels.PANELS`.
    realism, variation, artefacts : Realism, Variation, Artefacts
        See there.
    hard_blasts : bool
        Blasts with CD58, CD38 and CD66c+CD123 near those of hematogones.
    patient, batch : int or None
        Tubes with the same number share the patient's positions, and the batch's gains and
        matrix; None draws them from `seed`.
    hemodilution : float or None
        Share of the marrow that is blood, in [0, 1]; None leaves it to `realism.cellularity`.
    age_years : float or None
        Children below 4 have more hematogones, above 15 fewer.
    """

    state: str
    n_events: int
    seed: int
    blasts: Mapping[str, float] | None = None
    panel: str = "b_all_mrd"
    realism: Realism = Realism()
    variation: Variation = Variation()
    artefacts: Artefacts = Artefacts()
    hard_blasts: bool = False
    patient: int | None = None
    batch: int | None = None
    hemodilution: float | None = None
    age_years: float | None = None

    def __post_init__(self) -> None:
        if self.n_events < 1:
            msg = f"n_events={self.n_events}: expected at least 1"
            raise ValueError(msg)
        fractions = (self.blasts or {}).values()
        if any(value < 0 for value in fractions) or sum(fractions) > 1:
            msg = f"blast fractions {list(fractions)}: expected values in [0, 1] with sum up to 1"
            raise ValueError(msg)
        if self.hemodilution is not None and not 0 <= self.hemodilution <= 1:
            msg = f"hemodilution={self.hemodilution}: expected a fraction in [0, 1]"
            raise ValueError(msg)


def draw_batches(n_tubes: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Put tubes into batches of 3 to 5; the number goes into `TubePlan.batch`.

    Examples
    --------
    >>> draw_batches(7, np.random.default_rng(4))
    (0, 0, 0, 0, 0, 1, 1)
    """
    sizes = rng.integers(3, 6, size=n_tubes)
    numbers = np.repeat(np.arange(n_tubes), sizes)[:n_tubes]
    return tuple(int(number) for number in numbers)
