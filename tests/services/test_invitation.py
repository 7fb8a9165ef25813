"""Step 2, the invitation: what an answer needs, and what becomes of it."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.database import Database
from portal.models.expert import Expert
from portal.models.outbox import OutboxMessage
from portal.process.errors import Invalid, NotFound
from portal.process.permissions import Actor
from portal.rules.dates import beijing_day
from portal.services.consultation.invitation import InvitationAnswer, answer_invitation, view_invitation
from portal.services.kernel.obligations import open_obligations
from tests.factories.panel import ACCEPTS, nominated, place_of
from tests.factories.world import NOON, build_world

DECLINES = InvitationAnswer(accepts=False, reason="出差")


def mails(db: Session, kind: str) -> list[OutboxMessage]:
    return list(db.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind)))


def expert_of(db: Session, actor: Actor) -> Expert:
    return db.get_one(Expert, actor.expert_id)


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        (InvitationAnswer(), "accepts"),
        (InvitationAnswer(accepts=False, reason=" "), "reason"),
        (InvitationAnswer(accepts=True), "declaration"),
        (InvitationAnswer(accepts=True, declaration="declared"), "declaration_text"),
    ],
)
def test_an_answer_with_a_gap_is_refused_at_its_field(database: Database, answer: InvitationAnswer, field: str) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = nominated(db, world)
        expert = world.experts["anhui"][0]
        with pytest.raises(Invalid) as refused:
            answer_invitation(db, actor=expert, consultation_id=consultation.id, answer=answer, now=NOON)
        assert [problem.field for problem in refused.value.problems] == [field]
        assert place_of(db, consultation, expert).state == "invited"


def test_a_declared_conflict_is_a_recusal_and_declining_leaves_nothing_to_see(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = nominated(db, world)
        recused, declining = world.experts["anhui"][0], world.experts["zhejiang"][0]
        declares = InvitationAnswer(accepts=True, declaration="declared", declaration_text="持有该公司股份")
        answer_invitation(db, actor=recused, consultation_id=consultation.id, answer=declares, now=NOON)
        answer_invitation(db, actor=declining, consultation_id=consultation.id, answer=DECLINES, now=NOON)
        assert place_of(db, consultation, recused).state == "recused"
        assert place_of(db, consultation, recused).declaration == "declared"
        assert place_of(db, consultation, declining).left_reason == "出差"
        assert len(mails(db, "member_left")) == 4, "two liaisons of the lead, twice"
        assert "股份" not in "".join(letter.text for letter in mails(db, "member_left"))
        for actor in (recused, declining):
            with pytest.raises(NotFound):
                view_invitation(db, actor=actor, consultation_id=consultation.id, now=NOON)
            assert not open_obligations(db, consultation.id, person_id=actor.person_id)


def test_a_lapsed_undertaking_is_renewed_on_accepting(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        consultation = nominated(db, world)
        actor = world.experts["anhui"][0]
        expert = expert_of(db, actor)
        expert.undertakings[-1].signed_on, expert.undertakings[-1].expires_on = (
            NOON.date() - timedelta(days=366),
            beijing_day(NOON),
        )
        accepts = InvitationAnswer(accepts=True, declaration="none")
        with pytest.raises(Invalid) as refused:
            answer_invitation(db, actor=actor, consultation_id=consultation.id, answer=accepts, now=NOON)
        assert refused.value.problems[0].field == "signs_undertaking"
        answer_invitation(db, actor=actor, consultation_id=consultation.id, answer=ACCEPTS, now=NOON)
        assert expert.undertakings[-1].expires_on == beijing_day(NOON).replace(year=2027)
