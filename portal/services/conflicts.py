"""Conflicts of interest by name: an expert's employers and declared relations against those of the application.

Company names are compared without legal form, place and brackets. A name that only looks alike is dismissed by a
person with a reason; the expert's own declaration comes on top (Art. 8(1)).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from portal.models.consultation import ProductInformation
from portal.models.expert import Expert

SHORTEST_TRADE_NAME = 2  # characters: a Chinese trade name has at least two
SHORTEST_INNER_MATCH = 4  # characters: inside a longer name, less than this is chance

# Longest first, so that 有限责任公司 goes as a whole.
_LEGAL_FORMS = (
    "股份有限公司", "有限责任公司", "集团有限公司", "有限公司", "集团公司", "分公司", "总公司", "公司", "集团", "工厂",
    "厂",
)  # fmt: skip
_PLACES = (
    "中国", "北京", "天津", "上海", "重庆", "河北", "山西", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽",
    "福建", "江西", "山东", "河南", "湖北", "湖南", "广东", "海南", "四川", "贵州", "云南", "陕西", "甘肃",
    "青海", "内蒙古", "广西", "西藏", "宁夏", "新疆", "南京", "无锡", "徐州", "常州", "苏州", "南通", "连云港",
    "淮安", "盐城", "扬州", "镇江", "泰州", "宿迁", "杭州", "宁波", "温州", "嘉兴", "湖州", "绍兴", "金华",
    "衢州", "舟山", "台州", "丽水", "合肥", "芜湖", "蚌埠", "淮南", "马鞍山", "淮北", "铜陵", "安庆", "黄山",
    "滁州", "阜阳", "宿州", "六安", "亳州", "池州", "宣城", "深圳", "广州", "东莞",
)  # fmt: skip
_PLACE = re.compile(rf"^(?:{'|'.join(_PLACES)})(?:省|市)?")
_BRACKETS = re.compile(r"\([^()]*\)")
_NO_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Conflict:
    """Why an expert seems to be involved."""

    source: str  # 工作单位 or 申报的关系
    organisation: str  # as the register has it
    role: str  # 生产者, 品牌所有者 or 检测机构

    @property
    def words(self) -> str:
        """One sentence for the page."""
        return f"{self.source}“{self.organisation}”与{self.role}名称相符"


def trade_name(name: str) -> str:
    """What is left of an organisation's name without brackets, punctuation, places in front and legal form."""
    rest = _NO_LETTER.sub("", _BRACKETS.sub("", unicodedata.normalize("NFKC", name).casefold()))
    for form in _LEGAL_FORMS:
        if rest.endswith(form) and len(rest) - len(form) >= SHORTEST_TRADE_NAME:
            rest = rest.removesuffix(form)
            break
    while (place := _PLACE.match(rest)) and len(rest) - place.end() >= SHORTEST_TRADE_NAME:
        rest = rest[place.end() :]
    return "" if _PLACE.fullmatch(rest) else rest


def is_same_organisation(one: str, other: str) -> bool:
    """Whether two names seem to mean one organisation, or a part of it. An empty name is no organisation."""
    shorter, longer = sorted((trade_name(one), trade_name(other)), key=len)
    if len(shorter) < SHORTEST_TRADE_NAME:
        return False
    return longer.startswith(shorter) or (len(shorter) >= SHORTEST_INNER_MATCH and shorter in longer)


def conflicts_of(expert: Expert, product: ProductInformation) -> tuple[Conflict, ...]:
    """The name matches of an expert with producer, brand owner and test laboratory."""
    own = [("工作单位", expert.employer), *(("申报的关系", line.strip()) for line in expert.relations.splitlines())]
    involved = (
        ("生产者", product.producer),
        ("品牌所有者", product.brand_owner),
        ("检测机构", product.test_laboratory),
    )
    return tuple(
        Conflict(source, organisation, role)
        for source, organisation in own
        for role, name in involved
        if is_same_organisation(organisation, name)
    )
