"""The transactional outbox: mail is written with the change it tells of, and delivered by the worker."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Instant, one_of


class OutboxMessage(Base):
    """One mail to one recipient."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        one_of("state", ("queued", "sending", "sent", "failed", "uncertain", "withdrawn")),
        Index(
            "ix_outbox_message_due",
            "next_try_at",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(String(120), unique=True)  # the Message-ID header, stable over tries
    kind: Mapped[str] = mapped_column(String(40))  # the name of a template under templates/mail
    consultation_id: Mapped[int | None] = mapped_column(ForeignKey("consultation.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    recipient_name: Mapped[str] = mapped_column(String(40))
    recipient_address: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    link_label: Mapped[str] = mapped_column(String(40))
    link_path: Mapped[str] = mapped_column(String(200))  # made absolute with the configured address on delivery
    account_link_id: Mapped[int | None] = mapped_column(ForeignKey("account_link.id"))  # its token goes with the link
    poll_link_id: Mapped[int | None] = mapped_column(ForeignKey("time_poll_link.id"))  # likewise
    # A reminder, and the deadline (or beginning) it tells of: it does not leave any more once that is done or moved.
    obligation_id: Mapped[int | None] = mapped_column(ForeignKey("obligation.id"))
    about_at: Mapped[datetime | None] = mapped_column(Instant)
    calendar: Mapped[str | None] = mapped_column(Text)  # iCalendar invitation, where there is one
    state: Mapped[str] = mapped_column(String(10), default="queued")
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    next_try_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    error: Mapped[str | None] = mapped_column(Text)
