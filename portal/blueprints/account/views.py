"""Pages of one's own account."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.account.forms import PasswordForm
from portal.services.account_passwords import (
    NewPassword,
    prepare_new_password,
    prove_log_in,
    prove_own_password,
)
from portal.services.account_sessions import (
    REFUSED_LOG_IN,
    REFUSED_PASSWORD,
    SignedIn,
    change_password,
    end_other_sessions,
    own_sessions,
    sign_in,
    sign_out,
)
from portal.services.password_rules import RULES, PasswordRules
from portal.web.acting import (
    current_actor,
    current_visitor,
    look,
    now,
    perform,
    present_visitor,
    reading,
    settings,
    write,
)
from portal.web.forms import submit, typed
from portal.web.guard import requires
from portal.web.log_in import LogInForm, kept_fields, safe_next
from portal.web.navigation import landing_url
from portal.web.sessions import begin_session, forget_session, go_on_with, secret_of_cookie

blueprint = Blueprint("account", __name__)


@blueprint.get("/")
@requires("use_own_account")
def home() -> Response:
    """To the first page of the person's navigation."""
    return redirect(landing_url(), 303)


@blueprint.route("/login", methods=["GET", "POST"])
@requires("sign_in")
def log_in() -> Response | str | tuple[str, int]:
    """Log-in; goes on where the person wanted to go, or with the form they were sending."""
    if request.method == "GET" and current_visitor():
        return redirect(safe_next(request.args.get("next")) or landing_url(), 303)
    form = LogInForm(typed())
    if request.method == "POST":
        signed = _sign_in(form) if form.validate() else None
        if signed is not None:
            return _begin(signed)
    page = render_template("account/log_in.html", form=form, notice="", **_waiting())
    return (page, 422) if request.method == "POST" else page


@blueprint.post("/logout")
@requires("use_own_account")
def log_out() -> Response:
    """Log-out: the session ends in the database, the cookie goes."""
    perform(sign_out, token_digest=present_visitor().token_digest)
    forget_session()
    flash("您已退出登录。", "done")
    return redirect(url_for("account.log_in"), 303)


@blueprint.route("/account/password", methods=["GET", "POST"])
@requires("use_own_account")
def password() -> Response | str | tuple[str, int]:
    """我的密码."""
    form, status = PasswordForm(typed()).telling(settings().password_profile), 200
    if request.method == "POST":
        done = submit(
            form,
            change_password,
            token_digest=present_visitor().token_digest,
            proof=lambda: prove_own_password(
                reading(), person_id=current_actor().person_id, password=form.password.data
            ),
            new=lambda: _prepared(form),
        )
        if done and done.value:
            go_on_with(done.value, must_change_password=False)
            flash("密码已修改，其他地方的登录已全部退出。", "done")
            return _go_on()
        status = form.refuse("password", REFUSED_PASSWORD) if done else done.status
    must = present_visitor().must_change_password
    return render_template("account/password.html", form=form, must=must, lasts=_rules().lasts, **_waiting()), status


@blueprint.get("/account/sessions")
@requires("use_own_account")
def sessions() -> str:
    """我的登录: where one is logged in."""
    limits = {"idle": settings().session_idle, "absolute": settings().session_absolute}
    found = look(own_sessions, token_digest=present_visitor().token_digest, **limits)
    return render_template("account/sessions.html", sessions=found)


@blueprint.post("/account/sessions/end-others")
@requires("use_own_account")
def end_others() -> Response:
    """End every log-in but this one."""
    count = perform(end_other_sessions, token_digest=present_visitor().token_digest)
    flash(f"已退出其他 {count} 处登录。" if count else "没有其他登录。", "done")
    return redirect(url_for("account.sessions"), 303)


def _sign_in(form: LogInForm) -> SignedIn | None:
    proof = prove_log_in(reading(), username=form.username.data or "", password=form.password.data or "")
    signed = write(
        sign_in,
        proof=proof,
        address=request.remote_addr or "",
        user_agent=request.user_agent.string,
        kept_secret=secret_of_cookie(run_out_of=proof.person_id) if proof.is_right else None,
        now=now(),
    )
    if signed is None:
        form.refuse("", REFUSED_LOG_IN)
    return signed


def _begin(signed: SignedIn) -> Response | str:
    if current_visitor():
        perform(sign_out, token_digest=present_visitor().token_digest)
    begin_session(signed.token)
    if present_visitor().must_change_password:
        if not request.form.get("resume"):
            return redirect(url_for("account.password", next=safe_next(request.form.get("next"))), 303)
        form = PasswordForm().telling(settings().password_profile)
        return render_template("account/password.html", form=form, must=True, lasts=_rules().lasts, **_waiting())
    return _go_on()


def _waiting() -> dict[str, Any]:
    """Where to go on after logging in, and the form that was being sent: both pass through the pages before."""
    return {"next": request.values.get("next"), "resume": request.form.get("resume"), "kept": kept_fields()}


def _rules() -> PasswordRules:
    return RULES[settings().password_profile]


def _prepared(form: PasswordForm) -> NewPassword:
    return prepare_new_password(
        reading(), person_id=current_actor().person_id, password=form.new_password.data,
        profile=settings().password_profile, field="new_password", present=form.password.data,
    )  # fmt: skip


def _go_on() -> Response | str:
    resume = safe_next(request.form.get("resume"))
    if resume:
        return render_template("account/resume.html", resume=resume, kept=kept_fields())
    return redirect(safe_next(request.form.get("next")) or landing_url(), 303)
