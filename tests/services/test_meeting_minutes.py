"""Step 7: what the draft says, issuing, copies and receipts, corrections."""

import hashlib
import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.models.outbox import OutboxMessage
from portal.models.watch import Watch
from portal.process.consultation import Stage
from portal.process.errors import Invalid, NotAllowed, Refusal, Stale
from portal.rules.dates import add_months, end_of_day
from portal.services.consultation import meeting_minutes as step
from portal.services.consultation.meeting_minutes_draft import PARTS
from portal.services.kernel.obligations import open_obligations
from tests.factories.meeting_minutes import AFTER, INVESTIGATE, NO_MAJORITY, concluded, issued, minutes_of
from tests.factories.world import World, build_world


def texts(db: Session, consultation: Consultation, **changed: str) -> dict[str, Any]:
    draft = minutes_of(db, consultation)
    parts = {name: getattr(draft, name) for name in PARTS}
    return {"parts": {**parts, **changed}, "version": draft.version}


def ids(world: World, consultation: Consultation) -> dict[str, Any]:
    return {"actor": world.lead, "consultation_id": consultation.id, "now": AFTER}


def test_the_draft_says_what_the_portal_knows(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        draft = minutes_of(db, concluded(db, world))
        assert "2026年3月2日12:00" in draft.opening
        assert f"由{world.lead.name}主持" in draft.opening
        assert all(actor.name in draft.opening for actor in world.staff.values())
        assert "专家组5人到会" in draft.opening
        assert "“煦眠”牌电热毯（型号 XM-1518D）" in draft.opening
        assert "第四条（一）" in draft.product
        assert draft.discussion.count("受压折叠后局部过热") == 5
        assert "专家组5人，签署会诊表5人。" in draft.expert_opinions
        assert "缺陷消费品判定：是，建议开展调查：是，持续关注：否。" in draft.expert_opinions
        assert "与最终意见不同：不认定为缺陷消费品，不建议开展调查。" in draft.expert_opinions
        assert "少数服从多数" in draft.conclusion
        assert "认定为缺陷消费品，建议开展调查，不建议持续关注" in draft.conclusion
        assert "第九条（二）" in draft.follow_up


def test_no_majority_is_drafted_as_a_watch_with_its_reason(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        draft = minutes_of(db, concluded(db, build_world(db), NO_MAJORITY))
        assert "未形成多数意见" in draft.expert_opinions
        assert "现有病例不足以判断。依据第八条（七），会诊结果为持续关注" in draft.conclusion
        assert "2026年6月2日前完成首次复核" in draft.follow_up


def test_two_people_edit_one_draft(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = concluded(db, world)
        given = texts(db, consultation, conclusion=" 改过的结论 \r\n第二行")
        saved = step.save_minutes(db, **given, **ids(world, consultation))
        assert saved.conclusion == "改过的结论 \n第二行"
        with pytest.raises(Stale):
            step.save_minutes(db, **given, **ids(world, consultation))
        with pytest.raises(Stale):
            step.issue_minutes(db, **given, **ids(world, consultation))
        with pytest.raises(NotAllowed):
            step.issue_minutes(
                db, actor=world.applicant, consultation_id=consultation.id, now=AFTER, **texts(db, consultation)
            )
        with pytest.raises(Invalid) as refused:
            step.issue_minutes(db, **texts(db, consultation, conclusion=" "), **ids(world, consultation))
        assert refused.value.problems[0].field == "conclusion"
        assert consultation.stage == Stage.DRAFTING_MINUTES


def test_issuing_numbers_fixes_and_copies(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation, other = issued(db, world), issued(db, world)
        minutes = minutes_of(db, consultation)
        assert step.number_of(minutes) == "长三角会诊纪要〔2026〕1号"
        assert step.number_of(minutes_of(db, other)) == "长三角会诊纪要〔2026〕2号"
        assert consultation.stage == Stage.ISSUED
        assert minutes.canonical is not None
        assert minutes.digest == hashlib.sha256(minutes.canonical.encode()).hexdigest()
        said = json.loads(minutes.canonical)
        assert said["parts"] == {name: getattr(minutes, name) for name in PARTS}
        counts = said["rounds"][0]["questions"][0]["counts"]
        assert [one["votes"] for one in counts] == [4, 1, 0]
        others = {world.institutions[key] for key in ("shanghai", "zhejiang", "anhui")}
        assert {copy.institution_id for copy in minutes.copies} == others
        owed = open_obligations(db, consultation.id)
        assert {one.institution_id for one in owed if one.kind == "confirm_receipt"} == others
        assert {one.institution_id for one in owed if one.kind == "archive"} == {
            world.institutions["shanghai"],
            world.institutions["jiangsu"],
        }
        assert "review_watch" not in {one.kind for one in owed}
        mailed = db.scalars(
            select(OutboxMessage.subject).where(
                OutboxMessage.kind == "minutes_issued", OutboxMessage.consultation_id == consultation.id
            )
        ).all()
        assert len(mailed) == 6
        assert all("长三角会诊纪要〔2026〕1号" in subject for subject in mailed)


@pytest.mark.parametrize("votes", [NO_MAJORITY, [("uncertain", "no", "yes")] * 5])
def test_a_watch_begins_when_the_result_asks_for_it(
    sqlite_database: Database, votes: list[tuple[str, str, str]]
) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = issued(db, world, votes)
        watch = db.scalars(select(Watch).where(Watch.consultation_id == consultation.id)).one()
        assert watch.owner_id == world.applicant.person_id
        assert watch.review_on == add_months(AFTER.date(), 3)
        (owed,) = open_obligations(db, consultation.id, kinds=["review_watch"])
        assert (owed.institution_id, owed.due_at) == (world.institutions["shanghai"], end_of_day(watch.review_on))


def test_each_copied_institution_confirms_once(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = issued(db, world)
        for actor, refusal in ((world.lead, Refusal), (world.experts["anhui"][0], NotAllowed)):
            with pytest.raises(refusal):
                step.confirm_receipt(db, actor=actor, consultation_id=consultation.id, now=AFTER)
        anhui = world.staff["anhui"]
        step.confirm_receipt(db, actor=anhui, consultation_id=consultation.id, now=AFTER)
        with pytest.raises(Refusal):
            step.confirm_receipt(db, actor=anhui, consultation_id=consultation.id, now=AFTER)
        received = {copy.institution_id: copy.received_by_name for copy in minutes_of(db, consultation).copies}
        assert received[world.institutions["anhui"]] == anhui.name
        assert received[world.institutions["zhejiang"]] == ""
        waiting = open_obligations(db, consultation.id, kinds=["confirm_receipt"])
        assert {one.institution_id for one in waiting} == {
            world.institutions["shanghai"],
            world.institutions["zhejiang"],
        }


def test_a_correction_is_a_document_of_its_own(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = issued(db, world, INVESTIGATE)
        before = minutes_of(db, consultation).canonical
        step.confirm_receipt(db, actor=world.staff["anhui"], consultation_id=consultation.id, now=AFTER)
        for corrects, text, field in (("", "应为2509A", "corrects"), ("第一条批次", " ", "text")):
            with pytest.raises(Invalid) as refused:
                step.correct_minutes(db, corrects=corrects, text=text, **ids(world, consultation))
            assert refused.value.problems[0].field == field
        correction = step.correct_minutes(
            db, corrects="二、产品及申请情况，批次", text="应为“2509A”", **ids(world, consultation)
        )
        assert step.number_of(correction) == "长三角会诊纪要〔2026〕2号"
        assert correction.corrects == "长三角会诊纪要〔2026〕1号：二、产品及申请情况，批次"
        assert minutes_of(db, consultation).canonical == before
        assert len(correction.copies) == 3
        # Anhui has to confirm again, the others only once for both.
        assert len(open_obligations(db, consultation.id, kinds=["confirm_receipt"])) == 3
        assert [one.correction for one in step.issued_minutes(db, consultation.id)] == [0, 1]
