"""The administrator's page of regulators: entered for the whole region, a county added, numbers and telephones set."""

from collections.abc import Callable
from html import unescape

import pytest
from sqlalchemy import func, select

from portal.models.account import Person, PersonRole
from portal.models.database import Database
from portal.models.institution import Institution, InstitutionHead
from portal.rules.dates import beijing_day
from portal.rules.regions import shipped_areas
from portal.services.kernel.mailing import heads
from tests.factories.recall_story import JIANGNING, NANJING, SUZHOU, RecallWorld, build_recall_world
from tests.factories.world import NOON, World
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
PATH = "/system/regulators"


def page(answer) -> str:
    return unescape(answer.get_data(as_text=True))


@pytest.fixture
def made(sqlite_database: Database) -> RecallWorld:
    """A region with all its regulators, officers in some of them, and one county."""
    from tests.web.conftest import password_hash

    with sqlite_database.write() as db:
        return build_recall_world(db, password_hash=password_hash())


def test_the_region_is_entered_once(surf: Surf, world: World, sqlite_database: Database) -> None:
    surfer = surf("administrator")
    assert f"还有 {len(shipped_areas())} 个省、市" in page(surfer.get(PATH))
    assert surfer.post(PATH).status_code == 303
    with sqlite_database.read() as db:
        assert db.scalar(select(func.count()).where(Institution.kind == "regulator")) == len(shipped_areas())
    shown = page(surfer.get(PATH))
    assert "建立市场监管部门" not in shown
    assert [shown.count(name) > 0 for name in ("江苏省", "宁市监", "合肥市市场监督管理局")] == [True] * 3


def test_nobody_else_finds_it(surf: Surf, world: World) -> None:
    for username in ("auditor", "security", "jiangsu-liaison-1"):
        assert surf(username).get(PATH).status_code == 404


def test_a_county_is_added_and_a_wrong_code_told(surf: Surf, made: RecallWorld, sqlite_database: Database) -> None:
    surfer = surf("administrator")
    refused = surfer.post(f"{PATH}/new", {"division": JIANGNING, "area_name": "江宁区"})
    assert (refused.status_code, "已经登记" in page(refused)) == (422, True)
    assert 'value="江宁区"' in page(refused)
    assert surfer.post(f"{PATH}/new", {"division": "320583", "area_name": "昆山市"}).status_code == 303
    with sqlite_database.read() as db:
        name = db.scalar(select(Institution.name).where(Institution.division == "320583"))
    assert name == "苏州市昆山市市场监督管理局"
    assert name in page(surfer.get(PATH))


def test_numbers_and_telephone_are_set(surf: Surf, made: RecallWorld, sqlite_database: Database) -> None:
    surfer, number = surf("administrator"), made.regulators[NANJING]
    given = {"phone": "025-12345", "head_id": "0"}
    taken = surfer.post(f"{PATH}/{number}", {**given, "abbreviation": "锡市监"})
    assert (taken.status_code, "文号会重复" in page(taken), 'value="025-12345"' in page(taken)) == (422, True, True)
    assert surfer.post(f"{PATH}/{number}", {**given, "abbreviation": "宁市监"}).status_code == 303
    assert "025-12345" in page(surfer.get(PATH))
    with sqlite_database.read() as db:
        assert db.get_one(Institution, number).phone == "025-12345"
    assert surfer.get(f"{PATH}/{made.world.institutions['anhui']}").status_code == 404


def test_a_head_is_named_among_the_officers_and_told_what_is_late(
    surf: Surf, made: RecallWorld, sqlite_database: Database
) -> None:
    surfer, number = surf("administrator"), made.regulators[NANJING]
    given = {"abbreviation": "宁市监", "phone": ""}
    officer = made.city
    assert f'value="{officer.person_id}">{officer.name}' in page(surfer.get(f"{PATH}/{number}"))
    stranger = made.officers[SUZHOU].person_id
    assert surfer.post(f"{PATH}/{number}", {**given, "head_id": str(stranger)}).status_code == 422
    with sqlite_database.write() as db:
        second = Person(
            username="nanjing-2", name="宁乙", institution_id=number, email="nanjing-2@example.org", password_hash="!",
            password_changed_at=NOON, created_at=NOON, roles=[PersonRole(role="officer")],
        )  # fmt: skip
        db.add(second)

    def heard() -> set[str]:
        with sqlite_database.read() as db:
            return {one.name for one in heads(db, [number], beijing_day(NOON))}

    assert heard() == {officer.name, "宁乙"}
    assert surfer.post(f"{PATH}/{number}", {**given, "head_id": str(second.id)}).status_code == 303
    assert heard() == {"宁乙"}
    assert '<td data-h="负责人">宁乙</td>' in page(surfer.get(PATH))
    assert f'value="{second.id}" selected' in page(surfer.get(f"{PATH}/{number}"))
    assert surfer.post(f"{PATH}/{number}", {**given, "head_id": str(officer.person_id)}).status_code == 303
    assert heard() == {officer.name}
    assert surfer.post(f"{PATH}/{number}", {**given, "head_id": "0"}).status_code == 303
    assert heard() == {officer.name, "宁乙"}
    with sqlite_database.read() as db:
        kept = db.scalars(select(InstitutionHead).order_by(InstitutionHead.id)).all()
        assert [(one.person_id, one.until_on is not None) for one in kept] == [
            (second.id, True), (officer.person_id, True),
        ]  # fmt: skip


def test_accounts_offer_the_regulators_by_province_and_open_one_for_an_officer(
    surf: Surf, made: RecallWorld, sqlite_database: Database
) -> None:
    surfer = surf("security")
    shown = page(surfer.get("/accounts/new"))
    groups = [f'<optgroup label="{name}市场监管部门">' for name in ("上海市", "江苏省", "浙江省", "安徽省")]
    assert all(group in shown for group in groups)
    fields = {"username": "newofficer", "name": "新员", "email": "new@example.org", "roles": "officer"}
    assert surfer.post("/accounts/new", fields).status_code == 422
    answer = surfer.post("/accounts/new", {**fields, "institution_id": str(made.regulators[NANJING])})
    assert answer.status_code == 303
    assert "南京市市场监督管理局" in page(surfer.get(answer.location))
