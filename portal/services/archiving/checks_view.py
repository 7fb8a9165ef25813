"""The page of the integrity checks: a custodian sees its own, the auditor all, the administrator the counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from portal.models.archive import ArchiveCheck, ArchivePackage, ArchiveRecord
from portal.models.consultation import Consultation
from portal.process.errors import NotFound
from portal.process.permissions import Actor, is_granted
from portal.services.archiving.failures import Failure, failures_of
from portal.services.archiving.integrity import all_packages, latest_checks
from portal.services.archiving.packaging import unpackaged
from portal.services.archiving.publication_files import CheckedPublication, damaged_publications
from portal.services.consultation.archive_inventory import CONTENT_LABELS

PAGE_SIZE = 25
STATES = {"damaged": "有损坏", "unchecked": "尚未检查", "sound": "完好"}


@dataclass(frozen=True)
class CheckLine:
    """One package and its latest check, None where it was not checked yet."""

    consultation_id: int
    number: str
    content: str
    package: int
    sha256: str
    custodian: str
    check: ArchiveCheck | None

    @property
    def state(self) -> str:
        """A key of STATES."""
        if self.check is None:
            return "unchecked"
        return "sound" if self.check.is_sound else "damaged"


@dataclass(frozen=True)
class ChecksPage:
    """Counts, and one page of the packages, what is damaged first; no lines for who sees the counts alone."""

    counts: dict[str, int]
    packages: int
    waiting: int  # records that are not packaged yet
    failures: tuple[Failure, ...]  # those of them that no package could be made of
    checked_at: datetime | None  # the latest check of all
    oldest_at: datetime | None  # the oldest of the latest checks
    lines: tuple[CheckLine, ...]
    publications: tuple[CheckedPublication, ...]  # those with damaged photographs, for who sees all
    sees_lines: bool
    sees_all: bool
    page: int
    pages: int


def checks_page(db: Session, *, actor: Actor, page: int = 1, now: datetime) -> ChecksPage:
    """The page, narrowed to what the actor may see."""
    if not is_granted("view_archive_checks", actor):
        raise NotFound
    sees_all = is_granted("view_audit", actor)
    own = None if sees_all or actor.institution_id is None else actor.institution_id
    checks = select(ArchiveCheck).where(ArchiveCheck.id.in_(latest_checks())).subquery()
    shown = _of(all_packages(), own).outerjoin(checks, checks.c.package_id == ArchivePackage.id).order_by(None)
    counted = shown.with_only_columns(
        func.count(), func.count(checks.c.id), func.max(checks.c.checked_at), func.min(checks.c.checked_at)
    )
    packages, checked, newest, oldest = db.execute(counted).one()
    damaged = db.scalar(shown.where(checks.c.is_sound.is_(False)).with_only_columns(func.count())) or 0
    counts = {"damaged": damaged, "unchecked": packages - checked, "sound": checked - damaged}
    waiting = _waiting(db, own)
    sees_lines = sees_all or actor.institution_id is not None
    pages = max(1, -(-packages // PAGE_SIZE))
    page = min(max(page, 1), pages)
    ordered = shown.order_by(checks.c.is_sound.is_(None), checks.c.is_sound, ArchivePackage.id.desc())
    chosen = ordered.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE) if sees_lines else None
    return ChecksPage(
        counts=counts,
        packages=packages,
        waiting=len(waiting),
        failures=tuple(failures_of(db, waiting)),
        checked_at=newest,
        oldest_at=oldest,
        lines=_lines(db, chosen) if chosen is not None else (),
        publications=damaged_publications(db) if sees_all else (),
        sees_lines=sees_lines,
        sees_all=sees_all,
        page=page,
        pages=pages,
    )


def _of(query: Select[ArchivePackage], institution_id: int | None) -> Select[ArchivePackage]:
    return query if institution_id is None else query.where(ArchiveRecord.custodian_id == institution_id)


def _waiting(db: Session, institution_id: int | None) -> list[int]:
    waiting = unpackaged(db)
    if institution_id is None or not waiting:
        return waiting
    own = select(ArchiveRecord.id).where(ArchiveRecord.id.in_(waiting), ArchiveRecord.custodian_id == institution_id)
    return list(db.scalars(own))


def _lines(db: Session, query: Select[ArchivePackage]) -> tuple[CheckLine, ...]:
    packages = db.scalars(query.options(joinedload(ArchivePackage.record).joinedload(ArchiveRecord.custodian))).all()
    consultations = {package.record.consultation_id for package in packages}
    numbers = {one.id: one.number or "" for one in db.scalars(_by_id(consultations))}
    checks = db.scalars(
        select(ArchiveCheck).where(
            ArchiveCheck.id.in_(latest_checks()), ArchiveCheck.package_id.in_([package.id for package in packages])
        )
    )
    latest = {check.package_id: check for check in checks}
    return tuple(
        CheckLine(
            consultation_id=package.record.consultation_id,
            number=numbers[package.record.consultation_id],
            content=CONTENT_LABELS[package.record.content],
            package=package.number,
            sha256=package.sha256,
            custodian=package.record.custodian.short_name,
            check=latest.get(package.id),
        )
        for package in packages
    )


def _by_id(numbers: set[int]) -> Select[Consultation]:
    return select(Consultation).where(Consultation.id.in_(numbers))
