"""Conflicts of interest by name: an expert's employers and declared relations against those of the application.

Company names are compared without legal form, place and brackets; former names, short forms and brands that look
different are on the list of aliases (services.organisation_aliases). A name that only looks alike is dismissed by a
person with a reason; the expert's own declaration comes on top (Art. 8(1)).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models.consultation import ProductInformation
from portal.models.expert import Expert, OrganisationAlias
from portal.rules.dates import add_years
from portal.rules.expertise import CONFLICT_YEARS, RELATION_KINDS

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
    "滁州", "阜阳", "宿州", "六安", "亳州", "池州", "宣城", "深圳", "广州", "东莞", "佛山", "中山", "珠海",
    "惠州", "江门", "汕头", "湛江", "肇庆", "茂名", "揭阳", "潮州", "厦门", "福州", "泉州", "漳州", "莆田",
    "宁德", "龙岩", "三明", "南平", "青岛", "济南", "烟台", "潍坊", "淄博", "临沂", "威海", "济宁", "德州",
    "聊城", "菏泽", "泰安", "滨州", "东营", "枣庄", "日照", "武汉", "宜昌", "襄阳", "荆州", "孝感", "长沙",
    "株洲", "湘潭", "衡阳", "岳阳", "常德", "郑州", "洛阳", "新乡", "许昌", "安阳", "南阳", "焦作", "石家庄",
    "保定", "唐山", "廊坊", "沧州", "邢台", "邯郸", "秦皇岛", "太原", "大同", "西安", "咸阳", "宝鸡", "成都",
    "绵阳", "德阳", "宜宾", "泸州", "贵阳", "遵义", "昆明", "南宁", "柳州", "桂林", "北海", "海口", "三亚",
    "南昌", "九江", "赣州", "景德镇", "上饶", "宜春", "沈阳", "大连", "鞍山", "长春", "哈尔滨",
    "大庆", "齐齐哈尔", "呼和浩特", "包头", "兰州", "银川", "西宁", "乌鲁木齐", "拉萨", "香港", "澳门", "台湾",
    "慈溪", "余姚", "义乌", "永康", "诸暨", "海宁", "桐乡", "乐清", "瑞安", "温岭", "玉环", "昆山", "常熟",
    "张家港", "太仓", "江阴", "宜兴", "丹阳", "靖江", "泰兴", "启东", "海门", "巢湖", "桐城", "天长", "顺德",
)  # fmt: skip
_PLACE = re.compile(rf"^(?:{'|'.join(_PLACES)})(?:省|市)?")
_BRACKETS = re.compile(r"\([^()]*\)")
_NO_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Tie:
    """An organisation to which an expert is tied, or was until `until_on`."""

    source: str  # 工作单位, 曾任单位 or 申报的关系（持股）
    organisation: str  # as the register has it
    until_on: date | None = None


@dataclass(frozen=True)
class Conflict:
    """Why an expert seems to be involved."""

    source: str
    organisation: str
    role: str  # 生产者, 品牌所有者, 控股/母公司 or 检测机构
    alias: str = ""  # the other name of that company that matched; "" where its own did

    @property
    def words(self) -> str:
        """One sentence for the page."""
        known_as = f"的别名“{self.alias}”" if self.alias else "名称"
        return f"{self.source}“{self.organisation}”与{self.role}{known_as}相符"


@dataclass(frozen=True)
class Involved:
    """A company that the application names, with the other names that it is known by."""

    role: str
    name: str
    aliases: tuple[str, ...] = ()


@lru_cache(maxsize=50_000)
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


def involved_in(db: Session, product: ProductInformation) -> tuple[Involved, ...]:
    """The companies that an application names, with their aliases; in one statement."""
    named = (
        ("生产者", product.producer),
        ("品牌所有者", product.brand_owner),
        ("控股/母公司", product.parent_company),
        ("检测机构", product.test_laboratory),
    )
    pairs = [(row.name, row.alias) for row in db.execute(select(OrganisationAlias.name, OrganisationAlias.alias))]
    return tuple(Involved(role, name, other_names(name, pairs)) for role, name in named if trade_name(name))


def other_names(name: str, pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """All names that pairs of names tie to this one, over any number of pairs."""
    known, left = [name], list(pairs)
    for one in known:
        tied = [pair for pair in left if any(is_same_organisation(one, other) for other in pair)]
        left = [pair for pair in left if pair not in tied]
        known += [other for pair in tied for other in pair if not is_same_organisation(one, other)]
    return tuple(known[1:])


def conflicts_of(expert: Expert, involved: Iterable[Involved], today: date) -> tuple[Conflict, ...]:
    """The name matches of an expert with producer, brand owner, parent company and test laboratory."""
    return conflicts_among(ties_of(expert), involved, today)


def conflicts_among(ties: Iterable[Tie], involved: Iterable[Involved], today: date) -> tuple[Conflict, ...]:
    """The name matches of these ties; what ended more than CONFLICT_YEARS ago counts no more."""
    since, companies = add_years(today, -CONFLICT_YEARS), tuple(involved)
    found = (
        _match(tie, company) for tie in ties if tie.until_on is None or tie.until_on >= since for company in companies
    )
    return tuple(conflict for conflict in found if conflict is not None)


def _match(tie: Tie, company: Involved) -> Conflict | None:
    if is_same_organisation(tie.organisation, company.name):
        return Conflict(tie.source, tie.organisation, company.role)
    alias = next((one for one in company.aliases if is_same_organisation(tie.organisation, one)), None)
    return Conflict(tie.source, tie.organisation, company.role, alias) if alias is not None else None


def ties_of(expert: Expert) -> tuple[Tie, ...]:
    """The present employer, the former ones, and the declared relations of an entry."""
    return (
        Tie("工作单位", expert.employer),
        *(former_tie(one.name, one.until_on) for one in expert.former_employers),
        *(declared_tie(one.organisation, one.kind, one.until_on) for one in expert.relations),
    )


def former_tie(name: str, until_on: date) -> Tie:
    """A former employer."""
    return Tie("曾任单位", name, until_on)


def declared_tie(organisation: str, kind: str, until_on: date | None) -> Tie:
    """A declared relation."""
    return Tie(f"申报的关系（{RELATION_KINDS[kind]}）", organisation, until_on)
