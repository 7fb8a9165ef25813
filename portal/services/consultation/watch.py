"""持续关注: the applicant watches the product until that ends or becomes a new consultation (Art. 8(7))."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.models.watch import Watch, WatchEntry
from portal.process.errors import Invalid, Refusal
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
from portal.services.kernel.advancing import advance
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.obligations import oblige

STATES = {"open": "持续关注中", "ended": "已结束", "reapplied": "已重新提出申请"}


def begin_watch(db: Session, consultation: Consultation, *, review_on: date, now: datetime) -> Watch:
    """Begin the watch as the minutes are issued; its owner is who applied. Its first review is owed."""
    watch = Watch(
        consultation_id=consultation.id,
        owner_id=consultation.submitted_by_id or consultation.created_by_id,
        review_on=review_on,
        began_at=now,
        state="open",
    )
    db.add(watch)
    _owe_review(db, consultation, review_on, now)
    return watch


def continue_watch(
    db: Session, *, actor: Actor, consultation_id: int, text: str, next_review_on: date | None, now: datetime
) -> WatchEntry:
    """Write down what was learned, and when to look again; Invalid when that day is not in the future."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="continue_watch", now=now)
    watch = _open_watch(db, loaded, now)
    text = required_reason(text, "本期跟踪情况", field="text", article="8(7)")
    if next_review_on is None or next_review_on <= beijing_day(now):
        raise Invalid.field("next_review_on", "下次复核日期应晚于今天。", "8(7)")
    entry = WatchEntry(
        watch_id=watch.id, at=now, person_id=actor.person_id, person_name=actor.name, text=text,
        next_review_on=next_review_on,
    )  # fmt: skip
    db.add(entry)
    watch.review_on = next_review_on
    advance(db, loaded, "continue_watch", actor=actor, now=now, text=text, next_review_on=next_review_on.isoformat())
    _owe_review(db, loaded.consultation, next_review_on, now)
    return entry


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
    )


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
    "end_watch": why_not,
    "apply_anew": why_not,
}


def view_watch(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> WatchPage | None:
    """The watch's page, None where there is no watch; NotFound for those who may not see it."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="view_watch", now=now)
    return summary(db, loaded, now)
