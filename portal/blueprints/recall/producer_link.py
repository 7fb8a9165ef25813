"""Sending a producer its link; one without a mail address is shown once, to be handed over, and is then nowhere."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import flash, make_response, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from portal.blueprints.recall import blueprint
from portal.blueprints.recall.act_forms import LinkForm
from portal.blueprints.recall.act_words import words_of
from portal.documents.foot import qr_svg
from portal.process.recall_case import transition
from portal.services.kernel.case_mailing import PRODUCER_PATH
from portal.services.recall import producer_links as step
from portal.services.recall.overview import case_brief
from portal.web.acting import look, settings
from portal.web.forms import submit, typed
from portal.web.fragments import render
from portal.web.guard import requires

ACT = "send_producer_link"


@blueprint.route("/<int:case_id>/send-producer-link", methods=["GET", "POST"])
@requires(ACT)
def send_producer_link(case_id: int) -> str | Response | tuple[str, int]:
    """发送填报链接: by mail, or shown on the answer to this form alone."""
    about = look(case_brief, case_id=case_id, act=ACT)
    words = words_of(ACT, about.loaded.edition)
    form, status = LinkForm(typed()), 200
    form.offer(
        about.loaded, {"purpose": {one: step.PURPOSE_LABELS[one] for one in step.open_purposes(about.loaded.stage)}}
    )
    if request.method == "POST":
        outcome = submit(form, step.give_or_mail_link, case_id=case_id, **form.given())
        if outcome and outcome.value is not None:
            return _shown_once(case_id, outcome.value)
        if outcome:
            flash(words.done, "success")
            return redirect(url_for("recall.view_case", case_id=case_id), 303)
        status = outcome.status
    return render(
        "recall/act.html", form=form, about=about, line=transition(ACT), says=words.says, accept="", has_file=False,
        documents=(),
    ), status  # fmt: skip


def _shown_once(case_id: int, given: step.GivenLink) -> Response:
    """The only page with the token: kept in no cache, no log-in session, no log, and told to no other page."""
    about: Any = look(case_brief, case_id=case_id, act=ACT)
    address = f"{settings().base_url}{PRODUCER_PATH}?{urlencode({'token': given.token})}"
    page = render(
        "recall/link_once.html", about=about, given=given, asked=step.PURPOSE_LABELS[given.purpose], address=address,
        qr=Markup(qr_svg(address)),  # noqa: S704  (made here of an address of our own)
    )  # fmt: skip
    response = make_response(page)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
