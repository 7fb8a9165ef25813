"""What people do with one consultation in the simulated year: each act through its service, days or weeks apart."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.models.consultation import Consultation
from portal.process.permissions import Actor
from portal.rules.dates import BEIJING, beijing_day
from portal.rules.time_poll import MARKS
from portal.services.consultation.application import accept_application, create_application, submit_application
from portal.services.consultation.invitation import answer_invitation
from portal.services.consultation.material import extend_analysis, send_material
from portal.services.consultation.panel import confirm_panel, nominate_members, terminate_consultation
from portal.services.consultation.preliminary_analysis import hand_in_analysis, tell_lead
from portal.services.consultation.scheduling import SessionPlan, fix_session, move_session, name_participants
from portal.services.consultation.time_poll import SlotInput, answer_time_poll, open_time_poll
from portal.services.consultation.time_poll_asking import open_poll
from tests.factories.application import COMPLETE
from tests.factories.material import uploaded
from tests.factories.online_session import PLAN
from tests.factories.panel import ACCEPTS, FIVE, actors
from tests.factories.preliminary_analysis import ANALYSIS
from tests.factories.world import KEYS, World

Act = Callable[[Session, datetime], None]
Wait = Callable[[float], float]
Given = Callable[[datetime], dict[str, Any]]
Story = Iterator[tuple[float, Act]]
"""Working time in days to wait, and the act to do then; an act that is refused then is left out."""


def story(world: World, chosen: random.Random) -> Story:
    """One consultation, from the application until it is ended in the middle of scheduling or before the session."""
    pace = chosen.choice((0.5, 1.0, 1.0, 2.5))  # some houses are quick, some are late with everything

    def wait(days: float) -> float:
        return pace * chosen.uniform(0.2, 2.0) * days

    known: dict[str, int] = {}

    def submit(db: Session, now: datetime) -> None:
        made = create_application(db, actor=world.applicant, given=COMPLETE, now=now)
        submit_application(db, actor=world.applicant, consultation_id=made.id, now=now)
        known["id"] = made.id

    def given(now: datetime) -> dict[str, Any]:
        return {"consultation_id": known["id"], "now": now}

    yield 0, submit
    yield from _panel(world, chosen, wait, given)
    yield from _analyses(world, chosen, wait, given)
    yield from _session(world, chosen, wait, given)
    yield wait(4), lambda db, now: terminate_consultation(db, actor=world.lead, reason="企业已主动召回", **given(now))


def _panel(world: World, chosen: random.Random, wait: Wait, given: Given) -> Story:
    yield wait(2), lambda db, now: accept_application(db, actor=world.lead, **given(now))
    for key in chosen.sample(KEYS, len(KEYS)):
        experts = [world.experts[province][number].expert_id or 0 for province, number in FIVE if province == key]
        yield (
            wait(0.7),
            lambda db, now, key=key, experts=experts: nominate_members(
                db, actor=world.staff[key], expert_ids=experts, **given(now)
            ),
        )
    for actor in actors(world):
        yield wait(0.5), lambda db, now, actor=actor: answer_invitation(db, actor=actor, answer=ACCEPTS, **given(now))
    yield wait(2), lambda db, now: confirm_panel(db, actor=world.lead, even_reason="", **given(now))


def _analyses(world: World, chosen: random.Random, wait: Wait, given: Given) -> Story:
    yield wait(6), lambda db, now: _send(db, world, **given(now))
    for place, actor in enumerate(actors(world)):
        if place == 2 and chosen.random() < 0.5:
            yield (
                wait(0.5),
                lambda db, now: extend_analysis(db, actor=world.lead, working_days=2, reason="补充检测", **given(now)),
            )
        yield (
            wait(0.9),
            lambda db, now, actor=actor: hand_in_analysis(db, actor=actor, given=ANALYSIS, version=0, **given(now)),
        )
    yield wait(3), lambda db, now: tell_lead(db, actor=world.lead, **given(now))


def _session(world: World, chosen: random.Random, wait: Wait, given: Given) -> Story:
    if chosen.random() < 0.5:
        yield wait(1), lambda db, now: _ask(db, world, **given(now))
        for actor in [*actors(world)[:3], *(world.staff[key] for key in KEYS[:2])]:
            yield wait(0.5), lambda db, now, actor=actor: _mark(db, actor, **given(now))
    yield wait(2), lambda db, now: fix_session(db, actor=world.lead, plan=_plan(now, 6), **given(now))
    if chosen.random() < 0.4:
        yield wait(1), lambda db, now: move_session(db, actor=world.lead, plan=_plan(now, 9), **given(now))
    for key in KEYS:
        yield (
            wait(1),
            lambda db, now, key=key: name_participants(
                db, actor=world.staff[key], person_ids=[world.staff[key].person_id], has_no_interest=True, **given(now)
            ),
        )


def _send(db: Session, world: World, consultation_id: int, now: datetime) -> None:
    uploaded(db, world, db.get_one(Consultation, consultation_id), now=now)
    send_material(db, actor=world.applicant, consultation_id=consultation_id, now=now)


def _ask(db: Session, world: World, consultation_id: int, now: datetime) -> None:
    slots = [SlotInput(_at(now, days), 90) for days in (5, 6)]
    open_time_poll(db, actor=world.lead, consultation_id=consultation_id, slots=slots, now=now)


def _mark(db: Session, actor: Actor, consultation_id: int, now: datetime) -> None:
    poll = open_poll(db, consultation_id)
    if poll is not None:
        marks = {slot.id: next(iter(MARKS)) for slot in poll.slots}
        answer_time_poll(db, actor=actor, consultation_id=consultation_id, marks=marks, now=now)


def _plan(now: datetime, days: int) -> SessionPlan:
    starts = _at(now, days)
    return replace(PLAN, starts_at=starts, ends_at=starts + timedelta(hours=2), late_reason="专家时间难以协调")


def _at(now: datetime, days: int) -> datetime:
    return datetime.combine(beijing_day(now) + timedelta(days=days), time(14), tzinfo=BEIJING)
