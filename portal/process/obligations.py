"""What is owed in each stage, by whom, within which limit, and where it is done.

The kernel opens the obligations of a stage when it is entered and closes them when it is left. Limits are the
names of values in the edition (portal/rules/editions); a kind without a limit has no deadline.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.process.consultation import Stage
from portal.process.permissions import ROLE_LABELS, Role
from portal.process.table import ObligationKindOf

PRODUCER = "producer"
OWNING_ROLES = (Role.ADMINISTRATOR.value, PRODUCER)
"""Who can owe something without being named: all who hold the role; the producer of the recall case, who has no account."""
OWNING_ROLE_LABELS = {Role.ADMINISTRATOR.value: ROLE_LABELS[Role.ADMINISTRATOR], PRODUCER: "生产者"}


class Owner(StrEnum):
    """Who owes."""

    APPLICANT = "applicant"
    LEAD = "lead"
    NOMINATING = "nominating"  # each institution that was asked to nominate
    INVITED = "invited"  # each expert who was invited
    MEMBER = "member"  # each accepted member
    ALLIANCE = "alliance"  # each institution of the alliance
    COPIED = "copied"  # each institution that got a copy of the minutes
    CUSTODIAN = "custodian"
    OLD_LEAD = "old_lead"  # the institution whose term of lead ends
    NEW_LEAD = "new_lead"  # the one that leads after it
    ADMINISTRATOR = "administrator"  # a role of the installation


@dataclass(frozen=True)
class ObligationKind(ObligationKindOf[Stage, Owner]):
    """A kind of obligation, of a consultation or of none.

    What is about no consultation has no stages and no act in them: `path` is the page of its button, and `act` the
    permission to look at that.
    """

    dated_by: str | None = None  # the value of the edition that gives the date
    path: str = ""
    concerns_lead: bool = False  # shown to the institution that leads, also where it owes nothing itself

    def path_of(self, *, term_id: int | None) -> str:
        """Where it is done, for what is about no consultation; "" otherwise."""
        return self.path.format(term_id=term_id)


S = Stage
_FEES = (S.TALLIED, S.DRAFTING_MINUTES, S.ISSUED, S.ARCHIVED)
# fmt: off
_KINDS = (
    ObligationKind("answer_application", "受理或退回会诊申请", "请审核", "会诊申请", "去审核", Owner.LEAD, "view_consultation",
                   (S.SUBMITTED,), (S.SUBMITTED,), "lead_answer_days", "6",
                   ("accept_application", "return_application")),
    ObligationKind("correct_application", "补正后再次提交申请", "请补正", "会诊申请", "去补正", Owner.APPLICANT, "resubmit_application",
                   (S.RETURNED,), (S.RETURNED,), "applicant_silent_lapse_days", "6", ("resubmit_application",)),
    ObligationKind("nominate", "从本单位专家库选取专家", "请选取专家", "会诊专家", "选取专家", Owner.NOMINATING, "nominate_members",
                   (S.PANEL,), (), "nomination_days", "8(1)", ("nominate_members",)),
    ObligationKind("answer_invitation", "答复专家组邀请并声明利益冲突", "请答复", "专家组邀请", "去答复", Owner.INVITED, "answer_invitation",
                   (S.PANEL, S.MATERIAL, S.PRELIMINARY_ANALYSIS, S.SCHEDULING, S.SCHEDULED, S.IN_SESSION), (),
                   "invitation_answer_days", "8(1)", ("answer_invitation",)),
    ObligationKind("confirm_panel", "确认专家组", "请确认", "专家组", "去确认", Owner.LEAD, "confirm_panel",
                   (S.PANEL,), (S.PANEL,), None, "8(1)", ("confirm_panel",)),
    ObligationKind("restore_panel", "补选专家，或写明专家组人数为双数的理由", "请补选专家", "专家组", "去处理", Owner.LEAD, "explain_even_panel",
                   (S.MATERIAL, S.PRELIMINARY_ANALYSIS, S.SCHEDULING, S.SCHEDULED, S.IN_SESSION), (),
                   None, "8(1)", ("explain_even_panel",)),
    ObligationKind("send_material", "上传并发送会诊材料", "请发送材料", "会诊材料", "发送材料", Owner.APPLICANT, "send_material",
                   (S.MATERIAL,), (S.MATERIAL,), "applicant_silent_lapse_days", "8(2)", ("send_material",)),
    ObligationKind("hand_in_analysis", "完成初步分析", "请提交", "初步分析", "去填写", Owner.MEMBER, "hand_in_analysis",
                   (S.PRELIMINARY_ANALYSIS, S.SCHEDULING, S.SCHEDULED), (), "preliminary_analysis_days", "8(2)",
                   ("hand_in_analysis",)),
    ObligationKind("tell_lead", "告知牵头单位专家已回复", "请告知牵头单位", "初步分析", "去告知", Owner.APPLICANT, "tell_lead",
                   (S.PRELIMINARY_ANALYSIS,), (), None, "8(3)", ("tell_lead",)),
    ObligationKind("hold_session", "组织线上会诊", "请组织会诊", "线上会诊", "约定时间", Owner.LEAD, "fix_session",
                   (S.SCHEDULING, S.SCHEDULED), (S.SCHEDULING,), "session_days", "8(3)", ("open_session",),
                   ((S.SCHEDULED, "view_session", "查看会诊安排"),)),
    # Owed by each member, and by each institution, for which one of its staff answers.
    ObligationKind("mark_times", "答复时间征询，选择合适的会诊时间", "请选择时间", "会诊时间征询", "去选择", Owner.MEMBER, "answer_time_poll",
                   (S.SCHEDULING,), (), "time_poll_answer_days", "8(3)", ("answer_time_poll",)),
    ObligationKind("name_participants", "指派 1—2 名工作人员参加线上会诊", "请指派人员", "参会人员", "去指派", Owner.ALLIANCE, "name_participants",
                   (S.SCHEDULED, S.IN_SESSION), (), None, "8(4)", ("name_participants",), is_dated=True),
    ObligationKind("attend_session", "参加线上会诊", "请参加", "线上会诊", "查看会诊安排", Owner.MEMBER, "view_session",
                   (S.SCHEDULED, S.IN_SESSION), (), None, "8(5)", ("open_vote",), is_dated=True),
    ObligationKind("open_vote", "主持会诊并开始表决", "请开始表决", "会诊表决", "去主持", Owner.LEAD, "view_session",
                   (S.IN_SESSION,), (S.IN_SESSION,), None, "8(5)", ("open_vote",)),
    ObligationKind("sign_sheet", "填写会诊表并签名", "请签署", "会诊表", "去填表", Owner.MEMBER, "sign_sheet",
                   (S.VOTING,), (), "vote_signing_days", "8(6)", ("sign_sheet",)),
    ObligationKind("close_vote", "结束表决并计票", "请结束表决", "会诊表决", "去查看", Owner.LEAD, "close_vote",
                   (S.VOTING,), (), None, "8(6)", ("close_vote",)),
    ObligationKind("conclude", "确定会诊结论", "请确定结论", "会诊结论", "看计票", Owner.LEAD, "conclude_consultation",
                   (S.TALLIED,), (S.TALLIED,), None, "8(6)", ("conclude_consultation", "open_new_round")),
    ObligationKind("issue_minutes", "制作并印发会议纪要", "请印发", "会议纪要", "写纪要", Owner.LEAD, "issue_minutes",
                   (S.TALLIED, S.DRAFTING_MINUTES), (), "meeting_minutes_days", "8(7)", ("issue_minutes",)),
    ObligationKind("confirm_receipt", "确认收到会议纪要", "请确认收到", "会议纪要", "去确认", Owner.COPIED, "confirm_receipt",
                   (S.ISSUED, S.ARCHIVED), (), None, "8(7)", ("confirm_receipt",)),
    ObligationKind("archive", "归档会诊材料", "请归档", "会诊材料", "去归档", Owner.CUSTODIAN, "archive_consultation",
                   (S.ISSUED, S.WITHDRAWN, S.TERMINATED), (), "archive_by_itself_days", "9", ("archive_consultation",)),
    ObligationKind("review_watch", "复核持续关注，填写本期跟踪情况", "请复核", "持续关注", "填写跟踪", Owner.APPLICANT, "continue_watch",
                   (S.ISSUED, S.ARCHIVED, S.DRAFTING_MINUTES), (), None, "8(7)",
                   ("continue_watch", "end_watch", "apply_anew"), is_dated=True),
    # Beside the process: a fee goes from due to approved to paid, and nobody but these asks for it.
    ObligationKind("enter_fees", "登记专家劳务费", "请登记", "专家劳务费", "去登记", Owner.APPLICANT, "record_fee",
                   _FEES, (), None, "10", ("propose_fees", "record_fee"), is_private=True),
    ObligationKind("approve_fees", "审核专家劳务费", "请审核", "专家劳务费", "去审核", Owner.APPLICANT, "approve_fee", _FEES, (), None, "10",
                   is_private=True),
    ObligationKind("pay_fees", "支付专家劳务费", "请支付", "专家劳务费", "去支付", Owner.APPLICANT, "pay_fee", _FEES, (), None, "10",
                   is_private=True),
    ObligationKind("accept_lead", "接收移交的牵头工作", "请接收", "牵头工作", "去接收", Owner.LEAD, "accept_lead",
                   tuple(stage for stage in Stage), (), None, "3", ("accept_lead",)),
    # Beside the acts of a consultation: each follows from how things stand (services.standing_duties).
    ObligationKind("review_disposal", "鉴定保存期满的归档材料", "请鉴定", "保存期满的材料", "去鉴定", Owner.CUSTODIAN, "view_archive",
                   (S.ARCHIVED,), (), None, "9", ("extend_retention", "hold_archive", "dispose_archive"),
                   opening="disposal_review_due"),
    ObligationKind("hold_custody_drill", "开展保管演练", "请开展", "保管演练", "去开展", Owner.CUSTODIAN, "view_custody_drills",
                   (), (), None, "9", is_dated=True, dated_by="custody_drill_months", path="/archive/drills",
                   opening="custody_drill_due"),
    ObligationKind("sign_term_handover", "签署轮值移交清单", "请签署", "移交清单", "去签署", Owner.OLD_LEAD, "view_term_handover",
                   (), (), None, "3", is_dated=True, path="/rotation/terms/{term_id}/handover",
                   opening="term_handover_asked", concerns_lead=True),
    ObligationKind("accept_term_handover", "接收轮值移交清单", "请接收", "移交清单", "去接收", Owner.NEW_LEAD, "view_term_handover",
                   (), (), None, "3", path="/rotation/terms/{term_id}/handover", concerns_lead=True),
    ObligationKind("name_liaisons", "确定本单位联络员", "请确定", "联络员", "去确定", Owner.ALLIANCE, "view_liaisons",
                   (), (), None, "3", path="/rotation/liaisons", opening="liaisons_missing", concerns_lead=True),
    ObligationKind("load_calendar_year", "载入年度工作日历", "请载入", "工作日历", "去载入", Owner.ADMINISTRATOR, "load_calendar",
                   (), (), None, None, is_dated=True, path="/calendar/load", opening="calendar_year_due"),
)

# fmt: on
OBLIGATIONS = {kind.kind: kind for kind in _KINDS}
PRIVATE = tuple(kind.kind for kind in _KINDS if kind.is_private)
