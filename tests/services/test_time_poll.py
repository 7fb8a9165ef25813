"""时间征询: asked, answered on the portal and from the mail, ranked, fixed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.database import Database
from portal.models.outbox import OutboxMessage
from portal.models.time_poll import TimePoll, TimePollLink
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal, WrongStage
from portal.process.permissions import Actor
from portal.services.account_links import give_poll_token
from portal.services.consultation import time_poll as step
from portal.services.consultation.application import withdraw_application
from portal.services.consultation.invitation import answer_invitation
from portal.services.consultation.members import accepted_members
from portal.services.consultation.panel import recuse_member, replace_member
from portal.services.consultation.scheduling import fix_session
from portal.services.consultation.time_poll_view import time_poll_page
from portal.services.kernel.obligations import open_obligations
from tests.factories.online_session import PLAN, STARTS
from tests.factories.panel import ACCEPTS
from tests.factories.preliminary_analysis import lead_told
from tests.factories.time_poll import SLOTS, marks_for, poll_of, time_poll_opened
from tests.factories.world import NOON, build_world

LATER = NOON + timedelta(hours=2)


def mails(db: Session) -> list[OutboxMessage]:
    return list(db.scalars(select(OutboxMessage).where(OutboxMessage.kind == "time_poll").order_by(OutboxMessage.id)))


def owed(db: Session, consultation_id: int) -> set[tuple[int | None, int | None]]:
    found = open_obligations(db, consultation_id, kinds=("mark_times",))
    return {(one.person_id, one.institution_id) for one in found}


def token_for(db: Session, person_id: int) -> str:
    """The token that would leave with the person's last mail."""
    link = db.scalars(select(TimePollLink).where(TimePollLink.person_id == person_id).order_by(TimePollLink.id)).all()
    return give_poll_token(db, link_id=link[-1].id)


def answer(db: Session, actor: Actor, consultation_id: int, *marks: str) -> None:
    given = marks_for(poll_for(db, consultation_id), *marks)
    step.answer_time_poll(db, actor=actor, consultation_id=consultation_id, marks=given, now=LATER)


def poll_for(db: Session, consultation_id: int) -> TimePoll:
    poll = db.scalar(select(TimePoll).where(TimePoll.consultation_id == consultation_id, TimePoll.closed_at.is_(None)))
    assert poll is not None
    return poll


