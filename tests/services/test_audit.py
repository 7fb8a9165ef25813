"""The audit trail: narrowed and paged for the auditor, and every tampered event found."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from portal.models.database import Database
from portal.process.errors import NotFound
from portal.services.audit import PAGE_SIZE, AuditFilter, audit_page, verify_trail
from portal.services.kernel.events import record
from tests.factories.application import submitted
from tests.factories.world import NOON, build_world


def test_narrowed_by_day_event_and_person(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        submitted(db, world)
        record(db, "signed_in", now=NOON + timedelta(days=1), actor=world.lead)

        def found(**given: object) -> list[str]:
            page = audit_page(db, actor=world.auditor, now=NOON, chosen=AuditFilter(**given))
            return [line.label for line in page.lines]

        assert found() == ["登录", "提交会诊申请", "起草会诊申请"]
        assert found(name="signed_in") == ["登录"]
        assert found(person="sh联") == ["提交会诊申请", "起草会诊申请"]
        assert found(person="%") == []
        assert found(last=NOON.date()) == ["提交会诊申请", "起草会诊申请"]
        assert found(first=NOON.date() + timedelta(days=1)) == ["登录"]
        line = audit_page(db, actor=world.auditor, now=NOON).lines[1]
        assert (line.consultation, line.institution, line.person) == ("〔2026〕1号", "上海", "sh联1")


def test_paged_by_fifty(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        for _ in range(PAGE_SIZE + 1):
            record(db, "signed_in", now=NOON, actor=world.lead)
        page = audit_page(db, actor=world.auditor, now=NOON, page=9)
        assert (page.page, page.pages, page.total, len(page.lines), page.first) == (2, 2, 51, 1, 51)


def test_a_changed_event_is_found(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        submitted(db, world)
        assert verify_trail(db, actor=world.auditor, now=NOON).is_whole
        db.execute(text("DROP TRIGGER event_no_update"))
        db.execute(text("UPDATE event SET person_name = '别人' WHERE id = 1"))
        db.expire_all()
        report = verify_trail(db, actor=None, now=NOON)
        assert (report.is_whole, report.broken, report.events) == (False, (1,), 2)


def test_nobody_else_reads_it(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        for actor in world.everyone:
            if actor is not world.auditor:
                with pytest.raises(NotFound):
                    audit_page(db, actor=actor, now=NOON)
                with pytest.raises(NotFound):
                    verify_trail(db, actor=actor, now=NOON)
