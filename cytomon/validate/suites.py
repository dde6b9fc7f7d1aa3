"""What a study asks for, suite by suite, before each tube has its number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from cytomon.simulate.panels import staining_panel
from cytomon.simulate.plan import Artefacts

KINDS: Mapping[str, Mapping[str, float]] = {
    "typical": {"blast_typical": 1.0},
    "CD19neg": {"blast_CD19neg": 1.0},
    "CD19dim": {"blast_CD19dim": 1.0},
    "CD22neg": {"blast_CD22neg": 1.0},
    "CD22dim": {"blast_CD22dim": 1.0},
    "dualneg": {"blast_dualneg": 1.0},
    "typical+CD19neg": {"blast_typical": 0.6, "blast_CD19neg": 0.4},
    "typical+CD22neg": {"blast_typical": 0.6, "blast_CD22neg": 0.4},
    "proB_KMT2A": {"blast_proB_KMT2A": 1.0},
}
BACKGROUNDS = ("BM_m3_BCA", "BM_d28_BCA", "BM_m3_recovering")
BLANKS = (*BACKGROUNDS, "BM_norm_child")
LARGE = 5
"""Times as many events in the large tubes."""
SUBSETS = "lymphocyte_subsets"
SUBSETS_MOST = 200_000
"""Viable cells of a tube for lymphocyte subsets: laboratories acquire no more."""
SHIFTED: Sequence[tuple[str, ...]] = (
    ("CD45", "CD3", "CD66b"),
    ("CD24", "CD33+CD14", "CD58"),
    ("CD66c+CD123", "CD34", "CD45"),
    ("CD3", "CD58", "CD66b"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a study is.

    Attributes
    ----------
    events : int
        Viable nucleated singlets of a tube.
    kinds : tuple of str
        Names in `KINDS`.
    levels : tuple of float
        Nominal fractions of the dilution series.
    replicates : int
        Tubes of each sort.
    large : int
        Blanks of five times as many events, and as many tubes with 10⁻⁵ blasts.
    step : int
        Only every n-th tube of each suite, for a first look.
    """

    events: int
    kinds: tuple[str, ...]
    levels: tuple[float, ...]
    replicates: int
    large: int
    step: int = 1


