"""Forms of one's own account."""

from __future__ import annotations

from wtforms.validators import DataRequired, EqualTo, InputRequired

from portal.config import PasswordProfile
from portal.services.password_rules import RULES
from portal.web.fields import PasswordField, TextField
from portal.web.forms import PortalForm


def _new_password() -> PasswordField:
    return PasswordField("新密码", [InputRequired("请填写新密码。")])


def _again() -> PasswordField:
    checks = [InputRequired("请再次填写新密码。"), EqualTo("new_password", "两次填写的新密码不一致。")]
    return PasswordField("再次填写新密码", checks)


class NewPasswordForm(PortalForm):
    """A new password, twice."""

    new_password = _new_password()
    again = _again()

    def telling(self, profile: PasswordProfile) -> NewPasswordForm:
        """The form, with the rules in force beside the new password."""
        self.new_password.description = RULES[profile].sentence
        return self


class PasswordForm(NewPasswordForm):
    """The present password, and the new one twice."""

    password = PasswordField("现在的密码", [InputRequired("请填写现在的密码。")])
    # Made anew, so that problems are listed in the order of the page.
    new_password = _new_password()
    again = _again()


class ForgottenPasswordForm(PortalForm):
    """Whose password is forgotten."""

    account = TextField("账号或邮箱", [DataRequired("请填写账号或邮箱。")], longest=254)
