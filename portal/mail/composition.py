"""From an envelope to the MIME message that leaves, composed by Flask-Mail.

Flask-Mail works inside a Flask application only. `mail_app` makes one that has no page and serves nothing else;
this module and `connection` are the only ones below the web layer that know Flask, and only `delivery` loads them.
"""

import re
from email.charset import BASE64, Charset
from email.headerregistry import Address
from email.mime.base import MIMEBase
from typing import Any, cast

import flask_mail
from flask import Flask

from portal.config import FileMail, SmtpMail, Tls
from portal.mail.message import MESSAGE_ID, InvalidAddress, OutboxEnvelope, clean_header, is_address

INVITATION_FILE = "invite.ics"
PUBLISHED = "PUBLISH"
"""The method of an entry that asks for no answer. Inline it would take the place of the words in Outlook."""
LINE_END = re.compile(r"\r\n?|\n")


def mail_app(target: FileMail | SmtpMail) -> Flask:
    """The application in whose context a message is composed and sent, configured for that mail server."""
    app = Flask("portal.mail", static_folder=None)
    if isinstance(target, SmtpMail):
        app.config.update(
            MAIL_SERVER=target.host,
            MAIL_PORT=target.port,
            MAIL_USE_TLS=target.tls is Tls.STARTTLS,
            MAIL_USE_SSL=target.tls is Tls.TLS,
            MAIL_USERNAME=target.username,
            MAIL_PASSWORD=target.password,
        )
    flask_mail.Mail(app)
    return app


class PortalMessage(flask_mail.Message):
    """A message to one person whose parts are alternatives of each other; around them the invitation's file, if any."""

    def __init__(self, envelope: OutboxEnvelope, *, sender: str, sender_name: str) -> None:
        super().__init__(
            subject=clean_header(envelope.subject),
            sender=sender,
            recipients=[envelope.recipient],
            body=_with_line_ends(envelope.text),
            html=None if envelope.html is None else _with_line_ends(envelope.html),
            charset=_text_charset(),
            extra_headers={"Auto-Submitted": "auto-generated"},
        )
        self.msgId = envelope.message_id
        if envelope.invitation is not None:
            method = clean_header(envelope.invitation.method)
            ics = _with_line_ends(envelope.invitation.ics)
            if method != PUBLISHED:
                self.alts[f"calendar; method={method}"] = ics
            # Programs that read invitations take the inline part; the file is for all others, to be opened by hand.
            self.attach(INVITATION_FILE, "application/ics", ics.encode())
        # Flask-Mail writes names as encoded words. The standard library decodes that where it folds a long line, and
        # forgets the quotes: a name such as `x, all@example.cn` would become a recipient. Addresses stay apart here.
        # A Flask-Mail date is in the zone of the machine, so that two machines would write two headers.
        self.exact_headers: dict[str, Any] = {
            "From": Address(clean_header(sender_name), addr_spec=sender),
            "To": Address(clean_header(envelope.recipient_name), addr_spec=envelope.recipient),
            "Date": envelope.queued_at,
        }

    def _message(self) -> MIMEBase:
        message = super()._message()
        for name, value in self.exact_headers.items():
            message.replace_header(name, value)
        if message.is_multipart():
            # No line of Base64 holds a `_`, so that these boundaries need not be new ones for each mail.
            alternatives, *files = cast(list[MIMEBase], message.get_payload())
            alternatives.set_boundary("=_alternatives_=")
            message.set_boundary("=_files_=")
            if not files:
                # Flask-Mail wraps the alternatives into multipart/mixed also where there is no file.
                message.set_payload(alternatives.get_payload())
                message.set_type("multipart/alternative")
                message.set_boundary("=_alternatives_=")
        return message


def build_message(envelope: OutboxEnvelope, *, sender: str, sender_name: str) -> PortalMessage:
    """The message: text, the same as HTML where there is one, the invitation inline and as a file.

    The same envelope makes the same bytes at every try. It becomes bytes inside the context of a `mail_app`.
    Raises InvalidAddress, and ValueError for a message id that is none.
    """
    if not is_address(envelope.recipient):
        raise InvalidAddress(envelope.recipient)
    if not MESSAGE_ID.fullmatch(envelope.message_id):
        raise ValueError(f"no message id: {envelope.message_id!r}")
    return PortalMessage(envelope, sender=sender, sender_name=sender_name)


def _with_line_ends(text: str) -> str:
    """The text as lines that all end with CR LF, which is what mail calls text, also inside Base64."""
    return LINE_END.sub("\r\n", text.removesuffix("\n")) + "\r\n"


def _text_charset() -> str:
    """UTF-8 in Base64. As Flask-Mail sends it, unencoded, 333 Chinese characters outgrow the longest line of SMTP."""
    charset = Charset("utf-8")
    charset.body_encoding = BASE64
    # Flask-Mail declares a name here and hands it on to the standard library, which takes both.
    return cast(str, charset)
