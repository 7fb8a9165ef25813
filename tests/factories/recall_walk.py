"""A recall case on a random walk: any person tries any act, through the services, with input that is mostly right."""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

import portal.services.recall as steps
from portal.models.case_document import LINK_PURPOSES
from portal.models.recall_case import RecallCase
from portal.process.errors import Refusal
from portal.process.permissions import Actor
from portal.process.recall_case import TRANSITIONS, By, Stage, Transition
from portal.rules.dates import beijing_day
from portal.services.consultation.application import discard_application
from portal.services.kernel.case_loading import LoadedCase
from portal.services.recall.answer_reviews import Point
from portal.services.recall.case_documents import PLAN_ANNEXES
from portal.services.recall.clue import receive_voluntary_plan, record_clue
from portal.services.recall.filing import gaps_of
from portal.services.recall.notices import unserved
from portal.services.recall.producer_answers import Source
from portal.services.recall.producer_links import links_of
from portal.services.recall.producer_tokens import give_producer_token
from portal.services.recall.review import asked_consultation
from tests.factories.recall_story import FILE, NANJING, POINTS_MET, RecallWorld, clue_input, later, typed

Given = dict[str, Any]
_LONG, _SHORT = timedelta(days=45), timedelta(hours=30)
ACTS = tuple(line for line in TRANSITIONS if line.stages)
SELDOM = frozenset(
    {
        *("close_clue", "pass_on_clue", "end_case_watch", "warn_public", "accept_report", "take_case"),
        *("investigate_at_once", "ask_consultation", "revoke_producer_link"),
    }
)
"""Acts that would end a walk early, or go around most of the way."""
ON_THE_WAY = frozenset({"decide_review", "record_service", "record_investigation_report", "hand_in_report"})
"""Acts that leave the stage as it is, and without which a case does not get on."""


def services() -> dict[str, Callable[..., Any]]:
    """The service of each act, by the act's name."""
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(steps.__path__):
        found |= vars(importlib.import_module(f"{steps.__name__}.{module.name}"))
    return {line.act: found[line.act] for line in TRANSITIONS}


SERVICES = services()


class Walk:
    """One case and its walk; `try_act` returns the refusal, or None where the act was done."""

    def __init__(self, db: Session, made: RecallWorld, seed: int, now: datetime) -> None:
        self.db, self.made, self.now = db, made, now
        self.chance = random.Random(seed)  # a walk, and no secret
        self.tokens: list[str] = []
        self.people = [*made.officers.values(), *made.world.staff.values(), made.world.experts["jiangsu"][0]]
        begin = self.chance.choice((record_clue, record_clue, receive_voluntary_plan))
        by = self.chance.choice([made.city, made.city, *made.officers.values()])
        try:
            self.case_id = begin(db, actor=by, given=clue_input(), now=now, files=[FILE]).id
        except Refusal:  # a county or a province receives no voluntary report
            self.case_id = record_clue(db, actor=made.city, given=clue_input(), now=now).id

    @property
    def case(self) -> RecallCase:
        """The case as it stands."""
        return self.db.get_one(RecallCase, self.case_id)

    @property
    def stage(self) -> Stage:
        """Where it stands."""
        return Stage(self.case.stage)

    def choose(self) -> tuple[Transition, Actor | None]:
        """An act, mostly one of the stage, and who tries it, mostly one of its people; None is a link's holder."""
        chance = self.chance
        open_here = [line for line in ACTS if self.stage in line.stages]
        if chance.random() < 0.93:
            wanted = [line for line in open_here if line.next or line.act in ON_THE_WAY or chance.random() < 0.15]
            wanted = wanted or open_here
            line = chance.choice([one for one in wanted if one.act not in SELDOM or chance.random() < 0.06] or wanted)
        else:
            line = chance.choice(ACTS)
        if By.PRODUCER in line.by and self.tokens and chance.random() < 0.5:
            return line, None
        return line, chance.choice(self._who(line) if chance.random() < 0.95 else self.people)

    def _who(self, line: Transition) -> list[Actor]:
        officers, authority = self.made.officers, self.case.authority
        by_place = {
            By.AUTHORITY: authority.division,
            By.CITY: authority.division,
            By.PROVINCE: f"{authority.division[:2]}0000",
            By.COUNTY: "320115",
        }
        places = [officers[place] for by in line.by if (place := by_place.get(by)) in officers]
        return [*places, *([self.made.technical] if By.TECHNICAL in line.by else [])] or self.people

    def pass_time(self) -> None:
        """An hour, a day, or six weeks."""
        self.now += self.chance.choice((timedelta(hours=1), _SHORT, _SHORT, _LONG))

    def discard_consultation(self) -> None:
        """The technical institution gives its draft up, so that the case gets no result."""
        asked = asked_consultation(self.db, self.case_id)
        if asked is not None and asked.stage == "draft":
            staff = {one.institution_id: one for one in self.made.world.staff.values()}
            by = staff[asked.applicant_institution_id]
            discard_application(self.db, actor=by, consultation_id=asked.id, now=self.now)

    def try_act(self, line: Transition, actor: Actor | None) -> Refusal | None:
        """Do it whole or not at all, as a request does."""
        point = self.db.begin_nested()
        try:
            self._act(line, actor)
            self.db.flush()
        except Refusal as refused:
            point.rollback()
            return refused
        point.commit()
        return None

    def _act(self, line: Transition, actor: Actor | None) -> None:
        given = GIVEN.get(line.act, _reason)(self)
        if By.PRODUCER in line.by:
            signed = self.chance.choice((*["何静"] * 9, ""))
            token = self.chance.choice(self.tokens) if actor is None else ""
            source = Source(actor, None if actor is None else self.case_id, None, token, signed)
            SERVICES[line.act](self.db, source=source, now=self.now, **given)
            return
        done = SERVICES[line.act](self.db, actor=actor, case_id=self.case_id, now=self.now, **given)
        if line.act == "send_producer_link":
            self.tokens.append(give_producer_token(self.db, done, self.now))


