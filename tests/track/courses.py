"""Random courses, from plausible to nasty, that stand on the boundaries of every rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from random import Random

from cytomon.model.course import Acknowledgement
from cytomon.model.record import ClinicalEvent
from cytomon.model.timeline import Answer, Dispute, Sample, Timeline
from tests.track.course_answers import antigens, b_cells, mrd, others

VISITS = (7, 14, 28, 61, 91, 122, 152, 183, 274, 365, 457, 548, 639, 730)
EDGES = (
    -100, -61, -60, -59, -14, -5, -1, 0, 1, 2, 4, 10, 11, 17, 24, 25, 27, 28, 29, 35, 36, 51, 60,
    61, 62, 68, 69, 71, 72, 77, 90, 91, 92, 98, 99, 100, 101, 105, 106, 122, 129, 130, 152, 153,
    162, 182, 183, 184, 190, 191, 204, 205, 244, 274, 304, 335, 365, 395, 457, 548, 639, 700, 760,
)  # fmt: skip
STEPS = (0, 1, 6, 7, 8, 13, 14, 15, 28, 30, 31, 59, 60, 61, 89, 90, 91, 100, 101, 102)
GENOTYPES = ("", "ETV6::RUNX1", "KMT2A::AFF1", "kmt2a-r", "ZNF384::EP300", "BCR::ABL1", "B-other")
DRUGS = (
    "rituximab", "Rituxan 375 mg/m2", "MabThera", "obinutuzumab", "Gazyva", "Gazyvaro, 1 g",
    "blinatumomab", "Blincyto, cycle 2", "inotuzumab ozogamicin", "Besponsa (dose 1)",
    "alemtuzumab", "Campath", "MabCampath 30 mg", "Lemtrada", "ATG", "ATG Fresenius",
    "Thymoglobulin", "antithymocyte globulin", "anti-thymocyte globulin, rabbit",
    "Rituximab + blinatumomab", "methotrexate", "vincristine", "IVIG", "dexamethasone 10 mg",
    "dasatinib",
)  # fmt: skip
VALUES = {
    "morphology": ("M1", "M1", "M2", "M3", "0.5", "1", "4.9", "5", "5 %", "25", "25.1 %", "60%"),
    "fish": ("negative", "positive", "<0.01", "0.01", "1 %", "0.99 %", "0.3", "2e-2"),
    "fusion_pcr": ("negative", "positive", "<1e-5", "1e-4", "0", "0.01", "2 %", "0.009"),
    "ngs": ("negative", "positive", "<0.000001", "3e-6", "0", "0.01", "1 %", "0.5 %"),
    "alc": ("0.4", "<0.1", "1.8"),
}
RARE = (
    "transplant", "relapse", "relapse_extramedullary", "lineage_switch", "second_infusion", "death",
    "second_malignancy", "remission", "no_remission", "last_contact", "alc",
)  # fmt: skip
PANELS = ("b_all_mrd", "b_all_mrd_aieop_bfm", "lymphocytes")
RULES = tuple(f"A{number}" for number in range(1, 22))


def random_course(seed: int) -> tuple[Timeline, date]:
    """A course and the day on which it is looked at, the same for the same seed."""
    rng = Random(seed)  # noqa: S311
    mild = seed % 3 == 0
    day0 = date(2023, 1, 1) + timedelta(days=rng.randrange(700))
    days = _mild_days(rng) if mild else _nasty_days(rng)
    samples = _samples(rng, day0, days, mild=mild)
    name = f"P{seed:05d}"
    events = _events(rng, name, day0, days, mild=mild)
    as_of = day0 + timedelta(days=_as_of(rng, days, mild=mild))
    timeline = Timeline(
        patient_id=name,
        genotype=rng.choice(GENOTYPES),
        product=rng.choice(("", "CD19/CD22")),
        day0=None if rng.random() < 0.015 else day0,
        samples=samples,
        events=events,
        acknowledgements=_acknowledgements(rng, day0, days, as_of),
    )
    return timeline, as_of


# Days


def _mild_days(rng: Random) -> list[int]:
    """The visits, a few of them missed, near their target."""
    upto = rng.choice((61, 183, 183, 365, 365, 730, 760))
    kept = [day for day in VISITS if day <= upto and rng.random() < 0.9]
    shifts = (-3, -2, -1, 0, 0, 0, 0, 1, 2, 3, 7, 8)
    return sorted({rng.choice((-14, -5, -1)), *(day + rng.choice(shifts) for day in kept)})


def _nasty_days(rng: Random) -> list[int]:
    """Edges of rules, steps from one to the next, and days of no meaning."""
    found = [rng.choice(EDGES) for _ in range(rng.randrange(2, 12))]
    for _ in range(rng.randrange(0, 8)):
        found.append(rng.choice(found) + rng.choice(STEPS))
    found += [rng.randrange(-20, 400) for _ in range(rng.randrange(0, 4))]
    if rng.random() < 0.5:
        found += [day for day in VISITS[: rng.randrange(3, 10)] if rng.random() < 0.7]
    return sorted(found)


def _as_of(rng: Random, days: list[int], *, mild: bool) -> int:
    last = max(days)
    if rng.random() < (0.1 if mild else 0.25):
        near = rng.choice(days) + rng.choice((-1, 0, 1, 7, 30))
        return rng.choice((near, rng.choice(EDGES), rng.randrange(-30, 400)))
    return last + rng.choice((0, 0, 1, 7, 14, 30, 35, 101, 102, 200, 400))


# Specimens


class _Patient:
    """What one patient tends to: how much leukaemia, and whether B cells are back."""

    def __init__(self, rng: Random, *, mild: bool) -> None:
        self.mild = mild
        self.back = rng.choice((20, 61, 92, 150, 183, 200, 300, 10_000, 10_000))
        self.relapse = rng.choice((40, 91, 150, 250, 10_000, 10_000, 10_000))
        self.noise = 0.03 if mild else rng.choice((0.1, 0.3, 0.8))
        self.no_aplasia = rng.random() < 0.08
        self.riser = rng.random() < 0.08
        self.last_mrd = Fraction(1, 10_000)


def _samples(rng: Random, day0: date, days: list[int], *, mild: bool) -> tuple[Sample, ...]:
    patient = _Patient(rng, mild=mild)
    found: list[Sample] = []
    for number, day in enumerate(days):
        for kind in _kinds(rng, day, mild=mild):
            name = f"S{number:02d}{kind[0]}{len(found):03d}"
            found.append(_sample(rng, patient, (name, kind, day), day0))
    return tuple(sorted(found, key=lambda one: (one.on, one.specimen_type, one.specimen_id)))


def _kinds(rng: Random, day: int, *, mild: bool) -> list[str]:
    """Types of the specimens of a day; two of one type now and then."""
    if mild:
        monthly = day <= 0 or any(abs(day - visit) <= 10 for visit in (28, 61, 91, 183, 274, 365))
        kinds = [kind for kind in ("blood", "marrow") if kind == "blood" or monthly]
        if rng.random() < 0.25 and len(kinds) > 1:
            kinds.remove(rng.choice(kinds))
        return kinds
    kinds = rng.choices(("blood", "marrow", "csf"), weights=(5, 6, 1), k=rng.choice((1, 1, 1, 2)))
    if kinds == ["csf"] and rng.random() < 0.5:
        kinds.append("marrow")
    return kinds


def _sample(rng: Random, patient: _Patient, what: tuple[str, str, int], day0: date) -> Sample:
    name, kind, day = what
    answers: dict[str, Answer] = {}
    if kind != "blood" or rng.random() < 0.3:
        burden = _burden(rng, patient, day, kind)
        answers["mrd"] = mrd(rng, burden, kind=kind)
        if kind == "marrow" and answers["mrd"].numerator:
            found = answers["mrd"]
            patient.last_mrd = Fraction(found.numerator or 0, found.denominator or 1)
        answers |= antigens(rng, answers["mrd"], day, mild=patient.mild)
    if kind != "csf" and rng.random() < 0.9:
        answers["b_fraction"] = b_cells(rng, back=_is_back(rng, patient, day), mild=patient.mild)
    if kind == "marrow" or rng.random() < 0.2:
        answers |= others(rng, answers.get("mrd"), mild=patient.mild)
    answers = {code: answer for code, answer in answers.items() if rng.random() < 0.97}
    steady = patient.mild or rng.random() < 0.8
    found_sample = Sample(
        specimen_id=name,
        specimen_type=kind,
        on=day0 + timedelta(days=day),
        answers=answers,
        cd19_clone=rng.choice(("", "HIB19")) if steady else rng.choice(("", "HIB19", "SJ25C1")),
        cd22_clone=rng.choice(("", "S-HCL-1")) if steady else rng.choice(("S-HCL-1", "HIB22")),
        templates=_templates(rng, kind, steady=steady),
        duplicate=rng.random() < 0.01,
        moved=rng.random() < 0.01,
    )
    return _signed(rng, found_sample)


def _templates(rng: Random, kind: str, *, steady: bool) -> frozenset[str]:
    if rng.random() < 0.1:
        return frozenset()
    if steady:
        return frozenset({PANELS[2] if kind == "blood" else PANELS[0]})
    return frozenset(rng.sample(PANELS, rng.choice((1, 1, 2))))


def _burden(rng: Random, patient: _Patient, day: int, kind: str) -> Fraction | None:
    """Share of blasts to aim at; None for any whatever."""
    if day <= 0 or rng.random() < patient.noise:
        return None
    if day >= patient.relapse:
        since = day - patient.relapse
        return Fraction(min(since + 1, 200) ** 2, 1_000_000) * rng.choice((1, 1, 5))
    if patient.riser:
        return Fraction(20 * 8 + day, 8 * 500_000)
    if rng.random() < (0.05 if patient.mild else 0.3) and kind == "marrow":
        steps = (Fraction(1, 3), Fraction(1), Fraction(2), Fraction(316, 100), Fraction(317, 100))
        return min(Fraction(1, 2), patient.last_mrd * rng.choice((*steps, Fraction(10))))
    return Fraction(0)


def _is_back(rng: Random, patient: _Patient, day: int) -> bool:
    if rng.random() < patient.noise / 2:
        return rng.random() < 0.5
    return day <= 2 or day >= patient.back or (patient.no_aplasia and day < 60)


def _signed(rng: Random, sample: Sample) -> Sample:
    """Some answers are signed; a few of those are contradicted."""
    if not sample.answers or rng.random() < 0.7:
        return sample
    answers = {code: one._replace(state="signed") for code, one in sample.answers.items()}
    disputes = []
    for code, opposite in (("mrd", _other_mrd), ("b_fraction", _other_b_cells)):
        if code in answers and rng.random() < 0.08:
            found = opposite(answers[code])
            if found is not None:
                disputes.append(Dispute(answers[code], found))
    return replace(sample, answers=answers, disputes=tuple(disputes))


def _other_mrd(signed: Answer) -> Answer | None:
    if signed.status in {"POSITIVE", "POSITIVE_BELOW_LOQ"}:
        n = signed.denominator or 500_000
        return Answer("mrd", 0, n, 0.0, 0.0, 3.7 / n, 20 / n, "NOT_DETECTED", "")
    if signed.status in {"NOT_DETECTED", "BELOW_LOD", "DETECTED_BELOW_THRESHOLD"}:
        return Answer("mrd", 500, 500_000, 1e-3, 9e-4, 1.1e-3, 4e-5, "POSITIVE", "")
    return None


def _other_b_cells(signed: Answer) -> Answer | None:
    if signed.status.endswith("APLASIA"):
        return Answer("b_fraction", 100, 4000, 0.025, 0.02, 0.03, None, "RECOVERED", "")
    if signed.status.endswith("RECOVERED"):
        return Answer("b_fraction", 1, 4000, 0.00025, 0.0, 0.0014, None, "APLASIA", "")
    return None


# Events


def _events(
    rng: Random, name: str, day0: date, days: list[int], *, mild: bool
) -> tuple[ClinicalEvent, ...]:
    found: list[tuple[int, str, str, str]] = []
    found += _tests(rng, days, 0.15 if mild else 0.4)
    found += _transgene(rng, days)
    for _ in range(rng.choice((0, 0, 0, 1)) if mild else rng.choice((0, 1, 1, 2, 3))):
        found.append((_day(rng, days), "drug", rng.choice(DRUGS), ""))
    for _ in range(rng.choice((0, 0, 1)) if mild else rng.choice((0, 0, 1, 1, 2, 3))):
        kind = rng.choice(RARE)
        day = _day(rng, days)
        if kind == "death" or (kind == "last_contact" and rng.random() < 0.7):
            day = max(1, max(days) + rng.choice((-60, -1, 0, 0, 1, 20)))
        value = rng.choice(VALUES[kind]) if kind in VALUES else ""
        found.append((day, kind, value, ""))
    events = [
        ClinicalEvent(
            patient_id=name, on=day0 + timedelta(days=day), event=kind, value=value, unit=unit,
            comment=rng.choice(("", "", "outside")),
        )
        for day, kind, value, unit in found
    ]  # fmt: skip
    order = sorted(events, key=lambda one: (one.on, one.event, one.value, one.unit, one.comment))
    return tuple(order)


def _day(rng: Random, days: list[int]) -> int:
    """Of a specimen, beside one, of an edge, or before the infusion."""
    near = rng.choice(days) + rng.choice((-183, -91, -90, -14, -1, 0, 0, 0, 1, 7))
    return rng.choice((near, near, rng.choice(EDGES), rng.randrange(-60, 400)))


def _tests(rng: Random, days: list[int], often: float) -> list[tuple[int, str, str, str]]:
    """Morphology, FISH and molecular tests, mostly on days with a specimen."""
    found = []
    for day in days:
        for kind in ("morphology", "fish", "fusion_pcr", "ngs"):
            if rng.random() < often * (1.0 if kind == "morphology" else 0.4):
                shift = rng.choice((0, 0, 0, 0, 0, 1))
                found.append((day + shift, kind, rng.choice(VALUES[kind]), ""))
    return found


def _transgene(rng: Random, days: list[int]) -> list[tuple[int, str, str, str]]:
    """Copies of both transgenes, lost at some time and now and then found again."""
    found = []
    for kind in ("car19_copies", "car22_copies"):
        gone = rng.choice((20, 60, 91, 183, 10_000))
        for day in days:
            if rng.random() < 0.5:
                lost = (day >= gone) != (rng.random() < 0.1)
                low = rng.choice(
                    (("<0.1", "copies/ng"), ("0.05", ""), ("99", "copies/ug"), ("<5", ""))
                )
                high = rng.choice((("0.1", "copies/ng"), ("100", "copies/ug"), ("25.5", "")))
                value, unit = low if lost else high
                found.append((day + rng.choice((0, 0, 0, 1)), kind, value, unit))
    return found


# Acknowledgements


def _acknowledgements(
    rng: Random, day0: date, days: list[int], as_of: date
) -> tuple[Acknowledgement, ...]:
    found: list[tuple[date, str, date | None]] = []
    for _ in range(rng.choice((0, 1, 3, 8, 20))):
        flagged = day0 + timedelta(days=rng.choice((*days, 17, 35, 71, 101, 105, 204)))
        at = flagged + timedelta(days=rng.choice((0, 0, 1, 7, 30, 100)))
        if rng.random() < 0.1:
            at = as_of + timedelta(days=rng.choice((0, 1, 30)))
        named = rng.random() < 0.4
        found.append((at, rng.choice(RULES), flagged if named and flagged <= at else None))
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        seen_on = day0 + timedelta(days=rng.choice(days) + rng.choice((0, 0, 1, 7, 120)))
        found += [(seen_on, rule, None) for rule in RULES if rng.random() < 0.9]
    found.sort(key=lambda one: (one[0], one[1]))
    return tuple(
        Acknowledgement(
            rule=rule,
            flagged_on="" if flagged is None else flagged.isoformat(),
            at=f"{at.isoformat()}T09:30:00+00:00",
            by="ward",
            why="seen",
        )
        for at, rule, flagged in found
    )
