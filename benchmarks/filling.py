"""A database with many consultations in every stage, written in bulk and as the portal itself would leave it.

One consultation is made through the services, with 60 events or more: its page is the one that is measured.
All others are rows of the same tables: product, verification, ground, parties, panel, obligations, events that
continue the chain, watches, and records of what is archived.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from portal.models.archive import ArchiveRecord
from portal.models.base import Base
from portal.models.consultation import (
    ApplicationGround,
    Consultation,
    ConsultationParty,
    NumberSeries,
    PreliminaryVerification,
    ProductInformation,
)
from portal.models.database import Database
from portal.models.event import Event
from portal.models.institution import RotationTerm
from portal.models.obligation import Obligation
from portal.models.panel import PanelMember
from portal.models.voting import VotingRound
from portal.models.watch import Watch
from portal.process.consultation import ENDED, OFF_PATH, TRANSITIONS, Stage
from portal.process.obligations import OBLIGATIONS, ObligationKind, Owner
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.rules.editions import CURRENT_EDITION
from portal.services.account_passwords import hash_password
from portal.services.kernel.counting import count_stage, recount
from portal.services.kernel.events import digest_of, record
from portal.services.kernel.obligations import oblige
from tests.factories.keeping import lift_refusals
from tests.factories.online_session import session_opened
from tests.factories.preliminary_analysis import lead_told
from tests.factories.voting import consistent, panel_of, signed, voting
from tests.factories.world import NOON, World, build_world
from tests.support.surfer import PASSWORD

NOW = NOON + timedelta(hours=2)
EVENTS_OF_THE_MEASURED = 60
PANEL = 9
_FIRST_DAY = datetime(2024, 11, 21, 4, tzinfo=UTC)  # the Standard takes effect
_THIS_YEAR = datetime(2026, 1, 1, 4, tzinfo=UTC)
_SHARE_OF_EARLIER_YEARS = 0.12
_ROWS_AT_ONCE = 2_000
_PATH = tuple(stage for stage in Stage if stage not in (Stage.RETURNED, Stage.DISPOSED, *OFF_PATH))
_PRODUCTS = (
    ("电热毯", "煦眠", "XM"), ("儿童学步车", "跃宝", "W"), ("移动电源", "极行", "J"), ("空气炸锅", "炊鲜", "AF"),
    ("儿童餐椅", "贝乐", "HC"), ("智能门锁", "恒守", "L"), ("电压力锅", "沸点", "PC"), ("电动滑板车", "驰途", "S"),
)  # fmt: skip
_ENTERING = {line.next: line for line in reversed(TRANSITIONS) if line.next is not None}

_Owning = tuple[int | None, int | None]  # institution or person


@dataclass(frozen=True)
class Filled:
    """What `fill` made: the people, and the consultation whose page is measured."""

    world: World
    consultation_id: int
    voting_id: int
    """A consultation whose vote is open, for the sheet."""
    signed_id: int
    """One whose vote is open and signed by all nine members, to be closed."""
    session_id: int
    """One whose online session is going on, with everybody there."""


def fill(database: Database, rows: int) -> Filled:
    """Fill a migrated, empty database with `rows` consultations."""
    with database.write() as db:
        world = build_world(db, password_hash=hash_password(PASSWORD))
        measured = lead_told(db, world)
        count = db.scalar(select(func.count()).select_from(Event).where(Event.consultation_id == measured.id)) or 0
        for number in range(count, EVENTS_OF_THE_MEASURED):
            record(
                db,
                "member_replaced",
                now=NOON + timedelta(minutes=number),
                actor=world.lead,
                consultation_id=measured.id,
                reason=f"第 {number} 次记录：原专家出差，改请同领域专家",
            )
        opened = session_opened(db, world)
        vote, complete = voting(db, world), voting(db, world, size=PANEL)
        for expert in panel_of(world, PANEL):
            signed(db, complete, expert, consistent(("yes", "yes", "no"), complete))
        _Bulk(db, world, complete).write(rows - 4)
        recount(db)
        return Filled(world, measured.id, vote.id, complete.id, opened.id)


def reopen_vote(database: Database, consultation_id: int) -> None:
    """Let a closed vote be as it was before: open, and the closing owed by the lead."""
    with database.write() as db:
        consultation = db.get_one(Consultation, consultation_id)
        if consultation.stage == Stage.VOTING:
            return
        before, consultation.stage = consultation.stage, Stage.VOTING
        count_stage(db, consultation, before)
        closed = db.scalars(select(VotingRound).where(VotingRound.consultation_id == consultation_id)).one()
        lift_refusals(db, VotingRound.__tablename__)
        closed.closed_at = closed.closed_by_id = closed.panel_size = closed.tally = closed.witness = None
        is_owed = (Obligation.consultation_id == consultation_id) & Obligation.closed_at.is_(None)
        db.execute(delete(Obligation).where(is_owed))
        oblige(db, consultation, "close_vote", now=NOW, institution_id=consultation.lead_institution_id)


class _Bulk:
    """Rows by table, sent to the database a few thousand at a time; parents go before children."""

    def __init__(self, db: Session, world: World, pattern: Consultation) -> None:
        self._db, self._world, self._pattern = db, world, pattern
        self._rows: dict[type[Base], list[dict[str, Any]]] = defaultdict(list)
        self._chosen = random.Random(2026)  # the same rows in every run
        self._terms = list(db.scalars(select(RotationTerm).order_by(RotationTerm.starts_on)))
        self._serials: dict[int, int] = defaultdict(int, {pattern.year or 0: pattern.serial or 0})
        self._digest = db.scalar(select(Event.digest).order_by(Event.id.desc()).limit(1)) or ""
        self._experts = [expert for many in world.experts.values() for expert in many]
        self._institution_of = {
            expert.person_id: world.institutions[key] for key, many in world.experts.items() for expert in many
        }

    def write(self, count: int) -> None:
        """Write `count` consultations, the oldest first."""
        earlier = int(count * _SHARE_OF_EARLIER_YEARS)
        for number in range(count):
            begins, ends, place, of = (
                (_FIRST_DAY, _THIS_YEAR, number, earlier)
                if number < earlier
                else (_THIS_YEAR, NOON - timedelta(days=1), number - earlier, count - earlier)
            )
            self._add(self._pattern.id + 1 + number, begins + (ends - begins) * (place / of))
            if number % _ROWS_AT_ONCE == _ROWS_AT_ONCE - 1:
                self._send()
        self._send()
        for year, last in self._serials.items():
            self._db.merge(NumberSeries(series=f"consultation:{self._world.alliance_id}", year=year, last=last))
        if self._db.get_bind().dialect.name == "postgresql":
            # The id was given by hand, so the sequence has to be told.
            self._db.execute(select(func.setval("consultation_id_seq", self._pattern.id + count)))

    def _send(self) -> None:
        # The order of the tables is the order of their foreign keys.
        for table in Base.metadata.sorted_tables:
            for model, rows in self._rows.items():
                if model.__table__ is table and rows:
                    self._db.execute(insert(table), rows)
        self._rows.clear()

    def _add(self, number: int, at: datetime) -> None:
        # Each stage is there, however few the rows; most of many are archived.
        stages, place = list(Stage), number - self._pattern.id - 1
        weights = [60 if stage is Stage.ARCHIVED else 1 for stage in stages]
        stage = stages[place] if place < len(stages) else self._chosen.choices(stages, weights)[0]
        applicant = self._chosen.choice(list(self._world.institutions))
        applicant_id, day = self._world.institutions[applicant], beijing_day(at)
        is_numbered = stage not in (Stage.DRAFT, Stage.DISCARDED)
        lead_id = next(term.institution_id for term in self._terms if term.starts_on <= day <= term.ends_on)
        panel = self._panel(number, stage, at)
        institutions: list[_Owning] = [(one, None) for one in self._world.institutions.values()]
        experts: list[_Owning] = [(None, expert.person_id) for expert in panel]
        owners: dict[Owner, list[_Owning]] = {
            Owner.APPLICANT: [(applicant_id, None)],
            Owner.LEAD: [(lead_id, None)],
            Owner.CUSTODIAN: [(applicant_id, None), (lead_id, None)],
            **dict.fromkeys((Owner.NOMINATING, Owner.ALLIANCE, Owner.COPIED), institutions),
            **dict.fromkeys((Owner.MEMBER, Owner.INVITED), experts),
        }
        next_due_at = self._obligations(number, stage, at, owners) if is_numbered else None
        self._serials[day.year] += is_numbered
        is_past_vote = stage in (Stage.DRAFTING_MINUTES, Stage.ISSUED, Stage.ARCHIVED, Stage.DISPOSED)
        opinion = self._chosen.choice(("yes", "no", "uncertain"))
        self._rows[Consultation].append(
            {
                "id": number,
                "alliance_id": self._world.alliance_id,
                "edition": CURRENT_EDITION,
                "stage": stage,
                "year": day.year if is_numbered else None,
                "serial": self._serials[day.year] if is_numbered else None,
                "applicant_institution_id": applicant_id,
                "lead_institution_id": lead_id if is_numbered else None,
                "created_by_id": self._world.liaisons[applicant][0].person_id,
                "created_at": at,
                "saved_at": at,
                "submitted_by_id": self._world.liaisons[applicant][0].person_id if is_numbered else None,
                "submitted_at": at if is_numbered else None,
                "closed_at": at + timedelta(hours=20) if stage in ENDED else None,
                "outcome": ("watch" if opinion == "uncertain" else "concluded") if is_past_vote else None,
                "final_opinion": _opinion(opinion) if is_past_vote else None,
                "next_due_at": next_due_at,
            }
        )
        self._application(number, at)
        if is_numbered:
            parties = {applicant_id, lead_id, *(self._institution_of[expert.person_id] for expert in panel)}
            self._rows[ConsultationParty] += [
                {"consultation_id": number, "institution_id": one} for one in sorted(parties)
            ]
        if is_past_vote and opinion == "uncertain":
            self._watch(number, applicant, at)
        if stage is Stage.ARCHIVED:
            self._archive(number, {"sheets": applicant_id, "minutes": lead_id}, at + timedelta(hours=20))
        self._events(number, stage, at, self._world.liaisons[applicant][0])

    def _application(self, number: int, at: datetime) -> None:
        name, brand, model = _PRODUCTS[number % len(_PRODUCTS)]
        self._rows[ProductInformation].append(
            {
                "consultation_id": number,
                "information_sources": ["market_purchase"],
                "product_name": name,
                "model": f"{model}-{number}",
                "specification": "220 V 50 Hz",
                "brand": brand,
                "producer": f"{brand}用品（第 {number % 700} 分厂）有限公司",
                "test_basis": "GB 4706.1—2005",
                "suspected_defect": "使用中局部过热，可能引起灼烫或者火灾",
            }
        )
        self._rows[PreliminaryVerification].append(
            {
                "consultation_id": number,
                "checked": "抽取同批次样品复测",
                "verified_by": "顾思远",
                "verified_on": beijing_day(at),
                "result": "属实",
            }
        )
        self._rows[ApplicationGround].append(
            {"consultation_id": number, "ground": "institution_necessity", "reason": "销量大，使用者多为老人"}
        )

    def _panel(self, number: int, stage: Stage, at: datetime) -> list[Actor]:
        """Five experts once a panel is confirmed; nobody before."""
        if stage in OFF_PATH or (stage in _PATH and _PATH.index(stage) <= _PATH.index(Stage.PANEL)):
            return []
        if stage is Stage.RETURNED:
            return []
        panel = self._chosen.sample(self._experts, 5)
        self._rows[PanelMember] += [
            {
                "consultation_id": number,
                "expert_id": expert.expert_id,
                "institution_id": self._institution_of[expert.person_id],
                "nominated_by_id": self._world.lead.person_id,
                "nominated_at": at,
                "state": "accepted",
                "seat": seat,
                "invited_at": at,
                "answered_at": at,
                "declaration": "none",
                "name": expert.name,
                "field": "家用电器安全",
                "employer": "电器检验院",
                "title": "高级工程师",
            }
            for seat, expert in enumerate(panel, 1)
        ]
        return panel

    def _obligations(
        self, number: int, stage: Stage, at: datetime, owners: dict[Owner, list[_Owning]]
    ) -> datetime | None:
        """What is owed in `stage`, and what was met before it; the earliest open deadline."""
        earliest = None
        for kind in OBLIGATIONS.values():
            is_open = stage in kind.stages and kind.kind not in _SELDOM and stage not in ENDED
            was_met = stage in _PATH and _is_behind(kind, stage) and self._chosen.random() < 0.3
            if not is_open and not was_met:
                continue
            # What is open runs from some day of the last or the coming week, as it does in a house that keeps up.
            since_at = NOON - timedelta(days=self._chosen.randint(0, 7), minutes=number % 500) if is_open else at
            due_at = since_at + timedelta(days=5) if kind.limit else None
            if is_open and due_at is not None:
                earliest = min(due_at, earliest or due_at)
            self._rows[Obligation] += [
                {
                    "kind": kind.kind,
                    "consultation_id": number,
                    "institution_id": institution_id,
                    "person_id": person_id,
                    "since_at": since_at,
                    "working_days": 3 if kind.limit else None,
                    "due_at": due_at,
                    "first_due_at": due_at,
                    "remind_at": since_at,
                    "closed_at": None if is_open else at + timedelta(hours=3),
                    "is_met": None if is_open else True,
                }
                for institution_id, person_id in owners[kind.owner]
            ]
        return earliest

    def _watch(self, number: int, applicant: str, at: datetime) -> None:
        self._rows[Watch].append(
            {
                "consultation_id": number,
                "owner_id": self._world.liaisons[applicant][0].person_id,
                "state": "open",
                "review_on": beijing_day(NOW + timedelta(days=number % 90)),
                "began_at": at,
            }
        )

    def _archive(self, number: int, custodians: dict[str, int], at: datetime) -> None:
        self._rows[ArchiveRecord] += [
            {
                "consultation_id": number,
                "content": content,
                "custodian_id": custodian_id,
                "archived_on": beijing_day(at),
                "archived_at": at,
                "keep_until": beijing_day(at).replace(month=12, day=31, year=beijing_day(at).year + 5),
                "inventory": [],
            }
            for content, custodian_id in custodians.items()
        ]

    def _events(self, number: int, stage: Stage, at: datetime, actor: Actor) -> None:
        """Draft, every stage on the way, and the present one; each chained to the last."""
        # Off the path all were submitted but the discarded; 已退回 comes after 待受理, 已销毁 after 已归档.
        behind = {Stage.DISCARDED: Stage.DRAFT, Stage.DISPOSED: Stage.ARCHIVED}.get(stage, Stage.SUBMITTED)
        last = _PATH.index(stage if stage in _PATH else behind)
        entered = [*_PATH[1 : last + 1], *([] if stage in _PATH else [stage])]
        self._event("application_drafted", None, number, at, actor)
        for step, one in enumerate(entered):
            line = _ENTERING.get(one)
            self._event(line.event if line else "archive_disposed", one, number, at + timedelta(minutes=step), actor)

    def _event(self, name: str, stage: Stage | None, number: int, at: datetime, actor: Actor) -> None:
        event = Event(
            at=at,
            name=name,
            consultation_id=number,
            person_id=actor.person_id,
            person_name=actor.name,
            institution_id=actor.institution_id,
            address=actor.address,
            stage=stage,
            facts={},
            previous_digest=self._digest,
        )
        self._digest = event.digest = digest_of(event)
        columns = [column.key for column in Event.__table__.columns if column.key != "id"]
        self._rows[Event].append({key: getattr(event, key) for key in columns})


# Kinds that hang on an incident, not on the stage alone; and one that a rare act opens in any stage.
_SELDOM = {"restore_panel", "accept_lead", "review_watch", "answer_invitation"}


def _is_behind(kind: ObligationKind, stage: Stage) -> bool:
    on_path = [_PATH.index(one) for one in kind.stages if one in _PATH]
    return kind.kind not in _SELDOM and bool(on_path) and max(on_path) < _PATH.index(stage)


def _opinion(finding: str) -> dict[str, str]:
    return {
        "defect_finding": finding,
        "recommend_investigation": "yes" if finding == "yes" else "no",
        "continued_monitoring": "yes" if finding == "uncertain" else "no",
    }
