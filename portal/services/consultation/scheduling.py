"""Step 4, 预约会诊: fixing and moving the session, and whom each institution sends (Art. 5, 8(3), 8(4))."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.account import Person, PersonRole
from portal.models.obligation import Obligation
from portal.models.online_session import OnlineSession, SessionParticipant
from portal.process.errors import Invalid, NotAllowed
from portal.process.permissions import Actor, Role
from portal.rules.editions import Edition
from portal.rules.panel import check_session_staff
from portal.rules.problem import Problem
from portal.rules.session import check_session_time
from portal.services.consultation.application import add_party
from portal.services.consultation.members import accepted_members
from portal.services.consultation.session_invitation import (
    MODES,
    current_session,
    how_to_join,
    invite,
    invited_persons,
    new_uid,
)
from portal.services.consultation.time_poll_asking import close_poll
from portal.services.kernel.advancing import advance
from portal.services.kernel.loading import Loaded, load
from portal.services.kernel.obligations import move, oblige, open_obligations, refresh_next_due

WHY_NOT: dict[str, Callable[[Session, Loaded, datetime], str | None]] = {}


@dataclass(frozen=True)
class SessionPlan:
    """When and how the session is to be held; instants aware."""

    starts_at: datetime
    ends_at: datetime
    mode: str = "online"
    place: str = ""
    meeting_service: str = ""
    meeting_link: str = ""
    meeting_code: str = ""
    meeting_password: str = ""
    late_reason: str = ""


_TEXTS = {
    "place": "地点",
    "meeting_service": "会议服务",
    "meeting_link": "会议链接",
    "meeting_code": "会议号",
    "meeting_password": "会议密码",
    "late_reason": "理由",
}


def fix_session(db: Session, *, actor: Actor, consultation_id: int, plan: SessionPlan, now: datetime) -> OnlineSession:
    """Fix time, mode and place; everybody concerned gets the invitation for the calendar.

    After the fifth working day a reason is needed (Art. 8(3)); on site and mixed need a place (Art. 5).
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="fix_session", now=now)
    consultation = loaded.consultation
    _require_sound(plan, now=now, owed=_owed(db, consultation_id), edition=loaded.edition)
    online = OnlineSession(
        consultation_id=consultation_id, uid=new_uid(), fixed_by_id=actor.person_id, fixed_at=now, state="fixed"
    )
    _write(online, plan)
    db.add(online)
    close_poll(db, consultation_id, now=now, starts_at=plan.starts_at)
    advance(db, loaded, "fix_session", actor=actor, now=now, **_told(plan))
    for institution_id in sorted(loaded.facts.alliance_institution_ids):
        oblige(db, consultation, "name_participants", now=now, institution_id=institution_id, due_at=plan.starts_at)
    for member in accepted_members(db, consultation_id):
        oblige(
            db, consultation, "attend_session", now=now, person_id=member.expert.person_id, due_at=plan.starts_at
        )  # fmt: skip
    invite(db, "session_fixed", consultation, online, invited_persons(db, consultation, online, now), now=now)
    return online


