"""Reports as mail systems write them (RFC 3464), and mails that are none."""

import pytest

from portal.mail.bounces import Bounce, bounces_in

OURS = "<0123abcd@consultation.portal>"


def report(
    *,
    action: str = "failed",
    recipient: str = "zhang@example.cn",
    returned: str = f"message/rfc822\r\n\r\nMessage-ID: {OURS}\r\nSubject: x\r\n\r\ntext",
    head: str = "",
    diagnostic: str = "Diagnostic-Code: smtp; 550 5.1.1 <zhang@example.cn>: User unknown\r\n",
) -> bytes:
    return (
        f"From: MAILER-DAEMON@mx.example.cn\r\nSubject: Undelivered Mail\r\n{head}MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=b"\r\n\r\n'
        "--=b\r\nContent-Type: text/plain; charset=gb18030\r\n\r\nSorry.\r\n"
        "--=b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.cn\r\nArrival-Date: Tue, 24 Nov 2026 10:15:00 +0800\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: 5.1.1\r\n{diagnostic}\r\n"
        f"--=b\r\nContent-Type: {returned}\r\n--=b--\r\n"
    ).encode()


def test_a_report_names_the_mail_the_recipient_and_the_reason() -> None:
    (bounce,) = bounces_in(report())
    assert bounce == Bounce(OURS, "zhang@example.cn", "5.1.1 550 5.1.1 <zhang@example.cn>: User unknown")


@pytest.mark.parametrize(
    "changed",
    [
        {"returned": f"text/rfc822-headers\r\n\r\nmessage-id: {OURS}\r\nSubject: x\r\n"},
        {"returned": "text/plain\r\n\r\nnothing", "head": f"In-Reply-To: {OURS}\r\n"},
        {"returned": "text/plain\r\n\r\nnothing", "head": f"References: <no id> {OURS}\r\n"},
    ],
)
def test_the_mail_is_found_however_the_report_names_it(changed: dict[str, str]) -> None:
    (bounce,) = bounces_in(report(**changed))
    assert bounce.message_id == OURS


def test_a_report_that_hides_the_mail_still_names_the_recipient() -> None:
    (bounce,) = bounces_in(report(returned="text/plain\r\n\r\nnothing", recipient="<ZHANG@Example.cn>", diagnostic=""))
    assert bounce == Bounce("", "zhang@example.cn", "5.1.1")


@pytest.mark.parametrize(
    "content",
    [
        report(action="delayed"),
        report(action="delivered"),
        b"Subject: hello\r\n\r\nAction: failed\r\n",
        b"",
        b"\xff\xfe\x00",
        report()[:300],
    ],
    ids=["delayed", "delivered", "a letter", "nothing", "noise", "cut off"],
)
def test_anything_else_is_no_bounce(content: bytes) -> None:
    assert bounces_in(content) == []


def test_a_reason_is_one_short_line() -> None:
    (bounce,) = bounces_in(
        report(diagnostic="Diagnostic-Code: smtp; 550 no\r\n =?UTF-8?Q?x=0Ay?= " + "z" * 900 + "\r\n")
    )
    assert bounce.reason.isprintable()
    assert len(bounce.reason) <= 300