def test_opening_asks_every_member_and_all_institutions(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = time_poll_opened(db, world)
        sent = mails(db)
        assert len(sent) == 5 + 8
        assert all(message.poll_link_id is not None and message.link_path == "/poll" for message in sent)
        assert len({message.poll_link_id for message in sent}) == 13
        text = sent[0].text
        assert "3月4日（周三）14:00 至 16:00" in text
        # Nothing beyond number, product name and slots goes along.
        assert consultation.product.producer not in text
        assert consultation.product.model not in text
        found = owed(db, consultation.id)
        assert sum(person is not None for person, _ in found) == 5
        assert {institution for _, institution in found if institution} == set(world.institutions.values())
        (due,) = {one.due_at for one in open_obligations(db, consultation.id, kinds=("mark_times",))}
        assert due == poll_of(db, consultation).answer_by


@pytest.mark.parametrize(
    ("slots", "field"),
    [
        (SLOTS[:1], "slots"),
        (tuple(replace(SLOTS[0], starts_at=STARTS + timedelta(hours=n)) for n in range(13)), "slots"),
        ((SLOTS[0], SLOTS[0]), "slots"),
        ((SLOTS[0], replace(SLOTS[1], starts_at=NOON)), "slots"),
        ((SLOTS[0], replace(SLOTS[1], minutes=0)), "minutes"),
        ((SLOTS[0], replace(SLOTS[1], minutes=1441)), "minutes"),
    ],
)
def test_slots_that_cannot_be_are_refused(
    sqlite_database: Database, slots: tuple[step.SlotInput, ...], field: str
) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = lead_told(db, world)
        with pytest.raises(Invalid) as refused:
            step.open_time_poll(db, actor=world.lead, consultation_id=consultation.id, slots=slots, now=NOON)
        assert {problem.field for problem in refused.value.problems} == {field}
        assert mails(db) == []


def test_an_answer_closes_what_is_owed_and_can_be_changed(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = time_poll_opened(db, world)
        expert, staff = world.experts["shanghai"][0], world.staff["anhui"]
        answer(db, expert, consultation.id, "yes", "no", "no")
        answer(db, staff, consultation.id, "no", "yes", "no")
        left = owed(db, consultation.id)
        assert (expert.person_id, None) not in left
        assert (None, world.institutions["anhui"]) not in left
        assert len(left) == 4 + 3
        answer(db, expert, consultation.id, "if_need_be", "yes", "no")
        page = step.answer_page(db, actor=expert, consultation_id=consultation.id, now=LATER)
        assert list(page.marks.values()) == ["if_need_be", "yes", "no"]
        colleague = step.answer_page(db, actor=world.liaisons["anhui"][0], consultation_id=consultation.id, now=LATER)
        assert (colleague.marks, colleague.colleagues) == ({}, (staff.name,))


def test_every_slot_has_to_be_marked(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = time_poll_opened(db, world)
        first, second, third = poll_of(db, consultation).slots
        for wrong in ({first.id: "yes"}, {first.id: "yes", second.id: "perhaps", third.id: None}):
            with pytest.raises(Invalid) as refused:
                step.answer_time_poll(
                    db, actor=world.experts["shanghai"][0], consultation_id=consultation.id, marks=wrong, now=NOON
                )
            assert {one.field for one in refused.value.problems} == {f"mark_{second.id}", f"mark_{third.id}"}


def test_a_stranger_and_a_poll_that_is_not_there_do_not_exist(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = lead_told(db, world)
        with pytest.raises(NotFound):
            step.answer_page(db, actor=world.experts["shanghai"][0], consultation_id=consultation.id, now=NOON)
        step.open_time_poll(db, actor=world.lead, consultation_id=consultation.id, slots=SLOTS, now=NOON)
        with pytest.raises(NotFound):
            step.answer_page(db, actor=world.experts["shanghai"][3], consultation_id=consultation.id, now=NOON)
        with pytest.raises(NotAllowed):
            step.open_time_poll(db, actor=world.applicant, consultation_id=consultation.id, slots=SLOTS, now=NOON)
        with pytest.raises(NotFound):
            time_poll_page(db, actor=world.applicant, consultation_id=consultation.id, now=NOON)


def test_the_mailed_link_answers_for_its_holder_as_often_as_liked(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = time_poll_opened(db, world)
        expert, liaison = world.experts["shanghai"][0], world.liaisons["zhejiang"][1]
        poll = poll_of(db, consultation)
        for actor in (expert, liaison):
            token = token_for(db, actor.person_id)
            link = db.scalars(select(TimePollLink).where(TimePollLink.person_id == actor.person_id)).one()
            assert link.token_digest is not None
            assert token not in link.token_digest
            for marks in (("yes", "yes", "no"), ("no", "yes", "if_need_be")):
                page = step.poll_of_token(db, token=token, now=LATER)
                assert page is not None
                assert page.name == actor.name
                assert step.answer_by_mailed_link(
                    db, token=token, marks=marks_for(poll, *marks), address="192.0.2.1", now=LATER
                )
            assert step.poll_of_token(db, token=token, now=LATER).marks == marks_for(poll, *marks)  # type: ignore[union-attr]
        left = owed(db, consultation.id)
        assert (expert.person_id, None) not in left
        assert (None, world.institutions["zhejiang"]) not in left


def test_a_link_ends_when_the_time_is_fixed_and_a_reminder_does_not_end_it(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = time_poll_opened(db, world)
        expert = world.experts["shanghai"][0]
        poll = poll_of(db, consultation)
        first = token_for(db, expert.person_id)
        assert step.remind_time_poll(db, actor=world.lead, consultation_id=consultation.id, now=LATER) == 13
        second = token_for(db, expert.person_id)
        assert first != second
        assert step.poll_of_token(db, token=first, now=LATER)
        assert step.poll_of_token(db, token=second, now=LATER)
        fix_session(db, actor=world.lead, consultation_id=consultation.id, plan=PLAN, now=LATER)
        db.flush()
        assert [slot.is_fixed for slot in poll.slots] == [True, False, False]
        assert owed(db, consultation.id) == set()
        for token in (first, second, "", "x", "\udc80"):
            assert step.poll_of_token(db, token=token, now=LATER) is None
            marks = marks_for(poll, "yes", "yes", "yes")
            assert not step.answer_by_mailed_link(db, token=token, marks=marks, address="192.0.2.1", now=LATER)
        with pytest.raises(WrongStage):
            step.answer_page(db, actor=expert, consultation_id=consultation.id, now=LATER)


def test_a_link_of_who_leaves_is_revoked_and_who_joins_is_asked(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = time_poll_opened(db, world)
        gone = accepted_members(db, consultation.id)[0]
        token = token_for(db, gone.expert.person_id)
        answer(db, world.experts["shanghai"][0], consultation.id, "yes", "yes", "yes")
        recuse_member(
            db, actor=world.lead, consultation_id=consultation.id, member_id=gone.id, reason="有合作", now=LATER
        )
        assert step.poll_of_token(db, token=token, now=LATER) is None
        link = db.scalars(select(TimePollLink).where(TimePollLink.person_id == gone.expert.person_id)).one()
        assert link.revoked_at == LATER
        page = time_poll_page(db, actor=world.lead, consultation_id=consultation.id, now=LATER)
        assert gone.name not in {one.name for one in page.respondents}
        newcomer = world.experts["anhui"][2]
        replace_member(
            db, actor=world.lead, consultation_id=consultation.id, member_id=gone.id, expert_id=newcomer.expert_id,
            reason="补选", now=LATER,
        )  # fmt: skip
        before = len(mails(db))
        answer_invitation(db, actor=newcomer, consultation_id=consultation.id, answer=ACCEPTS, now=LATER)
        assert (newcomer.person_id, None) in owed(db, consultation.id)
        assert mails(db)[before:][0].person_id == newcomer.person_id


def test_the_lead_sees_the_best_slot_first_and_who_is_silent(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = time_poll_opened(db, world)
        panel = [member.expert for member in accepted_members(db, consultation.id)]
        by_person = {actor.person_id: actor for many in world.experts.values() for actor in many}
        for expert in panel[:3]:
            answer(db, by_person[expert.person_id], consultation.id, "no", "yes", "yes")
        for key in ("shanghai", "jiangsu", "zhejiang"):
            answer(db, world.staff[key], consultation.id, "yes", "if_need_be", "yes")
        page = time_poll_page(db, actor=world.lead, consultation_id=consultation.id, now=LATER)
        assert [line.slot.starts_at for line in page.lines] == [
            SLOTS[2].starts_at, SLOTS[1].starts_at, SLOTS[0].starts_at,
        ]  # fmt: skip
        assert [line.is_late for line in page.lines] == [True, False, False]
        assert "不足法定人数 3 人" in page.lines[2].reasons[0]
        assert page.lines[0].ranked.missing == page.silent[2:]
        assert page.asked == 9
        assert len(page.silent) == 2 + 1


def test_reminding_goes_to_the_silent_alone_and_stops_when_all_have_answered(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = time_poll_opened(db, world)
        by_person = {actor.person_id: actor for many in world.experts.values() for actor in many}
        panel = [by_person[member.expert.person_id] for member in accepted_members(db, consultation.id)]
        for actor in (*panel[1:], *world.staff.values()):
            answer(db, actor, consultation.id, "yes", "yes", "yes")
        before = len(mails(db))
        assert step.remind_time_poll(db, actor=world.lead, consultation_id=consultation.id, now=LATER) == 1
        (reminder,) = mails(db)[before:]
        assert reminder.person_id == panel[0].person_id
        assert "（提醒）" in reminder.subject
        answer(db, panel[0], consultation.id, "yes", "yes", "yes")
        with pytest.raises(Refusal):
            step.remind_time_poll(db, actor=world.lead, consultation_id=consultation.id, now=LATER)


def test_new_slots_make_the_old_question_void(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = time_poll_opened(db, world)
        expert = world.experts["shanghai"][0]
        answer(db, expert, consultation.id, "yes", "yes", "yes")
        old = token_for(db, expert.person_id)
        step.open_time_poll(db, actor=world.lead, consultation_id=consultation.id, slots=SLOTS[1:], now=LATER)
        assert step.poll_of_token(db, token=old, now=LATER) is None
        assert step.poll_of_token(db, token=token_for(db, expert.person_id), now=LATER).marks == {}  # type: ignore[union-attr]
        assert len(owed(db, consultation.id)) == 9


def test_a_consultation_that_ends_takes_its_poll_along(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = time_poll_opened(db, world)
        token = token_for(db, world.experts["shanghai"][0].person_id)
        withdraw_application(db, actor=world.applicant, consultation_id=consultation.id, reason="已召回", now=LATER)
        assert step.poll_of_token(db, token=token, now=LATER) is None
        assert db.scalar(select(TimePoll.id).where(TimePoll.closed_at.is_(None))) is None


def test_a_disabled_account_answers_nothing(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = time_poll_opened(db, world)
        member = accepted_members(db, consultation.id)[0]
        token = token_for(db, member.expert.person_id)
        member.expert.person.is_active = False
        db.flush()
        assert step.poll_of_token(db, token=token, now=LATER) is None