def move_session(db: Session, *, actor: Actor, consultation_id: int, plan: SessionPlan, now: datetime) -> OnlineSession:
    """Change a fixed session; the entry in every calendar is updated (same UID, next SEQUENCE)."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="move_session", now=now)
    consultation = loaded.consultation
    _require_sound(plan, now=now, owed=_owed(db, consultation_id), edition=loaded.edition)
    online = _fixed(db, consultation_id)
    before = online.starts_at
    _write(online, plan)
    online.sequence += 1
    for obligation in open_obligations(db, consultation_id, kinds=["attend_session", "name_participants"]):
        move(obligation, due_at=plan.starts_at, now=now)
    refresh_next_due(db, consultation)
    advance(db, loaded, "move_session", actor=actor, now=now, moved_from=before.isoformat(), **_told(plan))
    persons = invited_persons(db, consultation, online, now)
    invite(db, "session_moved", consultation, online, persons, now=now)
    return online


def name_participants(
    db: Session,
    *,
    actor: Actor,
    consultation_id: int,
    person_ids: Collection[int],
    has_no_interest: bool,
    now: datetime,
) -> None:
    """Name one or two staff of the actor's institution (Art. 8(4)); naming again replaces the earlier ones.

    `has_no_interest` is their declaration that nothing ties them to the producer; without it nobody is named.
    """
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="name_participants", now=now)
    if actor.institution_id is None:
        raise NotAllowed("参会人员由召回技术机构指派。", article="8(4)")
    online = _fixed(db, consultation_id)
    chosen = _chosen_staff(db, actor.institution_id, person_ids)
    problems = list(check_session_staff(len(chosen), loaded.edition))
    problems = [Problem("person_ids", problem.message, problem.article) for problem in problems]
    if not has_no_interest:
        problems.append(Problem("has_no_interest", "请确认参会人员与该产品生产者无利害关系。", "8(4)"))
    if problems:
        raise Invalid(problems)
    added, dropped = _replace(online, actor.institution_id, chosen, now)
    if dropped:
        # Who is dropped now may be named again: each entry of a calendar needs a later SEQUENCE than the one before.
        online.sequence += 1
    add_party(db, loaded.consultation, actor.institution_id)
    advance(
        db, loaded, "name_participants", actor=actor, now=now,
        participants=[person.name for person in chosen], declared_no_interest=True,
    )  # fmt: skip
    if online.state == "fixed":
        consultation = loaded.consultation
        invite(db, "session_fixed", consultation, online, added, now=now)
        reason = "本单位改派其他人员参会"
        invite(db, "session_cancelled", consultation, online, dropped, now=now, method="CANCEL", reason=reason)


@dataclass(frozen=True)
class NamingPage:
    """What an institution sees that is asked to send somebody: product, model and producer, when and how."""

    consultation_id: int
    number: str
    product: tuple[tuple[str, str], ...]
    starts_at: datetime
    how: tuple[str, ...]
    staff: tuple[tuple[int, str], ...]
    named: tuple[int, ...]
    article: str
    least: int
    most: int


def naming_page(db: Session, *, actor: Actor, consultation_id: int, now: datetime) -> NamingPage:
    """Load the page on which the actor's institution names its participants."""
    loaded = load(db, actor=actor, consultation_id=consultation_id, permission="name_participants", now=now)
    consultation, online, edition = loaded.consultation, _fixed(db, consultation_id), loaded.edition
    own = actor.institution_id or 0
    product = consultation.product
    return NamingPage(
        consultation_id,
        consultation.number or "",
        (("产品名称", product.product_name), ("型号", product.model), ("生产者", product.producer)),
        online.starts_at,
        tuple(how_to_join(online)),
        tuple((person.id, person.name) for person in staff_of(db, own)),
        tuple(one.person_id for one in online.participants if one.institution_id == own),
        edition.cite("8(4)"),
        edition.value("session_staff_minimum").value,
        edition.value("session_staff_maximum").value,
    )


def fixed_session(db: Session, *, consultation_id: int) -> OnlineSession:
    """The session that is fixed or open, for who was authorised to change it."""
    return _fixed(db, consultation_id)


def session_due(db: Session, *, consultation_id: int) -> datetime | None:
    """By when the session has to be held; None where nothing is owed."""
    owed = _owed(db, consultation_id)
    return owed.due_at if owed else None


def staff_of(db: Session, institution_id: int) -> list[Person]:
    """Active staff of an institution, by name."""
    return list(
        db.scalars(
            select(Person)
            .join(PersonRole, PersonRole.person_id == Person.id)
            .where(
                Person.institution_id == institution_id,
                Person.is_active.is_(True),
                PersonRole.role == Role.STAFF.value,
            )
            .order_by(Person.name, Person.id)
        )
    )


