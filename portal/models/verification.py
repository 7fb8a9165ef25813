"""Official files as they were made once, and how often the verification page was asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Instant, one_of

OFFICIAL_KINDS = ("sheet", "minutes", "sheets", "certificate", "annex")
OFFICIAL_FORMATS = ("pdf", "docx")


class OfficialFile(Base):
    """An official document as a file: made when first asked for, and served unchanged from then on.

    A signed sheet, issued minutes, all counted sheets of a round in one file, a certificate of destruction,
    an annex of a recall case.
    """

    __tablename__ = "official_file"
    __table_args__ = (
        one_of("kind", OFFICIAL_KINDS),
        one_of("format", OFFICIAL_FORMATS),
        UniqueConstraint("kind", "subject_id", "format"),
        CheckConstraint("size > 0", name="size"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[int]  # of the sheet, the minutes, the round, the certificate, the case document
    format: Mapped[str] = mapped_column(String(4))
    sha256: Mapped[str] = mapped_column(String(64), index=True)  # of the file, and its place in the storage
    size: Mapped[int]  # bytes
    made_at: Mapped[datetime] = mapped_column(Instant)
    # What the certificate of the institution's seal says, or why there is no seal; None where none was set up.
    seal: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class VerificationRequest(Base):
    """One question to the verification page: from where and when, and nothing of what was asked."""

    __tablename__ = "verification_request"
    __table_args__ = (Index("ix_verification_request_address", "address", "asked_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(Instant, index=True)
    address: Mapped[str] = mapped_column(String(64))
