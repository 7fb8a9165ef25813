"""Step 6, the expert's sheet: drafts with gaps, the signature and what it fixes, taking it back."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.models.database import Database
from portal.models.panel import PanelMember
from portal.models.preliminary_analysis import PreliminaryAnalysis
from portal.models.voting import ConsultationSheet
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal, Stale, WrongStage
from portal.rules.sheet import SheetAnswers
from portal.services.consultation import sheet as step
from portal.services.consultation.sheet_text import signed_document
from portal.services.consultation.voting import close_vote
from portal.services.kernel.obligations import open_obligations
from tests.factories.keeping import lift_refusals
from tests.factories.voting import LATER, consistent, panel_of, signed, voting
from tests.factories.world import NOON, build_world
from tests.rules.answers import complete_answers

YES = ("yes", "yes", "no")


def test_a_draft_with_gaps_is_saved_and_read_back(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        expert = panel_of(world)[0]
        given = SheetAnswers(severity=3, texts={"injury_physical_description": "烫伤"})
        saved = step.save_sheet(db, actor=expert, consultation_id=consultation.id, answers=given, version=1, now=LATER)
        assert (saved.version, saved.severity, saved.saved_at) == (2, 3, LATER)
    with database.read() as db:
        assert step.own_sheet(db, actor=expert, consultation_id=consultation.id, now=NOON).answers == given


def test_the_second_window_is_told_and_overwrites_nothing(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        expert, cid = panel_of(world)[0], consultation.id
        step.save_sheet(db, actor=expert, consultation_id=cid, answers=SheetAnswers(severity=3), version=1, now=NOON)
        with pytest.raises(Stale):
            step.save_sheet(
                db, actor=expert, consultation_id=cid, answers=SheetAnswers(severity=1), version=1, now=NOON
            )
        assert step.own_sheet(db, actor=expert, consultation_id=cid, now=NOON).answers.severity == 3


def test_the_sheet_exists_for_its_member_only(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        refusals = ((world.lead, NotAllowed), (world.applicant, NotAllowed), (world.experts["anhui"][3], NotFound))
        for stranger, refusal in (*refusals, (world.administrator, NotFound)):
            assert stranger is not None
            with pytest.raises(refusal):
                step.own_sheet(db, actor=stranger, consultation_id=consultation.id, now=NOON)


def test_the_signature_fixes_what_was_on_the_sheet(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        expert = panel_of(world)[0]
        answers = consistent(YES, consultation)
        extra = replace(answers, texts={**answers.texts, "danger_without_standard_description": "已改选“否”"})
        sheet = signed(db, consultation, expert, extra)
        assert (sheet.state, sheet.signer_name, sheet.signed_at) == ("signed", expert.name, LATER)
        assert sheet.canonical is not None
        assert sheet.digest == hashlib.sha256(sheet.canonical.encode()).hexdigest()
        said = json.loads(sheet.canonical)
        assert sheet.canonical == json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        assert said["consultation"] == "长三角会诊〔2026〕1号"
        assert (said["round"], said["signer"], said["filled"]["panel_number"]) == (1, expert.name, "1")
        assert "已改选" not in sheet.canonical
        consultation.product.product_name = "改了名的产品"
        document = signed_document(sheet)
        assert document.answers == answers
        assert document.values["product_name"] == "电热毯"
        assert not open_obligations(db, consultation.id, kinds=["sign_sheet"], person_id=expert.person_id)


def test_equal_ticks_give_unequal_digests(database: Database) -> None:
    """Else a digest in the audit trail could be guessed back into a choice while the round is open."""
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        expert, cid = panel_of(world)[0], consultation.id
        first = signed(db, consultation, expert, consistent(YES, consultation))
        step.withdraw_signature(db, actor=expert, consultation_id=cid, now=LATER)
        second = signed(db, consultation, expert, consistent(YES, consultation))
        assert first.digest != second.digest
        assert json.loads(first.canonical or "")["answers"] == json.loads(second.canonical or "")["answers"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"prevalence": None, "defect_finding": "uncertain"}, "prevalence"),
        ({"defect_finding": "no"}, "defect_finding"),
        ({"recommend_investigation": "no"}, "departure_reasons.recommend_investigation"),
        ({"texts": {}}, "injury_physical_description"),
        ({"severity": None}, "severity"),
    ],
)
def test_what_stands_in_the_way_is_named_at_its_field(database: Database, changed: dict[str, Any], field: str) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        expert = panel_of(world)[0]
        with pytest.raises(Invalid) as refused:
            signed(db, consultation, expert, complete_answers(**changed))
        assert field in {problem.field for problem in refused.value.problems}
        assert all(problem.article for problem in refused.value.problems)
        own = step.own_sheet(db, actor=expert, consultation_id=consultation.id, now=NOON)
        assert own.sheet.state == "draft"


@pytest.mark.parametrize("proved_at", [None, LATER - timedelta(minutes=10)])
def test_nobody_signs_without_the_password_of_just_now(database: Database, proved_at: Any) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        expert, cid = panel_of(world)[0], consultation.id
        answers = consistent(YES, consultation)
        saved = step.save_sheet(db, actor=expert, consultation_id=cid, answers=answers, version=1, now=NOON)
        with pytest.raises(Invalid) as refused:
            step.sign_sheet(
                db, actor=expert, consultation_id=cid, version=saved.version, reauthenticated_at=proved_at, now=LATER
            )
        assert [problem.field for problem in refused.value.problems] == ["password"]


def test_only_the_version_that_was_shown_is_signed(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        expert, cid = panel_of(world)[0], consultation.id
        answers = consistent(YES, consultation)
        step.save_sheet(db, actor=expert, consultation_id=cid, answers=answers, version=1, now=NOON)
        with pytest.raises(Stale):
            step.sign_sheet(db, actor=expert, consultation_id=cid, version=1, reauthenticated_at=LATER, now=LATER)


def test_one_expert_one_vote(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        expert, cid = panel_of(world)[0], consultation.id
        sheet = signed(db, consultation, expert, consistent(YES, consultation))
        with pytest.raises(Refusal, match="已签名"):
            step.sign_sheet(
                db, actor=expert, consultation_id=cid, version=sheet.version, reauthenticated_at=LATER, now=LATER
            )
        with pytest.raises(Refusal, match="已签名"):
            step.save_sheet(
                db, actor=expert, consultation_id=cid, answers=SheetAnswers(), version=sheet.version, now=LATER
            )


def test_the_database_has_room_for_one_vote_only(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        sheet = signed(db, consultation, panel_of(world)[0], consistent(YES, consultation))
        round_id, member_id = sheet.round_id, sheet.member_id
    with pytest.raises(IntegrityError), database.write() as db:
        db.add(ConsultationSheet(round_id=round_id, member_id=member_id, revision=2, answers={}, saved_at=NOON))


def test_taking_back_keeps_both_versions(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        expert, cid = panel_of(world)[0], consultation.id
        with pytest.raises(Refusal, match="尚未签名"):
            step.withdraw_signature(db, actor=expert, consultation_id=cid, now=LATER)
        first = signed(db, consultation, expert, consistent(YES, consultation))
        draft = step.withdraw_signature(db, actor=expert, consultation_id=cid, now=LATER)
        assert (first.state, draft.state, draft.revision) == ("withdrawn", "draft", 2)
        assert draft.answers == first.answers
        assert first.canonical
        (owed,) = open_obligations(db, cid, kinds=["sign_sheet"], person_id=expert.person_id)
        assert owed.due_at == first.round.sign_by
        second = signed(db, consultation, expert, consistent(("yes", "yes", "yes"), consultation))
        assert (second.id, second.state) == (draft.id, "signed")


def test_after_the_round_nothing_is_saved_signed_or_taken_back(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        cid, (first, second, *others) = consultation.id, panel_of(world)
        for expert in (first, *others):
            signed(db, consultation, expert, consistent(YES, consultation))
        close_vote(db, actor=world.lead, consultation_id=cid, reason="一位专家逾期", now=LATER)
        with pytest.raises(WrongStage):
            step.save_sheet(db, actor=second, consultation_id=cid, answers=SheetAnswers(), version=1, now=LATER)
        with pytest.raises(WrongStage):
            step.sign_sheet(db, actor=second, consultation_id=cid, version=1, reauthenticated_at=LATER, now=LATER)
        with pytest.raises(WrongStage):
            step.withdraw_signature(db, actor=first, consultation_id=cid, now=LATER)


def test_the_first_view_fills_only_what_is_open(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        expert, cid = panel_of(world)[0], consultation.id
        own = select(PreliminaryAnalysis).join(PanelMember).where(PanelMember.expert_id == expert.expert_id)
        analysis = db.scalars(own).one()
        lift_refusals(db, PreliminaryAnalysis.__tablename__)
        analysis.handed_in_at = None
        with pytest.raises(Refusal):
            step.take_first_view(db, actor=expert, consultation_id=cid, version=1, now=NOON)
        view = {"severity": 2, "likelihood": 9, "prevalence": "yes", "defect_finding": "uncertain"}
        analysis.first_view, analysis.handed_in_at = view, NOON
        step.save_sheet(db, actor=expert, consultation_id=cid, answers=SheetAnswers(severity=3), version=1, now=NOON)
        taken = step.take_first_view(db, actor=expert, consultation_id=cid, version=2, now=NOON)
        assert taken == ("prevalence", "defect_finding")
        answers = step.own_sheet(db, actor=expert, consultation_id=cid, now=NOON).answers
        assert (answers.severity, answers.likelihood, answers.prevalence) == (3, None, "yes")
