"""Made-up values in the shape that the components expect; the gallery and the tests render them."""

from __future__ import annotations

from types import SimpleNamespace as V

from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    FileField,
    Form,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Optional

HU = V(char="沪", key="hu", name="上海", full_name="上海市消费品召回技术中心")
SU = V(char="苏", key="su", name="江苏", full_name="江苏省消费品召回技术中心")
ZHE = V(char="浙", key="zhe", name="浙江", full_name="浙江省消费品召回技术中心")
WAN = V(char="皖", key="wan", name="安徽", full_name="安徽省消费品召回技术中心")
MEMBERS = [HU, SU, ZHE, WAN]


def due(state: str, words: str, detail: str = "", pips: str = "", provisional: bool = False) -> V:
    """A deadline; pips: one letter a mark, g(one), l(eft), - (gap)."""
    names = {"g": "gone", "l": "left", "-": "gap"}
    return V(
        state=state, words=words, detail=detail, icon="", provisional=provisional, pips=[names[pip] for pip in pips]
    )


DUES = [
    due("over", "已超期 1 个工作日", "应于 11月24日（周二）24:00 前", "ggg"),
    due("soon", "今天截止", "11月25日（周三）24:00", "gg"),
    due("ok", "剩 4 个工作日", "截止 12月1日（周二）24:00", "gl--lll"),
    due("ok", "剩 38 个工作日", "截止 2027年1月22日（周五）24:00", "gl--lllll", provisional=True),
    due("done", "按期印发", "截止 12月2日（周三）24:00", "ggl"),
    due("none", "无期限"),
]
STEP_NAMES = ["申请", "组建专家组", "材料与初步分析", "预约会诊", "线上会诊", "填表表决", "会议纪要", "归档"]
STEP_DATES = ["11月6日", "11月12日", "11月13—18日", "11月23日", "11月24日", "进行中", "下一步", ""]
STEPS = [
    V(name=name, date=date, state="done" if at < 5 else "now" if at == 5 else "later")
    for at, (name, date) in enumerate(zip(STEP_NAMES, STEP_DATES, strict=True))
]
DAYS = [
    V(label="26", caption="起算", state="start", is_last=False),
    V(label="27", caption="今天", state="today", is_last=False),
    V(label="28", caption="", state="off", is_last=False),
    V(label="29", caption="", state="off", is_last=False),
    V(label="30", caption="周一", state="left", is_last=False),
    V(label="1", caption="24:00", state="left", is_last=True),
]


def action(label: str, *, is_open: bool = True, primary: bool = False, **more: str) -> V:
    """Something a person can do, or not yet."""
    values = {"url": "#", "method": "get", "reason": "", "icon": "", "hint": ""} | more
    return V(label=label, open=is_open, primary=primary, **values)


