"""All sheets of a counted round in one file: made once, registered, verified."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.config import Settings
from portal.models.database import Database
from portal.models.verification import OfficialFile
from portal.models.voting import VotingRound
from portal.process.errors import NotFound
from portal.services.consultation.panel import recuse_member
from portal.services.consultation.sheet_view import counted_sheets, disclosed_sheets
from portal.services.official_making import Making, official_file
from portal.services.verification import verify_file
from portal.storage.local import Storage
from tests.documents.reading import pdf_words, squeeze
from tests.factories.panel import place_of
from tests.factories.voting import LATER, UNANIMOUS, panel_of, tallied, vote_and_close, voting
from tests.factories.world import build_world


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "files")


@pytest.fixture
def making(tmp_path: Path) -> Making:
    return Making.by(Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "own")}))


def merged(database: Database, storage: Storage, making: Making, round_id: int) -> bytes:
    about = {"kind": "sheets", "subject_id": round_id, "file_format": "pdf", "now": LATER}
    made = official_file(database, storage, making, **about)  # type: ignore[arg-type]
    with storage.open(made.sha256) as file:
        return file.read()


def test_there_is_none_while_the_round_is_open(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = voting(db, world)
        about = {"actor": world.lead, "consultation_id": consultation.id, "number": 1, "now": LATER}
        with pytest.raises(NotFound):
            counted_sheets(db, **about)
        vote_and_close(db, world, consultation, UNANIMOUS)
        round_id, name = counted_sheets(db, **about)
        assert name == f"会诊表{consultation.number}第1轮"
        assert len(disclosed_sheets(db, round_id)) == 5


def test_it_is_registered_and_verify_says_what_it_is(database: Database, storage: Storage, making: Making) -> None:
    with database.write() as db:
        consultation = tallied(db, build_world(db), UNANIMOUS)
        number = consultation.number
        round_id = db.scalars(select(VotingRound.id)).one()
    content = merged(database, storage, making, round_id)
    assert merged(database, storage, making, round_id) == content
    with database.read() as db:
        assert db.scalars(select(OfficialFile.kind)).all() == ["sheets"]
        words = pdf_words(content)
        places = [words.index(sheet.digest or "?") for sheet in disclosed_sheets(db, round_id)]
        assert places == sorted(places)
        check = verify_file(db, content=content)
        assert check.result == "unchanged"
        found = check.verified
        assert found is not None
        assert (found.title, found.version, found.by) == (
            "会诊表合并文件",
            "第 1 轮表决",
            "5 份已签名的会诊表",
        )
        assert squeeze(number or "") in squeeze(found.number)
        assert (found.state, found.code, found.digest, found.is_intact) == ("有效", "", "", True)
        assert verify_file(db, content=content + b"\n").result == "unknown"  # it has no code of its own


def test_a_round_that_became_void_is_called_so_and_the_file_stays_what_it_was(
    database: Database, storage: Storage, making: Making
) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = tallied(db, world, UNANIMOUS)
        round_id = db.scalars(select(VotingRound.id)).one()
    content = merged(database, storage, making, round_id)
    with database.write() as db:
        member = place_of(db, consultation, panel_of(world)[0]).id
        about = {"actor": world.lead, "consultation_id": consultation.id, "now": LATER}
        recuse_member(db, member_id=member, reason="曾任顾问", **about)
    assert merged(database, storage, making, round_id) == content
    with database.read() as db:
        found = verify_file(db, content=content).verified
        assert found is not None
        assert (found.state, found.is_intact) == ("已作废", True)
        assert "曾任顾问" not in str(replace(found))
