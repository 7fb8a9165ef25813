"""Step 5: opening with a quorum, attendance, order, notes, adjourning, closing and going on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.models.database import Database
from portal.process.consultation import Stage
from portal.process.errors import Invalid, NotAllowed, Refusal, WrongStage
from portal.services.consultation import online_session as step
from portal.services.consultation.members import accepted_members
from portal.services.consultation.scheduling import fix_session
from portal.services.kernel.loading import load
from portal.services.kernel.obligations import open_obligations
from tests.factories.online_session import NOTES, PLAN, STARTS, participants_named, session_of, session_opened
from tests.factories.world import NOON, build_world


def test_the_lead_opens_it_at_its_time_with_a_quorum(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = participants_named(db, world)
        members = [member.id for member in accepted_members(db, consultation.id)]
        there = [world.staff["anhui"].person_id]

        def open_with(member_ids: list[int], *, now=STARTS, actor=world.lead) -> None:  # type: ignore[no-untyped-def]
            step.open_session(
                db, actor=actor, consultation_id=consultation.id, member_ids=member_ids, participant_ids=there, now=now
            )

        with pytest.raises(NotAllowed):
            open_with(members, actor=world.applicant)
        with pytest.raises(Refusal, match="60 分钟"):
            open_with(members, now=STARTS - step.OPENS_BEFORE - timedelta(minutes=1))
        with pytest.raises(Invalid) as refused:
            open_with(members[:2])
        assert refused.value.problems[0].field == "member_ids"
        assert consultation.stage == Stage.SCHEDULED
        open_with(members[:3], now=STARTS - step.OPENS_BEFORE)
        online = session_of(db, consultation)
        assert consultation.stage == Stage.IN_SESSION
        assert (online.state, online.host_id) == ("open", world.lead.person_id)
        assert [turn.member_id for turn in online.turns] == members
        assert [turn.has_attended for turn in online.turns] == [True] * 3 + [False] * 2
        assert {one.person_id for one in online.participants if one.has_attended} == set(there)
        assert "hold_session" not in {one.kind for one in open_obligations(db, consultation.id)}


def test_order_notes_and_attendance_are_kept(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = session_opened(db, world)
        ids = {"actor": world.lead, "consultation_id": consultation.id, "now": STARTS}
        members = [turn.member_id for turn in session_of(db, consultation).turns]
        with pytest.raises(Invalid):
            step.set_speaking_order(db, member_ids=members[1:], **ids)
        step.set_speaking_order(db, member_ids=members[::-1], **ids)
        assert [turn.member_id for turn in session_of(db, consultation).turns] == members[::-1]
        step.save_speech_notes(db, member_id=members[0], given=replace(NOTES, notes=" 已改 "), **ids)
        step.record_attendance(db, member_ids=[], participant_ids=[], **ids)
        step.save_discussion(db, summary="对普遍性有分歧", **ids)
        online = session_of(db, consultation)
        assert next(turn.notes for turn in online.turns if turn.member_id == members[0]) == "已改"
        assert all(turn.has_attended for turn in online.turns)  # who has spoken was there
        assert not any(one.has_attended for one in online.participants)
        assert online.discussion_summary == "对普遍性有分歧"
        with pytest.raises(Invalid):
            step.note_speech(db, member_id=members[0], given=step.SpeechNotes(), **ids)
        with pytest.raises(Invalid):
            step.save_speech_notes(db, member_id=members[0], given=step.SpeechNotes("maybe"), **ids)
        with pytest.raises(Invalid):
            step.note_speech(db, member_id=0, given=NOTES, **ids)


@pytest.mark.parametrize("to", list(step.ADJOURN_TO))
def test_adjourning_needs_a_reason_and_leads_back(database: Database, to: Stage) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = session_opened(db, world)
        online = session_of(db, consultation)
        ids = {"actor": world.lead, "consultation_id": consultation.id, "now": STARTS}
        with pytest.raises(Invalid):
            step.adjourn_session(db, reason=" ", to=to, **ids)
        with pytest.raises(Invalid):
            step.adjourn_session(db, reason="缺复测报告", to=Stage.PANEL, **ids)
        step.adjourn_session(db, reason="缺复测报告", to=to, **ids)
        assert consultation.stage == to
        assert online.state == "adjourned"
        owed = {one.kind for one in open_obligations(db, consultation.id)}
        assert ("hold_session" in owed) == (to is Stage.SCHEDULING)
        assert ("tell_lead" in owed) == (to is Stage.PRELIMINARY_ANALYSIS)
        if to is Stage.SCHEDULING:
            later = replace(PLAN, starts_at=STARTS + timedelta(days=1), ends_at=STARTS + timedelta(days=1, hours=1))
            again = fix_session(db, plan=later, **ids)
            assert again.uid != online.uid


def test_a_session_that_was_not_opened_is_cancelled_in_calendars_when_adjourned(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = participants_named(db, world)
        online = session_of(db, consultation)
        step.adjourn_session(
            db, actor=world.lead, consultation_id=consultation.id, reason="到会专家不足", to=Stage.SCHEDULING, now=NOON
        )
        assert (online.state, online.sequence) == ("adjourned", 1)


def test_the_discussion_is_closed_for_the_vote_and_goes_on_afterwards(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = session_opened(db, world)
        online = session_of(db, consultation)
        loaded = load(db, actor=world.lead, consultation_id=consultation.id, permission="open_vote", now=STARTS)
        step.close_discussion(db, loaded, STARTS)
        assert (online.state, online.closed_at) == ("closed", STARTS)
        step.reopen_discussion(db, loaded, STARTS)
        assert session_of(db, consultation) is online
        assert {turn.spoken_at for turn in online.turns} == {None}
        assert {turn.notes for turn in online.turns} == {NOTES.notes}


def test_nothing_is_noted_outside_the_session(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = participants_named(db, world)
        with pytest.raises(WrongStage):
            step.note_speech(
                db, actor=world.lead, consultation_id=consultation.id, member_id=1, given=NOTES, now=STARTS
            )
