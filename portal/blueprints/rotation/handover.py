"""The hand-over pack of a term: looked at by both sides, signed by the old lead, accepted by the new."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from wtforms import HiddenField, PasswordField

from portal.blueprints.rotation.views import Answer, blueprint
from portal.services import term_handover as service
from portal.web.acting import look
from portal.web.badges import badge_of
from portal.web.fields import LongTextField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.terms import span_of


class SignForm(PortalForm):
    """The old lead's remark, and the password as proof."""

    remark = LongTextField("移交说明", longest=service.LONGEST_REMARK)
    password = PasswordField("登录密码")


class AcceptForm(PortalForm):
    """Which text is accepted, and the password as proof."""

    digest = HiddenField()
    password = PasswordField("登录密码")


@blueprint.get("/terms/<int:term_id>/handover")
@requires("view_term_handover")
def view_term_handover(term_id: int) -> str:
    """The pack and who has signed it."""
    return _page(term_id, SignForm(), AcceptForm())


@blueprint.post("/terms/<int:term_id>/handover/sign")
@requires("sign_term_handover")
def sign_term_handover(term_id: int) -> Answer:
    """The old lead signs."""
    form = SignForm(typed())
    done = submit(
        form, service.sign_term_handover, confirmed_by=form.password, term_id=term_id, remark=form.remark.data or ""
    )
    return _answer(term_id, done.status, form, AcceptForm(), "移交清单已签署，已告知下一任牵头单位。")


@blueprint.post("/terms/<int:term_id>/handover/accept")
@requires("sign_term_handover")
def accept_term_handover(term_id: int) -> Answer:
    """The new lead signs the same text."""
    form = AcceptForm(typed())
    done = submit(
        form, service.accept_term_handover, confirmed_by=form.password, term_id=term_id, digest=form.digest.data or ""
    )
    return _answer(term_id, done.status, SignForm(), form, "移交清单已接收，双方签署完毕。")


def _answer(term_id: int, status: int, sign: SignForm, accept: AcceptForm, done: str) -> Answer:
    if status != 200:
        return _page(term_id, sign, accept), status
    flash(done, "done")
    return redirect(url_for("rotation.view_term_handover", term_id=term_id), 303)


def _page(term_id: int, sign: SignForm, accept: AcceptForm) -> str:
    page = look(service.view_term_handover, term_id=term_id)
    if page.signed is not None:
        # After a refusal the page shows the present text, and it is that one which is accepted next.
        accept.digest.data = page.signed.digest
        if request.method == "GET":
            sign.remark.data = page.signed.remark
    return render(
        "rotation/handover.html", page=page, span=span_of(page.term), sign=sign, accept=accept, badge_of=badge_of
    )
