"""How one mail leaves: to an SMTP server, or as a file into a folder.

Flask-Mail composes and connects. It is loaded with the first mail, because who only queues mail needs no Flask.
"""

from datetime import UTC
from hashlib import sha256

from portal import durable
from portal.config import FileMail, Settings, SmtpMail
from portal.mail.errors import DeliveryFailed
from portal.mail.message import OutboxEnvelope

SENDER_NAME = "长三角缺陷消费品专家会诊"


def deliver(envelope: OutboxEnvelope, settings: Settings) -> None:
    """Send one mail; returning means that the server took it or that the file is on the disk.

    Raises DeliveryFailed, DeliveryUncertain, and what `build_message` raises.
    """
    from portal.mail.composition import build_message, mail_app
    from portal.mail.connection import Connection

    app = mail_app(settings.mail)
    with app.app_context():
        message = build_message(envelope, sender=settings.mail_from, sender_name=SENDER_NAME)
        match settings.mail:
            case FileMail() as target:
                _write(message.as_bytes(), envelope, target)
            case SmtpMail():
                with Connection(app.extensions["mail"]) as connection:
                    connection.send(message)


def eml_name(envelope: OutboxEnvelope) -> str:
    """The file name of a mail: by time, and the same at every try, so that no mail lies there twice."""
    digest = sha256(envelope.message_id.encode()).hexdigest()[:16]
    return f"{envelope.queued_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{digest}.eml"


def _write(content: bytes, envelope: OutboxEnvelope, target: FileMail) -> None:
    try:
        with durable.new_file(target.folder) as (file, path):
            file.write(content)
            durable.settle(file, path, target.folder / eml_name(envelope))
    except OSError as error:
        raise DeliveryFailed(str(error), is_permanent=False) from error
