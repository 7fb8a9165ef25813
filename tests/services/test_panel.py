"""Step 2: choosing, declaring, confirming, refilling, recusing; who sees what meanwhile."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.models.expert import Expert, ExpertRelation, FormerEmployer
from portal.models.outbox import OutboxMessage
from portal.models.panel import PanelMember
from portal.process.consultation import Stage
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal, WrongStage
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day, end_of_day
from portal.services.consultation import panel as step
from portal.services.consultation.invitation import InvitationAnswer, answer_invitation, view_invitation
from portal.services.consultation.members import accepted_members, panel_problem
from portal.services.kernel.loading import find
from portal.services.kernel.obligations import open_obligations
from tests.factories.application import accepted
from tests.factories.material import sent
from tests.factories.panel import ACCEPTS, FIVE, answered, confirmed, nominated, place_of
from tests.factories.world import NOON, World, build_world

LATER = NOON + timedelta(days=7)
DECLINES = InvitationAnswer(accepts=False, reason="出差")


def kinds(db: Session, consultation: Consultation) -> list[str]:
    return sorted(one.kind for one in open_obligations(db, consultation.id))


def mails(db: Session, kind: str) -> list[OutboxMessage]:
    return list(db.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id)))


def expert_of(db: Session, actor: Actor) -> Expert:
    return db.get_one(Expert, actor.expert_id)


def recuse(db: Session, world: World, consultation: Consultation, actor: Actor, by: Actor | None = None) -> None:
    member = place_of(db, consultation, actor)
    step.recuse_member(
        db, actor=by or world.lead, consultation_id=consultation.id, member_id=member.id, reason="曾任顾问", now=NOON
    )


def test_the_chosen_are_invited_at_once_and_owe_an_answer(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = nominated(db, world, experts=(("shanghai", 0), ("shanghai", 2)))
        (owed, _) = open_obligations(db, consultation.id, kinds=("answer_invitation",))
        assert owed.due_at == end_of_day(beijing_day(NOON) + timedelta(days=2))
        letters = mails(db, "invitation")
        assert [letter.person_id for letter in letters] == [
            world.experts["shanghai"][number].person_id for number in (0, 2)
        ]
        assert "3月4日（周三）24:00" in letters[0].subject
        assert "折叠" not in letters[0].text, "the suspected defect is not told before the declaration"
        nominating = open_obligations(db, consultation.id, kinds=("nominate",))
        assert world.institutions["shanghai"] not in {one.institution_id for one in nominating}
        assert len(nominating) == 3


def test_each_institution_chooses_from_its_own_register(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = accepted(db, world)
        others = world.experts["anhui"][0].expert_id
        assert others is not None
        for chosen in ([], [others], [999_999]):
            with pytest.raises(Invalid) as refused:
                step.nominate_members(
                    db, actor=world.staff["zhejiang"], consultation_id=consultation.id, expert_ids=chosen, now=NOON
                )
            assert refused.value.problems[0].field == "experts"
        assert not db.scalars(select(PanelMember)).all()


@pytest.mark.parametrize("where", ["employer", "former_employers", "relations"])
def test_a_matching_name_is_refused_until_it_is_dismissed(database: Database, where: str) -> None:
    name = "煦眠家居用品（苏州）有限公司"
    values = {
        "employer": name,
        "former_employers": [FormerEmployer(name=name, until_on=date(2023, 6, 30))],
        "relations": [ExpertRelation(organisation=name, kind="shareholding")],
    }
    with database.write() as db:
        world = build_world(db)
        consultation, expert = accepted(db, world), expert_of(db, world.experts["anhui"][0])
        setattr(expert, where, values[where])
        given = {"actor": world.staff["anhui"], "consultation_id": consultation.id, "expert_ids": [expert.id]}
        with pytest.raises(Invalid) as refused:
            step.nominate_members(db, now=NOON, **given)
        (problem,) = refused.value.problems
        assert problem.field == f"dismissal_{expert.id}"
        assert "生产者" in problem.message
        (member,) = step.nominate_members(db, now=NOON, dismissals={expert.id: "同名的另一家公司"}, **given)
        assert member.conflict_dismissed_reason == "同名的另一家公司"


def test_nobody_is_invited_twice_and_an_unavailable_expert_not_at_all(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = nominated(db, world, experts=(("anhui", 0),))
        expert_of(db, world.experts["anhui"][1]).is_available = False
        for number in (0, 1):
            chosen = world.experts["anhui"][number].expert_id
            with pytest.raises(Invalid):
                step.nominate_members(
                    db,
                    actor=world.staff["anhui"],
                    consultation_id=consultation.id,
                    expert_ids=[chosen] if chosen else [],
                    now=NOON,
                )


def test_the_lead_asks_an_institution_once_more(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = nominated(db, world, experts=(("anhui", 0),))
        anhui = world.institutions["anhui"]
        step.ask_nomination(
            db,
            actor=world.lead,
            consultation_id=consultation.id,
            institution_id=anhui,
            wanted=2,
            fields="烧伤",
            now=NOON,
        )
        assert open_obligations(db, consultation.id, kinds=("nominate",), institution_id=anhui)
        assert len(mails(db, "nomination_asked")) == 2, "both liaisons"
        for institution, wanted, field in ((anhui, 0, "wanted"), (999_999, 1, "institution_id")):
            with pytest.raises(Invalid) as refused:
                step.ask_nomination(
                    db,
                    actor=world.lead,
                    consultation_id=consultation.id,
                    institution_id=institution,
                    wanted=wanted,
                    fields="",
                    now=NOON,
                )
            assert refused.value.problems[0].field == field


def test_confirming_seats_and_takes_down_and_lets_the_institutions_see(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = answered(db, world)
        expert_of(db, world.experts["anhui"][0]).title = "教授级高级工程师"
        anhui = find(db, actor=world.staff["anhui"], consultation_id=consultation.id, now=NOON)
        assert not anhui.may("view_consultation")
        step.confirm_panel(db, actor=world.lead, consultation_id=consultation.id, now=NOON)
        members = accepted_members(db, consultation.id)
        assert [member.seat for member in members] == [1, 2, 3, 4, 5]
        assert [member.title for member in members].count("教授级高级工程师") == 1
        assert consultation.stage == Stage.MATERIAL
        anhui = find(db, actor=world.staff["anhui"], consultation_id=consultation.id, now=NOON)
        assert anhui.may("view_panel")
        assert not anhui.may("view_material")
        assert kinds(db, consultation) == ["send_material"]


def test_an_even_or_small_panel_is_refused_and_a_reason_makes_even_lawful(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = answered(db, world, experts=FIVE[:4])
        confirm = {"actor": world.lead, "consultation_id": consultation.id, "now": NOON}
        with pytest.raises(Invalid) as refused:
            step.confirm_panel(db, **confirm)
        assert [problem.field for problem in refused.value.problems] == ["even_reason"]
        two = [member.id for member in accepted_members(db, consultation.id)[:2]]
        with pytest.raises(Invalid) as refused:
            step.confirm_panel(db, even_reason="仅两人", member_ids=two, **confirm)
        assert [problem.field for problem in refused.value.problems] == ["members"]
        step.confirm_panel(db, even_reason="第五位专家临时住院", **confirm)
        assert consultation.even_panel_reason == "第五位专家临时住院"


def test_who_has_not_answered_blocks_until_left_out(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = answered(db, world, experts=FIVE[:3])
        nominated(db, world, consultation=consultation, experts=(("anhui", 0),))
        confirm = {"actor": world.lead, "consultation_id": consultation.id}
        with pytest.raises(Invalid) as refused:
            step.confirm_panel(db, now=NOON, **confirm)
        assert [problem.field for problem in refused.value.problems] == ["remove_unanswered"]
        step.confirm_panel(db, now=LATER, remove_unanswered=True, **confirm)
        left = place_of(db, consultation, world.experts["anhui"][0])
        assert (left.state, left.left_reason) == ("removed", step.UNANSWERED)
        with pytest.raises(NotAllowed):
            answer_invitation(
                db, actor=world.experts["anhui"][0], consultation_id=consultation.id, answer=ACCEPTS, now=LATER
            )


def test_the_lead_may_leave_out_one_to_stay_odd(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = answered(db, world, experts=FIVE[:4])
        three = [member.id for member in accepted_members(db, consultation.id)[:3]]
        step.confirm_panel(db, actor=world.lead, consultation_id=consultation.id, member_ids=three, now=NOON)
        assert len(accepted_members(db, consultation.id)) == 3


def test_a_place_left_is_refilled_once(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = nominated(db, world)
        answer_invitation(
            db, actor=world.experts["anhui"][0], consultation_id=consultation.id, answer=DECLINES, now=NOON
        )
        left, still = (place_of(db, consultation, world.experts[key][0]) for key in ("anhui", "shanghai"))
        given = {"consultation_id": consultation.id, "expert_id": world.experts["anhui"][1].expert_id, "now": NOON}
        with pytest.raises(NotAllowed):
            step.refill_place(db, actor=world.staff["zhejiang"], member_id=left.id, **given)
        with pytest.raises(Refusal):
            step.refill_place(db, actor=world.lead, member_id=still.id, **given)
        new = step.refill_place(db, actor=world.lead, member_id=left.id, **given)
        assert (new.replaces_id, new.state) == (left.id, "invited")
        with pytest.raises(Refusal):
            step.refill_place(
                db, actor=world.lead, member_id=left.id, **{**given, "expert_id": world.experts["anhui"][2].expert_id}
            )
        silent = step.refill_place(
            db,
            actor=world.staff["shanghai"],
            member_id=still.id,
            **{**given, "expert_id": world.experts["shanghai"][3].expert_id, "now": LATER},
        )
        assert silent.replaces_id == still.id
        assert still.left_reason == step.UNANSWERED


def test_a_recusal_asks_for_a_replacement_or_the_reason_at_once(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = confirmed(db, world)
        recuse(db, world, consultation, world.experts["anhui"][0], by=world.experts["anhui"][0])
        assert "restore_panel" in kinds(db, consultation)
        loaded = find(db, actor=world.lead, consultation_id=consultation.id, now=NOON)
        assert "理由" in (panel_problem(db, loaded) or "")
        step.explain_even_panel(
            db, actor=world.lead, consultation_id=consultation.id, reason="该领域别无专家", now=NOON
        )
        assert panel_problem(db, loaded) is None
        assert "restore_panel" not in kinds(db, consultation)
        recuse(db, world, consultation, world.experts["zhejiang"][0])
        assert consultation.even_panel_reason is None, "three are odd again"
        with pytest.raises(Refusal):
            step.explain_even_panel(db, actor=world.lead, consultation_id=consultation.id, reason="多余", now=NOON)


def test_nobody_recuses_another_but_the_lead(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = confirmed(db, world)
        for stranger in (world.experts["shanghai"][0], world.staff["anhui"], world.applicant):
            with pytest.raises(NotAllowed):
                recuse(db, world, consultation, world.experts["anhui"][0], by=stranger)
        with pytest.raises(NotFound):
            recuse(db, world, consultation, world.experts["anhui"][0], by=world.experts["anhui"][3])


def test_a_recused_member_is_replaced_with_working_days_of_ones_own(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = sent(db, world)
        gone, new = world.experts["anhui"][0], world.experts["anhui"][1]
        recuse(db, world, consultation, gone)
        with pytest.raises(NotFound):
            view_invitation(db, actor=gone, consultation_id=consultation.id, now=NOON)
        step.replace_member(
            db,
            actor=world.lead,
            consultation_id=consultation.id,
            member_id=place_of(db, consultation, gone).id,
            expert_id=new.expert_id,
            reason="回避",
            now=NOON,
        )
        friday = NOON + timedelta(days=4)
        answer_invitation(db, actor=new, consultation_id=consultation.id, answer=ACCEPTS, now=friday)
        (owed,) = open_obligations(db, consultation.id, person_id=new.person_id)
        assert owed.kind == "hand_in_analysis"
        assert owed.due_at == end_of_day(beijing_day(friday) + timedelta(days=5)), "Monday to Wednesday"
        assert place_of(db, consultation, new).seat == 6
        assert "restore_panel" not in kinds(db, consultation)


def test_only_a_late_member_is_replaced(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = sent(db, world)
        late, new = world.experts["anhui"][0], world.experts["shanghai"][1]
        given = {
            "actor": world.lead,
            "consultation_id": consultation.id,
            "member_id": place_of(db, consultation, late).id,
            "expert_id": new.expert_id,
        }
        with pytest.raises(Refusal):
            step.replace_member(db, reason="太慢", now=NOON, **given)
        with pytest.raises(Invalid):
            step.replace_member(db, reason="", now=LATER, **given)
        step.replace_member(db, reason="逾期未提交", now=LATER, **given)
        assert place_of(db, consultation, late).state == "removed"
        assert "restore_panel" in kinds(db, consultation), "four, until the new one accepts"


def test_terminating_needs_a_reason_and_leaves_the_archive(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = nominated(db, world)
        given = {"actor": world.lead, "consultation_id": consultation.id, "now": NOON}
        with pytest.raises(Invalid):
            step.terminate_consultation(db, reason="", **given)
        step.terminate_consultation(db, reason="无法组成专家组", **given)
        assert consultation.stage == Stage.TERMINATED
        assert kinds(db, consultation) == ["archive"]
        with pytest.raises(WrongStage):
            step.confirm_panel(db, **given)


def test_who_declined_before_the_confirmation_left_no_place_behind(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = nominated(db, world, experts=(("anhui", 0),))
        answer_invitation(
            db, actor=world.experts["anhui"][0], consultation_id=consultation.id, answer=DECLINES, now=NOON
        )
        loaded = find(db, actor=world.lead, consultation_id=consultation.id, now=NOON)
        assert step.WHY_NOT["refill_place"](db, loaded, NOON) is None
        confirmed(db, world, consultation=consultation, experts=(("shanghai", 0), ("jiangsu", 0), ("zhejiang", 0)))
        loaded = find(db, actor=world.lead, consultation_id=consultation.id, now=NOON)
        assert step.WHY_NOT["replace_member"](db, loaded, NOON) == "没有空出或逾期的席位"
        recuse(db, world, consultation, world.experts["shanghai"][0])
        assert step.WHY_NOT["replace_member"](db, loaded, NOON) is None
