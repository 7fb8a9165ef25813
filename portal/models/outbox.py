"""The transactional outbox: mail is written with the change it tells of, and delivered by the worker."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Instant, one_of

OUTBOX_STATES = (
    "queued",  # waits until `next_try_at`
    "sending",
    "sent",
    "failed",  # surely not sent
    "uncertain",  # nobody knows
    "bounced",  # sent, and came back
    "collected",  # waits for the person's next digest
    "digested",  # stands in the digest `digest_id`
    "withdrawn",  # what it told of was done, or its deadline moved, before it left
    "muted",  # the person does not want this kind by mail; the page of own messages shows it
)


class OutboxMessage(Base):
    """One mail to one recipient; also what the recipient wants in a digest, or on the page alone."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        one_of("state", OUTBOX_STATES),
        Index(
            "ix_outbox_message_due",
            "next_try_at",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "ix_outbox_message_collected",
            "person_id",
            sqlite_where=text("state = 'collected'"),
            postgresql_where=text("state = 'collected'"),
        ),
        Index(
            "ix_outbox_message_bounced",
            "person_id",
            sqlite_where=text("state = 'bounced'"),
            postgresql_where=text("state = 'bounced'"),
        ),
        Index("ix_outbox_message_person", "person_id", "id"),
        Index(
            "ix_outbox_message_channel",
            "channel_institution_id",
            "id",
            sqlite_where=text("channel_institution_id IS NOT NULL"),
            postgresql_where=text("channel_institution_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(String(120), unique=True)  # the Message-ID header, stable over tries
    kind: Mapped[str] = mapped_column(String(40))  # the name of a template under templates/mail
    consultation_id: Mapped[int | None] = mapped_column(ForeignKey("consultation.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    channel: Mapped[str] = mapped_column(String(20), default="mail")  # or a key of portal.mail.channels.CHANNELS
    channel_institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"))  # whose robot it is
    recipient_name: Mapped[str] = mapped_column(String(40))
    recipient_address: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    obligation_id: Mapped[int | None] = mapped_column(ForeignKey("obligation.id"))  # what it tells of, where it is one
    about_at: Mapped[datetime | None] = mapped_column(Instant)  # of a reminder: the deadline, or beginning, it tells of
    link_label: Mapped[str] = mapped_column(String(40))
    link_path: Mapped[str] = mapped_column(String(200))  # made absolute with the configured address on delivery
    account_link_id: Mapped[int | None] = mapped_column(ForeignKey("account_link.id"))  # its token goes with the link
    poll_link_id: Mapped[int | None] = mapped_column(ForeignKey("time_poll_link.id"))  # likewise
    producer_link_id: Mapped[int | None] = mapped_column(ForeignKey("producer_link.id"))  # likewise
    recall_case_id: Mapped[int | None] = mapped_column(ForeignKey("recall_case.id"), index=True)
    calendar: Mapped[str | None] = mapped_column(Text)  # iCalendar invitation, where there is one
    state: Mapped[str] = mapped_column(String(10), default="queued")
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    next_try_at: Mapped[datetime] = mapped_column(Instant)
    digest_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_message.id"))  # the digest that told of it
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    error: Mapped[str | None] = mapped_column(Text)
