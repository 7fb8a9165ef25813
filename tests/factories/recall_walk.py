"""A recall case on a random walk through its services.

A walk has a goal, one act after the other in an order of its own: it takes the way that leads there, and does what the
act rests on before. One time in five it errs.
"""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import portal.services.recall as steps
from portal.models.case_document import CaseFile, ProducerLink
from portal.models.event import Event
from portal.models.obligation import Obligation
from portal.models.recall_case import CaseParticipant, RecallCase
from portal.process.errors import Refusal
from portal.process.permissions import Actor
from portal.process.recall_case import BY_ACT, TRANSITIONS, By, Stage, Transition
from portal.rules.dates import beijing_day
from portal.rules.regions import is_municipality
from portal.services.consultation.application import discard_application
from portal.services.kernel.case_obligations import open_in_case
from portal.services.recall.case_documents import latest, report_on_notice
from portal.services.recall.clue import receive_voluntary_plan, record_clue
from portal.services.recall.producer_answers import Source
from portal.services.recall.producer_tokens import give_producer_token
from portal.services.recall.review import asked_consultation
from tests.factories.recall_story import FILE, JIANGNING, NANJING, SHANGHAI, SUZHOU, RecallWorld, clue_input
from tests.factories.recall_walk_given import A_DAY, A_LONG_TIME, A_MOMENT, Given, given_for

ACTS = tuple(line for line in TRANSITIONS if line.stages)
PURPOSES = {
    "hand_in_report": ("producer_report",),
    **dict.fromkeys(("hand_in_plan", "raise_objection"), ("recall_plan",)),
    **dict.fromkeys(("hand_in_interim_summary", "record_completion", "hand_in_summary"), ("recall_summary",)),
    **dict.fromkeys(("record_producer_publication", "record_recall_number"), ("recall_plan", "recall_summary")),
}
"""For what a link has to be sent, to do each act of the producer."""
SHORT_CUTS = frozenset({"warn_public", "take_case", "investigate_at_once", "close_clue", "end_case_watch"})
"""Acts that go around most of the way: taken to get somewhere where the way is long alone."""
_ERRS, _BY_LINK, _PATIENCE = 0.2, 0.6, 12


def services() -> dict[str, Callable[..., Any]]:
    """The service of each act, by the act's name."""
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(steps.__path__):
        found |= vars(importlib.import_module(f"{steps.__name__}.{module.name}"))
    return {line.act: found[line.act] for line in TRANSITIONS}


SERVICES = services()


@dataclass
class Attempt:
    """One act that is tried: by a person, or by the holder of the link `link_id`. `given` is filled in as it is."""

    line: Transition
    actor: Actor | None
    link_id: int | None = None
    given: Given = field(default_factory=dict)

    @property
    def by(self) -> str:
        """Who, in short."""
        return self.actor.name if self.actor is not None else f"link {self.link_id}"


