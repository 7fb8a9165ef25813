"""Importing experts: every bad row is named, the good ones come all together or not at all."""

from collections.abc import Callable
from io import BytesIO
from itertools import count

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from portal.models.account import Person, PersonRole
from portal.models.database import Database
from portal.models.event import Event
from portal.models.expert import Expert, ExpertField, ExpertImport, ExpertRelation, FormerEmployer
from portal.process.errors import Invalid, NotFound, Refusal
from portal.services import expert_import as service
from portal.services.expert_accounts import MOST_AT_ONCE, open_expert_accounts, pending_accounts
from portal.services.expert_import_rows import COLUMNS
from portal.services.expert_sheets import export_register, import_template, problem_sheet
from portal.services.experts import register
from tests.factories.world import NOON, World, build_world

HEADINGS = list(COLUMNS.values())
GOOD = {
    "专业领域": "家用电器、电气安全",
    "工作单位": "合肥检测院",
    "职务/职称": "高级工程师",
    "入职日期": "2019-06",
    "曾任单位": "芜湖某公司，2010-07至2019-05",
    "利益关系": "某某集团，顾问，2021-03至今",
    "联系语言": "普通话",
}
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章"
DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")
BAD: list[tuple[dict[str, str], str, str]] = [
    ({"邮箱": "不是邮箱"}, "邮箱", "name@example.cn"),
    ({"专业领域": "屠龙"}, "专业领域", "没有“屠龙”"),
    ({"专业领域": ""}, "专业领域", "至少选择一个"),
    ({"工作单位": ""}, "工作单位", "请填写工作单位"),
    ({"职务/职称": "工" * 61}, "职务/职称", "最多 60 个字"),
    ({"入职日期": "去年"}, "入职日期", "不是日期"),
    ({"曾任单位": "某公司"}, "曾任单位", "离开的日期"),
    ({"利益关系": "某公司，亲密"}, "利益关系", "不是类别"),
    ({"姓名": ""}, "姓名", "请填写姓名"),
    ({"工作单位": "=1+1"}, "工作单位", "公式"),
]


def line(number: int, **changed: str) -> dict[str, str]:
    name = SURNAMES[number % len(SURNAMES)] + f"{number:04d}".translate(DIGITS)
    return {**GOOD, "姓名": name, "邮箱": f"e{number}@example.org", **changed}


