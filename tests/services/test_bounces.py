"""Mail that came back: by hand and out of a mailbox; and who sees whose address is dead."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.config import ImapMailbox, Settings
from portal.models.account import Person
from portal.models.database import Database
from portal.models.outbox import OutboxMessage
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal
from portal.process.permissions import Actor
from portal.services.bounces import read_bounces, record_bounce, unreachable_addresses, unreachable_count
from portal.services.kernel.events import broken_links
from portal.services.outbox import deliver_due, record_delivered, resend_message
from tests.factories.application import submitted
from tests.factories.world import NOON, World, build_world
from tests.mail.test_bounces import report
from tests.support.imap_server import Mailbox, serving_mailbox

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path)})


@pytest.fixture
def world(sqlite_database: Database, settings: Settings) -> World:
    """Two mails to the liaisons of Jiangsu have left."""
    with sqlite_database.write() as db:
        world = build_world(db)
        submitted(db, world)
    deliver_due(sqlite_database, settings, NOON)
    return world


def administrator(world: World) -> Actor:
    assert world.administrator is not None
    return world.administrator


def names(database: Database, actor: Actor) -> list[str]:
    with database.read() as db:
        return [one.name for one in unreachable_addresses(db, actor=actor, now=LATER)]


def test_a_bounce_is_seen_by_who_can_mend_the_address(sqlite_database: Database, world: World) -> None:
    with sqlite_database.write() as db:
        record_bounce(db, actor=administrator(world), message_id=1, reason="550 用户不存在", now=LATER)
        assert not list(broken_links(db))
    assert world.security_administrator is not None
    for actor in (world.liaisons["jiangsu"][1], world.security_administrator):
        assert names(sqlite_database, actor) == ["ji联1"]
    assert names(sqlite_database, world.liaisons["anhui"][0]) == []
    for actor in (world.staff["jiangsu"], administrator(world), world.experts["jiangsu"][0]):
        with sqlite_database.read() as db, pytest.raises(NotFound):
            unreachable_addresses(db, actor=actor, now=LATER)
        with sqlite_database.read() as db:
            assert unreachable_count(db, actor=actor, now=LATER) == 0


def test_a_mended_address_is_out_of_the_list_and_gets_what_is_sent_again(
    sqlite_database: Database, world: World, settings: Settings, tmp_path: Path
) -> None:
    with sqlite_database.write() as db:
        record_bounce(db, actor=administrator(world), message_id=1, reason="550", now=LATER)
        db.get_one(Person, db.get_one(OutboxMessage, 1).person_id).email = "mended@example.org"
    assert names(sqlite_database, world.lead) == []
    with sqlite_database.write() as db:
        sent_again = resend_message(db, actor=administrator(world), message_id=1, now=LATER)
        assert (sent_again.state, sent_again.recipient_address) == ("queued", "mended@example.org")


def test_what_cannot_be_recorded(sqlite_database: Database, world: World) -> None:
    with sqlite_database.write() as db:
        with pytest.raises(Invalid):
            record_bounce(db, actor=administrator(world), message_id=1, reason=" \n", now=LATER)
        with pytest.raises(NotAllowed):
            record_bounce(db, actor=world.lead, message_id=1, reason="550", now=LATER)
        with pytest.raises(Refusal):
            record_delivered(db, actor=administrator(world), message_id=1, now=LATER)
        with pytest.raises(Refusal):
            resend_message(db, actor=administrator(world), message_id=1, now=LATER)
        db.get_one(OutboxMessage, 1).state = "uncertain"
        assert record_delivered(db, actor=administrator(world), message_id=1, now=LATER).state == "sent"
        db.get_one(OutboxMessage, 2).state = "queued"
        with pytest.raises(Refusal):
            record_bounce(db, actor=administrator(world), message_id=2, reason="550", now=LATER)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def with_mailbox(mailbox: Mailbox, settings: Settings) -> Iterator[Settings]:
    with serving_mailbox(mailbox) as port:
        yield replace(
            settings, bounce_mailbox=ImapMailbox("127.0.0.1", port, False, "portal", mailbox.password, "退信")
        )


def about(database: Database, message_id: int) -> bytes:
    with database.read() as db:
        ours = db.get_one(OutboxMessage, message_id).message_id
    return report(returned=f"message/rfc822\r\n\r\nMessage-ID: {ours}\r\n\r\ntext")


def states(database: Database) -> list[str]:
    with database.read() as db:
        return list(db.scalars(select(OutboxMessage.state).order_by(OutboxMessage.id)))


def test_the_mailbox_is_read_once(
    sqlite_database: Database, world: World, mailbox: Mailbox, with_mailbox: Settings
) -> None:
    mailbox.mails = {7: b"Subject: holiday\r\n\r\nI am away.", 9: about(sqlite_database, 2), 11: report()}
    assert read_bounces(sqlite_database, with_mailbox, LATER) == 1
    assert states(sqlite_database) == ["sent", "bounced"]
    assert mailbox.selected == '"&kABP4Q-"'
    # A person finds what was no report by its flag; that of another sender is only seen.
    assert mailbox.flags == {7: r"(\Seen \Flagged)", 9: r"(\Seen)", 11: r"(\Seen)"}
    assert read_bounces(sqlite_database, with_mailbox, LATER) == 0


def test_a_report_that_hides_the_mail_is_about_the_last_one_to_that_address(
    sqlite_database: Database, world: World, mailbox: Mailbox, with_mailbox: Settings
) -> None:
    mailbox.mails = {1: report(returned="text/plain\r\n\r\n-", recipient="jiangsu-liaison-2@example.org")}
    assert read_bounces(sqlite_database, with_mailbox, NOON + timedelta(days=7)) == 0
    mailbox.flags.clear()
    assert read_bounces(sqlite_database, with_mailbox, LATER) == 1
    assert states(sqlite_database) == ["sent", "bounced"]


@pytest.mark.parametrize("step", ["LOGIN", "SELECT", "SEARCH", "FETCH", "STORE"])
@pytest.mark.parametrize("how", ["hangs_up_at", "refuses"])
def test_a_mailbox_that_fails_is_tried_again(
    sqlite_database: Database, world: World, mailbox: Mailbox, with_mailbox: Settings, step: str, how: str
) -> None:
    mailbox.mails = {9: about(sqlite_database, 2)}
    setattr(mailbox, how, step)
    # Recorded before it is marked: a mailbox that fails between is read again, to no effect.
    assert read_bounces(sqlite_database, with_mailbox, LATER) == (step == "STORE")
    setattr(mailbox, how, "")
    assert read_bounces(sqlite_database, with_mailbox, LATER) == (step != "STORE")
    assert states(sqlite_database) == ["sent", "bounced"]
    assert mailbox.flags == {9: r"(\Seen)"}


def test_a_wrong_password_or_no_mailbox_is_no_failure_of_the_worker(
    sqlite_database: Database, world: World, mailbox: Mailbox, with_mailbox: Settings
) -> None:
    mailbox.password = "another"
    assert read_bounces(sqlite_database, with_mailbox, LATER) == 0
    assert read_bounces(sqlite_database, replace(with_mailbox, bounce_mailbox=None), LATER) == 0
