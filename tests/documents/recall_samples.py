"""One recall as it is filled in on all ten annexes: a child seat of a producer in Nanjing, every field answered."""

from __future__ import annotations

import struct
import zlib
from datetime import date
from decimal import Decimal

from portal.documents.annex_paper import AnnexCopy
from portal.documents.annex_picture import Picture
from portal.rules.recall.annex_check import Values
from portal.rules.recall.annexes import load_annexes
from portal.rules.recall.editions import load_recall_edition

EDITION = load_recall_edition("jiangsu-2025")
ANNEXES = load_annexes("jiangsu-2025")

PRODUCER = "南京贝护儿童用品有限公司"
AUTHORITY = "南京市市场监督管理局"
NUMBERS = {
    "investigation_notice": "宁市监调查分析〔2026〕8号",
    "defect_investigation_notice": "宁市监缺陷调查〔2026〕3号",
    "recall_notice": "宁市监召回通知〔2026〕2号",
}
FACTS = {"producer": PRODUCER, "authority": AUTHORITY, "notice": NUMBERS["investigation_notice"]}
DATED_ON = date(2026, 4, 20)

_BATCHES = "BH202501至BH202506（共6个批次，批号见产品底部铭牌）"
_DEFECT = (
    "安全带卡扣锁舌与锁体配合间隙过大，在动态冲击下卡扣可能自行脱开，正面碰撞试验中3件样品有2件脱开，"
    "不符合GB 27887—2024关于带扣动态性能的要求"
)
_CONSEQUENCE = "车辆碰撞或紧急制动时儿童失去约束，造成儿童头部、颈部受伤，严重时危及生命"
_PRODUCED = (date(2025, 1, 6), date(2025, 6, 30))
_NOTICE_PRODUCT = {
    "product_name": "儿童安全座椅",
    "model": "BH-C1",
    "specification": "76厘米至150厘米（i-Size）",
}
_COMPANY = {
    "producer_name": PRODUCER,
    "credit_code": "91320100MA1W3K7L2R",
    "address": "江苏省南京市江宁区秣陵街道胜利路88号",
    "postcode": "211111",
    "legal_representative": "周启明",
    "website": "www.beihu.example.cn",
    "responsible_name": "何静",
    "responsible_position": "质量总监",
    "responsible_landline": "025-52100001",
    "responsible_mobile": "13900000001",
    "responsible_fax": "025-52100009",
    "responsible_email": "quality@beihu.example.cn",
}
_PRODUCT = {
    "product_name": "儿童安全座椅",
    "brand": "贝护",
    "model": "BH-C1",
    "batches": _BATCHES,
    "produced_between": _PRODUCED,
    "produced_quantity": 12600,
    "affected_quantity": 12000,
    "origin": "domestic",
    "appearance": "座椅为黑、灰两色，五点式安全带，卡扣为红色按键；铭牌在底座后侧，印有型号与批号。",
    "appearance_photographs": ("seat", "plate"),
}
_SUMMARY = {
    "recall_number": "S2026M0088",
    "published_on": date(2026, 4, 24),
    "product_name": "贝护牌儿童安全座椅BH-C1",
    "produced_between": _PRODUCED,
    "defect": _DEFECT,
    "submitted_by": "何静",
    "contact": "13900000001",
    "affected_quantity": 12000,
    "unit_value": Decimal("899.00"),
    "unit_cost": Decimal("46.50"),
    "budget": Decimal("690000.00"),
    "sales_channels": ("website", "online_shop", "specialist_shop", "other"),
    "sales_channels_other": "母婴展会现场销售",
    "design_life": "6年",
    "publication_channels": ("website", "press", "own_media", "shop_notice", "other"),
    "websites": "www.beihu.example.cn、中国产品安全与召回信息网",
    "press": "《扬子晚报》、南京广播电视台",
    "own_media": "微信公众号“贝护育儿”、微博“贝护官方”",
    "publication_other": "江苏省、上海市、浙江省、安徽省各经销商会员群",
    "consumer_notices": ("phone", "sms", "email", "other"),
    "consumer_notices_other": "电商平台站内信",
    "has_team": "yes",
    "has_training": "yes",
    "has_budget": "yes",
    "prepared_budget": Decimal("690000.00"),
    "has_hotline": "yes",
    "hotlines": 4,
    "has_platform": "yes",
    "platforms": "贝护官网召回专区、微信公众号召回小程序",
    "measures": ("label", "repair", "exchange", "other"),
    "measures_other": "对不愿等待更换的消费者先行寄送备用卡扣",
    "new_injuries": "yes",
    "complaints": 1,
    "new_defects": "yes",
    "new_defects_text": "个别批次替换卡扣的按键回弹偏慢，已更换供应商并重新检测",
    "shortfall_reasons": ("not_reached", "no_contact", "waiting", "conditions", "other"),
    "waiting_time": "春节前后卡扣到货前约20天",
    "conditions": "需提供产品铭牌照片",
    "shortfall_other": "部分产品已转赠他人，原购买者不能提供现使用人",
}

