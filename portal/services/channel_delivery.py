"""Telling the robots: beside the mail, of which it delays none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from portal.config import Settings
from portal.mail.channels import post
from portal.mail.errors import DeliveryFailed
from portal.models.channel import InstitutionChannel
from portal.models.database import Database
from portal.models.outbox import OutboxMessage
from portal.services.channels import has_news, owner_of, queue_for_channels
from portal.services.outbox import claim, retry_or_fail, settle
from portal.services.sealing import unseal

Post = Callable[[str, str, str, str], None]


def tell_channels(database: Database, settings: Settings, now: datetime, *, send: Post = post, limit: int = 20) -> int:
    """Queue what is new for the robots and send what is due, at most `limit`; returns how many were tried."""
    if not settings.channels:
        return 0
    with database.read() as db:
        is_new = has_news(db)
    if is_new:
        with database.write() as db:
            queue_for_channels(db, now)
    tried = 0
    while (
        tried < limit and (number := claim(database, now, lambda _db, message: message.id, is_mail=False)) is not None
    ):
        tried += 1
        try:
            send(*_message(database, settings, number))
        except DeliveryFailed as failure:
            retry_or_fail(database, number, now, str(failure), is_permanent=failure.is_permanent)
        else:
            settle(database, number, now, state="sent", error=None)
    return tried


def _message(database: Database, settings: Settings, number: int) -> tuple[str, str, str, str]:
    with database.read() as db:
        message = db.get_one(OutboxMessage, number)
        row = db.get(InstitutionChannel, message.channel_institution_id)
        if row is None or row.scheme not in settings.channels:
            raise DeliveryFailed("机器人已经移除或者没有启用", is_permanent=True)
        told = unseal(row.sealed, owner=owner_of(row.institution_id), keys=settings.field_keys)
        text = f"{message.text}\n{settings.base_url.rstrip('/')}{message.link_path}"
        return row.scheme, told["token"], told["signing"], text
