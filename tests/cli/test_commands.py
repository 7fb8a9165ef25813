"""The commands on a real database: what they do, what they refuse, and that the light ones stay light."""

import sqlite3
import subprocess
import sys

import pytest
from click.testing import CliRunner

from portal.cli.main import main
from tests.factories.calendar import YEAR_2027


@pytest.fixture
def portal(tmp_path):
    def run(*arguments, **environment):
        variables = {"PORTAL_INSTANCE": str(tmp_path / "instance"), **environment}
        return CliRunner().invoke(main, arguments, env=variables)

    return run


def test_the_commands_that_there_are(portal):
    result = portal("--help")
    assert result.exit_code == 0
    for command in ("worker", "db", "rules", "calendar", "audit"):
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
