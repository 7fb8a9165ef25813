"""Forms of the expert register."""

from __future__ import annotations

import wtforms

from portal.rules.expertise import expertise_fields
from portal.services.expert_entry import ExpertInput
from portal.web.fields import DateField, LongTextField, TextField
from portal.web.forms import PortalForm


def _choices(kind: str) -> dict[str, str]:
    return {key: one.label for key, one in expertise_fields().items() if one.kind == kind}


_FORMER = "每行一个单位和起止年月，例如：某某公司，2015-07至2023-12。近三年内的用于核对利益冲突"
_RELATIONS = "每行一个单位，写明类别（任职、持股、顾问、亲属、合作、其他）和起止年月，例如：某某公司，顾问，2021-03至今"
_ACCOUNT = "已有角色为“专家”的账号的，填写账号；没有的留空，填写姓名和邮箱"


class ExpertForm(PortalForm):
    """What the register says of an expert."""

    fields = wtforms.SelectMultipleField("专业领域：产品类别", choices=_choices("product"))
    disciplines = wtforms.SelectMultipleField("专业领域：学科", choices=_choices("discipline"))
    field = TextField("专业领域说明", longest=60, description="印在会诊表上的专业领域")
    employer = TextField("工作单位", longest=120)
    employed_from = DateField("入职日期")
    title = TextField("职务/职称", longest=60)
    former_employers = LongTextField("曾任单位", longest=3000, description=_FORMER)
    relations = LongTextField("利益关系", longest=3000, description=_RELATIONS)
    languages = TextField("联系语言", longest=60)
    is_available = wtforms.BooleanField("目前可以参加会诊", default=True)
    away_until = DateField("暂不参加至（含当日）", description="暂不参加而不知道何时恢复的，不填日期")

    def given(self) -> ExpertInput:
        """What was typed, for the service."""
        texts = {name: self[name].data or "" for name in ("username", "name", "email") if name in self}
        return ExpertInput(
            field=self.field.data,
            employer=self.employer.data,
            title=self.title.data,
            fields=(*(self.fields.data or ()), *(self.disciplines.data or ())),
            employed_from=self.employed_from.data,
            former_employers=self.former_employers.data or "",
            relations=self.relations.data or "",
            languages=self.languages.data or "",
            is_available=self.is_available.data,
            away_until=self.away_until.data,
            **texts,
        )


class NewExpertForm(ExpertForm):
    """A new entry names the account, or somebody who gets one."""

    username = TextField(
        "账号", longest=60, description="已有角色为“专家”的账号的，填写账号；没有的留空，填写姓名和邮箱"
    )
    name = TextField("姓名", longest=40)
    email = TextField("邮箱", longest=254)


class AliasForm(PortalForm):
    """Two names of one organisation, and how that is known."""

    name = TextField("单位名称", longest=120)
    alias = TextField("别名、曾用名或品牌", longest=120)
    source = TextField("依据", longest=200, description="例如：国家企业信用信息公示系统，曾用名")


def values_of(entry: ExpertInput) -> dict[str, object]:
    """What the form of an entry begins with."""
    return {**entry.__dict__, "fields": list(entry.fields), "disciplines": list(entry.fields)}
