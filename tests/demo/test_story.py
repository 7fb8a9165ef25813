"""The story leads through every stage, whenever it is told; its trail is whole and its files are there."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.demo.chapter import chapters
from portal.demo.scene import ACTS
from portal.demo.story import LOG_INS, tell
from portal.field_keys import FieldKeys, new_key
from portal.models.account import Person
from portal.models.archive import ArchiveRecord
from portal.models.case_document import CaseFile
from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.models.event import Event
from portal.models.expert import Expert
from portal.models.institution import Liaison, RotationTerm
from portal.models.material import Material
from portal.models.meeting_minutes import MinutesCopy
from portal.models.obligation import Obligation
from portal.models.outbox import OutboxMessage
from portal.models.recall_case import CaseConsultation, RecallCase, RecallProgress
from portal.models.recall_publication import RecallPublication
from portal.models.voting import ConsultationSheet, VotingRound
from portal.models.watch import Watch
from portal.process.consultation import Stage
from portal.process.recall_case import Stage as CaseStage
from portal.rules.dates import BEIJING, beijing_day
from portal.rules.editions import load_edition
from portal.rules.sheet import departures
from portal.services.consultation.voting import answers_of
from portal.services.kernel.calendar import working_calendar
from portal.services.kernel.events import broken_links
from portal.services.standing_duties import AHEAD
from portal.storage.local import Storage
from tests.demo.conftest import Told
from tests.support.counts import counted, kept

# A destroyed archive would have to be older than the Standard; a discarded draft is seen by nobody.
NOT_TOLD = {Stage.DISPOSED, Stage.DISCARDED}
AFTER_NEW_YEAR = datetime(2026, 1, 5, 8, 15, tzinfo=BEIJING)
KEYS = FieldKeys(Path("none"), (new_key(),))
A_SUNDAY_WITHOUT_CALENDAR = datetime(2027, 3, 7, 17, 40, tzinfo=BEIJING)


def check_sound(db: Session, now: datetime) -> None:
    """Every stage, an unbroken trail in the order of time up to now, numbers without gap in the order of submission."""
    assert {Stage(stage) for stage in db.scalars(select(Consultation.stage))} == set(Stage) - NOT_TOLD
    assert list(broken_links(db)) == []
    instants = list(db.scalars(select(Event.at).order_by(Event.id)))
    assert instants == sorted(instants)
    assert instants[-1] <= now
    submitted = db.scalars(select(Event).where(Event.name == "application_submitted").order_by(Event.id)).all()
    serials: dict[int, list[int]] = {}
    for event in submitted:
        consultation = db.get_one(Consultation, event.consultation_id)
        serials.setdefault(consultation.year, []).append(consultation.serial)
    assert all(given == list(range(1, len(given) + 1)) for given in serials.values())
    assert kept(db) == counted(db), "the counts of the list"


def test_it_is_sound_when_a_term_has_turned(told: Told) -> None:
    with told.database.read() as db:
        check_sound(db, told.now)
        names = Counter(db.scalars(select(Event.name)))
    assert names["lead_handed_over"] == names["lead_accepted"] == 1


def test_it_can_be_told_on_a_sunday_and_in_a_year_without_calendar(sqlite_database: Database, tmp_path: Path) -> None:
    tell(sqlite_database, Storage(tmp_path), keys=KEYS, now=A_SUNDAY_WITHOUT_CALENDAR)
    with sqlite_database.read() as db:
        check_sound(db, A_SUNDAY_WITHOUT_CALENDAR)
        owed = db.scalars(
            select(Obligation).where(
                Obligation.closed_at.is_(None),
                Obligation.working_days.is_not(None),
                # What was due before is overdue for good, and was counted by a calendar.
                Obligation.due_at > datetime(2027, 1, 2, tzinfo=BEIJING),
            )
        ).all()
        assert owed
        assert all(obligation.is_provisional for obligation in owed)


@pytest.mark.postgresql
def test_it_can_be_told_after_new_year_and_on_postgresql(postgresql_database: Database, tmp_path: Path) -> None:
    tell(postgresql_database, Storage(tmp_path), keys=KEYS, now=AFTER_NEW_YEAR)
    with postgresql_database.read() as db:
        check_sound(db, AFTER_NEW_YEAR)
        years = set(db.scalars(select(Consultation.year).where(Consultation.serial.is_not(None))))
        # The workflow took effect in February: a case that nobody could have begun yet is left out.
        assert db.scalars(select(RecallCase)).all() == []
    assert years >= {2025, 2026}


def test_the_people_are_there(told: Told) -> None:
    with told.database.read() as db:
        experts = db.scalars(select(Expert)).all()
        assert Counter(Counter(expert.institution_id for expert in experts).values()) == {6: 4}
        assert Counter(Counter(db.scalars(select(Liaison.institution_id))).values()) == {2: 4}
        known = {(person.username, person.name) for person in db.scalars(select(Person))}
    assert len({expert.field for expert in experts}) >= 15
    assert {(username, who.split("　")[0]) for username, who in LOG_INS} <= known


def test_deadlines_run_one_is_over_and_one_is_due_tomorrow(told: Told) -> None:
    with told.database.read() as db:
        calendar = working_calendar(db)
        owed = db.scalars(
            select(Obligation).where(Obligation.closed_at.is_(None), Obligation.due_at.is_not(None))
        ).all()
    late = {one.kind for one in owed if one.due_at <= told.now}
    left = {one.kind: calendar.working_days_left(told.now, one.due_at) for one in owed if one.due_at > told.now}
    assert {"review_watch", "answer_invitation"} <= late
    assert left["answer_application"] == left["hand_in_analysis"] == left["sign_sheet"] == 1
    assert left["hold_session"] > 1


def test_a_count_of_two_two_one_waits_and_another_found_its_majority_in_a_second_round(told: Told) -> None:
    found = {}
    with told.database.read() as db:
        for one in db.scalars(select(VotingRound).where(VotingRound.tally.is_not(None)).order_by(VotingRound.number)):
            count = one.tally["questions"]["defect_finding"]
            stage = db.get_one(Consultation, one.consultation_id).stage
            if one.number > 1 or sorted(count["counts"].values()) == [1, 2, 2]:
                found.setdefault(stage, []).append(count["answer"])
    assert found == {Stage.TALLIED: [None], Stage.ARCHIVED: [None, "yes"]}


def test_three_of_five_have_signed_where_the_vote_is_open(told: Told) -> None:
    with told.database.read() as db:
        (open_round,) = db.scalars(select(VotingRound).where(VotingRound.closed_at.is_(None)))
        assert Counter(sheet.state for sheet in open_round.sheets) == {"signed": 3, "draft": 2}


def test_a_departure_has_its_reason(told: Told) -> None:
    edition = load_edition()
    with told.database.read() as db:
        signed = db.scalars(select(ConsultationSheet).where(ConsultationSheet.state == "signed")).all()
        departed = [one for sheet in signed for one in departures(answers_of(sheet, edition), edition)]
    assert len(departed) >= 2
    assert all(one.reason for one in departed)


def test_the_watch_was_continued_and_is_to_be_reviewed(told: Told) -> None:
    with told.database.read() as db:
        (watch,) = db.scalars(select(Watch))
        assert len(watch.entries) == 1
        assert watch.review_on < beijing_day(told.now)


def test_receipts_are_confirmed_in_part(told: Told) -> None:
    with told.database.read() as db:
        issued = db.scalars(select(Consultation).where(Consultation.stage == Stage.ISSUED)).one()
        owed = db.scalars(
            select(Obligation).where(Obligation.consultation_id == issued.id, Obligation.kind == "confirm_receipt")
        ).all()
        received = [copy for copy in db.scalars(select(MinutesCopy)) if copy.received_at is not None]
    assert Counter(one.is_met for one in owed) == {True: 2, None: 1}
    assert received


def test_the_oldest_minutes_stay_with_the_lead_of_that_term(told: Told) -> None:
    with told.database.read() as db:
        oldest = db.scalars(
            select(Consultation).where(Consultation.serial.is_not(None)).order_by(Consultation.submitted_at)
        ).first()
        kept = db.scalars(
            select(ArchiveRecord).where(ArchiveRecord.consultation_id == oldest.id, ArchiveRecord.content == "minutes")
        ).one()
        terms = db.scalars(select(RotationTerm)).all()
    leads = [
        term.institution_id
        for day in (beijing_day(oldest.submitted_at), beijing_day(told.now))
        for term in terms
        if term.starts_on <= day <= term.ends_on
    ]
    assert kept.custodian_id == leads[0]
    assert leads[0] != leads[1]


def test_what_was_uploaded_lies_in_the_storage(told: Told) -> None:
    storage = Storage(told.instance / "files")
    with told.database.read() as db:
        items = db.scalars(select(Material)).all()
    assert {item.filename.rpartition(".")[2] for item in items} == {"pdf", "png", "docx"}
    for item in items:
        storage.verify(item.sha256)


def test_mail_waits_in_the_outbox_with_the_clock_of_the_story(told: Told) -> None:
    with told.database.read() as db:
        messages = db.scalars(select(OutboxMessage)).all()
    assert len({message.kind for message in messages}) >= 12
    assert all(message.created_at <= told.now for message in messages)
    assert any(message.created_at < told.now - timedelta(days=200) for message in messages)


def test_the_timelines_play_every_act_that_there_is_and_no_other() -> None:
    assert {line[2] for chapter in chapters() for line in chapter.told["timeline"]} == ACTS.keys()


def test_the_clock_has_opened_what_is_owed_beside_the_consultations(told: Told) -> None:
    with told.database.read() as db:
        owed = db.scalars(select(Obligation).where(Obligation.closed_at.is_(None), Obligation.slot.is_not(None))).all()
        assert {(one.kind, one.year) for one in owed} >= {("sign_term_handover", None), ("load_calendar_year", 2027)}
        assert all(one.since_at <= told.now + AHEAD for one in owed)
        assert "hold_custody_drill" in {one.kind for one in owed}


def test_recall_cases_stand_in_every_situation(told: Told) -> None:
    with told.database.read() as db:
        cases = db.scalars(select(RecallCase)).all()
        stages = {CaseStage(case.stage) for case in cases}
        owed = db.scalars(
            select(Obligation).where(
                Obligation.recall_case_id.is_not(None), Obligation.closed_at.is_(None), Obligation.due_at.is_not(None)
            )
        ).all()
        kinds = Counter(db.scalars(select(RecallPublication.kind)))
    assert len(cases) == len([chapter for chapter in chapters() if chapter.is_case])
    assert stages == set(CaseStage)
    assert {one.kind for one in owed if one.due_at <= told.now} >= {"verify_clue", "hand_in_report"}
    assert {one.kind for one in owed if one.due_at > told.now} >= {
        "verify_clue",
        "hand_in_report",
        "hand_in_noticed_plan",
    }
    assert kinds == {"recall": 4, "warning": 1, "sanction": 1}


def test_the_two_processes_meet_in_both_directions(told: Told) -> None:
    """A case asks and acts on the answer, another waits for it; advice begins cases that are carried on to the end."""
    with told.database.read() as db:
        met = {
            (link.origin, Stage(consultation.stage), CaseStage(case.stage))
            for link, consultation, case in db.execute(
                select(CaseConsultation, Consultation, RecallCase)
                .join(Consultation, Consultation.id == CaseConsultation.consultation_id)
                .join(RecallCase, RecallCase.id == CaseConsultation.case_id)
            )
        }
        taken = db.scalars(select(Event).where(Event.name == "consultation_result_taken")).all()
    assert met == {
        ("asked", Stage.DRAFT, CaseStage.CONSULTING),
        ("asked", Stage.SCHEDULING, CaseStage.CONSULTING),
        ("asked", Stage.ISSUED, CaseStage.PLAN_DUE),
        ("advised", Stage.ARCHIVED, CaseStage.OBJECTION),
        ("advised", Stage.ARCHIVED, CaseStage.SUMMARY),
    }
    assert [event.facts["opinion"]["recommend_investigation"] for event in taken] == ["yes"]


def test_what_a_case_and_its_consultation_both_tell_is_one_text(told: Told) -> None:
    with told.database.read() as db:
        linked = db.execute(
            select(Consultation, RecallCase)
            .join(CaseConsultation, CaseConsultation.consultation_id == Consultation.id)
            .join(RecallCase, RecallCase.id == CaseConsultation.case_id)
        ).all()
        for consultation, case in linked:
            ours, theirs = case.product, consultation.product
            assert (ours.product_name, ours.model, ours.producer) == (
                theirs.product_name,
                theirs.model,
                theirs.producer,
            )
            assert ours.credit_code == theirs.credit_code
    assert linked


def test_a_recall_goes_slower_than_planned_and_another_is_in_its_file(told: Told) -> None:
    with told.database.read() as db:
        told_by = Counter(db.scalars(select(RecallProgress.case_id)))
        closed = db.scalars(select(RecallCase).where(RecallCase.outcome == "recalled")).one()
        done = sum(db.scalars(select(RecallProgress.quantity).where(RecallProgress.case_id == closed.id)))
        pictures = db.scalars(select(CaseFile).where(CaseFile.field == "photographs")).all()
    assert done == 2740
    assert len(told_by) == 3
    assert {picture.content_type for picture in pictures} == {"image/png"}
