"""Tables that keep their rows by law, opened for a test or a measurement that needs what the portal never does."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session


def lift_refusals(db: Session, table: str) -> None:
    """Let this transaction change a kept row of `table`; on SQLite all later ones of this database may as well."""
    is_postgresql = db.get_bind().dialect.name == "postgresql"
    drop = f"DROP TRIGGER IF EXISTS {table}_keep_update"
    db.execute(text("SET LOCAL session_replication_role = replica" if is_postgresql else drop))
