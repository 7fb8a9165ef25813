"""A producer answers from a phone on which no script runs: annex, photograph, signing off."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.documents.recall_samples import drawing
from tests.factories.producer import link_for, sent
from tests.factories.recall_story import Story, build_recall_world

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Browser, Page

    from portal.models.database import Database
    from tests.support.clock import Clock

pytestmark = pytest.mark.journey


def test_a_report_is_handed_in_from_a_phone(
    chromium: Browser, app: Flask, sqlite_database: Database, clock: Clock
) -> None:
    from tests.support.chromium import serving

    with sqlite_database.write() as db:
        story = Story(db, build_recall_world(db)).to_analysis()
        _, token = link_for(story, "producer_report")
    clock.now = story.now
    window = chromium.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, locale="zh-CN", java_script_enabled=False
    )
    with serving(app) as base, window:
        page = window.new_page()
        page.goto(f"{base}/producer?token={token}")
        page.get_by_role("link", name="提交调查分析报告").click()
        _fill_in(page)
        page.get_by_label("上传照片").set_input_files(
            {"name": "座椅.png", "mimeType": "image/png", "buffer": drawing(40, 30, (13, 88, 114))}
        )
        page.get_by_role("button", name="填好了，去核对签署").click()
        assert page.get_by_text("座椅.png").is_visible()
        page.get_by_label("签署人姓名").fill("周启明")
        page.get_by_role("button", name="签署并提交").click()
        assert page.get_by_text("已提交。").is_visible()
        assert page.get_by_text("待审查").is_visible()
        assert re.search(r"/producer\?token=", page.url)


def _fill_in(page: Page) -> None:
    """Everything of the sample, control by control."""
    for name, several in sent("producer_report").items():
        control = page.locator(f'[name="{name}"]')
        kind = control.first.get_attribute("type")
        if kind in ("radio", "checkbox"):
            for value in several:
                page.locator(f'[name="{name}"][value="{value}"]').check(force=True)
        else:
            control.first.fill(several[0])
