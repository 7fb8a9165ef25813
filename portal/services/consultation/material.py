"""Step 3, the material: uploading, sending in one act, adding later, and who opened what (Art. 8(2))."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.material import MATERIAL_KINDS, Material, MaterialOpening
from portal.models.panel import PanelMember
from portal.process.consultation import Stage
from portal.process.errors import Invalid, NotFound, Refusal
from portal.process.obligations import OBLIGATIONS
from portal.process.permissions import Actor
from portal.rules.panel import check_panel
from portal.rules.problem import Problem
from portal.services.consultation.application import required_reason
from portal.services.consultation.members import accepted_members, ask_for_analysis
from portal.services.consultation.preliminary_analysis import settle_telling
from portal.services.kernel.advancing import advance
from portal.services.kernel.events import record
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.mailing import queue
from portal.services.kernel.obligations import extend, open_obligations
from portal.services.previews import ask_for_preview
from portal.storage.kinds import FileRefused, check_kind, clean_name
from portal.storage.local import FileTooLarge, Storage

KIND_LABELS = {
    "test_report": "检测报告",
    "defect_analysis": "缺陷技术分析报告",
    "injury_investigation": "伤害调查报告",
    "research_report": "研究报告",
    "other": "其他",
}
LONGEST_EXTENSION = 20  # working days at once; a check of the typing, not a rule
SHOWN_INLINE = ("application/pdf", "image/", "video/")


@dataclass(frozen=True)
class UploadedFile:
    """A file that lies in the storage; no row knows it yet."""

    filename: str
    content_type: str
    size: int  # bytes
    sha256: str


@dataclass(frozen=True)
class MaterialInput:
    """What is said of a file. `number` names the item it is a new version of; None for a new item."""

    kind: str
    title: str
    report_number: str = ""
    number: int | None = None


@dataclass(frozen=True)
class MaterialFile:
    """What a download needs."""

    title: str
    filename: str
    content_type: str
    size: int
    sha256: str

    @property
    def is_shown_inline(self) -> bool:
        """Whether browsers show it by themselves."""
        return self.content_type.startswith(SHOWN_INLINE)


def store_upload(
    storage: Storage,
    stream: BinaryIO,
    filename: str,
    *,
    limit_bytes: int,
    article: str = "8(2)",
    only: Collection[str] = (),
) -> UploadedFile:
    """Check and store an uploaded file, before any transaction. Invalid at `file` when it is not let in.

    `only` names the extensions that are let in where not every kind is; `article` is what a refusal cites.
    """
    if not filename.strip():
        raise Invalid.field("file", "请选择要上传的文件。", article)
    try:
        kind = check_kind(stream, filename)
        if only and kind.extension not in only:
            raise Invalid.field("file", f"这里只能上传 {'、'.join(only).upper()} 文件。", article)
        stored = storage.put(stream, limit_bytes=limit_bytes)
    except (FileRefused, FileTooLarge) as refused:
        raise Invalid.field("file", str(refused), article) from refused
    return UploadedFile(clean_name(filename), kind.media_type, stored.size, stored.sha256)


def upload_material(
    db: Session, *, actor: Actor, consultation_id: int, given: MaterialInput, file: UploadedFile, now: datetime
) -> Material:
    """Put a file among the material to be sent; a new version takes the place of the former one."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="edit_material", now=now)
    items = items_of(db, consultation_id)
    item = _item(loaded, items, given, file, actor, now)
    for former in [former for former in items if former.number == item.number]:
        db.delete(former)
    db.flush()
    db.add(item)
    db.flush()
    ask_for_preview(db, sha256=item.sha256, content_type=item.content_type, now=now)
    record(
        db, "material_uploaded", now=now, actor=actor, consultation_id=consultation_id,
        detail=item.title, number=item.number, revision=item.revision, sha256=item.sha256,
    )  # fmt: skip
    return item


def remove_material(db: Session, *, actor: Actor, consultation_id: int, material_id: int, now: datetime) -> None:
    """Take an item out before it is sent."""
    load(db, actor=actor, consultation_id=consultation_id, permission="edit_material", now=now)
    item = _found(db, consultation_id, material_id)
    if item.sent_at is not None:
        raise Refusal("材料发送后已固定，不能移除。", article="8(2)")
    db.delete(item)
    record(
        db, "material_removed", now=now, actor=actor, consultation_id=consultation_id,
        detail=item.title, number=item.number, sha256=item.sha256,
    )  # fmt: skip


