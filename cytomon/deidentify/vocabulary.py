"""Words that the columns of lists may keep; a cell with any other word is emptied."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Mapping
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_BAND: Final = re.compile(r"[pq][1-9][0-9]?")
_NUMBER: Final = re.compile(r"[1-9][0-9]?|0")
_CHROMOSOME: Final = r"(?:[1-9]|1[0-9]|2[0-2]|x|y)"
_EXCHANGED: Final = re.compile(rf"(?<=[a-z])\({_CHROMOSOME};{_CHROMOSOME}\)")
"""Two chromosomes of a karyotype, as in t(4;11)."""

_PRODUCTS: Final = """
cd19 cd22 car cart t cell cells anti tandem dual bispecific cocktail sequential autologous
allogeneic donor derived simulated tisagenlecleucel kymriah axicabtagene ciloleucel yescarta
brexucabtagene autoleucel tecartus obecabtagene aucatzyl lisocabtagene maraleucel
"""
_GENOTYPES: Final = """
abl abl1 abl2 af4 af9 af10 aff1 alk bcl2 bcl6 bcl9 bcr braf cdkn2a cebpa crebbp crlf2 csf1r dux4 e2a
enl ep300 epor ets etv6 flt3 hlf iamp iamp21 ighv igh ikzf1 il3 il7r jak1 jak2 kmt2a kras mef2d mll
mllt1 mllt3 mllt10 myc nras nutm1 p2ry8 pax5 pbx1 pdgfra pdgfrb ph ptpn11 runx1 sh2b3 tcf3 tel tp53
tyk2 ucd znf384 zeb2 aml1 znf362 taf15 tcf4 p53 rcsd1 nup214 zc3hav1 picalm ebf1 smarca2 ss18 elf4
b c t q p r v x y der del dup inv ins dic idic iso add mar idem other all bcp like plus minus and
with without no not none negative positive unknown pending failed normal karyotype wild type complex
fusion rearranged rearrangement mutated mutation deletion amplification loss gain trisomy monosomy
high low hyperdiploid hypodiploid haploid near triploid tetraploid diploid hyperdiploidy
hypodiploidy intrachromosomal
"""
_SEXES: Final = "f m d w x female male other unknown diverse"
_UNITS: Final = "copies copy cells percent fraction of per ng ug µg μg g l ml ul µl μl nl dna e x"
_DRUGS: Final = """
ivig immunoglobulin immunoglobulins dexamethasone prednisone prednisolone methylprednisolone
tocilizumab siltuximab anakinra ruxolitinib imatinib dasatinib ponatinib nilotinib fludarabine
cyclophosphamide clofarabine cytarabine methotrexate vincristine asparaginase pegaspargase
mercaptopurine bortezomib venetoclax daratumumab nelarabine etoposide busulfan treosulfan melphalan
filgrastim letermovir
"""
_VALUES: Final = """
cd19 cd22 neg pos negative positive dim partial loss lost marrow blood cns csf testis testes bone
skin node lymph orbit mediastinum isolated combined medullary extramedullary molecular morphological
aml mds all bcp myeloid monocytic mixed phenotype t cell infection toxicity disease progression
first second third haploidentical matched sibling unrelated donor cord
"""
_CLONES: Final = frozenset({
    "sj25c1", "hib19", "j3119", "lt19", "4g7", "sa287", "bly3", "hd237", "shcl1", "hib22", "4kb128",
    "rfb4", "is7", "sj10", "sj101h11", "bly1", "mb191",
})  # fmt: skip
"""Antibodies against CD19 and CD22, without the marks between their letters."""

_COLUMNS: Final[Mapping[str, frozenset[str]]] = {
    "product": frozenset(_PRODUCTS.split()),
    "genotype": frozenset(_GENOTYPES.split()),
    "sex": frozenset(_SEXES.split()),
    "unit": frozenset(_UNITS.split()),
    "drug": frozenset(_DRUGS.split()),
    "value": frozenset(_VALUES.split()),
}


def is_harmless(cell: str, column: str) -> bool:
    """Whether a cell holds nothing but known words of its column, and a number of two digits.

    A genotype may have several numbers, but not next to each other, unless they are two
    chromosomes as in t(4;11): ``14.03.12`` is a day, and ``04 91 51`` belongs to a telephone.

    Parameters
    ----------
    cell : str
        As it stands in the list.
    column : str
        ``product``, ``genotype``, ``sex``, ``unit``, ``drug``, ``value``, or ``clone``.

    Examples
    --------
    >>> is_harmless("t(4;11)(q21;q23), KMT2A::AFF1", "genotype"), is_harmless("as Doe", "genotype")
    (True, False)
    >>> is_harmless("KMT2A 14.03.12", "genotype"), is_harmless("CD19 4 91", "value")
    (False, False)
    >>> is_harmless("S-HCL-1", "clone"), is_harmless("Doe", "clone")
    (True, False)
    """
    plain = unicodedata.normalize("NFKC", cell).casefold()
    if column == "clone":
        return "".join(_WORD.findall(plain)) in _CLONES
    genotype = column == "genotype"
    words = _WORD.findall(_EXCHANGED.sub(" ", plain) if genotype else plain)
    numbers = [n for n, word in enumerate(words) if _NUMBER.fullmatch(word)]
    apart = all(later - earlier > 1 for earlier, later in itertools.pairwise(numbers))
    return (apart if genotype else len(numbers) <= 1) and all(
        word in _COLUMNS[column]
        or bool(_NUMBER.fullmatch(word))
        or (genotype and bool(_BAND.fullmatch(word)))
        for word in words
    )
