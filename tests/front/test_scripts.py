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
