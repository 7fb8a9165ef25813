"""What is owed in each stage of a recall case, by whom, within which limit, and from when it counts.

Limits are the names of values in the edition (portal/rules/recall/editions). There are two kinds: the producer's,
where what comes late is taken and marked late (only a late objection has lapsed), and the regulator's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.process.recall_case import Stage
from portal.process.table import ObligationKindOf


class Owner(StrEnum):
    """Who owes."""

    AUTHORITY = "authority"
    PROVINCE = "province"
    TECHNICAL = "technical"  # the technical institution that was asked
    PRODUCER = "producer"


class Anchor(StrEnum):
    """From when a limit counts."""

    OPENING = "opening"  # the instant at which the obligation is opened
    RECEIPT = "receipt"  # the recipient's signature on annex 5, or the noted refusal
    STARTED = "started"  # the day on which the recall began; each period is counted from it
    COMPLETED = "completed"  # the day on which the producer completed the plan
    SET = "set"  # no limit: the date that a person sets


@dataclass(frozen=True)
class RecallObligationKind(ObligationKindOf[Stage, Owner]):
    """A kind of obligation of a recall case. `opened_by` are acts that open it while its stage may stay."""

    opened_by: tuple[str, ...] = ()
    counts_from: Anchor = Anchor.OPENING
    repeats: bool = False  # met once, it is opened again for the next period
    lapses: bool = False  # once its limit is over the act is no longer taken
    is_weighed: bool = False  # it is met for or against somebody: no act of the two is proposed

    @property
    def is_producers(self) -> bool:
        """Whether it is the producer's rather than a regulator's own."""
        return self.owner is Owner.PRODUCER

    def path_of(self, case_id: int) -> str:
        """The page of its act, where the authority also records what a producer hands in on paper.

        Where two acts are to be weighed, the page of the case, which has both.
        """
        if self.is_weighed:
            return case_path(case_id)
        return f"{case_path(case_id)}/{self.act.replace('_', '-')}"


def case_path(case_id: int) -> str:
    """The page of a case."""
    return f"/recall/{case_id}"


S = Stage
A = Owner.AUTHORITY
P = Owner.PRODUCER
# fmt: off
_KINDS = (
    # The regulator's own.
    RecallObligationKind("verify_clue", "核实缺陷线索", "请核实", "缺陷线索", "去核实", A, "verify_clue", (S.CLUE,), (S.CLUE,),
                         "clue_verification_days", "9", ("verify_clue", "close_clue", "pass_on_clue"), opened_by=("assign_clue",)),
    RecallObligationKind("assign_clue", "确定线索的承办单位", "请确定承办单位", "缺陷线索", "去确定", Owner.PROVINCE, "assign_clue",
                         (S.CLUE,), (), "clue_passing_days", "10", ("assign_clue",), opened_by=("pass_on_clue",)),
    RecallObligationKind("decide_review", "完成技术会商并作出决定", "请决定", "技术会商", "去决定", A, "decide_review", (S.REVIEW,), (S.REVIEW,),
                         "review_days", "9", ("decide_review", "investigate_at_once")),
    RecallObligationKind("issue_investigation_notice", "通知生产者开展调查分析", "请通知生产者", "调查分析通知书", "去制作", A,
                         "issue_investigation_notice", (S.REVIEW,), (), "investigation_notice_days", "11",
                         ("issue_investigation_notice", "investigate_at_once"), opened_by=("decide_review",)),
    RecallObligationKind("take_consultation_result", "查看会诊进展，接收会诊结果", "请查看", "专家会诊", "去查看", A,
                         "take_consultation_result", (S.CONSULTING,), (S.CONSULTING,), None, "9", ("take_consultation_result",)),
    RecallObligationKind("review_case_watch", "复核持续关注的线索", "请复核", "持续关注", "去复核", A, "continue_case_watch",
                         (S.WATCHED,), (S.WATCHED,), None, "9", ("continue_case_watch", "end_case_watch", "reopen_case"), is_dated=True,
                         opened_by=("continue_case_watch",), counts_from=Anchor.SET),
    RecallObligationKind("serve_notice", "送达通知书并登记送达回执", "请送达", "通知书", "登记送达", A, "record_service",
                         (S.PRODUCER_ANALYSIS, S.INVESTIGATION, S.NOTIFIED), (S.PRODUCER_ANALYSIS, S.NOTIFIED), "notice_service_days",
                         "6", ("record_service",), opened_by=("investigate_at_once", "investigate_after_report")),
    RecallObligationKind("review_report", "审查生产者调查分析报告", "请审查", "调查分析报告", "去审查", A, "accept_report",
                         (S.PRODUCER_ANALYSIS,), (), "report_review_days", "11",
                         ("accept_report", "record_admission", "investigate_after_report"), opened_by=("hand_in_report",)),
    RecallObligationKind("conclude_investigation", "完成缺陷调查并作出认定", "请认定", "缺陷调查", "去认定", A, "issue_recall_notice",
                         (S.INVESTIGATION,), (S.INVESTIGATION,), "investigation_days", "12",
                         ("issue_recall_notice", "conclude_without_recall")),
    RecallObligationKind("report_investigation", "提交缺陷调查报告", "请提交", "缺陷调查报告", "去提交", Owner.TECHNICAL,
                         "record_investigation_report", (S.INVESTIGATION,), (), None, "7(3)",
                         ("record_investigation_report",), is_dated=True, opened_by=("ask_technical_institution",),
                         counts_from=Anchor.SET),
    RecallObligationKind("answer_objection", "审查并答复生产者异议", "请答复", "生产者异议", "去答复", A, "reject_objection",
                         (S.OBJECTION,), (S.OBJECTION,), "objection_answer_days", "annex4", ("uphold_objection", "reject_objection"),
                         is_weighed=True),
    RecallObligationKind("review_plan", "审查召回计划", "请审查", "召回计划", "去审查", A, "accept_plan", (S.PLAN_REVIEW,), (S.PLAN_REVIEW,),
                         "plan_review_days", "14", ("accept_plan", "return_plan")),
    RecallObligationKind("publish_recall", "公示召回信息", "请公示", "召回信息", "去公示", A, "publish_recall", (S.PUBLICATION,),
                         (S.PUBLICATION,), "publication_days", "15", ("publish_recall",)),
    RecallObligationKind("review_summary", "评估召回效果，审查召回总结", "请审查", "召回总结", "去审查", A, "accept_summary",
                         (S.SUMMARY,), (S.SUMMARY,), "summary_review_days", "5",
                         ("accept_summary", "return_summary", "order_recall_again")),
    RecallObligationKind("submit_escalation", "提交责令召回的书面材料", "请提交", "责令召回材料", "去提交", A, "submit_escalation",
                         (S.ESCALATED,), (S.ESCALATED,), "escalation_days", "19", ("submit_escalation",)),
    RecallObligationKind("forward_escalation", "将责令召回材料上报总局", "请上报", "责令召回材料", "去上报", Owner.PROVINCE,
                         "forward_escalation", (S.ESCALATED,), (), "escalation_forward_days", "19", ("forward_escalation",),
                         opened_by=("submit_escalation",)),
    RecallObligationKind("record_order", "登记国家市场监督管理总局的决定", "请登记", "责令召回", "去登记", Owner.PROVINCE, "record_order",
                         (S.ESCALATED,), (), None, "19", ("record_order", "resume_investigation", "hand_in_plan"),
                         opened_by=("forward_escalation",)),
    RecallObligationKind("complete_file", "整理并上传完整电子案卷", "请归档", "召回案卷", "去归档", A, "complete_file", (S.FILING,),
                         (S.FILING,), "filing_days", "18", ("complete_file",)),
    # The producer's. Those that count from receipt begin with the receipt: without it no day runs.
    RecallObligationKind("hand_in_report", "提交调查分析报告", "请提交", "调查分析报告", "去填写", P, "hand_in_report",
                         (S.PRODUCER_ANALYSIS,), (S.PRODUCER_ANALYSIS,), None, "annex1", ("hand_in_report",), is_dated=True,
                         counts_from=Anchor.SET),
    RecallObligationKind("raise_objection", "对缺陷调查结果有异议的，提出书面说明", "可以提出", "异议", "去填写", P, "raise_objection",
                         (S.NOTIFIED,), (), "objection_days", "annex4", ("raise_objection", "hand_in_plan"), opened_by=("record_service",),
                         counts_from=Anchor.RECEIPT, lapses=True),
    RecallObligationKind("hand_in_noticed_plan", "报告召回计划", "请报告", "召回计划", "去填写", P, "hand_in_plan", (S.NOTIFIED,), (),
                         "plan_days", "annex4", ("hand_in_plan", "raise_objection"), opened_by=("record_service",),
                         counts_from=Anchor.RECEIPT),
    RecallObligationKind("hand_in_plan", "报告或修改召回计划", "请报告", "召回计划", "去填写", P, "hand_in_plan", (S.PLAN_DUE,), (S.PLAN_DUE,),
                         None, "14", ("hand_in_plan",), is_dated=True, counts_from=Anchor.SET),
    RecallObligationKind("hand_in_interim_summary", "提交消费品召回阶段性总结", "请提交", "阶段性总结", "去填写", P,
                         "hand_in_interim_summary", (S.IMPLEMENTING,), (S.IMPLEMENTING,), "interim_summary_months", "16",
                         ("hand_in_interim_summary", "hand_in_summary"), counts_from=Anchor.STARTED, repeats=True),
    RecallObligationKind("hand_in_summary", "提交消费品召回总结", "请提交", "召回总结", "去填写", P, "hand_in_summary",
                         (S.IMPLEMENTING,), (), "final_summary_days", "16", ("hand_in_summary",), opened_by=("record_completion",),
                         counts_from=Anchor.COMPLETED),
)

# fmt: on
RECALL_OBLIGATIONS = {kind.kind: kind for kind in _KINDS}


def opened(act: str, stage: Stage, entered: Stage | None) -> tuple[RecallObligationKind, ...]:
    """Return the kinds that `act` opens: `stage` is where the case stands after it, `entered` the same if it is new there."""
    return tuple(
        kind for kind in _KINDS if stage in kind.stages and (entered in kind.opens_on_entry or act in kind.opened_by)
    )
