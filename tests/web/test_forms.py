"""Fields, and the one way a form is submitted."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import MultiDict
from wtforms import FieldList, FormField, SelectField
from wtforms.validators import InputRequired

from portal.models.account import LoginSession
from portal.process.errors import Invalid, NotAllowed, NotFound, Stale, WrongStage
from portal.rules.problem import Problem
from portal.services.account_sessions import FAILURES_BEFORE_LOCK
from portal.web.fields import BeijingTimeField, DateField, LongTextField, PasswordField, TextField, WholeNumberField
from portal.web.forms import CLASHES, PortalForm, submit, typed
from portal.web.guard import requires
from tests.support.surfer import PASSWORD


class PartForm(PortalForm):
    part = TextField("部件")


class SampleForm(PortalForm):
    name = TextField("名称", [InputRequired("请填写名称。")], longest=10)
    note = LongTextField("说明")
    day = DateField("日期")
    moment = BeijingTimeField("时间")
    count = WholeNumberField("数量")
    kind = SelectField("种类", choices={"a": "甲", "b": "乙"})
    parts = FieldList(FormField(PartForm), min_entries=1)
    password = PasswordField("密码")


def filled(**values):
    return SampleForm(MultiDict({"name": "电热毯", "kind": "a", **values}))


def test_what_fields_read():
    form = filled(
        name="  电热毯 ", note="一\r\n二", day="2026-11-27", moment="2026-11-27T14:00", count=" 3 ", password=" x "
    )
    assert form.validate()
    assert (form.name.data, form.note.data, form.day.data) == ("电热毯", "一\n二", date(2026, 11, 27))
    assert form.moment.data == datetime(2026, 11, 27, 6, 0, tzinfo=UTC)
    assert (form.count.data, form.password.data) == (3, " x ")


def test_empty_fields_are_none_or_empty():
    form = filled(day="", moment="", count="")
    assert form.validate()
    assert (form.day.data, form.moment.data, form.count.data, form.note.data) == (None, None, None, "")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "请填写名称。"),
        ("name", "字" * 11, "最多 10 个字，现有 11 个。"),
        ("note", "a\x00b", "含有无法保存的控制字符"),
        ("day", "27.11.2026", "日期格式应为 2026-11-27。"),
        ("day", "2026-02-30", "没有这一天"),
        ("day", "２０２６-11-27", "日期格式应为"),
        ("moment", "2026-11-27", "时间格式应为 2026-11-27 14:00"),
        ("moment", "2026-11-27T25:00", "没有这一时刻"),
        ("moment", "0001-01-01T00:00", "没有这一时刻"),
        ("count", "1.5", "请填写整数"),
        ("count", "99999999999", "请填写整数"),
        ("count", "9" * 5000, "请填写整数"),
        ("kind", "c", "请从列出的选项中选择。"),
        ("password", "x" * 1001, "密码过长。"),
    ],
)
def test_what_fields_refuse_is_said_in_chinese_and_kept(field, value, said):
    form = filled(**{field: value})
    assert not form.validate()
    assert said in form.problems[0][1]
    assert form.problems[0][0] == field
    if field not in ("kind", "password"):
        assert form[field]._value() == value


def test_dates_and_moments_are_shown_as_they_are_typed():
    form = SampleForm(data={"day": date(2026, 11, 27), "moment": datetime(2026, 11, 27, 16, 0, tzinfo=UTC)})
    assert (form.day._value(), form.moment._value()) == ("2026-11-27", "2026-11-28T00:00")


def test_problems_stand_beside_their_fields_and_the_rest_in_the_summary():
    form = filled()
    for name in ("day", "parts-0-part", "part", "no_such_field"):
        form.add(Problem(name, f"{name} 有误", "8(2)"))
    assert form.day.errors[0].article == "第八条（二）"
    assert len(form.parts[0].part.errors) == 2
    assert form.problems[0] == ("", "no_such_field 有误", "第八条（二）")
    assert [field for field, _, _ in form.problems] == ["", "day", "parts-0-part", "parts-0-part"]
    form.add(Problem("count", "不符", "GB 32100"))
    assert form.count.errors[0].article == "GB 32100"


@pytest.fixture
def post(app, surf, world):
    """Submit SampleForm to a view of the test's own: post(service, **fields) gives the answer and the form it left."""
    given = {}

    def view():
        form = given["form"] = SampleForm(typed())
        confirmed_by = form.password if given["confirms"] else None
        done = submit(form, given["service"], given=lambda: form.name.data, confirmed_by=confirmed_by)
        return str(done.value), done.status

    app.add_url_rule("/sample", "sample", requires("use_own_account")(view), methods=["POST"])
    surfer = surf("shanghai-staff")

    def send(service, *, confirms=False, **fields):
        given.update(service=service, confirms=confirms)
        answer = surfer.post("/sample", {"name": "电热毯", "kind": "a", **fields})
        return answer, given["form"]

    send.surfer = surfer
    return send


