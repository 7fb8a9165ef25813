"""The lead changes by an act of both sides, or by the next in rotation when it stays silent."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.models.database import Database
from portal.models.outbox import OutboxMessage
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal
from portal.services.consultation import handover as step
from portal.services.consultation.archive import archive_consultation, records_of
from portal.services.kernel.obligations import open_obligations
from tests.factories.application import submitted
from tests.factories.meeting_minutes import AFTER, issued
from tests.factories.world import NOON, build_world

TURNED = NOON.replace(month=11, day=23)  # the Monday after the term has turned: Zhejiang leads


def test_both_sides_hand_it_over_and_what_is_owed_moves_with_its_date(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = submitted(db, world)
        before = {one.kind: one.due_at for one in open_obligations(db, consultation.id)}
        ids = {"consultation_id": consultation.id, "now": TURNED}
        with pytest.raises(Invalid):
            step.hand_over_lead(db, actor=world.lead, reason="", **ids)
        with pytest.raises(NotAllowed):
            step.hand_over_lead(db, actor=world.applicant, reason="轮值期满", **ids)
        receiver = step.hand_over_lead(db, actor=world.lead, reason="轮值期满", **ids)
        assert receiver.id == world.institutions["zhejiang"]
        assert consultation.lead_institution_id == world.institutions["jiangsu"]
        zhejiang = world.staff["zhejiang"]
        with pytest.raises(Refusal):
            step.take_over_lead(db, actor=zhejiang, **ids)
        step.accept_lead(db, actor=zhejiang, **ids)
        assert consultation.lead_institution_id == world.institutions["zhejiang"]
        assert consultation.handover_to_id is None
        owed = open_obligations(db, consultation.id)
        assert {one.kind: one.due_at for one in owed} == before
        assert {one.institution_id for one in owed} == {world.institutions["zhejiang"]}
        assert db.scalars(select(OutboxMessage).where(OutboxMessage.kind == "lead_changed")).all()
        with pytest.raises(NotAllowed):
            step.accept_lead(db, actor=zhejiang, **ids)


def test_within_its_term_the_next_in_rotation_takes_it(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = submitted(db, world)
        receiver = step.hand_over_lead(
            db, actor=world.lead, consultation_id=consultation.id, reason="本单位与生产者有利害关系", now=NOON
        )
        assert receiver.id == world.institutions["zhejiang"]
        with pytest.raises((NotAllowed, NotFound)):
            step.accept_lead(db, actor=world.staff["anhui"], consultation_id=consultation.id, now=NOON)


def test_a_silent_lead_is_taken_over_only_after_the_limit(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = submitted(db, world)  # to be answered by Wednesday; three working days more end on Monday
        zhejiang, monday_night = world.staff["zhejiang"], NOON + timedelta(days=7, hours=11, minutes=59)
        with pytest.raises(NotFound):
            step.take_over_lead(db, actor=zhejiang, consultation_id=consultation.id, now=monday_night)
        step.take_over_lead(
            db, actor=zhejiang, consultation_id=consultation.id, now=monday_night + timedelta(minutes=1)
        )
        assert consultation.lead_institution_id == world.institutions["zhejiang"]
        with pytest.raises((NotAllowed, NotFound)):
            step.take_over_lead(
                db, actor=zhejiang, consultation_id=consultation.id, now=monday_night + timedelta(minutes=2)
            )


def test_minutes_stay_in_the_custody_of_who_issued_them(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = issued(db, world)
        step.hand_over_lead(db, actor=world.lead, consultation_id=consultation.id, reason="轮值期满", now=AFTER)
        step.accept_lead(db, actor=world.staff["zhejiang"], consultation_id=consultation.id, now=AFTER)
        archive_consultation(db, actor=world.lead, consultation_id=consultation.id, now=AFTER)
        assert records_of(db, consultation.id)[1].custodian_id == world.institutions["jiangsu"]
