"""Where a reviewer has overruled an automatic result that alarmed, and nobody has signed that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from cytomon.model.course import State, side
from cytomon.model.results import Measurement
from cytomon.report.case import Case, Standing
from cytomon.report.document import Tone
from cytomon.report.reviews import made_by, meant, rejections
from cytomon.report.words import CALL_TONES, MRD_TONES, RANKED


def overruled(case: Case, standing: Standing, since: date | None) -> Iterator[str]:
    """Why a reviewed answer does not reassure yet: one person has taken back what alarmed.

    Parameters
    ----------
    case : Case
        The patient.
    standing : (KeptResult, Measurement)
        What counts.
    since : date or None
        Day of its specimen: what was rejected on that day or later would have answered instead.
    """
    result, found = standing
    if result.state is State.SIGNED:
        return
    review = made_by(case, result)
    if review is not None:
        was = meant(case, review, review.automatic.measurements.get(found.quantity))
        if was is not None and _rank(was) > _rank(found):
            yield f"the automatic result was {was.status}, and the review is not signed"
    for specimen in case.specimens:
        on = specimen.collected_on
        if on is None or (since is not None and on < since):
            continue
        for one in rejections(case, specimen):
            out = meant(case, one, one.found.measurements.get(found.quantity))
            if out is not None and _rank(out) > max(_rank(found), RANKED.index(Tone.UNKNOWN)):
                yield f"a result that was rejected was {out.status}"


def _rank(found: Measurement) -> int:
    """How far a measurement is from reassuring."""
    if found.quantity == "b_fraction":
        tones = {"positive": Tone.CAUTION, "negative": Tone.CALM}
        return RANKED.index(tones.get(side(found.quantity, found.status), Tone.UNKNOWN))
    known = CALL_TONES if found.quantity.endswith("_blasts") else MRD_TONES
    return RANKED.index(known.get(found.status, Tone.UNKNOWN))