def _reason(walk: Walk) -> Given:
    return {"reason": "" if walk.chance.random() < 0.08 else "现场核实属实"}


def _day(walk: Walk, name: str) -> Given:
    return {name: walk.chance.choice((*[later(walk.now, 20), later(walk.now, 60)] * 4, later(walk.now, 0)))}


def _files(walk: Walk) -> Given:
    return {"files": walk.chance.choice(([FILE], [FILE], [FILE], [FILE], []))}


def _service(walk: Walk) -> Given:
    waiting, today = unserved(walk.db, walk.case_id), beijing_day(walk.now)
    outcome = walk.chance.choice(("signed", "signed", "refused"))
    receipt = typed(
        "service_receipt", served_on=today, servers_signed_on=today, received_on=today if outcome == "signed" else None,
        remarks="拒绝签收，留置送达" if outcome == "refused" else "",
    )  # fmt: skip
    notice_id = walk.chance.choice(waiting).id if waiting else None
    return {"notice_id": notice_id, "outcome": outcome, "typed": receipt}


def _plan(walk: Walk) -> Given:
    plan = {slug: typed(slug) for slug in PLAN_ANNEXES}
    plan["press_release"] = typed("press_release", begins_on=later(walk.now, walk.chance.choice((3, 14))))
    if walk.chance.random() < 0.2:
        plan["recall_plan"] = typed("recall_plan", affected_quantity=11000)
    return {"plan": plan}


def _points(walk: Walk) -> Given:
    said = walk.chance.choice((POINTS_MET, {**POINTS_MET, "batches": Point(is_met=False, words="批次不全")}, {}))
    return {"points": said, "reason": ""}


def _summary(walk: Walk, slug: str, quantity: int) -> Given:
    changed: Given = {"recalled_quantity": quantity, "new_injuries": "no", "complaints": None, "new_defects": "no",
                      "new_defects_text": ""}  # fmt: skip
    return {"typed": typed(slug, **changed), "channels": walk.chance.choice(({}, {"website": 100}))}


