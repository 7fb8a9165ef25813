"""What a producer is filling in, with its files, until it is handed in; the same for an officer who records paper.

Every save keeps everything typed. Photographs and proof hang on the draft and go with it when it is handed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.case_document import CaseDocument, CaseFile
from portal.models.recall_case import RecallCase
from portal.process.errors import Invalid, Stale
from portal.rules.recall.annexes import Annex
from portal.services.consultation.material import UploadedFile
from portal.services.kernel.storage_removal import queue_removal
from portal.services.recall import producer_answers
from portal.services.recall.case_documents import (
    OBJECTION,
    PLAN_ANNEXES,
    Typed,
    annex_of,
    beginning_of,
    draft_of,
    require_known,
    values_of,
    write_draft,
)
from portal.services.recall.given import keep_files
from portal.services.recall.producer_answers import Answering, Source, answering
from portal.services.recall.producer_drafts import AnnexToFill, returned_of, to_fill
from portal.services.recall.producer_sendings import note_sending, require_not_too_often

ANNEXES_OF: Mapping[str, tuple[str, ...]] = {
    "hand_in_report": ("producer_report",),
    "raise_objection": (OBJECTION,),
    "hand_in_plan": PLAN_ANNEXES,
    "hand_in_interim_summary": ("interim_summary",),
    "hand_in_summary": ("recall_summary",),
}
"""What is handed in with each act of the producer that hands in anything."""
BY_CHANNEL = ("hand_in_interim_summary", "hand_in_summary")
"""The acts that tell the recalled quantity by sales channel as well."""
PHOTOGRAPH_KINDS = ("jpg", "png")
LARGEST_PHOTOGRAPH = 20 * 1024 * 1024  # bytes; it is printed into the annex
MOST_FILES = 60
"""Photographs and proof of one annex; a check of the sending, not a rule."""
_CHANNEL = "channel-"
_CHANGED = "填报内容刚刚有改动，请核对最新内容后再提交。"


@dataclass(frozen=True)
class DraftFiles:
    """What changes in the files of a draft: photographs by their field, proof, and the SHA-256 of those that go."""

    photographs: Mapping[str, Sequence[UploadedFile]] = field(default_factory=dict)
    proof: Sequence[UploadedFile] = ()
    removed: Sequence[str] = ()


@dataclass(frozen=True)
class ObjectionDraft:
    """An objection as it was typed so far."""

    words: str
    files: tuple[CaseFile, ...]
    version: int | None


def answer_to_fill(db: Session, *, source: Source, act: str, annex: str, now: datetime) -> AnnexToFill:
    """An annex of an act of the producer, authorised for the act. KeyError for one that is not of this act."""
    loaded = answering(db, source, act, now, is_signed=False).loaded
    return to_fill(db, loaded.case, ANNEXES_OF[act][ANNEXES_OF[act].index(annex)], source.typed_by)


def objection_draft(db: Session, *, source: Source, now: datetime) -> ObjectionDraft:
    """The objection as it was typed so far."""
    loaded = answering(db, source, "raise_objection", now, is_signed=False).loaded
    draft = draft_of(db, loaded.case.id, OBJECTION, source.typed_by)
    if draft is None:
        return ObjectionDraft("", (), None)
    return ObjectionDraft(str(draft.stored_values.get("words", "")), tuple(draft.files), draft.version)


def require_room(db: Session, *, source: Source, act: str, now: datetime) -> None:
    """TooOften where what comes through a link would not be taken; asked before its files are stored."""
    answer = answering(db, source, act, now, is_signed=False)
    if answer.link is not None:
        require_not_too_often(db, link=answer.link, address=source.address, now=now)


def save_answer_draft(
    db: Session,
    *,
    source: Source,
    act: str,
    annex: str,
    typed: Typed,
    version: int | None,
    files: DraftFiles | None = None,
    now: datetime,
) -> CaseDocument:
    """Save what was typed so far, and keep or remove files. Stale when somebody else saved it meanwhile.

    A draft that follows a returned version begins with that version's files. Invalid at `proof` for too many.
    """
    answer = answering(db, source, act, now, is_signed=False)
    if answer.link is not None:
        note_sending(db, link=answer.link, address=source.address, now=now)
    case, files = answer.loaded.case, files or DraftFiles()
    require_known(db, case, annex, version, typed_by=source.typed_by)
    is_new = draft_of(db, case.id, annex, source.typed_by) is None
    draft = write_draft(db, case, annex, typed, now=now, made_by="producer", typed_by=source.typed_by)
    returned = returned_of(db, case.id, annex)
    if is_new and returned is not None:
        _carry_over(db, returned, draft)
    _remove(db, draft, files.removed, now)
    for name, pictures in {**files.photographs, "": files.proof}.items():
        _keep(db, answer, draft, name, pictures, now)
    db.flush()
    db.refresh(draft, ["files"])
    if len(draft.files) > MOST_FILES:
        raise Invalid.field("proof", f"照片和证明材料一共最多 {MOST_FILES} 个文件，请合并后再上传。")
    if annex != OBJECTION:
        _name_photographs(draft, annex_of(case, annex))
        db.flush()
    return draft


def hand_in_drafts(
    db: Session, *, source: Source, what: str, versions: Sequence[int | None], now: datetime
) -> list[CaseDocument]:
    """Do the act `what` with what was saved, exactly as it was shown.

    `versions` of the drafts in the order of ANNEXES_OF. Stale when one has changed since. Only for drafts that could
    be read as they were typed: a draft holds the values that could be read. An annex of a plan that was returned and
    that nobody has touched since goes in again as it was, so that the new version is whole; one at least has changed.
    """
    case = answering(db, source, what, now, is_signed=False).loaded.case
    drafts = {slug: draft_of(db, case.id, slug, source.typed_by) for slug in ANNEXES_OF[what]}
    known = [draft.version for draft in drafts.values() if draft is not None]
    if not known or known != list(versions):
        raise Stale(_CHANGED)
    found = [draft or _begun_anew(db, case, slug, source, now) for slug, draft in drafts.items()]
    typed = {draft.annex: Typed(values_of(case, draft)) for draft in found}
    if what == "hand_in_plan":
        return producer_answers.hand_in_plan(db, source=source, plan=typed, now=now)
    given: dict[str, Any] = {"source": source, "typed": typed[found[0].annex], "now": now}
    if what in BY_CHANNEL:
        given["channels"] = quantities_by_channel(annex_of(case, found[0].annex), found[0].raw or {})
    return [getattr(producer_answers, what)(db, **given)]


def _begun_anew(db: Session, case: RecallCase, slug: str, source: Source, now: datetime) -> CaseDocument:
    """The draft of an annex as its returned version was, with its files. Stale where there is none."""
    returned = returned_of(db, case.id, slug)
    if returned is None:
        raise Stale(_CHANGED)
    typed = Typed(beginning_of(db, case, slug, source.typed_by))
    draft = write_draft(db, case, slug, typed, now=now, made_by="producer", typed_by=source.typed_by)
    _carry_over(db, returned, draft)
    return draft


def channel_rows(annex: Annex, raw: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The sales channels of an annex with what was typed for each: value, label, quantity."""
    return [
        (str(one.value), one.label, next(iter(raw.get(f"{_CHANNEL}{one.value}") or ()), ""))
        for one in annex.field("sales_channels").options
    ]