def _require_sound(plan: SessionPlan, *, now: datetime, owed: Obligation | None, edition: Edition) -> None:
    problems = [*_shape_problems(plan)]
    if owed is not None and owed.due_at is not None:
        problems.extend(
            check_session_time(
                plan.starts_at, now=now, due_at=owed.due_at, late_reason=plan.late_reason, edition=edition
            )
        )
    if problems:
        raise Invalid(problems)


def _shape_problems(plan: SessionPlan) -> list[Problem]:
    problems = []
    for name, label in _TEXTS.items():
        longest = getattr(OnlineSession.__table__.c[name].type, "length", None)
        if longest is not None and len(getattr(plan, name).strip()) > longest:
            problems.append(Problem(name, f"{label}最多 {longest} 个字符。", "8(3)"))
    if plan.ends_at <= plan.starts_at:
        problems.append(Problem("ends_at", "结束时间应晚于开始时间。", "8(3)"))
    if plan.mode not in MODES:
        problems.append(Problem("mode", "请选择会诊方式。", "5"))
    if plan.mode in ("on_site", "mixed") and not plan.place.strip():
        problems.append(Problem("place", f"{MODES[plan.mode]}会诊须写明地点。", "5"))
    if plan.mode in ("online", "mixed") and not (plan.meeting_link.strip() or plan.meeting_code.strip()):
        problems.append(Problem("meeting_link", f"{MODES[plan.mode]}会诊须填写会议链接或会议号。", "5"))
    if plan.meeting_link.strip() and not _is_web_address(plan.meeting_link.strip()):
        problems.append(Problem("meeting_link", "会议链接应以 https:// 开头，请从会议软件中复制完整链接。", "5"))
    return problems


def _is_web_address(link: str) -> bool:
    """Whether the link has the form of a secure web address; it is never fetched."""
    if not link.isprintable() or any(letter.isspace() for letter in link):
        return False
    try:
        parts = urlsplit(link)
        return parts.scheme == "https" and bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        return False


def _owed(db: Session, consultation_id: int) -> Obligation | None:
    return next(iter(open_obligations(db, consultation_id, kinds=["hold_session"])), None)


def _fixed(db: Session, consultation_id: int) -> OnlineSession:
    online = current_session(db, consultation_id)
    if online is None:
        raise ValueError("a scheduled consultation has a session")
    return online


def _write(online: OnlineSession, plan: SessionPlan) -> None:
    online.starts_at, online.ends_at, online.mode = plan.starts_at, plan.ends_at, plan.mode
    for name in _TEXTS:
        setattr(online, name, getattr(plan, name).strip())
    if plan.mode == "online":
        online.place = ""


def _told(plan: SessionPlan) -> dict[str, Any]:
    return {
        "starts_at": plan.starts_at.isoformat(),
        "mode": plan.mode,
        "place": plan.place.strip(),
        "late_reason": plan.late_reason.strip(),
    }


def _chosen_staff(db: Session, institution_id: int, person_ids: Collection[int]) -> list[Person]:
    own = {person.id: person for person in staff_of(db, institution_id)}
    if any(number not in own for number in person_ids):
        raise Invalid.field("person_ids", "只能指派本单位在职的工作人员。", "8(4)")
    return [own[number] for number in sorted(set(person_ids))]


def _replace(
    online: OnlineSession, institution_id: int, chosen: list[Person], now: datetime
) -> tuple[list[Person], list[Person]]:
    """Make `chosen` the institution's participants; returns who is new and who was taken off."""
    before = {one.person_id: one for one in online.participants if one.institution_id == institution_id}
    kept = {person.id for person in chosen}
    dropped = [one for number, one in before.items() if number not in kept]
    for one in dropped:
        online.participants.remove(one)
    added = [person for person in chosen if person.id not in before]
    online.participants.extend(
        SessionParticipant(person_id=person.id, institution_id=institution_id, named_at=now) for person in added
    )
    return added, [one.person for one in dropped]
