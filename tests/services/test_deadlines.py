"""The certificate of a deadline says what it runs from, by which article, and each day counted or not."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.models.database import Database
from portal.process.errors import NotFound
from portal.rules.dates import end_of_day
from portal.services.calendar_years import load_year
from portal.services.consultation.application import accept_application
from portal.services.deadlines import view_deadline
from portal.services.kernel.obligations import extend, open_obligations
from tests.factories.application import submitted
from tests.factories.calendar import YEAR_2027
from tests.factories.world import NOON, build_world

BEFORE_HOLIDAY = datetime(2026, 9, 30, 7, 0, tzinfo=UTC)


def test_each_day_is_counted_or_skipped_with_its_reason(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = submitted(db, world, now=BEFORE_HOLIDAY)
        (owed,) = open_obligations(db, consultation.id)
        paper = view_deadline(
            db, actor=world.lead, consultation_id=consultation.id, obligation_id=owed.id, now=BEFORE_HOLIDAY
        )
        assert paper.begun_by == "提交会诊申请"
        assert paper.since_on == date(2026, 9, 30)
        assert paper.article is not None
        assert paper.article.label == "第六条"
        assert paper.limit is not None
        assert paper.limit.decided
        assert [day.place for day in paper.days] == [None] * 7 + [1, 2]
        assert paper.days[0].reason == "国庆节放假"
        assert (paper.days[-1].day, paper.days[-1].reason) == (date(2026, 10, 9), "工作日")
        assert paper.notices == ("国务院办公厅关于2026年部分节假日安排的通知（国办发明电〔2025〕7号）",)
        assert paper.due_at == end_of_day(paper.days[-1].day)
        assert (paper.moved_from, paper.is_in_time, paper.owner) == (None, None, "江苏省消费品召回技术中心")


def test_an_extension_keeps_the_first_date_visible_and_a_met_one_tells_whether_in_time(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = submitted(db, world)
        (owed,) = open_obligations(db, consultation.id)
        first = owed.due_at
        extend(db, consultation, owed, working_days=1, reason="等待补充检测报告", now=NOON)
        at = NOON + timedelta(days=1)
        accept_application(db, actor=world.lead, consultation_id=consultation.id, now=at)
        paper = view_deadline(db, actor=world.applicant, consultation_id=consultation.id, obligation_id=owed.id, now=at)
        assert (paper.moved_from, paper.extension_reason) == (first, "等待补充检测报告")
        assert paper.is_in_time
        assert paper.is_counted_as_then


def test_a_provisional_one_says_which_year_is_missing_and_a_later_calendar_is_told(database: Database) -> None:
    at = datetime(2026, 12, 30, 4, 0, tzinfo=UTC)
    with database.write() as db:
        world = build_world(db)
        consultation = submitted(db, world, now=at)
        (owed,) = open_obligations(db, consultation.id)
        leading = world.liaisons["zhejiang"][0]  # since 21 November
        where = {"actor": leading, "consultation_id": consultation.id, "obligation_id": owed.id, "now": at}
        paper = view_deadline(db, **where)
        assert (paper.is_provisional, paper.missing_years) == (True, (2027,))
        assert "暂定" in paper.days[-1].reason
        accept_application(db, actor=leading, consultation_id=consultation.id, now=at)
        load_year(db, actor=world.administrator, toml_text=YEAR_2027, now=at)
        assert not view_deadline(db, **where).is_counted_as_then


def test_it_exists_only_for_those_who_see_the_consultation(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation, other = submitted(db, world), submitted(db, world)
        (owed,) = open_obligations(db, consultation.id)
        strangers = [world.staff["anhui"], world.experts["shanghai"][0], world.administrator, world.auditor]
        for stranger in strangers:
            assert stranger is not None
            with pytest.raises(NotFound):
                view_deadline(db, actor=stranger, consultation_id=consultation.id, obligation_id=owed.id, now=NOON)
        with pytest.raises(NotFound):
            view_deadline(db, actor=world.lead, consultation_id=other.id, obligation_id=owed.id, now=NOON)
