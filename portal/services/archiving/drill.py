"""The custody drill: once a year a custodian shows that it can produce all it keeps, unchanged (Art. 9, decided).

Asked for by a person of the custodian, done by the worker (or at once at the command line), kept for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from portal.models.account import Person
from portal.models.archive import ArchiveRecord, CustodyDrill
from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.models.institution import Institution
from portal.process.errors import NotFound, Refusal
from portal.process.permissions import Actor, is_granted
from portal.rules.dates import add_months, beijing_day, end_of_day
from portal.rules.editions import load_edition
from portal.services.archiving.integrity import Checked, Kept, all_packages, check_packages, kept_packages
from portal.services.archiving.packaging import unpackaged
from portal.services.consultation.archive_inventory import CONTENT_LABELS
from portal.services.kernel.events import record as record_event
from portal.services.kernel.standing import Standing, keep
from portal.storage.local import Storage

KIND = "hold_custody_drill"
MISSING = ("归档包文件缺失", "原件缺失", "正式文件缺失")


def ask_custody_drill(db: Session, *, actor: Actor, now: datetime) -> CustodyDrill:
    """Ask for a drill of the actor's institution; refused while one is under way or where nothing is kept."""
    if not is_granted("drill_custody", actor) or actor.institution_id is None:
        raise NotFound
    open_drill = select(CustodyDrill.id).where(
        CustodyDrill.institution_id == actor.institution_id, CustodyDrill.finished_at.is_(None)
    )
    if db.scalar(open_drill) is not None:
        raise Refusal("本单位的保管演练正在进行，请稍后查看结果。", article="9")
    if not _records(db, actor.institution_id):
        raise Refusal("本单位没有归档材料，不需要演练。", article="9")
    drill = _begin(db, actor.institution_id, actor, now)
    record_event(db, "custody_drill_asked", now=now, actor=actor)
    return drill


def drill_asked(database: Database, storage: Storage, now: datetime) -> int:
    """Carry out what was asked for; returns how many drills."""
    with database.read() as db:
        waiting = list(
            db.scalars(select(CustodyDrill.id).where(CustodyDrill.finished_at.is_(None)).order_by(CustodyDrill.id))
        )
    for drill_id in waiting:
        carry_out(database, storage, drill_id, now)
    return len(waiting)


def drill_institutions(database: Database, storage: Storage, now: datetime, *, name: str = "") -> list[CustodyDrill]:
    """Drill every custodian (or the one of that name) at once, asked for at the command line."""
    with database.write() as db:
        custodians = select(ArchiveRecord.custodian_id).where(ArchiveRecord.disposed_at.is_(None))
        query = select(Institution.id).where(Institution.id.in_(custodians)).order_by(Institution.id)
        if name:
            query = query.where((Institution.name == name) | (Institution.short_name == name))
        begun = [_begin(db, number, None, now).id for number in db.scalars(query).all()]
    return [carry_out(database, storage, drill_id, now) for drill_id in begun]


def carry_out(database: Database, storage: Storage, drill_id: int, now: datetime) -> CustodyDrill:
    """Produce every record of the custodian: read each package and compare it with what the audit trail says."""
    with database.read() as db:
        drill = db.get_one(CustodyDrill, drill_id)
        records = _records(db, drill.institution_id)
        packages = kept_packages(db, all_packages().where(ArchiveRecord.custodian_id == drill.institution_id))
        unmade = [_named(db, record) for record in records if record.id in set(unpackaged(db))]
    checked = check_packages(database, storage, packages, now)
    missing = [*unmade, *(line for one in checked for line in _lines(one, is_missing=True))]
    damaged = [line for one in checked for line in _lines(one, is_missing=False)]
    with database.write() as db:
        drill = db.get_one(CustodyDrill, drill_id)
        if drill.finished_at is None:
            drill.records, drill.packages = len(records), len(packages)
            drill.missing, drill.damaged, drill.finished_at = missing, damaged, now
            record_event(
                db, "custody_drilled", now=now, actor=_asker(db, drill), custodian_id=drill.institution_id,
                drill=drill.id, records=drill.records, packages=drill.packages,
                missing_records=len(missing), damaged_records=len(damaged),
            )  # fmt: skip
            db.flush()
            custodian_id = drill.institution_id
            keep(db, KIND, drills_owed(db, now, now), now=now, met=True, only={"institution_id": custodian_id})
        return drill


