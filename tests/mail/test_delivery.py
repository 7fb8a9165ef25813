"""Delivery against a real SMTP server on loopback that fails at every step of the dialogue in turn."""

import asyncio
import socket
import ssl
import struct
import subprocess
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from portal.config import Settings, SmtpMail, Tls
from portal.mail.composition import build_message, mail_app
from portal.mail.connection import Connection
from portal.mail.delivery import deliver, eml_name
from portal.mail.errors import DeliveryFailed, DeliveryUncertain
from tests.mail.test_message import ENVELOPE


class Mailbox:
    """Takes mail, unless told what to answer at a step."""

    def __init__(self):
        self.received, self.answers, self.hangs_up_at = [], {}, None

    def _answer(self, server, step):
        if self.hangs_up_at == step:
            server.transport.abort()
        return self.answers.get(step)

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        envelope.mail_from = address
        return self._answer(server, "MAIL") or "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self._answer(server, "RCPT") or "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        answer = self._answer(server, "DATA")
        if answer is None:
            self.received.append(envelope)
        return answer or "250 taken"

    async def handle_QUIT(self, server, session, envelope):  # noqa: N802
        return self._answer(server, "QUIT") or "221 bye"


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def serve(mailbox):
    """Starts a server on a free port and gives the port; takes what aiosmtpd's Controller takes."""
    with ExitStack() as stack:

        def start(**options):
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
            controller.start()
            stack.callback(controller.stop)
            return port

        yield start


