"""Reminders: by policy, once, the newest only, never of what is done or for a moment that was moved."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.models.database import Database
from portal.models.event import Event
from portal.models.institution import InstitutionHead
from portal.models.obligation import Obligation, ReminderSent
from portal.models.outbox import OutboxMessage
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal, Stale
from portal.process.obligations import OBLIGATIONS
from portal.process.permissions import Actor
from portal.rules.dates import BEIJING
from portal.rules.reminders import Policy, To, When
from portal.services.calendar_years import load_year
from portal.services.consultation.material import extend_analysis
from portal.services.consultation.preliminary_analysis import hand_in_analysis
from portal.services.outbox import deliver_due
from portal.services.reminder_rules import (
    policies_in_force,
    restore_reminder_policy,
    set_reminder_policy,
    shipped_policy,
    view_rules,
)
from portal.services.reminders import remind_due
from tests.factories.application import submitted
from tests.factories.material import sent
from tests.factories.panel import actors
from tests.factories.preliminary_analysis import ANALYSIS
from tests.factories.time_poll import time_poll_opened
from tests.factories.world import NOON, World, build_world


def at(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BEIJING)


@dataclass
class Scene:
    database: Database
    world: World
    consultation_id: int

    def mails(self) -> list[tuple[str, str, str]]:
        """Kind, recipient and subject of every reminder, in order."""
        with self.database.read() as db:
            rows = db.scalars(
                select(OutboxMessage).where(OutboxMessage.kind.startswith("reminder")).order_by(OutboxMessage.id)
            )
            return [(row.kind, row.recipient_name, row.subject) for row in rows]

    def clear(self) -> None:
        with self.database.write() as db:
            db.execute(delete(OutboxMessage))

    def owed(self, db: Session, kind: str) -> list[Obligation]:
        return list(db.scalars(select(Obligation).where(Obligation.kind == kind).order_by(Obligation.id)))


@pytest.fixture
def applied(sqlite_database: Database) -> Scene:
    """An application, sent in on Monday at noon, which Jiangsu has to answer by Wednesday 24:00."""
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = submitted(db, world)
        db.execute(delete(OutboxMessage))
    return Scene(sqlite_database, world, consultation.id)


@pytest.fixture
def analysing(sqlite_database: Database) -> Scene:
    """Five experts owe their analyses from Monday noon until Thursday 24:00."""
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = sent(db, world)
        db.execute(delete(OutboxMessage))
    return Scene(sqlite_database, world, consultation.id)


def test_each_step_comes_at_its_moment_to_its_people_in_its_tone(applied: Scene) -> None:
    database = applied.database
    assert remind_due(database, NOON) == 0
    assert remind_due(database, at(3, 3, 8, 59)) == 0
    assert remind_due(database, at(3, 3)) == 2
    assert remind_due(database, at(3, 3)) == 0
    thing = "电热毯 XM-1518D 会诊申请"
    assert applied.mails() == [
        ("reminder", name, f"【请审核】{thing}，截止 3月4日（周三）24:00") for name in ("ji联1", "ji联2")
    ]
    applied.clear()
    assert [remind_due(database, when) for when in (at(3, 4), at(3, 4, 13, 30), at(3, 4, 23))] == [2, 2, 0]
    assert {subject for _, _, subject in applied.mails()} == {
        f"【请审核（急）】{thing}，今天截止：3月4日（周三）24:00",
        f"【请审核（急）】{thing}，截止 3月4日（周三）24:00",
    }
    applied.clear()
    assert remind_due(database, at(3, 5)) == 4
    late = "已超期 1 个工作日，应于 3月4日（周三）24:00 前"
    assert set(applied.mails()) == {
        *(("reminder_overdue", name, f"【请审核（急）】{thing}，{late}") for name in ("ji联1", "ji联2")),
        *(
            ("reminder_escalated", name, f"【请督促（急）】{thing}，江苏省消费品召回技术中心{late}")
            for name in ("sh联1", "sh联2")
        ),
    }


def test_a_reminder_says_how_the_day_was_counted_and_leads_to_the_spot(analysing: Scene) -> None:
    remind_due(analysing.database, at(3, 3))
    with analysing.database.read() as db:
        mail = db.scalars(select(OutboxMessage).where(OutboxMessage.kind == "reminder")).first()
    assert mail is not None
    assert mail.link_path == f"/consultations/{analysing.consultation_id}/preliminary-analysis/hand-in-analysis"
    assert "3月2日（周一）起算，当日不计；3月3日（周二）第1个工作日" in mail.text
    assert "截止：　3月5日（周四）24:00" in mail.text


def test_who_was_away_catches_up_with_the_newest_only(applied: Scene) -> None:
    assert remind_due(applied.database, at(3, 4, 20)) == 2
    with applied.database.read() as db:
        assert set(db.scalars(select(ReminderSent.step))) == {"before_4h"}
    assert remind_due(applied.database, at(3, 20)) == 4, "three steps and two turns were missed"
    with applied.database.read() as db:
        assert set(db.scalars(select(ReminderSent.step))) == {"before_4h", "again_5d.1"}


def test_what_is_done_is_not_reminded_of_and_what_waits_to_leave_is_withdrawn(
    analysing: Scene, tmp_path: object
) -> None:
    database = analysing.database
    assert remind_due(database, at(3, 3)) == 5
    done = actors(analysing.world)[0]
    with database.write() as db:
        hand_in_analysis(
            db, actor=done, consultation_id=analysing.consultation_id, given=ANALYSIS, version=0, now=at(3, 3, 10)
        )
    settings = Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path)})
    assert deliver_due(database, settings, at(3, 3, 11), send=lambda *_: None) == 4
    with database.read() as db:
        states = dict(db.execute(select(OutboxMessage.recipient_name, OutboxMessage.state)).all())
    assert [name for name, state in states.items() if state == "withdrawn"] == [done.name]
    analysing.clear()
    remind_due(database, at(3, 5))
    names = {name for _, name, _ in analysing.mails()}
    assert done.name not in names
    assert len(names) == 4


def test_a_deadline_that_moves_is_reminded_of_anew(analysing: Scene) -> None:
    database, world = analysing.database, analysing.world
    assert remind_due(database, at(3, 3)) == 5
    with database.write() as db:
        extend_analysis(
            db, actor=world.lead, consultation_id=analysing.consultation_id, working_days=1, reason="补充检测",
            now=at(3, 3, 10),
        )  # fmt: skip
        assert {one.remind_at for one in analysing.owed(db, "hand_in_analysis")} == {at(3, 3, 10)}
    analysing.clear()
    assert remind_due(database, at(3, 3, 11)) == 0
    with database.read() as db:
        assert {one.remind_at for one in analysing.owed(db, "hand_in_analysis")} == {at(3, 4)}
    assert remind_due(database, at(3, 4)) == 5, "two days before the new last day, which is Friday"
    assert {subject.partition("，")[2] for _, _, subject in analysing.mails()} == {"截止 3月6日（周五）24:00"}


def test_a_year_of_the_calendar_that_comes_moves_the_reminders(sqlite_database: Database) -> None:
    eve = datetime(2026, 12, 30, 12, tzinfo=BEIJING)
    with sqlite_database.write() as db:
        world = build_world(db, now=eve)
        scene = Scene(sqlite_database, world, submitted(db, world, now=eve).id)
    remind_due(sqlite_database, eve)
    with sqlite_database.write() as db:
        (owed,) = scene.owed(db, "answer_application")
        assert owed.remind_at == datetime(2026, 12, 31, 9, tzinfo=BEIJING)
        assert owed.due_at == datetime(2027, 1, 2, tzinfo=BEIJING)
        text = (
            'year = 2027\nnotice = "通知"\ndocument_number = "国办发明电〔2026〕9号"\n'
            '[[holidays]]\nname = "元旦"\nfirst = 2027-01-01\nlast = 2027-01-03\nmake_up_working_days = []\n'
        )
        load_year(db, actor=None, toml_text=text, now=eve)
    remind_due(sqlite_database, eve)
    with sqlite_database.write() as db:
        (owed,) = scene.owed(db, "answer_application")
        assert owed.due_at == datetime(2027, 1, 5, tzinfo=BEIJING)
    assert remind_due(sqlite_database, datetime(2027, 1, 4, 9, tzinfo=BEIJING)) == 2


def test_two_workers_at_once_send_nothing_twice(database: Database) -> None:
    with database.write() as db:
        sent(db, build_world(db))
        db.execute(delete(OutboxMessage))
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: remind_due(database, at(3, 3)), range(4)))
    assert sum(counts) == 5
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(OutboxMessage)) == 5


def test_a_run_looks_at_no_more_than_it_may(analysing: Scene) -> None:
    assert [remind_due(analysing.database, at(3, 3), limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_the_head_is_told_and_the_liaisons_where_none_is_named(analysing: Scene) -> None:
    world, late = analysing.world, at(3, 10)
    with analysing.database.write() as db:
        head = InstitutionHead(
            institution_id=world.institutions["shanghai"], person_id=world.staff["shanghai"].person_id,
            from_on=date(2026, 1, 1),
        )  # fmt: skip
        db.add(head)
    remind_due(analysing.database, late)
    told = {name for kind, name, _ in analysing.mails() if kind == "reminder_escalated"}
    assert world.staff["shanghai"].name in told
    assert {actor.name for actor in world.liaisons["anhui"]} <= told, "its expert is late, and it has named no head"
    links = {link for link in _links(analysing.database) if not link.endswith("hand-in-analysis")}
    assert links == {f"/consultations/{analysing.consultation_id}"}


def _links(database: Database) -> set[str]:
    with database.read() as db:
        return set(db.scalars(select(OutboxMessage.link_path).where(OutboxMessage.kind.startswith("reminder"))))


def test_an_institution_that_is_no_party_is_led_to_the_poll(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = time_poll_opened(db, world)
        db.execute(delete(OutboxMessage))
    remind_due(sqlite_database, at(3, 4, 18))
    assert _links(sqlite_database) == {
        f"/consultations/{consultation.id}/time-poll/answer-time-poll",
        *(link for link in _links(sqlite_database) if "time-poll" not in link),
    }
    with sqlite_database.read() as db:
        zhejiang = [person.person_id for person in world.liaisons["zhejiang"]]
        theirs = db.scalars(select(OutboxMessage).where(OutboxMessage.person_id.in_(zhejiang))).all()
    assert theirs
    assert {one.link_path for one in theirs} == {f"/consultations/{consultation.id}/time-poll/answer-time-poll"}


class TestThePolicy:
    KIND = "answer_application"

    def policy(self, *without: str) -> Policy:
        shipped = shipped_policy(OBLIGATIONS[self.KIND])
        return Policy(tuple(step for step in shipped.steps if step.key not in without))

    def set(self, scene: Scene, policy: Policy, *, actor: Actor | None = None, version: int = 0) -> None:
        with scene.database.write() as db:
            given = {"kind": self.KIND, "policy": policy, "version": version, "now": NOON}
            set_reminder_policy(db, actor=actor or scene.world.lead, **given)

    def test_another_policy_holds_from_then_on_and_the_change_is_recorded(self, applied: Scene) -> None:
        remind_due(applied.database, NOON)
        self.set(applied, self.policy("before_1d"))
        assert remind_due(applied.database, at(3, 3)) == 0
        assert remind_due(applied.database, at(3, 4)) == 2
        with applied.database.read() as db:
            event = db.scalars(select(Event).where(Event.name == "reminder_policy_changed")).one()
            line = view_rules(db, actor=applied.world.lead, now=NOON).line_of(self.KIND)
        assert 'when = "before", working_days = 1' in event.facts["before"]
        assert 'when = "before", working_days = 1' not in event.facts["after"]
        assert (line.is_shipped, line.version, line.changed_by) == (False, 1, applied.world.lead.name)
        with applied.database.write() as db:
            restore_reminder_policy(db, actor=applied.world.lead, kind=self.KIND, version=1, now=NOON)
            assert policies_in_force(db)[self.KIND] == self.policy()

    def test_mandatory_steps_stay(self, applied: Scene) -> None:
        for without, said in (("on_due", "截止当日"), ("after_1d after_3d again_5d", "第一次超期")):
            with pytest.raises(Invalid, match=said):
                self.set(applied, self.policy(*without.split()))
        first = next(step for step in self.policy().steps if step.when is When.AFTER)
        others = tuple(step for step in self.policy().steps if step is not first)
        with pytest.raises(Invalid, match="第一次超期"):
            self.set(applied, Policy((*others, replace(first, to=(To.HEAD,)))))

    def test_only_a_liaison_of_the_leading_institution_sets_it(self, applied: Scene) -> None:
        world = applied.world
        for actor in (world.applicant, world.staff["jiangsu"]):
            with pytest.raises(NotAllowed):
                self.set(applied, self.policy("before_1d"), actor=actor)
        with pytest.raises(NotFound):
            self.set(applied, self.policy("before_1d"), actor=world.experts["anhui"][0])

    def test_two_editors_do_not_overwrite_each_other_and_no_change_is_none(self, applied: Scene) -> None:
        self.set(applied, self.policy("before_1d"))
        with pytest.raises(Stale):
            self.set(applied, self.policy("before_4h"))
        with pytest.raises(Refusal, match="没有变化"):
            self.set(applied, self.policy("before_1d"), version=1)

    def test_fees_are_nobody_elses_business(self, applied: Scene) -> None:
        kind = OBLIGATIONS["pay_fees"]
        step = replace(shipped_policy(kind).steps[0], to=(To.OWNER, To.LEAD))
        with applied.database.write() as db, pytest.raises(Invalid) as refused:
            set_reminder_policy(
                db, actor=applied.world.lead, kind=kind.kind, policy=Policy((step,)), version=0, now=NOON
            )
        assert [problem.field for problem in refused.value.problems] == ["steps-0-to"]
