"""Years of the working calendar that were loaded in this installation, beside those that come with the portal."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Instant


class LoadedCalendarYear(Base):
    """A year loaded from the State Council's notice; the text is TOML as in portal/rules/calendar."""

    __tablename__ = "loaded_calendar_year"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    notice: Mapped[str] = mapped_column(String(200))
    content: Mapped[str] = mapped_column(Text)
    loaded_at: Mapped[datetime] = mapped_column(Instant)
    loaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
