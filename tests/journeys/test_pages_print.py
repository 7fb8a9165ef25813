"""What is printed: the content alone, in the width of the paper, with its colours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.factories.voting import UNANIMOUS, tallied, voting
from tests.factories.world import NOON

if TYPE_CHECKING:
    from portal.models.database import Database
    from tests.factories.world import World
    from tests.journeys.person import Person
    from tests.support.clock import Clock

pytestmark = pytest.mark.journey

Come = Callable[..., "Person"]
PAPER = 673  # pixels: A4 within its margins
ONLY_FOR_THE_HAND = ".topbar, .footer, .btn, .crumb, .live, .reference, .sheet-sign, .turn-do"
SHOWN = "found => found.filter(one => one.getClientRects().length).map(one => one.className)"


def faults_on_paper(one: Person, url: str, content: str) -> list[str]:
    """What is wrong with the printed page at `url`; `content` is what it must show."""
    page = one.page
    page.goto(f"{one.address}{url}")
    page.set_viewport_size({"width": PAPER, "height": 970})
    page.emulate_media(media="print")
    faults = [f"{url}: prints {name}" for name in page.locator(ONLY_FOR_THE_HAND).evaluate_all(SHOWN)]
    if not page.locator(content).first.is_visible():
        faults.append(f"{url}: does not print {content}")
    if page.evaluate("document.documentElement.scrollWidth") > PAPER:
        faults.append(f"{url}: is cut at the right")
    if page.evaluate("getComputedStyle(document.body).webkitPrintColorAdjust") != "exact":
        faults.append(f"{url}: white words lose their ground")
    page.emulate_media(media="screen")
    return faults


def test_the_sheet_prints_as_the_form_alone(
    person: Come, world: World, sqlite_database: Database, clock: Clock
) -> None:
    with sqlite_database.write() as db:
        voting(db, world)
    clock.now = NOON + timedelta(hours=1)
    expert = person("shanghai-expert-1")
    assert not faults_on_paper(expert, "/consultations/1/sheet", "#section-product_information")


def test_the_consultation_and_its_tally_print_whole(
    person: Come, world: World, sqlite_database: Database, clock: Clock
) -> None:
    with sqlite_database.write() as db:
        tallied(db, world, UNANIMOUS)
    clock.now = NOON + timedelta(hours=4)
    lead = person("jiangsu-liaison-1")
    assert not faults_on_paper(lead, "/consultations/1", ".timeline")
    assert not faults_on_paper(lead, "/consultations/1/tally/1", ".verdicts")
