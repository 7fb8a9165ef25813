"""The consultation as one table: stages, acts, who does them, what comes next. Read this first.

Source: spec/transitions.md, first table; articles are the Standard's. What is not in the table cannot be
done; what is, is one service, one permission, one event. `decided` marks acts on which the Standard is silent.
"""

from __future__ import annotations

from enum import StrEnum

from portal.process.table import StepOf, TransitionOf


class Stage(StrEnum):
    """Where a consultation stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    PANEL = "panel"
    MATERIAL = "material"
    PRELIMINARY_ANALYSIS = "preliminary_analysis"
    SCHEDULING = "scheduling"
    SCHEDULED = "scheduled"
    IN_SESSION = "in_session"
    VOTING = "voting"
    TALLIED = "tallied"
    DRAFTING_MINUTES = "drafting_minutes"
    ISSUED = "issued"
    ARCHIVED = "archived"
    DISPOSED = "disposed"
    DISCARDED = "discarded"
    WITHDRAWN = "withdrawn"
    TERMINATED = "terminated"


STAGE_LABELS = {
    Stage.DRAFT: "草稿",
    Stage.SUBMITTED: "待受理",
    Stage.RETURNED: "已退回",
    Stage.PANEL: "组建专家组",
    Stage.MATERIAL: "准备材料",
    Stage.PRELIMINARY_ANALYSIS: "初步分析",
    Stage.SCHEDULING: "预约会诊",
    Stage.SCHEDULED: "已约定会诊",
    Stage.IN_SESSION: "线上会诊",
    Stage.VOTING: "填表表决",
    Stage.TALLIED: "已计票",
    Stage.DRAFTING_MINUTES: "起草会议纪要",
    Stage.ISSUED: "会议纪要已印发",
    Stage.ARCHIVED: "已归档",
    Stage.DISPOSED: "已销毁",
    Stage.DISCARDED: "已作废",
    Stage.WITHDRAWN: "已撤回",
    Stage.TERMINATED: "已终止",
}


class Step(StepOf[Stage]):
    """One of the eight steps that the page shows."""


STEPS = (
    Step("application", "申请", (Stage.DRAFT, Stage.SUBMITTED, Stage.RETURNED)),
    Step("panel", "组建专家组", (Stage.PANEL,)),
    Step("preliminary_analysis", "材料与初步分析", (Stage.MATERIAL, Stage.PRELIMINARY_ANALYSIS)),
    Step("scheduling", "预约会诊", (Stage.SCHEDULING, Stage.SCHEDULED)),
    Step("online_session", "线上会诊", (Stage.IN_SESSION,)),
    Step("voting", "填表表决", (Stage.VOTING, Stage.TALLIED)),
    Step("meeting_minutes", "会议纪要", (Stage.DRAFTING_MINUTES,)),
    Step("archive", "归档", (Stage.ISSUED, Stage.ARCHIVED, Stage.DISPOSED)),
)

OFF_PATH = (Stage.DISCARDED, Stage.WITHDRAWN, Stage.TERMINATED)
ENDED = (Stage.ARCHIVED, Stage.DISPOSED, Stage.DISCARDED)


class By(StrEnum):
    """Who does an act, as a relation to the consultation."""

    APPLICANT = "applicant"
    LEAD = "lead"
    NEXT_LEAD = "next_lead"
    INSTITUTION = "institution"  # any of the alliance's institutions
    NOMINATING = "nominating"  # an institution that was asked to choose experts
    EXPERT = "expert"  # an accepted member of the panel
    INVITED = "invited"  # an expert who has not answered the invitation
    CUSTODIAN = "custodian"
    CLOCK = "clock"  # the portal by itself, when a limit is over


class Transition(TransitionOf[Stage, By]):
    """One act of a consultation."""


S = Stage
# fmt: off
_BEFORE_VOTING = (
    S.SUBMITTED, S.RETURNED, S.PANEL, S.MATERIAL, S.PRELIMINARY_ANALYSIS, S.SCHEDULING, S.SCHEDULED, S.IN_SESSION,
)
_PANEL_TO_TALLIED = (
    S.PANEL, S.MATERIAL, S.PRELIMINARY_ANALYSIS, S.SCHEDULING, S.SCHEDULED, S.IN_SESSION, S.VOTING, S.TALLIED,
)
_OPEN = (*_BEFORE_VOTING, S.VOTING, S.TALLIED, S.DRAFTING_MINUTES, S.ISSUED)
_LEAD_OWES = (
    S.SUBMITTED, S.PANEL, S.SCHEDULING, S.SCHEDULED, S.IN_SESSION, S.VOTING, S.TALLIED, S.DRAFTING_MINUTES,
)
_ON_PANEL = (S.PANEL, S.MATERIAL, S.PRELIMINARY_ANALYSIS, S.SCHEDULING, S.SCHEDULED, S.IN_SESSION)
_CONFIRMED = (S.MATERIAL, S.PRELIMINARY_ANALYSIS, S.SCHEDULING, S.SCHEDULED, S.IN_SESSION)
_FEES = (S.TALLIED, S.DRAFTING_MINUTES, S.ISSUED, S.ARCHIVED)
# fmt: on

# fmt: off
TRANSITIONS: tuple[Transition, ...] = (
    # 1 申请
    Transition("submit_application", "提交申请", "application_submitted", (S.DRAFT,), (By.APPLICANT,), S.SUBMITTED,
               "提交会诊申请", "6"),
    Transition("discard_application", "作废草稿", "application_discarded", (S.DRAFT,), (By.APPLICANT,), S.DISCARDED,
               "作废申请草稿", decided=True),
    Transition("accept_application", "受理申请", "application_accepted", (S.SUBMITTED,), (By.LEAD,), S.PANEL,
               "受理会诊申请", "6"),
    Transition("return_application", "退回申请", "application_returned", (S.SUBMITTED,), (By.LEAD,), S.RETURNED,
               "退回会诊申请", "6"),
    Transition("resubmit_application", "再次提交申请", "application_resubmitted", (S.RETURNED,), (By.APPLICANT,),
               S.SUBMITTED, "补正后再次提交申请", "6"),
    Transition("withdraw_application", "撤回申请", "application_withdrawn", _BEFORE_VOTING, (By.APPLICANT,),
               S.WITHDRAWN, "撤回会诊申请", decided=True),
    Transition("lapse_application", "按申请单位未答复终止", "application_lapsed", (S.RETURNED, S.MATERIAL), (By.LEAD,),
               S.TERMINATED, "申请单位逾期未办理，会诊终止", decided=True),
    Transition("hand_over_lead", "移交牵头", "lead_handed_over", _OPEN, (By.LEAD,), None,
               "提出移交牵头", "3", decided=True),
    Transition("accept_lead", "接收牵头", "lead_accepted", _OPEN, (By.NEXT_LEAD,), None,
               "接收牵头", "3", decided=True),
    Transition("take_over_lead", "接替牵头", "lead_taken_over", _LEAD_OWES, (By.NEXT_LEAD,), None,
               "接替牵头", "3", decided=True),
    # 2 组建专家组
    Transition("nominate_members", "选取专家", "members_nominated", (S.PANEL,), (By.NOMINATING,), None,
               "选取专家", "8(1)"),
    Transition("ask_nomination", "请单位选取专家", "nomination_asked", (S.PANEL,), (By.LEAD,), None,
               "请召回技术机构选取专家", "8(1)"),
    Transition("answer_invitation", "答复邀请", "invitation_answered", _ON_PANEL, (By.INVITED,), None,
               "答复专家组邀请", "8(1)"),
    Transition("refill_place", "补选专家", "place_refilled", (S.PANEL,), (By.LEAD, By.NOMINATING), None,
               "补选专家", "8(1)"),
    Transition("confirm_panel", "确认专家组", "panel_confirmed", (S.PANEL,), (By.LEAD,), S.MATERIAL,
               "确认专家组", "8(1)"),
    Transition("explain_even_panel", "写明双数理由", "even_panel_explained", _CONFIRMED, (By.LEAD,), None,
               "写明专家组人数为双数的理由", "8(1)"),
    Transition("terminate_consultation", "终止会诊", "consultation_terminated", _PANEL_TO_TALLIED, (By.LEAD,),
               S.TERMINATED, "终止会诊", decided=True),
    # 3 材料与初步分析
    Transition("send_material", "发送会诊材料", "material_sent", (S.MATERIAL,), (By.APPLICANT,), S.PRELIMINARY_ANALYSIS,
               "发送会诊材料", "8(2)"),
    Transition("add_material", "补充会诊材料", "material_added",
               (S.PRELIMINARY_ANALYSIS, S.SCHEDULING, S.SCHEDULED, S.IN_SESSION), (By.APPLICANT,), None,
               "补充会诊材料", "8(2)", decided=True),
    Transition("extend_analysis", "延长初步分析期限", "analysis_extended", (S.PRELIMINARY_ANALYSIS,), (By.LEAD,), None,
               "延长初步分析期限", "8(2)", decided=True),
    Transition("hand_in_analysis", "提交初步分析", "analysis_handed_in",
               (S.PRELIMINARY_ANALYSIS, S.SCHEDULING, S.SCHEDULED), (By.EXPERT,), None, "提交初步分析", "8(2)"),
    Transition("replace_member", "更换专家", "member_replaced",
               (S.MATERIAL, S.PRELIMINARY_ANALYSIS, S.SCHEDULING, S.SCHEDULED), (By.LEAD,), None,
               "更换专家", "8(2)", decided=True),
    Transition("tell_lead", "告知牵头单位", "lead_told", (S.PRELIMINARY_ANALYSIS,), (By.APPLICANT, By.LEAD), S.SCHEDULING,
               "告知轮值召回技术机构", "8(3)"),
    # 4 预约会诊
    Transition("open_time_poll", "征询会诊时间", "time_poll_opened", (S.SCHEDULING,), (By.LEAD,), None,
               "征询会诊时间", "8(3)", decided=True),
    Transition("answer_time_poll", "答复时间征询", "time_poll_answered", (S.SCHEDULING,), (By.EXPERT, By.INSTITUTION),
               None, "答复时间征询", "8(3)", decided=True),
    Transition("remind_time_poll", "提醒答复时间征询", "time_poll_reminded", (S.SCHEDULING,), (By.LEAD,), None,
               "提醒答复时间征询", "8(3)", decided=True),
    Transition("fix_session", "确定会诊时间", "session_fixed", (S.SCHEDULING,), (By.LEAD,), S.SCHEDULED,
               "确定线上会诊时间", "8(3)"),
    Transition("move_session", "调整会诊时间", "session_moved", (S.SCHEDULED,), (By.LEAD,), None,
               "调整线上会诊时间", "8(3)"),
    Transition("name_participants", "指派参会人员", "participants_named", (S.SCHEDULED, S.IN_SESSION),
               (By.INSTITUTION,), None, "指派参会人员", "8(4)"),
    # 5 线上会诊
    Transition("open_session", "开始会诊", "session_opened", (S.SCHEDULED,), (By.LEAD,), S.IN_SESSION,
               "线上会诊开始", "8(4)"),
    Transition("adjourn_session", "休会", "session_adjourned", (S.SCHEDULED, S.IN_SESSION), (By.LEAD,), None,
               "会诊休会", decided=True, alternatives=(S.PRELIMINARY_ANALYSIS, S.SCHEDULING)),
    Transition("recuse_member", "回避", "member_recused", (*_ON_PANEL, S.VOTING, S.TALLIED), (By.LEAD, By.EXPERT),
               None, "专家回避", "8(1)", alternatives=(S.IN_SESSION,)),
    Transition("note_speech", "记录发言", "speech_noted", (S.IN_SESSION,), (By.LEAD,), None, "记录专家发言", "8(5)"),
    # 6 填表表决
    Transition("open_vote", "开始表决", "vote_opened", (S.IN_SESSION,), (By.LEAD,), S.VOTING, "开始表决", "8(6)"),
    Transition("sign_sheet", "签署会诊表", "sheet_signed", (S.VOTING,), (By.EXPERT,), None, "签署会诊表", "8(6)"),
    Transition("withdraw_signature", "撤回签名", "signature_withdrawn", (S.VOTING,), (By.EXPERT,), None,
               "撤回会诊表签名", "8(6)"),
    Transition("record_paper_sheet", "登记线下签名", "paper_sheet_recorded", (S.VOTING,), (By.LEAD,), None,
               "登记线下签名的会诊表", "8(6)", decided=True),
    Transition("remind_signers", "提醒未签名专家", "signers_reminded", (S.VOTING,), (By.LEAD,), None,
               "提醒未签名专家", "8(6)"),
    Transition("close_vote", "结束表决", "vote_closed", (S.VOTING,), (By.LEAD,), S.TALLIED, "结束表决并计票", "8(6)"),
    Transition("open_new_round", "组织再次讨论", "new_round_opened", (S.TALLIED,), (By.LEAD,), S.IN_SESSION,
               "组织再次讨论", "8(6)"),
    Transition("conclude_consultation", "确定会诊结论", "consultation_concluded", (S.TALLIED,), (By.LEAD,),
               S.DRAFTING_MINUTES, "确定会诊结论", "8(6)"),
    # 7 会议纪要
    Transition("issue_minutes", "印发会议纪要", "minutes_issued", (S.DRAFTING_MINUTES,), (By.LEAD,), S.ISSUED,
               "印发会议纪要", "8(7)"),
    Transition("confirm_receipt", "确认收到会议纪要", "minutes_received", (S.ISSUED, S.ARCHIVED), (By.INSTITUTION,), None,
               "确认收到会议纪要", "8(7)"),
    Transition("correct_minutes", "印发更正", "minutes_corrected", (S.ISSUED, S.ARCHIVED), (By.LEAD,), None,
               "印发会议纪要更正", "8(7)", decided=True),
    # 8 归档
    Transition("archive_consultation", "归档", "consultation_archived", (S.ISSUED, S.WITHDRAWN, S.TERMINATED),
               (By.CUSTODIAN, By.CLOCK), S.ARCHIVED, "归档", "9"),
    Transition("hold_archive", "暂停销毁", "archive_held", (S.ARCHIVED,), (By.CUSTODIAN,), None, "暂停销毁",
               "9", decided=True),
    Transition("lift_hold", "解除暂停", "archive_hold_lifted", (S.ARCHIVED,), (By.CUSTODIAN,), None, "解除暂停销毁",
               "9", decided=True),
    Transition("extend_retention", "继续保存", "retention_extended", (S.ARCHIVED,), (By.CUSTODIAN,), None,
               "鉴定后继续保存", "9", decided=True),
    Transition("propose_disposal", "提出销毁鉴定", "disposal_proposed", (S.ARCHIVED,), (By.CUSTODIAN,), None,
               "提出销毁鉴定", "9", decided=True),
    Transition("dispose_archive", "批准销毁", "archive_disposed", (S.ARCHIVED,), (By.CUSTODIAN,), None,
               "批准销毁", "9", decided=True, alternatives=(S.DISPOSED,)),
    # 持续关注与劳务费
    Transition("continue_watch", "填写跟踪情况", "watch_continued", (S.ISSUED, S.ARCHIVED), (By.APPLICANT,), None,
               "填写持续关注跟踪情况", "8(7)"),
    Transition("set_watch", "设置持续关注", "watch_set", (S.ISSUED, S.ARCHIVED), (By.APPLICANT,), None,
               "设置持续关注负责人和重新申请情形", "8(7)", decided=True),
    Transition("end_watch", "结束持续关注", "watch_ended", (S.ISSUED, S.ARCHIVED), (By.APPLICANT,), None,
               "结束持续关注", "8(7)"),
    Transition("apply_anew", "重新提出申请", "applied_anew", (S.ISSUED, S.ARCHIVED), (By.APPLICANT,), None,
               "就持续关注产品重新提出申请", "8(7)"),
    Transition("propose_fees", "按标准登记劳务费", "fees_proposed", _FEES, (By.APPLICANT,), None,
               "按标准登记专家劳务费", "10"),
    Transition("record_fee", "登记劳务费", "fee_recorded", _FEES, (By.APPLICANT,), None, "登记专家劳务费", "10"),
    Transition("approve_fee", "审核劳务费", "fee_approved", _FEES, (By.APPLICANT,), None, "审核专家劳务费", "10"),
    Transition("send_back_fee", "退回劳务费", "fee_sent_back", _FEES, (By.APPLICANT,), None, "退回专家劳务费", "10",
               decided=True),
    Transition("pay_fee", "登记支付", "fee_paid", _FEES, (By.APPLICANT,), None, "支付专家劳务费", "10"),
)

# fmt: on
BY_ACT = {transition.act: transition for transition in TRANSITIONS}
BY_EVENT = {transition.event: transition for transition in TRANSITIONS}


def transition(act: str) -> Transition:
    """The table's line for `act`; KeyError for an act that is not in the table."""
    return BY_ACT[act]


def step_of(stage: Stage) -> int | None:
    """Position (0–7) of the step that `stage` belongs to; None off the path."""
    for position, step in enumerate(STEPS):
        if stage in step.stages:
            return position
    return None
