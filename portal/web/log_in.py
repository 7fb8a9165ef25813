"""Logging in, and what it must not lose: the way back, and a form that was typed while the log-in ran out."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import render_template, request
from wtforms.validators import InputRequired

from portal.web.csrf import FIELD
from portal.web.fields import PasswordField, TextField
from portal.web.forms import PortalForm
from portal.web.fragments import is_htmx

_KEPT = "kept."
RUN_OUT = "登录已过期。请重新登录，您刚才填写的内容会保留，登录后可以继续提交；附件需要重新选择。"
RUN_OUT_FRAGMENT = "登录已过期，内容还没有保存。请在新窗口重新登录，再回到本页继续；已填内容留在本页。"


class LogInForm(PortalForm):
    """User name and password."""

    username = TextField("账号", [InputRequired("请填写账号。")])
    password = PasswordField("密码", [InputRequired("请填写密码。")])


def safe_next(target: str | None) -> str | None:
    """`target` if it is a path on this site, else None (`//evil`, `/\\evil`, `\\t//evil` and their kin)."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return None
    if any(ord(character) <= 0x20 or ord(character) == 0x7F for character in target):
        return None  # Browsers drop some of these before they look at the slashes.
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc else target


def log_in_again() -> str:
    """The answer to a form that came after the log-in had run out: the log-in page, holding what was typed.

    To htmx only the message: the page is still open with everything on it.
    """
    if is_htmx():
        return render_template("errors/message.html", message=RUN_OUT_FRAGMENT, article="")
    typed = [(name, value) for name, value in request.form.items(multi=True) if _is_worth_keeping(name)]
    return render_template(
        "account/log_in.html", form=LogInForm(), next=None, resume=request.full_path.rstrip("?"), kept=typed,
        notice=RUN_OUT,
    )  # fmt: skip


def kept_fields() -> list[tuple[str, str]]:
    """What `log_in_again` put into the log-in page: names and values of the form to go on with."""
    given = request.form.items(multi=True)
    return [(name.removeprefix(_KEPT), value) for name, value in given if name.startswith(_KEPT)]


def _is_worth_keeping(name: str) -> bool:
    return name != FIELD and "password" not in name
