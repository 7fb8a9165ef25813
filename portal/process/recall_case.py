"""The recall case as one table: stages, acts, who does them, what comes next. Read this first.

Source: spec/transitions.md, second table; articles are the Workflow's. What is not in the table cannot be done;
what is, is one service, one permission, one event. `decided` marks acts on which the Workflow is silent.
"""

from __future__ import annotations

from enum import StrEnum

from portal.process.table import StepOf, TransitionOf


class Stage(StrEnum):
    """Where a recall case stands."""

    CLUE = "clue"
    REVIEW = "review"
    CONSULTING = "consulting"
    WATCHED = "watched"
    PRODUCER_ANALYSIS = "producer_analysis"
    INVESTIGATION = "investigation"
    NOTIFIED = "notified"
    OBJECTION = "objection"
    PLAN_DUE = "plan_due"
    PLAN_REVIEW = "plan_review"
    PUBLICATION = "publication"
    IMPLEMENTING = "implementing"
    SUMMARY = "summary"
    ESCALATED = "escalated"
    FILING = "filing"
    CLOSED = "closed"


STAGE_LABELS = {
    Stage.CLUE: "线索待核实",
    Stage.REVIEW: "技术会商",
    Stage.CONSULTING: "专家会诊中",
    Stage.WATCHED: "持续关注",
    Stage.PRODUCER_ANALYSIS: "生产者调查分析",
    Stage.INVESTIGATION: "缺陷调查",
    Stage.NOTIFIED: "已通知召回",
    Stage.OBJECTION: "异议审查",
    Stage.PLAN_DUE: "待报告召回计划",
    Stage.PLAN_REVIEW: "召回计划审查",
    Stage.PUBLICATION: "待公示",
    Stage.IMPLEMENTING: "召回实施",
    Stage.SUMMARY: "召回总结审查",
    Stage.ESCALATED: "报请责令召回",
    Stage.FILING: "整理案卷",
    Stage.CLOSED: "已办结",
}


class Step(StepOf[Stage]):
    """One of the eight steps that the page shows."""


STEPS = (
    Step("clue", "线索", (Stage.CLUE,)),
    Step("review", "研判", (Stage.REVIEW, Stage.CONSULTING)),
    Step("producer_analysis", "调查分析", (Stage.PRODUCER_ANALYSIS,)),
    Step("investigation", "缺陷调查", (Stage.INVESTIGATION,)),
    Step("recall_notice", "召回通知", (Stage.NOTIFIED, Stage.OBJECTION)),
    Step("recall_plan", "召回计划", (Stage.PLAN_DUE, Stage.PLAN_REVIEW, Stage.PUBLICATION)),
    Step("implementation", "召回实施", (Stage.IMPLEMENTING,)),
    Step("summary", "总结归档", (Stage.SUMMARY, Stage.FILING, Stage.CLOSED)),
)

OUTCOMES = {
    "unfounded": "线索不成立",
    "no_defect": "不存在缺陷",
    "report_convincing": "调查分析结果足以证明不存在缺陷",
    "not_established": "缺陷调查未认定缺陷",
    "objection_upheld": "异议成立",
    "watch_ended": "结束关注",
    "recalled": "召回完成",
    "warned": "已发布消费警示",
}
"""How a case ended: what its page and the figures call it."""

OFF_PATH = (Stage.WATCHED, Stage.ESCALATED)
ENDED = (Stage.CLOSED,)


class By(StrEnum):
    """Who does an act, as a relation to the case. The clock does none: what it finds overdue, people act on."""

    AUTHORITY = "authority"  # the regulator that handles the case: the city, or the province that took it
    CITY = "city"  # the authority, where it is a city or a municipality
    PROVINCE = "province"  # the provincial regulator above the authority
    COUNTY = "county"  # the county regulators that take part
    REGULATOR = "regulator"  # any regulator, for what has no case yet
    TECHNICAL = "technical"  # a technical institution that takes part (Art. 7)
    PRODUCER = "producer"  # through a link


class Transition(TransitionOf[Stage, By]):
    """One act of a recall case. Without stages it begins one."""


