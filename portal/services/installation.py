"""What is asked of an installation as a whole, before anybody can log in."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.account import Person


def has_accounts(db: Session) -> bool:
    """Whether anybody has an account; a database without accounts counts as empty."""
    return db.scalar(select(Person.id).limit(1)) is not None
