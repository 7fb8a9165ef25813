"""Steps 4 and 5 in the browser: fixing, naming, opening, the board, the notes."""

import re
from collections.abc import Callable

import pytest

from portal.models.database import Database
from portal.services.consultation.members import accepted_members
from portal.services.consultation.online_session import save_discussion
from tests.factories.online_session import STARTS, participants_named, session_fixed, session_of, session_opened
from tests.factories.preliminary_analysis import lead_told
from tests.factories.world import World
from tests.support.clock import Clock
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
PAGE = "/consultations/1/online-session"
HTMX = {"HX-Request": "true"}
PLAN = {
    "starts_at": "2026-03-04T14:00",
    "minutes": "90",
    "mode": "online",
    "meeting_link": "https://meeting.example.cn/j/8842",
}


@pytest.fixture
def in_time(clock: Clock) -> None:
    """The session's hour has come."""
    clock.now = STARTS


def test_a_session_is_fixed_and_moved_through_the_pages(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        lead_told(db, world)
    lead = surf("jiangsu-liaison-1")
    assert "尚未约定会诊时间" in lead.get(PAGE).get_data(as_text=True)
    assert "3月9日（周一）24:00" in lead.get(f"{PAGE}/fix-session").get_data(as_text=True)
    wrong = lead.post(f"{PAGE}/fix-session", {**PLAN, "starts_at": "2026-03-10T14:00", "meeting_code": "<b>8842</b>"})
    said = wrong.get_data(as_text=True)
    assert wrong.status_code == 422
    assert "须写明理由" in said
    assert "第八条（三）" in said
    assert "&lt;b&gt;8842&lt;/b&gt;" in said
    assert "<b>8842" not in said
    shapeless = lead.post(f"{PAGE}/fix-session", {**PLAN, "starts_at": "下周三", "minutes": "0"})
    assert shapeless.status_code == 422
    assert 'value="下周三"' in shapeless.get_data(as_text=True)
    assert lead.post(f"{PAGE}/fix-session", PLAN).location.endswith(PAGE)
    assert "3月4日（周三）14:00" in lead.get(PAGE).get_data(as_text=True)
    assert lead.post(f"{PAGE}/fix-session", PLAN).status_code == 409
    moved = lead.get(f"{PAGE}/move-session").get_data(as_text=True)
    assert 'value="2026-03-04T14:00"' in moved
    assert 'value="90"' in moved
    assert lead.post(f"{PAGE}/move-session", {**PLAN, "starts_at": "2026-03-05T09:30"}).status_code == 303
    assert "3月5日（周四）09:30" in lead.get(PAGE).get_data(as_text=True)


def test_an_institution_sees_what_it_needs_to_name_somebody(
    surf: Surf, world: World, sqlite_database: Database
) -> None:
    experts = (("shanghai", 0), ("shanghai", 1), ("jiangsu", 0))
    with sqlite_database.write() as db:
        session_fixed(db, world, experts=experts)
    asked = surf("anhui-liaison-1")
    assert asked.get(PAGE).status_code == 404
    page = asked.get(f"{PAGE}/name-participants").get_data(as_text=True)
    assert "XM-1518D" in page
    assert "折叠或受压后" not in page
    own = {"person_ids": str(world.liaisons["anhui"][0].person_id)}
    refused = asked.post(f"{PAGE}/name-participants", own)
    assert refused.status_code == 422
    assert "无利害关系" in refused.get_data(as_text=True)
    other = {"person_ids": str(world.lead.person_id), "has_no_interest": "y"}
    assert asked.post(f"{PAGE}/name-participants", other).status_code == 422
    assert asked.post(f"{PAGE}/name-participants", {**own, "has_no_interest": "y"}).status_code == 303
    assert asked.get(PAGE).status_code == 200


def test_the_lead_opens_it_and_notes_speeches(
    surf: Surf, world: World, sqlite_database: Database, in_time: None
) -> None:
    with sqlite_database.write() as db:
        consultation = participants_named(db, world)
        members = accepted_members(db, consultation.id)
        everybody = [member.id for member in members]
    lead = surf("jiangsu-liaison-1")
    assert members[0].name in lead.get(f"{PAGE}/open-session").get_data(as_text=True)
    few = lead.post(f"{PAGE}/open-session", {"member_ids": everybody[:2]})
    assert few.status_code == 422
    assert "至少 3 人到会" in few.get_data(as_text=True)
    assert lead.post(f"{PAGE}/open-session", {"member_ids": everybody[:4]}).status_code == 303
    notes = {"member_id": everybody[0], "danger_widespread": "yes", "notes": "同型号<i>结构</i>相同"}
    saved = lead.post(f"{PAGE}/notes", {**notes, "version": 0}, headers=HTMX)
    assert (saved.status_code, 'id="notes-version" name="version" value="1"' in saved.text) == (200, True)
    assert lead.post(f"{PAGE}/note-speech", {"member_id": everybody[0], "version": 1}).status_code == 422
    assert lead.post(f"{PAGE}/note-speech", {**notes, "version": 1}).status_code == 303
    board = lead.get(f"{PAGE}?since=0.0", headers=HTMX).get_data(as_text=True)
    assert "<html" not in board
    assert "同型号&lt;i&gt;结构" in board
    assert "下一位" in board
    assert "未到会" in board
    order = {f"member_ids-{place}": number for place, number in enumerate(everybody)}
    order |= {f"places-{place}": len(everybody) - place for place in range(len(everybody))} | {"minutes": 15}
    assert lead.post(f"{PAGE}/order", order).status_code == 303
    assert lead.post(f"{PAGE}/order", {**order, "member_ids-0": everybody[1]}).status_code == 422
    assert lead.post(f"{PAGE}/order", {**order, "minutes": 121}).status_code == 422
    assert lead.post(f"{PAGE}/attendance", {"member_ids": everybody}).status_code == 303
    assert lead.post(f"{PAGE}/discussion", {"summary": "对普遍性有分歧"}, headers=HTMX).status_code == 200
    with sqlite_database.read() as db:
        online = session_of(db, consultation)
        assert [turn.member_id for turn in online.turns] == everybody[::-1]
        assert all(turn.has_attended for turn in online.turns)
        assert online.discussion_summary == "对普遍性有分歧"
        assert online.minutes_per_speech == 15


def test_notes_saved_elsewhere_are_shown_beside_what_was_typed(
    surf: Surf, world: World, sqlite_database: Database, in_time: None
) -> None:
    with sqlite_database.write() as db:
        consultation = session_opened(db, world)
        members = [member.id for member in accepted_members(db, consultation.id)]
    lead = surf("jiangsu-liaison-1")
    page = lead.get(f"{PAGE}?member={members[0]}").text
    assert 'id="notes-version" name="version" value="1"' in page
    typed = {"member_id": members[0], "version": 1, "advises_investigation": "yes", "notes": "本页写的<b>要点</b>"}
    assert lead.post(f"{PAGE}/notes", {**typed, "notes": "另一处写的要点"}).status_code == 303
    for headers in ({}, HTMX):
        stale = lead.post(f"{PAGE}/notes", typed, headers=headers)
        assert stale.status_code == 409
        assert "另一处写的要点" in stale.text
        assert "本页写的&lt;b&gt;要点" in stale.text
        assert 'name="overwrite" value="2"' in stale.text
    assert lead.post(f"{PAGE}/note-speech", typed).status_code == 409
    assert lead.post(f"{PAGE}/notes", {**typed, "overwrite": 2}).status_code == 303
    assert "本页写的&lt;b&gt;要点" in lead.get(PAGE).text
    summary = {"version": 0, "summary": "第一稿"}
    assert lead.post(f"{PAGE}/discussion", summary).status_code == 303
    stale = lead.post(f"{PAGE}/discussion", {**summary, "summary": "第二稿"}, headers=HTMX)
    assert (stale.status_code, "第一稿" in stale.text, "第二稿" in stale.text) == (409, True, True)


def test_after_the_last_speaker_the_page_offers_the_vote(
    surf: Surf, world: World, sqlite_database: Database, in_time: None
) -> None:
    with sqlite_database.write() as db:
        consultation = session_opened(db, world)
        first = accepted_members(db, consultation.id)[0]
    lead = surf("jiangsu-liaison-1")
    page = lead.get(PAGE).text
    assert "到会专家均已发言" in page
    assert "记为已发言" not in page
    assert 'class="btn btn-primary" id="to-opening" href="/consultations/1/voting/open-vote"' in page
    assert "讨论小结" in page
    again = lead.get(f"{PAGE}?member={first.id}").text
    assert f"记录发言：{first.name}" in again
    tasks = lead.get("/tasks").text
    assert f'href="{PAGE}">去主持' in tasks
    assert f'btn-primary btn-lg" href="{PAGE}">去主持' in lead.get("/consultations/1").text


def test_once_the_time_is_fixed_the_duty_leads_to_the_session(
    surf: Surf, world: World, sqlite_database: Database
) -> None:
    with sqlite_database.write() as db:
        session_fixed(db, world)
    tasks = surf("jiangsu-liaison-1").get("/tasks").text
    assert "约定时间" not in tasks
    assert f'href="{PAGE}">查看会诊安排' in tasks


def test_who_sees_what_during_the_session(surf: Surf, world: World, sqlite_database: Database, in_time: None) -> None:
    with sqlite_database.write() as db:
        consultation = session_opened(db, world)
        save_discussion(db, actor=world.lead, consultation_id=consultation.id, summary="小结", now=STARTS)
    for insider in ("shanghai-liaison-1", "zhejiang-staff", "anhui-expert-1"):
        page = surf(insider).get(PAGE).get_data(as_text=True)
        assert "初步分析" in page, insider
        assert "受压折叠后局部过热" in page, insider
        assert "记为已发言" not in page, insider
    party = surf("anhui-liaison-2").get(PAGE)  # of an institution that takes part, but not named for the session
    assert party.status_code == 200
    assert "受压折叠后局部过热" not in party.get_data(as_text=True)
    for stranger in ("anhui-expert-4", "administrator", "auditor"):
        assert surf(stranger).get(PAGE).status_code == 404, stranger


def test_adjourning_asks_for_a_reason(surf: Surf, world: World, sqlite_database: Database, in_time: None) -> None:
    with sqlite_database.write() as db:
        session_opened(db, world)
    lead = surf("jiangsu-liaison-1")
    assert lead.get(f"{PAGE}/adjourn-session").status_code == 200
    assert lead.post(f"{PAGE}/adjourn-session", {"to": "scheduling"}).status_code == 422
    assert lead.post(f"{PAGE}/adjourn-session", {"to": "archived", "reason": "缺报告"}).status_code == 422
    assert lead.post(f"{PAGE}/adjourn-session", {"to": "scheduling", "reason": "缺报告"}).status_code == 303
    assert "已休会" in lead.get(PAGE).get_data(as_text=True)
    assert lead.get("/consultations/1").status_code == 200


def test_the_consultation_page_shows_the_session_and_leads_there(
    surf: Surf, world: World, sqlite_database: Database, in_time: None
) -> None:
    with sqlite_database.write() as db:
        participants_named(db, world)
    for person in ("jiangsu-liaison-1", "shanghai-liaison-1", "anhui-expert-1"):
        page = surf(person).get("/consultations/1").get_data(as_text=True)
        assert f'href="{PAGE}"' in page, person
    assert "查看会诊安排" in surf("anhui-expert-1").get("/tasks").get_data(as_text=True)


def test_an_open_page_asks_what_has_changed(surf: Surf, world: World, sqlite_database: Database, in_time: None) -> None:
    with sqlite_database.write() as db:
        consultation = session_opened(db, world)
        members = [member.id for member in accepted_members(db, consultation.id)]
    lead, expert = surf("jiangsu-liaison-1"), surf("shanghai-expert-1")
    page = expert.get(PAGE).text
    mark = re.search(r'id="live-since" name="since" value="([\d.]+)"', page)
    assert mark is not None
    asked = f"{PAGE}?view=guest&since={mark[1]}"
    assert 'hx-trigger="every 2s"' in page
    assert "<noscript>" in page
    assert expert.get(asked, headers=HTMX).status_code == 204
    begun = lead.post(f"{PAGE}/start-speech", {"member_id": members[1], "view": "host"}, headers=HTMX)
    assert 'id="live-notes"' in begun.text
    assert 'id="attendance-form"' in begun.text
    told = expert.get(asked, headers=HTMX)
    assert (told.status_code, "正在发言" in told.text) == (200, True)
    assert "<html" not in told.text
    assert 'id="live-agenda"' in told.text
    assert 'id="live-notes"' not in told.text
    assert "start-speech" not in told.text
    note = {"version": 0, "text": "两位<b>专家</b>看法不同"}
    saved = lead.post(f"{PAGE}/agenda/severity", note, headers=HTMX)
    assert 'id="agenda-severity-version" name="version" value="1"' in saved.text
    stale = lead.post(f"{PAGE}/agenda/severity", {**note, "text": "另一种写法"}, headers=HTMX)
    assert (stale.status_code, 'name="overwrite" value="1"' in stale.text) == (409, True)
    stale = lead.post(f"{PAGE}/agenda/severity", {**note, "text": "另一种写法"})
    assert (stale.status_code, "另一种写法" in stale.text) == (409, True)
    assert lead.post(f"{PAGE}/agenda/severity/discussed", {"is_discussed": "yes"}).status_code == 303
    told = expert.get(asked, headers=HTMX).text
    assert "两位&lt;b&gt;专家" in told
    assert "已讨论" in told
    assert lead.post(f"{PAGE}/stop-speech").status_code == 303
    assert "正在发言" not in expert.get(PAGE).text
    refused = lead.post(f"{PAGE}/confirm-attendance", {"view": "host"}, headers=HTMX)
    assert (refused.status_code, "没有待确认的报到" in refused.text) == (409, True)
    assert lead.post(f"{PAGE}/confirm-attendance").status_code == 409


def test_a_member_says_to_be_there_and_the_host_confirms(
    surf: Surf, world: World, sqlite_database: Database, in_time: None
) -> None:
    with sqlite_database.write() as db:
        participants_named(db, world)
    lead, expert = surf("jiangsu-liaison-1"), surf("shanghai-expert-1")
    assert "我已到会" in expert.get(PAGE).text
    assert expert.post(f"{PAGE}/claim-attendance").status_code == 303
    page = expert.get(PAGE).text
    assert "您已报到，待主持人确认" in page
    opening = lead.get(f"{PAGE}/open-session").text
    assert opening.count(" checked") == 1  # who says so, and not everybody
