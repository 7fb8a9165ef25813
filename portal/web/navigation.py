"""The main navigation: what stands in it, and who finds which entry there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app, g, request, url_for

from portal.process.permissions import is_granted
from portal.services.duties import own_duty_count
from portal.web.acting import current_visitor, look


@dataclass(frozen=True)
class NavigationLine:
    """One line of the table; `count` is a query that `look` runs for the number beside it."""

    label: str
    endpoint: str
    permission: str
    count: Callable[..., int] | None = None


NAVIGATION = (
    NavigationLine("我的待办", "tasks.index", "view_own_tasks", own_duty_count),
    NavigationLine("会诊", "consultation.index", "list_consultations"),
    NavigationLine("召回案件", "recall.index", "list_cases"),
    NavigationLine("专家库", "experts.index", "view_expert_register"),
    NavigationLine("劳务费", "fees.index", "view_fee_totals"),
    NavigationLine("我的劳务费", "fees.own", "view_own_fees"),
    NavigationLine("轮值与联络员", "rotation.index", "view_rotation"),
    NavigationLine("归档", "archive.index", "list_archive"),
    NavigationLine("工作日历", "working_calendar.index", "view_calendar"),
    NavigationLine("邮件", "outbox.index", "view_outbox"),
    NavigationLine("后台任务", "jobs.index", "view_jobs"),
    NavigationLine("单位", "institutions.index", "edit_institutions"),
    NavigationLine("账号", "accounts_admin.index", "edit_accounts"),
    NavigationLine("审计", "audit.index", "view_audit"),
)
FOOTER_LINKS = (
    ("召回公示", "pages.recalls"),
    ("规范（试行）全文", "pages.standard"),
    ("期限怎么算", "pages.deadlines"),
    ("校验文件", "pages.verify"),
    ("无障碍说明", "pages.accessibility"),
)
ACCOUNT_LINKS = (
    ("门户发给我的", "notices.messages", "mail"),
    ("我的通知", "notices.preferences", "calendar"),
    ("我的密码", "account.password", "key"),
    ("我的登录", "account.sessions", "clock"),
)


@dataclass(frozen=True)
class Link:
    """A link as base.html takes it."""

    label: str
    url: str
    current: bool = False
    count: int = 0
    icon: str = ""


def navigation() -> list[Link]:
    """The entries that the visitor may open, in order; none when nobody is signed in."""
    here = request.blueprint
    return [
        Link(line.label, url_for(line.endpoint), _part(line.endpoint) == here, look(line.count) if line.count else 0)
        for line in _open_lines()
    ]


def account_links() -> list[Link]:
    """The visitor's own menu."""
    return [Link(label, url_for(endpoint), icon=icon) for label, endpoint, icon in ACCOUNT_LINKS]


def footer_links() -> list[tuple[str, str]]:
    """What everybody may read, at the foot of every page: label, address."""
    if g.get("is_failing"):
        return []  # A page about a failure links nowhere: the host of the request may be the failure.
    return [(label, url_for(endpoint)) for label, endpoint in FOOTER_LINKS]


def landing_url() -> str:
    """The first page after log-in."""
    return next((url_for(line.endpoint) for line in _open_lines()), url_for("account.password"))


def _open_lines() -> list[NavigationLine]:
    visitor = current_visitor()
    if visitor is None or visitor.must_change_password:
        return []
    known = current_app.view_functions
    return [line for line in NAVIGATION if line.endpoint in known and is_granted(line.permission, visitor.actor)]


def _part(endpoint: str) -> str:
    return endpoint.partition(".")[0]
