"""What mail a person wants, and when; the digests that left; the address of a person's calendar feed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Instant, one_of


class MailPreference(Base):
    """The choices of one person; who never chose has no row, and gets everything at once.

    Hours are full hours in Beijing, 0 to 23. Quiet hours run from `quiet_from` until `quiet_until`, over midnight
    where that is earlier; None for both where there are none.
    """

    __tablename__ = "mail_preference"
    __table_args__ = (
        one_of("digest", ("none", "daily", "weekly")),
        CheckConstraint("digest_hour BETWEEN 0 AND 23", name="hour"),
        CheckConstraint("digest_weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name="quiet"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(10), default="none")
    digest_hour: Mapped[int] = mapped_column(default=9)
    digest_weekday: Mapped[int] = mapped_column(default=0)  # Monday is 0
    quiet_from: Mapped[int | None]
    quiet_until: Mapped[int | None]
    unwanted: Mapped[str] = mapped_column(Text, default="")  # kinds of mail, with blanks between
    changed_at: Mapped[datetime] = mapped_column(Instant)


class MailDigest(Base):
    """A digest that was composed; unique, so that no run and no second worker composes it twice."""

    __tablename__ = "mail_digest"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    period: Mapped[str] = mapped_column(String(10), primary_key=True)  # the day in Beijing on which it was due
    composed_at: Mapped[datetime] = mapped_column(Instant)


class CalendarFeed(Base):
    """The secret address of a person's calendar: the table holds the SHA-256 of its token. One is open at most."""

    __tablename__ = "calendar_feed"
    __table_args__ = (
        Index(
            "uq_calendar_feed_open",
            "person_id",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
