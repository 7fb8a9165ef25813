"""Step 8: records per custodian, their inventories, the clock, holds, and disposal by two people."""

import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from portal.models.archive import ArchiveRecord, StorageRemoval
from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.models.material import Material, MaterialOpening
from portal.models.meeting_minutes import MeetingMinutes
from portal.models.online_session import SpeakingTurn
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.models.voting import ConsultationSheet
from portal.process.consultation import Stage
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal, WrongStage
from portal.services.consultation import archive as step
from portal.services.consultation.application import withdraw_application
from portal.services.consultation.meeting_minutes import correct_minutes
from portal.services.consultation.overview import overview
from portal.services.consultation.panel import terminate_consultation
from portal.services.consultation.tally_view import tally_page
from portal.services.kernel.events import broken_links
from portal.services.kernel.obligations import open_obligations
from portal.services.kernel.storage_removal import queue_removal, remove_queued
from portal.storage.local import Storage
from tests.factories.ending import EXPIRED, archived
from tests.factories.material import CONTENT
from tests.factories.meeting_minutes import AFTER, issued, minutes_of
from tests.factories.online_session import session_opened
from tests.factories.preliminary_analysis import lead_told
from tests.factories.world import NOON, World, build_world

KEPT_UNTIL = date(2031, 12, 31)  # five years from 1 January 2027


def by(actor: Any, consultation: Consultation, now: datetime, **given: Any) -> dict[str, Any]:
    return {"actor": actor, "consultation_id": consultation.id, "now": now, **given}


def count(db: Session, model: Any) -> int:
    return db.scalar(select(func.count()).select_from(model)) or 0


