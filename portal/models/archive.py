"""Archive records per custodian, holds and disposal (Art. 9)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Instant, one_of
from portal.models.institution import Institution


class ArchiveRecord(Base):
    """What one custodian keeps of one consultation: sheets (applicant) or minutes (lead of that time)."""

    __tablename__ = "archive_record"
    __table_args__ = (
        one_of("content", ("sheets", "minutes")),
        UniqueConstraint("consultation_id", "content"),
        CheckConstraint("keep_until > archived_on", name="order"),
        CheckConstraint("disposed_at IS NULL OR held_at IS NULL", name="no_disposal_on_hold"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), index=True)
    content: Mapped[str] = mapped_column(String(10))
    custodian_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    archived_on: Mapped[date]
    archived_at: Mapped[datetime] = mapped_column(Instant)
    keep_until: Mapped[date]  # last day of the retention period
    # Every item with its SHA-256: [{"title": …, "sha256": …, "size": …}]
    inventory: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    held_at: Mapped[datetime | None] = mapped_column(Instant)
    held_reason: Mapped[str] = mapped_column(Text, default="")
    disposal_proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    disposal_proposed_at: Mapped[datetime | None] = mapped_column(Instant)
    disposal_reason: Mapped[str] = mapped_column(Text, default="")
    disposed_at: Mapped[datetime | None] = mapped_column(Instant)
    disposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    custodian: Mapped[Institution] = relationship()
