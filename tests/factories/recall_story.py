"""A recall case acted through the services, to any stage of its way: a child seat of a producer in Nanjing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.account import Person, PersonRole
from portal.models.case_document import CaseFile
from portal.models.institution import Institution
from portal.models.recall_case import RecallCase
from portal.process.errors import Refusal
from portal.process.permissions import Actor, Role
from portal.rules.dates import beijing_day
from portal.services.consultation.material import UploadedFile
from portal.services.kernel.case_obligations import open_in_case
from portal.services.recall import (
    answer_reviews,
    clue,
    escalation,
    filing,
    implementation,
    investigation,
    notices,
    producer_answers,
    review,
    taking_part,
)
from portal.services.recall.answer_reviews import Point
from portal.services.recall.case_documents import PLAN_ANNEXES, Typed, documents_of
from portal.services.recall.producer_answers import Source
from portal.services.regulators import establish_regulators
from tests.documents.recall_samples import SAMPLES
from tests.factories.world import NOON, World, build_world
from tests.support.scenes import scene

NANJING, JIANGNING, JIANGSU, SHANGHAI, SUZHOU = "320100", "320115", "320000", "310000", "320500"
FILE = UploadedFile("检测报告.pdf", "application/pdf", 1200, "ab" * 32)
POINTS_MET = {name: Point(is_met=True) for name in ("batches", "quantities", "content", "measures")}
PRODUCT = {
    "product_name": "儿童安全座椅",
    "product_class": "儿童用品",
    "brand": "贝护",
    "model": "BH-C1",
    "specification": "76厘米至150厘米",
    "batches": "BH202501至BH202506",
    "quantity": "12000",
    "producer": "南京贝护儿童用品有限公司",
    "credit_code": "91320100MA1W3K7L2R",
    "producer_area": NANJING,
    "address": "江苏省南京市江宁区秣陵街道胜利路88号",
    "legal_representative": "周启明",
    "defect": "安全带卡扣在动态冲击下可能自行脱开",
    "consequence": "儿童失去约束而受伤",
}


@dataclass
class RecallWorld:
    """The world of the consultations with its regulators: officers by division code."""

    world: World = field(default_factory=World)
    officers: dict[str, Actor] = field(default_factory=dict)
    regulators: dict[str, int] = field(default_factory=dict)

    @property
    def city(self) -> Actor:
        """The officer of Nanjing."""
        return self.officers[NANJING]

    @property
    def province(self) -> Actor:
        """The officer of Jiangsu."""
        return self.officers[JIANGSU]

    @property
    def technical(self) -> Actor:
        """Staff of Jiangsu's technical institution."""
        return self.world.staff["jiangsu"]


@scene
def build_recall_world(db: Session, *, now: datetime = NOON, password_hash: str = "!") -> RecallWorld:
    """Four technical institutions, all regulators, an officer in six of them, and a county that was added."""
    made = RecallWorld(build_world(db, now=now, password_hash=password_hash))
    establish_regulators(db, actor=None, now=now)
    county = Institution(
        kind="regulator", level="county", name="南京市江宁区市场监督管理局", short_name="江宁", badge="苏",
        province="jiangsu", division=JIANGNING,
    )  # fmt: skip
    db.add(county)
    db.flush()
    for code in (NANJING, JIANGNING, JIANGSU, SHANGHAI, SUZHOU, "330000"):
        regulator = db.scalars(select(Institution).where(Institution.division == code)).one()
        made.regulators[code] = regulator.id
        made.officers[code] = _officer(db, regulator, password_hash, now)
    return made


def _officer(db: Session, regulator: Institution, password_hash: str, now: datetime) -> Actor:
    person = Person(
        username=f"officer-{regulator.division}", name=f"{regulator.short_name}员", institution_id=regulator.id,
        email=f"officer-{regulator.division}@example.org", password_hash=password_hash, password_changed_at=now,
        created_at=now, roles=[PersonRole(role=Role.OFFICER.value)],
    )  # fmt: skip
    db.add(person)
    db.flush()
    return Actor(person.id, person.name, regulator.id, frozenset({Role.OFFICER}), address="192.0.2.9")


def clue_input(**changed: Any) -> clue.ClueInput:
    """A clue of Nanjing's own; `changed` are columns of the product, or fields of the input."""
    fields = {one.name for one in dataclasses.fields(clue.ClueInput)}
    product = {**PRODUCT, **{name: value for name, value in changed.items() if name not in fields}}
    given = {"channel": "supervision_sampling", "found_on": date(2026, 3, 1), **changed}
    return clue.ClueInput(product=product, **{name: value for name, value in given.items() if name in fields})


@scene
def clue_of(db: Session, made: RecallWorld, *, by: str = NANJING, now: datetime = NOON, **changed: Any) -> int:
    """A clue that the officer of `by` has recorded."""
    return clue.record_clue(db, actor=made.officers[by], given=clue_input(**changed), now=now, files=[FILE]).id


def typed(slug: str, **changed: Any) -> Typed:
    """A sample annex as it is typed, with changes."""
    return Typed({**SAMPLES[slug], **changed})


def later(now: datetime, days: int) -> date:
    """A day that many days after `now`."""
    return beijing_day(now) + timedelta(days=days)


