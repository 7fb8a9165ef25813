"""The token of a producer's link: made when the mail leaves, or when the link is shown to be handed over.

It is then nowhere but there: the table holds its SHA-256. A token made later for the same link makes the first void.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from portal.models.case_document import ProducerLink
from portal.process.errors import Refusal
from portal.services.account_sessions import digest_of_token

_TOKEN_BYTES = 32


def give_producer_token(db: Session, link: ProducerLink, now: datetime) -> str:
    """Make the token of a link that is in force. Refusal for one that was revoked or has expired."""
    if not is_in_force(link, now):
        raise Refusal("这个填报链接已经撤销或者过期，请另发一个。")
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    link.token_digest = digest_of_token(token)
    db.flush()
    return token


def is_in_force(link: ProducerLink, now: datetime) -> bool:
    """Whether a link still works."""
    return link.revoked_at is None and now < link.expires_at