GIVEN: dict[str, Callable[[Walk], Given]] = {
    "assign_clue": lambda w: {"institution_id": w.chance.choice(list(w.made.regulators.values())), **_reason(w)},
    "decide_review": lambda w: {
        "finding": w.chance.choice(("no_defect", "unclear", *["may_be_defective"] * 4)),
        **_reason(w),
        **_day(w, "review_on"),
    },
    "continue_case_watch": lambda w: {**_reason(w), **_day(w, "review_on")},
    "take_case": lambda w: {"why": w.chance.choice(("grave", "wide", "other")), **_reason(w)},
    "issue_investigation_notice": lambda w: {
        "typed": typed("investigation_notice", report_due_on=_day(w, "day")["day"])
    },
    "record_service": _service,
    "hand_in_report": lambda w: {"typed": typed("producer_report"), **_files(w)},
    "record_admission": lambda w: {**_reason(w), **_day(w, "plan_on")},
    "investigate_at_once": lambda w: {
        "typed": typed("defect_investigation_notice", reason=w.chance.choice(("own_review", "national_request")))
    },
    "investigate_after_report": lambda w: {
        "typed": typed("defect_investigation_notice", reason=w.chance.choice(("no_report", "not_convincing")))
    },
    "record_investigation_report": lambda w: {**_reason(w), **_files(w)},
    "assess_risk": lambda w: {**_reason(w), **_files(w)},
    "conclude_without_recall": lambda w: {
        "conclusion": w.chance.choice(("not_established", "unclear")),
        **_reason(w),
        **_day(w, "review_on"),
    },
    "issue_recall_notice": lambda _w: {"typed": typed("recall_notice")},
    "raise_objection": lambda w: {"words": w.chance.choice(("检测方法与标准不符", "")), **_files(w)},
    "uphold_objection": lambda w: {"investigates": w.chance.random() < 0.8, **_reason(w)},
    "reject_objection": lambda w: {**_reason(w), **_day(w, "plan_on")},
    "hand_in_plan": _plan,
    "return_plan": lambda w: {**_points(w), **_day(w, "plan_on")},
    "accept_plan": _points,
    "publish_recall": lambda _w: {},
    "record_producer_publication": lambda w: {"place": "官网", "published_on": later(w.now, w.chance.choice((0, 3)))},
    "record_recall_number": lambda w: {"number": w.chance.choice(("S2026M0088", ""))},
    "record_upload": lambda w: {"system": "provincial", "item": "file", "uploaded_on": later(w.now, 0)},
    "hand_in_interim_summary": lambda w: _summary(w, "interim_summary", w.chance.choice((900, 5000))),
    "hand_in_summary": lambda w: _summary(w, "recall_summary", 9600),
    "inspect_recall": lambda w: {**_reason(w), **_files(w)},
    "record_completion": lambda w: {"completed_on": later(w.now, w.chance.choice((0, 0, 5)))},
    "order_recall_again": lambda w: {
        "whys": w.chance.choice((["scope"], ["measure", "new_injury"], [])),
        **_reason(w),
        **_day(w, "plan_on"),
    },
    "return_summary": lambda w: {**_reason(w), **_day(w, "summary_on")},
    "complete_file": lambda w: {
        "explained": dict.fromkeys(
            gaps_of(w.db, LoadedCase(w.case, frozenset(), None)), w.chance.choice(("系统维护，下周补传", ""))
        )
    },
    "submit_escalation": lambda w: {**_reason(w), **_files(w)},
    "forward_escalation": lambda w: {**_reason(w), **_files(w)},
    "record_order": lambda w: {**_reason(w), **_day(w, "plan_on")},
    "sanction_producer": lambda w: {
        "ground": "hides",
        "measures": w.chance.choice((["talk"], ["penalty", "publication"], [])),
        **_reason(w),
    },
    "warn_public": lambda w: {"words": "请停止使用", **_reason(w)},
    "ask_technical_institution": lambda w: {"task": "复测", **_day(w, "report_on")},
    "ask_county": lambda w: {"institution_id": w.made.regulators["320115"], "task": "送达"},
    "name_person_in_charge": lambda w: {"person_id": w.made.officers[NANJING].person_id},
    "send_producer_link": lambda w: {
        "purpose": w.chance.choice(LINK_PURPOSES),
        "recipient": "何静",
        "email": w.chance.choice(("", "he@example.com", "broken")),
    },
    "revoke_producer_link": lambda w: {
        "link_id": next((one.id for one in links_of(w.db, w.case_id)), None),
        **_reason(w),
    },
}
"""What each act is given; by default a reason."""
