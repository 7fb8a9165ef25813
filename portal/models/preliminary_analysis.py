"""初步分析: what each expert returns within three working days (Art. 8(2))."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Instant
from portal.models.panel import PanelMember


class PreliminaryAnalysis(Base):
    """A member's analysis: a draft until handed in, then unchangeable; the sheet may be begun in it."""

    __tablename__ = "preliminary_analysis"
    __table_args__ = (CheckConstraint("handed_in_at IS NULL OR hazard <> ''", name="hazard"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("panel_member.id"), unique=True)
    hazard: Mapped[str] = mapped_column(Text, default="")
    cause: Mapped[str] = mapped_column(Text, default="")
    prevalence: Mapped[str] = mapped_column(Text, default="")
    # First view on the sheet's questions (severity, likelihood, prevalence, …): keys as in rules.sheet.
    first_view: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    saved_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)
    handed_in_at: Mapped[datetime | None] = mapped_column(Instant)
    is_late: Mapped[bool] = mapped_column(default=False)
    member: Mapped[PanelMember] = relationship()

    __mapper_args__ = {"version_id_col": version}
