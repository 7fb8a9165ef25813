"""Print, sign, scan: who records a sheet signed by hand, what is fixed, who sees it when, how it is kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.documents.verification_code import code_of
from portal.models.archive import ArchiveRecord, StorageRemoval
from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.models.event import Event
from portal.models.meeting_minutes import MeetingMinutes
from portal.models.outbox import OutboxMessage
from portal.models.voting import ConsultationSheet, VotingRound
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal, WrongStage
from portal.process.permissions import Role
from portal.rules.dates import beijing_day
from portal.rules.sheet import SheetAnswers
from portal.services.archiving.contents import schema_text
from portal.services.archiving.packaging import package_due
from portal.services.archiving.recount import recount_package
from portal.services.consultation.archive import archive_consultation
from portal.services.consultation.meeting_minutes import issue_minutes
from portal.services.consultation.meeting_minutes_draft import PARTS
from portal.services.consultation.meeting_minutes_view import document_of
from portal.services.consultation.members import accepted_members
from portal.services.consultation.paper_sheet import record_paper_sheet, why_no_paper_sheet
from portal.services.consultation.paper_sheet_view import blank_sheets, find_scan, open_scan, paper_sheet_page
from portal.services.consultation.sheet import own_sheet, save_sheet, sign_sheet, withdraw_signature
from portal.services.consultation.sheet_text import signed_document
from portal.services.consultation.sheet_view import signed_sheet
from portal.services.consultation.tally import conclude_consultation
from portal.services.consultation.tally_view import tally_page
from portal.services.consultation.voting import close_vote
from portal.services.kernel.loading import load
from portal.services.kernel.obligations import open_obligations
from portal.services.kernel.storage_removal import remove_queued
from portal.services.verification import verify_code
from portal.storage.bag_reading import opened_bag, read_text
from portal.storage.local import Storage
from tests.factories.archive import MAKING, package_rows, path_of, stored
from tests.factories.meeting_minutes import AFTER, minutes_of
from tests.factories.paper_sheet import OPINIONS, SCAN, a_scan, keep_scan, recorded
from tests.factories.voting import LATER, consistent, panel_of, signed, voting
from tests.factories.world import NOON, World, build_world

YES = ("yes", "yes", "no")
DIGEST = hashlib.sha256(SCAN).hexdigest()


def test_a_sheet_on_paper_is_fixed_as_a_signed_one(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation, expert = voting(db, world), panel_of(world)[0]
        sheet = recorded(db, world, consultation)
        said = json.loads(sheet.canonical or "")
        assert (sheet.state, sheet.signed_with, sheet.scan_sha256) == ("signed", "paper_scan", DIGEST)
        assert hashlib.sha256((sheet.canonical or "").encode()).hexdigest() == sheet.digest
        assert (said["signer"], said["signer_person"]) == (expert.name, expert.person_id)
        assert (said["signed_with"], said["signed_from"]) == ("paper_scan", world.lead.address)
        assert said["paper"] == {
            "signed_on": beijing_day(NOON).isoformat(),
            "recorded_by": world.lead.name,
            "recorded_by_person": world.lead.person_id,
            "scan_sha256": DIGEST,
            "scan_size": len(SCAN),
        }
        schema = json.loads(schema_text())
        jsonschema.validate(said, {**schema["$defs"]["consultation_sheet"], "$defs": schema["$defs"]})
        lines = signed_document(sheet).foot().lines
        assert any("签名方式　线下签名，扫描件" in line and world.lead.name in line for line in lines)
        assert f"扫描件 SHA-256　{DIGEST}" in lines
        # Nobody owes this signature any more, the others theirs.
        assert not open_obligations(db, consultation.id, kinds=("sign_sheet",), person_id=expert.person_id)
        assert len(open_obligations(db, consultation.id, kinds=("sign_sheet",))) == 4
        event = db.scalars(select(Event).where(Event.name == "paper_sheet_recorded")).one()
        assert (event.person_id, event.facts["names"], event.facts["digest"]) == (
            world.lead.person_id, expert.name, sheet.digest,
        )  # fmt: skip
        assert event.facts["recorder_knows_choice"] is True


def test_the_expert_is_told_and_nothing_tells_of_the_choice(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        mails = []
        for seat, opinions in ((1, OPINIONS), (2, YES)):
            sheet = recorded(db, world, consultation, seat=seat, opinions=opinions)
            query = select(OutboxMessage).where(OutboxMessage.kind == "paper_sheet_recorded")
            mail = db.scalars(query.order_by(OutboxMessage.id.desc())).first()
            assert mail is not None
            assert mail.person_id == sheet.member.expert.person_id
            assert "线下签名，扫描件" in mail.text
            changing = (sheet.digest or "", code_of(sheet.digest or ""), sheet.member.name)
            text = mail.text.replace(f"/sheets/{sheet.id}/", "/sheets/x/")
            for words in changing:
                text = text.replace(words, "…")
            mails.append(text)
        assert mails[0] == mails[1]


def test_who_may_record_what(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        cid, experts = consultation.id, panel_of(world)
        places = {member.expert_id: member for member in accepted_members(db, cid)}
        first, second = (places[expert.expert_id] for expert in experts[:2])
        signed(db, consultation, experts[1], consistent(YES, consultation))
        given = {
            "consultation_id": cid, "member_id": first.id, "answers": consistent(OPINIONS, consultation),
            "signed_on": beijing_day(NOON), "file": a_scan(), "now": LATER,
        }  # fmt: skip

        def refused(error: type[Refusal], match: str = ".", **other: object) -> None:
            with pytest.raises(error, match=match):
                record_paper_sheet(db, **{"actor": world.lead, **given, **other})  # type: ignore[arg-type]

        refused(NotAllowed, actor=world.applicant)
        refused(NotAllowed, actor=experts[0])
        refused(NotFound, actor=world.experts["anhui"][3])
        refused(Refusal, "联络员登记", actor=world.staff["jiangsu"])
        both = replace(world.lead, expert_id=experts[0].expert_id, roles=world.lead.roles | {Role.EXPERT})
        refused(Refusal, "另一位联络员", actor=both)
        refused(Refusal, "每位专家一票", member_id=second.id)
        refused(Invalid, "选择专家", member_id=999_999)
        refused(Invalid, answers=SheetAnswers())
        for day in (None, beijing_day(NOON) - timedelta(days=1), beijing_day(LATER) + timedelta(days=1)):
            refused(Invalid, "签名日期", signed_on=day)
        close_vote(db, actor=world.lead, consultation_id=cid, reason="其余专家未回复", now=LATER)
        refused(WrongStage)


def test_whoever_signed_online_or_on_paper_has_signed(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation, expert = voting(db, world), panel_of(world)[0]
        recorded(db, world, consultation)
        with pytest.raises(Refusal, match="每位专家一票"):
            recorded(db, world, consultation)
        own = own_sheet(db, actor=expert, consultation_id=consultation.id, now=LATER).sheet
        with pytest.raises(Refusal, match="已签名"):
            sign_sheet(
                db, actor=expert, consultation_id=consultation.id, version=own.version, reauthenticated_at=LATER,
                now=LATER,
            )  # fmt: skip
        for seat in range(2, 6):
            recorded(db, world, consultation, seat=seat)
        loaded = load(db, actor=world.lead, consultation_id=consultation.id, permission="record_paper_sheet", now=LATER)
        assert why_no_paper_sheet(db, loaded, LATER) == "所有专家都已签名。"


def test_the_expert_takes_it_back_and_both_versions_stay(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation, expert = voting(db, world), panel_of(world)[0]
        sheet = recorded(db, world, consultation)
        draft = withdraw_signature(db, actor=expert, consultation_id=consultation.id, now=LATER)
        assert (sheet.state, sheet.scan_sha256) == ("withdrawn", DIGEST)
        assert (draft.revision, draft.scan_sha256, draft.signed_with) == (2, None, None)
        assert open_obligations(db, consultation.id, kinds=("sign_sheet",), person_id=expert.person_id)
        online = signed(db, consultation, expert, consistent(YES, consultation))
        assert (online.state, online.revision, online.signed_with) == ("signed", 2, "password")
        assert signed_document(online).on_paper == ()


def test_what_the_expert_drafted_is_shown_to_nobody(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation, expert = voting(db, world), panel_of(world)[0]
        drafted = consistent(YES, consultation)
        save_sheet(db, actor=expert, consultation_id=consultation.id, answers=drafted, version=1, now=NOON)
        member = accepted_members(db, consultation.id)[0]
        page = paper_sheet_page(db, actor=world.lead, consultation_id=consultation.id, member_id=member.id, now=LATER)
        assert page.answers == SheetAnswers()
        blank = blank_sheets(db, actor=world.lead, consultation_id=consultation.id, now=LATER)
        assert [document.answers for document in blank] == [SheetAnswers()] * 5
        assert [document.values["panel_number"] for document in blank] == list("12345")


def test_sheet_and_scan_are_closed_until_the_round_is(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation, expert = voting(db, world), panel_of(world)[0]
        sheet = recorded(db, world, consultation)
        about = {"consultation_id": consultation.id, "sheet_id": sheet.id, "now": LATER}
        # The liaison who recorded it is no exception.
        for actor in (world.lead, world.applicant, panel_of(world)[1]):
            for query in (signed_sheet, find_scan, open_scan):
                with pytest.raises(NotFound):
                    query(db, actor=actor, **about)  # type: ignore[arg-type]
        own = find_scan(db, actor=expert, **about)  # type: ignore[arg-type]
        assert own is not None
        assert own.sha256 == DIGEST
        close_vote(db, actor=world.lead, consultation_id=consultation.id, reason="其余专家未回复", now=LATER)
        for actor in (world.lead, world.applicant):
            open_scan(db, actor=actor, **about)  # type: ignore[arg-type]
        opened = list(db.scalars(select(Event).where(Event.name == "sheet_scan_opened").order_by(Event.id)))
        assert [event.person_id for event in opened] == [world.lead.person_id, world.applicant.person_id]


def counted(db: Session, world: World) -> Consultation:
    """A closed round in which the first of five signed on paper."""
    consultation = voting(db, world)
    recorded(db, world, consultation)
    for expert in panel_of(world)[1:]:
        signed(db, consultation, expert, consistent(YES, consultation))
    close_vote(db, actor=world.lead, consultation_id=consultation.id, now=LATER)
    return consultation


def issue(db: Session, world: World, consultation: Consultation) -> MeetingMinutes:
    """The minutes, concluded and issued as they were drafted."""
    conclude_consultation(db, actor=world.lead, consultation_id=consultation.id, now=AFTER)
    draft = minutes_of(db, consultation)
    issue_minutes(
        db, actor=world.lead, consultation_id=consultation.id, parts={name: getattr(draft, name) for name in PARTS},
        version=draft.version, now=AFTER,
    )  # fmt: skip
    return draft


def test_it_counts_and_is_marked_everywhere(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = counted(db, world)
        sheet = db.scalars(select(ConsultationSheet).where(ConsultationSheet.signed_with == "paper_scan")).one()
        page = tally_page(db, actor=world.lead, consultation_id=consultation.id, now=LATER)
        assert page.signed == 5
        assert page.detail is not None
        assert [voter.on_paper for voter in page.detail.voters] == ["线下签名，扫描件", "", "", "", ""]
        witness = db.scalars(select(VotingRound)).one().witness or []
        assert [one.get("signed_with") for one in witness] == ["paper_scan", None, None, None, None]
        verified = verify_code(db, code=code_of(sheet.digest or ""))
        assert verified is not None
        assert verified.is_on_paper
        assert verified.factors.startswith("线下签名，扫描件")
        assert DIGEST in verified.factors
        minutes = issue(db, world, consultation)
        signers = [one.signer for one in document_of(minutes).annex]
        assert [name.endswith("（线下签名，扫描件）") for name in signers] == [True, False, False, False, False]


def test_the_scan_is_kept_with_the_sheet_and_recounted(database: Database, tmp_path: Path) -> None:
    storage = stored(tmp_path / "files")
    keep_scan(storage)
    with database.write() as db:
        world = build_world(db)
        consultation = counted(db, world)
        cid = consultation.id
        issue(db, world, consultation)
        archive_consultation(db, actor=world.applicant, consultation_id=cid, now=AFTER)
        inventory = db.scalars(select(ArchiveRecord).where(ArchiveRecord.content == "sheets")).one().inventory
        (scan,) = [entry for entry in inventory if entry["kind"] == "sheet_scan"]
        assert (scan["sha256"], scan["size"]) == (DIGEST, len(SCAN))
        # A removal that somebody slipped into the queue takes nothing that a sheet refers to.
        db.add(StorageRemoval(key=DIGEST, queued_at=AFTER))
    remove_queued(database, storage, AFTER + timedelta(days=4000))
    assert path_of(storage, DIGEST).exists()
    assert package_due(database, storage, MAKING, AFTER) == 2
    (package,) = package_rows(database, "sheets")
    bag_path = path_of(storage, package.sha256)
    with opened_bag(bag_path) as bag:
        described = json.loads(read_text(bag, "data/package.json"))
    jsonschema.validate(described, json.loads(schema_text()))
    (item,) = [item for item in described["items"] if item["kind"] == "sheet_scan"]
    assert item["path"].startswith("sheets/01-")
    recount = recount_package(bag_path)
    assert (recount.differences, recount.sheets) == ((), 5)


def test_the_database_refuses_another_scan(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        recorded(db, world, voting(db, world))
    for values in ({"scan_sha256": "0" * 64}, {"signed_with": "password"}, {"recorded_by_id": None}, {"scan_size": 1}):
        with pytest.raises(DBAPIError), database.write() as db:
            db.execute(update(ConsultationSheet).where(ConsultationSheet.scan_sha256.is_not(None)).values(**values))


def test_a_damaged_scan_is_never_packaged(database: Database, tmp_path: Path) -> None:
    storage = Storage(tmp_path / "files")
    with database.write() as db:
        world = build_world(db)
        consultation = counted(db, world)
        issue(db, world, consultation)
        archive_consultation(db, actor=world.applicant, consultation_id=consultation.id, now=AFTER)
    assert package_due(database, storage, MAKING, AFTER) == 1  # the minutes' alone: material and scan are missing
