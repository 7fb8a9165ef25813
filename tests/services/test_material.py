"""Step 3, material: what may be uploaded, what is frozen, who may open it, and until when the analyses are owed."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.models.database import Database
from portal.models.material import Material, MaterialOpening
from portal.models.outbox import OutboxMessage
from portal.process.consultation import Stage
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal, WrongStage
from portal.rules.dates import beijing_day, end_of_day
from portal.services.consultation import material as step
from portal.services.consultation.lapse import lapse_application
from portal.services.consultation.panel import recuse_member
from portal.services.kernel.obligations import open_obligations
from portal.storage.local import Storage
from tests.factories.application import accepted
from tests.factories.material import REPORT, a_file, sent, uploaded
from tests.factories.panel import actors, confirmed, place_of
from tests.factories.world import NOON, build_world

THURSDAY = end_of_day(beijing_day(NOON) + timedelta(days=3))


def test_sending_fixes_the_material_and_starts_the_three_days(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = confirmed(db, world)
        with pytest.raises(Refusal, match="还没有上传"):
            step.send_material(db, actor=world.applicant, consultation_id=consultation.id, now=NOON)
        item = uploaded(db, world, consultation)
        with pytest.raises(NotAllowed):
            step.send_material(db, actor=world.lead, consultation_id=consultation.id, now=NOON)
        step.send_material(db, actor=world.applicant, consultation_id=consultation.id, now=NOON)
        assert consultation.stage == Stage.PRELIMINARY_ANALYSIS
        owed = open_obligations(db, consultation.id)
        assert {one.person_id for one in owed} == {actor.person_id for actor in actors(world)}
        assert {(one.kind, one.due_at) for one in owed} == {("hand_in_analysis", THURSDAY)}
        letters = db.scalars(select(OutboxMessage).where(OutboxMessage.kind == "material_sent")).all()
        assert len(letters) == 5
        assert all("3月5日（周四）24:00" in letter.subject for letter in letters)
        given = {"actor": world.applicant, "consultation_id": consultation.id, "now": NOON}
        with pytest.raises(NotFound):
            step.remove_material(db, material_id=item.id, **given)
        with pytest.raises(NotFound):
            step.upload_material(db, given=REPORT, file=a_file(b"%PDF-1.7 other"), **given)


@pytest.mark.parametrize(
    ("given", "content", "field"),
    [
        (step.MaterialInput("poem", "诗"), b"%PDF-1.7 new", "kind"),
        (step.MaterialInput("other", "  "), b"%PDF-1.7 new", "title"),
        (step.MaterialInput("other", "新版", number=9), b"%PDF-1.7 new", "number"),
        (step.MaterialInput("other", "又一份"), b"%PDF-1.7 report", "file"),
    ],
)
def test_an_item_with_a_gap_is_refused_at_its_field(
    database: Database, given: step.MaterialInput, content: bytes, field: str
) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = confirmed(db, world)
        uploaded(db, world, consultation)
        with pytest.raises(Invalid) as refused:
            uploaded(db, world, consultation, given=given, file=a_file(content))
        assert [problem.field for problem in refused.value.problems] == [field]
        assert len(step.items_of(db, consultation.id)) == 1


def test_a_new_version_takes_the_place_of_the_former_before_sending(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = accepted(db, world)
        first = uploaded(db, world, consultation)
        again = step.MaterialInput("test_report", "检测报告（更正）", number=first.number)
        second = uploaded(db, world, consultation, given=again, file=a_file(b"%PDF-1.7 mended"))
        other = uploaded(db, world, consultation, given=REPORT, file=a_file(b"%PDF-1.7 other"))
        assert [(item.number, item.revision) for item in step.items_of(db, consultation.id)] == [(1, 2), (2, 1)]
        step.remove_material(db, actor=world.applicant, consultation_id=consultation.id, material_id=other.id, now=NOON)
        assert step.items_of(db, consultation.id) == [second]


def test_an_addition_names_its_reason_reaches_everybody_and_moves_no_deadline(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = sent(db, world)
        given = {
            "actor": world.applicant,
            "consultation_id": consultation.id,
            "given": step.MaterialInput("test_report", "复测报告", number=1),
            "file": a_file(b"%PDF-1.7 second test"),
        }
        with pytest.raises(Invalid) as refused:
            step.add_material(db, reason=" ", now=NOON, **given)
        assert refused.value.problems[0].field == "reason"
        item = step.add_material(db, reason="补做低温试验", now=NOON + timedelta(days=1), **given)
        assert (item.number, item.revision, item.addition_reason) == (1, 2, "补做低温试验")
        assert len(step.items_of(db, consultation.id)) == 2, "what was sent stays"
        assert len(db.scalars(select(OutboxMessage).where(OutboxMessage.kind == "material_added")).all()) == 5
        assert {one.due_at for one in open_obligations(db, consultation.id)} == {THURSDAY}


def test_an_extension_keeps_the_first_date(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = sent(db, world)
        given = {"actor": world.lead, "consultation_id": consultation.id, "now": NOON}
        for days, reason, field in ((0, "补做试验", "working_days"), (2, "", "reason")):
            with pytest.raises(Invalid) as refused:
                step.extend_analysis(db, working_days=days, reason=reason, **given)
            assert refused.value.problems[0].field == field
        one = place_of(db, consultation, world.experts["anhui"][0])
        step.extend_analysis(db, working_days=2, reason="出差", member_ids=[one.id], **given)
        owed = {o.person_id: o for o in open_obligations(db, consultation.id)}
        extended = owed.pop(world.experts["anhui"][0].person_id)
        assert (extended.due_at, extended.first_due_at) == (end_of_day(beijing_day(NOON) + timedelta(days=7)), THURSDAY)
        assert {o.due_at for o in owed.values()} == {THURSDAY}


def test_who_may_open_what_and_that_it_is_on_record(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = confirmed(db, world)
        item = uploaded(db, world, consultation)
        given = {"consultation_id": consultation.id, "material_id": item.id}
        member, stranger = world.experts["anhui"][0], world.experts["anhui"][3]
        for actor in (member, stranger, world.staff["anhui"]):
            with pytest.raises(NotFound):
                step.open_material(db, actor=actor, now=NOON, **given)
        step.send_material(db, actor=world.applicant, consultation_id=consultation.id, now=NOON)
        for actor in (stranger, world.staff["anhui"], world.administrator, world.auditor):
            assert actor is not None
            with pytest.raises(NotFound):
                step.open_material(db, actor=actor, now=NOON, **given)
        for minutes in (1, 9):
            file = step.open_material(db, actor=member, now=NOON + timedelta(minutes=minutes), **given)
        assert file.is_shown_inline
        assert step.open_material(db, actor=world.lead, now=NOON, **given).sha256 == item.sha256
        (opening,) = db.scalars(select(MaterialOpening).where(MaterialOpening.person_id == member.person_id))
        assert opening.opened_at == NOON + timedelta(minutes=1)
        assert place_of(db, consultation, member).material_opened_at == NOON + timedelta(minutes=1)
        recuse_member(
            db,
            actor=world.lead,
            consultation_id=consultation.id,
            member_id=place_of(db, consultation, member).id,
            reason="曾任顾问",
            now=NOON,
        )
        with pytest.raises(NotFound):
            step.open_material(db, actor=member, now=NOON, **given)


def test_an_item_of_another_consultation_is_not_found(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        one, other = sent(db, world), confirmed(db, world)
        (item,) = step.items_of(db, one.id)
        with pytest.raises(NotFound):
            step.open_material(db, actor=world.applicant, consultation_id=other.id, material_id=item.id, now=NOON)


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        ("", b""),
        ("报告.pdf", b""),
        ("报告.exe", b"MZ"),
        ("报告.pdf", b"MZ not a PDF"),
        ("大.pdf", b"%PDF-" + b"x" * 99),
    ],
)
def test_a_file_that_is_not_let_in_is_refused_at_its_field(tmp_path: Path, filename: str, content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        step.store_upload(Storage(tmp_path / "files"), io.BytesIO(content), filename, limit_bytes=64)
    assert refused.value.problems[0].field == "file"
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_stored_file_is_known_by_its_digest(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "files")
    file = step.store_upload(storage, io.BytesIO(b"%PDF-1.7 x"), "../甲 报告.PDF", limit_bytes=64)
    assert (file.filename, file.content_type, file.size) == ("甲 报告.PDF", "application/pdf", 10)
    with storage.open(file.sha256) as stored:
        assert stored.read() == b"%PDF-1.7 x"


def test_a_silent_applicant_lets_it_lapse_after_the_limit_only(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = confirmed(db, world)
        (owed,) = open_obligations(db, consultation.id, kinds=("send_material",))
        assert owed.due_at is not None
        given = {"actor": world.lead, "consultation_id": consultation.id}
        with pytest.raises(Refusal):
            lapse_application(db, now=owed.due_at - timedelta(seconds=1), **given)
        lapse_application(db, now=owed.due_at, **given)
        assert (consultation.stage, consultation.outcome) == (Stage.TERMINATED, "terminated")
        with pytest.raises(WrongStage):
            lapse_application(db, now=owed.due_at, **given)
        assert not db.scalars(select(Material)).all()
