"""Queueing mail: written to the outbox in the transaction of the change it tells of."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, or_, select
from sqlalchemy.orm import Session

from portal.mail.kinds import MAIL_KINDS, Urgency
from portal.mail.messages import render
from portal.models.account import AccountLink, Person, PersonRole
from portal.models.consultation import Consultation
from portal.models.institution import InstitutionHead, Liaison
from portal.models.mail_preference import MailPreference
from portal.models.obligation import Obligation
from portal.models.outbox import OutboxMessage
from portal.models.recall_case import RecallCase
from portal.models.time_poll import TimePollLink
from portal.process.permissions import Role
from portal.rules.mail_times import after_quiet_hours
from portal.services.kernel.calendar import working_calendar
from portal.services.kernel.deadline_words import counted_words

MESSAGE_ID_DOMAIN = "consultation.portal"


def queue(
    db: Session,
    kind: str,
    recipients: Iterable[Person],
    *,
    now: datetime,
    link_label: str,
    link_path: str,
    consultation: Consultation | None = None,
    case: RecallCase | None = None,
    calendars: Mapping[int, str] | None = None,
    owed: Iterable[Obligation] = (),
    account_link: AccountLink | None = None,
    poll_links: Mapping[int, TimePollLink] | None = None,
    reminds_of: Obligation | None = None,
    urgency: Urgency | None = None,
    **context: Any,
) -> int:
    """Queue the mail `kind` to each active recipient once; return to how many.

    `context` fills the template beside what `consultation` or `case` gives: number, product. `owed` are the
    obligations that the mail tells of: the recipient's own, or that of the institution, gives `due_at` and
    `how_counted`, and for a kind that has a date a calendar entry. `calendars` are iCalendar texts by person that
    go with it instead.
    The link leads to the very spot after log-in; with `account_link` to where its holder chooses a password, with
    the link of a person in `poll_links` to where he or she marks times. The tokens are made when the mail leaves.
    A mail that `reminds_of` an obligation does not leave once that is done, or its deadline another one.
    The recipients' preferences decide when it leaves (`urgency`, by default that of the kind).
    """
    people = {recipient.id: recipient for recipient in recipients if recipient.is_active}
    urgency, told_of = urgency or MAIL_KINDS[kind].urgency, [reminds_of] if reminds_of else list(owed)
    choosy = [person.id for person in people.values() if person.has_mail_preference]
    wishes = _preferences(db, choosy) if choosy and urgency is not Urgency.MANDATORY else {}
    messages = []
    for person in people.values():
        obligation = _of(person, told_of)
        known = context
        if obligation is not None and "how_counted" not in context:
            known = {**_deadline(db, obligation), **context}
        letter = render(kind, person=person, consultation=consultation, case=case, **known)
        poll_link = (poll_links or {}).get(person.id)
        calendar = (calendars or {}).get(person.id)
        opens = MAIL_KINDS[kind].has_date and not context.get("is_reminder")
        if calendar is None and obligation is not None and opens:
            calendar = _entry(obligation, person, consultation or case, now, known)
        state, leaves_at = _fate(kind, urgency, wishes.get(person.id), now)
        messages.append(
            {
                "message_id": f"<{uuid.uuid4().hex}@{MESSAGE_ID_DOMAIN}>",
                "kind": kind,
                "consultation_id": consultation.id if consultation else None,
                "recall_case_id": case.id if case else None,
                "person_id": person.id,
                "recipient_name": person.name,
                "recipient_address": person.email,
                "subject": letter.subject,
                "text": letter.text,
                "obligation_id": obligation.id if obligation is not None else None,
                "about_at": (reminds_of.due_at or reminds_of.since_at) if reminds_of else None,
                "link_label": link_label,
                "link_path": link_path,
                "calendar": calendar,
                "account_link_id": account_link.id if account_link else None,
                "poll_link_id": poll_link.id if poll_link else None,
                "state": state,
                "created_at": now,
                "next_try_at": leaves_at,
            }
        )
    if messages:
        # One statement for all: as objects they would be inserted one by one, each to learn its id.
        db.execute(insert(OutboxMessage), messages)
    return len(messages)


def _of(person: Person, owed: Sequence[Obligation]) -> Obligation | None:
    """What of `owed` the mail to this person is about: the own, else the institution's, else the only one."""
    own = next((one for one in owed if one.person_id == person.id), None)
    theirs = (one for one in owed if one.institution_id is not None and one.institution_id == person.institution_id)
    return own or next(theirs, None) or (owed[0] if len(owed) == 1 else None)


def _deadline(db: Session, obligation: Obligation) -> dict[str, Any]:
    db.flush()  # one that was opened just now gets its id
    return {
        "due_at": obligation.due_at,
        "is_provisional": obligation.is_provisional,
        "how_counted": counting_of(db, obligation),
    }


def counting_of(db: Session, obligation: Obligation) -> str:
    """How the deadline of an obligation was worked out; "" where there is none, or one that a consultation set."""
    if obligation.recall_case_id is not None:
        case = db.get_one(RecallCase, obligation.recall_case_id)
        return counted_words(obligation, working_calendar(db), case)
    return counted_words(obligation, working_calendar(db)) if obligation.working_days is not None else ""


