"""Persons, their roles and their log-in sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Instant, one_of

ROLES = ("staff", "expert", "officer", "administrator", "security_administrator", "auditor")
_SEPARATED = "role IN ('administrator', 'security_administrator', 'auditor')"


class Person(Base):
    """Somebody with an account. Liaison is no role of its own: it follows from `Liaison`."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    email: Mapped[str] = mapped_column(String(254))
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    password_changed_at: Mapped[datetime] = mapped_column(Instant)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    roles: Mapped[list[PersonRole]] = relationship(back_populates="person", cascade="all, delete-orphan")


class PersonRole(Base):
    """A role of a person; nobody holds two of the three separated ones (people.md)."""

    __tablename__ = "person_role"
    __table_args__ = (
        one_of("role", ROLES),
        Index(
            "uq_person_role_separated",
            "person_id",
            unique=True,
            sqlite_where=text(_SEPARATED),
            postgresql_where=text(_SEPARATED),
        ),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(30), primary_key=True)
    person: Mapped[Person] = relationship(back_populates="roles")


class LoginSession(Base):
    """A server-side log-in session; the cookie holds a random token, the table only its SHA-256."""

    __tablename__ = "login_session"

    token_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    csrf_secret: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    reauthenticated_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    address: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(200), default="")
