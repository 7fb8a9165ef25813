"""我的通知: what mail a person wants, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.mail.kinds import MAIL_KINDS, MailKind, Urgency
from portal.models.account import Person
from portal.models.mail_preference import MailPreference
from portal.models.outbox import OutboxMessage
from portal.process.errors import Invalid
from portal.process.permissions import Actor
from portal.rules.mail_times import is_quiet
from portal.rules.problem import Problem
from portal.services.kernel.events import record
from portal.services.kernel.mailing import leaves_at

DIGESTS = {"none": "不汇总，随时发送", "daily": "每天汇总一次", "weekly": "每周汇总一次"}
USUAL_QUIET_FROM, USUAL_QUIET_UNTIL = 22, 7


@dataclass(frozen=True)
class Preferences:
    """A person's choices. `quiet_from` and `quiet_until` are full hours; `has_quiet_hours` says whether they hold."""

    digest: str = "none"
    digest_hour: int = 9
    digest_weekday: int = 0
    has_quiet_hours: bool = False
    quiet_from: int = USUAL_QUIET_FROM
    quiet_until: int = USUAL_QUIET_UNTIL
    wanted: frozenset[str] = frozenset()


def own_preferences(db: Session, *, actor: Actor) -> Preferences:
    """What the actor chose; the usual hours, switched off, for who never chose."""
    kinds = {one.kind for one in kinds_to_choose(actor)}
    saved = db.get(MailPreference, actor.person_id)
    if saved is None:
        return Preferences(wanted=frozenset(kinds))
    return Preferences(
        digest=saved.digest,
        digest_hour=saved.digest_hour,
        digest_weekday=saved.digest_weekday,
        has_quiet_hours=saved.quiet_from is not None,
        quiet_from=USUAL_QUIET_FROM if saved.quiet_from is None else saved.quiet_from,
        quiet_until=USUAL_QUIET_UNTIL if saved.quiet_until is None else saved.quiet_until,
        wanted=frozenset(kinds - set(saved.unwanted.split())),
    )


def set_preferences(db: Session, *, actor: Actor, given: Preferences, now: datetime) -> None:
    """Save the choices; what was collected leaves at once where no digest is wanted any more.

    Invalid beside the field for hours that contradict each other.
    """
    problems = list(_problems(given))
    if problems:
        raise Invalid(tuple(problems))
    before = own_preferences(db, actor=actor)
    saved = db.get(MailPreference, actor.person_id)
    if saved is None:
        db.get_one(Person, actor.person_id).has_mail_preference = True
        saved = MailPreference(person_id=actor.person_id)
        db.add(saved)
    saved.digest, saved.digest_hour, saved.digest_weekday = given.digest, given.digest_hour, given.digest_weekday
    saved.quiet_from = given.quiet_from if given.has_quiet_hours else None
    saved.quiet_until = given.quiet_until if given.has_quiet_hours else None
    saved.unwanted = " ".join(one.kind for one in kinds_to_choose(actor) if one.kind not in given.wanted)
    saved.changed_at = now
    if given.digest == "none":
        _release(db, saved, now)
    record(
        db, "mail_preferences_changed", now=now, actor=actor, before=_as_facts(before), after=_as_facts(given),
    )  # fmt: skip


def kinds_to_choose(actor: Actor) -> list[MailKind]:
    """The kinds that the actor can leave out or have in a digest: those that can reach somebody in that role."""
    is_expert_only = actor.expert_id is not None and not actor.is_staff
    return [
        one
        for one in MAIL_KINDS.values()
        if one.urgency is Urgency.DIGESTIBLE and not (one.is_for_staff and is_expert_only)
    ]


def mandatory_kinds(actor: Actor) -> list[MailKind]:
    """The kinds that always come at once."""
    takes_part = actor.is_staff or actor.expert_id is not None
    return [
        one
        for one in MAIL_KINDS.values()
        if one.urgency is Urgency.MANDATORY and (takes_part or one.kind.startswith(("account", "password")))
    ]


def _problems(given: Preferences) -> Iterable[Problem]:
    if given.has_quiet_hours and given.quiet_from == given.quiet_until:
        yield Problem("quiet_until", "免打扰的开始和结束不能是同一时刻。", "")
    elif (
        given.digest != "none"
        and given.has_quiet_hours
        and is_quiet(given.digest_hour, given.quiet_from, given.quiet_until)
    ):
        yield Problem("digest_hour", "汇总的发送时间在免打扰时段之内，请另选。", "")


def _release(db: Session, wish: MailPreference, now: datetime) -> None:
    waiting = select(OutboxMessage).where(OutboxMessage.person_id == wish.person_id, OutboxMessage.state == "collected")
    for message in db.scalars(waiting):
        message.state, message.next_try_at = "queued", leaves_at(wish, now)


def _as_facts(said: Preferences) -> dict[str, object]:
    return {
        "digest": said.digest,
        "digest_hour": said.digest_hour,
        "digest_weekday": said.digest_weekday,
        "quiet": [said.quiet_from, said.quiet_until] if said.has_quiet_hours else [],
        "wanted": sorted(said.wanted),
    }
