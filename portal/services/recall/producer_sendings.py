"""How often something may be sent through a link, and from a network address: a check of the sending, not a rule."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from portal.models.case_document import ProducerLink, ProducerSending
from portal.process.errors import TooOften
from portal.rules.date_words import beijing

LIMIT_LASTS = timedelta(minutes=10)
SENDINGS_PER_LINK = 600  # a draft saves itself whenever somebody pauses for a second
SENDINGS_PER_ADDRESS = 1200  # several people of a company, each with a link


def require_not_too_often(db: Session, *, link: ProducerLink, address: str, now: datetime) -> None:
    """TooOften, with the time from which it works again, once link or network address are past their limit."""
    of_link = (ProducerSending.link_id == link.id, SENDINGS_PER_LINK)
    of_address = (ProducerSending.address == address, SENDINGS_PER_ADDRESS)
    for condition, most in (of_link, of_address) if address else (of_link,):
        _require_fewer(db, condition, most, now)


def note_sending(db: Session, *, link: ProducerLink, address: str, now: datetime) -> None:
    """Count one sending that is taken, and forget those that count no more."""
    require_not_too_often(db, link=link, address=address, now=now)
    db.execute(delete(ProducerSending).where(ProducerSending.sent_at <= now - LIMIT_LASTS))
    db.add(ProducerSending(link_id=link.id, address=address, sent_at=now))


def _require_fewer(db: Session, condition: ColumnElement[bool], most: int, now: datetime) -> None:
    lately = select(ProducerSending.sent_at).where(condition, ProducerSending.sent_at > now - LIMIT_LASTS)
    hindering = db.scalar(lately.order_by(ProducerSending.sent_at.desc()).offset(most - 1).limit(1))
    if hindering is not None:
        again = beijing(hindering + LIMIT_LASTS + timedelta(minutes=1))  # the words have no seconds
        raise TooOften(f"操作过于频繁，请在{again}以后再试。您填写的内容仍在页面上，请不要关闭页面。")