def answer_of_service(db, *, actor, now, given):
    return f"{actor.name} {given}"


def test_what_the_service_returns_comes_back(post):
    answer, _ = post(answer_of_service)
    assert (answer.status_code, answer.text) == (200, "sh工 电热毯")


def test_a_wrong_shape_never_reaches_the_service(post):
    def never(db, **given):
        raise AssertionError("called")

    answer, form = post(never, name="", note="kept")
    assert (answer.status_code, form.note.data) == (422, "kept")


@pytest.mark.parametrize(
    ("error", "status", "problem"),
    [
        (
            Invalid.field("day", "会诊时间应在五个工作日内。", "8(3)"),
            422,
            ("day", "会诊时间应在五个工作日内。", "第八条（三）"),
        ),
        (Invalid.field("panel", "人数应为单数。", "8(1)"), 422, ("", "人数应为单数。", "第八条（一）")),
        (Stale("刚刚更新。"), 409, ("", "刚刚更新。", "")),
        (WrongStage("现在不能办理。", article="8(6)"), 409, ("", "现在不能办理。", "第八条（六）")),
        (NotAllowed("由他人办理。"), 403, ("", "由他人办理。", "")),
        (IntegrityError("INSERT", {}, Exception("unique")), 409, ("", CLASHES, "")),
        (StaleDataError("version"), 409, ("", CLASHES, "")),
    ],
)
def test_refusals_of_the_service_keep_what_was_typed(post, sqlite_database, error, status, problem):
    def half_done(db, *, actor, now, given):
        db.query(LoginSession).delete()
        raise error

    answer, form = post(half_done, note="kept")
    assert (answer.status_code, form.problems, form.note.data) == (status, [problem], "kept")
    with sqlite_database.read() as db:
        assert db.query(LoginSession).count() == 1  # nothing half written


def test_not_found_goes_to_its_page(post):
    def missing(db, **given):
        raise NotFound

    answer, _ = post(missing)
    assert (answer.status_code, "没有找到这一页" in answer.text) == (404, True)


def test_an_act_confirmed_by_password_changes_the_session_id(post):
    before = post.surfer.cookie()
    answer, form = post(answer_of_service, confirms=True, password="wrong one")
    assert (answer.status_code, form.problems[0][0]) == (422, "password")
    assert post.surfer.cookie() == before
    answer, _ = post(answer_of_service, confirms=True, password=PASSWORD)
    assert (answer.status_code, answer.text) == (200, "sh工 电热毯")
    assert post.surfer.cookie() != before
    assert post.surfer.get("/account/password").status_code == 200


def test_failures_to_confirm_lock_although_the_act_is_refused(post, surf):
    for _ in range(FAILURES_BEFORE_LOCK):
        post(answer_of_service, confirms=True, password="wrong one")
    answer, _ = post(answer_of_service, confirms=True, password=PASSWORD)
    assert answer.status_code == 422
    assert surf().log_in("shanghai-staff").status_code == 422
