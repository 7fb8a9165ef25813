"""Who is told of what is owed in a recall case: by the act that opens it, by reminders, and the producer by a link."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.mail.letters import Frame, text_of
from portal.models.account import Person
from portal.models.case_document import ProducerLink
from portal.models.database import Database
from portal.models.institution import InstitutionHead
from portal.models.outbox import OutboxMessage
from portal.models.recall_case import RecallCase
from portal.process.errors import Invalid, Refusal
from portal.process.ledger import KINDS
from portal.process.recall_obligations import RECALL_OBLIGATIONS
from portal.rules.dates import BEIJING, end_of_day
from portal.rules.reminders import Policy, Step, To, When
from portal.services.account_sessions import digest_of_token
from portal.services.duties import duties_of_others, own_duties
from portal.services.kernel.case_mailing import queue_to_producer
from portal.services.kernel.case_obligations import open_in_case
from portal.services.outbox import deliver_due
from portal.services.own_messages import own_message, own_messages
from portal.services.recall.producer_tokens import give_producer_token
from portal.services.reminder_preview import preview_day
from portal.services.reminder_rules import checked_policy, view_rules
from portal.services.reminders import remind_due
from tests.factories.recall_case import (
    NANJING,
    SUZHOU,
    Regulators,
    act,
    begun,
    build_regulators,
    investigated,
    supported,
    verified,
)
from tests.factories.world import NOON, World, build_world


def at(month: int, day: int, hour: int = 9, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=BEIJING)


def mails(db: Session, *kinds: str) -> list[tuple[str, str]]:
    """Recipient and subject of the mails of these kinds, in order."""
    rows = db.scalars(select(OutboxMessage).where(OutboxMessage.kind.in_(kinds)).order_by(OutboxMessage.id))
    return [(row.recipient_name, row.subject) for row in rows]


REMINDERS = ("reminder", "reminder_due", "reminder_overdue", "reminder_escalated", "reminder_waiting")


def scene(db: Session) -> tuple[World, Regulators]:
    return build_world(db), build_regulators(db)


def test_a_technical_institution_owes_its_report_among_its_own_duties(database: Database) -> None:
    with database.write() as db:
        world, regulators = scene(db)
        case = verified(db, regulators)
        act(db, case, "investigate_at_once", actor=regulators.city)
        supported(db, regulators, world, case, on=date(2026, 3, 31))
        told = mails(db, "case_duty")
    with database.read() as db:
        (duty,) = own_duties(db, actor=world.staff["jiangsu"], now=NOON)
        assert (duty.path, duty.due_at) == (
            f"/recall/{case.id}/record-investigation-report",
            end_of_day(date(2026, 3, 31)),
        )
        assert {one.kind.kind for one in duties_of_others(db, actor=regulators.city, now=NOON)} == {
            "report_investigation"
        }
    subject = "【请提交】电热毯 XM-1518D 缺陷调查报告，截止 3月31日（周二）24:00"
    assert told == [("ji联1", subject), ("ji联2", subject)]


def test_an_act_tells_the_institution_that_owes_what_follows_and_not_the_one_that_acted(database: Database) -> None:
    with database.write() as db:
        _, regulators = scene(db)
        case = begun(db, regulators, by=regulators.officers[SUZHOU][0])
        first = mails(db, "case_duty")
        db.execute(delete(OutboxMessage))
        act(db, case, "verify_clue", actor=regulators.city)
        own = mails(db, "case_duty")
        other = begun(db, regulators)
        other.in_charge_id = regulators.officers[NANJING][1].person_id
        db.execute(delete(OutboxMessage))
        act(db, other, "pass_on_clue", actor=regulators.city)
        mail = db.scalars(select(OutboxMessage)).one()
    subject = "【请核实】电热毯 XM-1518D 缺陷线索，截止 3月9日（周一）24:00"
    assert first == [("宁甲", subject), ("宁乙", subject)]
    assert own == []
    assert (mail.recipient_name, mail.link_path) == ("苏甲", f"/recall/{other.id}/assign-clue")
    assert mail.recall_case_id == other.id
    assert "工作流程第十条" in mail.text
    assert "3月2日（周一）起算，当日不计；3月3日（周二）第1个工作日" in mail.text
    assert mail.calendar is not None
    assert "召回案件：〔2026〕2号" in mail.calendar.replace("\r\n ", "")


def test_a_regulator_is_reminded_its_head_when_late_and_the_person_in_charge_alone_once_named(
    sqlite_database: Database,
) -> None:
    database = sqlite_database
    with database.write() as db:
        _, regulators = scene(db)
        case = verified(db, regulators)  # to decide in ten working days: until 16 March
        head = regulators.officers[NANJING][1]
        db.add(InstitutionHead(institution_id=head.institution_id, person_id=head.person_id, from_on=date(2026, 1, 1)))
        db.execute(delete(OutboxMessage))
    assert [remind_due(database, when) for when in (at(3, 12), at(3, 13), at(3, 16))] == [0, 2, 2]
    with database.write() as db:
        db.get_one(RecallCase, case.id).in_charge_id = regulators.city.person_id
    assert [remind_due(database, when) for when in (at(3, 17), at(3, 18), at(3, 19), at(3, 24))] == [1, 0, 2, 2]
    with database.read() as db:
        thing = "电热毯 XM-1518D 技术会商"
        until = "应于 3月16日（周一）24:00 前"
        assert mails(db, *REMINDERS) == [
            *((name, f"【请决定】{thing}，截止 3月16日（周一）24:00") for name in ("宁甲", "宁乙")),
            *((name, f"【请决定（急）】{thing}，今天截止：3月16日（周一）24:00") for name in ("宁甲", "宁乙")),
            ("宁甲", f"【请决定（急）】{thing}，已超期 1 个工作日，{until}"),
            ("宁甲", f"【请决定（急）】{thing}，已超期 3 个工作日，{until}"),
            ("宁乙", f"【请督促（急）】{thing}，南京市市场监督管理局已超期 3 个工作日，{until}"),
            ("宁甲", f"【请决定（急）】{thing}，已超期 6 个工作日，{until}"),
            ("宁乙", f"【请督促（急）】{thing}，南京市市场监督管理局已超期 6 个工作日，{until}"),
        ]
        first = db.scalars(select(OutboxMessage).where(OutboxMessage.kind == "reminder")).first()
        assert first is not None
        assert first.link_path == f"/recall/{case.id}/decide-review"
        assert "依据：　工作流程第九条" in first.text
        assert "召回案件：　南京〔2026〕1号" in first.text


def test_what_a_producer_owes_is_told_to_the_authority_as_the_producers(sqlite_database: Database) -> None:
    database = sqlite_database
    with database.write() as db:
        _, regulators = scene(db)
        case = investigated(db, regulators)
        case.in_charge_id = regulators.city.person_id
        for one in open_in_case(db, case.id, ["serve_notice"]):
            one.closed_at, one.is_met = NOON, True
        db.execute(delete(OutboxMessage))
    assert [remind_due(database, when) for when in (at(3, 18), at(3, 20), at(3, 23))] == [1, 1, 1]
    with database.read() as db:
        rows = db.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
    thing, until = "电热毯 XM-1518D 调查分析报告", "3月20日（周五）24:00"
    assert [(row.recipient_name, row.subject) for row in rows] == [
        ("宁甲", f"【请提交】{thing}，截止 {until}"),
        ("宁甲", f"【请提交】{thing}，今天截止：{until}"),
        ("宁甲", f"【请督促（急）】{thing}，生产者已超期 1 个工作日，应于 {until} 前"),
    ]
    assert "生产者应当提交调查分析报告，期限将到。您是案件承办人员" in rows[0].text
    assert "这一日期由办理单位确定，不按工作日推算。" in rows[0].text
    assert "逾期提交的照收" in rows[2].text
    assert {row.link_path for row in rows} == {f"/recall/{case.id}"}


def _link(db: Session, regulators: Regulators, case: RecallCase, purpose: str = "producer_report") -> ProducerLink:
    link = ProducerLink(
        case_id=case.id, purpose=purpose, recipient="王经理", email="wang@example.com", issued_at=NOON,
        issued_by_id=regulators.city.person_id, expires_at=NOON + timedelta(days=180),
    )  # fmt: skip
    db.add(link)
    db.flush()
    return link


def test_a_producers_mail_says_what_is_asked_and_carries_the_one_token(database: Database, tmp_path: Path) -> None:
    settings = Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path)})
    with database.write() as db:
        _, regulators = scene(db)
        case = investigated(db, regulators)
        case.authority.phone, case.in_charge_id = "025-00000000", regulators.city.person_id
        db.flush()
        db.refresh(case)
        db.execute(delete(OutboxMessage))
        link = _link(db, regulators, case)
        queue_to_producer(db, link, case, asked="提交调查分析报告（附件2）", now=NOON)
        assert link.token_digest is None
    sent = []
    assert deliver_due(database, settings, NOON, send=lambda letter, _: sent.append(letter)) == 1
    (letter,) = sent
    assert (letter.recipient, letter.recipient_name) == ("wang@example.com", "王经理")
    assert letter.subject == "【请填报】电热毯 XM-1518D：提交调查分析报告（附件2），截止 3月20日（周五）24:00"
    said = ("南京市市场监督管理局请贵单位", "联系电话：025-00000000", "联系人：宁甲", "链接有效至：2026年8月29日")
    assert [words for words in said if words not in letter.text] == []
    assert "我的通知" not in letter.text
    assert "/account/notices" not in letter.html
    with database.read() as db:
        link = db.get_one(ProducerLink, link.id)
        token = letter.text.partition("/producer?token=")[2].split()[0]
        assert link.token_digest == digest_of_token(token)
        assert token not in db.scalars(select(OutboxMessage)).one().text


def test_a_revoked_link_leaves_no_more_and_gets_no_token(database: Database, tmp_path: Path) -> None:
    settings = Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path)})
    with database.write() as db:
        _, regulators = scene(db)
        case = investigated(db, regulators)
        db.execute(delete(OutboxMessage))
        link = _link(db, regulators, case)
        queue_to_producer(db, link, case, asked="提交调查分析报告（附件2）", now=NOON)
        first = give_producer_token(db, link, NOON)
        assert link.token_digest == digest_of_token(first)
        link.revoked_at = NOON
        with pytest.raises(Refusal):
            give_producer_token(db, link, NOON)
        paper = _link(db, regulators, case, "recall_plan")
        paper.email = ""
        with pytest.raises(ValueError, match="no mail address"):
            queue_to_producer(db, paper, case, asked="报告召回计划", now=NOON)
    assert deliver_due(database, settings, NOON, send=lambda *_: pytest.fail("it has left")) == 0
    with database.read() as db:
        message = db.scalars(select(OutboxMessage)).one()
        assert (message.state, message.error) == ("withdrawn", "填报链接已撤销或者过期，不再发送")


def test_own_messages_have_the_number_of_the_case_and_its_page_once_it_is_done(database: Database) -> None:
    with database.write() as db:
        _, regulators = scene(db)
        case = begun(db, regulators, by=regulators.officers[SUZHOU][0])
    with database.read() as db:
        (found,) = own_messages(db, actor=regulators.city, now=NOON).messages
        assert (found.number, found.title) == ("〔2026〕1号", "召回案件待办")
        where = {"actor": regulators.city, "message_id": found.message.id, "now": NOON}
        assert own_message(db, permission_for=lambda _: "verify_clue", **where).link[1] == "去核实"
    with database.write() as db:
        act(db, db.get_one(RecallCase, case.id), "verify_clue", actor=regulators.city)
    with database.read() as db:
        over = own_message(db, permission_for=lambda _: "verify_clue", **where)
        assert over.link == (f"/recall/{case.id}", "查看案件")


def test_the_rules_list_cases_apart_and_keep_what_is_told_inside_the_case(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world, regulators = scene(db)
        verified(db, regulators)
        rules = view_rules(db, actor=world.lead, now=NOON)
        assert {line.kind.kind for line in rules.of_cases} == set(RECALL_OBLIGATIONS)
        assert len(rules.of_cases) + len(rules.of_consultations) == len(KINDS)
        kind = RECALL_OBLIGATIONS["decide_review"]
        shipped = rules.line_of("decide_review").policy
        outside = Policy((*shipped.steps, Step(When.BEFORE, (To.LEAD,), 5, at=shipped.steps[0].at)))
        with pytest.raises(Invalid, match="召回案件的事项只通知办理人和负责人"):
            checked_policy(kind, outside)
        assert checked_policy(kind, shipped) == shipped
    with sqlite_database.read() as db:
        lines = list(preview_day(db, on=date(2026, 3, 13), now=NOON))
        found = [(one.person, one.number, one.why) for one in lines if one.kind == kind.label]
        assert found == [("宁甲", "〔2026〕1号", "案件承办人员"), ("宁乙", "〔2026〕1号", "案件承办人员")]


def test_what_is_done_before_the_mail_leaves_is_not_asked_for(sqlite_database: Database, tmp_path: Path) -> None:
    settings = Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path)})
    with sqlite_database.write() as db:
        _, regulators = scene(db)
        case = begun(db, regulators, by=regulators.officers[SUZHOU][0])
        act(db, case, "verify_clue", actor=regulators.city)
        other = begun(db, regulators, by=regulators.officers[SUZHOU][0])
    sent = []
    assert deliver_due(sqlite_database, settings, NOON, send=lambda letter, _: sent.append(letter)) == 2
    assert {letter.recipient_name for letter in sent} == {"宁甲", "宁乙"}
    with sqlite_database.read() as db:
        rows = db.execute(select(OutboxMessage.recall_case_id, OutboxMessage.state)).all()
        assert set(rows) == {(case.id, "withdrawn"), (other.id, "sent")}


def test_an_officer_who_left_is_not_told(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        _, regulators = scene(db)
        verified(db, regulators)
        db.get_one(Person, regulators.city.person_id).is_active = False
        db.execute(delete(OutboxMessage))
    assert remind_due(sqlite_database, at(3, 13)) == 1
    with sqlite_database.read() as db:
        assert [name for name, _ in mails(db, *REMINDERS)] == ["宁乙"]


def test_the_text_of_a_mail_to_a_producer_names_no_page_of_the_portal() -> None:
    frame = Frame(
        "producer_link", "打开填报页面", "https://portal.example.org/producer?token=x", "https://portal.example.org"
    )
    assert frame.preferences_url == ""
    assert "/account" not in text_of("正文", frame)
