"""What a person sees when something cannot be done: one page for all of it, in words they can act on."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flask import Flask, g, render_template, request, url_for
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, SecurityError

from portal.process.errors import FileUnavailable, Refusal
from portal.services.way_on import way_on
from portal.web.acting import current_visitor, look
from portal.web.addresses import address_of
from portal.web.forms import CLASHES, article_words
from portal.web.fragments import is_htmx

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Words:
    """Title and explanation of one kind of refusal."""

    title: str
    message: str


WORDS = {
    400: Words("请求无法识别", "浏览器发来的内容不完整或格式不对。请返回上一页，刷新后再试。"),
    401: Words("请先登录", "登录已过期，请重新登录。"),
    403: Words("您不能办理这一步", "这一步由其他单位或人员办理。"),
    404: Words("没有找到这一页", "地址可能有误，或您无权查看。请从首页进入。"),
    405: Words("不能这样打开", "这个地址只用于提交表单。请从页面上的按钮进入。"),
    408: Words("等待超时", "提交用时过长，没有收全。请检查网络后再试。"),
    409: Words("现在不能办理", "记录刚刚发生了变化。请返回核对最新内容后再试。"),
    413: Words("提交的内容过大", "提交的内容超过了允许的大小。请分开提交，或压缩附件后再试。"),
    414: Words("地址过长", "地址过长，无法打开。请从页面上的链接进入。"),
    415: Words("格式不支持", "提交的格式不受支持。请使用页面上的表单。"),
    422: Words("填写有误", "有内容不符合要求，请返回改正后再提交。"),
    429: Words("操作过于频繁", "操作过于频繁，请稍等片刻再试。"),
    431: Words("请求过长", "浏览器发来的内容过长。请清除本站 Cookie 后再试。"),
    500: Words(
        "平台出错了", "您的操作没有完成，原有内容没有改变。请稍后再试；如仍出错，请把下面的编号告诉系统管理员。"
    ),
    503: Words("平台暂时不可用", "数据库暂时无法使用，您的操作没有完成。请稍后再试。"),
}
CSRF_WORDS = Words(
    "页面已失效",
    "为防止冒名提交，表单须由本平台的页面发出；这个页面的标记缺失或已失效。请返回上一页，刷新后再提交。",
)


FILE_WORDS = Words("文件暂时无法打开", "请告知系统管理员。")


def install_refusals(app: Flask) -> None:
    """Answer refusals, HTTP errors and failures with a page, or to htmx with its message alone."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(InterfaceError, _database_away)
    app.register_error_handler(IntegrityError, _clash)
    app.register_error_handler(StaleDataError, _clash)
    app.register_error_handler(DataError, _unusable)


def _refused(refusal: Refusal) -> tuple[str, int]:
    message = None if refusal.status == 404 else refusal.message
    words = FILE_WORDS if isinstance(refusal, FileUnavailable) else None
    return _page(refusal.status, message=message, article=refusal.article or "", words=words)


def _http_error(error: HTTPException) -> tuple[str, int] | HTTPException:
    status = error.code or 500
    if status < 400:
        return error  # A redirect that Flask itself makes.
    if status >= 500 or isinstance(error, SecurityError):
        g.is_failing = True  # The page must do without the database, or without a host that links can lead to.
    if error.description == "csrf":
        return _page(status, words=CSRF_WORDS)
    return _page(status)


def _database_away(error: Exception) -> tuple[str, int]:
    _log.error("request %s: the database is not available", g.get("request_id"), exc_info=error)
    g.is_failing = True
    return _page(503)


def _clash(_error: Exception) -> tuple[str, int]:
    return _page(409, message=CLASHES)


def _unusable(error: Exception) -> tuple[str, int]:
    """The database refused a value: too long, or out of range. The form should have said so, hence the log."""
    _log.warning("request %s: a value that no field refused", g.get("request_id"), exc_info=error)
    return _page(422)


def _page(status: int, *, message: str | None = None, article: str = "", words: Words | None = None) -> tuple[str, int]:
    words = words or WORDS.get(status) or WORDS[400 if status < 500 else 500]
    message, article = message or words.message, article_words(article)
    if is_htmx():
        return render_template("errors/message.html", message=message, article=article), status
    number = g.get("request_id", "") if status >= 500 else ""
    page = render_template(
        "errors/error.html", title=words.title, message=message, article=article, number=number, ways=_ways(status)
    )
    return page, status


def _ways(status: int) -> list[tuple[str, str]]:
    """Where to go on, where an act was refused or its time has passed: what waits next, and the consultation."""
    if status not in (403, 409, 503) or g.get("is_failing") or current_visitor() is None:
        return []
    found = look(way_on, consultation_id=(request.view_args or {}).get("consultation_id"))
    ways = []
    if found.duty is not None:
        number = found.duty.subject.number
        number = f"{number}　" if number and found.duty.consultation_id != found.consultation_id else ""
        ways.append((f"{number}{found.duty.kind.label}", address_of(found.duty)))
    if found.consultation_id is not None:
        url = url_for("consultation.view_consultation", consultation_id=found.consultation_id)
        ways.append((f"会诊{found.number or '草稿'}", url))
    return ways
