"""Whom a step of a reminder policy means for one obligation; read once for all that one run looks at.

What a producer owes in a recall case is told to the authority: a producer has no account.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.account import Person, PersonRole
from portal.models.expert import Expert
from portal.models.obligation import Obligation
from portal.process.obligations import OWNING_ROLE_LABELS, PRODUCER
from portal.rules.dates import beijing_day
from portal.rules.reminders import To
from portal.services.kernel.case_mailing import in_charge_or_all
from portal.services.kernel.institutions import all_institutions
from portal.services.kernel.lead import leading_on
from portal.services.kernel.mailing import heads, people_of
from portal.services.kernel.subjects import Subject

Recipient = tuple[Person, To]


class People:
    """The people of obligations on one day: owners, liaisons and heads, each institution asked for once."""

    def __init__(self, db: Session, now: datetime) -> None:
        self._db = db
        self._on = beijing_day(now)
        self._liaisons: dict[int, list[Person]] = {}
        self._heads: dict[int, list[Person]] = {}
        self._registers: dict[int, int | None] = {}
        self._leading: list[int] | None = None

    def owner_institution(self, obligation: Obligation) -> int | None:
        """The institution that owes it, or on whose register the expert is who owes it."""
        if obligation.person_id is None:
            return obligation.institution_id
        if obligation.person_id not in self._registers:
            found = select(Expert.institution_id).where(Expert.person_id == obligation.person_id)
            self._registers[obligation.person_id] = self._db.scalar(found)
        return self._registers[obligation.person_id]

    def owner_name(self, obligation: Obligation) -> str:
        """The person's name, the institution's, or what the role is called."""
        if obligation.person_id is not None:
            return self._db.get_one(Person, obligation.person_id).name
        if obligation.role is not None:
            return OWNING_ROLE_LABELS[obligation.role]
        facts = all_institutions(self._db).get(obligation.institution_id or 0)
        return facts.name if facts else ""

    def told(self, obligation: Obligation, subject: Subject, to: Iterable[To]) -> list[Recipient]:
        """Each active recipient once, as what is nearest to the obligation."""
        found: dict[int, Recipient] = {}
        for one in sorted(to, key=list(To).index):
            for person in self._of(one, obligation, subject):
                if person.is_active:
                    found.setdefault(person.id, (person, one))
        return list(found.values())

    def _of(self, to: To, obligation: Obligation, subject: Subject) -> list[Person]:
        if subject.recall_case_id is not None:
            return self._of_case(to, obligation, subject)
        if to is To.OWNER and obligation.person_id is not None:
            return [self._db.get_one(Person, obligation.person_id)]
        if to is To.OWNER and obligation.role is not None:
            holders = select(Person).join(PersonRole, PersonRole.person_id == Person.id)
            return list(self._db.scalars(holders.where(PersonRole.role == obligation.role).order_by(Person.id)))
        if to is To.LEAD and subject.consultation_id is None:
            return [person for one in self._leads_today() for person in self._people_of(to, one)]
        institution_id = {To.APPLICANT: subject.applicant_id, To.LEAD: subject.lead_id}.get(
            to, self.owner_institution(obligation)
        )
        return self._people_of(to, institution_id) if institution_id is not None else []

    def _of_case(self, to: To, obligation: Obligation, subject: Subject) -> list[Person]:
        """Of a recall case nobody is told but who owes, or the authority where the producer does, and its head."""
        is_producers = obligation.role == PRODUCER
        institution_id = subject.authority_id if is_producers else obligation.institution_id
        if institution_id is None or to not in (To.OWNER, To.HEAD):
            return []
        if to is To.HEAD:
            return self._people_of(to, institution_id)
        return in_charge_or_all(self._db, institution_id, subject.in_charge_id, self._on)

    def _leads_today(self) -> list[int]:
        if self._leading is None:
            self._leading = sorted(leading_on(self._db, self._on))
        return self._leading

    def _people_of(self, to: To, institution_id: int) -> list[Person]:
        known, find = (self._heads, heads) if to is To.HEAD else (self._liaisons, people_of)
        if institution_id not in known:
            known[institution_id] = find(self._db, [institution_id], self._on)
        return known[institution_id]