def xlsx_of(lines: list[dict[str, str]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(HEADINGS)
    for one in lines:
        sheet.append([one.get(heading, "") for heading in HEADINGS])
    held = BytesIO()
    book.save(held)
    return held.getvalue()


def csv_of(lines: list[dict[str, str]], encoding: str = "utf-8-sig") -> bytes:
    rows = [HEADINGS, *([one.get(heading, "") for heading in HEADINGS] for one in lines)]
    return "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in rows).encode(encoding)


@pytest.fixture
def world(database: Database) -> World:
    with database.write() as db:
        return build_world(db)


@pytest.fixture
def upload(database: Database, world: World) -> Callable[..., int]:
    def send(content: bytes, name: str) -> int:
        with database.write() as db:
            asked = service.ask_import(db, actor=world.staff["anhui"], content=content, file_name=name, now=NOON)
            return asked.id

    return send


def page_of(db: Session, world: World, import_id: int, page: int = 1) -> service.ImportPage:
    return service.import_page(db, actor=world.staff["anhui"], import_id=import_id, now=NOON, page=page)


def test_five_thousand_rows_with_two_hundred_bad_ones(
    database: Database, world: World, upload: Callable[..., int]
) -> None:
    lines, expected = [], {}
    kinds = count()
    for number in range(5000):
        if number % 25 == 7:
            change, column, reason = BAD[next(kinds) % len(BAD)]
            lines.append(line(number, **change))
            expected[number + 2] = (column, reason)
        else:
            lines.append(line(number))
    assert len(expected) == 200
    import_id = upload(xlsx_of(lines), "专家名单.xlsx")
    told: list[int] = []

    @event.listens_for(ExpertImport.read, "set")
    def note(_target: ExpertImport, value: int, _old: object, _initiator: object) -> None:
        told.append(value)

    try:
        assert service.read_waiting(database, NOON) == 1
    finally:
        event.remove(ExpertImport.read, "set", note)
    assert told == [*range(0, 5000, service.AT_ONCE), 5000], "the progress was told as it went"
    with database.read() as db:
        page = page_of(db, world, import_id)
        assert (page.found.state, page.found.total, page.found.good, page.found.bad) == ("read", 5000, 4800, 200)
        every = service.import_problems(db, actor=world.staff["anhui"], import_id=import_id, now=NOON)
        found: dict[int, list[tuple[str, str]]] = {}
        for one in every:
            found.setdefault(one.row, []).append((one.column, one.reason))
        assert found.keys() == expected.keys()
        for row, (column, reason) in expected.items():
            assert any(where == column and reason in why for where, why in found[row]), (row, found[row])
            assert {where for where, _ in found[row]} == {column}
        assert db.scalar(select(func.count()).select_from(Expert)) == 16, "nobody before the confirmation"
    with database.write() as db:
        assert service.confirm_import(db, actor=world.staff["anhui"], import_id=import_id, now=NOON) == 4800
    with database.read() as db:
        of_anhui = Expert.institution_id == world.institutions["anhui"]
        assert db.scalar(select(func.count()).select_from(Expert).where(of_anhui)) == 4804
        for model, number in ((ExpertField, 9600), (FormerEmployer, 4800), (ExpertRelation, 4800)):
            joined = select(func.count()).select_from(model).join(Expert, Expert.id == model.expert_id)
            assert db.scalar(joined.where(of_anhui, Expert.employer == "合肥检测院")) == number
        row = register(db, actor=world.staff["anhui"], now=NOON, search="零零零一 hfjcy").rows[0]
        assert row.is_pending
        assert row.field_labels == ("家用电器", "电气安全")
        assert row.name == lines[1]["姓名"]
        found_import = db.get_one(ExpertImport, import_id)
        assert (found_import.content, found_import.rows, found_import.problems) == (None, [], [])
        (told_event,) = db.scalars(select(Event).where(Event.name == "experts_imported"))
        assert len(told_event.facts["experts"]) == 4800
        assert not db.scalars(select(PersonRole).join(Person).where(Person.is_pending)).all(), "no account yet"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gbk", "gb18030"])
def test_a_csv_is_read_in_the_encodings_that_offices_write(
    database: Database, world: World, upload: Callable[..., int], encoding: str
) -> None:
    import_id = upload(csv_of([line(1), line(2, 曾任单位="")], encoding), "名单.csv")
    service.read_waiting(database, NOON)
    with database.read() as db:
        page = page_of(db, world, import_id)
        assert page.found.good == 2, page.problems
        assert page.sample[0]["name"] == line(1)["姓名"]


def test_who_is_there_already_is_named(database: Database, world: World, upload: Callable[..., int]) -> None:
    known = {"姓名": "an专1", "工作单位": "anhui电器检验院"}
    lines = [line(1), line(2, 邮箱="E1@example.org"), line(3, 姓名=line(1)["姓名"]), line(4, **known),
             line(5, 邮箱="anhui-expert-2@example.org"), line(6, 邮箱="jiangsu-expert-1@example.org")]  # fmt: skip
    import_id = upload(csv_of(lines), "名单.csv")
    service.read_waiting(database, NOON)
    with database.read() as db:
        page = page_of(db, world, import_id)
        assert [(one.row, one.column, one.reason) for one in page.problems] == [
            (3, "邮箱", "与第 2 行的邮箱相同。"),
            (4, "姓名", "与第 2 行的姓名和工作单位相同。"),
            (5, "姓名", "与专家库中的an专1的姓名和工作单位相同。"),
            (6, "邮箱", "与专家库中的an专2的邮箱相同。"),
        ]
        assert page.found.good == 2, "who is on another institution's register is not told"
        sheet = load_workbook(BytesIO(problem_sheet(db, actor=world.staff["anhui"], import_id=import_id, now=NOON)))
        assert sheet.active.cell(4, 4).value == "与第 2 行的邮箱相同。"


def test_what_came_in_meanwhile_stops_all_of_it(database: Database, world: World, upload: Callable[..., int]) -> None:
    first, second = (upload(csv_of([line(number), line(9)]), "名单.csv") for number in (1, 2))
    service.read_waiting(database, NOON)
    actor = world.staff["anhui"]
    with database.write() as db:
        assert service.confirm_import(db, actor=actor, import_id=first, now=NOON) == 2
    with pytest.raises(Refusal, match="没有导入任何人"), database.write() as db:
        service.confirm_import(db, actor=actor, import_id=second, now=NOON)
    with database.write() as db:
        assert db.scalar(select(func.count()).select_from(Expert)) == 18
        with pytest.raises(Refusal):
            service.confirm_import(db, actor=actor, import_id=first, now=NOON)
        with pytest.raises(NotFound):
            service.confirm_import(db, actor=world.staff["jiangsu"], import_id=second, now=NOON)
        service.discard_import(db, actor=actor, import_id=second, now=NOON)
        assert db.get_one(ExpertImport, second).content is None
        with pytest.raises(Refusal):
            service.discard_import(db, actor=actor, import_id=second, now=NOON)


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "a.csv", "空文件"),
        (b"PK\x03\x04rest", "a.csv", "内容不是"),
        (b"name", "a.xlsx", "内容不是"),
        (b"PK\x03\x04rest", "a.xlsx", "内容不是"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.xlsx", "打开密码"),
        (b"%PDF-1.7", "a.pdf", "只能导入"),
        (b"a" * (10 * 1024 * 1024 + 1), "a.csv", "超过"),
    ],
)
def test_what_is_no_table_is_refused(
    database: Database, world: World, upload: Callable[..., int], content: bytes, name: str, says: str
) -> None:
    with pytest.raises(Invalid, match=says):
        upload(content, name)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("姓名,邮箱\r\n甲,a@example.org".encode(), "专业领域、工作单位、职务/职称"),
        ("姓名,邮箱,专业领域,工作单位,职务/职称".encode(), "没有专家"),
        (b"\xff\xff\xff", "编码"),
        ('姓名,邮箱,专业领域,工作单位,职务/职称\r\n"甲'.encode(), "引号"),
        (("姓名,邮箱,专业领域,工作单位,职务/职称\r\n" + "甲,,,,\r\n" * 10_001).encode(), "10000 行"),
    ],
)
def test_a_list_that_cannot_be_read_says_why(
    database: Database, world: World, upload: Callable[..., int], content: bytes, says: str
) -> None:
    import_id = upload(content, "名单.csv")
    service.read_waiting(database, NOON)
    with database.read() as db:
        page = page_of(db, world, import_id)
        assert says in page.found.refusal
        assert page.found.good == 0


