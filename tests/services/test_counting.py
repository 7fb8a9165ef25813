"""The counts that are kept say what counting would say, whatever happens to consultations."""

from __future__ import annotations

import random
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.consultation import Consultation, ConsultationParty
from portal.models.database import Database
from portal.models.obligation import Obligation
from portal.models.watch import Watch
from portal.process.consultation import ENDED, STEPS, Stage
from portal.process.permissions import Actor
from portal.services.consultation.application import add_party, create_application
from portal.services.consultation.listing import ListFilter, list_consultations
from portal.services.kernel.counting import count_stage, recount
from tests.factories.application import complete_application, submitted
from tests.factories.voting import voting
from tests.factories.world import NOON, World, build_world
from tests.support.counts import counted, kept

SUBMITTED_STAGES = [stage for stage in Stage if stage not in (Stage.DRAFT, Stage.DISCARDED)]


def something_happens(db: Session, world: World, chosen: random.Random, consultations: list[Consultation]) -> None:
    one = chosen.choice(consultations)
    match chosen.choice(("party", "stage", "stage", "draft", "watch", "owed")):
        case "party":
            add_party(db, one, chosen.choice(list(world.institutions.values())))
        case "stage":
            before, one.stage = one.stage, chosen.choice(SUBMITTED_STAGES)
            count_stage(db, one, before)
        case "draft":
            applicant = chosen.choice(list(world.liaisons.values()))[0]
            create_application(db, actor=applicant, given=complete_application(), now=NOON)
        case "watch" if db.scalar(select(Watch).where(Watch.consultation_id == one.id)) is None:
            owner_id, state = world.lead.person_id, chosen.choice(("open", "reapplied"))
            ended_at = None if state == "open" else NOON
            db.add(
                Watch(
                    consultation_id=one.id,
                    owner_id=owner_id,
                    review_on=NOON.date(),
                    began_at=NOON,
                    state=state,
                    ended_at=ended_at,
                )
            )
        case "owed":
            owner = chosen.choice(list(world.institutions.values()))
            begins = NOON + timedelta(days=chosen.choice((0, 2)))  # the clock opens some ahead of their time
            db.add(Obligation(kind="archive", consultation_id=one.id, institution_id=owner, since_at=begins))
    db.flush()


def seen(db: Session, actor: Actor) -> list[Consultation]:
    """What the actor's institution sees, looked at one by one."""
    parties = {(one.consultation_id, one.institution_id) for one in db.scalars(select(ConsultationParty))}
    return [
        one
        for one in db.scalars(select(Consultation))
        if one.stage != Stage.DISCARDED
        and (one.applicant_institution_id == actor.institution_id or (one.id, actor.institution_id) in parties)
    ]


def expected_tabs(db: Session, actor: Actor) -> dict[str, int]:
    mine = {
        one.consultation_id
        for one in db.scalars(select(Obligation).where(Obligation.closed_at.is_(None)))
        if (one.since_at <= NOON and actor.institution_id == one.institution_id) or actor.person_id == one.person_id
    }
    watched = set(db.scalars(select(Watch.consultation_id).where(Watch.state == "open")))
    visible = seen(db, actor)
    return {
        "year": sum(one.year in (NOON.year, None) for one in visible),
        "mine": sum(one.id in mine for one in visible),
        "open": sum(one.stage not in ENDED for one in visible),
        "watch": sum(one.id in watched for one in visible),
        "archived": sum(one.stage in (Stage.ARCHIVED, Stage.DISPOSED) for one in visible),
        "all": len(visible),
    }


def test_the_counts_follow_whatever_happens(database: Database) -> None:
    chosen = random.Random(2026)
    with database.write() as db:
        world = build_world(db)
        consultations = [submitted(db, world), submitted(db, world), voting(db, world)]
        for _ in range(5):
            for _ in range(12):
                something_happens(db, world, chosen, consultations)
            assert kept(db) == counted(db)
            for liaisons in world.liaisons.values():
                actor = liaisons[0]
                found = list_consultations(db, actor=actor, wanted=ListFilter(), now=NOON)
                assert found.tabs == expected_tabs(db, actor)
                assert found.total == found.tabs["year"]
                for step in STEPS:
                    narrowed = list_consultations(
                        db, actor=actor, wanted=ListFilter(tab="all", step=step.slug), now=NOON
                    )
                    assert narrowed.total == sum(one.stage in step.stages for one in seen(db, actor))
        before = kept(db)
        recount(db)
        db.expire_all()
        assert kept(db) == before
