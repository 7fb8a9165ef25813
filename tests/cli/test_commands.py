"""The commands on a real database: what they do, what they refuse, and that the light ones stay light."""

import socket
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from portal.cli.database import opened_database
from portal.cli.demo import FINISHED, UNFINISHED
from portal.cli.main import main
from portal.config import Settings, demo_mark
from portal.field_keys import new_key
from portal.models.obligation import Obligation, ReminderSent
from portal.rules.dates import beijing_day
from portal.rules.working_days import shipped_calendar
from portal.services.account_links import link_of_token
from portal.services.account_passwords import prove_log_in
from tests.factories.application import submitted
from tests.factories.archive import flip, package_rows, path_of, stored
from tests.factories.calendar import YEAR_2027
from tests.factories.ending import archived
from tests.factories.fees import known
from tests.factories.world import build_world


@pytest.fixture
def portal(tmp_path):
    def run(*arguments, typed="", **environment):
        variables = {"PORTAL_INSTANCE": str(tmp_path / "instance"), **environment}
        return CliRunner().invoke(main, arguments, env=variables, input=typed)

    return run


def settings_of(tmp_path):
    return Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "instance")})


def test_the_commands_that_there_are(portal):
    result = portal("--help")
    assert result.exit_code == 0
    commands = (
        "run",
        "worker",
        "init",
        "account",
        "demo",
        "db",
        "audit",
        "keys",
        "rules",
        "calendar",
        "archive",
        "vote",
        "reminders",
    )
    for command in commands:
        assert f"\n  {command} " in result.output


def test_the_database_is_made_and_checked(portal):
    assert "数据库为空" in portal("db", "current").output
    unfinished = portal("db", "check")
    assert unfinished.exit_code == 1
    assert "portal db upgrade" in unfinished.output
    assert portal("db", "upgrade").exit_code == 0
    assert portal("db", "upgrade").exit_code == 0
    checked = portal("db", "check")
    assert (checked.exit_code, checked.output.split("：")[0]) == (0, "数据库结构正确")


def test_a_setting_that_cannot_be_used_is_named(portal):
    result = portal("db", "current", PORTAL_MAIL_URL="pigeon:")
    assert result.exit_code == 1
    assert result.output == "Error: PORTAL_MAIL_URL: must be file: or smtp://host:port\n"


@pytest.mark.parametrize("bind", ["8000", "localhost", "localhost:http", ":8000", "localhost:70000"])
def test_an_address_to_listen_on_must_be_one(portal, bind):
    result = portal("run", "--bind", bind)
    assert result.exit_code == 2
    assert "--bind" in result.output


def test_an_address_that_is_taken_is_said_at_once(portal):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = portal("run", PORTAL_BASE_URL=f"http://127.0.0.1:{port}")
    assert result.exit_code == 1
    assert f"不能在 127.0.0.1:{port} 上监听" in result.output
    assert f"PORTAL_BASE_URL=http://127.0.0.1:{port + 1}" in result.output


def test_the_first_account_has_the_password_that_was_given(portal, tmp_path):
    who = ("--name", "沈建", "--username", "shenjian", "--email", "shenjian@example.cn", "--password-stdin")
    assert portal("init", *who, typed="\n").exit_code == 1
    assert portal("init", *who, typed="会诊-第一把钥匙-7\n").exit_code == 0
    again = portal("init", *who, typed="会诊-第二把钥匙-8\n")
    assert again.exit_code == 1
    assert "已有账号" in again.output
    with opened_database(settings_of(tmp_path)) as database, database.read() as db:
        assert prove_log_in(db, username="shenjian", password="会诊-第一把钥匙-7").is_right
        assert not prove_log_in(db, username="shenjian", password="会诊-第二把钥匙-8").is_right