class Story:
    """One case, step by step; each method is one act, a week after the one before."""

    def __init__(self, db: Session, made: RecallWorld, *, now: datetime = NOON) -> None:
        self.db, self.made, self.now = db, made, now
        self.case_id = clue_of(db, made, now=now)
        self.pace = timedelta(days=1)

    @property
    def case(self) -> RecallCase:
        """The case as it stands."""
        return self.db.get_one(RecallCase, self.case_id)

    @property
    def paper(self) -> Source:
        """What the producer sends on paper, recorded by Nanjing."""
        return Source(actor=self.made.city, case_id=self.case_id, signed_by="何静")

    @property
    def owed(self) -> list[str]:
        """The kinds of what is owed now."""
        return sorted(one.kind for one in open_in_case(self.db, self.case_id))

    @contextmanager
    def refused(self, kind: type[Refusal], *says: str) -> Iterator[None]:
        """What is done within is refused with these words, and the case stands as before."""
        before, now = (self.case.stage, self.owed), self.now
        point = self.db.begin_nested()
        with pytest.raises(kind) as raised:
            yield
        assert type(raised.value) is kind
        for words in says:
            assert words in raised.value.message
        point.rollback()
        self.now = now
        assert (self.case.stage, self.owed) == before

    def _do(self, act: Callable[..., Any], *, by: Actor | None = None, **given: Any) -> Any:
        self.now += self.pace
        done = act(self.db, actor=by or self.made.city, case_id=self.case_id, now=self.now, **given)
        self.db.flush()
        return done

    def _hand_in(self, act: Callable[..., Any], **given: Any) -> Any:
        self.now += self.pace
        done = act(self.db, source=self.paper, now=self.now, **given)
        self.db.flush()
        return done

    def verify(self) -> None:
        self._do(clue.verify_clue, reason="已到现场核实，型号和批次属实")

    def find_possible(self) -> None:
        self._do(review.decide_review, finding="may_be_defective", reason="3件样品2件脱开")

    def ask_producer(self) -> None:
        self._do(
            notices.issue_investigation_notice, typed=typed("investigation_notice", report_due_on=later(self.now, 21))
        )

    def serve(self, *, outcome: str = "signed", by: Actor | None = None) -> None:
        notice = notices.unserved(self.db, self.case_id)[0]
        today = beijing_day(self.now + self.pace)
        changed = {
            "served_on": today, "servers_signed_on": today, "received_on": today if outcome == "signed" else None,
            "remarks": "收件人拒绝签收，留置送达，由社区工作人员见证" if outcome == "refused" else "",
        }  # fmt: skip
        self._do(
            notices.record_service,
            by=by,
            notice_id=notice.id,
            outcome=outcome,
            typed=typed("service_receipt", **changed),
        )

    def report(self) -> None:
        self._hand_in(producer_answers.hand_in_report, typed=typed("producer_report"), files=[FILE])

    def investigate(self) -> None:
        self._do(notices.investigate_after_report, typed=typed("defect_investigation_notice", reason="not_convincing"))

    def ask_institution(self) -> None:
        self._do(taking_part.ask_technical_institution, task="复测并提出缺陷调查报告", report_on=later(self.now, 30))

    def investigated(self) -> None:
        self._do(investigation.record_investigation_report, by=self.made.technical, reason="卡扣尺寸超差", files=[FILE])

    def find_defect(self) -> None:
        self._do(notices.issue_recall_notice, typed=typed("recall_notice"))

    def plan(self, **changed: Any) -> None:
        annexes = {slug: typed(slug) for slug in PLAN_ANNEXES}
        annexes["press_release"] = typed("press_release", begins_on=later(self.now, 14))
        self._hand_in(producer_answers.hand_in_plan, plan={**annexes, **changed})

    def accept(self) -> None:
        self._do(answer_reviews.accept_plan, points=POINTS_MET, reason="符合要求")

    def publish(self) -> None:
        self._do(implementation.publish_recall)

    def interim(self, quantity: int = 6000, **channels: int) -> None:
        self.now += timedelta(days=80)
        values = typed("interim_summary", recalled_quantity=quantity, new_injuries="no", complaints=None,
                       new_defects="no", new_defects_text="")  # fmt: skip
        self._hand_in(producer_answers.hand_in_interim_summary, typed=values, channels=channels)

    def complete(self) -> None:
        self.now += timedelta(days=30)
        self._hand_in(producer_answers.record_completion, completed_on=beijing_day(self.now + self.pace))

    def summary(self) -> None:
        self._hand_in(producer_answers.hand_in_summary, typed=typed("recall_summary"), channels={})

    def assess(self) -> None:
        self._do(answer_reviews.accept_summary, reason="召回措施有效，完成率80%")

    def close(self) -> None:
        loaded = filing.load_case(
            self.db, actor=self.made.city, case_id=self.case_id, permission="complete_file", now=self.now
        )
        self._do(filing.complete_file, explained=dict.fromkeys(filing.gaps_of(self.db, loaded), "系统维护，下周补传"))

    def silence(self) -> None:
        self._do(escalation.record_silence, reason="逾期未报告召回计划，也未提出异议")

    def to_review(self) -> Story:
        self.verify()
        return self

    def to_analysis(self) -> Story:
        self.to_review().find_possible()
        self.ask_producer()
        self.serve()
        return self

    def to_investigation(self) -> Story:
        self.to_analysis().report()
        self.investigate()
        self.serve()
        self.ask_institution()
        self.investigated()
        return self

    def to_notified(self) -> Story:
        self.to_investigation().find_defect()
        return self

    def to_plan_review(self) -> Story:
        self.to_notified().serve()
        self.plan()
        return self

    def to_implementing(self) -> Story:
        self.to_plan_review().accept()
        self.publish()
        return self

    def to_filing(self) -> Story:
        self.to_implementing().complete()
        self.summary()
        self.assess()
        return self

    def documents(self, annex: str) -> list[Any]:
        """The versions of an annex that stand."""
        return documents_of(self.db, self.case_id, annex)

    def case_files(self) -> list[CaseFile]:
        """The files of the case."""
        return list(self.db.scalars(select(CaseFile).where(CaseFile.case_id == self.case_id)))
