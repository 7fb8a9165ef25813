"""Institutions, the alliance they form, its rotation and their liaisons (Standard Art. 2, 3)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.account import Person
from portal.models.base import Base, one_of


class Institution(Base):
    """A technical institution or a market regulator."""

    __tablename__ = "institution"
    __table_args__ = (
        one_of("kind", ("technical", "regulator")),
        one_of("level", ("province", "city", "county")),
        CheckConstraint("kind <> 'regulator' OR division <> ''", name="division"),
        # One regulator for each area.
        Index(
            "uq_institution_regulator",
            "division",
            unique=True,
            sqlite_where=text("kind = 'regulator'"),
            postgresql_where=text("kind = 'regulator'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    level: Mapped[str] = mapped_column(String(16), default="province")
    name: Mapped[str] = mapped_column(String(80), unique=True)
    short_name: Mapped[str] = mapped_column(String(20))  # 上海, 江苏 …
    badge: Mapped[str] = mapped_column(String(2))  # 沪 苏 浙 皖
    province: Mapped[str] = mapped_column(String(20))  # key: shanghai, jiangsu, zhejiang, anhui
    # Of a regulator: its area (GB/T 2260), how its document numbers begin (宁市监), whom the public calls.
    division: Mapped[str] = mapped_column(String(6), default="")
    abbreviation: Mapped[str] = mapped_column(String(20), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")


class Alliance(Base):
    """The provinces that consult together; data, so that other regions can use the portal."""

    __tablename__ = "alliance"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    number_prefix: Mapped[str] = mapped_column(String(20))  # 长三角会诊
    members: Mapped[list[AllianceMember]] = relationship(order_by="AllianceMember.position")


class AllianceMember(Base):
    """An institution's place in the alliance's order of rotation."""

    __tablename__ = "alliance_member"
    __table_args__ = (UniqueConstraint("alliance_id", "position"),)

    alliance_id: Mapped[int] = mapped_column(ForeignKey("alliance.id"), primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    position: Mapped[int]
    institution: Mapped[Institution] = relationship()


class RotationTerm(Base):
    """One year of lead; both days included."""

    __tablename__ = "rotation_term"
    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="order"),
        UniqueConstraint("alliance_id", "starts_on"),
        UniqueConstraint("alliance_id", "ends_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    alliance_id: Mapped[int] = mapped_column(ForeignKey("alliance.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    institution: Mapped[Institution] = relationship()


class Liaison(Base):
    """One of the one or two staff who coordinate for an institution; replaced with a date, kept as history."""

    __tablename__ = "liaison"
    __table_args__ = (
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="order"),
        CheckConstraint("seat IN (1, 2)", name="seat"),  # Art. 3: one or two
        # A seat is held by one person at a time; a third liaison finds no seat.
        Index(
            "uq_liaison_open_seat",
            "institution_id",
            "seat",
            unique=True,
            sqlite_where=text("until_on IS NULL"),
            postgresql_where=text("until_on IS NULL"),
        ),
        Index(
            "uq_liaison_open_person",
            "person_id",
            unique=True,
            sqlite_where=text("until_on IS NULL"),
            postgresql_where=text("until_on IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    seat: Mapped[int]
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    person: Mapped[Person] = relationship()


class InstitutionHead(Base):
    """负责人 of an institution: who is told when it is late; replaced with a date, kept as history."""

    __tablename__ = "institution_head"
    __table_args__ = (
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="order"),
        Index(
            "uq_institution_head_open",
            "institution_id",
            unique=True,
            sqlite_where=text("until_on IS NULL"),
            postgresql_where=text("until_on IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    person: Mapped[Person] = relationship()
