"""移交清单: made from what is so, signed by the old lead, accepted by the new, asked for when a term has ended."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from portal.models.database import Database
from portal.models.institution import RotationTerm
from portal.models.outbox import OutboxMessage
from portal.process.errors import NotAllowed, NotFound, Refusal, Stale
from portal.process.permissions import Actor
from portal.rules.dates import end_of_day
from portal.services import term_handover as service
from portal.services.kernel.canonical import digest_of_text
from tests.factories.application import accepted
from tests.factories.meeting_minutes import issued
from tests.factories.world import NOON, World, build_world


def _term(db: Session, world: World) -> RotationTerm:
    """The term of Jiangsu, who leads at noon."""
    term = db.query(RotationTerm).filter(RotationTerm.starts_on <= NOON.date(), RotationTerm.ends_on >= NOON.date())
    found = term.one()
    assert found.institution_id == world.institutions["jiangsu"]
    return found


def _turn(db: Session, world: World) -> tuple[RotationTerm, datetime, Actor, Actor]:
    """The term, the first noon of the next one, and a liaison of the old and of the new lead."""
    term = _term(db, world)
    after = end_of_day(term.ends_on) + timedelta(hours=12)
    return term, after, world.liaisons["jiangsu"][0], world.liaisons["zhejiang"][0]


def test_both_sides_sign_the_same_text(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = accepted(db, world)
        issued(db, world)
        term, after, old, new = _turn(db, world)
        signed = service.sign_term_handover(db, actor=old, term_id=term.id, remark="补正材料已催办", now=after)
        pack = json.loads(signed.canonical)
        assert signed.digest == digest_of_text(signed.canonical)
        assert (pack["from"], pack["to"]) == (term.institution.name, "浙江省消费品召回技术中心")
        assert consultation.number in {one["number"] for one in pack["consultations"]}
        assert "确认专家组" in {duty["label"] for one in pack["consultations"] for duty in one["duties"]}
        assert [one["number"] for one in pack["minutes"]] == ["长三角会诊纪要〔2026〕1号"]
        assert pack["remark"] == "补正材料已催办"
        assert not any(name in signed.canonical for name in ("sh专", "ji专", "zh专", "an专"))
        ids = {"term_id": term.id, "now": after}
        with pytest.raises(NotAllowed):
            service.accept_term_handover(db, actor=old, digest=signed.digest, **ids)
        first = signed.digest
        again = service.sign_term_handover(db, actor=old, remark="", **ids)
        with pytest.raises(Stale):
            service.accept_term_handover(db, actor=new, digest=first, **ids)
        done = service.accept_term_handover(db, actor=new, digest=again.digest, **ids)
        assert (done.accepted_by_name, done.accepted_at) == (new.name, after)
        for act in (
            lambda: service.sign_term_handover(db, actor=old, **ids),
            lambda: service.accept_term_handover(db, actor=new, digest=again.digest, **ids),
        ):
            with pytest.raises(Refusal, match="双方签署"):
                act()
        told = [(one.kind, one.recipient_name) for one in db.query(OutboxMessage).filter(
            OutboxMessage.kind.like("term_handover_%")).order_by(OutboxMessage.id)]  # fmt: skip
        assert [kind for kind, _name in told] == [
            *["term_handover_signed"] * 4, *["term_handover_accepted"] * 2,
        ]  # fmt: skip
        assert {name for kind, name in told if kind == "term_handover_signed"} == {
            one.name for one in world.liaisons["zhejiang"]
        }


def test_who_may_see_and_sign(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        accepted(db, world)
        term, after, old, new = _turn(db, world)
        ids = {"term_id": term.id, "now": after}
        with pytest.raises(NotFound):
            service.sign_term_handover(db, actor=world.staff["jiangsu"], **ids)
        with pytest.raises(NotAllowed):
            service.sign_term_handover(db, actor=new, **ids)
        with pytest.raises(Refusal, match="还没有签署"):
            service.accept_term_handover(db, actor=new, digest="", **ids)
        with pytest.raises(Refusal, match="起可以签署"):
            service.sign_term_handover(db, actor=old, term_id=term.id, now=NOON)
        signed = service.sign_term_handover(db, actor=old, **ids)
        sides = {}
        for province, actor in world.staff.items():
            page = service.view_term_handover(db, actor=actor, **ids)
            sides[province] = (page.side, bool(page.pack), page.signed is signed)
        assert sides == {
            "shanghai": ("", False, True),
            "jiangsu": ("old", True, True),
            "zhejiang": ("new", True, True),
            "anhui": ("", False, True),
        }
        for stranger in (world.experts["jiangsu"][0], world.administrator):
            with pytest.raises(NotFound):
                service.view_term_handover(db, actor=stranger, **ids)
        with pytest.raises(NotFound):
            service.view_term_handover(db, actor=old, term_id=9999, now=after)


def test_what_happens_after_the_signature_is_said(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        term, after, old, new = _turn(db, world)
        ids = {"term_id": term.id, "now": after}
        service.sign_term_handover(db, actor=old, **ids)
        assert not service.view_term_handover(db, actor=new, **ids).has_changed
        accepted(db, world)
        assert service.view_term_handover(db, actor=new, **ids).has_changed
