"""The outbox: delivered once, retried with back-off, uncertain when nobody can know, reminders once a person."""

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from portal.config import Settings
from portal.mail.errors import DeliveryFailed, DeliveryUncertain
from portal.mail.message import OutboxEnvelope
from portal.models.database import Database
from portal.models.outbox import OutboxMessage
from portal.services.outbox import BACK_OFF, deliver_due
from tests.factories.application import submitted
from tests.factories.world import NOON, build_world


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment(
        {"PORTAL_INSTANCE": str(tmp_path), "PORTAL_BASE_URL": "https://portal.example.org"}
    )


def states(database: Database) -> list[str]:
    with database.read() as db:
        return [message.state for message in db.query(OutboxMessage).order_by(OutboxMessage.id)]


def test_delivered_once_into_the_folder_with_the_configured_address(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    with database.write() as db:
        submitted(db, build_world(db))
    assert deliver_due(database, settings, NOON) == 2
    assert deliver_due(database, settings, NOON) == 0
    assert states(database) == ["sent", "sent"]
    (first, _) = sorted((tmp_path / "mail").glob("*.eml"))
    message = message_from_bytes(first.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    text, html = (message.get_body([kind]).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    link = "https://portal.example.org/consultations/1"
    assert link in text
    assert f'href="{link}"' in html


def test_a_failing_server_is_tried_again_with_back_off_and_then_given_up(
    database: Database, settings: Settings
) -> None:
    with database.write() as db:
        submitted(db, build_world(db))

    def fail(envelope: OutboxEnvelope, settings: Settings) -> None:
        raise DeliveryFailed("421 busy", is_permanent=False)

    now = NOON
    for wait in BACK_OFF:
        assert deliver_due(database, settings, now, send=fail) == 2
        assert deliver_due(database, settings, now + wait - timedelta(seconds=1), send=fail) == 0
        now += wait
    assert deliver_due(database, settings, now, send=fail) == 2
    assert states(database) == ["failed", "failed"]


def test_what_nobody_can_know_is_uncertain_and_not_sent_again(database: Database, settings: Settings) -> None:
    with database.write() as db:
        submitted(db, build_world(db))

    def vanish(envelope: OutboxEnvelope, settings: Settings) -> None:
        raise DeliveryUncertain("no answer after the text")

    deliver_due(database, settings, NOON, send=vanish)
    assert states(database) == ["uncertain", "uncertain"]
    assert deliver_due(database, settings, NOON + timedelta(days=1)) == 0


def test_a_worker_that_died_while_sending_leaves_the_truth(database: Database, settings: Settings) -> None:
    with database.write() as db:
        submitted(db, build_world(db))

    def die(envelope: OutboxEnvelope, settings: Settings) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver_due(database, settings, NOON, send=die)
    assert states(database) == ["sending", "queued"]
    deliver_due(database, settings, NOON + timedelta(hours=1))
    assert states(database) == ["uncertain", "sent"]
