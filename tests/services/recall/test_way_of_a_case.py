"""A case from the clue to the whole file, through the services: stages, obligations, documents, what is refused."""

from __future__ import annotations

from portal.models.database import Database
from portal.process.recall_case import Stage
from portal.services.kernel.case_obligations import open_in_case
from tests.factories.recall_story import Story, build_recall_world


def owed(story: Story) -> set[str]:
    return {one.kind for one in open_in_case(story.db, story.case_id)}


def test_a_case_goes_from_the_clue_to_its_file(database: Database) -> None:
    with database.write() as db:
        _whole_way(Story(db, build_recall_world(db)))


def _whole_way(story: Story) -> None:
    assert story.case.stage == Stage.CLUE
    assert owed(story) == {"verify_clue"}
    story.verify()
    assert owed(story) == {"decide_review"}
    story.find_possible()
    assert owed(story) == {"issue_investigation_notice"}
    story.ask_producer()
    assert owed(story) == {"hand_in_report", "serve_notice"}
    assert story.documents("investigation_notice")[0].number == "宁市监调查分析〔2026〕1号"
    story.serve()
    assert owed(story) == {"hand_in_report"}
    story.report()
    assert owed(story) == {"review_report"}
    story.investigate()
    assert owed(story) == {"conclude_investigation", "serve_notice"}
    story.serve()
    story.ask_institution()
    story.investigated()
    story.find_defect()
    assert owed(story) == {"serve_notice"}
    story.serve()
    assert owed(story) == {"raise_objection", "hand_in_noticed_plan"}
    story.plan()
    assert story.case.stage == Stage.PLAN_REVIEW
    story.accept()
    story.publish()
    assert owed(story) == {"hand_in_interim_summary"}
    story.interim(3000, online_shop=2000)
    story.interim(3000)
    assert owed(story) == {"hand_in_interim_summary"}
    story.complete()
    assert owed(story) == {"hand_in_summary"}
    story.summary()
    story.assess()
    assert owed(story) == {"complete_file"}
    story.close()
    assert story.case.stage == Stage.CLOSED
    assert story.case.outcome == "recalled"
    assert not owed(story)