def test_the_template_is_read_and_the_export_runs_nothing(
    database: Database, world: World, upload: Callable[..., int]
) -> None:
    actor = world.staff["anhui"]
    with database.write() as db:
        book = load_workbook(BytesIO(import_template(db, actor=actor, now=NOON)))
        book.active.append([line(1).get(heading, "") for heading in HEADINGS])
        expert = db.get_one(Expert, world.experts["anhui"][0].expert_id)
        expert.employer, expert.title = "=HYPERLINK(1)", "@+-\t\x01x"
    held = BytesIO()
    book.save(held)
    import_id = upload(held.getvalue(), "模板.xlsx")
    service.read_waiting(database, NOON)
    with database.read() as db:
        assert page_of(db, world, import_id).found.good == 1
    with database.write() as db:
        exported = load_workbook(BytesIO(export_register(db, actor=actor, now=NOON))).active
        cells = [cell for row in exported.iter_rows(min_row=3) for cell in row if cell.value is not None]
        assert len([cell for cell in cells if cell.row > 3]) >= 4 * 8
        assert all(cell.data_type in ("s", "n") for cell in cells)
        values = [str(cell.value) for cell in cells]
        assert "'=HYPERLINK(1)" in values
        assert not [value for value in values if value.startswith(tuple("=+-@\t\x00"))]
        with pytest.raises(NotFound):
            export_register(db, actor=world.auditor or actor, now=NOON)


def test_the_security_administrator_opens_what_was_imported(
    database: Database, world: World, upload: Callable[..., int]
) -> None:
    import_id = upload(csv_of([line(1), line(2, 邮箱="jiangsu-expert-1@example.org")]), "名单.csv")
    service.read_waiting(database, NOON)
    security = world.security_administrator
    assert security is not None
    with database.write() as db:
        service.confirm_import(db, actor=world.staff["anhui"], import_id=import_id, now=NOON)
        page = pending_accounts(db, actor=security, now=NOON)
        assert [one.same_email for one in page.accounts] == [(), ("jiangsu-expert-1",)]
        ids = [one.person_id for one in page.accounts]
        lasts = NOON - NOON.replace(day=1)
        for wrong in ([], range(1, MOST_AT_ONCE + 2)):
            with pytest.raises(Invalid):
                open_expert_accounts(db, actor=security, person_ids=wrong, link_lasts=lasts, now=NOON)
        with pytest.raises(NotFound):
            open_expert_accounts(db, actor=world.staff["anhui"], person_ids=ids, link_lasts=lasts, now=NOON)
        assert open_expert_accounts(db, actor=security, person_ids=ids[:1], link_lasts=lasts, now=NOON) == 1
        assert open_expert_accounts(db, actor=security, person_ids=ids[:1], link_lasts=lasts, now=NOON) == 0
        person = db.get_one(Person, ids[0])
        assert person.is_active
        assert [role.role for role in person.roles] == ["expert"]
        assert pending_accounts(db, actor=security, now=NOON).total == 1
