"""Step 6, the vote: opening, reminding, closing, counting, another round, the conclusion."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.models.database import Database
from portal.models.outbox import OutboxMessage
from portal.process.consultation import Stage
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal, WrongStage
from portal.rules.dates import end_of_day
from portal.services.consultation import tally as after
from portal.services.consultation import voting as step
from portal.services.consultation.panel import recuse_member
from portal.services.consultation.sheet import own_sheet
from portal.services.kernel.events import broken_links
from portal.services.kernel.obligations import open_obligations
from tests.factories.voting import (
    LATER,
    SPLIT_2_2_1,
    UNANIMOUS,
    consistent,
    in_session,
    panel_of,
    signed,
    tallied,
    vote_and_close,
    voting,
)
from tests.factories.world import NOON, build_world


def test_opening_gives_each_member_a_sheet_a_limit_and_a_mail(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = in_session(db, world)
        opened = step.open_vote(db, actor=world.lead, consultation_id=consultation.id, now=NOON)
        assert (opened.number, consultation.stage) == (1, Stage.VOTING)
        assert opened.sign_by == end_of_day(NOON.date() + timedelta(days=2))
        owed = open_obligations(db, consultation.id)
        assert sorted(o.kind for o in owed) == ["close_vote"] + ["sign_sheet"] * 5
        assert {o.due_at for o in owed if o.kind == "sign_sheet"} == {opened.sign_by}
        mails = list(db.scalars(select(OutboxMessage).where(OutboxMessage.kind == "please_sign")))
        assert {mail.person_id for mail in mails} == {expert.person_id for expert in panel_of(world)}
        assert all("3月4日" in mail.subject and "请签署" in mail.subject for mail in mails)
        for expert in panel_of(world):
            assert own_sheet(db, actor=expert, consultation_id=consultation.id, now=NOON).sheet.state == "draft"
        assert not list(broken_links(db))


def test_a_time_of_ones_own_must_lie_ahead(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = in_session(db, world)
        with pytest.raises(Invalid) as refused:
            step.open_vote(db, actor=world.lead, consultation_id=consultation.id, sign_by=NOON, now=NOON)
        assert [(p.field, p.article) for p in refused.value.problems] == [("sign_by", "8(6)")]
        assert consultation.stage == Stage.IN_SESSION
        chosen = NOON + timedelta(hours=5)
        opened = step.open_vote(db, actor=world.lead, consultation_id=consultation.id, sign_by=chosen, now=NOON)
        assert opened.sign_by == chosen == consultation.next_due_at


@pytest.mark.parametrize(("size", "reason", "may"), [(2, None, False), (4, None, False), (4, "回避后未能补选", True)])
def test_only_a_lawful_panel_votes(database: Database, size: int, reason: str | None, may: bool) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = in_session(db, world, size=size)
        consultation.even_panel_reason = reason
        if may:
            step.open_vote(db, actor=world.lead, consultation_id=consultation.id, now=NOON)
        else:
            with pytest.raises(Refusal, match=f"现有{size}人"):
                step.open_vote(db, actor=world.lead, consultation_id=consultation.id, now=NOON)


def test_only_those_who_have_not_signed_are_reminded(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        first, *others = panel_of(world)
        signed(db, consultation, first, consistent(("yes", "yes", "no"), consultation))
        before = set(db.scalars(select(OutboxMessage.id)))
        assert step.remind_signers(db, actor=world.lead, consultation_id=consultation.id, now=LATER) == 4
        sent = list(db.scalars(select(OutboxMessage).where(OutboxMessage.id.not_in(before))))
        assert {mail.person_id for mail in sent} == {expert.person_id for expert in others}
        for expert in others:
            signed(db, consultation, expert, consistent(("yes", "yes", "no"), consultation))
        with pytest.raises(Refusal, match="都已签名"):
            step.remind_signers(db, actor=world.lead, consultation_id=consultation.id, now=LATER)


def test_closing_early_needs_a_reason(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        for expert in panel_of(world)[:3]:
            signed(db, consultation, expert, consistent(("yes", "yes", "no"), consultation))
        with pytest.raises(Invalid) as refused:
            step.close_vote(db, actor=world.lead, consultation_id=consultation.id, reason=" ", now=LATER)
        (problem,) = refused.value.problems
        assert (problem.field, problem.article) == ("reason", "8(6)")
        assert "还有 2 位专家未签名" in problem.message
        assert consultation.stage == Stage.VOTING
        closed = step.close_vote(
            db, actor=world.lead, consultation_id=consultation.id, reason="两位专家出差，逾期未签", now=LATER
        )
        assert (closed.panel_size, closed.close_reason) == (5, "两位专家出差，逾期未签")
        assert closed.tally is not None
        assert closed.tally["questions"]["defect_finding"] == {
            "counts": {"yes": 3, "no": 0, "uncertain": 0}, "answer": "yes", "reason": None,
        }  # fmt: skip
        assert sorted(o.kind for o in open_obligations(db, consultation.id)) == ["conclude", "issue_minutes"]


def test_a_majority_concludes_and_leaves_no_further_round(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = tallied(db, world, UNANIMOUS)
        owed = {o.kind: o for o in open_obligations(db, consultation.id)}
        assert owed["issue_minutes"].due_at == end_of_day(LATER.date() + timedelta(days=3))
        with pytest.raises(Refusal, match="已形成多数意见"):
            after.open_new_round(db, actor=world.lead, consultation_id=consultation.id, now=LATER)
        after.conclude_consultation(db, actor=world.lead, consultation_id=consultation.id, now=LATER)
        assert (consultation.stage, consultation.outcome) == (Stage.DRAFTING_MINUTES, "concluded")
        assert consultation.final_opinion == {
            "defect_finding": "yes", "recommend_investigation": "yes", "continued_monitoring": "no",
        }  # fmt: skip
        assert [o.kind for o in open_obligations(db, consultation.id)] == ["issue_minutes"]


def test_no_majority_becomes_a_watch_with_a_reason_only(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = tallied(db, world, SPLIT_2_2_1)
        with pytest.raises(Invalid) as refused:
            after.conclude_consultation(db, actor=world.lead, consultation_id=consultation.id, now=LATER)
        (problem,) = refused.value.problems
        assert (problem.field, problem.article) == ("reason", "8(7)")
        assert "缺陷消费品判定" in problem.message
        after.conclude_consultation(
            db, actor=world.lead, consultation_id=consultation.id, reason="缺少老化试验数据", now=LATER
        )
        assert (consultation.outcome, consultation.conclusion_reason) == ("watch", "缺少老化试验数据")
        assert consultation.final_opinion == {
            "defect_finding": None, "recommend_investigation": "yes", "continued_monitoring": "yes",
        }  # fmt: skip


def test_another_round_asks_the_whole_sheet_again(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = tallied(db, world, SPLIT_2_2_1)
        after.open_new_round(db, actor=world.lead, consultation_id=consultation.id, now=LATER)
        assert consultation.stage == Stage.IN_SESSION
        assert [o.kind for o in open_obligations(db, consultation.id)] == ["open_vote"]
        opened = step.open_vote(db, actor=world.lead, consultation_id=consultation.id, now=LATER)
        assert opened.number == 2
        fresh = own_sheet(db, actor=panel_of(world)[0], consultation_id=consultation.id, now=NOON)
        assert fresh.answers.defect_finding is None
        vote_and_close(db, world, consultation, UNANIMOUS)
        after.conclude_consultation(db, actor=world.lead, consultation_id=consultation.id, now=LATER)
        assert consultation.final_opinion is not None
        assert consultation.final_opinion["defect_finding"] == "yes"
        assert [r.number for r in step.rounds_of(db, consultation.id)] == [2, 1]
        assert len(step.signed_sheets(db, step.rounds_of(db, consultation.id)[1])) == 5


def test_without_a_quorum_nothing_is_concluded(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = tallied(db, world, [("yes", "yes", "no")] * 2 + [()] * 3, reason="三位专家未签")
        with pytest.raises(Refusal, match="不足 3 份"):
            after.conclude_consultation(
                db, actor=world.lead, consultation_id=consultation.id, reason="材料不足", now=LATER
            )
        after.open_new_round(db, actor=world.lead, consultation_id=consultation.id, now=LATER)
        assert consultation.stage == Stage.IN_SESSION


def test_a_recusal_breaks_the_round_off_and_another_can_follow(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        gone, stays = panel_of(world)[:2]
        sheets = [
            signed(db, consultation, one, consistent(("yes", "yes", "no"), consultation)) for one in (gone, stays)
        ]
        recuse_member(
            db, actor=world.lead, consultation_id=consultation.id, member_id=sheets[0].member_id,
            reason="曾为生产者提供咨询", now=LATER,
        )  # fmt: skip
        assert [sheet.state for sheet in sheets] == ["void", "void"]
        (broken_off,) = step.rounds_of(db, consultation.id)
        assert (broken_off.is_void, broken_off.tally) == (True, None)
        assert consultation.stage == Stage.IN_SESSION
        with pytest.raises(Refusal, match="现有4人"):
            step.open_vote(db, actor=world.lead, consultation_id=consultation.id, now=LATER)
        consultation.even_panel_reason = "来不及补选"
        assert step.open_vote(db, actor=world.lead, consultation_id=consultation.id, now=LATER).number == 2
        for one in panel_of(world)[1:]:
            signed(db, consultation, one, consistent(("yes", "yes", "no"), consultation))
        closed = step.close_vote(db, actor=world.lead, consultation_id=consultation.id, now=LATER)
        assert (closed.panel_size, after.counted_round(db, consultation.id).number) == (4, 2)


def test_a_recusal_after_the_count_keeps_the_others_sheets(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = tallied(db, world, UNANIMOUS)
        first = step.signed_sheets(db, after.counted_round(db, consultation.id))[0]
        recuse_member(
            db,
            actor=world.lead,
            consultation_id=consultation.id,
            member_id=first.member_id,
            reason="利益冲突",
            now=LATER,
        )
        (counted,) = step.rounds_of(db, consultation.id)
        assert (counted.is_void, first.state, len(step.signed_sheets(db, counted))) == (True, "void", 4)
        with pytest.raises(Refusal, match="还没有计票"):
            after.counted_round(db, consultation.id)


def test_each_act_is_its_own_persons(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = in_session(db, world)
        cid = consultation.id
        with pytest.raises(NotAllowed):
            step.open_vote(db, actor=world.applicant, consultation_id=cid, now=NOON)
        with pytest.raises(NotFound):
            step.open_vote(db, actor=world.experts["anhui"][3], consultation_id=cid, now=NOON)
        with pytest.raises(WrongStage):
            step.close_vote(db, actor=world.lead, consultation_id=cid, now=NOON)
        step.open_vote(db, actor=world.lead, consultation_id=cid, now=NOON)
        with pytest.raises(NotAllowed):
            step.close_vote(db, actor=panel_of(world)[0], consultation_id=cid, now=NOON)
        with pytest.raises(WrongStage):
            after.conclude_consultation(db, actor=world.lead, consultation_id=cid, now=NOON)
