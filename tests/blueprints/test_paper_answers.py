"""What an officer records for a producer that answers on paper, and the link that is handed over."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from portal.models.case_document import CaseDocument, CaseFile, ProducerLink
from portal.models.database import Database
from portal.models.event import Event
from portal.models.recall_case import RecallCase
from portal.services.account_sessions import digest_of_token
from portal.services.recall import answer_reviews
from portal.services.recall.answer_reviews import Point
from portal.services.recall.case_documents import PLAN_ANNEXES
from tests.documents.recall_samples import drawing
from tests.factories.producer import sent
from tests.factories.recall_story import NANJING, POINTS_MET, Story, build_recall_world, later
from tests.support.clock import Clock
from tests.support.surfer import Surfer
from tests.web.conftest import password_hash

Surf = Callable[..., Surfer]
OFFICER = f"officer-{NANJING}"
PNG = drawing(40, 30, (13, 88, 114))


@pytest.fixture
def begin(sqlite_database: Database, clock: Clock) -> Callable[[Callable[[Story], object]], str]:
    """A case brought to some stage; its address."""

    def begun(before: Callable[[Story], object]) -> str:
        with sqlite_database.write() as db:
            story = Story(db, build_recall_world(db, password_hash=password_hash()))
            before(story)
        clock.now = story.now
        return f"/recall/{story.case_id}"

    return begun


def stage(database: Database) -> str:
    with database.read() as db:
        return db.scalars(select(RecallCase.stage)).one()


def version(page: str) -> str:
    return re.findall(r'name="version" value="(\d*)"', page)[0]


def test_a_report_on_paper_with_photographs(surf: Surf, sqlite_database: Database, begin) -> None:  # type: ignore[no-untyped-def]
    case = begin(Story.to_analysis)
    officer = surf(OFFICER)
    officer.get(f"{case}/hand-in-report")
    given = {
        "appearance_photographs": (io.BytesIO(PNG), "座椅.png"), "proof": (io.BytesIO(PNG), "单据.png"),
        "signed_by": "周启明", "do": "1",
    }  # fmt: skip
    wrong = officer.post(f"{case}/hand-in-report", sent("producer_report", affected_quantity="一万二") | given)
    page = wrong.get_data(as_text=True)
    assert wrong.status_code == 422
    for kept in ("一万二", "座椅.png", "单据.png", 'value="周启明"'):
        assert kept in page
    future = {"arrived_on": "2027-01-01", "signed_by": "周启明", "do": "1", "version": version(page)}
    early = officer.post(f"{case}/hand-in-report", sent("producer_report") | future)
    assert early.status_code == 422
    assert "不能晚于今天" in early.get_data(as_text=True)
    last = {"signed_by": "周启明", "do": "1", "version": version(early.get_data(as_text=True))}
    assert officer.post(f"{case}/hand-in-report", sent("producer_report") | last).status_code == 303
    with sqlite_database.read() as db:
        report = db.scalars(select(CaseDocument).where(CaseDocument.annex == "producer_report")).one()
        assert (report.state, report.signed_by, report.made_by) == ("handed_in", "周启明", "producer")
        files = db.scalars(select(CaseFile).where(CaseFile.document_id == report.id)).all()
        assert sorted(file.filename for file in files) == ["单据.png", "座椅.png"]


def test_saving_keeps_what_is_said_of_the_paper(surf: Surf, begin) -> None:  # type: ignore[no-untyped-def]
    case = begin(Story.to_analysis)
    officer = surf(OFFICER)
    officer.get(f"{case}/hand-in-report")
    saved = officer.post(f"{case}/hand-in-report", {"product_name": "座椅", "signed_by": "周启明", "save": "1"})
    assert 'value="周启明"' in officer.get(saved.location).get_data(as_text=True)


def test_a_plan_on_paper_is_recorded_as_three_annexes(surf: Surf, sqlite_database: Database, begin) -> None:  # type: ignore[no-untyped-def]
    case = begin(lambda story: story.to_notified().serve())
    officer = surf(OFFICER)
    assert officer.get(f"{case}/hand-in-plan").get_data(as_text=True).count("还没有填写") == 3
    assert officer.post(f"{case}/hand-in-plan", {}).status_code == 422
    for slug in ("recall_plan", "press_release", "recall_statement"):
        page = f"{case}/hand-in-plan/{slug.replace('_', '-')}"
        officer.get(page)
        assert officer.post(page, {**sent(slug), "do": "1"}).status_code == 303
    hub = officer.get(f"{case}/hand-in-plan").get_data(as_text=True)
    versions = re.findall(r'name="version" value="(\d+)"', hub)
    assert officer.post(f"{case}/hand-in-plan", {"version": [*versions[::-1], "9"]}).status_code == 409
    assert officer.post(f"{case}/hand-in-plan", {"version": versions, "signed_by": "周启明"}).status_code == 303
    assert stage(sqlite_database) == "plan_review"


def test_a_plan_that_was_returned_begins_again_with_its_files(surf: Surf, sqlite_database: Database, begin) -> None:  # type: ignore[no-untyped-def]
    case = begin(lambda story: story.to_notified().serve())
    officer = surf(OFFICER)
    for slug in ("recall_plan", "press_release", "recall_statement"):
        page = f"{case}/hand-in-plan/{slug.replace('_', '-')}"
        officer.get(page)
        picture = {"photographs": (io.BytesIO(PNG), "座椅.png")} if slug == "recall_plan" else {}
        officer.post(page, {**sent(slug), **picture, "do": "1"})
    hub = officer.get(f"{case}/hand-in-plan").get_data(as_text=True)
    officer.post(f"{case}/hand-in-plan", {"version": re.findall(r'name="version" value="(\d+)"', hub)})
    points = {
        "batches": "no",
        "batches_words": "批次与检测报告不符",
        "quantities": "yes",
        "content": "yes",
        "measures": "yes",
    }
    returned = officer.post(f"{case}/return-plan", {**points, "plan_on": "2026-12-01"})
    assert returned.status_code == 303, returned.get_data(as_text=True)[-2000:]
    page = officer.get(f"{case}/hand-in-plan/recall-plan").get_data(as_text=True)
    assert "批次与检测报告不符" in page
    assert "座椅.png" in page
    assert 'value="12000"' in page
    officer.post(f"{case}/hand-in-plan/recall-plan", {**sent("recall_plan"), "save": "1"})
    assert "座椅.png" in officer.get(f"{case}/hand-in-plan/recall-plan").get_data(as_text=True)
    with sqlite_database.read() as db:
        assert len(db.scalars(select(CaseFile).where(CaseFile.field == "photographs")).all()) == 2


def test_of_a_returned_plan_only_what_changes_is_filled_in_again(surf: Surf, sqlite_database: Database, begin) -> None:  # type: ignore[no-untyped-def]
    def returned(story: Story) -> None:
        story.to_plan_review()
        points = {**POINTS_MET, "batches": Point(is_met=False, words="批次与检测报告不符")}
        story._do(answer_reviews.return_plan, points=points, reason="请更正批次", plan_on=later(story.now, 14))

    case = begin(returned)
    officer = surf(OFFICER)
    hub = officer.get(f"{case}/hand-in-plan").get_data(as_text=True)
    assert hub.count("沿用退回的版本，审查意见涉及这一份的请修改") == 3
    assert officer.post(f"{case}/hand-in-plan", {}).status_code == 422  # the very same plan once more
    page = f"{case}/hand-in-plan/recall-plan"
    officer.get(page)
    assert officer.post(page, {**sent("recall_plan", batches="BH202501至BH202507"), "do": "1"}).status_code == 303
    hub = officer.get(f"{case}/hand-in-plan").get_data(as_text=True)
    assert hub.count("沿用退回的版本") == 2
    assert officer.post(f"{case}/hand-in-plan", {"version": ["1", "1"]}).status_code == 409
    versions = re.findall(r'"version" value="(\d+)"', hub)
    assert officer.post(f"{case}/hand-in-plan", {"version": versions}).status_code == 303
    assert stage(sqlite_database) == "plan_review"
    with sqlite_database.read() as db:
        again = select(CaseDocument).where(CaseDocument.revision == 2, CaseDocument.annex.in_(PLAN_ANNEXES))
        second = {one.annex: one for one in db.scalars(again)}
        assert set(second) == set(PLAN_ANNEXES)
        assert second["recall_plan"].stored_values["batches"] == "BH202501至BH202507"
        assert second["recall_statement"].stored_values["batches"] == "BH202501至BH202507"  # annex 6 says it anew
        first = db.scalars(
            select(CaseDocument).where(CaseDocument.revision == 1, CaseDocument.annex == "press_release")
        ).one()
        assert second["press_release"].stored_values == first.stored_values


def test_a_link_that_is_handed_over_is_shown_once_and_is_nowhere_else(
    surf: Surf, sqlite_database: Database, begin, caplog: pytest.LogCaptureFixture  # type: ignore[no-untyped-def]
) -> None:  # fmt: skip
    case = begin(Story.to_analysis)
    officer = surf(OFFICER)
    officer.get(f"{case}/send-producer-link")
    assert officer.post(f"{case}/send-producer-link", {"purpose": "producer_report"}).status_code == 422
    shown = officer.post(
        f"{case}/send-producer-link", {"purpose": "producer_report", "recipient": "周启明", "email": ""}
    )
    page = shown.get_data(as_text=True)
    assert shown.status_code == 200
    token = re.findall(r"/producer\?token=([\w-]+)", page)[0]
    assert "<svg" in page
    assert (shown.headers["Referrer-Policy"], shown.headers["Cache-Control"]) == ("no-referrer", "no-store")
    with sqlite_database.read() as db:
        assert db.scalars(select(ProducerLink.token_digest)).one() == digest_of_token(token)
        assert not [one for one in db.scalars(select(Event.facts)) if token in str(one)]
    assert token not in officer.get(case).get_data(as_text=True)
    assert token not in caplog.text
    assert Surfer(officer.client.application).get(f"/producer?token={token}").status_code == 200
    mailed = {"purpose": "producer_report", "recipient": "周启明", "email": "zhou@example.com"}
    assert officer.post(f"{case}/send-producer-link", mailed).status_code == 303
    assert Surfer(officer.client.application).get(f"/producer?token={token}").status_code == 403
