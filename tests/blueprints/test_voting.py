"""The vote in the browser: the lead opens, reminds, closes, decides; nobody learns more than is theirs."""

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.app import create_app
from portal.config import Settings
from portal.migrations import upgrade
from portal.models.consultation import Consultation
from portal.models.database import Database
from portal.models.event import Event
from portal.models.outbox import OutboxMessage
from portal.process.consultation import Stage
from portal.services.consultation.tally import open_new_round
from tests.factories.voting import (
    LATER,
    SPLIT_2_2_1,
    UNANIMOUS,
    consistent,
    in_session,
    panel_of,
    signed,
    tallied,
    voting,
)
from tests.factories.world import World, build_world
from tests.support.clock import Clock
from tests.support.surfer import Surfer
from tests.web.conftest import password_hash

Surf = Callable[..., Surfer]
HERE = "/consultations/1"
LEAD, APPLICANT, PARTY = "jiangsu-liaison-1", "shanghai-liaison-1", "anhui-staff"
MEMBER, STRANGER = "shanghai-expert-1", "anhui-expert-4"


# Tokens of forms, ids of mail and requests, salted digests: they differ between any two worlds, and tell nothing.
_CODE = "[0-9A-Z]{4}(-[0-9A-Z]{4}){3}"
_RANDOM = re.compile(rf'(?<=csrf_token" value=")[^"]*|(?<=csrf-token" content=")[^"]*|[0-9a-f]{{16,}}|{_CODE}')


def text(answer: object) -> str:
    return answer.data.decode(errors="replace")  # type: ignore[attr-defined]


