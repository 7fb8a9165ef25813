"""移交清单: what an institution hands on when its year of lead ends, signed off by both sides (Art. 3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Instant
from portal.models.institution import RotationTerm


class TermHandover(Base):
    """The pack of one term as the old lead signed it; the new lead signs the same text, and then it stands."""

    __tablename__ = "term_handover"
    __table_args__ = (
        CheckConstraint("(accepted_at IS NULL) = (accepted_by_name = '')", name="accepted"),
        CheckConstraint("accepted_at IS NULL OR accepted_at >= signed_at", name="order"),
    )

    term_id: Mapped[int] = mapped_column(ForeignKey("rotation_term.id"), primary_key=True)
    canonical: Mapped[str] = mapped_column(Text)  # RFC 8785
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of `canonical`
    signed_at: Mapped[datetime] = mapped_column(Instant)
    signed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    signed_by_name: Mapped[str] = mapped_column(String(40))
    remark: Mapped[str] = mapped_column(Text, default="")  # of the old lead
    accepted_at: Mapped[datetime | None] = mapped_column(Instant)
    accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    accepted_by_name: Mapped[str] = mapped_column(String(40), default="")
    term: Mapped[RotationTerm] = relationship()