class Walk:
    """One case and its walk."""

    def __init__(self, db: Session, made: RecallWorld, seed: int, now: datetime) -> None:
        self.db, self.made, self.seed, self.now = db, made, seed, now
        self.chance = chance = random.Random(seed)  # a walk, and no secret
        self.links: dict[int, tuple[str, str]] = {}  # purpose and token by id
        self.people = [*made.officers.values(), *made.world.staff.values(), made.world.experts["jiangsu"][0]]
        self.goals = chance.sample(ACTS, len(ACTS))
        if chance.random() < 0.5:  # where a case does not come again
            self.goals.append(
                chance.choice([line for line in ACTS if Stage.CLUE in line.stages and By.CITY in line.by])
            )
        self.costs = {
            line.act: chance.uniform(4, 16) if line.act in SHORT_CUTS else chance.uniform(1, 4) for line in ACTS
        }
        self.is_right, self.is_astray, self.aim, self.patience = True, False, None, _PATIENCE
        self.aim: Stage | None
        self.blocked: set[str] = set()
        area = chance.choice((NANJING, NANJING, NANJING, JIANGNING, JIANGNING, SUZHOU, SHANGHAI, ""))
        by = chance.choice([made.city, made.city, *made.officers.values(), made.technical])
        begin = chance.choice((record_clue, record_clue, receive_voluntary_plan))
        given = clue_input(producer_area=area)
        try:
            self.case_id = begin(db, actor=by, given=given, now=now, files=[FILE]).id
        except Refusal:  # a province or a technical institution receives no voluntary report
            self.case_id = record_clue(db, actor=made.city, given=given, now=now).id
        self.case: RecallCase = db.get_one(RecallCase, self.case_id)

    @property
    def stage(self) -> Stage:
        """Where it stands."""
        return Stage(self.case.stage)

    def either(self, right: Any, *wrong: Any) -> Any:
        """What is right, or, where the walk errs, perhaps not."""
        return right if self.is_right or self.chance.random() < 0.4 else self.chance.choice(wrong)

    def pass_time(self) -> None:
        """An hour or a day, seldom six weeks."""
        self.now += self.chance.choice((*[A_MOMENT] * 12, *[A_DAY] * 8, A_LONG_TIME))

    def choose(self) -> Attempt:
        """The next act on the way to the goal, by whose it is.

        One time in five another one: too early, without what it rests on; with whatever input; or any act by anybody.
        """
        chance, self.aim = self.chance, None
        self.is_astray = chance.random() < _ERRS
        self.is_right = not self.is_astray
        if not self.is_astray:
            return self._attempt(self._on_the_way())
        here, way = [line for line in ACTS if self.stage in line.stages], chance.random()
        if way < 0.6:
            self.is_right = way < 0.3
            return self._attempt(chance.choice(here))
        line = chance.choice(ACTS)
        if By.PRODUCER in line.by and self.links and chance.random() < 0.5:
            return Attempt(line, None, chance.choice(list(self.links)))
        return Attempt(line, chance.choice(self.people))

    def try_act(self, attempt: Attempt) -> Refusal | None:
        """Do it whole or not at all, as a request does; returns the refusal."""
        point, before = self.db.begin_nested(), self.stage
        try:
            self._act(attempt)
            self.db.flush()
        except Refusal as refused:
            point.rollback()
            if not self.is_astray:
                self.blocked.add(attempt.line.act)
            return refused
        point.commit()
        if self.stage is not before:
            self.blocked.clear()
        if attempt.line is self.goals[-1]:
            self._next_goal()
        return None

    def _act(self, attempt: Attempt) -> None:
        act, actor = attempt.line.act, attempt.actor
        attempt.given = given_for(self, act)
        if By.PRODUCER in attempt.line.by:
            if attempt.link_id is None:
                source = Source(actor, self.case_id, None, "", "何静")
            else:
                source = Source(token=self.links[attempt.link_id][1], signed_by=self.either("何静", ""))
            SERVICES[act](self.db, source=source, now=self.now, **attempt.given)
            return
        done = SERVICES[act](self.db, actor=actor, case_id=self.case_id, now=self.now, **attempt.given)
        if act == "send_producer_link":
            self.links = {done.id: (done.purpose, give_producer_token(self.db, done, self.now)), **self.links}

    # The way.

    def _on_the_way(self) -> Transition:
        """The act that leads to the goal; a goal that is out of reach, or takes too long, gives way to the next."""
        for _ in range(len(ACTS)):
            self.patience -= 1
            act = self._leading_to(self.goals[-1])
            if act is not None and self.patience > 0:
                return BY_ACT[act]
            self._next_goal()
        self.blocked.clear()
        return self.goals[-1]

    def _next_goal(self) -> None:
        """The goal that has waited longest; as often as not, of those that are reached where the case stands."""
        self.goals.insert(0, self.goals.pop())
        here = [line for line in self.goals if self.stage in line.stages and line.act not in self.blocked]
        if here and self.chance.random() < 0.5:
            self.goals.remove(here[-1])
            self.goals.append(here[-1])
        self.patience = _PATIENCE

    def _leading_to(self, goal: Transition) -> str | None:
        act: str | None = goal.act
        if self.stage not in goal.stages:
            act, self.aim = self._way(goal)
        for _ in range(4):  # what an act rests on rests on something itself
            if act is None or act in self.blocked:
                return None
            before = NEEDS.get(act, _nothing)(self)
            if before is None:
                return act
            act, self.aim = before, None
        return act

    def _way(self, goal: Transition) -> tuple[str | None, Stage | None]:
        """The first act of the cheapest way to where `goal` is done, and the stage that it leads to."""
        heap: list[tuple[float, str, str, str]] = [(0, self.stage, "", "")]
        known: set[str] = set()
        while heap:
            cost, stage, first, aim = heappop(heap)
            if stage in goal.stages:
                return first, Stage(aim)
            if stage in known:
                continue
            known.add(stage)
            for line in ACTS:
                if stage not in line.stages or (not first and line.act in self.blocked):
                    continue
                for target in {line.next, *line.alternatives} - {None, stage}:
                    assert target is not None
                    heappush(heap, (cost + self.costs[line.act], target, first or line.act, aim or target))
        return None, None

    # Whose it is.

    def _attempt(self, line: Transition) -> Attempt:
        live = self.live_links() if By.PRODUCER in line.by and self.links else ()
        usable = [one for one in live if self.links[one][0] in PURPOSES[line.act]]
        if usable and self.chance.random() < _BY_LINK:
            return Attempt(line, None, usable[0])
        return Attempt(line, self.chance.choice(self._who(line) or self.people))

    def _who(self, line: Transition) -> list[Actor]:
        authority, officers = self.case.authority, self.made.officers
        is_city = authority.level == "city" or is_municipality(authority.division)
        found: list[Actor | None] = []
        for by in line.by:
            if by is By.AUTHORITY or (by is By.CITY and is_city):
                found.append(officers.get(authority.division))
            elif by is By.PROVINCE:
                found.append(officers.get(f"{authority.division[:2]}0000"))
            elif by is By.COUNTY and self.takes_part("county") and authority.division[:2] == "32":
                found.append(officers[JIANGNING])
            elif by is By.TECHNICAL:
                found += [one for one in self.made.world.staff.values() if one.institution_id in self._technical()]
        return [one for one in found if one is not None]

    def _technical(self) -> list[int]:
        return self.takes_part("technical")

    def takes_part(self, role: str) -> list[int]:
        """The institutions that take part in a role."""
        query = select(CaseParticipant.institution_id).where(
            CaseParticipant.case_id == self.case_id, CaseParticipant.role == role
        )
        return list(self.db.scalars(query))

    # What an act rests on.

    def owes(self, *kinds: str) -> Obligation | None:
        """An open obligation of one of these kinds."""
        return next(iter(open_in_case(self.db, self.case_id, kinds)), None)

    def wait_until(self, moment: datetime | None) -> None:
        """Let time pass until then, if it is still to come."""
        if moment is not None and moment > self.now:
            self.now = moment + timedelta(minutes=1)

    def has_file(self, event: str) -> bool:
        """Whether a file came with an act since the stage was entered."""
        entered = select(Event.at).where(Event.recall_case_id == self.case_id, Event.stage == self.stage)
        since = self.db.scalar(entered.order_by(Event.id.desc()).limit(1))
        found = select(CaseFile.id).where(CaseFile.case_id == self.case_id, CaseFile.event == event)
        return self.db.scalar(found.where(CaseFile.uploaded_at >= since).limit(1)) is not None

    def live_links(self) -> list[int]:
        """The links that are in force."""
        query = select(ProducerLink.id).where(ProducerLink.case_id == self.case_id, ProducerLink.revoked_at.is_(None))
        return list(self.db.scalars(query.where(ProducerLink.expires_at > self.now)))

    def discard_consultation(self) -> None:
        """The technical institution gives its draft up, so that the case gets no result."""
        asked = asked_consultation(self.db, self.case_id)
        if asked is not None and asked.stage == "draft":
            staff = {one.institution_id: one for one in self.made.world.staff.values()}
            by = staff[asked.applicant_institution_id]
            discard_application(self.db, actor=by, consultation_id=asked.id, now=self.now)