def test_the_first_account_follows_the_password_profile(portal):
    who = ("--name", "沈建", "--username", "shenjian", "--email", "shenjian@example.cn", "--password-stdin")
    refused = portal("init", *who, typed="会诊-第一把钥匙-7\n", PORTAL_PASSWORD_PROFILE="mlps3")
    assert (refused.exit_code, "四类中的至少 3 类" in refused.output) == (1, True)
    assert portal("init", *who, typed="会诊-第一把 Key-7\n", PORTAL_PASSWORD_PROFILE="mlps3").exit_code == 0


def test_whoever_runs_the_server_can_let_an_account_choose_a_password(portal, tmp_path):
    who = ("--name", "沈建", "--username", "shenjian", "--email", "shenjian@example.cn", "--password-stdin")
    portal("init", *who, typed="会诊-第一把钥匙-7\n")
    result = portal("account", "link", "shenjian")
    assert result.exit_code == 0
    token = result.output.strip().rpartition("/password/new?token=")[2]
    with opened_database(settings_of(tmp_path)) as database, database.read() as db:
        assert link_of_token(db, token=token, now=datetime.now(UTC)).username == "shenjian"
    unknown = portal("account", "link", "nobody")
    assert (unknown.exit_code, "没有这个账号" in unknown.output) == (1, True)


def test_a_password_is_asked_for_twice(portal):
    who = ("--name", "沈建", "--username", "shenjian", "--email", "shenjian@example.cn")
    result = portal("init", *who, typed="会诊-第一把钥匙-7\n会诊-另一把钥匙-7\n会诊-第一把钥匙-7\n会诊-第一把钥匙-7\n")
    assert result.exit_code == 0
    assert "钥匙" not in result.output


def test_a_demo_that_was_cut_off_is_not_taken_for_a_whole_one(portal, tmp_path):
    demo_mark(settings_of(tmp_path).instance).write_text(UNFINISHED)
    for command in (("run", "--demo-if-empty", "--bind", "127.0.0.1:0"), ("demo", "load")):
        result = portal(*command)
        assert result.exit_code == 1
        assert "中断" in result.output


def test_a_demo_never_becomes_an_installation_in_use(portal, tmp_path):
    demo_mark(settings_of(tmp_path).instance).write_text(FINISHED)
    result = portal("init", "--name", "沈建", "--username", "shenjian", "--email", "a@example.cn", typed="")
    assert result.exit_code == 1
    assert "演示" in result.output


