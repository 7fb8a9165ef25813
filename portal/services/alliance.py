"""The alliance's members, as pages show them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.institution import AllianceMember, Institution
from portal.services.kernel.institutions import InstitutionFacts


def alliance_members(db: Session) -> Sequence[InstitutionFacts]:
    """The institutions of the alliance in their order; public, for the log-in page."""
    rows = db.execute(
        select(Institution.name, Institution.short_name, Institution.badge, Institution.province)
        .join(AllianceMember, AllianceMember.institution_id == Institution.id)
        .order_by(AllianceMember.alliance_id, AllianceMember.position)
    )
    return [InstitutionFacts(*row) for row in rows]
