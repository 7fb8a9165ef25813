"""The panel: nominations, members with their declaration, recusals (Art. 8(1), 10)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Instant, one_of
from portal.models.expert import Expert
from portal.models.institution import Institution

MEMBER_STATES = ("nominated", "invited", "accepted", "declined", "recused", "removed")
DECLARATIONS = ("not_asked", "none", "declared")


class NominationRequest(Base):
    """What one institution is asked for: how many experts, of which fields."""

    __tablename__ = "nomination_request"
    __table_args__ = (CheckConstraint("wanted >= 0", name="wanted"),)

    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    wanted: Mapped[int]
    fields: Mapped[str] = mapped_column(String(200), default="")
    asked_at: Mapped[datetime] = mapped_column(Instant)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    institution: Mapped[Institution] = relationship()


class PanelMember(Base):
    """An expert's place in the panel; name and title are kept as on the day of confirmation."""

    __tablename__ = "panel_member"
    __table_args__ = (
        one_of("state", MEMBER_STATES),
        one_of("declaration", DECLARATIONS),
        CheckConstraint("state <> 'accepted' OR declaration <> 'not_asked'", name="declared_when_accepted"),
        CheckConstraint("state NOT IN ('declined', 'recused', 'removed') OR left_reason <> ''", name="reason"),
        UniqueConstraint("consultation_id", "seat"),
        Index(
            "uq_panel_member_active",
            "consultation_id",
            "expert_id",
            unique=True,
            sqlite_where=text("state IN ('nominated', 'invited', 'accepted')"),
            postgresql_where=text("state IN ('nominated', 'invited', 'accepted')"),
        ),
        Index("ix_panel_member_expert", "expert_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"))
    expert_id: Mapped[int] = mapped_column(ForeignKey("expert.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))  # whose register
    nominated_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    nominated_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(12), default="nominated")
    seat: Mapped[int | None]  # 序号 on the sheet, given at confirmation
    invited_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    declaration: Mapped[str] = mapped_column(String(10), default="not_asked")
    declaration_text: Mapped[str] = mapped_column(Text, default="")
    left_at: Mapped[datetime | None] = mapped_column(Instant)
    left_reason: Mapped[str] = mapped_column(Text, default="")
    conflict_dismissed_reason: Mapped[str] = mapped_column(Text, default="")
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("panel_member.id"))
    # As on the day of confirmation, for the sheet (专家信息).
    name: Mapped[str] = mapped_column(String(40))
    field: Mapped[str] = mapped_column(String(60))
    employer: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(60))
    material_opened_at: Mapped[datetime | None] = mapped_column(Instant)
    expert: Mapped[Expert] = relationship()
    institution: Mapped[Institution] = relationship()