def test_light_commands_load_neither_flask_nor_sqlalchemy():
    script = (
        "import sys; from portal.cli.main import main\n"
        "try: main(['calendar', 'deadline', '--from', '2026-09-30T15:00', '--working-days', '3'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'flask', 'sqlalchemy', 'alembic', 'werkzeug', 'docx'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == ["2026-10-10", "[]"]


def test_a_calendar_year_is_loaded_and_the_audit_trail_is_verified(portal, tmp_path):
    file = tmp_path / "2027.toml"
    file.write_text(YEAR_2027, "utf-8")
    assert "已载入 2027 年工作日历" in portal("calendar", "load", str(file)).output
    again = portal("calendar", "load", str(file))
    assert (again.exit_code, "内容相同" in again.output) == (2, True)
    file.write_text("year = 2027", "utf-8")
    assert "缺少键" in portal("calendar", "load", str(file)).output
    assert "审计记录完整：1 条" in portal("audit", "verify").output


def test_a_tampered_trail_is_told(portal, tmp_path):
    file = tmp_path / "2027.toml"
    file.write_text(YEAR_2027, "utf-8")
    portal("calendar", "load", str(file))
    with sqlite3.connect(next(tmp_path.rglob("portal.sqlite3"))) as db:
        db.execute("DROP TRIGGER event_no_update")
        db.execute("UPDATE event SET name = 'signed_in'")
    result = portal("audit", "verify")
    assert (result.exit_code, "第 1 号" in result.output) == (1, True)


def test_packages_are_made_verified_and_drilled(portal, tmp_path):
    settings = settings_of(tmp_path)
    portal("db", "upgrade")
    assert portal("archive", "drill").exit_code == 1
    storage = stored(settings.files_folder)
    with opened_database(settings) as database:
        with database.write() as db:
            archived(db, build_world(db))
        assert "不是会诊编号" in portal("archive", "package", "x").output
        assert "编成归档包 0 个" in portal("archive", "package", "2026-7").output
        assert "编成归档包 2 个" in portal("archive", "package", "〔2026〕1号").output
        assert portal("archive", "verify").exit_code == 0
        assert "检查归档包 2 个，损坏 0 个" in portal("archive", "verify", "--all").output
        assert "应保存 1 件" in portal("archive", "drill", "上海").output
        sheets, _minutes = package_rows(database)
    flip(path_of(storage, sheets.sha256), sheets.size // 2)
    damaged = portal("archive", "verify", "2026-1")
    assert damaged.exit_code == 1
    assert "检查归档包 2 个，损坏 1 个" in damaged.output
    assert "〔2026〕1号 会诊表、会诊材料与初步分析 归档包1　归档包文件的 SHA-256 与编成时不符" in damaged.output
    assert portal("archive", "drill").exit_code == 1


def test_a_package_that_cannot_be_made_is_named(portal, tmp_path):
    portal("db", "upgrade")
    with opened_database(settings_of(tmp_path)) as database, database.write() as db:
        archived(db, build_world(db))
    result = portal("archive", "package")
    assert result.exit_code == 1
    assert "文件不存在" in result.output
    assert "编成归档包 1 个" in result.output  # the minutes need no file


def test_the_keys_are_rotated_and_old_ones_dropped(portal, tmp_path):
    assert portal("db", "upgrade").exit_code == 0
    keys = settings_of(tmp_path).field_keys
    (first,) = keys.current()
    assert portal("keys", "rotate").exit_code == 0
    assert len(keys.current()) == 2
    assert keys.current()[1] == first
    dropped = portal("keys", "drop-old")
    assert dropped.exit_code == 0
    assert first not in keys.current()
    given = portal("keys", "drop-old", PORTAL_FIELD_KEYS=first)
    assert given.exit_code == 1
    assert "PORTAL_FIELD_KEYS" in given.output
    assert portal("keys", "rotate", PORTAL_FIELD_KEYS="short").exit_code != 0


def test_keys_that_do_not_fit_are_not_rotated(portal, tmp_path):
    assert portal("db", "upgrade").exit_code == 0
    settings = settings_of(tmp_path)
    with opened_database(settings) as database, database.write() as db:
        known(db, build_world(db).experts["anhui"][0], settings.field_keys)
    settings.field_keys.file.write_text(new_key())
    for command in ("rotate", "drop-old"):
        refused = portal("keys", command)
        assert refused.exit_code == 1
        assert "解开" in refused.output
    assert len(settings.field_keys.current()) == 1


def test_the_reminders_of_a_day_are_shown_and_none_is_sent(portal, tmp_path):
    portal("db", "upgrade")
    with opened_database(settings_of(tmp_path)) as database:
        now = datetime.now(UTC)
        with database.write() as db:
            owed = submitted(db, build_world(db))
            due_at = db.scalars(select(Obligation.due_at).where(Obligation.consultation_id == owed.id)).one()
            # The command looks from today's clock: the deadline is laid ahead of it.
            db.execute(update(Obligation).values(due_at=due_at.replace(year=now.year + 1), remind_at=now))
        last_day = beijing_day(due_at.replace(year=now.year + 1) - timedelta(minutes=1))
        while not shipped_calendar().mark(last_day, strict=False).counted:
            last_day -= timedelta(days=1)
        shown = portal("reminders", "preview", "--on", last_day.isoformat(), "--consultation", owed.number)
        assert shown.exit_code == 0, shown.output
        assert "【请审核（急）】电热毯 XM-1518D 会诊申请，今天截止" in shown.output
        assert shown.output.rstrip().endswith("共 4 封")
        with database.read() as db:
            assert db.scalars(select(ReminderSent)).all() == []
    assert portal("reminders", "preview", "--on", "2026-03-05", "--consultation", "2099-7").exit_code == 1
    assert portal("reminders", "preview", "--on", "5 March").exit_code == 2