def test_one_act_makes_both_records_with_their_inventories(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = issued(db, world)
        with pytest.raises(NotAllowed):
            step.archive_consultation(db, **by(world.staff["anhui"], consultation, AFTER))
        step.archive_consultation(db, **by(world.applicant, consultation, AFTER))
        assert consultation.stage == Stage.ARCHIVED
        sheets, minutes = step.records_of(db, consultation.id)
        assert (sheets.custodian_id, minutes.custodian_id) == (
            world.institutions["shanghai"],
            world.institutions["jiangsu"],
        )
        assert sheets.keep_until == minutes.keep_until == KEPT_UNTIL
        kinds = [item["kind"] for item in sheets.inventory]
        assert kinds == ["application", "material", *["preliminary_analysis"] * 5, *["consultation_sheet"] * 5]
        material = db.scalars(select(Material)).one()
        assert sheets.inventory[1]["sha256"] == material.sha256
        assert [item["kind"] for item in minutes.inventory] == ["session_record", "tally", "meeting_minutes"]
        assert minutes.inventory[-1]["sha256"] == minutes_of(db, consultation).digest
        assert not open_obligations(db, consultation.id, kinds=["archive"])
        assert len(open_obligations(db, consultation.id, kinds=["confirm_receipt"])) == 3  # do not block
        with pytest.raises(WrongStage):
            step.archive_consultation(db, **by(world.applicant, consultation, AFTER))


def test_the_clock_archives_what_was_left_lying(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = issued(db, world)
        due = open_obligations(db, consultation.id, kinds=["archive"])[0].due_at
        assert due is not None
        assert step.archive_overdue(db, due - timedelta(seconds=1)) == []
        assert step.archive_overdue(db, due) == [consultation.id]
        assert step.archive_overdue(db, due) == []
        assert consultation.stage == Stage.ARCHIVED
        assert not list(broken_links(db))


def test_what_ended_early_is_kept_by_the_applicant(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = lead_told(db, world)
        withdraw_application(db, **by(world.applicant, consultation, NOON, reason="生产者已主动召回"))
        step.archive_consultation(db, **by(world.applicant, consultation, NOON))
        (record,) = step.records_of(db, consultation.id)
        assert (record.content, record.custodian_id) == ("sheets", world.institutions["shanghai"])
        assert record.keep_until == KEPT_UNTIL
        with pytest.raises(NotAllowed):
            step.hold_archive(db, **by(world.staff["anhui"], consultation, NOON, reason="诉讼"))


def test_a_correction_after_archiving_joins_the_record(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = archived(db, world)
        correction = correct_minutes(db, **by(world.lead, consultation, AFTER, corrects="一、日期", text="应为3月4日"))
        minutes = step.records_of(db, consultation.id)[1]
        assert minutes.inventory[-1]["sha256"] == correction.digest


def test_nothing_is_removed_before_expiry_or_on_hold(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = archived(db, world)
        first = world.applicant
        with pytest.raises(Refusal, match=r"2031年12月31日.*第九条") as refused:
            step.propose_disposal(
                db, **by(first, consultation, EXPIRED - timedelta(seconds=1), reason="期满，无保存价值")
            )
        assert refused.value.article == "9"
        with pytest.raises(Refusal):
            step.dispose_archive(db, **by(first, consultation, EXPIRED))
        with pytest.raises(Invalid):
            step.hold_archive(db, **by(first, consultation, EXPIRED, reason=""))
        step.hold_archive(db, **by(first, consultation, EXPIRED, reason="相关诉讼未结"))
        with pytest.raises(Refusal, match="相关诉讼未结"):
            step.propose_disposal(db, **by(first, consultation, EXPIRED, reason="期满"))
        step.lift_hold(db, **by(first, consultation, EXPIRED, reason="诉讼已结"))
        with pytest.raises(Refusal):
            step.lift_hold(db, **by(first, consultation, EXPIRED, reason="诉讼已结"))
        step.propose_disposal(db, **by(first, consultation, EXPIRED, reason="期满，无保存价值"))
        assert count(db, ConsultationSheet) == 5


def test_two_people_of_each_custodian_destroy_their_part(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = archived(db, world)
        material = db.scalars(select(Material)).one().sha256
        certificates = [record.inventory for record in step.records_of(db, consultation.id)]
        first, second = world.liaisons["shanghai"]
        step.propose_disposal(db, **by(first, consultation, EXPIRED, reason="期满"))
        with pytest.raises(Refusal, match="另一人"):
            step.dispose_archive(db, **by(first, consultation, EXPIRED))
        step.dispose_archive(db, **by(second, consultation, EXPIRED))
        assert list(db.scalars(select(StorageRemoval.key))) == [material]
        assert consultation.stage == Stage.ARCHIVED  # the minutes are still there
        assert [count(db, one) for one in (ConsultationSheet, PreliminaryAnalysis, Material)] == [0, 0, 0]
        assert count(db, MeetingMinutes) == 1
        with pytest.raises(NotAllowed):
            step.hold_archive(db, **by(first, consultation, EXPIRED, reason="迟了"))
        first, second = world.liaisons["jiangsu"]
        step.propose_disposal(db, **by(first, consultation, EXPIRED, reason="期满"))
        step.dispose_archive(db, **by(second, consultation, EXPIRED))
        assert consultation.stage == Stage.DISPOSED
        assert count(db, MeetingMinutes) == 0
        with pytest.raises(NotFound):
            tally_page(db, **by(first, consultation, EXPIRED))
        overview(db, **by(first, consultation, EXPIRED))  # still answers, without what was destroyed
        assert [record.inventory for record in step.records_of(db, consultation.id)] == certificates
        assert not list(broken_links(db))


def test_a_file_goes_once_nothing_refers_to_it(sqlite_database: Database, tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    key = storage.put(io.BytesIO(CONTENT), limit_bytes=len(CONTENT)).key
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = archived(db, world)
        lead_told(db, world)  # with the same report
        _destroyed(db, world, consultation)
    assert remove_queued(sqlite_database, storage, EXPIRED) == 0
    assert storage.stored_at(key) is not None
    with sqlite_database.write() as db:
        assert count(db, ArchiveRecord) == 2
        assert count(db, StorageRemoval) == 0  # the other consultation keeps it, and will queue it again
        db.execute(delete(MaterialOpening))
        db.execute(text("DROP TRIGGER material_keep_delete"))
        db.execute(delete(Material))
        queue_removal(db, [key, key], now=EXPIRED)
    assert remove_queued(sqlite_database, storage, datetime.now(UTC)) == 0  # it may be an upload under way
    assert storage.stored_at(key) is not None
    assert remove_queued(sqlite_database, storage, EXPIRED) == 1
    assert storage.stored_at(key) is None
    assert remove_queued(sqlite_database, storage, EXPIRED) == 0


def test_what_ended_early_is_destroyed_altogether(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = session_opened(db, world)
        terminate_consultation(db, **by(world.lead, consultation, NOON, reason="无法形成法定人数"))
        step.archive_consultation(db, **by(world.applicant, consultation, NOON))
        (record,) = step.records_of(db, consultation.id)
        assert "session_record" in {item["kind"] for item in record.inventory}
        _destroyed(db, world, consultation, custodians=("shanghai",))
        assert consultation.stage == Stage.DISPOSED
        assert count(db, SpeakingTurn) == 0


def test_after_the_review_it_can_be_kept_longer(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = archived(db, world)
        first, second = world.liaisons["shanghai"]
        day = date(2035, 6, 30)
        with pytest.raises(Refusal, match="2031年12月31日"):
            step.extend_retention(db, **by(first, consultation, AFTER, keep_until=day, reason="有研究价值"))
        for wrong in (None, date(2031, 12, 31), EXPIRED.date()):
            with pytest.raises(Invalid) as refused:
                step.extend_retention(db, **by(first, consultation, EXPIRED, keep_until=wrong, reason="有研究价值"))
            assert refused.value.problems[0].field == "keep_until"
        step.propose_disposal(db, **by(first, consultation, EXPIRED, reason="期满"))
        step.extend_retention(db, **by(second, consultation, EXPIRED, keep_until=day, reason="有研究价值"))
        sheets, minutes = step.records_of(db, consultation.id)
        assert (sheets.keep_until, sheets.disposal_proposed_at) == (day, None)
        assert minutes.keep_until == KEPT_UNTIL  # another custodian decides for itself
        with pytest.raises(Refusal, match="2035年6月30日"):
            step.propose_disposal(db, **by(first, consultation, EXPIRED, reason="期满"))
        with pytest.raises(Refusal):
            step.dispose_archive(db, **by(first, consultation, EXPIRED))


def _destroyed(
    db: Session, world: World, consultation: Consultation, custodians: tuple[str, ...] = ("shanghai", "jiangsu")
) -> None:
    for name in custodians:
        first, second = world.liaisons[name]
        step.propose_disposal(db, **by(first, consultation, EXPIRED, reason="期满"))
        step.dispose_archive(db, **by(second, consultation, EXPIRED))
