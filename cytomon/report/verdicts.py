"""The three answers: is leukaemia left, are antigens lost, are B cells back."""

from __future__ import annotations

from cytomon.report.case import Case
from cytomon.report.document import Verdict
from cytomon.report.verdict_b_cells import b_cells_verdict
from cytomon.report.verdict_escape import escape_verdict
from cytomon.report.verdict_mrd import mrd_verdict


def verdicts_of(case: Case) -> tuple[Verdict, ...]:
    """The three answers, in the order of the questions.

    Parameters
    ----------
    case : Case
        The patient.
    """
    mrd = mrd_verdict(case)
    return mrd, escape_verdict(case), b_cells_verdict(case, mrd)
