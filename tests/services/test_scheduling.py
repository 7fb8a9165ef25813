"""Step 4: fixing and moving a session, whom the institutions send, and the calendar entries."""

from dataclasses import replace
from datetime import timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.database import Database
from portal.models.outbox import OutboxMessage
from portal.process.consultation import Stage
from portal.process.errors import Invalid, NotAllowed, NotFound
from portal.services.consultation import scheduling as step
from portal.services.consultation.application import withdraw_application
from portal.services.kernel.obligations import open_obligations
from tests.factories.online_session import PLAN, STARTS, participants_named, session_fixed, session_of
from tests.factories.preliminary_analysis import lead_told
from tests.factories.world import NOON, build_world


def entries(db: Session, kind: str) -> list[tuple[OutboxMessage, Calendar]]:
    messages = db.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id))
    return [(message, Calendar.from_ical(message.calendar or "")) for message in messages]


def test_fixing_invites_everybody_and_says_what_is_owed(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = session_fixed(db, world)
        assert consultation.stage == Stage.SCHEDULED
        owed = [one.kind for one in open_obligations(db, consultation.id)]
        assert owed.count("name_participants") == 4
        assert owed.count("attend_session") == 5
        assert owed.count("hold_session") == 1
        sent = entries(db, "session_fixed")
        assert len(sent) == 5 + 8  # members and the liaisons of all four
        for message, calendar in sent:
            (entry,) = calendar.walk("VEVENT")
            assert calendar["METHOD"] == "REQUEST"
            assert entry["UID"] == session_of(db, consultation).uid
            assert entry["SEQUENCE"] == 0
            assert entry["DTSTART"].dt == STARTS
            assert entry["ATTENDEE"] == f"mailto:{message.recipient_address}"
            assert "3月4日（周三）14:00" in message.subject


@pytest.mark.parametrize(
    ("plan", "field", "article"),
    [
        (replace(PLAN, starts_at=NOON - timedelta(hours=1)), "starts_at", "8(3)"),
        (replace(PLAN, starts_at=NOON + timedelta(days=9), ends_at=NOON + timedelta(days=10)), "late_reason", "8(3)"),
        (replace(PLAN, ends_at=PLAN.starts_at), "ends_at", "8(3)"),
        (replace(PLAN, mode="mixed"), "place", "5"),
        (replace(PLAN, mode="on_site", meeting_link="", meeting_code=""), "place", "5"),
        (replace(PLAN, mode="by_letter"), "mode", "5"),
        (replace(PLAN, meeting_link="", meeting_code=""), "meeting_link", "5"),
        (replace(PLAN, meeting_link="http://meeting.example.cn/j/1"), "meeting_link", "5"),
        (replace(PLAN, meeting_link="https://user@meeting.example.cn/j/1"), "meeting_link", "5"),
        (replace(PLAN, meeting_link="https:///j/1"), "meeting_link", "5"),
        (replace(PLAN, meeting_link="https://meeting.example.cn/\nj"), "meeting_link", "5"),
        (replace(PLAN, place="楼" * 201), "place", "8(3)"),
    ],
)
def test_a_plan_that_breaks_a_rule_is_refused_at_its_field(
    sqlite_database: Database, plan: step.SessionPlan, field: str, article: str
) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = lead_told(db, world)
        with pytest.raises(Invalid) as refused:
            step.fix_session(db, actor=world.lead, consultation_id=consultation.id, plan=plan, now=NOON)
        assert (field, article) in {(problem.field, problem.article) for problem in refused.value.problems}
        assert consultation.stage == Stage.SCHEDULING


def test_the_fifth_working_day_needs_no_reason_and_the_next_one_does(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = lead_told(db, world)
        (owed,) = open_obligations(db, consultation.id, kinds=["hold_session"])
        assert owed.due_at is not None
        last = replace(PLAN, starts_at=owed.due_at - timedelta(minutes=1), ends_at=owed.due_at + timedelta(hours=1))
        too_late = replace(last, starts_at=owed.due_at)
        with pytest.raises(Invalid):
            step.fix_session(db, actor=world.lead, consultation_id=consultation.id, plan=too_late, now=NOON)
        step.fix_session(db, actor=world.lead, consultation_id=consultation.id, plan=last, now=NOON)
        told = replace(too_late, late_reason="专家周三前均无法参会")
        step.move_session(db, actor=world.lead, consultation_id=consultation.id, plan=told, now=NOON)
        assert session_of(db, consultation).late_reason == "专家周三前均无法参会"


def test_moving_updates_the_same_entry(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = session_fixed(db, world)
        later = replace(PLAN, starts_at=STARTS + timedelta(days=1), ends_at=STARTS + timedelta(days=1, hours=1))
        with pytest.raises(NotAllowed):
            step.move_session(db, actor=world.applicant, consultation_id=consultation.id, plan=later, now=NOON)
        step.move_session(db, actor=world.lead, consultation_id=consultation.id, plan=later, now=NOON)
        first, moved = entries(db, "session_fixed")[0][1], entries(db, "session_moved")[0][1]
        (before,), (after,) = first.walk("VEVENT"), moved.walk("VEVENT")
        assert before["UID"] == after["UID"]
        assert after["SEQUENCE"] == 1
        owed = open_obligations(db, consultation.id, kinds=["attend_session"])
        assert {one.due_at for one in owed} == {later.starts_at}
        assert {one.first_due_at for one in owed} == {PLAN.starts_at}


def test_each_institution_names_one_or_two_of_its_own(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = session_fixed(db, world)
        actor, pair = world.staff["anhui"], world.liaisons["anhui"]
        everybody = [actor.person_id, pair[0].person_id, pair[1].person_id]

        def name(person_ids: list[int], *, has_no_interest: bool = True) -> None:
            step.name_participants(
                db, actor=actor, consultation_id=consultation.id, person_ids=person_ids,
                has_no_interest=has_no_interest, now=NOON,
            )  # fmt: skip

        for wrong in ([], everybody, [world.lead.person_id]):
            with pytest.raises(Invalid) as refused:
                name(wrong)
            assert refused.value.problems[0].field == "person_ids"
        with pytest.raises(Invalid) as refused:
            name(everybody[:1], has_no_interest=False)
        assert refused.value.problems[0].field == "has_no_interest"
        name(everybody[:2])
        name(everybody[1:])
        named = session_of(db, consultation).participants
        assert {one.person_id for one in named} == set(everybody[1:])
        assert {one.institution_id for one in consultation.parties} >= {world.institutions["anhui"]}
        owed = open_obligations(db, consultation.id, kinds=["name_participants"])
        assert world.institutions["anhui"] not in {one.institution_id for one in owed}
        ((dropped, calendar),) = entries(db, "session_cancelled")
        assert (dropped.person_id, calendar["METHOD"]) == (everybody[0], "CANCEL")


def test_an_expert_or_a_stranger_names_nobody(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = session_fixed(db, world)
        for actor, refusal in ((world.experts["shanghai"][0], NotAllowed), (world.experts["shanghai"][3], NotFound)):
            with pytest.raises(refusal):
                step.name_participants(
                    db, actor=actor, consultation_id=consultation.id, person_ids=[], has_no_interest=True, now=NOON
                )


def test_a_withdrawn_consultation_takes_its_session_out_of_calendars(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = participants_named(db, world)
        online = session_of(db, consultation)
        withdraw_application(
            db, actor=world.applicant, consultation_id=consultation.id, reason="生产者已主动召回", now=NOON
        )
        assert online.state == "cancelled"
        cancelled = entries(db, "session_cancelled")
        assert len(cancelled) == 5 + 8 + 4  # participants are staff who are no liaisons
        for _, calendar in cancelled:
            (entry,) = calendar.walk("VEVENT")
            assert (calendar["METHOD"], entry["STATUS"], entry["SEQUENCE"]) == ("CANCEL", "CANCELLED", 1)