def raw_channels(annex: Annex, given: Mapping[str, str]) -> dict[str, list[str]]:
    """What was typed by channel, to be kept in the draft."""
    names = [f"{_CHANNEL}{one.value}" for one in annex.field("sales_channels").options]
    return {name: [given[name][:20]] for name in names if given.get(name)}


def quantities_by_channel(annex: Annex, raw: Mapping[str, Any]) -> dict[str, int]:
    """The quantities by channel; what is empty is left out. Invalid for what is no whole number."""
    found = {}
    for value, label, text in channel_rows(annex, raw):
        text = text.strip().replace(",", "")
        if not text:
            continue
        if not text.isascii() or not text.isdecimal() or len(text) > 9:
            raise Invalid.field("channels", f"“{label}”的召回数量应当是整数。")
        found[value] = int(text)
    return found


def _keep(
    db: Session, answer: Answering, draft: CaseDocument, name: str, files: Sequence[UploadedFile], now: datetime
) -> None:
    """Keep files with the draft; the same file twice in one place is one."""
    there = set(db.scalars(select(CaseFile.sha256).where(CaseFile.document_id == draft.id, CaseFile.field == name)))
    new = {file.sha256: file for file in files if file.sha256 not in there}
    keep_files(
        db, answer.loaded.case, list(new.values()), now=now, actor=answer.loaded.actor, document=draft, field=name,
        link=answer.link,
    )  # fmt: skip


def _name_photographs(draft: CaseDocument, annex: Annex) -> None:
    """The value of a photographs field is the SHA-256 of its files."""
    stored = dict(draft.stored_values)
    for name in (one.name for one in annex.fields.values() if one.type == "photographs"):
        stored.pop(name, None)
        keys = [file.sha256 for file in draft.files if file.field == name]
        if keys:
            stored[name] = keys
    draft.stored_values = stored


def _remove(db: Session, draft: CaseDocument, removed: Sequence[str], now: datetime) -> None:
    """Take files off a draft; what is none of its files removes nothing."""
    if not removed:
        return
    db.flush()
    gone = db.scalars(select(CaseFile).where(CaseFile.document_id == draft.id, CaseFile.sha256.in_(removed))).all()
    for file in gone:
        db.delete(file)
    db.flush()
    queue_removal(db, [file.sha256 for file in gone], now=now)


def _carry_over(db: Session, returned: CaseDocument, draft: CaseDocument) -> None:
    for file in returned.files:
        db.add(
            CaseFile(
                case_id=file.case_id, document_id=draft.id, field=file.field, title=file.title, filename=file.filename,
                content_type=file.content_type, size=file.size, sha256=file.sha256, uploaded_at=file.uploaded_at,
                person_id=file.person_id, link_id=file.link_id,
            )
        )  # fmt: skip
    db.flush()
