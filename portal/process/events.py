"""How each event is called where a person reads of it. Acts have their words in the transition table.

What is recorded without being an act of the table (log-ins, uploads, the schedule, the calendar) stands here;
a test sees to it that every event a service records has a name.
"""

from __future__ import annotations

from portal.process.consultation import BY_EVENT
from portal.process.recall_case import BY_EVENT as RECALL_BY_EVENT

OTHER_EVENTS = {
    # Beside the acts of a consultation
    "application_drafted": "起草会诊申请",
    "attendance_claimed": "自报到会",
    "attendance_recorded": "登记到会情况",
    "duties_kept": "按期列出待办事项",
    "deadline_recomputed": "按新载入的工作日历重新计算期限",
    "sheet_scan_opened": "查看线下签名扫描件",
    "material_removed": "移除未发送的材料",
    "material_uploaded": "上传材料",
    "question_discussed": "讨论要点记为已讨论",
    "question_reopened": "讨论要点重新讨论",
    "time_poll_link_refused": "时间征询的邮件链接无效",
    "speaking_order_set": "排定发言顺序",
    "archive_packaged": "编成归档包",
    "archive_packaging_failed": "未能编成归档包",
    "archive_package_downloaded": "下载归档包",
    "archive_damage_found": "归档包完整性检查发现损坏",
    # Beside the acts of a recall case
    "case_advised": "按会诊建议建立召回案件",
    "case_not_begun": "会诊建议开展调查，未能建立召回案件",
    "case_package_downloaded": "下载召回案卷包",
    "clue_corrected": "更正线索信息",
    "publication_damage_found": "召回公示的照片缺失或者损坏",
    "publication_damage_mended": "召回公示的照片已经恢复",
    # The archive of an institution
    "archive_checked": "检查归档包完整性",
    "custody_drill_asked": "开始保管演练",
    "custody_drilled": "完成保管演练",
    # Fees
    "fee_rate_set": "确定劳务费标准",
    "channel_removed": "移除群机器人",
    "channel_set": "设置群机器人",
    "channel_tested": "测试群机器人",
    "field_keys_rotated": "更换加密密钥",
    "payment_details_read": "查看专家收款信息",
    "payment_details_saved": "保存专家收款信息",
    "payment_sheet_made": "生成劳务费付款单",
    # Accounts
    "account_created": "新建账号",
    "account_disabled": "停用账号",
    "account_enabled": "启用账号",
    "account_link_issued": "发出设置密码的链接",
    "account_link_refused": "设置密码的链接无效",
    "account_locked": "账号因多次输错密码被锁定",
    "account_unlocked": "解锁账号",
    "other_sessions_ended": "结束其他登录",
    "email_changed": "修改账号邮箱",
    "password_change_refused": "修改密码被拒绝",
    "password_changed": "修改密码",
    "password_chosen": "凭链接设置密码",
    "password_reset": "重置密码",
    "reauthenticated": "再次核对密码",
    "reauthentication_refused": "再次核对密码被拒绝",
    "recovery_refused": "找回密码未发链接",
    "roles_changed": "调整角色",
    "sign_in_refused": "登录被拒绝",
    "signed_in": "登录",
    "signed_out": "退出",
    # The installation
    "alliance_established": "建立会诊机制成员单位",
    "calendar_year_loaded": "载入工作日历",
    "expert_account_asked": "专家入库，请求开通账号",
    "expert_added": "专家入库",
    "expert_edited": "修改专家信息",
    "expert_import_asked": "上传专家名单",
    "expert_import_discarded": "放弃导入专家",
    "expert_withdrawn": "撤回专家入库",
    "organisation_alias_added": "登记单位别名",
    "organisation_alias_removed": "删除单位别名",
    "experts_exported": "导出专家库",
    "experts_imported": "导入专家",
    "institution_renamed": "修改机构名称",
    "liaison_appointed": "确定联络员",
    "liaison_ended": "结束联络员任务",
    "head_named": "确定负责人",
    "head_ended": "结束负责人任期",
    "regulators_established": "建立市场监管部门",
    "regulator_added": "登记县级市场监管部门",
    "regulator_contact_set": "修改市场监管部门的机关代字和电话",
    "reminder_policy_changed": "修改提醒规则",
    "official_file_made": "制作并登记正式文件",
    "message_resent": "重新发送邮件",
    "message_delivery_recorded": "登记邮件已送达",
    "message_bounced": "登记退信",
    "mail_preferences_changed": "修改通知设置",
    "calendar_feed_made": "生成日历订阅地址",
    "calendar_feed_revoked": "作废日历订阅地址",
    "stored_file_missing": "保存的文件无法读取",
    "rotation_generated": "编排轮值",
    "term_changed": "调整轮值",
    "terms_swapped": "对调轮值",
    "term_handover_signed": "签署移交清单",
    "term_handover_accepted": "接收移交清单",
}

EVENT_LABELS = {
    **{name: line.says for name, line in BY_EVENT.items()},
    **{name: line.says for name, line in RECALL_BY_EVENT.items()},
    **OTHER_EVENTS,
}


def event_label(name: str) -> str:
    """The Chinese words of an event, and some for one that an earlier release recorded and this one does not know."""
    return EVENT_LABELS.get(name, "办理记录")
