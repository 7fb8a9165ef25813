"""Forms of one's own account."""

from __future__ import annotations

from wtforms.validators import EqualTo, InputRequired

from portal.services.account_passwords import SHORTEST_PASSWORD
from portal.web.fields import PasswordField
from portal.web.forms import PortalForm


class PasswordForm(PortalForm):
    """The present password, and the new one twice."""

    password = PasswordField("现在的密码", [InputRequired("请填写现在的密码。")])
    new_password = PasswordField(
        "新密码",
        [InputRequired("请填写新密码。")],
        description=f"至少 {SHORTEST_PASSWORD} 个字符；可以是一句只有您知道的话。",
    )
    again = PasswordField(
        "再次填写新密码",
        [InputRequired("请再次填写新密码。"), EqualTo("new_password", "两次填写的新密码不一致。")],
    )
