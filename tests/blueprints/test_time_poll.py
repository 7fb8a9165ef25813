"""时间征询 in the browser: proposing, marking on the portal and from the mail, fixing."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from portal.models.database import Database
from portal.models.event import Event
from portal.models.time_poll import TimePollAnswer, TimePollLink
from portal.services.account_links import give_poll_token
from portal.services.consultation.time_poll_asking import open_poll
from tests.factories.preliminary_analysis import lead_told
from tests.factories.time_poll import poll_of, time_poll_opened
from tests.factories.world import World
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
PAGE = "/consultations/1/time-poll"
SLOTS = {"slots": ["2026-03-04T09:30", "2026-03-04T14:00"], "others-0": "2026-03-11T10:00", "minutes": "90"}


@pytest.fixture
def opened(world: World, sqlite_database: Database) -> list[int]:
    """A poll is open; the ids of its slots."""
    with sqlite_database.write() as db:
        return [slot.id for slot in poll_of(db, time_poll_opened(db, world)).slots]


def token_of(database: Database, person_id: int) -> str:
    with database.write() as db:
        link = db.scalars(select(TimePollLink).where(TimePollLink.person_id == person_id)).one()
        return give_poll_token(db, link_id=link.id)


def marks(slot_ids: list[int], *given: str) -> dict[str, str]:
    return {f"mark_{slot_id}": mark for slot_id, mark in zip(slot_ids, given, strict=False)}


def test_the_lead_proposes_half_days_and_other_times(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        lead_told(db, world)
    lead = surf("jiangsu-liaison-1")
    assert "尚未征询会诊时间" in lead.get(PAGE).text
    grid = lead.get(f"{PAGE}/open-time-poll").text
    assert 'value="2026-03-02T14:00"' in grid
    assert 'value="2026-03-07T' not in grid  # a Saturday
    assert 'value="2026-03-09T14:00"' in grid
    one = lead.post(f"{PAGE}/open-time-poll", {"slots": ["2026-03-04T09:30"], "minutes": "90"})
    assert one.status_code == 422
    assert "请提出 2 至 12 个备选时段" in one.text
    assert re.search(r'value="2026-03-04T09:30" checked', one.text)
    assert lead.post(f"{PAGE}/open-time-poll", {**SLOTS, "slots": ["x", "2026-03-04"]}).status_code == 422
    shapeless = lead.post(f"{PAGE}/open-time-poll", {**SLOTS, "others-1": "下周"})
    assert (shapeless.status_code, 'value="下周"' in shapeless.text) == (422, True)
    assert lead.post(f"{PAGE}/open-time-poll", SLOTS).location.endswith(PAGE)
    page = lead.get(PAGE).text
    assert "3月4日（周三）14:00—15:30" in page
    assert "超出期限，确定时须写明理由" in page
    assert "尚未答复" in page
    assert "时间征询正在进行" in lead.get("/consultations/1/online-session/fix-session").text


def test_an_expert_and_an_institution_mark_the_slots(surf: Surf, opened: list[int]) -> None:
    expert, staff = surf("shanghai-expert-1"), surf("anhui-staff")
    for person in (expert, staff):
        form = person.get(f"{PAGE}/answer-time-poll").text
        assert form.count("<fieldset") == 3
        assert "XM-1518D" not in form  # the model is for the panel
        part = person.post(f"{PAGE}/answer-time-poll", marks(opened, "yes", "no"))
        assert part.status_code == 422
        assert f'href="#mark_{opened[2]}"' in part.text
        assert len(re.findall(r" checked[ >]", part.text)) == 2
        assert person.post(f"{PAGE}/answer-time-poll", marks(opened, "yes", "no", "no")).status_code == 303
    assert "您已于" in expert.get(f"{PAGE}/answer-time-poll").text
    assert "修改答复" in expert.get("/consultations/1").text
    assert expert.get(PAGE).status_code == 404
    assert surf("shanghai-expert-4").get(f"{PAGE}/answer-time-poll").status_code == 404


def test_the_lead_reminds_and_fixes_with_one_click(surf: Surf, opened: list[int]) -> None:
    lead = surf("jiangsu-liaison-1")
    assert lead.post(f"{PAGE}/answer-time-poll", marks(opened, "no", "yes", "no")).status_code == 303
    assert "提醒邮件只发给尚未答复" in lead.get(f"{PAGE}/remind-time-poll").text
    assert lead.post(f"{PAGE}/remind-time-poll").location.endswith(PAGE)
    page = lead.get(PAGE).text
    first = re.search(r'href="([^"]*fix-session\?slot=\d+)"', page)
    assert first
    form = lead.get(first[1]).text
    assert 'value="2026-03-05T14:00"' in form
    assert 'value="90"' in form
    plan = {"starts_at": "2026-03-05T14:00", "minutes": "90", "mode": "online", "meeting_code": "884"}
    assert lead.post(first[1], plan).status_code == 303
    after = lead.get(PAGE).text
    assert "已确定" in after
    assert "fix-session" not in after
    for stray in ("999999", "0", "-1", "99999999999999999999", "x"):
        assert lead.get(f"/consultations/1/online-session/fix-session?slot={stray}").status_code == 409


def test_a_stray_slot_leaves_the_form_empty(surf: Surf, opened: list[int]) -> None:
    lead = surf("jiangsu-liaison-1")
    for stray in ("999999", "0", "-1", "99999999999999999999", "x"):
        answer = lead.get(f"/consultations/1/online-session/fix-session?slot={stray}")
        assert (answer.status_code, 'name="starts_at" value' in answer.text) == (200, False)


def test_the_mailed_link_is_answered_signed_out(
    app: Flask, world: World, sqlite_database: Database, opened: list[int]
) -> None:
    expert = world.experts["shanghai"][0]
    token = token_of(sqlite_database, expert.person_id)
    browser = Surfer(app)
    for _ in range(2):  # opening uses nothing up
        page = browser.get(f"/poll?token={token}")
        assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "电热毯" in page.text
    for confidential in ("XM-1518D", "折叠", world.lead.name):
        assert confidential not in page.text
    with sqlite_database.read() as db:
        assert db.scalars(select(TimePollAnswer)).all() == []
    part = browser.post("/poll", {"token": token, **marks(opened, "yes")})
    assert (part.status_code, "请选择" in part.text, token in part.text) == (422, True, True)
    done = browser.post("/poll", {"token": token, **marks(opened, "yes", "if_need_be", "no")})
    assert done.status_code == 303
    assert "您已于" in browser.get(done.location).text
    assert browser.get("/consultations/1").status_code == 303  # it is no log-in
    with sqlite_database.read() as db:
        poll = open_poll(db, 1)
        assert poll is not None
        assert [slot.answers[0].mark for slot in poll.slots] == ["yes", "if_need_be", "no"]
        event = db.scalars(select(Event).where(Event.name == "time_poll_answered")).one()
        assert (event.person_name, event.facts["by_mail"]) == (expert.name, True)


def test_a_dead_link_says_nothing(app: Flask, sqlite_database: Database, opened: list[int]) -> None:
    browser = Surfer(app)
    assert browser.get("/poll?token=").status_code == 303
    assert browser.post("/poll", marks(opened, "yes", "yes", "yes")).status_code == 400
    answer = browser.get("/poll?token=x")
    assert (answer.status_code, "链接无效" in answer.text, "电热毯" in answer.text) == (404, True, False)
    assert browser.post("/poll", {"token": "x", **marks(opened, "yes", "yes", "yes")}).status_code == 404
    with sqlite_database.read() as db:
        assert db.scalars(select(Event.name).where(Event.name == "time_poll_link_refused")).all()
        assert db.scalars(select(TimePollAnswer)).all() == []