def send_material(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> None:
    """Send everything to the panel in one act: the material is fixed, and each member's working days begin."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="send_material", now=now)
    reason = _why_not_send(db, loaded, now)
    if reason is not None:
        raise Refusal(reason, article="8(2)")
    items, members = items_of(db, consultation_id), accepted_members(db, consultation_id)
    for item in items:
        item.sent_at = now
    loaded.consultation.material_sent_at = now
    advance(
        db, loaded, "send_material", actor=actor, now=now,
        items=[_told(item) for item in items], detail=f"{len(items)} 份材料发送给 {len(members)} 位专家",
    )  # fmt: skip
    for member in members:
        ask_for_analysis(db, loaded, member, now=now)


def add_material(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    given: MaterialInput,
    file: UploadedFile,
    reason: str,
    now: datetime,
) -> Material:
    """Add an item after sending, with its reason; every member is told, and no deadline moves."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="add_material", now=now)
    reason = required_reason(reason, "补充理由", article="8(2)")
    item = _item(loaded, items_of(db, consultation_id), given, file, actor, now)
    item.sent_at, item.addition_reason = now, reason
    db.add(item)
    db.flush()
    ask_for_preview(db, sha256=item.sha256, content_type=item.content_type, now=now)
    members = accepted_members(db, consultation_id)
    advance(db, loaded, "add_material", actor=actor, now=now, item=_told(item), detail=item.title, reason=reason)
    queue(
        db, "material_added", [member.expert.person for member in members], now=now,
        consultation=loaded.consultation, link_label="查看补充材料",
        link_path=f"/consultations/{consultation_id}/material", item=item, kind_label=KIND_LABELS[item.kind],
    )  # fmt: skip
    return item


def extend_analysis(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    working_days: int,
    reason: str,
    now: datetime,
    member_ids: Collection[int] | None = None,
) -> None:
    """Give members who have not handed in (None: all of them) more working days; the first date stays visible."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="extend_analysis", now=now)
    if not 1 <= working_days <= LONGEST_EXTENSION:
        raise Invalid.field("working_days", f"延长的工作日请填 1 至 {LONGEST_EXTENSION}。", "8(2)")
    reason = required_reason(reason, "延长理由", article="8(2)")
    members = {member.expert.person_id: member for member in accepted_members(db, consultation_id)}
    owed = [
        obligation
        for obligation in open_obligations(db, consultation_id, kinds=("hand_in_analysis",))
        if obligation.person_id in members and (member_ids is None or members[obligation.person_id].id in member_ids)
    ]
    if not owed:
        raise Refusal("没有尚未提交初步分析的专家，不需要延长。", article="8(2)")
    for obligation in owed:
        before = obligation.due_at
        extend(db, loaded.consultation, obligation, working_days=working_days, reason=reason, now=now)
        queue(
            db, "deadline_moved", [members[obligation.person_id or 0].expert.person], now=now,
            consultation=loaded.consultation, owed=[obligation], link_label="填写初步分析",
            link_path=f"/consultations/{consultation_id}/preliminary-analysis/hand-in-analysis",
            duty=OBLIGATIONS[obligation.kind].label, before=before, reason=reason, added_days=working_days,
        )  # fmt: skip
    settle_telling(db, loaded.consultation, now=now)
    names = [members[obligation.person_id].name for obligation in owed if obligation.person_id is not None]
    advance(
        db,
        loaded,
        "extend_analysis",
        actor=actor,
        now=now,
        working_days=working_days,
        reason=reason,
        names="、".join(names),
    )


def open_material(db: Session, *, actor: Actor, consultation_id: int, material_id: int, now: datetime) -> MaterialFile:
    """What the actor opens; the first opening is recorded, for members also as the moment they first saw any of it.

    Who may not see the material, or not yet, finds nothing.
    """
    item = find_material(db, actor=actor, consultation_id=consultation_id, material_id=material_id, now=now)
    if db.get(MaterialOpening, (item.id, actor.person_id)) is None:
        db.add(MaterialOpening(material_id=item.id, person_id=actor.person_id, opened_at=now))
    if actor.expert_id is not None:
        _note_first_sight(db, actor.expert_id, consultation_id, now)
    db.flush()
    return file_of(item)


def file_of(item: Material) -> MaterialFile:
    """What sending the file of an item needs."""
    return MaterialFile(item.title, item.filename, item.content_type, item.size, item.sha256)


def has_opened(db: Session, *, actor: Actor, consultation_id: int, material_id: int) -> bool:
    """Whether the opening by the actor is on record, so that the next part of a file need not be written down again."""
    if db.get(MaterialOpening, (material_id, actor.person_id)) is None:
        return False
    return actor.expert_id is None or _unopened_place(db, actor.expert_id, consultation_id) is None


def find_material(db: Session, *, actor: Actor, consultation_id: int, material_id: int, now: datetime) -> Material:
    """An item that the actor may see; NotFound otherwise."""
    loaded = seeing(db, actor=actor, consultation_id=consultation_id, now=now)
    item = _found(db, consultation_id, material_id)
    if item.sent_at is None and not loaded.may("view_material"):
        raise NotFound
    return item


def seeing(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> Loaded:
    """The consultation for somebody who may see its material, or what was sent of it; NotFound for others."""
    return load(db, actor=actor, consultation_id=consultation_id, permission="open_material", now=now)


def items_of(db: Session, consultation_id: int) -> list[Material]:
    """All items by number and version."""
    return list(
        db.scalars(
            select(Material)
            .where(Material.consultation_id == consultation_id)
            .order_by(Material.number, Material.revision)
        )
    )


def _note_first_sight(db: Session, expert_id: int, consultation_id: int, now: datetime) -> None:
    place = _unopened_place(db, expert_id, consultation_id)
    if place is not None:
        place.material_opened_at = now


def _unopened_place(db: Session, expert_id: int, consultation_id: int) -> PanelMember | None:
    """The expert's place in the panel, if nothing of the material was opened from it yet."""
    return db.scalar(
        select(PanelMember).where(
            PanelMember.consultation_id == consultation_id,
            PanelMember.expert_id == expert_id,
            PanelMember.state == "accepted",
            PanelMember.material_opened_at.is_(None),
        )
    )


def _found(db: Session, consultation_id: int, material_id: int) -> Material:
    item = db.get(Material, material_id)
    if item is None or item.consultation_id != consultation_id:
        raise NotFound
    return item


def _item(
    loaded: Loaded, items: list[Material], given: MaterialInput, file: UploadedFile, actor: Actor, now: datetime
) -> Material:
    problems = []
    if given.kind not in MATERIAL_KINDS:
        problems.append(Problem("kind", "请选择材料的种类。", "8(2)"))
    if not given.title.strip():
        problems.append(Problem("title", "请填写材料名称。", "8(2)"))
    former = [item for item in items if item.number == given.number]
    if given.number is not None and not former:
        problems.append(Problem("number", "没有这一编号的材料，不能作为它的新版本。", "8(2)"))
    if any(item.sha256 == file.sha256 for item in items):
        problems.append(Problem("file", "同一文件已经上传过，不必重复上传。", "8(2)"))
    if problems:
        raise Invalid(problems)
    return Material(
        consultation_id=loaded.consultation.id,
        number=given.number or max((item.number for item in items), default=0) + 1,
        revision=max((item.revision for item in former), default=0) + 1,
        kind=given.kind,
        title=given.title.strip(),
        report_number=given.report_number.strip(),
        filename=file.filename,
        content_type=file.content_type,
        size=file.size,
        sha256=file.sha256,
        uploaded_by_id=actor.person_id,
        uploaded_at=now,
    )


def _told(item: Material) -> dict[str, str | int]:
    return {"title": item.title, "number": item.number, "revision": item.revision, "sha256": item.sha256}


def _why_not_send(db: Session, loaded: Loaded, _now: datetime) -> str | None:
    if loaded.stage != Stage.MATERIAL:
        return "专家组确认后方可发送会诊材料"
    if not items_of(db, loaded.consultation.id):
        return "还没有上传会诊材料"
    size = len(accepted_members(db, loaded.consultation.id))
    # Too few members cannot begin; an even number is the lead's to settle and does not hold the applicant up.
    too_few = [problem for problem in check_panel(size, "-", loaded.edition) if problem.field == "members"]
    return f"{too_few[0].message}，请牵头单位先补选专家" if too_few else None


WHY_NOT: dict[str, Callable[[Session, Loaded, datetime], str | None]] = {"send_material": _why_not_send}
