"""How one mail leaves: to an SMTP server, or as a file into a folder.

The standard library sends rather than Flask-Mail: the worker has no Flask, and only step by step can it
be told whether a mail was refused, not yet sent, or perhaps sent (the answer after the text is missing).
"""

import smtplib
import ssl
from datetime import UTC
from email.message import EmailMessage
from hashlib import sha256

from portal import durable
from portal.config import FileMail, Settings, SmtpMail, Tls
from portal.mail.message import OutboxEnvelope, build_message

TIMEOUT_SECONDS = 20
SENDER_NAME = "长三角缺陷消费品专家会诊"


class DeliveryFailed(Exception):
    """The mail was surely not sent. `is_permanent`: trying again cannot help."""

    def __init__(self, detail: str, *, is_permanent: bool) -> None:
        super().__init__(detail)
        self.is_permanent = is_permanent


class DeliveryUncertain(Exception):
    """The text was handed over but no answer came: the mail may or may not have been sent."""


def deliver(envelope: OutboxEnvelope, settings: Settings) -> None:
    """Send one mail; returning means that the server took it or that the file is on the disk.

    Raises DeliveryFailed, DeliveryUncertain, and what `build_message` raises.
    """
    message = build_message(envelope, sender=settings.mail_from, sender_name=SENDER_NAME)
    match settings.mail:
        case FileMail() as target:
            _write(message, envelope, target)
        case SmtpMail() as target:
            _send(message, envelope.recipient, settings.mail_from, target)


def eml_name(envelope: OutboxEnvelope) -> str:
    """The file name of a mail: by time, and the same at every try, so that no mail lies there twice."""
    digest = sha256(envelope.message_id.encode()).hexdigest()[:16]
    return f"{envelope.queued_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{digest}.eml"


def _write(message: EmailMessage, envelope: OutboxEnvelope, target: FileMail) -> None:
    try:
        with durable.new_file(target.folder) as (file, path):
            file.write(message.as_bytes())
            durable.settle(file, path, target.folder / eml_name(envelope))
    except OSError as error:
        raise DeliveryFailed(str(error), is_permanent=False) from error


def _send(message: EmailMessage, recipient: str, sender: str, server: SmtpMail) -> None:
    try:
        client = _connect(server)
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryFailed(_detail(error), is_permanent=False) from error
    try:
        _offer(client, sender, recipient)
        _hand_over(client, message.as_bytes())
        _say_goodbye(client)
    finally:
        client.close()


def _connect(server: SmtpMail) -> smtplib.SMTP:
    """A connection ready for mail: protected as the settings say, logged in where there is a name."""
    context = ssl.create_default_context()
    client: smtplib.SMTP
    if server.tls is Tls.TLS:
        client = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        client = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    try:
        if server.tls is Tls.STARTTLS:
            client.starttls(context=context)
        if server.username:
            client.login(server.username, server.password)
        client.ehlo_or_helo_if_needed()
    except BaseException:
        client.close()
        raise
    return client


def _offer(client: smtplib.SMTP, sender: str, recipient: str) -> None:
    for ask in (lambda: client.mail(sender), lambda: client.rcpt(recipient)):
        try:
            code, answer = ask()
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryFailed(_detail(error), is_permanent=False) from error
        if code not in (250, 251):
            raise DeliveryFailed(f"{code} {answer.decode('utf-8', 'replace')}", is_permanent=code >= 500)


def _hand_over(client: smtplib.SMTP, content: bytes) -> None:
    try:
        code, answer = client.data(content)
    except smtplib.SMTPDataError as error:
        raise DeliveryFailed(_detail(error), is_permanent=error.smtp_code >= 500) from error
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryUncertain(_detail(error)) from error
    if code != 250:
        raise DeliveryFailed(f"{code} {answer.decode('utf-8', 'replace')}", is_permanent=code >= 500)


def _say_goodbye(client: smtplib.SMTP) -> None:
    """End politely; the mail is already the server's, so a server that hangs up changes nothing."""
    try:
        client.quit()
    except (OSError, smtplib.SMTPException):
        return


def _detail(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        answer = error.smtp_error
        return f"{error.smtp_code} {answer.decode('utf-8', 'replace') if isinstance(answer, bytes) else answer}"
    return str(error) or type(error).__name__
