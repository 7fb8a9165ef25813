"""Forms of the security administrator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wtforms import SelectField, SelectMultipleField

from portal.process.permissions import ROLE_LABELS
from portal.services.accounts import GIVEN_ROLES, NewPerson
from portal.services.expert_accounts import PendingPage
from portal.web.fields import TextField
from portal.web.forms import PortalForm

NO_INSTITUTION = ""


def _roles_field() -> SelectMultipleField:
    return SelectMultipleField(
        "角色",
        choices={role.value: ROLE_LABELS[role] for role in GIVEN_ROLES},
        description="联络员不在这里选：由本单位的联络员名单产生。",
    )


def _institution_field() -> SelectField:
    return SelectField("单位", description="系统管理员、安全管理员、安全审计员不属于任何单位。")


class RolesForm(PortalForm):
    """What a person is, and where."""

    roles = _roles_field()
    institution_id = _institution_field()

    def offer(self, institutions: Mapping[str, Sequence[tuple[int, str]]]) -> RolesForm:
        """Give the select its institutions, in their groups."""
        groups = {name: [(str(key), label) for key, label in group] for name, group in institutions.items()}
        self.institution_id.choices = {"": [(NO_INSTITUTION, "（无）")], **groups}
        return self

    def chosen_roles(self) -> frozenset[str]:
        """The roles ticked."""
        return frozenset(self.roles.data or ())

    def chosen_institution(self) -> int | None:
        """The institution chosen, None for none."""
        return int(self.institution_id.data) if self.institution_id.data else None


class EmailForm(PortalForm):
    """Where mail goes."""

    email = TextField("邮箱", longest=254)


class AccountForm(RolesForm):
    """A new account."""

    username = TextField("账号", longest=60, description="登录时用，建议用姓名全拼，如 chenyutong。")
    name = TextField("姓名", longest=40)
    email = TextField("邮箱", longest=254, description="期限提醒和通知发往这个邮箱。")
    # Made anew, so that problems are listed in the order of the page.
    roles = _roles_field()
    institution_id = _institution_field()

    def given(self) -> NewPerson:
        """What was typed, for the service."""
        return NewPerson(
            self.username.data, self.name.data, self.email.data, self.chosen_roles(), self.chosen_institution()
        )


class RequestsForm(PortalForm):
    """Which of the accounts that expert registers ask for are opened."""

    persons = SelectMultipleField("开通的账号", coerce=int)

    def offer(self, page: PendingPage) -> RequestsForm:
        """Give the list its accounts."""
        self.persons.choices = {one.person_id: one.name for one in page.accounts}
        return self
