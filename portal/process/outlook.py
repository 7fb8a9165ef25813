"""What comes next, in a sentence a stage; {names} are values of the edition."""

from __future__ import annotations

from portal.process.consultation import Stage

OUTLOOK = {
    Stage.DRAFT: "提交后由本年度轮值牵头单位在 {lead_answer_days} 个工作日内受理或退回（第六条）。",
    Stage.SUBMITTED: "受理后，四个召回技术机构在 {nomination_days} 个工作日内从各自专家库选取专家（第八条（一））。",
    Stage.RETURNED: "补正后再次提交，编号和牵头单位不变。",
    Stage.PANEL: "专家组确认后，由申请单位向专家发送会诊材料（第八条（二））。",
    Stage.MATERIAL: "材料发出后，专家在 {preliminary_analysis_days} 个工作日内完成初步分析（第八条（二））。",
    Stage.PRELIMINARY_ANALYSIS: "专家回复后由申请单位告知牵头单位，牵头单位在 {session_days} 个工作日内组织线上会诊（第八条（三））。",
    Stage.SCHEDULING: "约定时间后通知专家，各召回技术机构指派 {session_staff_minimum}—{session_staff_maximum} 名工作人员参加（第八条（四））。",
    Stage.SCHEDULED: "会诊由牵头单位主持，专家依次发言（第八条（四）（五））。",
    Stage.IN_SESSION: "讨论结束后开始表决，专家各自填写会诊表并签名（第八条（六））。",
    Stage.VOTING: "全部签名后结束表决并计票；牵头单位在 {meeting_minutes_days} 个工作日内制作会议纪要（第八条（七））。",
    Stage.TALLIED: "形成多数意见的，确定会诊结论；未形成的，再次讨论，或在材料不足时记为持续关注（第八条（六）（七））。",
    Stage.DRAFTING_MINUTES: "会议纪要印发后抄送其他召回技术机构（第八条（七））。",
    Stage.ISSUED: "会诊表由申请单位保存，会议纪要由牵头单位保存，保存期限 {retention_years_sheet} 年（第九条）。",
    Stage.WITHDRAWN: "已形成的材料由申请单位归档保存（第九条）。",
    Stage.TERMINATED: "已形成的材料由申请单位归档保存（第九条）。",
}
