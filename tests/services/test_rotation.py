"""The rotation: a schedule without gap or overlap, changed only before a term begins."""

from datetime import date

import pytest
from sqlalchemy import select

from portal.models.database import Database
from portal.models.event import Event
from portal.models.institution import RotationTerm
from portal.process.errors import Invalid, NotAllowed, NotFound, Refusal
from portal.services.kernel.lead import lead_on
from portal.services.rotation import (
    change_term,
    generate_schedule,
    rotation_strip,
    schedule_problems,
    swap_terms,
    view_rotation,
)
from tests.factories.application import submitted
from tests.factories.world import KEYS, NOON, build_world


def order_of(world, *keys):
    return [world.institutions[key] for key in keys]


def terms_of(database: Database):
    with database.read() as db:
        return [
            (term.institution_id, term.starts_on, term.ends_on)
            for term in db.scalars(select(RotationTerm).order_by(RotationTerm.starts_on))
        ]


def test_an_empty_schedule_is_laid_out_from_its_first_day(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        for term in db.scalars(select(RotationTerm)):
            db.delete(term)
        db.flush()
        generate_schedule(
            db, actor=world.administrator, start=date(2024, 11, 21), order=order_of(world, *KEYS), years=4, now=NOON
        )
        assert lead_on(db, world.alliance_id, date(2025, 11, 20)) == world.institutions["shanghai"]
        assert lead_on(db, world.alliance_id, date(2025, 11, 21)) == world.institutions["jiangsu"]
        assert schedule_problems(db, world.alliance_id) == ()


def test_going_on_replaces_only_what_begins_later(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        order = order_of(world, "anhui", "zhejiang", "shanghai", "jiangsu")
        generate_schedule(db, actor=world.administrator, start=date(2027, 11, 21), order=order, years=2, now=NOON)
        event = db.scalar(select(Event).where(Event.name == "rotation_generated"))
        assert event is not None
        assert len(event.facts["before"]) == 5
        assert event.facts["after"][1] == "浙江 2028-11-21至2029-11-20"
    found = terms_of(database)
    assert [first.year for _, first, _ in found] == [2024, 2025, 2026, 2027, 2028]
    assert [institution for institution, *_ in found[3:]] == order[:2]


@pytest.mark.parametrize(
    ("start", "says"),
    [
        (date(2026, 11, 20), ("重叠", "江苏2025-11-21至2026-11-20", "上海2026-11-20至2027-11-19", "第三条")),
        (date(2032, 11, 22), ("2032-11-21至2032-11-21无轮值召回技术机构", "安徽2031-11-21至2032-11-20", "第三条")),
    ],
)
def test_a_gap_or_overlap_is_refused_and_names_both_terms(
    database: Database, start: date, says: tuple[str, ...]
) -> None:
    with database.write() as db:
        world = build_world(db)
    before = terms_of(database)
    with database.write() as db, pytest.raises(Invalid) as refused:
        generate_schedule(db, actor=world.administrator, start=start, order=order_of(world, *KEYS), years=1, now=NOON)
    (problem,) = refused.value.problems
    assert (problem.field, problem.article) == ("start", "3")
    assert all(words in problem.message for words in says), problem.message
    assert terms_of(database) == before


@pytest.mark.parametrize(
    ("keys", "years", "field"), [(KEYS[:3], 1, "order"), (KEYS[:1] * 4, 1, "order"), (KEYS, 0, "years")]
)
def test_a_schedule_that_cannot_be_is_refused_at_its_field(
    database: Database, keys: tuple[str, ...], years: int, field: str
) -> None:
    with database.write() as db:
        world = build_world(db)
        with pytest.raises(Invalid) as refused:
            generate_schedule(
                db, actor=world.administrator, start=date(2032, 11, 21), order=order_of(world, *keys), years=years,
                now=NOON,
            )  # fmt: skip
        assert [problem.field for problem in refused.value.problems] == [field]


def test_a_term_is_changed_or_swapped_before_it_begins_and_never_after(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        past, present, coming, later, *_ = db.scalars(select(RotationTerm).order_by(RotationTerm.starts_on)).all()
        swap_terms(db, actor=world.administrator, term_id=coming.id, other_term_id=later.id, now=NOON)
        assert (coming.institution_id, later.institution_id) == tuple(order_of(world, "anhui", "zhejiang"))
        change_term(
            db, actor=world.administrator, term_id=later.id, institution_id=world.institutions["jiangsu"], now=NOON
        )
        assert later.institution_id == world.institutions["jiangsu"]
        for begun in (past, present):
            with pytest.raises(Refusal, match="已经开始"):
                change_term(
                    db, actor=world.administrator, term_id=begun.id, institution_id=world.institutions["anhui"],
                    now=NOON,
                )  # fmt: skip
            with pytest.raises(Refusal, match="已经开始"):
                swap_terms(db, actor=world.administrator, term_id=later.id, other_term_id=begun.id, now=NOON)


def test_only_the_administrator_changes_it_and_only_staff_see_it(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        with pytest.raises(NotAllowed):
            generate_schedule(
                db, actor=world.lead, start=date(2032, 11, 21), order=order_of(world, *KEYS), years=1, now=NOON
            )
        for stranger in (world.experts["shanghai"][0], world.auditor, world.security_administrator):
            assert stranger is not None
            with pytest.raises(NotFound):
                view_rotation(db, actor=stranger, now=NOON)


def test_the_page_tells_the_present_term_and_what_is_still_led(database: Database) -> None:
    with database.write() as db:
        world = build_world(db)
        submitted(db, world)
    with database.read() as db:
        page = view_rotation(db, actor=world.lead, now=NOON)
        strip = rotation_strip(db, NOON)
    assert [term.state for term in page.terms] == ["past", "now", *["next"] * 6]
    assert (page.terms[1].day_of_term, page.terms[1].open_consultations) == (102, 1)
    assert [term.starts_on.year for term in strip] == [2024, 2025, 2026, 2027]
    assert (page.next_start, page.next_order[0]) == (date(2032, 11, 21), world.institutions["shanghai"])
    assert not page.may_edit
