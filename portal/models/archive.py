"""Archive records per custodian, their packages, checks and drills, holds and disposal (Art. 9)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Instant, one_of
from portal.models.institution import Institution


class ArchiveRecord(Base):
    """What one custodian keeps of one consultation: sheets (applicant) or minutes (lead of that time)."""

    __tablename__ = "archive_record"
    __table_args__ = (
        one_of("content", ("sheets", "minutes")),
        UniqueConstraint("consultation_id", "content"),
        CheckConstraint("keep_until > archived_on", name="order"),
        CheckConstraint("disposed_at IS NULL OR held_at IS NULL", name="no_disposal_on_hold"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), index=True)
    content: Mapped[str] = mapped_column(String(10))
    custodian_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    archived_on: Mapped[date]
    archived_at: Mapped[datetime] = mapped_column(Instant)
    keep_until: Mapped[date]  # last day of the retention period
    # Every item with its SHA-256: [{"title": …, "sha256": …, "size": …}]
    inventory: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    held_at: Mapped[datetime | None] = mapped_column(Instant)
    held_reason: Mapped[str] = mapped_column(Text, default="")
    disposal_proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    disposal_proposed_at: Mapped[datetime | None] = mapped_column(Instant)
    disposal_reason: Mapped[str] = mapped_column(Text, default="")
    disposed_at: Mapped[datetime | None] = mapped_column(Instant)
    disposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    custodian: Mapped[Institution] = relationship()
    packages: Mapped[list[ArchivePackage]] = relationship(order_by="ArchivePackage.number", back_populates="record")


class ArchivePackage(Base):
    """A finished package of a record: 1 holds what was archived, each further one what was issued later.

    The row is never changed and never removed; after disposal it belongs to the certificate, and the file is gone.
    """

    __tablename__ = "archive_package"
    __table_args__ = (UniqueConstraint("record_id", "number"), CheckConstraint("size > 0", name="size"))

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("archive_record.id"))
    number: Mapped[int]
    items_until: Mapped[int]  # how many items of the inventory are in this package and those before it
    sha256: Mapped[str] = mapped_column(String(64), index=True)  # of the file, and its key in the storage
    size: Mapped[int] = mapped_column(BigInteger)
    packaged_at: Mapped[datetime] = mapped_column(Instant)
    record: Mapped[ArchiveRecord] = relationship(back_populates="packages")


class ArchiveCheck(Base):
    """One reading of a package from its first to its last byte, and what was found damaged."""

    __tablename__ = "archive_check"
    __table_args__ = (Index("ix_archive_check_latest", "package_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("archive_package.id"))
    checked_at: Mapped[datetime] = mapped_column(Instant)
    is_sound: Mapped[bool]
    damage: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)  # [{"member": …, "problem": …}]
    package: Mapped[ArchivePackage] = relationship()


class CustodyDrill(Base):
    """A custodian shows that it can produce everything it keeps: asked for by a person, done by the worker."""

    __tablename__ = "custody_drill"
    __table_args__ = (CheckConstraint("finished_at IS NULL OR records IS NOT NULL", name="finished_is_counted"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # NULL: at the command line
    asked_by_name: Mapped[str] = mapped_column(String(40), default="")
    asked_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    records: Mapped[int | None]
    packages: Mapped[int | None]
    # What could not be produced as it was archived: [{"number": …, "content": …, "member": …, "problem": …}]
    missing: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    damaged: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)


class DisposalCertificate(Base):
    """销毁证书: what one custodian destroyed of a consultation, decided by whom; fixed in that act, kept for good."""

    __tablename__ = "disposal_certificate"
    __table_args__ = (UniqueConstraint("consultation_id", "custodian_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"))
    custodian_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    issued_at: Mapped[datetime] = mapped_column(Instant)
    canonical: Mapped[str] = mapped_column(Text)  # RFC 8785
    digest: Mapped[str] = mapped_column(String(64), index=True)  # SHA-256 of `canonical`
    custodian: Mapped[Institution] = relationship()


class StorageRemoval(Base):
    """A file to remove, written in the transaction that disposes of it, so that no crash leaves it behind."""

    __tablename__ = "storage_removal"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    queued_at: Mapped[datetime] = mapped_column(Instant)