@pytest.fixture
def settings(serve, tmp_path):
    base = Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path)})
    return replace(base, mail=SmtpMail("127.0.0.1", serve(), Tls.NONE))


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """A certificate authority that this machine trusts for the time of the test."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return authority


def server_context(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_a_mail_arrives(settings, mailbox):
    deliver(ENVELOPE, settings)
    (envelope,) = mailbox.received
    assert (envelope.mail_from, envelope.rcpt_tos) == (settings.mail_from, ["zhang@example.cn"])
    assert message_from_bytes(envelope.content, policy=default)["Subject"] == ENVELOPE.subject


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(("answer", "is_permanent"), [("451 later", False), ("550 never", True)])
def test_a_refusal_is_a_failure_at_every_step(settings, mailbox, step, answer, is_permanent):
    mailbox.answers[step] = answer
    with pytest.raises(DeliveryFailed, match=answer) as failure:
        deliver(ENVELOPE, settings)
    assert failure.value.is_permanent is is_permanent
    assert mailbox.received == []


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
def test_hanging_up_before_the_text_is_a_failure(settings, mailbox, step):
    mailbox.hangs_up_at = step
    with pytest.raises(DeliveryFailed) as failure:
        deliver(ENVELOPE, settings)
    assert not failure.value.is_permanent


def test_hanging_up_after_the_text_is_uncertain(settings, mailbox):
    mailbox.hangs_up_at = "DATA"
    with pytest.raises(DeliveryUncertain):
        deliver(ENVELOPE, settings)


def test_hanging_up_after_the_mail_was_taken_changes_nothing(settings, mailbox):
    mailbox.hangs_up_at = "QUIT"
    deliver(ENVELOPE, settings)
    assert len(mailbox.received) == 1


GREETING = b"220 mail.example.cn\r\n"
UNTIL_TEXT = (b"220 hi\r\n", b"250 hi\r\n", b"250 OK\r\n", b"250 OK\r\n")


@pytest.fixture
def scripted(settings):
    """Settings for a server that says these answers, one per line of the client, and then hangs up."""
    with ExitStack() as stack:

        def start(*answers, read=0, **options):
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def speak():
                connection, _ = listening.accept()
                with connection, connection.makefile("rb") as lines:
                    for number, answer in enumerate(answers):
                        if number:
                            lines.readline()
                        connection.sendall(answer)
                    if read:
                        lines.read(read)
                        # At once and not politely: what the client still sends meets nobody.
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

            thread = threading.Thread(target=speak, daemon=True)
            thread.start()
            stack.callback(thread.join, 5)
            port = listening.getsockname()[1]
            return replace(settings, mail=SmtpMail("127.0.0.1", port, options.pop("tls", Tls.NONE), **options))

        yield start


@pytest.mark.parametrize(
    ("answers", "options"),
    [
        ((), {}),
        ((b"421 busy\r\n",), {}),
        ((b"554 not you\r\n",), {}),
        ((b"\xff\xfe nonsense\r\n",), {}),
        ((GREETING,), {}),
        ((GREETING, b"550 no EHLO\r\n", b"550 no HELO\r\n"), {}),
        ((GREETING, b"250-mail\r\n250 STARTTLS\r\n"), {"tls": Tls.STARTTLS}),
        ((GREETING, b"250-mail\r\n250 STARTTLS\r\n", b"454 not now\r\n"), {"tls": Tls.STARTTLS}),
        ((GREETING, b"250-mail\r\n250 STARTTLS\r\n", b"220 go\r\n"), {"tls": Tls.STARTTLS}),
        ((GREETING, b"250-mail\r\n250 AUTH PLAIN\r\n"), {"username": "portal", "password": "x"}),
        ((GREETING, b"250-mail\r\n250 AUTH PLAIN\r\n", b"454 later\r\n"), {"username": "portal", "password": "x"}),
        ((GREETING, b"250 mail\r\n"), {"username": "portal", "password": "x"}),
        ((*UNTIL_TEXT, b"451 not now\r\n"), {}),
        (UNTIL_TEXT, {}),
    ],
    ids=[
        *("connects and hangs up", "greets with busy", "greets with no", "speaks nonsense", "hangs up at EHLO"),
        *("refuses EHLO and HELO", "hangs up at STARTTLS", "refuses STARTTLS", "hangs up in the TLS handshake"),
        *("hangs up at AUTH", "refuses AUTH for now", "knows no AUTH", "refuses DATA for now", "hangs up at DATA"),
    ],
)
def test_whatever_goes_wrong_before_the_text_is_a_failure_that_is_tried_again(scripted, answers, options):
    with pytest.raises(DeliveryFailed) as failure:
        deliver(ENVELOPE, scripted(*answers, **options))
    assert not failure.value.is_permanent


def test_hanging_up_in_the_text_is_a_failure_as_its_last_line_was_never_sent(scripted):
    # More than two sockets hold, so that the client is still sending.
    long = replace(ENVELOPE, text="长" * 4_000_000, html=None)
    with pytest.raises(DeliveryFailed) as failure:
        deliver(long, scripted(*UNTIL_TEXT, b"354 go on\r\n", read=200))
    assert not failure.value.is_permanent


def test_an_answer_after_the_text_that_is_no_250(scripted):
    with pytest.raises(DeliveryFailed, match="452") as failure:
        deliver(ENVELOPE, scripted(*UNTIL_TEXT, b"354 go on\r\n452 full\r\n", read=1))
    assert not failure.value.is_permanent


def test_a_refusal_of_data_itself_is_permanent_where_it_says_so(scripted):
    with pytest.raises(DeliveryFailed, match="554") as failure:
        deliver(ENVELOPE, scripted(*UNTIL_TEXT, b"554 no\r\n"))
    assert failure.value.is_permanent


@pytest.fixture
def silence(monkeypatch):
    """A server that lets everyone in and never says a word; waiting for it is cut short."""
    monkeypatch.setattr("portal.mail.connection.TIMEOUT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield SmtpMail("127.0.0.1", silent.getsockname()[1], Tls.NONE)


def test_a_server_that_never_speaks_is_a_failure(settings, silence):
    with pytest.raises(DeliveryFailed, match="timed out") as failure:
        deliver(ENVELOPE, replace(settings, mail=silence))
    assert not failure.value.is_permanent


def test_silence_after_the_text_is_uncertain(settings, mailbox, monkeypatch):
    async def handle_DATA(server, session, envelope):  # noqa: N802
        await asyncio.sleep(3)
        return "250 taken"

    monkeypatch.setattr("portal.mail.connection.TIMEOUT_SECONDS", 0.3)
    mailbox.handle_DATA = handle_DATA
    with pytest.raises(DeliveryUncertain, match="timed out"):
        deliver(ENVELOPE, settings)


def test_mail_that_is_held_back_does_not_count_as_sent(settings, mailbox):
    app = mail_app(settings.mail)
    app.extensions["mail"].suppress = True
    with app.app_context(), Connection(app.extensions["mail"]) as connection:
        message = build_message(ENVELOPE, sender=settings.mail_from, sender_name="")
        with pytest.raises(DeliveryFailed):
            connection.send(message)
    assert mailbox.received == []


def test_who_only_queues_mail_loads_no_flask():
    asked = "import sys, portal.jobs.worker, portal.services.outbox; print({'flask', 'flask_mail'} & {*sys.modules})"
    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert answer.stdout == "set()\n"


def test_a_server_that_is_away(settings):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(DeliveryFailed) as failure:
        deliver(ENVELOPE, replace(settings, mail=SmtpMail("127.0.0.1", port, Tls.NONE)))
    assert not failure.value.is_permanent


def test_a_password_is_not_sent_to_a_server_without_starttls(settings, mailbox):
    with pytest.raises(DeliveryFailed, match="STARTTLS"):
        deliver(ENVELOPE, replace(settings, mail=replace(settings.mail, tls=Tls.STARTTLS, username="portal")))
    assert mailbox.received == []


def protected(serve, tls, authority, **options):
    """A server that speaks TLS as `tls` says; gives the settings that lead to it."""
    context = server_context(authority)
    if tls is Tls.TLS:
        return SmtpMail("127.0.0.1", serve(ssl_context=context, **options), tls)
    return SmtpMail("127.0.0.1", serve(tls_context=context, require_starttls=True, **options), tls)


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.TLS])
def test_a_mail_arrives_over_tls(settings, mailbox, serve, authority, tls):
    deliver(ENVELOPE, replace(settings, mail=protected(serve, tls, authority)))
    assert len(mailbox.received) == 1


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.TLS])
def test_a_certificate_that_nobody_vouches_for_is_refused(settings, mailbox, serve, authority, tls):
    with pytest.raises(DeliveryFailed, match="CERTIFICATE_VERIFY_FAILED") as failure:
        deliver(ENVELOPE, replace(settings, mail=protected(serve, tls, trustme.CA())))
    assert not failure.value.is_permanent
    assert mailbox.received == []


def test_logging_in(settings, mailbox, serve, authority):
    def authenticate(server, session, envelope, mechanism, given):
        return AuthResult(success=given.password == b"right", handled=False)

    server = protected(serve, Tls.STARTTLS, authority, authenticator=authenticate, auth_required=True)
    with pytest.raises(DeliveryFailed, match="535"):
        deliver(ENVELOPE, replace(settings, mail=replace(server, username="portal", password="wrong")))
    assert mailbox.received == []
    deliver(ENVELOPE, replace(settings, mail=replace(server, username="portal", password="right")))
    assert len(mailbox.received) == 1


def test_mail_into_a_folder_lies_there_once(tmp_path):
    settings = Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path)})
    deliver(ENVELOPE, settings)
    deliver(ENVELOPE, settings)
    (path,) = (tmp_path / "mail").iterdir()
    assert path.name == eml_name(ENVELOPE)
    assert path.name.startswith("20261124T013000Z-")
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert message["Message-ID"] == ENVELOPE.message_id


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "mail").touch()
    with pytest.raises(DeliveryFailed) as failure:
        deliver(ENVELOPE, Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path)}))
    assert not failure.value.is_permanent
