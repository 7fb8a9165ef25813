"""Consecutive numbers: raised in the transaction that uses them, so without gap or double."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.models.consultation import NumberSeries


def next_number(db: Session, *, series: str, year: int) -> int:
    """The next number of `series` in `year`, beginning with 1."""
    dialect = postgresql if db.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(NumberSeries).values(series=series, year=year, last=1)
    raised = statement.on_conflict_do_update(
        index_elements=["series", "year"], set_={"last": NumberSeries.last + 1}
    ).returning(NumberSeries.last)
    number: int = db.execute(raised).scalar_one()
    return number
