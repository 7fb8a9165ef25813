"""The proposal: spread, fitting, odd, the same every time, and without those who cannot be asked."""

import pytest
from sqlalchemy.orm import Session

from portal.models.database import Database
from portal.models.expert import Expert, ExpertField, ExpertRelation
from portal.process.errors import NotFound
from portal.process.permissions import Actor
from portal.services.consultation.panel_proposal import Composition, compose_panel, propose_panel
from portal.services.kernel.loading import find
from tests.factories.application import accepted
from tests.factories.panel import nominated
from tests.factories.world import NOON, build_world


def expert_of(db: Session, actor: Actor) -> Expert:
    return db.get_one(Expert, actor.expert_id)


def test_the_proposal_spreads_fits_stays_odd_and_leaves_out_who_cannot(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = accepted(db, world)
        loaded = find(db, actor=world.lead, consultation_id=consultation.id, now=NOON)
        fitting, involved, away = (expert_of(db, world.experts["anhui"][number]) for number in (3, 0, 1))
        for key in world.experts:
            for actor in world.experts[key]:
                expert_of(db, actor).fields = [ExpertField(field_key="law")]
        fitting.fields = [ExpertField(field_key="household_appliances"), ExpertField(field_key="combustion")]
        involved.employer, away.is_available = "苏州煦眠家居用品有限公司", False
        db.flush()
        proposed = propose_panel(db, loaded, NOON)
        assert len(proposed) == 5
        assert {one.institution.id for one in proposed} == set(world.institutions.values())
        assert fitting.id in {one.expert_id for one in proposed}
        assert not {involved.id, away.id} & {one.expert_id for one in proposed}
        assert propose_panel(db, loaded, NOON) == proposed, "the same every time"
        nominated(db, world, consultation=consultation, experts=(("anhui", 3), ("jiangsu", 0)))
        rest = propose_panel(db, loaded, NOON)
        assert len(rest) == 3, "with the two who are invited, five"
        assert {"上海", "浙江"} <= {one.institution.short_name for one in rest}
        for key in ("shanghai", "zhejiang", "jiangsu", "anhui"):
            for actor in world.experts[key]:
                expert_of(db, actor).is_available = False
        db.flush()
        assert propose_panel(db, loaded, NOON) == ()


def test_a_change_says_at_once_what_it_brings_about(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = accepted(db, world)
        toxicologist, involved = (expert_of(db, world.experts["anhui"][number]) for number in (2, 3))
        toxicologist.fields = [ExpertField(field_key="toxicology")]
        involved.relations = [ExpertRelation(organisation="煦眠家居用品", kind="advice")]
        db.flush()

        def composed(**given: object) -> Composition:
            return compose_panel(db, actor=world.lead, consultation_id=consultation.id, now=NOON, **given)  # type: ignore[arg-type]

        page = composed()
        assert page.is_proposal
        assert (page.effect.size, page.effect.is_odd, page.effect.missing_institutions) == (5, True, ())
        assert page.effect == page.proposed
        assert sum(wanted for _, wanted, _ in page.wishes) == 5
        ids = [one.expert_id for one in page.members]
        wanted = [*page.wanted, "toxicology"]
        more = composed(chosen_ids=[*ids, toxicologist.id, involved.id], before_ids=ids, fields=wanted)
        assert more.effect.size == 7
        assert "毒理" in more.effect.covered
        assert "人数 5 变为 7（单数）" in more.changes
        assert "专业领域增加：毒理" in more.changes
        assert [line for line in more.effect.conflicts if "顾问" in line]
        fewer = composed(chosen_ids=ids[:2], before_ids=ids)
        assert not fewer.effect.is_odd
        assert not fewer.effect.enough
        assert any(line.startswith("单位减少") for line in fewer.changes)
        (found,) = composed(search="an专4", chosen_ids=ids).found
        assert found.expert_id == involved.id
        assert found.matches
        with pytest.raises(NotFound):
            compose_panel(db, actor=world.auditor or world.lead, consultation_id=consultation.id, now=NOON)
