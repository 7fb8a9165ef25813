"""The numbers of a recall case's documents: 宁市监调查分析〔2026〕8号, consecutive per authority, kind and year."""

from __future__ import annotations

from portal.rules.document_numbers import DocumentNumber, parse_document_number
from portal.rules.recall.editions import RecallEdition
from portal.rules.regions import Area


def number_series(authority: str, kind: str, edition: RecallEdition) -> str:
    """Return the series of one kind of document of one authority: 宁市监 and 调查分析 give 宁市监调查分析.

    `authority` is its abbreviation in numbers, `kind` a key of the edition's document_series; another kind bears
    no number and is a KeyError. An abbreviation that is empty or could not be read back is a ValueError.
    """
    series = authority.strip() + edition.document_series[kind].series
    if not authority.strip() or parse_document_number(f"{series}〔2000〕1号").series != series:
        raise ValueError(f"“{authority}”不能用作文号中的机关代字")
    return series


def recall_document_number(area: Area, kind: str, year: int, serial: int, edition: RecallEdition) -> DocumentNumber:
    """Return the number of a document that the regulator of `area` issues. `serial` counts from 1 in each series."""
    if serial < 1:
        raise ValueError("文号自1号起编")
    return DocumentNumber(number_series(area.abbreviation, kind, edition), year, serial)
