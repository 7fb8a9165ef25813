"""The alliance is set up once from the edition, and its institutions are called as the administrator says."""

import pytest
from sqlalchemy import select

from portal.models.database import Database
from portal.models.event import Event
from portal.process.errors import Invalid, NotAllowed, Refusal
from portal.services.institutions import establish_alliance, list_institutions, rename_institution
from tests.factories.world import NOON, build_world


def test_an_empty_installation_gets_its_members_once(database: Database) -> None:
    with database.write() as db:
        alliance = establish_alliance(db, actor=None, now=NOON)
        assert [member.institution.badge for member in alliance.members] == ["沪", "苏", "浙", "皖"]
        with pytest.raises(Refusal):
            establish_alliance(db, actor=None, now=NOON)


def test_renaming_is_recorded_with_before_and_after(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        number = world.institutions["anhui"]
        rename_institution(
            db, actor=world.administrator, institution_id=number, name=" 安徽省产品质量监督检验研究院 ",
            short_name="安徽", badge="皖", now=NOON,
        )  # fmt: skip
        names = [institution.name for institution in list_institutions(db, actor=world.administrator, now=NOON)]
        assert names[3] == "安徽省产品质量监督检验研究院"
        event = db.scalar(select(Event).where(Event.name == "institution_renamed"))
        assert event is not None
        assert (event.facts["before"]["name"], event.facts["after"]["name"]) == ("安徽省消费品召回技术中心", names[3])


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "上海市消费品召回技术中心"}, "name"),
        ({"badge": "沪"}, "badge"),
        ({"badge": "安徽"}, "badge"),
        ({"short_name": "长" * 21}, "short_name"),
    ],
)
def test_a_name_that_cannot_be_is_refused_at_its_field(database: Database, given: dict[str, str], field: str) -> None:
    whole = {"name": "安徽省消费品召回技术中心", "short_name": "安徽", "badge": "皖", **given}
    with database.write() as db:
        world = build_world(db)
        with pytest.raises(Invalid) as refused:
            rename_institution(
                db, actor=world.administrator, institution_id=world.institutions["anhui"], now=NOON, **whole
            )
        assert [problem.field for problem in refused.value.problems] == [field]


def test_only_the_administrator(sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        world = build_world(db)
        with pytest.raises(NotAllowed):
            list_institutions(db, actor=world.lead, now=NOON)
