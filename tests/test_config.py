"""Settings: what is read, what is made, and what is refused by the name of its variable."""

import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from portal.config import VARIABLES, FileMail, PasswordProfile, Settings, SettingsError, SmtpMail, Tls, demo_mark


@pytest.fixture
def read(tmp_path):
    def settings(**variables):
        environment = {f"PORTAL_{name}": value for name, value in variables.items()}
        return Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "here"), **environment})

    return settings


def test_defaults_need_nothing(read, tmp_path):
    settings = read()
    instance = tmp_path / "here"
    assert settings.instance == instance
    assert settings.database_url == f"sqlite:///{instance}/portal.sqlite3"
    assert settings.mail == FileMail(instance / "mail")
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.trusted_hosts == ("127.0.0.1", "localhost", "[::1]")
    assert settings.upload_limit_bytes == 1024 * 1024 * 1024
    assert settings.session_idle == timedelta(minutes=30)
    assert settings.session_absolute == timedelta(hours=12)
    assert settings.trusted_proxies == 0
    assert not settings.is_https
    assert settings.cookie_prefix == ""
    assert not settings.is_demo


def test_the_default_instance_is_below_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Settings.from_environment({}).instance == tmp_path / "instance"


def test_the_secret_is_made_once_and_for_its_owner_only(read, tmp_path):
    secret = read().secret_key
    assert len(secret) == 64
    assert read().secret_key == secret
    assert (tmp_path / "here" / "secret").stat().st_mode & 0o777 == 0o600
    assert {path.name for path in (tmp_path / "here").iterdir()} == {"secret", "field-keys"}


def test_processes_that_start_together_agree_on_the_secret(read):
    found, together = [], threading.Barrier(8)

    def start():
        together.wait()
        found.append(read().secret_key)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_secrets_are_not_shown(read):
    settings = read(
        SECRET_KEY="s3cr3t" * 8,
        MAIL_URL="smtp://a:hushhush@mail.example",
        DATABASE_URL="postgresql://portal:pass1word@db/portal",
    )
    assert not any(secret in repr(settings) for secret in ("s3cr3t", "hushhush", "pass1word"))


def test_https_gets_host_cookies(read):
    settings = read(BASE_URL="https://huizhen.example.cn/", TRUSTED_HOSTS="Intern.example.cn, 10.0.0.4")
    assert settings.base_url == "https://huizhen.example.cn"
    assert settings.is_https
    assert settings.cookie_prefix == "__Host-"
    assert settings.trusted_hosts == ("huizhen.example.cn", "intern.example.cn", "10.0.0.4")
    assert settings.mail_from == "portal@huizhen.example.cn"


@pytest.mark.parametrize(
    ("url", "mail"),
    [
        ("smtp://m.example", SmtpMail("m.example", 587, Tls.STARTTLS)),
        ("smtp://m.example?tls=tls", SmtpMail("m.example", 465, Tls.TLS)),
        ("smtp://m.example?tls=none", SmtpMail("m.example", 25, Tls.NONE)),
        ("smtp://a%40b:p%3Aw@m.example:2525", SmtpMail("m.example", 2525, Tls.STARTTLS, "a@b", "p:w")),
        ("smtp://a:b@localhost?tls=none", SmtpMail("localhost", 25, Tls.NONE, "a", "b")),
    ],
)
def test_mail_servers(read, url, mail):
    assert read(MAIL_URL=url).mail == mail


def test_mail_into_a_folder(read, tmp_path):
    assert read(MAIL_URL=f"file:{tmp_path}/post").mail == FileMail(tmp_path / "post")


def test_the_mark_of_the_demo(read, tmp_path):
    read()
    demo_mark(tmp_path / "here").touch()
    assert read().is_demo


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", "huizhen.example.cn"),
        ("BASE_URL", "ftp://huizhen.example.cn"),
        ("BASE_URL", "https://huizhen.example.cn/portal"),
        ("BASE_URL", "http://huizhen.example.cn"),
        ("BASE_URL", "https://huizhen.example.cn:99999"),
        ("BASE_URL", "https://me@huizhen.example.cn"),
        ("BASE_UR", "https://huizhen.example.cn"),
        ("DATABASE_URL", "mysql://localhost/portal"),
        ("SECRET_KEY", "too short"),
        ("MAIL_URL", "http://m.example"),
        ("MAIL_URL", "smtp://m.example?tls=maybe"),
        ("MAIL_URL", "smtp://m.example?timeout=3"),
        ("MAIL_URL", "smtp://a:b@m.example?tls=none"),
        ("MAIL_FROM", "portal"),
        ("MAIL_FROM", "portal@example.cn\r\nBcc: all@example.cn"),
        ("TRUSTED_HOSTS", "https://a.example"),
        ("TRUSTED_PROXIES", "-1"),
        ("UPLOAD_LIMIT_MB", "0"),
        ("UPLOAD_LIMIT_MB", "much"),
        ("SESSION_IDLE_MINUTES", "1.5"),
        ("SESSION_HOURS", "²"),
        ("PASSWORD_PROFILE", "mlps2"),
        ("FONTS", "/nowhere/fonts"),
        ("RED_HEADING", "yes"),
        ("RESET_LINK_MINUTES", "0"),
        ("INVITATION_HOURS", "soon"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(read, name, value):
    with pytest.raises(SettingsError, match=f"^PORTAL_{name}: ") as refusal:
        read(**{name: value})
    assert refusal.value.variable == f"PORTAL_{name}"


def test_the_look_of_documents(read, tmp_path):
    settings = read(FONTS=str(tmp_path), RED_HEADING="off")
    assert (settings.fonts_folder, settings.has_red_heading) == (tmp_path, False)


def test_links_and_passwords(read):
    settings = read()
    assert settings.password_profile is PasswordProfile.STANDARD
    assert settings.reset_link_lasts == timedelta(minutes=30)
    assert (settings.fonts_folder, settings.has_red_heading) == (None, True)
    assert settings.invitation_lasts == timedelta(hours=72)
    assert read(PASSWORD_PROFILE="mlps3").password_profile is PasswordProfile.MLPS3
    with pytest.raises(SettingsError, match=r"no profile 'strict'; there are standard, mlps3"):
        read(PASSWORD_PROFILE="strict")


def test_the_operators_guide_has_every_setting_as_it_is():
    guide = (Path(__file__).parents[1] / "deploy" / "README.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| `(PORTAL_\w+)` \| (.+) \|$", guide, re.MULTILINE))
    assert listed == {name: says.replace("|", ", ") for name, says in VARIABLES.items()}


def test_an_instance_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"^PORTAL_INSTANCE: .*cannot be made"):
        Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "file" / "here")})
