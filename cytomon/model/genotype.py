"""Genotypes of the leukaemia that change what has to be watched for."""

from __future__ import annotations

import re

_KMT2A = re.compile(r"KMT2A|\bMLL(?!T)|\b4;11\b", re.IGNORECASE)
_ZNF384 = re.compile(r"ZNF384", re.IGNORECASE)
_OTHER_HIGH_RISK = re.compile(
    r"BCR.{0,2}ABL1?(?!.{0,2}like)|\bPh ?\+|\bPh.?positive|\b9;22\b|(TCF3?|E2A).{0,2}HLF|\b17;19\b"
    r"|MEF2D|iAMP ?21|\b11q23",
    re.IGNORECASE,
)
_NOT_PLAIN = re.compile(
    r"\bno[tn]?\b|negati|germ ?line|wild|unknown|pending|failed|\?|^\W*$", re.IGNORECASE
)


def is_kmt2a(genotype: str) -> bool:
    """Whether a genotype, as laboratories write it, names a KMT2A rearrangement.

    Examples
    --------
    >>> [is_kmt2a(name) for name in ("KMT2A-r", "MLL::AF4", "t(4;11)", "PICALM::MLLT10", "")]
    [True, True, True, False, False]
    """
    return bool(_KMT2A.search(genotype))


def may_switch_lineage(genotype: str) -> bool:
    """Whether a genotype is one of those whose leukaemia may turn myeloid (domain: 0).

    Examples
    --------
    >>> [may_switch_lineage(name) for name in ("KMT2A-r", "EP300::ZNF384", "ETV6::RUNX1")]
    [True, True, False]
    """
    return is_kmt2a(genotype) or bool(_ZNF384.search(genotype))


def is_high_risk(genotype: str) -> bool:
    """Whether a genotype is one of the trial's high-risk cytogenetics (domain: 0).

    Examples
    --------
    >>> [is_high_risk(name) for name in ("BCR::ABL1", "iAMP21", "E2A::HLF", "t(9;22)", "Ph+")]
    [True, True, True, True, True]
    >>> [is_high_risk(name) for name in ("BCR::ABL1-like", "ETV6::RUNX1", "TCF3::PBX1")]
    [False, False, False]
    """
    return may_switch_lineage(genotype) or bool(_OTHER_HIGH_RISK.search(genotype))


def is_plain(genotype: str) -> bool:
    """Whether a genotype says what the leukaemia has, and not what it lacks or what is open.

    Examples
    --------
    >>> [is_plain(name) for name in ("KMT2A::AFF1", "B-other", "hyperdiploid")]
    [True, True, True]
    >>> [is_plain(name) for name in ("no KMT2A", "BCR::ABL1 negative", "unknown", "-", "")]
    [False, False, False, False, False]
    """
    return not _NOT_PLAIN.search(genotype)
