"""Steps 1 to 3 through the pages: the application, the panel, the material, the analyses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.journeys.files import report_pdf

if TYPE_CHECKING:
    from tests.journeys.person import Person

NUMBER = "〔2026〕1号"
APPLICATION = {
    "规格": "150 cm × 180 cm",
    "型号": "XM-1518D",
    "品牌/商标": "煦眠",
    "生产者": "苏州煦眠家居用品有限公司",
    "检测依据": "GB 4706.1—2005、GB 4706.8—2008",
    "疑似缺陷描述": "折叠或受压后发热线局部过热，可致低温烫伤或起火",
    "核实人": "顾思远",
    "核实日期": "2026-02-27",
    "核实内容": "抽取同批次样品复测",
    "核实结果": "发热线局部过热，属实",
}
# How the five see it at first: they differ on the finding most, on the severity a little, on the prevalence not at all.
FIRST_VIEWS = (
    ("3级　严重", "是"),
    ("3级　严重", "是"),
    ("3级　严重", "否"),
    ("2级　一般", "否"),
    ("3级　严重", "不确定"),
)


def apply(applicant: Person) -> None:
    """A draft that saves itself; a ground that does not hold is refused, and nothing typed is lost."""
    applicant.follow("提出会诊申请")
    applicant.fill("产品名称", "电热毯")
    applicant.press("保存草稿")
    applicant.sees("草稿已保存。")
    applicant.tick("（一）")
    applicant.choose("生产者注册地", "江苏省")
    applicant.choose("实际生产地", "江苏省")
    applicant.tick("市场购检")
    for label, words in APPLICATION.items():
        applicant.fill(label, words)
    applicant.sees("已保存 09:00")
    applicant.press("提交申请")
    applicant.sees("还不能提交")
    applicant.sees("实际生产地应在注册地以外的")
    applicant.picture("02-application-refused")
    for label, words in APPLICATION.items():
        expect(applicant.field(label)).to_have_value(words)
    applicant.choose("实际生产地", "安徽省")
    applicant.press("提交申请")
    applicant.sees(NUMBER)
    applicant.picture("03-application-submitted")


def return_correct_and_accept(applicant: Person, lead: Person) -> None:
    """The lead returns it with a reason, which the applicant reads, corrects and submits again."""
    lead.take_up("受理或退回会诊申请")
    lead.sees("发热线局部过热，属实")
    lead.follow("退回申请")
    lead.press("退回申请")
    lead.sees("还不能退回申请")
    lead.fill("退回理由", "请补充报告编号")
    lead.press("退回申请")
    lead.sees("申请已退回。")
    applicant.take_up("补正后再次提交申请")
    applicant.sees("请补充报告编号")
    applicant.fill("报告编号", "沪检〔2026〕D-0417")
    applicant.press("提交申请")
    applicant.sees("会诊申请已提交")
    lead.take_up("受理或退回会诊申请")
    lead.follow("受理申请")
    lead.press("受理申请")
    lead.sees("申请已受理")


def form_the_panel(institutions: list[Person], experts: list[Person], lead: Person) -> None:
    """Each institution chooses from its own register, the experts declare and accept, the lead confirms."""
    wanted = {"sh": ["sh专1"], "ji": ["ji专1"], "zh": ["zh专1", "zh专2"], "an": ["an专1"]}
    for someone in institutions:
        someone.take_up("从本单位专家库选取专家")
        for name in wanted[someone.username[:2]]:
            someone.tick(name)
        someone.press("选取并发出邀请")
        someone.sees("选取")
    for expert in experts:
        accept_the_invitation(expert)
    lead.take_up("确认专家组")
    lead.picture("09-confirm-panel")
    lead.press("确认专家组")
    lead.sees("确认专家组")


def accept_the_invitation(expert: Person) -> None:
    """An answer without the declaration is none."""
    expert.take_up("答复专家组邀请并声明利益冲突")
    expert.press("提交答复")
    expert.sees("处需要填写")
    expert.tick("接受邀请")
    expert.tick("没有")
    expert.press("提交答复")
    expert.sees("已接受邀请")


def send_the_material(applicant: Person) -> None:
    """A file that is not what its name says is refused; a report goes to the panel."""
    applicant.take_up("上传并发送会诊材料")
    applicant.sees("还不能")
    applicant.follow("返回")
    applicant.follow("上传材料")
    report = {"name": "检测报告.pdf", "mimeType": "application/pdf", "buffer": b"not a report"}
    applicant.field("文件").set_input_files(report)
    applicant.choose("种类", "检测报告")
    applicant.fill("材料名称", "电热毯安全性能检测报告")
    applicant.fill("编号", "沪检〔2026〕D-0417")
    applicant.press("上传会诊材料")
    applicant.sees("上传规则")
    applicant.picture("12-upload-refused")
    expect(applicant.field("材料名称")).to_have_value("电热毯安全性能检测报告")
    applicant.field("文件").set_input_files({**report, "buffer": report_pdf()})
    applicant.press("上传会诊材料")
    applicant.sees("已上传。")
    applicant.picture("13-material")
    applicant.follow("发送给专家组")
    applicant.press("发送会诊材料")
    applicant.sees("会诊材料已发送")


def analyse(experts: list[Person]) -> None:
    """Each expert reads the material and writes; what was typed saves itself; handed in, it cannot be changed."""
    first = experts[0]
    first.take_up("完成初步分析")
    first.sees("电热毯安全性能检测报告")
    first.fill("危害分析", "受压折叠后局部过热")
    first.sees("已保存 09:00")
    first.page.reload()
    expect(first.field("危害分析")).to_have_value("受压折叠后局部过热")
    for expert, (severity, finding) in zip(experts, FIRST_VIEWS, strict=True):
        hand_in_the_analysis(expert, severity, finding)


def hand_in_the_analysis(expert: Person, severity: str, finding: str) -> None:
    """The analysis with a first view on the sheet's questions."""
    expert.take_up("完成初步分析")
    expert.fill("危害分析", f"{expert.username}：受压折叠后局部过热，可致低温烫伤")
    expert.fill("原因分析", "发热线间距过小，无过热保护")
    expert.choose("伤害的严重程度", severity)
    expert.choose("普遍性", "是")
    expert.choose("缺陷消费品判定", finding)
    expert.press("提交初步分析")
    expert.sees("初步分析已提交。")
    expert.sees("不能再修改")
    expert.picture(f"16-analysis-{expert.username}")
