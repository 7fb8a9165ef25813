"""Every page at every width: a title, a heading, no sideways scroll, nothing that axe calls serious.

The addresses are those of the application, the consultations those of the access test: a new route is looked at from
the day it is written, in the first stage in which somebody may open it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from portal.app import create_app
from portal.config import Settings
from portal.process.consultation import Stage
from tests.factories.material import keep_files
from tests.factories.world import build_world
from tests.journeys.person import DESKTOP, PHONE
from tests.security.matrix import UndoneDatabase, expected, make_scene, people, steps, surfers
from tests.security.test_access import EVERY_ROUTE, SCENES
from tests.support.clock import Clock
from tests.support.compiled_templates import share_compiled_templates
from tests.support.surfer import Surfer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from portal.models.database import Database
    from tests.security.matrix import Step

pytestmark = pytest.mark.journey

EXAMINE = """() => axe.run({resultTypes: ["violations"]}).then(found => found.violations
    .filter(one => ["serious", "critical"].includes(one.impact))
    .map(one => one.id + ": " + one.nodes.map(node => node.html.slice(0, 200)).join(" ")))"""
SMALLEST = {"width": 360, "height": 740}
# What can be opened in any stage grows with the consultation: looked at when it is new, full and over.
GROWN = (Stage.SUBMITTED, Stage.IN_SESSION, Stage.VOTING, Stage.ISSUED, Stage.TERMINATED, Stage.DISPOSED)
# Nothing new can be opened in these, and they look as a terminated consultation does.
ALIKE = (Stage.DISCARDED, Stage.WITHDRAWN)


@pytest.mark.parametrize("stage", [stage for stage in SCENES if stage not in ALIKE])
def test_every_page_fits_and_can_be_read(
    stage: Stage, chromium: Browser, sqlite_database: Database, tmp_path: Path
) -> None:
    faults: list[str] = []
    looked_at = 0
    with (
        pages_of(stage, sqlite_database, tmp_path) as (address, pages),
        # The policy that the pages keep would keep out the examiner as well.
        chromium.new_context(locale="zh-CN", bypass_csp=True) as window,
    ):
        tab = window.new_page()
        for url, cookie in pages:
            window.clear_cookies()
            if cookie:
                window.add_cookies([{"name": "portal", "value": cookie, "url": address}])
            tab.goto(address + url)
            looked_at += 1
            faults += [f"{url}: {fault}" for fault in faults_of(tab)]
    assert looked_at
    assert not faults, "\n".join(faults)


def faults_of(tab: Page) -> Iterator[str]:
    """What is wrong with the page that is open."""
    from axe_playwright_python.sync_playwright import Axe

    if not tab.title():
        yield "no title"
    if tab.get_by_role("heading", level=1).count() != 1:
        yield "not one heading of the first level"
    tab.evaluate(Axe().axe_script)
    for size in (SMALLEST, PHONE, DESKTOP):
        tab.set_viewport_size(size)
        if tab.evaluate("document.documentElement.scrollWidth") > size["width"]:
            yield f"scrolls sideways at {size['width']}"
    yield from tab.evaluate(EXAMINE)


@contextmanager
def pages_of(stage: Stage, database: Database, folder: Path) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """A portal with a consultation in `stage`: its address; its pages, each with the cookie of one who may see it."""
    from tests.support.chromium import serving

    make, when = SCENES[stage]
    with database.write() as db:
        world = build_world(db)
        scene = make_scene(db, world, make(db, world).id)
    settings = Settings.from_environment({"PORTAL_INSTANCE": str(folder / "instance")})
    share_compiled_templates(settings.instance)
    keep_files(settings)
    undone = UndoneDatabase(str(database.engine.url))
    try:
        app = create_app(settings, undone, clock=Clock(when))
        browsers = surfers(app, database, people(world), when)
        found = []
        with database.read() as db:
            for step in steps(app, scene):
                if step.method != "GET" or not is_looked_at(step, stage):
                    continue
                for actor in [*people(world), None]:
                    browser = browsers[actor.person_id] if actor else Surfer(app)
                    if 200 in expected(db, step, actor, scene, when) and is_page(browser, step.url):
                        found.append((step.url, browser.cookie() if actor else None))
                        break
        with serving(app) as address:
            yield address, found
    finally:
        undone.dispose()


def is_looked_at(step: Step, stage: Stage) -> bool:
    """Whether this is the stage, or one of the stages, in which the page is looked at."""
    permission = step.permission
    if not permission.relations:
        return stage == EVERY_ROUTE
    if permission.stages is None:
        return stage in GROWN
    return stage == next((one for one in SCENES if one in permission.stages), None)


def is_page(browser: Surfer, url: str) -> bool:
    """Whether the address answers with a page, and not with a file or another address."""
    with browser.get(url) as answer:
        is_html = answer.status_code == 200 and answer.mimetype == "text/html"
        return is_html and "<html" in answer.get_data(as_text=True)