S = Stage
# fmt: off
_BEFORE_NOTICE = (S.CLUE, S.REVIEW, S.CONSULTING, S.WATCHED, S.PRODUCER_ANALYSIS, S.INVESTIGATION)
_SERVING = (S.PRODUCER_ANALYSIS, S.INVESTIGATION, S.NOTIFIED, S.PLAN_DUE)
_PRODUCER_OWES = (S.PRODUCER_ANALYSIS, S.NOTIFIED, S.PLAN_DUE, S.ESCALATED, S.PLAN_REVIEW, S.PUBLICATION, S.IMPLEMENTING)
_RECALLING = (S.PUBLICATION, S.IMPLEMENTING, S.SUMMARY, S.FILING)
_UPLOADING = (S.PLAN_REVIEW, *_RECALLING)
_OPEN = tuple(stage for stage in Stage if stage is not S.CLOSED)
_UNFILED = tuple(stage for stage in _OPEN if stage is not S.FILING)
_BY_PRODUCER = (By.PRODUCER, By.AUTHORITY)  # the authority records what comes on paper

TRANSITIONS: tuple[Transition, ...] = (
    # 1 线索
    Transition("record_clue", "登记线索", "clue_recorded", (), (By.REGULATOR, By.TECHNICAL), S.CLUE,
               "登记缺陷线索", "8"),
    Transition("receive_voluntary_plan", "接收主动召回报告", "voluntary_plan_received", (), (By.REGULATOR,), S.PLAN_REVIEW,
               "接收生产者主动报告的召回计划", "14"),
    Transition("pass_on_clue", "移送线索", "clue_passed_on", (S.CLUE,), (By.CITY,), None,
               "将非本行政区域的线索提交省市场监管局", "10"),
    Transition("assign_clue", "确定承办单位", "clue_assigned", (S.CLUE,), (By.PROVINCE,), None,
               "确定线索的承办单位", "10", decided=True),
    Transition("verify_clue", "核实线索", "clue_verified", (S.CLUE,), (By.CITY,), S.REVIEW,
               "核实线索，进入技术会商", "9"),
    Transition("close_clue", "不予立案", "clue_closed", (S.CLUE,), (By.CITY,), S.CLOSED, "线索核实后办结", "9"),
    # 2 研判
    Transition("decide_review", "作出研判决定", "review_decided", (S.REVIEW,), (By.CITY,), None,
               "作出技术会商决定", "9", (S.CLOSED, S.WATCHED)),
    Transition("ask_consultation", "申请专家会诊", "consultation_asked", (S.REVIEW,), (By.CITY,), S.CONSULTING,
               "请召回技术机构申请专家会诊", "9"),
    Transition("take_consultation_result", "接收会诊结果", "consultation_result_taken", (S.CONSULTING,), (By.CITY,), S.REVIEW,
               "接收专家会诊结果", "9"),
    Transition("continue_case_watch", "继续关注", "case_watch_continued", (S.WATCHED,), (By.AUTHORITY,), None,
               "继续关注，重新确定复核日期", "9", decided=True),
    Transition("end_case_watch", "结束关注", "case_watch_ended", (S.WATCHED,), (By.AUTHORITY,), S.CLOSED,
               "结束持续关注", "9", decided=True),
    Transition("reopen_case", "重新研判", "case_reopened", (S.WATCHED, S.CLOSED), (By.AUTHORITY,), S.REVIEW,
               "重新进入技术会商", "9"),
    Transition("take_case", "省局直接组织调查", "case_taken", _BEFORE_NOTICE, (By.PROVINCE,), S.INVESTIGATION,
               "省市场监管局直接组织缺陷调查", "13"),
    # 3 调查分析
    Transition("issue_investigation_notice", "通知调查分析", "investigation_notice_issued", (S.REVIEW,), (By.CITY,),
               S.PRODUCER_ANALYSIS, "通知生产者开展调查分析", "11"),
    Transition("record_service", "登记送达", "document_served", _SERVING, (By.AUTHORITY, By.COUNTY), None,
               "登记文书送达", "6"),
    Transition("hand_in_report", "提交调查分析报告", "producer_report_handed_in", (S.PRODUCER_ANALYSIS,), _BY_PRODUCER, None,
               "收到生产者调查分析报告", "11"),
    Transition("accept_report", "认可调查分析结果", "producer_report_accepted", (S.PRODUCER_ANALYSIS,), (By.CITY,), S.CLOSED,
               "审查认为调查分析结果足以证明不存在缺陷", "11"),
    Transition("record_admission", "登记生产者确认缺陷", "defect_admitted", (S.PRODUCER_ANALYSIS,), (By.CITY,), S.PLAN_DUE,
               "生产者确认产品存在缺陷，主动召回", "annex1"),
    # 4 缺陷调查
    Transition("investigate_at_once", "直接启动缺陷调查", "investigation_started", (S.REVIEW,), (By.CITY,), S.INVESTIGATION,
               "直接启动缺陷调查", "9"),
    Transition("investigate_after_report", "启动缺陷调查", "investigation_followed", (S.PRODUCER_ANALYSIS,), (By.CITY,),
               S.INVESTIGATION, "生产者未报告或结果不足以证明不存在缺陷，启动缺陷调查", "12"),
    Transition("record_investigation_report", "提交缺陷调查报告", "investigation_report_recorded", (S.INVESTIGATION,),
               (By.TECHNICAL,), None, "提交缺陷调查报告", "7(3)"),
    Transition("assess_risk", "提交风险评估结论", "risk_assessed", (S.INVESTIGATION,), (By.TECHNICAL,), None,
               "提交风险评估结论", "13"),
    Transition("conclude_without_recall", "认定不召回", "investigation_concluded", (S.INVESTIGATION,), (By.AUTHORITY,), None,
               "缺陷调查未认定缺陷", "12", (S.CLOSED, S.WATCHED)),
    # 5 召回通知
    Transition("issue_recall_notice", "通知召回", "recall_notice_issued", (S.INVESTIGATION,), (By.AUTHORITY,), S.NOTIFIED,
               "认定存在缺陷，通知生产者实施召回", "12"),
    Transition("raise_objection", "提出异议", "objection_raised", (S.NOTIFIED,), _BY_PRODUCER, S.OBJECTION,
               "生产者提出异议", "annex4"),
    Transition("uphold_objection", "采纳异议", "objection_upheld", (S.OBJECTION,), (By.AUTHORITY,), None,
               "采纳异议", "annex4", (S.CLOSED, S.INVESTIGATION), decided=True),
    Transition("reject_objection", "不采纳异议", "objection_rejected", (S.OBJECTION,), (By.AUTHORITY,), S.PLAN_DUE,
               "不采纳异议，重新确定报告召回计划的日期", "annex4", decided=True),
    # 6 召回计划
    # In review only where a producer has reported by itself and the annexes are still to come.
    Transition("hand_in_plan", "报告召回计划", "recall_plan_handed_in",
               (S.NOTIFIED, S.PLAN_DUE, S.ESCALATED, S.PLAN_REVIEW), _BY_PRODUCER,
               S.PLAN_REVIEW, "收到召回计划", "14"),
    Transition("record_silence", "登记逾期未报告", "silence_recorded", (S.NOTIFIED, S.PLAN_DUE), (By.AUTHORITY,), S.ESCALATED,
               "生产者逾期既未报告召回计划又未提出异议", "19"),
    Transition("return_plan", "退回召回计划", "recall_plan_returned", (S.PLAN_REVIEW,), (By.AUTHORITY,), S.PLAN_DUE,
               "退回召回计划", "14"),
    Transition("accept_plan", "接受召回计划", "recall_plan_accepted", (S.PLAN_REVIEW,), (By.AUTHORITY,), S.PUBLICATION,
               "召回计划审查通过", "14"),
    Transition("publish_recall", "公示召回信息", "recall_published", (S.PUBLICATION,), (By.AUTHORITY,), S.IMPLEMENTING,
               "公示召回信息", "15"),
    Transition("record_producer_publication", "登记生产者发布", "producer_publication_recorded", (S.PUBLICATION, S.IMPLEMENTING),
               _BY_PRODUCER, None, "生产者向社会发布召回信息", "15"),
    Transition("record_recall_number", "登记召回编号", "recall_number_recorded", (S.PLAN_DUE, *_UPLOADING), _BY_PRODUCER, None,
               "登记召回编号", "annex8"),
    Transition("record_upload", "登记已上传", "upload_recorded", _UPLOADING, (By.AUTHORITY,), None,
               "登记已上传业务系统", "18"),
    # 7 召回实施
    Transition("hand_in_interim_summary", "提交阶段性总结", "interim_summary_handed_in", (S.IMPLEMENTING,), _BY_PRODUCER, None,
               "收到消费品召回阶段性总结", "16"),
    Transition("inspect_recall", "登记监督检查", "recall_inspected", (S.IMPLEMENTING,), (By.AUTHORITY, By.COUNTY), None,
               "监督检查召回实施情况", "17"),
    Transition("record_completion", "登记召回完成", "recall_completed", (S.IMPLEMENTING,), _BY_PRODUCER, None,
               "生产者完成召回计划", "16", decided=True),
    Transition("order_recall_again", "通知重新召回", "recall_ordered_again", (S.IMPLEMENTING, S.SUMMARY), (By.AUTHORITY,),
               S.PLAN_DUE, "通知生产者重新实施召回", "17"),
    Transition("record_noncompliance", "登记未实施召回", "noncompliance_recorded", (S.IMPLEMENTING,), (By.AUTHORITY,),
               S.ESCALATED, "生产者未按要求实施召回", "19"),
    # 8 总结归档
    Transition("hand_in_summary", "提交召回总结", "recall_summary_handed_in", (S.IMPLEMENTING,), _BY_PRODUCER, S.SUMMARY,
               "收到消费品召回总结", "16"),
    Transition("return_summary", "退回召回总结", "recall_summary_returned", (S.SUMMARY,), (By.AUTHORITY,), S.IMPLEMENTING,
               "退回召回总结", "5"),
    Transition("accept_summary", "认可召回效果", "recall_summary_accepted", (S.SUMMARY,), (By.AUTHORITY,), S.FILING,
               "评估召回效果，认可召回总结", "5"),
    Transition("complete_file", "案卷归档", "case_file_completed", (S.FILING,), (By.AUTHORITY,), S.CLOSED,
               "形成完整电子案卷", "18"),
    # 责令召回与惩戒
    Transition("submit_escalation", "提交书面材料", "escalation_submitted", (S.ESCALATED,), (By.AUTHORITY,), None,
               "提交责令召回的书面材料", "19"),
    Transition("forward_escalation", "上报总局", "escalation_forwarded", (S.ESCALATED,), (By.PROVINCE,), None,
               "上报国家市场监督管理总局", "19"),
    Transition("record_order", "登记责令召回", "recall_order_recorded", (S.ESCALATED,), (By.PROVINCE, By.CITY), S.PLAN_DUE,
               "国家市场监督管理总局责令召回", "19"),
    Transition("resume_investigation", "补充缺陷调查", "investigation_resumed", (S.ESCALATED,), (By.PROVINCE, By.CITY),
               S.INVESTIGATION, "补充开展缺陷调查", "19"),
    Transition("sanction_producer", "登记惩戒措施", "producer_sanctioned", tuple(Stage), (By.AUTHORITY,), None,
               "对拒不配合或隐瞒缺陷的生产者采取措施", "19"),
    Transition("warn_public", "发布消费警示", "public_warned", _UNFILED, (By.AUTHORITY,), S.FILING,
               "生产者无法联系，发布消费警示", decided=True),
    # 参与
    Transition("ask_technical_institution", "请技术机构参与", "technical_institution_asked", _OPEN, (By.AUTHORITY,), None,
               "请召回技术机构提供技术支撑", "7(2)"),
    Transition("ask_county", "请县级协助", "county_asked", _OPEN, (By.AUTHORITY,), None,
               "请县级市场监管部门协助", "6"),
    Transition("name_person_in_charge", "明确专人", "person_in_charge_named", _OPEN, (By.AUTHORITY,), None,
               "明确案件负责人", "20"),
    Transition("send_producer_link", "发送填报链接", "producer_link_sent", _PRODUCER_OWES, (By.AUTHORITY,), None,
               "向生产者发送填报链接", decided=True),
    Transition("revoke_producer_link", "撤销填报链接", "producer_link_revoked", tuple(Stage), (By.AUTHORITY,), None,
               "撤销生产者填报链接", decided=True),
)

# fmt: on
BEGINNINGS = tuple(line for line in TRANSITIONS if not line.stages)
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