def test_the_lead_opens_the_vote(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        in_session(db, world)
    lead, act = surf(LEAD), f"{HERE}/voting/open-vote"
    assert "3月4日（周三）24:00" in text(lead.get(act))
    wrong = lead.post(act, {"sign_by": "明天"})
    assert (wrong.status_code, "时间格式应为" in text(wrong), 'value="明天"' in text(wrong)) == (422, True, True)
    past = lead.post(act, {"sign_by": "2026-03-01T10:00"})
    assert (past.status_code, "签名时限应晚于当前时间" in text(past)) == (422, True)
    assert lead.post(act, {"sign_by": ""}).status_code == 303
    assert "已签名 0 / 5 份" in text(lead.get(HERE))
    assert lead.post(act, {"sign_by": ""}).status_code == 409
    assert surf(APPLICANT).get(act).status_code == 403
    assert surf(STRANGER).get(act).status_code == 404


def test_a_refused_act_leads_on_to_the_consultation_and_to_what_waits(
    surf: Surf, world: World, sqlite_database: Database, clock: Clock
) -> None:
    clock.now = LATER
    with sqlite_database.write() as db:
        voting(db, world)
    lead = surf(LEAD)
    for refused in (lead.get(f"{HERE}/voting/open-vote"), lead.post(f"{HERE}/online-session/note-speech")):
        assert refused.status_code == 409
        assert f'btn-primary" href="{HERE}/voting/close-vote">结束表决并计票' in refused.text
        assert f'href="{HERE}">会诊〔2026〕1号' in refused.text
    not_theirs = surf(APPLICANT).get(f"{HERE}/voting/close-vote")
    assert (not_theirs.status_code, f'href="{HERE}">会诊' in not_theirs.text) == (403, True)


def test_while_signatures_are_missing_the_lead_is_led_to_remind_and_not_to_close(
    surf: Surf, world: World, sqlite_database: Database, clock: Clock
) -> None:
    clock.now = LATER
    with sqlite_database.write() as db:
        consultation = voting(db, world)
        for expert in panel_of(world)[:3]:
            signed(db, consultation, expert, consistent(("yes", "yes", "no"), consultation))
    lead = surf(LEAD)
    before = lead.get(HERE).text
    assert f'btn-primary btn-lg" href="{HERE}/voting/remind-signers"' in before
    assert "还有 2 位专家未签名" in before
    panel, _, behind = before.partition("更多操作")
    assert f'href="{HERE}/voting/close-vote"' not in panel
    assert f'href="{HERE}/voting/close-vote">写明理由，结束表决' in behind
    closing = lead.get(f"{HERE}/voting/close-vote").text
    assert f'btn-primary" href="{HERE}/voting/remind-signers"' in closing
    clock.advance(days=4)
    overdue = surf(LEAD).get(HERE).text.partition("更多操作")[0]
    assert f'btn-primary btn-lg" href="{HERE}/voting/remind-signers"' in overdue
    assert f'btn-outline" href="{HERE}/voting/close-vote">写明理由，结束表决' in overdue
    with sqlite_database.write() as db:
        again = db.get_one(Consultation, 1)
        for expert in panel_of(world)[3:]:
            signed(db, again, expert, consistent(("yes", "yes", "no"), again))
    assert f'btn-primary btn-lg" href="{HERE}/voting/close-vote">结束表决' in surf(LEAD).get(HERE).text


def test_closing_early_asks_for_the_reason_at_its_field(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        consultation = voting(db, world)
        for expert in panel_of(world)[:3]:
            signed(db, consultation, expert, consistent(("yes", "yes", "no"), consultation))
    lead, act = surf(LEAD), f"{HERE}/voting/close-vote"
    assert "3 / 5 份" in text(lead.get(act))
    assert lead.post(f"{HERE}/voting/remind-signers").status_code == 303
    refused = lead.post(act, {"reason": ""})
    assert refused.status_code == 422
    assert "还有 2 位专家未签名" in text(refused)
    assert 'href="#reason"' in text(refused)
    closed = lead.post(act, {"reason": "两位专家出差"})
    assert closed.location.endswith("/tally/1")
    assert "两位专家出差" in text(lead.get(closed.location))


def test_a_split_vote_offers_another_round_or_a_watch(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        tallied(db, world, SPLIT_2_2_1)
    lead = surf(LEAD)
    page = text(lead.get(f"{HERE}/tally/1"))
    for words in (
        "未形成多数意见", "组织再次讨论", "记为持续关注", "各位专家的判断", "个案情况特殊", "结果有多稳",
        "一票由“不确定”改为“是”，结果即为“是”", "任何一票或一级之差都不改变“是”",
    ):  # fmt: skip
        assert words in page, words
    act = f"{HERE}/tally/conclude-consultation"
    refused = lead.post(act, {"reason": " "})
    assert refused.status_code == 422
    assert "现有材料为何不足以判断" in text(refused)
    assert lead.post(act, {"reason": "缺少老化试验数据"}).status_code == 303
    with sqlite_database.read() as db:
        consultation = db.get_one(Consultation, 1)
        assert (consultation.stage, consultation.outcome) == (Stage.DRAFTING_MINUTES, "watch")


def test_a_majority_leaves_only_its_conclusion(surf: Surf, world: World, sqlite_database: Database) -> None:
    with sqlite_database.write() as db:
        tallied(db, world, UNANIMOUS)
    lead = surf(LEAD)
    page = text(lead.get(f"{HERE}/tally/1"))
    assert "组织再次讨论</a>" not in page
    assert lead.post(f"{HERE}/tally/open-new-round").status_code == 409
    assert lead.post(f"{HERE}/tally/conclude-consultation", {}).status_code == 303


def test_counts_for_parties_sheets_for_two_earlier_rounds_for_the_panel(
    surf: Surf, world: World, sqlite_database: Database
) -> None:
    with sqlite_database.write() as db:
        tallied(db, world, SPLIT_2_2_1)
        open_new_round(db, actor=world.lead, consultation_id=1, now=LATER)
    for username in (LEAD, APPLICANT):
        assert "各位专家的判断" in text(surf(username).get(f"{HERE}/tally/1"))
        assert surf(username).get(f"{HERE}/sheets/1").status_code == 200
    party = surf(PARTY)
    counts = text(party.get(f"{HERE}/tally/1"))
    assert "2 票" in counts
    assert "各位专家的判断" not in counts
    assert party.get(f"{HERE}/sheets/1").status_code == 404
    member = surf(MEMBER)
    assert member.get(f"{HERE}/tally/1").status_code == 404
    assert "各位专家的判断" in text(member.get(f"{HERE}/earlier-rounds/1"))
    assert member.get(f"{HERE}/sheets/2").status_code == 200
    for path in ("tally/1", "earlier-rounds/1", "sheets/1", "tally/2"):
        assert surf(STRANGER).get(f"{HERE}/{path}").status_code == 404


def _read(answer: TestResponse) -> str:
    """A page, or what the parts of a spreadsheet say but for the instant at which it was made."""
    if not answer.data.startswith(b"PK"):
        return text(answer)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as package:
        parts = {name: package.read(name) for name in package.namelist() if name != "docProps/core.xml"}
    return repr(parts)


def _everything_said(tmp_path: Path, name: str, votes: Sequence[Sequence[str]]) -> dict[str, str]:
    """All pages that anybody but the signers finds, all mail and all events, while the round is open."""
    database = Database(f"sqlite:///{tmp_path / name}.sqlite3")
    upgrade(database.engine)
    with database.write() as db:
        world = build_world(db, password_hash=password_hash())
        consultation = voting(db, world)
        for expert, opinions in zip(panel_of(world)[1:], votes, strict=True):
            given = consistent(opinions, consultation)
            signed(db, consultation, expert, replace(given, texts={**given.texts}))
    settings = Settings.from_environment({"PORTAL_INSTANCE": str(tmp_path / "instance")})
    clock = Clock(LATER)
    app = create_app(settings, database, clock=clock)
    said = {}
    for username in (LEAD, APPLICANT, PARTY, "zhejiang-liaison-1", MEMBER, "administrator", "auditor"):
        surfer = Surfer(app)
        surfer.log_in(username)
        seen: set[str] = set()
        waiting = ["/tasks", "/consultations", HERE, f"{HERE}?events=all", f"{HERE}/voting/close-vote"]
        waiting += [f"{HERE}/tally/1", f"{HERE}/earlier-rounds/1", *(f"{HERE}/sheets/{n}" for n in range(1, 6))]
        while waiting:
            address = waiting.pop()
            if address in seen or address.startswith(("/static", "/account", "/login")) or address == "#":
                continue
            seen.add(address)
            answer = surfer.get(address)
            page = _read(answer)
            said[f"{username} {address}"] = _RANDOM.sub("", page)
            waiting += [found for found in re.findall(r'href="(/[^"#]*)', page) if found.startswith("/")]
    with database.read() as db:
        for mail in db.scalars(select(OutboxMessage).order_by(OutboxMessage.id)):
            said[f"mail {mail.id}"] = _RANDOM.sub("", mail.subject + mail.text)
        for event in db.scalars(select(Event).order_by(Event.id)):
            said[f"event {event.id}"] = _RANDOM.sub("", str(event.facts))
    database.dispose()
    return said


def test_no_choice_leaves_the_database_while_the_round_is_open(tmp_path: Path) -> None:
    """Two worlds that differ in nothing but what was signed: whatever others can see is the same in both."""
    ones = _everything_said(tmp_path, "ones", [("yes", "yes", "no")] * 4)
    others = _everything_said(tmp_path, "others", [("no", "yes", "yes"), ("uncertain", "no", "yes")] * 2)
    assert len(ones) > 40
    assert ones.keys() == others.keys()
    for place, said in ones.items():
        assert said == others[place], place
    assert "已签名 4 / 5 份" in ones[f"{LEAD} {HERE}"]


@pytest.mark.parametrize("path", ["voting/open-vote", "voting/close-vote", "tally/open-new-round"])
def test_acts_of_the_lead_are_nobody_elses(surf: Surf, world: World, sqlite_database: Database, path: str) -> None:
    with sqlite_database.write() as db:
        voting(db, world)
    for username, status in ((APPLICANT, 403), (PARTY, 403), (MEMBER, 403), (STRANGER, 404), ("administrator", 404)):
        assert surf(username).get(f"{HERE}/{path}").status_code == status
        assert surf(username).post(f"{HERE}/{path}").status_code == status
