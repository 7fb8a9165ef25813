"""The demo story: everything that has happened in this installation up to now, told through the services.

Chapters are played together, act by act in the order of time: numbers are consecutive, the audit trail is in order,
and no chapter knows of the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time

from portal.demo import (
    application_acts,
    case_acts,
    case_answers,
    minutes_acts,
    panel_acts,
    session_acts,
    voting_acts,
)
from portal.demo.chapter import Chapter, chapters, moments
from portal.demo.days import Days
from portal.demo.money import settle_money
from portal.demo.people import settle
from portal.demo.reports import store_materials
from portal.demo.scene import ACTS, Scene, Setting
from portal.field_keys import FieldKeys
from portal.models.database import Database
from portal.rules.dates import BEIJING, beijing_day
from portal.rules.editions import load_edition
from portal.rules.recall.editions import NoEditionInForce, edition_for
from portal.services.kernel.calendar import working_calendar
from portal.services.standing_duties import keep_standing
from portal.storage.local import Storage

PASSWORD = "huizhen-2026"  # noqa: S105  of a demo, and printed with its log-ins
LOG_INS = (
    ("chenyutong", "陈雨桐　浙江 联络员"),
    ("xujing", "徐静　江苏 联络员"),
    ("gusiyuan", "顾思远　上海 联络员"),
    ("chengli", "程立　安徽 联络员"),
    ("shenwentao", "沈文韬　浙江 工作人员"),
    ("hanzhiyuan", "韩志远　南京市市场监管局 监管人员"),
    ("fangyunqing", "方云清　江苏省市场监管局 监管人员"),
    ("shiwenjun", "施文君　上海市市场监管局 监管人员"),
    ("xujingwen", "许静文　专家，待填会诊表"),
    ("fangzhicheng", "方志成　专家，待填会诊表"),
    ("luqinghe", "陆清和　专家，待交初步分析"),
    ("louxiaodan", "楼晓丹　专家，待答复邀请"),
    ("zhengweiguo", "郑卫国　系统管理员"),
    ("qianyonghong", "钱永红　安全管理员"),
    ("sunhaiming", "孙海明　安全审计员"),
)
PLAYED = (application_acts, panel_acts, session_acts, voting_acts, minutes_acts, case_acts, case_answers)
"""The modules whose functions carry out the lines of the timelines."""

_OPENING_HOUR = time(8, 30)


def tell(database: Database, storage: Storage, *, keys: FieldKeys, now: datetime) -> None:
    """Tell the whole story in an empty, migrated database, its days counted back from `now` (aware).

    Files go into `storage`, and `keys` seal the experts' payment details; everything in the database is one
    transaction, so that a story cut short leaves it empty.
    Raises ValueError where an act would lie before the institutions were there, or after `now`: then the story
    itself is wrong.
    """
    opens_at = datetime.combine(load_edition().rotation.first_start, _OPENING_HOUR, tzinfo=BEIJING)
    told = chapters()
    by_name = {chapter.name: chapter for chapter in told}
    stored = {chapter.name: store_materials(storage, chapter) for chapter in told}
    with database.write() as db:
        cast = settle(db, password=PASSWORD, now=opens_at)
        settle_money(db, cast, keys=keys, now=opens_at)
        days = Days(working_calendar(db), now)
        setting = Setting(cast, days, stored)
        played = [
            moment
            for chapter in told
            if not chapter.is_case or _can_begin(by_name, chapter, days)
            for moment in moments(chapter, days, cast.province_of)
        ]
        # A stable sort: acts of one instant stay in the order of their chapter.
        looked_in = None
        for moment in sorted(played, key=lambda moment: moment.at):
            if not opens_at < moment.at <= now:
                raise ValueError(f"{moment.chapter.name}: {moment.act} at {moment.at} is outside the story")
            if looked_in != (looked_in := beijing_day(moment.at).replace(day=1)):
                keep_standing(db, now=moment.at)  # as the worker does, once a month here
            ACTS[moment.act](Scene(db, setting, moment))
            # Each act begins with what the database says, as in a transaction of its own.
            db.flush()
            db.expunge_all()
        keep_standing(db, now=now)


def _can_begin(by_name: Mapping[str, Chapter], case: Chapter, days: Days) -> bool:
    """A case that would have begun before the Workflow was in force (Art. 23) is left out, as nobody could begin it.

    One that was advised begins when the minutes of its consultation are issued, others with their first line.
    """
    if case.advised_by:
        lines = (line for line in by_name[case.advised_by].told["timeline"] if line[2] == "issue_minutes")
    else:
        lines = iter(case.told["timeline"])
    day, hour, *_ = next(lines)
    try:
        edition_for(beijing_day(days.instant(day, hour)))
    except NoEditionInForce:
        return False
    return True
