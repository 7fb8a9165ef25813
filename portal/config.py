"""The settings of one installation, read from PORTAL_* variables once and never changed afterwards."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from portal.field_keys import FieldKeys, is_key, new_key

SHORTEST_SECRET = 32


class Tls(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class PasswordProfile(StrEnum):
    """How strict passwords are; portal.services.password_rules says what each one asks for."""

    STANDARD = "standard"
    MLPS3 = "mlps3"


DEFAULT_INVITATION_HOURS = 72
CHANNEL_SCHEMES = ("wecombot", "dingtalk", "feishu")
DEFAULT_SMTP_PORTS = {Tls.STARTTLS: 587, Tls.TLS: 465, Tls.NONE: 25}

VARIABLES = {
    "PORTAL_INSTANCE": "folder of database, files, secret and mail; default ./instance",
    "PORTAL_DATABASE_URL": "sqlite:///… or postgresql://…; default a SQLite file in the instance folder",
    "PORTAL_BASE_URL": "the address people use; default http://127.0.0.1:8000",
    "PORTAL_SECRET_KEY": "32 characters or more; default a generated one, kept in the instance folder",
    "PORTAL_FIELD_KEYS": "keys of the encrypted fields, with commas, the sealing one first; default one kept there too",
    "PORTAL_MAIL_URL": "file: or smtp://user:password@host:port?tls=starttls|tls|none; default file:",
    "PORTAL_MAIL_FROM": "the sender's address; default portal@ and the host of the base URL",
    "PORTAL_BOUNCE_MAILBOX": "imaps://user:password@host:port/folder into which mail comes back; default none",
    "PORTAL_CHANNELS": "group robots that institutions may use, with commas: wecombot, dingtalk, feishu; default none",
    "PORTAL_TRUSTED_HOSTS": "host names the portal answers to, with commas; default the base URL's",
    "PORTAL_TRUSTED_PROXIES": "how many proxies stand in front and may name the client's address; default 0",
    "PORTAL_UPLOAD_LIMIT_MB": "largest single file in MB; default 1024",
    "PORTAL_SESSION_IDLE_MINUTES": "a log-in unused for so long ends; default 30",
    "PORTAL_SESSION_HOURS": "every log-in ends after so long; default 12",
    "PORTAL_PASSWORD_PROFILE": "standard, or mlps3 (GB/T 22239-2019, level 3); default standard",
    "PORTAL_FONTS": "folder of own fonts (仿宋, 楷体, 小标宋 …) for PDF documents; default the open ones alone",
    "PORTAL_SEALS": "folder of the institutions' certificates, <province>.p12 with <province>.pass; default no seals",
    "PORTAL_RED_HEADING": "on or off: whether the heading of the minutes is red; default on",
    "PORTAL_RESET_LINK_MINUTES": "the link in a mail about a forgotten password works for so long; default 30",
    "PORTAL_INVITATION_HOURS": "the link in the mail about a new account works for so long; default 72",
}


class SettingsError(ValueError):
    """A variable that cannot be used. `variable` is its name; the message says what is wrong with it."""

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"{variable}: {problem}")
        self.variable = variable


@dataclass(frozen=True, slots=True)
class FileMail:
    """Mail is written as .eml files into `folder`."""

    folder: Path


@dataclass(frozen=True, slots=True)
class SmtpMail:
    """Mail is handed to an SMTP server."""

    host: str
    port: int
    tls: Tls
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ImapMailbox:
    """The mailbox into which undeliverable mail comes back."""

    host: str
    port: int
    has_tls: bool
    username: str
    password: str = field(repr=False)
    folder: str = "INBOX"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; made by `from_environment`."""

    instance: Path
    database_url: str = field(repr=False)
    base_url: str
    secret_key: str = field(repr=False)
    field_keys: FieldKeys
    mail: FileMail | SmtpMail
    mail_from: str
    trusted_hosts: tuple[str, ...]
    trusted_proxies: int
    upload_limit_bytes: int
    session_idle: timedelta
    session_absolute: timedelta
    password_profile: PasswordProfile
    reset_link_lasts: timedelta
    invitation_lasts: timedelta
    fonts_folder: Path | None = None
    has_red_heading: bool = True
    seals_folder: Path | None = None
    is_demo: bool = False
    bounce_mailbox: ImapMailbox | None = None
    channels: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read and check every PORTAL_* variable; makes the instance folder and its secret when missing.

        Raises SettingsError naming the variable for an unknown one and for a value that cannot be used.
        An empty value counts as not given.
        """
        given = {name: value for name, value in environment.items() if name.startswith("PORTAL_") and value}
        for name in sorted(given.keys() - VARIABLES.keys()):
            raise SettingsError(name, f"no such setting; there are {', '.join(sorted(VARIABLES))}")
        instance = Path(given.get("PORTAL_INSTANCE", "instance")).absolute()
        base = _base_url(given.get("PORTAL_BASE_URL", "http://127.0.0.1:8000"))
        try:
            instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError("PORTAL_INSTANCE", f"{instance} cannot be made: {error.strerror}") from error
        return cls(
            instance=instance,
            database_url=_database_url(given.get("PORTAL_DATABASE_URL", f"sqlite:///{instance / 'portal.sqlite3'}")),
            base_url=base.geturl(),
            secret_key=_secret_key(given.get("PORTAL_SECRET_KEY"), instance / "secret"),
            field_keys=_field_keys(given.get("PORTAL_FIELD_KEYS"), instance / "field-keys"),
            mail=_mail(given.get("PORTAL_MAIL_URL", "file:"), instance),
            mail_from=_mail_from(given.get("PORTAL_MAIL_FROM", f"portal@{base.hostname}")),
            trusted_hosts=_trusted_hosts(given.get("PORTAL_TRUSTED_HOSTS"), base),
            trusted_proxies=_whole_number(given, "PORTAL_TRUSTED_PROXIES", 0, lowest=0),
            upload_limit_bytes=_whole_number(given, "PORTAL_UPLOAD_LIMIT_MB", 1024) * 1024 * 1024,
            session_idle=timedelta(minutes=_whole_number(given, "PORTAL_SESSION_IDLE_MINUTES", 30)),
            session_absolute=timedelta(hours=_whole_number(given, "PORTAL_SESSION_HOURS", 12)),
            password_profile=_password_profile(given.get("PORTAL_PASSWORD_PROFILE", PasswordProfile.STANDARD)),
            reset_link_lasts=timedelta(minutes=_whole_number(given, "PORTAL_RESET_LINK_MINUTES", 30)),
            invitation_lasts=timedelta(hours=_whole_number(given, "PORTAL_INVITATION_HOURS", DEFAULT_INVITATION_HOURS)),
            fonts_folder=_folder(given, "PORTAL_FONTS"),
            has_red_heading=_switch(given, "PORTAL_RED_HEADING", default=True),
            seals_folder=_folder(given, "PORTAL_SEALS"),
            is_demo=demo_mark(instance).exists(),
            bounce_mailbox=_bounce_mailbox(given.get("PORTAL_BOUNCE_MAILBOX")),
            channels=_channels(given.get("PORTAL_CHANNELS", "")),
        )

    @property
    def is_https(self) -> bool:
        """Whether people reach the portal over HTTPS; only then can cookies be marked Secure."""
        return self.base_url.startswith("https:")

    @property
    def cookie_prefix(self) -> str:
        """`__Host-` over HTTPS; browsers refuse that prefix on a cookie that is not Secure."""
        return "__Host-" if self.is_https else ""

    @property
    def files_folder(self) -> Path:
        """Where the storage keeps uploaded and generated files."""
        return self.instance / "files"


def demo_mark(instance: Path) -> Path:
    """The file whose presence says that this installation holds the demo; `portal demo load` makes it."""
    return instance / "demo"


def _base_url(text: str) -> SplitResult:
    parts = _split("PORTAL_BASE_URL", text.rstrip("/"))
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise SettingsError("PORTAL_BASE_URL", f"{text!r} is no http:// or https:// address")
    if parts.path or parts.query or parts.fragment:
        raise SettingsError("PORTAL_BASE_URL", f"{text!r} must end after host and port")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise SettingsError("PORTAL_BASE_URL", f"{text!r} must be https:// (http:// only on this machine)")
    return parts


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this very machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _split(variable: str, text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  reading it is what checks it
    except ValueError as error:
        raise SettingsError(variable, f"no valid address: {error}") from error
    return parts


def _database_url(text: str) -> str:
    if not text.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise SettingsError("PORTAL_DATABASE_URL", "must begin with sqlite:/// or postgresql://")
    return text


def _secret_key(given: str | None, path: Path) -> str:
    if given is None:
        return _kept_secret(path)
    if len(given) < SHORTEST_SECRET:
        raise SettingsError("PORTAL_SECRET_KEY", f"must have {SHORTEST_SECRET} characters or more")
    return given


def _kept_secret(path: Path) -> str:
    _make_once(path, secrets.token_hex(32))
    secret = path.read_text("ascii").strip()
    if len(secret) < SHORTEST_SECRET:
        raise SettingsError("PORTAL_SECRET_KEY", f"{path} holds fewer than {SHORTEST_SECRET} characters")
    return secret


def _field_keys(given: str | None, path: Path) -> FieldKeys:
    """The keys of the setting, or those of the file; which are read again whenever they are used."""
    if given is None:
        _make_once(path, new_key())
    listed = tuple(key.strip() for key in given.split(",")) if given is not None else ()
    keys = FieldKeys(path, listed)
    try:
        are_keys = bool(keys.current()) and all(is_key(key) for key in keys.current())
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError("PORTAL_FIELD_KEYS", f"{path} cannot be read") from error
    if not are_keys:
        where = "" if given is not None else f"{path}: "
        raise SettingsError(
            "PORTAL_FIELD_KEYS", f"{where}each key is 32 bytes in URL-safe Base64; there is one that is not"
        )
    return keys


def _make_once(path: Path, content: str) -> None:
    """A file for its owner only; made once, also when web and worker start at the same moment."""
    if path.exists():
        return
    mine = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(mine)
    except FileExistsError:
        pass  # The other process was first: what it wrote counts.
    finally:
        mine.unlink()


def _mail(text: str, instance: Path) -> FileMail | SmtpMail:
    variable = "PORTAL_MAIL_URL"
    parts = _split(variable, text)
    if parts.scheme == "file":
        return FileMail(Path(unquote(parts.path)) if parts.path else instance / "mail")
    if parts.scheme != "smtp" or not parts.hostname:
        raise SettingsError(variable, "must be file: or smtp://host:port")
    query = parse_qs(parts.query, keep_blank_values=True)
    if set(query) - {"tls"} or parts.path.strip("/"):
        raise SettingsError(variable, "only ?tls=… may follow the host")
    try:
        tls = Tls(query.get("tls", ["starttls"])[-1])
    except ValueError as error:
        raise SettingsError(variable, f"tls: {error}; there are {', '.join(Tls)}") from error
    if tls is Tls.NONE and parts.username and not is_loopback(parts.hostname):
        raise SettingsError(variable, "a password is never sent with tls=none to another machine")
    return SmtpMail(
        host=parts.hostname,
        port=parts.port or DEFAULT_SMTP_PORTS[tls],
        tls=tls,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _mail_from(text: str) -> str:
    local, at, domain = text.partition("@")
    if not (local and at and domain) or not text.isascii() or not text.isprintable() or " " in text:
        raise SettingsError("PORTAL_MAIL_FROM", f"{text!r} is no mail address")
    return text


def _bounce_mailbox(text: str | None) -> ImapMailbox | None:
    variable = "PORTAL_BOUNCE_MAILBOX"
    if text is None:
        return None
    parts = _split(variable, text)
    if parts.scheme not in {"imap", "imaps"} or not parts.hostname or not parts.username or not parts.password:
        raise SettingsError(variable, "must be imaps://user:password@host:port/folder")
    if parts.query or parts.fragment:
        raise SettingsError(variable, "nothing may follow the folder")
    if not (unquote(parts.username) + unquote(parts.password)).isascii():
        raise SettingsError(variable, "user and password must be ASCII")
    has_tls = parts.scheme == "imaps"
    if not has_tls and not is_loopback(parts.hostname):
        raise SettingsError(variable, "a password is never sent by imap: to another machine")
    return ImapMailbox(
        host=parts.hostname,
        port=parts.port or (993 if has_tls else 143),
        has_tls=has_tls,
        username=unquote(parts.username),
        password=unquote(parts.password),
        folder=unquote(parts.path.strip("/")) or "INBOX",
    )


def _channels(text: str) -> tuple[str, ...]:
    asked = [word.strip() for word in text.split(",") if word.strip()]
    unknown = sorted(set(asked) - set(CHANNEL_SCHEMES))
    if unknown:
        raise SettingsError("PORTAL_CHANNELS", f"no channel {unknown[0]!r}; there are {', '.join(CHANNEL_SCHEMES)}")
    return tuple(scheme for scheme in CHANNEL_SCHEMES if scheme in asked)


def _trusted_hosts(text: str | None, base: SplitResult) -> tuple[str, ...]:
    """The names given, and always the base URL's own, without which no page would open."""
    hosts = [host.strip().lower() for host in (text or "").split(",") if host.strip()]
    if any("/" in host or " " in host for host in hosts):
        raise SettingsError("PORTAL_TRUSTED_HOSTS", f"{text!r} must be host names with commas between")
    own = base.hostname or ""
    local = ["127.0.0.1", "localhost", "[::1]"] if is_loopback(own) else []
    return tuple(dict.fromkeys([f"[{own}]" if ":" in own else own, *local, *hosts]))


def _password_profile(text: str) -> PasswordProfile:
    try:
        return PasswordProfile(text)
    except ValueError as error:
        raise SettingsError(
            "PORTAL_PASSWORD_PROFILE", f"no profile {text!r}; there are {', '.join(PasswordProfile)}"
        ) from error


def _folder(given: Mapping[str, str], variable: str) -> Path | None:
    if variable not in given:
        return None
    folder = Path(given[variable]).absolute()
    if not folder.is_dir():
        raise SettingsError(variable, f"{folder} is no folder")
    return folder


def _switch(given: Mapping[str, str], variable: str, *, default: bool) -> bool:
    text = given.get(variable, "on" if default else "off")
    if text not in {"on", "off"}:
        raise SettingsError(variable, f"{text!r} is neither on nor off")
    return text == "on"


def _whole_number(given: Mapping[str, str], variable: str, default: int, *, lowest: int = 1) -> int:
    text = given.get(variable, str(default))
    if not (text.isascii() and text.isdigit() and lowest <= int(text) <= 1_000_000):
        raise SettingsError(variable, f"{text!r} is no whole number of {lowest} or more")
    return int(text)
