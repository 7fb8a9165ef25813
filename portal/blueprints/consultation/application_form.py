"""The application's form: the shape of what is typed; what is missing or wrong is said by the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import wtforms

from portal.rules.application import PreliminaryVerification
from portal.rules.editions import load_edition
from portal.rules.grounds import ApplicationGrounds
from portal.services.consultation.application import PRODUCT_TEXTS, ApplicationInput, given_grounds
from portal.web.fields import DateField, LongTextField, TextField, WholeNumberField
from portal.web.forms import PortalForm

if TYPE_CHECKING:
    from portal.models.consultation import Consultation

_EDITION = load_edition()
PROVINCES = {
    "": "请选择",
    **{member.key: member.province for member in _EDITION.alliance.members},
    "other": "长三角以外",
}
_SOURCES = {str(option.value): option.label for option in _EDITION.field("information_source").options}
_GROUNDS = {ground.name: ground.text for ground in _EDITION.grounds}
_ORIGINS = {"": "未填", "domestic": "国产", "imported": "进口"}


class ApplicationForm(PortalForm):
    """Grounds (Art. 4), product and production information, preliminary verification (Art. 7)."""

    version = WholeNumberField()
    grounds = wtforms.SelectMultipleField("申请依据", choices=_GROUNDS)
    registered_province = wtforms.SelectField("生产者注册地", choices=PROVINCES, default="")
    manufacturing_province = wtforms.SelectField("实际生产地", choices=PROVINCES, default="")
    arrangement = LongTextField("工作安排部署的内容", longest=2000)
    arranged_on = DateField("安排部署日期")
    arrangement_document_number = TextField("文号", longest=80)
    necessity_reason = LongTextField("认为有必要共同会诊的理由", longest=2000)

    information_source = wtforms.SelectMultipleField("信息来源", choices=_SOURCES)
    information_source_other = TextField("其他信息来源", longest=120)
    report_numbers = TextField(
        "报告编号", longest=500, description="检测报告、缺陷技术分析报告、伤害调查报告、研究报告"
    )
    product_name = TextField("产品名称", longest=120)
    product_class = TextField("产品类别", longest=60)
    specification = TextField("规格", longest=120)
    model = TextField("型号", longest=120)
    brand = TextField("品牌/商标", longest=120)
    test_basis = TextField("检测依据", longest=500)
    producer = TextField("生产者", longest=120)
    credit_code = TextField("统一社会信用代码", longest=18)
    registered_place = TextField("注册地址", longest=120)
    manufacturing_place = TextField("实际生产地址", longest=120)
    brand_owner = TextField("品牌所有者", longest=120)
    parent_company = TextField("控股/母公司", longest=120)
    test_laboratory = TextField("检测机构", longest=120)
    batch = TextField("批次", longest=120)
    quantity = TextField("涉及数量", longest=60)
    produced_from = DateField("生产日期（起）")
    produced_until = DateField("生产日期（止）")
    origin = wtforms.SelectField("国产/进口", choices=_ORIGINS, default="")
    suspected_defect = LongTextField("疑似缺陷描述")

    checked = LongTextField("核实内容")
    verified_by = TextField("核实人", longest=120)
    verified_on = DateField("核实日期")
    result = LongTextField("核实结果")

    def given(self) -> ApplicationInput:
        """What was typed, as the service takes it."""
        product = {name: self[name].data for name in (*PRODUCT_TEXTS, "produced_from", "produced_until", "origin")}
        return ApplicationInput(
            grounds=ApplicationGrounds(
                ticked=frozenset(self.grounds.data or ()),
                registered_province=self.registered_province.data or "",
                manufacturing_province=self.manufacturing_province.data or "",
                arrangement=self.arrangement.data or "",
                arranged_on=self.arranged_on.data,
                arrangement_document_number=self.arrangement_document_number.data or "",
                necessity_reason=self.necessity_reason.data or "",
            ),
            verification=PreliminaryVerification(
                self.checked.data or "", self.verified_by.data or "", self.verified_on.data, self.result.data or ""
            ),
            information_sources=frozenset(self.information_source.data or ()),
            product=product,
        )


def saved_values(consultation: Consultation) -> dict[str, object]:
    """The saved application as values of the form."""
    product, verification, grounds = consultation.product, consultation.verification, given_grounds(consultation)
    texts = {name: getattr(product, name) for name in (*PRODUCT_TEXTS, "produced_from", "produced_until")}
    return {
        **texts,
        "origin": product.origin or "",
        "version": consultation.version,
        "grounds": sorted(grounds.ticked),
        "registered_province": grounds.registered_province,
        "manufacturing_province": grounds.manufacturing_province,
        "arrangement": grounds.arrangement,
        "arranged_on": grounds.arranged_on,
        "arrangement_document_number": grounds.arrangement_document_number,
        "necessity_reason": grounds.necessity_reason,
        "information_source": product.information_sources,
        "checked": verification.checked,
        "verified_by": verification.verified_by,
        "verified_on": verification.verified_on,
        "result": verification.result,
    }
