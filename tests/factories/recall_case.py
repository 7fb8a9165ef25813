"""Regulators with their officers, and a recall case in any stage, begun and advanced by the kernel."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models.account import Person, PersonRole
from portal.models.event import Event
from portal.models.recall_case import CaseParticipant, RecallCase, RecallProduct
from portal.process.permissions import Actor, Role
from portal.rules.dates import beijing_day
from portal.rules.recall.editions import edition_for
from portal.services.kernel.case_advancing import advance_case, begin_case
from portal.services.kernel.case_loading import load_case
from portal.services.regulators import establish_regulators, regulator_of
from tests.factories.world import NOON, World

NANJING, SUZHOU, JIANGSU, HEFEI = "320100", "320500", "320000", "340100"


@dataclass
class Regulators:
    """Ids and officers by division code; the first two officers of Nanjing, one of each other."""

    institutions: dict[str, int] = field(default_factory=dict)
    officers: dict[str, tuple[Actor, ...]] = field(default_factory=dict)

    @property
    def city(self) -> Actor:
        """An officer of Nanjing, which handles the cases of most tests."""
        return self.officers[NANJING][0]

    @property
    def province(self) -> Actor:
        """An officer of Jiangsu."""
        return self.officers[JIANGSU][0]


def build_regulators(db: Session, *, password_hash: str = "!", now: datetime = NOON) -> Regulators:
    """The regulators of the region, with officers in four of them."""
    establish_regulators(db, actor=None, now=now)
    found = Regulators()
    for code, names in {NANJING: ("宁甲", "宁乙"), SUZHOU: ("苏州甲",), JIANGSU: ("苏甲",), HEFEI: ("肥甲",)}.items():
        regulator = regulator_of(db, code)
        found.institutions[code] = regulator.id
        found.officers[code] = tuple(
            _officer(db, f"officer-{code}-{place}", name, regulator.id, password_hash, now)
            for place, name in enumerate(names, start=1)
        )
    return found


def _officer(db: Session, username: str, name: str, institution_id: int, password_hash: str, now: datetime) -> Actor:
    person = Person(
        username=username, name=name, email=f"{username}@example.org", institution_id=institution_id,
        password_hash=password_hash, password_changed_at=now, created_at=now,
        roles=[PersonRole(role=Role.OFFICER.value)],
    )  # fmt: skip
    db.add(person)
    db.flush()
    return Actor(person.id, name, institution_id, frozenset({Role.OFFICER}), address="192.0.2.1")


def begun(
    db: Session, regulators: Regulators, *, division: str = NANJING, by: Actor | None = None, now: datetime = NOON
) -> RecallCase:
    """A clue about an electric blanket, recorded by an officer of the regulator that handles it, or by another."""
    actor = by or regulators.officers[division][0]
    last = db.scalar(select(func.max(RecallCase.serial))) or 0
    case = RecallCase(
        edition=edition_for(beijing_day(now)).name, province="jiangsu", year=2026, serial=last + 1, area=division,
        authority_id=regulators.institutions[division], begun_by_id=actor.institution_id,
        created_by_id=actor.person_id, begun_at=now, channel="complaint", found_on=date(2026, 2, 27),
    )  # fmt: skip
    case.product = RecallProduct(product_name="电热毯", model="XM-1518D", producer="南京煦眠家居用品有限公司")
    begin_case(db, case, "record_clue", actor=actor, now=now)
    return case


def act(db: Session, case: RecallCase, name: str, *, actor: Actor, now: datetime = NOON, **how: Any) -> Event:
    """Carry out an act of the table by the kernel alone."""
    loaded = load_case(db, actor=actor, case_id=case.id, permission=name, now=now)
    return advance_case(db, loaded, name, now=now, **how)


def verified(db: Session, regulators: Regulators, *, now: datetime = NOON) -> RecallCase:
    """In review at Nanjing."""
    case = begun(db, regulators, now=now)
    act(db, case, "verify_clue", actor=regulators.city, now=now)
    return case


def investigated(db: Session, regulators: Regulators, *, now: datetime = NOON) -> RecallCase:
    """In the producer's analysis: the notice is issued, its service is owed, and a report by 20 March."""
    case = verified(db, regulators, now=now)
    days = {"hand_in_report": date(2026, 3, 20)}
    act(db, case, "issue_investigation_notice", actor=regulators.city, now=now, dates=days)
    return case


def supported(
    db: Session, regulators: Regulators, world: World, case: RecallCase, *, on: date, now: datetime = NOON
) -> None:
    """The technical institution of Jiangsu is asked to take part, and to report by a day."""
    db.add(
        CaseParticipant(
            case_id=case.id, institution_id=world.institutions["jiangsu"], role="technical", task="开展缺陷调查",
            asked_at=now, asked_by_id=regulators.city.person_id,
        )
    )  # fmt: skip
    db.flush()
    days = {"report_investigation": on}
    act(db, case, "ask_technical_institution", actor=regulators.city, now=now, dates=days)
