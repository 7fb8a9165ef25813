"""What kinds of mail there are: what each asks for, how urgent it is, and why somebody gets it.

Every template under templates/mail has a line here, and nothing is queued that has none (tests/house/test_mail.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Urgency(StrEnum):
    """When a mail leaves."""

    MANDATORY = "mandatory"  # at once, whatever the hour and the preference
    ORDINARY = "ordinary"  # at once, but not in the recipient's quiet hours
    DIGESTIBLE = "digestible"  # as ordinary, unless the recipient has chosen a digest or does not want it


@dataclass(frozen=True)
class MailKind:
    """A kind of mail. `ask` stands in 【】 before the subject, `title` on pages, `why` at the foot of the mail.

    `has_date`: it opens an obligation, so that its deadline goes along as a calendar entry.
    """

    kind: str
    ask: str
    title: str
    urgency: Urgency
    why: str
    has_date: bool = False
    is_for_staff: bool = False  # reaches nobody who is an expert alone
    has_account: bool = True  # else it goes to somebody who has no preferences and no pages of the portal


_M, _O, _D = Urgency.MANDATORY, Urgency.ORDINARY, Urgency.DIGESTIBLE
_OWNER = "您是这个账号的持有人。"
_LEAD = "您是牵头单位的联络员。"
_APPLICANT = "您是申请单位的联络员。"
_LIAISON = "您是本单位的联络员。"
_MEMBER = "您是本次会诊专家组的成员。"
_SESSION = "您参加本次会诊，或者是会诊机制成员单位的联络员。"
_CUSTODIAN = "您是保存单位的联络员。"
_COPIED = "会议纪要抄送贵单位，您是联络员。"
_KEEPERS = "您是保存单位的联络员，或者负责系统管理。"
_ADMINISTRATOR = "您是系统管理员，或者牵头单位的联络员。"
_CONCERNED = "这项工作由您或者贵单位办理，或者请您关注。"
_IN_CASE = "您是办理这件召回案件的人员。"
_PRODUCER = "市场监督管理局请贵单位办理上述事项。"
# fmt: off
_KINDS = (
    MailKind("account_invitation", "请设置密码", "账号开通", _M, _OWNER),
    MailKind("password_link", "重置密码", "重置密码的链接", _M, _OWNER),
    MailKind("password_changed", "密码已修改", "密码已修改", _M, _OWNER),
    MailKind("application_submitted", "请受理", "收到会诊申请", _O, _LEAD, has_date=True),
    MailKind("lead_handed_over", "请接收牵头", "请接收移交的牵头工作", _O, _LIAISON),
    MailKind("lead_changed", "请知悉", "牵头单位变更", _D, _LIAISON, is_for_staff=True),
    MailKind("nomination_asked", "请选取专家", "请选取专家", _O, _LIAISON, has_date=True),
    MailKind("invitation", "请答复", "专家组邀请", _O, "您在会诊专家库中，被选取参加本次会诊。", has_date=True),
    MailKind("member_left", "请补选专家", "专家不再参加会诊", _O, _LEAD),
    MailKind("material_sent", "请提交初步分析", "会诊材料已发送", _O, _MEMBER, has_date=True),
    MailKind("material_added", "请阅", "补充会诊材料", _O, _MEMBER),
    MailKind("deadline_moved", "期限延长", "期限延长", _O, _MEMBER, has_date=True),
    MailKind("all_answers_in", "请告知牵头单位", "专家已提交初步分析", _O, _APPLICANT),
    MailKind("lead_told", "请组织线上会诊", "请组织线上会诊", _O, _LEAD, has_date=True),
    MailKind("time_poll", "请选择时间", "会诊时间征询", _O, _SESSION, has_date=True),
    MailKind("session_fixed", "请参加会诊", "线上会诊时间", _M, _SESSION),
    MailKind("session_moved", "会诊改期", "线上会诊改期", _M, _SESSION),
    MailKind("session_cancelled", "会诊取消", "线上会诊取消", _M, _SESSION),
    MailKind("please_sign", "请签署", "请签署会诊表", _M, _MEMBER, has_date=True),
    MailKind("sheet_signed", "已签名", "会诊表签名回执", _M, "您签署了会诊表。"),
    MailKind("paper_sheet_recorded", "已登记", "线下签名的会诊表已登记", _M, "登记的是您的会诊表。"),
    MailKind("vote_closed", "请查看计票", "表决结束", _O, "您是申请单位或者牵头单位的联络员。"),
    MailKind("minutes_issued", "请确认收到", "会议纪要抄送", _D, _COPIED, is_for_staff=True),
    MailKind("minutes_corrected", "请确认收到", "会议纪要更正抄送", _D, _COPIED, is_for_staff=True),
    MailKind("archive_damaged", "归档包损坏", "归档包损坏", _O, _CUSTODIAN),
    MailKind("archive_unpackaged", "归档包未能编成", "归档包未能编成", _D, _KEEPERS, is_for_staff=True),
    MailKind("custody_drill_due", "请开展", "请开展保管演练", _D, _CUSTODIAN, has_date=True, is_for_staff=True),
    MailKind("disposal_review_due", "请鉴定", "保存期满，请鉴定", _D, _CUSTODIAN, is_for_staff=True),
    MailKind("term_handover_asked", "请签署", "请签署移交清单", _O, _LIAISON, has_date=True),
    MailKind("term_handover_signed", "请接收移交清单", "请接收移交清单", _O, _LIAISON),
    MailKind("term_handover_accepted", "移交清单已接收", "移交清单已接收", _D, _LIAISON, is_for_staff=True),
    MailKind("liaisons_missing", "请确定", "请确定联络员", _O, "贵单位没有联络员，或者您是牵头单位的联络员。"),
    MailKind("calendar_year_due", "请载入", "请载入年度工作日历", _O, _ADMINISTRATOR, has_date=True),
    MailKind("case_duty", "请办理", "召回案件待办", _O, _IN_CASE, has_date=True),
    MailKind("producer_link", "请填报", "生产者填报链接", _M, _PRODUCER, has_account=False),
    MailKind("case_consultation_asked", "请申请会诊", "监管部门请求专家会诊", _O, _LIAISON),
    MailKind("case_result_ready", "请接收会诊结果", "专家会诊有了结果", _O, _IN_CASE),
    MailKind("case_help_asked", "请协助", "请协助办理召回案件", _O, "您是协助单位的监管人员。"),
    MailKind("reminder", "请办理", "期限将到的提醒", _O, _CONCERNED),
    MailKind("reminder_due", "请办理", "当天截止的提醒", _M, _CONCERNED),
    MailKind("reminder_overdue", "请办理", "超期提醒", _M, _CONCERNED),
    MailKind("reminder_escalated", "请督促", "他人超期的督促", _M, _CONCERNED),
    MailKind("reminder_waiting", "请办理", "没有期限的事项的提醒", _D, _CONCERNED),
    MailKind("digest", "通知汇总", "通知汇总", _O, "您选择了按天或者按周汇总接收不紧急的通知。"),
)
# fmt: on
MAIL_KINDS = {one.kind: one for one in _KINDS}
MANDATORY_BECAUSE = (
    "账号、会诊时间、签署、签名回执以及当天截止和超期的提醒，关系到本人或者本单位必须按时办理的事项，"
    "必须送达：不能关闭，也不等待免打扰时段结束。"
)


def title_of(kind: str) -> str:
    """What a kind is called on pages; "" for one that there is no more."""
    return MAIL_KINDS[kind].title if kind in MAIL_KINDS else ""


def ask_of(subject: str) -> str:
    """What a subject asks for (【请受理】), which names neither product nor consultation; "" where it asks nothing."""
    return subject[: subject.index("】") + 1] if subject.startswith("【") and "】" in subject[:22] else ""