SAMPLES: dict[str, Values] = {
    "investigation_notice": {
        "report_due_on": date(2026, 3, 20),
        **_NOTICE_PRODUCT,
        "trademark": "贝护",
        "batches": _BATCHES,
        "defect": f"{_DEFECT}。",
        "consequence": f"{_CONSEQUENCE}。",
    },
    "producer_report": {
        **_COMPANY,
        **_PRODUCT,
        "sales": "涉及产品共销售11260件，其中线上旗舰店7300件，江苏、上海、浙江、安徽经销商3960件；库存740件已封存。",
        "problem": "2026年2月收到南京、合肥两地消费者投诉各1起，反映紧急制动时卡扣脱开；同批次留样复测，锁舌尺寸超差。",
        "reasons": "2024年12月以前的产品使用另一供应商的卡扣，经检测（报告JC-2026-0211）合格，不存在上述问题。",
        "incidents": "投诉2起，保修更换卡扣17件，索赔1件；未发生事故和人员伤亡；该产品未出口，其他国家或地区没有召回。",
        "other": "公司已于2026年3月2日停止销售涉及批次，并通知全部经销商下架。",
    },
    "defect_investigation_notice": {
        "reason": "no_report",
        "notice_number": f"《消费品调查分析通知书》（{NUMBERS['investigation_notice']}）",
        **_NOTICE_PRODUCT,
        "product_kind": "儿童用品",
        "trademark": "贝护",
        "defect": f"{_DEFECT}。",
        "consequence": f"{_CONSEQUENCE}。",
    },
    "recall_notice": {
        "investigated_between": (date(2026, 3, 23), date(2026, 4, 14)),
        **_NOTICE_PRODUCT,
        "product_kind": "儿童用品",
        "trademark": "贝护",
        "defect": f"{_DEFECT}。",
        "consequence": f"{_CONSEQUENCE}。",
    },
    "service_receipt": {
        "documents": ("investigation_notice", "defect_investigation_notice", "recall_notice", "other"),
        "investigation_notice_number": NUMBERS["investigation_notice"],
        "defect_investigation_notice_number": NUMBERS["defect_investigation_notice"],
        "recall_notice_number": NUMBERS["recall_notice"],
        "other_document": "缺陷认定技术会商结论告知书",
        "other_material": ("test_report", "other"),
        "other_material_text": "样品照片6张",
        "addressee": PRODUCER,
        "place": "江苏省南京市江宁区秣陵街道胜利路88号二楼会议室",
        "served_on": date(2026, 4, 20),
        "servers": "葛一凡、沈嘉禾",
        "servers_signed_on": date(2026, 4, 20),
        "recipient_name": "何静",
        "recipient_position": "质量总监",
        "recipient_phone": "13900000001",
        "recipient_email": "quality@beihu.example.cn",
        "recipient_signature": "何静",
        "received_on": date(2026, 4, 21),
        "remarks": "收件人核对文书页数后签收，公司法务人员在场。",
    },
    "recall_plan": {
        **{name: _PRODUCT[name] for name in ("product_name", "brand", "model", "produced_between", "batches")},
        "producer_name": PRODUCER,
        "affected_quantity": 12000,
        "description": "适用于76厘米至150厘米儿童的汽车儿童安全座椅，五点式安全带，红色按键卡扣，黑、灰两色。",
        "photographs": ("seat", "plate"),
        "defect": _DEFECT,
        "consequence": _CONSEQUENCE,
        "emergency_measures": "请消费者立即停止使用涉及批次的座椅；确需使用的，改用车辆自带的其他合格儿童约束装置。",
        "recall_measures": "免费更换改进后的卡扣；要求退货的，按购买价格退款。\n更换由公司上门或经门店完成，不收费。",
        "responsible_body": "南京贝护儿童用品有限公司质量部",
        "contact": "400-800-0001，recall@beihu.example.cn",
        "schedule": "2026年5月启动，6月底前完成线上销售产品的更换，8月底前完成经销商销售产品的更换，10月底前完成总结。",
        "other_content": "更换下的卡扣全部回收至公司，集中破坏后交有资质的单位处理。",
        "other_information": "召回信息同步在公司官网、电商旗舰店首页和微信公众号发布。",
    },
    "press_release": {
        "is_extended": "yes",
        "is_partial": "yes",
        "is_voluntary": "no",
        "after_investigation": "yes",
        "producer_name": PRODUCER,
        "authority": AUTHORITY,
        "begins_on": date(2026, 5, 6),
        "produced_between": _PRODUCED,
        "brand": "贝护",
        "model": "BH-C1",
        "product_name": "儿童安全座椅",
        "affected_quantity": 12000,
        "earlier_on": date(2025, 11, 3),
        "earlier_recall": "贝护牌BH-C0型儿童安全座椅",
        "total_quantity": 15800,
        "defect": "安全带卡扣在碰撞时可能自行脱开",
        "consequence": "儿童失去约束而受伤",
        "remedy": "免费为客户更换一件全新的符合安全要求的产品",
        "website": "www.beihu.example.cn",
        "hotline": "400-800-0001",
        "authority_phone": "025-84410000",
    },
    "recall_statement": {
        **_COMPANY,
        **_PRODUCT,
        "recall_number": "S2026M0088",
        "contact_name": "吕晓东",
        "contact_position": "售后经理",
        "contact_landline": "025-52100002",
        "contact_mobile": "13900000002",
        "contact_fax": "025-52100008",
        "contact_email": "recall@beihu.example.cn",
        "sellers": [
            {
                "seller": "贝护官方旗舰店（直销）",
                "area": "全国",
                "quantity": 7300,
                "sold_between": "2025年2月至2026年2月",
                "stock": 310,
            },
            {
                "seller": "上海亲禾母婴用品有限公司",
                "area": "上海市、浙江省",
                "quantity": 2460,
                "sold_between": "2025年3月至2026年1月",
                "stock": 220,
            },
            {
                "seller": "合肥小象商贸有限公司",
                "area": "安徽省",
                "quantity": 1500,
                "sold_between": "2025年3月至2025年12月",
                "stock": 210,
            },
        ],
        "defect": _DEFECT + "。缺陷位于座椅前部安全带卡扣总成。",
        "defect_photographs": ("buckle",),
        "cause": "卡扣供应商2025年1月更换模具后未重新做首件确认，锁舌厚度低于图样下限0.3毫米。",
        "established": "2026年4月10日，经留样复测、卡扣尺寸全检和第三方动态试验确定。",
        "evidence": "国家儿童用品质检中心报告JC-2026-0318：送检3件，2件带扣在动态试验中脱开，不合格。",
        "consequence": _CONSEQUENCE,
        "incidents": "投诉2起，保修更换卡扣17件，索赔1件；未发生事故和人员伤亡；产品未出口，全球其他市场没有上述数据。",
        "defective_part_name": "昆山恒扣精密部件有限公司",
        "defective_part_address": "江苏省苏州市昆山市玉山镇城北路12号",
        "defective_part_legal_representative": "蒋立新",
        "defective_part_phone": "0512-57100003",
        "defective_part_fax": "0512-57100004",
        "defective_part_email": "sales@hengkou.example.cn",
        "repair_part_name": "宁波安捷安全部件有限公司",
        "repair_part_address": "浙江省宁波市北仑区大碶街道灵江路20号",
        "repair_part_legal_representative": "卢海燕",
        "repair_part_phone": "0574-86100005",
        "repair_part_fax": "0574-86100006",
        "repair_part_email": "service@anjie.example.cn",
        "stop_sale": "2026年3月2日起停止生产、销售涉及批次，库存740件全部封存并贴标识。",
        "tell_dealers": "2026年3月2日以书面和短信通知全部23家经销商停止销售，3月5日前收到全部回执。",
        "emergency_measures": "请消费者立即停止使用；确需使用的，改用其他合格儿童约束装置。",
        "recall_measures": "免费更换改进后的卡扣总成。改进后的卡扣经同一检测机构10件动态试验全部合格，可以消除缺陷。",
        "recalled_elsewhere": "yes",
        "recalls_elsewhere": "同型号产品在新加坡由当地进口商召回120件，措施为更换卡扣，2026年5月至8月实施。",
        "organisation": "由质量部牵头，售后、物流、门店共12人组成召回小组，2026年5月6日起实施。",
        "completion_planned_on": date(2026, 10, 31),
        "publication_wished_on": date(2026, 4, 24),
        "publication_ways": "公司官网、电商旗舰店首页、微信公众号、门店张贴公告，并逐一电话、短信通知已登记的消费者。",
        "disposal": "回收的卡扣切割破坏后，交由有资质的再生资源单位处理，留存照片和交接单。",
        "forecast": "预计至2026年10月31日可召回10200件，约占涉及数量的85%；前三个月完成约60%。",
        "budget_quantity": 12000,
        "defective_part": "安全带卡扣总成",
        "product_price": Decimal("899.00"),
        "part_price": Decimal("28.50"),
        "repair_cost": Decimal("342000.00"),
        "logistics_cost": Decimal("168000.00"),
        "disposal_cost": Decimal("12000.00"),
        "labour_cost": Decimal("48000.00"),
        "compensation_cost": Decimal("60000.00"),
        "legal_cost": Decimal("20000.00"),
        "market_loss": Decimal("40000.00"),
        "other_cost": Decimal(0),
        "total_cost": Decimal("690000.00"),
        "other_matters": "退货退款的费用由公司自有资金支付，不列入上述预算。",
    },
    "recall_summary": {
        **_SUMMARY,
        "recalled_between": (date(2026, 5, 6), date(2026, 10, 30)),
        "recalled_quantity": 9600,
        "expected_rate": Decimal(85),
        "actual_rate": Decimal(80),
        "spent": Decimal("558000.00"),
        "target_reached": "no",
        "assessment": "已更换的9600件产品未再出现卡扣脱开；抽取20件更换后的产品复测全部合格，召回措施能够消除缺陷。",
        "other_matters": "公司将继续受理其余消费者的更换申请，不设截止日期。",
    },
    "interim_summary": {
        **_SUMMARY,
        "recalled_between": (date(2026, 5, 6), date(2026, 10, 31)),
        "reported_between": (date(2026, 5, 6), date(2026, 8, 5)),
        "recalled_quantity": 6000,
        "expected_rate": Decimal(60),
        "actual_rate": Decimal(50),
        "spent": Decimal("331000.00"),
        "target_reached": "no",
        "assessment": "已更换的6000件产品未再出现卡扣脱开，召回措施有效，但进度低于预期。",
        "next_steps": "增加2家上门更换服务商；对未接通电话的消费者每周重拨一次；在电商平台首页延长公告展示。",
    },
}