@dataclass(frozen=True)
class DrillsPage:
    """The drills that somebody may see, the latest first."""

    drills: tuple[tuple[CustodyDrill, str], ...]  # with the institution's name
    may_ask: bool
    is_under_way: bool
    months: int


def drills_page(db: Session, *, actor: Actor, now: datetime) -> DrillsPage:
    """The drills of the actor's institution; the auditor sees all."""
    shown = db.execute(_seen(actor).order_by(CustodyDrill.id.desc()).limit(50)).all()
    drills = tuple((drill, name) for drill, name in shown)
    is_under_way = any(drill.finished_at is None for drill, _ in drills)
    return DrillsPage(drills, is_granted("drill_custody", actor), is_under_way, _months())


def drill_page(db: Session, *, actor: Actor, drill_id: int, now: datetime) -> tuple[CustodyDrill, str]:
    """One drill and whose it is; NotFound for those of other institutions."""
    found = db.execute(_seen(actor).where(CustodyDrill.id == drill_id)).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1]


def _seen(actor: Actor) -> Select[CustodyDrill, str]:
    query = select(CustodyDrill, Institution.name).join(Institution, Institution.id == CustodyDrill.institution_id)
    if is_granted("view_audit", actor):
        return query
    if actor.institution_id is None:
        raise NotFound
    return query.where(CustodyDrill.institution_id == actor.institution_id)


def _begin(db: Session, institution_id: int, actor: Actor | None, now: datetime) -> CustodyDrill:
    drill = CustodyDrill(
        institution_id=institution_id,
        asked_by_id=actor.person_id if actor else None,
        asked_by_name=actor.name if actor else "",
        asked_at=now,
    )
    db.add(drill)
    db.flush()
    return drill


def _records(db: Session, institution_id: int) -> Sequence[ArchiveRecord]:
    kept = ArchiveRecord.custodian_id == institution_id, ArchiveRecord.disposed_at.is_(None)
    return db.scalars(select(ArchiveRecord).where(*kept).order_by(ArchiveRecord.id)).all()


def _named(db: Session, record: ArchiveRecord) -> dict[str, str]:
    number = db.get_one(Consultation, record.consultation_id).number or ""
    return {"number": number, "content": CONTENT_LABELS[record.content], "member": "", "problem": "尚未编成归档包"}


def _lines(one: Checked, *, is_missing: bool) -> list[dict[str, str]]:
    kept: Kept = one.kept
    return [
        {
            "number": kept.number,
            "content": f"{CONTENT_LABELS[kept.content]} 归档包{kept.package}",
            "member": damage.member,
            "problem": damage.problem,
        }
        for damage in one.damage
        if (damage.problem in MISSING) is is_missing
    ]


def _asker(db: Session, drill: CustodyDrill) -> Actor | None:
    if drill.asked_by_id is None:
        return None
    person = db.get_one(Person, drill.asked_by_id)
    return Actor(person_id=person.id, name=drill.asked_by_name, institution_id=drill.institution_id)


def drills_owed(db: Session, now: datetime, until: datetime) -> list[Standing]:
    """A drill of each custodian whose last one, or whose first record, will soon be a year ago (decided)."""
    notice = timedelta(days=load_edition().value("custody_drill_notice_days").value)
    first = db.execute(
        select(ArchiveRecord.custodian_id, func.min(ArchiveRecord.archived_on))
        .where(ArchiveRecord.disposed_at.is_(None))
        .group_by(ArchiveRecord.custodian_id)
        .order_by(ArchiveRecord.custodian_id)
    )
    drills = db.execute(
        select(CustodyDrill.institution_id, func.max(CustodyDrill.finished_at)).group_by(CustodyDrill.institution_id)
    )
    drilled = {number: beijing_day(at) for number, at in drills if at is not None}
    owed = []
    for custodian_id, archived_on in first:
        last_day = add_months(max(archived_on, drilled.get(custodian_id, archived_on)), _months())
        begins_at = end_of_day(last_day - notice - timedelta(days=1))
        if begins_at <= until:
            owed.append(Standing(begins_at, end_of_day(last_day), institution_id=custodian_id))
    return owed


def _months() -> int:
    months: int = load_edition().value("custody_drill_months").value
    return months