def _entry(
    obligation: Obligation,
    person: Person,
    of: Consultation | RecallCase | None,
    now: datetime,
    known: Mapping[str, Any],
) -> str | None:
    if obligation.due_at is None:
        return None
    # Its library is large, and few processes ever call for something that has a date.
    from portal.services.kernel.deadline_entry import deadline_calendar

    words = {"about": str(known.get("about", "")), "how_counted": str(known["how_counted"])}
    return deadline_calendar(obligation, person.id, of=of, now=now, **words)


class _Wish(NamedTuple):
    """A person's choices, read as plain values."""

    person_id: int
    digest: str
    quiet_from: int | None
    quiet_until: int | None
    unwanted: str


def _preferences(db: Session, person_ids: list[int]) -> dict[int, _Wish]:
    return {row[0]: _Wish(*row) for row in db.execute(_PREFERENCES, {"persons": person_ids})}


def _fate(kind: str, urgency: Urgency, wish: _Wish | None, now: datetime) -> tuple[str, datetime]:
    """The state that a message begins in, and when it leaves."""
    if wish is None or urgency is Urgency.MANDATORY:
        return "queued", now
    if urgency is Urgency.DIGESTIBLE:
        if kind in wish.unwanted.split():
            return "muted", now
        if wish.digest != "none":
            return "collected", now
    return "queued", leaves_at(wish, now)


def leaves_at(wish: MailPreference | _Wish, now: datetime) -> datetime:
    """`now`, or the end of the quiet hours that the person has chosen and that it lies in."""
    if wish.quiet_from is None or wish.quiet_until is None:
        return now
    return after_quiet_hours(now, wish.quiet_from, wish.quiet_until)


def liaisons(db: Session, institution_ids: Iterable[int], on: date) -> list[Person]:
    """The liaisons of these institutions on a day."""
    return list(db.scalars(_LIAISONS, {"institutions": list(institution_ids), "day": on}))


# Made once: making it takes longer than running it.
_LIAISONS = (
    select(Person)
    .join(Liaison, Liaison.person_id == Person.id)
    .where(
        Liaison.institution_id.in_(bindparam("institutions", expanding=True)),
        Liaison.from_on <= bindparam("day"),
        or_(Liaison.until_on.is_(None), Liaison.until_on > bindparam("day")),
    )
    .order_by(Person.id)
)


def liaisons_or_staff(db: Session, institution_ids: Iterable[int], on: date) -> list[Person]:
    """The liaisons of these institutions on a day; of one without a liaison that can be reached, all its staff."""
    wanted = list(institution_ids)
    found = [person for person in liaisons(db, wanted, on) if person.is_active]
    without = set(wanted) - {person.institution_id for person in found}
    return [*found, *(staff(db, sorted(without)) if without else ())]


def staff(db: Session, institution_ids: Iterable[int]) -> list[Person]:
    """The staff of these institutions whose accounts are open."""
    return list(db.scalars(_WITH_ROLE, {"institutions": list(institution_ids), "role": Role.STAFF.value}))


def officers(db: Session, institution_ids: Iterable[int]) -> list[Person]:
    """The officers of these regulators whose accounts are open."""
    return list(db.scalars(_WITH_ROLE, {"institutions": list(institution_ids), "role": Role.OFFICER.value}))


def people_of(db: Session, institution_ids: Iterable[int], on: date) -> list[Person]:
    """Who is told of what these owe: liaisons, else staff, of a technical institution; officers of a regulator."""
    wanted = list(institution_ids)
    return [*liaisons_or_staff(db, wanted, on), *officers(db, wanted)]


_WITH_ROLE = (
    select(Person)
    .join(PersonRole, PersonRole.person_id == Person.id)
    .where(
        Person.institution_id.in_(bindparam("institutions", expanding=True)),
        PersonRole.role == bindparam("role"),
        Person.is_active,
    )
    .order_by(Person.id)
)


def heads(db: Session, institution_ids: Iterable[int], on: date) -> list[Person]:
    """The heads (负责人) of these institutions on a day; of one without a head that can be reached, `people_of`."""
    wanted = list(institution_ids)
    named = db.execute(_HEADS, {"institutions": wanted, "day": on}).all()
    without = set(wanted) - {row.institution_id for row in named}
    return [*(row.Person for row in named), *(people_of(db, sorted(without), on) if without else ())]


_HEADS = (
    select(Person, InstitutionHead.institution_id)
    .join(InstitutionHead, InstitutionHead.person_id == Person.id)
    .where(
        InstitutionHead.institution_id.in_(bindparam("institutions", expanding=True)),
        InstitutionHead.from_on <= bindparam("day"),
        or_(InstitutionHead.until_on.is_(None), InstitutionHead.until_on > bindparam("day")),
        Person.is_active,
    )
    .order_by(Person.id)
)
_PREFERENCES = select(
    MailPreference.person_id,
    MailPreference.digest,
    MailPreference.quiet_from,
    MailPreference.quiet_until,
    MailPreference.unwanted,
).where(MailPreference.person_id.in_(bindparam("persons", expanding=True)))
