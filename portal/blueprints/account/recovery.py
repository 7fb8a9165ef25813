"""Pages for somebody who cannot log in: a forgotten password, and the link that was mailed."""

from __future__ import annotations

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.account.forms import ForgottenPasswordForm, NewPasswordForm
from portal.blueprints.account.views import blueprint
from portal.services import account_links
from portal.services.account_passwords import NewPassword, prepare_new_password
from portal.services.account_recovery import LINKS_PER_ACCOUNT, ask_for_recovery
from portal.web.acting import look, now, perform_signed_out, reading, settings, write
from portal.web.forms import Submission, submit, typed
from portal.web.guard import requires


@blueprint.route("/password/forgotten", methods=["GET", "POST"])
@requires("recover_account")
def forgotten_password() -> Response | tuple[str, int]:
    """忘记密码: the answer is the same whether the account exists or not."""
    form, status = ForgottenPasswordForm(typed()), 200
    if request.method == "POST":
        address = request.remote_addr or ""
        done = submit(form, ask_for_recovery, act=perform_signed_out, typed=lambda: form.account.data, address=address)
        if done:
            return redirect(url_for("account.recovery_noted"), 303)
        status = done.status
    return render_template("account/forgotten.html", form=form), status


@blueprint.get("/password/forgotten/noted")
@requires("recover_account")
def recovery_noted() -> str:
    """What happens next, for everybody alike."""
    return render_template("account/recovery_noted.html", lasts=settings().reset_link_lasts, limit=LINKS_PER_ACCOUNT)


@blueprint.route("/password/new", methods=["GET", "POST"])
@requires("recover_account")
def choose_password() -> Response | tuple[str, int]:
    """设置密码, by a link of one purpose. Looking at the page uses nothing up."""
    is_get = request.method == "GET"
    token = (request.args if is_get else request.form).get("token", "")
    if not token:
        return redirect(url_for("account.forgotten_password"), 303) if is_get else abort(400)
    link = look(account_links.link_of_token, token=token)
    if link is None:
        if not is_get:
            write(account_links.refuse_link, address=request.remote_addr or "", now=now())
        return _dead_link()
    form, status = NewPasswordForm(typed()).telling(settings().password_profile), 200
    if not is_get:
        done = _submit(form, token, link)
        if done:
            return _chosen() if done.value else _dead_link()
        status = done.status
    return _page("account/choose_password.html", status, form=form, link=link, token=token)


def _submit(form: NewPasswordForm, token: str, link: account_links.OpenLink) -> Submission[bool]:
    def new() -> NewPassword:
        return prepare_new_password(
            reading(), person_id=link.person_id, password=form.new_password.data,
            profile=settings().password_profile, field="new_password",
        )  # fmt: skip

    address = request.remote_addr or ""
    return submit(form, account_links.choose_password, act=perform_signed_out, token=token, new=new, address=address)


def _chosen() -> Response:
    flash("密码已设置，请用新密码登录。", "done")
    return redirect(url_for("account.log_in"), 303)


def _dead_link() -> Response:
    """Expired, used, replaced, void or never there: nobody is told which."""
    return _page("account/dead_link.html", 404)


def _page(template: str, status: int, **context: object) -> Response:
    response = make_response(render_template(template, **context), status)
    # The address holds the token: not even our own style sheets are asked for with it.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
