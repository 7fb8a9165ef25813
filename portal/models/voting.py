"""Voting rounds and the official sheets with their signatures (Art. 8(6))."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Instant, one_of
from portal.models.panel import PanelMember

SHEET_STATES = ("draft", "signed", "withdrawn", "void")
_YES_NO = ("yes", "no")
_YES_NO_UNCERTAIN = ("yes", "no", "uncertain")


class VotingRound(Base):
    """One round; while it is open nobody's choice leaves the database."""

    __tablename__ = "voting_round"
    __table_args__ = (
        UniqueConstraint("consultation_id", "number"),
        CheckConstraint("closed_at IS NULL OR is_void OR tally IS NOT NULL", name="tallied_when_closed"),
        CheckConstraint("closed_at IS NOT NULL OR NOT is_void", name="void_is_closed"),
        Index(
            "uq_voting_round_open",
            "consultation_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"))
    number: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(Instant)
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    sign_by: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    close_reason: Mapped[str] = mapped_column(Text, default="")  # needed when some have not signed, or when void
    is_void: Mapped[bool] = mapped_column(default=False)  # ended without a count that holds: a member was recused
    panel_size: Mapped[int | None]  # members at the closing, recused ones not counted
    tally: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # Fixed with the tally: seat, signer and digest of every sheet that was counted.
    witness: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    sheets: Mapped[list[ConsultationSheet]] = relationship(back_populates="round")

    @property
    def has_tally(self) -> bool:
        """Whether there is a count to show: the round is closed, not broken off, and its count not disposed of."""
        return bool(self.tally)


class ConsultationSheet(Base):
    """会诊表: the official form of one expert in one round; a signed version never changes."""

    __tablename__ = "consultation_sheet"
    __table_args__ = (
        one_of("state", SHEET_STATES),
        CheckConstraint("severity BETWEEN 1 AND 4", name="severity"),
        CheckConstraint("likelihood BETWEEN 1 AND 8", name="likelihood"),
        one_of("defect_finding", _YES_NO_UNCERTAIN),
        one_of("recommend_investigation", _YES_NO),
        one_of("continued_monitoring", _YES_NO),
        CheckConstraint(
            "state = 'draft' OR (signed_at IS NOT NULL AND digest IS NOT NULL AND defect_finding IS NOT NULL "
            "AND recommend_investigation IS NOT NULL AND continued_monitoring IS NOT NULL)",
            name="signed_is_complete",
        ),
        # A signature on paper comes with its scan, its day and whoever recorded it; nothing else has a scan.
        CheckConstraint(
            "(signed_with = 'paper_scan') = (scan_sha256 IS NOT NULL) OR signed_with IS NULL", name="scan_of_paper"
        ),
        CheckConstraint("scan_sha256 IS NULL OR recorded_by_id IS NOT NULL", name="scan_was_recorded"),
        UniqueConstraint("round_id", "member_id", "revision"),
        # One live sheet a member and round: a second vote finds no room.
        Index(
            "uq_consultation_sheet_live",
            "round_id",
            "member_id",
            unique=True,
            sqlite_where=text("state IN ('draft', 'signed')"),
            postgresql_where=text("state IN ('draft', 'signed')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("voting_round.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("panel_member.id"), index=True)
    revision: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    version: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime] = mapped_column(Instant)

    # All answers in the canonical form of rules.sheet_record; what the database itself guards stands beside it.
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    severity: Mapped[int | None]
    likelihood: Mapped[int | None]
    defect_finding: Mapped[str | None] = mapped_column(String(10))
    recommend_investigation: Mapped[str | None] = mapped_column(String(10))
    continued_monitoring: Mapped[str | None] = mapped_column(String(10))

    signed_on: Mapped[date | None]  # 日期 beside the signature, Beijing; of one on paper the day that is written there
    signed_at: Mapped[datetime | None] = mapped_column(Instant)
    signer_name: Mapped[str | None] = mapped_column(String(40))
    signed_from: Mapped[str | None] = mapped_column(String(64))  # network address
    signed_with: Mapped[str | None] = mapped_column(String(40))  # factors: password, or paper_scan
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # of a sheet signed on paper
    scan_sha256: Mapped[str | None] = mapped_column(String(64), index=True)  # its place in the storage
    scan_size: Mapped[int | None]  # bytes
    scan_filename: Mapped[str | None] = mapped_column(String(200))
    scan_type: Mapped[str | None] = mapped_column(String(40))
    canonical: Mapped[str | None] = mapped_column(Text)  # RFC 8785 text that was signed
    digest: Mapped[str | None] = mapped_column(String(64), index=True)  # SHA-256 of `canonical`
    left_at: Mapped[datetime | None] = mapped_column(Instant)  # withdrawn or void
    left_reason: Mapped[str] = mapped_column(Text, default="")

    round: Mapped[VotingRound] = relationship(back_populates="sheets")
    member: Mapped[PanelMember] = relationship()

    __mapper_args__ = {"version_id_col": version}
