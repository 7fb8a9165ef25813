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


def technical_institutions(db: Session) -> Mapping[int, InstitutionFacts]:
    """Those that apply, lead and consult, in the order in which they were entered."""
    return remembered(db, "technical_institutions", lambda: MappingProxyType(_find(db)))


def _find(db: Session) -> dict[int, InstitutionFacts]:
    rows = db.execute(
        select(Institution.id, Institution.name, Institution.short_name, Institution.badge, Institution.province)
        .where(Institution.kind == "technical")
        .order_by(Institution.id)
    )
    return {row.id: InstitutionFacts(row.name, row.short_name, row.badge, row.province) for row in rows}
