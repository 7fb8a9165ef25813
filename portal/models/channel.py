"""The group robot of an institution, told beside mail what the institution owes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Instant


class InstitutionChannel(Base):
    """One robot; where it is reached is sealed (services.sealing) and never shown again."""

    __tablename__ = "institution_channel"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), primary_key=True, autoincrement=False)
    scheme: Mapped[str] = mapped_column(String(20))  # a key of portal.mail.channels.CHANNELS
    sealed: Mapped[str] = mapped_column(Text)
    seen_message_id: Mapped[int]  # the newest mail of which the robot was told, or that was there before it
    set_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime] = mapped_column(Instant)
