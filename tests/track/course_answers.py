"""Random answers of specimens, with statuses that fit their counts (domain: 1.4, 2.6, 4.2)."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from cytomon.model.timeline import Answer

CELLS = (30_000, 100_000, 150_000, 200_000, 500_000, 500_000, 1_000_000, 2_000_000)
COUNTS = (0, 0, 3, 19, 20, 25, 49, 50, 60)
SHARES = tuple(
    Fraction(*one)
    for one in (
        (1, 20_000), (1, 10_000), (1, 5_000), (9, 10_000), (1, 1_000), (5, 1_000), (1, 100),
        (2, 100), (49, 1_000), (1, 20), (1, 10), (249, 1_000), (1, 4), (6, 10),
    )
)  # fmt: skip
LYMPHOCYTES = (0, 100, 499, 500, 1000, 1000, 1999, 2000, 3000, 5000)


def fraction(
    quantity: str, count: int, of: int, status: str, *, lod: float | None = None, said: str = ""
) -> Answer:
    """An answer with its counts, and an interval that is about right."""
    part = count / of
    low, high = max(0.0, part * 0.8), min(1.0, part * 1.2 + 3 / of)
    return Answer(quantity, count, of, part, low, high, lod, status, said)


def nothing(quantity: str, status: str, said: str = "") -> Answer:
    """An answer without a number."""
    return Answer(quantity, None, None, None, None, None, None, status, said)


# MRD


def mrd_status(count: int, of: int, limit: int) -> str:
    """The status of counts (domain: 1.4)."""
    enough = limit * 10_000 <= of
    if count >= limit:
        if count * 10_000 < of:
            return "DETECTED_BELOW_THRESHOLD"
        return "POSITIVE" if count >= 50 else "POSITIVE_BELOW_LOQ"
    if not enough:
        return "INSUFFICIENT_SENSITIVITY"
    return "BELOW_LOD" if count else "NOT_DETECTED"


def mrd(rng: Random, burden: Fraction | None, *, kind: str) -> Answer:
    """MRD near a burden; with None any, from nothing to a marrow full of blasts."""
    if rng.random() < 0.05:
        return nothing("mrd", "NOT_EVALUABLE", "QUALITY_FAILED")
    of = rng.choice(CELLS[:4]) if rng.random() < 0.1 else rng.choice(CELLS[3:])
    if burden is None:
        count = rng.choice((rng.choice(COUNTS), int(rng.choice(SHARES) * of)))
    else:
        count = int(burden * of) if burden else rng.choice((0, 0, 0, 0, 4, 19, 25))
    limit = 30 if rng.random() < 0.04 else 20
    said = [] if kind == "marrow" else ["NOT_MARROW"]
    if rng.random() < 0.01:
        said.insert(0, "LINEAGE_SWITCH_SUSPECTED")
    status = mrd_status(count, of, limit)
    return fraction("mrd", count, of, status, lod=limit / of, said=";".join(said))


# B cells


def b_cells(rng: Random, *, back: bool, mild: bool) -> Answer:
    """B cells among 0 to 5000 lymphocytes, below or from 1 % on, often exactly there."""
    of = rng.choice(LYMPHOCYTES[4:] if mild else LYMPHOCYTES)
    if of == 0:
        return nothing("b_fraction", "NOT_EVALUABLE")
    if back:
        part = rng.choice(
            (Fraction(1, 100), Fraction(2, 100), Fraction(3, 100), Fraction(29, 1000))
        )
        count = -(-part.numerator * of // part.denominator) + rng.choice((0, 0, 0, 200))
    else:
        count = rng.choice((0, 1, (of - 1) // 100))
    if of < 500:
        low, high = 0.0, 1.0
        return Answer("b_fraction", count, of, None, low, high, None, "NOT_EVALUABLE", "")
    word = "RECOVERED" if count * 100 >= of else "APLASIA"
    status = word if of >= 2000 else f"PROVISIONAL_{word}"
    return fraction("b_fraction", count, of, status)


# Antigens


def antigens(rng: Random, found: Answer, day: int, *, mild: bool) -> dict[str, Answer]:
    """Calls on both antigens."""
    blasts = found.numerator or 0
    kept = rng.random() < (0.75 if mild else 0.4)
    return {
        code: antigen(rng, code, blasts, early=day < 28, kept=kept)
        for code in ("cd19_blasts", "cd22_blasts")
    }


def antigen(rng: Random, code: str, blasts: int, *, early: bool, kept: bool) -> Answer:
    """A call that fits its share of blasts."""
    if blasts < 20 or rng.random() < 0.08:
        return nothing(code, "NOT_ASSESSABLE", "TOO_FEW_BLASTS" if blasts < 20 else "DRUG_EXPOSURE")
    least_plus = -(-blasts // 5)
    counts = (0, blasts // 20, least_plus - 1, least_plus, blasts // 2, blasts, blasts)
    count = blasts if kept else rng.choice(counts)
    share = Fraction(count, blasts)
    status, said = "POSITIVE", []
    if share < Fraction(1, 10):
        status = "NEGATIVE"
    elif share < Fraction(8, 10):
        status = "PARTIAL"
    elif rng.random() < 0.25 and not kept:
        status = "DIM"
    if blasts < 50 or early:
        said.append("PROVISIONAL")
    if code == "cd22_blasts" and rng.random() < 0.1:
        said.append("DECREASED")
    return fraction(code, count, blasts, status, said=";".join(said))


# The rest


def others(rng: Random, found: Answer | None, *, mild: bool) -> dict[str, Answer]:
    """What is measured besides, at and around the limits of the rules."""
    of = (found.denominator if found is not None else None) or 500_000
    rare = 0.05 if mild else 0.25
    limits = {
        "hematogones": (Fraction(1, 1000), 0.8),
        "stage0_progenitors": (Fraction(2, 1000), 0.7),
        "mrd_b_only": (Fraction(20, of), 0.6),
        "immature_monocytes": (Fraction(5, 10_000), 0.4),
        "bridge": (Fraction(2, 10_000), 0.4),
        "cd34_cd33": (Fraction(5, 100), 0.4),
    }
    answers = {}
    for code, (limit, often) in limits.items():
        if rng.random() >= often:
            continue
        if rng.random() < 0.04:
            answers[code] = nothing(code, "NOT_EVALUABLE")
            continue
        share = limit * (rng.choice((1, 2, 5)) if rng.random() < rare else Fraction(1, 4))
        count = int(share * of) + rng.choice((0, 0, 0, 0, -1, 1, 10))
        answers[code] = fraction(code, max(0, count), of, "MEASURED")
    return answers
