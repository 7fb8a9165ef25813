"""During the session: who is there, who speaks since when, what was said on each question, the mark of it all."""

from datetime import timedelta

import pytest

from portal.models.database import Database
from portal.process.errors import Invalid, NotFound, Refusal, Stale
from portal.services.consultation import online_session as step
from portal.services.consultation import session_conduct as conduct
from portal.services.consultation.meeting_minutes_draft import compose, read_source
from portal.services.consultation.members import accepted_members
from portal.services.consultation.online_session_view import latest_session, session_page
from portal.services.consultation.voting import close_vote, open_vote
from portal.services.kernel.loading import load
from tests.factories.online_session import NOTES, STARTS, participants_named, session_of, session_opened
from tests.factories.panel import FIVE
from tests.factories.world import build_world


def test_people_say_that_they_are_there_and_the_host_confirms(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = participants_named(db, world)
        expert = world.experts["shanghai"][0]
        ids = {"consultation_id": consultation.id}
        early = STARTS - step.OPENS_BEFORE - timedelta(minutes=1)
        with pytest.raises(Refusal, match="还没有到会诊时间"):
            conduct.claim_attendance(db, actor=expert, now=early, **ids)
        conduct.claim_attendance(db, actor=expert, now=STARTS, **ids)
        conduct.claim_attendance(db, actor=expert, now=STARTS, **ids)
        with pytest.raises(NotFound):  # of an institution of the consultation, but nobody named her
            conduct.claim_attendance(db, actor=world.liaisons["anhui"][1], now=STARTS, **ids)
        page = session_page(db, actor=world.lead, now=STARTS, **ids)
        assert page.claiming == {expert.person_id}
        members = [member.id for member in accepted_members(db, consultation.id)]
        step.open_session(db, actor=world.lead, member_ids=members[:3], participant_ids=[], now=STARTS, **ids)
        assert session_of(db, consultation).claims == []
        with pytest.raises(Refusal, match="没有待确认"):
            conduct.confirm_attendance(db, actor=world.lead, now=STARTS, **ids)
        late = accepted_members(db, consultation.id)[4].expert.person_id
        late_expert = next(one for many in world.experts.values() for one in many if one.person_id == late)
        for actor in (late_expert, world.staff["anhui"], expert):  # the last is recorded as there already
            conduct.claim_attendance(db, actor=actor, now=STARTS, **ids)
        mine = session_page(db, actor=late_expert, now=STARTS, **ids)
        assert (mine.may_claim, mine.has_claimed) == (False, True)
        assert conduct.confirm_attendance(db, actor=world.lead, now=STARTS, **ids) == 2
        online = session_of(db, consultation)
        assert [turn.has_attended for turn in online.turns] == [True, True, True, False, True]
        there = {one.person_id for one in online.participants if one.has_attended}
        assert there == {world.staff["anhui"].person_id}
        assert not session_page(db, actor=late_expert, now=STARTS, **ids).may_claim


def test_a_speech_has_its_time(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = participants_named(db, world)
        members = [member.id for member in accepted_members(db, consultation.id)]
        ids = {"actor": world.lead, "consultation_id": consultation.id}
        step.open_session(db, member_ids=members, participant_ids=[], now=STARTS, **ids)
        page = session_page(db, now=STARTS, **ids)
        assert (page.speaking, page.next_speaker and page.next_speaker.member_id) == (None, members[0])
        conduct.start_speech(db, member_id=members[0], now=STARTS, **ids)
        soon = STARTS + timedelta(minutes=3)
        conduct.start_speech(db, member_id=members[0], now=soon, **ids)  # pressed twice: it goes on
        page = session_page(db, now=soon, **ids)
        assert page.speaking is not None
        assert (page.speaking.began_at, page.next_speaker and page.next_speaker.member_id) == (STARTS, members[1])
        conduct.start_speech(db, member_id=members[2], now=soon, **ids)
        first, _, third, *_ = session_of(db, consultation).turns
        assert (first.began_at, first.ended_at, third.began_at, third.ended_at) == (STARTS, soon, soon, None)
        step.note_speech(db, member_id=members[2], given=NOTES, now=soon + timedelta(minutes=1), **ids)
        assert third.ended_at == soon + timedelta(minutes=1)
        conduct.start_speech(db, member_id=members[1], now=soon, **ids)
        conduct.stop_speech(db, now=soon, **ids)
        assert session_page(db, now=soon, **ids).speaking is None
        with pytest.raises(Invalid):
            conduct.start_speech(db, member_id=0, now=soon, **ids)
        conduct.start_speech(db, member_id=members[1], now=soon, **ids)
        loaded = load(db, permission="open_vote", now=soon, **ids)
        step.close_discussion(db, loaded, soon)
        online = latest_session(db, consultation.id)
        assert online is not None
        assert all(turn.began_at is None or turn.ended_at for turn in online.turns)


def test_what_was_said_on_a_question_is_kept_and_goes_into_the_draft(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = session_opened(db, world)
        ids = {"actor": world.lead, "consultation_id": consultation.id, "now": STARTS}
        assert conduct.save_agenda_note(db, question="severity", text=" 两位认为 3 级 ", version=0, **ids) == 1
        with pytest.raises(Stale):
            conduct.save_agenda_note(db, question="severity", text="另一处", version=0, **ids)
        assert conduct.save_agenda_note(db, question="severity", text="沪方认为 3 级，苏方认为 2 级", **ids) == 2
        with pytest.raises(Invalid):
            conduct.save_agenda_note(db, question="name", text="x", **ids)
        conduct.save_agenda_note(db, question="prevalence", text="同批次均有", **ids)
        conduct.mark_discussed(db, question="severity", is_discussed=True, **ids)
        conduct.mark_discussed(db, question="severity", is_discussed=True, **ids)
        topics = {topic.question.name: topic for topic in session_page(db, **ids).agenda}
        assert (topics["severity"].text, topics["severity"].is_discussed) == ("沪方认为 3 级，苏方认为 2 级", True)
        assert not topics["prevalence"].is_discussed
        conduct.mark_discussed(db, question="severity", is_discussed=False, **ids)
        loaded = load(db, permission="view_session", **ids)
        draft = compose(read_source(db, consultation, loaded.edition, None))["discussion"]
        severity = loaded.edition.field("severity").brief
        assert f"关于{severity}：沪方认为 3 级，苏方认为 2 级。" in draft
        assert draft.index("3 级，苏方") < draft.index("同批次均有")
        conduct.mark_discussed(db, question="severity", is_discussed=True, **ids)
        step.close_discussion(db, loaded, STARTS)
        step.reopen_discussion(db, loaded, STARTS)
        notes = session_of(db, consultation).agenda_notes
        assert {note.text for note in notes} == {"沪方认为 3 级，苏方认为 2 级", "同批次均有"}
        assert all(note.discussed_at is None for note in notes)  # another round: everything is discussed again


def test_the_mark_changes_with_whatever_the_page_shows(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = session_opened(db, world)
        ids = {"actor": world.lead, "consultation_id": consultation.id, "now": STARTS}
        members = [member.id for member in accepted_members(db, consultation.id)]
        acts = [
            lambda: conduct.start_speech(db, member_id=members[0], **ids),
            lambda: conduct.stop_speech(db, **ids),
            lambda: step.save_speech_notes(db, member_id=members[0], given=NOTES, **ids),
            lambda: conduct.save_agenda_note(db, question="severity", text="一", **ids),
            lambda: conduct.mark_discussed(db, question="severity", is_discussed=True, **ids),
            lambda: step.record_attendance(db, member_ids=members, participant_ids=[], **ids),
            lambda: conduct.claim_attendance(db, **{**ids, "actor": world.staff["anhui"]}),
            lambda: step.set_speaking_order(db, member_ids=members[::-1], **ids),
            lambda: open_vote(db, **ids),
            lambda: close_vote(db, reason="试验", **ids),
        ]
        mark = conduct.live_mark(db, **ids)
        for act in acts:
            assert conduct.live_mark(db, **ids) == mark
            act()
            before, mark = mark, conduct.live_mark(db, **ids)
            assert mark != before


def test_the_vote_shows_on_the_session_page_to_whom_it_may(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = session_opened(db, world)
        ids = {"consultation_id": consultation.id, "now": STARTS}
        expert = world.experts["shanghai"][0]
        assert session_page(db, actor=expert, **ids).vote is None
        open_vote(db, actor=world.lead, **ids)
        vote = session_page(db, actor=expert, **ids).vote
        assert vote is not None
        assert (vote.is_open, vote.has_own_sheet, vote.has_signed, vote.counted) == (True, True, False, "")
        assert (vote.signed, len(vote.signers)) == (0, len(FIVE))
        staff = session_page(db, actor=world.staff["anhui"], **ids).vote
        assert staff is not None
        assert not staff.has_own_sheet
        close_vote(db, actor=world.lead, reason="试验", **ids)
        counted = session_page(db, actor=world.lead, **ids).vote
        assert counted is not None
        assert (counted.is_open, counted.signers, counted.counted) == (False, (), "view_counts")
        of_expert = session_page(db, actor=expert, **ids).vote
        assert of_expert is not None
        assert of_expert.counted == "view_earlier_rounds"
