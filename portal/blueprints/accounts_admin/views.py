"""Pages of the security administrator: accounts, their roles, locks and passwords."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.accounts_admin.forms import AccountForm, EmailForm, RequestsForm, RolesForm
from portal.process.permissions import ROLE_LABELS
from portal.services import accounts, expert_accounts
from portal.services.bounces import unreachable_count
from portal.web.acting import look, perform, settings
from portal.web.forms import submit, typed
from portal.web.fragments import render
from portal.web.guard import requires

blueprint = Blueprint("accounts_admin", __name__, url_prefix="/accounts")

STATES = (("", "全部状态"), ("active", "使用中"), ("locked", "已锁定"), ("disabled", "已停用"), ("pending", "待开通"))
ROLES = (("", "全部角色"), *((role.value, ROLE_LABELS[role]) for role in accounts.GIVEN_ROLES))


@blueprint.get("")
@requires("edit_accounts")
def index() -> str:
    """The list, with its filters in the address."""
    chosen = {name: request.args.get(name, "") for name in ("search", "state", "role")}
    page = look(accounts.list_accounts, page=request.args.get("page", 1, type=int), **chosen)

    def url(number: int) -> str:
        kept: dict[str, Any] = {name: value for name, value in chosen.items() if value}
        return url_for("accounts_admin.index", page=number, **kept)

    return render(
        "accounts_admin/index.html", found=page, chosen=chosen, states=STATES, roles=ROLES, url=url,
        waiting=look(expert_accounts.pending_count), unreachable=look(unreachable_count),
    )  # fmt: skip


@blueprint.route("/new", methods=["GET", "POST"])
@requires("edit_accounts")
def new() -> Response | tuple[str, int]:
    """A new account; its owner is mailed an invitation to choose a password."""
    form = AccountForm(typed())
    form.offer(look(accounts.institution_choices))
    status = 200
    if request.method == "POST":
        lasts = settings().invitation_lasts
        done = submit(form, accounts.create_person, given=form.given, link_lasts=lasts)
        if done:
            return _back(done.done.person_id, "账号已开通，设置密码的链接将发往其邮箱。")
        status = done.status
    return render_template("accounts_admin/new.html", form=form), status


@blueprint.route("/requests", methods=["GET", "POST"])
@requires("edit_accounts")
def requests() -> str | Response | tuple[str, int]:
    """Experts whose institutions ask for accounts, opened in one act."""
    page = look(expert_accounts.pending_accounts)
    undoubted = [one.person_id for one in page.accounts if not one.same_email]
    form, status = RequestsForm(typed(), data={"persons": undoubted}).offer(page), 200
    if request.method == "POST":
        done = submit(
            form, expert_accounts.open_expert_accounts, person_ids=lambda: form.persons.data or [],
            link_lasts=settings().invitation_lasts,
        )  # fmt: skip
        if done:
            flash(f"已开通 {done.done} 个账号，设置密码的链接将发往各人邮箱。", "done")
            return redirect(url_for("accounts_admin.requests"), 303)
        status = done.status
    return render("accounts_admin/requests.html", page=page, form=form), status


@blueprint.get("/<int:person_id>")
@requires("edit_accounts")
def show(person_id: int) -> str:
    """One account and what can be done with it."""
    return _account_page(person_id)


@blueprint.post("/<int:person_id>/roles")
@requires("edit_accounts")
def change_roles(person_id: int) -> Response | tuple[str, int]:
    """Change roles and institution."""
    form = RolesForm(typed())
    form.offer(look(accounts.institution_choices))
    done = submit(
        form,
        accounts.set_roles,
        person_id=person_id,
        roles=form.chosen_roles,
        institution_id=form.chosen_institution,
    )
    if done:
        flash("角色和单位已调整，对方打开下一页时生效。", "done")
        return redirect(url_for("accounts_admin.show", person_id=person_id), 303)
    return _account_page(person_id, roles_form=form), done.status


@blueprint.post("/<int:person_id>/disable")
@requires("edit_accounts")
def disable(person_id: int) -> Response:
    """Disable the account: all its sessions end at once."""
    perform(accounts.set_active, person_id=person_id, is_active=False)
    return _back(person_id, "账号已停用，其登录已全部退出。")


@blueprint.post("/<int:person_id>/enable")
@requires("edit_accounts")
def enable(person_id: int) -> Response:
    """Enable the account again."""
    perform(accounts.set_active, person_id=person_id, is_active=True)
    return _back(person_id, "账号已启用。")


@blueprint.post("/<int:person_id>/unlock")
@requires("edit_accounts")
def unlock(person_id: int) -> Response:
    """Lift the lock after failed log-ins."""
    perform(accounts.unlock, person_id=person_id)
    return _back(person_id, "账号已解锁。")


@blueprint.post("/<int:person_id>/reset-password")
@requires("edit_accounts")
def reset_password(person_id: int) -> Response:
    """Void the password and mail a link to choose another."""
    perform(accounts.reset_password, person_id=person_id, link_lasts=settings().invitation_lasts)
    return _back(person_id, "原密码已作废，设置密码的链接将发往其邮箱。")


@blueprint.post("/<int:person_id>/email")
@requires("edit_accounts")
def change_email(person_id: int) -> Response | tuple[str, int]:
    """Change where the account's mail goes."""
    form = EmailForm(typed())
    done = submit(form, accounts.change_email, person_id=person_id, email=lambda: form.email.data)
    if done:
        return _back(person_id, "邮箱已保存。先前发出的链接已作废。")
    return _account_page(person_id, email_form=form), done.status


def _roles_form(person_id: int) -> RolesForm:
    roles, institution_id = look(accounts.roles_and_institution, person_id=person_id)
    form = RolesForm(data={"roles": sorted(roles), "institution_id": str(institution_id or "")})
    return form.offer(look(accounts.institution_choices))


def _account_page(person_id: int, roles_form: RolesForm | None = None, email_form: EmailForm | None = None) -> str:
    found = look(accounts.account, person_id=person_id)
    return render_template(
        "accounts_admin/show.html", account=found, form=roles_form or _roles_form(person_id),
        email_form=email_form or EmailForm(data={"email": found.email}),
    )  # fmt: skip


def _back(person_id: int, said: str) -> Response:
    flash(said, "done")
    return redirect(url_for("accounts_admin.show", person_id=person_id), 303)
