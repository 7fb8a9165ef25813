"""Office files as PDF, made so that they can be read in the page; the original alone counts and is kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Instant, one_of


class MaterialPreview(Base):
    """The preview of one stored file, whichever items of material it stands for."""

    __tablename__ = "material_preview"
    __table_args__ = (
        one_of("state", ("waiting", "made", "failed")),
        CheckConstraint("(state = 'made') = (preview_sha256 IS NOT NULL)", name="made"),
        Index(
            "ix_material_preview_waiting",
            "asked_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)  # of the original
    content_type: Mapped[str] = mapped_column(String(100))  # of the original
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    asked_at: Mapped[datetime] = mapped_column(Instant)
    preview_sha256: Mapped[str | None] = mapped_column(String(64))
    preview_size: Mapped[int | None]  # bytes
    problem: Mapped[str] = mapped_column(String(200), default="")  # for the administrator
