"""The expert registers: each institution manages its own (Standard Art. 8(1), 10)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.account import Person
from portal.models.base import Base, Instant, one_of
from portal.models.institution import Institution
from portal.rules.expertise import RELATION_KINDS

IMPORT_STATES = ("waiting", "reading", "read", "done", "discarded")


class Expert(Base):
    """A person on one institution's expert register.

    `field` is what the sheet prints (专业领域); `fields` are those of the list that it falls under.
    """

    __tablename__ = "expert"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    field: Mapped[str] = mapped_column(String(60))  # 专业领域说明
    employer: Mapped[str] = mapped_column(String(120))  # 工作单位, the present one
    employed_from: Mapped[date | None]
    title: Mapped[str] = mapped_column(String(60))  # 职务/职称
    languages: Mapped[str] = mapped_column(String(60), default="")  # 联系语言
    is_available: Mapped[bool] = mapped_column(default=True)
    away_until: Mapped[date | None]  # the last day of being away; None while not available: until further notice
    search_text: Mapped[str] = mapped_column(Text, default="")  # services.expert_search writes and reads it
    person: Mapped[Person] = relationship()
    institution: Mapped[Institution] = relationship()
    fields: Mapped[list[ExpertField]] = relationship(cascade="all, delete-orphan", order_by="ExpertField.field_key")
    former_employers: Mapped[list[FormerEmployer]] = relationship(
        cascade="all, delete-orphan", order_by="FormerEmployer.until_on.desc()"
    )
    relations: Mapped[list[ExpertRelation]] = relationship(cascade="all, delete-orphan", order_by="ExpertRelation.id")
    undertakings: Mapped[list[ExpertUndertaking]] = relationship(
        back_populates="expert", order_by="ExpertUndertaking.expires_on", cascade="all, delete-orphan"
    )

    def is_away(self, day: date) -> bool:
        """Whether the expert takes part in nothing on that day."""
        return not self.is_available and (self.away_until is None or day <= self.away_until)


class ExpertField(Base):
    """A field of the list (rules.expertise) in which an expert is at home."""

    __tablename__ = "expert_field"
    __table_args__ = (Index("ix_expert_field_key", "field_key", "expert_id"),)

    expert_id: Mapped[int] = mapped_column(ForeignKey("expert.id"), primary_key=True)
    field_key: Mapped[str] = mapped_column(String(40), primary_key=True)


class FormerEmployer(Base):
    """Where an expert was employed before, until `until_on`."""

    __tablename__ = "former_employer"
    __table_args__ = (CheckConstraint("from_on IS NULL OR from_on <= until_on", name="order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    expert_id: Mapped[int] = mapped_column(ForeignKey("expert.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    from_on: Mapped[date | None]
    until_on: Mapped[date]


class ExpertRelation(Base):
    """An organisation to which an expert has declared a relation; `until_on` None: it lasts."""

    __tablename__ = "expert_relation"
    __table_args__ = (one_of("kind", RELATION_KINDS),)

    id: Mapped[int] = mapped_column(primary_key=True)
    expert_id: Mapped[int] = mapped_column(ForeignKey("expert.id"), index=True)
    organisation: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(20), default="other")
    from_on: Mapped[date | None]
    until_on: Mapped[date | None]


class ExpertUndertaking(Base):
    """The yearly undertaking on confidentiality and interests; `expires_on` is the first day it no longer holds."""

    __tablename__ = "expert_undertaking"
    __table_args__ = (CheckConstraint("expires_on > signed_on", name="order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    expert_id: Mapped[int] = mapped_column(ForeignKey("expert.id"), index=True)
    signed_on: Mapped[date]
    signed_at: Mapped[datetime] = mapped_column(Instant)
    expires_on: Mapped[date]
    expert: Mapped[Expert] = relationship(back_populates="undertakings")


class ExpertImport(Base):
    """A spreadsheet of experts: waiting for the worker, read, then taken over by a person or discarded.

    File and rows are personal data: they are gone as soon as it is done or discarded.
    """

    __tablename__ = "expert_import"
    __table_args__ = (
        one_of("state", IMPORT_STATES),
        CheckConstraint("state NOT IN ('done', 'discarded') OR content IS NULL", name="content_gone"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    file_name: Mapped[str] = mapped_column(String(120))
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    total: Mapped[int] = mapped_column(default=0)  # rows with something in them
    read: Mapped[int] = mapped_column(default=0)  # of these, how many so far
    # What stands in the way of the whole file, "" for nothing.
    refusal: Mapped[str] = mapped_column(Text, default="")
    # [{"row": 7, "name": …, "column": "邮箱", "reason": …}]
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, deferred=True)
    # The good rows, as services.expert_import keeps them.
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, deferred=True)
    good: Mapped[int] = mapped_column(default=0)
    bad: Mapped[int] = mapped_column(default=0)  # rows, each of which may have several problems
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


class OrganisationAlias(Base):
    """Two names of one organisation that do not look alike; all institutions of the alliance add and see them.

    `name_key` and `alias_key` are what is compared (services.conflicts.trade_name), in alphabetical order.
    """

    __tablename__ = "organisation_alias"
    __table_args__ = (UniqueConstraint("name_key", "alias_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    alias: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(120))
    alias_key: Mapped[str] = mapped_column(String(120))
    source: Mapped[str] = mapped_column(String(200))  # how it is known: 国家企业信用信息公示系统 …
    added_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    added_at: Mapped[datetime] = mapped_column(Instant)
