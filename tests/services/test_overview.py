"""List, page and duties: what each person is shown."""

import pytest

from portal.models.database import Database
from portal.process.errors import NotAllowed, NotFound
from portal.services.consultation.listing import ListFilter, list_consultations
from portal.services.consultation.overview import overview, owner_words
from portal.services.duties import duties_of_others, own_duties, own_duty_count
from tests.factories.application import accepted, drafted, submitted
from tests.factories.world import NOON, build_world


def test_the_lead_sees_what_waits_and_the_applicant_waits(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = submitted(db, world)
        (duty,) = own_duties(db, actor=world.lead, now=NOON)
        assert (duty.kind.kind, duty.owner, duty.subject.number) == ("answer_application", "江苏", "〔2026〕1号")
        assert own_duty_count(db, actor=world.lead, now=NOON) == 1
        assert own_duties(db, actor=world.applicant, now=NOON) == []
        (other,) = duties_of_others(db, actor=world.applicant, now=NOON)
        assert other.obligation_id == duty.obligation_id
        page = overview(db, actor=world.lead, consultation_id=consultation.id, now=NOON)
        assert {action.act for action in page.actions} >= {"accept_application", "return_application"}
        assert [step.state for step in page.steps] == ["now", *["later"] * 7]
        assert owner_words(page.duties) == "江苏 受理或退回会诊申请"
        assert "2 个工作日" in page.outlook or "2" in page.outlook
        assert page.timeline[0].says == "提交会诊申请"


def test_strangers_find_nothing(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = submitted(db, world)
        for stranger in (world.liaisons["anhui"][0], world.experts["shanghai"][0], world.auditor):
            assert stranger is not None
            with pytest.raises(NotFound):
                overview(db, actor=stranger, consultation_id=consultation.id, now=NOON)
        with pytest.raises(NotAllowed):
            list_consultations(db, actor=world.experts["anhui"][0], wanted=ListFilter(), now=NOON)


def test_the_list_shows_and_counts_only_what_is_visible(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        draft, sent, taken = drafted(db, world), submitted(db, world), accepted(db, world)
        for actor, expected in (
            (world.applicant, {draft.id, sent.id, taken.id}),
            (world.lead, {sent.id, taken.id}),
            (world.liaisons["zhejiang"][0], set()),
        ):
            page = list_consultations(db, actor=actor, wanted=ListFilter(), now=NOON)
            assert {row.consultation_id for row in page.rows} == expected
            assert page.total == page.tabs["year"] == len(expected)
        found = list_consultations(db, actor=world.lead, wanted=ListFilter(tab="all", text="〔2026〕2号"), now=NOON)
        assert [row.consultation_id for row in found.rows] == [taken.id]
        for text, count in (("1518", 2), ("100%", 0), ("煦眠", 2), ("_", 0)):
            assert list_consultations(db, actor=world.lead, wanted=ListFilter(text=text), now=NOON).total == count
        mine = list_consultations(db, actor=world.lead, wanted=ListFilter(tab="mine"), now=NOON)
        assert all(row.is_mine for row in mine.rows)
        assert {row.consultation_id for row in mine.rows} == {sent.id, taken.id}
