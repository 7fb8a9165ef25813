"""The proposal: spread, fitting, odd, the same every time, and without those who cannot be asked."""

from sqlalchemy.orm import Session

from portal.models.database import Database
from portal.models.expert import Expert, ExpertField
from portal.process.permissions import Actor
from portal.services.consultation.panel_proposal import propose_panel
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
