"""Step 2 in the browser: choosing, answering, confirming, refilling, recusing; what a stranger meets."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.models.expert import Expert
from portal.models.panel import PanelMember
from portal.services.experts import edit_expert, expert_page
from tests.documents.reading import docx_words, html_words, pdf_words
from tests.factories.application import accepted
from tests.factories.material import sent
from tests.factories.panel import answered, confirmed, nominated
from tests.factories.world import NOON, World
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
BASE = "/consultations/1"
ANSWER = f"{BASE}/invitation/answer-invitation"
NOMINATE = f"{BASE}/panel/nominate-members"
CONFIRM = f"{BASE}/panel/confirm-panel"


def text(answer: object) -> str:
    return answer.get_data(as_text=True)  # type: ignore[attr-defined,no-any-return]


@pytest.fixture
def at(sqlite_database: Database, world: World) -> Callable[..., None]:
    """Bring consultation 1 to a state with a factory."""

    def bring(factory: Callable[..., Consultation], **more: object) -> None:
        with sqlite_database.write() as db:
            factory(db, world, now=NOON, **more)

    return bring


def expert_ids(world: World, key: str) -> list[int]:
    return [actor.expert_id for actor in world.experts[key] if actor.expert_id is not None]


def test_an_institution_chooses_and_sees_three_facts_only(surf: Surf, world: World, at: Callable[..., None]) -> None:
    at(accepted)
    staff = surf("anhui-staff")
    page = text(staff.get(NOMINATE))
    assert "苏州煦眠家居用品有限公司" in page
    assert "XM-1518D" in page
    for hidden in ("折叠或受压", "GB 4706", "沪检〔2026〕", "煦眠</dd>"):
        assert hidden not in page
    assert staff.get(BASE).status_code == 404
    assert staff.post(NOMINATE).status_code == 422
    assert staff.post(NOMINATE, {"experts": [expert_ids(world, "jiangsu")[0]]}).status_code == 422
    chosen = staff.post(NOMINATE, {"experts": expert_ids(world, "anhui")[:2]})
    assert chosen.status_code == 303
    page = text(staff.get(chosen.location))
    assert "已选取 2 位专家" in page
    assert page.count('name="experts"') == 2


def test_a_matching_name_asks_for_a_reason_and_keeps_the_choice(
    surf: Surf, world: World, at: Callable[..., None], sqlite_database: Database
) -> None:
    at(accepted)
    first = expert_ids(world, "anhui")[0]
    with sqlite_database.write() as db:
        db.get_one(Expert, first).employer = "煦眠家居用品（苏州）有限公司<script>"
    staff = surf("anhui-staff")
    staff.get(NOMINATE)
    refused = staff.post(NOMINATE, {"experts": [first]})
    page = text(refused)
    assert refused.status_code == 422
    assert f'href="#dismissal_{first}"' in page
    assert f'value="{first}" checked' in page
    assert "<script>&" not in page
    assert "&lt;script&gt;" in page
    assert staff.post(NOMINATE, {"experts": [first], f"dismissal_{first}": "同名企业"}).status_code == 303


def test_the_expert_answers_on_one_page(surf: Surf, world: World, at: Callable[..., None]) -> None:
    at(nominated)
    expert = surf("anhui-expert-1")
    page = text(expert.get(ANSWER))
    assert "电热毯" in page
    assert "折叠或受压" not in page
    assert "3月4日（周三）24:00" in page
    assert expert.get(BASE).status_code == 404
    refused = expert.post(ANSWER, {"accepts": "yes", "declaration": "declared", "declaration_text": " "})
    assert refused.status_code == 422
    assert 'id="declaration-declared" name="declaration" value="declared" checked' in text(refused)
    assert "第八条（一）" in text(refused)
    assert expert.post(ANSWER, {}).status_code == 422
    done = expert.post(ANSWER, {"accepts": "yes", "declaration": "none"})
    assert done.status_code == 303
    assert "并声明没有利益冲突" in text(expert.get(done.location))
    assert expert.post(ANSWER, {"accepts": "no", "reason": "反悔"}).status_code in (403, 409)


def test_who_declines_sees_nothing_more(surf: Surf, world: World, at: Callable[..., None]) -> None:
    at(nominated)
    expert = surf("anhui-expert-1")
    expert.get(ANSWER)
    assert expert.post(ANSWER, {"accepts": "no"}).status_code == 422
    done = expert.post(ANSWER, {"accepts": "no", "reason": "出差"})
    assert (done.status_code, done.location) == (303, "/")
    assert expert.get(ANSWER).status_code == 404


def test_the_lead_asks_confirms_and_is_told_what_is_missing(surf: Surf, world: World, at: Callable[..., None]) -> None:
    at(answered, experts=(("anhui", 0), ("jiangsu", 0), ("zhejiang", 0), ("shanghai", 0)))
    lead = surf("jiangsu-liaison-1")
    page = text(lead.get(f"{BASE}/panel"))
    assert "请其选取" in page
    assert "补选" not in page
    assert "/panel/recuse-member?member=1" in page
    ask = f"{BASE}/panel/ask-nomination?institution={world.institutions['shanghai']}"
    assert "家用电器安全" in text(lead.get(ask)), "the proposal's fields are filled in"
    fields = {"institution_id": world.institutions["anhui"], "wanted": "0", "fields": "烧伤急诊"}
    refused = lead.post(ask, fields)
    assert refused.status_code == 422
    assert 'value="烧伤急诊"' in text(refused)
    assert lead.post(ask, {**fields, "wanted": "1"}).status_code == 303
    members = [1, 2, 3, 4]
    refused = lead.post(CONFIRM, {"members": members, "even_reason": ""})
    assert refused.status_code == 422
    assert 'href="#even_reason"' in text(refused)
    assert lead.post(CONFIRM, {"members": members, "even_reason": "第五位专家临时住院"}).status_code == 303
    assert "第五位专家临时住院" in text(lead.get(BASE))
    assert lead.post(CONFIRM, {"members": members}).status_code == 409


def test_a_recusal_and_the_replacement(
    surf: Surf, world: World, at: Callable[..., None], sqlite_database: Database
) -> None:
    at(confirmed)
    expert, lead = surf("anhui-expert-1"), surf("jiangsu-liaison-1")
    recuse = f"{BASE}/panel/recuse-member"
    expert.get(recuse)
    with sqlite_database.read() as db:
        own = db.query(PanelMember).filter_by(expert_id=world.experts["anhui"][0].expert_id).one().id
    assert expert.post(recuse, {"member_id": own, "reason": ""}).status_code == 422
    assert expert.post(recuse, {"member_id": own, "reason": "曾任顾问"}).status_code == 303
    assert expert.get(BASE).status_code == 404
    assert "补选专家，或写明专家组人数为双数的理由" in text(lead.get("/tasks"))
    assert "曾任顾问" in text(lead.get(f"{BASE}/panel"))
    assert "曾任顾问" not in text(surf("shanghai-staff").get(f"{BASE}/panel"))
    replacing = f"{BASE}/panel/replace-member"
    assert "anhui" in text(lead.get(replacing))
    refused = lead.post(replacing, {"member_id": own, "reason": "回避"})
    assert refused.status_code == 422
    assert "回避</textarea>" in text(refused)
    done = lead.post(replacing, {"member_id": own, "expert_id": expert_ids(world, "anhui")[1], "reason": "回避"})
    assert done.status_code == 303
    assert "没有需要补选的席位" in text(lead.get(replacing))


def test_a_conflict_that_the_register_learns_later_shows_to_who_may_know(
    surf: Surf, world: World, at: Callable[..., None], sqlite_database: Database
) -> None:
    at(confirmed)
    lead, own, other = surf("jiangsu-liaison-1"), surf("anhui-staff"), surf("zhejiang-staff")
    for page in (BASE, f"{BASE}/panel"):
        assert "可能有利益冲突" not in text(lead.get(page))
    with sqlite_database.write() as db:
        expert, staff = world.experts["anhui"][0].expert_id, world.staff["anhui"]
        producer = db.get_one(Consultation, 1).product.producer
        entry = expert_page(db, actor=staff, expert_id=expert, now=NOON).entry
        edit_expert(db, actor=staff, expert_id=expert, given=replace(entry, relations=f"{producer}，顾问"), now=NOON)
    words = f"申报的关系（顾问）“{producer}”与生产者名称相符"
    for page in (BASE, f"{BASE}/panel"):
        assert words in text(lead.get(page))
        assert words in text(own.get(page))
        assert "可能有利益冲突" not in text(other.get(page))
    with sqlite_database.read() as db:
        place = db.query(PanelMember).filter_by(expert_id=world.experts["anhui"][0].expert_id).one().id
    recusal = {"member_id": place, "reason": "担任生产者的顾问"}
    assert lead.post(f"{BASE}/panel/recuse-member", recusal).status_code == 303
    assert "可能有利益冲突" not in text(lead.get(f"{BASE}/panel"))


def test_the_overview_is_the_same_on_the_page_and_in_both_files(
    surf: Surf, world: World, at: Callable[..., None]
) -> None:
    at(accepted)
    lead = surf("jiangsu-liaison-1")
    assert lead.get(f"{BASE}/panel/overview.pdf").status_code == 404
    assert "专家组一览表" not in text(lead.get(f"{BASE}/panel"))
    at(confirmed)
    base = "/consultations/2"
    page = text(lead.get(f"{base}/panel"))
    section = page[page.index('aria-labelledby="overview"') :].partition("</section>")[0]
    files = {ending: lead.get(f"{base}/panel/overview.{ending}") for ending in ("pdf", "docx")}
    for ending, answer in files.items():
        assert answer.status_code == 200
        assert f"panel/overview.{ending}" in section
        assert "%E4%B8%93%E5%AE%B6%E7%BB%84%E4%B8%80%E8%A7%88%E8%A1%A8" in answer.headers["Content-Disposition"]
    words = pdf_words(files["pdf"].data)
    assert words == docx_words(files["docx"].data)
    table = html_words(section[section.index("<table") : section.index("</table>")])
    assert table in words
    for fact in ("江苏", "XM-1518D", "5人"):
        assert fact in words
        assert fact in html_words(section)
    assert surf("anhui-expert-1").get(f"{base}/panel/overview.pdf").status_code == 404


PAGES = (
    "/panel",
    "/panel/nominate-members",
    "/panel/ask-nomination",
    "/panel/confirm-panel",
    "/panel/refill-place",
    "/panel/recuse-member",
    "/panel/terminate-consultation",
    "/invitation/answer-invitation",
)


def test_a_stranger_gets_404_everywhere(surf: Surf, world: World, at: Callable[..., None]) -> None:
    at(nominated)
    stranger = surf("anhui-expert-4")
    assert {stranger.get(f"{BASE}{path}").status_code for path in PAGES} == {404}
    for username in ("administrator", "auditor"):
        assert {surf(username).get(f"{BASE}{path}").status_code for path in PAGES} == {404}


def test_the_lead_opens_every_page_of_the_step(surf: Surf, world: World, at: Callable[..., None]) -> None:
    at(nominated)
    lead = surf("jiangsu-liaison-1")
    for path in PAGES[:-1]:
        assert lead.get(f"{BASE}{path}").status_code == 200, path
    at(confirmed)
    for path in ("/panel", "/panel/replace-member", "/panel/explain-even-panel", "/panel/recuse-member"):
        assert lead.get(f"/consultations/2{path}").status_code == 200, path
    lead.get("/consultations/2/panel/terminate-consultation")
    assert lead.post("/consultations/2/panel/terminate-consultation", {"reason": ""}).status_code == 422
    assert lead.post("/consultations/2/panel/terminate-consultation", {"reason": "专家不足"}).status_code == 303


def test_a_member_sees_the_first_part_of_the_sheet_when_it_is_sent(
    surf: Surf, world: World, at: Callable[..., None]
) -> None:
    at(confirmed)
    expert = surf("anhui-expert-1")
    before = text(expert.get(BASE))
    assert "组建专家组" in before
    assert "折叠或受压" not in before
    at(sent)
    assert "折叠或受压" in text(expert.get("/consultations/2"))


def test_the_lead_tries_a_panel_out_with_and_without_scripts(surf: Surf, world: World, at: Callable[..., None]) -> None:
    at(accepted)
    lead, compose = surf("jiangsu-liaison-1"), f"{BASE}/panel/compose"
    page = text(lead.get(compose))
    assert "与平台建议相同" in page
    assert "5 人，单数" in page
    ids = re.findall(r'name="expert" value="(\d+)"', page)
    assert len(ids) == 5
    query = {"composed": "1", "expert": ids, "field": ["household_appliances", "toxicology"]}
    page = text(lead.get(compose, query_string={**query, "drop": ids[0]}))
    assert "人数 5 变为 4（双数）" in page
    assert "人数为双数" in page
    assert "毒理" in page
    added = next(one for one in re.findall(r'name="add" value="(\d+)"', page) if one not in ids)
    answer = lead.get(compose, query_string={**query, "drop": ids[0], "add": added}, headers={"HX-Request": "true"})
    assert not text(answer).startswith("<!doctype")
    assert "人数不变（单数）" in text(answer)
    assert "an专4" not in text(lead.get(compose, query_string={**query, "search": "湖滨"}))
    own = re.search(r'href="(/consultations/1/panel/nominate-members\?expert=[^"]+)"', text(lead.get(compose)))
    assert own
    assert 'checked><label for="expert-' in text(lead.get(own[1].replace("&amp;", "&")))
    asked = re.search(r'href="(/consultations/1/panel/ask-nomination\?[^"]+)"', text(lead.get(compose)))
    assert asked
    form = text(lead.get(asked[1].replace("&amp;", "&")))
    assert "家用电器" in form
    assert surf("anhui-staff").get(compose).status_code == 403
    assert surf("auditor").get(compose).status_code == 404
