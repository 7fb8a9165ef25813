"""Step 3, analyses: drafts, handing in, lateness, and when the lead can be told."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from portal.models.database import Database
from portal.models.outbox import OutboxMessage
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.process.consultation import Stage
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal, Stale
from portal.rules.dates import beijing_day, end_of_day
from portal.services.consultation import preliminary_analysis as step
from portal.services.consultation.invitation import answer_invitation
from portal.services.consultation.material import extend_analysis
from portal.services.consultation.overview import overview
from portal.services.consultation.panel import recuse_member, replace_member
from portal.services.duties import own_duties, own_duty_count
from portal.services.kernel.loading import find
from portal.services.kernel.obligations import open_obligations
from portal.services.reminders import remind_due
from tests.factories.material import sent
from tests.factories.panel import ACCEPTS, FIVE, actors, place_of
from tests.factories.preliminary_analysis import ANALYSIS, all_handed_in, lead_told
from tests.factories.world import NOON, build_world

LATE = NOON + timedelta(days=4)


def test_a_draft_may_have_gaps_and_is_kept_by_version(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation, expert = sent(db, world), world.experts["anhui"][0]
        given = {"actor": expert, "consultation_id": consultation.id, "now": NOON}
        first = step.save_analysis(db, given=step.AnalysisInput(cause="未知"), version=0, **given)
        second = step.save_analysis(db, given=step.AnalysisInput(cause="绝热层变薄"), version=first.version, **given)
        assert (second.id, second.version, second.cause) == (first.id, 2, "绝热层变薄")
        for version in (0, 1):
            with pytest.raises(Stale):
                step.save_analysis(db, given=step.AnalysisInput(cause="旧页"), version=version, **given)
        assert second.cause == "绝热层变薄"
        with pytest.raises(Invalid) as refused:
            step.save_analysis(db, given=step.AnalysisInput(first_view={"severity": 5}), version=2, **given)
        assert refused.value.problems[0].field == "severity"


def test_handing_in_needs_the_hazard_and_is_final(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation, expert = sent(db, world), world.experts["anhui"][0]
        given = {"actor": expert, "consultation_id": consultation.id, "now": NOON}
        with pytest.raises(Invalid) as refused:
            step.hand_in_analysis(db, given=replace(ANALYSIS, hazard=" "), version=0, **given)
        assert (refused.value.problems[0].field, refused.value.problems[0].article) == ("hazard", "8(2)")
        assert not db.scalars(select(PreliminaryAnalysis)).all()
        analysis = step.hand_in_analysis(db, given=ANALYSIS, version=0, **given)
        assert analysis.first_view == dict(ANALYSIS.first_view)
        assert not analysis.is_late
        assert not open_obligations(db, consultation.id, person_id=expert.person_id)
        with pytest.raises(Refusal):
            step.save_analysis(db, given=ANALYSIS, version=analysis.version, **given)


def test_only_members_write_and_only_their_own(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = sent(db, world)
        given = {"consultation_id": consultation.id, "given": ANALYSIS, "version": 0, "now": NOON}
        for actor in (world.applicant, world.lead):
            with pytest.raises(NotAllowed):
                step.hand_in_analysis(db, actor=actor, **given)
            with pytest.raises(NotAllowed):
                step.save_analysis(db, actor=actor, **given)
        with pytest.raises(NotFound):
            step.hand_in_analysis(db, actor=world.experts["anhui"][3], **given)


@pytest.mark.parametrize(("passed", "is_late"), [(timedelta(seconds=-1), False), (timedelta(), True)])
def test_late_begins_at_24_hours(database: Database, passed: timedelta, is_late: bool) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = sent(db, world)
        at = end_of_day(beijing_day(NOON) + timedelta(days=3)) + passed
        analysis = step.hand_in_analysis(
            db, actor=world.experts["anhui"][0], consultation_id=consultation.id, given=ANALYSIS, version=0, now=at
        )
        assert analysis.is_late is is_late


def test_when_all_are_in_the_applicant_is_asked_to_tell_the_lead(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = all_handed_in(db, world)
        (owed,) = open_obligations(db, consultation.id)
        assert (owed.kind, owed.institution_id) == ("tell_lead", world.institutions["shanghai"])
        letters = db.scalars(select(OutboxMessage).where(OutboxMessage.kind == "all_answers_in")).all()
        assert {letter.person_id for letter in letters} == {one.person_id for one in world.liaisons["shanghai"]}
        step.tell_lead(db, actor=world.applicant, consultation_id=consultation.id, now=LATE)
        assert consultation.stage == Stage.SCHEDULING
        (session,) = open_obligations(db, consultation.id)
        assert (session.kind, session.working_days) == ("hold_session", 5)
        letters = db.scalars(select(OutboxMessage).where(OutboxMessage.kind == "lead_told")).all()
        assert len(letters) == 2
        assert "逾期未提交" not in letters[0].text


def test_overdue_a_quorum_is_enough_and_the_missing_are_named(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = sent(db, world)
        why = step.WHY_NOT["tell_lead"]
        loaded = find(db, actor=world.lead, consultation_id=consultation.id, now=NOON)
        given = {"consultation_id": consultation.id, "given": ANALYSIS, "version": 0}
        for actor in actors(world)[:2]:
            step.hand_in_analysis(db, actor=actor, now=NOON, **given)
        assert "还有 3 位" in (why(db, loaded, NOON) or "")
        assert "未达到 3 人" in (why(db, loaded, LATE) or "")
        with pytest.raises(Refusal):
            step.tell_lead(db, actor=world.lead, consultation_id=consultation.id, now=LATE)
        step.hand_in_analysis(db, actor=actors(world)[2], now=LATE, **given)
        event_missing = [world.experts["anhui"][0].name, world.experts["zhejiang"][1].name]
        step.tell_lead(db, actor=world.lead, consultation_id=consultation.id, now=LATE)
        letter = db.scalars(select(OutboxMessage).where(OutboxMessage.kind == "lead_told")).first()
        assert letter is not None
        assert all(name in letter.text for name in event_missing)
        late = step.hand_in_analysis(db, actor=world.experts["anhui"][0], now=LATE, **given)
        assert late.is_late, "later still, it can be handed in"


def test_overdue_with_a_quorum_the_clock_opens_the_duty_and_its_reminder(database: Database) -> None:
    due_at = end_of_day(beijing_day(NOON) + timedelta(days=3))
    before, after = due_at - timedelta(seconds=1), due_at

    def duties(now: datetime) -> list[str]:
        return [duty.kind.kind for duty in own_duties(db, actor=world.applicant, now=now)]

    with database.write() as db:
        world = build_world(db)
        consultation = sent(db, world)
        given = {"consultation_id": consultation.id, "given": ANALYSIS, "version": 0, "now": NOON}
        for actor in actors(world)[:2]:
            step.hand_in_analysis(db, actor=actor, **given)
        assert "tell_lead" not in duties(after), "two of five are no quorum"
        step.hand_in_analysis(db, actor=actors(world)[2], **given)
        assert "tell_lead" not in duties(before)
        assert "tell_lead" in duties(after)
        count = own_duty_count(db, actor=world.applicant, now=before)
        assert own_duty_count(db, actor=world.applicant, now=after) == count + 1
        page = overview(db, actor=world.applicant, consultation_id=consultation.id, now=after)
        assert page.own_duty is not None
        assert page.own_duty.kind.kind == "tell_lead"
    remind_due(database, before)
    assert not asked(database)
    assert remind_due(database, after) == 2
    assert remind_due(database, after + timedelta(minutes=1)) == 0
    missing = world.experts["anhui"][0].name
    assert all(missing in letter.text and "期限已过" in letter.subject for letter in asked(database))


def asked(database: Database) -> list[OutboxMessage]:
    with database.read() as db:
        return list(db.scalars(select(OutboxMessage).where(OutboxMessage.kind == "all_answers_in")))


def test_more_time_for_the_experts_moves_the_duty_to_tell_the_lead(database: Database) -> None:
    due_at = end_of_day(beijing_day(NOON) + timedelta(days=3))
    with database.write() as db:
        world = build_world(db)
        consultation = sent(db, world)
        given = {"consultation_id": consultation.id, "given": ANALYSIS, "version": 0, "now": NOON}
        for actor in actors(world)[:3]:
            step.hand_in_analysis(db, actor=actor, **given)
        more = {"actor": world.lead, "consultation_id": consultation.id, "working_days": 1, "reason": "补充检测"}
        extend_analysis(db, now=due_at, **more)
        (owed,) = open_obligations(db, consultation.id, kinds=("tell_lead",))
        assert owed.since_at == due_at + timedelta(days=1)
        for actor in actors(world)[3:]:
            step.hand_in_analysis(db, actor=actor, **{**given, "now": due_at})
        assert owed.since_at == due_at, "the last answer opens it at once"


def test_a_recusal_of_the_last_one_missing_makes_all_in_and_a_replacement_takes_that_back(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = sent(db, world)
        for actor in actors(world, FIVE[:4]):
            step.hand_in_analysis(db, actor=actor, consultation_id=consultation.id, given=ANALYSIS, version=0, now=NOON)
        last = place_of(db, consultation, world.experts["zhejiang"][1])
        given = {"actor": world.lead, "consultation_id": consultation.id, "member_id": last.id, "now": NOON}
        recuse_member(db, reason="曾任顾问", **given)
        assert {one.kind for one in open_obligations(db, consultation.id)} == {"tell_lead", "restore_panel"}
        replace_member(db, reason="回避", expert_id=world.experts["anhui"][1].expert_id, **given)
        owed = {one.kind for one in open_obligations(db, consultation.id) if one.since_at <= NOON}
        assert owed == {"answer_invitation", "restore_panel"}, "the lead is told when the new one is overdue"
        new = world.experts["anhui"][1]
        answer_invitation(db, actor=new, consultation_id=consultation.id, answer=ACCEPTS, now=NOON)
        step.hand_in_analysis(db, actor=new, consultation_id=consultation.id, given=ANALYSIS, version=0, now=NOON)
        assert [one.kind for one in open_obligations(db, consultation.id)] == ["tell_lead"]


def test_the_factory_reaches_scheduling(database: Database) -> None:
    with database.write() as db:
        assert lead_told(db, build_world(db)).stage == Stage.SCHEDULING
