"""The message: right in every reader, the same at every try, and no header from what people typed."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.config import SmtpMail, Tls
from portal.mail.composition import build_message, mail_app
from portal.mail.message import InvalidAddress, Invitation, OutboxEnvelope, clean_header, is_address

ENVELOPE = OutboxEnvelope(
    message_id="<42.sign@huizhen.example.cn>",
    recipient="zhang@example.cn",
    recipient_name="张喆",
    subject="【请签署】长三角会诊〔2026〕12号，截止 11月27日（周五）24:00",
    text="请签署。\n",
    html="<p>请签署。</p>",
    queued_at=datetime(2026, 11, 24, 1, 30, tzinfo=UTC),
)


@pytest.fixture(autouse=True)
def _context():
    """A message becomes bytes inside a mail application only."""
    with mail_app(SmtpMail("127.0.0.1", 25, Tls.NONE)).app_context():
        yield


def text_of(part):
    """A part's text with plain line ends; on the wire they are CR LF."""
    return part.get_content().replace("\r\n", "\n")


def sent(envelope):
    message = build_message(envelope, sender="portal@huizhen.example.cn", sender_name="长三角会诊")
    return message_from_bytes(message.as_bytes(), policy=default)


def test_headers_and_both_texts():
    message = sent(ENVELOPE)
    assert message["Message-ID"] == "<42.sign@huizhen.example.cn>"
    assert message["Subject"] == ENVELOPE.subject
    assert message["To"].addresses[0].display_name == "张喆"
    assert message["To"].addresses[0].addr_spec == "zhang@example.cn"
    assert message["From"].addresses[0].addr_spec == "portal@huizhen.example.cn"
    assert message["Date"].datetime == ENVELOPE.queued_at
    assert text_of(message.get_body(["plain"])) == "请签署。\n"
    assert text_of(message.get_body(["html"])) == "<p>请签署。</p>\n"


def test_the_same_envelope_makes_the_same_bytes_on_every_machine(monkeypatch):
    def made_in(zone):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        envelope = replace(ENVELOPE, invitation=Invitation("METHOD:REQUEST\n", "REQUEST"))
        return build_message(envelope, sender="a@example.cn", sender_name="").as_bytes()

    try:
        assert made_in("Asia/Shanghai") == made_in("America/New_York")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_invitation_goes_along_inline_and_as_a_file():
    ics = "BEGIN:VCALENDAR\nMETHOD:REQUEST\nSUMMARY:线上会诊\nEND:VCALENDAR\n"
    parts = list(sent(replace(ENVELOPE, invitation=Invitation(ics, "REQUEST"))).walk())
    assert [part.get_content_type() for part in parts] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/ics",
    ]  # fmt: skip
    calendar, file = parts[-2:]
    assert calendar["Content-Type"].params["method"] == "REQUEST"
    assert text_of(calendar) == ics
    assert (file.get_content_disposition(), file.get_filename()) == ("attachment", "invite.ics")
    assert file.get_content() == ics.replace("\n", "\r\n").encode()


def test_without_an_invitation_there_is_nothing_around_the_two_texts():
    assert sent(ENVELOPE).get_content_type() == "multipart/alternative"


def test_without_html_there_is_one_part():
    assert sent(replace(ENVELOPE, html=None)).get_content_type() == "text/plain"


def test_the_lines_are_what_smtp_wants():
    long = "长" * 2000
    envelope = replace(ENVELOPE, text=f"{long}\r{long}", html=long, subject=long[:300], recipient_name=long[:300])
    raw = build_message(envelope, sender="a@example.cn", sender_name="").as_bytes()
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


EVIL = [
    "x\r\nBcc: all@example.cn",
    "x\nBcc: all@example.cn",
    "x\rBcc: all@example.cn",
    "x\x00\x0b\x0c\x1c\x85\u2028Bcc: all@example.cn",
    "=?UTF-8?Q?x=0ABcc:_all@example.cn?=",
    "=?utf-8?b?eApCY2M6IGFsbEBleGFtcGxlLmNu?=",
    "==??UTF-8?Q?x=0ABcc:_all@example.cn?=?=",
    "=\r\n?UTF-8?Q?x=0ABcc:_all@example.cn?=",
    "=\u200b?UTF-8?Q?x=0ABcc:_all@example.cn?=",
]


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("field", ["subject", "recipient_name"])
def test_nothing_typed_becomes_a_header(field, evil):
    message = sent(replace(ENVELOPE, **{field: evil}))
    assert set(message.keys()) == set(sent(ENVELOPE).keys())
    (recipient,) = message["To"].addresses
    assert recipient.addr_spec == "zhang@example.cn"


@pytest.mark.parametrize("evil", EVIL)
def test_a_cleaned_header_is_one_line_without_encoded_words(evil):
    cleaned = clean_header(evil)
    assert cleaned.isprintable()
    assert "=?" not in cleaned


@pytest.mark.parametrize(
    "address",
    [
        *("", "zhang", "a@b@c", "a@", "@b.cn", "a b@c.cn", "张@example.cn", "a@b..cn", "a" * 250 + "@b.cn"),
        *("a@c.cn\r\nBcc: x@y.cn", "a@c.cn, x@y.cn", "=?UTF-8?Q?a?=@example.cn\n"),
    ],
)
def test_what_is_no_address_is_refused(address):
    assert not is_address(address)
    with pytest.raises(InvalidAddress):
        build_message(replace(ENVELOPE, recipient=address), sender="a@example.cn", sender_name="")


def test_a_message_id_cannot_carry_a_header():
    with pytest.raises(ValueError, match="no message id"):
        build_message(replace(ENVELOPE, message_id="<a@b>\r\nBcc: <x@y.cn>"), sender="a@b.cn", sender_name="")


NAMES = st.text(st.sampled_from('张喆a,;:<>@"\\()[]=?_ .\r\n'), max_size=120) | st.text(max_size=120)


def without_blanks(text):
    """Python folds long lines and reads them again with a blank more or less; that is no one's harm."""
    return "".join(text.split())


@settings(deadline=None)
@given(subject=NAMES, name=NAMES)
def test_whatever_was_typed_is_read_as_it_was_cleaned(subject, name):
    message = sent(replace(ENVELOPE, subject=subject, recipient_name=name))
    assert without_blanks(message["Subject"] or "") == without_blanks(clean_header(subject))
    (recipient,) = message["To"].addresses
    assert recipient.addr_spec == "zhang@example.cn"
    assert without_blanks(recipient.display_name) == without_blanks(clean_header(name))
