"""Mail, institutions and the audit trail: each for the one person who runs it, content for nobody."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.app import create_app
from portal.config import Settings
from portal.models.database import Database
from portal.models.institution import Alliance, Institution
from portal.models.job import JobRun, JobState, WorkerProcess
from portal.models.outbox import OutboxMessage
from tests.factories.application import submitted
from tests.factories.world import World
from tests.support.clock import Clock
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]


def page(answer) -> str:
    return answer.get_data(as_text=True)


@pytest.fixture
def mail(world: World, sqlite_database: Database) -> int:
    """The id of one of two queued messages."""
    with sqlite_database.write() as db:
        submitted(db, world)
        return db.scalars(select(OutboxMessage.id)).first() or 0


@pytest.mark.parametrize(
    "path",
    [
        "/system/outbox",
        "/system/outbox/1",
        "/system/jobs",
        "/system/institutions",
        "/system/regulators",
        "/audit",
        "/audit/verification",
    ],
)
def test_each_for_one_role(surf: Surf, world: World, mail: int, path: str) -> None:
    entitled = "auditor" if path.startswith("/audit") else "administrator"
    for username in ("administrator", "auditor", "security", "jiangsu-liaison-1", "jiangsu-expert-1"):
        assert surf(username).get(path).status_code == (200 if username == entitled else 404), username


def test_the_administrator_sees_envelope_and_state_and_no_content(surf: Surf, world: World, mail: int) -> None:
    surfer = surf("administrator")
    for path in ("/system/outbox", f"/system/outbox/{mail}"):
        seen = page(surfer.get(path))
        assert "jiangsu-liaison-" in seen
        assert "【请受理】" in seen
        assert "待发送" in seen
        assert "电热毯" not in seen
        assert "〔2026〕" not in seen


def test_the_demo_shows_the_text(
    settings: Settings, sqlite_database: Database, world: World, mail: int, clock: Clock
) -> None:
    app: Flask = create_app(replace(settings, is_demo=True), sqlite_database, clock=clock)
    surfer = Surfer(app)
    surfer.log_in("administrator")
    assert "电热毯" in page(surfer.get("/system/outbox"))
    assert "3月4日（周三）24:00" in page(surfer.get(f"/system/outbox/{mail}"))


def test_a_failed_message_is_sent_again_and_a_queued_one_is_not(
    surf: Surf, world: World, mail: int, sqlite_database: Database
) -> None:
    surfer = surf("administrator")
    assert surfer.post(f"/system/outbox/{mail}/resend").status_code == 409
    with sqlite_database.write() as db:
        db.execute(
            update(OutboxMessage).where(OutboxMessage.id == mail).values(state="failed", error="550 no such user")
        )
    assert "550 no such user" in page(surfer.get(f"/system/outbox/{mail}"))
    assert "发送失败" in page(surfer.get("/system/outbox?state=failed"))
    assert surfer.post(f"/system/outbox/{mail}/resend").status_code == 303
    with sqlite_database.read() as db:
        assert db.get_one(OutboxMessage, mail).state == "queued"
    assert surfer.post("/system/outbox/4711/resend").status_code == 404


def test_an_institution_is_renamed_and_a_double_badge_told(surf: Surf, world: World) -> None:
    surfer, number = surf("administrator"), world.institutions["anhui"]
    fields = {"name": "安徽省产品质量监督检验研究院", "short_name": "安徽", "badge": "沪"}
    refused = surfer.post(f"/system/institutions/{number}", fields)
    assert (refused.status_code, 'id="badge-error"' in page(refused)) == (422, True)
    assert 'value="安徽省产品质量监督检验研究院"' in page(refused)
    assert surfer.post(f"/system/institutions/{number}", {**fields, "badge": "皖"}).status_code == 303
    assert "安徽省产品质量监督检验研究院" in page(surfer.get("/system/institutions"))
    assert surfer.get("/system/institutions/4711").status_code == 404
    assert surfer.post("/system/institutions").status_code == 409


def test_the_auditor_narrows_the_trail_and_verifies_it(surf: Surf, world: World, mail: int) -> None:
    surfer = surf("auditor")
    assert "提交会诊申请" in page(surfer.get("/audit"))
    narrowed = page(surfer.get("/audit?name=signed_in&person=孙"))
    assert "共 <b>1</b> 条" in narrowed
    wrong = surfer.get("/audit?first=gestern")
    assert (wrong.status_code, "日期格式" in page(wrong)) == (422, True)
    assert "没有符合条件的记录" in page(surfer.get("/audit?person=无此人"))
    assert "审计记录完整" in page(surfer.get("/audit/verification"))


def test_a_new_installation_gets_its_members(
    settings: Settings, sqlite_database: Database, clock: Clock, tmp_path: Path
) -> None:
    from portal.models.account import Person, PersonRole
    from tests.web.conftest import password_hash

    with sqlite_database.write() as db:
        db.add(
            Person(
                username="first", name="郑管理", email="first@example.org", password_hash=password_hash(),
                password_changed_at=clock.now, created_at=clock.now, roles=[PersonRole(role="administrator")],
            )
        )  # fmt: skip
    surfer = Surfer(create_app(settings, sqlite_database, clock=clock))
    surfer.log_in("first")
    assert surfer.get("/rotation").status_code == 409
    assert "建立成员单位" in page(surfer.get("/system/institutions"))
    assert surfer.post("/system/institutions").status_code == 303
    assert "还没有编排轮值" in page(surfer.get("/rotation"))
    proposed = page(surfer.get("/rotation/schedule"))
    assert 'value="2024-11-21"' in proposed
    with sqlite_database.read() as db:
        assert db.scalar(select(Alliance.number_prefix)) == "长三角会诊"
        order = {f"order-{place}": number for place, number in enumerate(db.scalars(select(Institution.id)))}
    assert surfer.post("/rotation/schedule", {"start": "2024-11-21", "years": "4", **order}).status_code == 303
    assert "本年度轮值牵头" in page(surfer.get("/rotation"))


def test_the_status_page_says_what_ran_what_failed_and_that_no_worker_lives(
    surf: Surf, world: World, sqlite_database: Database, clock: Clock
) -> None:
    surfer = surf("administrator")
    for path in ("/system/jobs", "/system/outbox", "/tasks"):
        assert "后台进程尚未运行" in page(surfer.get(path))
    worker, long_ago = "machine-17-abc", clock.now - timedelta(minutes=10)
    with sqlite_database.write() as db:
        db.add(WorkerProcess(name=worker, started_at=clock.now, seen_at=clock.now))
        lease = {"leased_by": worker, "leased_until": clock.now + timedelta(seconds=20)}
        ended = {"last_started_at": long_ago, "last_finished_at": long_ago + timedelta(seconds=1.5)}
        db.add(JobState(name="deliver_outbox", next_at=clock.now, **lease, **ended))
        db.add(JobState(name="send_digests", next_at=long_ago, **ended))
        failed = {"error": "OSError（portal/x.py:7）", "failures_in_a_row": 3}
        db.add(JobState(name="read_bounces", next_at=clock.now, **ended, **failed))
        run = {"started_at": long_ago, "finished_at": clock.now, "worker": worker}
        db.add(JobRun(job="deliver_outbox", due_at=long_ago, outcome="done", amount=41, **run))
    seen = page(surfer.get("/system/jobs"))
    for words in ("投递邮件", "1.5 秒", "未按时运行", "连续 3 次", "OSError（portal/x.py:7）", ">41<", "1 个在运行"):
        assert words in seen, words
    assert "没有运行：" not in seen
    clock.advance(minutes=6)
    assert "后台进程已有 6 分钟没有运行" in page(surfer.get("/tasks"))
    assert "失去联系" in page(surfer.get("/system/jobs"))
