"""The press release of annex 7 in its sixteen forms, against sentences written by hand from the printed form."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from portal.rules.recall.annexes import load_annexes
from portal.rules.recall.press_release import press_release_text

ANNEXES = load_annexes("jiangsu-2025")
ANNEX = ANNEXES["press_release"]
OPTIONS = {"is_extended": "扩大", "is_partial": "部分", "is_voluntary": "主动", "after_investigation": "受缺陷调查影响"}
VALUES: dict[str, object] = {
    "producer_name": "甲公司",
    "authority": "南京市市场监督管理局",
    "begins_on": date(2026, 5, 6),
    "produced_between": (date(2025, 1, 6), date(2025, 6, 30)),
    "brand": "贝护",
    "model": "C1",
    "product_name": "儿童安全座椅",
    "affected_quantity": 12000,
    "earlier_on": date(2025, 11, 3),
    "earlier_recall": "C0型座椅",
    "total_quantity": 15800,
    "defect": "卡扣自行脱开",
    "consequence": "儿童受伤",
    "remedy": "免费为客户更换一件全新的符合安全要求的产品",
    "website": "www.example.cn",
    "hotline": "400-800-0001",
    "authority_phone": "025-84410000",
}
EARLIER = "此次召回是在2025年11月3日实施的C0型座椅召回活动基础上的扩大召回，两次共计召回数量为15,800件。"
LAWS = "按照《消费品召回管理暂行规定》《江苏省缺陷消费品召回管理办法》的要求，"
WRITTEN = {
    (False, False, False, False): (
        "甲公司召回贝护牌儿童安全座椅",
        (
            f"日前，甲公司{LAWS}向南京市市场监督管理局报告了召回计划，将自2026年5月6日起，召回2025年1月6日至2025年6月30日"
            "期间制造的贝护牌C1型号儿童安全座椅，涉及数量为12,000件。"
        ),
    ),
    (True, True, True, True): (
        "甲公司扩大召回部分贝护牌儿童安全座椅",
        (
            f"日前，甲公司受缺陷调查影响{LAWS}主动向南京市市场监督管理局报告了召回计划，将自2026年5月6日起，扩大召回"
            f"2025年1月6日至2025年6月30日期间制造的部分贝护牌C1型号儿童安全座椅，涉及数量为12,000件。{EARLIER}"
        ),
    ),
    (False, True, True, False): (
        "甲公司召回部分贝护牌儿童安全座椅",
        (
            f"日前，甲公司{LAWS}主动向南京市市场监督管理局报告了召回计划，将自2026年5月6日起，召回2025年1月6日至2025年6月30日"
            "期间制造的部分贝护牌C1型号儿童安全座椅，涉及数量为12,000件。"
        ),
    ),
    (True, False, False, True): (
        "甲公司扩大召回贝护牌儿童安全座椅",
        (
            f"日前，甲公司受缺陷调查影响{LAWS}向南京市市场监督管理局报告了召回计划，将自2026年5月6日起，扩大召回"
            f"2025年1月6日至2025年6月30日期间制造的贝护牌C1型号儿童安全座椅，涉及数量为12,000件。{EARLIER}"
        ),
    ),
}


def release(answers: tuple[bool, ...], **changed: object) -> tuple[str, tuple[str, ...]]:
    chosen = {name: "yes" if answer else "no" for name, answer in zip(OPTIONS, answers, strict=True)}
    return press_release_text({**VALUES, **chosen, **changed}, ANNEX)


@pytest.mark.parametrize("answers", WRITTEN)
def test_title_and_first_paragraph_are_as_written_by_hand(answers: tuple[bool, ...]) -> None:
    title, paragraphs = release(answers)
    assert (title, paragraphs[0]) == WRITTEN[answers]


@pytest.mark.parametrize("answers", list(product((False, True), repeat=4)))
def test_each_option_stands_where_it_belongs_and_only_when_chosen(answers: tuple[bool, ...]) -> None:
    extended, partial, voluntary, investigated = answers
    title, (first, *others) = release(answers)
    assert ("扩大召回" in title, "召回部分" in title) == (extended, partial)
    assert ("起，扩大召回2025" in first) is extended
    assert first.endswith(EARLIER if extended else "涉及数量为12,000件。")
    assert ("期间制造的部分贝护牌" in first) is partial
    assert ("要求，主动向" in first) is voluntary
    assert first.startswith("日前，甲公司受缺陷调查影响按照" if investigated else "日前，甲公司按照")
    assert tuple(others) == release((False,) * 4)[1][1:]
    assert not set("（）X{}") & set(title + first)


def test_the_other_paragraphs() -> None:
    _, (_, defect, remedy, contact) = release((False,) * 4)
    assert defect == "本次召回范围内的儿童安全座椅，存在卡扣自行脱开的缺陷，可能导致儿童受伤的后果。"
    assert remedy == "甲公司将免费为客户更换一件全新的符合安全要求的产品，以消除安全隐患。"
    assert contact == (
        "消费者可登录甲公司官方网站（www.example.cn）查看持有的产品是否在受影响范围内，或通过客户服务热线（400-800-0001）"
        "进一步了解具体情况。消费者可拨打南京市市场监督管理局消费品召回管理工作联系电话（025-84410000），反映召回活动实施"
        "过程中的问题或提供缺陷线索。此外，消费者还可登录国家市场监督管理总局缺陷产品召回技术中心网站、中国产品安全与召回"
        "信息网，或关注微信公众号（SAMRDPRC），了解更多信息，反映缺陷线索。"
    )


def test_what_the_sentence_says_already_is_not_said_twice() -> None:
    typed = {"brand": "贝护牌", "model": "C1型号", "defect": "卡扣自行脱开的缺陷。", "consequence": "儿童受伤的后果。"}
    typed["remedy"] = "免费为客户更换一件全新的符合安全要求的产品，以消除安全隐患。"
    assert release((False,) * 4, **typed) == release((False,) * 4)


def test_without_a_website_nobody_is_sent_to_one() -> None:
    _, paragraphs = release((False,) * 4, website="")
    assert paragraphs[3].startswith("消费者可通过客户服务热线（400-800-0001）进一步了解具体情况。")


def test_without_values_it_is_the_printed_form() -> None:
    title, (first, defect, remedy, contact) = press_release_text({}, ANNEX)
    assert title == "XX公司（扩大）召回（部分）XX牌XX产品"
    assert first == (
        f"日前，XX公司（受缺陷调查影响）{LAWS}（主动）向XX市场监督管理局报告了召回计划，将自XXXX年XX月XX日起，（扩大）召回"
        "XXXX年XX月XX日至XXXX年XX月XX日期间制造的（部分）XX牌XX型号XX产品，涉及数量为X件。（此次召回是在XX年XX月XX日实施"
        "的XX召回活动基础上的扩大召回，两次共计召回数量为XX件。）"
    )
    assert defect == "本次召回范围内的XX产品，存在XXXX的缺陷，可能导致XXXX的后果。"
    assert remedy == "XX公司将免费为客户更换一件全新的符合安全要求的产品（或退货、退款等），以消除安全隐患。"
    assert contact.startswith(
        "消费者可登录XX公司官方网站查看持有的产品是否在受影响范围内，或通过客户服务热线（XX-XXXX）"
    )


def test_another_annex_is_no_running_text() -> None:
    with pytest.raises(ValueError, match="no running text"):
        press_release_text({}, ANNEXES["recall_plan"])