def _nothing(_walk: Walk) -> str | None:
    return None


def _is_city(walk: Walk) -> bool:
    return walk.case.authority.level == "city" or is_municipality(walk.case.authority.division)


def _to_its_area(walk: Walk) -> str | None:
    """A clue of somewhere else goes there first."""
    area, here = walk.case.product.producer_area, walk.case.authority.division
    if not _is_city(walk):
        return "assign_clue"
    is_own = not area or (area[:2] == here[:2] and (is_municipality(here) or area[:4] == here[:4]))
    if is_own:
        return None
    return "assign_clue" if is_municipality(here) else "pass_on_clue"


def _reported(walk: Walk) -> str | None:
    """The producer reports, or lets the date of a notice that was served pass."""
    if report_on_notice(walk.db, walk.case_id) is not None:
        return None
    notice = latest(walk.db, walk.case_id, "investigation_notice")
    if notice is None or notice.received_on is None:
        return walk.chance.choice(("hand_in_report", "record_service"))
    owed = walk.owes("hand_in_report")
    walk.wait_until(owed.due_at if owed is not None else None)
    return None


def _silent(walk: Walk) -> str | None:
    owed = walk.owes("hand_in_noticed_plan", "hand_in_plan")
    if owed is None:
        return "record_service"
    walk.wait_until(owed.due_at)
    return None


