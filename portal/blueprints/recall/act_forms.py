"""Forms of the acts of a recall case that need no annex. Their choices come from the edition of the case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import wtforms

from portal.services.consultation.material import UploadedFile
from portal.services.kernel.case_loading import LoadedCase
from portal.services.recall.investigation import CONCLUSIONS
from portal.web.fields import DateField, LongTextField, TextField
from portal.web.forms import PortalForm
from portal.web.uploads import UploadForm


class CaseForm(PortalForm):
    """A form about a case; `given` are the service's arguments beside case and actor."""

    def offer(self, loaded: LoadedCase, choices: Mapping[str, Mapping[Any, str]]) -> None:
        """Fill the choices: those of the edition by the field's `listed`, and others by the field's name."""
        for field in self:
            listed = field.render_kw.get("listed") if field.render_kw else None
            if listed is not None:
                field.choices = {one.name: one.label for one in loaded.edition.choices[listed]}
            if field.short_name in choices:
                field.choices = dict(choices[field.short_name])

    def given(self) -> dict[str, Any]:
        """What was typed, by the service's parameters; a text that is empty is ""."""
        return {
            field.short_name: field.data if field.data is not None or isinstance(field, _UNSET) else ""
            for field in self
            if not isinstance(field, wtforms.FileField | wtforms.HiddenField)
        }


_UNSET = (DateField, wtforms.SelectField)


class CaseFileForm(CaseForm, UploadForm):
    """A form about a case with a file."""

    file = wtforms.FileField("附件", description="PDF、Word、Excel、PowerPoint（不含宏）、图片、视频")
    article = ""

    def given(self) -> dict[str, Any]:
        """As above, with the files."""
        found: UploadedFile | None = self.uploaded_if_any()
        return {**super().given(), "files": [found] if found is not None else []}


def listed(label: str, kind: str, *, many: bool = False) -> Any:
    """A choice among a list of the edition."""
    field = wtforms.SelectMultipleField if many else wtforms.RadioField
    return field(label, choices={}, render_kw={"listed": kind}, validate_choice=False)


class DecisionForm(CaseForm):
    """A decision without words."""


class ReasonForm(CaseForm):
    """A decision with its reason."""

    reason = LongTextField("理由")


class ReasonFileForm(CaseFileForm):
    """A decision with its reason and a file."""

    reason = LongTextField("情况说明")


class AssignForm(CaseForm):
    """Who handles a clue."""

    institution_id = wtforms.SelectField("承办单位", coerce=int, choices={}, validate_choice=False)
    reason = LongTextField("理由")


class ReviewForm(CaseForm):
    """How a technical review ends."""

    finding = listed("研判结论", "review_findings")
    reason = LongTextField("研判依据", description="技术会商的意见和依据。")
    review_on = DateField("复核日期", description="持续关注时填写。")


class WatchForm(CaseForm):
    """A watch goes on."""

    reason = LongTextField("复核情况")
    review_on = DateField("下次复核日期")


class TakingForm(CaseForm):
    """The province takes a case."""

    why = listed("直接组织调查的情形", "taking_reasons")
    reason = LongTextField("理由")


class ConclusionForm(CaseForm):
    """An investigation without recall."""

    conclusion = wtforms.RadioField("调查结论", choices=CONCLUSIONS, validate_choice=False)
    reason = LongTextField("理由")
    review_on = DateField("复核日期", description="持续关注时填写。")


class PlanDateForm(CaseForm):
    """A reason, and the day until which a plan is due."""

    reason = LongTextField("理由")
    plan_on = DateField("报告召回计划的日期")


class ObjectionUpheldForm(CaseForm):
    """An objection is upheld."""

    investigates = wtforms.RadioField(
        "采纳后", choices={"no": "办结案件", "yes": "补充缺陷调查"}, default="no", validate_choice=False
    )
    reason = LongTextField("理由")

    def given(self) -> dict[str, Any]:
        """As above; the choice is a yes or a no."""
        return {"reason": self.reason.data or "", "investigates": self.investigates.data == "yes"}


class SummaryDateForm(CaseForm):
    """A summary is returned."""

    reason = LongTextField("退回理由")
    summary_on = DateField("重新提交的日期")


class RecallAgainForm(CaseForm):
    """A recall is ordered again."""

    whys = listed("重新实施召回的情形", "recall_again_reasons", many=True)
    reason = LongTextField("理由")
    plan_on = DateField("报告召回计划的日期")


class OrderForm(CaseFileForm):
    """The national regulator's order."""

    reason = LongTextField("责令召回的文号和内容")
    plan_on = DateField("报告召回计划的日期")


class SanctionForm(CaseFileForm):
    """What was done about a producer that refuses or hides."""

    ground = listed("情形", "sanction_grounds")
    measures = listed("采取的措施", "sanctions", many=True)
    reason = LongTextField("事实和措施的说明", description="选择“向社会公布”的，这段文字会在公示页面公开。")


class WarningForm(CaseForm):
    """A public warning."""

    reason = LongTextField("生产者无法联系的情况")
    words = LongTextField("消费警示内容", description="在公示页面公开，请写明产品、危险和消费者应当怎么办。")


class TaskForm(CaseForm):
    """What a technical institution is asked for."""

    task = LongTextField("需要的技术支撑")
    report_on = DateField("提交报告的日期", description="缺陷调查期间填写。")


class CountyForm(CaseForm):
    """What a county is asked for."""

    institution_id = wtforms.SelectField("县（市、区）市场监管部门", coerce=int, choices={}, validate_choice=False)
    task = LongTextField("需要协助的事项")


class PersonForm(CaseForm):
    """Who is in charge."""

    person_id = wtforms.SelectField("案件负责人", coerce=int, choices={}, validate_choice=False)


class LinkForm(CaseForm):
    """A producer's link."""

    purpose = wtforms.RadioField("用途", choices={}, validate_choice=False)
    recipient = TextField("接收人", longest=60, description="生产者的联系人姓名。")
    email = TextField("电子邮箱", longest=254, description="不填的，链接只在下一页显示一次，请随文书交给生产者。")


class RevokeForm(CaseForm):
    """A link is revoked."""

    link_id = wtforms.RadioField("要撤销的链接", coerce=int, choices={}, validate_choice=False)
    reason = LongTextField("理由")


class UploadedForm(CaseForm):
    """Something was uploaded to another system."""

    item = wtforms.RadioField("已上传的材料", choices={}, validate_choice=False)
    uploaded_on = DateField("上传日期")

    def given(self) -> dict[str, Any]:
        """The choice names system and item."""
        system, _, item = (self.item.data or "").partition("|")
        return {"system": system, "item": item, "uploaded_on": self.uploaded_on.data}


class CompletionForm(CaseForm):
    """The producer completed the plan."""

    completed_on = DateField("完成日期")


class ProducerPublicationForm(CaseForm):
    """Where the producer told the public."""

    place = LongTextField("发布渠道和网址", longest=500)
    published_on = DateField("发布日期")


class RecallNumberForm(CaseForm):
    """The number of the national system."""

    number = TextField("召回编号", longest=40, description="生产者在国家平台报告后，由系统自动生成。")


class ObjectionForm(CaseFileForm):
    """An objection that came on paper."""

    words = LongTextField("异议的书面说明")
    arrived_on = DateField("收到日期", description="今天收到的可以不填。")
    signed_by = TextField("生产者签署人", longest=60)
