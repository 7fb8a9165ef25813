"""Pages of the reminder rules: seen by staff, set by the lead, tried before saving, nothing typed lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from sqlalchemy import select

from portal.models.database import Database
from portal.models.institution import InstitutionHead
from portal.models.obligation import ReminderPolicy, ReminderSent
from portal.models.outbox import OutboxMessage
from portal.process.obligations import OBLIGATIONS
from portal.rules.reminders import Step
from portal.services.reminder_rules import shipped_policy
from tests.factories.application import submitted
from tests.factories.world import World
from tests.support.surfer import Surfer

Surf = Callable[..., Surfer]
KIND = "answer_application"
PATH = f"/rotation/reminders/{KIND}"


def page(answer) -> str:
    return answer.get_data(as_text=True)


def fields(steps: tuple[Step, ...], **more: object) -> dict[str, object]:
    """The form as a browser sends it."""
    sent: dict[str, object] = {"version": "0", **more}
    for number, step in enumerate(steps):
        at = f"{step.at:%H:%M}" if step.at else ""
        part = {"when": step.when, "count": step.count or "", "unit": step.unit, "at": at, "to": list(step.to)}
        sent |= {f"steps-{number}-{name}": value for name, value in part.items()}
    return sent


def shipped() -> tuple[Step, ...]:
    return shipped_policy(OBLIGATIONS[KIND]).steps


@pytest.fixture
def consultation_id(world: World, sqlite_database: Database) -> int:
    with sqlite_database.write() as db:
        return submitted(db, world).id


def policies(database: Database) -> Iterator[str | None]:
    with database.read() as db:
        yield from db.scalars(select(ReminderPolicy.content))


def test_staff_read_the_rules_and_only_the_lead_may_change_them(surf: Surf, world: World) -> None:
    read = page(surf("anhui-staff").get("/rotation/reminders"))
    assert "截止当日" in read
    assert "修改<span" not in read.replace("修改记录", "")
    assert f"{PATH}" in page(surf("jiangsu-liaison-1").get("/rotation/reminders"))
    assert surf("shanghai-liaison-1").get(PATH).status_code == 403
    assert surf("shanghai-expert-1").get("/rotation/reminders").status_code == 404


def test_steps_are_added_removed_and_saved(surf: Surf, world: World, sqlite_database: Database) -> None:
    lead = surf("jiangsu-liaison-1")
    count = len(shipped())
    added = page(lead.post(PATH, fields(shipped(), do="add")))
    assert f'name="steps-{count}-when"' in added
    removed = page(lead.post(PATH, fields(shipped(), do="remove-0")))
    assert f'name="steps-{count - 1}-when"' not in removed
    assert 'value="4"' in removed.partition('name="steps-0-count"')[2][:20], "the second step is the first now"
    assert list(policies(sqlite_database)) == []
    answer = lead.post(PATH, fields(shipped()[1:], do="save"))
    assert (answer.status_code, answer.location) == (303, "/rotation/reminders")
    (content,) = policies(sqlite_database)
    assert content is not None
    assert content.count("when") == count - 1
    assert "恢复默认规则" in page(lead.get(PATH))
    assert lead.post(f"{PATH}/restore", {"version": "1"}).status_code == 303
    assert list(policies(sqlite_database)) == [None]


def test_a_mistake_stands_beside_its_field_and_what_was_typed_stays(surf: Surf, world: World) -> None:
    lead = surf("jiangsu-liaison-1")
    wrong = fields(shipped(), do="save") | {"steps-0-count": "77", "steps-1-to": [], "steps-2-at": "九点"}
    answer = lead.post(PATH, wrong)
    said = page(answer)
    assert answer.status_code == 422
    for field in ("steps-0-count-error", "steps-1-to-error", "steps-2-at-error"):
        assert f'id="{field}"' in said
    assert 'value="九点"' in said
    without = tuple(step for step in shipped() if step.key != "on_due")
    refused = lead.post(PATH, fields(without, do="save"))
    assert refused.status_code == 422
    assert "“截止当日”提醒办理人是必需的" in page(refused)
    assert lead.post(PATH, {"do": "remove-x", **fields(shipped())}).status_code == 200


def test_the_preview_shows_mails_by_the_rules_as_typed_and_sends_nothing(
    surf: Surf, world: World, consultation_id: int, sqlite_database: Database
) -> None:
    lead = surf("jiangsu-liaison-1")
    with sqlite_database.read() as db:
        before = len(db.scalars(select(OutboxMessage)).all())
    day = {"consultation": str(consultation_id), "on": "2026-03-05"}
    stored = page(lead.get(f"/rotation/reminders/preview?consultation={consultation_id}&on=2026-03-05"))
    assert "【请督促（急）】电热毯 XM-1518D 会诊申请" in stored
    assert "申请单位联络员" in stored
    assert "在此之前 6 封" in stored
    without = tuple(step for step in shipped() if "applicant" not in step.to or step.when != "after" or step.count != 1)
    typed = page(lead.post(PATH, fields(without, do="preview", **day)))
    assert "这一天没有提醒" in typed
    assert lead.post(PATH, fields(shipped(), do="preview", consultation="", on="2026-03-05")).status_code == 422
    assert lead.get("/rotation/reminders/preview?consultation=999&on=2026-03-05").status_code == 404
    with sqlite_database.read() as db:
        assert len(db.scalars(select(OutboxMessage)).all()) == before
        assert db.scalars(select(ReminderSent)).all() == []


def test_a_liaison_names_the_head_and_ends_the_task(surf: Surf, world: World, sqlite_database: Database) -> None:
    liaison, person = surf("jiangsu-liaison-1"), world.staff["jiangsu"]
    assert "未确定，超期提醒由联络员接收" in page(liaison.get("/rotation/liaisons"))
    early = liaison.post("/rotation/head", {"person_id": person.person_id, "from_on": "2026-03-01"})
    assert early.status_code == 422
    assert 'id="from_on-error"' in page(early)
    foreign = {"person_id": world.staff["anhui"].person_id, "from_on": "2026-03-02"}
    assert liaison.post("/rotation/head", foreign).status_code == 422
    assert liaison.post("/rotation/head", {"person_id": person.person_id, "from_on": "2026-03-02"}).status_code == 303
    assert person.name in page(liaison.get("/rotation/liaisons"))
    other = world.liaisons["jiangsu"][1]
    assert liaison.post("/rotation/head", {"person_id": other.person_id, "from_on": "2026-03-09"}).status_code == 303
    with sqlite_database.read() as db:
        rows = db.scalars(select(InstitutionHead).order_by(InstitutionHead.id)).all()
    assert [(row.person_id, row.until_on) for row in rows] == [
        (person.person_id, date(2026, 3, 9)), (other.person_id, None),
    ]  # fmt: skip
    assert liaison.post("/rotation/head/end", {"until_on": "2026-04-01"}).status_code == 303
    assert surf("jiangsu-staff").get("/rotation/head").status_code == 404