def _asked(walk: Walk) -> str | None:
    own = walk.made.world.institutions[walk.case.authority.province]
    return None if own in walk.takes_part("technical") else "ask_technical_institution"


def _investigated(walk: Walk) -> str | None:
    if not walk.has_file("investigation_report_recorded"):
        return "record_investigation_report"
    return None if _is_city(walk) or walk.has_file("risk_assessed") else "assess_risk"


def _planned(walk: Walk) -> str | None:
    plan = latest(walk.db, walk.case_id, "recall_plan")
    return None if plan is not None and plan.state == "handed_in" else "hand_in_plan"


def _discarded(walk: Walk) -> str | None:
    walk.discard_consultation()
    return None


def _begun(walk: Walk) -> str | None:
    begun = walk.case.started_on
    if begun is not None and begun > beijing_day(walk.now):
        walk.now += begun - beijing_day(walk.now)
    return None


def _in_review(walk: Walk) -> str | None:
    report = report_on_notice(walk.db, walk.case_id)
    return None if report is not None and report.state == "handed_in" else "hand_in_report"


def _if(kind: str, otherwise: str) -> Callable[[Walk], str | None]:
    """Nothing where an obligation of this kind is open, else the act that opens it."""
    return lambda walk: None if walk.owes(kind) is not None else otherwise


NEEDS: dict[str, Callable[[Walk], str | None]] = {
    "verify_clue": _to_its_area,
    "close_clue": lambda w: None if _is_city(w) else "assign_clue",
    "pass_on_clue": lambda w: None if _is_city(w) else "assign_clue",
    "issue_investigation_notice": lambda w: None if w.case.discovered_at is not None else "decide_review",
    "take_consultation_result": _discarded,
    "investigate_after_report": _reported,
    "accept_report": _in_review,
    "record_investigation_report": _asked,
    "assess_risk": _asked,
    "conclude_without_recall": _investigated,
    "issue_recall_notice": _investigated,
    "record_silence": _silent,
    "return_plan": _planned,
    "accept_plan": _planned,
    "record_completion": _begun,
    "forward_escalation": _if("forward_escalation", "submit_escalation"),
    "record_order": _if("record_order", "forward_escalation"),
    "resume_investigation": _if("record_order", "forward_escalation"),
    "revoke_producer_link": lambda w: None if w.live_links() else "send_producer_link",
}
"""What has to be done before an act, by act; None where nothing has."""
