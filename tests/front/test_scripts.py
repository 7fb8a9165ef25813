"""The few scripts, and the pages without them, in a real browser under the portal's own policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.front.gallery import PAGES, make_gallery

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Browser, Page

PHONE = {"width": 390, "height": 844}
SMALLEST = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}


@pytest.fixture
def gallery() -> Flask:
    return make_gallery()


@pytest.fixture
def address(gallery: Flask) -> Iterator[str]:
    from tests.support.chromium import serving

    with serving(gallery) as address:
        yield address


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    """A window that fails the test when the page breaks its policy or a script throws."""
    with chromium.new_context() as context:
        tab = context.new_page()
        troubles: list[str] = []
        tab.on("pageerror", lambda error: troubles.append(str(error)))
        tab.on("console", lambda message: troubles.append(message.text) if "Security Policy" in message.text else None)
        tab.on("dialog", lambda dialog: dialog.accept())
        yield tab
        assert troubles == []


def test_no_page_scrolls_sideways(tab: Page, address: str) -> None:
    for size in (DESKTOP, PHONE, SMALLEST):
        tab.set_viewport_size(size)
        for page in PAGES:
            tab.goto(f"{address}/{page}")
            assert tab.evaluate("document.documentElement.scrollWidth") <= size["width"], (page, size)


def test_axe_finds_nothing_serious(chromium: Browser, address: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    for size in (DESKTOP, PHONE):
        # The policy that the pages keep would keep out the examiner as well.
        with chromium.new_context(viewport=size, bypass_csp=True) as context:
            tab = context.new_page()
            for page in PAGES:
                tab.goto(f"{address}/{page}")
                found = Axe().run(tab).response["violations"]
                serious = [violation for violation in found if violation["impact"] in ("serious", "critical")]
                assert serious == [], (page, size)


def test_escape_closes_a_menu_and_gives_the_focus_back(tab: Page, address: str) -> None:
    tab.set_viewport_size(PHONE)
    tab.goto(f"{address}/dashboard")
    tab.click(".navmenu summary")
    assert tab.is_visible(".navmenu nav")
    tab.keyboard.press("Escape")
    assert not tab.is_visible(".navmenu nav")
    assert tab.evaluate("document.activeElement.parentElement.className") == "menu navmenu"


def test_menu_and_dialog_work_without_scripts(chromium: Browser, address: str) -> None:
    with chromium.new_context(java_script_enabled=False, viewport=PHONE) as context:
        tab = context.new_page()
        tab.goto(f"{address}/menus")
        tab.click(".navmenu summary")
        assert tab.is_visible(".navmenu nav")
        tab.click(".navmenu summary")
        tab.click("[data-dialog]")
        assert tab.is_visible("dialog#proof")
        tab.click("[data-close]")
        assert not tab.is_visible("dialog#proof")


def test_the_error_summary_has_the_focus_and_leads_to_the_field(tab: Page, address: str) -> None:
    tab.goto(f"{address}/application")
    assert tab.evaluate("document.activeElement.className") == "errsum"
    tab.click(".errsum a >> nth=0")
    assert tab.evaluate("document.activeElement.id") == "verified_on"


def test_a_long_form_turns_its_sections_on_a_phone(tab: Page, address: str) -> None:
    tab.set_viewport_size(PHONE)
    tab.goto(f"{address}/sheet")
    assert tab.is_visible("#p")
    tab.click("[data-turn='1']")
    assert not tab.is_visible("#p")
    # The list of what is missing turns to the section that holds the field.
    tab.click(".miss a >> nth=0")
    assert tab.is_visible("#prevalence")
    assert tab.inner_text("[data-place]") == "第 3 / 3 节"


def test_a_description_opens_with_yes_and_keeps_its_text(tab: Page, address: str) -> None:
    tab.goto(f"{address}/sheet")
    assert tab.is_visible("#danger_description")
    tab.click("label[for='danger_despite_standard-1']")
    assert not tab.is_visible("#danger_description")
    tab.click("label[for='danger_despite_standard-0']")
    assert tab.input_value("#danger_description") == "温控器未能切断。"


def test_a_draft_saves_itself_with_its_token_and_says_when(tab: Page, address: str, gallery: Flask) -> None:
    tab.goto(f"{address}/sheet")
    with tab.expect_request("**/save") as sent:
        tab.fill("#danger_description", "新的描述")
        assert tab.inner_text(".saved") == "有未保存的内容"
    assert sent.value.headers["x-csrftoken"] == "token"
    tab.wait_for_selector("text=已保存 14:02")
    assert gallery.config["SAVED"][-1]["danger_description"] == "新的描述"
    assert tab.query_selector("form[data-unsaved]") is None


def test_an_expired_log_in_loses_no_text(tab: Page, address: str, gallery: Flask) -> None:
    gallery.config["ANSWER"] = (401, {"HX-Redirect": "/log_in"})
    tab.goto(f"{address}/sheet")
    tab.fill("#danger_description", "半途中断的描述")
    tab.wait_for_url("**/log_in")
    gallery.config["ANSWER"] = (204, {"X-Saved-At": "14:09"})
    tab.goto(f"{address}/sheet")
    assert tab.input_value("#danger_description") == "半途中断的描述"
    tab.wait_for_selector("text=已保存 14:09")
    assert tab.evaluate("Object.keys(sessionStorage).filter(key => key.startsWith('portal:'))") == []


def test_what_is_kept_is_for_the_same_person_and_gone_after_log_out(tab: Page, address: str, gallery: Flask) -> None:
    gallery.config["ANSWER"] = (500, {})
    tab.goto(f"{address}/sheet")
    tab.fill("#danger_description", "不给别人看的描述")
    tab.wait_for_selector("text=还没有保存")
    actor = gallery.jinja_env.globals["current_actor"]
    actor.id = 8
    tab.goto(f"{address}/sheet")
    assert tab.input_value("#danger_description") == "温控器未能切断。"
    tab.click(".me")
    tab.click("[data-log-out] button")
    assert tab.evaluate("Object.keys(sessionStorage).filter(key => key.startsWith('portal:'))") == []


def test_rows_of_an_annex_come_and_go_without_a_reload(tab: Page, address: str, gallery: Flask) -> None:
    tab.goto(f"{address}/annex-statement-wrong")
    tab.click("[data-add-row]")
    assert tab.evaluate("document.activeElement.name") == "sellers-2-seller"
    assert tab.input_value("[name='sellers-1-quantity']") == "八百"
    assert tab.input_value("[name='sellers-2-quantity']") == ""
    assert tab.query_selector("tr[data-row]:nth-child(3) .field-error") is None
    assert tab.inner_text("label[for='annex-sellers-2-area']") == "第3行　销售地区"
    with tab.expect_request("**/save") as sent:
        tab.keyboard.type("第三家")
    assert "sellers-2-seller" in (sent.value.post_data or "")
    assert "_photographs" not in (sent.value.post_data or "")
    tab.click("tr[data-row]:nth-child(1) [data-remove-row]")
    assert tab.input_value("[name='sellers-0-quantity']") == "八百"
    assert tab.input_value("[name='sellers-1-seller']") == "第三家"
    assert tab.get_attribute("tr[data-row]:nth-child(2) button", "value") == "sellers-1"
    for _ in range(2):
        tab.click("tr[data-row]:nth-child(1) [data-remove-row]")
    assert tab.input_value("[name='sellers-0-seller']") == ""
    assert len(tab.query_selector_all("tr[data-row]")) == 1
    tab.wait_for_selector("form[data-autosave]:not([data-unsaved])")
    assert "sellers-1-seller" not in gallery.config["SAVED"][-1]


def test_sum_and_rate_follow_the_typing_and_agree_with_the_portal(tab: Page, address: str) -> None:
    tab.goto(f"{address}/annex-statement-wrong")
    assert tab.inner_text("[data-sum-of]") == "233,100.50"
    tab.fill("#annex-labour_cost", "１，０００．５元")
    assert tab.inner_text("[data-sum-of]") == "234,101"
    tab.goto(f"{address}/annex-summary-filled")
    assert tab.inner_text("[data-rate-of]") == "87.50"
    for recalled, rate in (("4,200", "100"), ("1", "0.02"), ("4201", "—"), ("很多", "—"), ("0", "0")):
        tab.fill("#annex-recalled_quantity", recalled)
        assert tab.inner_text("[data-rate-of]") == rate


def test_what_an_answer_of_an_annex_asks_for_shows_with_it(tab: Page, address: str) -> None:
    tab.goto(f"{address}/annex-release-empty")
    assert not tab.is_visible("#annex-total_quantity")
    tab.click("label[for='annex-is_extended-0']")
    assert tab.is_visible("#annex-total_quantity")
    tab.goto(f"{address}/annex-receipt-wrong")
    assert tab.is_visible("#annex-recall_notice_number")
    assert not tab.is_visible("#annex-investigation_notice_number")
    tab.click("label[for='annex-documents-0']")
    assert tab.input_value("#annex-investigation_notice_number") == "宁市监调查分析〔2026〕8号"


def test_an_annex_is_filled_in_without_scripts(chromium: Browser, address: str) -> None:
    with chromium.new_context(java_script_enabled=False, viewport=PHONE) as context:
        tab = context.new_page()
        tab.goto(f"{address}/annex-release-empty")
        assert tab.is_visible("#annex-total_quantity")
        tab.goto(f"{address}/annex-statement-wrong")
        with tab.expect_request(lambda request: request.method == "POST") as sent:
            tab.click("[data-add-row]")
        assert 'name="add_row"' in (sent.value.post_data or "")
        tab.goto(f"{address}/annex-receipt-wrong")
        with tab.expect_request(lambda request: request.method == "POST") as sent:
            tab.press("#annex-place", "Enter")
        # The first button of a form is what Enter presses: it saves, it does not submit and removes nothing.
        assert {"submit", "remove_row", "add_row"} & set(sent.value.post_data_json or {}) == set()


def test_what_one_touches_in_an_annex_is_large_enough(tab: Page, address: str) -> None:
    tab.set_viewport_size(PHONE)
    for page in ("annex-statement-wrong", "annex-summary-filled"):
        tab.goto(f"{address}/{page}")
        small = tab.evaluate(
            """() => Array.from(document.querySelectorAll(
                "#annex .form-control, #annex button:not(.vh), #annex .check > label, #annex .yn > label"
            )).filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"""
        )
        assert small == []
