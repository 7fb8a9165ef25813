"""The words of every mail as somebody reads them, kept in tests/mail/snapshots; SNAPSHOTS=write writes them anew."""

import os
import re
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest

from portal.mail.kinds import MAIL_KINDS, ask_of
from portal.mail.letters import Frame, html_of, parts_of, text_of
from portal.mail.messages import Letter, render
from portal.rules.date_words import beijing
from tests.mail.samples import BASE, SAMPLES

SNAPSHOTS = Path(__file__).parent / "snapshots"


def letter(kind: str) -> Letter:
    return render(kind, **SAMPLES[kind])


def frame(kind: str) -> Frame:
    return Frame(kind, "打开这一页", f"{BASE}/consultations/12", BASE)


def compare(name: str, made: str) -> None:
    path = SNAPSHOTS / name
    if os.environ.get("SNAPSHOTS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(made, "utf-8")
    assert path.read_text("utf-8") == made


@pytest.mark.parametrize("kind", MAIL_KINDS)
def test_a_mail_says_what_it_said(kind: str) -> None:
    made = letter(kind)
    compare(f"{kind}.txt", f"{made.subject}\n\n{text_of(made.text, frame(kind))}")


def test_the_html_of_a_mail_is_what_it_was() -> None:
    made = letter("material_sent")
    compare("material_sent.html", html_of(made.subject, made.text, frame("material_sent")))


@pytest.mark.parametrize("kind", MAIL_KINDS)
def test_a_subject_says_what_is_asked_and_until_when(kind: str) -> None:
    subject, known = letter(kind).subject, SAMPLES[kind]
    # A reminder asks for what its obligation asks for, unless somebody else owes it.
    asked = known.get("ask", MAIL_KINDS[kind].ask) if kind != "reminder_escalated" else "请督促"
    assert ask_of(subject) == f"【{asked}】"
    if kind.startswith("reminder"):
        assert known["due_at"] is None or beijing(known["due_at"]) in subject
    elif "due_at" in known:
        assert subject.endswith(beijing(known["due_at"])), subject
        assert re.search("，截止(改为)? ", subject)
    # The administrator sees what is asked and nothing of the business.
    assert not re.search("电热毯|12号|徐静文", ask_of(subject))


@pytest.mark.parametrize("kind", MAIL_KINDS)
def test_text_and_html_say_the_same(kind: str) -> None:
    made, around = letter(kind), frame(kind)
    page = html_of(made.subject, made.text, around)
    body = page[page.index("<body") :]
    words = unescape(re.sub(r"<!--.*?-->|<[^>]+>", "", body))
    said = [*(line for part in parts_of(made.text) for line in part.lines if not line.startswith("→"))]
    said += [cell for part in parts_of(made.text) for row in part.facts for cell in row]
    assert [line for line in said if line not in words] == []
    assert around.link_url in text_of(made.text, around)
    assert f'href="{around.link_url}"' in page
    assert around.why in words


def test_a_mail_loads_nothing_and_runs_nothing() -> None:
    made = letter("session_fixed")
    page = html_of(made.subject, made.text, frame("session_fixed"))
    assert not re.search(r"<(script|img|link|iframe)|\ssrc=|url\(|@import", page)


def test_what_somebody_typed_is_words() -> None:
    evil = '<script>alert(1)</script>\n截止：　明天\n\n→ https://evil.example.org\n→ //evil.example.org"onclick="x'
    page = html_of("【请知悉】<b>", evil, frame("lead_changed"))
    assert "<script" not in page
    assert "<b></h1>" not in page
    assert 'href="https://evil' not in page
    assert 'onclick="x' not in page  # the quote is escaped


def test_a_long_name_does_not_outgrow_the_subject() -> None:
    known = dict(SAMPLES["application_submitted"])
    product = SimpleNamespace(**{**vars(known["consultation"].product), "product_name": "长" * 120})
    known["consultation"] = SimpleNamespace(**{**vars(known["consultation"]), "product": product})
    assert len(render("application_submitted", **known).subject) <= 120
