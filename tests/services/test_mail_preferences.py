"""When mail leaves: quiet hours, digests, what somebody does not want; and what can never be put off."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import select

from portal.mail.kinds import MAIL_KINDS, Urgency
from portal.models.account import Person
from portal.models.database import Database
from portal.models.mail_preference import MailDigest
from portal.models.outbox import OutboxMessage
from portal.process.errors import Invalid, NotFound
from portal.process.permissions import Actor
from portal.rules.dates import BEIJING
from portal.services.digests import send_digests
from portal.services.kernel.mailing import queue
from portal.services.kernel.obligations import close, open_obligations
from portal.services.mail_preferences import (
    Preferences,
    kinds_to_choose,
    mandatory_kinds,
    own_preferences,
    set_preferences,
)
from portal.services.own_messages import own_message, own_messages
from tests.factories import application
from tests.factories.world import NOON, World, build_world

NIGHT = datetime(2026, 3, 2, 23, 0, tzinfo=BEIJING)
QUIET = {"has_quiet_hours": True, "quiet_from": 22, "quiet_until": 7}
PACK = {
    "old": "江苏", "new": "浙江", "ends_on": NOON.date(), "article": "第三条",
    "link_label": "查看移交清单", "link_path": "/rotation/terms/1/handover",
}  # fmt: skip
MORNING = datetime(2026, 3, 3, 9, 0, tzinfo=BEIJING)


@pytest.fixture
def world(database: Database) -> World:
    with database.write() as db:
        return build_world(db)


def choose(database: Database, actor: Actor, **chosen: object) -> None:
    with database.write() as db:
        given = replace(own_preferences(db, actor=actor), **chosen)
        set_preferences(db, actor=actor, given=given, now=NOON)


def tell(database: Database, actor: Actor, now: datetime, urgency: Urgency, **more: object) -> None:
    """Queue a mail that any liaison could get."""
    with database.write() as db:
        person = db.get_one(Person, actor.person_id)
        queue(db, "term_handover_accepted", [person], now=now, urgency=urgency, **{**PACK, **more})  # type: ignore[arg-type]


def fates(database: Database) -> list[tuple[str, datetime]]:
    with database.read() as db:
        query = select(OutboxMessage.state, OutboxMessage.next_try_at).order_by(OutboxMessage.id)
        return [(row[0], row[1].astimezone(BEIJING)) for row in db.execute(query)]


def test_who_never_chose_gets_everything_at_once(database: Database, world: World) -> None:
    for urgency in Urgency:
        tell(database, world.lead, NIGHT, urgency)
    assert fates(database) == [("queued", NIGHT)] * 3


def test_quiet_hours_hold_back_what_can_wait(database: Database, world: World) -> None:
    choose(database, world.lead, **QUIET)
    for urgency in Urgency:
        tell(database, world.lead, NIGHT, urgency)
    morning = datetime(2026, 3, 3, 7, 0, tzinfo=BEIJING)
    assert fates(database) == [("queued", NIGHT), ("queued", morning), ("queued", morning)]
    with database.read() as db:
        held = [one.is_held for one in own_messages(db, actor=world.lead, now=NIGHT).messages]
    assert held == [True, True, False]


def test_what_somebody_does_not_want_is_on_the_page_and_in_no_mail(database: Database, world: World) -> None:
    choose(database, world.lead, wanted=frozenset())
    tell(database, world.lead, NOON, Urgency.DIGESTIBLE)
    tell(database, world.lead, NOON, Urgency.ORDINARY)  # the same kind, said to be more urgent
    assert [state for state, _ in fates(database)] == ["muted", "queued"]
    with database.read() as db:
        found = own_messages(db, actor=world.lead, now=NOON)
        assert (found.total, found.counts["page_only"]) == (2, 1)
        assert own_messages(db, actor=world.applicant, now=NOON).total == 0
        with pytest.raises(NotFound):
            own_message(db, actor=world.applicant, message_id=1, permission_for=lambda _path: None, now=NOON)


def test_a_digest_collects_and_leaves_once_over_two_workers(database: Database, world: World) -> None:
    choose(database, world.lead, digest="daily", digest_hour=9)
    for _ in range(2):
        tell(database, world.lead, NOON, Urgency.DIGESTIBLE)
    tell(database, world.lead, NOON, Urgency.ORDINARY)
    assert [state for state, _ in fates(database)] == ["collected", "collected", "queued"]
    assert send_digests(database, MORNING - timedelta(seconds=1)) == 0
    assert send_digests(database, MORNING) == 1
    assert send_digests(database, MORNING) == 0
    with database.read() as db:
        messages = db.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
        digest = messages[-1]
        assert [one.state for one in messages] == ["digested", "digested", "queued", "queued"]
        assert [one.digest_id for one in messages] == [digest.id, digest.id, None, None]
        assert (digest.kind, digest.subject) == ("digest", "【通知汇总】3月3日（周二），共 2 项")
        assert digest.text.count(f"→ {PACK['link_path']}") == 2
    # The second worker had seen the same moment: the period is taken, so nothing is told twice.
    tell(database, world.lead, NOON, Urgency.DIGESTIBLE)
    assert send_digests(database, MORNING + timedelta(minutes=1)) == 0
    assert send_digests(database, MORNING + timedelta(days=3)) == 1
    with database.read() as db:
        assert len(db.scalars(select(MailDigest)).all()) == 2


def test_a_weekly_digest_waits_for_its_day(database: Database, world: World) -> None:
    choose(database, world.lead, digest="weekly", digest_hour=9, digest_weekday=3)
    tell(database, world.lead, NOON, Urgency.DIGESTIBLE)
    assert send_digests(database, MORNING + timedelta(days=1)) == 0
    assert send_digests(database, MORNING + timedelta(days=2)) == 1


def test_what_is_done_before_the_digest_is_left_out(database: Database, world: World) -> None:
    choose(database, world.lead, digest="daily", digest_hour=9)
    with database.write() as db:
        consultation = application.submitted(db, world)
        (owed,) = open_obligations(db, consultation.id, kinds=["answer_application"])
    tell(database, world.lead, NOON, Urgency.DIGESTIBLE, reminds_of=owed)
    tell(database, world.lead, NOON, Urgency.DIGESTIBLE)
    with database.write() as db:
        consultation, owed = db.merge(consultation), db.merge(owed)
        close(db, consultation, [owed], now=NOON, met=True)
    assert send_digests(database, MORNING) == 1
    with database.read() as db:
        moot, told, digest = db.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(3)).all()[::-1]
        assert (moot.state, told.state, told.digest_id) == ("withdrawn", "digested", digest.id)
        assert "共 1 项" in digest.subject
        assert "另有 1 项" in digest.text


def test_no_digest_any_more_lets_go_what_was_collected(database: Database, world: World) -> None:
    choose(database, world.lead, digest="daily")
    tell(database, world.lead, NOON, Urgency.DIGESTIBLE)
    choose(database, world.lead, digest="none")
    assert fates(database) == [("queued", NOON.astimezone(BEIJING))]


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({**QUIET, "quiet_until": 22}, "quiet_until"),
        ({**QUIET, "digest": "daily", "digest_hour": 23}, "digest_hour"),
        ({**QUIET, "digest": "weekly", "digest_hour": 6}, "digest_hour"),
    ],
)
def test_hours_that_contradict_each_other(sqlite_database: Database, chosen: dict[str, object], field: str) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        with pytest.raises(Invalid) as refused:
            set_preferences(db, actor=world.lead, given=Preferences(**chosen), now=NOON)  # type: ignore[arg-type]
        assert [problem.field for problem in refused.value.problems] == [field]


def test_each_is_asked_about_what_can_reach_him(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
    expert, liaison = world.experts["anhui"][0], world.lead
    assert {one.kind for one in kinds_to_choose(expert)} < {one.kind for one in kinds_to_choose(liaison)}
    assert all(MAIL_KINDS[one.kind].urgency is Urgency.DIGESTIBLE for one in kinds_to_choose(liaison))
    assert "please_sign" in {one.kind for one in mandatory_kinds(expert)}
    assert world.auditor is not None
    assert {one.kind for one in mandatory_kinds(world.auditor)} < {one.kind for one in mandatory_kinds(expert)}


def test_choices_cost_one_statement_a_call_and_none_where_nobody_has_any(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
    choose(sqlite_database, world.liaisons["jiangsu"][0], digest="daily")
    with sqlite_database.write() as db:
        said: list[str] = []
        sql_event.listen(sqlite_database.engine, "before_cursor_execute", lambda *a: said.append(a[2]))
        for key, urgency, statements in (
            ("jiangsu", Urgency.MANDATORY, 1),
            ("jiangsu", Urgency.ORDINARY, 2),
            ("anhui", Urgency.ORDINARY, 1),
        ):
            people = [db.get_one(Person, actor.person_id) for actor in world.liaisons[key]]
            said.clear()
            queue(db, "term_handover_accepted", people, now=NOON, urgency=urgency, **PACK)  # type: ignore[arg-type]
            assert len(said) == statements
