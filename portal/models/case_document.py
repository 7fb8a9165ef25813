"""Documents and files of a recall case: the annexes with their versions, and what comes with them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Instant, one_of

DOCUMENT_STATES = (
    "draft",  # changed at will by whom it is of
    "issued",  # by the authority: it has its number and stays as it is
    "handed_in",  # by the producer, or recorded from paper
    "returned",
    "accepted",
)
LINK_PURPOSES = ("producer_report", "recall_plan", "recall_summary")


class CaseDocument(Base):
    """One annex, or the producer's objection: a draft, and then a version that stays (第 n 版)."""

    __tablename__ = "case_document"
    __table_args__ = (
        one_of("state", DOCUMENT_STATES),
        one_of("made_by", ("authority", "producer")),
        CheckConstraint("state = 'draft' OR settled_at IS NOT NULL", name="settled"),
        CheckConstraint("received_on IS NULL OR state <> 'draft'", name="received"),
        one_of("typed_by", ("authority", "producer")),
        Index(
            "uq_case_document_revision",
            "case_id",
            "annex",
            "revision",
            unique=True,
            sqlite_where=text("state <> 'draft'"),
            postgresql_where=text("state <> 'draft'"),
        ),
        Index(
            "uq_case_document_draft",
            "case_id",
            "annex",
            "typed_by",
            unique=True,
            sqlite_where=text("state = 'draft'"),
            postgresql_where=text("state = 'draft'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("recall_case.id"))
    annex: Mapped[str] = mapped_column(String(40))  # slug of the edition's annex, or objection
    revision: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=1)  # counts the saves of a draft
    state: Mapped[str] = mapped_column(String(10), default="draft")
    made_by: Mapped[str] = mapped_column(String(10))
    # Whose draft it is: the producer's own, through its link, or the authority's, also of what came on paper.
    typed_by: Mapped[str] = mapped_column(String(10))
    number: Mapped[str] = mapped_column(String(60), default="")  # 宁市监调查分析〔2026〕8号
    stored_values: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # portal.rules.recall.annex_values
    raw: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # of a draft: what was typed, readable or not
    saved_at: Mapped[datetime] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)  # issued or handed in
    dated_on: Mapped[date | None]  # the day that it bears
    due_at: Mapped[datetime | None] = mapped_column(Instant)  # of what a producer hands in: until when it was owed
    is_late: Mapped[bool] = mapped_column(default=False)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # officer who issued or recorded it
    link_id: Mapped[int | None] = mapped_column(ForeignKey("producer_link.id"))  # or the link through which it came
    signed_by: Mapped[str] = mapped_column(String(60), default="")  # of a producer: who signed it off
    reason: Mapped[str] = mapped_column(String(30), default="")  # annex 3: of the edition's investigation_reasons
    # Of a notice: when its recipient got it (annex 5), by which the producer's days run; and how.
    received_on: Mapped[date | None]
    service_outcome: Mapped[str] = mapped_column(String(10), default="")
    serves_id: Mapped[int | None] = mapped_column(ForeignKey("case_document.id"))  # of annex 5: the notice
    # How it was reviewed: {"batches": {"is_met": true, "words": ""}, …}, and in words.
    review_points: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    review_words: Mapped[str] = mapped_column(Text, default="")

    files: Mapped[list[CaseFile]] = relationship(order_by="CaseFile.id")

    __mapper_args__ = {"version_id_col": version}


class CaseFile(Base):
    """A file of a case: a photograph of an annex, proof, a report; never changed, removed only from a draft."""

    __tablename__ = "case_file"
    __table_args__ = (CheckConstraint("size > 0", name="size"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("recall_case.id"), index=True)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("case_document.id"), index=True)
    event: Mapped[str] = mapped_column(String(60), default="")  # of no annex: the act that it came with
    field: Mapped[str] = mapped_column(String(40), default="")  # the photographs field of the annex; "" a proof
    title: Mapped[str] = mapped_column(String(120))
    filename: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)  # bytes
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    uploaded_at: Mapped[datetime] = mapped_column(Instant)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    link_id: Mapped[int | None] = mapped_column(ForeignKey("producer_link.id"))


class ProducerSending(Base):
    """One time that something was sent through a link: from where and when, and nothing of what it was."""

    __tablename__ = "producer_sending"
    __table_args__ = (
        Index("ix_producer_sending_link", "link_id", "sent_at"),
        Index("ix_producer_sending_address", "address", "sent_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("producer_link.id"))
    address: Mapped[str] = mapped_column(String(64))
    sent_at: Mapped[datetime] = mapped_column(Instant, index=True)


class ProducerLink(Base):
    """A link of one purpose for a producer, who has no account. The table holds the SHA-256 of its token only.

    `token_digest` is NULL until the mail leaves, or until the link is shown to be handed over.
    """

    __tablename__ = "producer_link"
    __table_args__ = (
        one_of("purpose", LINK_PURPOSES),
        Index(
            "uq_producer_link_open",
            "case_id",
            "purpose",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("recall_case.id"))
    purpose: Mapped[str] = mapped_column(String(20))
    token_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    recipient: Mapped[str] = mapped_column(String(60))
    email: Mapped[str] = mapped_column(String(254), default="")  # "" where it is handed over on paper
    issued_at: Mapped[datetime] = mapped_column(Instant)
    issued_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    expires_at: Mapped[datetime] = mapped_column(Instant)
    first_opened_at: Mapped[datetime | None] = mapped_column(Instant)
    last_opened_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
