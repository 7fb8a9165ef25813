"""持续关注: the applicant watches the product until that ends or becomes a new consultation (Art. 8(7))."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.material import MATERIAL_KINDS, Material
from portal.models.watch import Watch, WatchEntry, WatchFile
from portal.process.errors import Invalid, NotFound, Refusal
from portal.process.permissions import Actor, Relation
from portal.rules.application import PreliminaryVerification
from portal.rules.dates import add_months, beijing_day, end_of_day
from portal.services.consultation.application import (
    PRODUCT_TEXTS,
    ApplicationInput,
    create_application,
    given_grounds,
    required_reason,
)
from portal.services.consultation.material import UploadedFile, items_of
from portal.services.consultation.scheduling import staff_of
from portal.services.kernel.advancing import advance
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.obligations import oblige
from portal.services.previews import ask_for_preview

FINDINGS = {
    "injury": "新的伤害",
    "recall": "同型号产品召回",
    "test": "新的检测结果",
    "opinion": "舆情变化",
    "other": "其他",
}
# What a watch begins with (decided); its owner sets others.
REASONS_TO_REOPEN = ("injury", "recall", "test")
STATES = {"open": "持续关注中", "ended": "已结束", "reapplied": "已重新提出申请"}


def begin_watch(db: Session, consultation: Consultation, *, review_on: date, now: datetime) -> Watch:
    """Begin the watch as the minutes are issued; its owner is who applied. Its first review is owed."""
    watch = Watch(
        consultation_id=consultation.id,
        owner_id=consultation.submitted_by_id or consultation.created_by_id,
        review_on=review_on,
        began_at=now,
        state="open",
        reopen_on=list(REASONS_TO_REOPEN),
    )
    db.add(watch)
    _owe_review(db, consultation, review_on, now)
    return watch


def continue_watch(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    text: str,
    next_review_on: date | None,
    findings: Collection[str] = (),
    file: UploadedFile | None = None,
    file_kind: str = "other",
    file_title: str = "",
    now: datetime,
) -> WatchEntry:
    """Write down what was learned, and when to look again; Invalid when that day is not in the future.

    `findings` are of FINDINGS. A file is new material; it is kept with the entry, and goes into a new application.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="continue_watch", now=now)
    watch = _open_watch(db, loaded, now)
    text = required_reason(text, "本期跟踪情况", field="text", article="8(7)")
    if not set(findings) <= FINDINGS.keys():
        raise Invalid.field("findings", "请在所列情形中选择。", "8(7)")
    if next_review_on is None or next_review_on <= beijing_day(now):
        raise Invalid.field("next_review_on", "下次复核日期应晚于今天。", "8(7)")
    entry = WatchEntry(
        at=now, person_id=actor.person_id, person_name=actor.name, text=text,
        findings=[name for name in FINDINGS if name in findings], next_review_on=next_review_on,
    )  # fmt: skip
    if file is not None:
        entry.files.append(_kept(file, file_kind, file_title))
    watch.entries.insert(0, entry)  # the newest first
    watch.review_on = next_review_on
    advance(
        db, loaded, "continue_watch", actor=actor, now=now, text=text, next_review_on=next_review_on.isoformat(),
        findings=entry.findings, files=[one.sha256 for one in entry.files],
    )  # fmt: skip
    _owe_review(db, loaded.consultation, next_review_on, now)
    return entry


def set_watch(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    owner_id: int | None,
    reopen_on: Collection[str],
    reopen_note: str,
    now: datetime,
) -> Watch:
    """Say who of the applicant's staff looks after it, and what would be a reason to apply anew (decided)."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="set_watch", now=now)
    watch = _open_watch(db, loaded, now)
    staff = {person.id: person for person in staff_of(db, loaded.consultation.applicant_institution_id)}
    if owner_id not in staff:
        raise Invalid.field("owner_id", "请选择本单位在职的工作人员。", "8(7)")
    if not set(reopen_on) <= FINDINGS.keys():
        raise Invalid.field("reopen_on", "请在所列情形中选择。", "8(7)")
    watch.owner, watch.reopen_note = staff[owner_id], reopen_note.strip()
    watch.reopen_on = [name for name in FINDINGS if name in reopen_on]
    advance(
        db, loaded, "set_watch", actor=actor, now=now, owner=staff[owner_id].name, reopen_on=watch.reopen_on,
        note=watch.reopen_note,
    )  # fmt: skip
    return watch


def watch_file(db: Session, *, actor: Actor, consultation_id: int, file_id: int, now: datetime) -> WatchFile:
    """A file of the watch, for those who may see it; NotFound for others."""
    load(db, actor=actor, consultation_id=consultation_id, permission="view_watch", now=now)
    found = db.scalar(
        select(WatchFile)
        .join(WatchEntry, WatchEntry.id == WatchFile.entry_id)
        .join(Watch, Watch.id == WatchEntry.watch_id)
        .where(WatchFile.id == file_id, Watch.consultation_id == consultation_id)
    )
    if found is None:
        raise NotFound
    return found


def end_watch(db: Session, *, actor: Actor, consultation_id: int, reason: str, now: datetime) -> None:
    """End the watch with a reason."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="end_watch", now=now)
    watch = _open_watch(db, loaded, now)
    watch.end_reason = required_reason(reason, "结束理由", article="8(7)")
    watch.state, watch.ended_at = "ended", now
    advance(db, loaded, "end_watch", actor=actor, now=now, reason=watch.end_reason)


