"""The facts of an event in words, for the audit trail: what a service recorded as JSON, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FACT_WORDS = {
    "after": "之后",
    "alliance": "会诊机制",
    "amount_fen": "金额（分）",
    "before": "之前",
    "count": "人数",
    "document_number": "文号",
    "expert": "专家",
    "experts": "专家",
    "from_institution": "移交单位",
    "from_on": "自",
    "instead_of": "接替",
    "is_late": "逾期",
    "item": "材料",
    "kind": "类别",
    "liaison": "联络员",
    "member": "专家组成员",
    "members": "成员",
    "message_id": "邮件编号",
    "name": "名称",
    "notice": "通知",
    "number": "编号",
    "provisional": "暂定",
    "reason": "理由",
    "roles": "角色",
    "round": "表决轮次",
    "sha256": "SHA-256",
    "short_name": "简称",
    "badge": "徽标字",
    "to_institution": "接收单位",
    "until_on": "至",
    "username": "账号",
    "work": "工作内容",
    "year": "年度",
}


def said_facts(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(what, value) of each fact; ids and names that have no words stand as they were recorded."""
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
