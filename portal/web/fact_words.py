"""The facts of an event in words, for the audit trail: what a service recorded as JSON, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FACT_WORDS = {
    "address": "网络地址",
    "after": "之后",
    "after_round": "上一轮次",
    "alliance": "会诊机制",
    "amount_fen": "金额（分）",
    "answer": "答复",
    "badge": "徽标字",
    "before": "之前",
    "checksums": "校验值",
    "content": "类别",
    "count": "人数",
    "custodian_id": "保存单位编号",
    "damage": "损坏",
    "damaged_packages": "损坏的归档包",
    "damaged_records": "损坏",
    "digest": "哈希",
    "declared_no_interest": "声明无利益冲突",
    "document_number": "文号",
    "drill": "演练编号",
    "even_reason": "双数理由",
    "expert": "专家",
    "experts": "专家",
    "failures": "连续输错次数",
    "fields": "专业领域",
    "file_format": "文件格式",
    "from_institution": "移交单位",
    "from_on": "自",
    "handed_in": "已提交",
    "instead_of": "接替",
    "institution": "单位",
    "is_late": "逾期",
    "is_self_issued": "自签发证书",
    "issuer": "颁发者",
    "item": "材料",
    "items": "材料",
    "keep_until": "保存至",
    "kind": "类别",
    "liaison": "联络员",
    "liaison_person_id": "联络员账号",
    "member": "专家组成员",
    "members": "成员",
    "message_id": "邮件编号",
    "missing": "未提交",
    "missing_records": "缺失",
    "moved_from": "原定时间",
    "name": "名称",
    "next_review_on": "下次复核",
    "notice": "通知",
    "number": "编号",
    "obligation_id": "期限编号",
    "on": "日期",
    "opinion": "会诊意见",
    "order": "顺序",
    "outcome": "结果",
    "package": "归档包",
    "packages": "归档包",
    "panel": "专家组",
    "participants": "参会人员",
    "person": "人员",
    "problem": "未加盖的原因",
    "provisional": "暂定",
    "purpose": "用途",
    "reason": "理由",
    "recorder_knows_choice": "登记人知悉该份意见",
    "records": "应保存件数",
    "renamed_institution_id": "单位编号",
    "revision": "版次",
    "roles": "角色",
    "round": "表决轮次",
    "scan_sha256": "扫描件 SHA-256",
    "seal": "电子印章",
    "seat": "席位",
    "sha256": "SHA-256",
    "sheets": "会诊表",
    "short_name": "简称",
    "signed": "已签名",
    "signed_on": "签名日期",
    "signed_undertaking": "签署承诺",
    "size": "大小（字节）",
    "subject": "证书主体",
    "successor_id": "新会诊编号",
    "text": "内容",
    "tax_fen": "代扣税额（分）",
    "title": "名称",
    "title_class": "专家类别",
    "to_institution": "接收单位",
    "until_on": "至",
    "username": "账号",
    "voucher": "支付凭证",
    "valid_until": "有效期至",
    "wanted": "需要人数",
    "why": "理由",
    "work": "工作内容",
    "working_days": "工作日",
    "year": "年度",
}


def said_facts(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(what, value) of each fact; names that have no words stand as they were recorded."""
    return [(FACT_WORDS.get(name, name), _said(value)) for name, value in facts.items()]


def _said(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Mapping):
        return "；".join(f"{FACT_WORDS.get(str(name), str(name))}：{_said(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return "、".join(_said(part) for part in value) or "—"
    return str(value)