_LEVELS = (1e-2, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5)
"""Close enough around the limit of detection that no decade between them is empty."""
SIZES: Mapping[str, Size] = {
    "quick": Size(
        events=60_000, kinds=("typical",), levels=(1e-2, 1e-3), replicates=1, large=0, step=5
    ),
    "usual": Size(events=300_000, kinds=tuple(KINDS), levels=_LEVELS, replicates=1, large=1),
    "full": Size(events=1_000_000, kinds=tuple(KINDS), levels=_LEVELS, replicates=2, large=3),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A tube before it has a number; one of each is made for each condition and replicate.

    Attributes
    ----------
    suite, state : str
        What it is there for, and the specimen.
    kind : str
        In `KINDS`; empty for a blank.
    level : float
        Nominal fraction of blasts.
    altered : str
        What is done wrong to it, in words; empty for nothing.
    of : str
        Name of a set of tubes that are one tube, altered in different ways.
    hard : bool
        Blasts near hematogones.
    times : int
        As many times the usual events.
    hemodilution : float or None
        Share of the marrow that is blood.
    artefacts : Artefacts
        As usual, or what `altered` says.
    panel : str
        Empty for the study's own.
    """

    suite: str
    state: str
    kind: str = ""
    level: float = 0.0
    altered: str = ""
    of: str = ""
    hard: bool = False
    times: int = 1
    hemodilution: float | None = None
    artefacts: Artefacts = field(default_factory=Artefacts)
    panel: str = ""

    @property
    def name(self) -> str:
        """What tells it from the others."""
        blasts = f"{self.kind}-{self.level:.0e}".replace("e-0", "e-") if self.kind else "blank"
        large = f"x{self.times}" if self.times > 1 else ""
        words = (self.suite, self.of, self.state, blasts, self.altered.replace(" ", "_"), large)
        return "-".join(word for word in words if word)


def wishes(size: Size, panel: str) -> Iterator[Wish]:
    """All tubes of one condition and replicate, the large ones left out."""
    suites = (_blanks(), _dilution(size), _hard(), _instrument(panel), _run())
    for suite in (*(suites if panel != SUBSETS else ()), _b_cells()):
        yield from islice(suite, 0, None, size.step)


def large_wishes(size: Size, panel: str) -> Iterator[Wish]:
    """The large tubes of one condition."""
    if panel == SUBSETS:
        return
    for number in range(size.large):
        state, kind = BLANKS[number % len(BLANKS)], size.kinds[number % len(size.kinds)]
        yield Wish(suite="blank", state=state, times=LARGE)
        yield Wish(suite="dilution", state=state, kind=kind, level=1e-5, times=LARGE)


def _blanks() -> Iterator[Wish]:
    for state in BLANKS:
        yield Wish(suite="blank", state=state)
        yield Wish(suite="blank", state=state, of="second")
        yield Wish(suite="blank", state=state, of="third")
    yield Wish(suite="blank", state="BM_m3_recovering", hemodilution=0.4, altered="hemodilute")
    yield Wish(suite="blank", state="BM_m3_BCA", hemodilution=0.4, altered="hemodilute")


def _dilution(size: Size) -> Iterator[Wish]:
    for row, kind in enumerate(size.kinds):
        for column, level in enumerate(size.levels):
            state = BACKGROUNDS[(row + column) % len(BACKGROUNDS)]
            yield Wish(suite="dilution", state=state, kind=kind, level=level)


def _hard() -> Iterator[Wish]:
    for kind in ("typical", "CD19neg"):
        for state in BACKGROUNDS:
            for level in (3e-4, 1e-3):
                yield Wish(suite="hard", state=state, kind=kind, level=level, hard=True)


def _instrument(panel: str) -> Iterator[Wish]:
    """The same tube with the instrument as it should be, slightly off, and wrong."""
    markers = staining_panel(panel).markers
    altered = {
        "": Artefacts(),
        "gain -0.1": Artefacts(shifted=dict.fromkeys(markers, -0.1)),
        "gain +0.1": Artefacts(shifted=dict.fromkeys(markers, 0.1)),
        "matrix 3 %": Artefacts(matrix_error=0.03),
        "matrix 20 %": Artefacts(matrix_error=0.20),
    }
    bases = (
        Wish(suite="instrument", of="a", state="BM_m3_BCA", kind="typical", level=1e-3),
        Wish(suite="instrument", of="b", state="BM_m3_recovering", kind="CD19neg", level=1e-3),
        Wish(suite="instrument", of="c", state="BM_m3_recovering"),
        Wish(suite="instrument", of="d", state="BM_d28_BCA", kind="CD22dim", level=1e-2),
    )
    for base, anchored in zip(bases, SHIFTED, strict=True):
        for words, artefacts in (altered | _shifted(anchored, markers)).items():
            yield Wish(
                suite="instrument",
                of=base.of,
                state=base.state,
                kind=base.kind,
                level=base.level,
                altered=words,
                artefacts=artefacts,
            )


def _shifted(anchored: Sequence[str], markers: Sequence[str]) -> dict[str, Artefacts]:
    there = [marker for marker in anchored if marker in markers]
    if len(there) < len(anchored):
        return {}
    return {f"gain +0.3 {' '.join(there)}": Artefacts(shifted=dict.fromkeys(there, 0.3))}


def _run() -> Iterator[Wish]:
    clogged, carried = Artefacts(clog=0.08), Artefacts(carry_over=2e-4)
    for state, kind, level in (
        ("BM_m3_BCA", "typical", 1e-3),
        ("BM_m3_recovering", "CD19neg", 1e-3),
        ("BM_d28_BCA", "", 0.0),
    ):
        tube = Wish(suite="run", state=state, kind=kind, level=level)
        for words, artefacts in (("clog", clogged), ("carry-over", carried)):
            yield Wish(
                suite="run",
                state=tube.state,
                kind=tube.kind,
                level=tube.level,
                altered=words,
                artefacts=artefacts,
            )


def _b_cells() -> Iterator[Wish]:
    for state in ("PB_d28_BCA", "PB_m3_BCA", "PB_m3_recovering", "PB_m6_recovered"):
        yield Wish(suite="b_cells", state=state, panel=SUBSETS)
    for state in ("BM_d28_BCA", "BM_m3_recovering", "BM_m6_recovered"):
        yield Wish(suite="b_cells", state=state)
    yield Wish(suite="b_cells", state="BM_overt_relapse", kind="typical", level=0.65)
    yield Wish(suite="b_cells", state="BM_m3_BCA", kind="typical", level=0.1)
    yield Wish(suite="b_cells", state="PB_m3_BCA", kind="typical", level=0.05, panel=SUBSETS)
