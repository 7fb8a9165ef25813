"""Whatever the story shows a person can be opened: no link of their pages leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select

from portal.app import create_app
from portal.config import Settings
from portal.demo.people import people
from portal.demo.story import PASSWORD
from portal.models.consultation import Consultation
from tests.demo.conftest import Told
from tests.support.clock import Clock
from tests.support.surfer import Surfer

_LINK = re.compile(r'<a[^>]* href="(/[^"#]*)')
_CERTIFICATE = re.compile(r"/deadlines/\d+$")
_FINE = (200, 302, 303)
# Two institutions, of which one leads most of the story, an expert who is to sign, officers of city and province.
FOLLOWED_ALL_THE_WAY = ("chenyutong", "xujing", "xujingwen", "hanzhiyuan", "fangyunqing")


@pytest.fixture(scope="module")
def app(told: Told) -> Flask:
    settings = Settings.from_environment({"PORTAL_INSTANCE": str(told.instance)})
    return create_app(settings, told.database, clock=Clock(told.now))


def _links(page: str) -> Iterator[str]:
    yield from (unescape(link).partition("?")[0] for link in _LINK.findall(page))


def _follow(surfer: Surfer, *, steps: int) -> dict[str, int]:
    """The status of each page that can be reached from the first screen in so many steps, each address once.

    Of the many certificates of a consultation's deadlines, which are all one page, one is opened.
    """
    found: dict[str, int] = {}
    waiting, seen = [("/", steps)], {"/"}
    while waiting:
        address, left = waiting.pop(0)
        answer = surfer.get(address)
        found[address] = answer.status_code
        further = [answer.location] if answer.location else []
        if left and answer.mimetype == "text/html":
            further += _links(answer.get_data(as_text=True))
        answer.close()
        for one in further:
            kind = _CERTIFICATE.sub("/deadlines", one)
            if kind not in seen:
                seen.add(kind)
                waiting.append((one, left - 1))
    return found


def _usernames() -> list[str]:
    """A liaison and a plain member of staff of each institution, every expert, an officer each, the three apart."""
    told = people()
    apart = [one["username"] for one in (*told["apart"], told["security_administrator"])]
    groups = [(one["staff"][0], one["staff"][-1], *one["experts"]) for one in told["institutions"]]
    officers = [regulator["officers"][0] for regulator in told["regulators"]]
    return [*(person["username"] for group in (*groups, officers) for person in group), *apart]


@pytest.mark.parametrize("username", _usernames())
def test_whoever_finds_a_consultation_can_open_it(app: Flask, told: Told, username: str) -> None:
    surfer = Surfer(app)
    assert surfer.log_in(username, PASSWORD).status_code == 303
    start = _follow(surfer, steps=1)
    assert {address: status for address, status in start.items() if status not in _FINE} == {}
    shown = set(_links(surfer.get("/tasks").get_data(as_text=True)))
    shown |= set(_links(surfer.get("/consultations?group=all").get_data(as_text=True)))
    with told.database.read() as db:
        pages = [f"/consultations/{number}" for number in db.scalars(select(Consultation.id))]
    answers = {page: surfer.get(page).status_code for page in pages}
    assert set(answers.values()) <= {200, 303, 404}
    assert {page: answers[page] for page in pages if page in shown and answers[page] == 404} == {}


@pytest.mark.parametrize("username", FOLLOWED_ALL_THE_WAY)
def test_every_link_leads_somewhere(app: Flask, username: str) -> None:
    surfer = Surfer(app)
    assert surfer.log_in(username, PASSWORD).status_code == 303
    found = _follow(surfer, steps=20)
    assert {address: status for address, status in found.items() if status not in _FINE} == {}
    assert any(address.startswith(("/consultations/", "/recall/")) for address in found)
