"""Acts that need no more than a decision, or a decision with a reason: one page for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.consultation import blueprint
from portal.process.consultation import transition
from portal.services.consultation.overview import Brief, brief
from portal.web.acting import look
from portal.web.fields import LongTextField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires


class DecisionForm(PortalForm):
    """A decision without words."""


class ReasonForm(PortalForm):
    """A decision with its reason."""

    reason = LongTextField("理由", longest=2000)


def add_act(
    act: str,
    service: Callable[..., Any],
    *,
    path: str,
    done: str,
    says: tuple[str, ...],
    reason: str = "",
    lands_on_list: bool = False,
    lands_on: str = "consultation.view_consultation",
) -> None:
    """Add the page of `act` at /<id>/<path>/<act>: GET says what will happen, POST does it.

    `reason` is what the reason is called ("" for none); `done` is said afterwards, on the page `lands_on`.
    """

    def view(consultation_id: int) -> str | Response | tuple[str, int]:
        about: Brief = look(brief, consultation_id=consultation_id, act=act)
        form = ReasonForm(typed()) if reason else DecisionForm(typed())
        status = 200
        if request.method == "POST":
            given = {"reason": form["reason"].data or ""} if reason else {}
            outcome = submit(form, service, consultation_id=consultation_id, **given)
            if outcome:
                flash(done, "success")
                return _leave(consultation_id, lands_on, to_list=lands_on_list)
            status = outcome.status
        page = render(
            "consultation/act.html", form=form, about=about, line=transition(act), says=says, reason_label=reason
        )
        return page, status

    view.__doc__ = f"{transition(act).label}."
    url = f"/<int:consultation_id>/{path.replace('_', '-')}/{act.replace('_', '-')}"
    blueprint.add_url_rule(url, act, requires(act)(view), methods=["GET", "POST"])


def _leave(consultation_id: int, lands_on: str, *, to_list: bool) -> Response:
    if to_list:
        return redirect(url_for("consultation.index"), 303)
    return redirect(url_for(lands_on, consultation_id=consultation_id), 303)
