"""校验: what a code or a file tells, what it never tells, and what was fixed with the tally."""

import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import rfc8785
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from portal.documents.verification_code import code_of
from portal.models.database import Database
from portal.models.event import Event
from portal.models.keeping import MESSAGE
from portal.models.outbox import OutboxMessage
from portal.models.voting import ConsultationSheet, VotingRound
from portal.services.consultation.meeting_minutes import correct_minutes, number_of
from portal.services.consultation.meeting_minutes_view import document_of
from portal.services.consultation.sheet import withdraw_signature
from portal.services.kernel.events import broken_links
from portal.services.official_files import files_of, find_official_file, keep_official_file, release_official_files
from portal.services.verification import (
    LIMIT_LASTS,
    REQUESTS_PER_ADDRESS,
    has_asked_too_often,
    note_request,
    verify_code,
    verify_file,
)
from portal.storage.local import Storage
from tests.factories.meeting_minutes import AFTER, issued, minutes_of
from tests.factories.voting import LATER, consistent, panel_of, signed, tallied, voting
from tests.factories.world import build_world

YES = ("yes", "yes", "no")


def test_a_signed_sheet_is_found_by_its_code_and_by_its_text_while_the_round_is_open(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        sheet = signed(db, consultation, panel_of(world)[0], consistent(YES, consultation))
        found = verify_code(db, code=code_of(sheet.digest or "").lower().replace("-", " "))
        assert found is not None
        assert (found.title, found.number, found.version) == ("会诊表", "长三角会诊〔2026〕1号", "第 1 轮表决，第 1 版")
        assert (found.by, found.at, found.state) == (panel_of(world)[0].name, LATER, "有效")
        assert found.is_intact
        by_text = verify_file(db, content=(sheet.canonical or "").encode())
        assert (by_text.result, by_text.verified) == ("text", found)
        changed = (sheet.canonical or "").replace('"severity":3', '"severity":2').encode()
        assert changed != (sheet.canonical or "").encode()
        assert verify_file(db, content=changed).result == "unknown"


def test_a_code_tells_nothing_of_the_content(database: Database) -> None:
    """Two sheets that differ in every answer verify alike, but for signer and digest."""
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        first = signed(db, consultation, panel_of(world)[0], consistent(YES, consultation))
        second = signed(db, consultation, panel_of(world)[1], consistent(("no", "no", "no"), consultation))
        told = [vars(verify_code(db, code=code_of(one.digest or ""))) for one in (first, second)]  # type: ignore[arg-type]
        differing = {name for name in told[0] if told[0][name] != told[1][name]}
        assert differing == {"subject_id", "by", "digest"}
        assert not {"answers", "product", "tally"} & told[0].keys()


def test_a_draft_and_an_unknown_code_are_not_there(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        voting(db, world)
        for code in ("0000-0000-0000-0000", "ZZZZ-ZZZZ-ZZZZ-ZZZZ", "会诊表", ""):
            assert verify_code(db, code=code) is None
        assert verify_file(db, content=b"").result == "unknown"


def test_withdrawn_sheets_and_corrected_minutes_say_so(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        sheet = signed(db, consultation, panel_of(world)[0], consistent(YES, consultation))
        code = code_of(sheet.digest or "")
        withdraw_signature(db, actor=panel_of(world)[0], consultation_id=consultation.id, now=LATER)
        found = verify_code(db, code=code)
        assert found is not None
        assert found.state == "已撤回"
        finished = issued(db, world)
        minutes = minutes_of(db, finished)
        before = verify_code(db, code=code_of(minutes.digest or ""))
        assert before is not None
        assert (before.title, before.number, before.state) == ("会议纪要", number_of(minutes), "有效")
        correction = correct_minutes(
            db, actor=world.lead, consultation_id=finished.id, corrects="标题", text="更正如下。", now=AFTER
        )
        after = verify_code(db, code=code_of(minutes.digest or ""))
        assert after is not None
        assert after.state == "已更正"
        assert number_of(correction) in after.state_note
        own = verify_code(db, code=code_of(correction.digest or ""))
        assert own is not None
        assert (own.title, own.state) == ("会议纪要更正", "有效")


def test_a_text_that_does_not_give_its_digest_shows(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        sheet = signed(db, consultation, panel_of(world)[0], consistent(YES, consultation))
        said = json.loads(sheet.canonical or "")
        said["signer"] = "另一人"
        changed = json.dumps(said, ensure_ascii=False)
        code = code_of(sheet.digest or "")
        with db.no_autoflush:  # the database itself would refuse the change
            sheet.canonical = changed
            found = verify_code(db, code=code)
            db.expire(sheet)
        assert found is not None
        assert not found.is_intact


def test_an_official_file_is_registered_once_and_known_again(database: Database, tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        expert = panel_of(world)[0]
        sheet = signed(db, consultation, expert, consistent(YES, consultation))
        first, second = (storage.put(BytesIO(content), limit_bytes=100) for content in (b"%PDF first", b"%PDF second"))
        about = {"kind": "sheet", "subject_id": sheet.id, "file_format": "pdf"}
        for stored in (first, second):
            kept = keep_official_file(db, actor=expert, stored=stored, now=LATER, **about)  # type: ignore[arg-type]
            assert kept.sha256 == first.sha256
        assert verify_file(db, content=b"%PDF first").result == "unchanged"
        assert verify_file(db, content=b"%PDF second").result == "unknown"
        marked = f"<pdf:Keywords>{code_of(sheet.digest or '')}</pdf:Keywords>".encode()
        different = verify_file(db, content=b"%PDF " + marked)
        assert different.result == "different"
        assert different.verified is not None
        assert different.verified.subject_id == sheet.id
        made = db.scalars(select(Event).where(Event.name == "official_file_made")).one()
        assert made.facts["sha256"] == first.sha256
    for act in (
        lambda db: release_official_files(db, files_of(db, [("sheet", sheet.id)])),
        lambda db: db.execute(text("DELETE FROM official_file")),
        lambda db: db.execute(text("UPDATE official_file SET sha256 = 'x'")),
        lambda db: db.execute(text("UPDATE official_file SET subject_id = 9, kind = 'minutes'")),
    ):
        with pytest.raises(DBAPIError, match=MESSAGE), database.write() as db:
            act(db)
    with database.read() as db:
        found = find_official_file(db, **about)  # type: ignore[arg-type]
        assert (found and found.sha256) == first.sha256


def test_an_address_has_a_limit_that_passes(database: Database) -> None:
    with database.write() as db:
        for _ in range(REQUESTS_PER_ADDRESS):
            assert not has_asked_too_often(db, address="192.0.2.1", now=LATER)
            note_request(db, address="192.0.2.1", now=LATER)
            db.flush()
        assert has_asked_too_often(db, address="192.0.2.1", now=LATER)
        assert not has_asked_too_often(db, address="192.0.2.2", now=LATER)
        assert not has_asked_too_often(db, address="192.0.2.1", now=LATER + LIMIT_LASTS)


def test_the_signer_gets_a_receipt_that_says_nothing_of_the_choice(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        expert, other = panel_of(world)[:2]
        sheet = signed(db, consultation, expert, consistent(YES, consultation))
        opposite = signed(db, consultation, other, consistent(("no", "no", "no"), consultation))
        mails = {
            mail.person_id: mail
            for mail in db.scalars(select(OutboxMessage).where(OutboxMessage.kind == "sheet_signed"))
        }
        assert mails.keys() == {expert.person_id, other.person_id}
        texts = []
        for actor, one in ((expert, sheet), (other, opposite)):
            mail = mails[actor.person_id]
            assert one.digest is not None
            for said in (one.digest, code_of(one.digest), "长三角会诊〔2026〕1号", "第 1 轮", "第 1 版"):
                assert said in mail.text
            assert mail.link_path == f"/consultations/{consultation.id}/sheets/{one.id}/receipt"
            unsaid = (one.digest, code_of(one.digest), actor.name)
            text = mail.subject + mail.text
            for words in unsaid:
                text = text.replace(words, "")
            texts.append(text)
        assert texts[0] == texts[1]


def test_the_signed_texts_are_canonical_as_another_library_writes_them(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        finished = issued(db, world)
        texts = [*db.scalars(select(ConsultationSheet.canonical)), minutes_of(db, finished).canonical]
        assert len(texts) == 6
        for text in texts:
            assert (text or "").encode() == rfc8785.dumps(json.loads(text or ""))


@pytest.mark.parametrize("changed", ["signer", "address", "factors", "version", "time"])
def test_what_surrounds_the_answers_is_part_of_what_is_signed(sqlite_database: Database, changed: str) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        sheet = signed(db, consultation, panel_of(world)[0], consistent(YES, consultation))
        said = json.loads(sheet.canonical or "")
        names = {"address": "signed_from", "factors": "signed_with", "version": "version", "time": "signed_at"}
        given = said[names.get(changed, changed)]
        kept = {
            "signer": sheet.signer_name,
            "address": sheet.signed_from,
            "factors": sheet.signed_with,
            "version": sheet.version - 1,  # the version that was shown; fixing it makes the next
            "time": LATER.isoformat(timespec="microseconds"),
        }
        assert given == kept[changed]


def test_closing_fixes_the_digests_and_the_minutes_carry_them(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = tallied(db, world, [YES] * 5)
        closed = db.scalars(select(VotingRound).where(VotingRound.consultation_id == consultation.id)).one()
        sheets = list(db.scalars(select(ConsultationSheet).where(ConsultationSheet.round_id == closed.id)))
        fixed = closed.witness or []
        assert [one["seat"] for one in fixed] == [1, 2, 3, 4, 5]
        assert {(one["signer"], one["digest"]) for one in fixed} == {(one.signer_name, one.digest) for one in sheets}
        told = db.scalars(select(Event).where(Event.name == "vote_closed")).one()
        assert told.facts["sheets"] == fixed
        assert not list(broken_links(db))
        finished = issued(db, world)
        annex = document_of(minutes_of(db, finished)).annex
        witness = db.scalars(select(VotingRound).where(VotingRound.consultation_id == finished.id)).one().witness or []
        assert [(one.seat, one.signer, one.digest, one.code) for one in annex] == [
            (str(one["seat"]), one["signer"], one["digest"], code_of(one["digest"])) for one in witness
        ]
        assert len(annex) == 5
        assert LATER + timedelta(hours=1) == AFTER
