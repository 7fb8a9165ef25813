"""The expert's second screen, and all analyses for those who may read them."""

from collections.abc import Callable

import pytest

from portal.models.consultation import Consultation
from portal.models.database import Database
from tests.factories.material import sent
from tests.factories.preliminary_analysis import all_handed_in
from tests.factories.world import NOON, World
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
BASE = "/consultations/1"
WRITE = f"{BASE}/preliminary-analysis/hand-in-analysis"
FIELDS = {
    "hazard": "折叠处<b>过热</b>",
    "cause": "绝热层变薄",
    "severity": "3",
    "defect_finding": "yes",
    "version": "0",
}
HTMX = {"HX-Request": "true"}


def text(answer: object) -> str:
    return answer.get_data(as_text=True)  # type: ignore[attr-defined,no-any-return]


@pytest.fixture
def at(sqlite_database: Database, world: World) -> Callable[..., None]:
    """Bring consultation 1 to a state with a factory."""

    def bring(factory: Callable[..., Consultation]) -> None:
        with sqlite_database.write() as db:
            factory(db, world, now=NOON)

    return bring


def test_the_expert_saves_and_hands_in_beside_the_material(surf: Surf, world: World, at: Callable[..., None]) -> None:
    at(sent)
    expert = surf("anhui-expert-1")
    page = text(expert.get(WRITE))
    assert f'<iframe src="{BASE}/material/1/read?beside=1"' in page
    assert "3月5日（周四）24:00" in page
    assert "折叠或受压" in page, "the sheet's first part is sent with the material"
    saved = expert.post(WRITE, FIELDS, headers=HTMX)
    assert (saved.status_code, saved.headers["X-Saved-At"]) == (200, "09:00")
    assert 'value="1"' in text(saved)
    assert "<main" not in text(saved)
    page = text(expert.get(WRITE))
    assert "折叠处&lt;b&gt;过热" in page
    assert '<option value="3" selected>' in page
    stale = expert.post(WRITE, {**FIELDS, "cause": "别的页面"})
    assert stale.status_code == 409
    assert "别的页面</textarea>" in text(stale)
    refused = expert.post(WRITE, {**FIELDS, "hazard": "", "cause": "留着", "version": "1", "hand_in": "1"})
    assert refused.status_code == 422
    assert 'href="#hazard"' in text(refused)
    assert "留着</textarea>" in text(refused)
    assert expert.post(WRITE, {**FIELDS, "version": "1", "severity": "9"}).status_code == 422
    done = expert.post(WRITE, {**FIELDS, "version": "1", "hand_in": "1"})
    assert done.status_code == 303
    page = text(expert.get(WRITE))
    assert "不能再修改" in page
    assert "折叠处&lt;b&gt;过热" in page
    assert expert.post(WRITE, {**FIELDS, "version": "2"}).status_code == 409


def test_a_save_button_works_without_htmx(surf: Surf, world: World, at: Callable[..., None]) -> None:
    at(sent)
    expert = surf("anhui-expert-1")
    expert.get(WRITE)
    saved = expert.post(WRITE, {**FIELDS, "hazard": ""})
    assert saved.status_code == 303
    assert "草稿已保存 09:00" in text(expert.get(saved.location))


def test_drafts_are_their_authors_alone_and_what_is_in_is_for_applicant_and_lead(
    surf: Surf, world: World, at: Callable[..., None]
) -> None:
    at(sent)
    expert = surf("anhui-expert-1")
    expert.get(WRITE)
    expert.post(WRITE, FIELDS)
    every = f"{BASE}/preliminary-analysis"
    lead = surf("jiangsu-liaison-1")
    assert "绝热层变薄" not in text(lead.get(every))
    expert.post(WRITE, {**FIELDS, "version": "1", "hand_in": "1"})
    for username in ("jiangsu-liaison-1", "shanghai-staff"):
        assert "绝热层变薄" in text(surf(username).get(every))
    for username in ("anhui-expert-1", "zhejiang-expert-1", "anhui-staff", "anhui-expert-4", "auditor"):
        assert surf(username).get(every).status_code == 404, username
    assert "绝热层变薄" not in text(surf("zhejiang-expert-1").get(BASE))
    assert surf("anhui-expert-4").get(WRITE).status_code == 404
    assert surf("shanghai-staff").get(WRITE).status_code == 403


def test_the_applicant_tells_the_lead_when_all_are_in(surf: Surf, world: World, at: Callable[..., None]) -> None:
    at(sent)
    tell = f"{BASE}/preliminary-analysis/tell-lead"
    applicant = surf("shanghai-liaison-1")
    assert "还有 5 位专家在期限内" in text(applicant.get(tell))
    assert "还有 5 位专家在期限内" in text(applicant.get(BASE))
    assert applicant.post(tell).status_code == 409
    at(all_handed_in)
    tell = "/consultations/2/preliminary-analysis/tell-lead"
    assert applicant.get(tell).status_code == 200
    assert applicant.post(tell).status_code == 303
    assert "组织线上会诊" in text(applicant.get("/consultations/2"))
