"""What is owed in a recall case stands in the one ledger: shown, reminded of, mailed and proved like all else."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session

from portal.models.database import Database
from portal.models.obligation import Obligation
from portal.models.recall_case import RecallCase
from portal.process.errors import NotFound
from portal.process.recall_obligations import RECALL_OBLIGATIONS
from portal.rules.dates import BEIJING, end_of_day
from portal.services.calendar_feed import feed_of_token, make_feed
from portal.services.calendar_year_changes import preview_year
from portal.services.calendar_years import load_year
from portal.services.dashboard import dashboard
from portal.services.deadlines import view_own_deadline
from portal.services.duties import duties_of_others, own_duties, own_duty_count
from portal.services.kernel.case_obligations import oblige_in_case, open_in_case, owe_interim_summary
from tests.factories.calendar import YEAR_2027
from tests.factories.recall_case import (
    HEFEI,
    SUZHOU,
    Regulators,
    begun,
    build_regulators,
    investigated,
    verified,
)
from tests.factories.world import NOON, World, build_world


def at(month: int, day: int, hour: int = 9, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=BEIJING)


def scene(db: Session) -> tuple[World, Regulators]:
    return build_world(db), build_regulators(db)


def owed(db: Session, case: RecallCase, kind: str) -> Obligation:
    (found,) = open_in_case(db, case.id, [kind])
    return found


def test_an_officer_sees_what_the_own_regulator_owes_and_where_it_is_done(database: Database) -> None:
    with database.write() as db:
        _, regulators = scene(db)
        case = verified(db, regulators)
    with database.read() as db:
        (duty,) = own_duties(db, actor=regulators.city, now=NOON)
        assert (duty.kind.kind, duty.button, duty.path) == (
            "decide_review",
            "去决定",
            f"/recall/{case.id}/decide-review",
        )
        assert (duty.subject.title, duty.subject.detail) == ("电热毯 XM-1518D", "南京 召回案件〔2026〕1号")
        assert duty.owner == "南京市市场监督管理局"
        assert own_duty_count(db, actor=regulators.city, now=NOON) == 1
        for other in (regulators.province, regulators.officers[SUZHOU][0], regulators.officers[HEFEI][0]):
            assert own_duties(db, actor=other, now=NOON) == []
        assert [one.obligation_id for one in dashboard(db, actor=regulators.city, now=NOON).own] == [duty.obligation_id]


def test_others_are_the_producer_for_the_authority_and_the_cities_for_their_province(database: Database) -> None:
    with database.write() as db:
        world, regulators = scene(db)
        case = investigated(db, regulators)

    def seen(actor: object) -> set[tuple[str, str, str]]:
        with database.read() as db:
            found = duties_of_others(db, actor=actor, now=NOON)
            return {(one.kind.kind, one.owner, one.page) for one in found}

    page = f"/recall/{case.id}"
    assert seen(regulators.city) == {("hand_in_report", "生产者", page)}
    assert seen(regulators.province) == {("serve_notice", "南京市市场监督管理局", page)}
    assert seen(regulators.officers[SUZHOU][0]) == seen(regulators.officers[HEFEI][0]) == set()
    assert seen(world.lead) == set(), "a technical institution that leads hears nothing of cases"


def test_interim_summaries_are_counted_in_months_and_say_so(database: Database) -> None:
    with database.write() as db:
        world, regulators = scene(db)
        case = _implementing(db, regulators, date(2026, 6, 29))
        obligation = owe_interim_summary(db, case, number=1, now=NOON)
        paper = view_own_deadline(db, actor=regulators.province, obligation_id=obligation.id, now=NOON)
        assert paper.due_at == end_of_day(date(2026, 9, 29))
        assert (paper.limit_words, paper.since_on, paper.begun_by) == (
            "每 3 个月一次",
            date(2026, 6, 29),
            "召回实施之日",
        )
        assert paper.how_counted == "自召回实施之日2026年6月29日起满3个月为9月29日（周二），末日24:00止。"
        assert (paper.source, paper.owner) == ("江苏省缺陷消费品召回管理工作流程", "生产者")
        assert paper.article is not None
        assert paper.article.label == "第十六条"
        assert paper.is_counted_as_then
        assert world.administrator is not None
        second = owe_interim_summary(db, case, number=2, now=NOON)
        paper = view_own_deadline(db, actor=regulators.city, obligation_id=second.id, now=NOON)
        assert "起满6个月为12月29日（周二）" in paper.how_counted


def _implementing(db: Session, regulators: Regulators, started_on: date) -> RecallCase:
    case = begun(db, regulators)
    case.stage, case.started_on = "implementing", started_on
    for one in open_in_case(db, case.id):
        one.closed_at, one.is_met = NOON, True
    db.flush()
    return case


def test_a_new_calendar_moves_months_and_days_of_cases(database: Database) -> None:
    then = datetime(2026, 12, 29, 4, 0, tzinfo=UTC)
    with database.write() as db:
        world, regulators = scene(db)
        case = _implementing(db, regulators, date(2026, 10, 3))
        months = owe_interim_summary(db, case, number=1, now=then)  # 3 January 2027, a Sunday
        days = oblige_in_case(db, case, "review_summary", now=then)
        assert (months.due_at, months.is_provisional) == (end_of_day(date(2027, 1, 4)), True)
        moves = preview_year(db, actor=world.administrator, toml_text=YEAR_2027, now=then).moves
        assert {move.label for move in moves} == {RECALL_OBLIGATIONS[one.kind].label for one in (months, days)}
        load_year(db, actor=world.administrator, toml_text=YEAR_2027, now=then)
        assert not months.is_provisional
        assert not days.is_provisional
        assert case.next_due_at == min(months.due_at, days.due_at)


def test_the_certificate_of_a_case_is_for_those_who_see_the_case(database: Database) -> None:
    with database.write() as db:
        world, regulators = scene(db)
        case = investigated(db, regulators)
        counted, dated = owed(db, case, "serve_notice"), owed(db, case, "hand_in_report")
        paper = view_own_deadline(db, actor=regulators.city, obligation_id=counted.id, now=NOON)
        assert (paper.limit_words, paper.begun_by) == ("5 个工作日", "通知生产者开展调查分析")
        assert [day.place for day in paper.days if day.place] == [1, 2, 3, 4, 5]
        assert paper.limit is not None
        assert paper.limit.decided
        paper = view_own_deadline(db, actor=regulators.province, obligation_id=dated.id, now=NOON)
        assert (paper.limit_words, paper.days, paper.how_counted) == ("由办理单位指定的时间", (), "")
        strangers = (regulators.officers[SUZHOU][0], regulators.officers[HEFEI][0], world.lead, world.administrator)
        for stranger in strangers:
            with pytest.raises(NotFound):
                view_own_deadline(db, actor=stranger, obligation_id=counted.id, now=NOON)


def test_days_from_receipt_are_said_to_run_from_it(database: Database) -> None:
    with database.write() as db:
        _, regulators = scene(db)
        case = investigated(db, regulators)
        received = at(3, 4, 12)
        one = oblige_in_case(db, case, "hand_in_noticed_plan", now=NOON, since_at=received)
        paper = view_own_deadline(db, actor=regulators.city, obligation_id=one.id, now=NOON)
        assert (paper.begun_by, paper.limit_words, paper.since_on) == (
            "收到通知书之日",
            "10 个工作日",
            date(2026, 3, 4),
        )
        assert paper.due_at == end_of_day(date(2026, 3, 18))


def test_the_feed_has_what_a_regulator_owes(database: Database) -> None:
    with database.write() as db:
        _, regulators = scene(db)
        case = verified(db, regulators)
        path = make_feed(db, actor=regulators.city, now=NOON)
    with database.read() as db:
        feed = feed_of_token(db, token=path.partition("=")[2], base_url="https://portal.example.org", now=NOON)
    assert feed is not None
    text = feed.text.replace("\r\n ", "")
    assert "SUMMARY:截止：完成技术会商并作出决定 电热毯 XM-1518D" in text
    assert "召回案件：〔2026〕1号" in text
    assert f"https://portal.example.org/recall/{case.id}/decide-review" in text
