"""Liaisons: one or two, replaced with a date, the history kept."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from portal.models.account import Person
from portal.models.database import Database
from portal.models.institution import Liaison
from portal.process.errors import Invalid, NotAllowed, NotFound
from portal.process.permissions import Role
from portal.services.liaisons import (
    appoint_liaison,
    end_liaison,
    liaisons_owed,
    replace_liaison,
    view_liaisons,
)
from tests.factories.world import NOON, World, build_world

TODAY = NOON.date()
TOMORROW = TODAY + timedelta(days=1)


def rows_of(db, world: World, key: str = "jiangsu") -> list[Liaison]:
    query = select(Liaison).where(Liaison.institution_id == world.institutions[key]).order_by(Liaison.id)
    return list(db.scalars(query))


def test_a_third_liaison_is_refused_at_the_field_and_by_the_database(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        newcomer = world.staff["jiangsu"].person_id
        with pytest.raises(Invalid) as refused:
            appoint_liaison(db, actor=world.lead, person_id=newcomer, from_on=TODAY, now=NOON)
        (problem,) = refused.value.problems
        assert (problem.field, problem.article) == ("person_id", "3")
        assert "1至2名" in problem.message
        for seat in (1, 2, 3):
            third = insert(Liaison).values(
                institution_id=world.institutions["jiangsu"], person_id=newcomer, seat=seat, from_on=TODAY
            )
            with pytest.raises(IntegrityError), db.begin_nested():
                db.execute(third)


def test_replaced_with_a_date_and_the_history_stays(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        leaving, _ = rows_of(db, world)
        newcomer = world.staff["jiangsu"].person_id
        replace_liaison(db, actor=world.lead, liaison_id=leaving.id, person_id=newcomer, from_on=TOMORROW, now=NOON)
    with database.read() as db:
        today = view_liaisons(db, actor=world.lead, now=NOON).own
        later = view_liaisons(db, actor=world.lead, now=NOON + timedelta(days=1))
    assert today is not None
    assert [line.name for line in today.present] == ["ji联1", "ji联2"]
    assert [line.name for line in today.coming] == ["ji工"]
    # The one who left is no liaison any more, so the list is closed to him or her.
    assert later.own is None
    jiangsu = later.institutions[1]
    assert [line.name for line in jiangsu.present] == ["ji联2", "ji工"]
    assert [(line.name, line.until_on) for line in jiangsu.past] == [("ji联1", TOMORROW)]


def test_without_any_liaison_any_staff_names_the_first_and_it_is_owed(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        staff, jiangsu = world.staff["jiangsu"], world.institutions["jiangsu"]

        def owing() -> list[int | None]:
            return [one.institution_id for one in liaisons_owed(db, NOON, NOON)]

        with pytest.raises(NotAllowed):
            appoint_liaison(db, actor=staff, person_id=staff.person_id, from_on=TODAY, now=NOON)
        one, two = rows_of(db, world)
        end_liaison(db, actor=world.lead, liaison_id=two.id, until_on=TODAY, now=NOON)
        assert owing() == []
        end_liaison(db, actor=world.lead, liaison_id=one.id, until_on=TODAY, now=NOON)
        assert owing() == [jiangsu]
        appoint_liaison(db, actor=staff, person_id=staff.person_id, from_on=TODAY, now=NOON)
        assert owing() == []
        assert len(rows_of(db, world)) == 3
        # Who cannot be reached does not count.
        for row in rows_of(db, world):
            db.get_one(Person, row.person_id).is_active = False
        db.flush()
        assert owing() == [jiangsu]


def test_what_cannot_be_is_refused_at_its_field(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        one, two = rows_of(db, world)
        stranger, expert = world.staff["anhui"].person_id, world.experts["jiangsu"][0].person_id
        for person_id in (stranger, expert, two.person_id):
            with pytest.raises(Invalid) as refused:
                replace_liaison(db, actor=world.lead, liaison_id=one.id, person_id=person_id, from_on=TODAY, now=NOON)
            assert refused.value.problems[0].field == "person_id"
        yesterday = TODAY - timedelta(days=1)
        with pytest.raises(Invalid) as refused:
            end_liaison(db, actor=world.lead, liaison_id=one.id, until_on=yesterday, now=NOON)
        assert refused.value.problems[0].field == "until_on"
        assert one.until_on is None


def test_another_institution_sees_the_list_and_cannot_touch_it(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        one, _ = rows_of(db, world)
        with pytest.raises(NotFound):
            end_liaison(db, actor=world.applicant, liaison_id=one.id, until_on=TOMORROW, now=NOON)
        page = view_liaisons(db, actor=world.applicant, now=NOON)
        assert page.own_id == world.institutions["shanghai"]
        assert [line.email for line in page.institutions[1].present] == [
            "jiangsu-liaison-1@example.org",
            "jiangsu-liaison-2@example.org",
        ]
        with pytest.raises(NotFound):
            view_liaisons(db, actor=world.experts["jiangsu"][0], now=NOON)
        outsider = replace(world.lead, institution_id=None, roles=frozenset({Role.STAFF}))
        with pytest.raises(NotAllowed):
            end_liaison(db, actor=outsider, liaison_id=one.id, until_on=TOMORROW, now=NOON)
