"""Genotypes of the leukaemia that change what has to be watched for."""

from __future__ import annotations

import re

_KMT2A = re.compile(r"KMT2A|\bMLL(?!T)|\b4;11\b", re.IGNORECASE)
_ZNF384 = re.compile(r"ZNF384", re.IGNORECASE)


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
