"""Telling of a file that the portal keeps and cannot read: to the person who asked for it, and to the auditor."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.account import Person, PersonRole
from portal.models.event import Event
from portal.process.permissions import Actor, Role
from portal.rules.dates import beijing_day
from portal.services.kernel.events import record

MISSING = "stored_file_missing"


def report_missing_file(
    db: Session, *, actor: Actor | None, sha256: str, name: str, consultation_id: int | None = None, now: datetime
) -> str:
    """Record that the file could not be read, once a day and file; return what to say to who asked for it."""
    known = db.execute(select(Event.at, Event.facts).where(Event.name == MISSING).order_by(Event.id.desc()))
    today = beijing_day(now)
    if not any(facts.get("sha256") == sha256 and beijing_day(at) == today for at, facts in known):
        record(db, MISSING, now=now, actor=actor, consultation_id=consultation_id, sha256=sha256, file=name)
    whom = "、".join(_administrators(db))
    return (
        f"文件“{name}”无法从平台的存储中读取，您的操作没有完成，原有记录没有改变。"
        f"请告知系统管理员{whom}，由其从备份中恢复；校验值（SHA-256）：{sha256}"
    )


def _administrators(db: Session) -> list[str]:
    return list(
        db.scalars(
            select(Person.name)
            .join(PersonRole, PersonRole.person_id == Person.id)
            .where(PersonRole.role == Role.ADMINISTRATOR.value, Person.is_active.is_(True))
            .order_by(Person.id)
        )
    )
