"""Reading packages again, from the first byte to the last, and telling what is damaged (Art. 9)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Select, and_, func, literal, or_, select
from sqlalchemy.orm import Session, joinedload

from portal.models.archive import ArchiveCheck, ArchivePackage, ArchiveRecord
from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.models.event import Event
from portal.models.meeting_minutes import MeetingMinutes
from portal.models.verification import OfficialFile
from portal.models.voting import ConsultationSheet, VotingRound
from portal.rules.dates import beijing_day
from portal.services.consultation.archive_inventory import CONTENT_LABELS
from portal.services.kernel.events import record as record_event
from portal.services.kernel.mailing import liaisons, queue
from portal.storage.bag_reading import Damage, UnreadableBag, check_bag, opened_bag
from portal.storage.local import FileDamaged, FileMissing, Storage

T = TypeVar("T")
# By consultation and SHA-256 of a text: format and key of the official files made of it.
Official = dict[tuple[int, str], list[tuple[str, str]]]
EVERY = timedelta(days=1)
# What one run of the job reads at most; the rest is read by the next ones, the oldest check first.
PACKAGES_A_RUN = 300
BYTES_A_RUN = 8 * 1024**3
_BATCH = 50


@dataclass(frozen=True)
class Kept:
    """A package with all that its checking needs, so that the files are read without a transaction."""

    package_id: int
    consultation_id: int
    custodian_id: int
    number: str  # of the consultation
    content: str
    package: int
    sha256: str
    size: int
    material: tuple[tuple[str, str], ...]  # title and key of the originals in the storage
    official: tuple[tuple[str, str], ...]  # title and key of the official files made of what is in it
    is_witnessed: bool  # the audit trail has its checksum

    @property
    def label(self) -> str:
        """How a report names it."""
        return f"{self.number} {CONTENT_LABELS[self.content]} 归档包{self.package}"


@dataclass(frozen=True)
class Checked:
    """A package that was read, and what was found."""

    kept: Kept
    damage: tuple[Damage, ...]

    @property
    def is_sound(self) -> bool:
        """Whether everything is as it was archived."""
        return not self.damage


def check_due(database: Database, storage: Storage, now: datetime) -> list[Checked]:
    """Check what was not checked for a day, the oldest check first, as much as one run may read."""
    with database.read() as db:
        chosen = kept_packages(db, _due(now).limit(PACKAGES_A_RUN))
    found, read = [], 0
    for kept in chosen:
        if read > BYTES_A_RUN:
            break
        found.append(kept)
        read += kept.size
    return check_packages(database, storage, found, now)


def check_packages(database: Database, storage: Storage, chosen: Sequence[Kept], now: datetime) -> list[Checked]:
    """Check these packages; each batch is kept as soon as it is done, so that an interrupted run is not lost."""
    results: list[Checked] = []
    for batch in _batches(chosen):
        checked = [Checked(kept, tuple(damage_of(storage, kept))) for kept in batch]
        with database.write() as db:
            for one in checked:
                _keep(db, one, now)
        results += checked
    if results:
        damaged = sum(not one.is_sound for one in results)
        with database.write() as db:
            record_event(db, "archive_checked", now=now, packages=len(results), damaged_packages=damaged)
    return results


def damage_of(storage: Storage, kept: Kept) -> Iterator[Damage]:
    """Everything that is wrong with a package, its originals, and its witness."""
    try:
        with storage.open(kept.sha256) as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != kept.sha256:
                yield Damage("", "归档包文件的 SHA-256 与编成时不符")
            file.seek(0)
            with opened_bag(file) as bag:
                yield from check_bag(bag)
    except FileMissing:
        yield Damage("", "归档包文件缺失")
    except (UnreadableBag, OSError) as error:
        yield Damage("", str(error))
    for called, files in (("原件", kept.material), ("正式文件", kept.official)):
        yield from _damaged_files(storage, called, files)
    if not kept.is_witnessed:
        yield Damage("", "审计记录中没有这个归档包的校验值")


def _damaged_files(storage: Storage, called: str, files: Sequence[tuple[str, str]]) -> Iterator[Damage]:
    for title, key in files:
        try:
            storage.verify(key)
        except FileMissing:
            yield Damage(title, f"{called}缺失")
        except (FileDamaged, OSError):
            yield Damage(title, f"{called}已损坏")


def all_packages() -> Select[ArchivePackage]:
    """Every package that must be there: those of records that were not disposed of, the oldest first."""
    return (
        select(ArchivePackage)
        .join(ArchiveRecord)
        .where(ArchiveRecord.disposed_at.is_(None))
        .order_by(ArchivePackage.id)
    )


def packages_of(*, year: int | None = None, serial: int) -> Select[ArchivePackage]:
    """Those of one consultation, by its number."""
    return (
        all_packages()
        .join(Consultation, Consultation.id == ArchiveRecord.consultation_id)
        .where(Consultation.serial == serial, *([Consultation.year == year] if year is not None else []))
    )


def kept_packages(db: Session, query: Select[ArchivePackage]) -> list[Kept]:
    """What checking these packages needs."""
    packages = db.scalars(query.options(joinedload(ArchivePackage.record).selectinload(ArchiveRecord.packages))).all()
    numbers = _numbers(db, {package.record.consultation_id for package in packages})
    consultations = {package.record.consultation_id for package in packages}
    witnessed, official = _witnessed(db, consultations), _official(db, consultations)
    return [_kept(package, numbers, witnessed, official) for package in packages]


def latest_checks() -> Select[int]:
    """The ids of the latest check of each package."""
    return select(func.max(ArchiveCheck.id)).group_by(ArchiveCheck.package_id)


def _due(now: datetime) -> Select[ArchivePackage]:
    latest = select(func.max(ArchiveCheck.checked_at)).where(ArchiveCheck.package_id == ArchivePackage.id)
    checked_at = latest.correlate(ArchivePackage).scalar_subquery()
    return (
        all_packages()
        .where(or_(checked_at.is_(None), checked_at <= now - EVERY))
        .order_by(None)
        .order_by(checked_at.is_not(None), checked_at, ArchivePackage.id)
    )


def _kept(
    package: ArchivePackage, numbers: dict[int, str], witnessed: set[tuple[int, str]], official: Official
) -> Kept:
    record = package.record
    begins = max((one.items_until for one in record.packages if one.number < package.number), default=0)
    items = record.inventory[begins : package.items_until]
    return Kept(
        package_id=package.id,
        consultation_id=record.consultation_id,
        custodian_id=record.custodian_id,
        number=numbers[record.consultation_id],
        content=record.content,
        package=package.number,
        sha256=package.sha256,
        size=package.size,
        material=tuple((item["title"], item["sha256"]) for item in items if item["kind"] == "material"),
        official=tuple(
            (f"{item['title']}（{file_format.upper()}）", sha256)
            for item in items
            for file_format, sha256 in official.get((record.consultation_id, item["sha256"]), ())
        )
        + (_merged(official, record) if package.number == 1 else ()),
        is_witnessed=(record.consultation_id, package.sha256) in witnessed,
    )


def _merged(official: Official, record: ArchiveRecord) -> tuple[tuple[str, str], ...]:
    """The merged sheets of a round are made of several items, so they are with the first package."""
    if record.content != "sheets":
        return ()
    return tuple(
        (f"会诊表合并文件（{file_format.upper()}）", sha256)
        for file_format, sha256 in official.get((record.consultation_id, ""), ())
    )


def _official(db: Session, consultation_ids: set[int]) -> Official:
    """The official files by consultation and SHA-256 of the text that they are made of; "" for merged ones."""
    found: Official = {}
    for some in _batches(sorted(consultation_ids), 500):
        own = VotingRound.consultation_id.in_(some)
        queries = (
            select(VotingRound.consultation_id, ConsultationSheet.digest, OfficialFile.format, OfficialFile.sha256)
            .join(ConsultationSheet, ConsultationSheet.round_id == VotingRound.id)
            .join(OfficialFile, and_(OfficialFile.kind == "sheet", OfficialFile.subject_id == ConsultationSheet.id))
            .where(own),
            select(MeetingMinutes.consultation_id, MeetingMinutes.digest, OfficialFile.format, OfficialFile.sha256)
            .join(OfficialFile, and_(OfficialFile.kind == "minutes", OfficialFile.subject_id == MeetingMinutes.id))
            .where(MeetingMinutes.consultation_id.in_(some)),
            select(VotingRound.consultation_id, literal(""), OfficialFile.format, OfficialFile.sha256)
            .join(OfficialFile, and_(OfficialFile.kind == "sheets", OfficialFile.subject_id == VotingRound.id))
            .where(own),
        )
        for query in queries:
            for consultation_id, digest, file_format, sha256 in db.execute(query.order_by(OfficialFile.id)):
                found.setdefault((consultation_id, digest or ""), []).append((file_format, sha256))
    return found


def _numbers(db: Session, consultation_ids: set[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for some in _batches(sorted(consultation_ids), 500):
        found |= {one.id: one.number or "" for one in db.scalars(select(Consultation).where(Consultation.id.in_(some)))}
    return found


def _witnessed(db: Session, consultation_ids: set[int]) -> set[tuple[int, str]]:
    found = set()
    for some in _batches(sorted(consultation_ids), 500):
        rows = db.execute(
            select(Event.consultation_id, Event.facts).where(
                Event.name == "archive_packaged", Event.consultation_id.in_(some)
            )
        )
        found |= {(number, facts["sha256"]) for number, facts in rows if number is not None}
    return found


def _keep(db: Session, one: Checked, now: datetime) -> None:
    """Write the result; a damage that was not known before is told to the custodian and to the audit trail."""
    kept = one.kept
    before = db.scalar(
        select(ArchiveCheck).where(ArchiveCheck.package_id == kept.package_id).order_by(ArchiveCheck.id.desc()).limit(1)
    )
    said = [{"member": damage.member, "problem": damage.problem} for damage in one.damage]
    db.add(ArchiveCheck(package_id=kept.package_id, checked_at=now, is_sound=one.is_sound, damage=said))
    if one.is_sound or (before is not None and before.damage == said):
        return
    record_event(
        db, "archive_damage_found", now=now, consultation_id=kept.consultation_id,
        content=kept.content, package=kept.package, damage=[words(damage) for damage in one.damage],
    )  # fmt: skip
    queue(
        db, "archive_damaged", liaisons(db, [kept.custodian_id], beijing_day(now)), now=now,
        consultation=db.get_one(Consultation, kept.consultation_id),
        link_label="查看完整性检查", link_path="/archive/checks",
        label=kept.label, damage=[words(damage) for damage in one.damage],
    )  # fmt: skip


def words(damage: Damage) -> str:
    """A damage in one line: the member, and what is wrong with it."""
    return f"{damage.member}：{damage.problem}" if damage.member else damage.problem


def _batches(many: Sequence[T], size: int = _BATCH) -> Iterator[Sequence[T]]:
    for begin in range(0, len(many), size):
        yield many[begin : begin + size]
