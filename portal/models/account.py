"""Persons, their roles and their log-in sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Instant, one_of

ROLES = ("staff", "expert", "officer", "administrator", "security_administrator", "auditor")
LINK_PURPOSES = ("invitation", "recovery", "reset", "emergency")
_OPEN_LINK = "used_at IS NULL AND revoked_at IS NULL"
_SEPARATED = "role IN ('administrator', 'security_administrator', 'auditor')"


class Person(Base):
    """Somebody with an account. Liaison is no role of its own: it follows from `Liaison`.

    `is_pending`: an institution has put the expert on its register, and the security administrator has not opened
    the account yet; until then it has no role and cannot be used.
    """

    __tablename__ = "person"
    __table_args__ = (CheckConstraint("NOT (is_pending AND is_active)", name="pending_is_closed"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    email: Mapped[str] = mapped_column(String(254))
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"), index=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))  # None: the owner has to choose one, by a link
    password_changed_at: Mapped[datetime | None] = mapped_column(Instant)  # None: never chosen one yet
    is_active: Mapped[bool] = mapped_column(default=True)
    is_pending: Mapped[bool] = mapped_column(default=False)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    has_mail_preference: Mapped[bool] = mapped_column(default=False)  # else no mail need ask for the choices
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


class AccountLink(Base):
    """A link of one purpose: whoever opens it may choose the password of one account, once.

    The table holds the SHA-256 of the token, and none until the mail leaves: `give_token` makes it then.
    """

    __tablename__ = "account_link"
    __table_args__ = (
        one_of("purpose", LINK_PURPOSES),
        Index(
            "uq_account_link_open",
            "person_id",
            unique=True,
            sqlite_where=text(_OPEN_LINK),
            postgresql_where=text(_OPEN_LINK),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    token_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class RecoveryRequest(Base):
    """Somebody has forgotten a password: what was typed, until the worker has looked whose account it is."""

    __tablename__ = "recovery_request"
    __table_args__ = (Index("ix_recovery_request_address", "address", "asked_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    address: Mapped[str] = mapped_column(String(64))
    typed: Mapped[str | None] = mapped_column(String(254))  # None once it is settled


class FormerPassword(Base):
    """The hash of a password that was replaced, kept so that it is not chosen again (profile mlps3)."""

    __tablename__ = "former_password"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    replaced_at: Mapped[datetime] = mapped_column(Instant)
