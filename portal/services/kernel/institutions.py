"""The institutions by id, as lists and pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.institution import Institution
from portal.services.kernel.remembering import remembered


@dataclass(frozen=True)
class InstitutionFacts:
    """What a page shows of an institution."""

    name: str
    short_name: str
    badge: str
    province: str
    is_regulator: bool = False

    @property
    def called(self) -> str:
        """How lists call who owes something: 江苏 is a technical institution; a regulator has its name."""
        return self.name if self.is_regulator else self.short_name


def technical_institutions(db: Session) -> Mapping[int, InstitutionFacts]:
    """Those that apply, lead and consult, in the order in which they were entered."""
    return remembered(db, "technical_institutions", lambda: MappingProxyType(_technical(db)))


def all_institutions(db: Session) -> Mapping[int, InstitutionFacts]:
    """Those and the regulators, for names; who may be chosen is another question."""
    return remembered(db, "all_institutions", lambda: MappingProxyType(_find(db)))


def _technical(db: Session) -> dict[int, InstitutionFacts]:
    return {number: facts for number, facts in _find(db).items() if not facts.is_regulator}


def _find(db: Session) -> dict[int, InstitutionFacts]:
    query = select(
        Institution.id, Institution.name, Institution.short_name, Institution.badge, Institution.province,
        Institution.kind,
    ).order_by(Institution.id)  # fmt: skip
    return {
        row.id: InstitutionFacts(
            row.name, row.short_name, row.badge, row.province, is_regulator=row.kind == "regulator"
        )
        for row in db.execute(query)
    }
