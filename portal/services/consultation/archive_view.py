"""What the pages of the archive show: an institution's own custody, and one consultation's records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from portal.documents.table_paper import TablePaper
from portal.models.account import Person
from portal.models.archive import ArchiveRecord
from portal.models.consultation import Consultation, ProductInformation
from portal.process.errors import NotFound
from portal.process.permissions import Actor
from portal.rules.dates import add_years, beijing_day
from portal.rules.retention import has_expired
from portal.services.consultation.archive import WHY_NOT, records_of
from portal.services.consultation.archive_inventory import CONTENT_LABELS
from portal.services.consultation.disposal_certificate import certificate_paper, find_certificate
from portal.services.kernel.loading import Loaded, load

PAGE_SIZE = 25
STATES = {
    "kept": "保存中",
    "ending": "一年内到期",
    "expired": "已到期，可作销毁鉴定",
    "held": "已暂停销毁",
    "disposed": "已销毁",
}


@dataclass(frozen=True)
class Kept:
    """One record with what a list says of it."""

    record: ArchiveRecord
    number: str
    product_name: str
    model: str
    content_label: str
    state: str
    state_label: str

    @property
    def is_packaged(self) -> bool:
        """Whether everything it holds is in its packages, so that none is under way."""
        packages = self.record.packages
        return bool(packages) and packages[-1].items_until == len(self.record.inventory)


@dataclass(frozen=True)
class ArchiveList:
    """One page of an institution's custody, the soonest to expire first."""

    rows: tuple[Kept, ...]
    total: int
    page: int
    pages: int
    counts: dict[str, int]


@dataclass(frozen=True)
class ArchivePage:
    """The records of one consultation that the actor's institution keeps."""

    loaded: Loaded
    records: tuple[Kept, ...]
    names: dict[int, str]
    closed: dict[str, str | None]  # why an act on them is not open now, by act


def archive_list(
    db: Session, *, actor: Actor, state: str = "", search: str = "", page: int = 1, now: datetime
) -> ArchiveList:
    """What the actor's institution keeps; NotFound for somebody without one."""
    if actor.institution_id is None:
        raise NotFound
    today = beijing_day(now)
    own = (
        select(ArchiveRecord)
        .join(Consultation, Consultation.id == ArchiveRecord.consultation_id)
        .join(ProductInformation, ProductInformation.consultation_id == ArchiveRecord.consultation_id)
        .where(ArchiveRecord.custodian_id == actor.institution_id)
    )
    if search.strip():
        own = own.where(_matches(search.strip()))
    counts = {name: _count(db, own.where(_in_state(name, today))) for name in STATES}
    chosen = own.where(_in_state(state, today)) if state in STATES else own
    total = counts[state] if state in STATES else sum(counts.values())
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(page, 1), pages)
    rows = db.execute(
        chosen.with_only_columns(ArchiveRecord, Consultation)
        .options(joinedload(Consultation.product))
        .order_by(ArchiveRecord.keep_until, ArchiveRecord.id)
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    kept = tuple(_kept(record, consultation, today) for record, consultation in rows)
    return ArchiveList(kept, total, page, pages, counts)


def archive_page(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> ArchivePage:
    """The records with their inventories, for their custodian."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="view_archive", now=now)
    return _page(db, loaded, now)


@dataclass(frozen=True)
class CertificatePage:
    """The certificate of what the own institution destroyed."""

    loaded: Loaded
    certificate_id: int
    paper: TablePaper


def certificate_page(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> CertificatePage:
    """The certificate of destruction of the own records. NotFound where nothing was destroyed."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="view_certificate", now=now)
    found = find_certificate(db, consultation_id=consultation_id, custodian_id=actor.institution_id)
    if found is None:
        raise NotFound
    return CertificatePage(loaded, found.id, certificate_paper(found))


def summary(db: Session, loaded: Loaded, now: datetime) -> ArchivePage | None:
    """The own records on the consultation's page; None for who keeps nothing of it."""
    return _page(db, loaded, now) if loaded.may("view_archive") else None


def state_of(record: ArchiveRecord, today: date) -> str:
    """A key of STATES."""
    if record.disposed_at is not None:
        return "disposed"
    if record.held_at is not None:
        return "held"
    if has_expired(record.keep_until, today):
        return "expired"
    return "ending" if record.keep_until < add_years(today, 1) else "kept"


def _page(db: Session, loaded: Loaded, now: datetime) -> ArchivePage:
    records = records_of(db, loaded.consultation.id, loaded.actor.institution_id or 0)
    wanted = {one.disposal_proposed_by_id for one in records} | {one.disposed_by_id for one in records}
    people = db.execute(select(Person.id, Person.name).where(Person.id.in_([one for one in wanted if one])))
    names = {row.id: row.name for row in people}
    today = beijing_day(now)
    kept = tuple(_kept(record, loaded.consultation, today) for record in records)
    closed = {act: why_not(db, loaded, now) for act, why_not in WHY_NOT.items()}
    return ArchivePage(loaded, kept, names, closed)


def _kept(record: ArchiveRecord, consultation: Consultation, today: date) -> Kept:
    state = state_of(record, today)
    product = consultation.product
    return Kept(
        record, consultation.number or "", product.product_name, product.model, CONTENT_LABELS[record.content],
        state, STATES[state],
    )  # fmt: skip


def _in_state(state: str, today: date) -> ColumnElement[bool]:
    """The same as `state_of`, for the database."""
    soon = add_years(today, 1)
    open_ended = and_(ArchiveRecord.disposed_at.is_(None), ArchiveRecord.held_at.is_(None))
    return {
        "kept": and_(open_ended, ArchiveRecord.keep_until >= soon),
        "ending": and_(open_ended, ArchiveRecord.keep_until < soon, ArchiveRecord.keep_until >= today),
        "expired": and_(open_ended, ArchiveRecord.keep_until < today),
        "held": and_(ArchiveRecord.disposed_at.is_(None), ArchiveRecord.held_at.is_not(None)),
        "disposed": ArchiveRecord.disposed_at.is_not(None),
    }[state]


def _matches(search: str) -> ColumnElement[bool]:
    columns = (ProductInformation.product_name, ProductInformation.model, ProductInformation.producer)
    found = [column.icontains(search, autoescape=True) for column in columns]
    digits = search.removesuffix("号").rpartition("〕")[2]
    if digits.isascii() and digits.isdigit() and len(digits) < 9:
        found.append(Consultation.serial == int(digits))
    return or_(*found)


def _count(db: Session, query: Select[ArchiveRecord]) -> int:
    return db.scalar(query.with_only_columns(func.count())) or 0
