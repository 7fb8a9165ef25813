"""会议纪要: drafted from what the portal knows, issued by the lead, copied to the others (Art. 8(7))."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Instant
from portal.models.institution import Institution


class MeetingMinutes(Base):
    """The minutes (correction 0) or an appended correction of them; unchangeable once issued."""

    __tablename__ = "meeting_minutes"
    __table_args__ = (
        UniqueConstraint("consultation_id", "correction"),
        UniqueConstraint("lead_institution_id", "year", "serial"),
        CheckConstraint(
            "issued_at IS NULL OR (serial IS NOT NULL AND issued_on IS NOT NULL AND digest IS NOT NULL)",
            name="issued_is_numbered",
        ),
        CheckConstraint("correction = 0 OR corrects <> ''", name="names_what_it_corrects"),
        Index(
            "uq_meeting_minutes_draft",
            "consultation_id",
            unique=True,
            sqlite_where=text("issued_at IS NULL"),
            postgresql_where=text("issued_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), index=True)
    correction: Mapped[int] = mapped_column(default=0)
    corrects: Mapped[str] = mapped_column(Text, default="")
    lead_institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    year: Mapped[int | None]
    serial: Mapped[int | None]
    # The parts of the text, in the order of the document.
    opening: Mapped[str] = mapped_column(Text, default="")
    product: Mapped[str] = mapped_column(Text, default="")
    discussion: Mapped[str] = mapped_column(Text, default="")
    expert_opinions: Mapped[str] = mapped_column(Text, default="")
    conclusion: Mapped[str] = mapped_column(Text, default="")
    follow_up: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)
    drafted_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    saved_at: Mapped[datetime] = mapped_column(Instant)
    issued_at: Mapped[datetime | None] = mapped_column(Instant)
    issued_on: Mapped[date | None]
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    canonical: Mapped[str | None] = mapped_column(Text)
    digest: Mapped[str | None] = mapped_column(String(64), index=True)
    lead_institution: Mapped[Institution] = relationship()
    copies: Mapped[list[MinutesCopy]] = relationship(order_by="MinutesCopy.institution_id")

    __mapper_args__ = {"version_id_col": version}


class MinutesCopy(Base):
    """A copy (抄送) to another institution, and its receipt."""

    __tablename__ = "minutes_copy"

    minutes_id: Mapped[int] = mapped_column(ForeignKey("meeting_minutes.id"), primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    sent_at: Mapped[datetime] = mapped_column(Instant)
    received_at: Mapped[datetime | None] = mapped_column(Instant)
    received_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    received_by_name: Mapped[str] = mapped_column(String(40), default="")
    institution: Mapped[Institution] = relationship()