ACTIONS = [
    action("提醒 2 位未签名专家", primary=True, icon="mail", method="post"),
    action("移交牵头", hint="轮值变更时由双方办理。"),
    action("结束表决", is_open=False, reason="尚不能进行：还有 2 位专家未签名。"),
]
TASKS = [
    V(
        due=DUES[0],
        what="复核持续关注，填写本期跟踪情况",
        context=["〔2026〕5号", "儿童学步车 跃宝 W-208", "浙江申请"],
        proof="",
        url="#",
        label="填写跟踪",
    ),
    V(
        due=DUES[1],
        what="受理或退回会诊申请",
        context=["〔2026〕14号", "空气炸锅 炊鲜 AF-55D", "江苏申请"],
        proof="#",
        url="#",
        label="去审核",
    ),
    V(
        due=DUES[2],
        what="从本单位专家库选取 1 名专家",
        context=["〔2026〕13号", "儿童餐椅 贝乐 HC-12"],
        proof="",
        url="#",
        label="选取专家",
    ),
]
WEEKS = [
    [
        V(
            label=str(23 + at),
            state=("gone", "gone", "today", "", "", "off", "off")[at],
            deadlines=at % 3,
            sessions=int(at == 3),
        )
        for at in range(7)
    ],
    [
        V(
            label=("30", "12/1", "2", "3", "4", "5", "6")[at],
            state="off" if at > 4 else "",
            deadlines=int(at == 1),
            sessions=int(at == 2),
        )
        for at in range(7)
    ],
]
TERMS = [
    V(institution=HU, state="past", words="", span="2024.11.21—2025.11.20", here=""),
    V(institution=SU, state="past", words="", span="2025.11.21—2026.11.20　仍牵头 3 件", here=""),
    V(
        institution=ZHE,
        state="now",
        words="浙江　本年度轮值牵头",
        span="2026.11.21—2027.11.20",
        here="今天　任期第 5 天",
    ),
    V(institution=WAN, state="next", words="", span="2027.11.21—2028.11.20", here=""),
]
MEETINGS = [
    V(
        month="11月",
        day="26",
        weekday="周四",
        title="14:00　电动滑板车 驰途 S3",
        url="#",
        lines=["〔2026〕11号　江苏主持　专家 5 人"],
    ),
    V(
        month="12月",
        day="2",
        weekday="周三",
        title="09:30　智能门锁 恒守 L7",
        url="#",
        lines=["〔2026〕9号　浙江主持　专家 5 人"],
    ),
]
ENTRIES = [
    V(
        at="今天 09:12",
        iso="2026-11-25T09:12+08:00",
        title="沈国平 签署会诊表",
        is_key=False,
        institution=None,
        actor="",
        note="",
    ),
    V(
        at="11月24日 11:20",
        iso="2026-11-24T11:20+08:00",
        title="开始第 1 轮表决",
        is_key=True,
        institution=ZHE,
        actor="陈雨桐",
        note="讨论已结束；签名时限 2 个工作日",
    ),
    V(
        at="11月20日 15:30",
        iso="2026-11-20T15:30+08:00",
        title="牵头移交浙江，双方确认",
        is_key=False,
        institution=SU,
        actor="",
        note="理由：轮值任期于 11月20日届满，会诊尚未召开",
    ),
    V(
        at="11月6日 16:12",
        iso="2026-11-06T16:12+08:00",
        title="提出申请",
        is_key=True,
        institution=HU,
        actor="",
        note="",
    ),
]
FILES = [
    V(
        name="电热毯安全性能检测报告",
        url="#",
        icon="doc",
        meta=["检测报告", "第 1 版", "2.4 MB", "5 / 5 位专家已打开"],
        links=[("预览", "#"), ("下载", "#")],
    ),
    V(name="折叠工况升温试验录像", url="#", icon="video", meta=["其他", "3 分 12 秒", "46 MB"], links=[("下载", "#")]),
]
COPIES = [
    V(
        institution=HU,
        role="申请单位",
        lines=["12月1日 15:20 送达"],
        receipt=V(words="已确认收到　12月1日 16:02", is_in=True),
    ),
    V(institution=SU, role="", lines=["12月1日 15:20 送达"], receipt=V(words="尚未确认", is_in=False)),
]
RECORDS = [
    V(name="签名", status_words="进行中", status="wait", words="截止 11月27日（周五）24:00", days=[]),
    V(name="召开线上会诊", status_words="按期", status="done", words="11月20日告知，应于 27日前；24日召开", days=DAYS),
]
EXPERTS = [
    V(name="周明远", key="hu", field="家用电器安全", institution=HU),
    V(name="许静文", key="su", field="电气绝缘材料", institution=SU),
    V(name="沈国平", key="zhe", field="火灾与热危害", institution=ZHE),
    V(name="汪海燕", key="wan", field="产品责任法", institution=WAN),
    V(name="方志成", key="zhe", field="烧伤急诊", institution=ZHE),
]
SPEAKERS = [
    V(name=expert.name, institution=expert.institution, state=state, words=words)
    for expert, state, words in zip(
        EXPERTS, ("done", "done", "now", "next", "later"), ("已发言", "已发言", "正在发言", "下一位", ""), strict=True
    )
]
QUESTIONS = [
    V(
        title="缺陷消费品判定",
        words="该批次产品是否认定为缺陷消费品",
        panel=5,
        has_majority=False,
        result="未形成多数意见",
        note="没有一个选项超过半数",
        options=[("是", 2, False), ("否", 2, False), ("不确定", 1, False)],
    ),
    V(
        title="建议开展调查",
        words="该批次产品是否建议开展调查",
        panel=5,
        has_majority=True,
        result="多数意见：是",
        note="其中 1 份偏离规则建议",
        options=[("是", 4, True), ("否", 1, False)],
    ),
]


def cell(words: str, tone: str = "", before: str = "", departure_url: str = "") -> V:
    """What one expert answered to one question."""
    return V(words=words, tone=tone, before=before, departure_url=departure_url)


