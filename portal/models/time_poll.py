"""时间征询: the slots that the lead proposes for the session, and who marked which (Art. 8(3), decided)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.account import Person
from portal.models.base import Base, Instant, one_of
from portal.rules.time_poll import MARKS

_OPEN = "closed_at IS NULL"


class TimePoll(Base):
    """One question of the lead: when does it suit? Open until a time is fixed or other slots are proposed."""

    __tablename__ = "time_poll"
    __table_args__ = (
        Index(
            "uq_time_poll_open",
            "consultation_id",
            unique=True,
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), index=True)
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    answer_by: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    slots: Mapped[list[TimePollSlot]] = relationship(order_by="TimePollSlot.starts_at, TimePollSlot.id")


class TimePollSlot(Base):
    """One time at which the session could be held."""

    __tablename__ = "time_poll_slot"
    __table_args__ = (CheckConstraint("ends_at > starts_at", name="order"), UniqueConstraint("poll_id", "starts_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("time_poll.id"))
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    is_fixed: Mapped[bool] = mapped_column(default=False)
    answers: Mapped[list[TimePollAnswer]] = relationship()


class TimePollAnswer(Base):
    """Whether one slot suits one person; changed as often as liked until the poll is closed."""

    __tablename__ = "time_poll_answer"
    __table_args__ = (one_of("mark", tuple(MARKS)),)

    slot_id: Mapped[int] = mapped_column(ForeignKey("time_poll_slot.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    mark: Mapped[str] = mapped_column(String(10))
    answered_at: Mapped[datetime] = mapped_column(Instant)
    person: Mapped[Person] = relationship()


class TimePollLink(Base):
    """A link of one purpose: whoever opens it may mark the slots for one person, until the poll is closed.

    One for each mail, so that a reminder does not make the link of the first mail void. The table holds the SHA-256
    of the token, and none until the mail leaves.
    """

    __tablename__ = "time_poll_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("time_poll.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    token_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
