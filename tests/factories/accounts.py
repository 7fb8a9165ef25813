"""Logging in, and choosing a password by a mailed link, as a person does it."""

import re

from sqlalchemy import select

from portal.config import PasswordProfile
from portal.models.event import Event
from portal.services.account_links import choose_password, link_of_token
from portal.services.account_passwords import prepare_new_password, prove_log_in
from portal.services.account_sessions import sign_in
from tests.factories.world import NOON

PASSWORD = "三月的雨 2026"
NEW_PASSWORD = "六月的风 Ab12"
TOKEN = re.compile(r"/password/new\?token=([\w-]+)")


def tokens(envelopes):
    """The tokens in mail."""
    return [found[1] for envelope in envelopes if (found := TOKEN.search(envelope.text))]


def choose(database, token, password=NEW_PASSWORD, now=NOON, profile=PasswordProfile.STANDARD):
    """Choose a password with a token; False for a link that is not open."""
    with database.read() as db:
        link = link_of_token(db, token=token, now=now)
        if link is None:
            return False
        new = prepare_new_password(
            db, person_id=link.person_id, password=password, profile=profile, field="new_password"
        )
    with database.write() as db:
        return choose_password(db, token=token, new=new, address="192.0.2.7", now=now)


def log_in(database, username, password, now=NOON):
    """Log in; None when refused."""
    with database.read() as db:
        proof = prove_log_in(db, username=username, password=password)
    with database.write() as db:
        return sign_in(db, proof=proof, address="192.0.2.7", user_agent="Test/1.0", now=now)


def events(database):
    """Name and reason of every event."""
    with database.read() as db:
        return [(event.name, event.facts.get("reason")) for event in db.scalars(select(Event).order_by(Event.id))]