GROUPS = [
    (
        "安全性",
        [
            V(label="标准符合性问题", differs=True, cells=[cell("是", "yes")] + [cell("否", "no")] * 4),
            V(label="伤害类型", differs=False, cells=[cell("物理")] * 5),
            V(
                label="可能性",
                differs=True,
                cells=[cell("5级"), cell("4级"), cell("3级", before="初步分析 4级"), cell("3级"), cell("2级")],
            ),
        ],
    ),
    (
        "专家意见",
        [
            V(
                label="建议开展调查",
                differs=True,
                cells=[cell("是", "yes")] * 3 + [cell("是", "yes", departure_url="#dep"), cell("否", "no")],
            ),
        ],
    ),
]
SEVERITIES = [(1, "1级", "微弱"), (2, "2级", "一般"), (3, "3级", "严重"), (4, "4级", "非常严重")]
LIKELIHOODS = [(value, f"{value}级") for value in range(8, 0, -1)]
_LEAST = {1: 6, 2: 4, 3: 3, 4: 2}
CELLS = {
    likelihood: {severity: "investigate" if likelihood >= _LEAST[severity] else "monitor" for severity in _LEAST}
    for likelihood in range(1, 9)
}
CHIPS = {
    (5, 3): [("周明远", "hu")],
    (4, 3): [("许静文", "su")],
    (3, 4): [("沈国平", "zhe")],
    (3, 2): [("汪海燕", "wan")],
    (2, 2): [("方志成", "zhe")],
}
SEVERITY_ROWS = [
    ("1", "1级", "微弱", "（可在家里自行对伤害进行处理，不需就医治疗，但对人体造成某种程度的不舒适感）"),
    ("2", "2级", "一般", "（在门诊对伤害进行处理即可，或引发较小财产损失）"),
    ("3", "3级", "严重", "（会导致不可逆转的人体伤害（如疤痕等）或造成较大财产损失）"),
    ("4", "4级", "非常严重", "（导致灾难性的伤害。该类伤害可导致死亡、身体残疾，或引发重大财产损失等）"),
]
ROWS = [
    ("〔2026〕5号", "儿童学步车", "跃宝 W-208", ZHE, SU, "浙江 复核持续关注", DUES[0]),
    ("〔2026〕14号", "空气炸锅", "炊鲜 AF-55D", SU, ZHE, "浙江 受理或退回", DUES[1]),
    ("〔2026〕12号", "电热毯", "煦眠 XM-1518D", HU, ZHE, "2 位专家 签名", DUES[2]),
    ("〔2026〕8号", "移动电源", "极行 J20", SU, SU, "江苏 归档", DUES[5]),
]
COLUMNS = [
    V(
        label=label,
        sort_url="#" if label in ("编号", "期限") else "",
        sorted="ascending" if label == "期限" else "",
        number=False,
    )
    for label in ("编号", "产品", "申请", "牵头", "阶段", "轮到", "期限")
]
TABS = [V(label="本年度", url="#", count=14, current=True), V(label="轮到我", url="#", count=4, current=False)]
SELECTS = [
    V(name="year", label="年度", value="2026", choices=[("2026", "2026"), ("2025", "2025")]),
    V(name="stage", label="阶段", value="", choices=[("", "全部"), ("panel", "组建专家组")]),
    V(name="lead", label="牵头单位", value="", choices=[("", "全部"), ("zhe", "浙江")]),
]
YES_NO = {"yes": "是", "no": "否"}


class SampleForm(Form):
    """One field of each kind."""

    product_name = StringField("产品名称", [InputRequired("请填写产品名称。")])
    credit_code = StringField("统一社会信用代码", [Optional()], description="18 位，含校验码")
    producer = StringField("生产者")
    document_number = StringField("文号", [Optional()])
    verifier = StringField("姓名")
    suspected_defect = TextAreaField("疑似缺陷描述")
    province = SelectField("实际生产地", choices={"zhejiang": "浙江省", "anhui": "安徽省"})
    sources = SelectMultipleField("信息来源", choices={"a": "总局转办", "b": "监督抽查", "c": "市场购检", "d": "其他"})
    mode = RadioField("会诊方式", choices={"online": "线上", "on_site": "现场", "mixed": "线上与现场结合"})
    verified_on = DateField("核实日期", [InputRequired("请填写核实日期。")])
    held_at = DateTimeLocalField("会诊时间", format=["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"])
    report = FileField("检测报告")
    password = PasswordField("密码")
    version = HiddenField()
    is_confirmed = BooleanField("我已阅读并同意保密承诺", description="每年签署一次")
    danger_despite_standard = RadioField("非标准符合性问题 1", choices=YES_NO)
    danger_description = TextAreaField("具体描述")
    prevalence = RadioField("普遍性", choices=YES_NO | {"uncertain": "不确定"})
    severity = RadioField("伤害的严重程度", choices={value: level for value, level, _, _ in SEVERITY_ROWS})


class Refusal(str):
    """An error that knows its article."""

    article = "第七条"


def sample_form(hostile: str = "") -> SampleForm:
    """A form with values and an error; `hostile` is written into every text."""
    form = SampleForm(
        data={
            "product_name": "电热毯" + hostile,
            "suspected_defect": "折叠后发热线局部过热。" + hostile,
            "sources": ["c"],
            "danger_despite_standard": "yes",
            "danger_description": "温控器未能切断。" + hostile,
            "severity": "3",
            "password": "never-printed",
            "version": "7",
            "credit_code": hostile,
            "mode": "online",
        }
    )
    form.verified_on.errors = [Refusal("请填写核实日期，如 2026年11月20日。" + hostile)]
    form.prevalence.errors = ["请选择普遍性。" + hostile]
    return form
