"""One realistic context per kind of mail: what the services hand over, as plain values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace as Some
from typing import Any

from portal.rules.date_words import how_counted
from portal.rules.working_days import shipped_calendar

SENT_AT = datetime(2026, 11, 24, 2, 15, tzinfo=UTC)
BASE = "https://huizhen.example.cn"

JIANGSU = Some(name="江苏省产品质量监督检验研究院", short_name="江苏")
SHANGHAI = Some(name="上海市消费品召回技术中心", short_name="上海")
CONSULTATION = Some(
    number="〔2026〕12号",
    product=Some(product_name="电热毯", model="XM-1518D", producer="苏州煦眠家居用品有限公司"),
    applicant_institution=SHANGHAI,
    lead_institution=JIANGSU,
)
EXPERT = Some(name="徐静文", username="xujingwen", email="xujingwen@example.cn")
LIAISON = Some(name="许菁", username="xujing", email="xujing@example.cn")

_SLOTS = tuple(
    Some(starts_at=datetime(2026, 11, day, 6, tzinfo=UTC), ends_at=datetime(2026, 11, day, 8, tzinfo=UTC))
    for day in (27, 30)
)
_MEETING = Some(
    starts_at=_SLOTS[1].starts_at,
    ends_at=_SLOTS[1].ends_at,
    place="",
    meeting_service="腾讯会议",
    meeting_link="https://meeting.example.cn/dm/8aXk2",
    meeting_code="512 663 807",
    meeting_password="7391",
)
_SHEET = Some(revision=1, signed_at=SENT_AT, digest="9f2c" * 16)
_MINUTES = Some(
    lead_institution=JIANGSU, issued_on=date(2026, 11, 24), corrects="三、会诊意见第二行：“二级”应为“三级”。"
)
_ROUND = Some(number=1, sign_by=datetime(2026, 11, 26, 16, tzinfo=UTC))
_TERM = {"old": JIANGSU.name, "new": "浙江省消费品召回技术中心", "ends_on": date(2026, 11, 20), "article": "第三条"}
_TALLY = Some(panel=5, signed=5, has_quorum=True, quorum=3)


def _counted(working_days: int, since_at: datetime = SENT_AT) -> dict[str, Any]:
    calendar = shipped_calendar()
    due_at = calendar.deadline(since_at, working_days).due_at
    return {"due_at": due_at, "how_counted": how_counted(calendar, since_at, working_days)}


def _about(whom: Some = LIAISON, **context: Any) -> dict[str, Any]:
    return {"person": whom, "consultation": CONSULTATION, **context}


_YEAR_END = datetime(2026, 12, 31, 16, tzinfo=UTC)


def _standing(ask: str, **context: Any) -> dict[str, Any]:
    """What the clock opens, beside the acts of a consultation."""
    known = {"since_at": SENT_AT, "is_provisional": False, "about": "", "consultation": None}
    counted = "这一日期是固定的，不按工作日推算。" if "due_at" in context else ""
    who = {"person": LIAISON, "owner": JIANGSU.name, "is_own": True}
    return {**known, **who, "how_counted": counted, "ask": f"请{ask}", **context}


def _reminder(**context: Any) -> dict[str, Any]:
    known = {
        "ask": "请签署",
        "thing": "电热毯 XM-1518D 会诊表",
        "duty": "填写会诊表并签名",
        "owner": "徐静文",
        "is_own": True,
        "is_producers": False,
        "why": "",
        "since_at": SENT_AT,
        "is_provisional": False,
        "days_late": 0,
        **_counted(2),
    }
    return _about(EXPERT, **{**known, **context})


def _session(**context: Any) -> dict[str, Any]:
    return _about(EXPERT, online=_MEETING, mode="线上", reason="生产者的技术人员当日不能到会", **context)


_CASE = Some(
    number="〔2026〕3号",
    product=Some(product_name="电热毯", model="XM-1518D", producer="南京煦眠家居用品有限公司"),
    authority=Some(name="南京市市场监督管理局", short_name="南京", phone="025-00000000"),
    in_charge=Some(name="周衡"),
)

SAMPLES: dict[str, dict[str, Any]] = {
    "account_invitation": {"person": EXPERT, "until": datetime(2026, 11, 27, 2, 15, tzinfo=UTC)},
    "password_link": {"person": EXPERT, "purpose": "recovery", "until": datetime(2026, 11, 24, 2, 45, tzinfo=UTC)},
    "password_changed": {"person": EXPERT, "changed_at": SENT_AT},
    "application_submitted": _about(applicant="顾思远", **_counted(2)),
    "lead_handed_over": _about(reason="轮值任期届满"),
    "lead_changed": _about(before=JIANGSU.name, after=_TERM["new"], reason="轮值任期届满"),
    "nomination_asked": _about(request=Some(wanted=2, fields="家用电器安全、电热器具"), **_counted(2)),
    "invitation": _about(EXPERT, **_counted(2)),
    "member_left": _about(member=Some(name="方志成", state="recused")),
    "material_sent": _about(EXPERT, working_days=3, **_counted(3, datetime(2026, 9, 30, 7, tzinfo=UTC))),
    "material_added": _about(
        EXPERT,
        item=Some(title="发热线耐弯折试验记录", revision=2, addition_reason="补做 GB 4706.8—2008 第 21 章试验"),
        kind_label="检验报告",
    ),
    "deadline_moved": _about(
        EXPERT,
        duty="完成初步分析",
        added_days=2,
        reason="补充的检验报告较多",
        before=_counted(3)["due_at"],
        **_counted(5),
    ),
    "case_consultation_asked": _about(
        authority="南京市市场监督管理局", reason="产品在四省（市）销售，需要专家判定缺陷"
    ),
    "case_result_ready": {"person": LIAISON, "case": _CASE, "consultation_number": "〔2026〕12号"},
    "case_help_asked": {
        "person": LIAISON,
        "authority": "南京市市场监督管理局",
        "task": "向生产者送达召回通知书",
        "case_product": "儿童安全座椅",
        "case_number": "〔2026〕3号",
    },
    "all_answers_in": _about(missing=["方志成"], session_days=5),
    "lead_told": _about(missing=[], working_days=5, **_counted(5)),
    "time_poll": _about(EXPERT, slots=_SLOTS, is_reminder=False, **_counted(2)),
    "session_fixed": _session(),
    "session_moved": _session(),
    "session_cancelled": _session(),
    "please_sign": _about(EXPERT, voting_round=_ROUND, is_reminder=False, **_counted(2)),
    "sheet_signed": _about(
        EXPERT, number="长三角会诊〔2026〕12号", round_number=1, sheet=_SHEET, code="7K2M-94QX-T3HD-08WP"
    ),
    "paper_sheet_recorded": _about(
        EXPERT,
        number="长三角会诊〔2026〕12号",
        round_number=1,
        sheet=_SHEET,
        code="7K2M-94QX-T3HD-08WP",
        paper=Some(signed_on=date(2026, 11, 23), recorded_by="许菁", scan=Some(sha256="41d8" * 16)),
    ),
    "vote_closed": _about(
        voting_round=_ROUND,
        counted=_TALLY,
        results=[("严重程度", "三级"), ("发生可能性", "未形成多数意见"), ("处置建议", "建议开展缺陷调查")],
        minutes_due_at=_counted(3)["due_at"],
    ),
    "minutes_issued": _about(minutes=_MINUTES, number="长三角会诊纪要〔2026〕9号"),
    "minutes_corrected": _about(minutes=_MINUTES, number="长三角会诊纪要〔2026〕9号更正1"),
    "archive_damaged": _about(label="〔2026〕12号会诊材料", damage=["data/minutes.pdf：与登记的校验值不符"]),
    "archive_unpackaged": _about(label="〔2026〕12号会诊材料", problem="缺少文件 data/sheets/3.pdf。"),
    "custody_drill_due": _standing("开展", thing="保管演练", duty="开展保管演练", due_at=_YEAR_END, article="第九条"),
    "disposal_review_due": _standing(
        "鉴定",
        thing="电热毯 XM-1518D 保存期满的材料",
        duty="鉴定保存期满的归档材料",
        consultation=CONSULTATION,
        article="第九条",
    ),
    "liaisons_missing": _standing("确定", thing="联络员", duty="确定本单位联络员", article="第三条"),
    "calendar_year_due": _standing(
        "载入", thing="2027年工作日历", about="2027年", duty="载入年度工作日历", owner="系统管理员", due_at=_YEAR_END
    ),
    "case_duty": {
        "person": LIAISON,
        "case": _CASE,
        "ask": "请核实",
        "thing": "缺陷线索",
        "duty": "核实缺陷线索",
        "by": "沈立",
        "article": "工作流程第九条",
        **_counted(5),
    },
    "producer_link": {
        "recipient": "王经理",
        "case": _CASE,
        "asked": "提交调查分析报告（附件2）",
        "owed": [{"label": "提交调查分析报告", "article": "工作流程附件1", **_counted(10)}],
        "until": datetime(2027, 5, 23, 2, 15, tzinfo=UTC),
        "due_at": _counted(10)["due_at"],
    },
    "reminder": _reminder(),
    "reminder_due": _reminder(ask="请签署（急）"),
    "reminder_overdue": _reminder(ask="请签署（急）", days_late=1),
    "reminder_escalated": _reminder(is_own=False, why="办理人所在单位负责人", days_late=1),
    "reminder_waiting": _reminder(
        ask="请确认", thing="电热毯 XM-1518D 专家组", duty="确认专家组", due_at=None, how_counted="", days_late=3
    ),
    "term_handover_asked": _standing(
        "签署",
        thing="江苏牵头任期（至2026年11月20日）移交清单",
        about="江苏牵头任期（至2026年11月20日）",
        duty="签署轮值移交清单",
        due_at=datetime(2026, 11, 20, 16, tzinfo=UTC),
        article="第三条",
    ),
    "term_handover_signed": {"person": LIAISON, **_TERM},
    "term_handover_accepted": {"person": LIAISON, **_TERM},
    "digest": {
        "person": LIAISON,
        "period_words": "11月24日（周二）",
        "moot": 1,
        "entries": [
            Some(
                subject="【请确认收到】电热毯 XM-1518D 会议纪要 长三角会诊纪要〔2026〕9号",
                when=SENT_AT,
                path="/consultations/12/meeting-minutes",
            ),
            Some(subject="【请知悉】儿童安全座椅 QZ-03 会诊牵头单位变更", when=SENT_AT, path="/consultations/9"),
        ],
    },
}
