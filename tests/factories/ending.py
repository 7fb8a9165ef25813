"""Consultations that have ended: archived, disposed of, or broken off on the way."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.services.consultation.application import discard_application, return_application, withdraw_application
from portal.services.consultation.archive import archive_consultation, dispose_archive, propose_disposal
from portal.services.consultation.panel import terminate_consultation
from tests.factories.application import drafted, submitted
from tests.factories.meeting_minutes import AFTER, issued
from tests.factories.panel import nominated
from tests.factories.world import NOON, World
from tests.support.scenes import scene

EXPIRED = datetime(2031, 12, 31, 16, 0, tzinfo=UTC)  # the first instant of 2032 in Beijing


@scene
def discarded(db: Session, world: World) -> Consultation:
    """A draft that was thrown away."""
    consultation = drafted(db, world)
    discard_application(db, actor=world.applicant, consultation_id=consultation.id, now=NOON)
    return consultation


@scene
def returned(db: Session, world: World) -> Consultation:
    """An application that the lead returned."""
    consultation = submitted(db, world)
    return_application(db, actor=world.lead, consultation_id=consultation.id, reason="检测依据与报告编号不符", now=NOON)
    return consultation


@scene
def withdrawn(db: Session, world: World) -> Consultation:
    """An application that its applicant withdrew while the panel was being chosen."""
    consultation = nominated(db, world)
    withdraw_application(db, actor=world.applicant, consultation_id=consultation.id, reason="企业已主动召回", now=NOON)
    return consultation


@scene
def terminated(db: Session, world: World) -> Consultation:
    """A consultation that the lead ended for want of a lawful panel."""
    consultation = nominated(db, world)
    terminate_consultation(db, actor=world.lead, consultation_id=consultation.id, reason="无法组成专家组", now=NOON)
    return consultation


@scene
def archived(db: Session, world: World) -> Consultation:
    """Minutes issued, both records archived by the applicant."""
    consultation = issued(db, world)
    archive_consultation(db, actor=world.applicant, consultation_id=consultation.id, now=AFTER)
    return consultation


@scene
def disposed(db: Session, world: World) -> Consultation:
    """Both custodians have disposed of their records after the retention period, two people each."""
    consultation = archived(db, world)
    for pair in (world.liaisons["shanghai"], world.liaisons["jiangsu"]):
        propose_disposal(db, actor=pair[0], consultation_id=consultation.id, reason="期满，无继续保存价值", now=EXPIRED)
        dispose_archive(db, actor=pair[1], consultation_id=consultation.id, now=EXPIRED)
    return consultation
