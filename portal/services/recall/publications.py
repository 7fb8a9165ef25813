"""What the public may read of recalls. Reads the table of publications and nothing else, so nothing else can leak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from portal.models.recall_publication import RecallPublication
from portal.rules.recall.publication_search import search_terms
from portal.rules.regions import shipped_areas
from portal.services.recall.publication_words import PressRelease, plan_words, press_release, values_of
from portal.storage.public_pictures import PICTURE_TYPES

PAGE_SIZE = 20
FEED_SIZE = 50
KIND_LABELS = {"recall": "召回", "warning": "消费警示", "sanction": "惩戒信息"}


@dataclass(frozen=True)
class PublicationFilter:
    """What the list is narrowed to; empty means all. `province` is a key, `kind` one of KIND_LABELS."""

    text: str = ""
    province: str = ""
    product_class: str = ""
    kind: str = ""
    year: int | None = None
    page: int = 1


@dataclass(frozen=True)
class ListedPublication:
    """One publication in the list and in the feeds; `province` is the name, `kind` the label."""

    id: int
    number: str
    kind: str
    authority: str
    title: str
    product_name: str
    product_class: str
    brand: str
    model: str
    producer: str
    affected_quantity: int | None
    summary: str
    published_at: datetime


@dataclass(frozen=True)
class PublicationList:
    """A page of the list."""

    rows: Sequence[ListedPublication]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class Choices:
    """What the list can be narrowed to: province keys with their names, product classes, years (newest first)."""

    provinces: dict[str, str]
    product_classes: Sequence[str]
    years: Sequence[int]


@dataclass(frozen=True)
class PublicationPage:
    """One publication, with the newer one of the same recall that has replaced it.

    `words` are the paragraphs of a warning or a sanction; a recall has a press release and the rows of its plan.
    """

    publication: RecallPublication
    number: str
    kind: str
    newer_id: int | None
    words: Sequence[str]
    press_release: PressRelease | None
    plan: Sequence[tuple[str, str]]
    taking_part: Sequence[tuple[str, str]]
    authority_phone: str
    pictures: Sequence[dict[str, Any]]

    @property
    def summary(self) -> str:
        """What is dangerous, in a line or two."""
        return _summary(self.publication)


_P = RecallPublication
_LISTED = (
    *(_P.id, _P.kind, _P.province, _P.year, _P.serial, _P.authority, _P.title, _P.product_name, _P.product_class),
    *(_P.brand, _P.model, _P.producer, _P.affected_quantity, _P.defect, _P.consequence, _P.words, _P.published_at),
)
_STATE = select(
    select(func.max(_P.id)).scalar_subquery(),
    select(func.max(_P.replaced_at)).scalar_subquery(),
)
_NEWER = aliased(_P)
_ONE = select(
    _P,
    select(func.max(_NEWER.id))
    .where(_NEWER.case_id == _P.case_id, _NEWER.kind == _P.kind, _NEWER.id > _P.id, _NEWER.replaced_at.is_(None))
    .correlate(_P)
    .scalar_subquery(),
).where(_P.id == bindparam("publication_id"))


def published_state(db: Session) -> str:
    """A mark that changes with every publication; two looks at an index.

    A publication is never edited: it is added, and sets the instant at which an earlier one was replaced.
    """
    newest, replaced_at = db.execute(_STATE).one()
    return f"{newest}/{replaced_at}"


def published(db: Session, *, wanted: PublicationFilter) -> PublicationList:
    """A page of what is published and not replaced, newest first; a page beyond the last is the last."""
    conditions = _conditions(wanted)
    total = db.scalar(select(func.count()).select_from(_P).where(*conditions)) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(wanted.page, 1), pages)
    return PublicationList(_listed(db, conditions, PAGE_SIZE, (page - 1) * PAGE_SIZE), total, page, pages)


def feed_entries(db: Session, *, wanted: PublicationFilter) -> Sequence[ListedPublication]:
    """The newest FEED_SIZE of the list; `page` does not count."""
    return _listed(db, _conditions(wanted), FEED_SIZE)


def choices(db: Session) -> Choices:
    """What there is to choose from among what is published."""
    rows = db.execute(select(_P.province, _P.product_class, _P.year).where(_P.replaced_at.is_(None)).distinct()).all()
    present = {row.province for row in rows}
    return Choices(
        provinces={key: name for key, name in province_names().items() if key in present},
        product_classes=sorted({row.product_class for row in rows if row.product_class}),
        years=sorted({row.year for row in rows}, reverse=True),
    )


def publication(db: Session, *, publication_id: int) -> PublicationPage | None:
    """A publication, also one that was replaced; None for what is not there."""
    found = db.execute(_ONE, {"publication_id": publication_id}).one_or_none()
    if found is None:
        return None
    one, replacing = found
    release = values_of(one.edition, "press_release", one.press_release)
    plan = values_of(one.edition, "recall_plan", one.recall_plan)
    return PublicationPage(
        publication=one,
        number=_number(one),
        kind=KIND_LABELS[one.kind],
        newer_id=replacing if one.replaced_at else None,
        words=_paragraphs(one.words),
        press_release=press_release(one.edition, release) if release else None,
        plan=plan_words(one.edition, plan),
        taking_part=_taking_part(release, plan),
        authority_phone=str(release.get("authority_phone", "")),
        pictures=[picture for picture in one.pictures if picture["content_type"] in PICTURE_TYPES],
    )


def picture_of(db: Session, *, publication_id: int, sha256: str) -> str | None:
    """The media type of a photograph that this publication shows; None for every other file."""
    pictures = db.scalar(select(_P.pictures).where(_P.id == publication_id)) or []
    types = (picture["content_type"] for picture in pictures if picture["sha256"] == sha256)
    return next((kind for kind in types if kind in PICTURE_TYPES), None)


@cache
def province_names() -> Mapping[str, str]:
    """The names of the provinces by key, in the order of their codes."""
    names = {area.province: area.name for area in shipped_areas().values() if area.level == "province"}
    return MappingProxyType(names)


def _conditions(wanted: PublicationFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [_P.replaced_at.is_(None)]
    found += [_P.searched.contains(term, autoescape=True) for term in search_terms(wanted.text)]
    equal = {"province": wanted.province, "product_class": wanted.product_class, "kind": wanted.kind}
    found += [getattr(_P, name) == value for name, value in equal.items() if value]
    if wanted.year is not None:
        found.append(_P.year == wanted.year)
    return found


def _listed(
    db: Session, conditions: Sequence[ColumnElement[bool]], limit: int, offset: int = 0
) -> list[ListedPublication]:
    # The ids come out of an index; the long texts are then read for these alone.
    order = (_P.published_at.desc(), _P.id.desc())
    ids = select(_P.id).where(*conditions).order_by(*order).limit(limit).offset(offset).subquery()
    rows = db.execute(select(*_LISTED).join(ids, ids.c.id == _P.id).order_by(*order))
    return [_listed_row(row) for row in rows]


def _listed_row(row: Any) -> ListedPublication:
    return ListedPublication(
        id=row.id,
        number=_number(row),
        kind=KIND_LABELS[row.kind],
        authority=row.authority,
        title=row.title,
        product_name=row.product_name,
        product_class=row.product_class,
        brand=row.brand,
        model=row.model,
        producer=row.producer,
        affected_quantity=row.affected_quantity,
        summary=_summary(row),
        published_at=row.published_at,
    )


def _number(row: Any) -> str:
    """江苏省〔2026〕3号."""
    return f"{province_names().get(row.province, '')}〔{row.year}〕{row.serial}号"


def _summary(row: Any) -> str:
    """The words of a warning or a sanction, else defect and consequence."""
    if row.words:
        return str(row.words).strip()
    sentences = (text.strip().rstrip("。；;") for text in (row.defect, row.consequence))
    return "".join(f"{sentence}。" for sentence in sentences if sentence)


def _paragraphs(text: str) -> list[str]:
    return [line for part in text.splitlines() if (line := part.strip())]


def _taking_part(release: dict[str, Any], plan: dict[str, Any]) -> list[tuple[str, str]]:
    """What somebody who has the product has to know, out of the two public annexes; only what they say."""
    asked = (
        ("先怎么做", plan.get("emergency_measures")),
        ("召回措施", release.get("remedy") or plan.get("recall_measures")),
        ("客户服务热线", release.get("hotline")),
        ("官方网站", release.get("website")),
        ("召回负责机构", plan.get("responsible_body")),
        ("召回联系方式", plan.get("contact")),
    )
    return [(label, str(said)) for label, said in asked if said]