def apply_anew(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> Consultation:
    """Turn the watch into the draft of a new consultation that knows this one, with everything carried over."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="apply_anew", now=now)
    watch = _open_watch(db, loaded, now)
    successor = create_application(db, actor=actor, given=carried_over(loaded.consultation), now=now)
    successor.previous_consultation_id = consultation_id
    _carry_material(db, consultation_id, watch, successor, actor, now)
    watch.state, watch.ended_at, watch.successor_id = "reapplied", now, successor.id
    advance(db, loaded, "apply_anew", actor=actor, now=now, successor_id=successor.id)
    return successor


def carried_over(consultation: Consultation) -> ApplicationInput:
    """What was typed in an application, to begin another one with."""
    product, verification = consultation.product, consultation.verification
    names = (*PRODUCT_TEXTS, "produced_from", "produced_until", "origin")
    return ApplicationInput(
        grounds=given_grounds(consultation),
        verification=PreliminaryVerification(
            verification.checked, verification.verified_by, verification.verified_on, verification.result
        ),
        information_sources=frozenset(product.information_sources),
        product={name: getattr(product, name) for name in names},
    )


def _carry_material(
    db: Session, consultation_id: int, watch: Watch, successor: Consultation, actor: Actor, now: datetime
) -> None:
    """The latest version of each item of the former consultation, then what came while watching; each file once."""
    former = {item.number: item for item in items_of(db, consultation_id)}
    known: list[Material | WatchFile] = [
        *former.values(),
        *(one for entry in watch.entries[::-1] for one in entry.files),
    ]
    for number, one in enumerate({one.sha256: one for one in known}.values(), start=1):
        db.add(
            Material(
                consultation_id=successor.id, number=number, kind=one.kind, title=one.title, filename=one.filename,
                report_number=one.report_number if isinstance(one, Material) else "", content_type=one.content_type,
                size=one.size, sha256=one.sha256, uploaded_by_id=actor.person_id, uploaded_at=now,
            )
        )  # fmt: skip
        ask_for_preview(db, sha256=one.sha256, content_type=one.content_type, now=now)


def why_not(db: Session, loaded: Loaded, now: datetime) -> str | None:
    """Why nothing can be done about a watch, else None."""
    watch = _watch(db, loaded.consultation.id)
    if watch is None:
        return "会诊结果不是持续关注，没有需要跟踪的事项。"
    if watch.state != "open":
        return f"持续关注{STATES[watch.state]}。" if watch.state == "reapplied" else "持续关注已经结束。"
    return None


@dataclass(frozen=True)
class WatchPage:
    """A watch with its entries, newest first."""

    state: str
    state_label: str
    review_on: date
    suggested_review_on: date
    began_at: datetime
    owner_name: str
    end_reason: str
    ended_at: datetime | None
    successor_id: int | None
    entries: tuple[WatchEntry, ...]
    owner_id: int
    reopen_on: tuple[str, ...]
    reopen_note: str
    staff: tuple[tuple[int, str], ...]

    @property
    def met(self) -> tuple[str, ...]:
        """Which of the conditions for applying anew have been found, in words."""
        found = {name for entry in self.entries for name in entry.findings}
        return tuple(FINDINGS[name] for name in self.reopen_on if name in found)

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.state == "open"


def summary(db: Session, loaded: Loaded, now: datetime) -> WatchPage | None:
    """What the watch's page and the consultation's page show; None where there is none to be seen."""
    if not loaded.may("view_watch"):
        return None
    watch = _watch(db, loaded.consultation.id)
    if watch is None:
        return None
    months = loaded.edition.value("watch_review_months").value
    return WatchPage(
        state=watch.state,
        state_label=STATES[watch.state],
        review_on=watch.review_on,
        suggested_review_on=add_months(beijing_day(now), months),
        began_at=watch.began_at,
        owner_name=watch.owner.name,
        end_reason=watch.end_reason,
        ended_at=watch.ended_at,
        successor_id=watch.successor_id if Relation.APPLICANT in loaded.relations else None,  # a draft is its own
        entries=tuple(watch.entries),
        owner_id=watch.owner_id,
        reopen_on=tuple(watch.reopen_on),
        reopen_note=watch.reopen_note,
        staff=tuple((one.id, one.name) for one in staff_of(db, loaded.consultation.applicant_institution_id)),
    )


def _kept(file: UploadedFile, kind: str, title: str) -> WatchFile:
    if kind not in MATERIAL_KINDS:
        raise Invalid.field("file_kind", "请选择材料的种类。", "8(7)")
    return WatchFile(
        kind=kind, title=title.strip() or PurePosixPath(file.filename).stem, filename=file.filename,
        content_type=file.content_type, size=file.size, sha256=file.sha256,
    )  # fmt: skip


def _watch(db: Session, consultation_id: int) -> Watch | None:
    return db.scalar(select(Watch).where(Watch.consultation_id == consultation_id))


def _open_watch(db: Session, loaded: Loaded, now: datetime) -> Watch:
    reason = why_not(db, loaded, now)
    watch = _watch(db, loaded.consultation.id)
    if reason is not None or watch is None:
        raise Refusal(reason or "", article="8(7)")
    return watch


def _owe_review(db: Session, consultation: Consultation, review_on: date, now: datetime) -> None:
    oblige(
        db, consultation, "review_watch", now=now, institution_id=consultation.applicant_institution_id,
        due_at=end_of_day(review_on),
    )  # fmt: skip


WHY_NOT: dict[str, Callable[[Session, Loaded, datetime], str | None]] = {
    "continue_watch": why_not,
    "set_watch": why_not,
    "end_watch": why_not,
    "apply_anew": why_not,
}


def view_watch(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> WatchPage | None:
    """The watch's page, None where there is no watch; NotFound for those who may not see it."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="view_watch", now=now)
    return summary(db, loaded, now)
