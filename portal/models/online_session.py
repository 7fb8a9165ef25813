"""线上会诊: the meeting held within five working days (Art. 5, 8(3)–(5))."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.account import Person
from portal.models.base import Base, Instant, one_of
from portal.models.panel import PanelMember


class OnlineSession(Base):
    """One fixed session. A moved session keeps its UID and raises its sequence; an adjourned one ends."""

    __tablename__ = "online_session"
    __table_args__ = (
        one_of("mode", ("online", "on_site", "mixed")),
        one_of("state", ("fixed", "open", "closed", "adjourned", "cancelled")),
        CheckConstraint("ends_at > starts_at", name="order"),
        Index(
            "uq_online_session_current",
            "consultation_id",
            unique=True,
            sqlite_where=text("state IN ('fixed', 'open')"),
            postgresql_where=text("state IN ('fixed', 'open')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), index=True)
    uid: Mapped[str] = mapped_column(String(80), unique=True)  # iCalendar UID
    sequence: Mapped[int] = mapped_column(default=0)  # iCalendar SEQUENCE
    state: Mapped[str] = mapped_column(String(10), default="fixed")
    mode: Mapped[str] = mapped_column(String(10), default="online")
    place: Mapped[str] = mapped_column(String(200), default="")
    meeting_service: Mapped[str] = mapped_column(String(40), default="")
    meeting_link: Mapped[str] = mapped_column(String(400), default="")
    meeting_code: Mapped[str] = mapped_column(String(60), default="")
    meeting_password: Mapped[str] = mapped_column(String(60), default="")
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    late_reason: Mapped[str] = mapped_column(Text, default="")  # after the fifth working day
    fixed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    fixed_at: Mapped[datetime] = mapped_column(Instant)
    host_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    discussion_summary: Mapped[str] = mapped_column(Text, default="")
    discussion_version: Mapped[int] = mapped_column(default=0)  # counts the savings: two pages never overwrite unseen
    minutes_per_speech: Mapped[int] = mapped_column(default=10)  # planned; nobody is cut off
    changes: Mapped[int] = mapped_column(default=0)  # counts what changes the open pages and is no event: notes
    participants: Mapped[list[SessionParticipant]] = relationship(cascade="all, delete-orphan")
    turns: Mapped[list[SpeakingTurn]] = relationship(order_by="SpeakingTurn.position", cascade="all, delete-orphan")
    agenda_notes: Mapped[list[AgendaNote]] = relationship(cascade="all, delete-orphan")
    claims: Mapped[list[AttendanceClaim]] = relationship(cascade="all, delete-orphan")


class SessionParticipant(Base):
    """Staff whom an institution names to take part: one or two (Art. 8(4))."""

    __tablename__ = "session_participant"

    session_id: Mapped[int] = mapped_column(ForeignKey("online_session.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    named_at: Mapped[datetime] = mapped_column(Instant)
    has_attended: Mapped[bool] = mapped_column(default=False)
    person: Mapped[Person] = relationship()


class SpeakingTurn(Base):
    """A member's place in the speaking order (依次发言), attendance, and the notes taken of the speech (Art. 8(5))."""

    __tablename__ = "speaking_turn"
    __table_args__ = (
        UniqueConstraint("session_id", "position"),
        one_of("danger_widespread", ("yes", "no", "uncertain")),
        one_of("advises_investigation", ("yes", "no", "uncertain")),
    )

    session_id: Mapped[int] = mapped_column(ForeignKey("online_session.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("panel_member.id"), primary_key=True)
    position: Mapped[int]
    has_attended: Mapped[bool] = mapped_column(default=False)
    began_at: Mapped[datetime | None] = mapped_column(
        Instant
    )  # of the latest speech; it goes on while `ended_at` is None
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    spoken_at: Mapped[datetime | None] = mapped_column(Instant)
    danger_widespread: Mapped[str | None] = mapped_column(String(10))
    harm_and_extent: Mapped[str] = mapped_column(Text, default="")
    advises_investigation: Mapped[str | None] = mapped_column(String(10))
    notes: Mapped[str] = mapped_column(Text, default="")
    notes_version: Mapped[int] = mapped_column(default=0)  # counts the savings of the four, not of the place
    member: Mapped[PanelMember] = relationship()


class AgendaNote(Base):
    """What was said on one question of the agenda, and when it was marked as discussed (Art. 8(5))."""

    __tablename__ = "agenda_note"

    session_id: Mapped[int] = mapped_column(ForeignKey("online_session.id"), primary_key=True)
    question: Mapped[str] = mapped_column(String(40), primary_key=True)  # its name on the sheet
    text: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=0)  # counts the savings
    discussed_at: Mapped[datetime | None] = mapped_column(Instant)


class AttendanceClaim(Base):
    """Somebody says to be there (自报到会); it stands until the host has recorded who is."""

    __tablename__ = "attendance_claim"

    session_id: Mapped[int] = mapped_column(ForeignKey("online_session.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    claimed_at: Mapped[datetime] = mapped_column(Instant)
