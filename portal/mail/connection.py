"""Flask-Mail's connection to an SMTP server, made so that at every step it is known what became of the mail.

As Flask-Mail brings it, the connection has no time-out, starts TLS without checking who answers, and hands on
whatever exception rises, also the one that comes from saying goodbye after the mail was taken.
"""

import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import closing, suppress
from types import TracebackType
from typing import TypeVar

import flask_mail

from portal.mail.errors import DeliveryFailed, DeliveryUncertain

TIMEOUT_SECONDS = 20
_LEADING_PERIOD = re.compile(rb"^\.", re.MULTILINE)  # RFC 5321, 4.5.2
T = TypeVar("T")


class Connection(flask_mail.Connection):
    """Raises DeliveryFailed on entering and on sending, and DeliveryUncertain on sending; leaving raises nothing."""

    def configure_host(self) -> smtplib.SMTP:
        """A connection ready for mail: protected as the settings say, logged in where there is a name."""
        try:
            return self._ready_host()
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryFailed(_detail(error), is_permanent=False) from error

    def send(self, message: flask_mail.Message, envelope_from: str | tuple[str, str] | None = None) -> None:
        """Send one message to all its recipients or to none; returning means that the server took it."""
        if self.host is None:
            raise DeliveryFailed("the connection is not open, or mail is held back", is_permanent=False)
        host, content = self.host, message.as_bytes()
        _offer(host.mail, flask_mail.sanitize_address(envelope_from or message.sender))
        for recipient in flask_mail.sanitize_addresses(message.send_to):
            _offer(host.rcpt, recipient)
        _hand_over(host, content)

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, tb: TracebackType | None
    ) -> None:
        """End politely if all went well; the mail is the server's by then, so one that hangs up changes nothing."""
        if self.host is None:
            return
        with closing(self.host), suppress(OSError, smtplib.SMTPException):
            if exc_type is None:
                self.host.quit()

    def _ready_host(self) -> smtplib.SMTP:
        # Reading the machine's certificates takes longer than the rest of a mail: only where they are asked for.
        context = ssl.create_default_context() if self.mail.use_ssl or self.mail.use_tls else None
        host: smtplib.SMTP
        if self.mail.use_ssl:
            host = smtplib.SMTP_SSL(self.mail.server, self.mail.port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            host = smtplib.SMTP(self.mail.server, self.mail.port, timeout=TIMEOUT_SECONDS)
        try:
            if self.mail.use_tls:
                host.starttls(context=context)
            if self.mail.username:
                host.login(self.mail.username, self.mail.password)
            host.ehlo_or_helo_if_needed()
        except BaseException:
            host.close()
            raise
        return host


def _offer(ask: Callable[[str], tuple[int, bytes]], address: str) -> None:
    code, answer = _surely_not_sent(lambda: ask(address))
    _require(250, 250 if code == 251 else code, answer)


def _hand_over(host: smtplib.SMTP, content: bytes) -> None:
    """Send the text. Only when all of it has gone out, and no answer comes, can nobody know."""
    _require(354, *_surely_not_sent(lambda: host.docmd("DATA")))
    # The line that ends the text goes last: a connection that breaks before has not handed the mail over.
    text = _LEADING_PERIOD.sub(b"..", content.removesuffix(b"\r\n"))
    _surely_not_sent(lambda: host.send(text + b"\r\n.\r\n"))
    try:
        code, answer = host.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryUncertain(_detail(error)) from error
    _require(250, code, answer)


def _surely_not_sent(step: Callable[[], T]) -> T:
    try:
        return step()
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryFailed(_detail(error), is_permanent=False) from error


def _require(wanted: int, code: int, answer: bytes) -> None:
    if code != wanted:
        raise DeliveryFailed(f"{code} {answer.decode('utf-8', 'replace')}", is_permanent=code >= 500)


def _detail(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        answer = error.smtp_error
        return f"{error.smtp_code} {answer.decode('utf-8', 'replace') if isinstance(answer, bytes) else answer}"
    return str(error) or type(error).__name__
