"""Step 1: what an application needs, who may do what, and that nothing is half written."""

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.models.database import Database
from portal.process.consultation import Stage
from portal.process.errors import Invalid, NotAllowed, NotFound, WrongStage
from portal.rules.application import PreliminaryVerification
from portal.rules.dates import end_of_day
from portal.rules.grounds import ApplicationGrounds
from portal.services.consultation import application as step
from portal.services.kernel.events import broken_links
from portal.services.kernel.obligations import open_obligations
from tests.factories.application import COMPLETE, accepted, drafted, submitted
from tests.factories.world import NOON, build_world


def test_submitting_numbers_dates_and_tells_the_lead(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        first, second = submitted(db, world), submitted(db, world)
        assert (first.number, second.number) == ("〔2026〕1号", "〔2026〕2号")
        assert first.stage == Stage.SUBMITTED
        assert first.lead_institution_id == world.institutions["jiangsu"]
        (owed,) = open_obligations(db, first.id)
        assert owed.kind == "answer_application"
        assert owed.due_at == end_of_day(NOON.date() + timedelta(days=2)) == first.next_due_at
        assert not list(broken_links(db))


@pytest.mark.parametrize(
    ("given", "field", "article"),
    [
        (
            replace(
                COMPLETE,
                grounds=ApplicationGrounds(frozenset({"cross_province"}), "zhejiang", "zhejiang"),
            ),
            "manufacturing_province",
            "4(1)",
        ),
        (replace(COMPLETE, grounds=ApplicationGrounds()), "grounds", "4"),
        (replace(COMPLETE, verification=PreliminaryVerification()), "checked", "7"),
        (replace(COMPLETE, product={**COMPLETE.product, "credit_code": "91320505MA1W8K3X7G"}), "credit_code", ""),
    ],
)
def test_a_gap_is_refused_at_its_field(
    database: Database, given: step.ApplicationInput, field: str, article: str
) -> None:
    with database.write() as db:
        world = build_world(db)
        draft = step.create_application(db, actor=world.applicant, given=given, now=NOON)
        with pytest.raises(Invalid) as refused:
            step.submit_application(db, actor=world.applicant, consultation_id=draft.id, now=NOON)
        found = {problem.field: problem for problem in refused.value.problems}
        assert field in found, found
        assert found[field].article.startswith(article)
        assert draft.stage == Stage.DRAFT
        assert draft.number is None


def test_a_draft_exists_for_its_institution_only(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        draft = drafted(db, world)
        for stranger in (world.lead, world.experts["shanghai"][0], world.administrator, world.auditor):
            assert stranger is not None
            with pytest.raises(NotFound):
                step.submit_application(db, actor=stranger, consultation_id=draft.id, now=NOON)


def test_where_the_lead_applies_a_second_person_accepts(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        own = submitted(db, world, actor=world.lead)
        with pytest.raises(NotAllowed):
            step.accept_application(db, actor=world.lead, consultation_id=own.id, now=NOON)
        step.accept_application(db, actor=world.staff["jiangsu"], consultation_id=own.id, now=NOON)
        assert own.stage == Stage.PANEL


def test_return_and_submit_again_keep_number_and_lead(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = submitted(db, world)
        number = consultation.number
        with pytest.raises(Invalid):
            step.return_application(db, actor=world.lead, consultation_id=consultation.id, reason=" ", now=NOON)
        step.return_application(db, actor=world.lead, consultation_id=consultation.id, reason="缺检测报告", now=NOON)
        assert consultation.stage == Stage.RETURNED
        with pytest.raises(NotAllowed):
            step.resubmit_application(db, actor=world.lead, consultation_id=consultation.id, now=NOON)
        step.resubmit_application(db, actor=world.applicant, consultation_id=consultation.id, now=NOON)
        assert consultation.stage == Stage.SUBMITTED
        assert consultation.number == number


def test_withdrawing_ends_it_and_an_accepted_one_cannot_be_accepted_again(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = accepted(db, world)
        with pytest.raises(WrongStage):
            step.accept_application(db, actor=world.lead, consultation_id=consultation.id, now=NOON)
        step.withdraw_application(
            db, actor=world.applicant, consultation_id=consultation.id, reason="生产者已主动召回", now=NOON
        )
        assert consultation.stage == Stage.WITHDRAWN
        assert [o.kind for o in open_obligations(db, consultation.id)] == ["archive"]


def test_a_discarded_draft_cannot_be_submitted_any_more(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        draft = drafted(db, world)
        step.discard_application(db, actor=world.applicant, consultation_id=draft.id, now=NOON)
        assert draft.stage == Stage.DISCARDED
        with pytest.raises(WrongStage):
            step.submit_application(db, actor=world.applicant, consultation_id=draft.id, now=NOON)