def drawing(width: int, height: int, tint: tuple[int, int, int]) -> bytes:
    """A PNG of a shaded box on white, in the place of a photograph."""

    def pixel(x: int, y: int) -> bytes:
        is_inside = width // 6 < x < width * 5 // 6 and height // 6 < y < height * 5 // 6
        return bytes(max(channel - 60 * y // height, 0) for channel in tint) if is_inside else b"\xf4\xf4\xf4"

    rows = b"".join(b"\0" + b"".join(pixel(x, y) for x in range(width)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )


def pictures() -> dict[str, tuple[Picture, ...]]:
    """Photographs for each field that has them."""
    seat = Picture(drawing(240, 180, (70, 90, 120)), "image/png", "产品外观（正面）")
    plate = Picture(drawing(240, 90, (150, 150, 140)), "image/png", "铭牌位置")
    buckle = Picture(drawing(200, 150, (170, 60, 50)), "image/png", "卡扣总成（脱开状态）")
    return {"photographs": (seat, plate), "appearance_photographs": (seat, plate), "defect_photographs": (buckle,)}


def sample_copy(slug: str) -> AnnexCopy:
    """A whole copy of one annex."""
    annex = ANNEXES[slug]
    issuer = AUTHORITY if annex.filled_by == "authority" else PRODUCER
    return AnnexCopy(
        annex, EDITION, SAMPLES[slug], issuer, DATED_ON, NUMBERS.get(slug, ""), FACTS, pictures(), is_draft=False
    )


def empty_copy(slug: str) -> AnnexCopy:
    """The empty form."""
    return AnnexCopy(ANNEXES[slug], EDITION)
